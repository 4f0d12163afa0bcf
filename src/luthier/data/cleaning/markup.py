"""What is left of HTML in a text: tags, comments, scripts, entities."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Iterator
from html.entities import html5

from luthier.data.cleaning.rules import Rule
from luthier.edits import Edit, Rewritten, apply

_BREAKING = (
    "article|blockquote|br|dd|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header|hr|li|main|nav|ol|"
    "option|p|pre|section|table|tbody|td|tfoot|th|thead|title|tr|ul"
)
_INLINE = (
    "a|abbr|address|aside|audio|b|big|body|button|caption|center|cite|code|col|colgroup|del|em|embed|font|frame|"
    "head|html|i|iframe|img|input|ins|kbd|label|legend|link|mark|meta|noscript|object|param|q|s|samp|script|"
    "select|small|source|span|strike|strong|style|sub|sup|svg|textarea|tt|u|var|video"
)
_MARKUP = re.compile(
    # A line break behind a tag that breaks lines is the same break.
    rf"(?P<break></?(?:{_BREAKING})(?:\s[^<>]*)?/?>(?:[^\S\n]*\n)?)"
    rf"|</?(?:{_INLINE})(?:\s[^<>]*)?/?>"
    r"|(?P<entity>&(?:[A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});)",
    re.IGNORECASE,
)
_BLOCKS = tuple(
    (re.compile(opening, re.IGNORECASE), re.compile(closing, re.IGNORECASE))
    for opening, closing in (
        ("<!--", "-->"),
        (r"<script\b[^<>]*>", r"</script\s*>"),
        (r"<style\b[^<>]*>", r"</style\s*>"),
    )
)


class Html(Rule):
    """Tags that HTML knows, comments, scripts and entities; a tag that breaks lines leaves a line break."""

    def concerns(self, text: str) -> bool:
        """As `Rule.concerns`."""
        return "<" in text or "&" in text

    def rewrite(self, text: str) -> Rewritten:
        """As `Rule.rewrite`. One level: `&lt;b&gt;` is a text that shows a tag, and becomes `<b>`."""
        edits: list[Edit] = []
        blocks = _blocks(text)
        starts = [start for start, _ in blocks]
        for found in _MARKUP.finditer(text):
            inside = bisect_right(starts, found.start()) - 1
            if inside < 0 or found.start() >= blocks[inside][1]:
                edits.append(Edit(*found.span(), _in_place_of(found)))
        edits += [Edit(start, end, "") for start, end in blocks]
        return apply(text, sorted(edits, key=lambda edit: edit.start))


def _in_place_of(found: re.Match[str]) -> str:
    if found["entity"]:
        # `html.unescape` would also read the beginning of a word as an entity: `&notes;`.
        known = found[0][1] == "#" or found[0][1:] in html5
        return html.unescape(found[0]) if known else found[0]
    return "\n" if found["break"] else ""


def _blocks(text: str) -> list[tuple[int, int]]:
    """Returns where comments, scripts and styles lie, the outermost alone."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(_closed(text)):
        if not found or start >= found[-1][1]:
            found.append((start, end))
    return found


def _closed(text: str) -> Iterator[tuple[int, int]]:
    for opening, closing in _BLOCKS:
        # The ends are looked up, or a text of openings alone would be read to its end from each of them.
        ends = [found.end() for found in closing.finditer(text)]
        at = 0
        for found in opening.finditer(text) if ends else ():
            if found.start() < at:
                continue
            nearest = bisect_right(ends, found.end())
            if nearest == len(ends):
                break
            at = ends[nearest]
            yield found.start(), at
