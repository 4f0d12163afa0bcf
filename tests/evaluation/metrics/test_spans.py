import pytest
from seqeval.metrics import f1_score, precision_score, recall_score

from luthier.evaluation.intervals import point
from luthier.evaluation.metrics.spans import is_soft_match, measure, soft_matches
from luthier.evaluation.pairs import Pair
from luthier.inference.prediction import Prediction
from luthier.tasks import UNPLACED, Entity, Example, Extraction

TASK = Extraction(types=("PER", "ORG"))
TEXT = "abcdefgh"


def spans(*items):
    return tuple(Entity(start, end, type_, TEXT[start:end]) for start, end, type_ in items)


def tags(entities):
    row = ["O"] * len(TEXT)
    for entity in entities:
        row[entity.start : entity.end] = [f"I-{entity.type}"] * (entity.end - entity.start)
        row[entity.start] = f"B-{entity.type}"
    return row


GOLD = [spans((0, 2, "PER"), (3, 5, "ORG")), spans((1, 4, "ORG")), spans()]
GUESS = [spans((0, 2, "PER"), (3, 6, "ORG")), spans((1, 4, "PER")), spans((0, 1, "PER"))]


def test_exact_scores_equal_seqeval():
    pairs = [
        Pair(Example(str(i), TEXT, gold), Prediction(str(i), guess))
        for i, (gold, guess) in enumerate(zip(GOLD, GUESS, strict=True))
    ]
    got = {name: point(item, 3) for name, item in measure(TASK, pairs).statistics.items()}
    gold, guess = [tags(row) for row in GOLD], [tags(row) for row in GUESS]
    assert got["precision"] == pytest.approx(precision_score(gold, guess))
    assert got["recall"] == pytest.approx(recall_score(gold, guess))
    assert got["f1"] == pytest.approx(f1_score(gold, guess))
    # Softly, "def" also counts as "de": 2 right of 3 gold and 4 predicted.
    assert got["f1_soft"] == pytest.approx(2 * 2 / (3 + 4))


@pytest.mark.parametrize(
    ("gold", "guess", "expected"),
    [
        ("New York", "New York City", True),  # ratio 2*8/21 = 0.76
        ("protein kinase C inhibitor", "C", False),  # contained, ratio 2/27
        ("ab", "abcdef", False),  # ratio 2*2/8 is 0.5, not above it
        ("ab", "abcde", True),  # 2*2/7
        ("New York", "York New", False),  # neither contains the other
        ("北京大学", "北京大学医学院", True),  # 2*4/11
        ("北京", "", False),
    ],
)
def test_soft_match(gold, guess, expected):
    assert is_soft_match(gold, guess) is expected


def test_soft_matching_is_one_to_one_and_as_large_as_possible():
    assert soft_matches(["New York"], ["New York", "New York City"]) == 1
    # Taking the first that fits ("abc" for "abcd") would leave "abcde" with nothing.
    assert soft_matches(["abcd", "abcde"], ["abcde", "abc"]) == 2


def test_an_unplaced_string_is_predicted_but_never_exactly_right():
    gold = spans((0, 4, "PER"))
    guess = (Entity(UNPLACED, UNPLACED, "PER", "abcdx"), Entity(UNPLACED, UNPLACED, "PER", "ABCD"))
    pairs = [Pair(Example("0", TEXT, gold), Prediction("0", guess))]
    got = {name: point(item, 1) for name, item in measure(TASK, pairs).statistics.items()}
    assert got["precision"] == 0
    assert got["f1_soft"] == pytest.approx(2 * 1 / (1 + 2))
