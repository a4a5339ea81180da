"""What viewers ask of the runner: requests, a small file each."""

from __future__ import annotations

from typing import Literal

from engine.mailbox.left import leave, left_in, read, take
from store.home import Home

RequestKind = Literal["pause", "resume", "cancel", "drain"]


def request(home: Home, what: RequestKind, key: str = "") -> None:
    """Ask the runner for something; `key` narrows `cancel` to one unit."""
    leave(home.mailbox / "requests", {"what": what, "key": key})


def take_requests(home: Home) -> list[tuple[str, str]]:
    """Every request left so far as (what, key), oldest first; each is taken once."""
    taken = []
    for path in left_in(home.mailbox / "requests"):
        data = read(path)
        if take(path) and data:
            taken.append((str(data.get("what", "")), str(data.get("key", ""))))
    return taken
