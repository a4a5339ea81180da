"""Reading a sheet of Excel or LibreOffice, in a process of its own within limits of memory and time.

A workbook is a ZIP of XML that may claim far more than it holds: one cell in the last corner makes a
sheet of seventeen thousand million.
"""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from engine.files.outside import MAX_BYTES
from engine.files.packed import OLE, ZIP, starts_with, zip_members
from engine.files.tables.formulas import unsaved_formula
from engine.files.tables.table import Table, check_cells, check_width, checked_header, first_rows
from engine.files.tables.titles import TITLES, said_of_titles, titles_above
from store.errors import DataError, UsageError

_ROOT: Final = Path(__file__).resolve().parents[3]
_START: Final = (
    f"import sys; sys.path.insert(0, {str(_ROOT)!r});"
    "from engine.files.tables.workbook import main; main(*sys.argv[1:])"
)
_ENOUGH: Final = 1 << 27
"""Bytes of a file that is granted all the memory there is for one."""
_HINT: Final = "Save the sheet as CSV."
_GREEDY: Final = "it needs too much memory"
SECONDS: Final = 120
"""Wall-clock time; 100,000 rows of ten cells take 3."""


class EmptySheet(DataError):
    """A sheet without rows below its header."""

    def __init__(self, path: Path, sheet: str, sheets: Sequence[str]) -> None:
        super().__init__(
            f"{path} has no rows in its sheet {sheet!r}.",
            f"Its sheets are: {', '.join(sheets)}; take another with --sheet.",
        )
        self.sheets = tuple(sheets)
        """All of the workbook."""


def is_workbook(path: Path) -> bool:
    """Whether the file is a workbook of Excel (`.xlsx`, `.xlsb`, `.xls`) or LibreOffice (`.ods`)."""
    if starts_with(path, OLE):
        return True
    if not starts_with(path, ZIP):
        return False
    members = zip_members(path)
    return any(name.startswith("xl/") for name in members) or "content.xml" in members


def workbook_table(path: Path, sheet: str = "", header: bool = True, first: bool = False) -> Table:
    """A sheet as a table of text; the first one if none is named, which is said.

    Args:
        path: The workbook.
        sheet: Which of its sheets, in any case if one alone is called so; the first if empty.
        header: Whether its first row names the columns, below what may be a title of the sheet.
        first: Whether the `first_rows` of it are enough.

    Raises:
        UsageError: no such sheet.
        DataError: damaged, empty or too large; a formula without a value.
    """
    found = _read(path, sheet, first)
    if "sheets" in found and "rows" not in found:
        raise UsageError(
            f"{path.name} has no sheet {sheet!r}.", f"Its sheets are: {', '.join(found['sheets'])}."
        )
    rows: list[tuple[int, list[str]]] = [
        (line, row) for line, row in enumerate(found["rows"], start=1) if any(map(str.strip, row))
    ]
    above = titles_above([row for _, row in rows[:TITLES]])
    rows = rows[len(above) :]
    if len(rows) <= header:
        raise EmptySheet(path, found["sheet"], found["sheets"])
    if where := found["unsaved"]:
        others = ", or take another sheet with --sheet" if len(found["sheets"]) > 1 else ""
        raise DataError(
            f"{path} has a formula without its value in {where} of its sheet {found['sheet']!r}.",
            f"Open it in Excel or LibreOffice and save it there{others}.",
        )
    width = max(place + 1 for _, row in rows for place, cell in enumerate(row) if cell.strip())
    check_width(path, width)
    check_cells(path, width * len(rows))
    even = [(row + [""] * width)[:width] for _, row in rows]
    titles = checked_header(path, even[0]) if header else tuple(map(str, range(width)))
    notes: tuple[str, ...] = ()
    if not sheet and len(found["sheets"]) > 1:
        others = ", ".join(name for name in found["sheets"] if name != found["sheet"])
        notes = (
            f"The first sheet, {found['sheet']!r}, was read; the others are: {others} (--sheet NAME).",
        )
    notes += said_of_titles(above)
    lines = [line for line, _ in rows[header:]]
    columns = tuple(zip(*even[header:], strict=True))
    sheets = tuple(found["sheets"])
    return Table(path, titles, columns, lines, notes, whole=found["whole"], sheets=sheets, unit="row")


def _read(path: Path, sheet: str, first: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="genearena-") as folder:
        output = Path(folder) / "sheet.json"
        command = [sys.executable, "-I", "-c", _START, str(path.absolute()), sheet, str(output)]
        command += ["first"] if first else []
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise DataError(f"{path} takes far too long to open.", _HINT) from error
        if done.returncode or not output.exists():
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            reason = said[-1][:200].rstrip(".") if said and done.returncode == 1 else _GREEDY
            raise DataError(f"{path} is not a readable workbook: {reason}.", _HINT)
        if output.stat().st_size > MAX_BYTES:
            raise DataError(f"{path} holds more than {MAX_BYTES >> 20} MB.", "Give a smaller table.")
        content: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    return content


def main(path: str, sheet: str, output: str, first: str = "") -> None:
    """Write a sheet's cells as texts to `output`, with the names of all sheets; run in a child.

    With `first`, only those of the rows that are looked at before an import.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    from engine.files.unpickle import limit

    limit(_ENOUGH)
    try:
        with CalamineWorkbook.from_path(path) as book:
            names = book.sheet_names
            content: dict[str, Any] = {"sheets": names}
            if meant := _meant(sheet, names) if sheet else names[0]:
                content["sheet"] = meant
                found = book.get_sheet_by_name(content["sheet"])
                most = first_rows(found.total_width) if first else None
                rows = found.to_python(skip_empty_area=False, nrows=most)
                content["rows"] = [list(map(_text, row)) for row in rows]
                content["whole"] = most is None or found.total_height <= most
                content["unsaved"] = unsaved_formula(Path(path), names.index(content["sheet"]))
        Path(output).write_text(json.dumps(content), encoding="utf-8")
    except (CalamineError, OSError, ValueError, IndexError) as error:
        sys.exit(str(error).splitlines()[0] if str(error) else "it is damaged")
    except MemoryError:
        sys.exit(_GREEDY)


def _meant(sheet: str, names: Sequence[str]) -> str:
    """The sheet of that name, or the only one that differs from it in case or blanks; "" without one."""
    alike = [name for name in names if name.strip().casefold() == sheet.strip().casefold()]
    return sheet if sheet in names else alike[0] if len(alike) == 1 else ""


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, datetime.datetime) and not value.time():
        return value.date().isoformat()
    return str(value)
