from __future__ import annotations

import json
import os
import pickle
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hub_layouts import TEXTS, Layout, make_folder
from safetensors.torch import load_file, save_file

from engine.catalog.models import require_path
from engine.embedding.embed import embed
from engine.embedding.folder import read_facts
from engine.finetune.folder import load_encoder as load_for_training
from store.errors import ModelError
from store.home import find_home
from store.records import EmbeddingOptions, Model

MARK = "the-pickle-ran"


class Payload:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {MARK}",)


def cut(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])

    return damage


def put(name: str, content: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(content) and None


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def change_config(**values: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **values}))

    return change


def drop_tensors(folder: Path) -> None:
    path = folder / "model.safetensors"
    kept = {name: tensor for name, tensor in load_file(path).items() if "layer.1" not in name}
    save_file(kept, path, metadata={"format": "pt"})


def ask_for_code(folder: Path) -> None:
    steps = json.loads((folder / "modules.json").read_text())
    steps.append({"idx": 3, "name": "3", "path": "", "type": "subprocess.Popen"})
    (folder / "modules.json").write_text(json.dumps(steps))
    (folder / "subprocess.py").write_text(f"open({MARK!r}, 'w')")


def add_a_layer(function: str, weights: object) -> Callable[[Path], None]:
    """A dense layer with a pickle for its weights and an activation function of its own."""

    def damage(folder: Path) -> None:
        steps = json.loads((folder / "modules.json").read_text())
        steps.append(
            {"idx": 3, "name": "3", "path": "3_Dense", "type": "sentence_transformers.models.Dense"}
        )
        (folder / "modules.json").write_text(json.dumps(steps))
        layer = {"in_features": 32, "out_features": 8, "bias": True, "activation_function": function}
        (folder / "3_Dense").mkdir()
        (folder / "3_Dense" / "config.json").write_text(json.dumps(layer))
        torch.save(weights, folder / "3_Dense" / "pytorch_model.bin")

    return damage


def leave_the_folder(folder: Path) -> None:
    steps = json.loads((folder / "modules.json").read_text())
    steps[1]["path"] = "../elsewhere"
    (folder / "modules.json").write_text(json.dumps(steps))


