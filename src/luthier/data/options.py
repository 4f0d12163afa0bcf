"""The recipe's `data` section: which files, and how their columns and labels are called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from luthier.augment.any import Augmenters
from luthier.data.balance import AnyBalance, NoBalance
from luthier.data.cleaning.options import CleanOptions
from luthier.tasks.record import as_name

DuplicateMode = Literal["report", "equal", "near"]
LeakMode = Literal["remove", "report"]
DEFAULT_VALIDATION = 0.1


def _as_text(value: Any) -> Any:
    """Takes what YAML makes of an unquoted name for the name: `label_map: {1: positive, true: positive}`."""
    return value if isinstance(value, str) else as_name(value)


def _check_encoding(value: str) -> str:
    try:
        "".encode(value)
    except (LookupError, ValueError):
        raise ValueError(f"unknown encoding {value!r}; examples: utf-8, gb18030, latin-1") from None
    return value


Name = Annotated[str, BeforeValidator(_as_text, json_schema_input_type=str | int)]
"""A name in the user's files, which may be a number there."""

_Path = Annotated[str, Field(min_length=1)]
_Encoding = Annotated[str, AfterValidator(_check_encoding)]
_OR_WORD = BeforeValidator(
    lambda value: value, json_schema_input_type=Literal["default", "none"] | CleanOptions
)
"""Tells editors what `CleanOptions` takes anyway: a word for all of it."""

_FILE_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"


class ReadOptions(BaseModel):
    """How to read one data file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: dict[str, Name] = Field(default_factory=dict)
    """Our column name to the file's: `{text: review, label: sentiment}`."""
    label_map: dict[Name, Name] = Field(default_factory=dict)
    """The file's label (or entity type) to ours: `{1: positive, 0: negative}`."""
    encoding: _Encoding = "utf-8"
    """Text encoding of the file, e.g. `gb18030`. A byte order mark is always understood."""
    split: str | None = None
    """Split of a Hugging Face dataset. Default: the one named like the role (train, validation, test)."""

    def with_group(self, column: str | None) -> Self:
        """Returns the same options, the column read as the `group` of a record; None reads none."""
        if column is None:
            return self
        return self.model_copy(update={"columns": {**self.columns, "group": column}})


class TestOptions(BaseModel):
    """One test set. Keys not listed here override the task: `{path: other.jsonl, aspects: [...]}`."""

    __test__ = False  # not a test class, whatever its name says to pytest
    model_config = ConfigDict(frozen=True, extra="allow")

    path: _Path
    """File, saved dataset folder or hub id."""
    columns: dict[str, Name] | None = None
    """As for the training data. Default: the same."""
    label_map: dict[Name, Name] | None = None
    """As for the training data. Default: the same."""
    encoding: _Encoding | None = None
    """As for the training data. Default: the same."""
    split: str | None = None
    """Split of a Hugging Face dataset. Default: `test`."""

    @property
    def space(self) -> Mapping[str, Any]:
        """What this set overrides of the task."""
        return self.model_extra or {}


class DataOptions(ReadOptions):
    """The recipe's `data` section."""

    train: _Path
    """File, saved dataset folder or hub id."""
    validation: _Path | float = DEFAULT_VALIDATION
    """A path, or a share of train (above 0, below 1): stratified, near duplicates kept together."""
    test: _Path | dict[str, _Path | TestOptions] | None = None
    """A path, or several sets by name (`id`, `ood`), or none. One path alone is called `id`."""
    augment: Augmenters = ()
    """Augmenters that make varied copies of the training examples, after the split: a name or `{type: ...}`
    each, or one alone, such as the preset `language-oriented`."""
    unlabelled: _Path | None = None
    """A file whose records need no target."""
    group: Name | None = Field(default=None, min_length=1)
    """Column of train that names what a record belongs to (a user, a document): records of one group stay
    together, in train or validation and within one fold. Default: only near duplicates stay together."""
    balance: AnyBalance = Field(default_factory=NoBalance)
    """What the training samples do about rare classes; validation and test sets stay as they are."""
    clean: Annotated[CleanOptions, _OR_WORD] = CleanOptions()
    """Rules that mend texts and leave records out: `default`, `none`, or a mapping of rules. The texts of
    test sets are mended by the same rules, but for free outputs, and none of their records is left out."""
    duplicates: DuplicateMode = "equal"
    """Which records of train go that repeat an earlier one, text and target alike: `equal` texts, `near` ones
    too, or none (`report`). The same text under different targets always stays, and is listed."""
    leaks: LeakMode = "remove"
    """Whether train gives up the records whose text stands, equal or nearly so, in a validation file or a
    test set (`remove`), or they are only told (`report`)."""

    @field_validator("validation")
    @classmethod
    def _check_share(cls, value: str | float) -> str | float:
        if isinstance(value, float) and not 0 < value < 1:
            raise ValueError(f"a share of train lies between 0 and 1, found {value:g}; or give a path")
        return value

    @field_validator("test")
    @classmethod
    def _check_names(cls, value: Any) -> Any:
        for name in value if isinstance(value, dict) else ():
            if not re.match(_FILE_NAME, name):
                raise ValueError(
                    f"a test set's name becomes a file name: letters, digits, - and _, found {name!r}"
                )
        return value

    @property
    def tests(self) -> Mapping[str, TestOptions]:
        """The test sets by name."""
        if self.test is None:
            return {}
        if isinstance(self.test, str):
            return {"id": TestOptions(path=self.test)}
        return {
            name: TestOptions(path=entry) if isinstance(entry, str) else entry
            for name, entry in self.test.items()
        }

    def reading(self, role: str, test: TestOptions | None = None) -> ReadOptions:
        """Returns how to read one of the files.

        Args:
            role: The dataset split to take where the recipe names none: train, validation, test.
            test: The test set, which may override columns, labels, encoding and split.
        """
        own = {} if test is None else test.model_dump(include={"columns", "label_map", "encoding", "split"})
        given = {key: value for key, value in own.items() if value is not None}
        split = self.split if role == "train" else None
        base = {
            "columns": self.columns,
            "label_map": self.label_map,
            "encoding": self.encoding,
            "split": split or role,
        }
        read = ReadOptions.model_validate({**base, **given})
        return read.with_group(self.group if role == "train" else None)
