"""Compare: two models, or two ways of using one, on the same splits; own results beside published ones."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from engine.catalog.controls import title_of
from tui.screens.compare import text as compare_text
from tui.screens.compare.pages import PAIRS
from tui.screens.compare.reading import CompareReading
from tui.screens.overlays.pickers import Pick
from tui.widgets.pane import Pane
from tui.widgets.rows import Column, Row


class CompareScreen(CompareReading):
    """Two sides, task by task and split by split; beside them every two rows of their table."""

    MODE = "compare"
    ABOUT = (
        "Choose two sides with f and b. Own rows are compared on the splits and test genes that both have; "
        "of published rows only means are known. i says all about a row and how it was judged. Rows marked "
        "on Board and sent here with c are compared all with all."
    )
    FOOTER = (
        "compare.first",
        "compare.second",
        "compare.swap",
        "compare.details",
        "compare.view",
        "export",
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "pick('first')", "Side A", tooltip="Choose side A", id="compare.first"),
        Binding("b", "pick('second')", "Side B", tooltip="Choose side B", id="compare.second"),
        Binding("w", "swap", "Swap", tooltip="Change places", id="compare.swap"),
        Binding(
            "i", "details", "Details", tooltip="All about the row, and the method", id="compare.details"
        ),
        Binding("v", "view", "Next", tooltip="Next: how sure, all pairs, every task", id="compare.view"),
    ]

    def begin(self) -> None:
        """Open the tasks."""
        self.turn()
        self.query_one("#contrasts-pane", Pane).open()
        self._show()

    def footer(self) -> tuple[str, ...]:
        """With the way back, where another screen sent rows here."""
        if self.MODE not in self.shell.came_from:
            return self.FOOTER
        first, second, swap, *others, export = self.FOOTER
        return first, second, *others, "back", export, swap

    def receive(self, argument: str) -> None:
        """Put a model first, by its name or a side's name; of several, a line each, all are compared."""
        names = [name.strip() for name in argument.splitlines() if name.strip()]
        self._wanted = "" if self._sides else argument
        if not self._sides or not names:
            return
        found = [
            next((side for side in self._sides if name in (side.model, side.name)), None) for name in names
        ]
        there = [side for side in found if side is not None]
        if not there:
            self.tell(f"There are no results of {names[0]} yet.")
            return
        own = [side for side in there if side.source == "own"]
        several = len(there) > 2 and len(own) > 1
        self._marked = tuple(side.model for side in own) if several else ()
        self._left_out = len(there) - len(own)
        first, *others = own if several else there
        beside = others[0] if others else compare_text.partner(self._sides, first, self._second)
        if self._marked:
            numbers = [number for number, (name, _) in enumerate(self.pages_now()) if name == PAIRS]
            self.page = numbers[0] if numbers else self.page
            self.turn()
        self._choose(first, beside)

    def why_not(self, action: str) -> str:
        """Choosing needs something to choose from."""
        if action == "compare.details" and self._line is None and self._sides and not self._reading:
            return "There is no row to say more about."
        if action == "compare.view" and len(self.pages_now()) < 2:
            return "Everything there is about the two is shown already."
        if (
            action.startswith("compare.")
            and action != "compare.view"
            and not (self._told if action == "compare.details" else self._sides)
        ):
            if self._reading:
                return "The results are still being read; try again in a moment."
            return "There are no results to compare yet; 1 plans a run."
        return super().why_not(action)

    def action_pick(self, place: str) -> None:
        """Choose a side."""
        if self.refused(f"compare.{place}"):
            return
        columns = (
            Column("source", "by"),
            Column("model", "model", least=16),
            Column("protocol", "protocol"),
            Column("arm", "computed with", least=6),
        )
        rows = [
            Row(
                str(i),
                (side.source, title_of(side.model), side.table.arm.protocol, compare_text.settings(side)),
                alias=side.model,
            )
            for i, side in enumerate(self._sides)
        ]

        def chosen(answer: str | None) -> None:
            if answer is not None:
                side, self._marked = self._sides[int(answer)], ()
                if place == "first":
                    self._choose(side, self._second)
                else:
                    self._choose(self._first, side)

        self.app.push_screen(Pick(f"Side {'A' if place == 'first' else 'B'}", columns, rows), chosen)

    def action_view(self) -> None:
        """Show the next page of panes."""
        if not self.refused("compare.view"):
            self.turn(1)

    def action_swap(self) -> None:
        """Let the sides change places."""
        if not self.refused("compare.swap"):
            self._choose(self._second, self._first)

    def action_details(self) -> None:
        """Open all about the row under the cursor."""
        if not self.refused("compare.details") and self._line and self._told:
            self.app.push_screen(compare_text.in_full(self._line, self._told))


SCREEN = CompareScreen
