"""How busy the machine was: training's speed, and what became of plain reading's arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from luthier.report.facts import Fact
from luthier.report.formatting import number, percent, size, speed
from luthier.report.source import RunRecords
from luthier.report.words import Words


@dataclass(frozen=True, slots=True)
class Part:
    """A part of plain reading's arithmetic; `width` is its bar's, in hundredths of the whole."""

    label: str
    share: str
    width: float


@dataclass(frozen=True, slots=True)
class Engine:
    """The section."""

    facts: tuple[Fact, ...]
    parts: tuple[Part, ...]


def engine(run: RunRecords, words: Words) -> Engine | None:
    """Builds the section; None where the run's arithmetic was not counted."""
    training: Mapping[str, Any] = run.manifest.get("training", {})
    found: Mapping[str, Any] | None = training.get("engine")
    if not found:
        return None
    facts = (
        Fact(words["engine_samples"], number(training["samples_per_second"])),
        Fact(words["engine_tokens"], number(training["tokens_per_second"])),
        Fact(words["fact_memory"], size(training["peak_memory_bytes"])),
        Fact(words["engine_speed"], speed(found["flops_per_second"])),
        Fact(words["engine_peak"], speed(found["peak_flops_per_second"])),
        Fact(words["engine_utilisation"], percent(found["utilisation"])),
    )
    saved: Mapping[str, float] = found["savings"]
    named = {
        words["engine_padding"]: saved["padding"],
        words["engine_shared"]: saved["shared"],
        words["engine_unasked"]: saved["unasked"],
        words["engine_trunk"]: saved["trunk"],
        words["engine_necessary"]: found["necessary_share"],
    }
    # Rows that were read one by one had their padding computed.
    wasted = 1 - sum(named.values())
    if wasted > 1e-6:
        named[words["engine_wasted"]] = wasted
    parts = (Part(name, percent(share), round(100 * max(share, 0), 1)) for name, share in named.items())
    return Engine(facts, tuple(parts))
