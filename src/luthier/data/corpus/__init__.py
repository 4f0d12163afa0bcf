"""Documents for pretraining: read, cleaned, duplicates dropped, a share held out, every drop counted."""

from luthier.data.corpus.loading import Documents, clean_text, drop_reason, load_source, read_documents
from luthier.data.corpus.options import Cleaning, Source

__all__ = ["Cleaning", "Documents", "Source", "clean_text", "drop_reason", "load_source", "read_documents"]
