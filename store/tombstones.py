"""Saying in the journal that something was removed, so that no merge undoes it, or is there again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime

from store.home import Home
from store.provenance import Removal
from store.records import Brought
from store.store import Store


def note_removed(home: Home, kind: Brought, name: str, digest: str) -> None:
    """Say that its owner removed what has this digest.

    Raises:
        StoreError: the journal cannot be read or written.
    """
    with contextlib.closing(Store(home)) as store:
        known = store.removals().get(digest)
        store.append(Removal(digest, name, True, known.turn + 1 if known else 1, _now(), kind))


def note_restored(home: Home, kind: Brought, name: str, digest: Callable[[], str]) -> None:
    """Say that what was removed before is there again, since its owner brought it in once more.

    Args:
        home: whose journal says so.
        kind: what it is.
        name: what it is called now.
        digest: of its content; only asked for where anything was ever removed.

    Raises:
        StoreError: the journal cannot be read or written.
    """
    with contextlib.closing(Store(home)) as store:
        removals = store.removals()
        if not any(one.removed for one in removals.values()):
            return
        known = removals.get(content := digest())
        if known and known.removed:
            store.append(Removal(content, name, False, known.turn + 1, _now(), kind))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
