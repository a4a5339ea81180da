"""Journal entries made again from the database, for when a journal has vanished and its rows have not.

Every column comes from an entry, so little is lost on the way back: the text recipe of a task that no
unit used, and the digest that the owner of a model pinned.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from store.rows import MODEL_COLUMNS

if TYPE_CHECKING:
    import duckdb

Entry = dict[str, Any]
_BATCH: Final = 500
"""Units whose predictions are in memory at once."""
_METRICS: Final = ("auc", "auprc", "precision", "recall", "f1", "brier")


def entries_from(
    con: duckdb.DuckDBPyConnection,
    scored: Collection[str],
    failed: Mapping[str, int],
    described: Collection[tuple[str, str]],
) -> Iterator[list[Entry]]:
    """What the database holds and the journals do not, in batches.

    Args:
        con: the database.
        scored: keys of the units whose scores stand in a journal.
        failed: key of a unit -> how many of its failures do.
        described: (kind, key) of everything else that does.
    """
    for kind, make in _DESCRIBED.items():
        made = [entry for entry in make(con) if (kind, entry["key"]) not in described]
        if made:
            yield made
    known = set(scored)
    missing = [key for (key,) in con.execute("SELECT key FROM scores").fetchall() if key not in known]
    for start in range(0, len(missing), _BATCH):
        yield _scores(con, missing[start : start + _BATCH])
    failures = [one for one in _failures(con) if one["record"]["attempt"] > failed.get(one["key"], 0)]
    if failures:
        yield failures


def _scores(con: duckdb.DuckDBPyConnection, keys: Sequence[str]) -> list[Entry]:
    predictions = _lists(con, "predictions", ("index", "gene", "label", "scores"), "rowid", keys)
    trials = _lists(con, "cv_trials", ("params", "fold_aucs", "best"), "trial", keys)
    columns = ("stage", "epoch", "loss", "eval_auc", "learning_rate", "seconds")
    epochs = _lists(con, "epochs", columns, "stage, epoch", keys)
    asked = (
        "SELECT s.*, u.spec FROM scores AS s JOIN units AS u USING (key) WHERE key IN (SELECT unnest(?))"
    )
    entries = []
    for row in _dicts(con, asked, [keys]):
        key = row["key"]
        record = {
            "unit": _unit(row),
            "metrics": {name: row[name] for name in _METRICS},
            "predictions": predictions.get(key, {"index": [], "gene": [], "label": [], "scores": []}),
            **{name: row[name] for name in ("split_hash", "n_train", "n_test", "environment")},
            "finished_at": _time(row["finished_at"]),
            "seconds": {name: value for name, value in row["seconds"].items() if value is not None},
            "vectors_hash": row["vectors_hash"],
            "best_params": json.loads(row["best_params"]),
            "trials": [
                {**trial, "params": json.loads(trial["params"])} for trial in _across(trials.get(key))
            ],
            "epochs": _across(epochs.get(key)),
            "notes": row["notes"],
        }
        entries.append({"kind": "scored", "key": key, "record": record})
    return entries


def _failures(con: duckdb.DuckDBPyConnection) -> list[Entry]:
    asked = "SELECT f.*, u.spec FROM failures AS f JOIN units AS u USING (key) ORDER BY finished_at, key"
    names = ("sentence", "traceback", "error", "environment", "attempt")
    return [
        {
            "kind": "failed",
            "key": row["key"],
            "record": {
                "unit": _unit(row),
                **{name: row[name] for name in names},
                "finished_at": _time(row["finished_at"]),
            },
        }
        for row in _dicts(con, asked)
    ]


def _models(con: duckdb.DuckDBPyConnection) -> Iterator[Entry]:
    from store.entries import entry_of
    from store.records import Model

    for row in _dicts(con, "FROM models ORDER BY name"):
        columns = {name: row[name] for name in MODEL_COLUMNS}
        yield entry_of(Model(row["name"], **columns, printed=row["printed"] or {}))


def _tasks(con: duckdb.DuckDBPyConnection) -> Iterator[Entry]:
    genes = 'SELECT * FROM task_genes WHERE task_hash = ? ORDER BY "index"'
    recipe = "SELECT max(text) FROM units WHERE task_hash = ?"
    for row in _dicts(con, "FROM tasks ORDER BY name, hash"):
        found = _dicts(con, genes, [row["hash"]])
        described = [gene.get("described") for gene in found]  # no column in a file of before
        [(text,)] = con.execute(recipe, [row["hash"]]).fetchall()
        record = {
            **{name: row[name] for name in ("name", "title", "classes", "source")},
            **{f"{name}s": [gene[name] for gene in found] for name in ("gene", "label", "text")},
            "described": [] if None in described else described,
            "audit": json.loads(row["audit"]),
            "recipe": text or "facts",
        }
        yield {"kind": "task", "key": row["hash"], "record": record}


def _environments(con: duckdb.DuckDBPyConnection) -> Iterator[Entry]:
    for row in _dicts(con, "FROM environments ORDER BY hash"):
        key = row.pop("hash")
        yield {"kind": "environment", "key": key, "record": row}


def _runs(con: duckdb.DuckDBPyConnection) -> Iterator[Entry]:
    turns = con.execute("SELECT config, turn FROM current").fetchall()
    last = max((turn for _, turn in turns), default=0)
    rows = _dicts(con, "FROM runs ORDER BY started_at, id")
    for row in rows:
        current = [config for config, turn in turns if turn == last] if row is rows[-1] else []
        record = {
            **{name: _time(row[name]) for name in ("started_at", "finished_at")},
            **{name: row[name] for name in ("id", "total", "already_done", "pid", "host", "state")},
            "selection": json.loads(row["selection"]),
            "turn": last if current else 0,
            "configs": current,
        }
        yield {
            "kind": "run" if row["state"] == "started" else "run_end",
            "key": row["id"],
            "record": record,
        }


def _measurements(con: duckdb.DuckDBPyConnection) -> Iterator[Entry]:
    from store.records import content_hash

    names = (
        "model",
        "revision",
        "precision",
        "environment",
        "texts",
        "seconds",
        "parameters",
        "peak_memory",
    )
    for row in _dicts(con, "FROM measurements ORDER BY measured_at, model"):
        record = {**{name: row[name] for name in names}, "measured_at": _time(row["measured_at"])}
        yield {"kind": "measurement", "key": content_hash(record)[:16], "record": record}


def _task_sets(con: duckdb.DuckDBPyConnection) -> Iterator[Entry]:
    from store.entries import entry_of
    from store.provenance import TaskSet

    if not con.execute("FROM duckdb_tables() WHERE table_name = 'named_sets'").fetchall():
        return  # of before there were sets
    for name, tasks, turn in con.execute(
        "SELECT name, tasks, turn FROM named_sets ORDER BY name"
    ).fetchall():
        yield entry_of(TaskSet(name, tuple(tasks), turn))


def _removals(con: duckdb.DuckDBPyConnection) -> Iterator[Entry]:
    from store.entries import entry_of
    from store.provenance import Removal

    if not con.execute("FROM duckdb_tables() WHERE table_name = 'removals'").fetchall():
        return  # of before there was such a table
    for row in _dicts(con, "FROM removals ORDER BY digest"):
        yield entry_of(Removal(**{**row, "at": _time(row["at"])}))


_DESCRIBED: Final = {
    "environment": _environments,
    "model": _models,
    "task": _tasks,
    "run": _runs,
    "measurement": _measurements,
    "task_set": _task_sets,
    "removal": _removals,
}


def _unit(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("model", "task", "protocol", "preset", "seed")
    return {**{name: row[name] for name in names}, "spec": json.loads(row["spec"])}


def _lists(
    con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], order: str, keys: Sequence[str]
) -> dict[str, dict[str, list[Any]]]:
    """Key -> column -> its values in `order`."""
    lists = ", ".join(f'list("{name}" ORDER BY {order}) AS "{name}"' for name in columns)
    rows = _dicts(
        con, f"SELECT key, {lists} FROM {table} WHERE key IN (SELECT unnest(?)) GROUP BY key", [keys]
    )
    return {row.pop("key"): row for row in rows}


def _across(columns: Mapping[str, list[Any]] | None) -> list[dict[str, Any]]:
    """Lists of equal length as one mapping for each place."""
    if not columns:
        return []
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _dicts(
    con: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[Any] = ()
) -> list[dict[str, Any]]:
    cursor = con.execute(query, list(parameters))
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _time(moment: datetime | None) -> str:
    return moment.replace(tzinfo=UTC).isoformat() if moment else ""
