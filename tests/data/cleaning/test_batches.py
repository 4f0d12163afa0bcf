"""Cleaning batch by batch is cleaning record by record."""

from __future__ import annotations

import pickle

import pytest

from luthier.data import Examples
from luthier.data.clean_file import clean_file
from luthier.data.cleaning import Cleaning, CleanOptions, CleanStage
from luthier.data.engines import map_stage
from luthier.data.journal import Journal
from luthier.tasks import Entity, Example, Extraction

TASK = Extraction(types=("FOOD",))
TEXTS = ("The  soup<br>was cold!!!!!!", "鱼很新鲜", "", "soup &amp; fish", "\u200bsoup", "fine soup")


def records(count):
    texts = (TEXTS[number % len(TEXTS)] for number in range(count))
    return [
        Example(
            str(number),
            text,
            (Entity(text.index("soup"), text.index("soup") + 4, "FOOD", "soup"),) if "soup" in text else (),
            origin=f"f:{number}",
        )
        for number, text in enumerate(texts)
    ]


def by_records(examples):
    changes, dropped = Journal(), Journal()
    cleaning = Cleaning(TASK, CleanOptions(), TASK.record, part="train", changes=changes, dropped=dropped)
    return list(cleaning(examples)), cleaning.report, list(changes), list(dropped)


def by_batches(examples, **how):
    journals = {"changes": Journal(), "dropped": Journal()}
    stage = CleanStage(TASK, CleanOptions(), TASK.record, "train", note_changes=True)
    kept, report = map_stage(examples, stage, journals=journals, **how)
    return list(kept), report, list(journals["changes"]), list(journals["dropped"])


def test_records_report_and_journals_are_those_of_one_pass():
    examples = records(2500)  # batches of 1,000, 1,000 and 500
    expected = by_records(examples)
    assert expected[1].dropped == {"empty": 417}
    assert by_batches(examples) == expected


@pytest.mark.slow
def test_four_processes_clean_alike():
    examples = records(4500)
    assert by_batches(Examples.write(examples), processes=4) == by_records(examples)


def test_the_stage_goes_to_other_processes():
    stage = CleanStage(TASK, CleanOptions(mask=True), TASK.record)
    assert pickle.loads(pickle.dumps(stage))(records(6)).report == stage(records(6)).report


@pytest.mark.slow
def test_a_file_is_the_same_by_two_processes(tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "The  soup!!!!!"}\n{"text": "the soup!!!"}\n{"text": ""}\n', encoding="utf-8")
    written = []
    for processes in (1, 2):
        output, rejects = tmp_path / f"out-{processes}.jsonl", tmp_path / f"rejects-{processes}.jsonl"
        report = clean_file(str(source), output, duplicates="equal", rejects=rejects, processes=processes)
        written.append((output.read_bytes(), rejects.read_bytes(), report.to_json()))
    assert written[0] == written[1]
    assert written[0][0] == b'{"text": "The soup!!!"}\n'
