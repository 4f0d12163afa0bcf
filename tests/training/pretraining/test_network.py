import pytest
import torch
from tests.models import tiny
from transformers import AutoModelForCausalLM, Gemma2Config, MistralConfig, OPTConfig

from luthier.errors import UserError
from luthier.training.pretraining.network import Network

OPENS = 1
LENGTH = 48
SMALL = {"vocab_size": 90, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
FAMILIES = {
    "llama": lambda: tiny.model("llama"),
    "llama, eager": lambda: tiny.model("llama", _attn_implementation="eager"),
    "qwen2": lambda: tiny.model("qwen2"),
    "gpt2": lambda: tiny.model("gpt2"),
    # Attention reaches back four tokens only, which the mask of a packed row does not tell.
    "sliding window": lambda: wild(
        MistralConfig(**SMALL, intermediate_size=24, num_key_value_heads=1, sliding_window=4)
    ),
    # Logits are capped after the output layer.
    "capped logits": lambda: wild(
        Gemma2Config(
            **SMALL, intermediate_size=24, num_key_value_heads=1, head_dim=8, final_logit_softcapping=0.5
        )
    ),
    # Positions are learned, and numbered from 2 on.
    "opt": lambda: wild(
        OPTConfig(**SMALL, ffn_dim=24, max_position_embeddings=64, word_embed_proj_dim=16, dropout=0.0)
    ),
}


def wild(config):
    """A model whose attention matters: random weights far from zero."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).float()
    for weight in model.parameters():
        if weight.ndim == 2:
            torch.nn.init.normal_(weight, std=0.3)
    return model


@pytest.fixture(params=FAMILIES)
def network(request):
    network = Network(FAMILIES[request.param]().train(), OPENS)
    network.probe(torch.randint(3, 90, (LENGTH,)))
    return network


@pytest.fixture
def documents():
    generator = torch.Generator().manual_seed(2)
    lengths = [LENGTH, 5, 30, 13, 1, 7, 40]
    return [
        torch.tensor([OPENS, *torch.randint(3, 90, (length - 1,), generator=generator).tolist()])
        for length in lengths
    ]


@pytest.fixture
def rows(documents):
    return torch.cat(documents).view(-1, LENGTH)


def targets_of(rows):
    targets = torch.full_like(rows, -100)
    targets[:, :-1] = rows[:, 1:]
    return targets.masked_fill(targets == OPENS, -100)


def plain_losses(model, documents):
    """Cross-entropy of each document by itself, by nothing but the model's own forward pass."""
    losses = []
    for document in documents:
        scores = model(input_ids=document[None]).logits[0, :-1].log_softmax(-1)
        of_next = scores.gather(1, document[1:, None])[:, 0]
        losses += [-of_next, torch.zeros(1)]
    return torch.cat(losses)


def test_a_packed_row_gives_the_losses_of_its_documents_alone(network, documents, rows):
    network.model.eval()
    with torch.no_grad():
        expected = plain_losses(network.model, documents)
    torch.testing.assert_close(network.losses(rows, targets_of(rows)), expected, atol=1e-4, rtol=1e-4)


def test_the_gradients_are_those_of_the_documents_alone(network, documents, rows):
    loss = network.backward(rows, targets_of(rows), 0.5)
    packed = {name: weight.grad.clone() for name, weight in network.model.named_parameters()}
    network.model.zero_grad()
    expected = plain_losses(network.model, documents).sum() * 0.5
    expected.backward()
    assert float(loss) == pytest.approx(float(expected.detach()), rel=1e-4)
    for name, weight in network.model.named_parameters():
        torch.testing.assert_close(packed[name], weight.grad, atol=2e-4, rtol=1e-3, msg=name)


def test_what_the_probe_finds_by_family():
    found = {}
    for name, make in FAMILIES.items():
        network = Network(make(), OPENS)
        network.probe(torch.randint(3, 90, (LENGTH,)))
        found[name] = network.takes_masks, network.has_plain_head
    assert found["llama"] == found["llama, eager"] == found["qwen2"] == found["gpt2"] == (True, True)
    assert found["sliding window"] == (False, True)
    assert not found["capped logits"][1]


def test_the_probe_leaves_the_mode_and_the_generator_alone():
    network = Network(tiny.model("gpt2", resid_pdrop=0.1).train(), OPENS)
    state = torch.get_rng_state()
    network.probe(torch.arange(LENGTH) + 3)
    assert network.model.training
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("last", [0, 1, 2, 50])
@pytest.mark.parametrize("opens", [0, 1, 2])
def test_a_model_that_sees_the_future_is_refused(last, opens):
    model = tiny.model("gpt2")
    for layer in model.transformer.h:
        layer.attn.is_causal = False
    with pytest.raises(UserError, match="sees the tokens"):
        Network(model, opens).probe(torch.tensor([*range(3, LENGTH + 2), last]))


def test_bfloat16_is_float32_but_for_its_rounding(rows):
    model = tiny.model("llama")
    exact = Network(model, OPENS).losses(rows, targets_of(rows))
    rounded = Network(model, OPENS, bf16=True).losses(rows, targets_of(rows))
    assert not torch.equal(exact, rounded)
    # Eight bits of mantissa: a share of 2 ** -8 in each of a few sums.
    torch.testing.assert_close(rounded, exact, atol=0.05, rtol=0.02)


def test_checkpointed_activations_give_the_same_gradients(rows):
    kept, again = tiny.model("llama").train(), tiny.model("llama").train()
    again.gradient_checkpointing_enable({"use_reentrant": False})
    for model in (kept, again):
        Network(model, OPENS).backward(rows, targets_of(rows), 1.0)
    for one, other in zip(kept.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)
