"""Start-up: the arena's first frame beside a bare Textual app's, and cold calls of the command line.

Each pair is started one after the other behind a pty of its own, so that both meet the same machine;
the ratio is the median of the pairs' ratios. One start of each before that fills the file cache and
writes the bytecode.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, Final

from benchmarks._terminal import ARENA, ROOT, Terminal, environment, text

Row = dict[str, Any]

PAIRS: Final = 15
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


def first_frame() -> list[Row]:
    """From exec to the first frame with the models in it, to answers to keys pressed then, to the tasks."""
    from benchmarks._home import finished_home

    with finished_home() as home:
        folder = str(home.data.parent)
        _bare(), _arena(folder, "/", "enter keeps"), _arena(folder, "3", "─ Board")
        pairs = [
            (*_bare(), *_arena(folder, "/", "enter keeps"), _arena(folder, "3", "─ Board")[1])
            for _ in range(PAIRS)
        ]
    bare, bare_key, frame, key, tasks, board = zip(*pairs, strict=True)
    return [
        _row("CPU time to the first frame, with the models", _cpu(bare), _cpu(frame), "<= 1.5", "CPU s"),
        _row("exec to the first frame, with the models", _wall(bare), _wall(frame), "<= 1.5"),
        _row("exec to the answer to `/`, pressed then", _wall(bare_key), _wall(key), "<= 1.5"),
        _row("exec to another screen, `3` pressed then", _wall(bare_key), _wall(board), ""),
        _row("exec to the tasks on the screen", _wall(bare), _wall(tasks), ""),
    ]


Moment = tuple[float, float]
"""Seconds since exec, and CPU seconds until then."""


def _bare() -> tuple[Moment, Moment]:
    """To the label, and to what a key makes of it."""
    terminal = Terminal(BARE)
    try:
        painted = _moment(terminal, terminal.when(text("ready")))
        terminal.press("3")
        return painted, _moment(terminal, terminal.when(text("pressed 3")))
    finally:
        terminal.close()


def _arena(home: str, key: str, answer: str) -> tuple[Moment, Moment, Moment]:
    """To the Plan screen from its top line to its key line, to a key's answer, to the tasks."""
    terminal = Terminal(ARENA, "--home", home)
    try:
        painted = _moment(terminal, terminal.when(text("1 Plan", "─ Models", "all-MiniLM-L6-v2", "q Quit")))
        terminal.press(key)
        answered = _moment(terminal, terminal.when(text(answer)))
        tasks = answered if key == "3" else _moment(terminal, terminal.when(text("dosage")))
    finally:
        terminal.close()
    return painted, answered, tasks


def _moment(terminal: Terminal, at: float) -> Moment:
    return at - terminal.started, terminal.cpu


def _wall(moments: Sequence[Moment]) -> list[float]:
    return [moment[0] for moment in moments]


def _cpu(moments: Sequence[Moment]) -> list[float]:
    return [moment[1] for moment in moments]


def cold_calls() -> list[Row]:
    """CPU time of whole processes: `genearena rank` and `models` beside importing duckdb.

    The store has as many scores as ten models of the sample.
    """
    from benchmarks.store import large_store, scores

    frame = scores(1, 10)
    frame = frame[frame["model"].isin(sorted(set(frame["model"]))[:10])]
    frame = frame[frame["task"].isin(sorted(set(frame["task"]))[:4])].assign(protocol="lr")
    with large_store(frame) as home:
        place = ["-c", ARENA, "--home", str(home.data.parent)]
        calls = {
            "import duckdb": ["-c", "import duckdb"],
            "models": [*place, "models"],
            "rank": [*place, "rank"],
        }
        spent = {name: [_cpu_seconds(call)] for name, call in calls.items()}
        for _ in range(PAIRS):
            for name, call in calls.items():
                spent[name].append(_cpu_seconds(call))
    return [
        {
            **_row(
                f"genearena {name}, a cold process", spent["import duckdb"][1:], spent[name][1:], "<= 2"
            ),
            "reference": f'python -c "import duckdb" {statistics.median(spent["import duckdb"]):.3f} CPU s',
            "ours": f"{statistics.median(spent[name]):.3f} CPU s",
        }
        for name in ("models", "rank")
    ]


def _cpu_seconds(arguments: Sequence[str]) -> float:
    """CPU time of `python arguments`, start and end included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment(), capture_output=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _row(work: str, bare: Sequence[float], ours: Sequence[float], limit: str, unit: str = "s") -> Row:
    return {
        "work": work,
        "reference": f"bare Textual app {statistics.median(bare):.3f} {unit}",
        "ours": f"{statistics.median(ours):.3f} {unit}",
        "ratio": statistics.median(mine / theirs for theirs, mine in zip(bare, ours, strict=True)),
        "equal": None,
        "limit": limit,
        "note": f"medians of {PAIRS} pairs; load of the machine {os.getloadavg()[0]:.1f}",
    }


BENCHMARKS = {"first-frame": first_frame, "cold-calls": cold_calls}
