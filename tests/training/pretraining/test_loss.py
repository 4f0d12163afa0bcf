import pytest
import torch

from luthier.training.pretraining.loss import summed_cross_entropy


@pytest.mark.parametrize("positions", [5, 256, 600])
def test_equals_torch_in_value_and_gradient(positions):
    generator = torch.Generator().manual_seed(positions)
    hidden = torch.randn(positions, 8, generator=generator, requires_grad=True)
    weight = torch.randn(30, 8, generator=generator, requires_grad=True)
    targets = torch.randint(0, 30, (positions,), generator=generator)
    targets[1::3] = -100
    losses, by_hidden, by_weight = summed_cross_entropy(hidden.detach(), weight.detach(), targets, scale=0.25)
    expected = torch.nn.functional.cross_entropy(hidden @ weight.T, targets, reduction="none")
    torch.testing.assert_close(losses, expected.detach(), atol=1e-5, rtol=1e-5)
    (expected.sum() * 0.25).backward()
    torch.testing.assert_close(by_hidden, hidden.grad, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(by_weight, weight.grad, atol=1e-4, rtol=1e-5)


def test_large_scores_do_not_overflow():
    losses, _, _ = summed_cross_entropy(
        torch.full((1, 1), 1e4), torch.tensor([[1.0], [-1.0]]), torch.tensor([0])
    )
    assert losses.tolist() == [0.0]
