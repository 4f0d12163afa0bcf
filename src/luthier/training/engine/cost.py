"""What a model's matrix products cost, forwards and backwards, seen in one pass over a few tokens.

A product of `n` rows with a weight of `i` times `o` numbers takes `2 n i o` floating-point operations:
`n i o` multiplications and as many additions. Backwards it takes as many for the gradient of its input, where
gradients flow so far down, and as many for the gradient of its weight, where that trains. A whole model that
trains comes to the 6 operations a weight and token of arXiv:2001.08361 (section 2.1). Attention takes, for a
query and a key that it sees, `2 h (d + e)` operations forwards (`h` heads, width `d` of a key, `e` of a
value) and, where all three train, twice that backwards, as in arXiv:2204.02311 (appendix B) and
arXiv:2205.05198 (appendix A), which count the hidden keys of a row too.

Sizes and the flow of gradients are not looked up by a family's names: they are those of the products that the
pass really makes, adapters among them. Not counted are norms, activations and softmax, as in the sources,
and products that are neither `nn.Linear` nor GPT-2's `Conv1D` (experts of a mixture held as one tensor).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from luthier.training.engine.reader import PackedReader

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import PreTrainedModel

_NAME = "luthier_seen"
_OUTSIDE, _HEAD = -1, -2


@dataclass(slots=True)
class LayerCost:
    """Floating-point operations of a layer, backward pass included.

    Attributes:
        token: For every token that goes through it.
        pair: For every query and key that it sees.
        once: For every pass, however many tokens it reads (DoRA's norms, P-tuning's projection).
    """

    token: float = 0.0
    pair: float = 0.0
    once: float = 0.0


@dataclass(frozen=True, slots=True)
class ModelCost:
    """Floating-point operations of a model, backward pass included.

    Attributes:
        layers: Of its layers, from the bottom.
        keys: Of the last layer's `token`, what makes keys and values.
        head: Of the output head, for every position that has logits.
        outside: Of what is neither in a layer nor the head.
        virtual: Tokens of a trained prefix, which every query sees.
    """

    layers: tuple[LayerCost, ...]
    keys: float
    head: float
    outside: LayerCost
    virtual: int


class UncountedError(Exception):
    """A model's arithmetic cannot be counted; the message says why."""


def model_cost(model: PreTrainedModel) -> ModelCost:
    """Reads two tokens forwards and backwards and returns what the products on the way cost.

    Weights, gradients, random numbers and the model's mode are as before when it returns.

    Args:
        model: What `Method.apply` returned, without a distributed wrapper.

    Raises:
        UncountedError: Where the model's attention does not go through transformers' interface.
    """
    reader = PackedReader(model)
    # As many as a trained prefix has would make its products look like those of the tokens.
    tokens = reader.virtual + 2
    seen = _Seen(_places(model, reader))
    with _watched(model, reader, seen):
        ids = torch.zeros(1, tokens, dtype=torch.long, device=model.device)
        seen.go_back(model(input_ids=ids, use_cache=False).logits.float().sum())
        products, attentions = list(seen.products), list(seen.attentions)
        last = len(reader.layers) - 1
        if all(attention.place != last for attention in attentions):
            raise UncountedError("its attention is its own")
        keys = _of_keys(reader.layers[last], seen, last)
    costs = {place: LayerCost() for place in (*range(len(reader.layers)), _OUTSIDE, _HEAD)}
    for product in products:
        if product.positions == tokens:
            costs[product.place].token += product.flops
        else:
            costs[product.place].once += product.flops * product.positions
    for attention in attentions:
        costs[attention.place].pair += attention.flops
    layers = tuple(costs[number] for number in range(len(reader.layers)))
    return ModelCost(layers, keys, costs[_HEAD].token, costs[_OUTSIDE], reader.virtual)


@dataclass(slots=True)
class _Product:
    """A product with a weight: where, operations forwards for one position, and how often backwards."""

    place: int
    forwards: float
    gradients: int
    positions: int
    found: Tensor
    is_reached: bool = False

    @property
    def flops(self) -> float:
        return self.forwards * (1 + self.gradients * self.is_reached)


@dataclass(slots=True)
class _Attention:
    """The products of one attention: scores, and weighted values; operations for a query and a key."""

    place: int
    query: Tensor
    key: Tensor
    value: Tensor
    found: Tensor
    is_reached: bool = False

    @property
    def flops(self) -> float:
        heads = self.query.shape[1]
        scores, values = (2.0 * heads * x.shape[-1] for x in (self.key, self.value))
        needs = [x.requires_grad and self.is_reached for x in (self.query, self.key, self.value)]
        # The weights' gradient is a product of its own, where queries or keys need one.
        return scores * (1 + needs[0] + needs[1]) + values * (1 + needs[2] + (needs[0] or needs[1]))


