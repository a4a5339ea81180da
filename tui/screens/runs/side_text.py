"""What stands beside the units: throughput, the machine, curves, AUC by task so far. Pure functions."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Final

from engine.machine import Load
from engine.mailbox import EpochStatus
from tui.quantities import auc, count, spelled
from tui.screens.runs.arranged import Arranged
from tui.widgets.canvas import Span
from tui.widgets.plot import Mark, Plot, Reference, Series
from tui.widgets.rows import Piece, cut
from tui.widgets.strips import BARS, histogram, rounded, strip, tick_line
from tui.widgets.text import clean

SPARK: Final = 20
"""Cells of a spark of the machine."""
_SIZES: Final = tuple(
    base * unit
    for unit, bases in ((1, (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40)), (60, (1, 2, 3, 4, 5, 6, 8, 10, 15)))
    for base in bases
) + tuple(1800 * number for number in range(1, 400))
"""Seconds of a bucket, so that most of the columns are used and a bar seldom moves."""

# ------------------------------------------------------------------ throughput


def rates(ended: Sequence[float], until: float, columns: int, live: bool) -> tuple[list[float], float]:
    """Units a second in buckets of equal length, and that length in seconds; a live run's last is left out.

    Args:
        ended: Seconds from the start to the end of each unit.
        until: Seconds that the run has gone on.
        columns: Buckets at most.
        live: Whether it still goes on: buckets have round lengths and only closed ones are told.
    """
    if until <= 0 or columns < 1:
        return [], 1.0
    size = (
        until / columns if not live else next((s for s in _SIZES if s * columns >= until), until / columns)
    )
    counts = [0] * (columns if not live else min(int(until // size), columns))
    for at in ended:
        place = int(at // size)
        if 0 <= place < len(counts):
            counts[place] += 1
        elif not live and counts:
            counts[-1] += 1
    return [count / size for count in counts], size


def throughput(
    ended: Sequence[float], until: float, live: bool, width: int, height: int
) -> list[list[Piece]]:
    """A histogram over the run's time, with its peak at the axis."""
    rows = height - 2
    if rows < 2 or width < 16:
        return []
    shown, size = rates(ended, until, width - 6, live)
    peak = max(shown, default=0.0)
    if not peak:
        why = "No unit has ended yet." if live else "When units ended is not known any more."
        return [[(f" {why}", "soft")]]
    top = (
        f"{peak:.0f}" if peak >= 10 else f"{peak:.1f}" if peak >= 0.95 else f"{peak:.2g}".removeprefix("0")
    )
    lines: list[list[Piece]] = []
    steps = [max(math.ceil(8 * rows * rate / peak), 0) for rate in shown]
    for row in range(rows):
        under = 8 * (rows - 1 - row)
        bars = "".join(BARS[min(max(step - under, 0), 8)] for step in steps).rstrip()
        lines.append(
            [(f"{top if row == 0 else '':>5}", "faint"), ("┤" if row == 0 else "│", "line"), (bars, "run")]
        )
    across = len(shown) if not live else width - 6
    end = spelled(size * across) if live else spelled(until)
    lines.append([(f"{'0':>5}", "faint"), ("└" + "─" * across, "line")])
    lines.append([(f"      {'0 s'}{end:>{max(across - 3, len(end))}}", "faint")])
    return lines


# ------------------------------------------------------------------ the machine


def machine(load: Load, busy: Sequence[float], taken: Sequence[float], width: int) -> list[list[Piece]]:
    """A spark and a value for processors and memory, and a line for each GPU."""
    spark = SPARK if width >= 44 else max(width - 25, 4)

    def row(name: str, values: Sequence[float], tone: str, said: str) -> list[Piece]:
        drawn = histogram(values[-spark:], 1.0)
        return [(f"{name:<5}", "soft"), (f"{drawn:<{spark}}", tone), (f"  {said}", "text")]

    lines = [
        row("cpu", busy, "run", "" if load.cpu is None else f"{load.cpu:3.0f} %"),
        row("mem", taken, "a", f"{_gib(load.used)} of {_gib(load.memory)} GiB"),
    ]
    for number, (percent, used, total, heat) in enumerate(load.gpus):
        filled = f"{'━' * round(spark * percent / 100)}"
        said = f"{percent:3} %  {_gib(used)} of {_gib(total)} GiB  {heat} °C"
        lines.append([(f"gpu{number:<2}", "soft"), (f"{filled:<{spark}}", "run"), (f"  {said}", "text")])
    if not load.gpus:
        lines.append([("gpu  ", "soft"), ("none on this machine", "faint")])
    return lines


def machine_title() -> str:
    """What stands after the word Machine."""
    return count(os.cpu_count() or 1, "thread")


