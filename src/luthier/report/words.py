"""The page's words in the task's language, from the tables in `languages/`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from luthier.text import Language

LANGUAGES: tuple[Language, ...] = ("en", "zh")

_KINDS = (", equal", ", near", ", changed", ", left out")


@cache
def load_words(language: Language) -> Mapping[str, Mapping[str, str]]:
    """Returns the words of a language: group to key to words.

    The group `page` holds the page's own words; the others name what other rooms coin (systems, metrics,
    kinds of deviation, stages). Every language has the same groups and keys.
    """
    file = resources.files("luthier.report") / "languages" / f"{language}.json"
    words: dict[str, dict[str, str]] = json.loads(file.read_text(encoding="utf-8"))
    return words


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language."""

    language: Language

    @property
    def page(self) -> Mapping[str, str]:
        """The page's own words, by key."""
        return load_words(self.language)["page"]

    def __getitem__(self, key: str) -> str:
        """Returns words of the page's own; raises KeyError where there are none."""
        return self.page[key]

    def open(self, group: str, name: str) -> str:
        """Returns the words for a name that other rooms coin; the name itself where the table has none."""
        return load_words(self.language)[group].get(name, name)

    def system(self, name: str) -> str:
        """Returns what a baseline or the fine-tuned model is called."""
        return self.open("system", name)

    def reason(self, reason: str) -> str:
        """Returns the words for a reason in the data report, `test/id, equal` among them."""
        for kind in _KINDS:
            if reason.endswith(kind) and reason not in load_words(self.language)["reason"]:
                split = self.open("split", reason.removesuffix(kind))
                return f"{split}{self.open('reason', kind)}"
        return self.open("reason", self.open("split", reason))

    def duration(self, seconds: float) -> str:
        """Writes a time as `42 s`, `3.5 min` or `2.1 h`."""
        for length, unit in ((3600, "unit_h"), (60, "unit_min")):
            if seconds >= length:
                return self[unit].format(value=f"{seconds / length:.1f}")
        return self["unit_s"].format(value=f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}")
