"""A plot of the screen as it stands there, as a figure: of what has no figure of its own for print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from store.destination import destination
from store.files import user_path
from tui.figures.paper import WIDTHS, plain, style
from tui.terminal.tokens import PALETTES

if TYPE_CHECKING:
    from store.home import Home
    from tui.widgets.plot import Plot

COLOURS: Final = PALETTES["light"]
"""Token -> colour; blue and orange, which the colour-blind can tell apart."""
INCH: Final = 25.4
"""Millimetres."""


def write_plot(plot: Plot, path: str, home: Home | None = None) -> Path:
    """Write `plot` in the format that the file's ending names; the file, which is none of the home's own.

    Raises:
        UsageError: matplotlib is not installed, or the file is one of the home's own.
        DataError: the file cannot be written.
    """
    with style():
        # The object interface: no window system, no state shared between threads.
        from matplotlib.figure import Figure

        across = WIDTHS["single"] / INCH
        figure = Figure(figsize=(across, across * 0.8), layout="constrained")
        axes = figure.add_subplot(title=plain(plot.title))
        for tint in plot.bands:
            x, low, high = zip(*tint.edges, strict=True)
            axes.fill_between(x, low, high, color=COLOURS[tint.tone], linewidth=0)
        for line in plot.references:
            x, y = zip(*line.points, strict=True)
            axes.plot(x, y, color=COLOURS["faint"], label=plain(line.name), linewidth=0.8, linestyle=":")
        for item in plot.series:
            x, y = zip(*item.points, strict=True) if item.points else ((), ())
            axes.plot(
                x,
                y,
                color=COLOURS.get(item.tone, COLOURS["soft"]),
                linestyle="-" if item.joined else "",
                marker="" if item.joined else ".",
                label=plain(item.name) or "_",
                linewidth=1.2,
            )
        axes.set_xlabel(plain(plot.x_title))
        axes.set_ylabel(plain(plot.y_title))
        if plot.x:
            axes.set_xlim(plot.x.low, plot.x.high)
        if plot.y:
            axes.set_ylim(plot.y.low, plot.y.high)
        axes.legend(frameon=False)
        target = user_path(path)
        with destination(home, path, replace=True, streams=False) as fresh:
            figure.savefig(fresh, format=target.suffix.removeprefix("."))
    return target.absolute()
