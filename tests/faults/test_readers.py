"""Anybody may read the results during a run, and nobody who holds the file can slow it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fault_tools import LONG, a_home, a_selection, enqueue, journalled, run_tiny, tiny, until
from workbench import score_of

from engine.mailbox import read_status
from engine.plan.plan import build_plan
from store import connect

pytestmark = pytest.mark.faults
SECONDS = float(os.environ.get("GENEARENA_READING", "3"))
AT_ONCE = 0.9 if "GENEARENA_READING" in os.environ else 0.5
"""The share of questions that is answered at the first try; beside other tests a flush takes longer."""

POLL = """
import sys, time
{open}
path, seconds = sys.argv[1], float(sys.argv[2])
end = time.monotonic() + seconds
at_once = late = never = 0
while time.monotonic() < end:
    started = time.monotonic()
    tries = 0
    while True:
        try:
            rows = read(path)
            break
        except Exception as error:
            if "lock" not in str(error).lower() and "holds" not in str(error):
                raise
            tries += 1
            if time.monotonic() - started > 2:
                never += 1
                break
            time.sleep(0.05)
    at_once += tries == 0
    late += tries > 0
    time.sleep(max(0.0, 0.1 - (time.monotonic() - started)))
print(at_once, late, never, rows)
"""
READERS = {
    "duckdb": """
import duckdb
def read(path):
    with duckdb.connect(path, read_only=True) as con:
        return con.execute("select count(*) from scores").fetchone()[0]
""",
    "pandas": """
import duckdb, pandas
def read(path):
    with duckdb.connect(path, read_only=True) as con:
        return len(con.execute("select key, auc from scores").df())
""",
    "store.connect": """
from store import connect
def read(path):
    with connect(path) as con:
        return con.execute("select count(*) from leaderboard_long").fetchone()[0]
""",
}


def poll(home, reader: str, seconds: float, **environment: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", POLL.format(open=reader), str(home.database), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def running(home, folder):
    """A run whose database holds its first rows, and its runner."""
    selection = a_selection(folder, LONG)
    enqueue(home, selection)
    runner = tiny(home, 0.04)
    until(lambda: home.database.exists())
    return selection, runner


def end(runner):
    runner.terminate()
    assert runner.wait(60) == 0


def test_readers_at_ten_a_second_are_answered(tmp_path):
    home = a_home(tmp_path)
    _, runner = running(home, tmp_path)
    polls = {name: poll(home, reader, SECONDS) for name, reader in READERS.items()}
    before = len(journalled(home))
    answers = {name: process.communicate(timeout=120)[0] for name, process in polls.items()}
    assert len(journalled(home)) - before > 10 * SECONDS, "the run stood still"
    end(runner)
    for name, answer in answers.items():
        at_once, late, never, rows = map(int, answer.split())
        assert never == 0, (name, answer)
        assert at_once >= AT_ONCE * (at_once + late), (name, answer)
        assert rows > 0


@pytest.mark.slow
def test_a_client_of_duckdb_1_2_reads_during_a_run(tmp_path):
    place = tmp_path / "old"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(place)]
    if subprocess.run([*pip, "duckdb==1.2.2"], capture_output=True).returncode:
        pytest.skip("duckdb 1.2.2 cannot be had here")
    home = a_home(tmp_path)
    _, runner = running(home, tmp_path)
    process = poll(home, READERS["duckdb"], SECONDS, PYTHONPATH=str(place))
    at_once, late, never, rows = map(int, process.communicate(timeout=120)[0].split())
    end(runner)
    assert never == 0
    assert at_once >= AT_ONCE * (at_once + late)
    assert rows > 0


HOLDING = int(os.environ.get("GENEARENA_HOLDING", "40"))
"""Units that are to be saved while somebody holds the file."""
HOLD = """
import duckdb, sys, time
while True:
    try:
        con = duckdb.connect(sys.argv[1])
        break
    except duckdb.IOException:
        time.sleep(0.02)
print("held", flush=True)
sys.stdin.readline()
"""


def test_a_process_that_holds_the_file_delays_only_the_flush(tmp_path):
    home = a_home(tmp_path)
    selection, runner = running(home, tmp_path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"
    before = len(journalled(home))
    until(lambda: len(journalled(home)) > before + HOLDING, what="units while the file is held")
    until(lambda: str(holder.pid) in read_status(home).message, 90, "the holder to be named")
    message = read_status(home).message
    assert Path(sys.executable).resolve().name in message or "python" in message
    assert read_status(home).state == "running"
    holder.communicate("\n")
    until(lambda: read_status(home).message == "", 60, "the rows to be applied")
    with connect(home) as con:
        assert con.execute("select count(*) from scores").fetchone()[0] > before
    end(runner)
    saved = set(journalled(home))
    with connect(home) as con:
        rows = dict(con.execute("select key, auc from scores").fetchall())
    assert set(rows) == saved
    by_key = {unit.key: unit for unit in build_plan(selection, home, {}).units}
    assert rows == {key: score_of(by_key[key]) for key in saved}


def test_a_holder_who_stays_to_the_end_loses_nothing(tmp_path, monkeypatch):
    home, selection = a_home(tmp_path), a_selection(tmp_path, 40)
    run_tiny(home, a_selection(tmp_path, 4))
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home.database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"
    run_tiny(home, selection)
    status = read_status(home)
    assert (status.state, status.scored) == ("finished", 36)
    assert str(holder.pid) in status.message
    holder.communicate("\n")
    run_tiny(home, selection)  # nothing to do, and the rows are applied
    with connect(home) as con:
        assert con.execute("select count(*) from scores").fetchone() == (40,)
