"""Rules that mend a text. Each is an option object: what the recipe names is what does the work."""

from __future__ import annotations

import re
import unicodedata
from abc import ABC, abstractmethod
from functools import cache
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from luthier.edits import Edit, Rewritten, apply, compared, substitute

if TYPE_CHECKING:
    from ftfy import TextFixerConfig
    from opencc import OpenCC

_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069"
    r"\ufeff\ufff9-\ufffb]"
    # Joiners have a meaning in many scripts and in emoji, none behind Latin letters or Chinese characters.
    r"|(?:(?<=[\x00-\u024f\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef])|(?<![\s\S]))[\u200c\u200d]+"
)
_LINE_BREAK = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
_SPACE = r"[^\S\n]"
_SPACES = re.compile(rf"\A\s+|\s+\Z|{_SPACE}*\n(?:{_SPACE}*\n)+{_SPACE}*|{_SPACE}*\n{_SPACE}*|{_SPACE}+")
_UNTIDY = re.compile(r"\A\s|\s\Z|[^\S\n ]|  | \n|\n[ ]|\n\n\n")
_STARTER = re.compile(
    r"[\s\S](?:[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u3099\u309a\u20d0-\u20ff])*"
)
_WHOLE = re.compile("[^\ud800-\udfff]+")  # half of a surrogate pair is not for other libraries
_COUNTED = r"*★☆⭐🌟✩✪✭✮✯✰$€£¥￥%#()\[\]{}<>（）/|\\"
"""Marks whose number says something: stars of a rating, classes of price, headings, brackets."""


class Rule(BaseModel, ABC):
    """What one kind of dirt is and what stands in its place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @abstractmethod
    def concerns(self, text: str) -> bool:
        """Tells fast whether there may be something to mend; where it is false, `rewrite` changes nothing."""

    @abstractmethod
    def rewrite(self, text: str) -> Rewritten:
        """Returns the text as it should be."""


class Repair(Rule):
    """Text that was decoded wrongly ("CafÃ©"), by ftfy; quotes, widths and ligatures stay as they are."""

    def concerns(self, text: str) -> bool:
        """As `Rule.concerns`: what ftfy itself looks for, but once in a text and not once in a line."""
        if text.isascii():
            return "\x1b" in text
        return _suspicious().search(text) is not None and _is_bad(text)

    def rewrite(self, text: str) -> Rewritten:
        """As `Rule.rewrite`."""
        from ftfy import fix_text

        return compared(text, fix_text(text, _encodings_alone()))


def _is_bad(text: str) -> bool:
    from ftfy.badness import is_bad

    return is_bad(text) or re.search("[\x1b\ud800-\udfff]|\n[ÃÂ] ", text) is not None


@cache
def _suspicious() -> re.Pattern[str]:
    """Matches what no text without a match of ftfy's own, far slower pattern lacks."""
    from ftfy.badness import MOJIBAKE_CATEGORIES

    kinds = set(MOJIBAKE_CATEGORIES) - {"common", "kaomoji", "lower_common", "upper_common"}
    literals = "ŒœÂÃÎÐØÙ×àВГРСвβΒΓΞΟā√≈‚\x1b\ud800-\udfff"
    return re.compile(f"[{''.join(MOJIBAKE_CATEGORIES[kind] for kind in sorted(kinds))}{literals}]")


@cache
def _encodings_alone() -> TextFixerConfig:
    from ftfy import TextFixerConfig

    return TextFixerConfig(
        unescape_html=False,
        remove_terminal_escapes=True,
        fix_latin_ligatures=False,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=False,
        remove_control_chars=False,
        normalization=None,
        explain=False,
    )


class Invisible(Rule):
    """Control characters, zero-width ones, marks of writing direction; all line breaks become line feeds."""

    def concerns(self, text: str) -> bool:
        """As `Rule.concerns`."""
        return _UNSEEN.search(text) is not None

    def rewrite(self, text: str) -> Rewritten:
        """As `Rule.rewrite`."""
        places = {found.span(): "\n" for found in _LINE_BREAK.finditer(text)}
        places |= {found.span(): "" for found in _INVISIBLE.finditer(text)}
        return apply(text, [Edit(*place, by) for place, by in sorted(places.items())])


class Compatibility(Rule):
    """Unicode's compatibility forms (NFKC): full-width letters, ligatures, circled numbers."""

    def concerns(self, text: str) -> bool:
        """As `Rule.concerns`."""
        return not unicodedata.is_normalized("NFKC", text)

    def rewrite(self, text: str) -> Rewritten:
        """As `Rule.rewrite`."""
        whole = unicodedata.normalize("NFKC", text)
        if whole == text:
            return Rewritten(text, text, ())
        found = substitute(_STARTER, lambda item: unicodedata.normalize("NFKC", item[0]), text)
        # Some scripts compose what no mark joins, Korean first of all.
        return found if found.after == whole else compared(text, whole)


class Simplified(Rule):
    """Traditional Chinese characters become simplified ones, by OpenCC's phrases and characters."""

    def concerns(self, text: str) -> bool:
        """As `Rule.concerns`."""
        return not text.isascii()

    def rewrite(self, text: str) -> Rewritten:
        """As `Rule.rewrite`."""
        after = _WHOLE.sub(lambda found: _converter().convert(found[0]), text)
        if len(after) != len(text):
            return compared(text, after)
        pairs = enumerate(zip(text, after, strict=True))
        return apply(text, [Edit(at, at + 1, new) for at, (old, new) in pairs if old != new])


@cache
def _converter() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")


class Repeats(Rule):
    """One mark many times over ("!!!!!!!", "。。。。。。"), unless its number says something (★★★★★)."""

    keep: int = Field(default=3, ge=1)
    """How many of them stay."""

    def concerns(self, text: str) -> bool:
        """As `Rule.concerns`."""
        return _repeated(self.keep).search(text) is not None

    def rewrite(self, text: str) -> Rewritten:
        """As `Rule.rewrite`."""
        return substitute(_repeated(self.keep), lambda found: found[1] * self.keep, text)


@cache
def _repeated(keep: int) -> re.Pattern[str]:
    return re.compile(rf"([^\w\s{_COUNTED}])\1{{{keep},}}")


class Spaces(Rule):
    """One space where there are several or another kind, at most one blank line, none at the ends."""

    def concerns(self, text: str) -> bool:
        """As `Rule.concerns`."""
        return _UNTIDY.search(text) is not None

    def rewrite(self, text: str) -> Rewritten:
        """As `Rule.rewrite`."""

        def instead(found: re.Match[str]) -> str:
            if found.start() == 0 or found.end() == len(text):
                return ""
            return "\n" * min(found[0].count("\n"), 2) or " "

        return substitute(_SPACES, instead, text)
