"""Greedy generation in batches, through Hugging Face `generate`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from luthier.inference.prompt_keys import PromptKeys, prompt_keys
from luthier.models.context import attention_span

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True)
class Generated:
    """What a model wrote after one prompt.

    Attributes:
        ids: Token ids, without the one that ended it.
        probabilities: Of each token given all before it, the ending one included; 0 to 1.
        ended: Whether the model ended it by itself, rather than running out of tokens.
    """

    ids: tuple[int, ...]
    probabilities: tuple[float, ...]
    ended: bool

    @property
    def probability(self) -> float:
        """The mean probability of the tokens."""
        return sum(self.probabilities) / len(self.probabilities)


def generate(
    model: PreTrainedModel,
    prompts: Sequence[Sequence[int]],
    *,
    stop: Sequence[int],
    pad: int,
    max_new_tokens: int,
    shared: int = 0,
) -> tuple[list[Generated], PromptKeys | None]:
    """Continues each prompt with the most probable token until one of `stop` or the limit.

    Nothing is inherited from the model's own generation config: a checkpoint that samples or penalises
    repetition by default is decoded greedily all the same.

    Args:
        model: A causal language model, or a PEFT wrapper of one.
        prompts: Token ids, not padded, at least one each.
        stop: Ids that end an answer.
        pad: Id to pad with.
        max_new_tokens: Longest answer, in tokens, the ending one included.
        shared: How many first tokens are the same in all prompts, fewer than the shortest has, and are read
            once: `SharedPrefix` says whether a model can.

    Returns:
        The answers, and the keys of the prompts where the model's cache holds them.
    """
    if len(set(map(len, prompts))) > 1 and is_prompt_learning(model) and attention_span(model) is not None:
        # A trained prefix stands before the padding, which would push it out of a sliding window.
        alone = [_generate(model, [prompt], stop, pad, max_new_tokens, 0)[0] for prompt in prompts]
        return [answer for answers in alone for answer in answers], None
    return _generate(model, prompts, stop, pad, max_new_tokens, shared)


def _generate(
    model: PreTrainedModel,
    prompts: Sequence[Sequence[int]],
    stop: Sequence[int],
    pad: int,
    max_new_tokens: int,
    shared: int,
) -> tuple[list[Generated], PromptKeys | None]:
    import torch
    from transformers import GenerationConfig, LogitsProcessorList

    from luthier.inference.growing_cache import growing_cache

    # PEFT makes the cache of a trained prefix itself.
    cache = None if is_prompt_learning(model) else growing_cache(model)
    shared = 0 if cache is None else shared
    input_ids, mask = pad_left(prompts, pad, device_of(model), shared)
    config = GenerationConfig(
        do_sample=False,
        num_beams=1,
        max_new_tokens=max_new_tokens,
        eos_token_id=list(stop),
        pad_token_id=pad,
        return_dict_in_generate=True,
    )
    record = _ProbabilityRecord()
    kept: dict[str, Any] = {} if cache is None else {"past_key_values": cache}
    with torch.inference_mode(), ready(model), own_generation_config(model):
        if cache is not None and shared:
            last_logits(model, 1, input_ids=input_ids[:1, :shared], past_key_values=cache)
            cache.batch_repeat_interleave(len(prompts))
        output = model.generate(
            input_ids=input_ids,
            attention_mask=mask,
            generation_config=config,
            logits_processor=LogitsProcessorList([record]),
            **kept,
        )
    width = input_ids.shape[1]
    written = output.sequences[:, width:].tolist()
    probabilities = torch.stack(record.steps, dim=1).tolist()
    ends = frozenset(stop)
    answers = [_cut(ids, steps, ends) for ids, steps in zip(written, probabilities, strict=True)]
    return answers, prompt_keys(output.past_key_values, width, shared)


def is_prompt_learning(model: PreTrainedModel) -> bool:
    """Tells whether a PEFT wrapper puts trained vectors before every prompt."""
    config = getattr(model, "active_peft_config", None)
    return bool(getattr(config, "is_prompt_learning", False))


def device_of(model: PreTrainedModel) -> torch.device:
    """Returns the device of a model's first weights, where its inputs go."""
    device: torch.device = next(model.parameters()).device
    return device


def base_model(model: PreTrainedModel) -> Any:
    """Returns the model inside a PEFT wrapper, or the model itself."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def last_logits(model: PreTrainedModel, keep: int, **inputs: Any) -> torch.Tensor:
    """Returns the logits of the last `keep` positions, shape (rows, keep, vocabulary)."""
    import torch

    if "logits_to_keep" in inspect.signature(base_model(model).forward).parameters:
        inputs["logits_to_keep"] = keep
    with torch.inference_mode():
        # Prefix tuning hands its prefixes over as a cache.
        uses_cache = "past_key_values" in inputs or is_prompt_learning(model)
        logits: torch.Tensor = model(**inputs, use_cache=uses_cache).logits
    return logits[:, -keep:]


def pad_left(
    rows: Sequence[Sequence[int]], pad: int, device: torch.device, shared: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns ids and attention mask, shape (rows, longest), the rows' ends aligned.

    The first `shared` tokens of every row stay in front of the padding.
    """
    import torch

    width = max(map(len, rows))
    ids = [[*row[:shared], *[pad] * (width - len(row)), *row[shared:]] for row in rows]
    mask = [[1] * shared + [0] * (width - len(row)) + [1] * (len(row) - shared) for row in rows]
    return torch.tensor(ids, device=device), torch.tensor(mask, device=device)


class _ProbabilityRecord:
    """A logits processor that notes the probability of the token that greedy search takes.

    `generate` can return all scores instead, at the price of a vocabulary's width for each token of each
    text.
    """

    def __init__(self) -> None:
        self.steps: list[torch.Tensor] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        del input_ids
        logits = scores.float()
        self.steps.append((logits.amax(dim=-1) - logits.logsumexp(dim=-1)).exp())
        return scores


def _cut(ids: list[int], probabilities: list[float], stop: frozenset[int]) -> Generated:
    length = next((at for at, id_ in enumerate(ids) if id_ in stop), len(ids))
    ended = length < len(ids)
    # Rounding may lift an exponential a little above 1.
    steps = tuple(min(1.0, step) for step in probabilities[: length + ended])
    return Generated(tuple(ids[:length]), steps, ended)


@contextmanager
def ready(model: PreTrainedModel) -> Iterator[None]:
    """Turns dropout off for the while, and the cache on, which training turns off."""
    training = model.training
    cache = model.config.use_cache
    model.eval()
    model.config.use_cache = True
    try:
        yield
    finally:
        model.config.use_cache = cache
        model.train(training)


@contextmanager
def own_generation_config(model: PreTrainedModel) -> Iterator[None]:
    """Hides the model's generation config, from which `generate` would fill whatever ours leaves open.

    A PEFT wrapper hands its own down to the model inside, so every layer of wrapping is covered.
    """
    from transformers import GenerationConfig

    layers: list[Any] = [model, getattr(model, "base_model", None)]
    if hasattr(model, "get_base_model"):
        layers.append(model.get_base_model())
    with ExitStack() as stack:
        for layer in layers:
            if layer is not None and hasattr(layer, "generation_config"):
                stack.callback(_restore, layer, layer.__dict__.get("generation_config"))
                layer.generation_config = GenerationConfig()
        yield


def _restore(layer: Any, config: Any) -> None:
    if config is None:
        del layer.generation_config
    else:
        layer.generation_config = config
