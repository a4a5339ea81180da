"""The line that opens with `/` and narrows the focused grid while one types."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Input

from tui.widgets.grid import Grid


class FilterBar(Input):
    """A filter for one grid: `word`, `!not`, `column:word`; enter keeps it, esc clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "Clear the filter", id="filter.clear"),
        Binding("down", "keep", "Keep the filter", show=False, id="filter.keep"),
    ]

    def __init__(self) -> None:
        """Make a hidden bar."""
        super().__init__(placeholder="filter: word  !not  column:word   enter keeps, esc clears", compact=True)
        self.display = False
        self._grid: Grid | None = None

    def attach(self, grid: Grid) -> None:
        """Show the bar and filter `grid`."""
        self._grid = grid
        self.value = grid.filter
        self.display = True
        self.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as one types."""
        event.stop()
        if self._grid is not None:
            self._grid.filter = event.value

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_keep()

    def action_keep(self) -> None:
        """Leave the filter in place and go back to the rows."""
        self.display = False
        if self._grid is not None:
            self._grid.focus()

    def action_clear(self) -> None:
        """Drop the filter and go back to the rows."""
        if self._grid is not None:
            self._grid.filter = ""
        self.action_keep()
