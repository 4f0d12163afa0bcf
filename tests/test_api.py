import subprocess
import sys

import torch

import luthier
from luthier.models import ModelOptions


def test_the_embedded_model_is_what_plain_transformers_loads() -> None:
    from transformers import AutoModelForCausalLM

    ours = luthier.load_model("luthier/tiny").eval()
    plain = AutoModelForCausalLM.from_pretrained(ModelOptions().locate(), dtype=torch.float32).eval()
    ids = torch.tensor([[1, 50, 500, 5000]])
    with torch.no_grad():
        assert torch.equal(ours(ids).logits, plain(ids).logits)


def test_importing_luthier_imports_nothing_heavy() -> None:
    code = (
        "import luthier, sys; print([m for m in ('torch', 'transformers', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there() -> None:
    assert [name for name in luthier.__all__ if getattr(luthier, name, None) is None] == []
