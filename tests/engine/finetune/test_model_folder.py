"""Model folders: every kind of damage in one sentence naming the file; pooling as the model's files say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_models import make_folder

from engine.embedding.folder import read_facts
from engine.finetune import FinetuneConfig
from engine.finetune.batches import tokenise
from engine.finetune.folder import Pooling, load_encoder, pooling_of
from engine.finetune.model import load_classifier
from store.errors import ModelError


def set_config(**changes: Any) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    return damage


def cut(name: str, size: int) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:size]) and None


def replace_with(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(text) and None


def remove(*names: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return damage


def pickled_garbage(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"not a pickle")


@pytest.mark.parametrize(
    ("damage", "file"),
    [
        (remove("config.json"), "config.json"),
        (cut("config.json", 20), "config.json"),
        (set_config(model_type="nonsense"), "config.json"),
        (set_config(model_type=7), "config.json"),
        (
            lambda folder: (folder / "config.json").write_text('{"model_type": "bart"}') and None,
            "encoder-decoder",
        ),
        (set_config(num_attention_heads=3), "config.json"),
        (remove("model.safetensors"), "model.safetensors"),
        (cut("model.safetensors", 5), "model.safetensors"),
        (cut("model.safetensors", 3000), "model.safetensors"),
        (pickled_garbage, "pytorch_model.bin"),
        (set_config(num_hidden_layers=1), "model.safetensors disagrees with config.json"),
        (set_config(num_hidden_layers=3), "model.safetensors disagrees with config.json"),
        (set_config(hidden_size=32), "model.safetensors disagrees with config.json"),
        (set_config(vocab_size=9), "model.safetensors disagrees with config.json"),
        (remove("tokenizer.json"), "tokenizer.json"),
        (cut("tokenizer.json", 50), "tokenizer.json"),
        (replace_with("tokenizer.json", "{}"), "tokenizer.json"),
        (cut("tokenizer_config.json", 10), "tokenizer_config.json"),
    ],
)
def test_damage_is_told_in_one_sentence_naming_the_file(
    tmp_path: Path, damage: Callable[[Path], None], file: str
) -> None:
    folder = make_folder(tmp_path)
    damage(folder)
    with pytest.raises(ModelError) as caught:
        load_encoder(folder)
    assert file in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.hint


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        load_encoder(tmp_path / "nowhere")


def test_a_tokenizer_with_more_tokens_than_the_model_is_told(tmp_path: Path) -> None:
    small = make_folder(tmp_path, vocab_size=20)
    model, tokenizer, _ = load_classifier(small, FinetuneConfig(), 2)
    with pytest.raises(ModelError, match=r"tokenizer\.json uses token 44"):
        tokenise(tokenizer, model.encoder, ["word39"], FinetuneConfig())


def test_a_left_over_language_model_head_is_no_contradiction(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = make_folder(tmp_path)
    weights = load_file(folder / "model.safetensors")
    save_file({**weights, "cls.bias": torch.zeros(3)}, folder / "model.safetensors", {"format": "pt"})
    assert load_encoder(folder).pooler_loaded


def test_half_precision_checkpoints_are_trained_in_fp32(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = make_folder(tmp_path)
    weights = load_file(folder / "model.safetensors")
    save_file(
        {name: value.half() for name, value in weights.items()},
        folder / "model.safetensors",
        {"format": "pt"},
    )
    assert {item.dtype for item in load_encoder(folder).module.parameters()} == {torch.float32}


def as_sentence_transformer(folder: Path, pooling: dict[str, Any], normalize: bool) -> None:
    modules = [("", "Transformer"), ("1_Pooling", "Pooling")] + [("2_Normalize", "Normalize")] * normalize
    listed = [
        {"idx": place, "name": str(place), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for place, (path, kind) in enumerate(modules)
    ]
    (folder / "modules.json").write_text(json.dumps(listed))
    for path, _ in modules[1:]:
        (folder / path).mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps({"word_embedding_dimension": 16, "pooling_mode_mean_tokens": False, **pooling})
    )
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 40, "do_lower_case": false}')


@pytest.mark.parametrize(
    ("pooling", "normalize"),
    [
        ({"pooling_mode_mean_tokens": True}, True),
        ({"pooling_mode_cls_token": True}, False),
        ({"pooling_mode_max_tokens": True}, True),
        ({"pooling_mode_lasttoken": True}, False),
        ({"pooling_mode_mean_sqrt_len_tokens": True}, False),
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}, True),
    ],
)
def test_native_features_equal_sentence_transformers(
    tmp_path: Path, pooling: dict[str, Any], normalize: bool
) -> None:
    from sentence_transformers import SentenceTransformer

    folder = make_folder(tmp_path)
    as_sentence_transformer(folder, pooling, normalize)
    texts = ["word1 word2 word3", "word4", "word5 word6 word7 word8 word9"]
    config = FinetuneConfig(head="native")
    model, tokenizer, notes = load_classifier(folder, config, 2)
    tokens, _ = tokenise(tokenizer, model.encoder, texts, config)
    with torch.no_grad():
        ours = model.eval().features(tokens.batch(range(3))).numpy()
    theirs = SentenceTransformer(str(folder), device="cpu", local_files_only=True).encode(texts)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert model.head.in_features == ours.shape[1]
    assert notes == ()


def test_what_is_asked_for_goes_before_the_models_own_pooling(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    as_sentence_transformer(folder, {"pooling_mode": "cls"}, normalize=True)
    own, _, _ = load_classifier(folder, FinetuneConfig(head="native"), 2)
    asked, _, _ = load_classifier(folder, FinetuneConfig(head="native", pooling="mean", normalize=False), 2)
    assert (own.pooling, asked.pooling) == (Pooling(("cls",), True), Pooling(("mean",), False))


@pytest.mark.parametrize(
    ("pooling", "modes"),
    [({"pooling_mode": "cls"}, ("cls",)), ({"pooling_mode": ["mean", "max"]}, ("mean", "max"))],
)
def test_newer_pooling_files_name_their_mode(
    tmp_path: Path, pooling: dict[str, Any], modes: tuple[str, ...]
) -> None:
    folder = make_folder(tmp_path)
    as_sentence_transformer(folder, pooling, normalize=True)
    found = pooling_of(read_facts(folder))
    assert (found.modes, found.normalize) == (modes, True)


def test_without_files_the_pooling_is_the_mean(tmp_path: Path) -> None:
    assert pooling_of(read_facts(make_folder(tmp_path))) == Pooling(("mean",), False)


def test_an_unknown_pooling_is_told(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    as_sentence_transformer(folder, {"pooling_mode": "median"}, normalize=False)
    with pytest.raises(ModelError, match="median"):
        load_encoder(folder)


def test_a_layer_that_is_left_out_is_told(tmp_path: Path) -> None:
    folder = make_folder(tmp_path)
    as_sentence_transformer(folder, {"pooling_mode": "mean"}, normalize=False)
    modules = json.loads((folder / "modules.json").read_text())
    modules.append({"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"})
    (folder / "modules.json").write_text(json.dumps(modules))
    assert load_encoder(folder).notes == ("The model's own Dense (2_Dense) layer is left out.",)


def test_an_encoder_in_a_subfolder_is_found(tmp_path: Path) -> None:
    (tmp_path / "0_Transformer").mkdir()
    make_folder(tmp_path / "0_Transformer")
    step = {
        "idx": 0,
        "name": "0",
        "path": "0_Transformer",
        "type": "sentence_transformers.models.Transformer",
    }
    (tmp_path / "modules.json").write_text(json.dumps([step]))
    assert load_encoder(tmp_path).pooler_loaded
