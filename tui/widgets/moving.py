"""The keys that move a cursor over lines and columns, wherever there is one."""

from __future__ import annotations

from textual.binding import Binding, BindingType


def moves(right: str, *pages: Binding) -> list[BindingType]:
    """Bindings of `move`, `column`, `page` and `edge`.

    Args:
        right: The keys for the next column.
        pages: Further bindings, after those of whole pages.
    """
    return [
        Binding("down,j", "move(1)", "Down", show=False, id="grid.down"),
        Binding("up,k", "move(-1)", "Up", show=False, id="grid.up"),
        Binding(right, "column(1)", "Next column", show=False, id="grid.right"),
        Binding("left,h", "column(-1)", "Previous column", show=False, id="grid.left"),
        Binding("pagedown,ctrl+f", "page(1.0)", "Page down", show=False, id="grid.page-down"),
        Binding("pageup", "page(-1.0)", "Page up", show=False, id="grid.page-up"),
        *pages,
        Binding("home,g", "edge(False)", "First row", show=False, id="grid.first"),
        Binding("end,G", "edge(True)", "Last row", show=False, id="grid.last"),
    ]
