"""Sheets of Excel and LibreOffice as tables, and workbooks that are not what they claim."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from engine.data.formats.detect import read_raw
from engine.files.tables import read_table
from store.errors import DataError, UsageError

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def write_xlsx(path: Path, **sheets: str) -> Path:
    """A workbook of sheets that are given as the XML of their rows."""
    names = list(sheets)
    book = "".join(f'<sheet name="{n}" sheetId="{i}" r:id="r{i}"/>' for i, n in enumerate(names, 1))
    links = "".join(
        f'<Relationship Id="r{i}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i, _ in enumerate(names, 1)
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r1" '
            f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{book}</sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_PACKAGE}">{links}</Relationships>'
        )
        for i, rows in enumerate(sheets.values(), 1):
            archive.writestr(
                f"xl/worksheets/sheet{i}.xml",
                f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>',
            )
    return path


def rows_of(*rows: tuple[object, ...]) -> str:
    """The XML of rows of texts and numbers."""
    return "".join(
        f'<row r="{line}">{"".join(map(_cell, (f"{chr(65 + n)}{line}" for n in range(99)), row))}</row>'
        for line, row in enumerate(rows, 1)
    )


def _cell(place: str, value: object) -> str:
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'


def test_the_first_sheet_is_taken_and_said(tmp_path: Path) -> None:
    rows = rows_of(("gene", "label"), ("TP53", 1), ("MYC", 0.5))
    path = write_xlsx(tmp_path / "x.xlsx", labels=rows, notes=rows_of(("a",), ("b",)))
    table = read_table(path)
    assert (table.header, table.rows) == (("gene", "label"), (("TP53", "1"), ("MYC", "0.5")))
    assert table.notes == ("The first sheet, 'labels', was read; the others are: notes (--sheet NAME).",)
    assert list(table.lines) == [2, 3]
    assert read_table(path, sheet="notes").rows == (("b",),)
    with pytest.raises(UsageError, match="no sheet 'other'"):
        read_table(path, sheet="other")


def test_a_sheet_is_named_in_any_case_where_one_alone_is_called_so(tmp_path: Path) -> None:
    first, second = rows_of(("a",), ("1",)), rows_of(("b",), ("2",))
    path = write_xlsx(tmp_path / "x.xlsx", about=first, Labels=second)
    for name in ("Labels", "labels", " LABELS "):
        assert read_table(path, sheet=name).rows == (("2",),)
    both = write_xlsx(tmp_path / "both.xlsx", labels=first, Labels=second)
    assert read_table(both, sheet="Labels").rows == (("2",),)
    with pytest.raises(UsageError, match="no sheet 'LABELS'") as refused:
        read_table(both, sheet="LABELS")
    assert refused.value.hint == "Its sheets are: labels, Labels."


def test_a_title_above_the_header_is_left_out_and_said(tmp_path: Path) -> None:
    titled = rows_of(("Table S1. Genes",), ("",), ("gene", "label"), ("TP53", "up"))
    text = tmp_path / "x.tsv"
    text.write_text("Table S1. Genes\n\ngene\tlabel\nTP53\tup\n")
    for path in (write_xlsx(tmp_path / "x.xlsx", one=titled), text):
        table = read_table(path)
        assert (table.header, table.rows) == (("gene", "label"), (("TP53", "up"),))
        assert table.notes == ("What stands above the header was left out: Table S1. Genes.",)
        assert list(table.lines) == [4]


def test_a_refusal_of_the_first_sheet_names_the_others(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "x.xlsx", about=rows_of(("a",), ("b",)), data=rows_of(("c",), ("d",)))
    with pytest.raises(DataError, match="one column, 'a'") as refused:
        read_raw(path)
    assert "the others are: data (--sheet NAME)" in refused.value.hint


def test_a_workbook_is_known_whatever_its_name(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "x.csv", one=rows_of(("gene", "label"), ("TP53", "up")))
    assert read_table(path).rows == (("TP53", "up"),)


def test_a_cell_in_the_last_corner_takes_no_memory_of_ours(tmp_path: Path) -> None:
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    path = write_xlsx(tmp_path / "x.xlsx", one=far)
    with pytest.raises(DataError, match="needs too much memory"):
        read_table(path)


@pytest.mark.parametrize("content", [b"", bytes(999)])
def test_a_damaged_workbook_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + content)
    with pytest.raises(DataError, match="not a readable workbook"):
        read_table(path)


NO_VALUE = ["", "<v></v>", "<v/>", "<v> </v>"]


def with_formula(cell: str) -> str:
    """The XML of a sheet with `cell`, a formula's, in B3."""
    return rows_of(("gene", "label"), ("TP53", "up"), ("MYC", "HERE")).replace(_cell("B3", "HERE"), cell)


@pytest.mark.parametrize("value", NO_VALUE)
def test_a_formula_whose_value_was_not_saved_is_no_blank(value: str, tmp_path: Path) -> None:
    cell = f'<c r="B3"><f>IF(A2&gt;"A","up","down")</f>{value}</c>'
    path = write_xlsx(tmp_path / "x.xlsx", plain=rows_of(("gene",), ("TP53",)), made=with_formula(cell))
    assert read_table(path).rows == (("TP53",),)
    with pytest.raises(
        DataError, match="formula without its value in cell B3 of its sheet 'made'"
    ) as raised:
        read_table(path, sheet="made")
    assert raised.value.hint.endswith("save it there, or take another sheet with --sheet.")


@pytest.mark.parametrize("before", [25, 500, -500])
def test_a_formula_is_found_where_blocks_of_a_large_sheet_meet(before: int, tmp_path: Path) -> None:
    rows = rows_of(*((f"G{n}", n) for n in range(20_000)))
    end = (1 << 20) - before - len(f'<worksheet xmlns="{_MAIN}"><sheetData>')
    place = rows.rindex("<row", 0, end)
    assert end < len(rows)
    cell = f'{" " * (end - place)}<row><c r="B9"><f>A1</f></c></row>'
    with pytest.raises(DataError, match="in cell B9 of"):
        read_table(write_xlsx(tmp_path / "x.xlsx", made=rows[:place] + cell + rows[place:]))


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ('<c r="B3" t="str"><f>UPPER("up")</f><v>UP</v></c>', "UP"),
        ('<c r="B3" t="str"><f>""</f><v></v></c>', ""),
        ('<c r="B3"><f t="shared" si="0"/><v>2</v></c>', "2"),
    ],
)
def test_a_formula_with_its_value_is_the_value(cell: str, read: str, tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "x.xlsx", made=with_formula(cell))
    assert read_table(path).rows == (("TP53", "up"), ("MYC", read))