def refuse(folder: Path) -> str:
    model = Model("mine", "folder", str(folder), "1")
    with pytest.raises(ModelError) as caught:
        embed(
            model,
            TEXTS[:2],
            EmbeddingOptions(),
            find_home(folder / "cache"),
            device="cpu",
            cancel=threading.Event(),
            progress=lambda done, total: None,
        )
    sentence = caught.value.message
    assert sentence.count("\n") == 0
    assert sentence.endswith(".")
    assert caught.value.hint
    return sentence


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (cut("config.json"), "config.json"),
        (put("config.json", "[]"), "config.json"),
        (put("modules.json", "{"), "modules.json"),
        (put("modules.json", "[]"), "modules.json"),
        (put("tokenizer.json", "{}"), "cannot be loaded"),
        (cut("tokenizer.json"), "tokenizer.json"),
        (cut("model.safetensors"), "weights"),
        (put("model.safetensors", ""), "weights"),
        (change_config(hidden_size=64), "model.safetensors disagree with the config.json"),
        (change_config(num_hidden_layers=3), "layer.2"),
        (change_config(model_type="nonsense"), "cannot be loaded"),
        (drop_tensors, "layer.1"),
        (ask_for_code, "code of its own (subprocess.Popen)"),
        (add_a_layer("os.system", {}), "3_Dense/config.json asks for code of its own (os.system)"),
        (add_a_layer("torch.nn.Tanh", {"x": Payload()}), "holds more than weights"),
        (leave_the_folder, "outside the model"),
        (put("1_Pooling/config.json", "null"), "1_Pooling"),
        (remove("1_Pooling/config.json"), "1_Pooling"),
    ],
)
def test_a_broken_folder_gives_one_sentence(
    break_it: Callable[[Path], None], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = make_folder(tmp_path / "mine", Layout())
    break_it(folder)
    assert told in refuse(folder)
    assert not (tmp_path / MARK).exists()


NOMIC = {
    "AutoConfig": "nomic-ai/nomic-bert-2048--configuration_hf_nomic_bert.NomicBertConfig",
    "AutoModel": "nomic-ai/nomic-bert-2048--modeling_hf_nomic_bert.NomicBertModel",
}
"""As nomic-embed-text-v1.5 names its classes."""


@pytest.mark.parametrize("kind", ["bert", "nomic_bert", "of its own"])
@pytest.mark.parametrize(
    "classes",
    [
        NOMIC,
        {"AutoModel": "own.Model"},
        {"AutoConfig": "own.Config"},
        {"AutoModelForMaskedLM": "own.Model"},
        {"AutoTokenizer": [None, "own.Tokenizer"]},
    ],
    ids=str,
)
@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_a_class_of_its_own_is_refused_and_never_run(
    kind: str, classes: dict[str, object], file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = make_folder(tmp_path / "mine", Layout())
    change_config(model_type=kind, trust_remote_code=True)(folder)
    settings = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps({**settings, "auto_map": classes}))
    for place in (folder, tmp_path):
        (place / "own.py").write_text(f"open({MARK!r}, 'w')")
    sentence = refuse(folder)
    assert sentence.startswith(f"{folder / file} asks for code of its own (")
    assert "own.Tokenizer" in sentence or str(next(iter(classes.values()))) in sentence
    with pytest.raises(ModelError, match="code of its own"):
        load_for_training(folder)
    assert not (tmp_path / MARK).exists()


@pytest.mark.parametrize("nothing", [None, {}, {"AutoModel": None}])
def test_a_map_that_names_no_class_asks_for_nothing(nothing: object, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "mine", Layout())
    change_config(auto_map=nothing)(folder)
    assert read_facts(folder).dimension == 32


ADAPTER = {"peft_type": "LORA", "base_model_name_or_path": "intfloat/e5-small-v2", "r": 8}


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (json.dumps(ADAPTER), "an adapter (LoRA) for 'intfloat/e5-small-v2'"),
        (json.dumps({**ADAPTER, "peft_type": "IA3"}), "an adapter (IA3) for 'intfloat/e5-small-v2'"),
        ("{}", "an adapter (LoRA) that does not name its model"),
        ("[", "an adapter (LoRA) that does not name its model"),
    ],
)
def test_an_adapter_is_called_one_and_its_base_named(
    settings: str, told: str, whole: bool, tmp_path: Path
) -> None:
    folder = make_folder(tmp_path / "mine", Layout())
    (folder / "adapter_config.json").write_text(settings)
    if not whole:  # as peft saves it
        for name in ("config.json", "model.safetensors", "modules.json"):
            (folder / name).unlink()
        (folder / "adapter_model.safetensors").touch()
    assert told in refuse(folder)
    with pytest.raises(ModelError) as caught:
        require_path(Model("mine", "folder", str(folder)), find_home(tmp_path)), load_for_training(folder)
    assert "merge_and_unload" in caught.value.hint


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_what_a_folder_lacks_is_named(name: str, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "mine", Layout())
    (folder / name).unlink()
    assert f"has no {name}" in refuse(folder)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("forced", [False, True])
def test_a_pickle_that_holds_more_than_weights_is_never_run(
    forced: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if forced:
        monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    folder = make_folder(tmp_path / "mine", Layout(modules=False, pickled=True))
    state = torch.load(folder / "pytorch_model.bin", weights_only=True)
    torch.save({**state, "payload": Payload()}, folder / "pytorch_model.bin")
    assert "pytorch_model.bin" in refuse(folder)
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Payload()))
    assert "pytorch_model.bin" in refuse(folder)
    assert not (tmp_path / MARK).exists()
