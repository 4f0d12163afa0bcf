"""`write_pretraining_report`: the folder of a pretraining run in, its page out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from luthier.experiment.folder import RunFolder
from luthier.experiment.pretraining_verdict import (
    PretrainingVerdict,
    pretraining_verdict,
    shown_base,
    text_language,
)
from luthier.files import read_jsonl, write_text
from luthier.report.curve import Curve, panel, step_axis
from luthier.report.facts import Fact, repeat, training_time
from luthier.report.formatting import DASH, count, number, percent, signed
from luthier.report.page import environment
from luthier.report.source import RunRecords
from luthier.report.words import Words

LISTED = 50
"""Dropped documents that the page shows at most; the folder's `data/dropped.jsonl` has all of them."""

_STYLES = {
    "scratch": "alone",
    "better": "better",
    "mixed": "unclear",
    "worse": "worse",
    "unmeasured": "untested",
}
"""Kind of verdict to the one of a fine-tuning report that has its colours."""

Events = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Corpus:
    """The corpus in numbers.

    Attributes:
        sources: Name, language, documents read, dropped, held out and trained on, characters, tokens, epochs.
        reasons: Why documents were dropped, and how many of each source.
        rows: Source, line, reason, twin and beginning of dropped documents, at most `LISTED`.
        dropped: How many were dropped.
    """

    sources: tuple[tuple[str, ...], ...]
    reasons: tuple[tuple[str, tuple[str, ...]], ...]
    rows: tuple[tuple[str, str, str, str, str], ...]
    dropped: int


def write_pretraining_report(folder: RunFolder) -> Path:
    """Writes `report.html` from what stands in the folder of a pretraining run.

    Args:
        folder: The folder of a finished run.

    Returns:
        The page's path.

    Raises:
        UserError: Where the folder lacks recipe, manifest or metrics.
    """
    run = RunRecords.read(folder)
    words = Words(text_language(run.metrics))
    base = (run.manifest.get("model") or {}).get("name")
    events = list(read_jsonl(folder.log))
    verdict = pretraining_verdict(run.metrics, base, words.language)
    context = {
        "words": words,
        "t": words.page,
        "name": folder.path.resolve().name,
        "verdict": verdict,
        "style": _STYLES[verdict.kind],
        "badge": _badge(verdict, words),
        "facts": _facts(run, base, words),
        "bits": _bits(run.metrics, words),
        "curve": _curve(events, words),
        "held_out_rows": run.recipe.get("held_out_rows"),
        "corpus": _corpus(run, words),
        "instruct": _instruct(run.metrics, words),
        "continuations": _continuations(run, events),
        "repeat": repeat(run, words),
        "version": run.manifest["versions"]["luthier"],
    }
    write_text(folder.report, environment().get_template("pretraining.html.jinja").render(context))
    return folder.report


def _badge(verdict: PretrainingVerdict, words: Words) -> str:
    badges = {
        "scratch": words["badge_scratch"],
        "better": words["badge_better"],
        "mixed": words["badge_mixed"],
        "worse": words["badge_worse"],
        "unmeasured": words["badge_unmeasured"],
    }
    return badges[verdict.kind]


def _facts(run: RunRecords, base: str | None, words: Words) -> list[Fact]:
    metrics, seconds = run.metrics, run.manifest.get("seconds", {})
    sources = run.data["sources"].values()
    speed = metrics["tokens_per_second"]
    return [
        Fact(words["fact_model"], shown_base(base) if base else words["from_scratch"]),
        Fact(words["fact_parameters"], count(metrics["parameters"])),
        Fact(
            words["fact_documents"],
            count(sum(entry["documents"] for entry in sources)),
            words["n_held_out"].format(n=count(sum(entry["held_out"] for entry in sources))),
        ),
        Fact(
            words["fact_tokens"], count(metrics["tokens"]), words["n_steps"].format(n=count(metrics["steps"]))
        ),
        Fact(
            words["fact_time"],
            words.duration(sum(seconds.values())),
            " · ".join(
                filter(
                    None,
                    [
                        training_time(seconds, words),
                        words["tokens_per_second"].format(value=count(speed)) if speed else "",
                    ],
                )
            ),
        ),
        Fact(words["fact_seed"], str(run.manifest["seed"])),
    ]


