"""Self-training: what each round labelled and gained, and the model that learnt from gold alone beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from luthier.experiment.self_training.verdict import self_training_verdict
from luthier.report.formatting import DASH, count, interval, number, p_value, percent, signed
from luthier.report.source import RunRecords
from luthier.report.words import Words


@dataclass(frozen=True, slots=True)
class RoundRow:
    """One round: its score on validation, the pseudo-labels it learnt from, and whether it stays."""

    name: str
    score: str
    interval: str
    labelled: str
    selected: str
    right: str
    kept: bool


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class of the pseudo-labels: how many were predicted, taken, and right where that is known."""

    name: str
    labelled: str
    selected: str
    right: str


@dataclass(frozen=True, slots=True)
class TestRow:
    """One test set: the model that stays, the gold-only one, and their paired difference."""

    __test__ = False

    name: str
    ours: str
    ours_interval: str
    theirs: str
    theirs_interval: str
    difference: str
    difference_interval: str
    p: str


@dataclass(frozen=True, slots=True)
class SelfTraining:
    """The section.

    Attributes:
        sentence: What it gained.
        metric: The primary metric.
        rounds: Gold alone first.
        tests: A row a test set on which the metric is defined.
        shown: The round whose classes and reasons are shown: the one that stays, else the last.
        classes: By class.
        reasons: Why records were not taken: reason, number.
        left_out: What of the unlabelled file was not labelled at all: reason, number.
        known: Whether the true labels of the unlabelled file are known.
    """

    sentence: str
    metric: str
    rounds: tuple[RoundRow, ...]
    tests: tuple[TestRow, ...]
    shown: int
    classes: tuple[ClassRow, ...]
    reasons: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[str, str], ...]
    known: bool


def self_training_section(run: RunRecords, words: Words) -> SelfTraining | None:
    """Builds the section; None where the run did no self-training."""
    found: Mapping[str, Any] | None = run.metrics.get("self_training")
    if found is None:
        return None
    rounds = found["rounds"]
    shown = rounds[found["kept"] or len(rounds) - 1]
    return SelfTraining(
        sentence=self_training_verdict(run.metrics, run.language),
        metric=run.primary,
        rounds=tuple(_round(item, run.primary, item["number"] == found["kept"], words) for item in rounds),
        tests=tuple(_test(run, test) for test in run.tests if run.primary in run.metrics[f"test/{test}"]),
        shown=shown["number"],
        classes=tuple(
            ClassRow(
                name or words["no_class"],
                count(item["labelled"]),
                count(item["selected"]),
                _share(item["right"], item["selected"]),
            )
            for name, item in shown.get("classes", {}).items()
        ),
        reasons=_reasons(shown.get("reasons", {}), words),
        left_out=_reasons(found["left_out"], words),
        known=shown.get("right") is not None,
    )


def _reasons(counts: Mapping[str, int], words: Words) -> tuple[tuple[str, str], ...]:
    return tuple((words.reason(reason), count(number_of)) for reason, number_of in counts.items())


def _share(right: int | None, total: int) -> str:
    return DASH if right is None or not total else percent(right / total)


def _round(item: Mapping[str, Any], metric: str, kept: bool, words: Words) -> RoundRow:
    score = item["validation"].get(metric, {})
    first = item["number"] == 0
    return RoundRow(
        name=words["gold_only"] if first else words["round_number"].format(n=item["number"]),
        score=number(item["score"]),
        interval=interval(score),
        labelled=DASH if first else count(item["labelled"]),
        selected=DASH if first else count(item["selected"]),
        right=DASH if first else _share(item["right"], item["selected"]),
        kept=kept,
    )


def _test(run: RunRecords, test: str) -> TestRow:
    key, metric = f"test/{test}", run.primary
    ours = run.metrics[key][metric]
    theirs = run.metrics["gold_only"][key]["metrics"].get(metric, {"value": None})
    difference = run.metrics["self_training"]["comparisons"].get(key, {}).get(metric)
    return TestRow(
        name=test,
        ours=number(ours["value"]),
        ours_interval=interval(ours),
        theirs=number(theirs["value"]),
        theirs_interval=interval(theirs),
        difference=DASH if difference is None else signed(difference["value"]),
        difference_interval="" if difference is None else interval(difference),
        p=DASH if difference is None else p_value(difference["p_value"]),
    )
