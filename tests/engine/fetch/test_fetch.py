from __future__ import annotations

import hashlib
import io
import json
import socket
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from naughty_server import Served, Server, serving

from engine.catalog.models import find_model, local_path, name_model
from engine.fetch import choices, fetch, refuse_offline
from engine.fetch.download import FetchError
from engine.fetch.sources import data_sets
from engine.network import offline
from store.errors import DataError, GeneArenaError, UsageError
from store.home import Home, find_home

PICKLE = b"vectors by gene " * 1000
SUMMARY = b'{"A": "a gene"}'


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def archive(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as content:
        for name, data in members.items():
            content.writestr(name, data)
    return stream.getvalue()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    for name in ("HF_HUB_OFFLINE", "GENEARENA_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    with serving() as server:
        monkeypatch.setenv("GENEARENA_SOURCES", str(tmp_path / "sources.toml"))
        (tmp_path / "sources.toml").write_text(f"""
            [daily]
            title = "Renewed every day"
            licence = "public domain"
            page = "p"
            [[daily.files]]
            name = "table.gz"
            url = "{server.address}/table.gz"
            changes = true

            [fixed]
            title = "Pinned"
            licence = "CC0-1.0"
            page = "p"
            base = "{server.address}/pinned"
            [[fixed.files]]
            name = "one.txt"
            url = "one.txt"
            [[fixed.files]]
            name = "two.txt"
            url = "two.txt"
            sha256 = "{sha(b"two")}"

            [zipped]
            title = "An archive"
            licence = "CC-BY-4.0"
            page = "p"
            [[zipped.files]]
            name = "all.zip"
            url = "{server.address}/all.zip"
            [[zipped.files.members]]
            path = "inner/vectors.pickle"
            size = {len(PICKLE)}
            sha256 = "{sha(PICKLE)}"
        """)
        server.files = {
            "/table.gz": Served(b"today"),
            "/pinned/one.txt": Served(b"one"),
            "/pinned/two.txt": Served(b"two"),
            "/all.zip": Served(archive({"inner/vectors.pickle": PICKLE, "__MACOSX/junk": b"junk"})),
        }
        yield server


def get(what: str, home: Home) -> list[tuple[str, bool]]:
    return [(got.path.name, got.fresh) for got in fetch(what, home, pauses=(0.0,))]


def manifest(home: Home) -> dict[str, dict[str, object]]:
    return json.loads((home.downloads / "manifest.json").read_text())["files"]


def test_the_real_sources_name_every_set_over_https() -> None:
    sets = data_sets()
    assert list(sets) == ["ncbi", "gene2ensembl", "hgnc", "geneformer", "genept"]
    assert choices() == (*sets, "all")
    for data_set in sets.values():
        assert data_set.licence
        assert all(source.url.startswith("https://") for source in data_set.files)
    vectors = sets["genept"].files[0].members[0]
    ada = find_model("OpenAI", find_home())
    assert vectors.sha256 == ada.revision
    assert ada.source.endswith(vectors.name)


def test_a_set_is_fetched_once_and_written_down(server: Server, home: Home) -> None:
    seen: list[tuple[str, int, int]] = []
    assert get("fixed", home) == [("one.txt", True), ("two.txt", True)]
    assert get("fixed", home) == [("one.txt", False), ("two.txt", False)]
    assert len(server.asked) == 2
    entry = manifest(home)["fixed/one.txt"]
    assert entry["source"] == f"{server.address}/pinned/one.txt"
    assert (entry["size"], entry["sha256"], entry["licence"]) == (3, sha(b"one"), "CC0-1.0")
    assert str(entry["fetched_at"]).startswith("20")
    for _ in fetch("daily", home, progress=lambda *now: seen.append(now)):
        pass
    assert seen[-1] == ("table.gz", 5, 5)


def test_a_file_that_was_touched_is_fetched_again(server: Server, home: Home) -> None:
    get("fixed", home)
    (home.downloads / "fixed" / "one.txt").write_text("changed by hand")
    assert get("fixed", home) == [("one.txt", True), ("two.txt", False)]
    assert (home.downloads / "fixed" / "one.txt").read_bytes() == b"one"


def test_a_pinned_file_that_changes_at_its_source_is_refused(server: Server, home: Home) -> None:
    get("fixed", home)
    path = home.downloads / "fixed" / "one.txt"
    path.write_bytes(b"mine")
    server.files["/pinned/one.txt"] = Served(b"another one")
    with pytest.raises(FetchError, match="as first fetched"):
        get("fixed", home)
    assert path.read_bytes() == b"mine"
    assert manifest(home)["fixed/one.txt"]["sha256"] == sha(b"one")


def test_a_wrong_checksum_keeps_the_old_file(server: Server, home: Home) -> None:
    get("fixed", home)
    path = home.downloads / "fixed" / "two.txt"
    path.write_bytes(b"old")
    server.files["/pinned/two.txt"] = Served(b"2wo")
    with pytest.raises(FetchError, match="old file is kept"):
        get("fixed", home)
    assert path.read_bytes() == b"old"


def test_a_renewed_file_is_renewed(server: Server, home: Home) -> None:
    assert get("daily", home) == [("table.gz", True)]
    server.files["/table.gz"] = Served(b"tomorrow")
    assert get("daily", home) == [("table.gz", True)]
    assert manifest(home)["daily/table.gz"]["sha256"] == sha(b"tomorrow")


def test_of_an_archive_only_what_is_wanted_stays(server: Server, home: Home) -> None:
    assert get("zipped", home) == [("vectors.pickle", True)]
    folder = home.downloads / "zipped"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"vectors.pickle": PICKLE}
    assert manifest(home)["zipped/vectors.pickle"]["sha256"] == sha(PICKLE)
    assert get("zipped", home) == [("vectors.pickle", False)]
    assert len(server.asked) == 1


@pytest.mark.parametrize("content", [b"x" * len(PICKLE), PICKLE + b"more", b""])
def test_another_member_than_expected_keeps_the_old_one(
    server: Server, home: Home, content: bytes, tmp_path: Path
) -> None:
    server.files["/all.zip"] = Served(archive({"inner/vectors.pickle": content}))
    folder = home.downloads / "zipped"
    folder.mkdir(parents=True)
    (folder / "vectors.pickle").write_bytes(b"old")
    with pytest.raises(DataError):
        get("zipped", home)
    assert (folder / "vectors.pickle").read_bytes() == b"old"
    assert not [path for path in folder.iterdir() if path.is_dir()]


def test_a_model_that_is_a_table_comes_with_its_data_set(
    server: Server, home: Home, tmp_path: Path
) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text(
        sources.read_text().replace("[zipped]", "[genept]").replace("[[zipped.", "[[genept.")
    )
    got = list(fetch("model", home, model="OpenAI", pauses=(0.0,)))
    assert [(file.path.name, file.fresh) for file in got] == [("vectors.pickle", True)]
    assert (home.downloads / "genept" / "vectors.pickle").read_bytes() == PICKLE


def forbid(*_: object, **__: object) -> None:
    raise AssertionError("a socket was opened")


@pytest.mark.parametrize("how", ["flag", "GENEARENA_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_refuses_at_once(
    how: str, server: Server, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", forbid)
    if how != "flag":
        monkeypatch.setenv(how, "1")
    for what, model in (("fixed", ""), ("all", ""), ("model", "e5-small")):
        with pytest.raises(UsageError, match="Nothing is fetched"):
            fetch(what, home, model=model, offline=how == "flag")
    assert server.asked == []


@pytest.mark.parametrize("word", ["", "0", "false", "No", "OFF"])
def test_a_switch_that_is_off_does_not_refuse(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENEARENA_OFFLINE", word)
    monkeypatch.setenv("HF_HUB_OFFLINE", "")
    refuse_offline()
    assert not offline()


@pytest.mark.parametrize("word", ["1", "true", "y", "2", "enabled"])
def test_any_other_word_means_offline(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENEARENA_OFFLINE", word)
    assert offline()
    with pytest.raises(UsageError, match="Nothing is fetched: GENEARENA_OFFLINE"):
        refuse_offline()


def test_an_unknown_name_gets_the_nearest(server: Server, home: Home) -> None:
    with pytest.raises(UsageError) as caught:
        fetch("fixd", home)
    assert "'fixed'" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        fetch("model", home, model="e5-smal")
    assert "e5-small" in caught.value.hint
    with pytest.raises(UsageError, match="cannot be fetched"):
        fetch("model", home, model="all-MiniLM-L6-v2")


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        "[[",
        f"deep = {'[' * 3000}{']' * 3000}",
        '[a]\ntitle = "t"\nlicence = "l"\npage = "p"\n[[a.files]]\nname = "../x"\nurl = "u"\n',
        '[a]\ntitle = "t"\nlicence = "l"\npage = "p"\n[[a.files]]\nname = "x"\n',
        '[a]\ntitle = "t"\nlicence = "l"\npage = "p"\n[[a.files]]\nname = "x"\nurl = "u"\nsha = "s"\n',
    ],
)
def test_a_bad_table_of_sources_is_told(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad.toml").write_text(text)
    monkeypatch.setenv("GENEARENA_SOURCES", str(tmp_path / "bad.toml"))
    with pytest.raises(UsageError, match=r"bad\.toml"):
        data_sets()


@pytest.mark.parametrize("damaged", ["{", "[" * 100_000], ids=["cut", "deep"])
def test_a_damaged_manifest_is_told(server: Server, home: Home, damaged: str) -> None:
    home.downloads.mkdir(parents=True)
    (home.downloads / "manifest.json").write_text(damaged)
    with pytest.raises(DataError, match=r"manifest\.json"):
        get("fixed", home)


# ---------------------------------------------------------------------------- models from the Hub

FILES = {
    "config.json": b"{}",
    "tokenizer.json": b"{}",
    "1_Pooling/config.json": b"{}",
    "modules.json": b"[]",
    "model.safetensors": b"weights" * 5000,
    "pytorch_model.bin": b"pickled weights",
    "onnx/model.onnx": b"not needed",
    "README.md": b"not needed",
}


def serve_model(server: Server, source: str, revision: str, files: dict[str, bytes]) -> None:
    siblings = []
    for name, content in files.items():
        lfs = {"sha256": sha(content), "size": len(content), "pointerSize": 1}
        entry: dict[str, object] = {"rfilename": name, "size": len(content)}
        siblings.append({**entry, "lfs": lfs} if name.startswith(("model", "pytorch")) else entry)
        server.files[f"/{source}/resolve/{revision}/{name}"] = Served(
            content, etag=f'"{sha(content)}"', headers={"X-Repo-Commit": revision}
        )
    about = {
        "id": source,
        "sha": revision,
        "siblings": siblings,
        "private": False,
        "tags": [],
        "downloads": 0,
    }
    server.files[f"/api/models/{source}/revision/{revision}?blobs=true"] = Served(
        json.dumps(about).encode(), headers={"Content-Type": "application/json"}
    )


@pytest.fixture
def hub(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    from huggingface_hub import constants

    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", server.address)
    template = server.address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)

    def serve(name: str, files: dict[str, bytes] = FILES) -> None:
        model = find_model(name, find_home())
        serve_model(server, model.source, model.version, files)

    return serve


def test_a_model_comes_without_what_is_not_needed(
    server: Server, hub: Callable[[str], None], home: Home
) -> None:
    hub("gte-small")
    model = find_model("gte-small", find_home())
    seen: list[tuple[str, int, int]] = []
    got = list(fetch("model", home, model="gte-small", progress=lambda *now: seen.append(now)))
    folder = local_path(model, find_home())
    assert folder is not None
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == set(FILES) - {"pytorch_model.bin", "onnx/model.onnx", "README.md"}
    assert all(item.fresh for item in got)
    assert ("model.safetensors", 35_000, 35_000) in seen
    entry = manifest(home)[str(folder / "model.safetensors")]
    assert (entry["sha256"], entry["model"]) == (sha(FILES["model.safetensors"]), "gte-small")
    assert not any(item.fresh for item in fetch("model", home, model="gte-small"))


def test_pickled_weights_come_only_where_there_is_nothing_else(
    server: Server, hub: Callable[..., None], home: Home
) -> None:
    hub("stella-base-en-v2", {name: c for name, c in FILES.items() if name != "model.safetensors"})
    got = {item.path.name for item in fetch("model", home, model="stella-base-en-v2")}
    assert "pytorch_model.bin" in got
    assert local_path(name_model("stella-base-en-v2", find_home()), find_home()) is not None


def test_a_model_that_is_damaged_here_is_fetched_again(
    server: Server, hub: Callable[[str], None], home: Home
) -> None:
    hub("gte-small")
    [path] = {item.path for item in fetch("model", home, model="gte-small") if "safe" in item.path.name}
    path.write_bytes(b"lies")
    [again] = [item for item in fetch("model", home, model="gte-small") if item.fresh]
    assert again.path == path
    assert path.read_bytes() == FILES["model.safetensors"]


def test_a_model_with_other_weights_than_told_is_refused(
    server: Server, hub: Callable[[str], None], home: Home
) -> None:
    hub("gte-small")
    model = find_model("gte-small", find_home())
    served = server.files[f"/{model.source}/resolve/{model.version}/model.safetensors"]
    served.content = served.content[:-1] + b"!"
    with pytest.raises(GeneArenaError, match="other bytes than expected"):
        list(fetch("model", home, model="gte-small"))
    assert local_path(model, find_home()) is None


def test_a_model_that_is_not_there_is_told(server: Server, hub: Callable[[str], None], home: Home) -> None:
    with pytest.raises(FetchError, match="thenlper/gte-small could not be fetched") as caught:
        list(fetch("model", home, model="gte-small"))
    assert caught.value.hint == "Check its name and revision."


def test_a_repository_without_weights_is_told(server: Server, hub: Callable[..., None], home: Home) -> None:
    hub("gte-small", {"config.json": b"{}", "tokenizer.json": b"{}"})
    with pytest.raises(FetchError, match="lacks config, tokenizer or weights"):
        list(fetch("model", home, model="gte-small"))
