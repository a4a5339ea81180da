"""Tables out of the arena: CSV, Parquet, JSON, Markdown and LaTeX, written whole or not at all."""

from __future__ import annotations

import csv
import io
import itertools
import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from store.destination import destination
from store.errors import UsageError
from store.files import user_path

if TYPE_CHECKING:
    import duckdb

    from store.home import Home

SUFFIXES: Final[Mapping[str, str]] = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".json": "json",
    ".md": "markdown",
    ".tex": "latex",
}
FORMATS: Final = tuple(SUFFIXES.values())

Row = Sequence[Any]

_PARQUET_BATCH: Final = 65_536
"""Rows held at once while a Parquet file is written."""
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?%?")
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "|", "%")
_LATEX: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "—": "---",
    "–": "--",
}


def format_of(path: Path, named: str | None = None) -> str:
    """The format `named`, else the one that the file's suffix names.

    Raises:
        UsageError: neither names one of `FORMATS`.
    """
    found = named or SUFFIXES.get(path.suffix.lower(), "")
    if found not in FORMATS:
        raise UsageError(
            f"The format of {path} cannot be told from its name.",
            f"Let it end in one of {', '.join(SUFFIXES)}, or name a --format.",
        )
    return found


def export_table(
    columns: Sequence[str],
    rows: Iterable[Row],
    path: str | os.PathLike[str],
    format: str | None = None,
    *,
    home: Home | None = None,
    replace: bool = True,
    streams: bool = True,
) -> Path:
    """Write a table to `path`; an older file there is replaced only by a complete one.

    Args:
        columns: one name a column.
        rows: as wide as `columns`; read once, so that it may be a query's cursor.
        path: the file, pipe or device to write; its folder must exist.
        format: one of `FORMATS`; by default as the suffix says.
        home: whose own files are refused.
        replace: as `store.destination` has it, and so is `streams`.
        streams: see there.

    Raises:
        UsageError: the format is not known, or nothing may be written there.
        DataError: the file cannot be written.
    """
    kind = format_of(Path(path), format)
    with destination(home, path, replace=replace, streams=streams) as fresh, fresh.open("wb") as stream:
        if kind == "parquet":
            _write_parquet(columns, rows, stream)
        else:
            for piece in render(columns, rows, kind):
                stream.write(piece.encode())
    return user_path(path)


