"""The map of a task's genes for print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from tui.figures.paper import BAD, FAINT, GROUND, LINE, OTHERS, SIDES, TEXT, plain, sheet

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

    from tui.questions.maps import Dot, GeneMap

_MARKS: Final = "osD^vP*"
_NAMED: Final = 8
"""Wrong genes that are named at most."""
_BESIDE: Final = (
    (3, 1, "left", "bottom"), (3, -1, "left", "top"), (-3, 1, "right", "bottom"), (-3, -1, "right", "top"),
)  # fmt: skip
"""Where a name may stand: points from its dot, and how it is set there."""


def gene_map(found: GeneMap, about: str, width: float) -> Figure:
    """A mark for each gene: its class by colour and form, and a cross where its tests say another."""
    from matplotlib.lines import Line2D

    from tui.questions.maps import CONFIDENTLY_WRONG

    wrong = [dot for dot in found.dots if dot.surely_wrong]
    marks: list[Artist] = []
    tested = any(dot.error is not None for dot in found.dots)
    for label, name in enumerate(found.classes):
        size = sum(dot.label == label for dot in found.dots)
        marks.append(
            Line2D([], [], linewidth=0, **_mark(label), markersize=3.6, label=f"{plain(name)} ({size})")
        )
    if tested:
        words = f"wrong with an error of {CONFIDENTLY_WRONG} or more ({len(wrong)})"
        marks.append(Line2D([], [], linewidth=0, marker="x", color=BAD, markersize=4.5, label=words))
    columns = len(marks) if width > 100 else 1 if len(marks) < 4 else 2
    flat = f"a flat view of {found.dimensions} dimensions"
    lines = [
        f"{found.of.model}. {about}",
        f"{len(found.dots)} genes, {flat}; {found.meaning.replace('%', ' %')}",
    ]
    rows = -(-len(marks) // columns)
    made = sheet(width, min(width * 0.9, 110), f"Map of genes, {found.of.task}", lines, rows)
    axes = made.body.subplots()
    for label in range(len(found.classes)):
        shown = [dot for dot in found.dots if dot.label == label]
        axes.plot(
            [dot.x for dot in shown],
            [dot.y for dot in shown],
            linewidth=0,
            markersize=2.6,
            zorder=2 + 0.1 * label,
            **_mark(label),
        )
    axes.plot([dot.x for dot in wrong], [dot.y for dot in wrong], "x", color=BAD, markersize=4.5, zorder=4)
    across, up = (f"{name.replace('%', ' %')}" for name in found.axes)
    axes.set(xlabel=across, ylabel=up, aspect="equal", adjustable="datalim")
    axes.axhline(0, color=LINE, linewidth=0.5, zorder=0)
    axes.axvline(0, color=LINE, linewidth=0.5, zorder=0)
    axes.tick_params(color=FAINT)
    made.legend(marks, columns)
    _name(made.figure, axes, sorted(wrong, key=lambda dot: -(dot.error or 0.0)))
    return made.figure


def _name(figure: Figure, axes: Axes, dots: Sequence[Dot]) -> None:
    """Name as many of these as can be named without one name over another, the first ones first."""
    from matplotlib.patheffects import withStroke

    figure.draw_without_rendering()  # so that it is known where dots and names come to lie
    taken: list[Bbox] = []
    for dot in dots[: 2 * _NAMED]:
        for across, up, side, base in _BESIDE:
            name = axes.annotate(
                plain(dot.gene),
                (dot.x, dot.y),
                xytext=(across, up),
                textcoords="offset points",
                ha=side,
                va=base,
                fontsize=6.5,
                color=TEXT,
                zorder=5,
                path_effects=[withStroke(linewidth=1.6, foreground=GROUND)],
            )
            box = name.get_window_extent()
            inside = axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1
            if inside and not any(box.overlaps(other) for other in taken):
                taken.append(box)
                break
            name.remove()
        if len(taken) == _NAMED:
            break


def _mark(label: int) -> dict[str, Any]:
    """Colour and form of a class: they differ in both."""
    colour = (*SIDES, *OTHERS)[label % (len(SIDES) + len(OTHERS))]
    filled = label % 2 == 1
    return {
        "marker": _MARKS[label % len(_MARKS)],
        "markerfacecolor": colour if filled else "none",
        "markeredgecolor": colour,
        "markeredgewidth": 0.6,
    }
