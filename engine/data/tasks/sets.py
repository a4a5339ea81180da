"""The sets of tasks that a home has, and naming more: said in the journal, so that merges know of it."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence

from engine.data.tasks import shelf
from engine.data.tasks.folder import read_headings
from engine.data.tasks.shelf import SAMPLE, headings_of, task_places
from store.errors import UsageError, unknown
from store.home import Home
from store.provenance import TaskSet
from store.sets import ESSENTIALITY, OWN, PAPER, check_set_name, set_order
from store.store import Store

Sets = Mapping[str, tuple[str, ...]]
"""Name -> its tasks in order: the paper's, one's own, then the others by name."""


def list_sets(home: Home) -> Sets:
    """The sets of tasks; `own` are the imported tasks that are in no other.

    Raises:
        StoreError: a journal cannot be read.
    """
    with contextlib.closing(Store(home)) as store:
        return sets_with(home, store.task_sets())


def sets_with(home: Home, defined: Mapping[str, TaskSet]) -> Sets:
    """As `list_sets`, with what a store has been asked for before."""
    sets = dict(shipped_sets())
    sets |= {name: one.tasks for name, one in defined.items() if one.tasks}
    elsewhere = {task for tasks in sets.values() for task in tasks}
    imported = (
        heading.name for folder, heading in headings_of(task_places(home)) if folder.parent == home.tasks
    )
    sets[OWN] = tuple(task for task in imported if task not in elsewhere)
    return {name: sets[name] for name in sorted(sets, key=set_order)}


def shipped_sets() -> Sets:
    """The sets that come with the program."""
    folders = {PAPER: SAMPLE, ESSENTIALITY: shelf.ESSENTIALITY}
    return {name: tuple(one.name for one in read_headings(folder)) for name, folder in folders.items()}


def tasks_of(home: Home, wanted: Sequence[str]) -> tuple[str, ...]:
    """The tasks of these sets, each once, in order.

    Raises:
        UsageError: there is no such set, or no task is in it.
        StoreError: a journal cannot be read.
    """
    sets = list_sets(home)
    for name in wanted:
        if name not in sets:
            raise UsageError(*unknown("set of tasks", name, sets))
        if not sets[name]:
            raise UsageError(
                f"The set {name} has no task.", "`genearena import task FILE --name NAME` brings one in."
            )
    return tuple(dict.fromkeys(task for name in wanted for task in sets[name]))


def define_set(home: Home, name: str, tasks: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """Name a set of tasks, or give a set of that name these tasks instead.

    Args:
        home: whose journal says so.
        name: what the set is called.
        tasks: its tasks, in the order of its columns.
        known: every task that can be chosen or has results.

    Returns:
        The tasks that a set of that name had until now; none if there was no such set.

    Raises:
        UsageError: the name cannot be one, or a task is not known.
        StoreError: the journal cannot be read or written.
    """
    check_set_name(name)
    for task in tasks:
        if task not in known:
            raise UsageError(*unknown("task", task, known))
    with contextlib.closing(Store(home)) as store:
        defined = store.task_sets()
        alike = [one for one in defined if one.casefold() == name.casefold() and defined[one].tasks]
        if alike and name not in alike:
            raise UsageError(f"There is a set {alike[0]} already.", "Write it so, or choose another name.")
        before = defined.get(name, TaskSet(name, (), 0))
        store.append(TaskSet(name, tuple(dict.fromkeys(tasks)), before.turn + 1))
        return before.tasks


def remove_set(home: Home, name: str) -> None:
    """Remove a set; its tasks and their results stay.

    Raises:
        UsageError: there is no such set, or it is always there.
        StoreError: the journal cannot be read or written.
    """
    with contextlib.closing(Store(home)) as store:
        defined = {one: known for one, known in store.task_sets().items() if known.tasks}
        if name in {PAPER, OWN, ESSENTIALITY}.difference(defined):
            raise UsageError(
                f"The set {name} is always there.", "Only a set that you named can be removed."
            )
        if not defined:
            raise UsageError("There is no set of your own.", "`genearena sets NAME TASK...` names one.")
        if name not in defined:
            raise UsageError(*unknown("set of your own", name, sorted(defined)))
        store.append(TaskSet(name, (), defined[name].turn + 1))
