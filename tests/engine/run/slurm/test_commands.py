"""What is asked of SLURM's commands, and what is made of their answers, with scripts in their place."""

from __future__ import annotations

import time

import pytest
from standin import stand_in

from engine.plan.launch import Slurm
from engine.run.shards.followed import Queued
from engine.run.slurm.scheduler import Commands, Unreachable
from store.errors import UsageError

SCRIPT = """#!/bin/bash
#SBATCH --job-name=genearena-x
#SBATCH --array=0-1
#SBATCH --output={folder}/%a.out
exec sleep 60
"""


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    folder = tmp_path / "standin"
    folder.mkdir()
    return stand_in(folder, monkeypatch)


def submitted(folder):
    script = folder / "array.sh"
    script.write_text(SCRIPT.format(folder=folder))
    return Commands().submit(script)


def test_an_array_is_submitted_seen_and_cancelled_by_its_name(slurm):
    commands = Commands()
    assert submitted(slurm) == "4711"
    assert commands.queued("genearena-x") == [
        Queued(0, "RUNNING", "here", "None"),
        Queued(1, "RUNNING", "here", "None"),
    ]
    commands.cancel("genearena-x", waiting_only=True)
    assert len(commands.queued("genearena-x")) == 2
    commands.cancel("genearena-x")
    end = time.monotonic() + 60
    while commands.queued("genearena-x"):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert commands.queued("another") == []


def test_without_sbatch_it_is_said_where_to_run_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="no sbatch on the PATH of this machine"):
        Commands().check(Slurm())


def test_what_sbatch_would_refuse_is_known_before_anything_is_submitted(slurm):
    with pytest.raises(UsageError, match="sbatch says: invalid partition specified: nowhere; Batch job"):
        Commands().check(Slurm(partition="nowhere"))
    Commands().check(Slurm(partition="somewhere"))
    assert not (slurm / "genearena").exists()


def test_a_controller_that_does_not_answer_is_not_the_end_of_a_job(slurm):
    (slurm / "away").touch()
    with pytest.raises(Unreachable, match="Unable to contact slurm controller"):
        Commands().queued("genearena-x")
    with pytest.raises(Unreachable, match="tasks that run already go on"):
        submitted(slurm)
