"""Raw records out of every kind of file, one by one, each with the line it stands in."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from luthier.data.encoding import EncodingError, open_text
from luthier.data.raw import RawRecord, SourceError
from luthier.data.tables import read_csv, read_tsv
from luthier.errors import Problem
from luthier.text import nearest, shorten

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_BATCH = 1000
_RELATIVE = "paths in a recipe are relative to its folder, others to the working directory"
_JSON_SPACE = " \t\r\n"


def resolve(path: str, base_dir: Path) -> Path | str:
    """Returns the file or folder that a recipe means, or the hub id as it stands.

    Raises:
        SourceError: Where it is neither an existing path nor shaped like a hub id.
    """
    local = (base_dir / Path(path).expanduser()).absolute()
    if local.exists():
        return local
    if HUB_ID.fullmatch(path) and not _kind(Path(path)) and not (base_dir / path).parent.is_dir():
        return path
    parent = local.parent
    if not parent.is_dir():
        raise SourceError(
            Problem("no such folder", file=parent, hint=f"{Path(path).name} is looked for in it")
        )
    guess = nearest(local.name, [item.name for item in parent.iterdir()])
    hint = f"did you mean {guess}?" if guess else _RELATIVE
    raise SourceError(Problem("no such file", file=local, hint=hint))


def read_records(
    source: Path | str, encoding: str, split: str | None, *, section: str = "`data`"
) -> Iterator[RawRecord | Problem]:
    """Yields the records of a file, folder or hub dataset, and a problem in place of each broken one.

    Args:
        source: What `resolve` returned.
        encoding: Text encoding.
        split: Split of a Hugging Face dataset; other forms have none.
        section: Where the recipe says the encoding, for advice.

    Raises:
        SourceError: Where nothing more can be read.
    """
    if isinstance(source, str) or source.is_dir():
        from luthier.data.hub import read_dataset

        yield from read_dataset(source, split)
        return
    _refuse_empty(source)
    kind = _kind(source)
    if kind == ".parquet":
        yield from _parquet(source)
        return
    readers = {".jsonl": _jsonl, ".ndjson": _jsonl, ".json": _json, ".csv": read_csv, ".tsv": read_tsv}
    if kind not in readers:
        raise SourceError(
            Problem(
                f"unknown kind of file {source.suffix or source.name!r}",
                file=source,
                allowed=".jsonl, .json, .csv, .tsv (also .gz), .parquet, a saved dataset folder, a hub id",
            )
        )
    with opened_text(source, encoding, section=section) as stream:
        yield from readers[kind](source, stream)


@contextmanager
def opened_text(path: Path, encoding: str, *, section: str = "`data`") -> Iterator[TextIO]:
    """Opens a text file to read from; whatever keeps it from being read is a `SourceError` with advice.

    Args:
        path: The file, compressed where its name ends in `.gz`.
        encoding: Text encoding.
        section: Where the recipe says the encoding.
    """
    _refuse_empty(path)
    try:
        with open_text(path, encoding) as stream:
            yield stream
    except EncodingError as error:
        raise SourceError(_encoding_problem(error, path, encoding, section)) from error
    except gzip.BadGzipFile as error:
        hint = "compress it, or take .gz off its name"
        raise SourceError(
            Problem("is not compressed, though its name ends in .gz", file=path, hint=hint)
        ) from error
    except (EOFError, zlib.error) as error:
        hint = "it breaks off or is damaged: copy it again"
        raise SourceError(Problem("cannot be decompressed", file=path, hint=hint)) from error
    except OSError as error:
        raise SourceError(Problem(f"cannot be read: {error.strerror or error}", file=path)) from error


def _refuse_empty(path: Path) -> None:
    if path.stat().st_size == 0:
        raise SourceError(Problem("is empty", file=path, allowed="at least one record"))


def _encoding_problem(error: EncodingError, file: Path, encoding: str, section: str) -> Problem:
    if not error.guess:
        found = f"byte {error.offset} is damaged: it is no UTF-8, though the text around it is"
        return Problem(found, file=file, line=error.line, hint="correct the character there, or remove it")
    hint = f"it looks like {error.guess}: write `encoding: {error.guess}` in the recipe's {section}"
    if error.guess != "utf-8":
        hint += ", or save the file as UTF-8"
    return Problem(f"is not {encoding}: byte {error.offset} cannot be decoded", file=file, hint=hint)


def is_table(path: Path) -> bool:
    """Tells by its name whether a file is CSV or TSV, whose first line names the columns."""
    return _kind(path) in (".csv", ".tsv")


def _kind(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    last = suffixes[-1] if suffixes else ""
    return last if last in (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet") else ""


def _jsonl(path: Path, lines: Iterable[str]) -> Iterator[RawRecord | Problem]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line.strip(_JSON_SPACE))
        except json.JSONDecodeError as error:
            yield json_problem(error, line, path, number)
            continue
        except RecursionError:
            yield Problem(f"is JSON nested too deeply: {shorten(line, 40)!r}", file=path, line=number)
            continue
        if isinstance(value, dict):
            yield _record(number, value, line, path)
        else:
            hint = "an array of objects belongs in a .json file" if isinstance(value, list) else ""
            yield Problem(
                f"is not an object: {shorten(line, 40)!r}",
                file=path,
                line=number,
                allowed='{"...": ...} on each line',
                hint=hint,
            )


def _record(number: int, value: dict[str, Any], source: str, path: Path) -> RawRecord | Problem:
    """Returns a record, unless it holds half a surrogate pair, which no file and no tokenizer takes."""
    if "\\ud" in source.lower():
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            half = f"\\u{ord(error.object[error.start]):x}"
            hint = "an emoji was cut in two: write it whole, or remove the rest of it"
            return Problem(f"holds half a character ({half})", file=path, line=number, hint=hint)
    return RawRecord(number, value)


def json_problem(error: json.JSONDecodeError, line: str, file: Path, number: int) -> Problem:
    """Says what is wrong with one line of JSON Lines, with an advice for the usual slips."""
    hint = 'names and texts stand in double quotes: {"text": "..."}' if "quotes" in error.msg else ""
    if error.msg == "Extra data":
        hint = "write one object on each line"
    elif error.pos >= len(line.rstrip()) or error.msg.startswith("Unterminated"):
        hint = "the line breaks off: an object must stand on one line as a whole"
    message = f"is not JSON ({error.msg}, column {error.colno}): {shorten(line, 40)}"
    return Problem(message, file=file, line=number, hint=hint)


def _json(path: Path, stream: Any) -> Iterator[RawRecord | Problem]:
    """Reads an array of objects one object at a time; the text itself is held in memory."""
    text = stream.read()
    position = _skip(text, 0)
    if position == len(text):
        return
    if not text.startswith("[", position):
        first = text[position:].split("\n", 1)[0]
        if _is_object(first):
            yield from _jsonl(path, text.splitlines(keepends=True) if "\r" in text else text.split("\n"))
            return
        raise SourceError(
            Problem(
                "is not an array of objects", file=path, line=1, allowed='[{"...": ...}, ...], or JSON Lines'
            )
        )
    decoder = json.JSONDecoder()
    line, counted, position = 1, 0, _skip(text, position + 1)
    while not text.startswith("]", position):
        line, counted = line + text.count("\n", counted, position), position
        start = position
        try:
            value, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            message = f"is not JSON ({error.msg}, column {error.colno})"
            raise SourceError(Problem(message, file=path, line=error.lineno)) from error
        except RecursionError as error:
            raise SourceError(Problem("is JSON nested too deeply", file=path, line=line)) from error
        if isinstance(value, dict):
            yield _record(line, value, text[start:position], path)
        else:
            yield Problem(f"is not an object: {shorten(str(value), 40)!r}", file=path, line=line)
        position = _skip(text, position)
        if text.startswith(",", position):
            position = _skip(text, position + 1)
        elif not text.startswith("]", position):
            line += text.count("\n", counted, position)
            raise SourceError(Problem("is not JSON: a comma or ] is missing here", file=path, line=line))


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in _JSON_SPACE:
        position += 1
    return position


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _parquet(path: Path) -> Iterator[RawRecord | Problem]:
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            row = 0
            for batch in file.iter_batches(batch_size=_BATCH):
                for values in batch.to_pylist(maps_as_pydicts="strict"):
                    row += 1
                    yield RawRecord(row, values)
    # KeyError: a map that has one key twice.
    except (pyarrow.ArrowException, OSError, KeyError) as error:
        raise SourceError(Problem(f"is not a readable Parquet file: {error}", file=path)) from error
