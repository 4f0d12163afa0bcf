"""From a recipe's files to rows of tokens. The run's folder keeps the tokenizer; the rest is redone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from luthier.data.corpus import Corpus, load_corpus
from luthier.models import load_tokenizer
from luthier.training.pretraining.options import Pretraining
from luthier.training.pretraining.packing import MeasuredRows, pack_documents, pack_measured
from luthier.training.pretraining.tokenizer import train_tokenizer

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Prepared:
    """Everything the loop reads: the tokenizer, and rows of token ids by source name."""

    tokenizer: "PreTrainedTokenizerBase"
    training: "dict[str, NDArray[Any]]"
    held_out: dict[str, MeasuredRows]
    counts: dict[str, dict[str, Any]]
    corpus: Corpus


def prepare(recipe: Pretraining) -> Prepared:
    """Clean the sources, obtain the tokenizer (the base's, the run folder's or a new one), pack the rows."""
    corpus = load_corpus(recipe.sources, recipe.cleaning, held_out=recipe.held_out, seed=recipe.seed)
    sources = corpus.sources
    tokenizer = _tokenizer(recipe, corpus)
    length = recipe.optimisation.row_length
    training = {name: pack_documents(texts.training, tokenizer, length) for name, texts in sources.items()}
    held_out = {name: pack_measured(texts.held_out, tokenizer, length) for name, texts in sources.items()}
    counts = {
        name: {
            "language": texts.language,
            "read": texts.read,
            "documents": len(texts.training),
            "held_out": len(texts.held_out),
            "dropped": dict(texts.dropped),
            "characters": sum(map(len, texts.training)),
            "tokens": int(training[name].size),
        }
        for name, texts in sources.items()
    }
    return Prepared(tokenizer, training, held_out, counts, corpus)


def _tokenizer(recipe: Pretraining, corpus: Corpus) -> "PreTrainedTokenizerBase":
    from transformers import PreTrainedTokenizerFast

    if recipe.from_ is not None:
        return load_tokenizer(recipe.from_)
    assert recipe.vocabulary is not None
    folder = recipe.output / "tokenizer"
    if folder.exists():
        saved: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(folder)
        return saved
    texts: list[str] = []
    for documents in corpus.sources.values():
        room = recipe.vocabulary.characters
        for text in documents.training:
            if room <= 0:
                break
            texts.append(text)
            room -= len(text)
    tokenizer = train_tokenizer(texts, recipe.vocabulary.size, recipe.vocabulary.alphabet)
    tokenizer.save_pretrained(folder)
    return tokenizer
