"""What Compare shows: the verdict over tasks, splits, how sure it is, all pairs and every task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from textual import events, on
from textual.containers import Horizontal
from textual.widget import Widget

from tui.questions.cells import Side
from tui.ranked.among import Among
from tui.ranked.comparison import Line, Told
from tui.screens.compare import drawings, verdict
from tui.screens.compare import text as compare_text
from tui.screens.compare.pages import pages
from tui.screens.turning import Pages, TurningScreen
from tui.widgets.drawing import Drawing
from tui.widgets.grid import Grid
from tui.widgets.pane import Pane
from tui.widgets.plot import Plot, PlotView
from tui.widgets.rows import Column
from tui.widgets.sorting import ordered
from tui.widgets.words import READING


class ComparePanes(TurningScreen):
    """The panes of a comparison, as far as it has been read."""

    HOLDERS = "#compare-one, #compare-two, #compare-three"
    ALWAYS = frozenset({"verdict"})

    def __init__(self) -> None:
        """Make the screen."""
        super().__init__()
        self._first: Side | None = None
        self._second: Side | None = None
        self._told: Told | None = None
        self._reading = True
        """Whether how they compare is not known yet."""
        self._waiting = READING
        """What stands there meanwhile."""
        self._marked: tuple[str, ...] = ()
        """Rows that were sent here to be compared all with all; none: every row of the table."""
        self._left_out = 0
        """How many of the rows that were sent here are printed: only means are known of those."""
        self._among: Among | None = None
        self._sorted: tuple[int, bool] | None = None
        """The column that the tasks are sorted by, and whether the greatest comes first."""

    def compose_body(self) -> Iterable[Widget]:
        """The verdict over tasks, splits, how sure it is, all pairs and every task."""
        said = Drawing(compare_text.EMPTY, id="verdict")
        said.can_focus = False
        yield Pane("Verdict", said, id="verdict-pane")
        with Horizontal(id="compare-one", classes="panes -all"):
            tasks = Grid(compare_text.columns(), id="contrasts", empty=compare_text.EMPTY, sortable=True)
            tasks.ways_out = compare_text.WAYS_OUT
            yield Pane("Tasks", tasks, id="contrasts-pane", first=True)
            yield Pane("All pairs", Drawing("There are no rows to compare.", id="pairs"), id="pairs-pane")
        with Horizontal(id="compare-two", classes="panes -all"):
            splits = Drawing("There are no shared splits to draw.", id="differences")
            yield Pane("Splits", splits, id="differences-pane")
            yield Pane("How sure", PlotView("There is nothing to judge yet.", id="sure"), id="sure-pane")
        with Horizontal(id="compare-three", classes="panes -all"):
            every = Drawing("There are no shared splits to draw.", id="every")
            yield Pane("Every task", every, id="every-pane")

    def on_resize(self, _event: events.Resize) -> None:
        """Another size has other pages, and other columns."""
        if self.stands_whole:
            self.turn()
            self._show()

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
        pairs = len(self._among.rows) + (2 if framed else 3) if self._among else 8
        natural = max(tasks if "contrasts" in shown else 0, pairs if "pairs" in shown else 0)
        most = max(self.app.size.height // 3, 7)
        self.query_one("#compare-one").styles.height = min(natural, most) + (2 if framed else 1)
        alone = "differences" not in shown and "sure" not in shown
        many = max([len(line.pairs) for line in told.lines], default=0) if told else 10
        every = self.query_one("#compare-three")
        every.styles.height = "1fr" if alone else min(many + 3, self.app.size.height // 3) + 2
        nothing = told is None and not self._reading
        if nothing:
            self.query_one("#compare-one").styles.height = "1fr"
        for holder in (self.query_one("#compare-two"), every):
            holder.display = not nothing and any(pane.display for pane in holder.query(Pane))

    # ------------------------------------------------------------------ the two sides

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
        self.ask_pairs()

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
    def _moved(self) -> None:
        self.at_leisure(self._show_line)

    def _show_line(self) -> None:
        """Splits and posterior of the row under the cursor; with the mean, the splits of the first task."""
        line, view = self._line, self.query_one("#sure", PlotView)
        drawn = line
        if line is not None and not line.pairs and self._told and compare_text.is_mean(line):
            drawn = next((one for one in self._told.lines if one.pairs), line)
        pane = self.query_one("#differences-pane", Pane)
        pane.say(*compare_text.splits_title(drawn, self._wide))
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

    def shown_plot(self) -> Plot | None:
        """The posterior where it has the focus or nothing else is drawn, else the differences by split."""
        line = self._line
        if line is None or not line.differences or isinstance(self.focused, PlotView):
            return super().shown_plot()
        return compare_text.splits_plot(line)

    # ------------------------------------------------------------------ all pairs

    def ask_pairs(self) -> None:
        """Have every two rows of side A's table compared, once."""
        raise NotImplementedError

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
