"""One file over HTTP: resumed where it stopped, retried with pauses, checked, put in place whole."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path
from typing import Final
from urllib.parse import unquote
from urllib.request import getproxies

import httpx

from engine.cancel import Cancel, Progress, check
from engine.digests import git_hash
from engine.fetch.sources import Source
from engine.network import wanted_pause
from store.errors import DataError, StoreError
from store.withheld import withheld, withhold

IDLE_TRIES: Final = 6
"""Attempts in a row that may bring no byte; any progress starts the count again."""
TRIES: Final = 100
"""Attempts in all."""
PAUSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before the next attempt after as many idle ones."""
LARGEST: Final = 4 << 30
"""Bytes of one file, at most; the largest known has 0.6 GB."""
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_RANGE: Final = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_LOCAL: Final = ("localhost", "127.0.0.1", "::1")


class FetchError(DataError):
    """A file could not be fetched; whatever was there before is untouched."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A downloaded file, in place."""

    path: Path
    size: int
    sha256: str


def make_client(headers: Mapping[str, str] | None = None) -> httpx.Client:
    """A client that follows redirects, but never from https to an open connection.

    Args:
        headers: sent with each request; an authorisation stays with the host that it was meant for.

    Raises:
        FetchError: the environment names a proxy that cannot be used.
    """
    for value in (headers or {}).values():
        withhold(value.removeprefix("Bearer "))
    for address in getproxies().values():
        _withhold_password(address)

    def refuse_open(request: httpx.Request) -> None:
        if request.url.scheme != "https" and request.url.host not in _LOCAL:
            raise FetchError(
                f"{request.url} is not an https address; nothing was fetched.",
                "Correct the source's address.",
            )

    try:
        return httpx.Client(
            follow_redirects=True,
            timeout=httpx.Timeout(30.0, connect=15.0),
            headers={"User-Agent": "genearena", "Accept-Encoding": "identity", **(headers or {})},
            event_hooks={"request": [refuse_open]},
        )
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise _unusable_proxy() from error


def _unusable_proxy() -> FetchError:
    """The first proxy of the environment that httpx has no way through, and what can be done."""
    proxies = {f"{scheme.upper()}_PROXY": address for scheme, address in getproxies().items()}
    socks = [(name, address) for name, address in proxies.items() if address.lower().startswith("socks")]
    if not socks:
        named = " or ".join(proxies)
        return FetchError(f"The proxy in {named} is not an address.", "Write it as http://HOST:PORT.")
    name, address = socks[0]
    return FetchError(
        f"The SOCKS proxy {address} in {name} cannot be used.",
        "Install socksio (pip install socksio) and name the proxy socks5://HOST:PORT, name an HTTP proxy "
        f"in {name}, or unset it.",
    )


def _withhold_password(address: str) -> None:
    """Let nothing that is told have the password in `address` in it, or the token in its place."""
    user, mark, password = address.rpartition("@")[0].rpartition("//")[2].partition(":")
    for secret in (password, unquote(password)) if mark else (user,):
        withhold(secret)


def download(
    source: Source,
    target: Path,
    client: httpx.Client,
    *,
    cancel: Cancel,
    progress: Progress,
    known: str = "",
    pauses: tuple[float, ...] = PAUSES,
) -> Fetched:
    """Fetch `source` to `target`, going on from `target`.part if an earlier attempt left one.

    Args:
        source: what to fetch; its checksums are checked.
        target: replaced only by a whole and checked file.
        client: as `make_client` makes it.
        cancel: looked at with every block; what has come stays for the next time.
        progress: called with every block.
        known: SHA-256 that the file had when it was first fetched, to be kept to; empty for none.
        pauses: seconds between attempts.

    Raises:
        Stopped: `cancel` was set.
        FetchError: the server refuses, gives up, or sends other bytes than expected.
        StoreError: the file cannot be written.
    """
    _withhold_password(source.url)
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with part.open("ab+") as stream:
            _claim(stream, part)
            partial = _Partial(source, part, stream)
            resumed = partial.size > 0
            _attempts(partial, client, cancel, progress, pauses)
            problem = _mismatch(source, known, partial)
            if resumed and problem:
                # The pieces may be of two versions of the file: once more, from the beginning.
                partial.restart()
                _attempts(partial, client, cancel, progress, pauses)
                problem = _mismatch(source, known, partial)
            if problem:
                partial.discard()
                kept = " The old file is kept." if target.exists() else ""
                raise FetchError(f"{source.url} sent other bytes than expected: {problem}.{kept}", _HINT)
            fetched = Fetched(target, partial.size, partial.digest("sha256"))
            part.replace(target)
            partial.state.unlink(missing_ok=True)
            return fetched
    except OSError as error:
        raise StoreError(
            f"{target} cannot be written: {error.strerror}.", "Free space, then fetch again: it goes on."
        ) from error


_HINT: Final = "Try again later; if it persists, the source has changed: see manifest.json and its page."


