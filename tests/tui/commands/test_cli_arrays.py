"""`run --executor slurm` with scripts in the place of SLURM's commands."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from standin import stand_in
from workbench import write_task

from engine.mailbox import WorkerStatus, read_status
from engine.plan.launch import Launch, Options, Slurm
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from engine.run.events import UnitStarted, WorkersSeen
from engine.run.monitor import Monitor
from engine.run.shards.array import arrays_folder
from tui.commands.steer import worker_line

ROOT = Path(__file__).parents[3]


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    folder = tmp_path / "standin"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return stand_in(folder, monkeypatch)


@pytest.fixture
def base(tmp_path):
    toy = write_task(tmp_path, "toy")
    chosen = ("--models", "wordllama-256", "--controls", "none", "--tasks", toy)
    return ("run", *chosen, "--protocols", "lr", "--seeds", "41-42")


def test_a_dry_run_prints_the_script_and_submits_nothing(call, home, slurm, base):
    told = call(*base, "--executor", "slurm", "--array", "2", "--partition", "gpu", "--gpus", "1",
                "--time", "4:00:00", "--mem", "16G", "--cpus", "4", "--account", "lab",
                "--sbatch", "--qos=long", "--dry-run").stdout  # fmt: skip
    for line in ("--partition=gpu", "--gpus=1", "--time=4:00:00", "--mem=16G", "--cpus-per-task=4",
                 "--account=lab", "--qos=long", "--array=0-1", "--requeue"):  # fmt: skip
        assert f"#SBATCH {line}\n" in told
    assert "-m engine.run.shards" in told
    assert '"$SLURM_ARRAY_TASK_ID"' in told
    assert not (slurm / "asked").exists()
    assert not arrays_folder(home).exists()


def test_a_run_through_slurm_is_a_run(call, home, slurm, base):
    done = call.json(*base, "--executor", "slurm", "--array", "1")
    assert (done["units"], done["scored"], done["failed"]) == (2, 2, 0)
    assert "--parsable" in (slurm / "asked").read_text()
    [worker] = read_status(home).workers
    assert (worker.done, worker.total) == (2, 2)
    assert call.json("status")["workers"][0]["host"]
    again = call.json(*base)
    assert (again["already_done"], again["scored"]) == (2, 0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--partition", "gpu"), "--partition goes with --executor slurm."),
        (("--executor", "slurm", "--partition", "nowhere"), "invalid partition specified: nowhere"),
        (("--executor", "slurm", "--partition", "a\nb"), "is not one line of text"),
        (("--executor", "slurm", "--sbatch", "qos=long"), "is not an option"),
    ],
)
def test_what_cannot_be_asked_of_slurm_is_one_sentence(call, home, slurm, base, options, said):
    assert said in call.refused(*base, *options)
    assert not arrays_folder(home).exists()


def test_without_sbatch_nothing_is_begun(call, home, base, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    assert "There is no sbatch" in call.refused(*base, "--executor", "slurm")


def test_a_worker_is_one_line():
    runs = WorkerStatus(
        "genearena-x 3", "runs", "node7", "cuda", ("k",), "small one lr seed 41", 2, 9, 0.5, 4.0
    )
    assert worker_line(runs) == (
        "genearena-x 3: runs on node7 (cuda), 2/9 units, 0.50/s, at small one lr seed 41, heard 0:04 ago"
    )
    waits = WorkerStatus("genearena-x 4", "waits", total=9, message="Resources")
    assert worker_line(waits) == "genearena-x 4: waits, 0/9 units (Resources)"


def test_a_unit_that_no_worker_is_at_any_more_does_not_run(home, tmp_path):
    selection = Selection(("all-MiniLM-L6-v2",), (write_task(tmp_path, "toy"),), ("lr",), (41, 42))
    plan = build_plan(selection, home.create(), {})
    monitor = Monitor(plan)
    for unit in plan.todo:
        monitor.feed(UnitStarted(unit))
    keys = [unit.key for unit in plan.todo]
    for flying in (keys, keys[:1], []):
        monitor.feed(WorkersSeen((WorkerStatus("x 0", "runs", units=tuple(flying)),)))
        assert [unit.key for unit in monitor.snapshot().running] == flying


def test_what_is_asked_of_slurm_waits_in_the_queue_with_the_selection():
    selection = Selection(("a",), ("b",), ("lr",))
    launch = Launch(selection, Options(slurm=Slurm(8, "gpu", gpus=1, sbatch=("--qos=long",))))
    assert Launch.from_json(json.loads(json.dumps(launch.to_json()))) == launch
    old = launch.to_json()
    del old["options"]["slurm"]
    assert Launch.from_json(old) == Launch(selection)
