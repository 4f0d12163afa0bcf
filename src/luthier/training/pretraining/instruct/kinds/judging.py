"""Classification with a closed label set: of one text, or of two."""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random

from luthier.tasks import Classification
from luthier.text import Language
from luthier.training.pretraining.instruct.kinds.draft import Draft, Kind, choose_labels, classify
from luthier.training.pretraining.instruct.kinds.finding import brackets, quotations, years
from luthier.training.pretraining.instruct.material import (
    Document,
    Material,
    Passage,
    content_words,
    occurrences,
)

_Labels = Mapping[Language, tuple[tuple[str, ...], ...]]

_SAME: _Labels = {
    "en": (("same", "different"), ("one document", "two documents"), ("related", "unrelated")),
    "zh": (("相同", "不同"), ("同一篇", "不同篇"), ("有关", "无关")),
}
_LANGUAGES: _Labels = {
    "en": (("Chinese", "English", "mixed"), ("zh", "en", "both")),
    "zh": (("中文", "英文", "混合"), ("汉语", "英语", "两种语言")),
}
_YES: _Labels = {
    "en": (("no", "yes"), ("false", "true"), ("absent", "present")),
    "zh": (("否", "是"), ("没有", "有"), ("错误", "正确")),
}
_FORM: _Labels = {
    "en": (("statement", "question"), ("telling", "asking")),
    "zh": (("陈述", "疑问"), ("陈述句", "疑问句")),
}
_ORDINAL: _Labels = {
    "en": (("first", "second"), ("text 1", "text 2"), ("1", "2")),
    "zh": (("第一段", "第二段"), ("文本一", "文本二"), ("1", "2")),
}
_LATER: Mapping[Language, tuple[str, str]] = {"en": ("earlier", "later"), "zh": ("较早", "较晚")}
_SIZE: Mapping[Language, tuple[str, str]] = {"en": ("shorter", "longer"), "zh": ("较短", "较长")}
_QUESTION: Mapping[Language, str] = {"en": "?", "zh": "？"}


def _same_text(material: Material, language: Language, random: Random) -> Draft | None:
    document = material.document(language, random)
    if document is None or len(document.sentences) < 4:
        return None
    same = random.random() < 0.5
    middle = len(document.sentences) // 2
    first = _part(document, 0, middle, random)
    if same:
        second = _part(document, middle, len(document.sentences), random)
    else:
        others = material.strangers(document, random, 1)
        if not others or not others[0].sentences:
            return None
        second = _part(others[0], 0, len(others[0].sentences), random)
    names = choose_labels(_SAME, language, random)
    return classify(language, names, 1 - same, first, random, pair=second)


def _part(document: Document, start: int, stop: int, random: Random) -> str:
    first = random.randrange(start, stop)
    return Passage(document.sentences[first : min(stop, first + random.randint(1, 2))], document).text


def _language(material: Material, language: Language, random: Random) -> Draft | None:
    chinese = material.passage("zh", random, most=2)
    english = material.passage("en", random, most=2)
    if chinese is None or english is None:
        return None
    both = [chinese.text, english.text]
    random.shuffle(both)
    right = random.randrange(3)
    text = (chinese.text, english.text, "\n".join(both))[right]
    return classify(language, choose_labels(_LANGUAGES, language, random), right, text, random)


def _occurs(material: Material, language: Language, random: Random) -> Draft | None:
    passage = material.passage(language, random, most=4)
    others = material.strangers(passage.document, random, 1) if passage else []
    other = material.passage_of(others[0], random) if others else None
    if passage is None or other is None:
        return None
    there = random.random() < 0.5
    words = content_words((passage if there else other).text, language)
    if not there:
        words = [word for word in words if word.casefold() not in passage.text.casefold()]
    words = [word for word in words if bool(occurrences(word, passage.text, language)) == there]
    if not words:
        return None
    names = choose_labels(_YES, language, random)
    return classify(language, names, int(there), passage.text, random, values={"word": random.choice(words)})


