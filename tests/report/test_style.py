"""The palette: text must be readable in both themes (WCAG 2.2, contrast of at least 4.5 for normal text)."""

from __future__ import annotations

import re
from importlib import resources

import pytest

_ON_PAGE = ("text", "muted", "ours", "mistake", "link", "learn", "bad")
_PAIRS = [
    *[(name, ground) for name in _ON_PAGE for ground in ("page", "surface")],
    *[(name, "sunken") for name in ("text", "muted", "link")],
    *[(name, f"{name}-soft") for name in ("ours", "mistake", "learn", "good", "bad", "doubt", "plain")],
    *[("text", ground) for ground in ("ours-soft", "mistake-soft", "heat-right", "heat-mistake")],
    ("muted", "ours-soft"),
]


def _palette(theme: str) -> dict[str, str]:
    source = (resources.files("luthier.report") / "templates" / "style.css.jinja").read_text("utf-8")
    block = re.search(rf"macro {theme}\(\) %}}(.*?)endmacro", source, re.DOTALL)[1]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_both_themes_have_the_same_colours():
    assert _palette("light").keys() == _palette("dark").keys()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), _PAIRS)
def test_text_is_readable(theme, text, ground):
    palette = _palette(theme)
    assert _contrast(palette[text], palette[ground]) >= 4.5


def test_every_colour_that_is_used_is_defined():
    folder = resources.files("luthier.report") / "templates"
    source = "".join(p.read_text("utf-8") for p in folder.iterdir())
    assert {*re.findall(r"var\(--([\w-]+)\)", source)} == {*_palette("light"), "share"}
