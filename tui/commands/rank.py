"""`genearena rank`: the ranked tables, in the paper's layout."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from engine.catalog.protocols import listed
from engine.plan.names import names, resolve_tasks
from store.arm import Arm, Table
from store.errors import UsageError, unknown
from store.export import paragraphs
from store.home import Home
from store.reference import PAPER_TASKS
from store.sets import set_order
from store.texts import TextName
from tui.commands.common import (
    Session,
    command,
    flat,
    json_option,
    put,
    put_json,
    put_pieces,
    put_table,
    put_text,
    say,
    terminal_width,
)
from tui.ranked import families, standings
from tui.ranked.headings import headings, with_headings
from tui.ranked.standings import MEAN, Standing
from tui.ranked.tables import caveats, narrowing, title

if TYPE_CHECKING:
    from engine.verdicts.table import Judged


@command("rank")
@click.option(
    "--set", "task_set", metavar="NAME", help="Only tables of this set of tasks.  [default: paper, if any]"
)
@click.option("--protocol", default="", metavar="NAME", help="Only this protocol; by default each.")
@click.option("--preset", metavar="TEXT", help="Only results of this preset.  [default: paper, if any]")
@click.option("--text", metavar="TEXT", help="Only of this text recipe.  [default: facts, if any]")
@click.option("--scheme", metavar="NAME", help="Only of these splits.  [default: paper, if any]")
@click.option("--tasks", multiple=True, metavar="A,B", help="Only these columns; means are then over them.")
@click.option(
    "--models",
    multiple=True,
    metavar="A,B",
    help="Only these rows, and the controls; ranks stay those among all.",
)
@click.option(
    "--by", default=MEAN, show_default=True, metavar="TASK", help="The column that rows and places follow."
)
@click.option("--all", "everything", is_flag=True, help="Every table that the store has and that fits.")
@click.option("--references/--no-references", default=True, help="With the paper's and the rerun's rows.")
@click.option("--controls/--no-controls", default=True, help="With the rows of controls.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "csv", "markdown", "latex"]),
    default="text",
    show_default=True,
)
@json_option
def rank_command(
    session: Session,
    tasks: tuple[str, ...],
    models: tuple[str, ...],
    by: str,
    everything: bool,
    references: bool,
    controls: bool,
    form: str,
    as_json: bool,
    **wanted: str | None,
) -> None:
    """Ranked tables, each of one set of tasks: AUCs with intervals, and places with what they can tell.

    Places are 95 % rank intervals that hold together among the own models of a table. Two models that
    share a letter cannot be told apart; * marks the leading group, each of which may be the best.
    Controls stand below them without a place, and each model is judged beside TF-IDF.
    """
    if everything:  # where a part was not asked for, each there is
        wanted = {name: value or "" for name, value in wanted.items()}
    chosen = resolve_tasks(session.home, tasks) if tasks else ()
    found = ranked_tables(session, wanted, references, chosen, names(models), controls)
    column = MEAN if by == MEAN else resolve_tasks(session.home, [by])[0]
    shown = [standing.by_column(column) for standing in found if column in (*standing.table.tasks, MEAN)]
    if found and not shown:
        there = sorted({task for standing in found for task in standing.table.tasks})
        raise UsageError(*unknown("column", by, [MEAN, *there]))
    if as_json:
        put_json([_record(standing) for standing in shown])
        return
    put_rankings(shown, form)
    if not found:
        say("Nothing is scored yet; `genearena run` does it.")
    if found and wanted["task_set"] is None:
        _tell_other_sets(session, {standing.table.table.task_set for standing in found})


def _tell_other_sets(session: Session, shown: Collection[str]) -> None:
    from store import connect
    from store.queries import tables

    with connect(session.home) as connection:
        sets = {table.task_set for table in tables(connection)}
    if others := sorted(sets.difference(shown), key=set_order):
        say(f"Not shown, of other sets of tasks: {', '.join(others)}; --set NAME or --all shows them.")


def put_rankings(found: Iterable[Standing], form: str) -> None:
    """The tables in a format of `rank`, and what their reader must know."""
    for standing in found:
        _put_ranking(standing, form)
        for caveat in caveats(standing.table):
            say(f"{standing.table.table}: {caveat}")


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
    from store.queries import members, tables

    with connect(session.saved) as connection:
        # Only now: where memory is too little for NumPy, the line above says so.
        from engine.verdicts.controls import with_controls
        from engine.verdicts.families import kept_apart
        from engine.verdicts.published import class_counts, told_apart
        from engine.verdicts.table import judged

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


def tables_of_run(
    home: Home, arms: Iterable[Arm], tasks: Iterable[str], sets: Sequence[str]
) -> list[Standing]:
    """The tables that a run's numbers stand in: of `sets`, and of the first set of each other task."""
    from store import connect
    from store.queries import members, tables

    with connect(home) as connection:
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
                apart=kept_apart(connection, table, home),
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


