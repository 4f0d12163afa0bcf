"""The bench: the tools that every stage of one run shares, opened once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from luthier.data.cleaning import CleanOptions, CountTokens
from luthier.design import Sample, SampleWriter
from luthier.errors import Problem, RecipeError
from luthier.experiment.folds import fold_groups
from luthier.experiment.recipe import Recipe
from luthier.inference import answer_tokens
from luthier.models import ModelOptions, chat_template, encode, load_tokenizer
from luthier.tasks import Task
from luthier.tasks.example import Example

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from luthier.design import ChatTemplate


@dataclass(frozen=True, slots=True)
class Bench:
    """What writes and reads samples in one run.

    Attributes:
        recipe: The run's recipe.
        tokenizer: The base model's.
        chat: The template that samples are laid out with; None for the plain layout.
    """

    recipe: Recipe
    tokenizer: PreTrainedTokenizerBase
    chat: ChatTemplate | None

    @classmethod
    def open(cls, recipe: Recipe, tokenizer: PreTrainedTokenizerBase | None = None) -> Bench:
        """Loads the tokenizer where it is not given, and settles the layout.

        Raises:
            RecipeError: Where `design.chat` asks for a template that the tokenizer does not have.
        """
        tokenizer = tokenizer or load_tokenizer(recipe.model)
        chat = None if recipe.design.chat == "plain" else chat_template(tokenizer)
        if recipe.design.chat == "template" and chat is None:
            problem = Problem(
                f"the tokenizer of {recipe.model.name} has no chat template",
                field="design.chat",
                allowed="auto, plain",
            )
            raise RecipeError("The recipe does not fit the model:", [problem])
        return cls(recipe, tokenizer, chat)

    def writer(self, task: Task | None = None, seed: int | None = None) -> SampleWriter:
        """Returns the writer of samples for a task, by default the recipe's own."""
        return SampleWriter(
            self.recipe.design,
            task or self.recipe.task,
            chat=self.chat,
            eos=str(self.tokenizer.eos_token),
            seed=self.recipe.seed if seed is None else seed,
        )

    def answer_tokens(self, examples: Iterable[Example]) -> int:
        """Returns the tokens that an answer may need, judged by the label space and by labelled examples."""
        return answer_tokens(self.writer(), self.tokenizer, self.recipe.task, examples)

    def render(self, sample: Sample) -> dict[str, Any]:
        """Returns a sample as `samples.jsonl` holds it: its segments uncut, and its tokens counted."""
        encoded = encode(sample, self.tokenizer)
        return {
            "id": sample.id,
            "tokens": len(encoded.input_ids),
            "supervised_tokens": encoded.supervised,
            "segments": [asdict(segment) for segment in sample.segments],
        }


def token_counter(model: ModelOptions, clean: CleanOptions) -> CountTokens | None:
    """Returns what counts a text in the model's tokens; None where no rule asks for it.

    Raises:
        UserError: Where there is no such model.
    """
    if clean.max_tokens is None:
        return None
    return partial(_count_tokens, load_tokenizer(model))


def _count_tokens(tokenizer: PreTrainedTokenizerBase, text: str) -> int:
    return len(tokenizer(text, add_special_tokens=False)["input_ids"])


def require_fitting(recipe: Recipe, train: Sequence[Example]) -> None:
    """Refuses a recipe that asks of the training examples what they do not have.

    Raises:
        RecipeError: Where there are fewer examples than folds, or reasons that the design wants are missing.
        UserError: Where fewer examples than folds are independent of each other.
    """
    require_reasons(recipe, train)
    folds = recipe.evaluation.folds
    if folds > len(train):
        problem = Problem(
            f"{folds} folds need as many training examples, and there are {len(train)}",
            field="evaluation.folds",
            allowed=f"1 to {len(train)}",
        )
        raise RecipeError("The evaluation does not fit the data:", [problem])
    if folds > 1:
        fold_groups(train, folds, by_group=recipe.data.group is not None)


def require_reasons(recipe: Recipe, examples: Iterable[Example]) -> None:
    """Refuses a reasoning design over examples without reasons.

    Raises:
        RecipeError: With how many examples lack a reason for a field that has a value, and the first of them.
    """
    if not recipe.design.needs_reasons:
        return
    total, lacking = 0, []
    for example in examples:
        total += 1
        answer = recipe.task.answer(example)
        without = [name for name, values in answer.items() if values and name not in example.reasons]
        if without:
            lacking.append((example.origin, without))
    if lacking:
        origin, names = lacking[0]
        shown = ", ".join(name or "the label" for name in names)
        problem = Problem(
            f"asks for reasons, but {len(lacking)} of {total} examples lack them"
            f" ({origin} has none for {shown})",
            field="design.reasoning",
            allowed="none, or data with reasons",
            hint='add "reasons": {"food": "..."} to the records, or set design.reasoning: none',
        )
        raise RecipeError("The design does not fit the data:", [problem])
