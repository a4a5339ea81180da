"""What the title of a column tells of it: a gene, one of many dimensions, or a number of another kind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from engine.files.tables.titles import GENE_TITLES

NAME_TITLES: Final = (*GENE_TITLES, "target", "word", "varnames")
"""Titles of the column that names the gene, or the word, as `plain` has them."""
_NUMBERED: Final = re.compile(r"(.*?)(\d+)(?:\.0)?\]?")
_INDEX: Final = (
    r"|x|unnamed_\d+(_\d+)?|index(_level_\d+)?|level_\d+|idx|rank|order|no|nr"
    r"|rows?(_?(id|nr|no|num|number|index|names?))?"
)
_LABEL: Final = r"labels?|class(es)?|y|outcomes?|category|split|fold|cluster|group"
_POSITION: Final = (
    r"chr|chrom(osome)?(_name)?|seq_?names?|contig|(.*_)?(start|end|stop|strand|pos|position)|tss|year"
)
_IDENTIFIER: Final = (
    r"(.*_)?ids?|(gene|tax|symbol)id|(.*_)?(entrez|ncbi|hgnc|omim|pmid|uniprot)(_.*)?|taxon"
)
_COUNT: Final = r"n|(n|num|number)_.*|(.*_)?(counts?|length|len|size|total|tokens|words|characters)"
COUNT: Final = "a count"
ROW_NUMBER: Final = "a row number"
_ROLES: Final = (
    (_INDEX, ROW_NUMBER),
    (_LABEL, "a label"),
    (_POSITION, "a position"),
    (_IDENTIFIER, "an identifier"),
    (_COUNT, COUNT),
)
"""What a column of whole numbers is, by its title in small letters with `_` between words."""
BLANK: Final = frozenset({"", "x", "index", "unnamed0", "indexlevel0", "level0", "rownames"})


def share_a_stem(titles: Sequence[str]) -> bool:
    """Whether most of these are one beginning with different numbers, as dimensions are called."""
    return 2 * len(numbered(dict(enumerate(titles)))) > len(titles)


def numbered(titles: dict[int, str]) -> list[int]:
    """The places whose titles share their beginning with another and end in a number of their own."""
    found = {place: _NUMBERED.fullmatch(title.strip()) for place, title in titles.items()}
    stems = {place: match[1].casefold() for place, match in found.items() if match}
    usual = Counter(stems.values())
    return [place for place, stem in stems.items() if usual[stem] > 1]


def role_of(title: str) -> str:
    """What a column of whole numbers is by its title; empty if that says nothing."""
    words = re.sub(r"[^a-z0-9]+", "_", title.casefold()).strip("_")
    return next((role for pattern, role in _ROLES if re.fullmatch(pattern, words)), "")
