"""What Runs shows: the panes, the place that each is given, and what stands in them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

from textual import on
from textual.containers import Container, Vertical
from textual.widget import Widget

from engine.machine import Load
from engine.mailbox import Status, UnitStatus
from tui.quantities import count
from tui.questions.runs import PastRun, RunRead
from tui.screens.runs import lists_text, progress_text, side_text, units_text
from tui.screens.runs.arranged import Arranged
from tui.screens.runs.order import Order
from tui.screens.runs.places import PANES, Places, Wanted
from tui.screens.runs.pulse import Ended, Trend
from tui.screens.runs.steering import SteeringScreen
from tui.screens.runs.units import UnitGrid
from tui.screens.runs.workers import WorkersPane
from tui.widgets.grid import Grid
from tui.widgets.headed import Tail
from tui.widgets.lines import Lines
from tui.widgets.marks import MarkGrid
from tui.widgets.pane import Pane
from tui.widgets.plot import PlotView
from tui.widgets.rows import Piece
from tui.widgets.words import READING

Drawn = Sequence[Sequence[Piece]]


class RunPanes(SteeringScreen):
    """The panes of a run, as the runner's snapshot and what was read beside it fill them."""

    def __init__(self) -> None:
        """Make the screen; nothing is known yet."""
        super().__init__()
        self._damaged = 0
        self._read: RunRead | None = None
        """The run, as the store knew it when it was read last."""
        self._arranged: Arranged | None = None
        self._units: Mapping[str, UnitStatus] = {}
        self._rows = Tail()
        """The units' rows, made once: a run may have 100,000."""
        self._past: Sequence[PastRun] = ()
        self._order = Order()
        self._ended = Ended()
        self._busy, self._taken = Trend(), Trend()
        self._load: Load | None = None
        self._shown_at = 0.0
        self._places = Places()
        self._begun = False
        """Whether the grid of units was opened by itself, as soon as there was one."""

    def compose_body(self) -> Iterable[Widget]:
        """Sentence and stages over units, the newest of them, and what goes on beside them."""
        yield Lines(id="run", classes="framed", draw=self._run)
        with Container(id="runs-grid"):
            yield Pane("Units", UnitGrid(id="units"), id="units-pane")
            with Vertical(id="newest-side"):
                newest = Grid(
                    lists_text.UNIT_COLUMNS, id="newest", empty=progress_text.NO_RUN, sortable=True
                )
                newest.ways_out = progress_text.WAYS_OUT
                yield Pane("Newest", newest, id="newest-pane")
                log = Grid(lists_text.LOG_COLUMNS, id="log", empty="Nothing has been logged yet.")
                yield Pane("Log", log, id="log-pane")
            with Vertical(id="side"):
                queue = Grid(lists_text.QUEUE_COLUMNS, id="queue")
                yield Pane("Queue", queue, id="queue-pane")
                yield Lines(id="throughput", classes="framed", draw=self._throughput)
                yield Lines(id="machine", classes="framed", draw=self._machine)
                yield Pane(
                    "Fine-tuning", PlotView("No epoch has ended yet.", id="curves"), id="curves-pane"
                )
                yield Lines(id="by-task", classes="framed", draw=self._by_task)
                past = Grid(lists_text.PAST_COLUMNS, id="past", empty="Nothing ever ran here.")
                yield Pane("Runs", past, id="past-pane")
            yield WorkersPane()
        yield Lines(id="unit-line", draw=lambda width, _height: [self._in_words(width)])

    def on_resize(self) -> None:
        """Everything has another place."""
        if self.stands_whole and self.shell.pulse.looked:
            self._show()

    def _show(self) -> None:
        status = self._status
        self._shown_at = time.monotonic()
        self._arrange(status)
        self._show_lists(status)
        self._lay_out()
        self._show_run()
        self._show_side()
        self._show_unit()

    def _arrange(self, status: Status | None) -> None:
        """Put every unit in its place."""
        if status is None:
            self._arranged = None
        elif self._arranged is None or not self._arranged.lay_over(status):
            self._arranged = Arranged(self._read, status.selection, status)
            self._arranged.lay_over(status)
        if status is not None:
            self._ended.follow(status.scored + status.failed, progress_text.elapsed(status))

    # ------------------------------------------------------------------ places

    def _lay_out(self) -> None:
        """Give every pane its place; those that cannot be seen are not drawn."""
        status, arranged = self._status, self._arranged
        frame = 2 if self._places.framed(self.size.width) else 0
        wanted = Wanted(
            run=2 + len(progress_text.together(status.stages) if status else ()) + frame,
            units=units_text.natural(arranged),
            workers=len(status.workers) if status else 0,
            queue=len(self._queue) if not self._damaged else len(self._queue) + 1,
            log=len(status.log) if status else 0,
            machine=2 + max(len(self._load.gpus) if self._load else 0, 1),
            curves=bool(status and status.epochs),
            by_task=side_text.by_task_natural(arranged),
            past=len(self._past),
        )
        here = next(filter(self._has_focus, PANES), "")
        if self._places.lay_out(self, wanted) and (
            here not in self._places.reachable or (self._home == "units-pane" and not self._begun)
        ):
            self._begun = self._home == "units-pane"
            self.query_one(f"#{self._home}", Pane).open()

    def _has_focus(self, name: str) -> bool:
        return self.query_one(f"#{name}", Pane).has_focus_within

    @property
    def _home(self) -> str:
        """Where one is unless one goes elsewhere."""
        return "units-pane" if "units-pane" in self._places.reachable else "newest-pane"

    def _go(self, name: str) -> None:
        self._places.bring(name)
        self._lay_out()
        self.query_one(f"#{name}", Pane).open()

    # ------------------------------------------------------------------ the run and its lists

    def _show_run(self) -> None:
        """The sentence and the stages."""
        run = self.query_one("#run", Lines)
        run.frame("Run", self._status.run_id if self._status else "")
        run.redraw()

    def _run(self, width: int, _height: int) -> Drawn:
        if not self.shell.pulse.looked:
            return [[(READING, "soft")]]
        status = self._status
        begun = sum(entry.state != "waits" for entry in self._queue)
        lines = progress_text.head(status, self._waiting, begun, width)
        if status is not None and status.live:
            rates = self._ended.rates(progress_text.elapsed(status), progress_text.SPARK, live=True)
            lines[:2] = progress_text.with_spark(lines[:2], rates, width)
        return [*lines, *progress_text.stages(status, width, self.shell.charset)]

    def _show_lists(self, status: Status | None) -> None:
        """Units and their list, queue, log and earlier runs."""
        units, newest = self.query_one("#units", UnitGrid), self.query_one("#newest", Grid)
        live = status is not None and status.live
        units.show_units(self._arranged)
        self.query_one(WorkersPane).show_status(status)
        newest.empty = lists_text.NO_UNIT if live else progress_text.NO_RUN
        at_top = newest.cursor == 0
        newest.show(
            self._order.rows(status, self._rows, self._units) if status else (), self._order.columns
        )
        if at_top:
            # A row that was newest sinks; who has not moved wants to see the newest.
            newest.cursor = 0
        busy = len(status.running) if status else 0
        pane = self.query_one("#units-pane", Pane)
        pane.say(units_text.title(self._arranged))
        pane.legend(*units_text.legend(self.shell.charset, self._places.framed(self.size.width)))
        self.query_one("#newest-pane", Pane).say(*self._newest_title(busy, live))
        queue = self.query_one("#queue", Grid)
        queue.show(lists_text.queue_rows(self._queue))
        self.query_one("#queue-pane", Pane).say(*lists_text.queue_title(self._queue, self._damaged))
        self.query_one("#past", Grid).show(lists_text.past_rows(self._past, status))
        log = self.query_one("#log", Grid)
        at_end = not log.has_focus or log.cursor >= len(log.shown) - 1
        log.show(lists_text.log_rows(status) if status else ())
        self.query_one("#log-pane", Pane).say(*(lists_text.log_title(status) if status else ()))
        if at_end:
            log.cursor = len(log.shown) - 1

    def _newest_title(self, busy: int, live: bool) -> tuple[object, ...]:
        pane = self.query_one("#newest-pane", Pane)
        pane.name_shown = self._order.words
        short = self._load and not self._places.framed(self.size.width)
        pane.legend(*(side_text.machine_short(self._load) if short and self._load else ()))
        working = f"{busy} in work" if busy else "none in work" if live else ""
        every = count(len(self._units), "unit") if self._units else ""
        sorts = "s sorts on" if self._order.by else ""
        return (", ".join(part for part in (every, working, sorts) if part),)

    # ------------------------------------------------------------------ beside them

    def _show_side(self) -> None:
        """What is drawn rather than listed, where it can be seen."""
        self.query_one("#throughput", Lines).redraw()
        self.query_one("#machine", Lines).redraw()
        self.query_one("#by-task", Lines).redraw()
        self._show_curves()

    def _throughput(self, width: int, height: int) -> Drawn:
        if self._status is None:
            return []
        until = progress_text.elapsed(self._status)
        return side_text.throughput(self._ended.times, until, self._status.live, width, height)

    def _machine(self, width: int, _height: int) -> Drawn:
        if self._load is None:
            return []
        return side_text.machine(self._load, self._busy.values, self._taken.values, width)

    def _by_task(self, width: int, height: int) -> Drawn:
        return side_text.by_task(self._arranged, width, height) if self._arranged else []

    def _show_curves(self) -> None:
        """The learning curve of the unit under the cursor, else of the one whose epoch ended last."""
        epochs = self._status.epochs if self._status else ()
        if not epochs:
            return
        unit = self._unit()
        keys = {epoch.key for epoch in epochs}
        key = unit.key if unit and unit.key in keys else epochs[-1].key
        mine = [epoch for epoch in epochs if epoch.key == key]
        self.query_one("#curves-pane", Pane).say(side_text.curves_title(mine))
        self.query_one("#curves-pane", Pane).legend(("◆", "strong"), " kept so far")
        self.query_one("#curves", PlotView).show(side_text.curves(mine))

    def _in_words(self, width: int) -> list[Piece]:
        return self.query_one(WorkersPane).line() or units_text.unit_line(self._unit(), width)

    @on(Grid.Moved, "#newest")
    @on(Grid.Moved, "#workers")
    @on(MarkGrid.Moved)
    def _show_unit(self) -> None:
        """What is under the cursor, in words; the curve follows it."""
        self.query_one("#unit-line", Lines).redraw()
        self._show_curves()

    def on_descendant_focus(self) -> None:
        """Another list, another unit."""
        if self.stands_whole:
            self._show_unit()
