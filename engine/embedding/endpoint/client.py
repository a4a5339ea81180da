"""An OpenAI-compatible embeddings endpoint: texts to its host, in as large requests as it takes.

The host must have been agreed to (`consent`), the key comes from the environment and is neither stored
nor logged, and redirects are not followed, so that texts reach no other host.
"""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import numpy as np
from numpy.typing import NDArray

from engine.cancel import Cancel, check
from engine.embedding.endpoint.answers import Refusal, decoded, message_in, refusal_in, vectors_in
from engine.embedding.endpoint.consent import host_of, refuse_offline
from engine.network import wanted_pause
from store.errors import ModelError
from store.records import EmbeddingOptions, Model
from store.withheld import withhold

BATCH: Final = 64
"""Texts in one request, until the server has refused as many."""
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

_learnt: dict[str, int] = {}
"""Texts that a host takes in one request, where that is fewer than `BATCH`; for as long as this runs."""


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
        self._host = host
        self._url = urlsplit(model.source)._replace(fragment="").geturl().rstrip("/") + "/embeddings"
        self._model = urlsplit(model.source).fragment
        self._options = options
        self._headers = _authorisation(model.source)
        self._width = 0
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
            start, size = 0, _learnt.get(self._host, BATCH)
            while start < len(texts):
                rows = list(range(start, min(start + size, len(texts))))
                try:
                    answer = self._ask(client, [self._options.prefix + texts[row] for row in rows], cancel)
                except Refusal as refusal:
                    if len(rows) == 1 or not refusal.may_take_less:
                        raise ModelError(f"{self._url} refuses: {refusal}.", _hint(refusal)) from None
                    size = len(rows) // 2
                    continue
                if size < BATCH:
                    _learnt[self._host] = size
                yield rows, self._vectors(answer, len(rows))
                start += len(rows)

    def _ask(self, client: httpx.Client, texts: list[str], cancel: Cancel) -> Any:
        """What the server answers to one request, asked again while it is busy or away.

        Raises:
            Refusal: it will not answer this request.
            ModelError: it cannot be reached, or does not answer in JSON.
        """
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
                continue
            if response.status_code == 200:
                answer = decoded(self._url, content)
                refusal = refusal_in(answer)
            else:
                answer, words = None, f"it answers {response.status_code} {response.reason_phrase}"
                refusal = Refusal(response.status_code, words, message_in(content))
            if refusal is None:
                return answer
            if refusal.status not in _AGAIN:
                raise refusal
            reason = str(refusal)
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

    def _vectors(self, answer: Any, count: int) -> NDArray[np.float32]:
        vectors = vectors_in(self._url, answer, count)
        width = vectors.shape[1]
        self._width = self._width or width
        if width != self._width:
            raise ModelError(
                f"{self._url} answers with vectors of {width} numbers after some of {self._width}.",
                "Does one model answer there, and always the same?",
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


def _hint(refusal: Refusal) -> str:
    if refusal.status in (401, 403):
        return f"Put the key into the environment variable {KEY}."
    if refusal.of_account:
        return f"Look at the account on that server, and at the key in the environment variable {KEY}."
    if refusal.may_take_less:
        return (
            "If the text is too long for it, choose a recipe of shorter texts or let the server take more."
        )
    return "Check the address and the model's name after the #."
