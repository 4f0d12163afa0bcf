"""The input files of a recipe, made absolute so that a run's own recipe repeats it from anywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from luthier.augment.any import files_of, placed
from luthier.data import DataOptions
from luthier.experiment.folder import MANIFEST, RunFolder
from luthier.generation import GenerateOptions, LocalModel
from luthier.models import ModelOptions, embedded_models


def absolute(data: DataOptions, folder: Path) -> DataOptions:
    """Makes every path absolute that exists below `folder`, where relative ones start. Hub ids stay.

    Files that augmenters read are made absolute whether they exist or not.
    """
    named = DataOptions.model_validate(_map_paths(data, lambda path: _placed(path, folder)))
    return named.model_copy(update={"augment": tuple(placed(item, folder) for item in data.augment)})


def _placed(path: str, folder: Path) -> str:
    local = (folder / Path(path).expanduser()).absolute()
    return str(local.resolve()) if local.exists() else path


def absolute_model(model: ModelOptions) -> ModelOptions:
    """Makes a local folder absolute, so that the recipe finds it from any working directory. Hub ids stay."""
    folder = Path(model.name).expanduser()
    if model.name in embedded_models() or not folder.is_dir():
        return model
    return model.model_copy(update={"name": str(folder.resolve())})


def absolute_generate(options: GenerateOptions | None, folder: Path) -> GenerateOptions | None:
    """Makes the writer's folder and the judge's run absolute, where `folder` holds them."""
    if options is None:
        return None
    changed: dict[str, Any] = {}
    if options.agree is not None:
        changed["agree"] = _placed(options.agree, folder)
    if isinstance(options.model, LocalModel) and options.model.name not in embedded_models():
        name = _placed(options.model.name, folder)
        changed["model"] = options.model.model_copy(update={"name": name})
    return options.model_copy(update=changed)


def files(data: DataOptions) -> list[Path]:
    """Returns the local files and folders that a recipe reads, paths made absolute before."""
    found: list[Path] = []

    def note(path: str) -> str:
        if Path(path).exists():
            found.append(Path(path))
        return path

    _map_paths(data, note)
    return found + [path for item in data.augment for _, path in files_of(item) if path.exists()]


def models(options: GenerateOptions | None) -> list[Path]:
    """Returns the local folders of weights that write examples and judge them, paths made absolute before."""
    if options is None:
        return []
    names = [options.agree, options.model.name if isinstance(options.model, LocalModel) else None]
    places = [Path(name) for name in names if name is not None]
    found = [RunFolder(path).model if (path / MANIFEST).exists() else path for path in places]
    return [path for path in found if path.is_dir()]


def _map_paths(data: DataOptions, place: Callable[[str], str]) -> dict[str, Any]:
    """Returns the section's given values with every path or hub id replaced."""
    values = data.model_dump(exclude_unset=True, exclude={"augment"})
    for key in ("train", "validation", "unlabelled", "test"):
        if isinstance(values.get(key), str):
            values[key] = place(values[key])
    if isinstance(values.get("test"), dict):
        values["test"] = {
            name: place(entry) if isinstance(entry, str) else {**entry, "path": place(entry["path"])}
            for name, entry in values["test"].items()
        }
    return values
