"""How figures look in print: a column's width, small sans type, thin rules, the light tokens of
the screens. Everything that draws takes its measures and colours from here.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from store.errors import UsageError
from tui.terminal.tokens import HEAT, PALETTES
from tui.widgets.text import clean

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

WIDTHS: Final = {"single": 85.0, "double": 174.0}
"""Millimetres of a column, and of a page's two."""
_MM: Final = 1 / 25.4
_SMALL, _USUAL = 7.0, 8.0
_LINE: Final = 3.5
"""Millimetres of a line of type."""

_LIGHT: Final = PALETTES["light"]
GROUND: Final = "#ffffff"
"""Paper's own."""
TEXT: Final = _LIGHT["text"]
SOFT: Final = _LIGHT["soft"]
FAINT: Final = _LIGHT["faint"]
LINE: Final = _LIGHT["line"]
BAD: Final = _LIGHT["bad"]
SIDES: Final = (_LIGHT["a"], _LIGHT["b"])
"""A and B, or class 0 and class 1."""
BANDS: Final = (_LIGHT["banda"], _LIGHT["bandb"])
"""The same as grounds."""
OTHERS: Final = tuple(_LIGHT[name] for name in ("both", "good", "run", "accent", "warn"))
"""Of classes beyond the second."""
FILL: Final = HEAT["light"]["fill"]
ON: Final = HEAT["light"]["on"]
INK: Final = HEAT["light"]["ink"]
"""Of each step of heat."""
DOTTED: Final = (0, (1, 2))
"""How what is compared with is drawn."""
_RC: Final[dict[str, Any]] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["Arial", "Helvetica", "DejaVu Sans"],
    "font.size": _SMALL,
    "axes.titlesize": _USUAL,
    "axes.titlelocation": "left",
    "axes.titlecolor": TEXT,
    "axes.labelsize": _SMALL,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": FAINT,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.labelsize": _SMALL,
    "ytick.labelsize": _SMALL,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.fontsize": _SMALL,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "text.color": TEXT,
    "lines.linewidth": 1.3,
    "lines.solid_capstyle": "round",
    "figure.facecolor": GROUND,
    "savefig.facecolor": GROUND,
    "figure.constrained_layout.w_pad": 0.03,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.dpi": 300,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "genearena",
}
"""Type 42 in PDF: text stays text, and printers take it."""


def style() -> Any:
    """The context in which figures are made and written.

    Raises:
        UsageError: matplotlib is not installed.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise UsageError(
            "Figures need matplotlib, which is not installed.",
            "Install it with: pip install 'matplotlib>=3.9'",
        ) from error
    return matplotlib.rc_context(_RC)


@dataclass(frozen=True)
class Sheet:
    """A figure in three parts, one above the other: what it is of, its axes, what its marks mean."""

    figure: Figure
    body: SubFigure
    foot: SubFigure
    width: float
    """Millimetres, as are all measures here."""

    def legend(self, marks: Sequence[Artist], columns: int) -> None:
        """Name the marks below the axes, at the left."""
        self.foot.legend(
            handles=marks,
            loc="upper left",
            ncols=columns,
            bbox_to_anchor=(0.5 / self.width, 1.0),
            borderaxespad=0,
            borderpad=0.3,
            columnspacing=1.2,
        )


def sheet(width: float, height: float, title: str, lines: Sequence[str], rows: int = 1) -> Sheet:
    """An empty figure; no window system, no state shared between threads.

    Args:
        width: Of the whole.
        height: Of what its axes take.
        title: What it is of.
        lines: What else is to be known of it, softer.
        rows: Lines of its legend.
    """
    from matplotlib.figure import Figure

    titles = textwrap.wrap(plain(title), int(width / 1.75), break_on_hyphens=False)
    softer = [
        part
        for line in lines
        for part in textwrap.wrap(plain(line), int(width / 1.35), break_on_hyphens=False)
    ]
    head = 1.5 + _LINE * (len(titles) + len(softer)) + 1.0
    foot = _LINE * rows + 1.5
    whole = head + height + foot
    figure = Figure(figsize=(width * _MM, whole * _MM), layout="constrained")
    parts = figure.subfigures(3, 1, height_ratios=(head, height, foot), squeeze=False)
    above, body, below = parts.ravel().tolist()
    place: dict[str, Any] = {"ha": "left", "va": "top", "linespacing": 1.3}
    above.text(1.5 / width, 1 - 1.5 / head, "\n".join(titles), fontsize=_USUAL, weight="bold", **place)
    top = 1 - (1.5 + _LINE * len(titles)) / head
    above.text(1.5 / width, top, "\n".join(softer), fontsize=_SMALL, color=SOFT, **place)
    return Sheet(figure, body, below, width)


def settle(figure: Figure) -> None:
    """Lay the figure out for good, at places that are rounded.

    What is laid out anew differs in a last digit from one process to the next, and so would the file.
    """
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for part in figure.subfigs:
        (left, bottom), (right, top) = part.bbox_relative.get_points().round(5).tolist()
        part.bbox_relative.p0, part.bbox_relative.p1 = (left, bottom), (right, top)
    for axes in figure.axes:
        left, bottom, width, height = axes.get_position(original=True).bounds
        axes.set_position((round(left, 5), round(bottom, 5), round(width, 5), round(height, 5)))


def number(value: float) -> str:
    """`0.912`, as print has it; a true minus."""
    return f"{value:.3f}".replace("-", "−")


def with_interval(value: float, interval: tuple[float, float] | None) -> str:
    """`0.912 [0.867, 0.941]`."""
    if interval is None:
        return number(value)
    return f"{number(value)} [{number(interval[0])}, {number(interval[1])}]"


def percent(share: float) -> str:
    """`14 %`, `<1 %`."""
    return "<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def plain(text: str) -> str:
    """`text` as text: matplotlib reads what stands between dollar signs as formulae."""
    return clean(text).replace("$", r"\$")


def stacked(name: str) -> str:
    """A task's name in two lines where it has a place to break."""
    for mark in ("-vs-", "-"):
        first, found, rest = name.partition(mark)
        if found and rest:
            return f"{first}\n{'vs ' if mark == '-vs-' else ''}{rest}"
    return name


def unit_square(axes: Axes, across: str, up: str, small: bool) -> None:
    """Both axes from 0 to 1, as high as wide, with round ticks, a grid of dots and their titles."""
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xlabel=across, ylabel=up)
    ticks = [0, 0.5, 1] if small else [0, 0.25, 0.5, 0.75, 1]
    names = [f"{tick:g}" for tick in ticks]
    axes.set_xticks(ticks, names)
    axes.set_yticks(ticks, names)
    inside = [(x, y) for x in ticks[1:] for y in ticks[1:]]
    across_of, up_of = [x for x, _ in inside], [y for _, y in inside]
    axes.scatter(across_of, up_of, s=1.2, color=LINE, linewidths=0, zorder=1, clip_on=False)


def reference(axes: Axes, across: tuple[float, float], up: tuple[float, float]) -> None:
    """A line that is compared with, dotted."""
    axes.plot(across, up, color=FAINT, linewidth=0.8, linestyle=DOTTED, zorder=1.5)


def beside_line(axes: Axes, words: str, at: float) -> None:
    """Name the diagonal, in a gap of it."""
    box = {"facecolor": GROUND, "edgecolor": "none", "pad": 1.0}
    axes.text(at, at, words, color=FAINT, rotation=45, ha="center", va="center", bbox=box, zorder=1.6)
