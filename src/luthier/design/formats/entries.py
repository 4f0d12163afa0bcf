"""From what a text says about which name, in any format, to a `Reading` with each deviation named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from luthier.design.formats.base import Style
from luthier.design.formats.matching import (
    UNMENTIONED,
    LabelMatch,
    listed_labels,
    match_label,
    match_name,
    sounds_unmentioned,
)
from luthier.design.formats.punctuation import (
    needs_quotes,
    punctuation_of,
    split_outside_strings,
    unquote,
    without_list_marks,
)
from luthier.design.reading import Deviation, DeviationKind, Reading
from luthier.tasks.answer import Answer, AnswerSchema, Field
from luthier.text import Language, normalise, shorten

VALUE_SPECIALS = ",，、;；:："
"""What a value may not contain bare, in any format that joins values without JSON."""

_MOST_DEVIATIONS = 50
_MOST_LABELS = 1000  # labels read for one field
_MOST_LOOSE_NAMES = 64  # names matched by likeness in one text; degenerate texts hold thousands
_STOPS = " .。"
_NOTHING: dict[Language, str] = {"en": "none", "zh": "无"}


@dataclass(slots=True)
class Entry:
    """What a text says about one name.

    Attributes:
        name: As it stands in the text.
        raw: The value's text, still to be split into values; None where `values` holds them already.
        values: Values that the text's own syntax set apart.
        listed: Whether `values` stood in a list, so that none of them can be the placeholder.
        more: Pieces of text behind the value that belong to no other name.
        reason: The description given for it.
        loose: Whether it was not written as the format writes it.
        guess: Whether only the words themselves suggest that this is a name with a value.
    """

    name: str
    raw: str | None = None
    values: tuple[str, ...] = ()
    listed: bool = False
    more: list[str] = field(default_factory=list)
    reason: str = ""
    loose: bool = False
    guess: bool = False


class Notes:
    """Collects deviations, each kind and detail once, and at most `_MOST_DEVIATIONS` of them."""

    def __init__(self) -> None:
        self._items: dict[Deviation, None] = {}

    def add(self, kind: DeviationKind, detail: str = "") -> None:
        """Notes a deviation with the piece of text that shows it."""
        if len(self._items) < _MOST_DEVIATIONS:
            self._items[Deviation(kind, shorten(detail[:400]))] = None

    def extend(self, kinds: Iterable[DeviationKind], detail: str) -> None:
        """Notes several deviations of one piece of text."""
        for kind in kinds:
            self.add(kind, detail)

    def __len__(self) -> int:
        return len(self._items)

    def reading(self, answer: Answer, reasons: dict[str, str], text: str) -> Reading:
        """Closes the reading; a text that has deviations and ends in a loop is also a repetition."""
        if self._items and is_degenerate(text):
            self.add(DeviationKind.REPETITION, text[-60:])
        return Reading(answer, reasons, tuple(self._items))


def is_degenerate(text: str) -> bool:
    """Tells whether a text ends in a loop: its last 200 characters at least are one piece ten times over."""
    tail = text.rstrip()[-1200:]
    for period in range(1, 121):
        length = max(200, 10 * period)
        end = tail[-length:]
        if len(end) == length and end[period:] == end[:-period]:
            return True
    return False


def nothing_word(schema: AnswerSchema, language: Language) -> str:
    """Returns the word for a whole answer without values, so that an empty text stays an error."""
    words = [item.unmentioned for item in schema.fields if item.unmentioned is not None]
    return words[0] if words else _NOTHING[language]


def says_nothing(text: str, schema: AnswerSchema, style: Style) -> Reading | None:
    """Reads a text that is empty or the bare placeholder; None for every other text."""
    notes = Notes()
    if not text.strip():
        notes.add(DeviationKind.EMPTY)
        return notes.reading({}, {}, text)
    word = nothing_word(schema, style.language)
    bare = unquote(text.strip()) or text.strip()
    if schema.single is not None or normalise(bare).strip(_STOPS) not in (
        normalise(word).strip(_STOPS),
        *UNMENTIONED,
    ):
        return None
    if bare != word:
        same = bare.strip(_STOPS) == word
        notes.add(DeviationKind.PUNCTUATION if same else DeviationKind.OTHER_WORDS, bare)
    if style.unmentioned == "placeholder":
        for item in schema.fields:
            notes.add(DeviationKind.MISSING_FIELD, item.name)
    return notes.reading({}, {}, text)


def assemble(
    entries: Sequence[Entry],
    schema: AnswerSchema,
    style: Style,
    notes: Notes,
    text: str,
    *,
    merge: bool = False,
) -> Reading:
    """Gives each entry to its field and settles what is said twice, wrongly or not at all.

    Args:
        entries: In the order of the text.
        schema: The fields.
        style: Whether every field must be there.
        notes: Deviations found so far.
        text: The whole text.
        merge: Whether several entries with one name are how the format writes several values.
    """
    fields = _fields_of(entries, schema, style)
    answer: dict[str, tuple[str, ...]] = {}
    reasons: dict[str, str] = {}
    extra = False
    for entry, item in zip(entries, fields, strict=True):
        if item is None:
            extra = _note_extra(entry, schema, notes) or extra
            continue
        before = len(notes)
        own = Notes()
        values = read_values(entry, item, style, own)
        if item.name in answer:
            _settle_again(answer, item, values, merge, entry, notes)
            continue
        for deviation in own.reading({}, {}, "").deviations:
            notes.add(deviation.kind, deviation.detail)
        if entry.name != item.name:
            decorated = entry.name.strip(" *`'\"“”") == item.name
            notes.add(DeviationKind.PUNCTUATION if decorated else DeviationKind.OTHER_WORDS, entry.name)
        if entry.loose and len(notes) == before:
            notes.add(DeviationKind.PUNCTUATION, f"{entry.name} {entry.raw or ''}")
        answer[item.name] = values
        if entry.reason:
            reasons[item.name] = entry.reason
    if not answer and not extra:
        alone = Notes()
        alone.add(DeviationKind.PROSE, text)
        return alone.reading({}, {}, text)
    if style.unmentioned == "placeholder":
        for item in schema.fields:
            if item.name not in answer:
                notes.add(DeviationKind.MISSING_FIELD, item.name)
    found = {item.name: answer[item.name] for item in schema.fields if answer.get(item.name)}
    return notes.reading(found, reasons, text)


def _fields_of(entries: Sequence[Entry], schema: AnswerSchema, style: Style) -> list[Field | None]:
    """Finds the field of each entry: those named exactly first, the rest by likeness among what is left."""
    by_name = {item.name: item for item in schema.fields}
    fields = [by_name.get(entry.name) for entry in entries]
    left = dict.fromkeys(name for name in by_name if name not in {entry.name for entry in entries})
    tries = 0
    for index, entry in enumerate(entries):
        item = fields[index]
        if item is None and left and tries < _MOST_LOOSE_NAMES:
            tries += 1
            name = match_name(entry.name, left)
            item = by_name[name] if name is not None else None
            if item and (not item.labels or _readable(entry, item, style)):
                del left[item.name]
                fields[index] = item
        if item and entry.guess and not _readable(entry, item, style):
            fields[index] = None
    return fields


def _readable(entry: Entry, item: Field, style: Style) -> bool:
    notes = Notes()
    values = read_values(entry, item, style, notes)
    unread = (DeviationKind.UNKNOWN_LABEL, DeviationKind.OUT_OF_RANGE)
    return bool(values) or not any(note.kind in unread for note in notes.reading({}, {}, "").deviations)


def is_short_name(text: str) -> bool:
    """Tells whether a text is short enough to be a name rather than prose."""
    return len(text) <= 40 and len(text.split()) <= 4


def _note_extra(entry: Entry, schema: AnswerSchema, notes: Notes) -> bool:
    """Notes an entry that belongs to no field; returns whether it is an extra field and not mere words."""
    value = entry.raw if entry.raw is not None else " ".join(entry.values)
    said = f"{entry.name}: {value}" if value else entry.name
    short = is_short_name(entry.name) and not entry.guess
    labelled = (match_label(value.strip(), item) for item in schema.fields if item.labels)
    harmless = {DeviationKind.OTHER_WORDS, DeviationKind.PUNCTUATION}
    open_kind = any(not item.labels for item in schema.fields) and bool(value)
    if short and (open_kind or any(hit.readable and set(hit.kinds) <= harmless for hit in labelled)):
        notes.add(DeviationKind.EXTRA_FIELD, said)
        return True
    notes.add(DeviationKind.EXPLANATION, said)
    return False


def _settle_again(
    answer: dict[str, tuple[str, ...]],
    item: Field,
    values: tuple[str, ...],
    merge: bool,
    entry: Entry,
    notes: Notes,
) -> None:
    """Settles a field that was already given a value."""
    if item.kind in ("strings", "labels") and merge:
        answer[item.name] += values
    elif values == answer[item.name]:
        notes.add(DeviationKind.REPETITION, entry.name)
    elif item.kind == "strings":
        answer[item.name] += values
        notes.add(DeviationKind.PUNCTUATION, f"{entry.name} twice")
    else:
        notes.add(DeviationKind.SECOND_LABEL, f"{entry.name}: {', '.join(values)}")


def read_values(entry: Entry, item: Field, style: Style, notes: Notes) -> tuple[str, ...]:
    """Reads the values of one field; () where it is unmentioned or unreadable."""
    if item.kind == "label":
        return _read_label(entry, item, style, notes)
    if item.kind == "labels":
        return _read_labels(entry, item, style, notes)
    return _read_strings(entry, item, style, notes)


def _read_label(entry: Entry, item: Field, style: Style, notes: Notes) -> tuple[str, ...]:
    raw = entry.raw if entry.raw is not None else "".join(entry.values[:1])
    hit = _match_written(raw, item, notes) if entry.raw is not None else match_label(raw, item)
    notes.extend(hit.kinds, raw)
    for piece in [*entry.more, *entry.values[1:]]:
        other = match_label(piece, item)
        if not other.readable or DeviationKind.EXPLANATION in other.kinds:
            notes.add(DeviationKind.EXPLANATION, piece)
        elif (other.label, other.unmentioned) == (hit.label, hit.unmentioned):
            notes.add(DeviationKind.REPETITION, piece)
        else:
            notes.add(DeviationKind.SECOND_LABEL, piece)
    _note_said_nothing(hit.unmentioned, item, style, notes)
    return () if hit.label is None else (hit.label,)


def _match_written(raw: str, item: Field, notes: Notes) -> LabelMatch:
    said = unquote(raw)
    if said is None:
        return match_label(raw, item)
    if not needs_quotes(said, VALUE_SPECIALS + "\n"):
        notes.add(DeviationKind.PUNCTUATION, raw)
    return match_label(said, item)


def _note_said_nothing(unmentioned: bool, item: Field, style: Style, notes: Notes) -> None:
    if unmentioned and style.unmentioned == "omit" and item.name:
        notes.add(DeviationKind.OTHER_WORDS, item.unmentioned or "")


def _read_labels(entry: Entry, item: Field, style: Style, notes: Notes) -> tuple[str, ...]:
    word = item.unmentioned if item.unmentioned is not None else _NOTHING[style.language]
    asked = Field(item.name, "label", item.labels, word)
    pieces = list(entry.values)
    if entry.raw is not None:
        marks = punctuation_of(style.language)
        mark = (marks.semicolon if item.name else marks.enumeration).strip()
        raw = _one_line(entry.raw, asked)
        split = split_outside_strings(raw, ",，、;；")
        pieces = [piece.text.strip() for piece in split]
        if raw != entry.raw or any(piece.delimiter not in ("", mark) for piece in split):
            notes.add(DeviationKind.PUNCTUATION, entry.raw)
    found: dict[str, None] = {}
    hits = []
    for piece in [*pieces, *entry.more][:_MOST_LABELS]:
        hit = _match_written(piece, asked, notes) if entry.raw is not None else match_label(piece, asked)
        several = listed_labels(piece, item.labels) if DeviationKind.SECOND_LABEL in hit.kinds else ()
        if several:
            notes.add(DeviationKind.PUNCTUATION, piece)
            found |= dict.fromkeys(several)
            continue
        notes.extend(hit.kinds, piece)
        hits.append(hit)
        if hit.label is not None:
            if hit.label in found:
                notes.add(DeviationKind.REPETITION, piece)
            found[hit.label] = None
    if found and any(hit.unmentioned for hit in hits):
        notes.add(DeviationKind.SECOND_LABEL, word)
    _note_said_nothing(not found and any(hit.unmentioned for hit in hits), item, style, notes)
    return tuple(label for label in found)


def _one_line(raw: str, asked: Field) -> str:
    """Joins a list of labels, one a line, with commas; leaves lines that say anything else as they are."""
    lines = [line.strip() for line in without_list_marks(raw).split("\n") if line.strip()]
    hits = [match_label(line, asked) for line in lines[:_MOST_LABELS]]
    if len(lines) < 2 or not all(hit.readable and DeviationKind.EXPLANATION not in hit.kinds for hit in hits):
        return raw
    return ",".join(lines)


def _read_strings(entry: Entry, item: Field, style: Style, notes: Notes) -> tuple[str, ...]:
    if entry.raw is None:
        said_nothing = not entry.listed and entry.values == (item.unmentioned,)
        values: tuple[str, ...] = entry.values
    elif item.kind == "text":
        said_nothing, values = False, (entry.raw,)
    else:
        said_nothing = entry.raw == item.unmentioned
        values = _split_strings(entry.raw, style.language, notes)
    _note_said_nothing(said_nothing, item, style, notes)
    if said_nothing:
        return ()
    bare = not entry.listed and (entry.raw is None or unquote(entry.raw) is None)
    if (
        bare
        and len(values) == 1
        and item.kind == "strings"
        and sounds_unmentioned(values[0], item.unmentioned)
    ):
        notes.add(DeviationKind.OTHER_WORDS, values[0])
        return ()
    if entry.more:
        notes.add(DeviationKind.PUNCTUATION, ", ".join(entry.more[:3]))
    return (*values, *entry.more)


def _split_strings(raw: str, language: Language, notes: Notes) -> tuple[str, ...]:
    mark = punctuation_of(language).semicolon.strip()
    values = []
    for piece in split_outside_strings(raw, ";；"):
        bare = piece.text.strip()
        said = unquote(bare)
        if piece.delimiter not in ("", mark) or (said is None and (not bare or bare.startswith('"'))):
            notes.add(DeviationKind.PUNCTUATION, bare)
        if said is not None or bare.strip('"'):
            values.append(said if said is not None else bare.strip('"'))
    return tuple(values)