@dataclass(slots=True)
class _Seen:
    """Notes every product on the way."""

    places: Mapping[nn.Module, int]
    products: list[_Product] = field(default_factory=list)
    attentions: list[_Attention] = field(default_factory=list)
    last_call: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})

    def note_call(self, _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Keeps what the last layer is called with; a forward pre-hook."""
        self.last_call = args, kwargs

    def multiply(self, module: nn.Module, args: tuple[Any, ...], output: Tensor) -> None:
        """Notes a product with a weight; a forward hook."""
        given, weight = args[0], module.get_parameter("weight")
        forwards = 2.0 * given.shape[-1] * output.shape[-1]
        gradients = int(given.requires_grad) + int(weight.requires_grad)
        positions = output.numel() // output.shape[-1]
        self.products.append(_Product(self.places[module], forwards, gradients, positions, output))

    def go_back(self, goal: Tensor) -> None:
        """Notes which products `goal` sends a gradient to; no weight keeps any."""
        every: list[_Product | _Attention] = [*self.products, *self.attentions]
        noted = [item for item in every if item.found.requires_grad]
        reached = _gradients(goal, [item.found for item in noted])
        for item, gradient in zip(noted, reached, strict=True):
            item.is_reached = gradient is not None


_watching: list[_Seen] = []


def _attend(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any
) -> tuple[Tensor, None]:
    """Attention as transformers calls it, without a mask: what it finds is of no interest."""
    repeats = query.shape[1] // key.shape[1]
    keys, values = (x.repeat_interleave(repeats, dim=1) for x in (key, value))
    found = (query @ keys.mT).softmax(dim=-1) @ values
    seen = _watching[-1]
    seen.attentions.append(_Attention(seen.places[module], query, key, value, found))
    return found.transpose(1, 2).contiguous(), None


def _gradients(goal: Tensor, tensors: list[Tensor]) -> tuple[Tensor | None, ...]:
    return torch.autograd.grad(goal, tensors, allow_unused=True) if tensors else ()


def _places(model: PreTrainedModel, reader: PackedReader) -> dict[nn.Module, int]:
    """Which layer every module belongs to."""
    places = dict.fromkeys(model.modules(), _OUTSIDE)
    head = model.get_output_embeddings()
    places |= dict.fromkeys(head.modules() if head is not None else (), _HEAD)
    for number, layer in enumerate(reader.layers):
        places |= dict.fromkeys(layer.modules(), number)
    return places


@contextmanager
def _watched(model: PreTrainedModel, reader: PackedReader, seen: _Seen) -> Iterator[None]:
    from transformers import AttentionInterface
    from transformers.pytorch_utils import Conv1D

    AttentionInterface.register(_NAME, _attend)
    config = reader.base.config.get_text_config()
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng())
        stack.enter_context(torch.enable_grad())
        stack.callback(setattr, config, "_attn_implementation", config._attn_implementation)
        stack.callback(model.train, model.training)
        config._attn_implementation = _NAME
        model.train()
        _watching.append(seen)
        stack.callback(_watching.pop)
        last = reader.layers[-1].register_forward_pre_hook(seen.note_call, with_kwargs=True)
        stack.callback(last.remove)
        for module in model.modules():
            if isinstance(module, (torch.nn.Linear, Conv1D)):
                stack.callback(module.register_forward_hook(seen.multiply).remove)
        yield


def _of_keys(layer: nn.Module, seen: _Seen, place: int) -> float:
    """What of a layer's products keys and values follow from, operations a token.

    The layer is run once more, so that gradients flow through all of it, and keys and values send theirs
    back: where a product makes queries, keys and values at once, to the columns that are keys and values.
    """
    known = [product for product in seen.products if product.place == place]
    seen.products, seen.attentions = [], []
    args, kwargs = seen.last_call
    layer(args[0].detach().requires_grad_(), *args[1:], **kwargs)
    last = seen.attentions[-1]
    drawn = torch.Generator().manual_seed(0)
    goal = sum((x * torch.randn(x.shape, generator=drawn).to(x)).sum() for x in (last.key, last.value))
    assert isinstance(goal, torch.Tensor)
    found = _gradients(goal, [product.found for product in seen.products])
    return sum(
        product.flops * _share(gradient)
        for product, gradient in zip(known, found, strict=True)
        if gradient is not None and product.positions == last.query.shape[2]
    )


def _share(gradient: Tensor) -> float:
    """The share of columns that a gradient comes to; all of them where it is zero everywhere.

    Behind a low-rank adapter's first product stands a second that is still zero.
    """
    reached = int(gradient.flatten(0, -2).ne(0).any(dim=0).sum())
    return reached / gradient.shape[-1] if reached else 1.0