def export_query(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    path: str | os.PathLike[str],
    format: str | None = None,
    parameters: Sequence[Any] = (),
    *,
    home: Home | None = None,
    replace: bool = True,
) -> Path:
    """Write what a query gives to `path`, row by row, so that its size does not matter.

    Args:
        connection: from `store.connect()`.
        query: one SELECT; lists and structs keep their types in Parquet and are JSON text elsewhere.
        path: the file, pipe or device to write.
        format: one of `FORMATS`; by default as the suffix says.
        parameters: for the question marks in `query`.
        home: whose own files are refused.
        replace: as `store.destination` has it.

    Raises:
        UsageError: the format is not known, or nothing may be written there.
        DataError: the file cannot be written.
    """
    if format_of(Path(path), format) != "parquet":
        columns, rows = query_rows(connection, query, parameters)
        return export_table(columns, rows, path, format, home=home, replace=replace)
    import pyarrow.parquet as pq

    with destination(home, path, replace=replace) as fresh, fresh.open("wb") as stream:
        reader = connection.sql(query, params=list(parameters)).to_arrow_reader(_PARQUET_BATCH)
        with pq.ParquetWriter(stream, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
    return user_path(path)


def query_rows(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[Any] = ()
) -> tuple[list[str], Iterator[Row]]:
    """The column names and the rows, fetched a few thousand at a time."""
    cursor = connection.execute(query, list(parameters))
    columns = [item[0] for item in cursor.description]
    batches = iter(lambda: cursor.fetchmany(4096), [])
    return columns, itertools.chain.from_iterable(batches)


def render(columns: Sequence[str], rows: Iterable[Row], format: str) -> Iterator[str]:
    """The table as pieces of text, in one of the text formats.

    Raises:
        UsageError: `format` is Parquet or not known.
    """
    writers = {"csv": _csv, "json": _json, "markdown": _markdown, "latex": _latex}
    if format not in writers:
        raise UsageError(
            f"The format {format!r} cannot be printed.", f"Choose one of: {', '.join(writers)}."
        )
    return writers[format](columns, rows)


class Best(str):
    """A cell that is set in bold where a format can."""


class Heading(Best):
    """The only cell of a row that only says what the rows below it are; a rule goes before it."""


def paragraphs(lines: Iterable[str], format: str) -> Iterator[str]:
    """Sentences below a table in Markdown or LaTeX, one a line."""
    for line in lines:
        yield _latex_cell(line) if format == "latex" else _one_line(line)


# ---------------------------------------------------------------------------- formats


def _csv(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)  # only with its own "\r\n" does it quote a lone "\r" in a cell
    for row in itertools.chain([columns], rows):
        writer.writerow([_csv_cell(cell) for cell in row])
        yield buffer.getvalue().removesuffix("\r\n") + "\n"
        buffer.seek(0)
        buffer.truncate()


def _csv_cell(value: Any) -> Any:
    """Text that a spreadsheet would take for a formula gets a leading apostrophe; numbers never."""
    plain = _plain(value)
    if isinstance(plain, str) and plain.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(plain):
        return "'" + plain
    return plain


def _json(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    opening = "[\n"
    for row in rows:
        record = {column: _json_value(cell) for column, cell in zip(columns, row, strict=True)}
        yield opening + json.dumps(record, ensure_ascii=True, default=str)
        opening = ",\n"
    yield "[]\n" if opening == "[\n" else "\n]\n"


def _markdown(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    def line(cells: Iterable[Any]) -> str:
        return "| " + " | ".join(map(_markdown_cell, cells)) + " |\n"

    yield line(columns)
    yield "|" + " --- |" * len(columns) + "\n"
    yield from (line(row) for row in rows)


def _markdown_cell(value: Any) -> str:
    text = _one_line(value).replace("|", r"\|")
    return f"**{text}**" if isinstance(value, Best) else text


def _latex(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    def line(cells: Iterable[Any]) -> str:
        return " & ".join(_latex_cell(cell) for cell in cells) + " \\\\\n"

    yield "% needs \\usepackage{booktabs}\n"
    yield f"\\begin{{tabular}}{{l{'r' * (len(columns) - 1)}}}\n\\toprule\n{line(columns)}\\midrule\n"
    for row in rows:
        yield f"\\midrule\n{line(row)}" if any(isinstance(cell, Heading) for cell in row) else line(row)
    yield "\\bottomrule\n\\end{tabular}\n"


def _latex_cell(value: Any) -> str:
    text = "".join(_LATEX.get(character, character) for character in _one_line(value))
    return f"\\textbf{{{text}}}" if isinstance(value, Best) else text


def _write_parquet(columns: Sequence[str], rows: Iterable[Row], stream: IO[bytes]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    lines = list(rows)
    cells = ([_nested_as_text(row[index]) for row in lines] for index in range(len(columns)))
    pq.write_table(pa.table(dict(zip(columns, cells, strict=True))), stream)


# ---------------------------------------------------------------------------- values


def _plain(value: Any) -> Any:
    """Containers as JSON text; None as nothing."""
    if value is None:
        return ""
    if isinstance(value, Mapping | list | tuple):
        return json.dumps(_json_value(value), ensure_ascii=False, default=str)
    return value


def _nested_as_text(value: Any) -> Any:
    return _plain(value) if isinstance(value, Mapping | list | tuple) else value


def _json_value(value: Any) -> Any:
    """`value` as JSON can hold it: NaN and infinities become null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(item) for item in value]
    return value


def _one_line(value: Any) -> str:
    """On one line, and with controls as their escapes: typesetting and terminals would obey them."""
    text = " ".join(str(_plain(value)).split())
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
