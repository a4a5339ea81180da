"""Whether the tables still say what the journals say: a sample of scores compared, number by number."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from store.database import applied_offsets
from store.home import Home
from store.journal import Entry, read_journals
from store.refused import refused_lines
from store.rows import Unfit, rows_of

if TYPE_CHECKING:
    import duckdb

_SAMPLE: Final = 200
_COLUMNS: Final = (
    *("model", "task", "protocol", "preset", "text", "scheme", "seed", "config"),
    *("auc", "auprc", "precision", "recall", "f1", "brier", "n_train", "n_test"),
    *("split_hash", "vectors_hash", "predictions_hash"),
)


@dataclass(frozen=True, slots=True)
class Altered:
    """What somebody else did to the tables."""

    changed: tuple[str, ...]
    """Keys, of some that are drawn, whose score or predictions no journal has as the tables have them."""
    missing: int
    """Scored splits that were put into the tables and are in them no more."""


def altered(home: Home, con: duckdb.DuckDBPyConnection, sample: int = _SAMPLE) -> Altered:
    """Compare the tables with the journals they were filled from.

    Raises:
        StoreError: a journal cannot be read.
    """
    applied = applied_offsets(con)
    refused = {line.key for line in refused_lines(con)}
    keys = [key for (key,) in con.execute("SELECT key FROM scores ORDER BY key").fetchall()]
    drawn = set(random.sample(keys, min(sample, len(keys))))
    kept = _kept(con, list(drawn))
    there = set(keys)
    missing = set()
    told = set()
    for line in read_journals(home.journals, {}):
        if not isinstance(line, Entry) or line.kind != "scored":
            continue
        if line.key not in there and line.key not in refused and line.end <= applied.get(line.file, 0):
            missing.add(line.key)
        if line.key in kept:
            told.add(line.key)
            try:
                rows = rows_of(line)
            except Unfit:
                continue
            score = tuple(rows["scores"][0][name] for name in _COLUMNS)
            [block] = rows["predictions"]
            predictions = list(zip(*(block[name] for name in ("index", "label", "scores")), strict=True))
            if kept[line.key] == (score, predictions):
                del kept[line.key]
    return Altered(tuple(sorted(told.intersection(kept))), len(missing))


def _kept(con: duckdb.DuckDBPyConnection, keys: list[str]) -> dict[str, tuple[Any, Any]]:
    columns = ", ".join(f's."{name}"' for name in _COLUMNS)
    predicted: dict[str, list[Any]] = {key: [] for key in keys}
    asked = (
        'SELECT key, "index", label, scores FROM predictions WHERE key IN (SELECT unnest(?)) ORDER BY rowid'
    )
    for key, *row in con.execute(asked, [keys]).fetchall():
        predicted[key].append(tuple(row))
    asked = f"SELECT s.key, {columns} FROM scores AS s WHERE key IN (SELECT unnest(?))"
    return {key: (tuple(row), predicted[key]) for key, *row in con.execute(asked, [keys]).fetchall()}
