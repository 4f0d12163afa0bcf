"""What each section shows, read off a page whose numbers are set by hand."""

from __future__ import annotations

import json
import re

import pytest
from tests.report.conftest import KINDS, page_of, plain, section_of

from luthier.files import write_json, write_jsonl


def _row(section: str, heading: str) -> list[str]:
    """The cells of the table row that begins with `heading`, as text."""
    for row in re.findall(r"<tr.*?</tr>", section, re.DOTALL):
        cells = [plain(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]
        if cells and cells[0].replace(" ", "").startswith(heading.replace(" ", "")):
            return cells[1:]
    raise AssertionError(f"no row {heading}")


def _set(folder, change):
    metrics = json.loads(folder.metrics.read_text())
    change(metrics)
    write_json(folder.metrics, metrics)


def test_scores_stand_with_their_intervals_and_the_best_is_bold(make):
    folder = make("single")

    def change(metrics):
        metrics["test/id"]["accuracy"] = {"value": 0.9, "low": 0.8512, "high": 0.95}
        metrics["baselines"]["majority"]["test/id"]["metrics"]["accuracy"] = {
            "value": 0.5,
            "low": None,
            "high": None,
        }
        metrics["test/id"]["log_loss"] = {"value": 0.7, "low": 0.6, "high": 0.8}
        metrics["baselines"]["majority"]["test/id"]["metrics"]["log_loss"] = {
            "value": 0.4,
            "low": 0.3,
            "high": 0.5,
        }
        metrics["baselines"]["zero-shot"]["test/id"]["metrics"]["log_loss"] = {
            "value": 1.9,
            "low": 1,
            "high": 2,
        }
        difference = {"value": 0.4, "low": 0.31, "high": 0.5, "p_value": 0.0004}
        metrics["comparisons"]["test/id"]["majority"]["accuracy"] = difference

    _set(folder, change)
    section = section_of(page_of(folder), "scores")
    assert _row(section, "accuracy")[:2] == ["0.900 [0.851, 0.950]", "0.500"]
    assert _row(section, "Fine-tuned minus this")[:2] == ["–", "+0.400 [0.310, 0.500] p < 0.001"]
    # Less log loss is better.
    assert re.search(r'<td class="n best">\s*0\.400', section)
    assert not re.search(r'best[^"]*">\s*0\.700', section)


@pytest.mark.parametrize("kind", KINDS)
def test_a_system_that_writes_no_text_shows_a_dash_for_format_errors(make, kind):
    page = page_of(make(kind))
    systems = ["Fine-tuned", "Majority", "Zero-shot, same model"]
    section = section_of(page, "format")
    assert _row(section, "Kind") == systems
    ours, majority, zero_shot = _row(section, "Texts with a format error")
    assert majority == "–"
    assert re.fullmatch(r"\d+ \(.*%\)", ours)
    assert re.fullmatch(r"\d+ \(.*%\)", zero_shot)
    assert _row(section_of(page, "scores"), "format_error_rate")[1] == "–"


def test_deviations_are_counted_by_kind_and_the_forgiven_are_marked(make):
    folder = make("single")
    errors = {"count": 4, "rate": 1 / 3, "kinds": {"prose": 3, "empty": 1}, "harmless": {"other_words": 2}}
    _set(folder, lambda metrics: metrics["details"]["test/id"].update(format_errors=errors))
    section = section_of(page_of(folder), "format")
    assert _row(section, "Texts with a format error")[0] == "4 (33%)"
    assert _row(section, "Free prose")[0] == "3"
    assert _row(section, "Field or label in other words forgiven")[0] == "2"


def test_confusion_counts_and_shades_by_the_share_of_the_row(make):
    folder = make("single")
    confusion = {
        "labels": ["positive", "neutral", "negative"],
        "matrix": [[6, 1, 0], [0, 5, 0], [0, 0, 0]],
        "unread": [1, 0, 0],
    }
    _set(folder, lambda metrics: metrics["details"]["test/id"].update(confusion={"": confusion}))
    section = section_of(page_of(folder), "confusion")
    assert _row(section, "positive") == ["6", "1", "0", "1"]
    assert _row(section, "Gold") == ["positive", "neutral", "negative", "unreadable"]
    # 6 of the 8 positives.
    assert re.search(r'class="right" style="--share:75.0%" title="75%">6<', section)
    assert re.search(r'class="mistake" style="--share:12.5%" title="1\d%">1<', section)


def test_aspects_have_a_matrix_each_and_one_pooled(make):
    section = section_of(page_of(make("aspects")), "confusion")
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", section)
    assert captions == ["All fields together", "food", "service"]


def test_many_labels_become_their_most_confused_pairs(make):
    folder = make("single")
    size = 40
    matrix = [[0] * size for _ in range(size)]
    matrix[3][7], matrix[5][5] = 9, 4
    unread = [2 if label in (3, 8) else 0 for label in range(size)]
    confusion = {"labels": [f"l{i}" for i in range(size)], "matrix": matrix, "unread": unread}
    _set(folder, lambda metrics: metrics["details"]["test/id"].update(confusion={"": confusion}))
    section = section_of(page_of(folder), "confusion")
    # 9 of the 11 that are l3; what could not be read is a mistake like any other.
    assert _row(section, "l3") == ["l7", "9", "82%"]
    assert _row(section, "l8") == ["unreadable", "2", "100%"]
    assert section.count("<tr>") == 4
    assert "diagonal" not in section


@pytest.mark.parametrize(("size", "dense"), [(3, False), (30, True)])
def test_many_columns_have_upright_names(make, size, dense):
    folder = make("single")
    matrix = [[int(row == column) for column in range(size)] for row in range(size)]
    confusion = {"labels": [f"label {i}" for i in range(size)], "matrix": matrix, "unread": [0] * size}
    _set(folder, lambda metrics: metrics["details"]["test/id"].update(confusion={"": confusion}))
    section = section_of(page_of(folder), "confusion")
    assert ('class="heat dense"' in section) is dense
    # A name that is cut for want of room is whole in its title.
    assert section.count('title="label 2"') == 2 * dense


def test_bars_show_each_field_and_the_best_baseline(make):
    folder = make("aspects")

    def change(metrics):
        metrics["details"]["test/id"]["by_field"] = {
            "food": {"kappa": {"value": 0.5, "low": 0.25, "high": 0.75}},
            "service": {"accuracy": {"value": 1.0, "low": 1.0, "high": 1.0}},
        }
        for name, value in (("majority", 0.1), ("zero-shot", 0.3)):
            scores = metrics["baselines"][name]["test/id"]
            scores["metrics"]["kappa"] = {"value": value, "low": None, "high": None}
            scores["by_field"] = {"food": {"kappa": {"value": value, "low": None, "high": None}}}

    _set(folder, change)
    section = section_of(page_of(folder), "fields")
    assert re.search(r'<rect class="bar-ours" x="0.0%" width="50.0%"', section)
    assert 'x1="25.0%" x2="75.0%"' in section
    assert re.search(r'<circle class="dot rival" cx="30.0%"', section)
    assert "the best baseline: Zero-shot, same model" in section
    # Kappa is undefined for the second aspect; that must not look like zero.
    assert section.count(">undefined<") == 1


def test_the_curve_has_both_losses_the_metric_and_the_best_step(make):
    section = section_of(page_of(make("aspects")), "curve")
    lines = dict(re.findall(r'<polyline class="(\w+)" points="([^"]*)"', section))
    # Loss from 0.5 to 2.5, steps to 30: step 10 is a third across; a loss of 1.5 is half way up.
    assert lines["validation"].split()[0] == "33.33,50"
    assert len(lines["train"].split()) == 4
    assert lines["metric"].split()[-1].startswith("100,")
    assert "best: step 20" in section
    assert 'x1="66.67%" x2="66.67%"' in section


def test_the_machine_and_what_was_left_out(make):
    section = section_of(page_of(make("single")), "engine")
    assert _row(section, "Samples a second") == ["24.5"]
    assert _row(section, "Tokens a second") == ["3,456"]
    assert _row(section, "Peak memory") == ["900 MiB"]
    assert _row(section, "Necessary arithmetic") == ["50.0 GFLOP/s"]
    assert _row(section, "Peak of the machine") == ["200 GFLOP/s"]
    assert _row(section, "Share of the peak") == ["25%"]
    assert _row(section, "Shared beginnings") == ["50%"]
    assert _row(section, "Frozen layers") == ["0%"]
    # Only rows that are read one by one have padding computed.
    assert "Padding that was computed" not in section
    assert re.search(r'25%<span class="share" style="width:25.0px">', section)
    chinese = section_of(page_of(make("single", "zh")), "engine")
    assert _row(chinese, "占峰值比例") == ["25%"]
    assert _row(chinese, "相同的开头") == ["50%"]


def test_padding_that_was_computed_is_what_remains_beside_the_necessary(make):
    folder = make("single")
    manifest = json.loads(folder.manifest.read_text())
    found = manifest["training"]["engine"]
    found["savings"] = {"padding": 0.0, "shared": 0.0, "unasked": 0.25, "trunk": 0.0}
    found["necessary_share"] = 0.625
    write_json(folder.manifest, manifest)
    section = section_of(page_of(folder), "engine")
    assert _row(section, "Padding that was computed") == ["12%"]


@pytest.mark.parametrize("engine", [None, "left out"])
def test_a_run_whose_arithmetic_was_not_counted_has_no_such_section(make, engine):
    folder = make("single")
    manifest = json.loads(folder.manifest.read_text())
    if engine is None:
        manifest["training"]["engine"] = None
    else:
        del manifest["training"]["engine"]
    write_json(folder.manifest, manifest)
    assert 'id="engine"' not in page_of(folder)


def test_a_long_history_does_not_swell_the_page(make):
    folder = make("single")
    rows = [
        {"step": step, "epoch": 0.0, "seconds": 0.0, "loss": 1 / step, "metrics": {}}
        for step in range(1, 9001)
    ]
    write_json(folder.history, rows)
    page = page_of(folder)
    points = re.search(r'<polyline class="train" points="([^"]*)"', page)[1].split()
    assert 300 <= len(points) <= 401
    assert points[-1].startswith("100,")


def test_only_supervised_segments_are_marked(make):
    folder = make("single")
    segments = [
        {"text": "Say it.", "role": "instruction", "supervised": False},
        {"text": "The soup", "role": "input", "supervised": False},
        {"text": "positive", "role": "answer", "supervised": True},
    ]
    row = {"id": "a-3", "tokens": 9, "supervised_tokens": 3, "segments": segments}
    write_jsonl(folder.samples, [row])
    section = section_of(page_of(folder), "samples")
    figure = re.search(r"<figure.*?</figure>", section, re.DOTALL)[0]
    assert re.findall(r'supervised"[^>]*>([^<]*)<', figure) == ["positive"]
    assert "9 tokens, 3 in the loss · 120 characters cut" in plain(figure)


def test_data_lists_splits_drops_cuts_and_leaks(make):
    section = section_of(page_of(make("single")), "data")
    assert _row(section, "train") == ["12", "61,000", "6,900", "412", "1"]
    assert _row(section, "test/id") == ["12", "–", "–", "–", "–"]
    assert "Records left out: 3." in section
    assert _row(section, "nearly equal to an earlier record with the same target") == ["2"]
    assert _row(section, "HTML remains") == ["1", "0", "a:1 <b>tea</b>", "tea"]
    assert _row(section, "left out: empty once clean") == ["1", "0", "a:9 <br>", ""]
    assert "Texts that stand in the training data with different targets: 1." in section
    assert 'train a-2 {"food": "positive"}' in plain(section)
    assert "cut at the end of their input: 1." in section
    assert "word for word or nearly so: 1. Scores on them flatter." in section
    assert "The soup was cold." in section
    assert "stars" in section


def test_how_to_repeat_names_command_recipe_versions_and_hashes(make):
    section = section_of(page_of(make("single")), "repeat")
    assert "luthier run recipe.yaml --set training.epochs=5" in section
    assert "/somewhere/bin" not in section
    assert "type: classification" in section
    assert _row(section, "torch") == ["2.13.0"]
    assert _row(section, "somewhere/train.jsonl") == ["ef" * 32]


def test_key_facts(make):
    facts = plain(section_of(page_of(make("aspects")), "facts"))
    for fact in (
        "2 aspects",
        "rank 8 · alpha 32",
        "1.6% 123,456 / 7,654,321",
        "4.1 min training 3.0 min",
        "900 MiB",
    ):
        assert fact in facts
    # What is switched off says nothing about the run.
    assert "dora" not in facts


def test_repeats_show_mean_deviation_and_range(make):
    folder = make("single")

    def change(metrics):
        found = {"values": [0.7, 0.8, 0.9], "mean": 0.8, "sd": 0.1}
        metrics["seeds"] = {"seeds": [7, 8, 9], "test/id": {"accuracy": found}}
        score = {"value": 0.75, "low": 0.7, "high": 0.8}
        metrics["cross_validation"] = {"metrics": {"accuracy": score}, "folds": {"accuracy": [0.6, 0.9]}}

    _set(folder, change)
    section = section_of(page_of(folder), "steadiness")
    assert _row(section, "test/id") == ["accuracy", "0.800 ± 0.100", "0.700 … 0.900"]
    assert _row(section, "accuracy") == ["0.750 [0.700, 0.800]", "0.600 … 0.900"]
    assert "3 seeds" in section
    assert "2 folds" in section


def test_the_table_of_fields_keeps_the_order_of_metrics(make):
    folder = make("single")
    score = {"value": 0.5, "low": None, "high": None}
    fields = {
        "positive": {"recall": score, "f1": score},
        "neutral": {"precision": score, "recall": score, "f1": score},
    }
    _set(folder, lambda metrics: metrics["details"]["test/id"].update(by_field=fields))
    section = section_of(page_of(folder), "fields")
    assert _row(section, "Field") == ["In gold", "precision", "recall", "f1"]
    assert _row(section, "positive")[1:] == ["–", "0.500", "0.500"]
