"""Classes made of numbers: by conditions on columns, by a threshold, or the lowest against the highest."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from engine.data.formats.choices import Choices
from engine.data.formats.condition import Condition, Numbers, parse
from engine.data.formats.raw import RawTask, raw_task
from engine.data.formats.table import own_texts
from engine.data.genes.columns import chosen_column, gene_column, genes_of, no_column, title_of, words_kept
from engine.files.tables import Table
from engine.files.tables.missing import is_missing
from store.errors import DataError, UsageError

REST: Final = "rest"
"""The class of what does not meet the only condition."""
_THRESHOLD: Final = re.compile(r"\s*(<=|>=|<|>)\s*([+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*")
_MARKED: Final = re.compile(r"[+-]?[\d., '\u2019\u00a0\u202f]+ ?%?")
"""A number with a sign of percent, or with blanks or apostrophes between thousands."""
_THOUSANDS: Final = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?")
_OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def read(table: Table, choices: Choices) -> RawTask:
    """The rows that meet the condition of one class, with what became of the others.

    Raises:
        UsageError: a condition that cannot be read, overlapping classes, or no such column.
        DataError: no column of genes, or a cell that is not a number.
    """
    gene = gene_column(table, choices.symbols, choices.gene_column)
    if gene is None:
        raise no_column(table, "gene", "--gene-column")
    numbers = NumberColumns(table)
    classes, order = _conditions(numbers, choices)
    labels: list[str] = []
    unknown = 0
    for row in range(len(table.lines)):
        held = {name: condition(numbers.of_row(row)) for name, condition in classes.items()}
        met = [name for name, holds in held.items() if holds]
        if len(met) > 1:
            raise UsageError(
                f"Classes {met[0]!r} and {met[1]!r} overlap: {table.unit} {table.lines[row]} of "
                f"{table.path.name} meets both conditions.",
                "Let each row meet one of them at most.",
            )
        unclear = None in held.values()
        unknown += unclear
        labels.append(met[0] if met and not unclear else "")
    genes = genes_of(table, gene, choices.symbols)
    if empty := next((name for name in classes if name not in set(labels)), ""):
        raise DataError(f"No row of {table.path} is in class {empty!r}.", numbers.ranges())
    texts = own_texts(table, genes, choices.text_column)
    task = raw_task(table.path, genes, labels, texts, order, table.lines, table.unit)
    notes = [note for note in task.notes if "without a label" not in note]
    neither = labels.count("") - unknown
    for count, one, many in (
        (unknown, "lacks a number that decides and was", "lack a number that decides and were"),
        (neither, "meets no condition and was", "meet no condition and were"),
    ):
        if count:
            notes.append(f"{count:,} of {len(labels):,} rows {one if count == 1 else many} left out.")
    found = f"The genes were read from the {title_of(table, gene)}."
    why = task.why or ("it is the one that was asked for" if len(task.classes) == 2 else "")
    notes = [*table.notes, found, *numbers.notes, *words_kept(table, gene, genes), *notes]
    return replace(task, notes=tuple(notes), why=why)


class NumberColumns:
    """The columns of a table as numbers, each read when it is first asked for."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._columns: dict[int, list[float | None]] = {}
        self.notes: list[str] = []
        """How numbers with commas were read, of each column that has them."""

    def place(self, title: str) -> int:
        """The column of that name, read.

        Raises:
            UsageError: there is none.
            DataError: it holds something else than numbers.
        """
        place = chosen_column(self._table, title, "its condition")
        if place not in self._columns:
            self._columns[place] = list(self._read(place))
        return place

    def column(self, title: str) -> list[float | None]:
        """The numbers of the column of that name."""
        return self._columns[self.place(title)]

    def ranges(self) -> str:
        """From where to where the columns that were read go, as a hint."""
        told = []
        for place, column in self._columns.items():
            known = [value for value in column if value is not None]
            title = self._table.header[place]
            told.append(
                f"{title!r} goes from {min(known):g} to {max(known):g}" if known else f"{title!r} is empty"
            )
        return f"Choose other numbers: {'; '.join(told)}."

    def of_row(self, row: int) -> Numbers:
        """What looks a column's number up in that row."""
        return lambda place: self._columns[place][row]

    def _read(self, place: int) -> Iterator[float | None]:
        cells = self._table.columns[place]
        commas = [cell.strip() for cell in cells if "," in cell]
        # 1,097 everywhere is a thousand; else a decimal comma, as half of Europe writes it.
        comma = "" if all(map(_THOUSANDS.fullmatch, commas)) else "."
        if commas:
            first, title = commas[0][:40], self._table.header[place]
            self.notes.append(f"In {title!r}, {first} was read as {first.replace(',', comma)}.")
        for line, cell in zip(self._table.lines, cells, strict=True):
            if is_missing(cell):
                yield None
                continue
            text = cell.strip()
            try:
                yield float(text.replace(",", comma))
            except ValueError as error:
                raise DataError(
                    f"{self._table.path} has {text[:40]!r} {self._table.at(line)}, where "
                    f"{self._table.header[place]!r} should be a number.",
                    "Write numbers without signs of percent and without marks between thousands."
                    if _MARKED.fullmatch(text)
                    else "Leave the cell empty if the number is missing.",
                ) from error


