"""How identifiers of genes are written: ids with versions and prefixes, several in one, and dates."""

from __future__ import annotations

import re
from typing import Final

_ENSEMBL: Final = r"ENSG\d{11}(?:\.\d+)?(?:_\d+)?(?:_PAR_Y)?"
"""With a version, GENCODE's number of a mapping back to GRCh37, and its mark of a copy on Y."""
_ENSEMBL_ID: Final = re.compile(rf"(?:Ensembl:)?({_ENSEMBL})", re.IGNORECASE)
_NCBI_ID: Final = re.compile(
    r"(?:(?:NCBI|NCBI ?Gene|GeneID|Entrez|EntrezGene):)?([1-9]\d{0,11})(?:\.0)?", re.IGNORECASE
)
"""Also `2625.0`, as a column of numbers with a gap in it is written."""
_HGNC_ID: Final = re.compile(r"(?:HGNC:){1,2}(\d{1,6})", re.IGNORECASE)
_PAIR: Final = re.compile(
    rf"(?P<a>\S+) \((?P<b>[^()\s]+)\)|(?P<c>{_ENSEMBL})_(?P<d>\S+)|(?P<e>\S+?)_(?P<f>{_ENSEMBL})",
    re.IGNORECASE,
)
"""`TP53 (7157)` as DepMap has it, `ENSG00000141510_TP53` and `TP53_ENSG00000141510`."""
_NOTHING: Final = frozenset(("", "?", "-", "na", "n/a", "nan", "none", "null", "unknown"))
"""What stands in a compound id in place of a part that is not known, in lower case."""

_MONTHS: Final = (
    "feb|fev|fév|févr|mar|mars|mär|märz|mrz|mrt|march|apr|avr|abr|may|mai|mag|"
    "sep|sept|set|oct|okt|ott|out|nov|dec|dez|déc|dic"
)
"""Of the months that symbols begin with (FEB1, MARCH1, APR-1, SEPT2, OCT4, NOV, DEC1), the abbreviations
of English, French, German, Dutch, Italian, Spanish and Portuguese spreadsheets."""
_DAY: Final = r"\d{1,2}"
_YEAR: Final = r"(?:\d\d|(?:19|20)\d\d)"
_DATE: Final = re.compile(
    rf"{_DAY}\.?[-/ .](?:{_MONTHS})\.?(?:[-/ .]{_YEAR})?"  # 2-Mrz, 1-mar, 2. Sept, 02/mar/2023
    rf"|(?:{_MONTHS})\.?[-/ .](?:{_DAY}|{_YEAR})"  # Sept-2, Mar-01
    rf"|{_DAY}([-/.]){_DAY}\1{_YEAR}"  # 9/2/2023, 02.09.2023
    rf"|(?:19|20)\d\d([-/.]){_DAY}\2{_DAY}(?:[ T]00:00:00(?:\.0+)?)?",  # 2023-03-01 00:00:00
    re.IGNORECASE,
)


INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
"""Characters that web pages and spreadsheets leave in a text and nobody sees."""


def visible(text: str) -> str:
    """`text` without invisible characters, and without blanks around it."""
    return text.strip() if text.isascii() else INVISIBLE.sub("", text).strip()


def ensembl_id(text: str) -> str:
    """The Ensembl id of a human gene, as Ensembl writes it and without version; "" if `text` is none."""
    found = _ENSEMBL_ID.fullmatch(text)
    return found[1][:15].upper() if found else ""


def ncbi_id(text: str) -> str:
    """NCBI's number of a gene; "" if `text` is none."""
    found = _NCBI_ID.fullmatch(text)
    return found[1] if found else ""


def hgnc_id(text: str) -> str:
    """HGNC's id, such as HGNC:11998; "" if `text` is none."""
    found = _HGNC_ID.fullmatch(text)
    return f"HGNC:{found[1]}" if found else ""


def parts(text: str) -> tuple[str, ...]:
    """The parts of an id made of several, such as `TP53|7157`; none if `text` is not made so.

    A part that only says that something is not known is left out.
    """
    if text.isalnum():
        return ()  # as most names are, which saves a search in each
    if "|" in text:
        found = text.split("|")
    elif pair := _PAIR.fullmatch(text):
        found = [part for part in pair.groups() if part is not None]
    else:
        return ()
    return tuple(part.strip() for part in found if part.strip().casefold() not in _NOTHING)


def is_date(text: str) -> bool:
    """Whether `text` is a date, as spreadsheets make of symbols such as MARCH1 and SEPT2."""
    return not text.isalnum() and _DATE.fullmatch(text) is not None
