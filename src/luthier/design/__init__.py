"""Sample design: an example to the text a model reads and writes, and any text back to an answer."""

from luthier.design.chat import ChatTemplate
from luthier.design.checks import check
from luthier.design.formats import AnyFormat, Format, Json, Lines, Natural, Pairs, Style, Written
from luthier.design.options import STRATEGIES, Design
from luthier.design.reading import Deviation, DeviationKind, Reading
from luthier.design.sample import Role, Sample, Segment
from luthier.design.writer import Candidates, SampleWriter

__all__ = [
    "STRATEGIES",
    "AnyFormat",
    "Candidates",
    "ChatTemplate",
    "Design",
    "Deviation",
    "DeviationKind",
    "Format",
    "Json",
    "Lines",
    "Natural",
    "Pairs",
    "Reading",
    "Role",
    "Sample",
    "SampleWriter",
    "Segment",
    "Style",
    "Written",
    "check",
]
