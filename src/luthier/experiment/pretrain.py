"""Pretraining as a run: text in, a base model out, with everything that says what was done."""

from __future__ import annotations

import logging
from pathlib import Path
from statistics import median
from typing import Any

from luthier.errors import UserError
from luthier.experiment import manifest as manifests
from luthier.experiment.folder import RunFolder
from luthier.experiment.pretraining_recipe import check_pretraining, save_pretraining
from luthier.experiment.stages import data_stage, stage
from luthier.experiment.stages import resume as resume_run
from luthier.experiment.stages import start as start_run
from luthier.files import read_jsonl, write_json, write_jsonl
from luthier.text import Language
from luthier.training.pretraining import Prepared, Pretrainer, Pretraining, prepare
from luthier.training.pretraining.instruct import Instruct, follow_instructions
from luthier.training.pretraining.model import export_model

logger = logging.getLogger(__name__)


def pretrain(recipe: Pretraining, output: Path | None = None, *, resume: bool = False) -> RunFolder:
    """Pretrains a model: cleans the corpus, trains, and measures bits per byte.

    Args:
        recipe: What to do.
        output: Folder of the run; None for the recipe's own.
        resume: Continue the unfinished run that stands there.

    Returns:
        The run's folder, complete but for the report.

    Raises:
        UserError: Where recipe, text or base model do not fit each other, or there is nothing to resume.
        LuthierError: Where training fails.
    """
    check_pretraining(recipe)
    record = manifests.describe_pretraining(recipe) | {"seconds": {}}
    path = output or recipe.output
    if resume:
        folder, record = resume_run(path, record)
    else:
        folder = start_run(path, record)
    recipe = recipe.model_copy(update={"output": folder.path})
    save_pretraining(recipe, folder.recipe)
    with data_stage(record, folder, is_resumed=resume):
        prepared = prepare(recipe)
        _save_corpus(folder, prepared)
    with stage(record, folder, "training"):
        trainer = Pretrainer(recipe, prepared)
        trainer.train()
    metrics = pretraining_metrics(recipe, folder, prepared)
    if recipe.instruct is not None:
        with stage(record, folder, "instructions"):
            metrics["instruct"] = _follow_instructions(trainer, recipe.instruct)
    write_json(folder.metrics, metrics)
    record["finished"] = manifests.now()
    folder.write_manifest(record)
    return folder


def pretraining_metrics(recipe: Pretraining, folder: RunFolder, prepared: Prepared) -> dict[str, Any]:
    """Returns what a run reached, from its log: bits per byte by source and by language, tokens, speed.

    `before` is the model that training began with: the base, or random weights.
    """
    events = list(read_jsonl(folder.log))
    measured = [event for event in events if event["event"] == "measured"]
    steps = [event for event in events if event["event"] == "step"]
    before, after = measured[0]["bits_per_byte"], measured[-1]["bits_per_byte"]
    sources = {
        name: {
            "language": counts["language"],
            "before": before[name],
            "after": after[name],
            "bytes": int(prepared.held_out[name].sizes[:, 1:].clip(min=0).sum()),
            "documents": counts["held_out"],
        }
        for name, counts in prepared.counts.items()
    }
    step, options = measured[-1]["step"], recipe.optimisation
    return {
        "bits_per_byte": sources,
        "languages": _by_language(sources),
        "shares": _shares(recipe, prepared),
        "steps": step,
        "tokens": step * options.rows * options.row_length,
        "tokens_per_second": round(median(event["tokens_per_second"] for event in steps)) if steps else None,
        "epochs": measured[-1]["epochs"],
        "parameters": events[0]["parameters"],
        "loss": steps[-1]["loss"] if steps else None,
    }


def _follow_instructions(trainer: Pretrainer, options: Instruct) -> dict[str, Any]:
    """Trains the pretrained model to follow instructions, and saves it anew; returns what that did."""
    recipe, prepared = trainer.recipe, trainer.prepared
    documents: dict[Language, list[str]] = {}
    for source in prepared.corpus.sources.values():
        documents.setdefault(source.language, []).extend(source.training)
    result = follow_instructions(
        trainer.model, prepared.tokenizer, documents, options, folder=recipe.output, seed=recipe.seed
    )
    bits = trainer.measure()
    export_model(trainer.model, prepared.tokenizer, recipe, recipe.output / "model")
    return {**result.model_dump(mode="json"), "bits_per_byte": bits}


def _by_language(sources: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Adds the bits of the sources of each language up, and divides by their bytes."""
    found: dict[str, dict[str, Any]] = {}
    for language in dict.fromkeys(entry["language"] for entry in sources.values()):
        of_it = [entry for entry in sources.values() if entry["language"] == language and entry["bytes"]]
        size = sum(entry["bytes"] for entry in of_it)
        found[language] = {
            moment: sum(entry[moment] * entry["bytes"] for entry in of_it) / size if size else None
            for moment in ("before", "after")
        } | {"bytes": size}
    return found


def _shares(recipe: Pretraining, prepared: Prepared) -> dict[str, float]:
    """Returns what part of the rows that were trained on each language has."""
    total = sum(source.share for source in recipe.sources)
    found: dict[str, float] = {}
    for source in recipe.sources:
        language = prepared.counts[source.name]["language"]
        found[language] = found.get(language, 0.0) + source.share / total
    return found


def _save_corpus(folder: RunFolder, prepared: Prepared) -> None:
    """Writes what was kept and what was dropped, and refuses a corpus without a held-out text."""
    write_jsonl(folder.data / "dropped.jsonl", (row.to_json() for row in prepared.corpus.dropped))
    write_json(folder.data / "report.json", {"sources": prepared.counts})
    for name, counts in prepared.counts.items():
        dropped = ", ".join(f"{number} {reason}" for reason, number in counts["dropped"].items())
        logger.info(
            "  %s: %d of %d documents kept, %d of them held out, %d tokens to train on%s",
            name,
            counts["documents"] + counts["held_out"],
            counts["read"],
            counts["held_out"],
            counts["tokens"],
            f" (dropped: {dropped})" if dropped else "",
        )
    if not any(counts["held_out"] for counts in prepared.counts.values()):
        raise UserError(
            "No document is held out, so nothing could be measured.",
            "Raise `held_out` in the recipe, or give more documents: `separator` says what parts plain text.",
        )
