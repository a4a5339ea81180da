"""Journal lines into the database: first numbers kept, repeats ignored, differing ones set aside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Final

from store.arm import Arm
from store.database import insert
from store.journal import Damaged, Entry
from store.queries import named
from store.rows import MODEL_COLUMNS, Row, Rows, rows_of

if TYPE_CHECKING:
    import duckdb

_MATCHED: Final[Mapping[str, tuple[str, str]]] = {
    "units": (
        "key",
        "WHEN MATCHED AND units.state <> 'scored' "
        "THEN UPDATE SET state = incoming.state, finished_at = incoming.finished_at",
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
    "applied": (
        "file",
        'WHEN MATCHED THEN UPDATE SET "offset" = incoming."offset", damaged = incoming.damaged',
    ),
}
"""The key of the tables that may meet a row twice, and what is done with the row that is there."""

_WEAK: Final = {"units": "failed", "runs": "started"}
"""The state that gives way to any other."""


@dataclass(frozen=True, slots=True)
class Flushed:
    """What a batch of journal lines came to."""

    scored: int = 0
    failed: int = 0
    conflicts: int = 0
    damaged: int = 0

    def __add__(self, other: Flushed) -> Flushed:
        return Flushed(
            self.scored + other.scored,
            self.failed + other.failed,
            self.conflicts + other.conflicts,
            self.damaged + other.damaged,
        )


def apply(con: duckdb.DuckDBPyConnection, lines: Iterable[Entry | Damaged]) -> Flushed:
    """Insert what `lines` tell, and how far each journal has come, in the caller's transaction."""
    rows: Rows = defaultdict(list)
    scored: dict[str, list[Rows]] = defaultdict(list)
    ends: dict[str, int] = {}
    damaged: dict[str, int] = defaultdict(int)
    for line in lines:
        ends[line.file] = line.end
        try:
            new = rows_of(line) if isinstance(line, Entry) else None
        except (LookupError, TypeError, ValueError, AttributeError):
            new = None  # whole, but not what this version writes
        if new is None:
            damaged[line.file] += 1
        elif "scores" in new:
            scored[new["scores"][0]["key"]].append(new)
        else:
            _extend(rows, new)
    _add_scored(con, rows, scored)
    _keep_new_tasks(con, rows)
    known = dict(con.execute("SELECT file, damaged FROM applied").fetchall())
    rows["applied"] = [
        {"file": file, "offset": end, "damaged": known.get(file, 0) + damaged[file]}
        for file, end in ends.items()
    ]
    for table, new_rows in rows.items():
        if new_rows:
            _insert_rows(con, table, new_rows)
    _write_ranks(con, rows)
    scores, failures, conflicts = (len(rows[name]) for name in ("scores", "failures", "conflicts"))
    return Flushed(scores, failures, conflicts, sum(damaged.values()))


def _extend(rows: Rows, new: Rows) -> None:
    for table, more in new.items():
        rows[table].extend(more)


def _add_scored(con: duckdb.DuckDBPyConnection, rows: Rows, scored: Mapping[str, list[Rows]]) -> None:
    """Put first scores into `rows`, and later ones that differ into its conflicts."""
    query = "SELECT key, auc, environment, predictions_hash FROM scores WHERE key IN (SELECT unnest(?))"
    names = ("key", "auc", "environment", "predictions_hash")
    kept: dict[str, Row] = {
        row[0]: dict(zip(names, row, strict=True)) for row in con.execute(query, [list(scored)]).fetchall()
    }
    for key, attempts in scored.items():
        for attempt in attempts:
            score = attempt["scores"][0]
            first = kept.setdefault(key, score)
            if first is score:
                _extend(rows, attempt)
            elif any(score[name] != first[name] for name in ("auc", "predictions_hash")):
                rows["conflicts"].append(
                    {
                        **{name: score[name] for name in (*names, "finished_at")},
                        "kept_auc": first["auc"],
                        "kept_environment": first["environment"],
                    }
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
        strongest_last = sorted(rows, key=lambda row: row.get("state") != _WEAK.get(table))
        rows = list({row[key]: row for row in strongest_last}.values())
    insert(con, table, {name: [row[name] for row in rows] for name in rows[0]}, key, matched)


def _write_ranks(con: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    """Rank the arms anew that have new outcomes, and note what they mix."""
    parts = [part.name for part in fields(Arm)]
    touched = {Arm(*(row[part] for part in parts)) for row in rows["units"]}
    for arm in map(asdict, sorted(touched)):
        for query in ("forget_ranks", "write_ranks", "forget_mixed", "write_mixed"):
            con.execute(named(query), arm)
