"""Bytes written to the terminal in true colour: a Board shown whole, and Runs while a run goes on.

The Board has the results of the sample; it is left for Plan and shown again, which paints it once. Runs
follows a made-up runner that writes a snapshot four times a second, as the real one does; two units end in
each second. The same is done for a run by a job array, whose shards have a pane of their own.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

from benchmarks._terminal import ARENA, Terminal, text

if TYPE_CHECKING:
    from engine.mailbox import UnitStatus, WorkerStatus
    from engine.plan.plan import Plan
    from store.home import Home

Row = dict[str, Any]

SIZES: Final = ((80, 24), (120, 40), (200, 60))
SHARDS: Final = 12
"""That are at work at once."""
OPENED: Final = 5.0
SETTLED: Final = 8.0
MEASURED: Final = 15.0
MOST: Final = 10 * 1024
"""Bytes a second at 120x40, which a slow line carries."""
FRAME: Final = 25 * 1024
"""Bytes of a whole frame at 120x40."""


def board_frame() -> list[Row]:
    """Bytes of a whole Board at each size."""
    from benchmarks._home import finished_home

    with finished_home() as home, patch.dict(os.environ, COLORTERM="truecolor"):
        return [_frame_row(*size, _bytes_of_board(home, *size)) for size in SIZES]


def _bytes_of_board(home: Home, columns: int, lines: int) -> int:
    terminal = Terminal(ARENA, "--home", str(home.data.parent), columns=columns, lines=lines)
    try:
        for key, shown in (("", "enter Run"), ("3", "enter Open"), ("1", "enter Run"), ("3", "enter Open")):
            before = terminal.received
            terminal.press(key)
            terminal.when(text(shown, "all-MiniLM-L6-v2"))
            terminal.settle(OPENED)
        return terminal.received - before
    finally:
        terminal.close()


def live_runs() -> list[Row]:
    """Bytes a second at each size."""
    from benchmarks._home import fresh_home
    from benchmarks.classify import BUNDLED, TASKS
    from engine.mailbox import runner_lock
    from engine.plan.plan import build_plan
    from engine.plan.selection import Selection

    rows = []
    with fresh_home() as home, runner_lock(home), patch.dict(os.environ, COLORTERM="truecolor"):
        plan = build_plan(Selection((BUNDLED,), TASKS, ("lr", "rf", "lr-cv", "rf-cv")), home, {})
        for shards in (0, SHARDS):
            over = threading.Event()
            runner = threading.Thread(target=_run, args=(home, plan, over, shards), daemon=True)
            runner.start()
            try:
                for columns, lines in SIZES:
                    rows.append(_row(columns, lines, shards, _bytes_a_second(home, columns, lines)))
            finally:
                over.set()
                runner.join()
    return rows


def _bytes_a_second(home: Home, columns: int, lines: int) -> float:
    terminal = Terminal(ARENA, "--home", str(home.data.parent), columns=columns, lines=lines)
    try:
        terminal.when(text("all-MiniLM-L6-v2"))
        terminal.settle(2.0)
        terminal.press("2")
        terminal.when(text("in work"))
        terminal.settle(SETTLED)
        before, started = terminal.received, time.monotonic()
        terminal.settle(MEASURED)
        return (terminal.received - before) / (time.monotonic() - started)
    finally:
        terminal.close()


def _run(home: Home, plan: Plan, over: threading.Event, shards: int) -> None:
    """Write snapshots of a run in which two units end each second, round and round.

    Two are in work; or one on each of so many `shards`, which all are heard of every five seconds.
    """
    from datetime import UTC, datetime

    from engine.mailbox import StageStatus, Status, UnitStatus, write_status

    def now() -> str:
        return datetime.now(UTC).isoformat(timespec="milliseconds")

    units = [
        UnitStatus(unit.key, unit.model, unit.task, unit.protocol, unit.preset, unit.seed, "running")
        for unit in plan.units
    ]
    started, began = now(), time.monotonic()
    for number in itertools.count():
        if over.is_set():
            return
        past = time.monotonic() - began
        done = int(2 * past) % (len(units) - 2)
        recent = [_scored(unit, place) for place, unit in enumerate(units[:done])][::-1][:200]
        flying = units[done : done + (shards or 2)]
        busy = tuple(replace(unit, seconds=past % 1.0 + number % 2) for unit in flying)
        eta = (len(units) - done) / 2
        status = Status(
            "benchmark",
            os.getpid(),
            "box",
            "running",
            started,
            now(),
            len(units),
            0,
            done,
            rate=2.0,
            eta_s=eta,
            stages=(StageStatus("classify", "LR and RF", done, len(units), 2.0, eta),),
            running=busy,
            recent=tuple(recent),
            selection=plan.selection.to_json(),
            workers=tuple(_shard(place, unit, past) for place, unit in enumerate(flying)) if shards else (),
        )
        write_status(home, status)
        over.wait(0.25)


def _scored(unit: UnitStatus, place: int) -> UnitStatus:
    return replace(unit, state="scored", auc=0.4 + place * 37 % 60 / 100, seconds=0.1 + place % 7)


def _shard(place: int, unit: UnitStatus, past: float) -> WorkerStatus:
    from engine.mailbox import WorkerStatus

    words = f"{unit.model} {unit.task} {unit.protocol} seed {unit.seed}"
    heard = float(int(past + place) % 5 // 2 * 2)
    done, rate = int(past / 8) % 20, 0.1 + int(past / 5) % 7 / 50
    name, host = f"array {place}", f"node{place // 4:03}"
    return WorkerStatus(name, "runs", host, "cuda", (unit.key,), words, done, 20, rate, heard)


def _frame_row(columns: int, lines: int, size: int) -> Row:
    return {
        "work": f"Board, a whole frame at {columns}x{lines}",
        "reference": "",
        "ours": f"{size / 1024:.1f} KiB",
        "ratio": size / FRAME,
        "equal": None,
        "limit": "<= 1" if (columns, lines) == (120, 40) else "",
        "note": "in shares of 25 KiB",
    }


def _row(columns: int, lines: int, shards: int, rate: float) -> Row:
    by = f", by {shards} shards" if shards else ""
    return {
        "work": f"Runs alive at {columns}x{lines}, two units a second{by}",
        "reference": "",
        "ours": f"{rate / 1024:.1f} KiB/s",
        "ratio": rate / MOST,
        "equal": None,
        "limit": "<= 1" if (columns, lines) == (120, 40) else "",
        "note": "in shares of 10 KiB/s",
    }


BENCHMARKS = {"board-frame": board_frame, "live-runs": live_runs}
