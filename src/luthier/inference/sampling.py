"""Drawing a text token by token, where `generation` takes the most probable ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from luthier.inference.generation import device_of, own_generation_config, pad_left, ready

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True, slots=True)
class Drawn:
    """A text that a model drew.

    Attributes:
        text: Without special tokens, and without what stopped it.
        tokens: How many it drew.
        ended: Whether it came to an end, rather than running out of tokens.
    """

    text: str
    tokens: int
    ended: bool


def sample(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[Sequence[int]],
    *,
    stop: Sequence[int],
    stop_texts: Sequence[str],
    max_new_tokens: int,
    temperature: float,
    top_p: float,
    seed: int,
) -> list[Drawn]:
    """Continues each prompt by drawing tokens (nucleus sampling, Holtzman et al. 2020).

    The same prompts, in the same order, with the same seed draw the same texts on the same machine; random
    numbers drawn elsewhere are not disturbed.

    Args:
        model: A causal language model, or a PEFT wrapper of one.
        tokenizer: Its own.
        prompts: Token ids, at least one each.
        stop: Ids that end a text.
        stop_texts: Texts before which it is cut.
        max_new_tokens: Most tokens of a text.
        temperature: Divides the logits; above 0.
        top_p: Share of the probability that the tokens drawn from have together.
        seed: Of the draws.
    """
    import torch
    from transformers import GenerationConfig

    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    device = device_of(model)
    ids, mask = pad_left(prompts, pad, device)
    config = GenerationConfig(
        do_sample=True,
        temperature=temperature,
        top_p=top_p,
        top_k=0,
        max_new_tokens=max_new_tokens,
        eos_token_id=list(stop),
        pad_token_id=pad,
        stop_strings=list(stop_texts) or None,
    )
    devices = [device] if device.type == "cuda" else []
    with (
        torch.random.fork_rng(devices=devices),
        torch.inference_mode(),
        ready(model),
        own_generation_config(model),
    ):
        torch.manual_seed(seed)
        output = model.generate(
            input_ids=ids, attention_mask=mask, generation_config=config, tokenizer=tokenizer
        )
    return [_cut(row, tokenizer, frozenset(stop), stop_texts) for row in output[:, ids.shape[1] :].tolist()]


def _cut(
    ids: list[int], tokenizer: PreTrainedTokenizerBase, stop: frozenset[int], stop_texts: Sequence[str]
) -> Drawn:
    length = next((at for at, id_ in enumerate(ids) if id_ in stop), len(ids))
    text = tokenizer.decode(ids[:length], skip_special_tokens=True)
    places = [at for stop_text in stop_texts if (at := text.find(stop_text)) >= 0]
    return Drawn(text[: min(places)] if places else text, length, length < len(ids) or bool(places))
