"""A ranked table printed: in the formats of `rank`, and as wide as there is room for."""

from __future__ import annotations

from collections.abc import Iterable

from store.export import paragraphs
from tui.commands.common import put, put_pieces, put_table, say, terminal_width
from tui.ranked import families, layouts, standings
from tui.ranked.headings import headings, with_headings
from tui.ranked.standings import MEAN, Standing, value_of
from tui.ranked.tables import caveats, narrowing, title
from tui.terminal.ink import Look
from tui.terminal.tokens import heat_step


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
        layout, columns, rows = _fitting(standing)
        right = set(range(1, 3 + len(table.tasks)))
        above = headings(table.rows, sources=layout.stacked)
        put_table(columns, rows, right, headings=above, looks=_looks(standing))
        for line in standings.honesty(standing):
            put(line)
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
            put(line)
        return
    put("")
    put(f"{families.title(standing.apart)}:")
    columns = families.columns(standing)
    rows = families.rows(standing)
    if _width(columns, rows) > terminal_width():
        rows = families.rows(standing, intervals=False)
    put_table(columns, rows, right=set(range(2, len(columns))))
    for line in filter(None, (families.MEANING, standing.apart.trouble)):
        put(line)


def _width(columns: list[str], rows: list[list[str]]) -> int:
    titles = [max(map(len, title.split("\n"))) for title in columns]
    cells = [[len(cell) for cell in row] for row in rows]
    widths: list[int] = [max(column) for column in zip(titles, *cells, strict=True)]
    return sum(widths) + 2 * (len(widths) - 1)


def _fitting(standing: Standing) -> tuple[layouts.Layout, list[str], list[list[str]]]:
    """The richest layout that the terminal has room for; where none reads it, the richest of all."""
    room = terminal_width()
    for layout in layouts.layouts(standing):
        columns = layouts.columns(standing, layout)
        rows = [layouts.row(standing, row, layout) for row in standing.table.rows]
        if _width(columns, rows) <= room:
            break
    return layout, columns, rows


def _looks(standing: Standing) -> dict[tuple[int, int], Look]:
    """Own cells filled by their AUC, printed ones in coloured ink; the best of each column underlined."""
    table, found = standing.table, {}
    shown = (*table.tasks, MEAN)
    own = [row for row in table.rows if row.contestant]
    best = {
        column: max((value for row in own if (value := value_of(row, column)) is not None), default=None)
        for column in shown
    }
    for number, row in enumerate(table.rows):
        found[number, 0] = Look(bold=True) if row.contestant else Look("soft")
        for place, column in enumerate(shown, start=1):
            value = value_of(row, column)
            if value is None:
                continue
            first = row.contestant and len(own) > 1 and value == best[column]
            kind = "fill" if row.source == "own" else "ink"
            found[number, place] = Look(f"{kind}-{heat_step(value)}", bold=first, underline=first)
    return found
