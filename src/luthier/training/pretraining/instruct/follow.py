"""`follow_instructions`: a pretrained model and its corpus in, a model that follows instructions out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from itertools import islice
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from luthier.errors import UserError
from luthier.files import write_jsonl
from luthier.methods import Full
from luthier.models import context_length
from luthier.text import Language
from luthier.training.options import AUTO, TrainingOptions
from luthier.training.pretraining.instruct.kinds import KINDS
from luthier.training.pretraining.instruct.making import Instruction, Maker
from luthier.training.pretraining.instruct.material import Material
from luthier.training.pretraining.instruct.measure import answer_all
from luthier.training.pretraining.instruct.options import Instruct
from luthier.training.pretraining.instruct.result import InstructResult, compare_answers
from luthier.training.pretraining.instruct.rows import training_rows
from luthier.training.train import train

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_CHARACTERS_A_TOKEN: Mapping[Language, float] = {"en": 1.0, "zh": 0.32}
"""Characters of a passage for each token that an example may have: leaves two thirds to the instruction."""

_CHECKPOINT_STEPS = 200


def follow_instructions(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    documents: Mapping[Language, Sequence[str]],
    options: Instruct,
    *,
    folder: Path,
    seed: int = 0,
) -> InstructResult:
    """Trains `model` in place on instructions made from documents.

    Called again after an interruption it goes on from the newest checkpoint in the folder.

    Args:
        model: A causal language model; every weight moves.
        tokenizer: Its own.
        documents: Cleaned documents by language, those that pretraining held out left out.
        options: How many of which instructions, and how to train.
        folder: Gets `instruct.jsonl`, every instruction as rendered, and the checkpoints.
        seed: Of everything that is drawn.

    Raises:
        UserError: Where the documents give no instruction, or the model reads fewer tokens than asked for.
    """
    _check_length(model, options)
    maker = Maker(tokenizer, options.max_length)
    kept, held = split_documents(documents, options.held_out)
    material = _material(kept, options)
    examples = make_instructions(maker, material, options.kinds or tuple(KINDS), options.examples, seed)
    trained = [item for items in examples.values() for item in items]
    if not trained:
        raise UserError(
            "no instruction can be made from the documents", "give longer documents, or other instruct.kinds"
        )
    count = ceil(options.examples * options.held_out)
    unseen = make_instructions(maker, _material(held, options), tuple(examples), count, seed, "held-out-")
    asked = [item for items in unseen.values() for item in items]
    write_jsonl(folder / "instruct.jsonl", (item.to_row() for item in [*trained, *asked]))
    rows, replayed = training_rows(trained, material, tokenizer, replay=options.replay, seed=seed)
    Full().apply(model)
    rate = _rate(model, options)
    before = answer_all(model, tokenizer, asked)
    result = train(
        model,
        tokenizer,
        rows,
        options=_training(options),
        learning_rate=rate,
        output_dir=folder / "checkpoints",
        seed=seed,
        resume=True,
    )
    after = answer_all(model, tokenizer, asked)
    of_kind = {
        name: [[item for item in answers if item.instruction.kind == name] for answers in (before, after)]
        for name in examples
    }
    return InstructResult(
        kinds={name: compare_answers(len(items), *of_kind[name]) for name, items in examples.items()},
        overall=compare_answers(len(trained), before, after),
        dropped=dict(maker.dropped),
        tokens=sum(rows["length"]),
        replayed_tokens=replayed,
        learning_rate=rate,
        training=result,
    )


def split_documents(
    documents: Mapping[Language, Sequence[str]], held_out: float
) -> tuple[dict[Language, list[str]], dict[Language, list[str]]]:
    """Parts documents into those to train on and those to measure on, by a hash of each."""
    kept: dict[Language, list[str]] = {}
    held: dict[Language, list[str]] = {}
    for language, texts in documents.items():
        for text in texts:
            # Another hash than the one that pretraining holds documents out by, or there would be none left.
            digest = hashlib.sha256(b"instruct\0" + text.encode("utf-8", "surrogatepass")).digest()
            side = held if int.from_bytes(digest[:8]) / 2**64 < held_out else kept
            side.setdefault(language, []).append(text)
    return kept, held


def make_instructions(
    maker: Maker, material: Material, kinds: Sequence[str], count: int, seed: int, prefix: str = ""
) -> dict[str, list[Instruction]]:
    """Makes `count` instructions in equal parts of each kind and language, fewer where documents lack them.

    Args:
        maker: Draws and checks.
        material: The documents.
        kinds: Names of the kinds.
        count: How many in all; at least one of each kind and language.
        seed: Of everything that is drawn.
        prefix: What ids begin with.
    """
    made: dict[str, list[Instruction]] = {}
    languages = material.languages
    for kind in kinds:
        for language in languages:
            each = ceil(count / len(kinds) / len(languages))
            items = list(islice(maker.make(kind, material, language, f"{seed}/{prefix}", prefix), each))
            if items:
                made.setdefault(kind, []).extend(items)
            if len(items) < each:
                maker.dropped[f"{kind}, {language}: the documents gave too few"] += each - len(items)
    return made


def _check_length(model: PreTrainedModel, options: Instruct) -> None:
    limit = context_length(model)
    if limit is not None and options.max_length > limit:
        raise UserError(
            f"instructions may have {options.max_length} tokens, but the model reads {limit}",
            f"set instruct.max_length to at most {limit}",
        )


def _material(documents: Mapping[Language, Sequence[str]], options: Instruct) -> Material:
    shares = _CHARACTERS_A_TOKEN.items()
    return Material(documents, {name: ceil(options.max_length * share) for name, share in shares})


def _rate(model: PreTrainedModel, options: Instruct) -> float:
    if options.learning_rate != AUTO:
        return float(options.learning_rate)
    return Full().learning_rate(sum(parameter.numel() for parameter in model.parameters()))


def _training(options: Instruct) -> TrainingOptions:
    return TrainingOptions(
        epochs=options.epochs,
        learning_rate=options.learning_rate,
        batch_size=options.batch_size,
        evaluate_every=_CHECKPOINT_STEPS,
    )
