"""How much of the machine's peak the necessary arithmetic of a training reaches, and what takes the time.

    python benchmarks/utilisation.py [--case full-150-float32] [--epochs 3] [--threads 2]

Cases are those of engine.py. The first training is measured by the engine's own meter, from
its second step on; the next one runs under PyTorch's profiler, which says how the time is shared out.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import engine
from peers import Timer, Training, luthier_trainer

PRODUCTS = ("aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm")


def prepared(case: str, epochs: int, folder: str, timer: Timer) -> Any:
    """Makes the trainer of a case of engine.py, frozen layers kept where it has any."""
    method, prefix, precision = case.split("-")
    chosen = engine.arguments(precision == "bfloat16", epochs, folder) | {"learning_rate": engine.RATE}
    trainer = luthier_trainer(
        Training(
            network=engine.model("18.7M"),
            adapt=partial(engine.adapt, method),
            rows=engine.samples(int(prefix)),
            arguments=chosen,
            keeps_layers=method in engine.KEEPING,
            timer=timer,
        )
    )
    if method in engine.KEEPING:
        trainer.keep_trunk(Path(folder) / "trunk")
    return trainer


def measured(trainer: Any, timer: Timer) -> Any:
    """Trains; returns the meter's report of all steps but the first, whose batch is read twice."""
    from transformers import TrainerCallback

    from luthier.training.engine import Meter
    from luthier.training.engine.cost import model_cost
    from luthier.training.peak import matrix_peak

    class FromSecond(TrainerCallback):
        def on_step_end(self, _: Any, state: Any, *__: Any, **___: Any) -> None:
            if state.global_step == 1:
                trainer.meter = Meter(model_cost(trainer.model))

    trainer.add_callback(FromSecond())
    trainer.train()
    peak = matrix_peak(trainer.args.device, bfloat16=trainer.args.bf16)
    return trainer.meter.report(timer.ends[-1] - timer.ends[0], peak)


def shares(trainer: Any) -> Counter[str]:
    """Trains under the profiler; returns seconds by operator, matrix products as one."""
    import torch

    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        trainer.train()
    seconds: Counter[str] = Counter()
    for event in profile.key_averages():
        name = "matrix products" if event.key in PRODUCTS else event.key
        seconds[name] += event.self_cpu_time_total / 1e6
    return seconds


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--case", choices=engine.CASES, default="full-150-float32")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    import torch

    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        timer = Timer()
        report = measured(prepared(options.case, options.epochs, folder, timer), timer)
        print(f"necessary: {report.necessary_share:.0%} of plain reading's arithmetic")
        print(f"reached: {report.flops_per_second / 1e9:.0f} GFLOP/s", end=" ")
        print(f"of {report.peak_flops_per_second / 1e9:.0f}, {report.utilisation:.0%}")
        spent = shares(prepared(options.case, options.epochs, folder, Timer()))
    print("| operator | share of the time |", "|---|---|", sep="\n")
    for name, seconds in spent.most_common(14):
        print(f"| {name} | {seconds / spent.total():.0%} |")


if __name__ == "__main__":
    main()
