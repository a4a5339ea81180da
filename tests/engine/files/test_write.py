"""What is written is what the `csv` module would write, and reads back as it was."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.files.tables.write import _written, write_csv

CELLS = st.text("ab,\"'; \n\té", max_size=4)
ROWS = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=6)
)


@given(ROWS)
def test_rows_are_written_as_the_csv_module_writes_them(rows: list[list[str]]) -> None:
    expected = io.StringIO(newline="")
    csv.writer(expected, lineterminator="\n").writerows(rows)
    assert _written(rows) == expected.getvalue()


def test_more_rows_than_are_written_at_once_read_back_as_they_were(tmp_path: Path) -> None:
    rows = [(f"G{place}", "a, b" if place % 3 else "", "c\r\nd") for place in range(25_000)]
    write_csv(tmp_path / "x.csv", ("gene", "one", "two"), iter(rows))
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as stream:
        assert list(map(tuple, csv.reader(stream))) == [("gene", "one", "two"), *rows]


def test_a_table_without_rows_is_its_header(tmp_path: Path) -> None:
    write_csv(tmp_path / "x.csv", ("gene", "label"), ())
    assert (tmp_path / "x.csv").read_bytes() == b"gene,label\n"
