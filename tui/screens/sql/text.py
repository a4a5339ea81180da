"""What the SQL screen says of tables, of the row and the column under the cursor, and of an error.

Pure functions; what is said of a column or row rests on the rows that are here, and says how many.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rich.cells import cell_len

from tui.quantities import count
from tui.widgets.canvas import Span
from tui.widgets.rows import Cell, Column, Piece, Row, cut
from tui.widgets.strips import histogram, label, strip, tick_line
from tui.widgets.text import clean

if TYPE_CHECKING:
    from tui.questions.sql import SqlTable

Lines = list[list[Piece]]
Values = Sequence[Sequence[Any]]
FIRST_OF: Final = (
    "scores",
    "predictions",
    "leaderboard",
    "reference_scores",
    "units",
    "tasks",
    "task_genes",
    "models",
    "cv_trials",
    "best_params",
    "epochs",
    "runs",
    "failures",
    "environments",
    "measurements",
    "roc_points",
    "reproduction",
    "intervals",
    "task_sets",
)
"""Tables that are asked most, in the order they are listed; the others follow by name."""
COLUMNS: Final = (Column("name", "", least=12), Column("what", "", right=True))
"""Of the list of tables."""
_TYPES: Final = {
    "VARCHAR": "text",
    "BIGINT": "int",
    "INTEGER": "int",
    "UBIGINT": "int",
    "HUGEINT": "int",
    "SMALLINT": "int",
    "TINYINT": "int",
    "DOUBLE": "real",
    "FLOAT": "real",
    "DECIMAL": "real",
    "BOOLEAN": "bool",
    "TIMESTAMP": "time",
    "STRUCT": "struct",
    "JSON": "json",
    "MAP": "map",
    "DATE": "date",
}


def short_type(kind: str) -> str:
    """A type of DuckDB in a word: `text`, `int`, `real`, `text[]`."""
    inner = kind.removesuffix("[]")
    start = re.split(r"[(\s]", inner, maxsplit=1)[0]
    return _TYPES.get(start, start.lower()) + ("[]" if kind.endswith("[]") else "")


def is_number(kind: str) -> bool:
    """Whether values of this type are numbers."""
    return short_type(kind) in ("int", "real")


# ---------------------------------------------------------------------------- tables


def listed(tables: Mapping[str, SqlTable]) -> list[str]:
    """The tables' names, those that are asked most first."""
    known = [name for name in FIRST_OF if name in tables]
    return [*known, *(name for name in sorted(tables) if name not in known)]


def table_rows(tables: Mapping[str, SqlTable], opened: Collection[str], query: str) -> list[Row]:
    """A row for each table, and under an opened one for each of its columns; used names stand out."""
    used = set(re.findall(r"\w+", query.casefold()))
    rows = []
    for name in listed(tables):
        table = tables[name]
        sign = "▾" if name in opened else "▸"
        number = f"{table.rows:,}" if table.rows is not None else "view"
        tone = "strong" if name in used else "text"
        rows.append(Row(name, (Cell(f"{sign} {name}", tone), Cell(number, "soft"))))  # type: ignore[arg-type]
        if name in opened:
            for column, kind in table.columns:
                its = "text" if column.casefold() in used else "soft"
                cells = (Cell(f"    {column}", its), Cell(short_type(kind), "faint"))  # type: ignore[arg-type]
                rows.append(Row(f"{name}.{column}", cells))
    return rows


def opened_by(tables: Mapping[str, SqlTable], query: str) -> set[str]:
    """The tables that a query names."""
    used = set(re.findall(r"\w+", query.casefold()))
    return {name for name in tables if name in used}


_FOLD: Final = 48
"""Cells of a line of a kept query."""


def query_rows(sql: str, name: str = "") -> list[Row]:
    """A kept query in full: its name, if it has one, over its lines. `query_of` of a key is the query."""
    lines = [
        part
        for line in sql.strip().split("\n")
        for part in textwrap.wrap(clean(line), _FOLD, subsequent_indent="  ") or [""]
    ]
    shown = [Cell(name, "strong")] if name else []
    start = "  " if name else ""
    shown += [Cell(start + line, "soft" if name or at else "text") for at, line in enumerate(lines)]
    return [Row(f"{sql}\0{at}", (cell,)) for at, cell in enumerate(shown)]


