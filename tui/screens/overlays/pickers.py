"""The overlays that take more than one key: a row of a list, a line of text."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, Final

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from store.errors import nearest
from store.files import user_path
from tui.screens.overlays.dialogs import Overlay
from tui.widgets.grid import Grid
from tui.widgets.rows import Column, Row
from tui.widgets.said import Said
from tui.widgets.words import say
from tui.widgets.wrong import Fault, Wrong

Check = Callable[[str], Fault | None]
"""From a line to what is wrong with it; None if nothing is."""
MOST: Final = 55
"""Of a hundred lines of the terminal, how many a list takes at most."""
LISTED: Final = 12
"""Names that are shown of those a line may mean."""


class Pick(Overlay[str]):
    """One row of a list, found by typing part of it; esc picks none."""

    closes = "up and down move, enter picks, esc goes back"

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
        yield Input(placeholder="type to find", compact=True)
        grid = Grid(self.columns, empty="There is nothing to pick from yet.", classes="box-body")
        grid.can_focus = False
        yield grid

    def on_mount(self) -> None:
        """Show the rows and type at once."""
        self.fill(self.rows)
        self.query_one(Input).focus()

    def fill(self, rows: Sequence[Row]) -> None:
        """List these rows."""
        self.rows = tuple(rows)
        for grid in self.query(Grid):  # none before it is shown and after it is closed
            grid.show(self.rows)
            self._fit(grid)

    def on_resize(self) -> None:
        """Keep the list within another terminal."""
        for grid in self.query(Grid):
            self._fit(grid)

    def _fit(self, grid: Grid) -> None:
        # Where the list is cut by the stylesheet, Textual leaves the box as high as all of its rows.
        grid.styles.height = min(max(len(self.rows), 1) + grid.heads, MOST * self.app.size.height // 100)

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
    """One line to type; esc gives nothing back. Names are completed by tab, as in a shell."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False, priority=True, id="prompt.complete"),
    ]

    def __init__(
        self,
        title: str,
        sentence: str,
        value: str = "",
        paths: bool = False,
        names: Sequence[str] = (),
        suggested: bool = False,
        check: Check | None = None,
    ) -> None:
        """Make a prompt.

        Args:
            title: What is asked for.
            sentence: What becomes of it.
            value: What stands in the line at first.
            paths: Whether to complete names of files and folders.
            names: What else may be meant, if they are completed.
            suggested: Whether what is typed takes the place of `value`.
            check: Says what is wrong with a line, which is then not taken; None: nothing ever is.
        """
        super().__init__()
        self.title_shown = title
        self.sentence = sentence
        self.value = value
        self.paths = paths
        self.names = tuple(names)
        self.suggested = suggested
        self.check = check

    def compose_box(self) -> ComposeResult:
        """The sentence, the line, how it may go on."""
        yield Static(say(self.sentence), classes="box-text")
        yield Input(self.value, compact=True, select_on_focus=self.suggested)
        yield Wrong(id="prompt-wrong")
        if self.paths:
            yield Said(classes="candidates")
        keys = (
            "enter takes it, tab completes, esc goes back"
            if self.paths
            else "enter takes it, esc goes back"
        )
        yield Static(say((keys, "dim")), classes="box-keys")

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(Input).focus()
        self._show_candidates()

    @on(Input.Changed)
    def _show_candidates(self) -> None:
        self.query_one(Wrong).clear()
        if self.paths:
            found = self._completions(self.query_one(Input).value)
            names = [Path(one).name + "/" * one.endswith("/") for one in found[:LISTED]]
            self.query_one(".candidates", Said).show(("  ".join(names), "dim"))

    def _completions(self, typed: str) -> list[str]:
        return [name for name in self.names if name.startswith(typed)] + completions(typed)

    def action_complete(self) -> None:
        """Go on as far as every file that the line may mean."""
        line = self.query_one(Input)
        if instead := self.query_one(Wrong).instead:
            line.value = instead
            line.action_end()
            return
        found = self._completions(line.value) if self.paths else []
        common = os.path.commonprefix(found)  # noqa: RUF071  characters, not folders, in common
        if len(common) > len(line.value):
            line.value = common
            line.action_end()

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        typed = event.value.strip()
        wrong = self.check(typed) if self.check and typed else None
        if wrong is None:
            self.dismiss(typed or None)
        else:
            length = wrong.length or cell_len(event.value)
            self.query_one(Wrong).put(wrong.sentence, wrong.start, length, wrong.instead)


def missing(typed: str, there: Callable[[str], bool], names: Sequence[str] = ()) -> Fault | None:
    """What is wrong with the path of nothing, which is no name either, with the nearest that there is."""
    if typed in names or there(typed):
        return None
    folder, slash, name = typed.rpartition("/")
    near = nearest(name, [one.rstrip("/").rpartition("/")[2] for one in completions(folder + slash)])
    sentence = f"There is no file or folder at {typed}."
    return Fault(sentence, f"{folder}{slash}{near}" if near else "")


def completions(typed: str) -> list[str]:
    """The files and folders whose path starts with `typed`, as it would go on; hidden ones if asked for."""
    folder, slash, start = typed.rpartition("/")
    try:
        entries = list(user_path(folder + slash).iterdir())
    except (OSError, RuntimeError):  # RuntimeError: a `~name` of nobody
        return []
    found = [entry for entry in entries if entry.name.startswith(start)]
    if not start.startswith("."):
        found = [entry for entry in found if not entry.name.startswith(".")]
    return sorted(f"{folder}{slash}{entry.name}{'/' * entry.is_dir()}" for entry in found)
