"""A model comes whole into the cache of the Hub's libraries: resumed, checked, and only what is needed."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub.utils import logging as hub_logging
from naughty_server import Served, Server, serving

from engine.cancel import Stopped
from engine.catalog.local import snapshot
from engine.fetch.download import FetchError
from engine.fetch.hub import HubFile, fetch_model
from store.records import Model
from store.umask import private_files

COMMIT = "c0ffee" + "0" * 34
MODEL = Model("own", "huggingface", "org/name", version=COMMIT)
WEIGHTS = bytes(range(256)) * 4000
FILES = {
    "config.json": b"{}",
    "tokenizer.json": b"{ }",
    "1_Pooling/config.json": b"{  }",
    "model.safetensors": WEIGHTS,
    "pytorch_model.bin": b"pickled",
    "onnx/model.onnx": b"left",
    "onnx/config.json": b"left too",
    "README.md": b"left as well",
}


def sha(content: bytes, kind: str = "sha256") -> str:
    return hashlib.new(kind, content).hexdigest()


def git_name(content: bytes) -> str:
    return sha(b"blob %d\0" % len(content) + content, "sha1")


def publish(server: Server, files: dict[str, bytes]) -> None:
    """Let the server be a hub with these files of the model."""
    listed = []
    for name, content in files.items():
        entry = {"rfilename": name, "size": len(content), "blobId": git_name(content)}
        if name.endswith((".safetensors", ".bin")):
            entry["lfs"] = {"sha256": sha(content), "size": len(content), "pointerSize": 100}
        listed.append(entry)
        server.files[path_of(name)] = Served(content)
    facts = {"_id": "1", "id": "org/name", "sha": COMMIT, "tags": [], "siblings": listed}
    answer = json.dumps({**facts, "private": False, "downloads": 0, "likes": 0}).encode()
    about = {"Content-Type": "application/json"}
    server.files[f"/api/models/org/name/revision/{COMMIT}?blobs=true"] = Served(answer, headers=about)


def path_of(name: str) -> str:
    return f"/org/name/resolve/{COMMIT}/{name}"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("engine.fetch.hub.get_token", lambda: None)
    with serving() as server:
        publish(server, FILES)
        yield server


def get(server: Server, cancel: threading.Event | None = None) -> list[HubFile]:
    return list(
        fetch_model(
            MODEL,
            cancel=cancel or threading.Event(),
            progress=lambda name, done, total: None,
            endpoint=server.address,
            pauses=(0.0,),
        )
    )


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_who_may_read_the_shared_cache_is_as_the_user_says(server: Server, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        with private_files():
            get(server)
    finally:
        os.umask(before)
    cache = snapshot("org/name", COMMIT).parents[2]
    found = [path for path in (cache, *cache.rglob("*")) if not path.is_symlink()]
    assert {path.stat().st_mode & 0o777 for path in found if path.is_file()} == {mode}
    assert {path.stat().st_mode & 0o777 for path in found if path.is_dir()} == {0o777 & ~mask}


def asked(server: Server, name: str) -> list[str]:
    return [wanted for path, wanted in server.asked if path == path_of(name)]


def test_only_what_is_needed_comes_and_only_once(server: Server) -> None:
    files = get(server)
    folder = snapshot("org/name", COMMIT)
    names = [str(file.path.relative_to(folder)) for file in files]
    assert names == ["config.json", "tokenizer.json", "1_Pooling/config.json", "model.safetensors"]
    assert all((folder / name).read_bytes() == FILES[name] for name in names)
    assert all(file.fresh and file.sha256 == sha(file.path.read_bytes()) for file in files)
    assert (folder / "model.safetensors").resolve() == folder.parents[1] / "blobs" / sha(WEIGHTS)
    server.asked.clear()
    assert [file.fresh for file in get(server)] == [False] * 4
    assert len(server.asked) == 1, "the list of files alone"


def test_the_cache_is_laid_out_as_the_hubs_own_library_expects(server: Server) -> None:
    from huggingface_hub import scan_cache_dir, try_to_load_from_cache

    get(server)
    hub = snapshot("org/name", COMMIT).parents[2]
    found = try_to_load_from_cache("org/name", "1_Pooling/config.json", cache_dir=hub, revision=COMMIT)
    assert Path(str(found)).read_bytes() == b"{  }"
    [repository] = scan_cache_dir(hub).repos
    assert repository.nb_files == 4


@pytest.mark.parametrize("times", [1, 3])
def test_a_cut_connection_goes_on_where_it_broke(server: Server, times: int) -> None:
    server.files[path_of("model.safetensors")] = Served(WEIGHTS, cut_at=0.5, cuts=times)
    assert get(server)[-1].sha256 == sha(WEIGHTS)
    first, *later = asked(server, "model.safetensors")
    assert (first, len(later)) == ("", times)
    assert all(wanted.startswith("bytes=") for wanted in later)


def test_what_came_before_a_stop_is_kept_for_the_next_time(server: Server) -> None:
    server.files[path_of("model.safetensors")] = Served(WEIGHTS, cut_at=0.5, cuts=1000)
    with pytest.raises(FetchError, match="could not be fetched"):
        get(server)
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(Stopped):
        get(server, stopped)
    server.files[path_of("model.safetensors")] = Served(WEIGHTS)
    server.asked.clear()
    assert [file.fresh for file in get(server)] == [False, False, False, True]
    [wanted] = asked(server, "model.safetensors")
    assert int(wanted.removeprefix("bytes=").rstrip("-")) > len(WEIGHTS) // 2


def test_weights_with_other_bytes_are_refused_and_never_take_their_place(server: Server) -> None:
    server.files[path_of("model.safetensors")] = Served(bytes(len(WEIGHTS)))
    with pytest.raises(FetchError, match="other bytes than expected"):
        get(server)
    assert not (snapshot("org/name", COMMIT) / "model.safetensors").exists()
    server.files[path_of("model.safetensors")] = Served(WEIGHTS)
    assert get(server)[-1].sha256 == sha(WEIGHTS)


def test_a_damaged_file_in_the_cache_is_fetched_again(server: Server) -> None:
    path = get(server)[-1].path.resolve()
    path.write_bytes(bytes(len(WEIGHTS)))
    assert [file.fresh for file in get(server)] == [False, False, False, True]
    assert path.read_bytes() == WEIGHTS


def test_a_pickle_comes_only_where_there_is_nothing_else(server: Server) -> None:
    publish(server, {name: content for name, content in FILES.items() if name != "model.safetensors"})
    assert get(server)[-1].path.name == "pytorch_model.bin"


@pytest.mark.parametrize("name", ["../../evil.json", "/tmp/evil.json", "a/../../evil.json"])
def test_a_listing_that_leads_elsewhere_is_refused(server: Server, name: str) -> None:
    publish(server, {**FILES, name: b"1"})
    with pytest.raises(FetchError, match="not usable"):
        get(server)


def test_a_model_without_weights_is_told(server: Server) -> None:
    publish(server, {"config.json": b"{}"})
    with pytest.raises(FetchError, match="lacks config, tokenizer or weights"):
        get(server)


@pytest.mark.parametrize(("status", "hint"), [(401, "HF_TOKEN"), (403, "gated"), (404, "revision")])
def test_a_refusal_is_told_with_what_to_do(server: Server, status: int, hint: str) -> None:
    listing = f"/api/models/org/name/revision/{COMMIT}?blobs=true"
    server.files[listing] = Served(b"", statuses=[status] * 9)
    with pytest.raises(FetchError, match="could not be fetched") as caught:
        get(server)
    assert hint in caught.value.hint


def test_the_token_goes_to_the_hub_and_no_further(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str]] = []
    real = server.RequestHandlerClass.answer
    monkeypatch.setattr(
        server.RequestHandlerClass,
        "answer",
        lambda self, body: (
            seen.append((self.path, self.headers.get("Authorization", ""))) or real(self, body)
        ),
    )
    monkeypatch.setattr("engine.fetch.hub.get_token", lambda: "hf_secret")
    with serving() as elsewhere:
        elsewhere.files["/far"] = Served(WEIGHTS)
        server.files[path_of("model.safetensors")] = Served(b"", redirect=f"{elsewhere.address}/far")
        get(server)
    tokens = dict(seen)
    assert tokens[path_of("model.safetensors")] == "Bearer hf_secret"
    assert tokens["/far"] == ""


def test_a_file_that_lacks_only_its_link_is_not_downloaded(server: Server) -> None:
    get(server)[-1].path.unlink()
    server.asked.clear()
    assert [file.fresh for file in get(server)] == [False] * 4
    assert not asked(server, "model.safetensors")
    assert (snapshot("org/name", COMMIT) / "model.safetensors").read_bytes() == WEIGHTS


def test_a_small_file_of_the_same_size_with_other_bytes_is_fetched_again(server: Server) -> None:
    path = get(server)[0].path.resolve()
    path.write_bytes(b"[]")
    assert [file.fresh for file in get(server)] == [True, False, False, False]
    assert path.read_bytes() == b"{}"
    server.files[path_of("config.json")] = Served(b"[]")
    path.unlink()
    with pytest.raises(FetchError, match=r"other bytes than expected: git"):
        get(server)


def test_new_weights_are_read_once_to_be_checked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    digest = hashlib.file_digest

    def counted(stream: Any, kind: Any) -> Any:
        read.append(stream.seek(0, 2))
        stream.seek(0)
        return digest(stream, kind)

    monkeypatch.setattr(hashlib, "file_digest", counted)
    get(server)
    assert read.count(len(WEIGHTS)) == 1


def test_what_the_hub_warns_of_steers_no_terminal(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    logger = logging.getLogger("huggingface_hub")
    shown: list[str] = []
    monkeypatch.setattr(logger, "handlers", [logging.Handler()])
    monkeypatch.setattr(logger.handlers[0], "emit", lambda record: shown.append(record.getMessage()))
    hub_logging.set_verbosity_warning()
    for served in server.files.values():
        served.headers["X-HF-Warning"] = "steer; \x1b]0;owned\x07"
    get(server)
    assert shown == []


def test_a_token_that_the_hub_echoes_is_told_nowhere(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "hf_VerySecretToken0123456789"
    monkeypatch.setattr("engine.fetch.hub.get_token", lambda: token)
    listing = server.files[f"/api/models/org/name/revision/{COMMIT}?blobs=true"]
    listing.headers |= {"X-Request-Id": token, "X-Error-Message": token}
    listing.statuses = [401]
    with pytest.raises(FetchError, match="401 Unauthorized") as caught:
        get(server)
    assert token not in f"{caught.value}"
    weights = server.files[path_of("model.safetensors")]
    weights.redirect = f"http://192.0.2.1/?key={token}"
    with pytest.raises(FetchError, match="not an https address") as caught:
        get(server)
    assert token not in f"{caught.value}"
