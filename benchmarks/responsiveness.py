"""Key presses while every core is at work, and a flood of events from the engine.

Keys are pressed in the real application behind a pty, at a typist's pace, beside a real runner, on Plan
and on a Board of the sample's results; a press is answered by the first output that changes anything below
the top line, where the run's progress stands. After each press one goes to a bare Textual app, which meets
the same machine.
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
BARE: Final = """
from textual.app import App
from textual.widgets import Label
class Bare(App):
    def compose(self):
        yield Label("ready")
    def on_key(self, event):
        self.query_one(Label).update("pressed " + event.key)
Bare().run()
"""
PLACES: Final = {"Plan": ("", "enter Run"), "Board": ("3", "enter Open")}
"""Screen -> the key that shows it, and what shows that it is there."""
PAUSE: Final = (0.08, 0.25)
"""Seconds between two presses, drawn evenly."""
ANSWERED: Final = 0.015
LAST_ROW: Final = 9
"""The cursor stays among the first ten models."""
EVENTS: Final = 100_000


# ------------------------------------------------------------------------------ key presses


def key_presses() -> list[Row]:
    """Time from a key press to its paint: with an idle machine, and with the runner on all cores."""
    from benchmarks._home import finished_home

    with finished_home() as home:
        idle = {place: _pressed(home, *how) for place, how in PLACES.items()}
        quiet = os.getloadavg()[0]
        runner = start_run(home)
        try:
            started, before = time.monotonic(), _cpu_seconds(runner)
            busy = {place: _pressed(home, *how) for place, how in PLACES.items()}
            cores = (_cpu_seconds(runner) - before) / (time.monotonic() - started)
        finally:
            end_run(home)
    load = f"load of the machine {quiet:.1f}"
    note = f"{PRESSES} presses; the runner had {cores:.1f} of {os.cpu_count()} cores meanwhile"
    return [
        *(_row(f"keys on {place}, no run", *all_of, "", load) for place, all_of in idle.items()),
        *(
            _row(f"keys on {place}, all workers busy", *all_of, "<= 1", note)
            for place, all_of in busy.items()
        ),
    ]


def _pressed(home: Home, key: str, there: str) -> tuple[list[float], list[float], list[float]]:
    """Seconds from each press of a cursor key to its paint, CPU seconds too, and seconds of a bare app."""
    terminal, bare = Terminal(ARENA, "--home", str(home.data.parent)), Terminal(BARE)
    chance = random.Random(0)
    answers, spent, others, row = [], [], [], 0
    try:
        terminal.when(text("enter Run", "BioBERT"))
        terminal.settle(3.0)
        terminal.press(key)
        terminal.when(text(there))
        terminal.settle(5.0)
        bare.when(text("ready"))
        for number in range(PRESSES):
            terminal.settle(chance.uniform(*PAUSE))
            down = row == 0 or (row < LAST_ROW and chance.random() < 0.5)
            row += 1 if down else -1
            terminal.screen.dirty.clear()
            before, pressed = terminal.cpu, terminal.press("j" if down else "k")
            answers.append(terminal.when(lambda screen: screen.dirty - {0}) - pressed)
            spent.append(terminal.cpu - before)
            terminal.settle(PAUSE[0])
            letter = "ab"[number % 2]
            pressed = bare.press(letter)
            others.append(bare.when(text(f"pressed {letter}")) - pressed)
    finally:
        terminal.close()
        bare.close()
    return answers, spent, others


def start_run(home: Home) -> int:
    """Tuned forests on every worker of a detached runner; its process id, once they grow."""
    from benchmarks.classify import BUNDLED, TASKS
    from engine.mailbox import launch, read_status
    from engine.plan.launch import Launch
    from engine.plan.selection import Selection

    launch(home, Launch(Selection((BUNDLED,), TASKS, ("rf-cv",), tuple(range(51, 91)))))
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


def _row(
    work: str,
    seconds: Sequence[float],
    spent: Sequence[float],
    bare: Sequence[float],
    limit: str,
    note: str,
) -> Row:
    median, most, worst = (1e3 * float(value) for value in np.percentile(seconds, (50, 95, 100)))
    half, nearly_all = (1e3 * float(value) for value in np.percentile(bare, (50, 95)))
    return {
        "work": work,
        "reference": f"bare app, 95 % within {nearly_all:.1f} ms (half {half:.1f})",
        "ours": f"95 % within {most:.1f} ms (half {median:.1f}, all {worst:.1f})",
        "ratio": most / 1e3 / ANSWERED,
        "equal": None,
        "limit": limit,
        "note": f"in shares of 15 ms; 95 % took {1e3 * float(np.percentile(spent, 95)):.1f} CPU ms; {note}",
    }


# ------------------------------------------------------------------------------ events


def event_flood() -> list[Row]:
    """100,000 epochs told as fast as they can be: how long the oldest of them waited to be seen."""
    from benchmarks._home import fresh_home
    from benchmarks.classify import BUNDLED, TASKS
    from engine.mailbox import read_status
    from engine.plan.launch import Options
    from engine.plan.plan import build_plan
    from engine.plan.selection import Selection
    from engine.run.events import EpochFinished
    from engine.run.steering import Steering
    from engine.run.supervise import supervise
    from engine.run.threads import ThreadExecutor

    selection = Selection((BUNDLED,), TASKS[-1:], ("finetune",), (41,))
    waits: list[float] = []
    with fresh_home() as home:
        options = Options("cpu", 1, 1)
        executor = ThreadExecutor(home, options, _flood(home))
        events = supervise(home, build_plan(selection, home, {}), Steering(), options, executor)
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
