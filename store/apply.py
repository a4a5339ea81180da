"""Journal lines into the database: the earliest number kept, repeats ignored, differing ones set aside."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final, Literal

import duckdb

from store.arm import Arm
from store.database import insert
from store.journal import Damaged, Entry
from store.ranks import PARTS, every_arm, write_ranks
from store.rows import IN_BLOCKS, MODEL_COLUMNS, Row, Rows, Unfit, UnknownKind, refused_row, rows_of

_NOT_OF_THE_LINE: Final = (
    duckdb.IOException,
    duckdb.FatalException,
    duckdb.TransactionException,
    duckdb.OutOfMemoryException,
    duckdb.InterruptException,
)
"""What DuckDB raises whatever the lines are."""

_MATCHED: Final[Mapping[str, tuple[str, str]]] = {
    "units": (
        "key",
        "WHEN MATCHED AND units.state <> 'scored' "
        "THEN UPDATE SET state = incoming.state, "
        "finished_at = CASE WHEN incoming.state = 'scored' THEN incoming.finished_at "
        "ELSE greatest(units.finished_at, incoming.finished_at) END",
    ),
    "runs": (
        "id",
        "WHEN MATCHED AND incoming.state <> 'started' "
        "THEN UPDATE SET state = incoming.state, finished_at = incoming.finished_at",
    ),
    "models": (
        "name",
        "WHEN MATCHED THEN UPDATE SET "
        + ", ".join(f"{name} = incoming.{name}" for name in (*MODEL_COLUMNS, "printed")),
    ),
    "environments": ("hash", ""),
    "current": ("config", "WHEN MATCHED THEN UPDATE SET turn = greatest(current.turn, incoming.turn)"),
    "named_sets": (
        "name",
        "WHEN MATCHED AND (incoming.turn > named_sets.turn "
        "OR incoming.turn = named_sets.turn AND incoming.tasks > named_sets.tasks) "
        "THEN UPDATE SET tasks = incoming.tasks, turn = incoming.turn",
    ),
    "removals": (
        "digest",
        "WHEN MATCHED AND (incoming.turn, incoming.removed, incoming.name, incoming.at) "
        "> (removals.turn, removals.removed, removals.name, removals.at) "
        "THEN UPDATE SET kind = incoming.kind, name = incoming.name, removed = incoming.removed, "
        'turn = incoming.turn, "at" = incoming."at"',
    ),
    "applied": (
        "file",
        'WHEN MATCHED THEN UPDATE SET "offset" = greatest(applied."offset", incoming."offset"), '
        "damaged = incoming.damaged",
    ),
}
"""The key of the tables that may meet a row twice, and what is done with the row that is there."""

_WEAK: Final = {"units": "failed", "runs": "started"}
"""The state that gives way to any other."""
_OF_A_SCORE: Final = ("units", "scores", "predictions", "cv_trials", "epochs")
"""The tables that a scored unit has rows in, by its key."""
_SEEN_BEFORE: Final[Mapping[str, tuple[str, ...]]] = {
    "failures": ("key", "attempt", "finished_at"),
    "measurements": ("model", "revision", "precision", "environment", "measured_at"),
}
"""What makes two rows the same one, told by two journals."""


@dataclass(frozen=True, slots=True)
class Flushed:
    """What a batch of journal lines came to."""

    scored: int = 0
    failed: int = 0
    conflicts: int = 0
    damaged: int = 0
    """Lines whose bytes cannot be trusted."""
    refused: int = 0
    """Whole lines that no table can hold, or that only a newer version knows."""

    def __add__(self, other: Flushed) -> Flushed:
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Flushed(*(one + more for one, more in pairs))


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that was tried by itself and fits no table."""

    entry: Entry
    reason: str


Line = Entry | Damaged | Refused
Ranked = Literal["none", "touched", "all"]
"""Which arms are ranked anew: none where more lines follow, those that have new outcomes, or all."""


