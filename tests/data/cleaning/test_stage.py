"""One pass over many records: what is counted, written down and shown; and how parts add up."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.cleaning.contract import CONTRACT

from luthier.data.cleaning import Cleaning, CleanOptions, CleanReport
from luthier.data.journal import Journal
from luthier.tasks import Classification, Entity, Example, Extraction, Generation

LABELS = Classification(labels=("good", "bad"))
DIRT = st.sampled_from(["fine", "a  b", "<br>", "x!!!!!  y", "很好。。。。。"])


def examples(texts: list[str]) -> list[Example]:
    return [Example(f"{n}", text, "good", origin=f"f:{n}") for n, text in enumerate(texts)]


def test_the_stage_counts_writes_down_and_shows() -> None:
    changes, dropped = Journal(), Journal()
    cleaning = Cleaning(LABELS, CleanOptions(), LABELS.record, part="train", changes=changes, dropped=dropped)
    kept = list(cleaning(examples(["fine", "a  b", "<br>", "x!!!!!  y"])))
    assert [example.text for example in kept] == ["fine", "a b", "x!!! y"]
    report = cleaning.report
    assert (report.read, report.kept, report.touched) == (4, 3, 2)
    assert report.changed == {"spaces": 2, "repeats": 1}
    assert report.dropped == {"empty": 1}
    assert [shown.id for shown in report.shown["spaces"]] == ["1", "3"]
    assert list(changes) == [
        {
            "split": "train",
            "id": "1",
            "origin": "f:1",
            "rules": ["spaces"],
            "before": {"text": "a  b"},
            "after": {"text": "a b"},
        },
        {
            "split": "train",
            "id": "3",
            "origin": "f:3",
            "rules": ["repeats", "spaces"],
            "before": {"text": "x!!!!!  y"},
            "after": {"text": "x!!! y"},
        },
    ]
    assert list(dropped) == [
        {
            "split": "train",
            "id": "2",
            "origin": "f:2",
            "stage": "clean",
            "reason": "empty",
            "record": {"id": "2", "text": "<br>", "label": "good"},
        }
    ]


def test_a_long_text_is_shown_where_it_changed() -> None:
    cleaning = Cleaning(LABELS, CleanOptions(), LABELS.record)
    list(cleaning(examples(["汤" * 500 + "  " + "b" * 500])))
    (shown,) = cleaning.report.shown["spaces"]
    assert shown.before == "…" + "汤" * 19 + "  " + "b" * 179 + "…"
    assert shown.after == "…" + "汤" * 19 + " " + "b" * 180 + "…"


@given(st.lists(st.lists(DIRT, max_size=9), max_size=5))
@CONTRACT
def test_reports_of_parts_add_up_to_the_report_of_the_whole(parts: list[list[str]]) -> None:
    numbered = iter(examples([text for part in parts for text in part]))
    whole = Cleaning(LABELS, CleanOptions(), LABELS.record)
    reports = []
    for part in parts:
        mine = [next(numbered) for _ in part]
        cleaning = Cleaning(LABELS, CleanOptions(), LABELS.record)
        assert list(cleaning(mine)) == list(whole(mine))
        reports.append(cleaning.report)
    assert reduce(CleanReport.merge, reports, CleanReport()) == whole.report


def test_of_a_test_set_inputs_are_mended_and_nothing_is_left_out() -> None:
    limits = CleanOptions.model_validate({"min_characters": 5, "languages": ["zh"]})
    cleaning = Cleaning(LABELS, limits, LABELS.record, tests=True)
    assert [example.text for example in cleaning(examples(["a  b", "<br>", "ok"]))] == ["a b", "<br>", "ok"]
    assert cleaning.report.dropped == {}
    free = Generation()
    test = Cleaning(free, CleanOptions(), free.record, tests=True)
    (found,) = test([Example("a", "in\u200b", "out\u200b")])
    assert (found.text, found.target) == ("in", "out\u200b")
    spans = Extraction(types=("DISH",))
    marked = Example("a", "x <br>  y", (Entity(2, 6, "DISH", "<br>"),))
    assert list(Cleaning(spans, CleanOptions(), spans.record, tests=True)([marked])) == [marked]


@pytest.mark.parametrize("rows", [0, 3])
def test_a_journal_is_read_as_often_as_one_likes(rows: int) -> None:
    journal = Journal()
    for number in range(rows):
        journal.add({"n": number, "text": "汤"})
    assert list(journal) == list(journal) == [{"n": number, "text": "汤"} for number in range(rows)]
    assert len(journal) == rows
