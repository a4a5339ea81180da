"""What a cell of the ranked table says: its splits, hardest genes, tuning, provenance. Pure functions."""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from engine.catalog.controls import title_of
from tui.quantities import count
from tui.questions.cells import CellDetail, CellWorth, Place
from tui.questions.tested import Kept, hardest
from tui.ranked.figures import bare, three
from tui.ranked.tables import details
from tui.screens.cell.plots import plot as plot
from tui.terminal.tokens import heat_step
from tui.widgets.canvas import Span
from tui.widgets.rows import Cell, Column, Piece, Row, cut
from tui.widgets.strips import rounded, strip, tick_line
from tui.widgets.words import Tone

AXIS: Final = Span(0.4, 1.0)
"""Of the splits' AUCs, unless they go lower."""
_ERRORS: Final = Span(0.0, 1.0)
_PARTS: Final = tuple[str, Tone]


# ---------------------------------------------------------------------------- splits


def axis_of(splits: Sequence[Mapping[str, Any]]) -> Span:
    """The axis of their AUCs: to the tenth below the lowest and below chance."""
    return rounded([AXIS.low, 1.0, *scored(splits)])


def scored(splits: Sequence[Mapping[str, Any]]) -> list[float]:
    """The AUCs there are."""
    return [split["auc"] for split in splits if split["auc"] is not None]


def split_columns(span: Span = AXIS, draws: bool = False, least: int = 12) -> tuple[Column, ...]:
    """The columns of splits.

    Args:
        span: The axis of the strip.
        draws: Whether they are of a control that was drawn several times.
        least: Cells that the strip has before others are left out.
    """
    return (
        Column("seed", "seed", right=True),
        *((Column("draw", "draw", right=True),) if draws else ()),
        Column("auc", "AUC", right=True),
        Column("auprc", "AUPRC", right=True),
        Column("brier", "Brier", right=True, shed=1),
        Column("strip", "", least=least, grows=True, axis=partial(tick_line, span)),
        Column("called", "called", right=True, shed=4),
        Column("n", "train/test", right=True, shed=3),
        Column("seconds", "time", right=True, shed=5),
        Column("params", "chosen", shed=2),
    )


SPLIT_COLUMNS: Final = split_columns()


def split_row(
    split: Mapping[str, Any],
    called: float | None,
    span: Span = AXIS,
    mean: float | None = None,
    draw: str = "",
) -> Row:
    """A split: its metrics, a stem from the mean, sizes, time, and what was chosen or why it failed.

    Args:
        split: As `store.queries.cell` gives it.
        called: The share of its test genes that are called positive.
        span: The axis of the strip.
        mean: AUC of the cell, from which the stem starts.
        draw: Which draw of a control it is of, if there are several.
    """
    seconds, params, value = split["seconds"], split["best_params"], split["auc"]
    took = sum(seconds.values()) if isinstance(seconds, dict) and seconds else None
    said = ", ".join(f"{name}={its}" for name, its in params.items()) if isinstance(params, dict) else ""
    return Row(
        str(split["key"]),
        (
            str(split["seed"]),
            *((draw,) if draw else ()),
            _heated(value, split["state"]),
            Cell(three(split["auprc"]), "soft"),
            Cell(three(split["brier"]), "soft"),
            _stem(split, span, mean),
            Cell("-" if called is None else f"{called:.2f}".removeprefix("0"), "soft"),
            Cell(f"{split['n_train']}/{split['n_test']}" if split["n_test"] is not None else "", "soft"),
            Cell(f"{took:.1f} s" if took is not None else "", "soft"),
            Cell(said, "soft"),
        ),
    )


def _heated(value: float | None, state: str) -> Cell:
    if value is None:
        return Cell("✗" if state == "failed" else "-", "bad" if state == "failed" else "soft")
    return Cell(three(value), fill=heat_step(value))


def _stem(split: Mapping[str, Any], span: Span, mean: float | None) -> Cell:
    value = split["auc"]
    if value is None:
        why = str(split.get("sentence") or ("failed" if split["state"] == "failed" else ""))
        return Cell(why, draw=lambda width: [(cut(why, width), "bad")])
    stem = (min(value, mean), max(value, mean)) if mean is not None else None
    tone = "bad" if value <= 0.5 else "text"

    def drawn(width: int) -> list[Piece]:
        cells = strip(span, value, stem, width, [(0.5, "┊", "faint")], tone=tone, line="line")
        if mean is not None and width and (at := span.place(mean, width)) != span.place(value, width):
            cells[at] = ("╎", "a")
        return cells

    return Cell(three(value), draw=drawn)


