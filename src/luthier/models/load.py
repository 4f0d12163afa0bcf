"""Base models and tokenizers from a folder or the hub, and fine-tuned ones to a folder and back."""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from luthier.errors import UserError
from luthier.files import write_json
from luthier.models.chat import stop_token_ids
from luthier.models.options import Dtype, ModelOptions, is_embedded
from luthier.models.quantize import keep_trainable, nf4_config

if TYPE_CHECKING:
    import torch
    from transformers import GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase

_OFFLINE = ("connect", "offline", "cached", "timed out", "name resolution", "max retries")
_BASE = "base"
"""Where a saved adapter keeps its base model, if that came with the package."""


def load_tokenizer(options: ModelOptions) -> PreTrainedTokenizerBase:
    """Loads a tokenizer that pads on the right and has a padding token.

    Where the model has none, EOS pads. That never costs EOS its supervision: masks come from lengths and
    labels from segments, not from comparing ids with the padding token.

    Raises:
        UserError: Where there is no such model, or it has no EOS token.
    """
    return _open_tokenizer(options.locate(), options.name, options.revision, options.trust_remote_code)


def _open_tokenizer(
    path: str, name: str, revision: str | None = None, trust_remote_code: bool = False
) -> PreTrainedTokenizerBase:
    from transformers import AutoTokenizer

    with _explained(name):
        tokenizer = AutoTokenizer.from_pretrained(
            path, revision=revision or "main", trust_remote_code=trust_remote_code
        )
    if tokenizer.eos_token is None:
        raise UserError(
            f"the tokenizer of {name} has no EOS token, so an answer could never end",
            "set eos_token in its tokenizer_config.json, or choose another model",
        )
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "right"
    return tokenizer


def load_model(options: ModelOptions, dtype: Dtype | None = None) -> PreTrainedModel:
    """Loads a causal language model on the CPU.

    Args:
        options: Which model.
        dtype: Of the weights, instead of `options.dtype`.

    Raises:
        UserError: Where there is no such model, it is no causal language model, or cannot be quantised here.
    """
    from transformers import AutoModelForCausalLM

    extra: dict[str, Any] = {}
    if options.attention != "auto":
        extra["attn_implementation"] = options.attention
    if options.quantization is not None:
        extra["quantization_config"] = nf4_config()
    with _explained(options.name), quiet():
        model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
            options.locate(),
            revision=options.revision or "main",
            trust_remote_code=options.trust_remote_code,
            dtype=_torch_dtype(dtype or options.dtype),
            **extra,
        )
    keep_trainable(model)
    return model


def save_model(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path) -> None:
    """Writes model, tokenizer and chat template in Hugging Face (an adapter: PEFT) layout, as safetensors.

    The generation config stops at EOS and at the chat template's end-of-turn token, for whoever opens the
    folder. The folder appears whole or not at all; an older one of that name is replaced. An adapter of an
    embedded model brings its base along, as no hub has it and another release may bring another one.
    """
    generation = _savable(model.generation_config)
    generation.eos_token_id = stop_token_ids(tokenizer)
    generation.pad_token_id = tokenizer.pad_token_id
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    base.generation_config = generation
    with _whole(folder) as written:
        with quiet():
            model.save_pretrained(written)
        generation.save_pretrained(written)
        tokenizer.save_pretrained(written)
        _bring_base(written, folder)
        # PEFT writes a model card that is an empty form.
        (written / "README.md").unlink(missing_ok=True)


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """Yields a folder to write, which takes the place of `folder` only if the block ends without an error."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    written = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        yield written
        written.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        written.replace(folder)
    finally:
        shutil.rmtree(written, ignore_errors=True)


def _savable(config: GenerationConfig) -> GenerationConfig:
    """Returns a checkpoint's own config, or a plain one where transformers would load but not save it."""
    from transformers import GenerationConfig

    try:
        config.validate(strict=True)
    except ValueError:
        return GenerationConfig(bos_token_id=config.bos_token_id)
    return config


def adopt_model(source: Path, folder: Path) -> None:
    """Copies what `save_model` wrote to another folder, which then depends on nothing in the first.

    The folder appears whole or not at all; an older one of that name is replaced.
    """
    with _whole(folder) as written:
        shutil.copytree(source, written, dirs_exist_ok=True)
        if (written / _BASE).is_dir():
            config = written / "adapter_config.json"
            adapter = json.loads(config.read_text(encoding="utf-8"))
            write_json(config, adapter | {"base_model_name_or_path": (folder / _BASE).as_posix()})


def load_finetuned(
    folder: Path, dtype: Dtype | None = None, quantization: Literal["nf4"] | None = None
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Opens what `save_model` wrote: a whole model, or an adapter together with its base model.

    Args:
        folder: A folder in Hugging Face or PEFT layout.
        dtype: Of the base model's weights; None chooses as `ModelOptions.dtype` does.
        quantization: Of an adapter's base model, as `ModelOptions.quantization`.

    Raises:
        UserError: Where the folder holds no model, or an adapter's base model cannot be found.
    """
    adapter = folder / "adapter_config.json"
    if not adapter.exists():
        options = ModelOptions(name=str(folder.resolve()))
        return load_model(options, dtype), load_tokenizer(options)
    from peft import PeftModel

    written = json.loads(adapter.read_text(encoding="utf-8"))
    brought = folder / _BASE
    name = str(brought.resolve()) if brought.is_dir() else written["base_model_name_or_path"]
    options = ModelOptions(name=name, revision=written.get("revision"), quantization=quantization)
    model = load_model(options, dtype)
    with _explained(str(folder)), quiet():
        wrapped = PeftModel.from_pretrained(model, folder)
    return wrapped, _open_tokenizer(str(folder), str(folder))


def _bring_base(written: Path, folder: Path) -> None:
    """Copies an adapter's embedded base model to where `folder` will stand, and names it there.

    The name is `folder` as it was given, so that it holds no path of this machine unless that does.
    """
    config = written / "adapter_config.json"
    if not config.exists():
        return
    adapter = json.loads(config.read_text(encoding="utf-8"))
    # A model that was made in memory has no name.
    base = Path(adapter["base_model_name_or_path"] or "")
    if not is_embedded(base):
        return
    shutil.copytree(base, written / _BASE)
    write_json(config, adapter | {"base_model_name_or_path": (folder / _BASE).as_posix()})


def _torch_dtype(name: str) -> torch.dtype | str:
    import torch

    if name == "auto":
        return "auto" if torch.cuda.is_available() else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[name]


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turns what transformers and the hub raise into one sentence and an advice."""
    try:
        yield
    except ImportError as error:
        raise UserError(f"the model {name} needs a package that is not installed: {error}") from error
    except (OSError, ValueError, KeyError) as error:
        text = str(error)
        first = text.strip().splitlines()[0] if text.strip() else type(error).__name__
        if "trust_remote_code" in text:
            raise UserError(
                f"the model {name} brings code of its own",
                "read that code, then set model.trust_remote_code: true",
            ) from error
        if any(sign in text.lower() for sign in _OFFLINE) and not Path(name).exists():
            raise UserError(
                f"the model {name} is not on this machine, and the hub cannot be reached",
                "connect once so that it is cached, give a local folder, or use luthier/tiny",
            ) from error
        raise UserError(
            f"the model {name} cannot be loaded: {first}",
            "check the name on huggingface.co (and log in for a gated model), or give a local folder",
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps transformers' own progress bars and notes off the screen."""
    from transformers.utils import logging

    level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            # PEFT still asks transformers for names that its next release drops.
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()
