"""What is predicted: one module a task type."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field as _Option

from luthier.tasks.answer import Answer, AnswerSchema, Field, FieldKind
from luthier.tasks.aspects import Aspects
from luthier.tasks.base import RecordError, Task
from luthier.tasks.classification import Classification
from luthier.tasks.example import (
    UNPLACED,
    Entity,
    Example,
    Target,
    Turn,
    target_from_json,
    target_to_json,
)
from luthier.tasks.extraction import Extraction
from luthier.tasks.generation import Generation

AnyTask = Annotated[Classification | Aspects | Extraction | Generation, _Option(discriminator="type")]
"""The recipe's `task` section: `type` chooses the class."""

__all__ = [
    "UNPLACED",
    "Answer",
    "AnswerSchema",
    "AnyTask",
    "Aspects",
    "Classification",
    "Entity",
    "Example",
    "Extraction",
    "Field",
    "FieldKind",
    "Generation",
    "RecordError",
    "Target",
    "Task",
    "Turn",
    "target_from_json",
    "target_to_json",
]
