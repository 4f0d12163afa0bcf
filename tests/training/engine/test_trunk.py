"""What frozen layers make of a row is computed once, and is what they would make of it at every step."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.models import tiny
from tests.training.engine.rows import batch, wordings
from tests.training.engine.test_forward import build, gradients
from tests.training.rows import rows

from luthier.methods import Freeze, Full, Lora, Trainable
from luthier.training import TrainingOptions, train
from luthier.training.engine import Forward
from luthier.training.loss import supervised_loss


def with_trunk(model: Any, batches: list[dict[str, Any]], folder: Path) -> Forward:
    forward = Forward(model)
    forward.keep_trunk(batches, folder, tokens=sum(one["layout"].tokens for one in batches))
    return forward


def freeze_below(model: Any, depth: int) -> Any:
    """LoRA on the top layers only."""
    for number, layer in enumerate(model.get_base_model().model.layers):
        if number < depth:
            layer.requires_grad_(False)
    return model


METHODS = {
    "freeze-1": lambda family: Freeze(trainable=Trainable(last=1)).apply(build(family)),
    "freeze-2": lambda family: Freeze(trainable=Trainable(last=2)).apply(build(family)),
    "lora": lambda family: freeze_below(Lora(rank=2).apply(build(family)), 1),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("family", ["qwen3", "mistral", "gemma3"])
def test_loss_and_gradients_are_the_same_and_the_frozen_layers_do_not_run(
    family: str, method: str, tmp_path: Path
) -> None:
    model = METHODS[method](family).train()
    batches = [batch(wordings(), 6, seed=seed) for seed in range(2)]
    forward = with_trunk(model, batches, tmp_path)
    assert forward.trunk is not None
    with forward.reading(model, batches[0]):
        pass  # proven
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    ran: list[int] = []
    for number, layer in enumerate(base.model.layers):
        layer.mlp.register_forward_hook(lambda *_, number=number: ran.append(number))
    for rows_of_batch in batches:
        ran.clear()
        with forward.reading(model, rows_of_batch):
            loss = forward.loss(model, rows_of_batch)
            loss.backward()
        assert min(ran) == forward.trunk.depth
        found = gradients(model)
        plain = supervised_loss(model, rows_of_batch)
        plain.backward()
        assert loss.item() == pytest.approx(plain.item(), rel=1e-6)
        wanted = gradients(model)
        assert found.keys() == wanted.keys()
        for name, gradient in wanted.items():
            assert torch.allclose(found[name], gradient, rtol=1e-4, atol=1e-5), name


def test_a_row_that_was_not_kept_is_computed_from_the_bottom(tmp_path: Path) -> None:
    model = METHODS["freeze-1"]("qwen3").train()
    known, other = batch(wordings(), 4, seed=1), batch(wordings(), 4, seed=2)
    forward = with_trunk(model, [known], tmp_path)
    for one in (known, other):
        with forward.reading(model, one):
            loss = forward.loss(model, one)
        assert loss.item() == pytest.approx(supervised_loss(model, one).item(), rel=1e-6)


@pytest.mark.parametrize(
    ("method", "said"),
    [
        (Full(), ""),
        (Freeze(trainable=Trainable(first=1)), ""),
        (Freeze(trainable=Trainable(last=1), embeddings=True), "embeddings"),
    ],
)
def test_without_frozen_layers_at_the_bottom_nothing_is_kept(
    method: Any, said: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = method.apply(build("qwen3"))
    with caplog.at_level(logging.INFO):
        forward = with_trunk(model, [batch(wordings(), 4)], tmp_path)
    assert forward.trunk is None
    assert said in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=2**30)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with caplog.at_level(logging.INFO):
        forward = with_trunk(METHODS["freeze-1"]("qwen3"), [batch(wordings(), 4)], tmp_path)
    assert forward.trunk is None
    assert "1.0 GiB are left" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_states_that_are_not_what_the_layers_compute_are_found_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model, one = METHODS["freeze-1"]("qwen3").train(), batch(wordings(), 4)
    forward = with_trunk(model, [one], tmp_path)
    with torch.no_grad():
        model.model.layers[0].mlp.down_proj.weight.mul_(30)
    with forward.reading(model, one):
        loss = forward.loss(model, one)
    assert loss.item() == pytest.approx(supervised_loss(model, one).item(), rel=1e-6)
    assert forward.trunk is None
    assert "another loss" in caplog.text


@pytest.mark.parametrize("length", [{"epochs": 2}, {"steps": 8}])
def test_training_ends_with_the_same_weights_and_leaves_no_file(
    length: dict[str, Any], tmp_path: Path
) -> None:
    ended = []
    for cached in (True, False):
        model = Freeze(trainable=Trainable(last=1)).apply(tiny.model("llama"))
        options = TrainingOptions(batch_size=4, precision="float32", trunk_cache=cached, **length)
        seen: list[int] = []
        model.model.layers[0].mlp.register_forward_hook(lambda *_, seen=seen: seen.append(1))
        data, folder = rows(16), tmp_path / str(cached)
        train(
            model,
            tiny.byte_level(),
            data,
            rows(6, seed=1),
            options=options,
            learning_rate=1e-2,
            output_dir=folder,
        )
        ended.append({name: weight.detach().clone() for name, weight in model.named_parameters()})
        assert not list(folder.glob("trunk*"))
        # Two tokens are read to count what products cost. One batch holds all rows to train on, one all to
        # validate on. The first is read both ways before it is kept, the first step's once more to compare.
        assert (len(seen) == 1 + 2 + 2 + 1) == cached
    for name, weight in ended[0].items():
        assert torch.allclose(weight, ended[1][name], atol=1e-5), name


@pytest.mark.parametrize(
    ("family", "changes"),
    [
        ("llama", {"attention_dropout": 0.1}),
        ("gemma2", {}),
        ("mistral", {"sliding_window": 16}),  # shorter than every row
    ],
)
def test_a_model_that_is_read_row_by_row_trains_with_frozen_layers_all_the_same(
    family: str, changes: dict[str, Any], tmp_path: Path
) -> None:
    model = Freeze(trainable=Trainable(last=1)).apply(build(family, **changes))
    options = TrainingOptions(epochs=2, batch_size=4, precision="float32")
    data = rows(8)
    if "sliding_window" in changes:
        data = data.filter(lambda row: row["length"] > 16)
    result = train(model, tiny.byte_level(), data, options=options, learning_rate=1e-3, output_dir=tmp_path)
    assert result.history[-1].loss > 0
    assert not list(tmp_path.glob("trunk*"))