def fill(con: duckdb.DuckDBPyConnection, lines: Sequence[Line], ranked: Ranked = "touched") -> Flushed:
    """Apply `lines`, in as few transactions as can be: a line that no table can hold keeps none out.

    Raises:
        duckdb.Error: the file cannot be written; what was committed before stands.
    """
    con.begin()
    try:
        done = apply(con, lines, ranked)
        con.commit()
    except (duckdb.Error, ArithmeticError, ValueError, TypeError, RecursionError) as error:
        with contextlib.suppress(duckdb.Error):
            con.rollback()
        if isinstance(error, _NOT_OF_THE_LINE):
            raise
        if len(lines) > 1:
            middle = len(lines) // 2
            first = fill(con, lines[:middle], "none" if ranked == "all" else ranked)
            return first + fill(con, lines[middle:], ranked)
        if not isinstance(lines[0], Entry):
            raise
        return fill(con, [Refused(lines[0], (str(error) or repr(error)).splitlines()[0])], ranked)
    return done


def apply(con: duckdb.DuckDBPyConnection, lines: Iterable[Line], ranked: Ranked = "touched") -> Flushed:
    """Insert what `lines` say, and how far each journal has come, in the caller's transaction."""
    rows: Rows = defaultdict(list)
    scored: dict[str, list[Rows]] = defaultdict(list)
    ends: dict[str, int] = {}
    damaged: dict[str, int] = defaultdict(int)
    for line in lines:
        entry = line.entry if isinstance(line, Refused) else line
        ends[entry.file] = entry.end
        new: Rows = {}
        if isinstance(entry, Damaged):
            damaged[entry.file] += 1
        elif isinstance(line, Refused):
            new = refused_row(entry, line.reason)
        else:
            try:
                new = rows_of(entry)
            except UnknownKind as error:
                new = refused_row(entry, str(error), newer=True)
            except Unfit as error:
                new = refused_row(entry, str(error))
        if "scores" in new:
            scored[new["scores"][0]["key"]].append(new)
        else:
            _extend(rows, new)
    conflicts = _add_scored(con, rows, scored)
    _keep_new_tasks(con, rows)
    for table, key in _SEEN_BEFORE.items():
        rows[table] = _unseen(con, table, key, rows[table])
    known = dict(con.execute("SELECT file, damaged FROM applied").fetchall())
    rows["applied"] = [
        {"file": file, "offset": end, "damaged": known.get(file, 0) + damaged[file]}
        for file, end in ends.items()
    ]
    for table, new_rows in rows.items():
        if new_rows:
            _insert_rows(con, table, new_rows)
    write_ranks(con, _to_rank(con, rows, ranked))
    return Flushed(
        len(rows["scores"]), len(rows["failures"]), conflicts, sum(damaged.values()), len(rows["refused"])
    )


