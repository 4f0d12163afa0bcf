import pytest
import torch

from luthier.training.pretraining.muon import Muon, orthogonalised

SHAPES = [(6, 4), (4, 6), (4, 6), (5, 5), (6, 4)]


def matrices():
    generator = torch.Generator().manual_seed(0)
    return [torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in SHAPES]


def test_moves_as_torchs_does():
    # In bfloat16, as torch's computes it: a batched product may round its last bit otherwise.
    ours, theirs = matrices(), matrices()
    options = {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.1}
    optimizers = [Muon(ours, dtype=torch.bfloat16, **options), torch.optim.Muon(theirs, **options)]
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
    monkeypatch.setattr("luthier.training.pretraining.muon._LARGEST_STACK", 30)
    Muon(parts, lr=0.1).step()
    for one, other in zip(whole, parts, strict=True):
        torch.testing.assert_close(one, other)
