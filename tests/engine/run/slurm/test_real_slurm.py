"""Arrays on a real SLURM of one machine, where one can be started.

GENEARENA_SLURM=1 requires it, and 0 does without; unset, they are skipped where none starts.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from coordinator import coordinate
from real_slurm import RealSlurm, missing
from workbench import write_task

from engine.mailbox import read_status
from engine.plan.launch import Options
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from engine.run.events import Log, UnitFinished
from engine.run.runner import run
from engine.run.shards.array import arrays_folder, frozen_arrays
from engine.run.steering import Steering
from engine.run.threads import ThreadExecutor
from store import connect
from store.files import read_json
from store.home import Home, find_home
from store.journal import Entry, read_journals
from store.records import Cancelled, Scored
from store.store import Store

HERE = Path(__file__).parent
ROOT = HERE.parents[3]
PATIENCE = 120.0
WANTED = os.environ.get("GENEARENA_SLURM", "")
pytestmark = pytest.mark.timeout(600)


def important(test):
    """Where a SLURM is required, so is what makes it worth having; elsewhere it is slow."""
    return test if WANTED == "1" else pytest.mark.slow(test)


@pytest.fixture(scope="module")
def slurm(tmp_path_factory):
    reason = "GENEARENA_SLURM=0" if WANTED == "0" else missing()
    if reason and WANTED != "1":
        pytest.skip(reason)
    found = RealSlurm(tmp_path_factory.mktemp("slurm"))
    try:
        try:
            found.start()
        except AssertionError as error:
            if WANTED == "1":
                raise
            pytest.skip(f"{error}; {found.complaint()}")
        yield found
    finally:
        found.stop()


@pytest.fixture(autouse=True)
def here(slurm, monkeypatch):
    monkeypatch.setenv("SLURM_CONF", str(slurm.conf))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(HERE)]))


@pytest.fixture
def home(tmp_path) -> Home:
    return find_home(tmp_path / "home").create()


def small(tmp_path: Path, *protocols: str, seeds: int, controls="none") -> Selection:
    tasks = tuple(write_task(tmp_path, name) for name in ("one", "two"))
    return Selection(("wordllama-256",), tasks, protocols, tuple(range(41, 41 + seeds)), controls=controls)


def by_threads(selection: Selection, folder: Path) -> dict[str, Scored]:
    home = find_home(folder / "threads").create()
    options = Options(device="cpu", workers=2, threads=1)
    plan = build_plan(selection, home, {})
    events = run(plan, Store(home), Steering(), ThreadExecutor(home, options))
    return {one.outcome.unit.key: one.outcome for one in events if isinstance(one, UnitFinished)}


def number(outcome: Scored) -> tuple:
    return outcome.metrics, outcome.predictions, outcome.split_hash, outcome.vectors_hash


def journal_keys(folder: Path) -> Counter[str]:
    lines = read_journals(folder, {})
    return Counter(line.key for line in lines if isinstance(line, Entry) and line.kind == "scored")


def until(condition, otherwise: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, otherwise
        time.sleep(0.1)


def test_an_array_gives_the_same_rows_as_threads(home, tmp_path):
    selection = small(tmp_path, "lr", "rf", seeds=4, controls="default")
    events = coordinate(home, selection)
    found = {one.outcome.unit.key: one.outcome for one in events if isinstance(one, UnitFinished)}
    wanted = by_threads(selection, tmp_path)
    assert {key: number(one) for key, one in found.items()} == {
        key: number(one) for key, one in wanted.items()
    }
    assert journal_keys(home.journals) == Counter(wanted.keys())
    assert len(read_status(home).workers) == 4
    assert not any(arrays_folder(home).iterdir()), "nothing of an array is left once all is saved"
    with connect(home) as con:
        [(rows,)] = con.execute("SELECT count(*) FROM scores").fetchall()
    assert rows == len(wanted)


@pytest.mark.slow
def test_a_home_that_the_node_does_not_see_is_said_not_to_be_shared(tmp_path, monkeypatch):
    (tmp_path / "slurm").mkdir()
    (tmp_path / "apart").mkdir()
    found = RealSlurm(tmp_path / "slurm", hidden=tmp_path / "apart")
    try:
        found.start()
        monkeypatch.setenv("SLURM_CONF", str(found.conf))
        home = find_home(tmp_path / "apart" / "home").create()
        events = coordinate(home, small(tmp_path, "lr", seeds=1), tasks=1)
    finally:
        found.stop()
    ends = [one.outcome for one in events if isinstance(one, UnitFinished)]
    assert ends
    assert all(isinstance(one, Cancelled) and "share that folder" in one.reason for one in ends)


@important
def test_whatever_is_killed_each_unit_counts_once(home, tmp_path, slurm):
    selection = small(tmp_path, "rf-cv", seeds=8)
    told = [sys.executable, str(HERE / "coordinator.py"), str(home.data.parent)]
    coordinator = subprocess.Popen([*told, json.dumps(selection.to_json())])
    try:
        until(lambda: any(frozen_arrays(home)), "no array was made")
        [array] = frozen_arrays(home)
        until(lambda: sum(journal_keys(array.journals).values()) >= 2, "no unit was scored")
    finally:
        coordinator.kill()
        coordinator.wait()
    tasks = slurm.ask("squeue", "-h", "-r", f"--name={array.name}", "-o", "%F_%K %T").split("\n")
    waits = [task.split()[0] for task in tasks if task.endswith("PENDING")]
    assert waits, "a task was to be given up before it began"
    slurm.ask("scancel", waits[-1])
    beat = next(beat for index in range(4) if (beat := read_json(array.beat(index))))
    os.kill(beat["pid"], signal.SIGKILL)
    until(
        lambda: not slurm.ask("squeue", "-h", f"--name={array.name}").strip(),
        "the array goes on without a coordinator",
    )
    alone = journal_keys(array.journals)
    assert 2 < len(alone) < 16, "it did its work, but not that of the killed"
    events = coordinate(home, selection)
    assert journal_keys(home.journals) == Counter(
        unit.key for unit in build_plan(selection, home, {}).units
    )
    again = {one.outcome.unit.key for one in events if isinstance(one, UnitFinished)}
    assert again.isdisjoint(alone), "what the array had saved is not done again"
    with connect(home) as con:
        assert con.execute("SELECT count(*), count(DISTINCT key) FROM scores").fetchone() == (16, 16)


def test_what_sbatch_refuses_is_said_in_its_words(home, tmp_path):
    from engine.plan.launch import Slurm

    selection = small(tmp_path, "lr", seeds=1)
    events = coordinate(home, selection, slurm=Slurm(array=2, partition="nowhere"))
    ends = [one.outcome for one in events if isinstance(one, UnitFinished)]
    assert all(isinstance(one, Cancelled) and "nowhere" in one.reason for one in ends)
    assert ends
    assert any(isinstance(one, Log) and "nowhere" in one.text for one in events)


@pytest.mark.slow
def test_a_coordinator_that_is_told_to_end_leaves_the_array_and_a_requeued_task_goes_on(
    home, tmp_path, slurm
):
    selection = small(tmp_path, "rf-cv", seeds=3)
    told = [sys.executable, str(HERE / "coordinator.py"), str(home.data.parent)]
    coordinator = subprocess.Popen([*told, json.dumps(selection.to_json()), "1"])
    try:
        until(lambda: any(frozen_arrays(home)), "no array was made")
        [array] = frozen_arrays(home)
        until(lambda: sum(journal_keys(array.journals).values()) >= 1, "no unit was scored")
        coordinator.terminate()
        coordinator.wait(PATIENCE)
    finally:
        coordinator.kill()
        coordinator.wait()
    [job] = slurm.ask("squeue", "-h", f"--name={array.name}", "-o", "%F_%K").split()
    slurm.ask("scontrol", "requeue", job)
    until(lambda: "PENDING" in slurm.ask("squeue", "-h", "-o", "%T"), "it was not requeued")
    slurm.ask("scontrol", "update", f"JobId={job}", "StartTime=now")  # not in two minutes
    until(lambda: len(list(array.journals.glob("*.jsonl"))) == 2, "its next life has not begun")
    events = coordinate(home, selection)
    wanted = build_plan(selection, home, {}).units
    assert journal_keys(home.journals) == Counter(unit.key for unit in wanted)
    assert not any("Submitted" in one.text for one in events if isinstance(one, Log))
