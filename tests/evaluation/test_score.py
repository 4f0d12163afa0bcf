import pytest

from luthier.design import Design, SampleWriter
from luthier.errors import DataError
from luthier.evaluation import EvaluationOptions, score_predictions, to_score_json
from luthier.tasks import Aspects, Classification, Entity, Example, Extraction

OPTIONS = EvaluationOptions(bootstrap=0)
TASK = Aspects(aspects=("food", "price"))
EXAMPLES = [
    Example("a", "x", {"food": "positive"}),
    Example("b", "x", {"price": "negative"}),
    Example("c", "x", {}),
]
WRITER = SampleWriter(Design(chat="plain"), TASK, None, "<eos>", 0)


def score(rows, examples=EXAMPLES, task=TASK, writer=None):
    return score_predictions(task, examples, rows, writer=writer, options=OPTIONS)


def test_raw_text_is_read_by_the_design():
    rows = [
        {"id": "b", "text": "food: not mentioned\nprice: negative"},
        {"id": "a", "text": "food: positive\nprice: not mentioned"},
        {"id": "c", "text": ""},
    ]
    result = to_score_json(score(rows, writer=WRITER))
    assert result["n"] == 3
    assert result["metrics"]["accuracy"] == 1  # the empty text means that nothing is mentioned
    assert result["metrics"]["kappa"] == 1
    assert result["format_errors"] == {"count": 1, "kinds": {"empty": 1}}
    assert result["reading"] == "lenient"


def test_targets_by_line_where_ids_are_not_the_golds():
    rows = [
        {"id": 7, "value": {"Food": "Positive"}},
        {"value": {"price": "negative", "food": "not mentioned"}},
        {"value": {}},
    ]
    assert score(rows).metrics["sample_accuracy"].value == 1


def test_a_missing_row_is_wrong_and_named():
    scores = score([{"id": "c", "value": {}}, {"id": "a", "value": {"food": "positive"}}])
    assert scores.missing == ("b",)
    assert scores.metrics["accuracy"].value == pytest.approx(4 / 6)


def test_a_label_that_the_task_does_not_have_is_no_value():
    task = Classification(labels=("yes", "no"))
    examples = [Example("1", "x", "yes"), Example("2", "x", "no")]
    scores = score([{"value": "maybe"}, {"value": "No"}], examples, task)
    assert scores.metrics["accuracy"].value == 0.5
    assert scores.confusion[""].unread == (1, 0)


def test_entities_by_offset_or_by_text():
    task = Extraction(types=("ORG",))
    examples = [Example("1", "Acme and Bell", (Entity(0, 4, "ORG", "Acme"), Entity(9, 13, "ORG", "Bell")))]
    scores = score(
        [{"value": [{"start": 0, "end": 4, "type": "ORG"}, {"type": "ORG", "text": "Bell"}]}], examples, task
    )
    assert scores.metrics["f1"].value == 0.5
    assert scores.metrics["f1_soft"].value == 1


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"id": "a", "value": {}}, {"id": "z", "value": {}}], "'z'"),
        ([{"id": "a", "value": {}}, {"id": "a", "value": {}}], "second"),
        ([{"value": {}}] * 4, "only 3"),
        ([{"id": "a"}], "neither"),
        ([{"id": "a", "value": "positive"}], "object"),
        ([{"id": "a", "text": "food: positive"}], "design"),
    ],
)
def test_rows_that_cannot_be_scored_are_refused_with_their_line(rows, said):
    with pytest.raises(DataError) as caught:
        score(rows)
    assert said in str(caught.value)
    assert caught.value.problems[0].line in range(1, 5)
