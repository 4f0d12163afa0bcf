from collections.abc import Sequence

from luthier.experiment.self_training.rounds import Round, run_rounds


def play(scores: Sequence[float | None], limit: int | None = None) -> tuple[list[int], int]:
    """Rounds whose students score as given; returns those that were made and the one that stays."""

    def teach(number: int) -> Round:
        return Round(number, scores[number])

    rounds, best = run_rounds(Round(0, scores[0]), teach, limit or len(scores) - 1)
    return [item.number for item in rounds], best.number


def test_rounds_go_on_while_validation_gains():
    assert play([0.5, 0.6, 0.7, 0.8]) == ([0, 1, 2, 3], 3)


def test_the_best_stays_where_a_later_one_is_worse():
    assert play([0.5, 0.6, 0.55, 0.9]) == ([0, 1, 2], 1)


def test_where_no_round_gains_the_gold_only_model_stays():
    assert play([0.5, 0.4, 0.9]) == ([0, 1], 0)
    assert play([0.5, 0.5, 0.9]) == ([0, 1], 0)


def test_the_recipe_says_how_many_rounds_there_are_at_most():
    assert play([0.5, 0.6, 0.7, 0.8], limit=2) == ([0, 1, 2], 2)


def test_an_undefined_score_beats_nothing_and_is_beaten_by_any():
    assert play([0.5, None, 0.9]) == ([0, 1], 0)
    assert play([None, 0.1]) == ([0, 1], 1)
