"""A model's raw text to a `Prediction`, whether it was generated here or anywhere else."""

from __future__ import annotations

from luthier.design import Reading, SampleWriter
from luthier.inference.prediction import Prediction
from luthier.tasks.example import Example


def read_prediction(writer: SampleWriter, text: str, example: Example) -> Prediction:
    """Reads a raw text leniently; never raises, whatever the text.

    Args:
        writer: Of the design that the text was meant to follow.
        text: With or without what ends an answer.
        example: That the text answers; its target is not looked at.
    """
    return from_reading(writer, writer.read(text, example), text, example)


def from_reading(writer: SampleWriter, reading: Reading, text: str, example: Example) -> Prediction:
    """Turns a reading into a prediction without confidence."""
    return Prediction(example.id, writer.target(reading, example), text, deviations=reading.deviations)
