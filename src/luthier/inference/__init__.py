"""Generate, score labels, predict: from examples to predictions with a trained model."""

from luthier.inference.budget import answer_tokens
from luthier.inference.prediction import Prediction
from luthier.inference.predictor import Decode, Predictor
from luthier.inference.reading import read_prediction
from luthier.inference.scorer import LabelScorer

__all__ = ["Decode", "LabelScorer", "Prediction", "Predictor", "answer_tokens", "read_prediction"]
