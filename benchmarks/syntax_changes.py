"""What the syntax augmenter makes of real sentences, to be read by a person.

    python benchmarks/syntax_changes.py [--sets sst2_en waimai_zh ...] [--sentences 300] [--seed 0]
                                        [--kinds voice ...] [--changes 50]

Draws sentences from each public set and prints, for each change that a rule proposes, its kind, the sentence
and what becomes of it; then counts. With --changes it draws sentences until each kind was proposed so often
or the set ends, because some kinds are rare. The data lie in LUTHIER_DATA (default ../shared/data).
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from luthier.augment.syntax import Syntax, chinese, english
from luthier.augment.variant import Variant
from luthier.text import Language


def _lines(path: Path) -> list[str]:
    return [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]


def _corpus(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line)["text"] for line in file]


def _waimai(folder: Path) -> list[str]:
    with (folder / "waimai_zh/waimai_10k.csv").open(encoding="utf-8") as file:
        return [row["review"] for row in csv.DictReader(file)]


SETS: dict[str, tuple[Language, Callable[[Path], list[str]]]] = {
    "sst2_en": ("en", lambda folder: _lines(folder / "sst2_en/train.jsonl")),
    "mams_en": ("en", lambda folder: _lines(folder / "mams_en/train.jsonl")),
    "waimai_zh": ("zh", _waimai),
    "restaurant_zh": ("zh", lambda folder: _lines(folder / "restaurant_zh/taste_price_service/train.jsonl")),
    "wiki_en": ("en", lambda folder: _corpus(folder / "corpus/wiki_en.jsonl.gz")),
    "wiki_zh": ("zh", lambda folder: _corpus(folder / "corpus/wiki_zh.jsonl.gz")),
    "shopping_zh": ("zh", lambda folder: _lines(folder / "shopping_zh/reviews.jsonl")),
}


def drawn(texts: list[str], language: Language, draw: Random) -> Iterator[str]:
    """Yields the sentences of texts in an order drawn, one text after the other."""
    room = chinese if language == "zh" else english
    for text in draw.sample(texts, len(texts)):
        for sentence in room.sentences(text):
            yield text[sentence.start : sentence.end + (language == "zh")]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--kinds", nargs="+", default=list(Syntax().kinds))
    parser.add_argument("--sentences", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--changes", type=int, help="go on until a kind has so many changes; list no more of it"
    )
    given = parser.parse_args()
    folder = Path(os.environ.get("LUTHIER_DATA", "../shared/data"))
    augmenter = Syntax(kinds=given.kinds)
    for name in given.sets:
        language, read = SETS[name]
        counts: Counter[str] = Counter()
        seen = 0
        for sentence in drawn(read(folder), language, Random(given.seed)):
            done = given.changes and all(counts[kind] >= given.changes for kind in augmenter.kinds)
            if done or (given.changes is None and seen == given.sentences):
                break
            seen += 1
            for _, _, changes in augmenter.proposed(sentence, language):
                for change in changes:
                    if given.changes is None or counts[change.kind] < given.changes:
                        counts[change.kind] += 1
                        after = Variant.of(
                            sentence, [(0, change.start), *change.pieces, (change.end, len(sentence))]
                        ).after
                        print(f"{name}\t{change.kind}\n  - {sentence}\n  + {after}")
        print(f"{name}: {seen} sentences,", ", ".join(f"{kind} {counts[kind]}" for kind in augmenter.kinds))


if __name__ == "__main__":
    main()
