"""The store at a million scores: ranking, inserting, and opening the Board.

CPU time of this process (DuckDB's threads included), the two in turns; on a file as the program
makes it.
"""

from __future__ import annotations

import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import duckdb

    from store.home import Home
    from store.queries import Rankings

Row = dict[str, Any]
Columns = dict[str, Any]

MODELS: Final = 250
TASKS: Final = 40
SCORES: Final = 1_000_000
SINGLE: Final = 300
"""Rows inserted one by one, which is scaled up."""
ROUNDS: Final = 5
TURN: Final = 5
ENVIRONMENT: Final = "e" * 16
TASK_HASH: Final = "t" * 64
REVISION: Final = "m" * 40
KEYED: Final = ("protocol", "preset", "text", "model", "task", "seed", "auc", "environment")


# ------------------------------------------------------------------------------ a large store


def scores(arms: int, seeds: int) -> pd.DataFrame:
    """The columns that ranking needs of 250 models x 40 tasks x `seeds` scores in each of `arms`.

    They stand in the order in which a run makes them: model by model, all arms of each.
    """
    shape = (MODELS, arms, TASKS, seeds)
    model, arm, task, seed = (axis.ravel() for axis in np.indices(shape))
    chance = np.random.default_rng(0)
    skill = np.broadcast_to(chance.normal(0.75, 0.05, (*shape[:3], 1)), shape).ravel()
    return pd.DataFrame(
        {
            "protocol": np.char.add("protocol-", arm.astype(str)),
            "preset": "paper",
            "text": "facts",
            "model": np.char.add("model-", model.astype(str)),
            "task": np.char.add("task-", task.astype(str)),
            "seed": seed,
            "auc": np.clip(skill + chance.normal(0, 0.02, skill.size), 0, 1).round(4),
            "environment": ENVIRONMENT,
        }
    )


def score_columns(frame: pd.DataFrame) -> Columns:
    """Those scores as rows of the table `scores`."""
    size = len(frame)
    same = {"config": "c" * 12, "best_params": "{}", "split_hash": "s" * 40}
    same |= {"vectors_hash": "v" * 40, "predictions_hash": "p" * 40, "finished_at": datetime(2026, 11, 23)}
    same |= {"auprc": 0.7, "precision": 0.7, "recall": 0.7, "f1": 0.7, "brier": 0.2}
    same |= {"n_train": 430, "n_test": 49, "notes": [], "seconds": {"fit": 0.25, "metrics": 0.01}}
    return {
        "key": keys(size),
        **{name: frame[name].tolist() for name in KEYED},
        **{name: [value] * size for name, value in same.items()},
    }


def keys(size: int) -> list[str]:
    """As different as true ones."""
    return [hashlib.sha256(place.to_bytes(4)).hexdigest()[:40] for place in range(size)]


def unit_columns(columns: Columns) -> Columns:
    """The rows of the table `units` that belong to rows of `scores`."""
    place = ("key", "protocol", "preset", "text", "model", "task", "seed", "config", "finished_at")
    same = {"scheme": "paper", "task_hash": TASK_HASH, "axes": "{}", "spec": "{}", "state": "scored"}
    same |= {"model_revision": REVISION, "protocol_revision": 1}
    size = len(columns["key"])
    return {name: columns[name] for name in place} | {name: [value] * size for name, value in same.items()}


@contextmanager
def large_store(frame: pd.DataFrame) -> Iterator[Home]:
    """A home whose database holds `frame`, its ranks written down as a flush does."""
    from benchmarks._home import fresh_home
    from store.database import insert, writing
    from store.queries import named

    with fresh_home() as home:
        with writing(home.database) as con:
            columns = score_columns(frame)
            insert(con, "scores", columns)
            insert(con, "units", unit_columns(columns))
            insert(con, "environments", {"hash": [ENVIRONMENT]})
            for protocol in sorted(set(frame["protocol"])):
                arm = {"protocol": protocol, "preset": "paper", "text": "facts"}
                con.execute(named("write_ranks"), arm)
                con.execute(named("write_mixed"), arm)
        yield home


# ------------------------------------------------------------------------------ ranking


