"""The rules that mend a document, each on its own, and those that leave one out."""

from __future__ import annotations

import re
from collections.abc import Callable

from luthier.data.corpus.options import Cleaning, Source

# Halves of surrogate pairs, which JSON can spell, are no characters and cannot be encoded.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\ud800-\udfff]")
_SPACES = re.compile(r"[ \t\u00a0\u3000]{2,}")
_BLANK_LINES = re.compile(r"\n{3,}")
_MARKUP = re.compile(r"<[^<>\n]{1,80}>|\{\{[^{}\n]*\}\}|\[\[|\]\]|&(?:nbsp|amp|lt|gt|quot);|'{2,}|}}|\{\{")
_MARK = r"[,，;；、：:。.]"
# What a template leaves when it is taken out of a page: brackets around nothing, or nothing before a comma.
_EMPTY_BRACKETS = re.compile(rf"( *)(?:[(（]\s*(?:{_MARK}\s*)*[)）]|\[\s*\]|「\s*」|《\s*》)( *)")
_LEADING_COMMA = re.compile(r"([(（])\s*[,，;；、]+\s*")
_TRAILING_COMMA = re.compile(r"\s*[,，;；、]+\s*([)）])")
_SPACE_BEFORE_COMMA = re.compile(r"(?<=\S) +(?=,\s|[，、；])")
_CLOSES = re.compile(r"[,.;:!?)\]，。；：！？、）」》\n]|$")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_SYMBOL = re.compile(r"[\d_]|[^\w\s,.，。、；;:：\"'“”‘’()（）《》「」!?！？-]")
_LIST_TITLE = re.compile(r"列表|^(?:List|Lists|Index|Outline) of |disambiguation|消歧义|一览")


def clean_text(text: str, source: Source) -> str:
    """Mends a document by the rules that its source asks for; the same text always comes out the same."""
    for rule in _rules(source):
        text = rule(text)
    return text


def _rules(source: Source) -> list[Callable[[str], str]]:
    rules = [plain_characters]
    if source.wiki:
        rules += [strip_markup, drop_empty_brackets, close_up_commas]
    if source.unwrap:
        rules.append(join_lines)
    rules.append(trim_lines)
    if source.wiki:
        rules.append(drop_bare_headings)
    return [*rules, collapse_spaces]


def plain_characters(text: str) -> str:
    """Writes every line break as one line feed, and takes out characters that nobody sees."""
    return _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def strip_markup(text: str) -> str:
    """Takes out tags, entities and the brackets of links and templates."""
    return _MARKUP.sub("", text)


def drop_empty_brackets(text: str) -> str:
    """Takes out brackets around nothing, with the space before them where a mark follows."""
    before = None
    while text != before:  # brackets may stand in brackets
        before = text
        text = _EMPTY_BRACKETS.sub(_gap, text)
    return _TRAILING_COMMA.sub(r"\1", _LEADING_COMMA.sub(r"\1", text))


def _gap(found: re.Match[str]) -> str:
    if _CLOSES.match(found.string, found.end()):
        return ""
    return " " if found[1] or found[2] else ""


def close_up_commas(text: str) -> str:
    """Takes out the space before a comma."""
    return _SPACE_BEFORE_COMMA.sub("", text)


def join_lines(text: str) -> str:
    """Joins the lines of a paragraph; a blank line ends it."""
    return re.sub(r"(?<=\S)[ \t]*\n[ \t]*(?=\S)", " ", text)


def trim_lines(text: str) -> str:
    """Takes the white space off both ends of every line."""
    return "\n".join(line.strip() for line in text.split("\n"))


def drop_bare_headings(text: str) -> str:
    """Takes out headings ("History.") and openings of lists ("as follows:") with nothing below them.

    From the bottom up, so that a heading goes too where only the opening of a lost list stood below it.
    """
    kept: list[str] = []
    below = ""
    lines = text.split("\n")
    for number in range(len(lines) - 1, -1, -1):
        line = lines[number]
        if number and _announces(line) and (not below or _announces(below)):
            continue
        kept.append(line)
        below = line or below
    return "\n".join(reversed(kept))


def _announces(line: str) -> bool:
    """Tells whether a line is a heading or opens a list."""
    if line.endswith((":", "：")):
        return True
    is_short = line.count(" ") < 5 or _HAN.search(line) is not None
    return 1 < len(line) < 40 and line.endswith(".") and is_short


def collapse_spaces(text: str) -> str:
    """Leaves one space of many, and one blank line of many."""
    return _BLANK_LINES.sub("\n\n", _SPACES.sub(" ", text)).strip()


def drop_reason(text: str, source: Source, rules: Cleaning) -> str | None:
    """Returns why a cleaned document is left out, or None where it is kept."""
    if not text:
        return "empty"
    if len(text) + 2 * len(_HAN.findall(text)) < rules.min_characters:
        return "too short"
    if source.wiki and _LIST_TITLE.search(text.split("\n", 1)[0]):
        return "list or disambiguation page"
    if len(_SYMBOL.findall(text)) / len(text) > rules.max_symbols:
        return "mostly numbers or symbols"
    return None
