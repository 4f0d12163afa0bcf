"""Open answers: how a text goes on, its title, a word that is missing, the order of its sentences."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from luthier.text import Language
from luthier.training.pretraining.instruct.kinds.draft import Draft, Kind, write
from luthier.training.pretraining.instruct.material import (
    Material,
    content_words,
    join_sentences,
    occurrences,
    words_of,
)

GAP: Mapping[Language, str] = {"en": "____", "zh": "____"}
"""What stands where a word was taken out."""

_REST: Mapping[Language, tuple[int, int]] = {"en": (10, 90), "zh": (4, 30)}


def _continue(material: Material, language: Language, random: Random) -> Draft | None:
    passage = material.passage(language, random)
    if passage is None:
        return None
    *before, last = passage.sentences
    words = words_of(last, language)
    if len(words) < 6:
        return None
    # Cut before a word that stands nowhere else in the sentence, past its middle.
    word = random.choice(words[len(words) // 2 :])
    places = occurrences(word, last, language)
    if len(places) != 1:
        return None
    head, rest = last[: places[0]].strip(), last[places[0] :]
    low, high = _REST[language]
    if not head or not low <= len(rest) <= high:
        return None
    return write(language, join_sentences([*before, head], language), rest)


def _title(material: Material, language: Language, random: Random) -> Draft | None:
    document = material.document(language, random)
    if document is None or document.title is None:
        return None
    passage = material.passage_of(document, random, 1, 3)
    if passage is None or document.title not in passage.text:
        return None
    return write(language, passage.text, document.title)


def _cloze(material: Material, language: Language, random: Random) -> Draft | None:
    passage = material.passage(language, random, fewest=2, most=4)
    if passage is None:
        return None
    text = passage.text
    twice = [word for word in content_words(text, language) if text.count(word) > 1]
    twice = [word for word in twice if len(occurrences(word, text, language)) == text.count(word)]
    if not twice:
        return None
    word = random.choice(twice)
    place = random.choice(occurrences(word, text, language))
    return write(language, text[:place] + GAP[language] + text[place + len(word) :], word)


def _order(material: Material, language: Language, random: Random) -> Draft | None:
    passage = material.passage(language, random, fewest=3, most=3)
    if passage is None or len(set(passage.sentences)) < 3:
        return None
    letters = random.choice(("ABC", "123"))
    order = random.sample(range(3), 3)
    lines = [f"{letter}: {passage.sentences[number]}" for letter, number in zip(letters, order, strict=True)]
    answer = " ".join(letters[order.index(number)] for number in range(3))
    draft = write(language, "\n".join(lines), answer, {"which": " ".join(sorted(letters, reverse=True))})
    return Draft(draft.task, draft.text, answer, values=draft.values, balance="".join(map(str, order)))


KINDS = (
    Kind("continue", _continue),
    Kind("title", _title, shipped="title"),
    Kind("cloze", _cloze),
    Kind("order", _order),
)
