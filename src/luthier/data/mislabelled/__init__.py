"""Examples whose label is probably wrong, ranked by what a model says that did not learn them.

The room knows no model: probabilities or predictions come in, each made by a model that was trained without
the example in question. `luthier.experiment.mislabelled` makes them.
"""

from luthier.data.mislabelled.answers import rank_answers
from luthier.data.mislabelled.labels import rank_labels
from luthier.data.mislabelled.spans import Tags, rank_spans, tokens
from luthier.data.mislabelled.suspect import MislabelledReport, Suspect

__all__ = ["MislabelledReport", "Suspect", "Tags", "rank_answers", "rank_labels", "rank_spans", "tokens"]
