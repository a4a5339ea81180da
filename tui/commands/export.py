"""`genearena export`: rankings, any table of the store, splits and vectors, to a file or printed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from engine.catalog.controls import part_of
from engine.plan.names import names, parse_seeds, resolve_descriptions, resolve_tasks
from engine.plan.plan import Plan, build_plan
from engine.plan.selection import Selection
from store.errors import UsageError, unknown
from store.export import FORMATS, export_query, export_table, format_of, query_rows
from store.verdicts import VIEWS
from tui.commands.common import Session, command, may_write, pairs, put_pieces, say
from tui.commands.select import DEFAULT_MODELS, chosen_seeds, chosen_tasks
from tui.commands.tables import ranked_tables
from tui.ranked import layouts, unrounded
from tui.ranked.headings import with_headings
from tui.ranked.standings import Standing

STORED: Final = (
    "scores", "predictions", "units", "cv_trials", "epochs", "failures", "conflicts", "models", "tasks",
    "task_genes", "runs", "environments", "reference_scores", "leaderboard", "leaderboard_long",
    "reproduction", "best_params", "task_sets", "intervals", "contrasts", "rank_intervals",
)  # fmt: skip
"""Tables and views that can be exported as they are."""
COMPUTED: Final = ("rankings", "splits", "vectors")
_COORDINATES: Final = ("model", "task", "protocol", "preset", "text", "scheme", "seed")


class Export(click.Command):
    """A command of its own behind the word `figure`."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """As click does; of the figure's command where that is what is to be exported."""
        if args[:1] != ["figure"]:
            return super().make_context(info_name, args, parent, **extra)
        from tui.commands.figure import figure_command

        return figure_command.make_context("export figure", args[1:], parent, **extra)


@command("export", Export)
@click.argument("what", metavar="{rankings|scores|predictions|splits|vectors|figure|TABLE}")
@click.option("-o", "--output", metavar="FILE", help="Where to; by default standard output.")
@click.option("--force", is_flag=True, help="Replace FILE if it is there; else you are asked.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="By default as FILE's name says, else csv."
)
@click.option("--models", multiple=True, metavar="A,B", help="Only these.")
@click.option("--tasks", multiple=True, metavar="A,B", help="Only these.")
@click.option(
    "--set",
    "sets",
    default="",
    metavar="NAME",
    help="Only this set of tasks; for rankings, paper if not given and there.",
)
@click.option("--protocols", multiple=True, metavar="A,B", help="Only these.")
@click.option("--seeds", default="", metavar="RANGE", help="Only these, e.g. 41-50.")
@click.option("--preset", default="", help="Only this; for splits and vectors, paper if not given.")
@click.option(
    "--axis", "axes", multiple=True, metavar="NAME=VALUE", help="Splits and vectors: set one axis."
)
@click.option("--text", default="", help="Only this; for splits and vectors, facts if not given.")
@click.option("--scheme", default="", help="Only these splits; for splits and vectors, paper if not given.")
@click.option(
    "--descriptions", default="", metavar="FILE", help="Splits and vectors: texts to use instead."
)
def export_command(
    session: Session, what: str, output: str | None, force: bool, form: str | None, **chosen: Any
) -> None:
    """Write rankings, a table of the store, splits or vectors; TABLE is any of the store's own.

    Splits and vectors are what it takes to recompute every AUC with plain scikit-learn. `export figure
    --help` tells of figures.
    """
    if output == "":  # what an unset shell variable leaves of `-o "$FILE"`
        raise UsageError("--output names no file.", "Name one, or leave the option out.")
    if what not in COMPUTED + STORED:
        raise UsageError(*unknown("table", what, COMPUTED + STORED))
    kind = format_of(Path(output), form) if output is not None else form or "csv"
    if kind == "parquet" and output is None:
        raise UsageError("Parquet cannot be printed.", "Name a file with --output.")
    if output is not None:
        may_write(session, output, force)
    if what in STORED:
        _export_stored(session, what, output, kind, chosen)
    else:
        columns, rows = _computed(session, what, kind, chosen)
        if output is None:
            put_pieces(columns, rows, kind)
        else:
            export_table(columns, rows, output, kind, home=session.home)
    if output is not None:
        say(f"Wrote {Path(output).expanduser()}")


def _computed(
    session: Session, what: str, kind: str, chosen: dict[str, Any]
) -> tuple[Sequence[str], list[Any]]:
    if what == "rankings":
        _refuse_parts(chosen)
        protocols = names(chosen["protocols"]) or ("",)
        parts = {"task_set": chosen["sets"] or None}
        parts |= {part: chosen[part] for part in ("preset", "text", "scheme")}
        tables = [
            table
            for protocol in protocols
            for table in ranked_tables(session, {"protocol": protocol, **parts})
        ]
        return _rankings(tables, paper_layout=kind in ("markdown", "latex"))
    from engine.verify import split_rows, vector_rows

    plan = _plan(session, chosen)
    return split_rows(plan, session.home) if what == "splits" else vector_rows(plan, session.writable())


