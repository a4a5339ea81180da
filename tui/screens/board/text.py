"""What the Board says: tables, columns, rows in order, the line under the table. Pure functions."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from textual.content import Content

from engine.catalog.protocols import PROTOCOLS
from engine.mailbox import Status
from store.arm import Arm, Table
from store.errors import UsageError
from store.reference import PAPER_TASKS
from store.sets import PAPER, set_order
from tui.quantities import auc, count
from tui.ranked.tables import caveats, details, incomplete
from tui.widgets.plot import Span, strip
from tui.widgets.rows import Cell, Column, Row
from tui.widgets.text import clean
from tui.widgets.words import READING, UNICODE, Charset, Tone, say

if TYPE_CHECKING:
    from store.queries import Rankings, RankRow
    from tui.questions.catalog import Catalog

EMPTY: Final = "Nothing is ranked under this protocol yet: ] shows the next, 1 plans a run."

SOURCES: Final = (("own", "paper"), ("own", "paper", "rerun"), ("own",))
"""Whose rows are shown, in the order the key goes through."""


Tables = Mapping[Table, int]
"""The tables that can be shown, each with its own units; 0: only what others published."""


@dataclass(frozen=True, slots=True)
class Sorting:
    """Which column orders the rows."""

    column: str = "mean"
    """A task, `mean` or `model`."""
    upside_down: bool = False

    def reversed(self) -> Sorting:
        """The other way round."""
        return replace(self, upside_down=not self.upside_down)


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


def head(
    table: Table, tables: Tables, rankings: Rankings | None, sorting: Sorting, trouble: str
) -> Content:
    """What is ranked and how; a second line if there is something to know about the numbers."""
    arm, alike = table.arm, of_set(tables, table.task_set)
    place = alike.index(table) + 1 if table in alike else 1
    protocol = PROTOCOLS.get(arm.protocol)
    title = f" {protocol.title}" if protocol else ""
    order = f"by {clean(sorting.column, 24)}{', worst first' if sorting.upside_down else ''}"
    line = say(
        ("BOARD ", "strong"),
        (arm.protocol, "accent"),
        title,
        f"  set {table.task_set}, {details(arm)} ",
        (f"{place}/{len(alike) or 1} {order}", "dim"),
        "\n",
    )
    if trouble:
        return say(line, (f"Not up to date: {trouble}", "warn"))
    if rankings is None:
        return say(line, (READING, "dim"))
    return say(line, *_remarks(rankings))


def _remarks(rankings: Rankings) -> list[object]:
    own = sum(row.source == "own" for row in rankings.rows)
    parts: list[object] = [
        f"AUC, rank; {count(own, 'own model')}, {count(rankings.expected, 'split')} each. "
    ]
    return [*parts, *(("\n" + sentence, "warn") for sentence in caveats(rankings))]


FOREST: Final = 24
"""Cells of the forest plot in a row."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What there is room for beside AUC and rank."""

    sd: bool
    """The standard deviation of each AUC."""
    forest: bool
    """The forest plot."""
    mean_first: bool
    """The mean stands before the tasks, which do not fit side by side."""


def shape(tasks: int, width: int) -> Shape:
    """What a table of so many tasks can show in a terminal of so many columns."""
    return Shape(width >= 38 + 18 * tasks, width >= 78 + 18 * tasks, width < 33 + 11 * tasks)


def columns(rankings: Rankings, sorting: Sorting, width: int) -> tuple[Column, ...]:
    """Model, who computed it, each task, the mean; where there is room, a forest plot of one of them."""
    room = shape(len(rankings.tasks), width)
    shown = sorting.column if sorting.column in rankings.tasks else "mean"
    forest = (Column("forest", f"{shown}, 0.5 to 1"),) if room.forest else ()
    tasks = tuple(Column(task, task, right=True, least=10, task=True) for task in rankings.tasks)
    mean = Column("mean", "mean", right=True, least=10)
    numbers = (mean, *tasks) if room.mean_first else (*tasks, mean)
    return Column("model", "model", least=16), Column("source", "by"), *numbers, *forest


def table(rankings: Rankings, keys: Sequence[str]) -> tuple[list[str], list[list[Any]]]:
    """The rows with these keys as a file has them: numbers apart, none rounded."""
    columns = ["task_set", "model", "by"]
    for task in rankings.tasks:
        columns += [f"{task} AUC", f"{task} SD", f"{task} rank", f"{task} splits"]
    columns += ["mean AUC", "mean rank"]
    found = {row_key(row): row for row in rankings.rows}
    rows = []
    for row in (found[key] for key in keys if key in found):
        cells: list[Any] = [rankings.table.task_set, row.model, row.source]
        for task in rankings.tasks:
            cells += [row.auc.get(task), row.sd.get(task), row.rank.get(task), row.n.get(task)]
        rows.append([*cells, row.mean, row.mean_rank])
    return columns, rows


def printed(rankings: Rankings, keys: Sequence[str], width: int) -> tuple[list[str], list[list[str]]]:
    """The rows with these keys as the paper prints them, with the deviations if they are on screen."""
    from tui.ranked.tables import paper_row

    spread = shape(len(rankings.tasks), width).sd
    found = {row_key(row): row for row in rankings.rows}
    rows = [paper_row(rankings, found[key], spread) for key in keys if key in found]
    return ["model", *rankings.tasks, "mean", "rank"], rows


SEPARATOR: Final = "\x1f"
HOLE: Final = "."
"""A cell of the matrix that has no number yet."""


def row_key(row: RankRow) -> str:
    """A key that stays the same while numbers change."""
    return f"{row.source}{SEPARATOR}{row.model}"