def pandas_table(frame: pd.DataFrame, protocol: str) -> tuple[pd.DataFrame, int]:
    """One arm by pandas: its cells with their ranks, means and mean ranks; how many environments."""
    chosen = frame[
        (frame["protocol"] == protocol) & (frame["preset"] == "paper") & (frame["text"] == "facts")
    ]
    cells = chosen.groupby(["model", "task"])["auc"].agg(["mean", "std", "count"])
    cells["auc"] = cells["mean"].round(9)
    cells["rank"] = cells.groupby("task")["auc"].rank(ascending=False)
    means = cells.groupby("model")["mean"].mean().round(9)
    overall = pd.DataFrame({"mean": means, "mean_rank": means.rank(ascending=False)})
    table = cells.drop(columns="mean").join(overall).sort_values(["mean_rank", "task"])
    return table, chosen["environment"].nunique()


def categories(frame: pd.DataFrame) -> pd.DataFrame:
    """The same with its texts as categories: pandas at its best."""
    names = ["protocol", "preset", "text", "model", "task", "environment"]
    return frame.astype(dict.fromkeys(names, "category"))


def alike(ours: Rankings, theirs: pd.DataFrame, environments: int) -> bool:
    """Whether the two tables agree: ranks and counts exactly, means to 9 digits."""
    names = ["rank", "mean_rank", "count", "auc", "mean"]
    cells = dict(zip(theirs.index, theirs[names].to_numpy(), strict=True))
    mine = {
        (row.model, task): (row.rank[task], row.mean_rank, row.n[task], row.auc[task], row.mean)
        for row in ours.rows
        for task in row.auc
    }
    if cells.keys() != mine.keys() or ours.environments != environments:
        return False
    apart = np.abs(np.array([cells[cell] for cell in mine]) - np.array(list(mine.values()), float))
    return bool((apart[:, :3] == 0).all() and (apart[:, 3:] < 2e-9).all())


def cpu_medians(works: Mapping[str, Callable[[], Any]], rounds: int = ROUNDS) -> dict[str, float]:
    """Median CPU seconds of each of `works`, which take turns of `TURN` calls."""
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            for _ in range(TURN):
                started = time.process_time()
                work()
                spent[name].append(time.process_time() - started)
    return {name: statistics.median(values) for name, values in spent.items()}


def ranked_table() -> list[Row]:
    """Ten arms of 100,000 scores, and one of a million."""
    return [*_ranked(10, "one arm of ten", ""), *_ranked(1, "all in one arm", ">= 8")]


