"""WordNet's files are read by their format: first senses only, no names, no expressions."""

from pathlib import Path

import pytest

from luthier.augment.lexicons import Group, find_wordnet, read_wordnet
from luthier.errors import DataError, UserError

LICENCE = "  1 This software and database is being provided to you, the LICENSEE, by Princeton\n"
# `machine` has the synset of `car` as its second sense only, `motor_car` is two words, `Paris` a name,
# `happy(p)` never stands before a noun; 0a is a count of ten, in hexadecimal.
NOUNS = {
    "data": (
        "00000100 06 n 04 car 0 auto 0 machine 6 motor_car 0 001 @ 00000300 n 0000 | a vehicle\n"
        "00000200 15 n 02 Paris 0 paris 0 000 | the capital\n"
        "00000300 06 n 02 machine 0 contraption 0 000 | a device\n"
        "00000400 05 n 0a a1 0 b1 0 c1 0 d1 0 e1 0 f1 0 g1 0 h1 0 couch 0 sofa 0 000 | ten words\n"
    ),
    "index": (
        "auto n 1 2 @ ~ 1 1 00000100  \n"
        "car n 5 2 @ ~ 5 2 00000100 00000900 00000901 00000902 00000903  \n"
        "contraption n 1 0 1 0 00000300  \n"
        "couch n 1 0 1 0 00000400  \n"
        "machine n 2 1 @ 2 2 00000300 00000100  \n"
        "motor_car n 1 1 @ 1 0 00000100  \n"
        "paris n 1 0 1 0 00000200  \n"
        "sofa n 1 0 1 0 00000400  \n"
    ),
}
ADJECTIVES = {
    "data": "00000500 00 s 03 glad 0 happy(p) 0 pleased 0 001 & 00000600 a 0000 | joyful\n",
    "index": "glad a 1 0 1 0 00000500\nhappy a 1 0 1 0 00000500\npleased a 1 0 1 0 00000500\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for kind, files in {"noun": NOUNS, "adj": ADJECTIVES, "verb": {}, "adv": {}}.items():
        for name in ("data", "index"):
            (tmp_path / f"{name}.{kind}").write_text(LICENCE + files.get(name, ""), encoding="utf-8")
    return tmp_path


def test_words_that_share_their_first_sense_are_a_group(folder: Path) -> None:
    assert read_wordnet(folder).groups == (
        Group(("car", "auto"), "noun"),
        Group(("machine", "contraption"), "noun"),
        Group(("couch", "sofa"), "noun"),
        Group(("glad", "pleased"), "adjective"),
    )


def test_a_folder_without_the_files_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"index\.noun.*\n.*wordnet-base"):
        read_wordnet(tmp_path)


@pytest.mark.parametrize("line", ["car n 1 two @ 1 0 00000100", "car n 1 2 @", "car"])
def test_a_line_of_another_format_is_named(folder: Path, line: str) -> None:
    (folder / "index.noun").write_text(f"{LICENCE}{line}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"index\.noun:2: this line"):
        read_wordnet(folder)


def test_wordnet_is_found_where_its_own_variables_point(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WNSEARCHDIR", str(folder))
    assert find_wordnet() == folder
