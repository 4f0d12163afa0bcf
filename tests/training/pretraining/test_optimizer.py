import math

import pytest
from tests.models import tiny

from luthier.training.pretraining import Optimisation
from luthier.training.pretraining.model import build_model
from luthier.training.pretraining.optimizer import (
    build_optimizers,
    choose_optimizer,
    peak_rates,
    rate_factor,
    set_rates,
)


def test_every_weight_has_one_optimizer_and_only_matrices_have_muon(recipe, prepared):
    model = build_model(recipe.architecture, prepared.tokenizer)
    muon, adam = build_optimizers(model, recipe.optimisation)
    names = {id(weight): name for name, weight in model.named_parameters()}
    by_muon = {names[id(weight)] for group in muon.param_groups for weight in group["params"]}
    by_adam = {names[id(weight)] for group in adam.param_groups for weight in group["params"]}
    assert by_muon | by_adam == set(names.values())
    assert not by_muon & by_adam
    assert by_adam == {name for name in names.values() if "norm" in name or "embed" in name}


# By hand: 10 steps, 2 of warm-up (1/2, 2/2), the last 40% falling from 4/4 to 1/4.
@pytest.mark.parametrize(
    ("step", "factor"), [(0, 0.5), (1, 1), (5, 1), (6, 1), (7, 0.75), (9, 0.25), (10, 0)]
)
def test_warm_up_stretch_decay(step, factor):
    assert rate_factor(step, 10, warmup=2, decay=0.4) == pytest.approx(factor)


def test_time_can_end_the_run_before_the_steps_do():
    # 30% of the time is left, of which the decay takes 40%: 0.3 / 0.4, though steps are far from their end.
    assert rate_factor(50, 1000, 0, 0.4, time_left=0.3) == pytest.approx(0.75)
    assert rate_factor(50, math.inf, 0, 0.4, time_left=0.3) == pytest.approx(0.75)
    assert rate_factor(50, math.inf, 0, 0.4) == 1
    assert rate_factor(990, 1000, 0, 0.4, time_left=0.3) == pytest.approx(0.01 / 0.4)


def test_rates_scale_the_peak_each_time(recipe, prepared):
    rates = Optimisation(matrix_rate=0.3, vector_rate=0.1)
    optimizers = build_optimizers(build_model(recipe.architecture, prepared.tokenizer), rates)
    set_rates(optimizers, 0.5)
    told = set_rates(optimizers, 0.1)
    assert [group["lr"] for optimizer in optimizers for group in optimizer.param_groups] == pytest.approx(
        [0.03, 0.01]
    )
    assert told == pytest.approx({"matrices": 0.03, "vectors": 0.01})


# By hand: 0.003239 - 0.0001395 * ln(1e7) = 0.0009905, at 1e11 it would be negative.
@pytest.mark.parametrize(
    ("optimizer", "given", "parameters", "continued", "rates"),
    [
        ("muon", {}, 10**7, False, (0.02, 0.004)),
        ("muon", {}, 10**9, True, (0.004, 0.0008)),
        ("adamw", {}, 10**7, False, (0.0009905, 0.0009905)),
        ("adamw", {}, 10**7, True, (0.0001981, 0.0001981)),
        ("adamw", {}, 10**11, False, (6e-5, 6e-5)),
        ("adamw", {"matrix_rate": 0.5}, 10**11, True, (0.5, 1.2e-5)),
    ],
)
def test_rates_that_nobody_gave(optimizer, given, parameters, continued, rates):
    found = peak_rates(Optimisation(**given), optimizer, parameters, continued=continued)
    assert found == pytest.approx(rates, rel=1e-3)


def test_a_base_goes_on_with_the_optimizer_that_trained_it():
    auto = Optimisation()
    assert [choose_optimizer(auto, base) for base in (None, "luthier/tiny", "Qwen/Qwen3-0.6B")] == [
        "muon",
        "muon",
        "adamw",
    ]
    assert choose_optimizer(Optimisation(optimizer="muon"), "Qwen/Qwen3-0.6B") == "muon"


@pytest.mark.parametrize("family", ["llama", "qwen2", "gpt2"])
def test_output_layers_and_embeddings_are_no_matrices_in_any_family(family):
    model = tiny.model(family)
    first, rest = build_optimizers(model, Optimisation(optimizer="muon"))
    names = {id(weight): name for name, weight in model.named_parameters()}
    words = {
        names[id(weight)] for group in rest.param_groups for weight in group["params"] if weight.ndim == 2
    }
    assert (
        words
        == {
            "llama": {"model.embed_tokens.weight", "lm_head.weight"},
            "qwen2": {"model.embed_tokens.weight"},
            "gpt2": {"transformer.wte.weight", "transformer.wpe.weight"},
        }[family]
    )
    # 7 matrices in each of two Llama layers, 4 in GPT-2's.
    assert len(first.param_groups[0]["params"]) == (8 if family == "gpt2" else 14)
