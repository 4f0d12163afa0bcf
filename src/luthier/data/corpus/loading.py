"""Documents of the corpus: read, cleaned, exact duplicates dropped, a share held out, every drop counted."""

import gzip
import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from luthier.data.corpus.options import Cleaning, Source

# What a template leaves when it is taken out of a page: brackets around nothing, or nothing before a comma.
_EMPTY_BRACKETS = re.compile(r"[(（]\s*[,，;；、：:。.]*\s*[)）]|\[\s*\]|「」|《》")
_LEADING_COMMA = re.compile(r"([(（])\s*[,，;；、]+\s*")
_MARKUP = re.compile(r"<[^<>\n]{1,80}>|\{\{[^{}\n]*\}\}|\[\[|\]\]|&(?:nbsp|amp|lt|gt|quot);|'{2,}|}}|\{\{")
_SPACES = re.compile(r"[ \t\u00a0\u3000]{2,}")
_BLANK_LINES = re.compile(r"\n{3,}")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_PROSE = re.compile(r"[^\W\d_]|[\s,.，。、；;:：\"'“”‘’()（）《》「」!?！？-]")
_LIST_TITLE = re.compile(r"列表|^(?:List|Lists|Index|Outline) of |disambiguation|消歧义|一览")


@dataclass
class Documents:
    """A source's kept documents, those never to be trained on, and why the others were dropped."""

    training: list[str] = field(default_factory=list)
    held_out: list[str] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


def read_documents(path: Path) -> Iterator[str]:
    """Yield the texts of a `.jsonl` file (field `text`), or the parts of plain text between blank lines."""
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8") as lines
    ):
        if ".jsonl" in path.suffixes:
            for line in lines:
                yield json.loads(line)["text"]
        else:
            yield from re.split(r"\n{2,}", lines.read())


def clean_text(text: str, *, unwrap: bool = False) -> str:
    """Take out markup remains, empty brackets and lines that announce a list which is not there."""
    text = _MARKUP.sub("", text.replace("\r\n", "\n"))
    text = _LEADING_COMMA.sub(r"\1", _EMPTY_BRACKETS.sub("", text))
    if unwrap:
        text = re.sub(r"(?<=\S)\n(?=\S)", " ", text)
    lines = [line.strip() for line in text.split("\n")]
    kept = [line for number, line in enumerate(lines) if not _announces_nothing(lines, number)]
    return _BLANK_LINES.sub("\n\n", _SPACES.sub(" ", "\n".join(kept))).strip()


def _announces_nothing(lines: list[str], number: int) -> bool:
    """Whether a line is a heading ("History.") or opens a list ("as follows:") with no text below."""
    line = lines[number]
    following = next((other for other in lines[number + 1 :] if other), "")
    if line.endswith((":", "：")):
        return len(line) < 60 or not following
    return number > 0 and _is_heading(line) and (not following or _is_heading(following))


def _is_heading(line: str) -> bool:
    short = line.count(" ") < 5 or _HAN.search(line) is not None
    return 1 < len(line) < 40 and line.endswith(".") and short


def drop_reason(text: str, rules: Cleaning) -> str | None:
    """Why a cleaned document is left out, or None where it is kept."""
    weight = len(text) + 2 * len(_HAN.findall(text))
    if weight < rules.min_characters:
        return "too short"
    if _LIST_TITLE.search(text.split("\n", 1)[0]):
        return "list or disambiguation page"
    if 1 - len(_PROSE.findall(text)) / len(text) > rules.max_symbols:
        return "mostly numbers or symbols"
    return None


def load_source(source: Source, rules: Cleaning, held_out: float, seed: int, seen: set[bytes]) -> Documents:
    """Read one source.

    A document's place (trained on or held out) follows from its own hash, so adding files never moves a
    document from one to the other.

    Args:
        source: the file and how to read it.
        rules: which documents are kept.
        held_out: share of the documents to hold out, 0 to 1.
        seed: order of the training documents.
        seen: digests of the documents of earlier sources; this source's are added.
    """
    documents = Documents()
    for raw in read_documents(source.path):
        text = clean_text(raw, unwrap=source.unwrap)
        digest = hashlib.sha256(text.encode()).digest()
        reason = "duplicate" if digest in seen else drop_reason(text, rules)
        if reason:
            documents.dropped[reason] += 1
            continue
        seen.add(digest)
        is_held_out = int.from_bytes(digest[:8]) / 2**64 < held_out
        (documents.held_out if is_held_out else documents.training).append(text)
    random.Random(seed).shuffle(documents.training)
    return documents