def _bits(metrics: Mapping[str, Any], words: Words) -> list[tuple[str, ...]]:
    """Rows of name, language, documents, bytes, bits per byte before and after, and their difference."""
    rows = [
        _bits_row(name, entry["language"], entry, words) for name, entry in metrics["bits_per_byte"].items()
    ]
    if len(rows) > 1:
        rows += [
            _bits_row(
                words["all_of_language"].format(language=words.open("language", name)), name, entry, words
            )
            for name, entry in metrics["languages"].items()
        ]
    return rows


def _bits_row(name: str, language: str, entry: Mapping[str, Any], words: Words) -> tuple[str, ...]:
    before, after = entry["before"], entry["after"]
    change = DASH if before is None or after is None else signed(after - before)
    return (
        name,
        words.open("language", language),
        count(entry.get("documents")),
        count(entry["bytes"]),
        number(before),
        number(after),
        change,
    )


def _curve(events: Events, words: Words) -> Curve | None:
    # A resumed run logs the steps since its last checkpoint again: the later line counts.
    losses = {event["step"]: event["loss"] for event in events if event["event"] == "step"}
    bits: dict[str, dict[int, float]] = {}
    for event in events:
        for name, value in event.get("bits_per_byte", {}).items():
            if value is not None:
                bits.setdefault(name, {})[event["step"]] = value
    last = max((step for series in (losses, *bits.values()) for step in series), default=0)
    if not last:
        return None
    x = step_axis(last)
    panels = [panel(words["loss"], x, [(words["train_loss"], "train", sorted(losses.items()))])]
    panels += [
        panel(f"{words['bits']} ({name})", x, [(name, "metric", sorted(series.items()))])
        for name, series in bits.items()
    ]
    return Curve(x, tuple(built for built in panels if built), None, None, "")


def _corpus(run: RunRecords, words: Words) -> Corpus:
    sources: Mapping[str, Any] = run.data["sources"]
    total: Counter[str] = Counter()
    for entry in sources.values():
        total.update(entry["dropped"])
    rows = islice(read_jsonl(run.folder.data / "dropped.jsonl"), LISTED)
    return Corpus(
        sources=tuple(
            (
                name,
                words.open("language", entry["language"]),
                count(entry["read"]),
                count(sum(entry["dropped"].values())),
                count(entry["held_out"]),
                count(entry["documents"]),
                count(entry["characters"]),
                count(entry["tokens"]),
                number(run.metrics["epochs"][name]),
            )
            for name, entry in sources.items()
        ),
        reasons=tuple(
            (
                words.open("dropped", reason),
                tuple(count(entry["dropped"].get(reason, 0)) for entry in sources.values()),
            )
            for reason, _ in total.most_common()
        ),
        rows=tuple(
            (
                row["source"],
                str(row["line"]),
                words.open("dropped", row["reason"]),
                f"{row['twin']['source']}:{row['twin']['line']}" if row["twin"] else "",
                row["text"],
            )
            for row in rows
        ),
        dropped=total.total(),
    )


def _instruct(metrics: Mapping[str, Any], words: Words) -> list[tuple[str, ...]]:
    """Rows of kind, instructions, held-out ones, and shares right and malformed before and after."""
    if "instruct" not in metrics:
        return []
    result = metrics["instruct"]
    kinds = [*result["kinds"].items(), (words["instruct_all"], result["overall"])]
    shares = [f"{what}_{moment}" for what in ("accuracy", "format_errors") for moment in ("before", "after")]
    return [
        (
            kind,
            count(entry["examples"]),
            count(entry["held_out"]),
            *(DASH if entry[share] is None else percent(entry[share]) for share in shares),
        )
        for kind, entry in kinds
    ]


def _continuations(run: RunRecords, events: Events) -> list[tuple[int, list[tuple[str, str]]]]:
    """Step, and beginning and continuation of each sample, of the first and the last measurement."""
    measured = [event for event in events if event["event"] == "measured"]
    chosen = measured[:1] + measured[-1:] if len(measured) > 1 else measured
    prompts = run.recipe.get("prompts", ())
    return [
        (
            event["step"],
            [
                (prompt, text.removeprefix(prompt))
                for prompt, text in zip(prompts, event["samples"], strict=True)
            ],
        )
        for event in reversed(chosen)
    ]
