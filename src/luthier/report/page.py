"""`write_report`: a run's folder in, its page out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.experiment.folder import RunFolder
from luthier.experiment.verdict import verdict
from luthier.files import write_text
from luthier.report.augmentation import augmentation
from luthier.report.breakdown import confusions, field_charts
from luthier.report.curve import curve
from luthier.report.data import data_section
from luthier.report.engine import engine
from luthier.report.facts import key_facts, repeat
from luthier.report.format_errors import format_errors
from luthier.report.generated import generated
from luthier.report.rendered import rendered_samples
from luthier.report.scores import scores_section
from luthier.report.self_training import self_training_section
from luthier.report.source import RunRecords
from luthier.report.steadiness import steadiness
from luthier.report.words import Words
from luthier.report.worst import worst_errors

if TYPE_CHECKING:
    import jinja2


def write_report(folder: RunFolder) -> Path:
    """Writes `report.html` from what stands in a run's folder: no model, no data files, no network.

    Args:
        folder: The folder of a finished run.

    Returns:
        The page's path.

    Raises:
        UserError: Where the folder lacks recipe, manifest or metrics.
    """
    run = RunRecords.read(folder)
    write_text(folder.report, environment().get_template("page.html.jinja").render(_context(run)))
    return folder.report


def _context(run: RunRecords) -> dict[str, Any]:
    words = Words(run.language)
    return {
        "words": words,
        "t": words.page,
        "name": run.folder.path.resolve().name,
        "verdict": verdict(run.metrics, run.language),
        "facts": key_facts(run, words),
        "scores": scores_section(run, words),
        "self_training": self_training_section(run, words),
        "steadiness": steadiness(run),
        "field_charts": field_charts(run, words),
        "confusions": confusions(run, words),
        "curve": curve(run, words),
        "engine": engine(run, words),
        "format_errors": format_errors(run, words),
        "worst": worst_errors(run, words),
        "samples": rendered_samples(run),
        "data": data_section(run, words),
        "augmentation": augmentation(run, words),
        "generated": generated(run, words),
        "repeat": repeat(run, words),
        "version": run.manifest.get("versions", {}).get("luthier", ""),
    }


def environment() -> jinja2.Environment:
    """Returns what renders the templates; a name that is not given is an error."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("luthier.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
