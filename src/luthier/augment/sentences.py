"""Where the sentences of a text begin and end, in English and Chinese.

Rules, not a model, and on the safe side: where a full stop may belong to an abbreviation or the writer may
have gone on, two sentences stay one. Time is linear in the length of the text, whatever stands in it.
"""

from __future__ import annotations

import re

from luthier.augment.variant import Span
from luthier.augment.words import word_list
from luthier.text import Language, is_cjk

MARKS = ".!?…。！？；;~～"
"""What a sentence can end in."""

CLOSERS = "\"'”’」』）)]】》"
"""What can stand behind the mark and still belong to the sentence, emoji beside them."""

_EMOJI = "\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d"
_RUN = rf"(?P<mark>[{re.escape(MARKS)}]+)"
_BEHIND = rf"{re.escape(CLOSERS)}{_EMOJI}"
_END = re.compile(rf"{_RUN}(?P<close>[{_BEHIND}]*)|\n\s*")
_FINAL = re.compile(rf"{_RUN}(?P<close>[\s{_BEHIND}]*)\Z")
_SPACE = re.compile(r"\s*")
_WORD_BEFORE = re.compile(r"(?:[^\W\d_]+\.)*[^\W\d_]+\Z")
_WINDOW = 24  # characters looked at before a mark; no abbreviation is as long

_ABBREVIATIONS = frozenset(word_list("abbreviations.en"))
_LONGEST_PART = 2  # letters between the full stops of an abbreviation: e.g., p.m., Ph.D.
_BEFORE_A_NUMBER = frozenset({"no", "nos", "p", "vol", "art"})


def sentences(text: str, language: Language) -> tuple[Span, ...]:
    """Returns the spans of the sentences, without the white space around them.

    What lies between two spans is white space or nothing. A last sentence needs no mark. A line of its own is
    a sentence, unless it runs on: the next begins with a small letter, or a comma stands before the break.

    Args:
        text: Any text.
        language: Decides whether a mark needs white space behind it (English) or not (Chinese).
    """
    cased = any(map(str.isupper, text))
    spans: list[Span] = []
    start = 0
    for found in _END.finditer(text):
        begin = max(start, found.start() - _WINDOW)
        before = text[begin : found.start()]
        if found["mark"] is None:
            ends = _line_ends(before.rstrip(), text[found.end() : found.end() + 1])
        else:
            ends = _mark_ends(text, found, before, language, cased=cased)
            numbered = begin == start and before.strip().isdigit()
            ends = ends and not (numbered and found["mark"] == ".")
        if ends:
            spans.append((start, found.end()))
            start = found.end()
    spans.append((start, len(text)))
    return tuple(filter(None, (_stripped(text, *span) for span in spans)))


def final_mark(text: str, span: Span) -> tuple[str, str]:
    """Returns the run of marks that a sentence ends in, and what stands behind it; both empty without one."""
    found = _FINAL.search(text[max(span[0], span[1] - _WINDOW) : span[1]])
    return (found["mark"], found["close"]) if found else ("", "")


def _stripped(text: str, start: int, end: int) -> Span | None:
    stretch = text[start:end]
    first = start + len(stretch) - len(stretch.lstrip())
    return (first, first + len(stretch.strip())) if stretch.strip() else None


def _line_ends(before: str, after: str) -> bool:
    return not before.endswith((",", "，", "、")) and not (before[-1:].isalnum() and after.islower())


def _mark_ends(text: str, found: re.Match[str], before: str, language: Language, *, cased: bool) -> bool:
    """Tells whether a run of marks ends a sentence.

    Args:
        text: The whole text.
        found: The run, with the quotes, brackets and emoji behind it.
        before: The end of the sentence that stands before it.
        language: As for `sentences`.
        cased: Whether capitals stand anywhere in the text, so that their absence tells something.
    """
    mark, close = found["mark"], found["close"]
    space = _SPACE.match(text, found.end())
    resume = space.end() if space else found.end()
    apart, after = resume > found.end(), text[resume : resume + 1]
    if not after:
        return True
    if not apart and after in ",，、":
        return False
    if set(mark) & set("。！？；"):
        return True
    chinese = language == "zh" and (apart or is_cjk(after))
    if not apart and not chinese:
        return False
    if set(mark) <= set(";~～"):
        return chinese and is_cjk(before[-1:])
    if set(mark) & set("!?"):
        return not (close and after.islower())
    if len(mark) > 1 or "…" in mark:
        return chinese or (cased and not after.islower())
    if not apart and before[-1:].isdigit():
        return False
    if chinese and is_cjk(before[-1:]):
        return True
    return not (cased and after.islower()) and not _abbreviated(before, after)


def _abbreviated(before: str, after: str) -> bool:
    """Tells whether a single full stop belongs to the word before it."""
    found = _WORD_BEFORE.search(before)
    if found is None:
        return False
    word = found[0]
    if word.lower() in _BEFORE_A_NUMBER:
        return after.isdigit()
    initial = len(word) == 1 and word not in "Ii"
    dotted = "." in word and max(map(len, word.split("."))) <= _LONGEST_PART
    return initial or dotted or word.lower() in _ABBREVIATIONS
