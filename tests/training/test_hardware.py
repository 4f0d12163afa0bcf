import pytest
import torch

from luthier.errors import UserError
from luthier.training.hardware import (
    best_device,
    choose_bfloat16,
    kept_random_state,
    random_state,
    restore_random_state,
)

NEEDS_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")


@pytest.mark.parametrize(
    ("cuda", "mps", "device"), [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")]
)
def test_the_fastest_device_there_is(monkeypatch, cuda, mps, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert best_device().type == device


@pytest.mark.parametrize(
    ("wanted", "gpu", "able", "chosen"),
    [
        (False, True, True, False),
        (None, True, True, True),
        (None, True, False, False),
        (True, True, True, True),
        (None, False, True, True),
        (None, False, False, False),
        (True, False, False, True),
    ],
)
def test_bfloat16_where_the_hardware_has_it_or_the_user_insists(monkeypatch, wanted, gpu, able, chosen):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: able)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: able)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    assert choose_bfloat16(wanted, "do without") is chosen


def test_a_gpu_without_bfloat16_says_so(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: False)
    with pytest.raises(UserError, match="no bfloat16"):
        choose_bfloat16(True, "do without")


@pytest.mark.parametrize("name", ["cpu", pytest.param("cuda", marks=NEEDS_GPU)])
def test_restored_generators_draw_the_same_numbers_again(name):
    device = torch.device(name)
    state = random_state(device)
    drawn = torch.rand(3, device=device), torch.rand(3)
    restore_random_state(state, device)
    assert all(
        torch.equal(a, b) for a, b in zip(drawn, (torch.rand(3, device=device), torch.rand(3)), strict=True)
    )


@pytest.mark.parametrize("name", ["cpu", pytest.param("cuda", marks=NEEDS_GPU)])
def test_generators_are_kept_whatever_is_drawn_and_raised(name):
    device = torch.device(name)
    before = torch.get_rng_state()

    def draw():
        with kept_random_state(device):
            torch.rand(3, device=device)
            torch.rand(3)
            raise KeyError

    with pytest.raises(KeyError):
        draw()
    assert torch.equal(torch.get_rng_state(), before)


def test_the_generator_of_an_apple_gpu_is_kept_too(monkeypatch):
    state = [torch.tensor([1])]
    monkeypatch.setattr(torch.mps, "get_rng_state", lambda: state[0])
    monkeypatch.setattr(torch.mps, "set_rng_state", lambda new: state.__setitem__(0, new))
    with kept_random_state(torch.device("mps")):
        state[0] = torch.tensor([2])
    assert state[0].item() == 1
