"""Start-up: the arena's first frame beside a bare Textual app's, and cold calls of the command line.

Each pair is started one after the other behind a pty of its own, and the medians are compared, so
that both meet the same machine. One start of each before that fills the file cache.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks._terminal import ARENA, ROOT, Terminal, text

Row = dict[str, Any]

PAIRS: Final = 9
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
    """From exec to the first whole frame, to the answer to a key pressed on seeing it, to the catalog."""
    from benchmarks.grid import fresh_home

    with fresh_home() as home:
        folder = str(home.data.parent)
        _bare(), _arena(folder)
        pairs = [(*_bare(), *_arena(folder)) for _ in range(PAIRS)]
    bare, bare_key, frame, key, catalog = (statistics.median(column) for column in zip(*pairs, strict=True))
    return [
        _row("exec to the first frame of Plan", bare, frame, "<= 1.5"),
        _row("exec to the answer to a key pressed then", bare_key, key, "<= 1.5"),
        _row("exec to the sample catalog on the screen", bare, catalog, ""),
    ]


def _bare() -> tuple[float, float]:
    """Seconds to the label, and to what a key makes of it."""
    terminal = Terminal(BARE)
    try:
        painted = terminal.when(text("ready"))
        terminal.press("3")
        answered = terminal.when(text("pressed 3"))
    finally:
        terminal.close()
    return painted - terminal.started, answered - terminal.started


def _arena(home: str) -> tuple[float, float, float]:
    """Seconds to the Plan screen from its top line to its key line, to a key's answer, to the catalog."""
    terminal = Terminal(ARENA, "--home", home)
    try:
        painted = terminal.when(text("[1 Plan]", "MODELS", "q Quit"))
        terminal.press("?")
        answered = terminal.when(text("Choose models, tasks"))
        terminal.press("\x1b")
        catalog = terminal.when(text("all-MiniLM-L6-v2", "dosage"))
    finally:
        terminal.close()
    return tuple(at - terminal.started for at in (painted, answered, catalog))  # type: ignore[return-value]


def _row(work: str, bare: float, ours: float, limit: str) -> Row:
    return {
        "work": work,
        "reference": f"bare Textual app {bare:.3f} s",
        "ours": f"{ours:.3f} s",
        "ratio": ours / bare,
        "equal": None,
        "limit": limit,
        "note": f"medians of {PAIRS} pairs; load of the machine {os.getloadavg()[0]:.1f}",
    }
