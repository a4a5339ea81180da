"""The grid of a run's units: cursor, folding and scrolling over what `units_text` draws."""

from __future__ import annotations

from collections.abc import Sequence

from engine.mailbox import UnitStatus
from tui.screens.runs import units_text
from tui.screens.runs.arranged import Arranged, Place
from tui.widgets.marks import MarkGrid
from tui.widgets.rows import Piece


class UnitGrid(MarkGrid):
    """Every unit of a run as a mark."""

    def __init__(self, id: str) -> None:
        """Make an empty grid."""
        super().__init__(id=id)
        self._arranged: Arranged | None = None
        self._here: Place = (0, 0, 0)
        self._top = 0
        self._ranges: list[tuple[int, int]] = []
        self.empty = ""
        """What is said where there is no unit."""

    def show_units(self, arranged: Arranged | None) -> None:
        """Show these units; the cursor stays where it is."""
        self._arranged = arranged
        self._keep_within()
        self.redraw()

    @property
    def current(self) -> UnitStatus | None:
        """The unit under the cursor."""
        return self._arranged.at(self._here) if self._arranged else None

    def _keep_within(self) -> None:
        lines = self._arranged.lines if self._arranged else []
        if not lines:
            self._here = (0, 0, 0)
            return
        line = min(max(self._here[0], 0), len(lines) - 1)
        block = min(max(self._here[1], 0), max(len(lines[line].blocks) - 1, 0))
        assert self._arranged is not None
        mark = min(max(self._here[2], 0), max(len(self._arranged.seeds) - 1, 0))
        self._here = (line, block, mark)

    # ------------------------------------------------------------------ drawing

    def _style(self, width: int) -> units_text.Look:
        assert self._arranged is not None
        return units_text.look(
            self._arranged,
            width,
            charset=self.charset,
            focused=self.has_focus,
            plain=bool(self.app.native_ansi_color or self.app.no_color),
        )

    def drawn(self, width: int, height: int) -> Sequence[Sequence[Piece]]:
        """The head, and the lines that are in view."""
        arranged = self._arranged
        if arranged is None or not arranged.lines:
            return [[], [(f" {self.empty}", "text")]]
        room = max(height - 1, 1)
        self._ranges = units_text.entries(arranged, room, self._here[0])
        at = units_text.steps(self._ranges, self._here[0])
        self._top = min(max(min(self._top, at), at - room + 1), max(len(self._ranges) - room, 0))
        style = self._style(width)
        lines = [units_text.head(arranged, style, self._here)]
        before = ""
        for span in self._ranges[self._top : self._top + room]:
            model = arranged.lines[span[0]].model
            lines.append(units_text.line(arranged, span, style, self._here, model == before))
            before = model
        return lines

    # ------------------------------------------------------------------ moving

    def step(self, lines: int, marks: int) -> None:
        """Move over what is drawn: a folded model is one line, and one mark a task."""
        if self._arranged is None or not self._ranges:
            return
        line, block, mark = self._here
        at = units_text.steps(self._ranges, line)
        if lines:
            at = min(max(at + lines, 0), len(self._ranges) - 1)
            span = self._ranges[at]
            line = span[0] if lines > 0 or not span[0] <= line < span[1] else line
            line = span[1] - 1 if lines < 0 else line
        seeds = len(self._arranged.seeds)
        if marks and self._folded(at):
            block += marks
        elif marks:
            flat = min(max(block * seeds + mark + marks, 0), max(len(self._arranged.tasks) * seeds - 1, 0))
            block, mark = divmod(flat, max(seeds, 1))
        self._here = (line, block, mark)
        self._keep_within()
        self.redraw()

    def _folded(self, at: int) -> bool:
        start, end = self._ranges[at]
        return end - start > 1 or not self._style(self.size.width).step

    def point(self, x: int, y: int) -> None:
        """Put the cursor on the mark in a cell."""
        at = self._top + y - 1
        if self._arranged is None or y < 1 or at >= len(self._ranges):
            return
        style = self._style(self.size.width)
        block, within = divmod(max(x - style.label, 0), style.block + 1)
        mark = within // style.step if style.step else self._here[2]
        self._here = (self._ranges[at][0], block, mark)
        self._keep_within()
        self.redraw()
