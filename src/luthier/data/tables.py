"""Records of CSV and TSV files, each with the line it begins in."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from luthier.data.raw import RawRecord, SourceError
from luthier.errors import Problem

if TYPE_CHECKING:
    from _csv import Reader as _Reader

csv.field_size_limit(2**31 - 1)  # the default refuses texts above 131,072 characters


def read_csv(path: Path, stream: TextIO) -> Iterator[RawRecord | Problem]:
    """Reads CSV, separated by what its header is; every cell is text, and a record may span lines."""
    first = stream.readline()
    stream.seek(0)
    return _records(path, csv.reader(_without_mark(stream), delimiter=_delimiter(first), strict=True))


def read_tsv(path: Path, stream: TextIO) -> Iterator[RawRecord | Problem]:
    """Reads TSV as `read_csv` does; quotes are text like any other where they cannot be what encloses cells.

    IANA's text/tab-separated-values knows no quoting, and corpora are often published so; spreadsheets write
    quotes around cells. Where all lines have equally many tabs, and quotes would make fewer records of
    them or break a rule, they are text.
    """
    is_bare = _is_bare(stream)
    stream.seek(0)
    lines = _without_mark(stream)
    if is_bare:
        return _records(path, csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return _records(path, csv.reader(lines, delimiter="\t", strict=True))


def _is_bare(stream: TextIO) -> bool:
    tabs, lines, quoted = set(), 0, False
    for line in stream:
        if line.strip("\r\n"):
            tabs.add(line.count("\t"))
            lines += 1
            # Anywhere else in a cell a quote is text to `csv` too.
            quoted = quoted or line.removeprefix("\ufeff").startswith('"') or '\t"' in line
    stream.seek(0)
    if len(tabs) != 1 or not quoted:
        return False
    try:
        return sum(1 for cells in csv.reader(stream, delimiter="\t", strict=True) if cells) != lines
    except csv.Error:
        return True


def _records(path: Path, reader: _Reader) -> Iterator[RawRecord | Problem]:
    header: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            hint = (
                'a text that holds a quote, a separator or a new line stands in quotes, "" for a quote in it'
            )
            yield Problem(f"broken quoting: {error}", file=path, line=line, hint=hint)
            continue
        if not cells:
            continue
        if header is None:
            header = [name.strip() for name in cells]
            _check_header(path, header)
        elif len(cells) != len(header):
            yield Problem(
                f"has {len(cells)} cells where the header names {len(header)}",
                file=path,
                line=line,
                hint="put a text that holds the separator in quotes",
            )
        else:
            yield RawRecord(line, dict(zip(header, cells, strict=True)))


def _without_mark(stream: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(stream):
        yield line.removeprefix("\ufeff") if number == 0 else line


def _delimiter(header: str) -> str:
    # Spreadsheets in many European languages write semicolons into .csv files.
    bare = re.sub('"[^"]*"', "", header)
    return max(",;\t", key=bare.count)


def _check_header(path: Path, header: list[str]) -> None:
    for name in header:
        if header.count(name) > 1:
            what = f"two columns are called {name!r}" if name else "two columns have no name"
            raise SourceError(
                Problem(what, file=path, line=1, hint="name each column once in the first line")
            )
