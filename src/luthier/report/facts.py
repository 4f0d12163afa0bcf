"""The key facts of a run, and how to repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from luthier.report.formatting import count, number, percent, size
from luthier.report.source import RunRecords
from luthier.report.words import Words


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact; `note` says more in small letters."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Repeat:
    """How to repeat the run: its command, what it was made of, what it ran on."""

    command: str
    recipe: str
    versions: tuple[tuple[str, str], ...]
    hashes: tuple[tuple[str, str], ...]
    hardware: tuple[Fact, ...]
    seconds: tuple[tuple[str, str, float], ...]


def key_facts(run: RunRecords, words: Words) -> list[Fact]:
    """Returns what a reader wants to know before anything else."""
    training: Mapping[str, Any] = run.manifest.get("training", {})
    facts = [
        Fact(words["fact_task"], words.open("task", str(run.task["type"])), _space(run.task, words)),
        Fact(words["fact_model"], _model(run.recipe)),
        _method(run.recipe.get("method"), words),
    ]
    if "trainable_share" in training:
        note = f"{count(training['trainable_parameters'])} / {count(training['total_parameters'])}"
        facts.append(Fact(words["fact_trainable"], percent(training["trainable_share"]), note))
    facts.append(_records(run, words))
    seconds = run.manifest.get("seconds", {})
    facts.append(
        Fact(words["fact_time"], words.duration(sum(seconds.values())), training_time(seconds, words))
    )
    if training.get("peak_memory_bytes"):
        facts.append(Fact(words["fact_memory"], size(training["peak_memory_bytes"]), _speed(training, words)))
    facts.append(Fact(words["fact_seed"], str(run.recipe.get("seed", 0))))
    return facts


def repeat(run: RunRecords, words: Words) -> Repeat:
    """Returns how to repeat the run."""
    manifest = run.manifest
    model = manifest.get("model", {})
    hashes = [
        (words["identity"], manifest.get("identity")),
        (words["hash_recipe"], manifest.get("recipe")),
        (words["hash_design"], manifest.get("design")),
        (model.get("name", ""), model.get("sha256")),
        # Two parts, since several folders may well hold a train.jsonl.
        *(("/".join(PurePath(path).parts[-2:]), value) for path, value in manifest.get("inputs", {}).items()),
    ]
    seconds: Mapping[str, float] = manifest.get("seconds", {})
    total = sum(seconds.values()) or 1.0
    return Repeat(
        command=_command(manifest.get("command") or ()),
        recipe=run.folder.recipe.read_text(encoding="utf-8"),
        versions=tuple((name, str(value)) for name, value in manifest.get("versions", {}).items()),
        hashes=tuple((name, value) for name, value in hashes if value),
        hardware=_hardware(manifest, words),
        seconds=tuple(
            (words.open("stage", stage), words.duration(value), round(100 * value / total, 1))
            for stage, value in seconds.items()
        ),
    )


def _command(arguments: Any) -> str:
    """Writes the command line as one types it: the program by its name, whatever folder it lay in."""
    if not arguments:
        return ""
    program = PurePath(arguments[0])
    name = f"{program.parent.name}" if program.name == "__main__.py" else program.name
    return shlex.join([name, *map(str, arguments[1:])])


def _model(recipe: Mapping[str, Any]) -> str:
    model = recipe.get("model")
    name = str(model["name"] if isinstance(model, Mapping) else model)
    # Of a local folder its own name says enough here; the recipe below has the whole path.
    return PurePath(name).name if PurePath(name).is_absolute() else name


def _method(method: Any, words: Words) -> Fact:
    if not isinstance(method, Mapping):
        return Fact(words["fact_method"], str(method))
    # Lists (module names) and switches left off would bury what matters; the recipe below has them.
    options = [
        f"{key} {value}"
        for key, value in method.items()
        if key != "type" and isinstance(value, int | float) and value is not False
    ]
    return Fact(words["fact_method"], str(method["type"]), " · ".join(options))


def _space(task: Mapping[str, Any], words: Words) -> str:
    notes = [
        words[f"space_{key}"].format(n=len(task[key]))
        for key in ("aspects", "labels", "types")
        if task.get(key)
    ]
    notes += [words[f"space_{key}"] for key in ("multi_label", "pair") if task.get(key)]
    return " · ".join(notes)


def _records(run: RunRecords, words: Words) -> Fact:
    validation = run.count("validation") or 0
    copies = run.count("augmented")
    notes = [f"{words['copies']} {count(copies)}"] if copies else []
    notes.append(f"{words['validation']} {count(validation)}")
    notes += [f"test/{test} {count(run.count(f'test.{test}'))}" for test in run.tests]
    return Fact(words["fact_records"], count(run.count("train")), " · ".join(notes))


def training_time(seconds: Mapping[str, float], words: Words) -> str:
    """Says how much of a run was training; nothing where it is not known."""
    if "training" not in seconds:
        return ""
    return words["of_it_training"].format(time=words.duration(seconds["training"]))


def _speed(training: Mapping[str, Any], words: Words) -> str:
    if not training.get("samples_per_second"):
        return ""
    return words["samples_per_second"].format(value=number(training["samples_per_second"]))


def _hardware(manifest: Mapping[str, Any], words: Words) -> tuple[Fact, ...]:
    hardware: Mapping[str, Any] = manifest.get("hardware", {})
    facts = [
        Fact(words["hardware_processor"], str(hardware.get("processor") or "")),
        Fact(words["hardware_cores"], str(hardware.get("cores") or "")),
        Fact(words["hardware_memory"], size(hardware["memory_bytes"]) if "memory_bytes" in hardware else ""),
        Fact(words["hardware_gpus"], ", ".join(hardware.get("gpus", ()))),
        Fact(words["hardware_platform"], str(hardware.get("platform") or "")),
        Fact(words["started"], str(manifest.get("started") or "")),
        Fact(words["finished"], str(manifest.get("finished") or "")),
    ]
    return tuple(fact for fact in facts if fact.value)
