import pytest

from luthier.inference.certainty import least_certain
from luthier.inference.generation import Generated

PIECES = ["PER", ": ", "A", "da", "; ", "Alan", "\n", "LOC", ": ", "none"]


def decode(ids):
    return "".join(PIECES[id_] for id_ in ids)


def generated(**low: float) -> Generated:
    """All tokens at 0.99 but those given by position; the last probability is that of the end."""
    steps = [0.99] * (len(PIECES) + 1)
    for name, value in low.items():
        steps[int(name[1:])] = value
    return Generated(tuple(range(len(PIECES))), tuple(steps), True)


def test_a_span_is_as_certain_as_all_of_its_tokens_together():
    assert least_certain(generated(_2=0.8, _3=0.8), decode, ["Ada", "Alan"]) == pytest.approx(0.64)


def test_the_decision_that_a_list_ends_counts_too():
    assert least_certain(generated(_6=0.3), decode, ["Ada", "Alan"]) == pytest.approx(0.3)
    assert least_certain(generated(_10=0.2), decode, ["Ada", "Alan"]) == pytest.approx(0.2)


def test_a_value_met_twice_is_found_behind_the_first():
    pieces = Generated((2, 3, 4, 2, 3), (0.9, 0.9, 0.9, 0.5, 0.5, 1.0), True)
    assert least_certain(pieces, decode, ["Ada", "Ada"]) == pytest.approx(0.25)


def test_a_value_in_other_words_has_its_tokens_judged_one_by_one():
    assert least_certain(generated(_2=0.8, _3=0.7), decode, ["Grace"]) == pytest.approx(0.7)


def test_a_token_that_straddles_the_boundary_belongs_to_the_value():
    # "da" begins inside the value, "; " reaches beyond it.
    assert least_certain(generated(_3=0.6, _4=0.5), decode, ["da;"]) == pytest.approx(0.3)
