"""The forward pass of fine-tuning: what rows share is computed once, what nothing learns from not at all."""

from luthier.training.engine.forward import Forward
from luthier.training.engine.grouping import prefix_groups
from luthier.training.engine.layout import Layout, lay_out
from luthier.training.engine.meter import EngineReport, Meter, Savings

__all__ = ["EngineReport", "Forward", "Layout", "Meter", "Savings", "lay_out", "prefix_groups"]
