"""What a pretraining recipe may say of its text: the sources, and which documents are kept."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from luthier.text import Language


class CorpusSection(BaseModel):
    """Base of the corpus's sections: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Source(CorpusSection):
    """One file of documents and how often it is drawn from."""

    path: Path
    """Plain text (`.txt`), or records with a column of text: JSON Lines, JSON, CSV, TSV (all of them also
    `.gz`), Parquet, or a saved dataset's folder. Relative to the recipe's folder."""

    share: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Weight of the source among the rows that are trained on; the weights need not sum to 1."""

    language: Language | None = None
    """Language of the source, which bits per byte are added up by; null: guessed from the first documents."""

    column: str = Field(default="text", min_length=1)
    """The column that holds the text of a record."""

    separator: Literal["blank-line", "line", "none"] = "blank-line"
    """What stands between the documents of plain text; `none`: the file is one document."""

    unwrap: bool = False
    """Join the lines of a paragraph, for text that was printed at a fixed width."""

    wiki: bool = False
    """Mend text that was extracted from a wiki: remains of markup, brackets that a template left empty,
    headings and openings of lists with nothing below; pages that are lists are dropped."""

    encoding: str = "utf-8"
    """How a text file is encoded; a byte order mark decides over it."""

    name: str = ""
    """What logs and reports call the source; by default the file's name without its suffixes."""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, values: Any) -> Any:
        if (
            not isinstance(values, dict)
            or values.get("name")
            or not isinstance(values.get("path"), str | Path)
        ):
            return values
        return values | {"name": Path(values["path"]).name.split(".")[0]}

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        try:
            codecs.lookup(value)
        except LookupError:
            raise ValueError(f"encoding {value!r} is not known; for example utf-8, gb18030, big5") from None
        return value


class Cleaning(CorpusSection):
    """Which documents are kept."""

    min_characters: int = Field(default=120, ge=1)
    """Shortest document kept, in characters, where a Chinese character counts as three."""

    max_symbols: float = Field(default=0.25, ge=0, le=1)
    """Largest share of digits and symbols (spaces and common punctuation aside) in a kept document."""

    near_duplicates: float | None = Field(default=0.8, ge=0.7, le=1)
    """A document is dropped where an earlier one, of any source, shares this much of its 5-grams of
    characters (Jaccard index) or more, so that no held-out document has a near twin that is trained on;
    null: equal documents alone are dropped."""
