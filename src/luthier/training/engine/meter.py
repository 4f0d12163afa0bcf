"""How much arithmetic a training needed, how fast that went, and what each saving of the engine left out.

What the operations are is said in `cost`. **Plain** is what reading row by row takes: every row padded to the
longest of its batch, every position through all layers and the output head. **Necessary** is what remains
when nothing is computed for padding, what rows share is computed once, the last layer's queries, output and
feed-forward part and the head are there for the asked tokens only, and kept layers do not run. A query and a
key count where the query may see the key, in plain reading too. Gradient checkpointing's second forward pass
is not necessary, nor are the few tokens that fill a packed row up.

    utilisation = necessary operations / (seconds of training * operations a second of the machine's peak)

It is the model FLOPs utilisation of arXiv:2204.02311 (appendix B), against a peak that was measured rather
than promised, and with the arithmetic that the engine left out not counted as done.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from luthier.training.engine.cost import ModelCost
    from luthier.training.engine.layout import Layout


@dataclass(frozen=True, slots=True)
class Savings:
    """What was left out, as shares of plain reading's arithmetic, each after those before it.

    Attributes:
        padding: Positions behind a row's end.
        shared: What several rows of a batch begin with, all but once.
        unasked: Logits, and all but keys and values of the last layer, where nothing is predicted.
        trunk: Frozen layers at the bottom, all but the once when this training computed them.
    """

    padding: float
    shared: float
    unasked: float
    trunk: float


@dataclass(frozen=True, slots=True)
class EngineReport:
    """What the arithmetic of a training came to, in floating-point operations of matrix products.

    Attributes:
        necessary_flops: That had to be made.
        plain_flops: That plain reading would have made.
        savings: Where the difference went. What then remains beside the necessary is padding of rows that
            were read one by one.
        seconds: Of training, evaluations left out.
        peak_flops_per_second: Of the machine's fastest matrix product.
    """

    necessary_flops: float
    plain_flops: float
    savings: Savings
    seconds: float
    peak_flops_per_second: float

    @property
    def flops_per_second(self) -> float:
        """Necessary operations a second."""
        return self.necessary_flops / self.seconds

    @property
    def utilisation(self) -> float:
        """Share of the machine's peak, 0 to 1, that the necessary arithmetic reached."""
        return self.flops_per_second / self.peak_flops_per_second

    @property
    def necessary_share(self) -> float:
        """Necessary arithmetic as a share of plain reading's."""
        return self.necessary_flops / self.plain_flops

    def to_json(self) -> dict[str, Any]:
        """Returns all of it as plain values."""
        derived = ("flops_per_second", "utilisation", "necessary_share")
        return asdict(self) | {name: getattr(self, name) for name in derived}


class Meter:
    """Adds up batches.

    Args:
        cost: Of the model that trains.
    """

    def __init__(self, cost: ModelCost) -> None:
        self._cost = cost
        self._last = cost.layers[-1]
        self._token = cost.outside.token + sum(layer.token for layer in cost.layers)
        self._pair = sum(layer.pair for layer in cost.layers)
        self._once = cost.outside.once + sum(layer.once for layer in cost.layers)
        self._plain = self._padding = self._shared = self._unasked = self._trunk = self._necessary = 0.0
        self._depth = 0
        self._kept = [0, 0, 0]

    def add(self, layout: Layout, skipped: int | None) -> None:
        """Counts a batch, forwards and backwards.

        Args:
            layout: Of the batch.
            skipped: Layers at the bottom that it did not run; None where its rows were read one by one.
        """
        padded = layout.rows * layout.longest
        plain = self._whole(padded, padded * (layout.longest + 1) // 2, padded)
        lengths = [len(places) for places in layout.places]
        pairs = sum(length * (length + 1) // 2 for length in lengths)
        bare = self._whole(layout.tokens, pairs, layout.tokens)
        self._plain += plain
        if skipped is None:
            asked = len(layout.items)
            self._unasked += (padded - asked) * self._cost.head
            self._necessary += bare - (layout.tokens - asked) * self._cost.head
            return
        tokens, asked = layout.branches[-1].stop, sum(len(branch.asked) for branch in layout.branches)
        once = self._whole(tokens, layout.pairs, tokens)
        rest = self._last.token - self._cost.keys + self._cost.head + self._cost.virtual * self._last.pair
        unasked = (tokens - asked) * rest + (layout.pairs - layout.asked_pairs) * self._last.pair
        held = self._below(skipped, tokens, layout.pairs, 1)
        self._depth = max(self._depth, skipped)
        self._padding += plain - bare
        self._shared += bare - once
        self._unasked += unasked
        self._trunk += held
        self._necessary += once - unasked - held

    def keep(self, layout: Layout) -> None:
        """Counts a batch that frozen layers at the bottom read once, to be kept."""
        for at, count in enumerate((layout.branches[-1].stop, layout.pairs, 1)):
            self._kept[at] += count

    def report(self, seconds: float, peak: float) -> EngineReport:
        """Returns what the batches came to.

        Args:
            seconds: That they took.
            peak: Operations a second of the machine's fastest matrix product.
        """
        kept = self._below(self._depth, *self._kept)
        found = (self._padding, self._shared, self._unasked, self._trunk - kept)
        savings = Savings(*(flops / self._plain for flops in found))
        return EngineReport(self._necessary + kept, self._plain, savings, seconds, peak)

    def _whole(self, tokens: int, pairs: int, logits: int) -> float:
        """All layers for some tokens, and the head for some positions."""
        seen = pairs + self._cost.virtual * tokens
        return tokens * self._token + seen * self._pair + self._once + logits * self._cost.head

    def _below(self, depth: int, tokens: int, pairs: int, passes: int) -> float:
        """The layers below one; they are frozen, so their cost has no backward pass in it."""
        seen = pairs + self._cost.virtual * tokens
        return sum(
            tokens * layer.token + seen * layer.pair + passes * layer.once
            for layer in self._cost.layers[:depth]
        )
