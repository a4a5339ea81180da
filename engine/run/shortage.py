"""What a machine can be short of, told from what the work does wrong: it is not a verdict on the work."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from store.errors import GeneArenaError


class Killed(GeneArenaError):
    """A process that worked on a unit was killed from outside, or could not begin."""


def shortage(error: BaseException) -> str:
    """What was short, in a sentence or two; empty if that is not why `error` was raised."""
    for cause in _causes(error):
        if isinstance(cause, Killed):
            return str(cause)
        if sentence := _sentence(cause):
            return sentence
    return ""


def _sentence(error: BaseException) -> str:
    text = str(error)
    number = error.errno if isinstance(error, OSError) else None
    unmapped = any(words in text.lower() for words in ("cannot allocate memory", "failed to map segment"))
    if isinstance(error, MemoryError) or number == errno.ENOMEM or unmapped:
        return (
            "There was not enough memory. Give it more (see `ulimit -v` and the limits of its container), "
            "or use fewer workers."
        )
    if number == errno.EMFILE:
        return "This process may not open more files. Raise the limit, `ulimit -n`, or use fewer workers."
    if number == errno.ENFILE:
        return "This machine has no room for more open files. End other programs, or raise fs.file-max."
    if number == errno.EAGAIN or (isinstance(error, RuntimeError) and "can't start new thread" in text):
        return (
            "No further thread or process could be started. Raise the limit (see `ulimit -u`, `ulimit -v` "
            "and the limits of its container), or use fewer workers and threads."
        )
    if isinstance(error, ImportError):
        return f"A library cannot be loaded ({text.partition(chr(10))[0]}). See `genearena doctor`."
    return ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
