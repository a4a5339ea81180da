"""A ranked table printed: in the formats of `rank`, and as wide as there is room for."""

from __future__ import annotations

from collections.abc import Iterable

from store.export import paragraphs
from tui.commands.common import put, put_pieces, put_table, put_text, say, terminal_width
from tui.ranked import families, layouts, standings
from tui.ranked.headings import headings, with_headings
from tui.ranked.standings import Standing
from tui.ranked.tables import caveats, narrowing, title


def put_rankings(found: Iterable[Standing], form: str) -> None:
    """The tables in a format of `rank`, and what their reader must know."""
    for standing in found:
        _put_ranking(standing, form)
        for caveat in caveats(standing.table):
            say(f"{standing.table.table}: {caveat}")


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
        columns, rows = layouts.printed(standing)
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
    for layout in layouts.layouts(standing):
        columns = layouts.columns(standing, layout)
        rows = [layouts.row(standing, row, layout) for row in standing.table.rows]
        if _width(columns, rows) <= room:
            break
    return columns, rows
