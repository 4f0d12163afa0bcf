"""The verdict on a pretraining run in a sentence: bits per byte of held-out text, before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

from luthier.text import Language

_SENTENCES: dict[Language, dict[str, str]] = {
    "en": {
        "source": "{name} {after:.3f} ({before:.3f} before)",
        "gain": "{name} {after:.3f} ({before:.3f} before, {change:+.1%})",
        "between": ", ",
        "scratch": "Trained from scratch, the model spends so many bits on a byte of held-out text: {list}.",
        "better": "Continued from {base}, the model spends fewer bits on a byte of held-out text: {list}.",
        "mixed": "Continued from {base}, the model spends fewer bits on a byte of some held-out text and"
        " more of other: {list}.",
        "worse": "Continued from {base}, the model spends MORE bits on a byte of held-out text: {list}."
        " Lower the learning rates, or train for longer.",
        "unmeasured": "No text was held out, so nothing is known yet about how good the model is.",
    },
    "zh": {
        "source": "{name} {after:.3f}（训练前 {before:.3f}）",
        "gain": "{name} {after:.3f}（训练前 {before:.3f}，{change:+.1%}）",
        "between": "，",
        "scratch": "从头训练的模型在留出文本上每字节所需的比特数为：{list}。",
        "better": "在 {base} 上继续训练后，模型在留出文本上每字节所需的比特数减少：{list}。",
        "mixed": "在 {base} 上继续训练后，模型在留出文本上每字节所需的比特数有减有增：{list}。",
        "worse": "在 {base} 上继续训练后，模型在留出文本上每字节所需的比特数反而增加：{list}。"
        "请降低学习率，或延长训练。",
        "unmeasured": "没有留出文本，因此还不知道模型的好坏。",
    },
}


@dataclass(frozen=True, slots=True)
class PretrainingVerdict:
    """What a pretraining run showed.

    Attributes:
        kind: `scratch` for a new model; with a base `better` or `worse` on every source, else `mixed`;
            `unmeasured` where nothing was held out.
        sentence: The verdict in the language of most of the text.
    """

    kind: Literal["scratch", "better", "mixed", "worse", "unmeasured"]
    sentence: str


def text_language(metrics: Mapping[str, Any]) -> Language:
    """Returns the language of most of the text that was trained on."""
    return "zh" if metrics["shares"].get("zh", 0) > 0.5 else "en"


def shown_base(name: str) -> str:
    """Returns the name of a base model, of a folder its last two parts: `runs/a/model` is `a/model`."""
    return "/".join(PurePath(name).parts[-2:])


def pretraining_verdict(
    metrics: Mapping[str, Any], base: str | None, language: Language
) -> PretrainingVerdict:
    """Reads the verdict off a run's `metrics.json`.

    Args:
        metrics: What the file holds.
        base: Name of the model that was continued; None from scratch.
        language: Of the sentence.
    """
    words = _SENTENCES[language]
    measured = {name: entry for name, entry in metrics["bits_per_byte"].items() if entry["bytes"]}
    if not measured:
        return PretrainingVerdict("unmeasured", words["unmeasured"])
    told = words["between"].join(
        words["source" if base is None else "gain"].format(
            name=name, change=entry["after"] / entry["before"] - 1, **entry
        )
        for name, entry in measured.items()
    )
    better = [entry["after"] < entry["before"] for entry in measured.values()]
    kind: Literal["scratch", "better", "mixed", "worse"] = (
        "scratch" if base is None else "better" if all(better) else "mixed" if any(better) else "worse"
    )
    return PretrainingVerdict(kind, words[kind].format(list=told, base=shown_base(base or "")))
