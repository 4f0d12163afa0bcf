"""Several augmenters in turn, and a model's own words as a variant."""

from random import Random
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.augment.contract import check_variant, sources

from luthier.augment import Augmenter, Source, Variant, paraphrase, vary_in_turn
from luthier.edits import Edit


class Shuffled(Augmenter):
    """Puts commas between the words that are free, and turns whole texts without protection round."""

    type: Literal["shuffled"] = "shuffled"

    def vary(self, source: Source, draw: Random) -> Variant:
        half = len(source.text) // 2
        if not source.protected:
            return Variant.of(source.text, [(half, len(source.text)), (0, half)])
        places = [at for at in range(len(source.text) + 1) if source.is_free(at, at) and draw.random() < 0.3]
        return Variant.edited(source.text, [Edit(at, at, ",") for at in places])


@given(sources(), st.integers(0, 100))
def test_what_is_protected_survives_every_step(source: Source, seed: int) -> None:
    check_variant(source, vary_in_turn([Shuffled(), Shuffled(), Shuffled()], source, Random(seed)))


def test_each_step_works_on_what_the_one_before_made() -> None:
    source = Source("abcd", "en")
    assert vary_in_turn([Shuffled()], source, Random(0)).after == "cdab"
    assert vary_in_turn([Shuffled(), Shuffled()], source, Random(0)).pieces == ((0, 4),)
    assert vary_in_turn([], source, Random(0)).after == "abcd"


class Careless(Augmenter):
    type: Literal["careless"] = "careless"

    def vary(self, source: Source, draw: Random) -> Variant:
        return Variant.of(source.text, ["x"])


def test_an_augmenter_that_breaks_its_contract_is_found_out_by_the_next() -> None:
    with pytest.raises(ValueError, match="did not survive"):
        vary_in_turn([Careless(), Shuffled()], Source("abcd", "en", ((0, 2),)), Random(0))


def test_a_models_words_are_a_variant_where_what_is_protected_stands_in_them() -> None:
    text = "The soup was not good, not at all, for 12 euros"
    source = Source(text, "en", ((13, 21), (23, 33), (39, 47)))
    kept = paraphrase(source, "Soup: not good, I mean not at all, yet 12 euros!")
    assert kept is not None
    assert kept.after == "Soup: not good, I mean not at all, yet 12 euros!"
    check_variant(source, kept)
    assert paraphrase(source, "For 12 euros, not good, not at all") is None
    assert paraphrase(source, "not good, not at all, really not good, 12 euros") is None
    assert paraphrase(source, "good") is None
    assert paraphrase(Source("free", "en"), "anything") == Variant("free", ("anything",))
