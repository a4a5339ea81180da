"""`genearena compare` and `power`: two rows side by side, and what it takes to tell them apart."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from store.arm import Arm, Table
from store.errors import UsageError, unknown
from tui.commands.common import (
    Session,
    command,
    flat,
    json_option,
    put,
    put_json,
    put_table,
)
from tui.quantities import auc
from tui.ranked.comparison import differ, told, usual_first
from tui.ranked.figures import bare
from tui.ranked.tables import table_title

if TYPE_CHECKING:
    import duckdb

    from engine.verdicts.sides import Comparison, Side

_protocol = click.option(
    "--protocol", default="", metavar="NAME", help="Of both, where a side names none.  [default: the first]"
)
_side = "MODEL [PROTOCOL [PRESET] [text=...] [scheme=...] [set=...]], in quotes if it has a table"


@command("compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@_protocol
@json_option
def compare_command(session: Session, first: str, second: str, protocol: str, as_json: bool) -> None:
    """Two rows of your own, A less B, on the splits and test genes that both have.

    A side is a model, or a model and its ranked table in quotes: "all-MiniLM-L6-v2 lr-cv corrected".
    """
    comparison = _compared(session, first, second, protocol)
    if as_json:
        tasks = {task: asdict(pair) for task, pair in comparison.tasks.items()}
        put_json({**_places(comparison), "tasks": tasks, "mean": asdict(comparison.mean)})
        return
    _put_sides(comparison)
    said = told(comparison)
    put(bare(said.headline))
    put("")
    rows = [(line.name, *map(bare, line.shown), line.verdict) for line in said.lines]
    put_table(("", "A", "B", "A - B", "95 % interval", "verdict"), rows, right={1, 2, 3})
    put("")
    for sentence in (*said.notes, said.method):
        put(bare(sentence))


@command("power")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@_protocol
@click.option(
    "--difference",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.02,
    show_default=True,
    help="The difference in AUC that is to be shown.",
)
@json_option
def power_command(
    session: Session, first: str, second: str, protocol: str, difference: float, as_json: bool
) -> None:
    """What these splits of A and B could have shown, and what it would take to show less.

    A side is a model, or a model and its ranked table in quotes: "all-MiniLM-L6-v2 lr-cv corrected".
    """
    from engine.stats.power import requirements

    comparison = _compared(session, first, second, protocol)
    pairs = dict(comparison.tasks)
    if len(pairs) > 1:
        pairs[f"mean of {len(pairs)}"] = comparison.mean
    found = {name: requirements(pair, difference) for name, pair in pairs.items()}
    if as_json:
        put_json(
            {**_places(comparison), "requirements": {name: asdict(one) for name, one in found.items()}}
        )
        return
    _put_sides(comparison)
    rows = []
    for name, needed in found.items():
        splits = "no number" if needed.hopeless else "-" if needed.splits is None else str(needed.splits)
        rows.append(
            (
                name,
                auc(needed.detectable),
                auc(needed.floor),
                splits,
                "-" if needed.genes is None else f"{needed.genes:.1f} x",
                "-" if needed.tasks is None else str(needed.tasks),
            )
        )
    columns = ("", "shown now", "at best", "splits", "or genes", "or tasks")
    put_table(columns, rows, right={1, 2, 3, 4, 5})
    put("")
    put(
        "shown now: the smallest difference that these splits find 4 times out of 5. at best: with any "
        "number of splits of these genes. The rest is what it would take to find a difference of "
        f"{difference:g}: splits of these genes, or times as many genes, or tasks like these. It goes by "
        "the spread between splits alone, where what is shown now also counts the genes."
    )


# ---------------------------------------------------------------------------- which rows


def _compared(session: Session, first: str, second: str, protocol: str) -> Comparison:
    from store import connect
    from store.queries import tables

    with connect(session.saved) as con:
        from engine.verdicts.sides import compared  # with NumPy, once there is memory for it

        known = sorted(tables(con), key=usual_first)
        if not known:
            raise UsageError("Nothing is scored yet.", "`genearena run` does it.")
        usual = _usual(con, known, protocol, first)
        one, two = _side_of(first, usual), _side_of(second, usual)
        for side in (one, two):
            if side.table not in known:
                raise UsageError(*unknown("ranked table with results", str(side.table), map(str, known)))
        return compared(con, one, two)


def _usual(con: duckdb.DuckDBPyConnection, known: Sequence[Table], protocol: str, first: str) -> Table:
    """The table meant where a side names none: of the protocol, else the first that has the model."""
    if protocol:
        of_it = [table for table in known if table.arm.protocol == protocol]
        if not of_it:
            there = dict.fromkeys(table.arm.protocol for table in known)
            raise UsageError(*unknown("protocol with results", protocol, there))
        return of_it[0]
    asked = "SELECT DISTINCT protocol, preset, text, scheme, task_set FROM ranked WHERE model = ? AND n > 0"
    found = con.execute(asked, _words_of(first)[:1]).fetchall()
    having = {Table(Arm(*place), task_set) for *place, task_set in found}
    return next((table for table in known if table in having), known[0])


def _side_of(written: str, usual: Table) -> Side:
    from engine.verdicts.sides import Side

    model, *words = _words_of(written)
    return Side(model, Table.parse(shlex.join(words)) if words else usual)


def _words_of(written: str) -> list[str]:
    try:
        words = shlex.split(written)
    except ValueError:
        words = []
    if not words:
        raise UsageError(f"{written!r} names no row.", f"Write {_side}.")
    return words


# ---------------------------------------------------------------------------- in words


def _places(comparison: Comparison) -> dict[str, Any]:
    return {
        "first": flat(comparison.first),
        "second": flat(comparison.second),
        "unlike": list(comparison.unlike),
    }


def _put_sides(comparison: Comparison) -> None:
    for name, side in (("A", comparison.first), ("B", comparison.second)):
        put(f"{name}  {side.model}  {table_title(side.table)}")
    if unlike := differ(comparison):
        put(unlike)
    put("")
