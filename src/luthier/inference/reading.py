"""A model's raw text to a `Prediction`, whether it was generated here or anywhere else."""

from __future__ import annotations

from luthier.design import SampleWriter
from luthier.design.reading import Deviation, DeviationKind, Reading
from luthier.inference.prediction import Prediction
from luthier.tasks.example import UNPLACED, Entity, Example


def read_prediction(writer: SampleWriter, text: str, example: Example) -> Prediction:
    """Reads a raw text leniently; never raises, whatever the text.

    Args:
        writer: Of the design that the text was meant to follow.
        text: Without EOS.
        example: That the text answers; its target is not looked at.
    """
    return from_reading(writer, writer.read(text, example), text, example)


def from_reading(writer: SampleWriter, reading: Reading, text: str, example: Example) -> Prediction:
    """Turns a reading into a prediction; entities that the input does not contain become deviations."""
    value = writer.target(reading, example)
    unplaced = [item for item in value if isinstance(item, Entity) and item.start == UNPLACED]
    known = {(item.kind, item.detail) for item in reading.deviations}
    extra = [Deviation(DeviationKind.NOT_IN_TEXT, item.text) for item in unplaced]
    added = [item for item in extra if (item.kind, item.detail) not in known]
    return Prediction(example.id, value, text, deviations=(*reading.deviations, *added))
