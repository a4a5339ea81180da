"""What a task of an array does, or did before it died, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.run.shards.array import Frozen
from store.errors import StoreError
from store.files import regular


def stage_words(stage: Mapping[str, Any]) -> str:
    """What a task does that is at no unit, by one of the stages in its heartbeat."""
    if stage["stage"] != "embed":
        return f"{stage['stage']} {stage['label']}"
    return f"the embedding of {stage['label']}, {stage['done']} of {stage['total']} texts"


def death_words(frozen: Frozen, index: int, beat: Mapping[str, Any] | None) -> str:
    """What task `index` that died printed last, and what it was at by its last heartbeat, if it had one."""
    last = last_line(frozen, index)
    running = beat["running"] if beat else ()
    at = [" It was at {model} {task} {protocol} seed {seed}.".format(**unit) for unit in running[:1]]
    return "".join([f"It printed last: {last.rstrip('.')}." if last else "It printed nothing.", *at])


def last_line(frozen: Frozen, index: int) -> str:
    """What task `index` printed last; empty if that is nothing, or cannot be seen from here."""
    try:
        with regular(frozen.log(index)) as stream:
            lines = stream.read().decode("utf-8", "replace").split("\n")
    except (OSError, StoreError):
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
