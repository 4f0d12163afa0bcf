from __future__ import annotations

import contextlib
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.models import tiny
from tests.training.rows import rows

from luthier.training import TrainingOptions, train
from luthier.training.interruption import heard


def test_an_interrupt_that_is_swallowed_ends_training_after_the_next_step(tmp_path: Path) -> None:
    evaluations = []

    def evaluate(_: Any) -> dict[str, float]:
        evaluations.append(1)
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        return {"accuracy": 0.0}

    options = TrainingOptions(steps=9, batch_size=4, evaluate_every=2, precision="float32")
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(
            tiny.model("llama"),
            tiny.byte_level(),
            train_rows=rows(18),
            options=options,
            learning_rate=1e-3,
            output_dir=tmp_path,
            evaluate=evaluate,
        )
    assert len(evaluations) == 1
    assert signal.getsignal(signal.SIGINT) is before


def test_an_ignored_interrupt_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with heard() as interruption:
            signal.raise_signal(signal.SIGINT)
        interruption.check()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