def split_rows(detail: CellDetail, least: int = 12) -> tuple[list[Row], tuple[Column, ...]]:
    """All splits in the order of the seeds; those of a control that was drawn several times by draw."""
    models = list(dict.fromkeys(str(split.get("model") or "") for split in detail.splits))
    drawn = len(models) > 1
    span, values = axis_of(detail.splits), scored(detail.splits)
    mean = statistics.fmean(values) if values else None
    rows = []
    for model in models if drawn else [""]:
        own = [split for split in detail.splits if not drawn or split["model"] == model]
        draw = model.rpartition("-")[2] if drawn else ""
        if drawn:
            its = scored(own)
            said = f"draw {draw}, mean {three(statistics.fmean(its) if its else None)}"
            columns = len(split_columns(span, drawn))
            rows.append(Row(f"draw-{draw}", ("",) * columns, "soft", heading=said))
        rows += [split_row(split, detail.called.get(split["key"]), span, mean, draw) for split in own]
    return rows, split_columns(span, drawn, least)


def splits_title(detail: CellDetail, brief: bool = False) -> tuple[object, ...]:
    """How many, their mean and SD, how many are below chance or failed; `brief`: in few words."""
    values = scored(detail.splits)
    if not values:
        return (count(len(detail.splits), "split") + ", none scored",)
    sd = f" ±{three(statistics.stdev(values))}" if len(values) > 1 else ""
    below = sum(value < 0.5 for value in values)
    failed = sum(split["state"] == "failed" for split in detail.splits)
    said: list[object] = [f"{len(values)}, mean ", (three(statistics.fmean(values)), "strong"), sd]
    if failed:
        said.append((f", {failed} failed", "bad"))
    if below:
        said.append((f", {below} < .5" if brief else f", {below} below chance", "bad"))
    elif not brief:
        said.append(", 0 below chance")
    return tuple(said)


# ---------------------------------------------------------------------------- the context line


def context(place: Place, detail: CellDetail | None, worth: CellWorth | None, width: int) -> list[object]:
    """The cell, what it is worth, how it was computed, what the paper has; as much as there is room for."""
    model, task = title_of(place.model), place.task
    if len(model) + len(task) + 5 > width:
        room = max(width - len(task) - 5, 8)
        model = cut(model, min(room, len(model)))
    parts: list[object] = [("▌", "accent"), (model, "accent"), (" on ", "soft"), (task, "strong")]
    used = sum(len(str(part[0])) for part in parts if isinstance(part, tuple))
    auc: list[tuple[str, Tone]] = []
    if worth is not None and worth.auc is not None:
        between = "" if worth.interval is None else " [{}, {}]".format(*map(three, worth.interval))
        auc = [("   AUC ", "soft"), (three(worth.auc), "strong"), (between, "soft")]
    how: list[tuple[str, Tone]] = [(f"   {place.arm.protocol}, {details(place.arm)}", "soft")]
    paper: list[tuple[str, Tone]] = []
    if detail is not None and detail.printed:
        models, low, high = detail.printed
        paper = [(f"   paper, {count(models, 'model')} {three(low)} to {three(high)}", "soft")]
    chosen = []
    for group in (auc, how, paper):
        needed = sum(len(text) for text, _ in group)
        if used + needed <= width:
            chosen.append(group)
            used += needed
    order = [group for group in (how, auc, paper) if group in chosen]
    return [*parts, *(part for group in order for part in group)]


# ---------------------------------------------------------------------------- genes

GENE_COLUMNS: Final = (
    Column("gene", "gene"),
    Column("class", "is", least=4),
    Column("strip", "", least=10, grows=True, axis=partial(tick_line, _ERRORS)),
    Column("error", "mean error", right=True),
    Column("tests", "tests", right=True, shed=1),
)


