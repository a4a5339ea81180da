"""What the screens read from the store of one home: rankings, cells, sides, genes, and whatever SQL asks.

Every method may block; nothing heavy is imported before the method that needs it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from store.controls import ROWS, row_of
from tui.questions.opened import OpenedHome
from tui.questions.sql import SqlDesk, SqlTable, sql_tables

if TYPE_CHECKING:
    from pathlib import Path

    from engine.cancel import Cancel
    from engine.data.tasks.sets import Sets
    from engine.verdicts.table import Judged
    from store.arm import Table
    from store.home import Home
    from store.queries import Measured, Rankings
    from store.records import Task
    from tui.questions.cells import CellDetail, CellWorth, Place, Side
    from tui.questions.genelist import Contestant, GeneList
    from tui.questions.genes import GeneDetail, GeneRow
    from tui.questions.maps import GeneMap, Mapped
    from tui.questions.nearest import Neighbour
    from tui.ranked.among import Among
    from tui.ranked.comparison import Told
    from tui.ranked.standings import Standing

SplitAucs = Mapping[tuple[str, str], Mapping[int, float | None]]
"""(row, task) -> seed -> AUC of that split; None if it failed."""
JUDGED: Final = 4
"""Tables whose scores are kept at hand."""


@dataclass(frozen=True, slots=True)
class Past:
    """What past units of a store cost."""

    seconds: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Median of a unit by (model, protocol)."""
    unit_bytes: float | None = None
    """On disk, of a unit on average; None before the first."""
    text_seconds: Mapping[str, float] = field(default_factory=dict)
    """Of embedding a text, by model: the slowest way it was ever used here."""
    cores: int = 1
    """That classify at once."""


