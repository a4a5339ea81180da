"""`genearena rank`: the ranked tables, in the paper's layout."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import click

from engine.plan.names import names, resolve_tasks
from store.errors import UsageError, unknown
from store.sets import set_order
from tui.commands.common import (
    Session,
    command,
    flat,
    json_option,
    put_json,
    say,
)
from tui.commands.ranking import put_rankings
from tui.commands.tables import ranked_tables
from tui.ranked import families, records
from tui.ranked.standings import MEAN, Standing

if TYPE_CHECKING:
    pass


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


def _record(standing: Standing) -> dict[str, Any]:
    """The table for JSON, each row's cells in the order of its tasks."""
    table = standing.table
    columns = {**flat(table), "judged": records.summary(standing)}
    columns["families_apart"] = families.record(standing)
    for row, known in zip(columns["rows"], table.rows, strict=True):
        for name, cells in row.items():
            if isinstance(cells, dict):
                row[name] = {task: cells[task] for task in table.tasks if task in cells}
        row["judged"] = records.record(standing, known)
        if (
            known.source == "own"
        ):  # a rank says more than the splits can tell; its interval stands under judged
            del row["rank"], row["mean_rank"]
    return columns