def gene_rows(tests: Kept) -> list[Row]:
    """Every tested gene, the most wrongly scored first."""
    rows = []
    for hard in hardest(tests):
        one = hard.label == 1
        name = tests.classes[hard.label] if hard.label < len(tests.classes) else f"class {hard.label}"
        shown = Cell(name, draw=partial(_classed, "■ " if one else "□ ", name, "b" if one else "a"))
        tone: Tone = "bad" if hard.error > 0.5 else "text"
        rows.append(
            Row(
                f"{hard.gene} {hard.label}",
                (
                    Cell(hard.gene, "text"),
                    shown,
                    Cell(three(hard.error), draw=partial(_lollipop, hard.error, tone)),
                    Cell(three(hard.error), tone),
                    Cell(str(hard.tests), "soft"),
                ),
            )
        )
    return rows


def gene_columns(tests: Kept) -> tuple[Column, ...]:
    """The columns of genes, wide enough for the classes' names."""
    names = max([len(name) for name in tests.classes], default=6) + 2
    widened = [
        Column("class", "is".ljust(names), least=4) if column.key == "class" else column
        for column in GENE_COLUMNS
    ]
    return tuple(widened)


def _classed(sign: str, name: str, tone: str, width: int) -> list[Piece]:
    return [(sign[:width], tone), (cut(name, max(width - 2, 0)), "soft")]


def _lollipop(error: float, tone: str, width: int) -> list[Piece]:
    marks = [(0.5, "┊", "faint")]
    return strip(_ERRORS, error, (0.0, error), width, marks, tone=tone, line=tone)


# ---------------------------------------------------------------------------- tuning, provenance, worth


def tuning(detail: CellDetail) -> tuple[Sequence[Column], list[Row]]:
    """What tuning tried, or the epochs of fine-tuning."""
    if detail.epochs:
        columns = [
            Column(name, name, right=True)
            for name in ("seed", "stage", "epoch", "loss", "eval AUC", "rate")
        ]
        rows = [
            Row(
                f"{seed}-{stage}-{epoch}",
                (str(seed), str(stage), str(epoch), f"{loss:.4f}", three(score), f"{rate:.2g}"),
            )
            for seed, stage, epoch, loss, score, rate in detail.epochs
        ]
        return columns, rows
    columns = [
        Column("params", "parameters", least=12),
        Column("auc", "CV AUC", right=True),
        Column("n", "chosen in", right=True),
    ]
    return columns, [
        Row(params, (params, _heated(mean, ""), count(n, "split"))) for params, mean, n in detail.trials
    ]


PROVENANCE_COLUMNS: Final = Column("what", ""), Column("is", "", least=20)


def provenance(
    detail: CellDetail, place: Place, command: str, errors: str = "", width: int = 40
) -> list[Row]:
    """What it was computed on, how to run it again, what was noted or failed, and the key of each split."""
    rows = []

    def add(key: str, what: str, text: str, tone: Tone = "") -> None:
        for number, line in enumerate(textwrap.wrap(text, max(width, 16)) or [""]):
            rows.append(Row(f"{key} {number}", (Cell("" if number else what, "soft"), Cell(line, tone))))

    sizes = {f"{split['n_train']} and {split['n_test']}" for split in detail.splits if split["n_test"]}
    scheme = "the paper's" if place.arm.scheme == "paper" else place.arm.scheme
    add("split", "split", f"{scheme}, {count(len(detail.splits), 'split')}")
    if sizes:
        add("genes", "genes", f"trained on and tested: {', '.join(sorted(sizes)[:3])}")
    if command:
        add("again", "again", command)
        add("copies", "", "y copies it", "soft")
    for name, host, device, python, platform in detail.environments:
        add(name, "where", f"{host}, {device}, Python {python}, {platform}")
    if errors:
        add("errors", "errors", bare(errors))
    for split in detail.splits:
        if split["state"] == "failed":
            why = f"✗ {split.get('sentence') or 'failed'}"
            add(f"{split['key']} why", f"seed {split['seed']}", why, "bad")
        for note in split["notes"] or ():
            add(f"{split['key']}{note}", f"seed {split['seed']}", note, "warn")
    for split in detail.splits:
        add(
            f"key {split['key']}",
            f"seed {split['seed']}",
            f"{split['key']}  {split['finished_at']}",
            "soft",
        )
    return rows


def worth_lines(worth: CellWorth, width: int) -> list[list[Piece]]:
    """What the cell is worth beside chance, a few wrapped lines."""
    found: list[list[Piece]] = []
    for line in worth.lines:
        for number, part in enumerate(textwrap.wrap(bare(line), max(width - 2, 16))):
            found.append([("  " * bool(number) + part, "text" if line == worth.lines[0] else "soft")])
    return found
