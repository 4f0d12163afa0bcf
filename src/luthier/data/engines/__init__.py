"""Where a stage runs: in this process, in several, on a Ray cluster. What comes out is the same."""

from luthier.data.engines.base import Done, Engine, Report, Stage
from luthier.data.engines.mapping import ENGINES, EngineName, StageRun, map_stage

__all__ = ["ENGINES", "Done", "Engine", "EngineName", "Report", "Stage", "StageRun", "map_stage"]
