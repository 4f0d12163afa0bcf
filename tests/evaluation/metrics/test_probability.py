import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from luthier.evaluation.metrics.probability import area_under_curve, calibration_error


@given(
    st.lists(
        st.tuples(st.booleans(), st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.integers(0, 3)),
        min_size=2,
        max_size=30,
    )
)
def test_weighted_area_with_ties_equals_scikit_learn(rows):
    gold, scores, weights = (np.array(column) for column in zip(*rows, strict=True))
    if len(set(gold[weights > 0])) < 2:
        return
    area = area_under_curve(gold[:, None, None], scores[:, None, None].astype(float))
    got = area(weights[:, None].astype(float))[0]
    assert got == pytest.approx(roc_auc_score(gold, scores, sample_weight=weights))


def test_calibration_error_by_hand():
    # Bins of 1/15: 0.95 and 1.0 share the last one (mean confidence 0.975, accuracy 1/2, 2 of 4 slots);
    # 0.5 stands alone (right), 0.30 alone (wrong).
    confidence = np.array([[0.95], [1.0], [0.5], [0.30]])
    correct = np.array([[True], [False], [True], [False]])
    expected = 2 / 4 * abs(0.975 - 0.5) + 1 / 4 * abs(0.5 - 1) + 1 / 4 * abs(0.30 - 0)
    assert calibration_error(confidence, correct)(np.ones((4, 1)))[0] == pytest.approx(expected)


def test_calibration_error_leaves_unknown_confidence_out():
    confidence = np.array([[0.8], [np.nan]])
    correct = np.array([[True], [False]])
    assert calibration_error(confidence, correct)(np.ones((2, 1)))[0] == pytest.approx(0.2)
