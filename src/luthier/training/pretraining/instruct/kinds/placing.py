"""Aspects: for each of several words, which sentence it stands in, or that it is not mentioned."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from luthier.tasks import Aspects
from luthier.text import Language
from luthier.training.pretraining.instruct.kinds.draft import Draft, Kind
from luthier.training.pretraining.instruct.material import Material, content_words

_ORDINALS: Mapping[Language, tuple[tuple[str, ...], ...]] = {
    "en": (("first", "second", "third"), ("sentence 1", "sentence 2", "sentence 3"), ("1", "2", "3")),
    "zh": (("第一句", "第二句", "第三句"), ("1", "2", "3"), ("句一", "句二", "句三")),
}
_ABSENT: Mapping[Language, tuple[str, ...]] = {
    "en": ("not mentioned", "absent", "none"),
    "zh": ("未提及", "没有出现", "无"),
}


def _places(material: Material, language: Language, random: Random) -> Draft | None:
    passage = material.passage(language, random, fewest=2, most=3)
    if passage is None:
        return None
    target: dict[str, str] = {}
    names = random.choice(_ORDINALS[language])[: len(passage.sentences)]
    for name, sentence in zip(names, passage.sentences, strict=True):
        elsewhere = " ".join(other for other in passage.sentences if other != sentence).casefold()
        fresh = [word for word in content_words(sentence, language) if word.casefold() not in elsewhere]
        target |= dict.fromkeys(random.sample(fresh, min(len(fresh), random.randint(0, 2))), name)
    absent = []
    for other in material.strangers(passage.document, random, random.randint(0, 2)):
        drawn = material.passage_of(other, random)
        words = content_words(drawn.text, language) if drawn else []
        absent += [word for word in words if word.casefold() not in passage.text.casefold()][:1]
    words = list(dict.fromkeys([*target, *absent]))
    if not target or len(words) < 2:
        return None
    random.shuffle(words)
    # Words that differ in case alone are one aspect to whoever reads.
    if len({word.casefold() for word in words}) < len(words):
        return None
    task = Aspects(
        language=language, aspects=tuple(words), labels=names, unmentioned=random.choice(_ABSENT[language])
    )
    return Draft(task, passage.text, {word: target[word] for word in words if word in target})


KINDS = (Kind("places", _places),)
