"""Compare: two models, or two ways of using one, on the same splits; own results beside published ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget

from store.arm import Table
from store.errors import DataError, UsageError
from tui.questions.arena import Pulse
from tui.questions.cells import Side
from tui.ranked.among import Among
from tui.ranked.comparison import Line, Told
from tui.screens.compare import drawings, verdict
from tui.screens.compare import text as compare_text
from tui.screens.compare.pages import PAIRS, pages
from tui.screens.overlays.pickers import Pick
from tui.screens.turning import Pages, TurningScreen
from tui.widgets.drawing import Drawing
from tui.widgets.grid import Grid
from tui.widgets.pane import Pane
from tui.widgets.plot import Plot, PlotView
from tui.widgets.rows import Column, Row
from tui.widgets.sorting import ordered
from tui.widgets.words import READING, UNREAD


class CompareScreen(TurningScreen):
    """Two sides, task by task and split by split; beside them every two rows of their table."""

    MODE = "compare"
    HOLDERS = "#compare-one, #compare-two, #compare-three"
    ALWAYS = frozenset({"verdict"})
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

    @dataclass
    class SidesRead(Message):
        """It is known what can be compared."""

        sides: Sequence[Side]

    @dataclass
    class Contrasted(Message):
        """The two sides have been compared."""

        first: Side
        second: Side
        told: Told | None

    @dataclass
    class AmongRead(Message):
        """It is known how all rows of a table stand to each other, or why not."""

        table: Table
        rows: tuple[str, ...]
        found: Among | None
        why: str = ""

    def __init__(self) -> None:
        """Make the screen."""
        super().__init__()
        self._sides: Sequence[Side] = ()
        self._first: Side | None = None
        self._second: Side | None = None
        self._told: Told | None = None
        self._reading = True
        """Whether how they compare is not known yet."""
        self._waiting = READING
        """What stands there meanwhile."""
        self._known: dict[tuple[Side, Side], Told | None] = {}
        """What was compared since the database last moved."""
        self._wanted = ""
        """What another screen asked to compare, until the sides are there."""
        self._marked: tuple[str, ...] = ()
        """Rows that were sent here to be compared all with all; none: every row of the table."""
        self._left_out = 0
        """How many of the rows that were sent here are printed: only means are known of those."""
        self._asked: tuple[Table, tuple[str, ...]] | None = None
        """Of which table, and of which of its rows, all pairs were asked for."""
        self._among: Among | None = None
        self._sorted: tuple[int, bool] | None = None
        """The column that the tasks are sorted by, and whether the greatest comes first."""
        self._seen = -1

    def compose_body(self) -> Iterable[Widget]:
        """The verdict over tasks, splits, how sure it is, all pairs and every task."""
        said = Drawing(compare_text.EMPTY, id="verdict")
        said.can_focus = False
        yield Pane("Verdict", said, id="verdict-pane")
        with Horizontal(id="compare-one", classes="panes -all"):
            tasks = Grid(compare_text.columns(), id="contrasts", empty=compare_text.EMPTY, sortable=True)
            yield Pane("Tasks", tasks, id="contrasts-pane", first=True)
            yield Pane("All pairs", Drawing("There are no rows to compare.", id="pairs"), id="pairs-pane")
        with Horizontal(id="compare-two", classes="panes -all"):
            splits = Drawing("There are no shared splits to draw.", id="differences")
            yield Pane("Splits", splits, id="differences-pane")
            yield Pane("How sure", PlotView("There is nothing to judge yet.", id="sure"), id="sure-pane")
        with Horizontal(id="compare-three", classes="panes -all"):
            every = Drawing("There are no shared splits to draw.", id="every")
            yield Pane("Every task", every, id="every-pane")

    def begin(self) -> None:
        """Open the tasks."""
        self.turn()
        self.query_one("#contrasts-pane", Pane).open()
        self._show()

    def on_resize(self, _event: events.Resize) -> None:
        """Another size has other pages, and other columns."""
        if self.stands_whole:
            self.turn()
            self._show()

    def footer(self) -> tuple[str, ...]:
        """With the way back, where another screen sent rows here."""
        if self.MODE not in self.shell.came_from:
            return self.FOOTER
        first, second, swap, *others, export = self.FOOTER
        return first, second, *others, "back", export, swap

    # ------------------------------------------------------------------ pages

    @property
    def _wide(self) -> bool:
        """Whether panes have frames, and rows more columns."""
        return self.app.size.width >= 110

    def pages_now(self) -> Pages:
        """Those for this size of the terminal."""
        return pages(*self.app.size)

    def give_room(self) -> None:
        """The verdict and the tasks get the lines they have, what is below them the rest."""
        told, framed = self._told, self._wide
        unlike = bool(told and told.unlike)
        chances = bool(told and told.lines and told.lines[-1].probabilities)
        lines = (5 if chances else 3 + (len(told.notes) if told else 0)) if framed else 3
        self.query_one("#verdict-pane", Pane).styles.height = lines + (unlike + 2) * framed
        _, shown = self.pages_now()[self.page]
        tasks = max(len(compare_text.rows(told, framed)) + 1, 3) if told else 8
        pairs = len(self._among.rows) + 2 if self._among else 8
        natural = max(tasks if "contrasts" in shown else 0, pairs if "pairs" in shown else 0)
        most = max(self.app.size.height // 3, 7)
        self.query_one("#compare-one").styles.height = min(natural, most) + (2 if framed else 1)
        alone = "differences" not in shown and "sure" not in shown
        many = max([len(line.pairs) for line in told.lines], default=0) if told else 10
        every = self.query_one("#compare-three")
        every.styles.height = "1fr" if alone else min(many + 3, self.app.size.height // 3) + 2

    # ------------------------------------------------------------------ reading

    def follow(self, pulse: Pulse) -> None:
        """Read again when the database has moved."""
        if pulse.store != self._seen:
            self._seen = pulse.store
            self.read_sides()

    @work(thread=True, exclusive=True, group="sides", exit_on_error=False)
    def read_sides(self) -> None:
        """Read what can be compared."""
        self.post_message(self.SidesRead(self.arena.sides()))

    @work(thread=True, exclusive=True, group="contrast", exit_on_error=False)
    def read_contrast(self, first: Side, second: Side) -> None:
        """Compare two sides, or say why they cannot be."""
        try:
            told = self.arena.contrast(first, second)
        except (UsageError, DataError) as error:
            told = Told(str(error), "", (), ())
        self.post_message(self.Contrasted(first, second, told))

    @work(thread=True, exclusive=True, group="among", exit_on_error=False)
    def read_among(self, table: Table, rows: tuple[str, ...]) -> None:
        """Set every two rows of a table against each other, or say why they cannot be."""
        try:
            self.post_message(self.AmongRead(table, rows, self.arena.among(table, rows)))
        except (UsageError, DataError) as error:
            self.post_message(self.AmongRead(table, rows, None, str(error)))

    @on(AmongRead)
    def _among_read(self, message: AmongRead) -> None:
        if (message.table, message.rows) != self._asked:
            return
        self._among = message.found
        view = self.query_one("#pairs", Drawing)
        view.empty = message.why or "There are no two rows to compare."
        self.give_room()
        self._show_pairs()

    @on(SidesRead)
    def _sides_read(self, message: SidesRead) -> None:
        self._sides = message.sides
        self._known.clear()
        self._asked = None
        self.refresh_bindings()
        if self._first is None or self._second is None:
            self._first, self._second = compare_text.first_pair(message.sides)
        if self._wanted:
            self.receive(self._wanted)
        self._compare()

    @on(Contrasted)
    def _contrasted(self, message: Contrasted) -> None:
        pair = message.first, message.second
        self._known[pair] = message.told
        if pair == (self._first, self._second):
            self._told, self._reading = message.told, False
            self._show()
            self.refresh_bindings()

    def _choose(self, first: Side | None, second: Side | None) -> None:
        self._first, self._second, self._told, self._reading = first, second, None, True
        self._compare()

    def _compare(self) -> None:
        self._waiting = READING
        if self._first is None or self._second is None:
            self._told, self._reading = None, False
        elif (self._first, self._second) in self._known:
            self._told, self._reading = self._known[self._first, self._second], False
        else:
            self.read_contrast(self._first, self._second)
        self._show()

    def unread(self, group: str) -> None:
        """A verdict that cannot be read again is not shown any more."""
        if group in ("sides", "contrast"):
            self._known.clear()
            self._told, self._reading, self._waiting = None, True, UNREAD
            self._show()

    # ------------------------------------------------------------------ showing

    def _show(self) -> None:
        waiting = self._waiting if self._reading else ""
        sides = self._first, self._second, self._told, waiting
        self.query_one("#verdict", Drawing).show(partial(verdict.lines, *sides))
        self.query_one("#verdict-pane", Pane).say(
            "posterior of the paired difference, in the mean of the tasks"
        )
        self._show_tasks()
        self.give_room()
        self._show_line()
        self._show_every()
        self._ask_pairs()

    def _show_tasks(self) -> None:
        grid, told = self.query_one("#contrasts", Grid), self._told
        pane = self.query_one("#contrasts-pane", Pane)
        pane.say("A minus B")
        equal = ("±.01", "strong"), " counts as equal  "
        pane.legend(*(equal if self._wide else ()), ("◀ B better", "b"), " │ ", ("A better ▶", "a"))
        if self._reading:
            grid.read_anew()
            return
        rows = compare_text.rows(told, self._wide) if told else []
        columns: Sequence[Column] = compare_text.columns(told, self._wide)
        if self._sorted and told and self._sorted[0] < len(columns):
            tasks = [row for row in rows if not row.key.startswith("mean ")]
            rest = [row for row in rows if row.key.startswith("mean ")]
            tasks, columns = ordered(tasks, columns, *self._sorted)
            rows = [*tasks, *rest]
        grid.show(rows, columns)

    @on(Grid.SortAsked)
    def _sort(self, message: Grid.SortAsked) -> None:
        by, down = self._sorted or (-1, False)
        self._sorted = message.column, not down if by == message.column else True
        self._show_tasks()

    @property
    def _line(self) -> Line | None:
        """What the row under the cursor is of."""
        row = self.query_one("#contrasts", Grid).current
        lines = self._told.lines if self._told else ()
        return next((line for line in lines if row and line.name == row.key), None)

    @on(Grid.Moved)
    def _show_line(self) -> None:
        """Splits and posterior of the row under the cursor; with the mean, the splits of the first task."""
        line, view = self._line, self.query_one("#sure", PlotView)
        drawn = line
        if line is not None and not line.pairs and self._told and compare_text.is_mean(line):
            drawn = next((one for one in self._told.lines if one.pairs), line)
        pane = self.query_one("#differences-pane", Pane)
        pane.say(*compare_text.splits_title(drawn))
        pane.legend(("●", "a"), " A  ", ("◆", "b"), " B  ", ("◉", "both"), " level")
        self.query_one("#sure-pane", Pane).legend(("B better", "b"), "  within ±.01  ", ("A better", "a"))
        self.query_one("#sure-pane", Pane).say(f"{line.name}, of A − B" if line else "")
        splits = self.query_one("#differences", Drawing)
        if self._reading:
            view.read_anew()
            splits.read_anew()
            return
        splits.show(partial(drawings.dumbbells, drawn) if drawn and drawn.pairs else None)
        view.empty = compare_text.why_no_posterior(line)
        view.show(compare_text.posterior_plot(line) if line else None)

    def _show_every(self) -> None:
        view, lines = self.query_one("#every", Drawing), self._told.lines if self._told else ()
        pane = self.query_one("#every-pane", Pane)
        pane.say("split by split")
        pane.legend(("●", "a"), " A  ", ("◆", "b"), " B  ", ("◉", "both"), " level")
        if self._reading:
            view.read_anew()
        else:
            view.show(partial(drawings.every_task, lines) if any(line.pairs for line in lines) else None)

    def _ask_pairs(self) -> None:
        """Have every two rows of side A's table compared, once."""
        side = next((side for side in (self._first, self._second) if side and side.source == "own"), None)
        if side is None:
            self._among, self._asked = None, None
            self._show_pairs()
            return
        asked = side.table, self._marked
        if asked != self._asked:
            self._asked, self._among = asked, None
            self.query_one("#pairs", Drawing).read_anew()
            self.read_among(*asked)
        elif self._among is not None:
            self._show_pairs()

    def _show_pairs(self) -> None:
        found, view = self._among, self.query_one("#pairs", Drawing)
        sides = [side.model for side in (self._first, self._second) if side]
        view.show(partial(drawings.triangle, found, sides) if found and len(found.rows) > 1 else None)
        what = f"{len(self._marked)} marked rows, " if self._marked else ""
        if self._marked and self._left_out:
            what = (
                f"{len(self._marked)} of {len(self._marked) + self._left_out} marked rows, none printed, "
            )
        tasks = f"mean of {found.tasks} tasks" if found and found.tasks > 1 else "one task"
        self.query_one("#pairs-pane", Pane).say(f"{what}row minus column, {tasks}" if found else "")

    # ------------------------------------------------------------------ actions

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

    def shown_plot(self) -> Plot | None:
        """The posterior where it has the focus or nothing else is drawn, else the differences by split."""
        line = self._line
        if line is None or not line.differences or isinstance(self.focused, PlotView):
            return super().shown_plot()
        return compare_text.splits_plot(line)

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
            Row(str(i), (side.source, side.model, side.table.arm.protocol, compare_text.settings(side)))
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
