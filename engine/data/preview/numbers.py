"""Columns of numbers of a table that is looked at: how they are spread, and where one may cut them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from engine.data.formats.choices import Choices
from engine.data.formats.condition import cuts
from engine.data.formats.quantity import NumberColumns, sign_and_value
from engine.data.formats.raw import MOST_NUMBERS
from engine.data.preview.told import Histogram
from engine.files.tables import Table
from engine.files.tables.titles import plain
from store.errors import DataError, UsageError

BARS: Final = 48
"""Of a histogram."""
_JUDGED: Final = 1000
"""Cells by which a column is told to be a quantity."""
_TAIL: Final = 0.01
"""The share of the numbers at either end that may lie beyond the bars."""
_CHANCES: Final = (
    "padj", "p_adj", "adj_p_val", "p_val_adj", "adj_pval", "adj_p_value", "adjusted_p_value", "fdr",
    "qvalue", "q_value", "qval", "pvalue", "p_value", "pval", "p_val",
)  # fmt: skip
"""Titles of columns of p-values, adjusted ones first: DESeq2's, edgeR's, limma's and Seurat's."""


def histogram(column: str, numbers: Sequence[float | None], cut_at: Sequence[float] = ()) -> Histogram:
    """How the numbers of a column are spread.

    Args:
        column: Its title.
        numbers: None where one is missing.
        cut_at: Numbers that part classes, which the bars then reach.
    """
    known = sorted(number for number in numbers if number is not None and math.isfinite(number))
    if not known:
        return Histogram(column, (), 0.0, 0.0, 0.0, 0.0, 0.0, len(numbers), tuple(cut_at))
    tail = int(len(known) * _TAIL)
    low = min(known[tail], *cut_at, known[-1 - tail])
    high = max(known[-1 - tail], *cut_at, low)
    counts = [0] * BARS
    width = (high - low) / BARS or 1.0
    for number in known:
        counts[min(max(int((number - low) / width), 0), BARS - 1)] += 1
    return Histogram(
        column,
        tuple(counts),
        low,
        high,
        known[0],
        known[len(known) // 2],
        known[-1],
        len(numbers) - len(known),
        tuple(cut_at),
    )


def histograms(table: Table, choices: Choices) -> tuple[Histogram, ...]:
    """Of each column that the classes are made of, with the numbers that part them."""
    numbers = NumberColumns(table)
    found: dict[str, list[float]] = {}
    try:
        for condition in choices.classes:
            for column, number in cuts(condition.partition(":")[2]):
                title = table.header[numbers.place(column)]
                found.setdefault(title, []).append(number)
        if choices.label_from:
            title = table.header[numbers.place(choices.label_from)]
            found[title] = _cut_at(choices, numbers.column(title))
    except (DataError, UsageError):
        return ()  # what cannot be read is the preview's problem
    return tuple(histogram(title, numbers.column(title), sorted(set(at))) for title, at in found.items())


def _cut_at(choices: Choices, column: Sequence[float | None]) -> list[float]:
    if choices.threshold:
        return [float(sign_and_value(choices.threshold)[1])]
    known = sorted(number for number in column if number is not None)
    count = int(len(known) * choices.quantiles)
    return [known[count - 1], known[-count]] if 0 < count < len(known) else []


def quantities(table: Table, apart: Sequence[int]) -> tuple[str, ...]:
    """Titles of columns of numbers that are too many or too fine to be classes, but for those `apart`."""
    return tuple(
        title
        for place, title in enumerate(table.header)
        if place not in apart and is_quantity(table, place)
    )


def is_quantity(table: Table, place: int) -> bool:
    """Whether a column holds numbers that are not names of classes or of genes."""
    if not table.header[place]:
        return False
    cells, lines = table.columns[place][:_JUDGED], table.lines[:_JUDGED]
    some = replace(table, header=(table.header[place],), columns=(cells,), lines=lines)
    try:
        found = {number for number in NumberColumns(some).column(table.header[place]) if number is not None}
    except (DataError, UsageError):
        return False
    return len(found) > MOST_NUMBERS or any(number % 1 for number in found)


def suggestion(table: Table, titles: Sequence[str]) -> dict[str, str]:
    """One of these columns, and where to cut it: a p-value at 0.05, any other number at its median."""
    by_name = {plain(title): title for title in reversed(titles)}
    chance = next((by_name[name] for name in _CHANCES if name in by_name), "")
    if chance or not titles:
        return {"label_from": chance, "threshold": "<0.05"} if chance else {}
    threshold = first_threshold(table, titles[0])
    return {"label_from": titles[0], "threshold": threshold} if threshold else {}


def first_threshold(table: Table, title: str) -> str:
    """Where to cut a column at first; empty if it is not all numbers."""
    if plain(title) in _CHANCES:
        return "<0.05"
    try:
        known = sorted(number for number in NumberColumns(table).column(title) if number is not None)
    except DataError:
        return ""
    return f">={known[len(known) // 2]:.4g}" if known else ""


def step_of(shown: Histogram) -> float:
    """By how much a key moves the threshold: 1, 2 or 5 times a power of ten, about a bar's width."""
    width = (shown.high - shown.low) / BARS
    if width <= 0:
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(width))
    steps = [power, 2 * power, 5 * power, 10 * power]
    return next((one for one, other in pairwise(steps) if width < math.sqrt(one * other)), steps[-1])
