"""Results as tables for a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from luthier.cli.common import print_table
from luthier.experiment.verdict import p_value
from luthier.text import shorten

if TYPE_CHECKING:
    from luthier.api import FileReport, Run
    from luthier.data.augmenting import AugmentReport
    from luthier.evaluation import Scores
    from luthier.experiment.check import Check, SelfTrainingCheck
    from luthier.experiment.labelling import LabelReport

_SHOWN = 4
"""How many metrics stand beside the primary one in a run's table."""

_LEAKS = 5
"""How many leaks `luthier check` lists."""

_LISTED = 5
"""How many ids of records without a prediction `luthier score` lists."""

_CLASSES = 40
"""How many rows of class counts `luthier check` shows."""

_UNITS = ((3600, "h"), (60, "min"))


def interval(score: Mapping[str, float | None] | None) -> str:
    """Writes `0.712 [0.68, 0.74]`, or a dash where there is no score."""
    if score is None or score["value"] is None:
        return "-"
    if score.get("low") is None:
        return f"{score['value']:z.3f}"
    return f"{score['value']:z.3f} [{score['low']:z.2f}, {score['high']:z.2f}]"


def duration(seconds: float) -> str:
    """Writes a time as `42 s`, `3.5 min` or `2.1 h`."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def size(count: float) -> str:
    """Writes bytes as MiB or GiB."""
    return f"{count / 2**30:.2f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"


def print_scores(run: Run) -> None:
    """Prints a table a test set: baselines and the fine-tuned model, a column a metric."""
    metrics = run.metrics
    for test in (key for key in metrics if key.startswith("test/")):
        names = _metric_names(metrics["primary"], metrics[test])
        rows = [
            [name, *_cells(names, scores[test]["metrics"]), _errors(name, scores[test])]
            for name, scores in metrics["baselines"].items()
            if test in scores
        ]
        rows.append(
            ["fine-tuned", *_cells(names, metrics[test]), _errors("fine-tuned", metrics["details"][test])]
        )
        count = metrics["details"][test]["n"]
        title = _title(test, count, run.recipe.evaluation.confidence, metrics[test])
        print_table(title, ["", *names, "format errors"], rows)


def _title(test: str, count: int, confidence: float, scores: Mapping[str, Any]) -> str:
    """Names a test set, and what its intervals cover where there are any."""
    with_intervals = any(score.get("low") is not None for score in scores.values())
    return f"{test} ({count} records{f', {100 * confidence:g}% intervals' if with_intervals else ''})"


def _metric_names(primary: str, scores: Mapping[str, Any]) -> list[str]:
    others = [name for name in scores if name not in (primary, "format_error_rate")]
    return [primary, *others[: _SHOWN - 1]]


def _cells(names: Sequence[str], scores: Mapping[str, Any]) -> list[str]:
    return [interval(scores.get(name)) for name in names]


def _errors(source: str, details: Mapping[str, Any]) -> str:
    """A baseline that writes no text cannot err in form, so it shows a dash and not a zero."""
    if source not in ("fine-tuned", "zero-shot"):
        return "-"
    errors = details["format_errors"]
    return f"{errors['count']} ({errors['rate']:.1%})"


def print_metrics(title: str, scores: Scores) -> None:
    """Prints one table of metrics."""
    values = scores.to_json()
    print_table(
        title, ["metric", "value"], [[name, interval(item)] for name, item in values["metrics"].items()]
    )


def print_labels(report: LabelReport) -> None:
    """Prints what `luthier label` did: the classes that it gave, and what got no label."""
    rows = [[name or "(none)", f"{count:,}"] for name, count in report.classes.items()]
    print_table("", ["label", "records"], rows)
    if report.rejected:
        rejected = [[reason, f"{count:,}"] for reason, count in report.rejected.items()]
        print_table("", ["not labelled", "records"], rejected)


def print_foreign_scores(result: Mapping[str, Any]) -> None:
    """Prints what `luthier score` found."""
    rows = [[name, interval(item)] for name, item in result["intervals"].items()]
    print_table(f"{result['n']} records, {result['reading']} reading", ["metric", "value"], rows)
    if missing := result["missing"]:
        more = ", ..." if len(missing) > _LISTED else ""
        verb = "has no prediction and counts" if len(missing) == 1 else "have no prediction and count"
        shown = ", ".join(missing[:_LISTED]) + more
        typer.echo(f"{len(missing)} of {result['n']} records {verb} as wrong: {shown}")
    kinds = result["format_errors"]["kinds"]
    if kinds:
        print_table(
            "format errors", ["kind", "records"], [[kind, str(count)] for kind, count in kinds.items()]
        )


def print_comparison(result: Mapping[str, Any]) -> None:
    """Prints a table a shared test set: a row a run, with the paired difference to the first."""
    for test, item in result["tests"].items():
        names = _metric_names(item["primary"], item["metrics"][0])
        rows = []
        for path, scores, difference in zip(
            result["runs"], item["metrics"], item["against_first"], strict=True
        ):
            paired = None if difference is None else difference.get(item["primary"])
            versus = interval(paired)
            chance = "-" if paired is None else p_value(paired["p_value"]).removeprefix("= ")
            rows.append([path, *_cells(names, scores), versus, chance])
        title = _title(f"test/{test}", item["n"], item["confidence"], item["metrics"][0])
        print_table(title, ["run", *names, f"{item['primary']} - first", "p"], rows)


def print_check(check: Check) -> None:
    """Prints what a recipe would do; supervised text is underlined in green, in brackets on no terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    _print_data(check.data)
    for sample in check.rendered:
        text = Text()
        for supervised, run in groupby(sample["segments"], key=lambda segment: bool(segment["supervised"])):
            plain = "".join(segment["text"] for segment in run)
            if supervised and not console.is_terminal:
                plain = f"⟦{plain}⟧"
            text.append(plain, style="bold green underline" if supervised else "")
        title = f"sample {sample['id']}: {sample['tokens']} tokens, {sample['supervised_tokens']} supervised"
        where = "" if console.is_terminal else ", in ⟦ ⟧"
        console.rule(Text(title + where, style="bold"), align="left")
        # A sample is shown to the character: it is not folded at the width of a pipe.
        console.print(text, soft_wrap=True)
    console.rule()
    rows = [
        [name, str(report.rows), str(report.tokens), str(report.longest), str(len(report.cut))]
        for name, report in check.encoded.items()
    ]
    print_table(
        f"tokens (at most {check.max_length or 'any number'} a sample; only input text is ever cut)",
        ["split", "samples", "tokens", "longest", "cut"],
        rows,
    )
    count = check.parameters
    ends = (
        "every sample ends with a supervised end token"
        if check.end_supervised
        else "NOT supervised in every sample"
    )
    facts = [
        ["layout", "chat template" if check.chat else "plain"],
        ["end of sequence", ends],
        ["trainable parameters", f"{count.trainable:,} of {count.total:,} ({count.share:.2%})"],
        ["peak memory", size(check.probe.peak_memory_bytes)],
        ["training time", duration(check.training_seconds)],
        ["prediction time", duration(check.prediction_seconds)],
        *_self_training_facts(check.self_training),
    ]
    print_table("the run on this machine (measured on a few real steps)", ["", ""], facts)


