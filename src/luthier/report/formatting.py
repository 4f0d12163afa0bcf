"""How numbers are written on the page: three digits, intervals, sizes, times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DASH = "–"

_LOWER_IS_BETTER = frozenset({"log_loss", "ece", "format_error_rate"})


def lower_is_better(metric: str) -> bool:
    """Tells whether a smaller value of a metric is the better one."""
    return metric in _LOWER_IS_BETTER


def number(value: float | None) -> str:
    """Writes three digits: `0.713`, `23.4` (metrics on a scale of 100), `412`; a dash for None."""
    if value is None:
        return DASH
    size = abs(value)
    # `z`: what rounds to zero has no sign.
    text = f"{value:z.3f}" if size < 10 else f"{value:.1f}" if size < 100 else f"{value:,.0f}"
    return text.replace("-", "−")


def signed(value: float) -> str:
    """Writes a difference with its sign: `+0.042`, `−0.010`."""
    text = number(value)
    return text if text.startswith("−") else f"+{text}"


def interval(score: Mapping[str, Any]) -> str:
    """Writes `[0.680, 0.741]`; nothing where the score has no interval."""
    if score.get("low") is None or score.get("high") is None:
        return ""
    return f"[{number(score['low'])}, {number(score['high'])}]"


def p_value(value: float | None) -> str:
    """Writes a p value to three digits, never as zero."""
    if value is None:
        return DASH
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def count(value: int | None) -> str:
    """Writes a count with separators; a dash for None."""
    return DASH if value is None else f"{value:,}"


def percent(share: float) -> str:
    """Writes a share, 0 to 1: `0.42%`, `3.1%`, `87%`; shares that are not quite 0 or 1 never look so."""
    value = 100 * share
    if 0 < value < 0.01:
        return "< 0.01%"
    if 99.5 <= value < 100:
        return f"{min(value, 99.9):.1f}%"
    return f"{value:.2f}%" if 0 < value < 1 else f"{value:.1f}%" if 0 < value < 10 else f"{value:.0f}%"


def speed(flops: float) -> str:
    """Writes floating-point operations a second: `31.2 GFLOP/s`, `1.52 TFLOP/s`."""
    scale, unit = (1e12, "TFLOP/s") if flops >= 1e12 else (1e9, "GFLOP/s")
    value = flops / scale
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f} {unit}"


def size(count: float) -> str:
    """Writes bytes as MiB or GiB."""
    return f"{count / 2**30:.2f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
