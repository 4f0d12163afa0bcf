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
        guess: The encoding that the file seems to be in.
    """

    def __init__(self, offset: int, guess: str) -> None:
        super().__init__(f"byte {offset} cannot be decoded")
        self.offset = offset
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
    """Guesses the encoding of text that is not UTF-8, from its first bytes.

    Chinese encodings write runs of high bytes, Western ones single accented letters among ASCII.
    """
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
    position = 0
    with open_bytes(path) as stream:
        while True:
            chunk = stream.read(_CHUNK)
            held = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                with open_bytes(path) as again:
                    guess = guess_encoding(again.read(_CHUNK))
                raise EncodingError(position - held + error.start, guess) from error
            position += len(chunk)
            if not chunk:
                return
