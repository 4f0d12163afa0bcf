"""WordNet's own files (`index.noun`, `data.noun`, ... as in the wndb(5WN) manual page) as a lexicon."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator
from pathlib import Path

from luthier.augment.lexicons.lexicon import Group, Lexicon, Part
from luthier.errors import DataError, Problem, UserError

_FILES: dict[str, Part] = {"noun": "noun", "verb": "verb", "adj": "adjective", "adv": "adverb"}
_PLACES = ("/usr/share/wordnet", "/usr/local/WordNet-3.0/dict", "/usr/local/share/wordnet")
_WORD = re.compile(r"[a-z]+")
_INSTALL = "install it (Debian: apt install wordnet-base), or name its folder: `wordnet: path/to/dict`"


def find_wordnet() -> Path:
    """Returns the folder of the installed WordNet: `$WNSEARCHDIR`, `$WNHOME/dict`, or where packages put it.

    Raises:
        UserError: Where there is none.
    """
    named = (os.environ.get("WNSEARCHDIR"), os.environ.get("WNHOME", "") and f"{os.environ['WNHOME']}/dict")
    for place in (*named, *_PLACES):
        if place and (Path(place) / "data.noun").is_file():
            return Path(place)
    raise UserError(f"WordNet is not installed in {', '.join(_PLACES)}", _INSTALL)


@functools.lru_cache(maxsize=2)
def read_wordnet(folder: Path) -> Lexicon:
    """Reads groups of words that share their first, most frequent sense.

    A word whose first sense is another synset does not stand in the group, nor do names, expressions of
    several words, and adjectives that stand in one position only (`data.adj` marks them).

    Raises:
        UserError: Where a file is missing.
        DataError: Where a line is not of WordNet's format.
    """
    missing = [name for kind in _FILES for name in (f"index.{kind}", f"data.{kind}")]
    missing = [name for name in missing if not (folder / name).is_file()]
    if missing:
        raise UserError(f"{folder} is no WordNet folder: {', '.join(missing)} is missing", _INSTALL)
    return Lexicon(group for kind, part in _FILES.items() for group in _groups(folder, kind, part))


def _groups(folder: Path, kind: str, part: Part) -> Iterator[Group]:
    first = dict(_first_senses(folder / f"index.{kind}"))
    for synset, written in _synsets(folder / f"data.{kind}"):
        words = tuple(
            dict.fromkeys(word for word in written if _WORD.fullmatch(word) and first.get(word) == synset)
        )
        if len(words) > 1:
            yield Group(words, part)


def _first_senses(path: Path) -> Iterator[tuple[str, str]]:
    """Yields each lemma and the offset of its first synset.

    A line is `lemma pos synset_cnt p_cnt [symbol...] sense_cnt tagsense_cnt offset [offset...]`.
    """
    for number, fields in _lines(path):
        try:
            yield fields[0], fields[6 + int(fields[3])]
        except (IndexError, ValueError):
            raise _bad_line(path, number) from None


def _synsets(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yields each synset's offset and words.

    A line is `offset lex_filenum ss_type w_cnt word lex_id [word lex_id...] p_cnt ...`, `w_cnt` hexadecimal.
    """
    for number, fields in _lines(path):
        try:
            count = int(fields[3], 16)
            yield fields[0], [fields[4 + 2 * place] for place in range(count)]
        except (IndexError, ValueError):
            raise _bad_line(path, number) from None


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    with path.open(encoding="utf-8", errors="replace") as stream:
        for number, line in enumerate(stream, 1):
            if line.strip() and not line.startswith("  "):  # two spaces: the licence at the top
                yield number, line.partition("|")[0].split()


def _bad_line(path: Path, number: int) -> DataError:
    problem = Problem("this line is not of WordNet's format", path, number, hint=_INSTALL)
    return DataError(f"{path.parent} cannot be read:", [problem])
