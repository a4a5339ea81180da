from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import workbench
from workbench import write_task

from engine import mailbox
from engine.plan.launch import Launch, Options
from engine.plan.selection import Selection
from store.home import find_home
from store.store import Store

ROOT = Path(__file__).parents[3]
RUNNER = """
import json, sys
from workbench import FakeCompute
from engine.run.detached import main

class Noted(FakeCompute):
    def devices(self, wanted):
        with open(sys.argv[-1], "a") as file:
            file.write(json.dumps(wanted) + "\\n")
        return (wanted,)

    def limits(self, threads):
        with open(sys.argv[-1], "a") as file:
            file.write(json.dumps(threads) + "\\n")
        return super().limits(threads)

sys.exit(main(sys.argv[1:-1], Noted()))
"""


@pytest.fixture
def home(tmp_path):
    return find_home(tmp_path / "home").create()


def run_queue(home, noted, **environment):
    folder = Path(workbench.__file__).parent
    places = [str(place) for place in (home.data, home.cache, home.config, home.log, noted)]
    code = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(folder)!r}]\n{RUNNER}"
    return subprocess.run(
        [sys.executable, "-c", code, *places], timeout=120, env={**os.environ, **environment}
    ).returncode


def test_each_queued_selection_runs_on_its_own_device_and_threads(home, tmp_path):
    task, noted = write_task(tmp_path), tmp_path / "noted"
    for seed, options in ((41, Options("cuda:0", 1, 3)), (42, Options("cuda:1", 1, 5))):
        chosen = Selection(("all-MiniLM-L6-v2",), (task,), ("lr",), (seed,))
        mailbox.enqueue(home, Launch(chosen, options))
    assert run_queue(home, noted) == 0
    assert [json.loads(line) for line in noted.read_text().splitlines()] == ["cuda:0", 3, "cuda:1", 5]
    assert mailbox.last_launch(home).options == Options("cuda:1", 1, 5), "so that resuming does the same"


def queue(home, task, seed, options=None, model="all-MiniLM-L6-v2"):
    mailbox.enqueue(
        home, Launch(Selection((model,), (task,), ("lr",), (seed,)), options or Options("cpu", 1, 1))
    )


def test_a_launch_for_a_database_of_a_newer_version_is_failed_with_the_reason(home, tmp_path):
    Store(home).flush()
    with duckdb.connect(home.database) as con:
        con.execute("insert into migrations values (99, 'more.sql', 1, now()::TIMESTAMP)")
    queue(home, write_task(tmp_path), 41)
    assert run_queue(home, tmp_path / "noted") == 1
    status = mailbox.read_status(home)
    assert status.state == "failed"
    assert "was written by a newer genearena" in status.message
    assert Store(home).finished() == {}


def test_a_launch_whose_model_is_gone_by_its_turn_is_failed_with_the_reason(home, tmp_path):
    queue(home, write_task(tmp_path), 41, model="e5-small")
    assert run_queue(home, tmp_path / "noted", HF_HUB_CACHE=str(tmp_path / "hub")) == 1
    status = mailbox.read_status(home)
    assert status.state == "failed"
    assert "e5-small is not on this machine" in status.message


def test_a_damaged_launch_is_passed_over_and_never_remembered(home, tmp_path):
    task = write_task(tmp_path)
    queue(home, task, 41)
    [path] = mailbox.queued(home)
    launch = json.loads(path.read_text())
    launch["selection"]["seeds"] = ["a"]
    path.write_text(json.dumps(launch))
    launch["selection"]["seeds"], launch["options"]["workers"] = [41], "many"
    path.with_name("1-2-abc.json").write_text(json.dumps(launch))
    queue(home, task, 42)
    assert run_queue(home, tmp_path / "noted") == 0
    assert mailbox.last_launch(home).selection.seeds == (42,)


def test_a_failure_stays_in_the_status_of_the_launches_after_it_and_can_be_resumed(home, tmp_path):
    task = write_task(tmp_path)
    queue(home, task, 41, model="e5-small")
    queue(home, task, 42)
    queue(home, task, 43)
    assert run_queue(home, tmp_path / "noted", HF_HUB_CACHE=str(tmp_path / "hub")) == 1
    status = mailbox.read_status(home)
    assert status.state == "finished"
    [failed] = status.earlier
    assert "e5-small is not on this machine" in failed.message
    assert failed.selection["seeds"] == [41]
    [left] = mailbox.unfinished(home, alive=False)
    assert (left.state, left.why, left.launch.selection.seeds) == ("failed", failed.message, (41,))


def test_units_of_a_launch_that_became_impossible_are_in_its_status(home, tmp_path):
    task = write_task(tmp_path)
    both = Selection(("e5-small", "all-MiniLM-L6-v2"), (task,), ("lr",), (41, 42))
    mailbox.enqueue(home, Launch(both, Options("cpu", 1, 1)))
    assert run_queue(home, tmp_path / "noted", HF_HUB_CACHE=str(tmp_path / "hub")) == 0
    [out] = mailbox.read_status(home).left_out
    assert out.units == 2
    assert "e5-small is not on this machine" in out.reason
