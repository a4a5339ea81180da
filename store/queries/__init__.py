"""The questions the program asks the database: SQL files by name, and typed rows for the main ones."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Literal

from store.arm import Arm, Table
from store.controls import in_order, row_of
from store.sets import OWN, PAPER

if TYPE_CHECKING:
    import duckdb

Source = Literal["own", "paper", "rerun"]

_SOURCES: Final[Mapping[str, Source]] = {"paper": "paper", "rerun-2025-06": "rerun"}
_REFERENCE_SPLITS: Final = 10
_FEW: Final = 1000


@dataclass(frozen=True, slots=True)
class RankRow:
    """One model's line of a ranked table; the mappings go by task and lack the tasks it lacks."""

    model: str
    source: Source
    auc: Mapping[str, float]
    """Mean over the scored splits, rounded to 9 digits."""
    sd: Mapping[str, float]
    """Sample standard deviation over the scored splits, where there are two."""
    rank: Mapping[str, float]
    """Among the rows of its source; ties averaged."""
    n: Mapping[str, int]
    """Scored splits."""
    failed: Mapping[str, int]
    """Splits that failed; in no mean."""
    mean: float | None
    """Mean of the tasks' means; None unless every task of the table has one, and beside published numbers
    where the table leaves tasks of its set out."""
    mean_rank: float | None
    control: bool = False
    """A statistical control, which has no rank."""
    protocol: str = ""
    """What its numbers were scored with, where that is not the table's own protocol."""

    @property
    def contestant(self) -> bool:
        """Whether it is an own row that is ranked."""
        return self.source == "own" and not self.control


@dataclass(frozen=True, slots=True)
class Unlike:
    """What keeps own rows of one table from being compared as they stand; by name, empty if nothing."""

    texts: tuple[str, ...] = ()
    """Tasks that had other genes, labels or texts for some rows than for others."""
    splits: tuple[str, ...] = ()
    """Tasks on which some rows were scored on other splits than others, though on as many."""
    models: tuple[str, ...] = ()
    """Models whose row mixes revisions."""
    protocols: tuple[str, ...] = ()
    """The protocol, if its rows were computed by different revisions of it."""
    families: tuple[str, ...] = ()
    """What families of genes were told by, if rows were scored on splits by different ones."""


@dataclass(frozen=True, slots=True)
class Rankings:
    """A ranked table: contestants best first, then controls, then the paper's rows, then the rerun's."""

    table: Table
    tasks: tuple[str, ...]
    """Columns: the tasks of the set in its order; of `own` those with results, by name."""
    rows: tuple[RankRow, ...]
    expected: int
    """The largest number of splits that any cell of a contestant has, scored or failed; without
    contestants, of a control."""
    environments: int
    """How many environments the own rows come from; above 1, rows may differ for that alone."""
    unlike: Unlike = Unlike()
    older: tuple[str, ...] = ()
    """Models with results of other configurations too; that of the last run is shown."""
    conflicts: int = 0
    """Splits that gave another number when they were run again; the earliest is shown."""
    left_out: tuple[str, ...] = ()
    """Tasks of the set that are no columns here, and in no mean."""
    hidden: int = 0
    """Rows that are left out; the ranks of the others are among these, too."""

    @property
    def arm(self) -> Arm:
        """The arm that its numbers are of."""
        return self.table.arm


@dataclass(frozen=True, slots=True)
class Tested:
    """One split of a cell; without genes and scores if it failed."""

    model: str
    task: str
    seed: int
    labels: str
    """Which list of genes and labels the split was drawn from: with arm and seed, which split it is."""
    n_train: int | None
    n_test: int | None
    genes: list[str] | None
    """Test genes, in the task's order."""
    classes: list[int] | None
    score: list[float] | None
    """Of each gene the score of class 1; None with more than two classes."""
    scores: list[list[float]] | None
    """Of each gene the scores of all classes, where there are more than two."""
    control: bool = False
    """Whether the model is a statistical control."""


@dataclass(frozen=True, slots=True)
class DrawnFrom:
    """What the splits of some cells of one task are drawn from."""

    task: str
    models: list[str]
    genes: list[str]
    """Of the whole task, in its order."""
    labels: list[int]
    families: str | None
    """Which gene families the splits keep together; None if they keep none."""


