from __future__ import annotations

from tests.methods.contract import MethodContract

from luthier.methods import Full

# Hidden 32, 2 layers, vocabulary 384. Llama and Qwen2: 4 heads and 2 key-value heads of 8, MLP 48; a layer is
# q 32*32 + k 32*16 + v 32*16 + o 32*32 + MLP 3*32*48 + 2 norms of 32.
LLAMA_LAYER = 32 * 32 + 2 * 32 * 16 + 32 * 32 + 3 * 32 * 48 + 2 * 32
QWEN2_LAYER = LLAMA_LAYER + 32 + 16 + 16  # biases of q, k, v
# GPT-2: attention 32*96 + 96 and 32*32 + 32, MLP 32*128 + 128 and 128*32 + 32, 2 norms of weight and bias.
GPT2_LAYER = 32 * 96 + 96 + 32 * 32 + 32 + 2 * 32 * 128 + 128 + 32 + 4 * 32


class TestFull(MethodContract):
    method = Full()

    def moves(self, family: str, name: str) -> bool:
        return True

    def trainable(self, family: str) -> int:
        return {
            "llama": 2 * 384 * 32 + 2 * LLAMA_LAYER + 32,  # the head is a matrix of its own
            "qwen2": 384 * 32 + 2 * QWEN2_LAYER + 32,
            "gpt2": 384 * 32 + 128 * 32 + 2 * GPT2_LAYER + 64,
        }[family]


def test_learning_rates_are_the_usual_ones() -> None:
    assert Full().learning_rate(10_000_000) == 1e-3
    assert Full().learning_rate(10**9) == 2e-5
    assert Full().learning_rate(7 * 10**9) == 1e-5