def _ranked(arms: int, what: str, limit: str) -> list[Row]:
    from store import connect
    from store.queries import rankings

    frame = scores(arms, SCORES // (arms * MODELS * TASKS))
    protocol = "protocol-0"
    with large_store(frame) as home, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scores.parquet"
        frame.to_parquet(file)
        coded = categories(frame)
        con = connect(home)
        view = "SELECT * FROM leaderboard WHERE protocol = ? AND preset = 'paper' AND text = 'facts'"
        equal = alike(rankings(con, protocol), *pandas_table(frame, protocol))
        spent = cpu_medians(
            {
                "pandas": lambda: pandas_table(frame, protocol),
                "ours": lambda: rankings(con, protocol),
                "pandas, categories": lambda: pandas_table(coded, protocol),
                "view": lambda: con.execute(view, [protocol]).fetchnumpy(),
            }
        )
        con.close()
        spent |= cpu_medians(
            {
                "pandas, file": lambda: pandas_table(pd.read_parquet(file), protocol),
                "ours, file": lambda: _from_file(home, protocol),
            },
            rounds=2,
        )
    base = f"{SCORES:,} scores, {what}"
    return [
        _ratio(f"{base}: rankings()", "pandas, in memory", spent["pandas"], spent["ours"], limit, equal),
        _ratio(f"{base}: the same", "pandas categories", spent["pandas, categories"], spent["ours"]),
        _ratio(
            f"{base}: connect, rankings()",
            "read_parquet, pandas",
            spent["pandas, file"],
            spent["ours, file"],
        ),
        _ratio(
            f"{base}: view leaderboard, anew",
            "pandas, in memory",
            spent["pandas"],
            spent["view"],
            note="what a flush spends on each arm it has touched; rankings() reads the result",
        ),
    ]


def _from_file(home: Home, protocol: str) -> Rankings:
    from store import connect
    from store.queries import rankings

    with connect(home) as con:
        return rankings(con, protocol)


# ------------------------------------------------------------------------------ inserting


def batch_insert() -> list[Row]:
    """Rows in one statement, and one by one, each committed: of `predictions`, the most by far, and
    of `scores`, the widest.
    """
    size = SCORES
    predictions = {
        "key": np.repeat(keys(size // 50), 50).tolist(),
        "index": [place % 50 for place in range(size)],
        "gene": [f"GENE{place % 50}" for place in range(size)],
        "label": [place % 2 for place in range(size)],
        "score": np.linspace(0, 1, size).tolist(),
        "scores": [[1 - share, share] for share in np.linspace(0, 1, size).tolist()],
    }
    wide = score_columns(scores(1, size // (MODELS * TASKS)))
    return [
        _inserted("predictions", predictions, ">= 1000", "a split has some fifty of these"),
        _inserted("scores", wide, ">= 1000", "a split has one"),
    ]


def _inserted(table: str, columns: Columns, limit: str, why: str) -> Row:
    """Wall time, since committing waits for the disk; the two in turns."""
    from benchmarks._home import fresh_home
    from store.database import create, insert

    single, batch = [], []
    with fresh_home() as home:
        create(home.database)
        con = _opened(home)
        for _ in range(3):
            single.append(_wall(lambda: _one_by_one(con, table, columns)) / SINGLE)
            con.execute(f"DELETE FROM {table}")
            con.begin()
            batch.append(_wall(lambda: (insert(con, table, columns), con.commit())) / SCORES)
            kept = con.execute(f"SELECT count(*) FROM {table}").fetchone()
            con.execute(f"DELETE FROM {table}")
        con.close()
    before, after = statistics.median(single), statistics.median(batch)
    return {
        "work": f"{SCORES:,} rows of {table}, {len(columns)} columns: one batch, one commit",
        "reference": f"each committed by itself {before * 1e6:.0f} us/row",
        "ours": f"{after * 1e6:.2f} us/row",
        "ratio": before / after,
        "equal": kept == (SCORES,),
        "limit": limit,
        "note": f"wall time, single inserts measured on {SINGLE} rows, median of three turns; {why}",
    }


def _opened(home: Home) -> duckdb.DuckDBPyConnection:
    import duckdb

    return duckdb.connect(home.database)


def _one_by_one(con: duckdb.DuckDBPyConnection, table: str, columns: Columns) -> None:
    """Insert the first `SINGLE` rows, each in a transaction of its own."""
    values = {name: column[:SINGLE] for name, column in columns.items()}
    names = ", ".join(f'"{name}"' for name in values)
    statement = f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(values))})"
    for row in zip(*values.values(), strict=True):
        con.execute(statement, row)


def _wall(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


# ------------------------------------------------------------------------------ the Board


def board() -> list[Row]:
    """From the key to the Board's frame, and to its table, with 250 models x 40 tasks behind a pty."""
    from benchmarks._terminal import ARENA, Terminal, text

    with large_store(scores(10, 10)) as home:
        terminal = Terminal(ARENA, "--home", str(home.data.parent))
        try:
            terminal.when(text("Press Enter"))
            terminal.settle(1.0)
            pressed = terminal.press("3")
            painted = terminal.when(text("[3 Board]", "q Quit")) - pressed
            filled = terminal.when(text("model-", "task-0")) - pressed
        finally:
            terminal.close()
    note = f"from the key press, behind a pty; load of the machine {os.getloadavg()[0]:.1f}"
    what = f"{MODELS} models x {TASKS} tasks of {SCORES:,} scores: Board"
    return [
        _row(f"{what} painted", "", f"{painted:.3f} s", painted, "", None, note),
        _row(f"{what} filled", "", f"{filled:.3f} s", filled, "<= 1", None, note),
    ]


def _ratio(
    work: str,
    reference: str,
    before: float,
    after: float,
    limit: str = "",
    equal: bool | None = None,
    note: str = "",
) -> Row:
    words = f"{reference} {before * 1e3:.1f} ms"
    return _row(work, words, f"{after * 1e3:.1f} ms", before / after, limit, equal, note)


def _row(
    work: str, reference: str, ours: str, ratio: float, limit: str, equal: bool | None, note: str
) -> Row:
    return {
        "work": work,
        "reference": reference,
        "ours": ours,
        "ratio": ratio,
        "equal": equal,
        "limit": limit,
        "note": note,
    }


BENCHMARKS = {"ranked-table": ranked_table, "batch-insert": batch_insert, "board": board}