@dataclass(frozen=True, slots=True)
class CellTime:
    """What fine-tuning one cell cost: minutes of wall time for ten splits, as in the paper's Table 7."""

    arm: Arm
    model: str
    task: str
    splits: int
    """Scored splits that the mean is over."""
    minutes: float
    load: float
    tokenise: float
    train: float
    eval: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What one model cost to embed with on one device; see the table `measurements`."""

    model: str
    revision: str
    precision: str
    device: str
    cpu: str
    texts: int
    ms_per_text: float
    parameters: int | None
    bytes_fp32: int | None
    bytes_fp16: int | None
    peak_memory: int | None
    measured_at: datetime


@functools.cache
def named(name: str) -> str:
    """The SQL of `store/queries/<name>.sql`."""
    return resources.files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")


def rankings(con: duckdb.DuckDBPyConnection, table: Table, references: bool = True) -> Rankings:
    """One ranked table, as the view `leaderboard` has it.

    Args:
        con: from `store.connect()`.
        table: which.
        references: put the published rows of the protocol beside the own ones, if set and splits are the
            paper's.

    Returns:
        The table; without any row it has no columns.
    """
    place = table.place
    own, controls = _own_rows(con, place)
    ranked = own or controls
    tasks = set_tasks(con, table.task_set) or sorted(set[str]().union(*(row.n for row in ranked)))
    as_published = table.task_set == PAPER and table.arm.scheme == "paper"
    published = _references(con, table.arm.protocol) if references and as_published else []
    return Rankings(
        table,
        tuple(tasks) if ranked or published else (),
        (*own, *controls, *published),
        max((row.n[task] + row.failed[task] for row in ranked for task in row.n), default=0),
        _environments(con, place) if ranked else 0,
        _unlike(con, place) if ranked else Unlike(),
        _older(con, place) if ranked else (),
        _conflicts(con, place) if ranked else 0,
    )


def tables(con: duckdb.DuckDBPyConnection) -> dict[Table, int]:
    """What there is to rank, the paper's way of each protocol first, with the units that have ended."""
    found = con.execute(named("tables")).fetchall()
    return {Table(Arm(*place), task_set): units for *place, task_set, units in found}


def members(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, ...]]:
    """Set -> its tasks by name; of `own` those with results."""
    found: dict[str, tuple[str, ...]] = {OWN: ()}
    for task_set, task in con.execute(named("members")).fetchall():
        found[task_set] = (*found.get(task_set, ()), task)
    return found


def cell(con: duckdb.DuckDBPyConnection, model: str, task: str, arm: Arm) -> list[dict[str, Any]]:
    """Every split of one cell of the ranked table, in the order of the seeds.

    Returns:
        For each split: model, seed, key, state, the six metrics, n_train, n_test, seconds (by phase),
        best_params, environment, notes, finished_at, and for a failed one its sentence.
    """
    place = {"model": model, "task": task, **asdict(arm)}
    cursor = con.execute(named("cell"), place)
    names = [column[0] for column in cursor.description or ()]
    splits = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for split in splits:
        split["best_params"] = json.loads(split["best_params"] or "{}")
        phases = split["seconds"] or {}
        split["seconds"] = {name: value for name, value in phases.items() if value is not None}
    return splits


def split_aucs(
    con: duckdb.DuckDBPyConnection, table: Table
) -> dict[tuple[str, str], dict[int, float | None]]:
    """(row, task) of own rows -> seed -> AUC of the split; None if it failed."""
    found: dict[tuple[str, str], dict[int, float | None]] = {}
    for row, task, seed, auc in con.execute(named("splits"), table.place).fetchall():
        found.setdefault((row, task), {})[seed] = auc
    return found


def set_tasks(con: duckdb.DuckDBPyConnection, task_set: str) -> list[str]:
    """The tasks of a set, in its order; none of `own`, which has no list."""
    return [task for (task,) in con.execute(named("set_tasks"), {"task_set": task_set}).fetchall()]


def tested(con: duckdb.DuckDBPyConnection, table: Table) -> Iterator[Tested]:
    """Every split behind one ranked table, with the scores of its test genes, by model, task and seed."""
    return itertools.starmap(Tested, con.execute(named("tested"), table.place).fetchall())


def drawn_from(con: duckdb.DuckDBPyConnection, table: Table) -> list[DrawnFrom]:
    """What the splits behind one ranked table are drawn from."""
    return list(itertools.starmap(DrawnFrom, con.execute(named("drawn_from"), table.place).fetchall()))


def saved_as(con: duckdb.DuckDBPyConnection, keys: Iterable[str]) -> list[tuple[str, str]]:
    """(model, task) as they were called when units of these keys were saved; a key holds no names."""
    return con.execute(named("saved_as"), {"keys": list(keys)}).fetchall()


def outcomes(con: duckdb.DuckDBPyConnection, keys: Iterable[str]) -> int:
    """How many of these units the database has a score or a failure of."""
    found: tuple[int] | None = con.execute(named("outcomes"), {"keys": list(keys)}).fetchone()
    return found[0] if found else 0


def cell_times(con: duckdb.DuckDBPyConnection) -> list[CellTime]:
    """The cost of every fine-tuned cell."""
    found = con.execute(named("times")).fetchall()
    return [
        CellTime(Arm(protocol, preset, text, scheme), *rest)
        for protocol, preset, text, scheme, *rest in found
    ]


def unit_times(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str, float]]:
    """(protocol, model, task, seconds that one of its units took on average)."""
    return con.execute(named("unit_times")).fetchall()


