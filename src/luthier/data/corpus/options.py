"""What a pretraining recipe may say of its text: the sources, and which documents are kept."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class CorpusSection(BaseModel):
    """Base of the corpus's sections: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Source(CorpusSection):
    """One file of documents and how often it is drawn from."""

    path: Path
    """JSON Lines with a `text` field, or plain text with blank lines between documents; `.gz` is unpacked."""

    share: float = Field(gt=0)
    """Weight of the source among the rows that are trained on; the weights need not sum to 1."""

    unwrap: bool = False
    """Join the lines of a paragraph, for text that was printed at a fixed width."""

    @property
    def name(self) -> str:
        """The file's name without its suffixes: what logs and reports call the source."""
        return self.path.name.split(".")[0]


class Cleaning(CorpusSection):
    """Which documents are worth a small model's time."""

    min_characters: int = Field(default=120, ge=1)
    """Shortest document kept, in characters, where a Chinese character counts as three."""

    max_symbols: float = Field(default=0.25, ge=0, le=1)
    """Largest share of digits and symbols (spaces and common punctuation aside) in a kept document."""
