from pathlib import Path

from luthier.errors import MAX_LISTED, DataError, Problem, UserError


def test_problem_says_place_field_allowed_and_hint() -> None:
    problem = Problem(
        "'foo' is wrong", Path("a.yaml"), 3, "design.format", "lines, json", "did you mean 'json'?"
    )
    assert (
        str(problem)
        == "a.yaml:3: design.format: 'foo' is wrong (allowed: lines, json) - did you mean 'json'?"
    )


def test_problem_without_place_is_its_message() -> None:
    assert str(Problem("nothing to read")) == "nothing to read"


def test_input_error_lists_twenty_and_counts_the_rest() -> None:
    error = DataError("Bad records:", [Problem(f"number {index}") for index in range(25)])
    lines = str(error).splitlines()
    assert len(lines) == 1 + MAX_LISTED + 1
    assert lines[-1].strip() == "... and 5 more"


def test_input_error_counts_what_it_was_not_given() -> None:
    error = DataError("Bad records:", [Problem("one")], total=8)
    assert str(error).splitlines()[-1].strip() == "... and 7 more"


def test_user_errors_exit_with_two_and_show_the_hint() -> None:
    error = UserError("No file.", "Write one.")
    assert error.exit_code == 2
    assert str(error) == "No file.\n  hint: Write one."
