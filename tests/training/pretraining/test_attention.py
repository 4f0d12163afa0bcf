import pytest
import torch
from tests.models import tiny
from torch.nn.functional import scaled_dot_product_attention

from luthier.training.pretraining import attention
from luthier.training.pretraining.attention import document_attention, written_out
from luthier.training.pretraining.packing import document_layout
from luthier.training.unknown_attention import UnknownAttentionError

OPENS = 1


@pytest.mark.parametrize("key_heads", [4, 2, 1])
@pytest.mark.parametrize("length", [16, 48, 50])
def test_output_and_gradients_are_the_librarys(
    length: int, key_heads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "_BLOCK", 16)
    torch.manual_seed(0)
    tokens = torch.randint(2, 9, (3, length))
    tokens[0, 7] = tokens[1, 1] = tokens[1, 15] = OPENS
    mask = document_layout(tokens, OPENS)[1]
    given = [torch.randn(3, heads, length, 8).requires_grad_() for heads in (4, key_heads, key_heads)]
    upstream = torch.randn(3, length, 4, 8)
    wanted = scaled_dot_product_attention(*given, attn_mask=mask, scale=0.3, enable_gqa=True).transpose(1, 2)
    found, _ = document_attention(torch.nn.Module(), *given, mask, scaling=0.3)
    assert torch.allclose(found, wanted, atol=1e-6)
    for ours, theirs in zip(
        torch.autograd.grad(found, given, upstream), torch.autograd.grad(wanted, given, upstream), strict=True
    ):
        assert torch.allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize(("chosen", "inside"), [("sdpa", attention.NAME), ("eager", "eager")])
def test_only_what_would_be_the_librarys_is_replaced_and_only_for_the_while(chosen: str, inside: str) -> None:
    model = tiny.model("llama", _attn_implementation=chosen)
    with written_out(model):
        assert model.config._attn_implementation == inside
    assert model.config._attn_implementation == chosen


def test_an_attention_of_another_kind_is_refused() -> None:
    x = torch.randn(1, 1, 4, 8)
    with pytest.raises(UnknownAttentionError, match="Module wants softcap"):
        document_attention(torch.nn.Module(), x, x, x, torch.ones(1, 1, 4, 4).bool(), softcap=30.0)
