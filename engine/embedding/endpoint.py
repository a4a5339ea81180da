"""An OpenAI-compatible embeddings endpoint as a model: off until the user agrees that texts go to its host.

The host must have been agreed to (`agree`), the key comes from the environment and is neither stored
nor logged, and redirects are not followed, so that texts reach no other host.
"""

from __future__ import annotations

import ipaddress
import json
import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import numpy as np
from numpy.typing import NDArray

from engine.cancel import Cancel, check
from engine.network import OFFLINE, offline, wanted_pause
from store.errors import ModelError, UsageError
from store.files import write_json
from store.home import Home
from store.records import EmbeddingOptions, Model
from store.withheld import withhold

BATCH: Final = 64
"""Texts in one request."""
TRIES: Final = 5
PAUSES: Final = (1.0, 2.0, 4.0, 8.0)
"""Seconds between attempts."""
LONGEST_ANSWER: Final = 600.0
"""Seconds for one answer; a server on a CPU needs minutes for long texts."""
LARGEST_ANSWER: Final = 64 << 20
"""Bytes of one answer; 64 vectors of 4,096 numbers take 6 MB as text."""
KEY: Final = "GENEARENA_ENDPOINT_KEY"
"""The environment variable with the key; for OpenAI's own host OPENAI_API_KEY is taken too."""
OPENAI: Final = "api.openai.com"
_AGAIN: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504})


def host_of(model: Model) -> str:
    """The host, with its port if one is named, that texts of `model` would be sent to.

    Raises:
        UsageError: the model's source is not an address of an endpoint.
    """
    parts = urlsplit(model.source)
    if parts.scheme not in ("http", "https") or not parts.hostname or not parts.fragment:
        raise UsageError(
            f"{model.name}: {parts.scheme or 'its source'} is not an address of an endpoint.",
            "Write it as http://localhost:8080/v1#MODEL.",
        )
    return parts.netloc.rpartition("@")[2]


def refuse_offline(model: Model) -> None:
    """Refuse to use an endpoint while offline.

    Raises:
        ModelError: the switch is on.
        UsageError: the model's source is not an address of an endpoint.
    """
    if offline():
        raise ModelError(
            f"{model.name} needs {host_of(model)}, and {OFFLINE} is set.",
            "Do without --offline, or leave the model out.",
        )


def question(model: Model, texts: Sequence[str]) -> str:
    """What the user is asked before anything is sent; there is at least one text."""
    size = sum(map(len, texts))
    first = texts[0] if len(texts[0]) <= 60 else f"{texts[0][:59]}…"
    return (
        f"{model.name} sends {len(texts)} texts ({size:,} characters; the first is {first!r}) to "
        f"{host_of(model)}. Agree?"
    )


def agreed_hosts(home: Home) -> frozenset[str]:
    """The hosts that the user has agreed to.

    Raises:
        UsageError: the record cannot be read.
    """
    return frozenset(_record(home))


def agree(home: Home, host: str) -> None:
    """Record that texts may be sent to `host`, and when that was said."""
    hosts = {**_record(home), host: datetime.now(UTC).isoformat(timespec="seconds")}
    home.config.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_json(home.config / "endpoints.json", hosts)


def _record(home: Home) -> dict[str, str]:
    path = home.config / "endpoints.json"
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError, TypeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", "Delete it, then agree again.") from error