def query_of(key: str) -> str:
    """The query that a row of `query_rows` is a line of."""
    return key.rpartition("\0")[0]


# ---------------------------------------------------------------------------- the row and the column


def row_lines(
    columns: Sequence[str], types: Sequence[str], values: Values, at: int, width: int, height: int
) -> Lines:
    """Every field of a row, and where it stands among the same field of the others."""
    if width < 20:
        return []
    if not values:
        return [[("There is no row to show.", "soft")]]
    if not 0 <= at < len(values):
        return [[("This row is not here yet.", "soft")]]
    name = min(max(map(cell_len, columns), default=5), 20)
    wide = min(max((cell_len(_shown(value)) for value in values[at]), default=5), max(width // 3, 12))
    room = width - name - wide - 9
    heads = f"{'field':<{name}}  {'type':<6} {'value':<{wide}}"
    lines: Lines = [[(cut(heads, min(width, cell_len(heads))), "soft")]]
    if room >= 24:
        lines[0].append((f"  among {count(len(values), 'row')}", "soft"))
    for place, (column, kind) in enumerate(zip(columns, types, strict=True)):
        line: list[Piece] = [
            (cut(clean(column), name), "strong"),
            (f"  {cut(short_type(kind), 6)} ", "faint"),
            (cut(_shown(values[at][place]), wide), "text"),
        ]
        if room >= 24:
            line += [("  ", ""), *_among([row[place] for row in values], at, is_number(kind), room - 2)]
        lines.append(line)
    if len(lines) > height:
        lines = [*lines[: height - 1], [(f"and {len(lines) - height + 1} more fields", "soft")]]
    return lines


def _among(field: Sequence[Any], at: int, number: bool, width: int) -> list[Piece]:
    """Where one value stands among the others: a dot of its own, or how many different ones there are."""
    known = [float(value) for value in field if number and isinstance(value, int | float)]
    if not known or min(known) == max(known) or not isinstance(field[at], int | float):
        different = len({str(value) for value in field})
        return [("the same in all" if different == 1 else f"{different:,} different", "faint")]
    low, high = min(known), max(known)
    ends = f"{label(round(low, 4)):>7} ", f" {label(round(high, 4))}"
    room = max(width - 16, 8)
    span = Span(low, high + (high - low) * 1e-9)
    cells = strip(span, None, None, room)
    for value in known:
        cells[span.place(value, room)] = ("○", "soft")
    cells[span.place(float(field[at]), room)] = ("●", "a")
    return [(ends[0], "faint"), *cells, (ends[1], "faint")]


def column_height(types: Sequence[str], values: Values) -> int:
    """Lines in which every column of a result can be shown: its words, or a histogram of its numbers."""
    words = [at for at, kind in enumerate(types) if not is_number(kind)]
    return max([12, *(len({_shown(row[at]) for row in values}) + 2 for at in words)])


def column_lines(name: str, kind: str, field: Sequence[Any], whole: bool, width: int, height: int) -> Lines:
    """How the values of a column are spread: a histogram with its ends, or the values met most often."""
    if width < 20:
        return []
    there = [value for value in field if value is not None]
    nulls = len(field) - len(there)
    rest = "" if whole else ", of the first rows"
    missing = f"{count(nulls, 'null')}" if nulls else "no null"
    lines: Lines = [
        [
            (clean(name), "strong"),
            (f"  {short_type(kind)}, {count(len(there), 'value')}, {missing}{rest}", "soft"),
        ],
        [],
    ]
    numbers = sorted(float(value) for value in there if is_number(kind) and isinstance(value, int | float))
    if numbers and numbers[0] < numbers[-1]:
        return lines + _spread(numbers, width, height - 2)
    often = Counter(_shown(value) for value in there).most_common(max(height - 3, 1))
    apart = min(max((height - 2) // max(len(often), 1), 1), 3)
    for value, times in often:
        long = max(round((width - 34) * times / len(there)), 0) if width > 40 else 0
        lines.append(
            [
                (cut(value, 24), "text"),
                (f" {times:>6,} ", "soft"),
                ("─" * long, "a"),
                ("●" * (width > 40), "a"),
            ]
        )
        lines += [[] for _ in range(apart - 1)]
    different = len({_shown(value) for value in there})
    if different > height - 3 > 0:
        lines[-1:] = [[(f"and {different - height + 4:,} more", "soft")]]
    return lines


def _spread(numbers: Sequence[float], width: int, height: int) -> Lines:
    low, high = numbers[0], numbers[-1]
    span = Span(low, high)
    bars = [0] * width
    for number in numbers:
        bars[span.place(number, width)] += 1
    tall = max(min(height - 5, 16), 1)
    most = max(bars)
    lines: Lines = []
    for level in range(tall, 0, -1):
        line = histogram([min(max(bar * tall / most - level + 1, 0), 1) for bar in bars], 1)
        lines.append([(line, "a")])
    middle = (
        numbers[len(numbers) // 2] if len(numbers) % 2 else sum(numbers[len(numbers) // 2 - 1 :][:2]) / 2
    )
    lines.append([("─" * width, "line")])
    lines.append([(tick_line(span, width), "faint")])
    lines.append([])
    lines.append(
        [
            ("least ", "soft"),
            (f"{low:.4g}", "text"),
            ("  median ", "soft"),
            (f"{middle:.4g}", "strong"),
            ("  most ", "soft"),
            (f"{high:.4g}", "text"),
        ]
    )
    return lines


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    return clean(f"{value:.6g}" if isinstance(value, float) else value)


# ---------------------------------------------------------------------------- errors


@dataclass(frozen=True, slots=True)
class Wrong:
    """Where an error is in a query."""

    row: int
    column: int
    length: int
    instead: str = ""
    """What the database suggests."""


_NAMED: Final = re.compile(r'(?:near|column|[Nn]ame|[Tt]able|type) "?([^"\s]+?)"?(?:\.|,|!| |$)')
_MEANT: Final = re.compile(r'Did you mean "([^"]+)"')


def where_wrong(sentence: str, query: str) -> Wrong | None:
    """The part of the query that a sentence names; None unless it stands there exactly once."""
    places: list[re.Match[str]] = []
    for named in _NAMED.finditer(sentence):  # `Table with name x` names `with`, and then `x`
        word = re.escape(named[1])
        places = places or list(re.finditer(rf"(?<!\w){word}(?!\w)", query, re.IGNORECASE))
    if len(places) != 1:
        return None
    start = places[0].start()
    row = query.count("\n", 0, start)
    column = start - (query.rfind("\n", 0, start) + 1)
    meant = _MEANT.search(sentence)
    return Wrong(row, column, places[0].end() - start, meant[1] if meant else "")


def error_lines(sentence: str, query: str, wrong: Wrong | None, width: int) -> Lines:
    """The line that is wrong, `▔▔▔` under the part, and the sentence."""
    lines: Lines = []
    if wrong is not None:
        line = query.split("\n")[wrong.row]
        start = max(wrong.column + wrong.length - max(width - 6, 10), 0)
        number = f"{wrong.row + 1:>2} "
        lines.append([(number, "faint"), (clean(line[start:][: max(width - 4, 1)]), "text")])
        lines.append([(" " * (len(number) + wrong.column - start), ""), ("▔" * wrong.length, "bad")])
    sentence = re.sub(r"^(Catalog|Binder|Parser) Error: ", "", sentence)
    if wrong is not None and wrong.instead:
        sentence = sentence.partition(" Did you mean")[0]
    said: list[Piece] = [(clean(sentence, 0), "bad")]
    if wrong is not None and wrong.instead:
        said.append(("  tab", "accent"))
        said.append((f" puts {wrong.instead}", "text"))
    lines.append(said)
    return lines
