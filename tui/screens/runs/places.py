"""Where the panes of Runs stand at each size; a pane that has no place of its own can take the list's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from textual.screen import Screen

MEDIUM: Final = 110
WIDE: Final = 160
SIDE: Final = {True: 78, False: 46}
"""Columns beside the units, where it is wide and where it is not."""
PANES: Final = (
    "units-pane",
    "workers-pane",
    "queue-pane",
    "newest-pane",
    "log-pane",
    "curves-pane",
    "past-pane",
)
"""In the order in which tab goes through them."""
_BESIDE: Final = ("queue-pane", "curves-pane", "past-pane", "throughput", "machine", "by-task")


class Wanted(NamedTuple):
    """Lines that each part would take, without its frame."""

    run: int
    units: int
    """0: there are none, and so no grid of them."""
    workers: int
    """0: threads do the work."""
    queue: int
    log: int
    machine: int
    curves: bool
    by_task: int
    past: int


class Places:
    """Heights and what is displayed; kept, so that nothing is laid out again without need."""

    def __init__(self) -> None:
        """Nothing has a place yet."""
        self.slot = ""
        """The pane that stands in place of the list of units."""
        self.reachable: tuple[str, ...] = ("newest-pane",)
        self._last: object = None

    @staticmethod
    def framed(width: int) -> bool:
        """Whether panes have frames."""
        return width >= MEDIUM

    def bring(self, name: str) -> None:
        """Show a pane in place of the list, where it is not shown beside it."""
        self.slot = "" if name in ("units-pane", "newest-pane") else name

    def lay_out(self, screen: Screen[None], wanted: Wanted) -> bool:
        """Give everything its place; whether anything has moved."""
        width, height = screen.size
        alone = screen.maximized
        state = (width, height, wanted, self.slot, alone)
        if state == self._last:
            return False
        self._last = state
        heights = self._heights(width, height, wanted)
        for name in (*PANES, "throughput", "machine", "by-task"):
            widget = screen.query_one(f"#{name}")
            lines = heights.get(name)
            widget.display = lines is not None
            widget.styles.height = "1fr" if widget is alone else lines if lines is not None else 0
        screen.query_one("#run").styles.height = wanted.run
        grid = screen.query_one("#runs-grid")
        side, newest = screen.query_one("#side"), screen.query_one("#newest-side")
        side_there = any(name in heights for name in _BESIDE)
        newest_there = "newest-pane" in heights or "log-pane" in heights
        side.display, newest.display = side_there, newest_there
        workers = screen.query_one("#workers-pane")
        if width >= MEDIUM:
            wide = width >= WIDE
            above = [str(heights[name]) for name in ("units-pane", "workers-pane") if name in heights]
            grid.styles.grid_size_columns = 2 if side_there else 1
            grid.styles.grid_columns = f"1fr {SIDE[wide]}" if side_there else "1fr"
            grid.styles.grid_rows = " ".join([*above, "1fr"])
            side.styles.row_span = 1 + len(above) if wide else 1
            for pane in (screen.query_one("#units-pane"), workers):
                pane.styles.column_span = 2 if not wide and side_there else 1
            grid.move_child(side, before=newest)
            if wide:
                grid.move_child(workers, after=side)
            else:
                grid.move_child(side, after=newest)
                grid.move_child(workers, before=newest)
        else:
            grid.move_child(workers, before=min(newest, side, key=grid.children.index))
            own = heights.get("queue-pane", 0)
            side.styles.height = own if newest_there else "1fr"
        return True

    def _heights(self, width: int, height: int, wanted: Wanted) -> dict[str, int | str]:
        """Name -> lines or `1fr`, of what is displayed."""
        body = height - 3 - wanted.run
        there = {"units-pane": wanted.units, "newest-pane": 1, "log-pane": 1, "queue-pane": wanted.queue}
        there |= {"workers-pane": wanted.workers, "curves-pane": wanted.curves, "past-pane": wanted.past}
        self.reachable = tuple(name for name in PANES if there[name])
        if self.slot not in self.reachable:
            self.slot = ""
        if width < MEDIUM:
            return self._narrow(body, wanted)
        wide = width >= WIDE
        found: dict[str, int | str] = {}
        if wanted.units:
            most = 0.64 if wide else 0.5
            most = most if not wanted.workers else 0.4 if wide else 0.35
            found["units-pane"] = min(wanted.units + 2, max(int(body * most), 6))
        rest = body - int(found.get("units-pane", 0))
        if wanted.workers:
            most = 0.5 if wide else 0.6 if self.slot == "workers-pane" else 0.45
            found["workers-pane"] = min(wanted.workers + 3, max(int(rest * most), 6))
            rest -= int(found["workers-pane"])
        self._side(found, body if wide else rest, wanted, wide)
        if wide:
            found["newest-pane"] = "1fr"
            if wanted.log or self.slot == "log-pane":
                found["log-pane"] = min(max(wanted.log, 2) + 3, max(min(body // 5, rest // 2), 6))
        else:
            found["log-pane" if self.slot == "log-pane" else "newest-pane"] = "1fr"
        return found

    def _side(self, found: dict[str, int | str], rest: int, wanted: Wanted, wide: bool) -> None:
        """What stands beside the units or the list of them, the most useful first."""
        rest -= 9 if wide else 7  # what grows there is never smaller

        def give(name: str, lines: int) -> None:
            nonlocal rest
            if lines <= rest:
                found[name] = lines
                rest -= lines

        if wanted.queue:
            give("queue-pane", min(wanted.queue, 6) + 3)
        if wanted.units:
            give("machine", wanted.machine + 2)
        if wanted.past:
            give("past-pane", min(wanted.past, 8 if wide else max(rest - 3, 1)) + 3)
        if not wanted.units:
            return
        if wanted.curves:
            found["curves-pane"] = "1fr"
            if wide:
                give("throughput", 9)
        else:
            found["throughput"] = "1fr"
            if wide and wanted.by_task:
                give("by-task", min(wanted.by_task + 2, rest))

    def _narrow(self, body: int, wanted: Wanted) -> dict[str, int | str]:
        found: dict[str, int | str] = {}
        queue = min(wanted.queue, 3) + 2 if wanted.queue and self.slot in ("", "queue-pane") else 0
        workers = min(wanted.workers, 2) + 2 if wanted.workers and self.slot in ("", "workers-pane") else 0
        if wanted.units:
            least = 5 + queue + workers
            share = 0.4 if wanted.workers else 0.57
            found["units-pane"] = max(min(wanted.units + 1, int(body * share), body - least), 3)
        if workers:
            own, rest = wanted.workers + 2, body - int(found.get("units-pane", 0)) - queue
            if self.slot and own > rest - 5:
                return found | {"workers-pane": "1fr"}
            found["workers-pane"] = min(own, max(rest // 2, workers)) if not self.slot else own
        if self.slot and self.slot not in ("queue-pane", "workers-pane"):
            found[self.slot] = "1fr"
            return found
        if queue:
            found["queue-pane"] = queue
        found["newest-pane"] = "1fr"
        return found