def _question(material: Material, language: Language, random: Random) -> Draft | None:
    mark = _QUESTION[language]
    asks = random.random() < 0.5
    # The other sentences come from the same documents, so that their style does not tell.
    passage = material.passage(language, random, most=1, mark=mark) if asks else None
    if not asks and (document := material.document(language, random, mark)) is not None:
        passage = material.passage_of(document, random, most=1)
    if passage is None:
        return None
    text = passage.text.rstrip("\"'”’」』)）")
    if (asks and not text.endswith(mark)) or (not asks and mark in text):
        return None
    return classify(language, choose_labels(_FORM, language, random), int(asks), passage.text, random)


def _has_number(material: Material, language: Language, random: Random) -> Draft | None:
    wanted = random.random() < 0.5
    passage = material.passage(language, random, most=2)
    if passage is None or bool(re.search(r"\d", passage.text)) != wanted:
        return None
    return classify(language, choose_labels(_YES, language, random), int(wanted), passage.text, random)


_TRAITS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "digits": "digits",
        "quotation": "quotation marks",
        "brackets": "brackets",
        "question": "question",
    },
    "zh": {
        "digits": "数字",
        "quotation": "引号",
        "brackets": "括号",
        "question": "问句",
        "latin": "英文字母",
    },
}


def _has(trait: str, text: str, language: Language) -> bool:
    if trait == "quotation":
        return bool(quotations(text))
    if trait == "brackets":
        return bool(brackets(text))
    patterns = {"digits": r"\d", "question": re.escape(_QUESTION[language]), "latin": "[A-Za-z]"}
    return re.search(patterns[trait], text) is not None


def _traits(material: Material, language: Language, random: Random) -> Draft | None:
    names = _TRAITS[language]
    asked = random.sample(list(names), random.randint(3, len(names)))
    passage = material.passage(language, random)
    if passage is None:
        return None
    found = [trait for trait in asked if _has(trait, passage.text, language)]
    # A text without any of them is the most common by far.
    if bool(found) == (random.random() < 0.2):
        return None
    task = Classification(language=language, labels=tuple(names[item] for item in asked), multi_label=True)
    return Draft(
        task, passage.text, tuple(names[item] for item in found), balance="+".join(sorted(found)) or "none"
    )


def _longer(material: Material, language: Language, random: Random) -> Draft | None:
    passages = [material.passage(language, random, most=4) for _ in range(2)]
    if passages[0] is None or passages[1] is None:
        return None
    texts = [passage.text for passage in passages if passage]
    short, long = sorted(texts, key=len)
    if len(long) < 1.5 * len(short):
        return None
    which = random.randrange(2)
    right = texts.index((short, long)[which])
    names = choose_labels(_ORDINAL, language, random)
    values = {"which": _SIZE[language][which]}
    return classify(language, names, right, texts[0], random, pair=texts[1], shuffled=False, values=values)


def _earlier(material: Material, language: Language, random: Random) -> Draft | None:
    found: list[tuple[int, str]] = []
    for _ in range(60):
        passage = material.passage(language, random, most=2)
        spans = years(passage.text, language) if passage else None
        if passage is not None and spans is not None and len(spans) == 1:
            found.append((int(passage.text[slice(*spans[0])]), passage.text))
        if len(found) == 2:
            break
    if len(found) < 2 or found[0][0] == found[1][0]:
        return None
    later = random.randrange(2)
    right = found.index((max if later else min)(found))
    names = choose_labels(_ORDINAL, language, random)
    values = {"which": _LATER[language][later]}
    return classify(
        language, names, right, found[0][1], random, pair=found[1][1], shuffled=False, values=values
    )


KINDS = (
    Kind("same_text", _same_text, shipped="default"),
    Kind("language", _language, shipped="default"),
    Kind("occurs", _occurs),
    Kind("question", _question, shipped="default"),
    Kind("has_number", _has_number),
    Kind("traits", _traits, shipped="default"),
    Kind("longer", _longer),
    Kind("earlier", _earlier),
)