class SavedResults(OpenedHome):
    """The store of one home, as the screens see it."""

    def __init__(self, home: Home, readonly: bool = False) -> None:
        super().__init__(home, readonly)
        self._tasks: tuple[Task, ...] = ()
        self._judged: dict[Table, tuple[int, Judged]] = {}
        """The tables judged last, each with the database's time when it was read."""
        self._judging = threading.Lock()
        """Protects `_judged`."""
        self._classes: dict[str, tuple[int, int]] = {}
        """Task -> its genes of class 1, and the others."""
        self.desk = SqlDesk(home)
        """Where SQL is asked."""

    def tables(self) -> dict[Table, int]:
        """The ranked tables that have results here, each with its number of units."""
        from store.queries import tables

        with self._reading() as con:
            return tables(con) if con else {}

    def rankings(self, table: Table, references: bool = True) -> Rankings:
        """One ranked table, with the published rows beside it if it is of the paper's tasks."""
        from engine.verdicts.controls import with_controls
        from store.queries import Rankings

        with self._reading() as con:
            if con is None:
                return Rankings(table, (), (), 0, 0)
            return with_controls(con, table, references)

    def judged(self, table: Table) -> Judged:
        """What the scores of one ranked table can tell; asked again of the same scores, it is at hand.

        Raises:
            DataError: a gene stands twice in one class of a test set.
        """
        from engine.verdicts.table import Judged, judged

        # One at a time: who waits for the same table finds it judged.
        with self._judging, self._reading() as con:
            if con is None:
                return Judged(())
            stamp = self.home.database.stat().st_mtime_ns
            before = self._judged.pop(table, None)
            found = before[1] if before and before[0] == stamp else judged(con, table)
        self._judged[table] = stamp, found
        for oldest in list(self._judged)[:-JUDGED]:
            self._judged.pop(oldest, None)
        return found

    def kept_apart(self, standing: Standing) -> Standing:
        """The same with what its rows do when families of genes are kept apart, if that was run."""
        from engine.verdicts.families import kept_apart

        with self._reading() as con:
            return replace(
                standing, apart=kept_apart(con, standing.table.table, self.home) if con else None
            )

    def printed(self, table: Rankings, column: str) -> str:
        """What the published rows of a table can tell apart in one column; empty if there are not two."""
        from engine.verdicts.published import class_counts, told_apart

        for task in table.tasks:
            if task not in self._classes:
                self._classes[task] = class_counts(task, self.home)
        return told_apart(table, self._classes, column)

    def task_sets(self) -> Sets:
        """The sets of tasks there are; see `engine.data.tasks.sets`."""
        from engine.data.tasks.sets import sets_with

        with self._lock:
            defined = self._open().task_sets()
        return sets_with(self.home, defined)

    def split_aucs(self, table: Table) -> SplitAucs:
        """The AUC of every split of the own rows of a table, controls that it borrows included."""
        from engine.verdicts.controls import borrowed
        from store.queries import split_aucs

        with self._reading() as con:
            if con is None:
                return {}
            other = borrowed(table)
            beside = split_aucs(con, other) if other else {}
            own = split_aucs(con, table)
            return {place: aucs for place, aucs in beside.items() if row_of(place[0]) in ROWS} | own

    def cell_detail(self, place: Place) -> CellDetail | None:
        """One cell in full; None while nothing was ever saved here."""
        from tui.questions.cells import cell_detail

        with self._reading() as con:
            return cell_detail(con, place) if con else None

    def cell_worth(self, place: Place) -> CellWorth:
        """What one cell is worth; nothing is said while nothing was ever saved here."""
        from tui.questions.cells import CellWorth, cell_worth

        with self._reading() as con:
            return cell_worth(con, place) if con else CellWorth(())

    def sides(self) -> list[Side]:
        """Everything that can be compared."""
        from tui.questions.cells import sides

        with self._reading() as con:
            return sides(con) if con else []

    def contrast(self, first: Side, second: Side) -> Told | None:
        """Two sides compared; None while nothing was ever saved here."""
        from tui.questions.cells import contrast

        with self._reading() as con:
            return contrast(con, self.home, first, second) if con else None

    def among(self, table: Table, rows: Sequence[str] = ()) -> Among:
        """Rows of one ranked table against each other, all unless some are named.

        Raises:
            DataError: a gene stands twice in one class of a test set.
        """
        from tui.ranked.among import among

        return among(self.judged(table), rows)

    def genes(self) -> list[GeneRow]:
        """Every gene of every task, run or not, the worst told apart first."""
        from tui.questions.genes import chosen_from, genes

        self._tasks = tuple(chosen_from(self.home))
        with self._reading() as con:
            return genes(con, self._tasks)

    def gene_detail(self, gene: str) -> GeneDetail:
        """Labels, texts and test scores of one gene, in the tasks that `genes` read last."""
        from tui.questions.genes import gene_detail

        with self._reading() as con:
            return gene_detail(con, gene, self._tasks)

    def neighbours(self, gene: str, model: str = "") -> tuple[str, list[Neighbour], str]:
        """The genes nearest to `gene` by `model` if it has embedded it, else by who has most results.

        Returns:
            The model and how it was used, the nearest genes, and why there are none.
        """
        from tui.questions.genes import embedded_genes
        from tui.questions.nearest import neighbours

        with self._reading() as con:
            embedded = embedded_genes(con, gene, model) if con else None
        return neighbours(gene, embedded, self.home)

    def contestants(self) -> list[Contestant]:
        """Whose tests of genes there are, by task."""
        from tui.questions.genelist import contestants

        with self._reading() as con:
            return contestants(con) if con else []

    def gene_list(self, of: Contestant) -> GeneList | None:
        """A task's genes as one contestant tells them; None while nothing was ever saved here."""
        from tui.questions.genelist import gene_list

        with self._reading() as con:
            return gene_list(con, self.home, of) if con else None

    def maps(self, task: str) -> list[Mapped]:
        """What a map of a task's genes can be of, the one with most results first."""
        from tui.questions.maps import mapped

        with self._reading() as con:
            return mapped(con, task) if con else []

    def gene_map(
        self, wanted: Mapped, method: str = "pca", protocol: str = "", cancel: Cancel | None = None
    ) -> GeneMap | None:
        """The map of a task's genes; None while nothing was ever saved here. See `tui.questions.maps`."""
        from tui.questions.maps import gene_map

        with self._reading() as con:
            return gene_map(con, self.home, wanted, method, protocol, cancel) if con else None

    def failure(self, key: str) -> Mapping[str, str]:
        """The last failure of a unit: sentence, traceback, error; empty if it never failed."""
        query = """
            select sentence, traceback, error from failures where key = ? order by attempt desc limit 1"""
        with self._reading() as con:
            row = con.execute(query, [key]).fetchone() if con else None
        return dict(zip(("sentence", "traceback", "error"), row, strict=True)) if row else {}

    def export(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], path: str) -> Path:
        """Write a table in the format that the file's ending names; the file.

        Raises:
            UsageError: the ending names no format, or the file is one of the home's own.
            DataError: the file cannot be written.
        """
        from store.export import export_table

        return export_table(columns, rows, path, home=self.home, streams=False).absolute()

    def sql_tables(self) -> dict[str, SqlTable]:
        """Tables and views, each with its columns; tables with their rows too: counting costs nothing."""
        with self._reading() as con:
            return sql_tables(con) if con else {}

    def past(self) -> Past:
        """What units cost here so far, by which those to run are judged."""
        from engine.environment import usable_cores
        from store.records import PHASES

        phases = ", ".join(f"seconds['{phase}']" for phase in PHASES)
        pace = f"select model, protocol, median(list_sum([{phases}])) from scores group by all"
        with self._reading() as con:
            if con is None:
                return Past()
            seconds = {(model, protocol): value for model, protocol, value in con.execute(pace).fetchall()}
            units = con.execute("select count(*) from units").fetchone()
            texts = con.execute("select model, max(ms_per_text) / 1000 from measurements group by all")
            paces = dict(texts.fetchall())
        # What units add to the database is less than their journal: 0.3 MB beside 0.6 for 170 units.
        kept = 2 * sum(path.stat().st_size for path in self.home.journals.glob("*.jsonl"))
        known = {kind: value for kind, value in seconds.items() if value is not None}
        return Past(known, kept / units[0] if units and units[0] else None, paces, usable_cores())

    def measured(self, model: str) -> list[Measured]:
        """What embedding with a model of the catalog cost, as it is pinned now."""
        from engine.catalog.models import find_model
        from store.queries import measurements

        revision = find_model(model, self.home).revision
        with self._reading() as con:
            found = measurements(con) if con else []
        return [one for one in found if (one.model, one.revision) == (model, revision)]