def _self_training_facts(found: SelfTrainingCheck | None) -> list[list[str]]:
    if found is None:
        return []
    rounds = "1 round" if found.rounds == 1 else f"up to {found.rounds} rounds"
    facts = [["self-training", f"{rounds}, a training each: {found.unlabelled:,} unlabelled"]]
    facts += [["  left out", f"{count:,} {reason}"] for reason, count in found.left_out.items()]
    if found.labelling_seconds is not None:
        facts.append(["  labelling time", f"{duration(found.labelling_seconds)} a round"])
    return facts


def _print_data(data: Mapping[str, Any]) -> None:
    rows = [
        [stage, reason, str(count)]
        for stage, counts in data["counts"].items()
        for reason, count in counts.items()
    ]
    print_table("records", ["stage", "what", "records"], rows)
    _print_classes(data["classes"])
    for item in data["imbalances"]:
        typer.echo(_imbalance(item))
    _print_cleaned(data["cleaned"])
    print_conflicts(data["conflicts"])
    for leak in data["leaks"][:_LEAKS]:
        typer.echo(
            f"leak: {leak['held_out']} {leak['id']} stands in {leak['seen_in']} as {leak['seen_id']}"
            f" (similarity {leak['similarity']:.2f}): {leak['text']}"
        )
    if len(data["leaks"]) > _LEAKS:
        typer.echo(f"... and {len(data['leaks']) - _LEAKS} more leaks (all with --json)")


def _print_classes(classes: Mapping[str, Mapping[str, Mapping[str, int]]]) -> None:
    """Prints a row a class and a column a set; a test set may have classes of its own."""
    names = dict.fromkeys((field, label) for by in classes.values() for field in by for label in by[field])
    rows = [
        [
            " ".join(filter(None, name)),
            *(str(by.get(name[0], {}).get(name[1], "-")) for by in classes.values()),
        ]
        for name in names
    ]
    if rows:
        print_table("records by class", ["class", *classes], rows[:_CLASSES])
    if len(rows) > _CLASSES:
        typer.echo(f"... and {len(rows) - _CLASSES} more classes (all with --json)")


def _imbalance(item: Mapping[str, Any]) -> str:
    where = f"{item['field']}: " if item["field"] else ""
    if item["kind"] == "absent":
        return f"class: {where}no training record is {item['label']!r}; a model cannot learn it"
    if item["kind"] == "few":
        many = "1 record is" if item["count"] == 1 else f"{item['count']} records are"
        return f"class: {where}only {many} {item['label']!r}; scores on it will mean little"
    return (
        f"class: {where}the most frequent label is {item['ratio']:.0f} times as frequent as {item['label']!r}"
        f" ({item['count']} records); look at `data.balance` in the recipe, and at f1_macro beside accuracy"
    )


