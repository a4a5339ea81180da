"""Rebuilding: everything the journals hold is there again, and the old file is kept."""

from __future__ import annotations

import subprocess
import sys

import duckdb
import pytest
from fake_records import ENVIRONMENT, NOON, failed, scored, unit

import store
from store.errors import StoreBusy
from store.provenance import Measurement
from store.repair import repair
from store.store import Store

TABLES = (
    "units",
    "scores",
    "predictions",
    "cv_trials",
    "epochs",
    "failures",
    "environments",
    "conflicts",
    "measurements",
    "ranked",
)


@pytest.fixture
def saved(home) -> Store:
    saved = Store(home)
    saved.append(Measurement("gte-tiny", "1", "fp32", ENVIRONMENT.hash, NOON, 100, 1.5, 22_000_000, None))
    saved.append(ENVIRONMENT, *(scored(unit(seed=seed)) for seed in range(6)), failed(unit(seed=7)))
    saved.append(scored(unit(seed=0), 0.9))
    saved.flush()
    return saved


def contents(place) -> dict[str, list[tuple]]:
    with store.connect(place) as con:
        return {name: con.execute(f"SELECT * FROM {name} ORDER BY ALL").fetchall() for name in TABLES}


def spoil(path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:20000] = bytes(20000 - 4096)
    path.write_bytes(data)


@pytest.mark.parametrize(
    "harm", [spoil, lambda path: path.write_bytes(b"not a database"), lambda path: None]
)
def test_a_rebuilt_database_equals_the_old_one(home, saved, harm):
    before = contents(home)
    harm(home.database)
    harmed = home.database.read_bytes()
    report = repair(home)
    assert (report.scored, report.failed, report.conflicts, report.damaged, report.unfinished) == (
        6,
        1,
        1,
        0,
        0,
    )
    assert contents(home) == before
    assert report.kept.read_bytes() == harmed
    assert saved.flush().scored == 0


def test_rebuilding_without_an_old_file(home, saved):
    before = contents(home)
    home.database.unlink()
    assert repair(home).kept is None
    assert contents(home) == before


def test_deleted_rows_come_back_and_other_peoples_tables_stay_in_the_kept_file(home, saved):
    before = contents(home)
    with duckdb.connect(home.database) as con:
        con.execute("DELETE FROM scores")
        con.execute("CREATE TABLE theirs AS SELECT 1 AS x")
    report = repair(home)
    assert contents(home) == before
    with duckdb.connect(report.kept, read_only=True) as con:
        assert con.execute("SELECT x FROM theirs").fetchone() == (1,)


def test_damaged_and_unfinished_lines_are_reported_and_made_again_from_the_database(home, saved):
    (journal,) = home.journals.iterdir()
    data = bytearray(journal.read_bytes())
    data[data.index(b"GENE3")] ^= 1
    journal.write_bytes(data[:-30])
    before = contents(home)
    report = repair(home)
    assert (report.scored, report.damaged, report.unfinished) == (6, 1, 1)
    assert {
        **contents(home),
        "conflicts": before["conflicts"],
    } == before  # of those only the number is kept


def test_damaged_and_unfinished_lines_are_left_out_where_no_database_has_them(home, saved):
    (journal,) = home.journals.iterdir()
    data = bytearray(journal.read_bytes())
    data[data.index(b"GENE3")] ^= 1
    journal.write_bytes(data[:-30])
    home.database.unlink()
    report = repair(home)
    assert (report.scored, report.damaged, report.unfinished) == (5, 1, 1)


def test_a_file_that_somebody_holds_is_left_alone(home, saved):
    hold = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(home.database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    holder.stdout.readline()
    try:
        with pytest.raises(StoreBusy, match=rf"^Process {holder.pid} \(python.* Close it there"):
            repair(home)
    finally:
        holder.communicate()
    assert len(contents(home)["scores"]) == 6
    assert [path.name for path in home.data.glob("*arena*")] == ["arena.duckdb"]
