"""A corpus of a few hundred lines in two languages and a micro recipe for it, for the tests of every room."""

from __future__ import annotations

import json
import random
from pathlib import Path

RECIPE = """\
sources:
  - {path: en.txt, share: 2}
  - path: zh.jsonl
    column: content
cleaning:
  min_characters: 20
  max_symbols: 1
vocabulary: {size: 600, alphabet: 150}
architecture:
  hidden_size: 16
  layers: 2
  heads: 2
  key_value_heads: 1
  intermediate_size: 24
  max_positions: 64
optimisation:
  steps: 6
  rows: 4
  micro_rows: 2
  row_length: 32
  warmup: 2
  bf16: false
held_out: 0.1
evaluate_every: 4
checkpoint_every: 2
prompts: [The, 这家]
output: runs/micro
seed: 0
"""


def furnish(folder: Path) -> Path:
    """Writes `pretrain.yaml` and its sources into a folder."""
    draw = random.Random(0)
    dishes, tastes = ("soup", "rice", "tea", "fish", "cake"), ("cold", "warm", "sweet", "bitter")
    english = [
        " ".join(
            f"The {draw.choice(dishes)} number {draw.randrange(9999)} was {draw.choice(tastes)}."
            for _ in range(5)
        )
        for _ in range(120)
    ]
    chinese = [
        "".join(
            f"这家店{draw.randrange(9999)}号的{draw.choice('汤茶鱼饭')}很{draw.choice('凉热甜咸')}。"
            for _ in range(6)
        )
        for _ in range(120)
    ]
    chinese += [chinese[0], "短"]
    (folder / "en.txt").write_text("\n\n".join(english), encoding="utf-8")
    lines = (json.dumps({"content": text}, ensure_ascii=False) + "\n" for text in chinese)
    (folder / "zh.jsonl").write_text("".join(lines), encoding="utf-8")
    recipe = folder / "pretrain.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    return recipe
