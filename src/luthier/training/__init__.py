"""The step: batches, loss, trainer, resume, progress."""

from luthier.training.options import EarlyStopping, TrainingOptions
from luthier.training.probe import Probe, evaluation_count, predict_seconds, probe
from luthier.training.result import HistoryRow, TrainResult
from luthier.training.sampler import batch_size
from luthier.training.train import check_rows, check_tokens, max_length, train

__all__ = [
    "EarlyStopping",
    "HistoryRow",
    "Probe",
    "TrainResult",
    "TrainingOptions",
    "batch_size",
    "check_rows",
    "check_tokens",
    "evaluation_count",
    "max_length",
    "predict_seconds",
    "probe",
    "train",
]
