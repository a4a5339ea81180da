"""`genearena rank`: the ranked tables, in the paper's layout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from engine.catalog.protocols import listed
from store.arm import Arm
from store.errors import UsageError, unknown
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
    say,
)
from tui.tables import caveats, long_table, paper_row, title

if TYPE_CHECKING:
    from store.queries import Rankings


@command("rank")
@click.option("--protocol", default="", metavar="NAME", help="Only this protocol; by default each.")
@click.option("--preset", metavar="TEXT", help="Only results of this preset.  [default: paper, if any]")
@click.option("--text", metavar="TEXT", help="Only of this text recipe.  [default: facts, if any]")
@click.option("--scheme", metavar="NAME", help="Only of these splits.  [default: paper, if any]")
@click.option("--all", "everything", is_flag=True, help="Every table that the store has and that fits.")
@click.option("--references/--no-references", default=True, help="With the paper's and the rerun's rows.")
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
    protocol: str,
    preset: str | None,
    text: str | None,
    scheme: str | None,
    everything: bool,
    references: bool,
    form: str,
    as_json: bool,
) -> None:
    """Ranked tables: AUC (rank) on each task, the mean over tasks, and its rank."""
    wanted = {"protocol": protocol, "preset": preset, "text": text, "scheme": scheme}
    if everything:  # where a part was not asked for, each there is
        wanted = {name: value or "" for name, value in wanted.items()}
    tables = ranked_tables(session, wanted, references)
    if as_json:
        put_json([_ordered(table) for table in tables])
        return
    put_rankings(tables, form)
    if not tables:
        say("Nothing is scored yet; `genearena run` does it.")


def put_rankings(tables: Iterable[Rankings], form: str) -> None:
    """The tables in a format of `rank`, and what their reader must know."""
    for table in tables:
        _put_ranking(table, form)
        for caveat in caveats(table):
            say(f"{table.arm.protocol}: {caveat}")


def ranked_tables(
    session: Session, wanted: Mapping[str, str | None], references: bool = True
) -> list[Rankings]:
    """The ranking of every arm whose parts are as `wanted`; an empty string fits all.

    Where it is None, the usual one (`paper`, `facts`) is meant where anything has it, and else
    whatever there is: who ran only a text of their own wants to see that.

    Raises:
        UsageError: something is scored, but nothing that fits.
        StoreError: the store cannot be read.
    """
    from store import connect
    from store.queries import arms, rankings

    with connect(session.saved) as connection:
        known = sorted(arms(connection), key=lambda arm: listed(arm.protocol))
        meant = _meant(known, wanted)
        chosen = [arm for arm in known if _fits(arm, meant)]
        if known and not chosen:
            _refuse(known, meant)
        return [rankings(connection, arm, references) for arm in chosen]


def _ordered(table: Rankings) -> dict[str, Any]:
    """The table for JSON, each row's cells in the order of its tasks."""
    columns = flat(table)
    for row in columns["rows"]:
        for name, cells in row.items():
            if isinstance(cells, dict):
                row[name] = {task: cells[task] for task in table.tasks if task in cells}
    return columns


def _meant(known: list[Arm], wanted: Mapping[str, str | None]) -> dict[str, str]:
    """The parts asked for, each filled in if it was not."""
    meant = {name: value or "" for name, value in wanted.items()}
    for name in (name for name, value in wanted.items() if value is None):
        usual = getattr(Arm(""), name)
        if any(_fits(arm, {**meant, name: usual}) for arm in known):
            meant[name] = usual
    return meant


def _fits(arm: Arm, meant: Mapping[str, str]) -> bool:
    return all(wanted in ("", *_called(arm, name)) for name, wanted in meant.items())


def _called(arm: Arm, part: str) -> tuple[str, ...]:
    """What a part of an arm is called; texts of a file by their recipe too."""
    value = getattr(arm, part)
    return (value, TextName.parse(value).recipe) if part == "text" else (value,)


def _refuse(known: list[Arm], meant: Mapping[str, str]) -> None:
    """Say which word of the choice fits nothing, with the nearest that does."""
    for part, wanted in meant.items():
        if wanted and not any(wanted in _called(arm, part) for arm in known):
            there = sorted({getattr(arm, part) for arm in known})
            raise UsageError(*unknown(f"{part} with results", wanted, there))
    together = "; ".join(map(str, known))
    raise UsageError("No result has all of this together.", f"There are: {together}.")


# ---------------------------------------------------------------------------- layout


def _put_ranking(table: Rankings, form: str) -> None:
    if form == "csv":
        put_pieces(*long_table(table), form)
        return
    columns = ("model", *table.tasks, "mean", "rank")
    rows = [paper_row(table, row, spread=form == "text") for row in table.rows]
    if form != "text":
        put_pieces(columns, rows, form)
        return
    put(f"{title(table)}: AUC ± SD (rank)")
    put_table(columns, rows, right=set(range(1, len(columns))))
    put("")
