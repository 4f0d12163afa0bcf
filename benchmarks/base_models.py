"""What a base model is worth: fine-tuned scores from its weights, from others and from random ones.

    python benchmarks/base_models.py run [--starts luthier/tiny random FOLDER ...] [--only waimai_zh ...]
                                         [--optimizer adamw] [--output runs/base_models]
    python benchmarks/base_models.py table [--output runs/base_models]

Full fine-tuning on four public sets, three seeds each, beside TF-IDF + logistic regression; by default with
Muon, which pretrained `luthier/tiny`. `random` is its architecture and tokenizer with new weights; a FOLDER
may be what `luthier pretrain` wrote (domain-adapted, or with a second stage). Runs that stand in --output are
not repeated; the table is made from them. The data lie in LUTHIER_DATA (default ../shared/data).
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from public_data import QUEUE, TASTE, ecommerce, restaurant, sst2, waimai

SETS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "waimai_zh": waimai,
    "sst2_en": sst2,
    "ecommerce_fewshot_zh": ecommerce,
    "restaurant_zh.taste": restaurant(TASTE, QUEUE, 500),
}
EMBEDDED, RANDOM = "luthier/tiny", "random"


def run(names: list[str], starts: list[str], seeds: list[int], optimizer: str, output: Path) -> None:
    """Runs what is not there yet, one seed of everything before the next."""
    import luthier
    from luthier.cli.common import start_messages
    from luthier.experiment.recipe import to_yaml

    start_messages()
    for seed, name, start in itertools.product(seeds, names, starts):
        folder = output / name / f"{_label(start)}.{seed}"
        if (folder / "report.html").exists():
            continue
        shutil.rmtree(folder, ignore_errors=True)  # what an interrupted call left
        inputs = (output / "inputs" / name).resolve()
        values = SETS[name](inputs)
        values["data"]["duplicates"] = "report"  # a few-shot set is as small as its makers drew it
        if isinstance(tests := values["data"]["test"], dict):
            values["data"]["test"] = {"id": tests["id"]}  # the table looks at no other
        values |= {
            "model": _random_weights(output / "random", seed) if start == RANDOM else start,
            "method": {"type": "full"},
            "training": values["training"] | {"optimizer": optimizer},
            "evaluation": {"baselines": ["tfidf"]},
            "output": str(folder),
            "seed": seed,
        }
        path = inputs / f"{_label(start)}.{seed}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(to_yaml(values), encoding="utf-8")
        print(f"== {name} {start} seed {seed}", flush=True)
        print(luthier.run(path).verdict, flush=True)


def _label(start: str) -> str:
    return start.strip("/").replace("/", "-")


def _random_weights(folder: Path, seed: int) -> str:
    """Saves the architecture of the embedded model with new weights; returns where."""
    import torch
    from transformers import AutoModelForCausalLM

    from luthier.models import ModelOptions, load_model, load_tokenizer, save_model

    place = (folder / str(seed)).resolve()
    if not place.exists():
        options = ModelOptions(name=EMBEDDED)
        torch.manual_seed(seed)
        model = AutoModelForCausalLM.from_config(load_model(options).config)
        save_model(model, load_tokenizer(options), place)
    return str(place)


def table(output: Path) -> Iterator[str]:
    """Yields a table: mean and standard deviation over seeds, in points, and how far each is from TF-IDF.

    A seed also decides which records become validation, so TF-IDF has a spread of its own.
    """
    yield "| data | metric | start | fine-tuned | TF-IDF, the same seeds | difference | seeds |"
    yield "|---|---|---|---|---|---|---|"
    for name in SETS:
        scores: dict[str, list[tuple[float, float]]] = {}
        metric = ""
        for path in sorted((output / name).glob("*/metrics.json")):
            metrics = json.loads(path.read_text(encoding="utf-8"))
            metric = metrics["primary"]
            tfidf = metrics["baselines"]["tfidf"]["test/id"]["metrics"][metric]["value"]
            start = path.parent.name.rpartition(".")[0]
            scores.setdefault(start, []).append((metrics["test/id"][metric]["value"], tfidf))
        for start, values in scores.items():
            tuned, linear = ([100 * value for value in column] for column in zip(*values, strict=True))
            yield (
                f"| {name} | {metric} | {start} | {_spread(tuned)} | {_spread(linear)}"
                f" | {mean(tuned) - mean(linear):+.1f} | {len(values)} |"
            )


def _spread(values: list[float]) -> str:
    return f"{mean(values):.1f}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["run", "table"])
    parser.add_argument("--only", nargs="+", choices=list(SETS), default=list(SETS))
    parser.add_argument("--starts", nargs="+", default=[EMBEDDED, RANDOM])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--optimizer", choices=["auto", "adamw"], default="auto")
    parser.add_argument("--output", type=Path, default=Path("runs/base_models"))
    arguments = parser.parse_args()
    if arguments.what == "run":
        run(arguments.only, arguments.starts, arguments.seeds, arguments.optimizer, arguments.output)
    else:
        print("\n".join(table(arguments.output)))


if __name__ == "__main__":
    main()
