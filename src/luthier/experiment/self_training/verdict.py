"""What self-training gained, in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from luthier.experiment.self_training.pseudo import UNUSABLE
from luthier.experiment.self_training.rounds import GOLD_ONLY
from luthier.experiment.verdict import SIGNIFICANT, interval, p_value
from luthier.text import Language

_SENTENCES: dict[Language, dict[str, str]] = {
    "en": {
        "better": "Self-training helped: with the pseudo-labels of round {round}, {metric} on {test} is"
        " {ours}, from gold alone {theirs}, a difference of {difference} (p {p}).",
        "worse": "Self-training HARMED on {test}, though validation said otherwise: with the pseudo-labels of"
        " round {round}, {metric} is {ours}, from gold alone {theirs}, a difference of {difference} (p {p})."
        " Leave self_training out, or give a larger validation set.",
        "unclear": "What self-training gained may be chance: with the pseudo-labels of round {round},"
        " {metric} on {test} is {ours}, from gold alone {theirs}, a difference of {difference} (p {p}).",
        "untested": "Round {round} of self-training was the best on validation;"
        " no test set tells what it gained.",
        "none": "Self-training gained nothing on validation, so the model that learnt from gold alone stays.",
        "empty": "No pseudo-label passed, so the model that learnt from gold alone stays."
        " Lower self_training.confidence, or set self_training.top.",
        "unreadable": "No pseudo-label passed, so the model that learnt from gold alone stays: of its"
        " teacher's {labelled} answers {unread} could not be read. It has not learnt the format yet:"
        " train longer.",
    },
    "zh": {
        "better": "自训练有效：使用第 {round} 轮伪标签后，{test} 上的 {metric} 为 {ours}，"
        "仅用标注数据为 {theirs}，差值 {difference}（p {p}）。",
        "worse": "自训练在 {test} 上反而有害，与验证集的结论相反："
        "使用第 {round} 轮伪标签后，{metric} 为 {ours}，"
        "仅用标注数据为 {theirs}，差值 {difference}（p {p}）。建议去掉 self_training，或增大验证集。",
        "unclear": "自训练的增益可能只是偶然：使用第 {round} 轮伪标签后，{test} 上的 {metric} 为 {ours}，"
        "仅用标注数据为 {theirs}，差值 {difference}（p {p}）。",
        "untested": "第 {round} 轮自训练在验证集上最好；没有测试集，无法得知增益多少。",
        "none": "自训练在验证集上没有增益，因此保留仅用标注数据训练的模型。",
        "empty": "没有伪标签通过筛选，因此保留仅用标注数据训练的模型。"
        "可以降低 self_training.confidence，或改用 self_training.top。",
        "unreadable": "没有伪标签通过筛选，因此保留仅用标注数据训练的模型："
        "教师模型的 {labelled} 个回答中有 {unread} 个无法读取。它还没有学会输出格式，请增加训练量。",
    },
}


def self_training_verdict(metrics: Mapping[str, Any], language: Language) -> str:
    """Reads off `metrics.json` what self-training gained on the first test set; else an empty text."""
    found = metrics.get("self_training")
    if found is None:
        return ""
    sentences = _SENTENCES[language]
    if found["kept"] == GOLD_ONLY:
        if any(item.get("selected") for item in found["rounds"]):
            return sentences["none"]
        last = found["rounds"][-1]
        unread = sum(last["reasons"].get(reason, 0) for reason in UNUSABLE)
        kind = "unreadable" if 2 * unread > last["labelled"] else "empty"
        return sentences[kind].format(unread=unread, labelled=last["labelled"])
    metric = metrics["primary"]
    values: dict[str, Any] = {"round": found["kept"], "metric": metric}
    for test, differences in found["comparisons"].items():
        if metric not in differences:
            continue
        difference = differences[metric]
        chance = difference["p_value"]
        kind = "unclear"
        if chance is not None and chance < SIGNIFICANT:
            kind = "better" if difference["value"] > 0 else "worse"
        values |= {
            "test": test,
            "ours": f"{metrics[test][metric]['value']:z.3f}",
            "theirs": f"{metrics['gold_only'][test]['metrics'][metric]['value']:z.3f}",
            "difference": interval(difference),
            "p": p_value(chance),
        }
        return sentences[kind].format(**values)
    return sentences["untested"].format(**values)
