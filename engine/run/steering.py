"""Steering a run from outside its threads: stop, drain, pause, give up one unit."""

from __future__ import annotations

import threading
from functools import partial

from engine.cancel import Stopped


class Steering:
    """What may be asked of a run, and the mailbox in which its executor finds it; for any thread."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        """Set by `stop`: everything in flight gives up within a step."""
        self.drained = threading.Event()
        """Set by `stop` and `drain`: no further unit starts."""
        self.leaving = threading.Event()
        """Set by `stop` where it is this process that has to end, and nobody gave the run up."""
        self._go = threading.Event()
        self._go.set()
        self._lock = threading.Lock()
        self._in_flight: dict[str, threading.Event] = {}
        self._given_up: set[str] = set()

    def stop(self, *, leaving: bool = False) -> None:
        """Give up everything in flight, now; `leaving`: but for what goes on without this process."""
        with self._lock:
            if leaving and not self.stopped.is_set():
                self.leaving.set()
            self.drained.set()
            self.stopped.set()
            for event in self._in_flight.values():
                event.set()
            self._go.set()

    def stop_soon(self, *, leaving: bool = False) -> None:
        """`stop` for a signal handler, which may have interrupted a holder of the locks it needs."""
        threading.Thread(target=partial(self.stop, leaving=leaving), name="stop", daemon=True).start()

    def drain(self) -> None:
        """Finish the units in flight and start no other."""
        with self._lock:
            self.drained.set()
            self._go.set()

    def pause(self) -> None:
        """Start no further unit until `resume`; a run that is ending has none to start."""
        with self._lock:
            if not self.drained.is_set():
                self._go.clear()

    def resume(self) -> None:
        """Go on after `pause`."""
        self._go.set()

    @property
    def paused(self) -> bool:
        """Whether units wait to be started."""
        return not self._go.is_set()

    def cancel_unit(self, key: str) -> None:
        """Give up one unit, whether it runs or still waits; one that trains in a stack is let finish."""
        with self._lock:
            self._given_up.add(key)
            if key in self._in_flight:
                self._in_flight[key].set()

    def given_up(self, key: str) -> bool:
        """Whether `cancel_unit` was asked for this one."""
        with self._lock:
            return key in self._given_up

    def begin(self, key: str) -> threading.Event:
        """Wait while paused, then the cancel event to run unit `key` under.

        Raises:
            Stopped: the unit must not start.
        """
        self._go.wait()
        cancel = threading.Event()
        with self._lock:
            if self.drained.is_set() or key in self._given_up:
                raise Stopped
            self._in_flight[key] = cancel
        return cancel

    def end(self, key: str) -> None:
        """Unit `key` is no longer in flight."""
        with self._lock:
            self._in_flight.pop(key, None)
