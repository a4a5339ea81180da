"""Figures of cells: ROC, precision and recall, calibration, and the epochs of fine-tuning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tui.figures.paper import (
    BANDS,
    DOTTED,
    FAINT,
    GROUND,
    SIDES,
    SOFT,
    Sheet,
    beside_line,
    number,
    percent,
    plain,
    reference,
    sheet,
    unit_square,
    with_interval,
)
from tui.questions.cells import band

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tui.figures.cells import Calibrated, CellCurves, Learning
    from tui.questions.cells import Curve

Intervals = Mapping[tuple[str, str], tuple[float, float] | None]
"""(model, task) -> the interval of its AUC."""
_LABELS: Final = 10.0
"""Millimetres that the titles of an axis and its ticks take."""
_LARGEST: Final = 80.0
"""Millimetres of a square, if there is one only."""
_DASHED: Final = (0, (4, 1.5))


def _squares(
    width: float, many: int, title: str, lines: Sequence[str], rows: int
) -> tuple[Sheet, list[Axes]]:
    """A sheet with so many square panels."""
    across = min(many, 2 if width < 2 * _LARGEST else 4)
    down = -(-many // across)
    side = min((width - _LABELS) / across - 3, _LARGEST)
    made = sheet(width, down * (side + (5 if many > 1 else 2)) + _LABELS, title, lines, rows)
    grid = made.body.subplots(down, across, squeeze=False).ravel().tolist()
    for axes in grid[many:]:
        axes.remove()
    return made, grid[:many]


def roc(cells: Sequence[Sequence[CellCurves]], intervals: Intervals, width: float, about: str) -> Figure:
    """ROC curves: a panel for each task with a curve for each model, two at most."""
    made, grid = _begin(cells, width, "ROC", about, "chance")
    for axes, (task, shown) in zip(grid, _by_task(cells), strict=True):
        unit_square(axes, "false positive rate", "true positive rate", len(grid) > 1)
        reference(axes, (0, 1), (0, 1))
        said = [
            _lines("AUC", with_interval(cell.auc, intervals.get((cell.place.model, task))), len(grid) > 1)
            for cell in shown
        ]
        _draw(axes, [cell.roc for cell in shown], said)
        if len(grid) == 1:
            beside_line(axes, "chance", 0.62)
    return _joined(made, grid)


def precision_recall(cells: Sequence[Sequence[CellCurves]], width: float, about: str) -> Figure:
    """Precision by recall in the same way, beside the share of the positive class."""
    made, grid = _begin(cells, width, "Precision and recall", about, "chance: the share of the class")
    for axes, (_, shown) in zip(grid, _by_task(cells), strict=True):
        share = shown[0].share
        what = "precision" if len(grid) > 1 else f"precision for “{plain(shown[0].positive)}”"
        unit_square(axes, "recall", what, len(grid) > 1)
        reference(axes, (0, 1), (share, share))
        said = []
        for cell in shown:
            spread = "" if cell.auprc_sd is None else f" (SD {number(cell.auprc_sd)})"
            said.append(_lines("AUPRC", f"{number(cell.auprc)}{spread}", len(grid) > 1))
        _draw(axes, [cell.precision_recall for cell in shown], said)
        if len(grid) == 1:
            axes.text(0.02, share + 0.012, f"chance {share:.2f}", color=FAINT, va="bottom")
    return _joined(made, grid)


def _by_task(cells: Sequence[Sequence[CellCurves]]) -> list[tuple[str, Sequence[CellCurves]]]:
    return [(shown[0].place.task, shown) for shown in cells]


def _begin(
    cells: Sequence[Sequence[CellCurves]], width: float, what: str, about: str, compared: str
) -> tuple[Sheet, list[Axes]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    every = [cell for shown in cells for cell in shown]
    models = list(dict.fromkeys(cell.place.model for cell in every))
    marks: list[Artist] = []
    for place, model in enumerate(models):
        dash = _DASHED if place else "-"
        mean = f"{plain(model)}, mean" if len(models) == 1 else plain(model)
        marks.append(Line2D([], [], color=SIDES[place], linestyle=dash, label=mean))
    if len(models) == 1 and every[0].splits > 1:
        marks.append(Patch(color=BANDS[0], label="lowest to highest split"))
    marks.append(Line2D([], [], color=FAINT, linewidth=0.8, linestyle=DOTTED, label=compared))
    where = cells[0][0].place.task if len(cells) == 1 else f"{len(cells)} tasks"
    columns = 1 if width < 2 * _LARGEST else len(marks)
    rows = -(-len(marks) // columns)
    made, grid = _squares(width, len(cells), f"{what}, {where}", [about, _n(every)], rows)
    if len(cells) > 1:
        for axes, (task, shown) in zip(grid, _by_task(cells), strict=True):
            axes.set_title(f"{plain(task)} ({shown[0].genes})", fontsize=7, pad=3)
    made.legend(marks, columns)
    return made, grid


def _n(cells: Sequence[CellCurves]) -> str:
    """How much the curves are of."""
    splits = sorted({cell.splits for cell in cells})
    n = f"{splits[0]}" if len(splits) == 1 else f"{splits[0]} to {splits[-1]}"
    words = f"{n} {'split' if splits[-1] == 1 else 'splits'}"
    if len({cell.place.task for cell in cells}) > 1:
        return f"{words} of each task, whose genes are in brackets"
    first = cells[0]
    few, most = first.tested
    tested = f"{few}" if few == most else f"{few} to {most}"
    return (
        f"{words}, each tested on {tested} of {first.genes} genes, "
        f"{percent(first.share)} of them “{first.positive}”"
    )


def _lines(name: str, value: str, small: bool) -> str:
    """What is said of a curve; on a small panel, below one another."""
    first, mark, rest = value.partition(" ")
    return f"{name} {first}\n{rest}" if small and mark else f"{name} {value}"


def _draw(axes: Axes, curves: Sequence[Sequence[Curve]], said: Sequence[str]) -> None:
    """The mean of each curve's splits; of one alone its band, too: two would be read as a third."""
    drawn: list[tuple[float, float]] = []
    for place, splits in enumerate(curves):
        low, mean, high = band(splits)
        across = [x for x, _ in mean]
        if len(curves) == 1 and len(splits) > 1:
            axes.fill_between(
                across,
                [y for _, y in low],
                [y for _, y in high],
                color=BANDS[place],
                linewidth=0,
                zorder=0.5,
            )
        dash = _DASHED if place else "-"
        axes.plot(
            across,
            [y for _, y in mean],
            color=SIDES[place],
            linestyle=dash,
            zorder=3 - 0.1 * place,
            clip_on=False,
        )
        drawn += [*low, *high] if len(curves) == 1 else mean
    _write(axes, said, drawn)