def _extend(rows: Rows, new: Rows) -> None:
    for table, more in new.items():
        rows[table].extend(more)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One number for a key."""

    finished_at: datetime
    environment: str
    predictions_hash: str
    auc: float | None
    rows: Rows | None = None
    """None: it is in the database already."""

    @property
    def order(self) -> tuple[datetime, str, str]:
        """The least is kept, whatever the order in which journals are read."""
        return self.finished_at, self.environment, self.predictions_hash

    @property
    def number(self) -> tuple[float | None, str]:
        return self.auc, self.predictions_hash


def _add_scored(con: duckdb.DuckDBPyConnection, rows: Rows, scored: Mapping[str, Sequence[Rows]]) -> int:
    """Put into `rows` the earliest score of each key, and each other number of it as a conflict.

    Returns:
        How many conflicts are new.
    """
    columns = "key, finished_at, environment, predictions_hash, auc"
    asked = f"SELECT {columns} FROM $table WHERE key IN (SELECT unnest(?))"
    there = {
        table: con.execute(asked.replace("$table", table), [list(scored)]).fetchall()
        for table in ("scores", "conflicts")
    }
    kept = {row[0]: _Attempt(*row[1:]) for row in there["scores"]}
    others: dict[str, list[_Attempt]] = defaultdict(list)
    for row in there["conflicts"]:
        others[row[0]].append(_Attempt(*row[1:]))
    replaced: list[str] = []
    disputed: list[str] = []
    for key, found in scored.items():
        attempts = [_attempt(one) for one in found]
        first = min([*([kept[key]] if key in kept else []), *attempts], key=lambda one: one.order)
        if first.rows is not None:
            _extend(rows, first.rows)
            if key in kept:
                replaced.append(key)
        numbers: dict[tuple[float | None, str], _Attempt] = {}
        every = [*([kept[key]] if key in kept else []), *others[key], *attempts]
        for one in sorted(every, key=lambda one: one.order):
            numbers.setdefault(one.number, one)
        del numbers[first.number]
        if (
            key in replaced
            or set(numbers) != {one.number for one in others[key]}
            or any(one.rows is not None for one in numbers.values())
        ):
            disputed.append(key)
            rows["conflicts"] += [_conflict(key, first, one) for one in numbers.values()]
    for table in _OF_A_SCORE:
        if replaced:
            con.execute(f"DELETE FROM {table} WHERE key IN (SELECT unnest(?))", [replaced])
    if disputed:
        con.execute("DELETE FROM conflicts WHERE key IN (SELECT unnest(?))", [disputed])
    return len(rows["conflicts"]) - sum(len(others[key]) for key in disputed)


def _attempt(rows: Rows) -> _Attempt:
    score = rows["scores"][0]
    finished_at = score["finished_at"]
    if finished_at is None:
        raise ValueError("it does not say when it finished")
    return _Attempt(finished_at, score["environment"], score["predictions_hash"], score["auc"], rows)


def _conflict(key: str, kept: _Attempt, other: _Attempt) -> Row:
    return {
        "key": key,
        "kept_auc": kept.auc,
        "auc": other.auc,
        "kept_environment": kept.environment,
        "environment": other.environment,
        "predictions_hash": other.predictions_hash,
        "finished_at": other.finished_at,
    }


def _unseen(
    con: duckdb.DuckDBPyConnection, table: str, key: tuple[str, ...], rows: Sequence[Row]
) -> list[Row]:
    """Those of `rows` that the table lacks, each once."""
    if not rows:
        return []
    names = ", ".join(key)
    some = list({row[key[0]] for row in rows})
    asked = f"SELECT {names} FROM {table} WHERE {key[0]} IN (SELECT unnest(?))"
    seen = set(con.execute(asked, [some]).fetchall())
    return list(
        {place: row for row in rows if (place := tuple(row[name] for name in key)) not in seen}.values()
    )


def _keep_new_tasks(con: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    """Leave in `rows` only tasks the database lacks, with their genes, each once."""
    known = {row[0] for row in con.execute("SELECT hash FROM tasks").fetchall()}
    new = {row["hash"]: row for row in rows["tasks"] if row["hash"] not in known}
    genes = {(row["task_hash"], row["index"]): row for row in rows["task_genes"] if row["task_hash"] in new}
    rows["tasks"], rows["task_genes"] = list(new.values()), list(genes.values())


def _insert_rows(con: duckdb.DuckDBPyConnection, table: str, rows: list[Row]) -> None:
    key, matched = _MATCHED.get(table, ("", ""))
    if key:
        strongest_last = sorted(rows, key=lambda row: _strength(table, row))
        rows = list({row[key]: row for row in strongest_last}.values())
    cells = chain.from_iterable if table == IN_BLOCKS else iter
    columns = {name: list(cells(row[name] for row in rows)) for name in rows[0]}
    insert(con, table, columns, key, matched)


def _strength(table: str, row: Row) -> Any:
    """Of two rows with one key in one batch the stronger is kept."""
    if table == "units":
        return row["state"] == "scored", row["finished_at"]
    if table == "current":
        return row["turn"]
    if table == "named_sets":
        return row["turn"], row["tasks"]
    if table == "removals":
        return row["turn"], row["removed"], row["name"], row["at"]
    return row.get("state") != _WEAK.get(table)


def _to_rank(con: duckdb.DuckDBPyConnection, rows: Rows, ranked: Ranked) -> set[Arm]:
    """The arms whose ranks, and what they mix, are to be written down anew: all where a set is another."""
    if ranked == "none":
        return set()
    if ranked == "all" or rows["named_sets"]:
        return every_arm(con)
    touched = {Arm(*(row[part] for part in PARTS)) for row in rows["units"]}
    if rows["current"]:
        asked = f"SELECT DISTINCT {', '.join(PARTS)} FROM units WHERE config IN (SELECT unnest(?))"
        configs = [row["config"] for row in rows["current"]]
        touched |= {Arm(*place) for place in con.execute(asked, [configs]).fetchall()}
    return touched
