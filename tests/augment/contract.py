"""The contract of an augmenter. Inherit it, name augmenters and texts, and every clause is tested."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from luthier.augment.any import AnyAugmenter
from luthier.augment.base import Augmenter, Source
from luthier.augment.variant import Span, Variant
from luthier.text import Language, is_cjk

ENGLISH = (
    "The soup was cold, but the waiter was friendly and brought us another bowl quickly.",
    "I did not expect much. However, the room turned out to be clean, quiet and not too expensive!",
    "Although it rained all day, we really enjoyed the old town; the guide told good stories.",
    "She bought a new phone for $1,299.99 on 3 May 2024 (see https://example.com/a?b=1).",
    "Don't go there... it's hardly worth the money, isn't it?",
)
CHINESE = (
    "汤是凉的，但是服务员很热情，马上给我们换了一碗。",
    "房间不大，不过很干净，也很安静。价格不贵，下次还会来！",
    "虽然下了一整天雨，我们还是玩得很开心；导游讲的故事非常有趣。",
    "他把新手机摔坏了，修理花了1,299元，从来没有这么倒霉过。",
    "昨天我被朋友带到这家店，没想到味道还不错呢……",
)
MIXED = (
    "这家店的 coffee 很好喝，but the cake 太甜了 😀。",
    "iPhone 15 的屏幕 really good，电池却只能用 5 hours 左右。",
)
HOSTILE = (
    "",
    " ",
    "\n\t\r\n  \u3000\u00a0",
    "a",
    "不",
    "\x00\x01\x1b[31m\x7f",
    "\ufeff\u200b\u200d\u2060\u202eabc\u202c",
    "e\u0301e\u0301 n\u0303o\u0302 क्षि நி",
    "👩‍👩‍👧‍👦🏳️‍🌈👍🏽 ok 👍🏽👍🏽",
    "😀" * 50,
    "مرحبا بالعالم. שלום עולם",
    "ﬁ ﬂ Ⅷ ① ㎏ İstanbul ß ſ ŉ ǰ",
    "ＡＢＣ１２３，。！？",
    "<b>bold</b> &amp; {{x}} ${y} %s %d \\1 \\g<0> [a-z]+ (?P<x>",
    "\"'“”‘’«»「」『』（）()[]{}<>",
    ".,;:!?。，；：！？…—-" * 20,
    ",,,, and, and, but , . but. or; or",
    "，，但是，，因为。所以。把。被。",
    "\U00010000\U0002a6df\U0010ffff",
    "not " * 30,
    "不" * 40,
)
LONG = (
    "".join(itertools.islice(itertools.cycle(f"{text} " for text in ENGLISH), 1300))[:100_000],
    "".join(itertools.islice(itertools.cycle(CHINESE), 4500))[:100_000],
    "word " * 20_000,
    "a" * 100_000,
    "好" * 100_000,
    "," * 100_000,
    "a,a。" * 25_000,
    "and the " * 12_500,
    "(" * 50_000 + ")" * 50_000,
    " " * 100_000,
    "\n" * 100_000,
    "😀" * 100_000,
    "的不" * 50_000,
)
"""Of 100,000 characters: what a rule that looks back over the whole text, or a greedy pattern, dies of."""

LANGUAGES: tuple[Language, ...] = ("en", "zh")
SEEDS = range(30)

TEXTS = st.one_of(
    st.lists(st.sampled_from([*ENGLISH, *CHINESE, *MIXED, *HOSTILE]), max_size=3).map(" ".join),
    st.lists(
        st.sampled_from([*"的是不很好吃。，！ \n", "the ", "and ", "not ", "soup, ", "good ", "but ", "😀"]),
        max_size=40,
    ).map("".join),
    st.text(max_size=60),
)

# Several classes inherit these tests on purpose; without a database nothing is replayed across them.
CONTRACT = settings(
    deadline=None,
    database=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
)


@st.composite
def sources(draw: st.DrawFn) -> Source:
    """Draws a text with spans that must stay; some spans touch each other."""
    text = draw(TEXTS)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=10)))
    spans = [span for span in itertools.pairwise(cuts) if draw(st.booleans())]
    return Source(text, draw(st.sampled_from(LANGUAGES)), tuple(spans))


def check_variant(source: Source, variant: Variant) -> None:
    """Fails where a variant is not of its source, or something protected was touched."""
    assert variant.before == source.text
    after = variant.after
    places: list[Span] = []
    after = variant.after
    for (start, end), place in zip(source.protected, variant.forward_all(source.protected), strict=True):
        assert place is not None, f"{source.text[start:end]!r} at {start} is gone from {after!r}"
        assert after[place[0] : place[1]] == source.text[start:end]
        places.append(place)
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(places))


class AugmenterContract:
    """Holds for every augmenter. Subclasses give `augmenters` and `changed`."""

    augmenters: Sequence[Augmenter]
    changed: Sequence[tuple[Language, str]]
    """Texts of which each augmenter finds something to vary under some seed."""
    at_length: slice = slice(None)
    """Those of `augmenters` that texts of 100,000 characters are tried on."""
    seconds = 5.0
    """CPU time for one text of 100,000 characters, what is read or built once left out."""

    @given(sources(), st.integers(0, 2**32))
    @CONTRACT
    def test_protected_spans_stay_letter_for_letter_and_in_order(self, source: Source, seed: int) -> None:
        for augmenter in self.augmenters:
            check_variant(source, augmenter.vary(source, Random(seed)))

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_word_of_a_real_text_can_be_protected(self, language: Language) -> None:
        for augmenter, text in itertools.product(self.augmenters, (*ENGLISH, *CHINESE, *MIXED)):
            for start, seed in itertools.product(range(0, len(text) - 4, 3), range(3)):
                source = Source(text, language, ((start, start + 4),))
                check_variant(source, augmenter.vary(source, Random(seed)))

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_hostile_text_is_varied_or_left_alone(self, language: Language) -> None:
        for augmenter, text, seed in itertools.product(self.augmenters, HOSTILE, range(5)):
            source = Source(text, language, ((0, 1),) if text else ())
            check_variant(source, augmenter.vary(source, Random(seed)))

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_an_empty_text_stays_empty(self, language: Language) -> None:
        for augmenter, seed in itertools.product(self.augmenters, SEEDS):
            assert augmenter.vary(Source("", language), Random(seed)).after == ""

    @pytest.mark.slow
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_a_very_long_text_takes_time_in_proportion(self, language: Language) -> None:
        for augmenter in self.augmenters[self.at_length]:
            augmenter.vary(Source(" ".join([*ENGLISH, *CHINESE]), language), Random(0))
            for text in LONG:
                source = Source(text, language, tuple((at, at + 2) for at in range(0, len(text), 50)))
                start = time.process_time()
                variant = augmenter.vary(source, Random(0))
                seconds = time.process_time() - start
                assert seconds < self.seconds, f"{augmenter.type}: {seconds:.1f} s for {text[:20]!r} ..."
                check_variant(source, variant)

    @given(sources(), st.integers(0, 2**32))
    @CONTRACT
    def test_the_same_seed_gives_the_same_variant(self, source: Source, seed: int) -> None:
        for augmenter in self.augmenters:
            again = type(augmenter).model_validate(augmenter.model_dump(mode="json"))
            assert augmenter.vary(source, Random(seed)) == again.vary(source, Random(seed))

    def test_chance_comes_from_the_generator_alone(self) -> None:
        import random

        for augmenter, (language, text) in itertools.product(self.augmenters, self.changed):
            random.seed(1)
            state = random.getstate()
            first = augmenter.vary(Source(text, language), Random(3))
            assert random.getstate() == state
            random.seed(2)
            assert augmenter.vary(Source(text, language), Random(3)) == first

    def test_texts_that_can_be_varied_are(self) -> None:
        for augmenter, (language, text) in itertools.product(self.augmenters, self.changed):
            found = {augmenter.vary(Source(text, language), Random(seed)).after for seed in SEEDS}
            assert found - {text}, f"{augmenter.type} leaves {text!r} as it is"

    def test_another_seed_gives_another_variant_sooner_or_later(self) -> None:
        for augmenter in self.augmenters:
            most = max(
                len({augmenter.vary(Source(text, language), Random(seed)).after for seed in SEEDS} - {text})
                for language, text in self.changed
            )
            assert most > 1, f"{augmenter.type} makes one variant of each text, whatever the seed"

    def test_a_language_gets_no_letters_of_the_other(self) -> None:
        for augmenter, seed in itertools.product(self.augmenters, SEEDS):
            for text in ENGLISH:
                after = augmenter.vary(Source(text, "en"), Random(seed)).after
                assert not any(map(is_cjk, after)), after
            for text in CHINESE:
                after = augmenter.vary(Source(text, "zh"), Random(seed)).after
                assert not any(char.isascii() and char.isalpha() for char in after), after

    def test_options_are_frozen_strict_and_found_by_type(self) -> None:
        for augmenter in self.augmenters:
            again = TypeAdapter(AnyAugmenter).validate_python(augmenter.model_dump(mode="json"))
            assert again == augmenter
            assert again.type == type(augmenter)().type
            with pytest.raises(ValidationError):
                augmenter.copies = 3
            with pytest.raises(ValidationError, match="shaer"):
                type(augmenter).model_validate({**augmenter.model_dump(), "shaer": 1})
            with pytest.raises(ValidationError):
                type(augmenter).model_validate({**augmenter.model_dump(), "copies": 0})
