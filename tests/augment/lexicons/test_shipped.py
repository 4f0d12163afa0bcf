"""The shipped lists are large enough, well formed, and join no word of praise with one of blame."""

from __future__ import annotations

import csv
import json
import math
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from luthier.augment.lexicons import shipped
from luthier.augment.places_zh import segment
from luthier.augment.words_en import readings, tokenise
from luthier.text import Language, is_cjk

LANGUAGES: tuple[Language, ...] = ("en", "zh")
DATA = Path(os.environ.get("LUTHIER_DATA", Path(__file__).parents[3] / "../shared/data")).resolve()
SURE = 3.3
"""Standard deviations from what chance gives: one word of a thousand."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_at_least_400_groups(language: Language) -> None:
    assert len(shipped(language).groups) >= 400
    assert {group.part for group in shipped(language).groups} == {"noun", "verb", "adjective", "adverb"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_word_stands_once_under_a_part_of_speech(language: Language) -> None:
    counts = Counter((word, group.part) for group in shipped(language).groups for word in group.words)
    assert [word for word, count in counts.items() if count > 1] == []


def test_english_words_are_of_the_part_of_speech_that_they_are_listed_under() -> None:
    for group in shipped("en").groups:
        for word in group.words:
            # Words that the dictionary lacks prove nothing; to it, most participles are no adjectives.
            found = {reading.part for reading in readings(word) if reading.lemma == word}
            participle = group.part == "adjective" and word.endswith(("ed", "ing"))
            assert group.part in found or not found or participle, (word, group.part, found)


def test_a_chinese_word_is_one_segment() -> None:
    for group in shipped("zh").groups:
        for word in group.words:
            assert all(map(is_cjk, word)), word
            assert len(segment(word)) == 1, word


def test_every_fixed_phrase_holds_a_listed_word() -> None:
    english = {word for group in shipped("en").groups for word in group.words}
    for phrase in shipped("en").phrases:
        lemmas = {found.lemma for word in phrase.split() for found in readings(word)} | set(phrase.split())
        assert lemmas & english, phrase
    chinese = {word for group in shipped("zh").groups for word in group.words}
    for phrase in shipped("zh").phrases:
        assert any(word in phrase for word in chinese), phrase


def reviews(language: Language) -> Iterator[tuple[str, bool]]:
    """Real reviews and whether they praise."""
    if language == "en":
        for line in (DATA / "sst2_en/train.jsonl").read_text("utf-8").splitlines():
            record = json.loads(line)
            yield record["text"], record["label"] == "positive"
    else:
        with (DATA / "waimai_zh/waimai_10k.csv").open(encoding="utf-8-sig", newline="") as stream:
            yield from ((row["review"], row["label"] == "1") for row in csv.DictReader(stream))


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="LUTHIER_DATA names no folder with the public data sets")
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_group_joins_a_word_of_praise_and_a_word_of_blame(language: Language) -> None:
    praised: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    share = total = 0.0
    for text, praise in reviews(language):
        words = (
            {word.word for word in tokenise(text)} if language == "en" else {w.text for w in segment(text)}
        )
        seen.update(words)
        praised.update(words if praise else ())
        share, total = share + praise, total + 1
    share /= total

    def score(word: str) -> float:
        """Standard deviations between a word's share of praising reviews and that of all reviews."""
        return (praised[word] - share * seen[word]) / math.sqrt(max(1, seen[word]) * share * (1 - share))

    polar = [[score(word) for word in group.words] for group in shipped(language).groups]
    assert sum(max(map(abs, scores)) > SURE for scores in polar) >= 10, (
        "the reviews hold too few of the words"
    )
    joined = {
        group.words
        for group, scores in zip(shipped(language).groups, polar, strict=True)
        if min(scores) < -SURE and max(scores) > SURE
    }
    # Critics who praise write `film`, those who blame `movie`; the word itself says neither.
    assert joined <= {("film", "movie")}
