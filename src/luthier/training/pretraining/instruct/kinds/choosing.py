"""One of several options that the input or the instruction lists: a continuation, a word, a title, a list."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from luthier.text import Language
from luthier.training.pretraining.instruct.kinds.draft import Draft, Kind, classify
from luthier.training.pretraining.instruct.kinds.writing import GAP
from luthier.training.pretraining.instruct.material import Document, Material, content_words, occurrences

_LETTERS = ("ABCD", "1234")


def _listed(language: Language, text: str, options: Sequence[str], right: str, random: Random) -> Draft:
    """Options below the text, each behind a letter or a number, in any order."""
    order = random.sample(list(options), len(options))
    letters = tuple(random.choice(_LETTERS)[: len(order)])
    lines = [f"{letter}: {option}" for letter, option in zip(letters, order, strict=True)]
    whole = "\n".join([text, *lines])
    return classify(language, letters, order.index(right), whole, random, shuffled=False)


def _next(material: Material, language: Language, random: Random) -> Draft | None:
    passage = material.passage(language, random, fewest=2, most=3)
    if passage is None:
        return None
    others = material.strangers(passage.document, random, 1)
    other = material.passage_of(others[0], random, most=1) if others else None
    *before, right = passage.sentences
    if other is None or other.text == right:
        return None
    text = type(passage)(tuple(before), passage.document).text
    return _listed(language, text, [right, other.text], right, random)


def _other_words(
    material: Material, document: Document, taken: Sequence[str], random: Random, count: int
) -> list[str]:
    """Content words of other documents that the text at hand does not hold."""
    words: list[str] = []
    text = " ".join(taken).casefold()
    for other in material.strangers(document, random, 4 * count):
        passage = material.passage_of(other, random)
        found = content_words(passage.text, document.language) if passage else []
        fresh = [word for word in found if word.casefold() not in text and word not in words]
        if fresh:
            words.append(random.choice(fresh))
    return words[:count]


def _cloze_choice(material: Material, language: Language, random: Random) -> Draft | None:
    passage = material.passage(language, random, most=2)
    if passage is None:
        return None
    text = passage.text
    once = [word for word in content_words(text, language) if len(occurrences(word, text, language)) == 1]
    if not once:
        return None
    word = random.choice(once)
    others = _other_words(material, passage.document, [text], random, random.randint(1, 3))
    if not others:
        return None
    place = occurrences(word, text, language)[0]
    gap = text[:place] + GAP[language] + text[place + len(word) :]
    draft = classify(language, (word, *others), 0, gap, random)
    return _balanced(draft)


def _title_choice(material: Material, language: Language, random: Random) -> Draft | None:
    document = material.document(language, random)
    if document is None or document.title is None:
        return None
    passage = material.passage_of(document, random)
    strangers = material.strangers(document, random, random.randint(1, 4))
    titles = [other.title for other in strangers if other.title and other.title != document.title]
    if passage is None or not titles:
        return None
    return _balanced(classify(language, (document.title, *dict.fromkeys(titles)), 0, passage.text, random))


def _balanced(draft: Draft) -> Draft:
    """Where every example has labels of its own, what must not be the same is the place of the right one."""
    labels = draft.task.model_dump()["labels"]
    place = labels.index(draft.target)
    return Draft(draft.task, draft.text, draft.target, values=draft.values, balance=str(place))


def _words_choice(material: Material, language: Language, random: Random) -> Draft | None:
    passage = material.passage(language, random, most=4)
    if passage is None:
        return None
    words = content_words(passage.text, language)
    size = random.randint(2, 4)
    if len(words) < size:
        return None
    right = random.sample(words, size)
    lists = [right]
    for _ in range(random.randint(1, 2)):
        others = _other_words(material, passage.document, [passage.text], random, size)
        if len(others) == size:
            lists.append(others)
    if len(lists) == 1:
        return None
    mark = "、" if language == "zh" else ", "
    options = [mark.join(item) for item in lists]
    return _listed(language, passage.text, options, options[0], random)


KINDS = (
    Kind("next", _next),
    Kind("cloze_choice", _cloze_choice),
    Kind("title_choice", _title_choice, shipped="default"),
    Kind("words_choice", _words_choice),
)
