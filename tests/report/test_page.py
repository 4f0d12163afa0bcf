from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from tests.report.conftest import KINDS, page_of, plain, section_of

from luthier.errors import UserError
from luthier.experiment.folder import RunFolder
from luthier.files import read_jsonl, write_json, write_jsonl
from luthier.report import write_report

_VOID = {"meta", "input", "br", "wbr", "line", "circle", "rect", "polyline"}


class _Balance(HTMLParser):
    """Notes tags that close another than the one that is open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.crossed: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.targets: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if "id" in values:
            self.ids.append(values["id"])
        self.targets += [values[key] for key in ("href", "src") if values.get(key)]
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in _VOID and (not self.open or self.open.pop() != tag):
            self.crossed.append((tag, self.getpos()))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_task_renders_as_one_sound_self_contained_page(make, kind, language):
    page = page_of(make(kind, language))
    parser = _Balance()
    parser.feed(page)
    assert not parser.crossed
    assert not parser.open
    assert len(parser.ids) == len({*parser.ids})
    # Every link stays on the page: nothing is fetched, and every target of the navigation exists.
    assert all(target.startswith("#") and target[1:] in parser.ids for target in parser.targets)
    assert not re.search(r"<script|<link|@import|url\(|https?://", page)
    assert len(page.encode()) < 1_000_000


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "missing",
    [{"test": False}, {"validation": False}, {"baselines": False}],
    ids=["no test set", "no validation", "no baselines"],
)
def test_incomplete_runs_render_and_say_what_is_missing(make, kind, missing):
    page = page_of(make(kind, **missing))
    if "test" in missing:
        assert "Not tested" in page
        assert "There is no test set, so nothing was scored." in section_of(page, "scores")
        assert "There is no test set" in section_of(page, "worst")
    elif "baselines" in missing:
        assert '<span class="badge">No baseline</span>' in page
        assert "Fine-tuned minus this" not in page
    else:
        assert "Nothing was evaluated while training" in section_of(page, "curve")
        assert "best: step" not in page


def test_the_language_follows_the_task(make):
    page = page_of(make("aspects", "zh"))
    assert '<html lang="zh-CN">' in page
    words = plain(re.sub(r"<(style|title).*?</\1>", "", page, flags=re.DOTALL))
    for english in ("Scores", "Learning curve", "Worst errors", "Gold", "Predicted", "records"):
        assert english not in words
    assert "最严重的错误" in words


def test_markup_in_records_and_outputs_is_shown_and_never_run(make):
    folder = make("single")
    attack = "</pre><script>alert('x')</script><img src=x onerror=alert(1)>"
    records = [{**row, "text": attack, "origin": attack} for row in read_jsonl(folder.gold("id"))]
    write_jsonl(folder.gold("id"), records)
    rows = [
        {**row, "text": attack, "value": "positive", "deviations": [{"kind": "prose", "detail": attack}]}
        for row in read_jsonl(folder.predictions("id"))
    ]
    write_jsonl(folder.predictions("id"), rows)
    segments = [{"text": attack, "role": "input", "supervised": True}]
    sample = {"id": attack, "tokens": 9, "supervised_tokens": 3, "segments": segments}
    write_jsonl(folder.samples, [sample])
    page = page_of(folder)
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in section_of(page, "worst")
    assert "&lt;script&gt;" in section_of(page, "samples")


def test_only_the_folder_is_read(make, tmp_path):
    folder = make("aspects")
    # The recipe names data files that do not exist, and no model lies in the folder.
    assert "gone/train.jsonl" in folder.recipe.read_text()
    assert not folder.model.exists()
    assert write_report(folder) == folder.path / "report.html"


def test_writing_a_report_loads_no_torch(make):
    folder = make("single")
    code = (
        "import sys; from pathlib import Path; from luthier.experiment.folder import RunFolder;"
        "from luthier.report import write_report; write_report(RunFolder(Path(sys.argv[1])));"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder.path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_an_unfinished_run_is_refused(make):
    folder = make("single")
    folder.metrics.unlink()
    with pytest.raises(UserError, match=r"no metrics\.json"):
        write_report(folder)


def test_the_headline_is_the_verdict(make):
    folder = make("single")
    metrics = json.loads(folder.metrics.read_text())
    metrics["test/id"]["accuracy"] = {"value": 0.9, "low": 0.85, "high": 0.95}
    for name, value in (("majority", 0.5), ("zero-shot", 0.4)):
        metrics["baselines"][name]["test/id"]["metrics"]["accuracy"]["value"] = value
    best = {"value": 0.4, "low": 0.3, "high": 0.5, "p_value": 0.001}
    metrics["comparisons"]["test/id"]["majority"]["accuracy"] = best
    write_json(folder.metrics, metrics)
    page = page_of(folder)
    assert '<span class="badge">Better than the baselines</span>' in page
    headline = re.search(r"<h1>(.*?)</h1>", page)[1]
    assert "0.900 [0.850, 0.950]" in headline
    assert "majority" in headline


def test_the_same_folder_gives_the_same_page(make):
    folder = make("aspects")
    assert page_of(folder) == page_of(RunFolder(folder.path))


@pytest.mark.parametrize("kind", KINDS)
def test_endless_texts_do_not_swell_the_page(make, kind):
    folder = make(kind)
    endless = "汤" * 200_000
    write_jsonl(folder.gold("id"), [{**row, "text": endless} for row in read_jsonl(folder.gold("id"))])
    write_jsonl(
        folder.predictions("id"), [{**r, "text": endless} for r in read_jsonl(folder.predictions("id"))]
    )
    samples = list(read_jsonl(folder.samples))
    samples[0]["segments"][1]["text"] = endless
    write_jsonl(folder.samples, samples)
    page = page_of(folder)
    assert len(page.encode()) < 1_000_000
    assert "197,000 further characters" in section_of(page, "samples")
