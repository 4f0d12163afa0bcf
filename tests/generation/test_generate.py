"""The loop: asked for evenly, read, filtered, counted, and nothing asked for twice."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from tests.generation.conftest import GIVEN, Scripted, asked_label, obedient, wanted

from luthier.errors import DataError, LuthierError, UserError
from luthier.generation import Prompt, Reply, generate_examples
from luthier.tasks import Example


def test_labels_are_asked_for_evenly_however_uneven_the_given_ones_are() -> None:
    made, report = generate_examples(wanted(), Scripted(obedient), name="script")
    assert Counter(item.example.target for item in made) == {"positive": 3, "negative": 3}
    assert report.labels == {"negative": 3, "positive": 3}
    assert (report.kept, report.requests, report.stopped, report.tokens) == (6, 6, "enough", 42)
    shown = {item.example.target: set(item.provenance["shown"]) for item in made}
    assert shown == {"positive": {"c"}, "negative": {"a", "b"}}
    assert len({item.example.id for item in made}) == 6


def test_a_label_that_fails_is_asked_for_again() -> None:
    def sulky(prompt: Prompt) -> str:
        return "" if asked_label(prompt) == "negative" and prompt.number < 4 else obedient(prompt)

    made, report = generate_examples(wanted(), Scripted(sulky), name="script")
    assert Counter(item.example.target for item in made) == {"positive": 3, "negative": 3}
    assert report.left_out["empty"] == report.requests - 6 > 0


REPLIES = {
    "": "empty",
    "I would rather talk about something else.": "no text",
    "### Text\n\n### Answer\npositive": "no text",
    "### Text\nA plain meal at a fair price.": "no answer",
    "### Text\nA plain meal at a fair price.\n\n### Answer\nsplendid": "answer: unknown_label",
    "### Text\nA plain meal at a fair price.\n\n### Answer\nOTHER": "another answer",
    "### Text\nThe soup was COLD and so was  the waiter.\n\n### Answer\nASKED": "equal to a given example",
    "### Text\nThe soup was cold and so was the waiters.\n\n### Answer\nASKED": "nearly a given example",
    "### Text\nGood.\n\n### Answer\nASKED": "too short",
    f"### Text\n{'So good. ' * 20}\n\n### Answer\nASKED": "too long",
    "### Text\nThe fish that nobody ordered.\n\n### Answer\nASKED": "equal to a test set",
}


@pytest.mark.parametrize("said", REPLIES)
def test_what_cannot_be_kept_is_counted_by_kind_and_shown(said: str) -> None:
    def say(prompt: Prompt) -> str:
        other = "negative" if asked_label(prompt) == "positive" else "positive"
        return said.replace("ASKED", asked_label(prompt)).replace("OTHER", other)

    test = {"a test set": [Example("t", "the fish that nobody ordered.")]}
    asked = replace(wanted(examples=1, max_requests=1), held_out=test)
    made, report = generate_examples(asked, Scripted(say), name="script")
    assert not made
    assert dict(report.left_out) == {REPLIES[said]: 1}
    assert report.shown[REPLIES[said]][0]["request"] == 0
    assert report.stopped == "requests"


def test_a_reply_that_was_cut_off_and_a_text_that_came_before_are_left_out() -> None:
    def say(prompt: Prompt) -> Reply | str:
        text = f"### Text\nThe bread is fresh every day.\n\n### Answer\n{asked_label(prompt)}"
        return Reply(text, ended=prompt.number > 0, tokens=9)

    _, report = generate_examples(wanted(examples=3, max_requests=3), Scripted(say), name="script")
    assert dict(report.left_out) == {"cut off": 1, "equal to another new one": 1}


def test_a_judge_that_says_something_else_has_the_last_word() -> None:
    made, report = generate_examples(
        wanted(examples=4, max_requests=40),
        Scripted(obedient),
        name="script",
        judge=lambda examples: ["positive"] * len(examples),
    )
    assert [item.example.target for item in made] == ["positive"] * 4
    assert report.left_out == {"disagreement": report.requests - 4}


def test_a_stopped_call_goes_on_without_asking_twice_and_ends_as_one_that_was_never_stopped(
    tmp_path: Path,
) -> None:
    def breaks(prompt: Prompt) -> str:
        if prompt.number == 3:
            raise LuthierError("the line is dead")
        return obedient(prompt)

    journal = tmp_path / "journal"
    with pytest.raises(LuthierError, match="dead"):
        generate_examples(wanted(), Scripted(breaks), name="script", journal=journal)
    # A kill in the middle of a line leaves half of it.
    journal.write_text(journal.read_text() + '{"request": 3, "reply": "### Te')
    second = Scripted(obedient)
    made, report = generate_examples(wanted(), second, name="script", journal=journal)
    assert [prompt.number for prompt in second.asked] == [3, 4, 5]
    assert report.answered_before == 3
    straight, _ = generate_examples(wanted(), Scripted(obedient), name="script")
    assert [item.example for item in made] == [item.example for item in straight]


def test_a_larger_budget_goes_on_from_a_smaller_one(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    few, report = generate_examples(wanted(max_tokens=10), Scripted(obedient), name="script", journal=journal)
    assert (len(few), report.stopped) == (2, "tokens")
    second = Scripted(obedient)
    more, _ = generate_examples(wanted(examples=8), second, name="script", journal=journal)
    assert [item.example for item in more[:2]] == [item.example for item in few]
    assert [prompt.number for prompt in second.asked] == [2, 3, 4, 5, 6, 7]


def test_a_journal_of_other_requests_is_refused(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    generate_examples(wanted(), Scripted(obedient), name="script", journal=journal)
    with pytest.raises(UserError, match="other requests"):
        generate_examples(replace(wanted(), seed=1), Scripted(obedient), name="script", journal=journal)
    journal.write_text("something of the user's own\n")
    with pytest.raises(UserError, match="other requests"):
        generate_examples(wanted(), Scripted(obedient), name="script", journal=journal)
    assert journal.read_text() == "something of the user's own\n"


def test_asking_in_vain_ends() -> None:
    writer = Scripted(lambda prompt: "no", batch=7)
    _, report = generate_examples(wanted(examples=1000), writer, name="script")
    assert report.stopped == "nothing kept"
    assert 60 <= report.requests < 70


def test_requests_depend_on_the_seed_and_show_the_attributes_drawn(tmp_path: Path) -> None:
    def prompts(seed: int) -> list[str]:
        writer = Scripted(obedient)
        attributes = {"dish": [f"dish {number}" for number in range(50)]}
        generate_examples(replace(wanted(attributes=attributes), seed=seed), writer, name="script")
        return [prompt.user for prompt in writer.asked]

    assert prompts(0) == prompts(0) != prompts(1)
    assert all("For this example: dish: dish " in prompt for prompt in prompts(0))
    assert len({prompt.split("dish: dish ")[1].split(".")[0] for prompt in prompts(0)}) > 1


def test_nothing_to_show_or_a_dialogue_is_refused() -> None:
    for given in ([], [replace(GIVEN[0], target=None)]):
        with pytest.raises(DataError, match="labelled"):
            generate_examples(replace(wanted(), examples=given), Scripted(obedient), name="script")


def test_the_journal_holds_one_reply_a_line(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    generate_examples(wanted(examples=2), Scripted(obedient), name="script", journal=journal)
    header, *rows = [json.loads(line) for line in journal.read_text().splitlines()]
    assert list(header) == ["generation"]
    assert [row["request"] for row in rows] == [0, 1]
    assert rows[0]["reply"].startswith("### Text\n")
