"""Text to pretrain on: read, mended, without equal or nearly equal documents, a share held out."""

from __future__ import annotations

from luthier.data.corpus.loading import Corpus, Documents, Dropped, Place, load_corpus
from luthier.data.corpus.options import Cleaning, Source
from luthier.data.corpus.reading import RawDocument, check_sources, read_documents

__all__ = [
    "Cleaning",
    "Corpus",
    "Documents",
    "Dropped",
    "Place",
    "RawDocument",
    "Source",
    "check_sources",
    "load_corpus",
    "read_documents",
]
