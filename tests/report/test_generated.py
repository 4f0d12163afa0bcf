"""The section on examples that a model wrote: counts, reasons in the page's language, and some of them."""

import re

from tests.generation.test_generate import REPLIES
from tests.report.conftest import page_of, plain, section_of

from luthier.files import write_json, write_jsonl
from luthier.report.words import load_words

REPORT = {
    "writer": "m at http://localhost/v1",
    "wanted": 2000,
    "kept": 1200,
    "requests": 1500,
    "tokens": 90000,
    "labels": {"good": 700, "bad": 500},
    "left_out": {"another answer": 250, "answer: unknown_label": 30, "equal to a record of test/id": 20},
    "stopped": "tokens",
}


def folder_with_new_examples(make, language):
    folder = make("single", language)
    write_json(folder.data / "generated.json", REPORT)
    row = {"id": "generated-0", "text": "a <b> fine day", "label": "good"}
    write_jsonl(folder.data / "generated.jsonl", [row, *({**row, "id": f"g-{n}"} for n in range(9))])
    return folder


def test_the_section_says_what_was_asked_kept_and_left_out(make):
    section = section_of(page_of(folder_with_new_examples(make, "en")), "generated")
    text = re.sub(r"\s+", " ", plain(section))
    assert "1,200 of 2,000 wanted new examples joined training, written by m at http://localhost/v1" in text
    assert "the tokens allowed are used up" in text
    assert "good 700" in text
    assert "another answer than asked for 250" in text
    assert "equal to a record of test/id 20" in text
    assert section.count("a &lt;b&gt; fine day") == 5


def test_in_chinese_it_says_the_same(make):
    text = plain(section_of(page_of(folder_with_new_examples(make, "zh")), "generated"))
    assert "与 test/id 的记录相同" in text
    assert "允许的词元数已用完" in text


def test_a_run_without_them_has_no_such_section(make):
    assert 'id="generated"' not in page_of(make("single"))


def test_every_reason_has_words():
    known = load_words("en")["unkept"]
    reasons = {reason for reason in REPLIES.values() if not reason.startswith("answer: ")}
    assert reasons - {"equal to a test set"} <= known.keys()