class Endpoint:
    """Texts in, float32 vectors out, over HTTP."""

    parameters: int | None = None

    def __init__(self, model: Model, options: EmbeddingOptions, allowed_hosts: Collection[str]) -> None:
        """Prepare; nothing is sent before `encode`.

        Raises:
            ModelError: the host was not agreed to, or GENEARENA_OFFLINE is set.
            UsageError: the model's source is not an address of an endpoint.
        """
        refuse_offline(model)
        host = host_of(model)
        if host not in allowed_hosts:
            raise ModelError(
                f"{model.name} would send the texts to {host}, which has not been agreed to.",
                f"Agree with: genearena models --allow {host}",
            )
        self._name = model.name
        self._url = urlsplit(model.source)._replace(fragment="").geturl().rstrip("/") + "/embeddings"
        self._model = urlsplit(model.source).fragment
        self._options = options
        self._headers = _authorisation(model.source)
        self.notes: tuple[str, ...] = (
            f"{model.name}: an endpoint's model cannot be pinned; its vectors are those of the day.",
        )

    def encode(
        self, texts: Sequence[str], cancel: Cancel
    ) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        """Vectors of `texts`, request by request: (indices into `texts`, float32 [len(indices), d]).

        Raises:
            Stopped: `cancel` was set; looked at before every request and with every block of an answer.
            ModelError: the endpoint cannot be reached, refuses, or answers with something else.
        """
        # No proxy and no redirect: the texts go to the host that was agreed to, and nowhere else.
        with httpx.Client(timeout=120.0, trust_env=False, headers=self._headers) as client:
            for start in range(0, len(texts), BATCH):
                rows = list(range(start, min(start + BATCH, len(texts))))
                answer = self._ask(client, [self._options.prefix + texts[row] for row in rows], cancel)
                yield rows, self._vectors(answer, len(rows))

    def _ask(self, client: httpx.Client, texts: list[str], cancel: Cancel) -> Any:
        body = {"model": self._model, "input": texts, "encoding_format": "float"}
        reason = ""
        pause = 0.0
        for attempt in range(TRIES):
            cancel.wait(pause)
            check(cancel)
            pause = PAUSES[min(attempt, len(PAUSES) - 1)]
            try:
                response, content = self._answer(client, body, cancel)
            except httpx.TransportError as error:
                reason = str(error).rstrip(".") or type(error).__name__
            else:
                if response.status_code == 200:
                    return self._decoded(content)
                reason = f"it answers {response.status_code} {response.reason_phrase}"
                if response.status_code not in _AGAIN:
                    raise ModelError(f"{self._url} refuses: {reason}.", _hint(response.status_code))
                pause = max(pause, wanted_pause(response))
        check(cancel)  # an attempt may end long after its run was cancelled, which is not a failure
        raise ModelError(f"{self._url} cannot be used: {reason}.", "Is the server running?")

    def _answer(
        self, client: httpx.Client, body: Mapping[str, Any], cancel: Cancel
    ) -> tuple[httpx.Response, bytes]:
        """One answer and its content, which may neither trickle for ever nor fill the memory."""
        content = bytearray()
        deadline = time.monotonic() + LONGEST_ANSWER
        with client.stream("POST", self._url, json=body) as response:
            for block in response.iter_bytes():
                check(cancel)
                content += block
                if len(content) > LARGEST_ANSWER or time.monotonic() > deadline:
                    raise ModelError(
                        f"{self._url} answers with more than {LARGEST_ANSWER >> 20} MiB "
                        f"or for longer than {LONGEST_ANSWER:.0f} seconds.",
                        "Is it an embeddings endpoint?",
                    )
        return response, bytes(content)

    def _decoded(self, content: bytes) -> Any:
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ModelError(
                f"{self._url} does not answer in JSON.", "Is it an embeddings endpoint?"
            ) from error

    def _vectors(self, answer: Any, count: int) -> NDArray[np.float32]:
        try:
            items = sorted(answer["data"], key=lambda item: item["index"])
            if [item["index"] for item in items] != list(range(count)):
                raise ValueError("not one vector for each text")
            vectors = np.array([item["embedding"] for item in items], dtype=np.float32)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"{self._url} answers with something else than {count} vectors: {error}.",
                "Is it an OpenAI-compatible embeddings endpoint?",
            ) from error
        if vectors.ndim != 2 or not vectors.shape[1] or not np.isfinite(vectors).all():
            raise ModelError(
                f"{self._url} answers with vectors that are not finite numbers.", "Try another model."
            )
        if self._options.normalize:
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors


def _authorisation(source: str) -> Mapping[str, str]:
    """The key, if there is one and the way to the host is safe for it."""
    parts = urlsplit(source)
    key = os.environ.get(KEY) or (os.environ.get("OPENAI_API_KEY") if parts.hostname == OPENAI else None)
    withhold((key or "").strip())
    safe = parts.scheme == "https" or _is_local(parts.hostname or "")
    return {"Authorization": f"Bearer {key.strip()}"} if key and safe else {}


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _hint(status: int) -> str:
    if status in (401, 403):
        return f"Put the key into the environment variable {KEY}."
    return "Check the address and the model's name after the #."
