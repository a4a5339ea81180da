from __future__ import annotations

import json
import shutil
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hub_layouts import TEXTS
from safetensors.numpy import save_file
from sentence_transformers import SentenceTransformer
from static_folders import VECTORS, make_model2vec, make_static, tokenizer

from engine.catalog.local import how_to_get
from engine.catalog.models import catalog, embedding_options, find_model, is_static, local_path
from engine.catalog.presets import axes_for
from engine.catalog.revision import content_revision
from engine.embedding.embed import embed, zero_notes
from engine.embedding.tokens import measure_lengths
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from store.errors import ModelError
from store.home import Home, find_home
from store.records import EmbeddingOptions, Model


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return find_home(tmp_path / "home").create()


def vectors_of(
    folder: Path, home: Home, texts: tuple[str, ...] = TEXTS, options: EmbeddingOptions | None = None
) -> np.ndarray:
    model = find_model(str(folder), home)
    return embed(
        model,
        texts,
        options or embedding_options(model, axes_for("paper")),
        home,
        device="cpu",
        cancel=threading.Event(),
        progress=lambda done, total: None,
    ).vectors


def means(table: np.ndarray) -> np.ndarray:
    encoded = [tokenizer().encode(text, add_special_tokens=False).ids for text in TEXTS]
    return np.stack([table[ids].mean(axis=0) for ids in encoded])


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("dense", [False, True])
def test_vectors_of_a_static_embedding_are_those_of_sentence_transformers(
    normalize: bool, dense: bool, tmp_path: Path, home: Home
) -> None:
    folder = make_static(tmp_path / "mine", normalize=normalize, dense=dense)
    expected = SentenceTransformer(str(folder), device="cpu").encode(list(TEXTS), batch_size=7)
    np.testing.assert_allclose(vectors_of(folder, home), expected, atol=1e-6)


def test_vectors_of_model2vec_are_means_of_its_weighted_token_vectors(tmp_path: Path, home: Home) -> None:
    plain = VECTORS.astype(np.float32)
    np.testing.assert_allclose(
        vectors_of(make_model2vec(tmp_path / "plain"), home), means(plain), atol=1e-6
    )
    unit = means(plain) / np.linalg.norm(means(plain), axis=1, keepdims=True)
    np.testing.assert_allclose(
        vectors_of(make_model2vec(tmp_path / "unit", normalize=True), home), unit, atol=1e-6
    )
    count = len(VECTORS)
    weighted = plain[::2][np.arange(count) // 2] * np.linspace(0.5, 2, count)[:, None]
    found = vectors_of(make_model2vec(tmp_path / "mapped", mapped=True), home)
    np.testing.assert_allclose(found, means(weighted), atol=2e-3)  # the file holds halves


def test_declared_use_is_obeyed(tmp_path: Path, home: Home) -> None:
    folder = make_static(tmp_path / "mine", normalize=True)
    plain = vectors_of(folder, home, options=EmbeddingOptions(normalize=False))
    np.testing.assert_allclose(plain, means(VECTORS.astype(np.float32)), atol=1e-6)
    prefixed = vectors_of(folder, home, ("gene1",), EmbeddingOptions(prefix="query: "))
    np.testing.assert_array_equal(prefixed, vectors_of(folder, home, ("query: gene1",)))
    cut = vectors_of(folder, home, ("gene1 gene2 gene3",), EmbeddingOptions(max_tokens=2))
    np.testing.assert_array_equal(cut, vectors_of(folder, home, ("gene1 gene2",)))
    rounded = vectors_of(folder, home, options=EmbeddingOptions(precision="bf16"))
    exact = vectors_of(folder, home)
    assert 1e-4 < np.abs(rounded - exact).max() < 0.02
    with pytest.raises(ModelError, match="the mean is taken, not cls"):
        vectors_of(folder, home, options=EmbeddingOptions(pooling="cls"))


def test_a_text_without_tokens_is_zero_and_counted(tmp_path: Path, home: Home) -> None:
    folder = make_static(tmp_path / "mine", normalize=True)
    found = vectors_of(folder, home, ("", "gene1", " \n"))
    assert not found[[0, 2]].any()
    assert found[1].any()
    model = find_model(str(folder), home)
    assert zero_notes(model, found) == (f"{folder}: 2 of 3 texts have no tokens, and so vectors of zeros.",)
    assert zero_notes(model, found[1:2]) == ()


def test_a_static_folder_is_known_for_one(tmp_path: Path, home: Home) -> None:
    for folder in (make_static(tmp_path / "one"), make_model2vec(tmp_path / "two")):
        model = find_model(str(folder), home)
        assert is_static(model, home)
        assert local_path(model, home) == folder
        lengths = measure_lengths(model, ("gene1 gene2", ""), EmbeddingOptions(), home)
        assert lengths.tokens == (2, 0)
        (folder / "tokenizer.json").unlink()
        assert local_path(model, home) is None
        assert "has no tokenizer.json" in how_to_get(model)[0]


def test_it_is_not_fine_tuned(tmp_path: Path, home: Home) -> None:
    folder = str(make_static(tmp_path / "mine"))
    chosen = Selection((folder,), ("long-vs-short-tf",), ("lr", "linear-probe", "lora", "finetune"), (41,))
    plan = build_plan(chosen, home, {})
    assert [unit.protocol for unit in plan.units] == ["lr"]
    assert {part.reason for part in plan.blocked} == {
        f"{folder} has static token vectors and no layers, so it cannot be fine-tuned."
    }


@pytest.mark.parametrize(
    ("tensors", "told"),
    [
        ({"other": VECTORS}, "has no tensor 'embeddings'"),
        ({"embeddings": VECTORS[:9].copy()}, "has 9 token vectors"),
        ({"embeddings": np.full_like(VECTORS, np.nan)}, "not finite"),
        ({"embeddings": VECTORS[:, 0].copy()}, "cannot be loaded as static token vectors"),
    ],
)
def test_damaged_folders_are_refused_in_a_sentence(
    tensors: dict[str, np.ndarray], told: str, tmp_path: Path, home: Home
) -> None:
    folder = make_model2vec(tmp_path / "mine")
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(ModelError, match=told):
        vectors_of(folder, home)


def test_a_damaged_tokenizer_is_refused_in_a_sentence(tmp_path: Path, home: Home) -> None:
    folder = make_static(tmp_path / "mine")
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="cannot be loaded as static token vectors"):
        vectors_of(folder, home)


