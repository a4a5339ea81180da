"""Formulas in a sheet of Excel whose values were not saved, as programs write them: they read as blanks."""

from __future__ import annotations

import lzma
import posixpath
import re
import zipfile
import zlib
from pathlib import Path
from typing import Final

_BOOK: Final = "xl/workbook.xml"
_LINKS: Final = "xl/_rels/workbook.xml.rels"
_BLOCK: Final = 1 << 20
_LONGEST: Final = 1 << 16
"""Bytes of one cell; Excel takes formulas of 8,192 characters."""
_SHEET: Final = re.compile(rb"<(?:\w+:)?sheet\s[^<>]*?\b\w+:id=\"([^\"]*)\"")
_LINK: Final = re.compile(rb"<(?:\w+:)?Relationship\s[^<>]*>")
_CELL: Final = re.compile(
    rb"<(?:\w+:)?c\b([^<>]*)>\s*"
    rb"<(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v\b[^<>]*>\s*</(?:\w+:)?v>)?\s*"
    rb"</(?:\w+:)?c>"
)
"""A cell of a formula without a value; of type `str`, the value is an empty text."""
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, LookupError, ValueError)


def unsaved_formula(path: Path, sheet: int) -> str:
    """Where the first formula without a saved value stands, as `cell B2`; "" where there is none.

    Args:
        path: A workbook that could be read; of others than `.xlsx` nothing is known.
        sheet: Which of its sheets, from 0.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _first(archive, _part(archive, sheet))
    except _DAMAGED:
        return ""


def _part(archive: zipfile.ZipFile, sheet: int) -> str:
    """The member that holds a sheet."""
    meant = _SHEET.findall(archive.read(_BOOK))[sheet]
    links = _LINK.findall(archive.read(_LINKS))
    targets = {_attribute(link, b"Id"): _attribute(link, b"Target") for link in links}
    return posixpath.normpath(posixpath.join("/xl", targets[meant].decode())).lstrip("/")


def _attribute(tag: bytes, name: bytes) -> bytes:
    found = re.search(rb"\s" + name + rb"=\"([^\"]*)\"", tag)
    return found[1] if found else b""


def _first(archive: zipfile.ZipFile, part: str) -> str:
    with archive.open(part) as stream:
        block = b""
        while more := stream.read(_BLOCK):
            block = block[-_LONGEST:] + more
            if b"<f" not in block and b":f" not in block:
                continue
            for cell in _CELL.finditer(block):
                if _attribute(cell[1], b"t") != b"str":
                    named = _attribute(cell[1], b"r").decode()
                    return f"cell {named}" if named else "a cell"
    return ""