def measurements(con: duckdb.DuckDBPyConnection) -> list[Measured]:
    """Of each model, device and precision the measurement over the most texts."""
    return [Measured(*row) for row in con.execute(named("measurements")).fetchall()]


def _own_rows(
    con: duckdb.DuckDBPyConnection, place: Mapping[str, str]
) -> tuple[list[RankRow], list[RankRow]]:
    """The contestants of a ranked table, best first, and its controls in their order."""
    contestants: list[Sequence[Any]] = []
    controls: list[Sequence[Any]] = []
    drawn = False
    for model, control, *cell in _cells(con, place):
        if not control:
            contestants.append((model, *cell))
        elif row_of(model) == model:
            controls.append((model, *cell))
        else:
            drawn = True
    if drawn:
        controls += con.execute(named("draws"), place).fetchall()
    rows = [replace(row, control=True) for row in _rank_rows("own", controls)]
    return _rank_rows("own", contestants), sorted(rows, key=lambda row: in_order(row.model))


def _cells(con: duckdb.DuckDBPyConnection, place: Mapping[str, str]) -> Iterator[tuple[Any, ...]]:
    """The cells of a ranked table, in any order.

    Columns of numpy come twice as fast as rows, but importing it takes longer than a small table.
    """
    found = con.execute(named("rankings"), place)
    first = found.fetchmany(_FEW)
    yield from first
    if len(first) == _FEW:
        yield from zip(*(column.tolist() for column in found.fetchnumpy().values()), strict=True)


def _rank_rows(source: Source, cells: Iterable[Sequence[Any]]) -> list[RankRow]:
    """Rows, best first, from (model, task, auc, sd, rank, n, failed, mean, mean rank) in any order."""
    found: dict[str, tuple[dict[str, Any], ...]] = {}
    means: dict[str, tuple[float | None, float | None]] = {}
    for model, task, auc, sd, rank, n, failed, mean, mean_rank in cells:
        if model not in found:
            found[model] = {}, {}, {}, {}, {}
            means[model] = mean, mean_rank
        aucs, sds, ranks, ns, fails = found[model]
        if auc is not None:
            aucs[task] = auc
        if rank is not None:
            ranks[task] = rank
        if sd is not None:
            sds[task] = sd
        ns[task], fails[task] = n, failed
    rows = []
    for model, (aucs, sds, ranks, ns, fails) in found.items():
        rows.append(RankRow(model, source, aucs, sds, ranks, ns, fails, *means[model]))
    return sorted(rows, key=best_first)


def best_first(row: RankRow) -> tuple[bool, float, float, str]:
    """Sorts the rows of one source: by the mean, those without one last."""
    return row.mean is None, -(row.mean or 0.0), row.mean_rank or 0.0, row.model.casefold()


def _environments(con: duckdb.DuckDBPyConnection, place: Mapping[str, str]) -> int:
    """How many environments a table comes from; its scores are asked only if there may be two."""
    known = con.execute("SELECT count(*) FROM environments").fetchone()
    if known == (1,):
        return 1
    counted = con.execute(named("environments"), place).fetchone()
    return counted[0] if counted else 0


def _unlike(con: duckdb.DuckDBPyConnection, place: Mapping[str, str]) -> Unlike:
    """What keeps the rows of a table from being compared, as far as the file's last flush knew."""
    names: dict[str, list[str]] = {}
    for what, name in con.execute(named("mixed"), place).fetchall():
        names.setdefault(what, []).append(name)
    return Unlike(**{what: tuple(found) for what, found in names.items()})


def _older(con: duckdb.DuckDBPyConnection, place: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(model for (model,) in con.execute(named("older"), place).fetchall())


def disputed(con: duckdb.DuckDBPyConnection) -> int:
    """How many splits of all gave another number when they were run again."""
    [(number,)] = con.execute("SELECT count(DISTINCT key) FROM conflicts").fetchall()
    return int(number)


def _conflicts(con: duckdb.DuckDBPyConnection, place: Mapping[str, str]) -> int:
    """How many splits of a table are disputed; its units are asked only if any split is."""
    if not disputed(con):
        return 0
    counted = con.execute(named("disputed"), place).fetchone()
    return counted[0] if counted else 0


def _references(con: duckdb.DuckDBPyConnection, protocol: str) -> list[RankRow]:
    """The published rows of `protocol`."""
    found = con.execute(named("references"), {"protocol": protocol}).fetchall()
    means = {(source, model): (auc, rank) for source, model, task, auc, rank in found if task == "mean"}
    rows = []
    for published, source in _SOURCES.items():
        cells = [
            (model, task, auc, None, rank, _REFERENCE_SPLITS, 0) + means[published, model]
            for origin, model, task, auc, rank in found
            if origin == published and task != "mean"
        ]
        if cells:
            rows += _rank_rows(source, cells)
    return rows
