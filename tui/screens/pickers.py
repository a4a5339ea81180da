"""The overlays that take more than one key: a row of a list, a line of text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Static

from tui.screens.dialogs import Overlay
from tui.widgets.grid import Grid
from tui.widgets.rows import Column, Row
from tui.widgets.words import say


class Pick(Overlay[str]):
    """One row of a list, found by typing part of it; esc picks none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "Down", show=False, id="pick.down"),
        Binding("up", "move(-1)", "Up", show=False, id="pick.up"),
    ]

    def __init__(self, title: str, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """Make a list of `rows`; the key of the row that is picked is given back."""
        super().__init__()
        self.title_shown = title
        self.columns = tuple(columns)
        self.rows = tuple(rows)

    def compose_box(self) -> ComposeResult:
        """The line to type in, over the rows."""
        yield Input(placeholder="type to find, enter picks", compact=True)
        grid = Grid(self.columns, empty="There is nothing to pick from yet.", classes="box-body")
        grid.can_focus = False
        yield grid

    def on_mount(self) -> None:
        """Show the rows and type at once."""
        self.query_one(Grid).show(self.rows)
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.query_one(Grid).filter = event.value

    @on(Input.Submitted)
    def _picked(self) -> None:
        row = self.query_one(Grid).current
        self.dismiss(row.key if row else None)

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self.query_one(Grid).cursor += rows


class Prompt(Overlay[str]):
    """One line to type; esc gives nothing back."""

    def __init__(self, title: str, sentence: str, value: str = "", paths: bool = False) -> None:
        """Make a prompt.

        Args:
            title: What is asked for.
            sentence: What becomes of it.
            value: What stands in the line at first.
            paths: Whether to complete names of files and folders.
        """
        super().__init__()
        self.title_shown = title
        self.sentence = sentence
        self.value = value
        self.paths = paths

    def compose_box(self) -> ComposeResult:
        """The sentence and the line."""
        yield Static(say(self.sentence), classes="box-text")
        yield Input(self.value, compact=True)
        yield Static(say(("enter takes it, esc goes back", "dim")), classes="box-keys")

    def on_mount(self) -> None:
        """Type at once, with the names of files completed if they are asked for."""
        line = self.query_one(Input)
        line.focus()
        if self.paths:
            from textual_autocomplete import PathAutoComplete

            # Without the library's pictures, of which terminals disagree how wide they are.
            plain = Content()
            self.mount(PathAutoComplete(line, path=Path.cwd(), folder_prefix=plain, file_prefix=plain))

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)
