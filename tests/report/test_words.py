from __future__ import annotations

import re
from importlib import resources
from string import Formatter

import pytest
from pydantic import TypeAdapter

from luthier.augment.any import Augmenters
from luthier.data.augmenting import report as augmenting_report
from luthier.data.augmenting.stage import PARAPHRASE
from luthier.design import DeviationKind
from luthier.evaluation import EvaluationOptions
from luthier.report.words import LANGUAGES, Words, load_words
from luthier.tasks import Aspects, Classification, Extraction, Generation


def test_every_language_has_the_same_keys_with_the_same_gaps():
    tables = {language: load_words(language) for language in LANGUAGES}
    english = tables["en"]
    for language, table in tables.items():
        assert table.keys() == english.keys(), language
        for group, words in table.items():
            assert words.keys() == english[group].keys(), (language, group)
            for key, text in words.items():
                assert text.strip(), (language, group, key)
                assert _gaps(text) == _gaps(english[group][key]), (language, group, key)


def _gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_word_of_the_page_is_used_and_every_used_word_exists():
    folder = resources.files("luthier.report")
    templates = "".join(
        p.read_text("utf-8") for p in (folder / "templates").iterdir() if p.name.endswith("jinja")
    )
    modules = "".join(p.read_text("utf-8") for p in folder.iterdir() if p.name.endswith(".py"))
    used = {*re.findall(r"\bt\.(\w+)", templates), *re.findall(r"words\[[\"'](\w+)[\"']\]", modules)}
    used |= {f"verdict_{kind}" for kind in ("better", "worse", "unclear", "alone", "untested")}
    used |= {f"space_{key}" for key in ("aspects", "labels", "types", "multi_label", "pair")}
    used |= {f"imbalance_{kind}" for kind in ("absent", "few", "skewed")}
    used |= {"unit_s", "unit_min", "unit_h"}
    assert used == {*load_words("en")["page"]}


def test_what_other_rooms_coin_has_words():
    table = load_words("zh")
    tasks = [
        Classification(labels=("a", "b"), kappa_weights=((1, 0), (0, 1))),
        Classification(labels=("a", "b"), multi_label=True),
        Aspects(aspects=("a",)),
        Extraction(types=("a",)),
        Generation(),
    ]
    assert {metric for task in tasks for metric in task.metrics} == {*table["metric"]}
    assert {task.type for task in tasks} == {*table["task"]}
    assert {kind.value for kind in DeviationKind} == {*table["kind"]}
    assert {*EvaluationOptions().baselines} <= {*table["system"]}


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (3.24, "3.2 s", "3.2 秒"),
        (42, "42 s", "42 秒"),
        (210, "3.5 min", "3.5 分钟"),
        (7560, "2.1 h", "2.1 小时"),
    ],
)
def test_durations(seconds, english, chinese):
    assert Words("en").duration(seconds) == english
    assert Words("zh").duration(seconds) == chinese


def test_reasons_of_the_data_report_are_translated_and_others_stay():
    words = Words("zh")
    assert words.reason("validation, near") == "验证集，几乎相同"
    assert words.reason("test/id, equal") == "test/id，完全相同"
    assert words.reason("too short") == "too short"


def test_every_augmenter_and_every_reason_against_a_copy_has_words():
    table = load_words("zh")
    names = TypeAdapter(Augmenters).json_schema()["anyOf"][0]["enum"]
    assert {*names, PARAPHRASE} == {*table["augmenter"]}
    reasons = {value for name, value in vars(augmenting_report).items() if name.isupper()}
    assert reasons == {*table["refused"]}