def _write(axes: Axes, said: Sequence[str], drawn: Sequence[tuple[float, float]]) -> None:
    """Say the numbers in the corner that has least in it, each in its curve's colour."""
    corners = {
        "lower right": sum(x > 0.5 and y < 0.35 for x, y in drawn),
        "lower left": sum(x < 0.5 and y < 0.35 for x, y in drawn),
        "upper right": sum(x > 0.5 and y > 0.65 for x, y in drawn),
    }
    up, side = min(corners, key=lambda name: corners[name]).split()
    x, y = (0.98 if side == "right" else 0.02), (0.03 if up == "lower" else 0.97)
    for place, text in enumerate(said):
        others = said[place + 1 :] if up == "lower" else said[:place]
        skipped = sum(other.count("\n") + 1 for other in others)
        axes.annotate(
            text,
            (x, y),
            xytext=(0, (1 if up == "lower" else -1) * skipped * 9.2),
            textcoords="offset points",
            ha=side,
            va="bottom" if up == "lower" else "top",
            color=SIDES[place],
            linespacing=1.25,
            bbox={"facecolor": GROUND, "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
            zorder=4,
        )


def _joined(made: Sheet, grid: Sequence[Axes]) -> Figure:
    """Scales and titles of axes only where a row and a column begin: all panels have the same."""
    for axes in grid:
        axes.label_outer()
    return made.figure


# ---------------------------------------------------------------------------- calibration


def calibration(found: Calibrated, title: str, lines: Sequence[str], width: float) -> Figure:
    """The share of class 1 by score, in groups of equal number, beside what it should be."""
    from matplotlib.lines import Line2D

    each = sorted({group.tests for group in found.groups})
    n = f"{each[0]}" if len(each) == 1 else f"{each[0]} or {each[-1]}"
    marks: list[Artist] = [
        Line2D(
            [],
            [],
            color=SIDES[0],
            marker="o",
            markersize=3.5,
            label=f"{len(found.groups)} groups of {n} tests, with 95 % intervals",
        ),
        Line2D([], [], color=FAINT, linewidth=0.8, linestyle=DOTTED, label="perfect"),
    ]
    made, [axes] = _squares(width, 1, title, lines, len(marks))
    of = f"“{plain(found.positive)}”"
    unit_square(axes, f"score for {of}", f"share that is {of}", False)
    reference(axes, (0, 1), (0, 1))
    groups = found.groups
    across, up = [group.score for group in groups], [group.share for group in groups]
    off = (
        [max(group.share - group.low, 0.0) for group in groups],
        [max(group.high - group.share, 0.0) for group in groups],
    )
    axes.errorbar(
        across, up, yerr=off, color=SIDES[0], linewidth=0, elinewidth=0.9, fmt="o", markersize=3.5, zorder=3
    )
    axes.plot(across, up, color=SIDES[0], linewidth=0.7, zorder=2)
    beside_line(axes, "perfect", 0.86)
    brier = f"Brier score {number(found.brier)}"
    over = sum(group.share > 0.65 and group.score < 0.4 for group in groups)
    x, y, side, up_or_down = (0.98, 0.03, "right", "bottom") if over else (0.02, 0.97, "left", "top")
    axes.text(x, y, brier, ha=side, va=up_or_down, color=SIDES[0])
    made.legend(marks, 1)
    return made.figure


# ---------------------------------------------------------------------------- fine-tuning


def epochs(found: Sequence[Learning], title: str, lines: Sequence[str], width: float) -> Figure:
    """Loss above, AUC on the genes that pick the epoch below, by epoch, a line for each split."""
    from matplotlib.lines import Line2D

    stages = sorted({one.stage for one in found})
    picked = any(one.auc for one in found)
    marks: list[Artist] = [
        Line2D([], [], color=SIDES[1], linewidth=1, label="loss in training"),
        *([Line2D([], [], color=SIDES[0], linewidth=1, label="AUC on evaluation genes")] if picked else ()),
        Line2D(
            [], [], color=SIDES[0] if picked else SIDES[1], marker="D", markersize=3.5, linewidth=0,
            label="epoch that was kept",
        ),
    ]  # fmt: skip
    made = sheet(width, (2 if picked else 1) * 32 + 10, title, lines, 1 if width > 100 else 2)
    lengths = [
        max((p for one in found if one.stage == stage for p, _ in one.loss), default=1) for stage in stages
    ]
    grid = made.body.subplots(
        2 if picked else 1, len(stages), squeeze=False, sharex="col", sharey="row",
        width_ratios=[max(length, 2) for length in lengths],
    )  # fmt: skip
    for column, (stage, length) in enumerate(zip(stages, lengths, strict=True)):
        mine = [one for one in found if one.stage == stage]
        top, bottom = grid[0][column], grid[-1][column]
        for one in mine:
            _epoch_line(top, one.loss, SIDES[1])
            if picked:
                _epoch_line(bottom, one.auc, SIDES[0])
            for axes in dict.fromkeys((top, bottom)):
                axes.axvline(one.kept, color=FAINT, linewidth=0.6, linestyle=DOTTED, zorder=1)
            axes, points = (bottom, dict(one.auc)) if one.auc else (top, dict(one.loss))
            if one.kept in points:
                colour = SIDES[0] if one.auc else SIDES[1]
                axes.plot([one.kept], [points[one.kept]], "D", color=colour, markersize=3.5, clip_on=False)
        if picked and not any(one.auc for one in mine):
            box = {"facecolor": GROUND, "edgecolor": "none", "pad": 1.0}
            words = "not evaluated:\nthe last stays"
            middle = {"ha": "center", "va": "center", "transform": bottom.transAxes}
            bottom.text(0.5, 0.5, words, color=FAINT, bbox=box, **middle)
        if len(stages) > 1:
            top.set_title(f"stage {stage}", fontsize=7, color=SOFT, pad=3)
        bottom.set_xlim(0.7, length + 0.3)
        bottom.xaxis.get_major_locator().set_params(integer=True)
        bottom.set_xlabel("epoch")
    grid[0][0].set_ylabel("loss")
    grid[0][0].set_ylim(bottom=0)
    if picked:
        grid[-1][0].set_ylabel("AUC")
        for axes in grid[-1]:
            axes.axhline(0.5, color=FAINT, linewidth=0.8, linestyle=DOTTED, zorder=1)
        grid[-1][0].set_ylim(top=1)
        grid[-1][0].annotate(
            "chance", (1, 0.5), xycoords=grid[-1][0].get_yaxis_transform(), xytext=(-2, 1.5), ha="right",
            textcoords="offset points", color=FAINT,
        )  # fmt: skip
    made.legend(marks, 3 if width > 100 else 2)
    return made.figure


def _epoch_line(axes: Axes, points: Sequence[tuple[int, float]], colour: str) -> None:
    if points:
        axes.plot(*zip(*points, strict=True), color=colour, linewidth=1, marker="o", markersize=1.8)
