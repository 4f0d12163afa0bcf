"""Text encodings: decode as told, find the first byte that does not fit, guess what it may be."""

from __future__ import annotations

import codecs
import gzip
import io
import re
from pathlib import Path
from typing import BinaryIO, TextIO, cast

_CHUNK = 1 << 20
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class EncodingError(Exception):
    """A file is not in the encoding that it was said to be in.

    Attributes:
        offset: Byte (from 0, after decompression) that cannot be decoded.
        line: 1-based line of that byte, where lines end in a byte of their own.
        guess: The encoding that the file seems to be in; "" where it is UTF-8 with a damaged character.
    """

    def __init__(self, offset: int, line: int, guess: str) -> None:
        super().__init__(f"byte {offset} cannot be decoded")
        self.offset = offset
        self.line = line
        self.guess = guess


def open_bytes(path: Path) -> BinaryIO:
    """Opens a file for reading, decompressed where its name ends in `.gz`."""
    return cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def open_text(path: Path, encoding: str = "utf-8") -> TextIO:
    """Opens a text file once every byte of it is known to decode; newlines stay as they are.

    A byte order mark decides over `encoding` and is not part of the text.

    Raises:
        EncodingError: With the first byte that does not fit.
    """
    with open_bytes(path) as stream:
        head = stream.read(4)
    encoding = next((name for mark, name in _BOMS if head.startswith(mark)), encoding)
    _check(path, encoding)
    stream = open_bytes(path)
    return io.TextIOWrapper(stream, encoding=encoding, newline="")


def guess_encoding(data: bytes) -> str:
    """Guesses the encoding of text from the bytes around the first that could not be decoded.

    Chinese encodings write runs of high bytes, Western ones single accented letters among ASCII. Returns ""
    for UTF-8 in which hardly a character is damaged: another encoding would spoil all the others.
    """
    if _decodes(data, "utf-8"):
        return "utf-8"
    decoded = data.decode("utf-8", "replace")
    if decoded.count("\ufffd") * 10 < sum(char > "\x7f" for char in decoded):
        return ""
    if data[:2000].count(0) > len(data[:2000]) // 5:
        return "utf-16-le" if data[1:2000:2].count(0) > data[0:2000:2].count(0) else "utf-16-be"
    runs = _HIGH_RUN.findall(data)
    mean_run = sum(map(len, runs)) / max(len(runs), 1)
    if mean_run >= 1.5:
        for strict, name in (("gb2312", "gb18030"), ("big5", "big5"), ("gb18030", "gb18030")):
            if _decodes(data, strict):
                return name
    return "cp1252" if _decodes(data, "cp1252") else "latin-1"


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(data)  # the last character may be cut in half
    except UnicodeDecodeError:
        return False
    return True


def _check(path: Path, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    position, lines = 0, 1
    with open_bytes(path) as stream:
        while True:
            chunk = stream.read(_CHUNK)
            held = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeError as error:
                # The codec of UTF-16 names no byte where it finds no byte order mark.
                start = error.start - held if isinstance(error, UnicodeDecodeError) else 0
                lines += chunk.count(b"\n", 0, max(start, 0))
                raise EncodingError(position + start, lines, _guess_around(path, position + start)) from error
            position += len(chunk)
            lines += chunk.count(b"\n")
            if not chunk:
                return


def _guess_around(path: Path, offset: int) -> str:
    with open_bytes(path) as stream:
        stream.seek(max(0, offset - _CHUNK // 2) // 4 * 4)  # whole code units of UTF-16 and UTF-32
        return guess_encoding(stream.read(_CHUNK))
