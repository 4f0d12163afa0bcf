import hashlib
from pathlib import Path

import pytest

from luthier.errors import UserError
from luthier.files import (
    atomic_path,
    read_jsonl,
    require_new,
    sha256_file,
    sha256_folder,
    sha256_json,
    write_jsonl,
    write_text,
)


def test_sha256_file_is_the_digest_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_file(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


def test_sha256_folder_changes_with_a_byte_and_with_a_name(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    first = sha256_folder(tmp_path)
    (tmp_path / "a").write_text("y")
    second = sha256_folder(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert len({first, second, sha256_folder(tmp_path)}) == 3


def test_sha256_json_does_not_depend_on_key_order() -> None:
    assert sha256_json({"a": 1, "b": "字"}) == sha256_json({"b": "字", "a": 1})
    assert sha256_json({"a": 1}) != sha256_json({"a": 2})


def test_a_file_to_write_must_be_new_and_no_other_option_s(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("mine")
    require_new({"--output": tmp_path / "new", "--report": None, "--rejects": str(tmp_path / "other")})
    with pytest.raises(UserError, match=r"old exists.*\n.*another --rejects"):
        require_new({"--output": tmp_path / "new", "--rejects": tmp_path / "old"})
    with pytest.raises(UserError, match="--rejects and --output are the same file"):
        require_new({"--output": tmp_path / "new", "--rejects": tmp_path / "." / "new"})


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "f.txt"
    write_text(path, "old")

    def broken_write() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        broken_write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_jsonl_round_trip_keeps_characters(tmp_path: Path) -> None:
    rows = [{"text": "汤\u2028凉"}, {"text": 'a"b\n'}]
    assert write_jsonl(tmp_path / "deep" / "rows.jsonl", rows) == 2
    assert list(read_jsonl(tmp_path / "deep" / "rows.jsonl")) == rows
