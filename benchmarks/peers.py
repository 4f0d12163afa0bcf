"""The sides that engine.py measures: Luthier, and peers with their own trainer, collator and order of rows.

Every peer gets the same model and method, rows of token ids and labels in the order to train in, and batches
of like length. That is the peers' best here: packing without a kernel for it lets samples see each other, and
its losses are then other losses. Options whose defaults differ between peers (gradient checkpointing, the
betas of AdamW, workers that load data) are set alike; what a peer always computes beside the loss is its own.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class Timer:
    """When each step ended, and the seconds of what was done before the first."""

    def __init__(self) -> None:
        self.ends: list[float] = []
        self.before = 0.0

    def callback(self) -> Any:
        from transformers import TrainerCallback

        timer = self

        class Noted(TrainerCallback):
            def on_step_end(self, *_: Any, **__: Any) -> None:
                timer.ends.append(time.perf_counter())

        return Noted()


@dataclass
class Training:
    """One training, the same for every side."""

    network: Any
    """The model in float32, before the method is applied."""

    adapt: Callable[[Any], Any]
    """Applies the method: freezes parameters, or adds an adapter with the same initial weights everywhere."""

    rows: list[dict[str, Any]]
    """Samples in training order."""

    arguments: dict[str, Any]
    """Fields of `transformers.TrainingArguments`."""

    keeps_layers: bool
    """Whether Luthier keeps the outputs of frozen layers."""

    timer: Timer


def luthier_trainer(training: Training) -> Any:
    """Makes Luthier's trainer, ready to train."""
    from datasets import Dataset
    from transformers import PrinterCallback, TrainingArguments

    from luthier.training.batches import Collator
    from luthier.training.sampler import LengthGroupedBatches
    from luthier.training.trainer import LuthierTrainer

    rows, arguments = training.rows, training.arguments
    batch = arguments["per_device_train_batch_size"]

    class InOrder(LengthGroupedBatches):
        steps, rows = len(training.rows) // batch, batch

        def _batches(self, _: Any) -> Iterator[list[int]]:
            for first in range(0, len(self._lengths), batch):
                yield list(range(first, min(first + batch, len(self._lengths))))

    trainer = LuthierTrainer(
        batches=InOrder([row["length"] for row in rows], 0, None, 1),
        model=training.adapt(training.network),
        args=TrainingArguments(**arguments),
        train_dataset=Dataset.from_list(rows),
        eval_dataset=[],
        data_collator=Collator(0, max(row["length"] for row in rows)),
        callbacks=[training.timer.callback()],
    )
    trainer.remove_callback(PrinterCallback)
    if arguments["bf16"]:
        trainer.forward.frozen.hold()
    return trainer


def train_luthier(training: Training) -> list[float]:
    """Trains with Luthier's engine; returns the loss of each step, as the others do."""
    trainer = luthier_trainer(training)
    if training.keeps_layers:
        started = time.perf_counter()
        trainer.keep_trunk(Path(training.arguments["output_dir"]) / "trunk")
        training.timer.before = time.perf_counter() - started
    trainer.train()
    assert trainer.forward.packs
    assert (trainer.forward.trunk is not None) == training.keeps_layers
    trainer.forward.close()
    return _losses(trainer)


