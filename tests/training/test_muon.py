import copy

import pytest
import torch
from tests.models import tiny

from luthier.methods import Freeze, Full, Lora, Trainable
from luthier.models import ModelOptions, load_model
from luthier.training import TrainingOptions
from luthier.training.arguments import use_muon
from luthier.training.muon import Muon, muon_and_adamw, orthogonalised

SHAPES = [(6, 4), (4, 6), (4, 6), (5, 5), (6, 4)]


def matrices():
    generator = torch.Generator().manual_seed(0)
    return [torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in SHAPES]


@pytest.mark.parametrize("as_adamw", [False, True])
def test_moves_as_torchs_does(as_adamw):
    # In bfloat16, as torch's computes it: a batched product may round its last bit otherwise.
    ours, theirs = matrices(), matrices()
    options = {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.1}
    adjust = "match_rms_adamw" if as_adamw else "original"
    optimizers = [
        Muon(ours, dtype=torch.bfloat16, as_adamw=as_adamw, **options),
        torch.optim.Muon(theirs, adjust_lr_fn=adjust, **options),
    ]
    for step in range(3):
        for weights, optimizer in zip((ours, theirs), optimizers, strict=True):
            for number, weight in enumerate(weights):
                weight.grad = torch.sin(weight.detach() * (step + 1) + number)
            optimizer.step()
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, atol=3e-3, rtol=0)


@pytest.mark.parametrize("shape", [(3, 40, 16), (3, 16, 40), (1, 7, 7)])
def test_singular_values_come_near_one_and_directions_stay(shape):
    wild = torch.randn(shape, generator=torch.Generator().manual_seed(1)) * 100
    tame = orthogonalised(wild)
    singular = torch.linalg.svdvals(tame)
    assert singular.max() < 1.3
    # U S V' of the input: the output is U D V' with the same U and V, so U' tame V is diagonal.
    u, _, vh = torch.linalg.svd(wild, full_matrices=False)
    turned = u.mT @ tame @ vh.mT
    diagonal = torch.diagonal(turned, dim1=1, dim2=2)
    torch.testing.assert_close(turned, torch.diag_embed(diagonal), atol=1e-3, rtol=0)
    assert (diagonal > 0).all()


def test_a_large_stack_is_taken_in_parts(monkeypatch):
    whole, parts = matrices(), matrices()
    for weight in (*whole, *parts):
        weight.grad = weight.detach().cos()
    Muon(whole, lr=0.1).step()
    monkeypatch.setattr("luthier.training.muon._LARGEST_STACK", 30)
    Muon(parts, lr=0.1).step()
    for one, other in zip(whole, parts, strict=True):
        torch.testing.assert_close(one, other)


def moved(model, make):
    """A model's parameters after three steps with made-up gradients."""
    optimizer = make(model)
    for step in range(3):
        for number, weight in enumerate(model.parameters()):
            if weight.requires_grad:
                weight.grad = torch.sin(weight.detach() * 9 + step + number)
        optimizer.step()
    return {name: weight.detach() for name, weight in model.named_parameters()}


@pytest.mark.parametrize("pattern", ["embed", "q_proj"])
def test_a_model_of_which_only_words_or_only_matrices_move_is_moved(pattern):
    model = Freeze(trainable=Trainable(patterns=(pattern,)), head=False).apply(tiny.model("llama"))
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    after = moved(model, lambda one: muon_and_adamw(one, (), lr=0.01, weight_decay=0.1, bf16=False))
    names = {name for name, weight in after.items() if not torch.equal(weight, before[name])}
    assert names
    assert all(pattern in name for name in names)


@pytest.mark.parametrize("method", [Full(), Freeze()])
def test_matrices_go_with_muon_and_everything_else_with_adamw(method):
    model = method.apply(tiny.model("llama"))
    names = {name for name, weight in model.named_parameters() if weight.ndim == 2}
    words = {"model.embed_tokens.weight", "lm_head.weight"}
    found = moved(
        copy.deepcopy(model),
        lambda one: muon_and_adamw(one, names, lr=0.01, weight_decay=0.1, bf16=False),
    )
    adamw = moved(
        copy.deepcopy(model),
        lambda one: torch.optim.AdamW(
            [
                {
                    "params": [w for n, w in one.named_parameters() if (n in names) == decays],
                    "weight_decay": d,
                }
                for decays, d in ((True, 0.1), (False, 0.0))
            ],
            lr=0.01,
            fused=True,
        ),
    )
    muon = moved(
        copy.deepcopy(model),
        lambda one: Muon(
            [w for n, w in one.named_parameters() if n in names - words and w.requires_grad],
            lr=0.01,
            weight_decay=0.1,
            as_adamw=True,
        ),
    )
    for name, weight in found.items():
        torch.testing.assert_close(weight, (muon if name in names - words else adamw)[name])


def test_auto_is_what_the_model_was_pretrained_with_where_its_own_matrices_move():
    model = tiny.model("llama")
    auto, adamw = TrainingOptions(), TrainingOptions(optimizer="adamw")
    assert not use_muon(auto, Full().apply(model))
    model.config.pretraining_optimizer = "muon"
    assert use_muon(auto, model)
    assert not use_muon(adamw, model)
    assert not use_muon(auto, Lora(rank=2).apply(model))
    assert use_muon(auto, load_model(ModelOptions(name="luthier/tiny")))


def test_going_on_from_a_saved_state_is_as_never_having_stopped():
    def steps(model, optimizer, numbers):
        for step in numbers:
            for number, weight in enumerate(model.parameters()):
                weight.grad = torch.cos(weight.detach() * 9 + step + number)
            optimizer.step()

    def make(model):
        return muon_and_adamw(model, (), lr=0.01, weight_decay=0.1, bf16=False)

    whole = Full().apply(tiny.model("llama"))
    parts = copy.deepcopy(whole)
    steps(whole, make(whole), range(4))
    first = make(parts)
    steps(parts, first, range(2))
    second = make(parts)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    steps(parts, second, range(2, 4))
    for one, other in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.equal(one, other)
