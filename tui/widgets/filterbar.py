"""The line that opens with `/` and narrows a grid while one types."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Input

from tui.widgets.grid import Grid
from tui.widgets.typedline import close


class FilterBar(Input):
    """A filter for one grid: `word`, `!not`, `column:word`; enter keeps it, esc clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "Clear the filter", id="filter.clear"),
        Binding("down", "keep", "Keep the filter", show=False, id="filter.keep"),
    ]

    def __init__(self, grid: Grid) -> None:
        """Make the line for `grid`; it is gone once the filter is kept or cleared."""
        super().__init__(
            value=grid.filter,
            placeholder="word  !not  column:word     enter keeps, esc clears",
            compact=True,
            select_on_focus=False,
        )
        self._grid = grid

    def on_mount(self) -> None:
        """Type at once."""
        self.focus()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self._grid.filter = event.value

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_keep()

    def action_keep(self) -> None:
        """Leave the filter in place and go back to the rows."""
        self._grid.focus()
        close(self)

    def action_clear(self) -> None:
        """Drop the filter and go back to the rows."""
        self._grid.filter = ""
        self.action_keep()
