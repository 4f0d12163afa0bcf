"""Keys and values of a growing cache against those of transformers' own."""

import pytest
import torch
from tests.models import tiny
from transformers import DynamicCache

from luthier.inference.growing_cache import GrowingLayer, growing_cache


def tokens(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(2, 3, count, 4), torch.randn(2, 3, count, 4)


def test_it_holds_what_transformers_holds_whatever_is_done_to_it_on_the_way() -> None:
    ours, theirs = DynamicCache(), DynamicCache()
    ours.layers.append(GrowingLayer())
    for step, count in enumerate([5, 1, 1, 90, 1, 1, 1]):
        keys, values = tokens(count)
        keys, values = (x[: 1 if step > 2 else 2] for x in (keys, values))
        found = ours.update(keys, values, 0)
        for one, other in zip(found, theirs.update(keys, values, 0), strict=True):
            assert torch.equal(one, other)
        for cache in (ours, theirs):
            if step == 1:
                cache.layers[0].reorder_cache(torch.tensor([1, 0]))
            elif step == 2:
                cache.layers[0].batch_select_indices(torch.tensor([0]))
            elif step == 4:
                cache.layers[0].crop(-3)


def test_tokens_that_were_cropped_are_not_overwritten_where_they_are_held() -> None:
    layer = GrowingLayer()
    before, _ = layer.update(*tokens(5))
    copy = before.clone()
    layer.update(*tokens(1))
    assert torch.equal(before, copy)


def test_little_is_copied_while_tokens_come_one_by_one() -> None:
    layer = GrowingLayer()
    places = {layer.update(*tokens(1 if step else 100))[0].data_ptr() for step in range(129)}
    # 100 + 64 tokens have room in the first place, 165 + 64 in the second; there are 228.
    assert len(places) == 2


@pytest.mark.parametrize("family", ["llama", "qwen2", "gpt2"])
def test_generation_is_what_it_is_without(family: str) -> None:
    model = tiny.model(family).eval()
    ids = torch.arange(40).reshape(2, 20) + 5
    cache = growing_cache(model)
    assert cache is not None
    assert all(type(layer) is GrowingLayer for layer in cache.layers)
    options = {"do_sample": False, "max_new_tokens": 30, "eos_token_id": None, "pad_token_id": 0}
    with torch.inference_mode():
        ours = model.generate(ids, attention_mask=torch.ones_like(ids), past_key_values=cache, **options)
        theirs = model.generate(ids, attention_mask=torch.ones_like(ids), **options)
    assert torch.equal(ours, theirs)
