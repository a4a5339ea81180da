"""Rows of a table in the order of one column, as `s` and a click on a head ask for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from tui.widgets.rows import Column, Row

_NUMBER: Final = re.compile(r"^[+\-−]?(\d[\d,]*)?\.?\d+")


def ordered(
    rows: Sequence[Row], columns: Sequence[Column], by: int, down: bool
) -> tuple[list[Row], list[Column]]:
    """Rows in the order of a column, numbers by value, and the columns with the mark on that one.

    What has no value comes last either way; rules between groups are left out.
    """
    plain = [row for row in rows if not row.heading]
    known = [row for row in plain if _key(row, by) is not None]
    unknown = [row for row in plain if _key(row, by) is None]
    known.sort(key=lambda row: _key(row, by) or (0, 0.0, ""), reverse=down)
    marked = [
        replace(column, sort=("▾" if down else "▴") if number == by else "")
        for number, column in enumerate(columns)
    ]
    return [*known, *unknown], marked


def _key(row: Row, by: int) -> tuple[int, float, str] | None:
    text = str(row.cells[by]).strip()
    if text in ("", "-", "·"):
        return None
    found = _NUMBER.match(text)
    if found is None:
        return 1, 0.0, text.casefold()
    return 0, float(found[0].replace("−", "-").replace(",", "")), text.casefold()