def machine_short(load: Load) -> list[Piece]:
    """The same in a few words."""
    said = [] if load.cpu is None else [f"cpu {load.cpu:.0f} %"]
    said += [f"mem {_gib(load.used)}/{_gib(load.memory)} G"]
    return [("  ".join([*said, *(f"gpu{n} {gpu[0]} %" for n, gpu in enumerate(load.gpus))]), "soft")]


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f}"


# ------------------------------------------------------------------ fine-tuning


def curves_title(epochs: Sequence[EpochStatus]) -> str:
    """Whose curve it is, and how far."""
    last = epochs[-1]
    score = f", AUC {auc(last.eval_auc).removeprefix('0')}" if last.eval_auc is not None else ""
    where = f"{clean(last.model)}, {clean(last.task)}, seed {last.seed}"
    return f"{where}  stage {last.stage} epoch {last.epoch}: loss {last.loss:.3f}{score}"


def curves(epochs: Sequence[EpochStatus]) -> Plot:
    """Loss and evaluation AUC along the epochs of one unit, the second stage after the first.

    `◆` is the epoch whose weights the last stage keeps so far: the first with the highest AUC.
    """
    ordered = sorted(epochs, key=lambda epoch: (epoch.stage, epoch.epoch))
    at = {id(epoch): number for number, epoch in enumerate(ordered, 1)}
    scores = tuple((at[id(e)], e.eval_auc) for e in ordered if e.eval_auc is not None)
    loss = tuple((at[id(e)], e.loss) for e in ordered)
    highest = max((value for _, value in (*scores, *loss)), default=1.0)
    stage = [e for e in ordered if e.stage == ordered[-1].stage and e.eval_auc is not None]
    marks, drops = [], []
    if stage:
        kept = max(stage, key=lambda e: e.eval_auc or 0.0)
        x, y = at[id(kept)], kept.eval_auc or 0.0
        marks, drops = [Mark(x, y, "◆", "strong")], [Reference("", ((x, 0.0), (x, y)))]
    title = f"{epochs[0].model}, {epochs[0].task}, seed {epochs[0].seed}"
    lines = [Series("AUC on the evaluation part", scores, "a"), Series("loss", loss, "b")]
    return Plot(
        title,
        lines,
        x=Span(1, max(len(ordered), 5)),
        y=Span(0.0, max(1.0, math.ceil(10 * highest) / 10)),
        x_title="epoch",
        y_title="loss, AUC",
        references=drops,
        marks=marks,
    )


# ------------------------------------------------------------------ AUC by task so far


def by_task_natural(arranged: Arranged | None) -> int:
    """Lines that it takes, with blank ones between tasks."""
    lines = arranged.lines if arranged else []
    protocols = {line.protocol for line in lines if line.blocks}
    tasks = len(arranged.tasks) if arranged else 0
    return 1 + tasks * (len(protocols) + 2) if protocols and tasks else 0


def by_task(arranged: Arranged, width: int, height: int) -> list[list[Piece]]:
    """Of each task and protocol the means so far on one axis: models `●`, controls `∅`."""
    spots: dict[tuple[str, str], list[tuple[float, bool]]] = {}
    protocols = list(dict.fromkeys(line.protocol for line in arranged.lines if line.blocks))
    for line in arranged.lines:
        for task, block in zip(arranged.tasks, line.blocks, strict=False):
            if block.mean is not None:
                spots.setdefault((task, line.protocol), []).append((block.mean, line.control))
    if not spots:
        return [[(" No split is scored yet.", "soft")]]
    span = rounded([0.5, 1.0, *(value for found in spots.values() for value, _ in found)])
    label = min(max(map(len, protocols)) + 3, 16)
    room = max(width - label - 7, 10)
    lines: list[list[Piece]] = [[(" " * label, ""), (tick_line(span, room), "faint"), ("   best", "soft")]]
    loose = height - 1 >= len(arranged.tasks) * (len(protocols) + 2)
    for number, task in enumerate(arranged.tasks):
        if loose and number:
            lines.append([])
        lines.append([(clean(task), "text")])
        for protocol in protocols:
            found = spots.get((task, protocol), [])
            lane = _lane(found, span, room)
            own = [value for value, control in found if not control]
            best = f"{auc(max(own)).removeprefix('0')[:4]:>6}" if own else ""
            lines.append([(f"  {cut(protocol, label - 2)}", "soft"), *lane, (best, "text")])
    return lines


def _lane(found: Sequence[tuple[float, bool]], span: Span, width: int) -> list[Piece]:
    """The dots of one lane; so many own ones in one cell are a digit."""
    cells = strip(span, None, None, width, [(0.5, "┊", "faint")])
    for value, control in found:
        if control:
            cells[span.place(value, width)] = ("∅", "soft")
    places: dict[int, int] = {}
    for value, control in found:
        if not control:
            at = span.place(value, width)
            places[at] = places.get(at, 0) + 1
    for at, many in places.items():
        cells[at] = ("●" if many == 1 else str(min(many, 9)), "a")
    return cells
