"""`luthier new`: a commented recipe for a data file."""

from __future__ import annotations

import os
from pathlib import Path

from luthier.data import Proposal, sniff
from luthier.experiment.recipe import to_yaml

_TAIL = """\

design:
  strategy: es-sde      # instruction first, loss on the answer only, one line a field, placeholders

model: luthier/tiny     # embedded; for better scores a hub id such as Qwen/Qwen3-0.6B, or a local folder

method:
  type: full            # every weight of so small a model; lora for large ones, freeze, p-tuning-v2

training:
  epochs: 5             # a few hundred examples want several passes, many thousands fewer

evaluation:
  baselines: [majority, tfidf, zero-shot]

output: runs/{name}
seed: 0
"""


def propose(path: Path, task: str | None = None, folder: Path = Path()) -> str:
    """Writes a recipe for a data file.

    Args:
        path: The labelled examples.
        task: The task type; None to guess it.
        folder: Where the recipe will stand: paths in it are relative to this folder.

    Raises:
        UserError: Where the file cannot be read or no task type fits it.
    """
    proposal = sniff(path, task)
    name = path.resolve().name
    lines = [f"# A recipe for {name}, written by `luthier new`. Check it with: luthier check RECIPE", ""]
    lines += [f"# {note}" for note in proposal.notes]
    lines += [_section("task", dict(proposal.task)), _data(proposal, path, folder)]
    return "\n".join(lines) + "\n" + _TAIL.format(name=Path(name).stem)


def _section(name: str, values: object) -> str:
    return to_yaml({name: values})


def _data(proposal: Proposal, path: Path, folder: Path) -> str:
    relative = os.path.relpath(path, folder) if not path.is_absolute() else str(path)
    values: dict[str, object] = {"train": relative}
    if proposal.columns:
        values["columns"] = dict(proposal.columns)
    if proposal.encoding != "utf-8":
        values["encoding"] = proposal.encoding
    if proposal.label_map:
        values["label_map"] = dict(proposal.label_map)
    text = _section("data", {**values, "validation": 0.1}).rstrip("\n")
    return (
        f"{text}   # a share of train, or a file\n"
        "  # test: test.jsonl     # a held-out file; several: {id: a.jsonl, ood: b.jsonl}"
    )