def matrix(
    rankings: Rankings, catalog: Catalog, set_tasks: Sequence[str]
) -> tuple[tuple[Column, ...], list[Row]]:
    """Every model by every task of the set: means where there are some, else holes; best rows first."""
    own = {
        row.model: row for row in order([row for row in rankings.rows if row.source == "own"], Sorting())
    }
    models = dict.fromkeys([*own, *(card.model.name for card in catalog.models)])
    tasks = dict.fromkeys([*rankings.tasks, *set_tasks])
    columns = (
        Column("model", "model", least=16),
        *(Column(task, task, right=True, least=6, task=True) for task in tasks),
    )
    return columns, [
        Row(f"own{SEPARATOR}{model}", (model, *(_mean(rankings, own.get(model), task) for task in tasks)))
        for model in models
    ]


def _mean(rankings: Rankings, row: RankRow | None, task: str) -> str | Cell:
    if row is None or task not in row.auc:
        return Cell(HOLE, "warn")
    value = auc(row.auc[task])
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


def rows(
    rankings: Rankings,
    sorting: Sorting,
    sources: Sequence[str],
    width: int,
    charset: Charset = UNICODE,
) -> list[Row]:
    """The table's rows in order, of these sources only."""
    room = shape(len(rankings.tasks), width)
    task = sorting.column if sorting.column in rankings.tasks else None
    found = []
    for row in order([row for row in rankings.rows if row.source in sources], sorting):
        line = _row(row, rankings, room, charset)
        forest = (_forest(row, task, charset),) if room.forest else ()
        found.append(replace(line, cells=(*line.cells, *forest)))
    return found


def _forest(row: RankRow, task: str | None, charset: Charset) -> str:
    """A task's AUC with its standard deviation, or the mean over tasks, from 0.5 to 1."""
    value = row.auc.get(task) if task else row.mean
    if value is None:
        return ""
    sd = row.sd.get(task, 0.0) if task else 0.0
    return strip(value - sd, value, value + sd, Span(0.5, 1.0), FOREST, charset)


def order(found: Sequence[RankRow], sorting: Sorting) -> list[RankRow]:
    """Rows by a column, best first; rows without a number always last."""
    if sorting.column in ("model", "source"):
        key = (lambda row: row.model.casefold()) if sorting.column == "model" else (lambda row: row.source)
        return sorted(found, key=key, reverse=sorting.upside_down)

    def score(row: RankRow) -> float | None:
        value: float | None = row.mean if sorting.column == "mean" else row.auc.get(sorting.column)
        return value

    known = [row for row in found if score(row) is not None]
    unknown = [row for row in found if score(row) is None]
    known.sort(key=lambda row: -(score(row) or 0.0), reverse=sorting.upside_down)
    return known + sorted(unknown, key=lambda row: row.model.casefold())


def _row(row: RankRow, rankings: Rankings, room: Shape, charset: Charset) -> Row:
    tone: Tone = "" if row.source == "own" else "dim"
    tasks = [_task_cell(row, task, rankings, charset.spread if room.sd else "") for task in rankings.tasks]
    mean = f"{auc(row.mean)} {_rank(row.mean_rank)}" if row.mean is not None else Cell("-", "dim")
    numbers = (mean, *tasks) if room.mean_first else (*tasks, mean)
    return Row(row_key(row), (row.model, Cell(row.source, tone or "good"), *numbers), tone)


def _task_cell(row: RankRow, task: str, rankings: Rankings, before_sd: str) -> str | Cell:
    value = row.auc.get(task)
    n, failed = row.n.get(task, 0), row.failed.get(task, 0)
    if value is None:
        return Cell(f"! 0/{failed}", "bad") if failed else Cell(".", "dim")
    sd = row.sd.get(task)
    spread = f"{before_sd}{sd:.3f} " if before_sd and sd is not None else ""
    if incomplete(rankings, row, task):
        return Cell(f"{auc(value)} {spread}{n}/{rankings.expected}", "bad" if failed else "warn")
    return f"{auc(value)} {spread}{_rank(row.rank.get(task))}"


def _rank(rank: float | None) -> str:
    """`3` or, where models tie, `3.5`; in four cells, so that ranks stand under one another."""
    return f"{rank:>4.4g}" if rank is not None else "   -"


def foot(rankings: Rankings, row: RankRow | None, column: str, charset: Charset = UNICODE) -> Content:
    """The cell under the cursor in full."""
    if row is None:
        return say("")
    who = {"own": "own", "paper": "the paper", "rerun": "the authors' rerun of June 2025"}[row.source]
    start = say((row.model, "strong"), f" ({who})  ")
    if column not in rankings.tasks:
        rank = (
            f", rank {row.mean_rank:g} of {_ranked(rankings, row.source)}"
            if row.mean_rank is not None
            else ""
        )
        return say(start, f"mean {auc(row.mean)}{rank}")
    sd = row.sd.get(column)
    failed = row.failed.get(column, 0)
    rank_here = row.rank.get(column)
    return say(
        start,
        (column, "accent"),
        f"  AUC {auc(row.auc.get(column))}",
        f" {charset.spread} {sd:.3f}" if sd is not None else "",
        f"  rank {rank_here:g}" if rank_here is not None else "",
        f"  {count(row.n.get(column, 0), 'split')}",
        (f"  {failed} failed", "bad") if failed else "",
        ("  r runs it", "dim") if row.auc.get(column) is None else "",
    )


def _ranked(rankings: Rankings, source: str) -> int:
    return sum(row.mean_rank is not None for row in rankings.rows if row.source == source)
