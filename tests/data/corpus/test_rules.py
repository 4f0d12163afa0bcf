"""Each rule on its own: what it mends, and that it leaves the rest alone."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luthier.data.corpus import Cleaning, Source
from luthier.data.corpus import rules as rule

PLAIN = Source(path=Path("a.txt"))
WIKI = Source(path=Path("a.txt"), wiki=True)


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("Laach Castle (), also called it.", "Laach Castle, also called it."),
        ("Laach Castle ( ; ) is old.", "Laach Castle is old."),
        ("讷沙托区（）是一个区。", "讷沙托区是一个区。"),
        ("It (, 1944) began (1950, ) here.", "It (1944) began (1950) here."),
        ("It ended ().", "It ended."),
        ("It (spelt (), or so) is here.", "It (spelt, or so) is here."),
        ("Nested (()) ones.", "Nested ones."),
        ("他在《》和「」里", "他在和里"),
        ("f(x) stays", "f(x) stays"),
    ],
)
def test_empty_brackets_go_and_leave_no_gap(text, mended):
    assert rule.drop_empty_brackets(text) == mended


def test_commas_close_up_but_a_spaced_ellipsis_stays():
    assert rule.close_up_commas("Castle , also 城堡 ，也") == "Castle, also 城堡，也"
    assert rule.close_up_commas("well . . . ,5 and 3 ,000") == "well . . . ,5 and 3 ,000"


def test_markup_goes():
    assert rule.strip_markup("a<br>b [[c]] {{d}} e&nbsp;f '''g'''") == "ab c  ef g"


def test_headings_without_text_go():
    town = "Title\nIt is a town in the north."
    assert rule.drop_bare_headings(f"{town}\nHistory.\nSee also.") == town
    kept = f"{town}\nHistory.\nIt began with a well and a mill."
    assert rule.drop_bare_headings(kept) == kept


@pytest.mark.parametrize(
    ("below", "kept"),
    [
        ("Filmography.\nHis films include:", ""),
        ("Filmography.\nHis films include:\n\nSee also.", ""),
        (
            "Filmography.\nHis films include:\nLife.\nHe lived long in the north.",
            "\nLife.\nHe lived long in the north.",
        ),
        ("作品.\n他的作品如下：", ""),
        ('He said:\n"I do not know what you mean."', '\nHe said:\n"I do not know what you mean."'),
    ],
)
def test_a_heading_goes_with_the_lost_list_below_it(below, kept):
    lines = rule.drop_bare_headings(f"Title\n{below}").split("\n")
    assert "\n".join(line for line in lines if line) == f"Title{kept}"


def test_unwrapping_joins_lines_but_not_paragraphs():
    assert rule.join_lines("one\n two\n\nthree") == "one two\n\nthree"


def test_spaces_and_invisible_characters():
    assert rule.plain_characters("\ufeffa\r\nb\u200b\rc\ud800") == "a\nb\nc"
    assert rule.collapse_spaces("a  b\u3000\u3000c\n\n\n\nd ") == "a b c\n\nd"


def test_only_a_wiki_is_mended_as_one():
    text = "Call f() with a List<String>:\n\n“Yes.”\nShe left.\nHe stayed."
    assert rule.clean_text(text, PLAIN) == text
    assert rule.clean_text(text, WIKI) != text


@given(st.text(alphabet="ab.:，,()（）《》[] \n\r历史。", max_size=60), st.booleans(), st.booleans())
def test_cleaning_again_changes_only_what_headings_left(text, wiki, unwrap):
    source = Source(path=Path("a.txt"), wiki=wiki, unwrap=unwrap)
    once = rule.clean_text(text, source)
    assert rule.clean_text(text, source) == once
    if not wiki:
        assert rule.clean_text(once, source) == once


def test_drop_reasons():
    rules = Cleaning(min_characters=30, max_symbols=0.25)
    assert rule.drop_reason("这家餐厅的味道很好吃", PLAIN, rules) is None  # 10 Chinese characters count as 30
    assert rule.drop_reason("", PLAIN, rules) == "empty"
    assert rule.drop_reason("ten letters", PLAIN, rules) == "too short"
    castles = "List of castles\n" + "A castle stands here. " * 5
    assert rule.drop_reason(castles, WIKI, rules) == "list or disambiguation page"
    assert rule.drop_reason(castles, PLAIN, rules) is None
    assert rule.drop_reason("1 2 3 4 5 6 7 8 9 " * 5, PLAIN, rules) == "mostly numbers or symbols"
    # 8 symbols of 32 characters are just a quarter; one more is too much.
    assert rule.drop_reason("a" * 24 + "12345678", PLAIN, rules) is None
    assert rule.drop_reason("a" * 24 + "123456789", PLAIN, rules) == "mostly numbers or symbols"
