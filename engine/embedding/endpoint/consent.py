"""Whether texts may leave this machine, and for which host: asked of the user, and remembered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from engine.network import OFFLINE, offline
from store.errors import ModelError, UsageError
from store.files import write_json
from store.home import Home
from store.records import Model


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