def packaged(home: Home) -> tuple[Model, Path]:
    model = find_model("wordllama-256", home)
    path = local_path(model, home)
    if path is None:
        pytest.skip("the package wordllama is not installed")
    return model, path


def test_the_catalogs_static_vectors_come_second_from_a_package(home: Home) -> None:
    assert [model.kind for model in catalog()[:2]] == ["package", "static"]
    missing = replace(catalog()[1], source="no_such_package_at_all", version="1.0")
    assert local_path(missing, home) is None
    assert how_to_get(missing)[1].endswith("pip install no-such-package-at-all==1.0")


def test_a_package_has_the_revision_of_a_folder_with_its_files(tmp_path: Path, home: Home) -> None:
    model, path = packaged(home)
    (tmp_path / "same").mkdir()
    for name, place in model.files.items():
        shutil.copy(path / place, tmp_path / "same" / name)
    assert model.revision == content_revision(tmp_path / "same", home)


def test_a_package_is_read_and_never_imported(home: Home) -> None:
    model, _ = packaged(home)
    found = embed(
        model,
        ("BRCA1", ""),
        embedding_options(model, axes_for("paper")),
        home,
        device="cpu",
        cancel=threading.Event(),
        progress=lambda done, total: None,
    )
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), (1, 0), atol=1e-6)
    assert found.vectors.shape == (2, model.dimension)
    assert found.notes == ()  # the catalog and the files agree
    assert "wordllama" not in sys.modules


def test_a_folder_with_other_steps_is_no_static_one(tmp_path: Path, home: Home) -> None:
    folder = make_static(tmp_path / "mine")
    steps = json.loads((folder / "modules.json").read_text())
    steps[0]["type"] = "somebody.StaticEmbedding"
    (folder / "modules.json").write_text(json.dumps(steps))
    with pytest.raises(ModelError, match="asks for code of its own"):
        vectors_of(folder, home)
