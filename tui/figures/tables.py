"""Figures of a ranked table: its intervals, and its cells on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from tui.figures.paper import (
    DOTTED,
    FAINT,
    FILL,
    GROUND,
    INK,
    ON,
    SIDES,
    SOFT,
    TEXT,
    Sheet,
    number,
    plain,
    sheet,
    stacked,
    with_interval,
)
from tui.ranked.standings import MEAN, Standing, value_of
from tui.ranked.tables import mean_name, row_name
from tui.terminal.tokens import CUTS, heat_step

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    from store.queries import RankRow

_NAME: Final = 22
"""Characters of a name where there is one column."""
_ROW: Final = 3.9
"""Millimetres of a row."""
_BY_ITSELF: Final = "", "Controls", "As printed (other splits)"
"""What stands above the groups of rows."""


def _groups(standing: Standing) -> list[tuple[str, list[RankRow]]]:
    """Contestants, controls, published rows, each with what is said above it."""
    rows = standing.table.rows
    parts = (
        [row for row in rows if row.contestant],
        [row for row in rows if row.control],
        [row for row in rows if row.source == "paper"],
    )
    return [(name, part) for name, part in zip(_BY_ITSELF, parts, strict=True) if part]


def _places(standing: Standing) -> tuple[list[tuple[float, RankRow]], list[tuple[float, str]], float]:
    """How far down each row stands, and each heading, in rows; and how many there are in all."""
    rows: list[tuple[float, RankRow]] = []
    heads: list[tuple[float, str]] = []
    at = 0.0
    for name, part in _groups(standing):
        if name:
            at += 0.4
            heads.append((at, name))
            at += 1
        for row in part:
            rows.append((at, row))
            at += 1
    return rows, heads, at


def _splits(standing: Standing) -> str:
    rows = [row for row in standing.table.rows if row.source == "own"]
    n = sorted({count for row in rows for count in row.n.values()})
    if not n:
        return ""
    return f"{n[0]} splits" if len(n) == 1 else f"{n[0]} to {n[-1]} splits"


# ---------------------------------------------------------------------------- intervals


def forest(standing: Standing, columns: Sequence[str], about: str, width: float) -> Figure:
    """Every row's AUC with its 95 % interval, a panel for each column; chance, controls and print apart."""
    from matplotlib.lines import Line2D
    from matplotlib.ticker import MultipleLocator

    rows, heads, down = _places(standing)
    marks: list[Artist] = [
        Line2D([], [], color=SIDES[0], marker="o", markersize=3.5, label="AUC with 95 % interval"),
        Line2D([], [], color=FAINT, linewidth=0.8, linestyle=DOTTED, label="chance"),
    ]
    if any(row.control for _, row in rows):
        marks.append(Line2D([], [], color=SOFT, marker="s", markersize=3, label="control, never ranked"))
    if any(row.source != "own" for _, row in rows):
        marks.append(_hollow("as printed: no interval"))
    across = 2 if width < 100 else 4
    lines = [about, f"{_splits(standing)} of each task, the same for all but the printed rows"]
    title = f"AUC, {'mean of all tasks' if columns == [MEAN] else 'by task'}"
    made = sheet(width, down * _ROW + 11, title, lines, -(-len(marks) // across))
    low, high = _span(standing, columns)
    grid = made.body.subplots(1, len(columns), sharey=True, sharex=True, squeeze=False)[0]
    for axes, column in zip(grid, columns, strict=True):
        _forest(axes, standing, column, rows, len(columns) == 1)
        axes.set_xlim(low, high)
        axes.xaxis.set_major_locator(MultipleLocator(0.1 if len(columns) == 1 else 0.2))
        axes.xaxis.set_major_formatter("{x:.1f}")
        if len(columns) > 1:
            name = mean_name(standing.table) if column == MEAN else column
            axes.set_title(stacked(plain(name)), fontsize=7, pad=3)
    names = grid[0]
    names.set_ylim(down - 0.4, -0.7)
    _name_rows(names, rows, heads, width)
    made.legend(marks, across)
    return made.figure


def _name_rows(
    axes: Axes, rows: Sequence[tuple[float, RankRow]], heads: Sequence[tuple[float, str]], width: float
) -> None:
    """Write each row's name, and each heading, at the left of its place."""
    axes.set_yticks([at for at, _ in rows], [_named(row, width) for _, row in rows])
    for label, (_, row) in zip(axes.get_yticklabels(), rows, strict=True):
        label.set_color(TEXT if row.contestant else SOFT)
        label.set_fontweight("bold" if row.contestant else "normal")
    for at, name in heads:
        axes.annotate(
            name, (0, at), xycoords=axes.get_yaxis_transform(), xytext=(-4, 0),
            textcoords="offset points", ha="right", va="center", color=FAINT, fontsize=6.5,
        )  # fmt: skip


def _named(row: RankRow, width: float) -> str:
    name = plain(row.model if row.source == "paper" else row_name(row))
    return name if width > 100 or len(name) <= _NAME else f"{name[: _NAME - 1]}…"


def _forest(
    axes: Axes, standing: Standing, column: str, rows: Sequence[tuple[float, RankRow]], alone: bool
) -> None:
    axes.axvline(0.5, color=FAINT, linewidth=0.8, linestyle=DOTTED, zorder=1)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("AUC")
    for at, row in rows:
        value = value_of(row, column)
        if value is None:
            continue
        estimate = standing.estimate(row, column)
        interval = estimate.interval if estimate else None
        colour = SIDES[0] if row.contestant else SOFT
        if interval:
            axes.plot(interval, (at, at), color=colour, linewidth=1.1, zorder=2)
        if row.source == "own":
            axes.plot([value], [at], "o" if row.contestant else "s", color=colour, markersize=3.5, zorder=3)
        else:
            axes.plot([value], [at], **_open(), zorder=3)
        if alone:
            axes.annotate(
                with_interval(value, interval), (1, at), xycoords=axes.get_yaxis_transform(),
                xytext=(3, 0), textcoords="offset points", va="center_baseline",
                color=TEXT if row.contestant else SOFT,
            )  # fmt: skip


def _open() -> dict[str, Any]:
    return {"marker": "o", "markerfacecolor": GROUND, "markeredgecolor": SOFT, "markersize": 3.5,
            "markeredgewidth": 0.7, "linewidth": 0}  # fmt: skip


def _hollow(label: str) -> Artist:
    from matplotlib.lines import Line2D

    return Line2D([], [], label=label, **_open())


def _span(standing: Standing, columns: Sequence[str]) -> tuple[float, float]:
    """One axis for all panels, to the next tenth outwards, with chance on it."""
    values = [0.5]
    for row in standing.table.rows:
        for column in columns:
            if (value := value_of(row, column)) is not None:
                estimate = standing.estimate(row, column)
                values += (value, *(estimate.interval or () if estimate else ()))
    low, high = (int(min(values) * 10 + 1e-9) / 10, -int(-max(values) * 10 - 1 + 1e-9) / 10)
    return low - (0.02 if low >= min(values) else 0), min(high, 1.0)


# ---------------------------------------------------------------------------- cells


def heatmap(standing: Standing, columns: Sequence[str], about: str, width: float) -> Figure:
    """Every cell with its number: own ones filled, printed ones in coloured ink."""
    rows, heads, down = _places(standing)
    lines = [about, f"{_splits(standing)}; bold: the best of your own"]
    wide = width > 100
    made = sheet(width, down * 4.4 + (10 if wide else 18), "AUC by model and task", lines, 2)
    axes = made.body.subplots()
    own = [row for _, row in rows if row.contestant]
    places = [place + 0.15 * (column == MEAN and len(columns) > 1) for place, column in enumerate(columns)]
    best = {
        column: max((value for row in own if (value := value_of(row, column)) is not None), default=None)
        for column in columns
    }
    for at, row in rows:
        for across, column in zip(places, columns, strict=True):
            value = value_of(row, column)
            if value is None:
                axes.text(across, at, "–", ha="center", va="center", color=FAINT)
                continue
            mine = row.source == "own"
            if mine:
                box = (across - 0.48, at - 0.46)
                axes.add_patch(_tile(box, FILL[heat_step(value)]))
            axes.text(
                across,
                at,
                number(value) if wide else number(value).removeprefix("0"),
                ha="center",
                va="center_baseline",
                color=ON[heat_step(value)] if mine else INK[heat_step(value)],
                weight="bold" if row.contestant and len(own) > 1 and value == best[column] else "normal",
            )
    right = len(columns) - 0.5 + 0.15
    axes.set(xlim=(-0.5, right), ylim=(down - 0.4, -0.6))
    names = [plain(mean_name(standing.table) if column == MEAN else column) for column in columns]
    axes.xaxis.tick_top()
    if wide:
        axes.set_xticks(places, [stacked(name) for name in names])
    else:
        axes.set_xticks(places, [stacked(name) for name in names], rotation=90)
    _name_rows(axes, rows, heads, width)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    _key(made)
    return made.figure


def _tile(box: tuple[float, float], colour: str) -> Patch:
    from matplotlib.patches import Rectangle

    return Rectangle(box, 0.96, 0.92, facecolor=colour, edgecolor="none")


def _key(made: Sheet) -> None:
    """The steps of heat with the values between them."""
    axes = made.foot.add_axes((0.32, 0.45, 0.64, 0.42))
    for place, colour in enumerate(FILL):
        axes.add_patch(_tile((place + 0.02, 0.04), colour))
    axes.set(xlim=(0, len(FILL)), ylim=(0, 1))
    axes.set_yticks([])
    axes.set_xticks(range(1, len(FILL)), [f"{cut:g}" for cut in CUTS])
    axes.tick_params(length=0, pad=1.5)
    for spine in axes.spines.values():
        spine.set_visible(False)
    made.foot.text(0.3, 0.66, "AUC", ha="right", va="center", color=SOFT)
