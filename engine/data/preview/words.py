"""A preview in lines of plain text, as the command line prints and the dialog shows them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

from engine.data.importers.names import first_names
from engine.data.preview.told import Histogram, Preview, Taken
from engine.files.outside import one_line

_WIDE: Final = 76
"""Characters of a line of cells."""
_CELL: Final = 16
_SEVERAL: Final = ("classes", "dimensions")
"""Roles that many columns have."""
_HIGH: Final = 4
"""Lines of a histogram."""


def lines_of(shown: Preview) -> tuple[str, ...]:
    """What a person reads of a preview: what matters to the choice comes first."""
    parts = (
        chain(_head(shown), _refused(shown)),
        _classes(shown),
        *(_histogram(one) for one in shown.histograms),
        _columns(shown),
        _names(shown),
        _listed("Notes", [*shown.facts, *shown.notes]),
        _rows(shown),
        _listed("The same as a command", [shown.command] if shown.command else []),
    )
    filled = [list(part) for part in parts]
    return tuple(line for lines in filled if lines for line in (*lines, ""))[:-1]


def _head(shown: Preview) -> Iterator[str]:
    name = Path(shown.path).name
    rows = f"{shown.counted:,} row{'' if shown.counted == 1 else 's'}"
    rows = rows if shown.whole else f"the first {rows}"
    yield f"{name}, read as {shown.kind}: {rows}"
    if not shown.whole:
        yield f"It is a large file: every count here is of its first {shown.counted:,} rows."


def _refused(shown: Preview) -> Iterator[str]:
    if shown.problem:
        yield f"It cannot be imported like this: {shown.problem}"
        if shown.hint:
            yield f"  {shown.hint}"
    if shown.suggested:
        options = [part for one in shown.suggested.items() for part in (f"--{_dashed(one[0])}", one[1])]
        yield f"  Perhaps: {shlex.join(options)}"


def _dashed(option: str) -> str:
    return option.replace("_", "-")


def _classes(shown: Preview) -> Iterator[str]:
    if shown.classes:
        yield "Classes"
    for group in shown.classes:
        genes = "" if group.genes is None else f"{group.genes:>9,} genes"
        yield f"{group.rows:>9,} rows {genes}  {group.name}"
    if shown.why_positive:
        positive = shown.classes[1].name
        yield f"  Positive: {positive!r}, as {shown.why_positive} (--positive takes the other)"


def _histogram(shown: Histogram) -> Iterator[str]:
    missing = f"; {shown.missing:,} missing" if shown.missing else ""
    cut_at = f"; cut at {', '.join(f'{cut:.6g}' for cut in shown.cuts)}" if shown.cuts else ""
    ends = f"{shown.least:.4g} to {shown.most:.4g}, half below {shown.median:.4g}"
    yield f"{shown.column}: {ends}{missing}{cut_at}"
    if not shown.counts:
        return
    top, width = max(shown.counts), len(shown.counts)
    for line in range(_HIGH, 0, -1):
        level = (line - 1) / _HIGH * top
        bars = "".join("#" if count > level else " " for count in shown.counts)
        yield f"{f'{top:,}' if line == _HIGH else '':>9} |{bars.rstrip()}"
    yield f"{0:>9} +{'-' * width}"
    span = (shown.high - shown.low) or 1.0
    marks = [" "] * width
    for cut in shown.cuts:
        marks[min(int((cut - shown.low) / span * width), width - 1)] = "^"
    if shown.cuts:
        yield f"{'':>9}  {''.join(marks)}".rstrip()
    low, high = f"{shown.low:.4g}", f"{shown.high:.4g}"
    yield f"{'':>9}  {low}{high:>{max(width - len(low), 1)}}"


def _columns(shown: Preview) -> Iterator[str]:
    if shown.taken:
        yield "Columns"
    for one in shown.taken:
        column = one.column if one.role in _SEVERAL else _titled(one.column)
        yield f"  {one.role}: {column}, {one.why}{_others(one)}"
    reasons: dict[str, list[str]] = {}
    for left in shown.left_out:
        reasons.setdefault(left.reason, []).append(_titled(left.column))
    for reason, titles in reasons.items():
        yield f"  left out, {reason}: {first_names(titles)}"


def _others(one: Taken) -> str:
    if not one.option:
        return ""
    names = f": {first_names([_titled(other) for other in one.others])}" if one.others else ""
    return f" ({one.option} takes another{names})"


def _titled(title: str) -> str:
    return repr(title) if title else "the column without a name"


def _names(shown: Preview) -> Iterator[str]:
    names = shown.names
    if names is None:
        return
    yield "Names of genes"
    first = "" if names.looked_up == names.different else "the first "
    known = names.looked_up - len(names.unknown)
    yield f"  {known:,} of {first}{names.looked_up:,} different names are known"
    if names.unknown:
        yield f"  not known: {first_names(names.unknown)}"
    if names.several:
        means = [f"{one} ({' or '.join(symbols)})" for one, symbols in names.several.items()]
        yield f"  of more than one gene: {first_names(means, 5)}"


def _listed(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield title
    for line in lines:
        yield f"  {line}"


def _rows(shown: Preview) -> Iterator[str]:
    if not shown.rows:
        return
    yield "First rows"
    cells = [[_cut(cell) for cell in row] for row in (shown.header, *shown.rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    fits = 0
    while fits < len(widths) and sum(widths[: fits + 1]) + 2 * fits + 2 <= _WIDE:
        fits += 1
    for row in cells:
        yield (
            "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row[:fits], widths, strict=False))
        ).rstrip()
    if fits < len(widths):
        more = len(widths) - fits
        yield f"  and {more:,} more {'column' if more == 1 else 'columns'}"


def _cut(cell: str) -> str:
    line = one_line(cell)
    return line if len(line) <= _CELL else f"{line[: _CELL - 3]}..."
