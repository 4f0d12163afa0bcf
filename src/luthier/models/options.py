"""`ModelOptions`: which base model, and where it lies."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from luthier.errors import UserError
from luthier.files import sha256_folder
from luthier.text import nearest

_EMBEDDED = "luthier/"
_HUB_FILES = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja")
"""What of a hub repository is needed: weights in other formats beside safetensors are copies."""

Dtype = Literal["float32", "bfloat16"]


class ModelOptions(BaseModel):
    """The recipe's `model`. A plain string is its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="luthier/tiny", min_length=1)
    """`luthier/tiny` (embedded), a local folder in Hugging Face layout, or a hub id (`Qwen/Qwen3-0.6B`)."""

    revision: str | None = None
    """Branch, tag or commit on the hub; None is the main branch. Local folders have none."""

    dtype: Literal["auto"] | Dtype = "auto"
    """Of the loaded weights. `auto` is float32 on a CPU and what the checkpoint holds on a GPU."""

    trust_remote_code: bool = False
    """Whether code that comes with a hub model may run. Read that code first."""

    attention: Literal["auto", "eager", "sdpa", "flash_attention_2"] = "auto"
    """Implementation of attention; `auto` leaves the choice to transformers."""

    quantization: Literal["nf4"] | None = None
    """Weights of linear layers in 4 bits, NormalFloat4 with double quantisation, for `method: lora`; needs
    `pip install 'luthier[4bit]'`. None loads them as they are."""

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    def locate(self) -> str:
        """Returns what `from_pretrained` takes: the path of a folder, or a hub id.

        Raises:
            UserError: Where there is no such embedded model or folder, or the folder holds no model.
        """
        folder = self.folder()
        if folder is not None:
            return str(folder)
        if self.name.startswith((".", "~", "/")) or self.name.count("/") > 1 or "\\" in self.name:
            raise UserError(
                f"the model folder {self.name} does not exist",
                "give a folder with config.json, a hub id such as Qwen/Qwen3-0.6B, or luthier/tiny",
            )
        return self.name

    def folder(self) -> Path | None:
        """Returns the folder of an embedded or local model, None for a hub id.

        Raises:
            UserError: As `locate`.
        """
        if self.name.startswith(_EMBEDDED):
            return _embedded(self.name.removeprefix(_EMBEDDED))
        folder = Path(self.name).expanduser()
        if not folder.is_dir():
            return None
        if not (folder / "config.json").exists():
            raise UserError(
                f"the folder {self.name} holds no model: it has no config.json",
                "point `model` at the folder that save_pretrained wrote",
            )
        return folder.resolve()


def embedded_models() -> tuple[str, ...]:
    """Returns the names of the models that the package brings along."""
    return tuple(sorted(_EMBEDDED + path.parent.name for path in _embedded_root().glob("*/config.json")))


def is_embedded(folder: Path) -> bool:
    """Tells whether a folder is that of a model that the package brings along."""
    return folder.resolve().is_relative_to(_embedded_root().resolve())


def _embedded_root() -> Path:
    return Path(str(files("luthier.models"))) / "embedded"


def _embedded(name: str) -> Path:
    folder = _embedded_root() / name
    if (folder / "config.json").exists():
        return folder
    known = embedded_models()
    guess = nearest(_EMBEDDED + name, known)
    hint = f"did you mean {guess}? " if guess else ""
    raise UserError(
        f"there is no embedded model {_EMBEDDED}{name}",
        f"{hint}embedded models: {', '.join(known) or 'none in this installation'}",
    )


def fingerprint(options: ModelOptions) -> str:
    """Returns the SHA-256 over the names and bytes of a model's files; a hub model is downloaded first.

    Raises:
        UserError: Where there is no such model, or it is not on this machine and the hub cannot be reached.
    """
    return sha256_folder(options.folder() or _snapshot(options))


def _snapshot(options: ModelOptions) -> Path:
    """Returns the folder of a hub model in the local cache, filled from the hub where it is missing."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    name, wanted = options.locate(), list(_HUB_FILES)
    try:
        return Path(
            snapshot_download(name, revision=options.revision, allow_patterns=wanted, local_files_only=True)
        )
    except LocalEntryNotFoundError:
        pass
    try:
        return Path(snapshot_download(name, revision=options.revision, allow_patterns=wanted))
    except (LocalEntryNotFoundError, HFValidationError, HfHubHTTPError, OSError) as error:
        raise UserError(
            f"the model {options.name} is not on this machine and cannot be downloaded",
            "check the name on huggingface.co (and log in for a gated model), give a local folder, "
            "or use luthier/tiny",
        ) from error
