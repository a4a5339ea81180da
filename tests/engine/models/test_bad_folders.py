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

from engine.embedding.embed import embed
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
        (put("adapter_config.json", '{"base_model_name_or_path": "/elsewhere"}'), "outside the model"),
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


@pytest.mark.parametrize("kind", ["bert", "of its own"])
def test_code_that_a_model_brings_is_never_run(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = make_folder(tmp_path / "mine", Layout())
    classes = {"AutoConfig": "own.Config", "AutoModel": "own.Model", "AutoTokenizer": ["own.T", "own.T"]}
    change_config(auto_map=classes, model_type=kind, trust_remote_code=True)(folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "auto_map": classes}))
    for place in (folder, tmp_path):
        (place / "own.py").write_text(f"open({MARK!r}, 'w')")
    if kind == "bert":
        model = Model("mine", "folder", str(folder), "1")
        options, home = EmbeddingOptions(), find_home(tmp_path / "home")
        done = embed(
            model,
            TEXTS[:2],
            options,
            home,
            device="cpu",
            cancel=threading.Event(),
            progress=lambda done, total: None,
        )
        assert len(done.vectors) == 2
    else:
        assert "custom code" in refuse(folder)
    assert not (tmp_path / MARK).exists()


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
