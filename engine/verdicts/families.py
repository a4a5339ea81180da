"""How much of an AUC is family resemblance: random splits beside those that keep families apart.

Families that are larger than a test class are never tested when families are kept apart, so that the
test genes are of another kind, too. Hence a third number between the two: the same random splits,
judged by genes of the families that can be tested.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from engine.catalog.schemes import eligible
from engine.data.genes.families import Families, families_named
from engine.stats.intervals import Estimate
from engine.stats.scores import of_genes
from engine.verdicts.table import Judged, judged
from store.arm import Table
from store.errors import DataError
from store.home import Home

if TYPE_CHECKING:
    import duckdb

    from store.queries import DrawnFrom

GROUPED: Final = "grouped"
"""The scheme that keeps families apart."""


@dataclass(frozen=True)
class KeptApart:
    """A table of random splits beside the one of the same arm with families kept apart."""

    random: Judged
    """All test genes."""
    matched: Judged
    """Of the same fits, the test genes of families that can be tested when they are kept apart."""
    grouped: Judged
    """Other fits, which met no relative of a test gene."""
    families: tuple[str, ...]
    """What went for a family: `stem`, or HGNC's table by its digest."""
    trouble: str = ""
    """Why some cells of `matched` are missing; empty if none is."""

    def of_tasks(self, tasks: Collection[str]) -> KeptApart:
        """The same of these tasks only."""
        return replace(
            self,
            random=self.random.of_tasks(tasks),
            matched=self.matched.of_tasks(tasks),
            grouped=self.grouped.of_tasks(tasks),
        )

    def estimates(self, model: str, column: str) -> Mapping[str, Estimate | None]:
        """The three numbers of a model in a task or in the mean; None where there is none."""
        place = model, column
        return {
            "random": self.random.estimates.get(place),
            "matched": self.matched.estimates.get(place),
            "grouped": self.grouped.estimates.get(place),
        }

    @property
    def models(self) -> tuple[str, ...]:
        """Those that have both."""
        return tuple(model for model in self.random.models if model in self.grouped.models)


def grouped_table(table: Table) -> Table:
    """The table of the same arm with families kept apart."""
    return replace(table, arm=replace(table.arm, scheme=GROUPED))


def kept_apart(con: duckdb.DuckDBPyConnection, table: Table, home: Home) -> KeptApart | None:
    """A table of random splits beside the same with families kept apart; None if there is no such pair."""
    from store.queries import drawn_from, tables

    other = grouped_table(table)
    if table == other or other not in tables(con):
        return None
    random, grouped = judged(con, table), judged(con, other)
    names = {(model, of.task): of.families for of in drawn_from(con, other) for model in of.models}
    used = tuple(dict.fromkeys(filter(None, names.values())))
    try:
        known = {name: families_named(name, home) for name in used}
        families = {cell: known[name] for cell, name in names.items() if name}
        alike = matched(random, drawn_from(con, table), families)
    except DataError as error:
        return KeptApart(random, Judged((), random.tasks), grouped, used, str(error))
    return KeptApart(random, alike, grouped, used)


def matched(
    table: Judged, drawn: Iterable[DrawnFrom], families: Mapping[tuple[str, str], Families]
) -> Judged:
    """A table judged by the test genes of families that can be tested when families are kept apart.

    A split in which a class has no such gene drops out.

    Args:
        table: Of random splits.
        drawn: What these are drawn from.
        families: What goes for a family, by (model, task); cells without are left out.
    """
    found = []
    for of in drawn:
        tested: dict[str, frozenset[str]] = {}
        for cell in filter(None, (table.cells.get((model, of.task)) for model in of.models)):
            if apart := families.get((cell.model, cell.task)):
                if apart.name not in tested:
                    tested[apart.name] = eligible(of.genes, of.labels, apart.of)
                found.append(of_genes(cell, tested[apart.name]))
    return Judged(found, table.tasks)
