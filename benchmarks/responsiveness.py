"""Key presses while every core is at work, and a flood of events from the engine.

Keys are pressed in the real application behind a pty, beside a real runner, on every screen of the sample's
results. A press is answered by the output that puts the cursor on another row, or changes the line that is
typed: what a live run changes by itself is not an answer. After every second press one goes to a bare
Textual app, which meets the same machine.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from benchmarks._terminal import ARENA, Terminal, text

if TYPE_CHECKING:
    import pyte

    from store.home import Home

Row = dict[str, Any]

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
IDLE: Final = 8
"""Presses in each place with no run: what the machine can do."""
BUSY: Final = 30
"""Presses in each place with all workers busy."""
PAUSE: Final = (0.05, 0.15)
"""Seconds between two presses, drawn evenly."""
ANSWERED: Final = 0.015
EVENTS: Final = 100_000


# ------------------------------------------------------------------------------ key presses


def _row_at(column: int, width: int) -> Callable[[pyte.Screen], object]:
    """How the row under the cursor begins, whose mark stands in a column; a live run moves tables down."""
    return lambda screen: [line[column + 3 :][:width] for line in screen.display if line[column] == "▌"]


def _typed(screen: pyte.Screen) -> object:
    """The first line of the query."""
    return screen.display[2]


class Place(NamedTuple):
    """Where keys are pressed."""

    name: str
    opened: str
    """The keys that show it from the place before."""
    there: str
    """What shows that it is there."""
    rows: int = 9
    """Rows that the cursor goes down at the most."""
    keys: tuple[str, str] = ("j", "k")
    """On, and back again."""
    answer: Callable[[pyte.Screen], object] = _row_at(2, 22)


PLACES: Final = (
    Place("Plan", "1g", "enter Run"),
    Place("Runs", "2g", "enter Open", 2),
    Place("Cell", "3\r", "ROC", 8),
    Place("Board", "\x1bg", "enter Open"),
    Place("Compare", "4g", "f Side A", 3),
    Place("Genes", "5g", "enter Open"),
    Place("SQL", "6g", "f5 Run", answer=_row_at(32, 40)),
    Place("a query", "ix", "esc Rows", 9, ("x", "\x7f"), _typed),
)
"""One after the other, in one application."""


class Pressed(NamedTuple):
    """What was measured of presses, in seconds."""

    answers: list[float]
    """From each to the output that answers it."""
    spent: list[float]
    """CPU time of the application meanwhile."""
    bare: list[float]
    """Of the bare app, from each to its answer."""


def key_presses() -> list[Row]:
    """Time from a key press to its paint: with an idle machine, and with the runner on all cores."""
    from benchmarks._home import finished_home

    with finished_home() as home:
        idle = _walk(home, IDLE)
        quiet = os.getloadavg()[0]
        runner = start_run(home)
        try:
            started, before = time.monotonic(), _cpu_seconds(runner)
            busy = _walk(home, BUSY)
            cores = (_cpu_seconds(runner) - before) / (time.monotonic() - started)
        finally:
            end_run(home)
    note = f"the runner had {cores:.1f} of {os.cpu_count()} cores meanwhile"
    return [
        _row("keys everywhere, no run", _together(idle), "", f"load of the machine {quiet:.1f}"),
        *(_row(f"keys on {name}, all workers busy", one, "<= 1", note) for name, one in busy.items()),
        _row("keys everywhere, all workers busy", _together(busy), "<= 1", note),
    ]


def _walk(home: Home, presses: int) -> dict[str, Pressed]:
    """Place -> so many presses in it, in one application."""
    terminal, bare = Terminal(ARENA, "--home", str(home.data.parent)), Terminal(BARE)
    try:
        terminal.when(text("enter Run", "BioBERT"))
        bare.when(text("ready"))
        terminal.settle(1.0)
        found = {}
        for place in PLACES:
            for key in place.opened:
                terminal.press(key)
                terminal.settle(0.8)
            terminal.when(text(place.there))
            terminal.when(place.answer)
            found[place.name] = _press(terminal, bare, place, presses)
        return found
    finally:
        terminal.close()
        bare.close()


def _press(terminal: Terminal, bare: Terminal, place: Place, presses: int) -> Pressed:
    """Press cursor keys so many times, never above the row where the cursor is."""
    chance = random.Random(0)
    pressed, row = Pressed([], [], []), 0
    for number in range(presses):
        terminal.settle(chance.uniform(*PAUSE))
        down = row == 0 or (row < place.rows and chance.random() < 0.5)
        row += 1 if down else -1
        shown, before = place.answer(terminal.screen), terminal.cpu
        at = terminal.press(place.keys[0 if down else 1])
        answered = terminal.when(lambda screen, was=shown: place.answer(screen) != was)
        pressed.answers.append(answered - at)
        pressed.spent.append(terminal.cpu - before)
        if number % 2:
            terminal.settle(PAUSE[0])
            letter = "ab"[number // 2 % 2]
            at = bare.press(letter)
            pressed.bare.append(bare.when(text(f"pressed {letter}")) - at)
    return pressed


def _together(places: dict[str, Pressed]) -> Pressed:
    return Pressed(*([*chain(*lists)] for lists in zip(*places.values(), strict=True)))


def start_run(home: Home) -> int:
    """Forests on every worker of a detached runner; its process id, once they grow.

    The home has the texts' vectors, so that nothing is embedded first.
    """
    from benchmarks.classify import BUNDLED, TASKS
    from engine.mailbox import launch, read_status
    from engine.plan.launch import Launch
    from engine.plan.selection import Selection

    protocols = "rf", "lr-cv", "rf-cv"
    launch(home, Launch(Selection((BUNDLED,), TASKS, protocols, tuple(range(51, 91)))))
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


def _row(work: str, pressed: Pressed, limit: str, note: str) -> Row:
    median, most, worst = _milliseconds(pressed.answers, 50, 95, 100)
    half, nearly_all = _milliseconds(pressed.bare, 50, 95)
    cpu = "half took {:.1f} CPU ms, 95 % {:.1f}".format(*_milliseconds(pressed.spent, 50, 95))
    return {
        "work": work,
        "reference": f"bare app, 95 % within {nearly_all:.1f} ms (half {half:.1f})",
        "ours": f"95 % within {most:.1f} ms (half {median:.1f}, all {worst:.1f})",
        "ratio": most / 1e3 / ANSWERED,
        "equal": None,
        "limit": limit,
        "note": f"in shares of 15 ms; {len(pressed.answers)} presses, {cpu}; {note}",
    }


def _milliseconds(seconds: Sequence[float], *percentiles: float) -> list[float]:
    return [1e3 * float(value) for value in np.percentile(seconds, percentiles)]


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
