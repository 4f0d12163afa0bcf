from typing import Any

import pytest

from luthier.experiment.verdict import p_value, verdict


def metrics(difference: float, p: float | None) -> dict[str, Any]:
    def score(value: float) -> dict[str, float]:
        return {"value": value, "low": value - 0.1, "high": value + 0.1}

    return {
        "primary": "kappa",
        "test/id": {"kappa": score(0.5 + difference)},
        "baselines": {
            "majority": {"test/id": {"metrics": {"kappa": score(0.1)}}},
            "tfidf": {"test/id": {"metrics": {"kappa": score(0.5)}}},
        },
        "comparisons": {"test/id": {"tfidf": {"kappa": {**score(difference), "p_value": p}}}},
    }


@pytest.mark.parametrize(
    ("difference", "p", "kind"),
    [(0.2, 0.01, "better"), (-0.2, 0.01, "worse"), (0.2, 0.05, "unclear"), (0.2, None, "unclear")],
)
def test_verdict_needs_a_difference_and_a_small_p(difference: float, p: float | None, kind: str) -> None:
    assert verdict(metrics(difference, p), "en").kind == kind


def test_sentence_names_the_best_baseline_and_every_number() -> None:
    sentence = verdict(metrics(0.2, 0.0004), "en").sentence
    for part in (
        "test/id",
        "kappa 0.700 [0.600, 0.800]",
        "tfidf (0.500)",
        "0.200 [0.100, 0.300]",
        "p < 0.001",
    ):
        assert part in sentence


def test_chinese_sentence_is_chinese() -> None:
    assert verdict(metrics(0.2, 0.01), "zh").sentence.startswith("在 test/id 上，微调模型的 kappa 为 0.700")


def test_without_baseline_or_test_set_the_verdict_says_so() -> None:
    alone = metrics(0.2, 0.01) | {"baselines": {}}
    assert verdict(alone, "en").kind == "alone"
    assert verdict({"primary": "kappa"}, "en").kind == "untested"


@pytest.mark.parametrize(("language", "says"), [("en", "undefined on test/id"), ("zh", "test/id 上没有定义")])
def test_a_metric_that_is_undefined_is_not_taken_for_a_missing_test_set(language: Any, says: str) -> None:
    # Kappa has no value where gold and predictions are all one label.
    found = verdict(metrics(0.2, 0.01) | {"test/id": {"accuracy": {"value": 1.0}}}, language)
    assert found.kind == "untested"
    assert says in found.sentence


@pytest.mark.parametrize(("language", "says"), [("en", "not measured"), ("zh", "无法判断")])
def test_without_resamples_nothing_is_said_of_chance(language: Any, says: str) -> None:
    sentence = verdict(metrics(0.2, None), language).sentence
    assert says in sentence
    assert "p =" not in sentence


def test_numbers_that_round_to_zero_have_no_sign() -> None:
    assert "by 0.000 [" in verdict(metrics(-1e-17, 1.0), "en").sentence


def test_p_values_are_never_zero() -> None:
    assert [p_value(value) for value in (0.0, 0.0123, None)] == ["< 0.001", "= 0.012", "= ?"]
