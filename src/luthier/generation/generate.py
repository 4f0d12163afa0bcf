"""The stage: ask, read, filter, until there are enough new examples or the budget is used up."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from luthier.design import Design
from luthier.errors import DataError, Problem
from luthier.generation.filtering import Judge, Known, length_bounds
from luthier.generation.form import ExampleForm
from luthier.generation.journal import Journal
from luthier.generation.options import GenerateOptions
from luthier.generation.plan import Plan, Planner
from luthier.generation.prompt import write_prompt
from luthier.generation.report import GenerateReport, Stopped
from luthier.generation.writing import Prompt, Reply, Sampling, TextWriter
from luthier.tasks import Example, Task, target_to_json
from luthier.text import shorten

_log = logging.getLogger(__name__)

_IN_VAIN = 60
"""Requests on end without a new example after which asking on is taken for a waste."""

_SHOWN = 3
"""Replies that a report shows for each reason."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be generated, and from what.

    Attributes:
        examples: The given ones, labelled.
        task: Theirs.
        design: How answers are written and read.
        options: How many, on which conditions.
        seed: Decides what every request asks for.
        held_out: By name, examples whose texts no new one may repeat, test sets above all.
    """

    examples: Sequence[Example]
    task: Task
    design: Design
    options: GenerateOptions
    seed: int = 0
    held_out: Mapping[str, Sequence[Example]] | None = None


@dataclass(frozen=True, slots=True)
class Generated:
    """A new example, and where it comes from.

    Attributes:
        example: With an id of its own.
        provenance: Who wrote it, in which request, shown which examples, asked for which attributes.
    """

    example: Example
    provenance: Mapping[str, Any]


def generate_examples(
    wanted: Wanted, writer: TextWriter, *, name: str, journal: Path | None = None, judge: Judge | None = None
) -> tuple[list[Generated], GenerateReport]:
    """Generates labelled examples.

    Replies that the journal holds are not asked for again, so an interrupted call goes on where it stopped,
    and a call with a larger budget goes on from a smaller one. Requests depend on the given examples, the
    options and the seed alone, and on what came of earlier requests.

    Args:
        wanted: What.
        writer: Who writes.
        name: The writer's, for provenance.
        journal: File of the replies; None keeps none.
        judge: What a trained model says of examples; one that it labels otherwise is left out.

    Raises:
        DataError: Where there is no labelled example to show, or the examples are dialogues.
        UserError: Where the journal is that of something else.
        LuthierError: Where the writer fails; what it wrote is in the journal.
    """
    _check(wanted)
    with Journal(journal, _identity(wanted, name)) as kept:
        generator = Generator(wanted, writer, name, kept, judge)
        return generator.run()


def _check(wanted: Wanted) -> None:
    if not wanted.examples:
        raise DataError(
            "Nothing can be generated:",
            [Problem("there is no example", allowed="at least one labelled record, better five a label")],
        )
    for example in wanted.examples:
        if example.target is None or example.history:
            found = "has no label" if example.target is None else "is a dialogue of several turns"
            raise DataError(
                "Nothing can be generated:",
                [Problem(f"{example.origin or example.id}: {found}", allowed="labelled single turns")],
            )


def _identity(wanted: Wanted, name: str) -> Any:
    # A budget may grow from call to call; the judge is asked anew.
    free = {"examples", "max_requests", "max_tokens", "min_characters", "max_characters", "agree", "model"}
    return {
        "examples": [wanted.task.record(example) for example in wanted.examples],
        "task": wanted.task.model_dump(mode="json"),
        "design": wanted.design.model_dump(mode="json"),
        "options": wanted.options.model_dump(mode="json", exclude=free),
        "seed": wanted.seed,
        "writer": name,
    }


class Generator:
    """One generation; see `generate_examples`."""

    def __init__(
        self, wanted: Wanted, writer: TextWriter, name: str, journal: Journal, judge: Judge | None
    ) -> None:
        options = wanted.options
        self._wanted = wanted
        self._writer = writer
        self._name = name
        self._journal = journal
        self._judge = judge
        self._planner = Planner(wanted.examples, wanted.task, options, wanted.seed)
        self._form = ExampleForm(wanted.task, wanted.design, wanted.examples[0])
        self._known = Known({"a given example": wanted.examples} | dict(wanted.held_out or {}))
        self._bounds = length_bounds(options, wanted.examples)
        self._sampling = Sampling(options.temperature, options.top_p, options.reply_tokens)
        self._kept: list[Generated] = []
        self._asked = self._before = self._tokens = self._in_vain = 0
        self._left_out: Counter[str] = Counter()
        self._shown: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def run(self) -> tuple[list[Generated], GenerateReport]:
        """Asks until `_stopped` says why not to; returns what was kept."""
        options = self._wanted.options
        while (stopped := self._stopped()) is None:
            missing = options.examples - len(self._kept)
            count = min(self._writer.batch, missing, options.most_requests - self._asked)
            plans = [self._planner.plan(self._asked + number) for number in range(count)]
            before = len(self._kept)
            self._settle(plans, self._replies([write_prompt(plan, self._form) for plan in plans]))
            self._asked += count
            self._in_vain = 0 if len(self._kept) > before else self._in_vain + count
            _log.info("  %d of %d examples from %d requests", len(self._kept), options.examples, self._asked)
        return self._kept, self._report(stopped)

    def _stopped(self) -> Stopped | None:
        options = self._wanted.options
        if len(self._kept) >= options.examples:
            return "enough"
        if self._asked >= options.most_requests:
            return "requests"
        if options.max_tokens is not None and self._tokens >= options.max_tokens:
            return "tokens"
        return "nothing kept" if self._in_vain >= _IN_VAIN else None

    def _replies(self, prompts: Sequence[Prompt]) -> list[Reply]:
        known = [self._journal.find(prompt) for prompt in prompts]
        missing = [prompt for prompt, reply in zip(prompts, known, strict=True) if reply is None]
        self._before += len(prompts) - len(missing)
        if missing:
            for prompt, reply in self._writer.write(missing, self._sampling):
                self._journal.add(prompt, reply)
        return [self._journal.reply(prompt) for prompt in prompts]

    def _settle(self, plans: Sequence[Plan], replies: Sequence[Reply]) -> None:
        passed: list[tuple[Plan, Reply, Example]] = []
        for plan, reply in zip(plans, replies, strict=True):
            self._tokens += reply.tokens
            example, reason, detail = self._judged_by_rules(plan, reply)
            if example is None:
                self._leave_out(plan, reply, reason, detail)
            else:
                passed.append((plan, reply, example))
        said = self._judge([example for *_, example in passed]) if self._judge and passed else None
        for number, (plan, reply, example) in enumerate(passed):
            if said is not None and said[number] != example.target:
                self._leave_out(plan, reply, "disagreement", str(target_to_json(said[number])))
            else:
                self._kept.append(Generated(example, self._provenance(plan)))

    def _judged_by_rules(self, plan: Plan, reply: Reply) -> tuple[Example | None, str, str]:
        text = self._form.opening + reply.text if reply.is_plain else reply.text
        asked = plan.asked.target if self._form.asks_target else None
        read = self._form.read(text, asked, f"generated-{plan.number}", is_plain=reply.is_plain)
        if not reply.ended:
            return None, "cut off", shorten(reply.text[-60:])
        if read.example is None:
            return None, read.kind, read.detail
        least, most = self._bounds
        length = len(read.example.text)
        if not least <= length <= most:
            return None, "too short" if length < least else "too long", f"{length} characters"
        if reason := self._known.why_not(read.example):
            return None, reason, shorten(read.example.text)
        given = plan.asked
        example = replace(
            read.example,
            language=given.language,
            domain=given.domain,
            origin=f"{self._name}, request {plan.number}",
        )
        return example, "", ""

    def _leave_out(self, plan: Plan, reply: Reply, reason: str, detail: str) -> None:
        self._planner.give_up(plan, self._wanted.task)
        self._left_out[reason] += 1
        if len(self._shown[reason]) < _SHOWN:
            entry = {"request": plan.number, "reply": shorten(reply.text, 300), "detail": detail}
            self._shown[reason].append(entry)

    def _provenance(self, plan: Plan) -> dict[str, Any]:
        return {
            "by": self._name,
            "request": plan.number,
            "shown": [example.id for example in plan.shown],
            "attributes": dict(plan.attributes),
        }

    def _report(self, stopped: Stopped) -> GenerateReport:
        task = self._wanted.task
        labels = Counter(label for item in self._kept for label in task.strata(item.example))
        return GenerateReport(
            writer=self._name,
            wanted=self._wanted.options.examples,
            kept=len(self._kept),
            requests=self._asked,
            answered_before=self._before,
            tokens=self._tokens,
            labels=dict(sorted(labels.items())),
            left_out=dict(self._left_out.most_common()),
            shown=dict(self._shown),
            stopped=stopped,
        )
