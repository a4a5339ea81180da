"""The questions the program asks the database: SQL files by name, and typed rows for the main ones."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Literal

from store.arm import Arm
from store.reference import PAPER_TASKS

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
    """Mean of the tasks' means; None unless every task of the table has one."""
    mean_rank: float | None


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


@dataclass(frozen=True, slots=True)
class Rankings:
    """A ranked table: own rows best first, then the paper's, then the rerun's."""

    arm: Arm
    tasks: tuple[str, ...]
    """Columns: the paper's tasks in its order, then the others by name."""
    rows: tuple[RankRow, ...]
    expected: int
    """The largest number of splits that any own cell has, scored or failed."""
    environments: int
    """How many environments the own rows come from; above 1, rows may differ for that alone."""
    unlike: Unlike = Unlike()
    older: tuple[str, ...] = ()
    """Models with results of other configurations too; that of the last run is shown."""
    conflicts: int = 0
    """Splits that gave another number when they were run again; the earliest is shown."""


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


def rankings(
    con: duckdb.DuckDBPyConnection,
    arm: Arm,
    references: bool = True,
) -> Rankings:
    """The ranked table of one arm, as the view `leaderboard` has it.

    Args:
        con: from `store.connect()`.
        arm: which table.
        references: put the published rows of the protocol beside the own ones of its scheme, the paper's.

    Returns:
        The table; without own results its columns are those of the references.
    """
    place = asdict(arm)
    own = _rank_rows("own", _cells(con, place))
    seen = set[str]().union(*(row.n for row in own))
    tasks = (
        *(task for task in PAPER_TASKS if task in seen or not own),
        *sorted(seen.difference(PAPER_TASKS)),
    )
    # What was published is of the paper's splits.
    published = _references(con, arm.protocol, tasks) if references and arm.scheme == "paper" else []
    return Rankings(
        arm,
        tasks if own or published else (),
        (*own, *published),
        max((row.n[task] + row.failed[task] for row in own for task in row.n), default=0),
        _environments(con, place) if own else 0,
        _unlike(con, place) if own else Unlike(),
        _older(con, place) if own else (),
        _conflicts(con, place) if own else 0,
    )


def arms(con: duckdb.DuckDBPyConnection) -> dict[Arm, int]:
    """What there is to rank, the paper's way of each protocol first, with the units that have ended."""
    return {Arm(*place): units for *place, units in con.execute(named("arms")).fetchall()}


def cell(con: duckdb.DuckDBPyConnection, model: str, task: str, arm: Arm) -> list[dict[str, Any]]:
    """Every split of one cell of the ranked table, in the order of the seeds.

    Returns:
        For each split: seed, key, state, the six metrics, n_train, n_test, seconds (by phase),
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


def saved_as(con: duckdb.DuckDBPyConnection, keys: Iterable[str]) -> list[tuple[str, str]]:
    """(model, task) as they were called when units of these keys were saved; a key holds no names."""
    return con.execute(named("saved_as"), {"keys": list(keys)}).fetchall()


def cell_times(con: duckdb.DuckDBPyConnection) -> list[CellTime]:
    """The cost of every fine-tuned cell."""
    found = con.execute(named("times")).fetchall()
    return [
        CellTime(Arm(protocol, preset, text, scheme), *rest)
        for protocol, preset, text, scheme, *rest in found
    ]


def measurements(con: duckdb.DuckDBPyConnection) -> list[Measured]:
    """Of each model, device and precision the measurement over the most texts."""
    return [Measured(*row) for row in con.execute(named("measurements")).fetchall()]


def _cells(con: duckdb.DuckDBPyConnection, place: Mapping[str, str]) -> Iterator[tuple[Any, ...]]:
    """The ranked cells of an arm, in any order.

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
            aucs[task], ranks[task] = auc, rank
        if sd is not None:
            sds[task] = sd
        ns[task], fails[task] = n, failed
    rows = []
    for model, (aucs, sds, ranks, ns, fails) in found.items():
        rows.append(RankRow(model, source, aucs, sds, ranks, ns, fails, *means[model]))
    return sorted(
        rows,
        key=lambda row: (row.mean is None, -(row.mean or 0.0), row.mean_rank or 0.0, row.model.casefold()),
    )


def _environments(con: duckdb.DuckDBPyConnection, place: Mapping[str, str]) -> int:
    """How many environments an arm comes from; its scores are asked only if there may be two."""
    known = con.execute("SELECT count(*) FROM environments").fetchone()
    if known == (1,):
        return 1
    counted = con.execute(named("arm_environments"), place).fetchone()
    return counted[0] if counted else 0


def _unlike(con: duckdb.DuckDBPyConnection, place: Mapping[str, str]) -> Unlike:
    """What keeps the rows of an arm from being compared, as far as the file's last flush knew."""
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
    """How many splits of an arm are disputed; its units are asked only if any split is."""
    if not disputed(con):
        return 0
    counted = con.execute(named("disputed"), place).fetchone()
    return counted[0] if counted else 0


def _references(con: duckdb.DuckDBPyConnection, protocol: str, tasks: Sequence[str]) -> list[RankRow]:
    """The published rows of `protocol`, with their mean if the table has exactly the paper's tasks."""
    found = con.execute(named("references"), {"protocol": protocol}).fetchall()
    whole = set(tasks) == set(PAPER_TASKS)
    means = {(source, model): (auc, rank) for source, model, task, auc, rank in found if task == "mean"}
    rows = []
    for published, source in _SOURCES.items():
        cells = [
            (model, task, auc, None, rank, _REFERENCE_SPLITS, 0)
            + (means[published, model] if whole else (None, None))
            for origin, model, task, auc, rank in found
            if origin == published and task in tasks
        ]
        if cells:
            rows += _rank_rows(source, cells)
    return rows
