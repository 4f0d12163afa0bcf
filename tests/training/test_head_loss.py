import pytest
import torch

from luthier.training.head_loss import summed_cross_entropy


@pytest.mark.parametrize("positions", [5, 256, 600])
def test_equals_torch_in_value_and_gradient(positions):
    generator = torch.Generator().manual_seed(positions)
    hidden = torch.randn(positions, 8, generator=generator, requires_grad=True)
    weight = torch.randn(30, 8, generator=generator, requires_grad=True)
    targets = torch.randint(0, 30, (positions,), generator=generator)
    targets[1::3] = -100
    losses, by_hidden, by_weight, _ = summed_cross_entropy(
        hidden.detach(), weight.detach(), targets, scale=0.25
    )
    expected = torch.nn.functional.cross_entropy(hidden @ weight.T, targets, reduction="none")
    torch.testing.assert_close(losses, expected.detach(), atol=1e-5, rtol=1e-5)
    (expected.sum() * 0.25).backward()
    torch.testing.assert_close(by_hidden, hidden.grad, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(by_weight, weight.grad, atol=1e-4, rtol=1e-5)


def test_large_scores_do_not_overflow():
    losses, *_ = summed_cross_entropy(
        torch.full((1, 1), 1e4), torch.tensor([[1.0], [-1.0]]), torch.tensor([0])
    )
    assert losses.tolist() == [0.0]


def test_bias_and_a_factor_of_each_position_equal_torch():
    generator = torch.Generator().manual_seed(0)
    hidden, weight, bias = (
        torch.randn(shape, generator=generator, dtype=torch.float32, requires_grad=True)
        for shape in ((300, 8), (30, 8), (30,))
    )
    targets = torch.randint(0, 30, (300,), generator=generator)
    scales = torch.rand(300, generator=generator)
    found = summed_cross_entropy(
        hidden.detach(), weight.detach(), targets, bias=bias.detach(), scale=scales, gradients="all"
    )
    expected = torch.nn.functional.cross_entropy(hidden @ weight.T + bias, targets, reduction="none")
    (expected * scales).sum().backward()
    torch.testing.assert_close(found.losses, expected.detach(), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found.by_hidden, hidden.grad, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found.by_weight, weight.grad, atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(found.by_bias, bias.grad, atol=1e-4, rtol=1e-5)


def test_only_the_gradients_that_are_asked_for_are_computed():
    hidden, weight, targets = torch.ones(3, 2), torch.eye(2), torch.tensor([0, 1, 1])
    found = [summed_cross_entropy(hidden, weight, targets, gradients=which) for which in ("none", "hidden")]
    assert [[part is not None for part in each] for each in found] == [
        [True, False, False, False],
        [True, True, False, False],
    ]
