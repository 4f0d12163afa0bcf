"""What every run does around its stages: a folder of its own or the unfinished one, and the clock."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from luthier.errors import UserError
from luthier.experiment.folder import RunFolder, new_run_folder

logger = logging.getLogger(__name__)

PROGRESS_SECONDS = 10
"""How often long predictions say how far they are."""

_DECISIVE = ("recipe", "inputs", "model", "design", "versions")


def start(path: Path, record: dict[str, Any]) -> RunFolder:
    """Makes the folder of a new run and writes its manifest.

    Args:
        path: Where it shall stand; a number is added where an earlier run stands there.
        record: What the manifest holds so far.
    """
    folder = new_run_folder(path)
    if folder.path != path:
        logger.info("%s holds an earlier run; this one goes to %s", path, folder.path)
    folder.write_manifest(record)
    return folder


def resume(path: Path, record: Mapping[str, Any]) -> tuple[RunFolder, dict[str, Any]]:
    """Opens the folder of an unfinished run; returns it and the manifest to go on with.

    Raises:
        UserError: Where there is none, it is finished, or recipe, data, model or versions changed since.
    """
    folder = RunFolder(path)
    if not folder.manifest.exists():
        raise UserError(f"There is no run to resume in {path}.", "Start it without --resume.")
    earlier = folder.read(folder.manifest)
    if earlier["finished"]:
        raise UserError(
            f"The run in {path} is finished; there is nothing to resume.", "Give another --output."
        )
    if earlier["identity"] != record["identity"]:
        changed = [key for key in _DECISIVE if earlier.get(key) != record.get(key)]
        raise UserError(
            f"The run in {path} cannot be resumed: {', '.join(changed)} changed since it started.",
            "Undo the change, or start a new run without --resume.",
        )
    return folder, {**record, "started": earlier["started"]}


@contextmanager
def stage(record: dict[str, Any], folder: RunFolder, name: str) -> Iterator[None]:
    """Times a stage; the manifest says how far an unfinished run came."""
    logger.info("%s ...", name)
    begun = time.perf_counter()
    yield
    record["seconds"][name] = round(time.perf_counter() - begun, 2)
    folder.write_manifest(record)


@contextmanager
def data_stage(record: dict[str, Any], folder: RunFolder, *, is_resumed: bool) -> Iterator[None]:
    """Times the reading of data; a new run that is refused for it leaves no folder behind."""
    try:
        with stage(record, folder, "data"):
            yield
    except UserError:
        if not is_resumed:
            shutil.rmtree(folder.path, ignore_errors=True)
        raise


class Progress:
    """Says every ten seconds how many records of a set are predicted."""

    def __init__(self, name: str, total: int) -> None:
        self._name, self._total, self._done = name, total, 0
        self._said = time.monotonic()

    def __call__(self, count: int) -> None:
        """Notes that `count` more are done."""
        self._done += count
        if time.monotonic() - self._said >= PROGRESS_SECONDS:
            self._said = time.monotonic()
            logger.info("  %s: %d of %d predicted", self._name, self._done, self._total)
