"""Sets of tasks: what each may be called, and what a journal says of one.

Every ranked table is of one set. `paper` is the paper's four tasks, `essentiality` what else comes with the
program, unless a user gave that name to tasks of their own, and `own` whatever is in no other set; users
name more, and a task may be in several of those.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from store.errors import UsageError
from store.provenance import TaskSet

PAPER: Final = "paper"
"""The set of the paper's tasks, in whose tables alone published numbers stand."""
ESSENTIALITY: Final = "essentiality"
"""The set of the task `essential`, if no user named other tasks so."""
OWN: Final = "own"
"""The set of every task that is in no other one."""
_LONGEST: Final = 64
_NAME: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{_LONGEST - 1}}}")


def check_set_name(name: str) -> None:
    """Refuse what a set cannot be called.

    Raises:
        UsageError: it is not a plain word, or the name of a set that is always there.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"A set of tasks cannot be called {name[:80]!r}.",
            f"Use up to {_LONGEST} letters, digits, '-', '_' and '.', starting with a letter or digit.",
        )
    if name.casefold() in (PAPER, OWN):
        what = (
            "the paper's four tasks" if name.casefold() == PAPER else "every task that is in no other set"
        )
        raise UsageError(f"The set {name.casefold()} is always {what}.", "Choose another name.")


def read_set(record: Mapping[str, Any]) -> TaskSet:
    """The set that a journal line tells of.

    Raises:
        ValueError: it is not what `TaskSet` writes.
    """
    name, tasks, turn = (record.get(part) for part in ("name", "tasks", "turn"))
    if not (isinstance(name, str) and isinstance(tasks, list) and type(turn) is int):
        raise ValueError("a set of tasks has a name, tasks and a turn")
    if not all(isinstance(task, str) for task in tasks):
        raise ValueError("tasks are named by texts")
    try:
        check_set_name(name)
    except UsageError as error:
        raise ValueError(error.message) from error
    return TaskSet(name, tuple(dict.fromkeys(tasks)), turn)


def set_order(name: str) -> tuple[int, str]:
    """Sorts sets as they are listed: the paper's, one's own, then the others by name."""
    return (PAPER, OWN).index(name) if name in (PAPER, OWN) else 2, name.casefold()
