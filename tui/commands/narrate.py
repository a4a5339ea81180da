"""A run told line by line on standard error: one line that is redrawn on a terminal, at most one a
second for each stage elsewhere.
"""

from __future__ import annotations

import contextlib
import queue
import shutil
import sys
import threading
import time
from collections.abc import Callable
from typing import Final, TextIO

from engine.run.events import EpochFinished, Event, Log, RunPaused, RunResumed, StageProgress, UnitFinished
from store.records import Epoch, Failed, Unit
from tui.quantities import duration, paced
from tui.terminal.ink import Ink, Look, plain
from tui.terminal.tokens import to_ascii
from tui.widgets.text import clean

_INTERVAL: Final = 1.0
"""Seconds between two plain lines of one stage."""
_SPOKEN: Final = 10.0
"""The same in plain mode on a terminal, where each line may be read out."""
_BAR: Final = 12
"""Cells of a bar."""
_WAITING: Final = 10_000
"""Texts that may wait for a terminal that does not read."""
LAST_WORDS: Final = 2.0
"""Seconds to wait at the end for a terminal that does not read."""
_ITEMS: Final = {"load": "", "embed": " texts", "classify": " units", "finetune": " steps"}


def unit_name(unit: Unit) -> str:
    """One unit in words."""
    return f"{unit.model} {unit.task} {unit.protocol} seed {unit.seed}"


def stage_line(stage: str, label: str, done: int, total: int, rate: float, eta_s: float | None) -> str:
    """One stage's progress in words, with rate and time left once they are known."""
    if stage == "load":
        return f"load {label}" + (" ..." if done < total else ": done")
    line = f"{stage} {label}: {done}/{total}{_ITEMS.get(stage, '')}"
    if rate > 0:
        line += f", {paced(rate)}"
    if eta_s is not None and done < total:
        line += f", {duration(eta_s)} left"
    return line


def bytes_line(name: str, done: int, total: int, rate: float) -> str:
    """One download's progress in words; `total` is 0 while nobody knows it."""
    line = f"{name}: {done / 2**20:.1f}"
    line += f"/{total / 2**20:.1f} MiB" if total else " MiB"
    if rate > 0:
        line += f", {rate / 2**20:.1f} MiB/s"
        if done < total:
            line += f", {duration((total - done) / rate)} left"
    return line


def epoch_line(name: str, epoch: Epoch) -> str:
    """One epoch of fine-tuning in words."""
    area = "-" if epoch.eval_auc is None else f"{epoch.eval_auc:.3f}"
    return (
        f"epoch {epoch.epoch} of stage {epoch.stage}, {name}: loss {epoch.loss:.4f}, "
        f"eval AUC {area}, learning rate {epoch.learning_rate:.1e}, {epoch.seconds:.1f} s"
    )


class _Pen:
    """Writes in a thread of its own, so that a stalled terminal holds up nobody.

    May be called from a signal handler.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._texts: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="narrator", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Write `text` when its turn comes; lost if far too much waits already."""
        if text and self._texts.qsize() < _WAITING:
            self._texts.put(text)

    def close(self) -> None:
        """Write what waits, for as long as a reader may be expected to come back."""
        self._texts.put(None)
        self._thread.join(LAST_WORDS)

    def _work(self) -> None:
        # The terminal may be gone, or its stream closed at exit.
        with contextlib.suppress(OSError, ValueError):
            while (text := self._texts.get()) is not None:
                self._stream.write(text)
                if self._texts.empty():
                    self._stream.flush()
            self._stream.flush()


class Narrator:
    """Tells events as they come. A terminal that has gone away silences it and nothing else."""

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock
        self._live = self._stream.isatty() and sys.stdout.isatty() and not plain()
        self._interval = _SPOKEN if plain() and self._stream.isatty() else _INTERVAL
        self._ink = Ink(self._stream)
        self._told: dict[str, tuple[float, str]] = {}
        """Stage -> when something was last said of it, and what."""
        self._parts: dict[str, tuple[float | None, str]] = {}
        """Stage -> how much of it is done, if that is known, and what is said of it."""
        self._drawn = False
        self._pen = _Pen(self._stream)

    def tell(self, event: Event) -> None:
        """Say what is worth saying of `event`."""
        match event:
            case StageProgress(stage, label, done, total, rate, eta_s):
                self.stage(stage, label, done, total, rate, eta_s)
            case EpochFinished(unit, epoch):
                self.line(epoch_line(unit_name(unit), epoch))
            case UnitFinished(Failed() as failed):
                self.line(f"failed: {unit_name(failed.unit)}: {failed.sentence}")
            case Log(level, text):
                self.line(text if level == "info" else f"{level}: {text}")
            case RunPaused(reason):
                self.line(f"paused: {reason}")
            case RunResumed():
                self.line("resumed")
            case _:
                pass

    def line(self, text: str) -> None:
        """A line that stays."""
        self._pen.write(f"{self._erase()}{clean(text, limit=1000)}\n")

    def close(self) -> None:
        """Leave the terminal with no half-drawn line; wait a moment for what is not read yet."""
        self._pen.write(self._erase())
        self._pen.close()

    def stage(
        self, stage: str, label: str, done: int, total: int, rate: float, eta_s: float | None
    ) -> None:
        """How far one stage has come."""
        share = done / total if total and stage != "load" else None
        self.bar(stage, stage_line(stage, label, done, total, rate, eta_s), done >= total, share)

    def bar(self, key: str, text: str, ended: bool, share: float | None = None) -> None:
        """Where one of several things that go on at a time has come; on a pipe at most once a second."""
        if self._live:
            self._draw(key, "" if ended else text, share)
            return
        now = self._clock()
        when, what = self._told.get(key, (-self._interval, ""))
        if what != text and (ended or now - when >= self._interval):
            self._told[key] = (now, text)
            self.line(text)

    def _draw(self, stage: str, text: str, share: float | None) -> None:
        """Redraw the one line: every stage at work, each with its bar where there is room for it."""
        if text:
            self._parts[stage] = share, text  # where it stood before: nothing jumps
        else:
            self._parts.pop(stage, None)
        width = shutil.get_terminal_size().columns - 1
        room = width - len(" | ".join(said for _, said in self._parts.values()))
        drawn: list[str] = []
        for done, said in self._parts.values():
            bar = ""
            if done is not None and room > _BAR:
                bar, room = f"{self._bar(done)} ", room - _BAR - 1
            used = sum(len(words) + 3 for words in drawn)
            shown = clean(said)[: max(width - used, 0)] if room < 0 else clean(said)
            drawn += [f"{bar}{shown}"] if shown else []
        self._pen.write(f"{self._erase()}{' | '.join(drawn)}")
        self._drawn = True

    def _bar(self, share: float) -> str:
        """`━━━━╸───────`."""
        halves = round(min(max(share, 0.0), 1.0) * 2 * _BAR)
        done = "━" * (halves // 2) + "╸" * (halves % 2)
        left = "─" * (_BAR - len(done))
        if not (self._stream.encoding or "utf").lower().startswith("utf"):
            done, left = to_ascii(done), to_ascii(left)
        return self._ink(done, Look("run")) + self._ink(left, Look("line"))

    def _erase(self) -> str:
        drawn, self._drawn = self._drawn, False
        return "\r\x1b[K" if drawn else ""
