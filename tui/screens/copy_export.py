"""Taking away what a screen shows: copied to where the user sits, or written to a file."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import work
from textual.binding import Binding, BindingType
from textual.message import Message

from store.files import user_path
from tui.quantities import count
from tui.screens.base import EXPORTING, ArenaScreen
from tui.widgets.grid import Grid

if TYPE_CHECKING:
    from tui.questions.cells import Place
    from tui.widgets.commandbar import Command
    from tui.widgets.plot import Plot

WRITES: Final = "Write what is shown to a file: the table, or the plot where one is drawn"

ColumnsAndRows = tuple[Sequence[str], Iterable[Sequence[Any]]]
"""The columns' names, and the rows, which can be gone through once."""

MANY: Final = 10_000
"""Rows that take long enough to put together (0.1 s) for one to be told of it."""


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table as it is on screen, put together when it is taken away: it may have 100,000 rows."""

    name: str
    """What a file of it might be called."""
    count: int
    """How many rows it has."""
    cursor: int
    """The row under the cursor."""
    content: Callable[[str], ColumnsAndRows]
    """Columns and rows for a kind of file: people may read them in another form than programs."""
    whole: bool = True
    """Whether these are all rows; of others only the one under the cursor can be copied."""

    def text(self, kind: str) -> str:
        """The row under the cursor, or the table as `tsv`, `markdown` or `latex`."""
        from store.export import render

        columns, rows = self.content(kind)
        if kind == "row":
            rows = itertools.islice(rows, self.cursor, self.cursor + 1)
            return "\n".join("\t".join(map(str, row)) for row in rows)
        if kind == "tsv":
            return "".join("\t".join(map(str, row)) + "\n" for row in itertools.chain([columns], rows))
        return "".join(render(columns, rows, kind))


@dataclass
class Taken(Message):
    """Something has been copied or written."""

    sentence: str


class TakingScreen(ArenaScreen):
    """A screen with a table and perhaps a plot. Tables are put together in workers: no key waits."""

    PLOTS: ClassVar[str] = ""
    """Where a plot is written, while this screen draws none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "y", "yank", "Copy", show=False, tooltip="Copy the row, the table or the command", id="yank"
        ),
        Binding("e", "export", "Export", show=False, tooltip=WRITES, id="export"),
    ]

    # ------------------------------------------------------------------ what is shown

    def main_table(self) -> Grid:
        """The table that is taken where none has the focus."""
        return self.query(Grid).first()

    def shown_table(self) -> ShownTable | None:
        """What is shown, as it is shown; None if there is nothing to take away."""
        grid = self.focused if isinstance(self.focused, Grid) else self.main_table()
        shown = grid.shown
        if not shown:
            return None
        columns = [column.title or column.key for column in grid.columns]

        def content(_: str) -> ColumnsAndRows:
            return columns, ([str(cell) for cell in row.cells] for row in shown)

        return ShownTable(f"{self.MODE}-{grid.id}", len(shown), grid.cursor, content)

    def shown_plot(self) -> Plot | None:
        """The plot that is shown; None if there is none."""
        from tui.widgets.plot import PlotView

        return next((view.shown for view in self.query(PlotView) if view.shown is not None), None)

    def shown_figure(self) -> tuple[str, Place] | None:
        """Kind and cell of the figure for print that shows what `shown_plot` does; None: there is none."""
        return None

    def shown_command(self) -> str:
        """The command that gives what is under the cursor; empty if there is none."""
        return ""

    def why_no_command(self) -> str:
        """Why there is no such command, where there might be one."""
        return ""

    # ------------------------------------------------------------------ copying

    def action_yank(self) -> None:
        """Ask what to copy, then copy it."""
        from tui.screens.overlays.dialogs import Ask

        table = self.shown_table()
        if table is None or not table.count:
            self.tell("There is nothing here to copy yet.")
            return
        answers = [("y", "the row", "row")]
        if table.whole:
            answers += [("t", "the table, tab-separated", "tsv"), ("m", "Markdown", "markdown")]
            answers += [("l", "LaTeX", "latex")]
        if self.shown_command():
            answers.append(("c", "the command for it", "command"))
        self.app.push_screen(Ask("Copy what?", self.why_no_command(), answers), self._yank)

    def _yank(self, answer: str | None) -> None:
        table = self.shown_table()
        if answer and table is not None and table.count:
            self._tell_of_many(table.count, "Copying")
            self.copy(table, answer, self.shown_command())

    @work(thread=True, exclusive=True, group="yank", exit_on_error=False)
    def copy(self, table: ShownTable, what: str, command: str) -> None:
        """Copy part of a table, and say which way it went."""
        text = command if what == "command" else table.text(what)
        self.post_message(Taken(self.shell.yank(text)))

    # ------------------------------------------------------------------ writing

    def action_export(self) -> None:
        """Ask for a file name, then write what is shown."""
        from tui.screens.overlays.pickers import Prompt

        table = self.shown_table()
        if table is None:
            self.tell("There is nothing here to write yet.")
            return
        sentence = "The ending chooses the format.\nTable: .csv .parquet .json .md .tex (LaTeX)"
        if self.shown_plot() is not None:
            sentence += "\nPlot: .svg .pdf .png"
        elif self.PLOTS:
            sentence += f"\nPlot: {self.PLOTS}"
        self.app.push_screen(
            Prompt("Write what is shown to", sentence, f"{table.name}.csv", paths=True, suggested=True),
            self.export_to,
        )

    def export_to(self, path: str | None) -> None:
        """Write what is shown to a file, if one is named; one that is there is replaced only on a yes."""
        if path:
            self.write_unless_kept(path)

    @work(exclusive=True, group="export-ask", exit_on_error=False)
    async def write_unless_kept(self, path: str) -> None:
        """Write, unless a file is there that is to be kept."""
        if await asyncio.to_thread(os.path.isfile, user_path(path)):
            from tui.screens.overlays.dialogs import Ask

            asked = Ask("Replace it?", f"{path} is there already.", [("r", "replace it", "replace")])
            answer = await self.app.push_screen_wait(asked)
            if not answer:
                return
        self.write(path)

    def write(self, path: str) -> None:
        """Write the plot if the ending is a figure's, else the table."""
        from tui.figures.asked import SUFFIXES

        table, plot = self.shown_table(), self.shown_plot()
        if plot is not None and path.endswith(SUFFIXES):
            self.write_plot(plot, self.shown_figure(), path)
        elif table is not None:
            self._tell_of_many(table.count, "Writing")
            self.write_table(table, path)
        else:
            self.tell("There is nothing here to write yet.")

    @work(thread=True, exclusive=True, group=EXPORTING, exit_on_error=False)
    def write_plot(self, plot: Plot, figure: tuple[str, Place] | None, path: str) -> None:
        """Write the figure for print of what is plotted, or the plot as it stands where there is none."""
        if figure is not None:
            from tui.figures.write import write_cell

            written = write_cell(self.arena, *figure, path)
        else:
            from tui.figures.plotted import write_plot

            written = write_plot(plot, path, self.arena.home)
        self.post_message(Taken(f"Wrote the plot to {written}."))

    @work(thread=True, exclusive=True, group=EXPORTING, exit_on_error=False)
    def write_table(self, table: ShownTable, path: str) -> None:
        """Write a table."""
        from store.export import format_of

        written = self.arena.export(*table.content(format_of(Path(path))), path)
        self.post_message(Taken(f"Wrote {count(table.count, 'row')} to {written}."))

    def _tell_of_many(self, rows: int, doing: str) -> None:
        """Say that a large table is on its way."""
        if rows >= MANY:
            self.tell(f"{doing} {count(rows, 'row')}.", good=True)

    def on_taken(self, message: Taken) -> None:
        """Say what became of it."""
        self.tell(message.sentence, good=True)

    def commands(self) -> list[Command]:
        """Writing by name too."""
        from tui.widgets.commandbar import Command

        return [*super().commands(), Command("export", "write what is shown", self.export_to, "FILE")]
