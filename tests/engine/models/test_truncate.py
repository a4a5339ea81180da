"""Vectors of which the first numbers are kept, as models of the Matryoshka kind allow."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from hub_layouts import TEXTS, Layout, make_folder
from sentence_transformers import SentenceTransformer
from static_folders import make_static, set_dim

from engine.catalog.models import embedding_options, find_model
from engine.catalog.presets import axes_for
from engine.embedding.embed import embed
from engine.finetune.folder import Pooling
from engine.finetune.model import pool
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from store.errors import ModelError
from store.home import Home, find_home
from store.records import EmbeddingOptions, Model
from tui.cli import cli


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return find_home(tmp_path / "home").create()


def vectors_of(model: Model, home: Home, options: EmbeddingOptions) -> np.ndarray:
    return embed(
        model,
        TEXTS,
        options,
        home,
        device="cpu",
        cancel=threading.Event(),
        progress=lambda done, total: None,
    ).vectors


def made(kind: str, folder: Path) -> Path:
    return make_folder(folder, Layout()) if kind == "encoder" else make_static(folder, normalize=True)


@pytest.mark.parametrize("kind", ["encoder", "static"])
def test_what_the_files_say_is_done_as_sentence_transformers_does_it(
    kind: str, tmp_path: Path, home: Home
) -> None:
    folder = set_dim(made(kind, tmp_path / "mine"), 8)
    model = find_model(str(folder), home)
    options = embedding_options(model, axes_for("paper"))
    assert options.truncate_dim == 8
    found = vectors_of(model, home, options)
    reference = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    np.testing.assert_allclose(found, reference.encode(list(TEXTS)), atol=1e-5)
    assert (np.linalg.norm(found, axis=1) < 0.999).all()


@pytest.mark.parametrize("kind", ["encoder", "static"])
def test_unit_length_that_is_asked_for_is_that_of_what_is_kept(
    kind: str, tmp_path: Path, home: Home
) -> None:
    folder = made(kind, tmp_path / "mine")
    found = vectors_of(
        find_model(str(folder), home), home, EmbeddingOptions(normalize=True, truncate_dim=8)
    )
    reference = SentenceTransformer(str(folder), device="cpu", local_files_only=True, truncate_dim=8)
    np.testing.assert_allclose(found, reference.encode(list(TEXTS), normalize_embeddings=True), atol=1e-5)


def test_more_numbers_than_there_are_is_one_sentence(tmp_path: Path, home: Home) -> None:
    model = find_model(str(make_static(tmp_path / "mine")), home)
    with pytest.raises(ModelError, match="gives vectors of 16 numbers, which cannot be cut to 17"):
        vectors_of(model, home, EmbeddingOptions(truncate_dim=17))


@pytest.mark.parametrize("dim", [None, 0, -3, "8", True, [8]])
def test_what_is_no_number_of_numbers_is_not_obeyed(dim: object, tmp_path: Path, home: Home) -> None:
    model = find_model(str(set_dim(make_static(tmp_path / "mine"), dim)), home)
    assert model.truncate_dim is None


def test_it_is_part_of_keys_only_where_it_is_set(tmp_path: Path, home: Home) -> None:
    assert "truncate_dim" not in EmbeddingOptions().spec
    assert EmbeddingOptions(**EmbeddingOptions(truncate_dim=8).spec).truncate_dim == 8
    folder = str(make_folder(tmp_path / "mine", Layout()))
    chosen = Selection((folder,), ("long-vs-short-tf",), ("lr", "linear-probe", "finetune"), (41,))
    before = build_plan(chosen, home, {}).units
    assert not any("truncate_dim" in str(unit.spec) for unit in before)
    set_dim(Path(folder), 8)
    lr, probe, full = build_plan(chosen, home, {}).units
    assert lr.spec["embedding"]["truncate_dim"] == 8
    assert probe.spec["input"]["truncate_dim"] == 8
    assert full.spec["input"] == {"prefix": ""}


def test_a_frozen_encoder_gives_the_same_vectors_as_embedding() -> None:
    states, mask = torch.randn(2, 5, 12), torch.ones(2, 5)
    whole = pool(states, mask, Pooling(normalize=True))
    assert torch.equal(pool(states, mask, Pooling(normalize=True, truncate_dim=4)), whole[:, :4])
    kept = pool(states, mask, Pooling(normalize=True, truncate_dim=4, rescale=True))
    torch.testing.assert_close(kept, torch.nn.functional.normalize(whole[:, :4], dim=1))


def run(home: Home, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["models", "--home", str(home.data.parent), *arguments])
    return result.exit_code, result.output


def test_a_model_is_added_with_fewer_numbers(tmp_path: Path, home: Home) -> None:
    folder = make_static(tmp_path / "mine")
    code, said = run(home, "--add", str(folder), "--dim", "8")
    assert code == 0, said
    assert "mine-8 is listed in" in said
    model = find_model("mine-8", home)
    assert (model.kind, model.source, model.truncate_dim) == ("folder", str(folder), 8)
    code, said = run(home, "--add", "e5-small", "--dim", "64", "--name", "short")
    assert code == 0, said
    short, card = find_model("short", home), find_model("e5-small", home)
    assert (short.source, short.version, short.prefix) == (card.source, card.version, "query: ")
    assert (short.pooling, short.normalize, short.truncate_dim) == ("mean", True, 64)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--dim", "8"), "belong to --add"),
        (("--add", "all-MiniLM-L6-v2"), "is listed already"),
        (("--add", "tfidf"), "is listed already"),
        (("--add", "/no/such/folder"), "no model named"),
    ],
)
def test_what_cannot_be_added_is_told(arguments: tuple[str, ...], told: str, home: Home) -> None:
    code, said = run(home, *arguments)
    assert code != 0
    assert told in said.replace("\n", " ")
    assert not home.config_file.exists()


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('source = "x.csv"\ntruncate_dim = 8', "not for a table of vectors"),
        ('source = "hf:a/b"\ntruncate_dim = 0', "truncate_dim has to be a whole number"),
        ('source = "hf:a/b"\ndimension = 8\ntruncate_dim = 9', "more than the dimension 8"),
    ],
)
def test_a_config_that_cannot_be_obeyed_is_refused(lines: str, told: str, home: Home) -> None:
    home.config.mkdir(parents=True, exist_ok=True)
    home.config_file.write_text(f'[[models]]\nname = "x"\n{lines}\n')
    code, said = run(home)
    assert code != 0
    assert told in said.replace("\n", " ")
