"""Key presses while every core is at work, and a flood of events from the engine.

Keys are pressed in the real application behind a pty, at a typist's pace, beside a real runner; a
press is answered by the first output that changes anything below the top line, where the run's
progress stands.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks._terminal import ARENA, Terminal, text

if TYPE_CHECKING:
    from store.home import Home

Row = dict[str, Any]

PRESSES: Final = 200
PAUSE: Final = (0.08, 0.25)
"""Seconds between two presses, drawn evenly."""
ANSWERED: Final = 0.05
LAST_ROW: Final = 9
"""The cursor stays among the first ten models."""
EVENTS: Final = 100_000


# ------------------------------------------------------------------------------ key presses


def key_presses() -> list[Row]:
    """Time from a key press to its paint: with an idle machine, and with the runner on all cores."""
    from benchmarks._home import fresh_home

    with fresh_home() as home:
        idle = _pressed(home)
        quiet = os.getloadavg()[0]
        runner = start_run(home)
        try:
            started, before = time.monotonic(), _cpu_seconds(runner)
            busy = _pressed(home)
            cores = (_cpu_seconds(runner) - before) / (time.monotonic() - started)
        finally:
            end_run(home)
    note = f"{PRESSES} presses; the runner had {cores:.1f} of {os.cpu_count()} cores meanwhile"
    return [
        _row("keys painted within 50 ms, no run", idle, "", f"load of the machine {quiet:.1f}"),
        _row("keys painted within 50 ms, all workers busy", busy, "<= 1", note),
    ]


def _pressed(home: Home) -> list[float]:
    """Seconds from each press of a cursor key on Plan to its paint."""
    terminal = Terminal(ARENA, "--home", str(home.data.parent))
    chance = random.Random(0)
    answers, row = [], 0
    try:
        terminal.when(text("[1 Plan]", "BioBERT"))
        terminal.settle(3.0)
        for _ in range(PRESSES):
            terminal.settle(chance.uniform(*PAUSE))
            down = row == 0 or (row < LAST_ROW and chance.random() < 0.5)
            row += 1 if down else -1
            terminal.screen.dirty.clear()
            pressed = terminal.press("j" if down else "k")
            answers.append(terminal.when(lambda screen: screen.dirty - {0}) - pressed)
    finally:
        terminal.close()
    return answers


def start_run(home: Home) -> int:
    """Tuned forests on every worker of a detached runner; its process id, once they grow."""
    from benchmarks.classify import BUNDLED, TASKS
    from engine.mailbox import launch, read_status
    from engine.plan.selection import Selection

    launch(home, Selection((BUNDLED,), TASKS, ("rf-cv",), tuple(range(41, 61))))
    end = time.monotonic() + 300
    while time.monotonic() < end:
        status = read_status(home)
        if status is not None and len(status.running) >= min(2, os.cpu_count() or 1):
            return status.pid
        time.sleep(0.5)
    raise RuntimeError("the runner did not get to work")


def end_run(home: Home) -> None:
    """Give the run up, and wait for its process to end."""
    from engine.mailbox import request, runner_alive

    request(home, "cancel")
    end = time.monotonic() + 60
    while runner_alive(home) and time.monotonic() < end:
        time.sleep(0.2)


def _cpu_seconds(pid: int) -> float:
    """CPU time of a process and its children so far."""
    import psutil

    process = psutil.Process(pid)
    times = [item.cpu_times() for item in (process, *process.children(recursive=True))]
    return sum(item.user + item.system for item in times)


def _row(work: str, seconds: Sequence[float], limit: str, note: str) -> Row:
    median, most, worst = (1e3 * float(value) for value in np.percentile(seconds, (50, 95, 100)))
    return {
        "work": work,
        "reference": "",
        "ours": f"95 % within {most:.1f} ms (half {median:.1f}, all {worst:.1f})",
        "ratio": most / 1e3 / ANSWERED,
        "equal": None,
        "limit": limit,
        "note": note,
    }


# ------------------------------------------------------------------------------ events


def event_flood() -> list[Row]:
    """100,000 epochs told as fast as they can be: how long the oldest of them waited to be seen."""
    from benchmarks._home import fresh_home
    from benchmarks.classify import BUNDLED, TASKS
    from engine.mailbox import read_status
    from engine.plan.selection import Selection
    from engine.run.events import EpochFinished
    from engine.run.runner import Options
    from engine.run.steering import Steering
    from engine.run.supervise import supervise

    selection = Selection((BUNDLED,), TASKS[-1:], ("finetune",), (41,))
    waits: list[float] = []
    with fresh_home() as home:
        events = supervise(home, selection, Steering(), Options("cpu", 1, 1), _flood(home))
        for event in events:
            if isinstance(event, EpochFinished):
                waits.append(time.perf_counter() - event.epoch.seconds)
        status = read_status(home)
    shown = status is not None and bool(status.epochs) and status.epochs[-1].epoch == EVENTS
    return [
        {
            "work": f"{EVENTS:,} events at once: longest wait of one in the queue",
            "reference": "",
            "ours": f"{max(waits) * 1e3:.1f} ms",
            "ratio": max(waits),
            "equal": len(waits) == EVENTS and shown,
            "limit": "<= 1",
            "note": "in seconds; viewers read the snapshot that it goes into four times a second",
        }
    ]


def _flood(home: Home) -> Any:
    """A compute whose fine-tuning tells epochs, stamped, without training."""
    from engine.run.compute import LocalCompute
    from store.errors import DataError
    from store.records import Epoch

    class Flood(LocalCompute):
        def finetune(self, *arguments: Any) -> Any:
            on_epoch = arguments[4]
            for number in range(1, EVENTS + 1):
                on_epoch(0, Epoch(1, number, 0.5, 0.5, 1e-5, time.perf_counter()))
            raise DataError("That was the flood.")

    return Flood(home)


BENCHMARKS = {"key-presses": key_presses, "event-flood": event_flood}
