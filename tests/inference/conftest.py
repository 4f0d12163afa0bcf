"""Tiny random models and a small tokenizer, made on the spot."""

from __future__ import annotations

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
)

CORPUS = [
    "the food was positive, the price negative: neutral not mentioned",
    "food: positive\nprice: negative",
] * 5


@pytest.fixture(scope="session")
def tokenizer():
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<pad>", "<eos>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(CORPUS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<eos>", pad_token="<pad>")


def build(family: str, vocabulary: int):
    torch.manual_seed(0)
    shape = {"vocab_size": vocabulary, "eos_token_id": 1, "pad_token_id": 0, "bos_token_id": None}
    if family == "gpt2":
        # Without a wider start, tied tiny weights give nearly uniform scores, and errors would not show.
        return GPT2LMHeadModel(
            GPT2Config(n_embd=32, n_layer=2, n_head=2, n_positions=512, initializer_range=0.3, **shape)
        )
    common = {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "initializer_range": 0.3,
        **shape,
    }
    if family == "mistral":
        return MistralForCausalLM(MistralConfig(sliding_window=8, **common))
    if family == "llama":
        return LlamaForCausalLM(LlamaConfig(**common))
    return Qwen2ForCausalLM(Qwen2Config(**common))


@pytest.fixture(scope="session", params=["llama", "qwen2", "gpt2"])
def model(request, tokenizer):
    return build(request.param, len(tokenizer)).eval()


@pytest.fixture
def llama(tokenizer):
    return build("llama", len(tokenizer)).eval()


@pytest.fixture
def sliding(tokenizer):
    """A Mistral whose tokens see the last 8 alone."""
    return build("mistral", len(tokenizer)).eval()


@pytest.fixture(params=["llama", "gpt2"])
def prefix_tuned(request, tokenizer):
    from peft import PrefixTuningConfig, TaskType, get_peft_model

    base = build(request.param, len(tokenizer))
    tuned = get_peft_model(base, PrefixTuningConfig(task_type=TaskType.CAUSAL_LM, num_virtual_tokens=4))
    for weight in tuned.parameters():
        if weight.requires_grad:
            torch.nn.init.normal_(weight, std=1.0)
    return tuned.eval()
