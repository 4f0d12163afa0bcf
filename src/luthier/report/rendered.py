"""Rendered samples: what the model reads, the part that it learns from marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from luthier.report.source import RunRecords

_POOL = 1000
"""Samples looked at; a run's folder holds no more."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a sample: its text, its role, whether it counts in the loss."""

    text: str
    role: str
    supervised: bool


@dataclass(frozen=True, slots=True)
class RenderedSample:
    """One sample, uncut: its size in tokens, the characters that training cut from its input, its pieces."""

    id: str
    tokens: int
    supervised_tokens: int
    cut_characters: int
    segments: tuple[Segment, ...]


def rendered_samples(run: RunRecords) -> list[RenderedSample]:
    """Returns two typical samples, the first of the file, and the longest one."""
    rows = run.samples(_POOL)
    if not rows:
        return []
    longest = max(rows, key=lambda row: row["tokens"])
    chosen = rows[:2] if any(row is longest for row in rows[:2]) else [*rows[:2], longest]
    cut = run.manifest.get("encoded", {}).get("train", {}).get("cut", {})
    return [_sample(row, cut.get(row["id"], 0)) for row in chosen]


def _sample(row: Mapping[str, Any], cut: int) -> RenderedSample:
    return RenderedSample(
        row["id"],
        row["tokens"],
        row["supervised_tokens"],
        cut,
        tuple(Segment(item["text"], item["role"], item["supervised"]) for item in row["segments"]),
    )
