"""The report: one self-contained HTML page about a run, written from the run's folder alone."""

from __future__ import annotations

from luthier.report.page import write_report
from luthier.report.pretraining import write_pretraining_report

__all__ = ["write_pretraining_report", "write_report"]
