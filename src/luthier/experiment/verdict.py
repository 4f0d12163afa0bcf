"""The verdict in a sentence: is the fine-tuned model better than the best baseline, by how much, how sure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from luthier.text import Language

SIGNIFICANT = 0.05
"""A difference counts as reliable where its two-sided p value is below this."""

_SENTENCES: dict[Language, dict[str, str]] = {
    "en": {
        "better": "On {test} the fine-tuned model reaches {metric} {ours}, better than the best baseline,"
        " {baseline} ({theirs}), by {difference} (p {p}).",
        "worse": "On {test} the fine-tuned model reaches {metric} {ours}, WORSE than the baseline {baseline}"
        " ({theirs}), by {difference} (p {p}). Prefer the baseline, or see docs/troubleshooting.md.",
        "unclear": "On {test} the fine-tuned model reaches {metric} {ours}; that it differs from the best"
        " baseline, {baseline} ({theirs}), by {difference}, may be chance (p {p})."
        " More test records would tell.",
        "alone": "On {test} the fine-tuned model reaches {metric} {ours}. No baseline was run beside it.",
        "unmeasured": "On {test} the fine-tuned model reaches {metric} {ours}; it differs from the best"
        " baseline, {baseline} ({theirs}), by {difference}. Whether that is chance was not measured"
        " (`evaluation.bootstrap` is 0).",
        "undefined": "{metric} is undefined on {test}, as where all is one label, so there is no verdict:"
        " see the other metrics.",
        "untested": "There is no test set, so nothing is known yet about how good the model is.",
    },
    "zh": {
        "better": "在 {test} 上，微调模型的 {metric} 为 {ours}，"
        "优于最好的基线 {baseline}（{theirs}），差值 {difference}（p {p}）。",
        "worse": "在 {test} 上，微调模型的 {metric} 为 {ours}，"
        "不如基线 {baseline}（{theirs}），差值 {difference}（p {p}）。"
        "建议直接使用基线，或参阅 docs/troubleshooting.md。",
        "unclear": "在 {test} 上，微调模型的 {metric} 为 {ours}；"
        "与最好的基线 {baseline}（{theirs}）相差 {difference}，"
        "可能只是偶然（p {p}）。增加测试样本才能下结论。",
        "alone": "在 {test} 上，微调模型的 {metric} 为 {ours}。没有运行任何基线，无从比较。",
        "unmeasured": "在 {test} 上，微调模型的 {metric} 为 {ours}，"
        "与最好的基线 {baseline}（{theirs}）相差 {difference}。"
        "没有做重采样（`evaluation.bootstrap` 为 0），无法判断是否出于偶然。",
        "undefined": "{metric} 在 {test} 上没有定义（例如全部样本都是同一个标签），"
        "因此没有结论，请看其他指标。",
        "untested": "没有测试集，因此还不知道模型的好坏。",
    },
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run showed on its first test set.

    Attributes:
        kind: `better` or `worse` than the best baseline, `unclear` where it may be chance or nothing tells,
            `alone` without baseline, `untested` without test set or where the metric is undefined on it.
        sentence: The verdict in the task's language.
    """

    kind: Literal["better", "worse", "unclear", "alone", "untested"]
    sentence: str


def verdict(metrics: Mapping[str, Any], language: Language) -> Verdict:
    """Reads the verdict off a run's `metrics.json`."""
    tests = [key for key in metrics if key.startswith("test/")]
    metric = metrics["primary"]
    if not tests:
        return Verdict("untested", _SENTENCES[language]["untested"])
    test = tests[0]
    if metric not in metrics[test]:
        return Verdict("untested", _SENTENCES[language]["undefined"].format(metric=metric, test=test))
    values = {"test": test, "metric": metric, "ours": interval(metrics[test][metric])}
    rivals = {
        name: scores[test]["metrics"][metric]["value"]
        for name, scores in metrics["baselines"].items()
        if metric in scores.get(test, {}).get("metrics", {})
    }
    if not rivals:
        return Verdict("alone", _SENTENCES[language]["alone"].format(**values))
    best = max(rivals, key=lambda name: rivals[name])
    difference = metrics["comparisons"][test][best][metric]
    chance = difference["p_value"]
    kind: Literal["better", "worse", "unclear"] = "unclear"
    if chance is not None and chance < SIGNIFICANT:
        kind = "better" if difference["value"] > 0 else "worse"
    values |= {
        "baseline": best,
        "theirs": f"{rivals[best]:z.3f}",
        "difference": interval(difference),
        "p": p_value(chance),
    }
    return Verdict(kind, _SENTENCES[language]["unmeasured" if chance is None else kind].format(**values))


def p_value(value: float | None) -> str:
    """Writes a p value to three digits with its sign, never as zero; `= ?` where none was computed."""
    if value is None:
        return "= ?"
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def interval(score: Mapping[str, float | None]) -> str:
    """Writes `0.713 [0.680, 0.741]`; the value alone where there is no interval."""
    if score["low"] is None:
        return f"{score['value']:z.3f}"
    return f"{score['value']:z.3f} [{score['low']:z.3f}, {score['high']:z.3f}]"
