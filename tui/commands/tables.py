"""Which ranked tables are meant, and what is read of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.catalog.protocols import listed
from store.arm import Arm, Table
from store.errors import UsageError, unknown
from store.reference import PAPER_TASKS
from store.sets import set_order
from store.texts import TextName
from tui.commands.common import Session
from tui.ranked.standings import Standing

if TYPE_CHECKING:
    import duckdb

    from engine.verdicts.table import Judged


def ranked_tables(
    session: Session,
    wanted: Mapping[str, str | None],
    references: bool = True,
    tasks: Sequence[str] = (),
    models: Sequence[str] = (),
    controls: bool = True,
) -> list[Standing]:
    """Every ranked table whose parts are as `wanted`; an empty string fits all.

    Where it is None, the usual one (`paper`, `facts`) is meant where anything has it, and else
    whatever there is: who ran only a text of their own wants to see that.

    Args:
        session: whose store is read.
        wanted: `task_set` and the parts of an arm -> what they have to be.
        references: with the published rows, where the set has any.
        tasks: only these columns of tables that have all of them; none named means all.
        models: only these rows, and the controls; none named means all.
        controls: with the controls.

    Raises:
        UsageError: something is scored, but nothing that fits.
        StoreError: the store cannot be read.
    """
    from store import connect
    from store.narrowed import narrowed

    with connect(session.saved) as connection:
        # Only now: where memory is too little for NumPy, the line above says so.
        from engine.verdicts.controls import with_controls
        from engine.verdicts.families import kept_apart
        from engine.verdicts.published import class_counts, told_apart
        from engine.verdicts.table import judged

        chosen = meant_tables(connection, wanted, tasks)
        read = [
            (
                with_controls(connection, table, references),
                judged(connection, table),
                kept_apart(connection, table, session.home),
            )
            for table in chosen
        ]
    if read and any(row.source == "paper" for table, *_ in read for row in table.rows):
        counts = {task: class_counts(task, session.home) for task in PAPER_TASKS}
    else:
        counts = {}
    there = {row.model for table, *_ in read for row in table.rows}
    for model in models:
        if read and model not in there:
            raise UsageError(*unknown("model in these tables", model, sorted(there)))
    return [
        Standing(
            narrowed(table, tasks, models, controls),
            _less(known, tasks, controls),
            published=told_apart(table, counts) if counts else "",
            apart=apart.of_tasks(tasks) if apart and tasks else apart,
        )
        for table, known, apart in read
    ]


def meant_tables(
    connection: duckdb.DuckDBPyConnection, wanted: Mapping[str, str | None], tasks: Sequence[str] = ()
) -> list[Table]:
    """Those of the tables that there are that are as `wanted`; none before anything is scored.

    Args:
        connection: from `store.connect()`.
        wanted: as for `ranked_tables`.
        tasks: only tables that have all of them.

    Raises:
        UsageError: something is scored, but nothing that fits.
    """
    from store.queries import members, tables

    known = sorted(
        tables(connection),
        key=lambda table: (set_order(table.task_set), listed(table.arm.protocol)),
    )
    if known and tasks:
        known = _with_tasks(known, members(connection), tasks)
    meant = _meant(known, wanted)
    chosen = [table for table in known if _fits(table, meant)]
    if known and not chosen:
        _refuse(known, meant)
    return chosen


def tables_of_run(
    session: Session, arms: Iterable[Arm], tasks: Iterable[str], sets: Sequence[str]
) -> list[Standing]:
    """The tables that a run's numbers stand in: of `sets`, and of the first set of each other task."""
    from store import connect
    from store.queries import members, tables

    with connect(session.saved) as connection:
        from engine.verdicts.controls import with_controls
        from engine.verdicts.families import kept_apart
        from engine.verdicts.table import judged

        there, known = members(connection), tables(connection)
        shown = list(sets)
        for task in tasks:
            if not any(task in there.get(name, ()) for name in sets):
                shown += [name for name in sorted(there, key=set_order) if task in there[name]][:1]
        every = dict.fromkeys(arms)
        wanted = [Table(arm, name) for name in dict.fromkeys(shown) for arm in every]
        return [
            Standing(
                with_controls(connection, table),
                judged(connection, table),
                apart=kept_apart(connection, table, session.home),
            )
            for table in wanted
            if table in known
        ]


def _less(known: Judged, tasks: Sequence[str], controls: bool) -> Judged:
    found = known.of_tasks(tasks) if tasks else known
    return found if controls else found.without_controls()


def _with_tasks(known: list[Table], sets: Mapping[str, Sequence[str]], tasks: Sequence[str]) -> list[Table]:
    """Those whose set has all of these tasks."""
    every = sorted({task for table in known for task in sets[table.task_set]})
    for task in tasks:
        if task not in every:
            raise UsageError(*unknown("task with results", task, every))
    found = [table for table in known if set(tasks) <= set(sets[table.task_set])]
    if not found:
        raise UsageError(
            f"No set has all of the tasks {', '.join(tasks)}.",
            f"`genearena sets NAME {' '.join(tasks)}` makes one of them.",
        )
    return found


def _meant(known: list[Table], wanted: Mapping[str, str | None]) -> dict[str, str]:
    """The parts asked for, each filled in if it was not: the set first."""
    meant = {name: value or "" for name, value in wanted.items()}
    usual = Table(Arm("")).place
    for name in (name for name in usual if name in wanted and wanted[name] is None):
        if any(_fits(table, {**meant, name: usual[name]}) for table in known):
            meant[name] = usual[name]
    return meant


def _fits(table: Table, meant: Mapping[str, str]) -> bool:
    return all(wanted in ("", *_called(table, name)) for name, wanted in meant.items())


def _called(table: Table, part: str) -> tuple[str, ...]:
    """What a part of a table is called; texts of a file by their recipe too."""
    value = table.place[part]
    return (value, TextName.parse(value).recipe) if part == "text" else (value,)


def _refuse(known: list[Table], meant: Mapping[str, str]) -> None:
    """Say which word of the choice fits nothing, with the nearest that does."""
    for part, wanted in meant.items():
        if wanted and not any(wanted in _called(table, part) for table in known):
            there = sorted({table.place[part] for table in known})
            what = "set of tasks" if part == "task_set" else part
            raise UsageError(*unknown(f"{what} with results", wanted, there))
    together = "; ".join(map(str, known))
    raise UsageError("No result has all of this together.", f"There are: {together}.")
