from __future__ import annotations

import hashlib
import json
import os
import random
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from naughty_server import Served, Server, serving

from engine.cancel import Stopped
from engine.fetch.download import Fetched, FetchError, download, make_client
from engine.fetch.sources import Source
from store.errors import GeneArenaError, StoreError

CONTENT = random.Random(7).randbytes(700_000)
SHA = hashlib.sha256(CONTENT).hexdigest()
QUICK = (0.0,)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def get(
    server: Server,
    target: Path,
    sha256: str = SHA,
    cancel: threading.Event | None = None,
    seen: list[tuple[int, int]] | None = None,
    known: str = "",
    size: int = 0,
) -> Fetched:
    with make_client() as client:
        return download(
            Source("file", f"{server.address}/file", size, sha256),
            target,
            client,
            cancel=cancel or threading.Event(),
            progress=lambda done, total: seen.append((done, total)) if seen is not None else None,
            known=known,
            pauses=QUICK,
        )


def test_a_file_comes_whole_with_progress(server: Server, tmp_path: Path) -> None:
    server.files["/file"] = Served(CONTENT)
    seen: list[tuple[int, int]] = []
    fetched = get(server, tmp_path / "file", seen=seen)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert (fetched.size, fetched.sha256) == (len(CONTENT), SHA)
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert seen == sorted(seen)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_connection_cut_at_half_is_continued(server: Server, tmp_path: Path) -> None:
    server.files["/file"] = Served(CONTENT, cut_at=0.5, cuts=3)
    get(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    ranges = [asked for _, asked in server.asked]
    assert ranges[0] == ""
    assert ranges[1] == f"bytes={len(CONTENT) // 2}-"
    assert len(ranges) == 4


def test_a_cancelled_download_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.files["/file"] = Served(CONTENT)
    cancel = threading.Event()
    with make_client() as client, pytest.raises(Stopped):
        download(
            Source("file", f"{server.address}/file", sha256=SHA),
            tmp_path / "file",
            client,
            cancel=cancel,
            progress=lambda done, total: cancel.set() if done > total // 2 else None,
            pauses=QUICK,
        )
    half = (tmp_path / "file.part").stat().st_size
    assert len(CONTENT) // 2 < half < len(CONTENT)
    assert not (tmp_path / "file").exists()
    get(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.asked[-1] == ("/file", f"bytes={half}-")


def test_a_file_that_changed_meanwhile_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    server.files["/file"] = Served(bytes(len(CONTENT)), etag='"old"', cut_at=0.5, cuts=99)
    with pytest.raises(FetchError):
        get(server, tmp_path / "file", sha256="")
    server.files["/file"] = Served(CONTENT, etag='"new"')
    get(server, tmp_path / "file", sha256="")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_pieces_of_two_versions_are_found_out_by_the_checksum(server: Server, tmp_path: Path) -> None:
    server.files["/file"] = Served(CONTENT, etag="")
    (tmp_path / "file.part").write_bytes(b"x" * 1000)
    get(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [asked for _, asked in server.asked] == ["bytes=1000-", ""]


def test_a_rest_that_nothing_vouches_for_is_not_kept(server: Server, tmp_path: Path) -> None:
    server.files["/file"] = Served(CONTENT, etag="")
    (tmp_path / "file.part").write_bytes(b"x" * 1000)
    get(server, tmp_path / "file", sha256="")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_server_without_ranges_starts_over(server: Server, tmp_path: Path) -> None:
    server.files["/file"] = Served(CONTENT, ranges=False, cut_at=0.5, cuts=2)
    get(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_whole_partial_file_is_taken_as_it_is(server: Server, tmp_path: Path) -> None:
    server.files["/file"] = Served(CONTENT)
    (tmp_path / "file.part").write_bytes(CONTENT)
    get(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert len(server.asked) == 1


def test_a_partial_file_longer_than_the_source_starts_over(server: Server, tmp_path: Path) -> None:
    server.files["/file"] = Served(CONTENT)
    (tmp_path / "file.part").write_bytes(CONTENT + b"more")
    get(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("old", [b"the old file", None])
def test_wrong_bytes_are_refused_and_the_old_file_kept(
    server: Server, tmp_path: Path, old: bytes | None
) -> None:
    server.files["/file"] = Served(CONTENT[:-1] + b"!")
    if old is not None:
        (tmp_path / "file").write_bytes(old)
    with pytest.raises(FetchError, match="other bytes than expected") as caught:
        get(server, tmp_path / "file")
    assert ("old file is kept" in caught.value.message) == (old is not None)
    left = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert left == ({} if old is None else {"file": old})


def test_trust_on_first_use_refuses_another_content_later(server: Server, tmp_path: Path) -> None:
    server.files["/file"] = Served(CONTENT)
    with pytest.raises(FetchError, match="as first fetched"):
        get(server, tmp_path / "file", sha256="", known="0" * 64)
    get(server, tmp_path / "file", sha256="", known=SHA)


def test_another_size_than_known_is_refused(server: Server, tmp_path: Path) -> None:
    server.files["/file"] = Served(CONTENT)
    with pytest.raises(FetchError, match="700,000 bytes instead of 699,999"):
        get(server, tmp_path / "file", size=699_999)


def test_a_length_announced_too_long_does_not_lose_the_file(server: Server, tmp_path: Path) -> None:
    server.files["/file"] = Served(CONTENT, announce=5000)
    get(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_length_announced_too_long_without_ranges_ends(server: Server, tmp_path: Path) -> None:
    server.files["/file"] = Served(CONTENT, announce=5000, ranges=False)
    with pytest.raises(FetchError, match="could not be fetched"):
        get(server, tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_a_length_announced_too_short_never_passes_for_the_file(server: Server, tmp_path: Path) -> None:
    server.files["/file"] = Served(CONTENT, announce=-5000)
    with pytest.raises(FetchError, match="other bytes than expected"):
        get(server, tmp_path / "file")
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_busy_server_is_asked_again(server: Server, tmp_path: Path, status: int) -> None:
    server.files["/file"] = Served(CONTENT, statuses=[status] * 3)
    get(server, tmp_path / "file")
    assert len(server.asked) == 4


def test_retry_after_is_waited_for(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    cancel = threading.Event()
    monkeypatch.setattr(cancel, "wait", lambda seconds: waited.append(seconds) or False)
    server.files["/file"] = Served(CONTENT, statuses=[429, 503], headers={"Retry-After": "7"})
    get(server, tmp_path / "file", cancel=cancel)
    server.files["/file"] = Served(CONTENT, statuses=[429], headers={"Retry-After": "86400"})
    get(server, tmp_path / "other", cancel=cancel)
    assert waited == [7, 7, 60]


def test_retries_end(server: Server, tmp_path: Path) -> None:
    server.files["/file"] = Served(CONTENT, statuses=[500] * 1000)
    with pytest.raises(FetchError, match="it answers 500"):
        get(server, tmp_path / "file")
    assert len(server.asked) < 10


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_final(server: Server, tmp_path: Path, status: int) -> None:
    server.files["/file"] = Served(CONTENT, statuses=[status])
    with pytest.raises(FetchError, match=f"answers {status}"):
        get(server, tmp_path / "file")
    assert len(server.asked) == 1
    assert list(tmp_path.iterdir()) == [], "nothing came, so nothing is left"


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with serving() as gone:
        pass
    with pytest.raises(FetchError, match="could not be fetched") as caught:
        get(gone, tmp_path / "file")
    assert "127.0.0.1 reachable" in caught.value.hint


def test_redirects_are_followed_but_not_to_an_open_connection(server: Server, tmp_path: Path) -> None:
    server.files["/real"] = Served(CONTENT)
    server.files["/file"] = Served(b"", redirect=f"{server.address}/real")
    get(server, tmp_path / "file")
    server.files["/file"] = Served(b"", redirect="http://example.invalid/real")
    with pytest.raises(FetchError, match="not an https address"):
        get(server, tmp_path / "other")


def test_two_at_once_do_not_mix(server: Server, tmp_path: Path) -> None:
    server.files["/file"] = Served(CONTENT)
    inner: list[GeneArenaError] = []

    def second(done: int, total: int) -> None:
        if not inner:
            with pytest.raises(FetchError, match="another genearena") as caught:
                get(server, tmp_path / "file")
            inner.append(caught.value)

    with make_client() as client:
        download(
            Source("file", f"{server.address}/file", sha256=SHA),
            tmp_path / "file",
            client,
            cancel=threading.Event(),
            progress=second,
        )
    assert inner
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_place_that_cannot_be_written_is_told(server: Server, tmp_path: Path) -> None:
    server.files["/file"] = Served(CONTENT)
    (tmp_path / "blocked").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        get(server, tmp_path / "blocked" / "file")


@pytest.mark.parametrize("damaged", ["[", "[" * 100_000], ids=["cut", "deep"])
def test_a_damaged_note_of_the_validator_does_not_matter(
    server: Server, tmp_path: Path, damaged: str
) -> None:
    server.files["/file"] = Served(CONTENT, cut_at=0.5, cuts=99)
    with pytest.raises(FetchError):
        get(server, tmp_path / "file")
    assert json.loads((tmp_path / "file.part.json").read_text())["validator"] == '"v1"'
    (tmp_path / "file.part.json").write_text(damaged)
    server.files["/file"] = Served(CONTENT)
    get(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_password_in_an_address_is_sent_and_neither_kept_nor_told(server: Server, tmp_path: Path) -> None:
    server.files["/file"] = Served(CONTENT)
    address = server.address.replace("//", "//user:pa%2Fss-word@")
    source = Source("file", f"{address}/file", sha256=SHA)

    def fetch() -> Fetched:
        return download(
            source,
            tmp_path / "file",
            make_client(),
            cancel=threading.Event(),
            progress=lambda done, total: None,
            pauses=QUICK,
        )

    server.files["/file"].statuses = [404]
    with pytest.raises(FetchError, match=r"//\*\*\*@127\.0\.0\.1"):
        fetch()
    server.files["/file"].statuses = [503] * 10
    with pytest.raises(FetchError) as caught:
        fetch()
    assert "pa%2Fss-word" not in str(caught.value)
    server.files["/file"].statuses = []
    cancel = threading.Event()
    with pytest.raises(Stopped):
        download(
            source,
            tmp_path / "file",
            make_client(),
            cancel=cancel,
            progress=lambda done, total: cancel.set(),
            pauses=QUICK,
        )
    kept = (tmp_path / "file.part.json").read_text()
    assert "word" not in kept
    asked = len(server.asked)
    assert fetch().sha256 == SHA
    assert server.asked[asked][1].startswith("bytes="), "it goes on where it stopped"


@pytest.mark.parametrize("name", ["ALL_PROXY", "https_proxy", "HTTP_PROXY"])
@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "socks4", "SOCKS"])
def test_a_socks_proxy_that_cannot_be_used_is_one_sentence(
    scheme: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    without_proxies(monkeypatch)
    monkeypatch.setenv(name, f"{scheme}://me:secret-of-mine@localhost:1080")
    with pytest.raises(FetchError) as caught:
        make_client()
    assert f"{scheme}://***@localhost:1080 in {name.upper()} cannot be used" in caught.value.message
    assert "socksio" in caught.value.hint
    assert "secret-of-mine" not in str(caught.value)


@pytest.mark.parametrize("address", ["gopher://localhost:1", "http://localhost:port", "http://[::1"])
def test_a_proxy_that_is_no_address_is_one_sentence(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)
    monkeypatch.setenv("https_proxy", address)
    with pytest.raises(FetchError, match="HTTPS_PROXY is not an address"):
        make_client()


def without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
