"""The line over the footer in which something is typed, with the sign of what it takes before it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static


class TypedLine(Horizontal):
    """`:` or `/`, and the field; it goes with its field."""

    DEFAULT_CSS = """
    TypedLine { height: 1; dock: bottom; margin-bottom: 1; background: $ga-raised; }
    TypedLine.-wrong { margin-bottom: 3; }
    TypedLine > Static { width: 3; padding: 0 1; color: $ga-accent; text-style: bold; }
    TypedLine > Input, TypedLine > Input:focus { width: 1fr; background: $ga-raised; }
    """

    def __init__(self, sign: str, field: Input) -> None:
        """Make the line.

        Args:
            sign: One cell.
            field: What is typed into; it removes the line by removing its parent.
        """
        super().__init__()
        self._sign, self._field = sign, field

    def compose(self) -> ComposeResult:
        """The sign, then the field."""
        yield Static(Content(self._sign))
        yield self._field


def close(field: Input) -> None:
    """Take the line of a field away."""
    field.query_ancestor(TypedLine).remove()
