"""How good a model is so far: bits per byte on held-out rows, and what it writes."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from luthier.training.pretraining.loss import IGNORED, summed_cross_entropy
from luthier.training.pretraining.model import hidden_states
from luthier.training.pretraining.packing import next_token_targets
from luthier.training.pretraining.tokenizer import bytes_per_token

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from transformers import LlamaForCausalLM, PreTrainedTokenizerBase

_SAMPLE_TOKENS = 48


def bits_per_byte(
    model: "LlamaForCausalLM",
    tokenizer: "PreTrainedTokenizerBase",
    rows: "NDArray[np.uint16]",
    batch: int,
    *,
    bf16: bool,
) -> float:
    """Cross-entropy of packed rows by the bytes they predict, which does not depend on the tokenizer.

    nats / (ln 2 * UTF-8 bytes of the predicted tokens). The end of a document counts among the nats and has
    no bytes; what opens a row or a document is not predicted and is in neither sum.

    Args:
        model: in evaluation mode.
        tokenizer: the one that made the rows.
        rows: token ids, shape (rows, length).
        batch: rows in one forward pass.
        bf16: whether to multiply in bfloat16.

    Returns:
        Bits per byte; not a number where there are no rows.
    """
    import torch

    sizes = np.array(bytes_per_token(tokenizer))
    nats, size = 0.0, 0
    for first in range(0, len(rows), batch):
        tokens = torch.from_numpy(rows[first : first + batch].astype(np.int64))
        targets = next_token_targets(tokens, tokenizer.bos_token_id).flatten()
        with torch.inference_mode():
            hidden = hidden_states(model.model, tokens, tokenizer.bos_token_id, bf16=bf16)
            losses, _, _ = summed_cross_entropy(
                hidden.flatten(0, 1), model.lm_head.weight, targets, gradients=False
            )
        nats += float(losses.sum())
        size += int(sizes[targets[targets != IGNORED].numpy()].sum())
    return nats / math.log(2) / size if size else math.nan


def continue_prompts(
    model: "LlamaForCausalLM", tokenizer: "PreTrainedTokenizerBase", prompts: Sequence[str]
) -> list[str]:
    """Continue each prompt at temperature 0.8, leaving torch's random generator as it was."""
    import torch

    texts = []
    state = torch.get_rng_state()
    for prompt in prompts:
        ids = tokenizer(prompt, return_tensors="pt")
        written = model.generate(
            **ids, max_new_tokens=_SAMPLE_TOKENS, do_sample=True, temperature=0.8, top_k=40
        )
        texts.append(tokenizer.decode(written[0], skip_special_tokens=True))
    torch.set_rng_state(state)
    return texts
