import pytest

from luthier.training.pretraining.model import build_model
from luthier.training.pretraining.optimizer import build_optimizers, rate_factor, set_rates


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


def test_rates_scale_the_peak_each_time(recipe, prepared):
    optimizers = build_optimizers(build_model(recipe.architecture, prepared.tokenizer), recipe.optimisation)
    set_rates(optimizers, 0.5)
    set_rates(optimizers, 0.1)
    rates = [group["lr"] for optimizer in optimizers for group in optimizer.param_groups]
    assert rates == pytest.approx(
        [0.1 * recipe.optimisation.matrix_rate, 0.1 * recipe.optimisation.vector_rate]
    )
