"""`CleanOptions`: which rules mend the texts and which records are left out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from luthier.data.cleaning.markup import Html
from luthier.data.cleaning.masks import Mask
from luthier.data.cleaning.rules import Compatibility, Invisible, Repair, Repeats, Rule, Simplified, Spaces
from luthier.tasks import Generation, Task
from luthier.text import Language


def _switch(value: Any) -> Any:
    """`true` is a rule with its defaults."""
    if isinstance(value, str) and value != "auto":
        raise ValueError(f"is {value!r}; allowed: true, false, or a mapping of the rule's own options")
    return {} if value is True else value


class CleanOptions(BaseModel):
    """Rules for texts, in the order in which they apply, and limits that a record has to keep."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    html: Annotated[
        Html | Literal[False, "auto"],
        BeforeValidator(_switch, json_schema_input_type=Literal["auto"] | bool | Html),
    ] = "auto"
    """Take out HTML's tags and comments, and write its entities as the characters that they stand for.
    `auto`: for every task but `generation`, whose texts may be about markup."""
    repair: Annotated[
        Repair | Literal[False], BeforeValidator(_switch, json_schema_input_type=bool | Repair)
    ] = Repair()
    """Mend text that was decoded wrongly (`CafÃ©`)."""
    invisible: Annotated[
        Invisible | Literal[False], BeforeValidator(_switch, json_schema_input_type=bool | Invisible)
    ] = Invisible()
    """Take out control and zero-width characters; write line breaks alike."""
    compatibility: Annotated[
        Compatibility | Literal[False], BeforeValidator(_switch, json_schema_input_type=bool | Compatibility)
    ] = False
    """Unicode's NFKC: full-width letters, digits and punctuation become ordinary ones."""
    simplified: Annotated[
        Simplified | Literal[False], BeforeValidator(_switch, json_schema_input_type=bool | Simplified)
    ] = False
    """Traditional Chinese characters become simplified ones."""
    repeats: Annotated[
        Repeats | Literal[False, "auto"],
        BeforeValidator(_switch, json_schema_input_type=Literal["auto"] | bool | Repeats),
    ] = "auto"
    """One mark many times over (`!!!!!!!`) stays `keep` times, 3 unless said; marks whose number says
    something (★★★★★, $$$$) stay. `auto`: for every task but `generation`, whose texts may hold tables."""
    spaces: Annotated[
        Spaces | Literal[False, "auto"],
        BeforeValidator(_switch, json_schema_input_type=Literal["auto"] | bool | Spaces),
    ] = "auto"
    """One space where there are several, at most one blank line, none at the ends. `auto`: for every task but
    `generation`, whose texts may hold code."""
    mask: Annotated[Mask | Literal[False], BeforeValidator(_switch, json_schema_input_type=bool | Mask)] = (
        False
    )
    """A word in place of e-mail addresses, telephone, identity and card numbers."""
    min_characters: int = Field(default=1, ge=1)
    """Shortest text kept, in characters; 1 leaves out texts that are empty once they are clean."""
    max_characters: int | None = Field(default=None, ge=1)
    """Longest text kept, in characters; None: any."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Longest text kept, in the model's own tokens; None: any."""
    languages: tuple[Language, ...] = ()
    """Keep texts in these languages alone; a text too short to tell stays. Empty: any."""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, values: Any) -> Any:
        """`default` is these defaults, `none` changes nothing."""
        if values == "default":
            return {}
        if values == "none":
            return dict.fromkeys(RULES, False)
        if isinstance(values, str):
            raise ValueError(f"is {values!r}; allowed: default, none, or a mapping of rules")  # noqa: TRY004
        return values

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.max_characters is not None and self.max_characters < self.min_characters:
            raise ValueError("max_characters is below min_characters")
        return self

    def rules(self, task: Task | None = None) -> Mapping[str, Rule]:
        """Returns the rules that are on for a task by their name, in the order in which they apply."""
        return self._by_task[isinstance(task, Generation)]

    @cached_property
    def _by_task(self) -> Mapping[bool, Mapping[str, Rule]]:
        """Whether the texts are free ones of a `generation` task, to the rules that are on."""
        usual: dict[str, Rule] = {"html": Html(), "repeats": Repeats(), "spaces": Spaces()}
        given = {name: getattr(self, name) for name in RULES}
        explicit = {name: rule for name, rule in given.items() if isinstance(rule, Rule)}
        every = {name: usual[name] if rule == "auto" else rule for name, rule in given.items()}
        return {True: explicit, False: {name: rule for name, rule in every.items() if isinstance(rule, Rule)}}


RULES = ("html", "repair", "invisible", "compatibility", "simplified", "repeats", "spaces", "mask")
"""Names of the rules in the order in which they apply: what an entity stands for is looked at by the next."""
