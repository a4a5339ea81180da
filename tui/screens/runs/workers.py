"""The pane of the shards of a job array, or of the workers of a cluster, that carry the run."""

from __future__ import annotations

from textual import on

from engine.mailbox import Status, WorkerStatus
from tui.screens.runs import workers_text
from tui.screens.runs.order import Turning
from tui.widgets.grid import Grid
from tui.widgets.pane import Pane
from tui.widgets.rows import Piece
from tui.widgets.words import UNICODE, Charset


class WorkersPane(Pane):
    """One row for each; nothing where threads of the runner do the work."""

    def __init__(self) -> None:
        """Make it empty."""
        self._grid = Grid(id="workers", sortable=True)
        super().__init__("Shards", self._grid, id="workers-pane")
        self._status: Status | None = None
        self._turning = Turning(workers_text.ORDERS, workers_text.LARGEST_FIRST)

    def show_status(self, status: Status | None) -> None:
        """Show the workers of a snapshot."""
        self._status = status
        of = workers_text.kind(status)
        if status is None or not of:
            self._grid.show(())
            return
        at_top = not self._grid.has_focus and self._grid.cursor == 0
        charset: Charset = getattr(self.app, "charset", UNICODE)
        by = self._turning.by
        self._grid.show(
            workers_text.rows(status, by, charset), self._turning.marked(workers_text.columns(status))
        )
        if at_top:
            self._grid.cursor = 0
        self.name_shown = f"{of.capitalize()}s"
        self.say(*workers_text.summary(status), (f"   by {by}, s sorts on" if by else "", "soft"))

    @property
    def current(self) -> WorkerStatus | None:
        """The one under the cursor, if the list has the focus."""
        row = self._grid.current if self._grid.has_focus else None
        workers = self._status.workers if self._status else ()
        return next((worker for worker in workers if row and worker.name == row.key), None)

    def line(self) -> list[Piece]:
        """The one under the cursor in words; empty if there is none."""
        worker = self.current
        return (
            workers_text.line(worker, self._short_name(worker), self._status)
            if worker and self._status
            else []
        )

    def notice(self) -> tuple[str, str, str, str] | None:
        """All that is known of the one under the cursor, for a dialog."""
        worker = self.current
        if worker is None or self._status is None:
            return None
        return workers_text.notice(worker, self._short_name(worker), self._status)

    def _short_name(self, worker: WorkerStatus) -> str:
        assert self._status is not None
        names = workers_text.short_names(self._status.workers)
        return names[self._status.workers.index(worker)]

    @on(Grid.SortAsked)
    def _sort(self, message: Grid.SortAsked) -> None:
        """Sort by a column, or by the next one."""
        message.stop()
        self._turning.next(self._grid.columns[message.column].key)
        self.show_status(self._status)
