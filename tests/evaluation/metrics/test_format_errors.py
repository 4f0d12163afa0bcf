import pytest

from luthier.design.reading import Deviation, DeviationKind
from luthier.evaluation.intervals import point
from luthier.evaluation.metrics.format_errors import count_format_errors, format_error_rate
from luthier.evaluation.pairs import Pair
from luthier.inference.prediction import Prediction
from luthier.tasks import Example


def pair(id_, text, *kinds):
    prediction = Prediction(id_, "a", text, deviations=tuple(Deviation(kind) for kind in kinds))
    return Pair(Example(id_, "x", "a"), prediction)


PAIRS = [
    pair("0", "a"),
    pair("1", "a a", DeviationKind.SECOND_LABEL, DeviationKind.SECOND_LABEL, DeviationKind.EXTRA_FIELD),
    pair("2", "A", DeviationKind.OTHER_WORDS),
    pair("3", "", DeviationKind.EMPTY),
    Pair(Example("4", "x", "a"), None),
]


def test_counts_predictions_not_deviations_and_tells_harmless_ones_apart():
    errors = count_format_errors(PAIRS)
    assert errors.count == 2
    assert errors.rate == 0.5  # of the four that come from text
    assert errors.kinds == {"empty": 1, "second_label": 1}
    assert errors.harmless == {"extra_field": 1, "other_words": 1}
    rate = format_error_rate(PAIRS)
    assert rate is not None
    assert point(rate, len(PAIRS)) == pytest.approx(0.5)


def test_predictions_that_come_from_no_text_have_no_rate():
    assert format_error_rate([pair("0", "")]) is None