def train_trl(training: Training) -> list[float]:
    """Trains with TRL's `SFTTrainer`."""
    from datasets import Dataset
    from transformers import PrinterCallback
    from trl import SFTConfig, SFTTrainer

    class InOrder(SFTTrainer):  # type: ignore[misc]
        def _get_train_sampler(self, *_: Any, **__: Any) -> Any:
            return range(len(training.rows))

    trainer = InOrder(
        model=training.adapt(training.network),
        args=SFTConfig(
            **training.arguments,
            max_length=None,
            packing=False,
            completion_only_loss=True,
            gradient_checkpointing=False,
        ),
        train_dataset=Dataset.from_list(_columns(training, "input_ids", "completion_mask")),
        processing_class=_tokenizer(),
        callbacks=[training.timer.callback()],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return _losses(trainer)


def train_swift(training: Training) -> list[float]:
    """Trains with ms-swift's `Seq2SeqTrainer`, whose template collates; its loader reads the model.

    Padding-free batches, its packing, need flash attention to keep samples apart, so there are none here.
    """
    import torch
    from datasets import Dataset
    from swift.model import get_model_processor
    from swift.template import get_template
    from swift.trainers import Seq2SeqTrainer, Seq2SeqTrainingArguments
    from transformers import PrinterCallback

    folder = str(Path(training.arguments["output_dir"]) / "model")
    training.network.save_pretrained(folder)
    training.network = None  # or the memory measured would hold the model twice
    _tokenizer().save_pretrained(folder)
    network, processor = get_model_processor(folder, torch_dtype=torch.float32, model_type="qwen2")
    template = get_template(processor, template_type="qwen2_5")
    template.set_mode("train")
    trainer = Seq2SeqTrainer(
        model=training.adapt(network),
        args=Seq2SeqTrainingArguments(
            # It reads a list where transformers takes a word.
            **(training.arguments | {"report_to": []}),
            gradient_accumulation_steps=1,
            gradient_checkpointing=False,
            adam_beta2=0.999,
            dataloader_num_workers=0,
            train_dataloader_shuffle=False,
            check_model=False,
        ),
        template=template,
        train_dataset=Dataset.from_list(_columns(training, "input_ids", "labels")),
    )
    trainer.add_callback(training.timer.callback())
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return _losses(trainer)


def train_factory(training: Training) -> list[float]:
    """Trains with LLaMA-Factory's `CustomSeq2SeqTrainer` and its collator, which pads to multiples of 8."""
    from datasets import Dataset
    from transformers import PrinterCallback

    # It imports torchaudio, which bench-setup leaves out, to read sound files, and there are none here. Only
    # after transformers has found that there is none.
    sys.modules["torchaudio"] = ModuleType("torchaudio")
    from llamafactory.data import SFTDataCollatorWith4DAttentionMask, get_template_and_fix_tokenizer
    from llamafactory.hparams import DataArguments, FinetuningArguments, TrainingArguments
    from llamafactory.train.sft.trainer import CustomSeq2SeqTrainer

    del sys.modules["torchaudio"]
    network, tokenizer = training.adapt(training.network), _tokenizer()
    network.config.use_cache = False  # as its loader sets it
    masks = ({"attention_mask": [1] * row["length"]} for row in training.rows)
    columns = [row | mask for row, mask in zip(_columns(training, "input_ids", "labels"), masks, strict=True)]
    trainer = CustomSeq2SeqTrainer(
        model=network,
        args=TrainingArguments(**training.arguments),
        finetuning_args=FinetuningArguments(disable_shuffling=True),
        data_collator=SFTDataCollatorWith4DAttentionMask(
            template=get_template_and_fix_tokenizer(tokenizer, DataArguments(template="empty")),
            model=network,
            tokenizer=tokenizer,
            pad_to_multiple_of=8,
            attn_implementation=network.config._attn_implementation,
        ),
        train_dataset=Dataset.from_list(columns),
        tokenizer=tokenizer,
        processor=None,
        callbacks=[training.timer.callback()],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return _losses(trainer)


def _columns(training: Training, *names: str) -> list[dict[str, Any]]:
    return [{name: row[name] for name in names} for row in training.rows]


def _tokenizer() -> Any:
    """A tokenizer for those who want one: the rows are token ids already, only its padding (0) is used."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(WordLevel({"<pad>": 0}, unk_token="<pad>"))
    return PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<pad>")


def _losses(trainer: Any) -> list[float]:
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


@dataclass(frozen=True)
class Side:
    """Who trains, and the interpreter of the environment that has it."""

    label: str
    train: Callable[[Training], list[float]]
    python: Path


SIDES = {
    "luthier": Side("Luthier", train_luthier, Path(sys.executable)),
    "trl": Side("TRL", train_trl, Path(sys.executable)),
    "swift": Side("ms-swift", train_swift, ROOT / ".venv-bench-swift" / "bin" / "python"),
    "factory": Side("LLaMA-Factory", train_factory, ROOT / ".venv-bench-factory" / "bin" / "python"),
}
PEERS = [side for side in SIDES if side != "luthier"]