def _conditions(
    numbers: NumberColumns, choices: Choices
) -> tuple[Mapping[str, Condition], tuple[str, ...]]:
    """Class -> condition, and the classes in label order where that is given."""
    if choices.classes and choices.label_from:
        raise UsageError("--class and --label-from exclude each other.", "Leave one of them out.")
    if choices.classes:
        return _named(choices.classes, numbers.place), ()
    if bool(choices.threshold) == bool(choices.quantiles):
        raise UsageError(
            "--label-from needs either --threshold or --quantiles.", "Write --threshold '<0.05'."
        )
    if choices.threshold:
        return _threshold(numbers.place(choices.label_from), choices)
    return _quantiles(numbers, choices)


def _named(classes: tuple[str, ...], column: Callable[[str], int]) -> Mapping[str, Condition]:
    found: dict[str, Condition] = {}
    for written in classes:
        name, colon, text = map(str.strip, written.partition(":"))
        if not name or not colon:
            raise UsageError(
                f"--class {written!r} has no name and condition.", "Write 'down: padj < 0.05'."
            )
        if name in found:
            raise UsageError(f"Class {name!r} is given twice.", "Join its conditions with 'or'.")
        found[name] = parse(text, column)
    if len(found) == 1:
        [(name, condition)] = found.items()

        def others(row: Numbers) -> bool | None:
            holds = condition(row)
            return None if holds is None else not holds

        return {REST if name != REST else f"not {REST}": others, name: condition}
    return found


def _threshold(place: int, choices: Choices) -> tuple[Mapping[str, Condition], tuple[str, ...]]:
    """What meets the threshold is the positive class."""
    sign, value = sign_and_value(choices.threshold)
    met, other = f"{choices.label_from} {sign} {value}", f"{choices.label_from} {_OPPOSITE[sign]} {value}"

    def column(_: str) -> int:
        return place

    return {
        met: parse(f"x {sign} {value}", column),
        other: parse(f"x {_OPPOSITE[sign]} {value}", column),
    }, (other, met)


def sign_and_value(threshold: str) -> tuple[str, str]:
    """The sign and the number, as written, of a threshold such as `<0.05`.

    Raises:
        UsageError: it is something else.
    """
    found = _THRESHOLD.fullmatch(threshold)
    try:
        float(found[2] if found else "")
    except ValueError as error:
        raise UsageError(
            f"--threshold {threshold!r} is not a sign and a number.", "Write '<0.05' or '>=1'."
        ) from error
    assert found is not None  # float() has refused it
    return found[1], found[2]


def _quantiles(numbers: NumberColumns, choices: Choices) -> tuple[Mapping[str, Condition], tuple[str, ...]]:
    """The lowest against the highest share of the rows; the highest is the positive class."""
    share, title = choices.quantiles, choices.label_from
    if not 0 < share <= 0.5:
        raise UsageError(f"--quantiles {share:g} is not a share of at most a half.", "Write 0.25.")
    place = numbers.place(title)
    known = sorted(value for value in numbers.column(title) if value is not None)
    count = int(len(known) * share)
    if not count or known[count - 1] >= known[-count]:
        raise UsageError(
            f"Column {title!r} has too few different numbers for --quantiles {share:g}.",
            "Use --threshold instead.",
        )
    low, high = known[count - 1], known[-count]
    names = f"lowest {share:.4g} of {title}", f"highest {share:.4g} of {title}"

    def column(_: str) -> int:
        return place

    return {names[0]: parse(f"x <= {low!r}", column), names[1]: parse(f"x >= {high!r}", column)}, names