class _Partial:
    """What has come of a file so far, and the validator that tells whether the rest still fits."""

    def __init__(self, source: Source, part: Path, stream: BufferedRandom) -> None:
        self.source = source
        self.stream = stream
        self.part = part
        self.state = part.with_name(f"{part.name}.json")
        self.total = 0
        self.validator = ""
        self._digests: dict[str, str] = {}
        with contextlib.suppress(OSError, ValueError, RecursionError, AttributeError):
            state = json.loads(self.state.read_text(encoding="utf-8"))
            self.validator = (
                str(state.get("validator", "")) if state.get("url") == withheld(source.url) else ""
            )
        # Without a validator or a checksum nothing would tell that the rest belongs to it.
        if self.size and not (self.validator or source.sha256 or source.md5 or source.git):
            self.restart()

    @property
    def size(self) -> int:
        """Bytes that are there."""
        return self.stream.seek(0, 2)

    def restart(self) -> None:
        """Forget what has come."""
        self._digests.clear()
        self.stream.truncate(0)
        self.stream.seek(0)

    def discard(self) -> None:
        """Remove all traces."""
        self.part.unlink(missing_ok=True)
        self.state.unlink(missing_ok=True)

    def discard_nothing(self) -> None:
        """Leave no trace of an attempt that brought no byte."""
        if not self.size:
            self.discard()

    def headers(self) -> dict[str, str]:
        """What to ask for."""
        if not self.size:
            return {}
        asked = {"Range": f"bytes={self.size}-"}
        return {**asked, "If-Range": self.validator} if self.validator else asked

    def accept(self, response: httpx.Response) -> None:
        """Take note of what the server is about to send.

        Raises:
            FetchError: it is more than a file may have.
        """
        match = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if response.status_code == 206 and match and int(match[1]) == self.size:
            self.total = int(match[2]) if match[2] != "*" else 0
        else:
            self.restart()
            self.total = int(response.headers.get("Content-Length") or 0)
        tag = response.headers.get("ETag", "")
        self.validator = (
            tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "")
        )
        if max(self.total, self.source.size) > LARGEST:
            raise FetchError(f"{self.source.url} is larger than {LARGEST >> 30} GB.", "Fetch it by hand.")
        self.state.write_text(
            json.dumps({"url": withheld(self.source.url), "validator": self.validator}), encoding="utf-8"
        )

    def write(self, block: bytes) -> None:
        """Append a block.

        Raises:
            FetchError: the file grows beyond what was announced.
        """
        self._digests.clear()
        self.stream.write(block)
        if self.stream.tell() > (self.total or LARGEST):
            self.restart()
            raise FetchError(f"{self.source.url} sends more bytes than it announced.", _HINT)

    def whole(self) -> bool:
        """Whether everything that was announced has come."""
        self.stream.flush()
        return self.size == self.total if self.total else self.size > 0

    def digest(self, kind: str) -> str:
        """Checksum of what has come, computed once; weights are large."""
        if kind not in self._digests:
            size = self.size
            self.stream.seek(0)
            git = kind == "git"
            self._digests[kind] = (
                git_hash(self.stream, size) if git else hashlib.file_digest(self.stream, kind).hexdigest()
            )
        return self._digests[kind]


def _claim(stream: BufferedRandom, part: Path) -> None:
    try:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise FetchError(f"{part} is being fetched by another genearena.", "Wait for it.") from error


def _attempts(
    partial: _Partial,
    client: httpx.Client,
    cancel: Cancel,
    progress: Progress,
    pauses: tuple[float, ...],
) -> None:
    idle = 0
    for _ in range(TRIES):
        check(cancel)
        before, pause = partial.size, pauses[min(idle, len(pauses) - 1)]
        try:
            _attempt(partial, client, cancel, progress)
            if partial.size and partial.whole():
                return
            reason = f"it ended after {partial.size:,} of {partial.total:,} bytes"
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
        except httpx.HTTPStatusError as error:
            reason = f"it answers {error.response.status_code}"
            pause = max(pause, wanted_pause(error.response))
        idle = 0 if partial.size > before else idle + 1
        if idle >= IDLE_TRIES:
            break
        cancel.wait(pause)
    host = httpx.URL(partial.source.url).host
    partial.discard_nothing()
    raise FetchError(
        f"{partial.source.url} could not be fetched: {reason.rstrip('.')}.",
        f"Is {host} reachable from here? Fetching again goes on where it stopped.",
    )


def _attempt(partial: _Partial, client: httpx.Client, cancel: Cancel, progress: Progress) -> None:
    """Ask once and take what comes."""
    with client.stream("GET", partial.source.url, headers=partial.headers()) as response:
        if response.status_code == 416:
            # The server has no such rest: either everything is here, or the file has become shorter.
            end = response.headers.get("Content-Range", "").rpartition("/")[2]
            if end.isdigit() and int(end) == partial.size:
                partial.total = partial.size
            else:
                partial.restart()
            return
        if response.status_code in _AGAIN:
            response.raise_for_status()
        if not response.is_success:
            partial.discard_nothing()
            raise FetchError(
                f"{partial.source.url} answers {response.status_code} {response.reason_phrase}.",
                "Has the source moved? Its page may tell.",
            )
        partial.accept(response)
        for block in response.iter_raw():
            check(cancel)
            partial.write(block)
            progress(partial.stream.tell(), partial.total)


def _mismatch(source: Source, known: str, partial: _Partial) -> str:
    """How what has come differs from what is expected; empty if it does not."""
    if source.size and partial.size != source.size:
        return f"{partial.size:,} bytes instead of {source.size:,}"
    for kind, expected in (
        ("sha256", source.sha256),
        ("md5", source.md5),
        ("git", source.git),
        ("sha256", known),
    ):
        found = partial.digest(kind) if expected else ""
        if found != expected:
            first = " as first fetched" if expected == known and not source.sha256 else ""
            return f"{kind} {found[:16]}... instead of {expected[:16]}...{first}"
    return ""
