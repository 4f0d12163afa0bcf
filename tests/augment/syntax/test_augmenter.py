from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from pydantic import ValidationError
from tests.augment.contract import SEEDS, AugmenterContract

from luthier.augment.base import Source
from luthier.augment.syntax import Syntax

FIVE = "We left because it rained. " * 5


class TestSyntax(AugmenterContract):
    augmenters = (Syntax(), Syntax(kinds=("coordination", "adverbials"), share=0.3))
    changed = (
        (
            "en",
            "Yesterday we ate there. The food was cold and bland. The staff was rude and the room was dirty.",
        ),
        ("zh", "昨天我们去了那家店。味道好，分量足。服务和环境都很好。又快又好。"),
    )


def after(text, seed=0, **options):
    return Syntax(**options).vary(Source(text, "en"), Random(seed)).after


def test_a_share_of_the_sentences_with_a_rule_is_changed():
    sentences = "We left because it rained. The show ended at ten. " * 4
    varied = after(sentences, kinds=("clauses",), share=0.5)
    assert varied.count("Because it rained, we left.") == 2
    assert varied.count("We left because it rained.") == 2
    assert varied.count("The show ended at ten.") == 4


def test_one_sentence_at_least_is_changed():
    assert after(FIVE, share=0.01).count("Because") == 1
    assert after(FIVE, share=1.0).count("Because") == 5


def test_only_the_kinds_named_are_tried():
    text = "We left because it rained. Yesterday we ate there."
    assert {after(text, seed, kinds=("adverbials",)) for seed in SEEDS} == {
        "We left because it rained. We ate there yesterday."
    }


def test_kinds_stand_once_and_in_one_order_and_unknown_ones_are_refused():
    assert Syntax(kinds=("voice", "clauses", "voice")) == Syntax(kinds=("clauses", "voice"))
    with pytest.raises(ValidationError):
        Syntax(kinds=())
    with pytest.raises(ValidationError):
        Syntax(kinds=("verbs",))


def test_moved_words_stay_stretches_so_that_their_places_are_known():
    text = "We loved the garden because it was quiet. The end."
    variant = Syntax().vary(Source(text, "en"), Random(0))
    assert variant.after == "Because it was quiet, we loved the garden. The end." or variant.after == text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_two_protected_spans_never_change_places(language):
    text = {"en": "The food was cold and bland.", "zh": "味道好，分量足。"}[language]
    words = {"en": ("cold", "bland"), "zh": ("味道", "分量")}[language]
    spans = tuple((text.index(word), text.index(word) + len(word)) for word in words)
    for seed in SEEDS:
        assert Syntax().vary(Source(text, language), Random(seed)).after != text
        assert Syntax().vary(Source(text, language, spans), Random(seed)).after == text


def test_a_protected_span_that_moves_is_found_where_it_went():
    text = "Although the room was small, we enjoyed the soup."
    span = (text.index("soup"), text.index("soup") + 4)
    variant = Syntax().vary(Source(text, "en", (span,)), Random(0))
    assert variant.after == "We enjoyed the soup, although the room was small."
    place = variant.forward(*span)
    assert place is not None
    assert variant.after[place[0] : place[1]] == "soup"


def test_a_span_across_two_sentences_keeps_both():
    text = "We left because it rained. We left because it rained."
    span = (text.index("rained"), text.index("rained") + 9)
    assert Syntax(share=1.0).vary(Source(text, "en", (span,)), Random(0)).after == text


def test_sentences_keep_their_order_and_what_stands_between_them():
    text = "One.\n\n  We left because it rained.   Two!\n"
    assert after(text) == "One.\n\n  Because it rained, we left.   Two!\n"
    pieces = [
        piece for piece in Syntax().vary(Source(FIVE, "en"), Random(1)).pieces if isinstance(piece, tuple)
    ]
    assert any(first[1] != second[0] for first, second in pairwise(pieces))
