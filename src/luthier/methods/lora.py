"""LoRA: low-rank additions to linear layers (Hu et al. 2021, arXiv 2106.09685), through PEFT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from luthier.errors import UserError
from luthier.methods.adapter import add_adapter
from luthier.methods.base import Method
from luthier.methods.layers import transformer_layers
from luthier.methods.rates import interpolate_rate

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_RATES = ((1e7, 3e-3), (1e9, 2e-4), (7e9, 1e-4))


class Lora(Method):
    """Trains low-rank additions; the base stays, and the additions can be merged into it afterwards."""

    type: Literal["lora"] = "lora"

    rank: int = Field(default=8, ge=1)
    """Rank of every addition."""

    alpha: float = Field(default=32, gt=0)
    """Scale: an addition counts alpha / rank times (with `rslora`, alpha / sqrt(rank) times)."""

    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Share of an addition's inputs dropped in training, 0 to 1."""

    targets: Literal["all-linear"] | Annotated[tuple[str, ...], Field(min_length=1)] = "all-linear"
    """Which linear layers: every one but the head, or those whose names end so (`[q_proj, v_proj]`)."""

    last: int | None = Field(default=None, ge=1)
    """Additions in the last n layers only; None: in every layer. What the layers below compute is then the
    same in every epoch, and is computed once."""

    dora: bool = False
    """Weight-decomposed LoRA (arXiv 2402.09353): direction and magnitude apart; slower."""

    rslora: bool = False
    """Rank-stabilised scaling (arXiv 2312.03732), for high ranks."""

    def apply(self, model: PreTrainedModel) -> PreTrainedModel:
        """Wraps the model in a `peft.PeftModel` whose additions are float32.

        Raises:
            UserError: Where a name in `targets` is that of no layer, or of one that takes no additions.
        """
        from peft import LoraConfig
        from transformers.pytorch_utils import Conv1D

        if isinstance(self.targets, tuple):
            _check_targets(model, self.targets)
        config = LoraConfig(
            task_type="CAUSAL_LM",
            r=self.rank,
            lora_alpha=self.alpha,
            lora_dropout=self.dropout,
            target_modules=self._target_modules(model),
            use_dora=self.dora,
            use_rslora=self.rslora,
            # GPT-2 keeps its matrices transposed; PEFT warns and sets this itself if it is not said.
            fan_in_fan_out=any(isinstance(module, Conv1D) for module in model.modules()),
        )
        try:
            return add_adapter(model, config)
        except ValueError as error:
            raise UserError(
                f"LoRA does not work with {type(model).__name__} and these targets: {error}",
                "write `targets: all-linear`, or choose another method",
            ) from error

    def _target_modules(self, model: PreTrainedModel) -> str | list[str]:
        if self.last is None:
            return self.targets if isinstance(self.targets, str) else list(self.targets)
        stack, layers = transformer_layers(model)
        if self.last > len(layers):
            raise UserError(
                f"method.last: additions in {self.last} layers, and the model has {len(layers)}",
                f"give at most {len(layers)}, or leave it out",
            )
        chosen = [f"{stack}.{number}." for number in range(len(layers) - self.last, len(layers))]
        endings = ("",) if isinstance(self.targets, str) else tuple(f".{name}" for name in self.targets)
        return [
            name
            for name, module in model.named_modules()
            if name.startswith(tuple(chosen)) and name.endswith(endings) and _is_linear(module)
        ]

    def learning_rate(self, parameters: int) -> float:
        """3e-3 up to 10M parameters, 2e-4 at 1B, 1e-4 from 7B on."""
        return interpolate_rate(parameters, _RATES)


def _check_targets(model: PreTrainedModel, targets: tuple[str, ...]) -> None:
    """PEFT is content where one target of several is found."""
    names = [f".{name}" for name, _ in model.named_modules()]
    missing = [target for target in targets if not any(name.endswith(f".{target}") for name in names)]
    if missing:
        linear = {name.rpartition(".")[2] for name, module in model.named_modules() if _is_linear(module)}
        raise UserError(
            f"method.targets: no layer of this model is called {' or '.join(missing)}",
            f"its linear layers: {', '.join(sorted(linear))}; or write `targets: all-linear`",
        )


def _is_linear(module: object) -> bool:
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    return isinstance(module, nn.Linear | Conv1D)
