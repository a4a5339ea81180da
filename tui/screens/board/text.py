"""What the Board says: tables, columns, rows in order, the line under the table. Pure functions."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from textual.content import Content

from engine.catalog.controls import title_of
from engine.catalog.protocols import PROTOCOLS
from engine.mailbox import Status
from store.arm import Arm, Table
from store.controls import REFERENCE
from store.errors import UsageError
from store.reference import PAPER_TASKS
from store.sets import PAPER, set_order
from tui.quantities import count
from tui.ranked import beats, layouts, standings
from tui.ranked.figures import difference_text, ranged, short
from tui.ranked.headings import with_headings
from tui.ranked.standings import MEAN, among_paper, long_table, printed_rank, value_of
from tui.ranked.tables import caveats, details, incomplete, row_name
from tui.screens.board import controls
from tui.screens.board.cells import SEPARATOR, Sorting, View, order, row_key
from tui.widgets.rows import Cell, Column, Row
from tui.widgets.text import clean
from tui.widgets.words import READING, Tone, say

if TYPE_CHECKING:
    from store.queries import Rankings, RankRow
    from tui.questions.catalog import Catalog
    from tui.ranked.standings import Standing

EMPTY: Final = "Nothing is ranked under this protocol yet: ] shows the next, 1 plans a run."

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


def head(table: Table, tables: Tables, view: View | None, told: str, trouble: str) -> Content:
    """What is ranked and how; below it how much that says, and what there is to know about the numbers.

    Args:
        table: Which.
        tables: All there are.
        view: The numbers; None while they are read.
        told: How much the places or differences say, once that is known.
        trouble: Why the numbers are not up to date; empty if they are.
    """
    arm, alike = table.arm, of_set(tables, table.task_set)
    place = alike.index(table) + 1 if table in alike else 1
    protocol = PROTOCOLS.get(arm.protocol)
    title = f" {protocol.title}" if protocol else ""
    order = ""
    if view is not None:
        worst = ", worst first" if view.sorting.upside_down else ""
        order = f" by {clean(view.sorting.column, 24)}{worst}"
    line = say(
        ("Board ", "strong"),
        (arm.protocol, "accent"),
        title,
        f"  set {table.task_set}, {details(arm)} ",
        (f"{place}/{len(alike) or 1}{order}", "dim"),
        "\n",
    )
    if trouble:
        return say(line, (f"Not up to date: {trouble}", "warn"))
    if view is None:
        return say(line, (READING, "dim"))
    own = sum(row.contestant for row in view.rankings.rows)
    sentence = told or f"{count(own, 'own model')}, {count(view.rankings.expected, 'split')} each."
    parts = [("\n" + caveat, "warn") for caveat in caveats(view.rankings)]
    return say(line, sentence, *parts)


def table(standing: Standing, keys: Sequence[str]) -> tuple[list[str], list[list[Any]]]:
    """The rows with these keys as a file has them: numbers apart, none rounded."""
    return _picked(standing, keys, *long_table(standing))


def printed(standing: Standing, keys: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """The rows with these keys as people read them, with a heading above the controls."""
    columns, rows = _picked(standing, keys, *layouts.printed(standing))
    shown = {row_key(row): row for row in standing.table.rows}
    return columns, with_headings(rows, [shown[key] for key in keys if key in shown])


def _picked(
    standing: Standing, keys: Sequence[str], columns: list[str], rows: list[list[Any]]
) -> tuple[list[str], list[list[Any]]]:
    found = dict(zip(map(row_key, standing.table.rows), rows, strict=True))
    return columns, [found[key] for key in keys if key in found]


HOLE: Final = "."
"""A cell of the matrix that has no number yet."""


def matrix(
    rankings: Rankings, catalog: Catalog, set_tasks: Sequence[str]
) -> tuple[tuple[Column, ...], list[Row]]:
    """Every model and control by every task of the set: means where there are some, else holes."""
    own = {row.model: row for row in order([row for row in rankings.rows if row.contestant], Sorting())}
    beside = {row.model: row for row in rankings.rows if row.control}
    models = dict.fromkeys([*own, *(card.model.name for card in catalog.models)])
    tasks = dict.fromkeys([*rankings.tasks, *set_tasks])
    columns = (
        Column("model", "model", least=16),
        *(Column(task, task, right=True, least=6, task=True) for task in tasks),
    )

    def line(name: str, model: str, row: RankRow | None) -> Row:
        return Row(f"own{SEPARATOR}{model}", (name, *(_mean(rankings, row, task) for task in tasks)))

    return columns, [
        *(line(model, model, own.get(model)) for model in models),
        controls.rule(len(columns)),
        *(line(row_name(row), model, row) for model, row in beside.items()),
        *(line(title_of(model), model, None) for model in controls.missing(list(beside))),
    ]


def _mean(rankings: Rankings, row: RankRow | None, task: str) -> str | Cell:
    if row is None or task not in row.auc:
        return Cell(HOLE, "warn")
    value = short(row.auc[task])
    return Cell(f"{value}!", "warn") if incomplete(rankings, row, task) else value


def holes(rows: Sequence[Row]) -> list[tuple[int, int]]:
    """Places (row, column) of the cells without a number."""
    return [(y, x) for y, row in enumerate(rows) for x, cell in enumerate(row.cells) if str(cell) == HOLE]


def find(rankings: Rankings, key: str) -> RankRow | None:
    """The row with this key."""
    return next((row for row in rankings.rows if row_key(row) == key), None)


def first_own(rankings: Rankings) -> str:
    """The key of the best own row; empty if there is none."""
    return next((row_key(row) for row in rankings.rows if row.source == "own"), "")


# ---------------------------------------------------------------------------- the line under the table

WHO: Final = {"own": "own", "paper": "the paper", "rerun": "the authors' rerun of June 2025"}
OF_SORTED: Final = ("place", "difference", "verdict", "beats", "paper", "forest")
"""Columns that say something of the one sorted by."""


def foot(view: View, row: RankRow | None, column: str) -> Content:
    """The cell under the cursor in full; on a place or a difference, also what such a thing says."""
    if row is None:
        return say("")
    shown = view.by if column in OF_SORTED else column if column in view.rankings.tasks else MEAN
    parts = [(f"{shown}  ", "accent"), *_numbers(view, row, shown)]
    if row.source != "own":
        rank = printed_rank(row, shown)
        below = f"printed rank {rank.strip('()')}" if rank != "-" else ""
    else:
        below = _standing(view.placed, row) if shown == view.by and view.placed else ""
    parts += [(f"\n{below}  ", ""), (_meaning(view, column), "dim")]
    texts = ((view.plain(text), tone) for text, tone in parts)
    who = controls.words(row.model) if row.control else WHO[row.source]
    return say((row_name(row) if row.control else row.model, "strong"), f" ({who})  ", *texts)


def _numbers(view: View, row: RankRow, column: str) -> list[tuple[str, Tone]]:
    value, failed = value_of(row, column), row.failed.get(column, 0)
    estimate = view.standing.estimate(row, column) if view.standing else None
    reach = ""
    if estimate and estimate.interval:
        low, high = map(short, estimate.interval)
        reach = f", 95 % [{low}, {high}]"
    parts: list[tuple[str, Tone]] = [(f"AUC {'-' if value is None else short(value)}{reach}", "")]
    if column in view.rankings.tasks:
        sd = row.sd.get(column)
        parts += [
            (f"  SD {short(sd)} between splits" if sd is not None else "", ""),
            (f"  {count(row.n.get(column, 0), 'split')}", ""),
            (f"  {failed} failed" if failed else "", "bad"),
            ("  r runs it" if value is None else "", "dim"),
        ]
    return parts


def _standing(standing: Standing, row: RankRow) -> str:
    """The place of an own row, or its difference to the baseline, and its range among the paper's."""
    found, among = [], among_paper(standing, row)
    if standing.beside:
        if row.model == standing.baseline:
            found.append("the baseline")
        elif against := standing.differences.get(row.model):
            found.append(f"{difference_text(against)} to {standing.baseline}: {against.standing.value}")
    elif place := standing.places.get(row.model):
        leading = " · leading group" if place.leading else ""
        found.append(f"place {ranged(place.first, place.last)} of {len(standing.places)}{leading}")
    if reason := standing.left_out.get(row.model):
        found.append(f"{'no difference' if standing.beside else 'no place'}: {reason}")
    if standing.baseline != REFERENCE and (beside := beats.in_full(standing, row, standing.by)):
        found.append(f"to {beside}")
    if among:
        found.append(f"{ranged(*among[:2])} of {among[2]} among the paper's")
    return "  ".join(found)


def _meaning(view: View, column: str) -> str:
    if column in ("difference", "verdict"):
        return standings.DIFFERENCES
    if column == "place":
        return standings.PLACES
    if column == "beats":
        return beats.MEANING
    return standings.beside_paper(view.standing) if column == "paper" and view.standing else ""


def method(standing: Standing) -> str:
    """What the places of a table rest on, in full, with references."""
    lines = [*standings.honesty(standing), standings.METHOD, standings.DIFFERENCES, beats.MEANING]
    return "\n\n".join(lines)
