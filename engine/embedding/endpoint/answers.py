"""What servers answer: vectors, in several forms, or their own words for why there are none."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from store.errors import ModelError
from store.withheld import withheld

_LONGEST: Final = 300
"""Characters of a server's own words that are shown."""
_WORDS: Final = ("error", "errors", "message", "msg", "detail", "description", "reason")
"""Where servers put a message: OpenAI, vLLM and llama.cpp in `error.message`, text-embeddings-inference and
Ollama in `error`, older vLLM in `message`, FastAPI in `detail` or in `detail[].msg`."""
_TOO_MUCH: Final = re.compile(
    r"batch.?size|context (size|length|window)|too (large|long|big|many)", re.IGNORECASE
)
"""How servers say that a request has too many texts, or too long ones; llama.cpp answers 500 to it."""
_MOST: Final = re.compile(
    r"(at most|up to|(more|larger|greater|longer) than|exceed(s|ed|ing)?|max(imum)?)\b\D{0,60}\d",
    re.IGNORECASE,
)
"""How they say it where nothing else went wrong."""
_ACCOUNT: Final = re.compile(
    r"quota|credit|billing|balance|payment|subscri|rate.?limit|permission|forbidden|access denied"
    r"|api.?key|authent|authori[sz]|(invalid|expired|incorrect) (token|key)",
    re.IGNORECASE,
)
"""How they say that it is a matter of who asks, which fewer texts would not mend."""
_NO_MODEL: Final = re.compile(r"no such|not found|does not exist|unknown model", re.IGNORECASE)
"""How they say that there is none of that name."""
_SMALLER: Final = frozenset({400, 413, 422})
"""What servers answer to more texts, or longer ones, than they take at once."""
_NUMBERS: Final = {int, float, type(None)}
_IS_IT: Final = "Is it an OpenAI-compatible embeddings endpoint?"


class Refusal(Exception):
    """A server will not answer a request, and may have said why."""

    def __init__(self, status: int, words: str, message: str, inside: bool = False) -> None:
        """Take what is known.

        Args:
            status: of HTTP, or the like that stood in an answer.
            words: what happened, as part of a sentence.
            message: the server's own; empty if it sent none.
            inside: whether it stood in an answer of status 200, whose reason its words alone tell.
        """
        super().__init__(f"{words}: {message}" if message else words)
        self.of_account: Final = _ACCOUNT.search(message) is not None
        """Whether it is a matter of the account or key."""
        hopeless = self.of_account or _NO_MODEL.search(message) is not None
        too_much = _TOO_MUCH.search(message) is not None and not hopeless
        self.status: Final = 413 if status >= 500 and too_much else status
        said = too_much or _MOST.search(message) is not None
        self.may_take_less: Final = self.status == 413 or (
            self.status in _SMALLER and not hopeless and (said or not inside)
        )
        """Whether the server may answer a request of fewer texts."""


def decoded(url: str, content: bytes) -> Any:
    """The answer as JSON.

    Raises:
        ModelError: it is something else.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{url} does not answer in JSON.", "Is it an embeddings endpoint?") from error


def refusal_in(answer: Any) -> Refusal | None:
    """The refusal that an answer with status 200 is, if it has no vectors and says what went wrong."""
    if not isinstance(answer, dict) or answer.get("data"):
        return None
    inner, message = answer.get("error"), _message(answer)
    wrong = inner or message or answer.get("object") == "error" or "detail" in answer
    if not wrong:
        return None
    codes = (source.get("code") for source in (inner, answer) if isinstance(source, dict))
    status = next((code for code in codes if type(code) is int and 400 <= code < 600), 400)
    return Refusal(status, "it answers with an error", _shown(message), inside=True)


def message_in(content: bytes) -> str:
    """A server's own words in the body of a refusal, in one line; empty if there are none to show."""
    text = content.decode("utf-8", "replace")
    try:
        found = _message(json.loads(text))
    except (ValueError, RecursionError):
        found = "" if text.lstrip().startswith("<") else text
    return _shown(found)


def _shown(message: str) -> str:
    """In one line, without secrets before any of one is cut off, and not endless."""
    line = withheld(" ".join(message.split())).rstrip(".")
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _message(value: Any, depth: int = 4) -> str:
    """The first text under one of `_WORDS`, however an error nests them."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and depth:
        return _message(value[0], depth - 1)
    if isinstance(value, dict) and depth:
        return next((text for word in _WORDS if (text := _message(value.get(word), depth - 1))), "")
    return ""


def vectors_in(url: str, answer: Any, count: int) -> NDArray[np.float32]:
    """The vectors of an answer, float32 [count, d], in the order of the texts that were sent.

    Raises:
        ModelError: it does not hold one vector of finite numbers, all of one length, for each text.
    """
    items = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ModelError(f"{url} answers with something else than {count} vectors.", _IS_IT)
    if len(items) != count:
        raise ModelError(f"{url} answers with {len(items)} vectors for {count} texts.", _IS_IT)
    rows = [_row(url, item.get("embedding")) for item in _ordered(url, items)]
    widths = sorted({len(row) for row in rows})
    if len(widths) > 1:
        raise ModelError(f"{url} answers with vectors of {widths[0]} and of {widths[-1]} numbers.", _IS_IT)
    if not widths[0]:
        raise ModelError(f"{url} answers with vectors of no numbers.", _IS_IT)
    vectors = np.stack(rows)
    if not np.isfinite(vectors).all():
        raise ModelError(
            f"{url} answers with vectors in which numbers are missing or not finite.", "Try another model."
        )
    return vectors


def _ordered(url: str, items: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """By `index`; in the order of the list where a server leaves it out or always writes 0."""
    places = [item.get("index") for item in items]
    if all(place is None for place in places) or all(place == 0 for place in places):
        return items
    numbers = sorted(place for place in places if type(place) is int)
    if numbers != list(range(len(items))):
        raise ModelError(
            f"{url} answers with vectors whose index does not say which text they are of.", _IS_IT
        )
    return sorted(items, key=lambda item: int(item["index"]))


def _row(url: str, embedding: Any) -> NDArray[np.float32]:
    """One vector: a list of numbers, in which null is one that is missing, or float32 in base64."""
    try:
        if isinstance(embedding, str):
            return np.frombuffer(base64.b64decode(embedding, validate=True), "<f4").astype(np.float32)
        if isinstance(embedding, list) and {type(number) for number in embedding} <= _NUMBERS:
            with np.errstate(over="ignore"):
                return np.array(embedding, np.float64).astype(np.float32)
    except (ValueError, OverflowError):
        pass
    raise ModelError(f"{url} answers with an embedding that is not a list of numbers.", _IS_IT)
