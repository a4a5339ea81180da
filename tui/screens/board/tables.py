"""Which ranked tables there are to show, and which of them is meant. Pure functions."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from engine.catalog.protocols import PROTOCOLS
from engine.mailbox import Status
from store.arm import Arm, Table
from store.errors import UsageError
from store.reference import PAPER_TASKS
from store.sets import PAPER, set_order

Tables = Mapping[Table, int]
"""The tables that can be shown, each with its own units; 0: only what others published."""


def tables_of(tables: Tables) -> dict[Table, int]:
    """Every table with units, by set and in the catalog's order; of the paper's set, protocols without one
    of the paper's splits stand for what was published.
    """
    sets = {PAPER, *(table.task_set for table, units in tables.items() if units)}
    every = []
    for task_set in sorted(sets, key=set_order):
        found: dict[str, list[Table]] = {name: [] for name in PROTOCOLS}
        for table, units in tables.items():
            if units and table.task_set == task_set:
                found.setdefault(table.arm.protocol, []).append(table)
        for protocol, own in found.items():
            published = task_set == PAPER and not any(table.arm.scheme == "paper" for table in own)
            every += [*([Table(Arm(protocol))] if published else []), *own]
    return {table: tables.get(table, 0) for table in every}


def of_set(tables: Tables, task_set: str) -> list[Table]:
    """The tables of one set."""
    return [table for table in tables if table.task_set == task_set]


def sets_of(tables: Tables) -> list[str]:
    """The sets that have tables."""
    return list(dict.fromkeys(table.task_set for table in tables))


def in_set(tables: Tables, here: Table, task_set: str) -> Table:
    """The same arm in another set that has tables, or else the first table there."""
    same = Table(here.arm, task_set)
    return same if same in tables else of_set(tables, task_set)[0]


def first(tables: Tables, status: Status | None) -> Table:
    """The table to show at first: of the run's first protocol, else one with units, else the first.

    During a run of no task of the paper, it is not one of the paper's set if there is another.
    """
    selection = status.selection if status else {}
    wanted, tasks = list(selection.get("protocols", ())), set(selection.get("tasks", ()))
    with_units = [table for table, units in tables.items() if units]
    of_the_run = [table for table in with_units if table.arm.protocol in wanted]
    of_the_run.sort(key=lambda table: table.arm.scheme != selection.get("scheme"))
    if tasks and not tasks & set(PAPER_TASKS):
        of_the_run.sort(key=lambda table: table.task_set == PAPER)
    return [*of_the_run, *with_units, *tables][0]


def filled(tables: Tables, here: Table, status: Status | None) -> Table:
    """What to show instead of `here` after a run of no task of the paper; `here` if that is as good."""
    tasks = set(status.selection.get("tasks", ())) if status else set()
    if here.task_set != PAPER or not tasks or tasks & set(PAPER_TASKS):
        return here
    return in_set(tables, here, first(tables, status).task_set)


def meant(tables: Tables, written: str, here: str = PAPER) -> Table | None:
    """The table that is written so, else the first that has every word in one of its parts; both of the
    set `here` if it has one.
    """
    with contextlib.suppress(UsageError):
        table = Table.parse(written, here)
        if table in tables:
            return table
    words = set(written.split())
    near = sorted(tables, key=lambda table: table.task_set != here)
    return next((table for table in near if words <= _words(table)), None)


def _words(table: Table) -> set[str]:
    arm = table.arm
    parts = {arm.protocol, *arm.preset.split(), arm.text, f"text={arm.text}", f"scheme={arm.scheme}"}
    return {*parts, table.task_set, f"set={table.task_set}"}
