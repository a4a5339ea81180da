"""Files of gene sets (GMT of MSigDB, Enrichr and others): one set against another, or against the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.data.formats.choices import Choices
from engine.data.formats.gene_lists import from_lists
from engine.data.formats.raw import RawTask
from engine.data.genes.columns import Undecided, names_no_gene
from engine.files.outside import read_lines
from store.errors import DataError, UsageError

GMT: Final = ".gmt"
"""How the names of such files end."""
REST: Final = "rest"
"""The class of the genes that are in the file but not in the set."""
_SHOWN: Final = 8
"""Names of sets in a sentence."""


def read(path: Path, choices: Choices) -> RawTask:
    """The chosen sets as classes: two, or one against the rest; if the file holds but two, these.

    Raises:
        Undecided: no set was chosen among several.
        UsageError: more than two were chosen, or there is none of that name.
        DataError: unreadable, or not a file of sets.
    """
    sets = {
        name: [gene for gene in genes if not names_no_gene(gene, choices.symbols)]
        for name, genes in _read_sets(path).items()
    }
    chosen = choices.sets or (tuple(sets) if len(sets) == 2 else ())
    names = ", ".join(list(sets)[:_SHOWN]) + (", ..." if len(sets) > _SHOWN else "")
    if len(sets) == 1:
        raise DataError(
            f"{path} holds one gene set alone, {names}.",
            "Add another, or all other genes.",
        )
    if not chosen:
        what = "one against the rest of the file, or two against each other"
        raise Undecided(f"{path.name} holds {len(sets):,} gene sets; choose {what}", "set", tuple(sets))
    if len(chosen) > 2:
        raise UsageError("More than two gene sets are no task.", "Give --set once or twice.")
    for name in chosen:
        if name not in sets:
            raise UsageError(f"{path.name} has no gene set {name!r}.", f"There are: {names}.")
    if len(chosen) == 2:
        return from_lists(path, {name: sets[name] for name in chosen}, chosen[::-1] if choices.sets else ())
    inside = dict.fromkeys(sets[chosen[0]])
    everything = dict.fromkeys(gene for genes in sets.values() for gene in genes)
    rest = [gene for gene in everything if gene not in inside]
    return from_lists(path, {REST: rest, chosen[0]: list(inside)}, (REST, chosen[0]))


def _read_sets(path: Path) -> dict[str, list[str]]:
    """Name -> genes; each line has a name, a description, and genes, between tabs."""
    sets: dict[str, list[str]] = {}
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        name, _, *genes = (*map(str.strip, line.split("\t")), "")
        # Enrichr writes a weight behind each gene: SYMBOL,1.0.
        found = [gene.partition(",")[0] for gene in genes if gene]
        if not name or not found:
            raise DataError(
                f"{path} has no gene set on line {number}.",
                "Each line should hold a name, a description and the genes, between tabs.",
            )
        if name in sets:
            raise DataError(f"{path} has a second set named {name!r} on line {number}.", "Rename one.")
        sets[name] = found
    if not sets:
        raise DataError(f"{path} is empty.", "Each line should hold a name, a description and genes.")
    return sets
