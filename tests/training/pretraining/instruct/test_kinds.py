"""The contract of every kind of instruction, in both languages: right, readable, repeatable, balanced."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import islice
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luthier.tasks import Aspects, Entity
from luthier.training.pretraining.instruct.kinds import KINDS
from luthier.training.pretraining.instruct.making import balance_of, wordings
from luthier.training.pretraining.instruct.material import Material

COUNT = 40
YES = {"yes", "true", "present", "是", "有", "正确"}
SAME = {"same", "one document", "related", "相同", "同一篇", "有关"}
QUESTION = {"question", "asking", "疑问", "疑问句"}
SECOND = {"second", "text 2", "2", "第二段", "文本二"}
PLACES = {
    "first": 0, "second": 1, "third": 2, "1": 0, "2": 1, "3": 2, "第一句": 0, "第二句": 1, "第三句": 2,
    "sentence 1": 0, "sentence 2": 1, "sentence 3": 2, "句一": 0, "句二": 1, "句三": 2,
}  # fmt: skip


def squeezed(text):
    return re.sub(r"\s+", "", text)


def holders(text, documents):
    """Numbers of the documents in which a text stands, white space aside."""
    return {
        (language, number)
        for language, texts in documents.items()
        for number, document in enumerate(texts)
        if squeezed(text) in squeezed(document)
    }


def listed(text):
    """The options below a text, by their letter, and the text."""
    lines = text.split("\n")
    options = dict(line.split(": ", 1) for line in lines if re.match(r"[A-D1-4]: ", line))
    return "\n".join(line for line in lines if not re.match(r"[A-D1-4]: ", line)), options


def year_in(text):
    return int(re.search(r"(?<!\d)\d{4}(?!\d)", text)[0])


def is_right_copy(item, asked, documents):
    return item.example.target == item.example.text


def is_right_reverse(item, asked, documents):
    mark = "、" if item.language == "zh" else ", "
    return item.example.target.split(mark) == item.example.text.split(mark)[::-1]


def is_right_sentence(item, asked, documents):
    first = "first sentence" in asked or "第一句" in asked
    ends = item.example.text.startswith if first else item.example.text.endswith
    return ends(item.example.target) and item.example.target[:-1].count("。") == 0


def is_right_continue(item, asked, documents):
    return holders(item.example.text + item.example.target, documents)


def is_right_title(item, asked, documents):
    return holders(f"{item.example.target}\n{item.example.text}", documents) or any(
        documents[language][number].split("\n")[0] == item.example.target
        for language, number in holders(item.example.text, documents)
    )


def is_right_cloze(item, asked, documents):
    text = item.example.text
    return item.example.target in text and holders(text.replace("____", item.example.target), documents)


def is_right_order(item, asked, documents):
    _, options = listed(item.example.text)
    return holders("".join(options[letter] for letter in item.example.target.split()), documents)


def found(kind, text, language):
    """What there is of a type, found in another way than the generator finds it."""
    if kind in ("number", "figure", "numbers", "数字", "阿拉伯数字"):
        return re.findall("[0-9]+", text)
    if kind in ("year", "years", "年份"):
        return re.findall("(?<![0-9])[0-9]{4}(?![0-9])", text)
    if kind in ("quoted words", "quotation", "引号里的内容", "引文"):
        return [piece for number, piece in enumerate(re.split('["“”]', text)) if number % 2]
    if kind in ("words in brackets", "parenthesis", "括号里的内容", "括注"):
        return [piece for number, piece in enumerate(re.split("[()（）]", text)) if number % 2]
    if kind in ("英文单词", "外文词"):
        return [word for word in ("ABC", "LOVE", "Hello") if word in text]
    return None


def is_right_extract(item, asked, documents):
    by_type = {kind: [] for kind in item.writer.task.types}
    for entity in item.example.target:
        assert item.example.text[entity.start : entity.end] == entity.text
        by_type[entity.type].append(entity.text)
    for kind, texts in by_type.items():
        expected = found(kind, item.example.text, item.language)
        if expected is None:
            text = re.sub(r"[^\w]", "", item.example.text)
            first = "first" in kind or kind in ("第一个词", "开头的词")
            if len(texts) != 1 or not (text.startswith if first else text.endswith)(texts[0]):
                return False
        elif texts != expected:
            return False
    return True


def is_right_places(item, asked, documents):
    sentences = re.findall(r"[^.?。？]+[.?。？]\"?", item.example.text)
    for word in item.writer.task.aspects:
        where = {number for number, sentence in enumerate(sentences) if word.lower() in sentence.lower()}
        label = item.example.target.get(word)
        if where != (set() if label is None else {PLACES[label]}):
            return False
    return True


def is_right_next(item, asked, documents):
    text, options = listed(item.example.text)
    return all(
        bool(holders(text + option, documents)) == (letter == item.example.target)
        for letter, option in options.items()
    )


def is_right_cloze_choice(item, asked, documents):
    return holders(item.example.text.replace("____", item.example.target), documents)


def is_right_title_choice(item, asked, documents):
    titles = {
        documents[language][number].split("\n")[0]
        for language, number in holders(item.example.text, documents)
    }
    return titles & set(item.writer.task.labels) == {item.example.target}


def is_right_words_choice(item, asked, documents):
    text, options = listed(item.example.text)
    mark = "、" if item.language == "zh" else ", "
    whole = {letter for letter, option in options.items() if all(word in text for word in option.split(mark))}
    return whole == {item.example.target}


def is_right_same_text(item, asked, documents):
    shared = holders(item.example.text, documents) & holders(item.example.text_pair, documents)
    return bool(shared) == (item.example.target in SAME)


def is_right_language(item, asked, documents):
    scripts = (bool(re.search("[a-z]{3}", item.example.text)), bool(re.search("[一-龥]", item.example.text)))
    expected = {
        (True, False): {"English", "en", "英文", "英语"},
        (False, True): {"Chinese", "zh", "中文", "汉语"},
        (True, True): {"mixed", "both", "混合", "两种语言"},
    }
    # A Chinese document may quote a foreign word.
    options = expected[scripts] | (expected[False, True] if "Hello" in item.example.text else set())
    return item.example.target in options


def is_right_occurs(item, asked, documents):
    word = re.search('"(.+?)"' if item.language == "en" else "“(.+?)”", asked)[1]
    words = re.findall(r"\w+", item.example.text.lower()) if item.language == "en" else item.example.text
    return (word.lower() in words) == (item.example.target in YES)


def is_right_question(item, asked, documents):
    return (item.example.text[-1] in "?？") == (item.example.target in QUESTION)


def is_right_has_number(item, asked, documents):
    return any(digit in item.example.text for digit in "0123456789") == (item.example.target in YES)


def is_right_traits(item, asked, documents):
    marks = {
        "digits": "0123456789", "数字": "0123456789", "quotation marks": '"“', "引号": '"“',
        "brackets": "(（", "括号": "(（", "question": "?？", "问句": "?？", "英文字母": "ABCLOVEHelo",
    }  # fmt: skip
    return set(item.example.target) == {
        label for label in item.writer.task.labels if any(mark in item.example.text for mark in marks[label])
    }


def is_right_longer(item, asked, documents):
    wants_long = "longer" in asked or "较长" in asked
    wants_long = wants_long and not re.search("is shorter than|the shorter|较短", asked)
    second = len(item.example.text_pair) > len(item.example.text)
    return (item.example.target in SECOND) == (second == wants_long)


def is_right_earlier(item, asked, documents):
    later = year_in(item.example.text_pair) > year_in(item.example.text)
    wants_later = "later" in asked or "较晚" in asked
    return (item.example.target in SECOND) == (later == wants_later)


RIGHT = {
    name.removeprefix("is_right_"): check for name, check in globals().items() if name.startswith("is_right")
}
RIGHT["fields"] = is_right_extract
CASES = [(kind, language) for kind in KINDS for language in ("en", "zh")]


@pytest.fixture(scope="module")
def made(maker, material):
    cache = {}

    def get(kind, language):
        if (kind, language) not in cache:
            cache[kind, language] = list(islice(maker.make(kind, material, language, "7"), COUNT))
        return cache[kind, language]

    return get


@pytest.mark.parametrize(("kind", "language"), CASES)
def test_the_answer_is_right(made, documents, kind, language):
    items = made(kind, language)
    assert len(items) == COUNT
    for item in items:
        asked = "".join(segment.text for segment in item.sample.segments if segment.role == "instruction")
        assert RIGHT[kind](item, asked, documents), item.to_row()


@pytest.mark.parametrize(("kind", "language"), CASES)
def test_what_is_written_is_read_back(made, kind, language):
    for item in made(kind, language):
        reading = item.writer.read(item.to_row()["answer"], item.example)
        assert reading.deviations == ()
        assert item.writer.target(reading, item.example) == item.example.target


@pytest.mark.parametrize(("kind", "language"), CASES)
def test_no_class_is_common_enough_to_be_guessed(made, kind, language):
    items = made(kind, language)
    assert balance_of(items) <= 0.6
    answers = Counter(json.dumps(item.to_row()["answer"]) for item in items)
    assert answers.most_common(1)[0][1] / len(items) <= 0.6


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_place_of_a_word_is_common_enough_to_be_guessed(made, language):
    places = Counter(
        PLACES.get(item.example.target.get(word, ""), "absent")
        for item in made("places", language)
        for word in item.writer.task.aspects
    )
    assert isinstance(made("places", language)[0].writer.task, Aspects)
    assert max(places.values()) / places.total() <= 0.6


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_type_of_which_there_is_nothing_is_asked_for_too(made, language):
    empty = sum(not item.example.target for item in made("extract", language))
    assert 0 < empty / COUNT < 0.5
    assert any(
        {entity.type for entity in item.example.target if isinstance(entity, Entity)}
        < set(item.writer.task.types)
        for item in made("fields", language)
    )


@pytest.mark.parametrize("kind", ["fields", "title_choice", "same_text"])
def test_a_seed_repeats_itself_and_another_does_not(maker, material, documents, kind):
    def rows(seed, material=material):
        return [item.to_row() for item in islice(maker.make(kind, material, "zh", seed), 10)]

    assert rows("1") == rows("1", Material(documents))
    assert rows("1") != rows("2")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_has_wordings_of_our_own(language):
    assert wordings(language).keys() == KINDS.keys()
    for kind, pool in wordings(language).items():
        assert len(set(pool)) >= 5, kind
        fillers = [set(re.findall(r"\{(word|which)\}", wording)) for wording in pool]
        assert all(filler == fillers[0] for filler in fillers), kind


PIECES = st.one_of(
    st.text(max_size=80),
    st.sampled_from([
        "", "One.", "只有一句。", "No numbers in here, none at all.", "a" * 3000, "。" * 500, "A. " * 400,
        "in 1999, 1999, 2001 (x) \"y\" “z” 「w」?", "中文 mixed with English 和数字 123。Why not?",
        "{braces} {{word}} {labels}", "\x00\u2028\ufeff<|end|><|bos|>",
        "Title\nThe first sentence is here now. The second sentence follows it. A third one ends it.",
        "标题\n这是第一句话的内容。这里是第二句话的内容。最后还有第三句话。",
    ]),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(english=st.lists(PIECES, max_size=4), chinese=st.lists(PIECES, max_size=4), seed=st.integers())
def test_odd_documents_give_nothing_or_something_right(english, chinese, seed):
    material = Material({"en": english, "zh": chinese})
    random = Random(seed)
    for kind in KINDS.values():
        for language in material.languages:
            draft = kind.make(material, language, random)
            if draft is not None:
                assert draft.target is not None
                assert draft.task.language == language


def test_documents_that_hold_nothing_end_the_making(maker):
    material = Material({"en": ["", "One."], "zh": []})
    assert [list(maker.make(kind, material, "en", "0")) for kind in KINDS] == [[]] * len(KINDS)
