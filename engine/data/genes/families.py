"""Which genes are relatives: by HGNC's gene groups where its table is here, else by the stem of the symbol.

A model that has met FOXA1 in training knows much of FOXA2 by its name alone. Splits that keep families
apart (the scheme `grouped`) show what is left without that.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.data.genes.identifiers import HGNC, fetched
from engine.digests import sha256_of
from engine.files.tables import read_table
from store.errors import DataError
from store.home import Home

ZINC_FINGERS: Final = "C2H2-ZNF"
"""The one family whose symbols begin in many ways."""
_ZINC_FINGER: Final = re.compile("ZNF|ZFP|ZSCAN|ZKSCAN|ZBTB|ZIK|ZIM|ZXD|ZFX|ZFY")
_UNRELATED: Final = re.compile(r"ENS[A-Z]*[GTP]\d|LOC\d|LINC\d|C(?:\d+|X|Y)orf\d", re.IGNORECASE)
"""Ids, and symbols of genes of which nothing is known: alike in form, but not related."""
_LEAST: Final = 4
"""Letters of a stem that may be a smaller family's within a larger (HOXA within HOX)."""


@dataclass(frozen=True, slots=True)
class Families:
    """A way to tell the families of genes."""

    name: str
    """Part of the key of every unit whose split depends on it."""
    of: Callable[[Sequence[str]], Sequence[str]]
    """The genes of a task, by symbol -> the family of each; no other task has a say in it."""


def stems(symbols: Sequence[str]) -> list[str]:
    """The family of each symbol by what it begins with.

    All C2H2 zinc fingers are one. Of the others it is the letters before the first digit; less the last
    of four or more where another of `symbols` has the same but for that letter: HOXA and HOXB are HOX.
    An id, or a symbol without such letters, is a family of its own.
    """
    first = [_stem(symbol) for symbol in symbols]
    alike: dict[str, set[str]] = {}
    for stem in filter(None, first):
        alike.setdefault(stem[:-1], set()).add(stem)

    def family(symbol: str, stem: str) -> str:
        shorter = stem[:-1]
        if _ZINC_FINGER.match(stem):
            return ZINC_FINGERS
        if len(stem) >= _LEAST and (shorter in alike.get(shorter[:-1], ()) or len(alike[shorter]) > 1):
            return shorter
        return stem or symbol

    return [family(symbol, stem) for symbol, stem in zip(symbols, first, strict=True)]


def _stem(symbol: str) -> str:
    """The letters before the first digit; empty if they say nothing."""
    return "" if _UNRELATED.match(symbol) else re.split(r"\d", symbol, maxsplit=1)[0].upper()


def components(symbols: Sequence[str], groups: Mapping[str, Sequence[int]]) -> list[str]:
    """The family of each symbol by groups: who shares one is related, and so is who is related to both.

    Args:
        symbols: The genes of a task. Nobody else relates two of them.
        groups: Symbol -> the numbers of its groups.

    Returns:
        Families by the least of their groups' numbers. A gene in no group is a relative of those whose
        symbol has the same stem (`stems`), whatever groups these are in.
    """
    by_stem = [(True, 0, stem) for stem in stems(symbols)]
    linked: list[list[_Node]] = [
        [(False, number, "") for number in groups.get(symbol, ())] or [stem]
        for symbol, stem in zip(symbols, by_stem, strict=True)
    ]
    loose = {nodes[0] for nodes in linked if nodes[0][0]}
    root: dict[_Node, _Node] = {}

    def find(node: _Node) -> _Node:
        while (above := root.setdefault(node, node)) != node:
            root[node] = root[above]
            node = root[node]
        return node

    for nodes, stem in zip(linked, by_stem, strict=True):
        for other in [*nodes[1:], *({stem} & loose)]:
            # The least is the root, so that a family is called the same whatever the order.
            low, high = sorted((find(nodes[0]), find(other)))
            root[high] = low
    found = (find(nodes[0]) for nodes in linked)
    return [stem if of_stem else f"group {number}" for of_stem, number, stem in found]


_Node = tuple[bool, int, str]
"""A group by its number, or a stem, which sorts behind."""

STEMS: Final = Families("stem", stems)


def families_here(home: Home) -> Families:
    """The families that splits of this home go by: HGNC's, if `genearena fetch hgnc` was here, else stems.

    Raises:
        DataError: HGNC's table is damaged; only when families are asked of it.
    """
    path = fetched(home, HGNC)
    if path is None:
        return STEMS
    digest = _digest(path, path.stat().st_mtime_ns)
    return Families(f"hgnc {digest[:12]}", lambda symbols: components(symbols, _groups(path, digest)))


def families_named(name: str, home: Home) -> Families:
    """The families that a unit's split goes by.

    Raises:
        DataError: they came from a table of HGNC that is not here, or no longer.
    """
    if name == STEMS.name:
        return STEMS
    here = families_here(home)
    if here.name != name:
        raise DataError(
            f"These splits go by the gene families {name}, but those of this home are {here.name}.",
            "Run the scheme grouped again, for splits by the families that are here.",
        )
    return here


@functools.lru_cache(maxsize=4)
def _digest(path: Path, modified: int) -> str:
    return sha256_of(path)


@functools.lru_cache(maxsize=1)
def _groups(path: Path, digest: str) -> dict[str, tuple[int, ...]]:
    """Symbol -> numbers of its gene groups, of HGNC's approved genes; of previous symbols where unused.

    Raises:
        DataError: unreadable, a column is missing, or a group is not a number.
    """
    table = read_table(path, delimiter="\t")
    columns = (table.column(name) for name in ("symbol", "status", "gene_group_id", "prev_symbol"))
    symbol, status, group, before = columns
    rows = [row for row in table.rows if row[status] == "Approved"]
    try:
        found = {row[symbol]: tuple(map(int, _parts(row[group]))) for row in rows}
    except ValueError as error:
        raise DataError(f"{path} has a gene group that is not a number.", "Fetch it again.") from error
    for row in rows:
        for old in _parts(row[before]):
            found.setdefault(old, found[row[symbol]])
    return found


def _parts(field: str) -> list[str]:
    return [part for part in field.split("|") if part]
