from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tests.models import tiny
from tests.training.rows import rows
from torch import nn

from luthier.methods import Freeze, Full, Lora, PTuningV2
from luthier.training import TrainingOptions, probe, train
from luthier.training.frozen import FrozenWeights

OPTIONS = TrainingOptions(epochs=2, batch_size=4, precision="bfloat16")
METHODS = (
    Freeze(),
    Lora(rank=2),
    Lora(rank=2, dora=True),
    PTuningV2(prompt_length=3),
)


def published(**changes: Any) -> Any:
    """A model whose weights were bfloat16, loaded as float32: four layers, so that some stay frozen."""
    return tiny.model("llama", num_hidden_layers=4, **changes).bfloat16().float()


def matrices(model: nn.Module) -> dict[str, torch.dtype]:
    return {
        name: module.weight.dtype
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and not module.weight.requires_grad
    }


def trained(
    folder: Path, method: Any, *, holds: bool, monkeypatch: pytest.MonkeyPatch, **changes: Any
) -> Any:
    torch.manual_seed(0)
    model = method.apply(published(**changes))
    seen: set[torch.dtype] = set()
    at_evaluation: set[torch.dtype] = set()
    model.get_input_embeddings().register_forward_hook(
        lambda *_: seen.update(matrices(model).values()) if model.training else None
    )

    def measure(measured: Any) -> dict[str, float]:
        at_evaluation.update(matrices(measured).values())
        return {"kappa": 0.0}

    with monkeypatch.context() as patch:
        if not holds:
            patch.setattr(FrozenWeights, "hold", lambda _: None)
        result = train(
            model, tiny.byte_level(), rows(18), rows(6, seed=1), options=OPTIONS, learning_rate=5e-3,
            output_dir=folder, evaluate=measure,
        )  # fmt: skip
    assert (torch.bfloat16 in seen) == holds
    assert at_evaluation == {torch.float32}
    return model, [(row.loss, row.eval_loss) for row in result.history]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: repr(method).replace(" ", ","))
def test_held_matrices_change_no_bit_of_what_is_learnt_and_are_as_before_afterwards(
    tmp_path: Path, method: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dict(published().named_parameters())
    held, curve = trained(tmp_path / "a", method, holds=True, monkeypatch=monkeypatch)
    whole, wanted = trained(tmp_path / "b", method, holds=False, monkeypatch=monkeypatch)
    assert curve == wanted
    for (name, mine), theirs in zip(held.named_parameters(), whole.parameters(), strict=True):
        assert mine.dtype == torch.float32
        assert torch.equal(mine, theirs), name
    for name, parameter in held.named_parameters():
        base = name.removeprefix("base_model.model.").replace(".base_layer", "")
        if not parameter.requires_grad and base in before:
            assert torch.equal(parameter, before[base]), name


def test_dropout_reads_rows_one_by_one_with_held_matrices_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    curves = [
        trained(
            tmp_path / str(holds), Lora(rank=2), holds=holds, monkeypatch=monkeypatch, attention_dropout=0.1
        )[1]
        for holds in (True, False)
    ]
    assert curves[0] == curves[1]


def test_what_bfloat16_cannot_hold_what_trains_and_embeddings_stay() -> None:
    model = Freeze().apply(published())
    # The two layers below the last two, seven matrices each; the head of its own trains.
    wanted = {f"model.layers.{layer}" for layer in (0, 1)}
    frozen = FrozenWeights(model)
    frozen.hold()
    held = {name for name, p in model.named_parameters() if p.dtype == torch.bfloat16}
    assert len(held) == frozen.held == 14
    assert {name.rsplit(".", 3)[0] for name in held} == wanted
    with frozen.whole():
        assert {p.dtype for p in model.parameters()} == {torch.float32}
    frozen.restore()
    model.model.layers[0].mlp.up_proj.weight.data[0, 0] = 1 + 2**-12
    frozen.hold()
    assert frozen.held == 13
    # Embeddings that are the head as well are looked up, not multiplied.
    tied = Lora(rank=2).apply(tiny.model("qwen2").bfloat16().float())
    FrozenWeights(tied).hold()
    assert tied.get_output_embeddings().weight.dtype == torch.float32
    everything = FrozenWeights(Full().apply(published()))
    everything.hold()
    assert everything.held == 0


def test_a_probe_steps_with_held_matrices_and_puts_them_back() -> None:
    model = Lora(rank=2).apply(published())
    seen: list[set[torch.dtype]] = []
    model.get_input_embeddings().register_forward_hook(
        lambda *_: seen.append(set(matrices(model).values()) & {torch.bfloat16})
    )
    probe(model, tiny.byte_level(), rows(18), OPTIONS, evaluate=lambda m: m(torch.tensor([[5, 6]])), steps=2)
    assert {torch.bfloat16} in seen
    assert seen[-1] == set()  # the evaluation's
    assert set(matrices(model).values()) == {torch.float32}
