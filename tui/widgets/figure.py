"""A plot of the screen as a figure for print: SVG, PDF or PNG, through matplotlib where it is installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from store.destination import destination
from store.errors import UsageError
from store.files import user_path
from tui.terminal.tokens import PALETTES
from tui.widgets.text import clean

if TYPE_CHECKING:
    from store.home import Home
    from tui.widgets.plot import Plot

SUFFIXES: Final = (".svg", ".pdf", ".png")
COLOURS: Final = PALETTES["light"]
"""Token -> colour; blue and orange, which the colour-blind can tell apart."""


def write_figure(plot: Plot, path: str, home: Home | None = None) -> Path:
    """Write `plot` in the format that the file's ending names; the file, which is none of the home's own.

    Raises:
        UsageError: matplotlib is not installed, or the file is one of the home's own.
        DataError: the file cannot be written.
    """
    try:
        # The object interface: no window system, no state shared between threads.
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError(
            "Figures need matplotlib, which is not installed.",
            "Install it with: pip install 'matplotlib>=3.9'",
        ) from error
    figure = Figure(figsize=(5, 4), layout="constrained")
    axes = figure.add_subplot(title=_plain(plot.title))
    for tint in plot.bands:
        x, low, high = zip(*tint.edges, strict=True)
        axes.fill_between(x, low, high, color=COLOURS[tint.tone], linewidth=0)
    for line in plot.references:
        across, up = zip(*line.points, strict=True)
        axes.plot(across, up, color=COLOURS["faint"], label=_plain(line.name), linewidth=0.8, linestyle=":")
    for item in plot.series:
        across, up = zip(*item.points, strict=True) if item.points else ((), ())
        axes.plot(
            across,
            up,
            color=COLOURS.get(item.tone, COLOURS["soft"]),
            linestyle="-" if item.joined else "",
            marker="" if item.joined else ".",
            label=_plain(item.name) or "_",
            linewidth=1.2,
        )
    axes.set_xlabel(_plain(plot.x_title))
    axes.set_ylabel(_plain(plot.y_title))
    if plot.x:
        axes.set_xlim(plot.x.low, plot.x.high)
    if plot.y:
        axes.set_ylim(plot.y.low, plot.y.high)
    axes.legend(frameon=False)
    target = user_path(path)
    with destination(home, path, replace=True, streams=False) as fresh:
        figure.savefig(fresh, format=target.suffix.removeprefix("."))
    return target.absolute()


def _plain(text: str) -> str:
    """`text` as text: matplotlib reads what stands between dollar signs as formulae."""
    return clean(text).replace("$", r"\$")
