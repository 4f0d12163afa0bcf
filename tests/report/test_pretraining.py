"""The page of a pretraining run, from its folder alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.pretraining_runs import furnish
from tests.report.test_page import _Balance

from luthier import api
from luthier.errors import UserError
from luthier.experiment.folder import RunFolder
from luthier.report import write_pretraining_report


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = tmp_path_factory.mktemp("pretrained")
    return api.pretrain(furnish(folder), output=folder / "run").folder


def page_of(folder: RunFolder, **metrics) -> str:
    """Renders the page with other metrics."""
    before = folder.metrics.read_text("utf-8")
    folder.metrics.write_text(json.dumps(json.loads(before) | metrics), "utf-8")
    try:
        return write_pretraining_report(folder).read_text("utf-8")
    finally:
        folder.metrics.write_text(before, "utf-8")


def text_of(page: str, section: str) -> str:
    part = re.search(rf'<section id="{section}".*?</section>', page, re.DOTALL)[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", part))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_one_sound_self_contained_page(finished: RunFolder, language: str) -> None:
    page = page_of(finished, shares={language: 1.0})
    parser = _Balance()
    parser.feed(page)
    assert not parser.crossed
    assert not parser.open
    assert len(parser.ids) == len({*parser.ids})
    assert all(target.startswith("#") and target[1:] in parser.ids for target in parser.targets)
    assert not re.search(r"<script|<link|@import|url\(|https?://", page)
    assert f'<html lang="{language}' in page


def test_it_says_what_the_folder_says(finished: RunFolder) -> None:
    page = page_of(finished)
    metrics = finished.read(finished.metrics)
    for name, entry in metrics["bits_per_byte"].items():
        assert f"{name} {entry['after']:.3f} ({entry['before']:.3f} before)" in page
        assert f"{entry['bytes']:,}" in text_of(page, "bits")
    corpus = text_of(page, "corpus")
    assert "equal to an earlier document" in corpus
    assert "zh:1 " in corpus
    assert "Step 6" in text_of(page, "samples")
    assert page.count("<polyline") == 2  # six steps log no loss; two sources are measured
    assert "en.txt" in text_of(page, "repeat")


def test_text_of_the_corpus_cannot_break_the_page(finished: RunFolder) -> None:
    path = finished.data / "dropped.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    before = path.read_text("utf-8")
    rows[0]["text"] = "<script>alert(1)</script>"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert "<script" not in page_of(finished)
    path.write_text(before, "utf-8")


def test_an_unfinished_run_says_how_to_finish_it(finished: RunFolder, tmp_path: Path) -> None:
    for name in ("manifest.json", "recipe.yaml", "log.jsonl"):
        (tmp_path / name).write_bytes((finished.path / name).read_bytes())
    with pytest.raises(UserError, match=r"luthier pretrain .* --resume"):
        write_pretraining_report(RunFolder(tmp_path))
