"""Ranked tables of a run while it goes on: each as soon as the last of its numbers is saved."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Final

from engine.plan.plan import Plan
from engine.run.events import Event, UnitFinished
from store.arm import Arm
from store.errors import StoreError
from tui.commands.common import Session
from tui.commands.ranking import put_rankings
from tui.commands.tables import tables_of_run

LOOK: Final = 0.5
"""Seconds between two looks whether the last units of a table are in the database."""


class EarlyTables:
    """Prints the tables of an arm once all its units are saved, in a thread of its own.

    On a terminal they would run into the line of progress; there, and whatever is not complete when the
    run ends, is for the caller.
    """

    def __init__(self, session: Session, plan: Plan, sets: Sequence[str]) -> None:
        self._session, self._sets = session, sets
        self._tasks = tuple(dict.fromkeys(unit.task for unit in plan.units))
        self._left = Counter(Arm.of(unit) for unit in plan.todo)
        self._keys = {arm: [unit.key for unit in plan.todo if Arm.of(unit) == arm] for arm in self._left}
        self._due: queue.SimpleQueue[Arm] = queue.SimpleQueue()
        self._over = threading.Event()
        self._shown: list[Arm] = []
        self._thread = threading.Thread(target=self._work, name="early tables", daemon=True)
        self._thread.start()

    def heard(self, event: Event) -> None:
        """Take in what the run reports."""
        if isinstance(event, UnitFinished):
            arm = Arm.of(event.outcome.unit)
            self._left[arm] -= 1
            if not self._left[arm]:
                self._due.put(arm)

    def close(self) -> list[Arm]:
        """Finish the table that is being printed and begin no other; the arms whose tables are printed."""
        self._over.set()
        self._thread.join()
        return self._shown

    def _work(self) -> None:
        waiting: list[Arm] = []
        while not self._over.wait(LOOK):
            with contextlib.suppress(queue.Empty):
                while True:
                    waiting.append(self._due.get_nowait())
            with contextlib.suppress(StoreError, OSError):  # in other hands: the next look, or the end
                for arm in [arm for arm in waiting if self._saved(arm)]:
                    found = tables_of_run(self._session.home, [arm], self._tasks, self._sets)
                    put_rankings(found, "text")
                    waiting.remove(arm)
                    self._shown.append(arm)

    def _saved(self, arm: Arm) -> bool:
        from store import connect
        from store.queries import outcomes

        with connect(self._session.home) as connection:
            return outcomes(connection, self._keys[arm]) == len(self._keys[arm])
