"""The recipe's `design` section: a named strategy and every option of a design, always fully resolved."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic import Field as Option

from luthier.design.formats import AnyFormat, Lines, Natural, Pairs, Reasoning, Style
from luthier.text import Language

Strategy = Literal["es-sde", "ew-sde", "heuristic", "custom"]
Pool = Literal["default", "summary", "title"]

STRATEGIES: dict[Strategy, dict[str, Any]] = {
    "es-sde": {"instruction": "first", "format": Lines(), "unmentioned": "placeholder"},
    "ew-sde": {"instruction": "last", "format": Natural(), "unmentioned": "omit"},
    "heuristic": {"instruction": "first", "format": Pairs(), "unmentioned": "omit"},
    "custom": {},
}
"""What each strategy sets (Guo et al. 2024, arXiv 2404.13033); every other option has its default."""


class Design(BaseModel):
    """How an example becomes the text that a model reads and writes.

    The strategy fills what is not given, so that a validated design names every option and reading its own
    dump gives it back. The paper's baseline is `Design(strategy="custom", instruction="last",
    format="natural")`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    strategy: Strategy = "es-sde"
    """Where options that are not given come from; `custom` has the defaults of `es-sde`."""
    instruction: Literal["first", "last", "none"] = "first"
    """Where the task text stands: before the input, after it, or nowhere."""
    instructions: Pool | tuple[str, ...] = "default"
    """Wordings of the instruction, one drawn for each example: a shipped pool (`default` for the task,
    `summary` or `title` for generation), or a list of your own, in which `{fields}`, `{labels}`,
    `{unmentioned}`, `{name}`, `{value}` and `{format}` are filled in (`{{` for a brace)."""
    wording: int | None = Option(default=None, ge=0)
    """Position (from 0) of the one wording for every example; None draws by the seed and the example's id."""
    loss_on: Literal["output", "all"] = "output"
    """Whether the loss counts the answer only (No-MI) or the prompt too (MI)."""
    format: AnyFormat = Lines()
    """How an answer is written: `natural`, `lines`, `json` or `pairs`."""
    unmentioned: Literal["placeholder", "omit"] = "placeholder"
    """Whether a field without a value is written with a placeholder (PU) or left out (OU)."""
    labels: Literal["text", "number"] = "text"
    """Whether labels are words (TxtLabel) or the task's numbers (NumLabel)."""
    reasoning: Reasoning = "none"
    """Whether a description stands before the value (CoT), after it (R-CoT), or not at all; needs
    `format: json` and reasons in the data."""
    chat: Literal["auto", "plain", "template"] = "auto"
    """Whether the prompt uses the tokenizer's chat template; `auto`: where it has one."""

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        strategy = values.get("strategy", "es-sde")
        return {**STRATEGIES[strategy], **values} if strategy in get_args(Strategy) else values

    @property
    def needs_reasons(self) -> bool:
        """Whether training examples must carry reasons."""
        return self.reasoning != "none"

    def style(self, language: Language) -> Style:
        """Returns what a format needs to know of the design."""
        return Style(language, self.unmentioned, self.reasoning)
