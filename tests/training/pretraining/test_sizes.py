import pytest
from tests.models import tiny

from luthier.training.pretraining.sizes import fitting_tokens, rows_at_once, tokens_at_once


@pytest.mark.parametrize(
    ("rows", "length", "tokens", "at_once"),
    [
        (8, 512, 4096, 8),
        (16, 512, 4096, 8),
        (12, 512, 4096, 6),
        (7, 512, 4096, 7),
        (11, 512, 4096, 1),
        (4, 8192, 4096, 1),
    ],
)
def test_the_most_rows_that_divide_a_step_and_fit(rows, length, tokens, at_once):
    assert rows_at_once(rows, length, tokens) == at_once


def test_tokens_that_fit_on_a_gpu_by_hand():
    # 24 GB less 16 bytes for each of 500 million parameters are 16 GB; half of it, by 64 * 24 * 1,024 bytes.
    assert fitting_tokens(24 * 10**9, 500 * 10**6, 24 * 1024) == 8 * 10**9 // (64 * 24 * 1024)
    assert fitting_tokens(140 * 10**9, 9_498_880, 8 * 256) == 65_536
    assert fitting_tokens(8 * 10**9, 10**9, 16 * 2048) == 1


def test_a_cpu_takes_what_was_fastest():
    assert tokens_at_once(tiny.model("llama"), checkpointing=False) == 4096
