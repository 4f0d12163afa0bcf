"""Augmenters by name, and the files that they read."""

from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from luthier.augment.any import Augmenters, files_of, placed
from luthier.augment.noise import Noise
from luthier.augment.synonyms import Synonyms

READ = TypeAdapter(Augmenters).validate_python


def test_a_name_a_mapping_and_a_list_say_the_same() -> None:
    assert READ("noise") == READ(["noise"]) == READ({"type": "noise"}) == READ(Noise()) == (Noise(),)
    assert READ(["noise", {"type": "synonyms", "copies": 3}]) == (Noise(), Synonyms(copies=3))
    assert READ([]) == ()
    with pytest.raises(ValidationError):
        READ("noises")
    with pytest.raises(ValidationError):
        READ([{"copies": 2}])


def test_files_are_found_and_placed_wherever_they_stand() -> None:
    augmenter = Synonyms(lexicons=(Path("a.txt"), Path("/lists/b.txt")), wordnet=Path("wordnet"))
    assert list(files_of(augmenter)) == [
        ("lexicons", Path("a.txt")),
        ("lexicons", Path("/lists/b.txt")),
        ("wordnet", Path("wordnet")),
    ]
    found = placed(augmenter, Path("/recipes"))
    assert [path for _, path in files_of(found)] == [
        Path("/recipes/a.txt"),
        Path("/lists/b.txt"),
        Path("/recipes/wordnet"),
    ]
    assert placed(Noise(), Path("/recipes")) == Noise()
    assert placed(Synonyms(wordnet=True), Path("/recipes")) == Synonyms(wordnet=True)
