"""`genearena rank`: the ranked tables, in the paper's layout."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from store.errors import UsageError, unknown
from tui.commands.common import Session, command, json_option, put, put_json, put_pieces, put_table, say
from tui.tables import caveats, long_table, paper_row, title

if TYPE_CHECKING:
    from store.queries import Arm, Rankings


@command("rank")
@click.option("--protocol", default="", metavar="NAME", help="Only this protocol; by default each.")
@click.option("--preset", metavar="TEXT", help="Only results of this preset.  [default: paper, if any]")
@click.option("--text", metavar="TEXT", help="Only of this text recipe.  [default: facts, if any]")
@click.option("--all", "everything", is_flag=True, help="Every protocol, preset and text in the store.")
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
    everything: bool,
    references: bool,
    form: str,
    as_json: bool,
) -> None:
    """Ranked tables: AUC (rank) on each task, the mean over tasks, and its rank."""
    if everything:
        protocol = preset = text = ""
    tables = ranked_tables(session, protocol, preset, text, references)
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
            say(f"{table.protocol}: {caveat}")


def ranked_tables(
    session: Session, protocol: str, preset: str | None, text: str | None, references: bool = True
) -> list[Rankings]:
    """The ranking of every arm that fits; an empty string fits all.

    Without a preset or text, the usual one (`paper`, `facts`) is meant where anything has it, and
    else whatever there is: who ran only a text of their own wants to see that.

    Raises:
        UsageError: something is scored, but nothing that fits.
        StoreError: the store cannot be read.
    """
    from store import connect
    from store.queries import arms, rankings

    with connect(session.saved) as connection:
        known = arms(connection)
        preset, text = _meant(known, protocol, preset, text)
        chosen = [arm for arm in known if _fits(arm, protocol, preset, text)]
        if known and not chosen:
            _refuse(known, protocol, preset, text)
        return [rankings(connection, arm.protocol, arm.preset, arm.text, references) for arm in chosen]


def _ordered(table: Rankings) -> dict[str, Any]:
    """The table for JSON, each row's cells in the order of its tasks."""
    columns = asdict(table)
    for row in columns["rows"]:
        for name, cells in row.items():
            if isinstance(cells, dict):
                row[name] = {task: cells[task] for task in table.tasks if task in cells}
    return columns


def _meant(known: list[Arm], protocol: str, preset: str | None, text: str | None) -> tuple[str, str]:
    """The preset and text asked for, each filled in if it was not."""
    if preset is None:
        usual = any(_fits(arm, protocol, "paper", text or "") for arm in known)
        preset = "paper" if usual else ""
    if text is None:
        usual = any(_fits(arm, protocol, preset, "facts") for arm in known)
        text = "facts" if usual else ""
    return preset, text


def _fits(arm: Arm, protocol: str, preset: str, text: str) -> bool:
    return (
        protocol in ("", arm.protocol)
        and preset in ("", arm.preset)
        and text in ("", arm.text, arm.text.partition("@")[0])
    )


def _refuse(known: list[Arm], protocol: str, preset: str, text: str) -> None:
    """Say which word of the choice fits nothing, with the nearest that does."""
    for kind, wanted in (("protocol", protocol), ("preset", preset), ("text", text)):
        there = sorted({getattr(arm, kind) for arm in known})
        if wanted and wanted not in (*there, *(name.partition("@")[0] for name in there)):
            raise UsageError(*unknown(f"{kind} with results", wanted, there))
    together = "; ".join(f"{arm.protocol}, {arm.preset}, {arm.text}" for arm in known)
    raise UsageError("No result has this protocol, preset and text together.", f"There are: {together}.")


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