def _refuse_parts(chosen: dict[str, Any]) -> None:
    """A rank among some of the models, or a mean over some of the seeds, is in no ranked table."""
    for name in ("models", "tasks", "seeds", "axes", "descriptions"):
        if chosen[name]:
            option = "--axis" if name == "axes" else f"--{name}"
            raise UsageError(
                f"Rankings are over everything that was run, so {option} cannot narrow them.",
                "Leave it out, or export `leaderboard` or `scores`.",
            )


def _rankings(found: list[Standing], paper_layout: bool) -> tuple[Sequence[str], list[Any]]:
    """Several rankings under one another, over all the tasks that any of them has."""
    if not found:
        raise UsageError("Nothing is scored yet.", "`genearena run` does it.")
    if paper_layout and len({standing.table.tasks for standing in found}) > 1:
        raise UsageError(
            "These rankings have different tasks.", "Export them one by one, with --set or --protocols."
        )
    records: list[dict[str, Any]] = []
    for standing in found:
        columns, rows = layouts.printed(standing) if paper_layout else unrounded.long_table(standing)
        if paper_layout:
            rows = with_headings(rows, standing.table.rows)
        table = standing.table.table
        place = {"task_set": table.task_set, "protocol": table.arm.protocol}
        records += [{**place, **dict(zip(columns, row, strict=True))} for row in rows]
    every = list(dict.fromkeys(name for record in records for name in record))
    return every, [[record.get(name) for name in every] for record in records]


def _plan(session: Session, chosen: dict[str, Any]) -> Plan:
    """The plan whose splits or vectors are wanted; nothing of it is run."""
    home, scheme = session.home, chosen["scheme"] or "paper"
    selection = Selection(
        names(chosen["models"]) or DEFAULT_MODELS[:1],
        chosen_tasks(home, chosen["tasks"], [chosen["sets"]] if chosen["sets"] else ()),
        ("lr",),
        chosen_seeds(scheme, chosen["seeds"] or None),
        chosen["preset"] or "paper",
        pairs(chosen["axes"], "--axis"),
        chosen["text"] or "facts",
        resolve_descriptions(home, chosen["descriptions"]),
        scheme=scheme,
    )
    plan = build_plan(selection, home, {})
    refused = [part.reason for part in plan.blocked if part.task not in plan.tasks]
    if refused:
        raise UsageError(refused[0])
    return plan


def _export_stored(
    session: Session, table: str, output: str | None, kind: str, chosen: dict[str, Any]
) -> None:
    from store import connect

    if chosen["axes"] or chosen["descriptions"]:
        raise UsageError("--axis and --descriptions are for splits and vectors.")
    with connect(session.judged if table in VIEWS else session.saved) as connection:
        there = {row[0] for row in connection.execute(f"describe {table}").fetchall()}
        query, parameters = _query(table, there, session, chosen)
        if output is None:
            put_pieces(*query_rows(connection, query, parameters), kind)
        else:
            export_query(connection, query, output, kind, parameters, home=session.home)


def _query(table: str, there: set[str], session: Session, chosen: dict[str, Any]) -> tuple[str, list[Any]]:
    """SELECT with the chosen filters; a table with a key only gets the coordinates from `units`."""
    joined = "key" in there and "model" not in there
    source = (
        f"{table} join (select key, {', '.join(_COORDINATES)} from units) using (key)" if joined else table
    )
    columns = f"{', '.join(_COORDINATES)}, {table}.*" if joined else "*"
    wanted: dict[str, tuple[Any, ...]] = {
        "task_set": names([chosen["sets"]]),
        "model": tuple(one for name in names(chosen["models"]) for one in (name, *part_of(name))),
        "task": resolve_tasks(session.home, chosen["tasks"]) if chosen["tasks"] else (),
        "protocol": names(chosen["protocols"]),
        "preset": names([chosen["preset"]]),
        "text": names([chosen["text"]]),
        "scheme": names([chosen["scheme"]]),
        "seed": parse_seeds(chosen["seeds"]),
    }
    known = there | (set(_COORDINATES) if joined else set())
    filters = {name: values for name, values in wanted.items() if values}
    for name in filters:
        if name not in known:
            what = "set of tasks" if name == "task_set" else name
            raise UsageError(f"The table {table} has no {what} to choose by.", "Leave the option out.")
    where = " and ".join(f"list_contains(?, {name})" for name in filters) or "true"
    return f"select {columns} from {source} where {where} order by all", [
        list(values) for values in filters.values()
    ]
