from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from tests.models import tiny
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from luthier.errors import UserError
from luthier.models import (
    ModelOptions,
    adopt_model,
    context_length,
    fingerprint,
    load_finetuned,
    load_model,
    load_tokenizer,
    save_model,
)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_model(tiny.model("llama"), tiny.byte_level(), tmp_path / "model")
    return tmp_path / "model"


def test_a_bare_string_is_the_name() -> None:
    assert ModelOptions.model_validate("Qwen/Qwen3-0.6B") == ModelOptions(name="Qwen/Qwen3-0.6B")


def test_a_saved_model_opens_with_plain_transformers_and_stops_where_it_should(saved: Path) -> None:
    ids = torch.tensor([[5, 6, 7]])
    ours = tiny.model("llama")(ids).logits
    plain = AutoModelForCausalLM.from_pretrained(saved)
    assert torch.equal(plain(ids).logits, ours)
    assert torch.equal(load_finetuned(saved)[0](ids).logits, ours)
    end = AutoTokenizer.from_pretrained(saved).convert_tokens_to_ids("<|im_end|>")
    assert plain.generation_config.eos_token_id == [0, end]
    assert AutoTokenizer.from_pretrained(saved).chat_template == tiny.TEMPLATE
    assert [path.name for path in saved.parent.iterdir()] == ["model"]


def test_loading_gives_float32_or_what_is_asked_for_and_a_padding_token(saved: Path) -> None:
    options = ModelOptions(name=str(saved))
    assert load_model(options).dtype == torch.float32
    assert load_model(options, "bfloat16").dtype == torch.bfloat16
    tokenizer = load_tokenizer(options)
    assert tokenizer.pad_token_id is not None
    assert tokenizer.padding_side == "right"


def test_one_byte_changes_the_fingerprint(saved: Path) -> None:
    options = ModelOptions(name=str(saved))
    before = fingerprint(options)
    assert fingerprint(options) == before
    weights = saved / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    assert fingerprint(options) != before


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("./nowhere", "does not exist"),
        ("luthier/tiyn", "no embedded model"),
        ("someone/no-such-model-at-all", "not on this machine"),
    ],
)
def test_a_missing_model_is_the_users_error_with_advice(
    name: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match=said) as caught:
        load_model(ModelOptions(name=name))
    assert caught.value.hint


def test_a_folder_without_a_config_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no config\.json"):
        load_tokenizer(ModelOptions(name=str(tmp_path)))


def test_context_length_is_the_models_own() -> None:
    assert context_length(tiny.model("llama")) == 128
    assert context_length(tiny.model("gpt2")) == 128


def test_a_hub_model_is_downloaded_before_it_is_hashed(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    asked = []

    def hub(name: str, *, local_files_only: bool = False, **_: object) -> str:
        asked.append((name, local_files_only))
        if local_files_only:
            raise LocalEntryNotFoundError("not cached")
        return str(saved)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", hub)
    assert fingerprint(ModelOptions(name="someone/model")) == fingerprint(ModelOptions(name=str(saved)))
    assert asked == [("someone/model", True), ("someone/model", False)]


def test_a_hub_model_out_of_reach_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub
    from huggingface_hub.errors import LocalEntryNotFoundError

    def hub(*_: object, **__: object) -> str:
        raise LocalEntryNotFoundError("offline")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", hub)
    with pytest.raises(UserError, match="cannot be downloaded"):
        fingerprint(ModelOptions(name="someone/model"))


def test_an_adapter_of_the_embedded_model_opens_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from peft import AutoPeftModelForCausalLM, PeftModel

    from luthier.methods import Lora

    monkeypatch.chdir(tmp_path)
    options = ModelOptions(name="luthier/tiny")
    model = Lora(rank=2).apply(load_model(options)).eval()
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.02)
    save_model(model, load_tokenizer(options), Path("runs/a/model"))
    ids = torch.tensor([[5, 6, 7]])
    expected = model(ids).logits
    plain = AutoPeftModelForCausalLM.from_pretrained("runs/a/model", dtype=torch.float32)
    assert torch.allclose(plain(ids).logits, expected, atol=1e-5)

    (tmp_path / "runs").rename(tmp_path / "elsewhere")
    for path in (tmp_path / "elsewhere").rglob("*.json"):
        if path.name != "tokenizer.json":
            assert str(tmp_path) not in path.read_text()
            assert "luthier" not in path.read_text()
    moved = tmp_path / "elsewhere" / "a" / "model"
    # Neither the place of the run nor what is installed there matters any more.
    monkeypatch.setattr("luthier.models.options.files", lambda _: "/nowhere")
    assert torch.allclose(load_finetuned(moved)[0](ids).logits, expected, atol=1e-5)
    base = AutoModelForCausalLM.from_pretrained(moved / "base", dtype=torch.float32)
    assert torch.allclose(PeftModel.from_pretrained(base, moved)(ids).logits, expected, atol=1e-5)


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_generation_config_that_transformers_refuses_does_not_cost_the_model(
    tmp_path: Path, method: str
) -> None:
    """Vicuna's, for one, has a temperature but does not sample: that can be loaded, but not saved."""
    from luthier.methods import Full, Lora

    model = (Full() if method == "full" else Lora(rank=2)).apply(tiny.model("llama"))
    model.generation_config.temperature = 0.9
    save_model(model, tiny.byte_level(), tmp_path / "model")
    written = GenerationConfig.from_pretrained(tmp_path / "model")
    assert written.eos_token_id == [0, tiny.byte_level().convert_tokens_to_ids("<|im_end|>")]
    assert written.temperature in (None, 1.0)


def test_an_adopted_model_depends_on_nothing_where_it_came_from(tmp_path: Path) -> None:
    source, folder = tmp_path / "round" / "model", tmp_path / "run" / "model"
    (source / "base").mkdir(parents=True)
    (source / "base" / "config.json").write_text("{}")
    (source / "adapter_config.json").write_text(
        json.dumps({"r": 8, "base_model_name_or_path": (source / "base").as_posix()})
    )
    folder.mkdir(parents=True)
    (folder / "stale.bin").write_text("of an earlier model")
    adopt_model(source, folder)
    shutil.rmtree(source)
    written = json.loads((folder / "adapter_config.json").read_text())
    assert written == {"r": 8, "base_model_name_or_path": (folder / "base").as_posix()}
    assert sorted(item.name for item in folder.iterdir()) == ["adapter_config.json", "base"]
