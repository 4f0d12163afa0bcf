"""The preset: words, order and syntax of one text."""

from random import Random

from tests.augment.contract import AugmenterContract

from luthier.augment.base import Source
from luthier.augment.language_oriented import LanguageOriented

REVIEW = "The soup was cold. We enjoyed the lovely old town. The waiter brought another bowl quickly."


class TestLanguageOriented(AugmenterContract):
    augmenters = (LanguageOriented(),)
    changed = (("en", REVIEW), ("zh", "服务员很热情。汤非常好喝，价格也便宜。房间很干净。"))
    seconds = 15.0


def test_one_copy_may_have_other_words_in_another_order() -> None:
    made = {LanguageOriented().vary(Source(REVIEW, "en"), Random(seed)).after for seed in range(30)}
    turned = {text for text in made if not text.startswith("The soup")}
    assert turned
    assert {text for text in turned if set(text.lower().split()) - set(REVIEW.lower().split())}
