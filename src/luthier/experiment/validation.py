"""A YAML file as options: every mistake in it at once, each with its line."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from luthier.errors import Problem
from luthier.experiment.source import Source
from luthier.invalid import explain

Options = TypeVar("Options", bound=BaseModel)


def validate(model: type[Options], source: Source) -> tuple[Options | None, list[Problem]]:
    """Validates a whole YAML file; returns the options, or None and every problem found."""
    try:
        return model.model_validate(source.values), []
    except ValidationError as error:
        mistakes = explain(error, model, source.values)
        return None, [source.problem(item.path, item.message, item.allowed, item.hint) for item in mistakes]
