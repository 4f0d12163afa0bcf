"""How good a model is so far: bits per byte on held-out rows, and what it writes."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from luthier.training.hardware import random_state, restore_random_state
from luthier.training.head_loss import IGNORED
from luthier.training.pretraining.network import Network
from luthier.training.pretraining.packing import Marks, MeasuredRows, next_token_targets

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_SAMPLE_TOKENS = 48


def bits_per_byte(
    network: Network, rows: MeasuredRows, marks: Marks, batch: int, *, most: int | None = None
) -> float | None:
    """Cross-entropy of packed rows by the bytes they predict, which does not depend on the tokenizer.

    nats / (ln 2 * UTF-8 bytes of the predicted tokens). The end of a document counts among the nats and has
    no bytes; what opens a row or a document is not predicted and is in neither sum.

    Args:
        network: its model in evaluation mode.
        rows: tokens, and the bytes they stand for.
        marks: what opens and closes a document in the rows.
        batch: rows in one forward pass.
        most: measure the first so many rows; None: all.

    Returns:
        Bits per byte; None where there is nothing to measure on.
    """
    import torch

    device = network.model.device
    nats, size = 0.0, 0
    for first in range(0, len(rows) if most is None else min(most, len(rows)), batch):
        part = slice(first, min(first + batch, most or len(rows)))
        tokens = torch.from_numpy(rows.tokens[part].astype(np.int64))
        sizes = torch.from_numpy(rows.sizes[part]).roll(-1, dims=1)
        targets = next_token_targets(tokens, marks).masked_fill(sizes < 0, IGNORED)
        nats += float(network.losses(tokens.to(device), targets.to(device)).sum())
        size += int(sizes[targets != IGNORED].sum())
    return nats / math.log(2) / size if size else None


def continue_prompts(
    network: Network, tokenizer: "PreTrainedTokenizerBase", marks: Marks, prompts: Sequence[str]
) -> list[str]:
    """Continue each prompt at temperature 0.8, leaving torch's random generators as they were."""
    import torch

    model, texts = network.model, []
    state = random_state(model.device)
    for prompt in prompts:
        ids = [marks.opens, *tokenizer(prompt, add_special_tokens=False)["input_ids"]]
        opening = torch.tensor([ids], device=model.device)
        written = model.generate(
            input_ids=opening,
            attention_mask=torch.ones_like(opening),
            max_new_tokens=_SAMPLE_TOKENS,
            do_sample=True,
            temperature=0.8,
            top_k=40,
            eos_token_id=marks.closes,
            pad_token_id=marks.closes,
        )
        texts.append(tokenizer.decode(written[0], skip_special_tokens=True))
    restore_random_state(state, model.device)
    return texts
