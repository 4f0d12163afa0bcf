"""Lists of synonyms are read as people write them, and every line that is none is named."""

from pathlib import Path

import pytest

from luthier.augment.lexicons import Group, Lexicon, read_lexicon
from luthier.errors import DataError


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_text(text, encoding=encoding)
    return path


def test_a_text_list_has_one_group_a_line_with_any_common_separator(tmp_path: Path) -> None:
    path = written(
        tmp_path / "own.txt", "# mine\nfilm movie flick\nice cream, gelato  # cold\n好吃、可口\n\n"
    )
    assert read_lexicon(path).groups == (
        Group(("film", "movie", "flick")),
        Group(("ice cream", "gelato")),
        Group(("好吃", "可口")),
    )


def test_headings_name_the_part_of_speech_and_fixed_phrases(tmp_path: Path) -> None:
    path = written(
        tmp_path / "own.txt", "[noun]\nfilm movie\n[verb]\nbuy purchase\n[phrases]\nFilm Noir\nbuy time\n"
    )
    lexicon = read_lexicon(path)
    assert lexicon.groups == (Group(("film", "movie"), "noun"), Group(("buy", "purchase"), "verb"))
    assert lexicon.phrases == ("film noir", "buy time")


def test_yaml_holds_the_same(tmp_path: Path) -> None:
    text = "noun:\n  - [film, movie]\nany:\n  - no, nope\nphrases:\n  - film noir\n"
    lexicon = read_lexicon(written(tmp_path / "own.yaml", text))
    assert lexicon.groups == (Group(("film", "movie"), "noun"), Group(("no", "nope")))
    assert lexicon.phrases == ("film noir",)
    assert read_lexicon(written(tmp_path / "bare.yml", "- [好吃, 可口]\n")).groups == (
        Group(("好吃", "可口")),
    )


def test_of_cilin_only_lines_of_one_meaning_are_taken(tmp_path: Path) -> None:
    lines = "Aa01A01= 人 士 人物\nAa01B03# 良民 顺民\nAa01B04@ 众学生\n"
    assert read_lexicon(written(tmp_path / "cilin.txt", lines)).groups == (Group(("人", "士", "人物")),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_may_be_utf_8_or_gb_18030(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path / "own.txt", "好吃 可口\n", encoding)
    assert read_lexicon(path).groups == (Group(("好吃", "可口")),)


def test_every_line_that_is_no_group_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "own.txt", "[nuon]\nfilm\nfilm Film\nbuy purchase\n")
    with pytest.raises(DataError) as caught:
        read_lexicon(path)
    assert [problem.line for problem in caught.value.problems] == [1, 2, 3]
    assert "did you mean 'noun'" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("noun:\n  - [film, movie]\n  - [film, 3]\n", 3, "not a list of words"),
        ("noun: film\n", 1, "not a list of groups"),
        ("verbs:\n  - [buy, purchase]\n", 1, "did you mean 'verb'"),
        ("noun:\n  - [film\nverb: x\n", 3, "not YAML"),
    ],
)
def test_what_is_wrong_in_yaml_is_named_with_its_line(
    tmp_path: Path, text: str, line: int, says: str
) -> None:
    with pytest.raises(DataError, match=says) as caught:
        read_lexicon(written(tmp_path / "own.yaml", text))
    assert caught.value.problems[0].line == line


@pytest.mark.parametrize("text", ["", "# nothing\n"])
@pytest.mark.parametrize("name", ["own.txt", "own.yaml"])
def test_a_list_with_nothing_in_it_is_refused(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(DataError, match=r"no group|not a list"):
        read_lexicon(written(tmp_path / name, text))


def test_a_missing_or_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_lexicon(tmp_path / "none.txt")
    binary = tmp_path / "binary.txt"
    binary.write_bytes(b"\xff\xfe\x00\xff")
    with pytest.raises(DataError, match="neither UTF-8"):
        read_lexicon(binary)


def test_a_word_in_two_groups_has_the_synonyms_of_both() -> None:
    lexicon = Lexicon([Group(("huge", "massive"), "adjective")]) + Lexicon(
        [Group(("huge", "vast", "massive"))]
    )
    assert lexicon.synonyms("huge", "adjective") == ("massive", "vast")
    assert lexicon.synonyms("huge", "verb") == ("vast", "massive")
    assert lexicon.synonyms("vast", "noun") == ("huge", "massive")
    assert lexicon.synonyms("tiny", "adjective") == ()
