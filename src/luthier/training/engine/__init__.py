"""The forward pass of fine-tuning: what rows share is computed once, what nothing learns from not at all."""

from luthier.training.engine.forward import Forward
from luthier.training.engine.grouping import prefix_groups
from luthier.training.engine.layout import Layout, lay_out

__all__ = ["Forward", "Layout", "lay_out", "prefix_groups"]
