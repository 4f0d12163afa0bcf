"""Metrics, baselines, intervals and tests, format errors: how good predictions are, and how sure that is."""

from luthier.evaluation.baselines import Baseline, fit_baselines
from luthier.evaluation.calibration import Calibration, fit_calibration
from luthier.evaluation.evaluate import evaluate
from luthier.evaluation.options import EvaluationOptions
from luthier.evaluation.score import score_predictions, to_score_json
from luthier.evaluation.scores import Confusion, FormatErrors, Score, Scores
from luthier.evaluation.significance import Difference, compare, mcnemar

__all__ = [
    "Baseline",
    "Calibration",
    "Confusion",
    "Difference",
    "EvaluationOptions",
    "FormatErrors",
    "Score",
    "Scores",
    "compare",
    "evaluate",
    "fit_baselines",
    "fit_calibration",
    "mcnemar",
    "score_predictions",
    "to_score_json",
]
