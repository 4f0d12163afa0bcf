from __future__ import annotations

from pathlib import Path

import pytest
from tests.models import tiny

from luthier.design.sample import Sample, Segment
from luthier.errors import DataError
from luthier.models import encode, encode_all

END = Segment("<|endoftext|>", "end", True)


def samples(*texts: str) -> list[Sample]:
    return [
        Sample(f"s{number}", (Segment(text, "input"), Segment("good", "answer", True), END), weight=0.5)
        for number, text in enumerate(texts)
    ]


@pytest.mark.parametrize("on_disk", [True, False])
def test_rows_hold_what_encode_gives_and_the_report_counts_it(tmp_path: Path, on_disk: bool) -> None:
    tokenizer, written = tiny.byte_level(), samples("soup", "a view", "汤")
    rows, report = encode_all(written, tokenizer, path=tmp_path / "rows.arrow" if on_disk else None)
    single = [encode(sample, tokenizer) for sample in written]
    assert rows["id"] == ["s0", "s1", "s2"]
    assert list(rows["input_ids"]) == [row.input_ids for row in single]
    assert list(rows["labels"]) == [row.labels for row in single]
    assert rows["weight"] == [0.5] * 3
    assert rows["length"] == [len(row.input_ids) for row in single]
    answer = len(tokenizer("good")["input_ids"]) + 1
    assert rows["supervised"] == [answer] * 3
    assert (report.rows, report.supervised_tokens, report.unended) == (3, 3 * answer, 0)
    assert report.longest == max(len(row.input_ids) for row in single)


def test_rows_that_do_not_fit_are_counted_and_named_with_the_length_that_would_do() -> None:
    tokenizer, written = tiny.byte_level(), samples("a", "soup " * 30, "soup " * 50)
    with pytest.raises(DataError, match="2 of 3 samples do not fit") as caught:
        encode_all(written, tokenizer, max_length=20)
    needed = len(encode(written[2], tokenizer).input_ids)
    assert "sample s1" in str(caught.value)
    assert f"max_length to {needed} or more" in caught.value.hint


def test_cut_rows_are_reported_with_the_characters_they_lost() -> None:
    rows, report = encode_all(samples("a", "soup " * 30), tiny.byte_level(), max_length=20, truncate="input")
    assert rows["length"][1] <= 20
    assert list(report.cut) == ["s1"]
    assert 0 < report.cut["s1"] < 150


def test_rows_without_supervision_or_without_an_end_are_reported() -> None:
    nothing = Sample("n", (Segment("soup", "input"),))
    unended = Sample("u", (Segment("soup", "input"), Segment("good", "answer", True), Segment("!", "answer")))
    _, report = encode_all([nothing, unended, *samples("a")], tiny.byte_level())
    assert report.unsupervised == ["n"]
    assert report.unended == 2