def _record(standing: Standing) -> dict[str, Any]:
    """The table for JSON, each row's cells in the order of its tasks."""
    table = standing.table
    columns = {**flat(table), "judged": standings.summary(standing)}
    columns["families_apart"] = families.record(standing)
    for row, known in zip(columns["rows"], table.rows, strict=True):
        for name, cells in row.items():
            if isinstance(cells, dict):
                row[name] = {task: cells[task] for task in table.tasks if task in cells}
        row["judged"] = standings.record(standing, known)
        if (
            known.source == "own"
        ):  # a rank says more than the splits can tell; its interval stands under judged
            del row["rank"], row["mean_rank"]
    return columns


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


# ---------------------------------------------------------------------------- layout


def _put_ranking(standing: Standing, form: str) -> None:
    table = standing.table
    less = narrowing(table)
    if form == "csv":
        put_pieces(*families.long_table(standing), form)
    elif form == "text":
        put(f"{title(table)}: AUC [95 % interval]{f'; {less}' if less else ''}")
        columns, rows = _fitting(standing)
        put_table(columns, rows, set(range(1, 3 + len(table.tasks))), headings=headings(table.rows))
        for line in standings.honesty(standing):
            put_text(line)
        _put_apart(standing)
        put("")
    else:
        columns, rows = standings.printed(standing)
        put_pieces(columns, with_headings(rows, table.rows), form)
        for piece in paragraphs([*standings.honesty(standing), standings.METHOD], form):
            put("")
            put(piece)
        if standing.apart:
            put("")
            for piece in paragraphs([f"{families.title(standing.apart)}. {families.MEANING}"], form):
                put(piece)
            put("")
            put_pieces(families.columns(standing), families.rows(standing), form)
    if less and form != "text":
        say(f"{table.table}: {less}.")


def _put_apart(standing: Standing) -> None:
    """The same models with families kept apart; a line on how to get there if that was not run."""
    if standing.apart is None:
        own = any(row.source == "own" for row in standing.table.rows)
        if own and (line := families.how_to(standing.table.table)):
            put_text(line)
        return
    put("")
    put(f"{families.title(standing.apart)}:")
    columns = families.columns(standing)
    rows = families.rows(standing)
    if _width(columns, rows) > terminal_width():
        rows = families.rows(standing, intervals=False)
    put_table(columns, rows, right=set(range(2, len(columns))))
    for line in filter(None, (families.MEANING, standing.apart.trouble)):
        put_text(line)


def _width(columns: list[str], rows: list[list[str]]) -> int:
    return sum(max(map(len, cells)) + 2 for cells in zip(columns, *rows, strict=True)) - 2


def _fitting(standing: Standing) -> tuple[list[str], list[list[str]]]:
    """The richest layout that the terminal has room for; where none reads it, the richest of all."""
    room = terminal_width()
    for layout in standings.layouts(standing):
        columns = standings.columns(standing, layout)
        rows = [standings.row(standing, row, layout) for row in standing.table.rows]
        if _width(columns, rows) <= room:
            break
    return columns, rows
