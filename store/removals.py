"""Removals of what users brought in: what a journal says of one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast, get_args

from store.provenance import Removal
from store.records import Brought

REMOVALS: Final = ("removal", "task_removed", "task_restored")
"""The kinds of lines that say so; the last two are older and of tasks alone."""


def read_removal(record: Mapping[str, Any]) -> Removal:
    """The removal, or its undoing, that a journal line tells of.

    Raises:
        ValueError: it is not what `Removal` writes.
    """
    digest, name, at, kind = (record.get(part, "") for part in ("digest", "name", "at", "kind"))
    removed, turn = record.get("removed"), record.get("turn")
    if not all(isinstance(text, str) and text for text in (digest, name, at)):
        raise ValueError("a removal has a digest, a name and a time")
    if type(removed) is not bool or type(turn) is not int or not 0 <= turn < 2**63:
        raise ValueError("a removal says whether it is one, and its turn")
    datetime.fromisoformat(at)
    kind = kind or "task"  # lines of before there were other kinds
    if kind not in get_args(Brought):
        raise ValueError(f"nothing of the kind {kind!r} can be brought in")
    return Removal(digest, name, removed, turn, at, cast(Brought, kind))
