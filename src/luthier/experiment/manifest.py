"""The manifest: everything that says what a run was, so that nothing stale is ever taken for fresh."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from importlib.resources import as_file
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

from luthier.experiment.folder import PRETRAINING
from luthier.experiment.inputs import files, models
from luthier.experiment.recipe import Recipe
from luthier.files import sha256_file, sha256_folder, sha256_json
from luthier.models import fingerprint
from luthier.training.pretraining import Pretraining

PACKAGES = (
    "luthier",
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "datasets",
    "tokenizers",
    "numpy",
    "scikit-learn",
)


def describe(recipe: Recipe) -> dict[str, Any]:
    """Returns what identifies a run before it starts: versions, hashes of every input, hardware, command.

    The `identity` is one SHA-256 over recipe, data, models (those of generation too), design with its
    wordings, and versions; a resumed run must have the same one.
    """
    versions = _versions(PACKAGES)
    inputs = {str(path): _hash(path) for path in [*files(recipe.data), *models(recipe.generate)]}
    model = fingerprint(recipe.model)
    # What is written around an example decides the result as much as the options do.
    design = sha256_json([recipe.design.model_dump(mode="json"), _wordings_hash()])
    identity = sha256_json([recipe.hash(), sorted(inputs.values()), model, design, versions])
    return {
        "identity": identity,
        **_circumstances(),
        "seed": recipe.seed,
        "versions": versions,
        "recipe": recipe.hash(),
        "inputs": inputs,
        "model": {"name": recipe.model.name, "sha256": model},
        "design": design,
        "hardware": hardware(),
    }


def describe_pretraining(recipe: Pretraining) -> dict[str, Any]:
    """Returns what identifies a pretraining run before it starts, as `describe` does for an experiment."""
    versions = _versions((*PACKAGES, "rensa"))
    inputs = {str(source.path): _hash(source.path) for source in recipe.sources}
    model = None
    if recipe.from_ is not None:
        model = {"name": recipe.from_.name, "sha256": fingerprint(recipe.from_)}
    decisive = sha256_json(recipe.model_dump(mode="json", exclude={"output"}))
    return {
        "kind": PRETRAINING,
        "identity": sha256_json([decisive, list(inputs.values()), model, versions]),
        **_circumstances(),
        "seed": recipe.seed,
        "versions": versions,
        "recipe": decisive,
        "inputs": inputs,
        "model": model or {},
        "hardware": hardware(),
    }


def _versions(packages: Iterable[str]) -> dict[str, str]:
    return {name: metadata.version(name) for name in packages} | {"python": platform.python_version()}


def _circumstances() -> dict[str, Any]:
    return {
        "started": now(),
        "finished": None,
        "command": sys.argv,
        "working_directory": str(Path.cwd()),
    }


def _wordings_hash() -> str:
    with as_file(package_files("luthier.design") / "wordings") as folder:
        return sha256_folder(folder)


def _hash(path: Path) -> str:
    return sha256_folder(path) if path.is_dir() else sha256_file(path)


def now() -> str:
    """Returns the time in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def hardware() -> Mapping[str, Any]:
    """Returns processor, usable cores, memory in bytes, and the GPUs that torch sees."""
    import psutil
    import torch

    return {
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "gpus": [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())],
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