def _print_cleaned(cleaned: Mapping[str, Mapping[str, Any]]) -> None:
    """Prints a row a rule or reason, a column a set, and one example of each rule and reason."""
    names = {
        f"{kind}: {name}": (key, name)
        for kind, key in (("changed", "changed"), ("left out", "dropped"))
        for report in cleaned.values()
        for name in report[key]
    }
    rows = [
        [title, *(str(report[key].get(name, 0)) for report in cleaned.values())]
        for title, (key, name) in names.items()
    ]
    if rows:
        print_table("cleaning", ["", *cleaned], rows)
    told = set()
    for report in cleaned.values():
        for name, shown in report["shown"].items():
            if name not in told:
                told.add(name)
                change = f" -> {shown[0]['after']!r}" if shown[0]["after"] else ""
                typer.echo(f"{name}: {shown[0]['origin']}: {shown[0]['before']!r}{change}")


def print_cleaned(report: FileReport, output: Path) -> None:
    """Prints what `luthier clean` did: counts, and an example of each rule and reason."""
    done = report.cleaned
    rows = [["read", str(report.read)]]
    rows += [[f"corrections: {decision}", str(count)] for decision, count in report.corrections.items()]
    rows += [[f"changed: {rule}", str(count)] for rule, count in done.changed.items()]
    rows += [[f"left out: {reason}", str(count)] for reason, count in done.dropped.items()]
    rows += [[f"duplicates: {what}", str(count)] for what, count in report.duplicates.items()]
    rows += [["written", str(report.written)]]
    print_table("", ["", "records"], rows)
    for name, shown in done.shown.items():
        change = f" -> {shown[0].after!r}" if shown[0].after else ""
        typer.echo(f"{name}: {shown[0].origin}: {shown[0].before!r}{change}")
    print_conflicts([asdict(conflict) for conflict in report.conflicts])
    for column, count in report.ignored_columns.items():
        typer.echo(f"column {column!r} of {count} records did not go out: the task has no use for it")
    if (doubted := report.wrong_labels) is not None:
        changes = "; ".join(
            f"{change}: {count}" for change, count in islice(doubted.changes.items(), _LISTED)
        )
        told = f"{doubted.suspects} of {doubted.examples} labels are probably wrong"
        typer.echo(f"{told} ({changes})" if changes else told)
    typer.echo(f"{report.written} of {report.read} records in {output}", err=True)


def print_conflicts(conflicts: Sequence[Mapping[str, Any]]) -> None:
    """Prints texts that stand there with different targets, the first few of them."""
    for conflict in conflicts[:_LISTED]:
        given = "; ".join(f"{item['id']} {_target(item['target'])}" for item in conflict["records"])
        typer.echo(f"conflict: {given}: {conflict['text']}")
    if len(conflicts) > _LISTED:
        typer.echo(f"... and {len(conflicts) - _LISTED} more texts with different targets (all with --json)")


def _target(value: Any) -> str:
    return shorten(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), 60)


def print_augmentation(report: AugmentReport, output: Path) -> None:
    """Prints what augmentation made: a row an augmenter, then what became of the variety."""
    rows = []
    for name, count in report.made.items():
        refused = report.refused.get(name, {})
        distance, share = report.edit_distance.get(name), report.agreement.get(name)
        rows.append(
            [
                name,
                str(count),
                ", ".join(f"{number} {reason}" for reason, number in refused.items()) or "-",
                "-" if distance is None else f"{distance:.3f}",
                "-" if share is None else f"{share:.1%}",
            ]
        )
    title = f"{sum(report.made.values())} copies of {report.originals} records in {output}"
    print_table(title, ["augmenter", "copies", "not kept", "edit distance", "label agreement"], rows)
    before, after, repeated = (report.distinct[key] for key in ("before", "after", "repeated"))
    variety = [
        [
            f"distinct-{order}",
            *(f"{shares[f'distinct_{order}']:.3f}" for shares in (before, after, repeated)),
        ]
        for order in (1, 2)
    ]
    print_table("", ["variety", "originals", "with copies", "as much text repeated"], variety)


def print_bits(metrics: Mapping[str, Any]) -> None:
    """Prints what a pretraining run reached: bits per byte by source, and by language where there are two."""
    columns = ["held-out text", "language", "documents", "bytes", "bits per byte before", "after"]
    rows = [
        [
            name,
            entry["language"],
            f"{entry['documents']:,}",
            f"{entry['bytes']:,}",
            _bits(entry["before"]),
            _bits(entry["after"]),
        ]
        for name, entry in metrics["bits_per_byte"].items()
    ]
    if len(rows) > 1:
        rows += [
            [f"all {name}", name, "", f"{entry['bytes']:,}", _bits(entry["before"]), _bits(entry["after"])]
            for name, entry in metrics["languages"].items()
        ]
    print_table("", columns, rows)


def _bits(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
