"""What is asked of SLURM's commands, and what is made of their answers, with scripts in their place."""

from __future__ import annotations

import shlex
import time

import pytest
from standin import stand_in

from engine.plan.launch import Slurm
from engine.run.shards.followed import Queued
from engine.run.slurm import scheduler
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


def says(slurm, command, *lines, then="exit 1"):
    text = "\n".join(f"echo {shlex.quote(line)} >&2" for line in lines)
    (slurm / command).write_text(f"#!/bin/bash\n{text}\n{then}\n")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "sbatch: error: Invalid --time specification",
            "Invalid --time specification. Give minutes or H:MM",
        ),
        (
            "allocation failure: Requested node configuration is not available",
            "Ask for less of --cpus, --mem",
        ),
        (
            "sbatch: unrecognized option '--nonsense=3'",
            "says: unrecognized option '--nonsense=3'. It is one of",
        ),
        (
            "sbatch: error: invalid partition specified: a",
            "partition specified: a. `sinfo` lists the partit",
        ),
    ],
)
def test_what_sbatch_refuses_comes_with_what_to_do(slurm, said, told):
    says(slurm, "sbatch", said, 'Try "sbatch --help" for more information')
    with pytest.raises(UsageError) as raised:
        Commands().check(Slurm())
    assert told in str(raised.value)


MUNGE = (
    "squeue: error: If munged is up, restart with --num-threads=10",
    'squeue: error: Munge encode failed: Failed to connect to "/run/munge.socket.2": Connection refused',
    "squeue: error: slurm_send_node_msg: auth_g_create: REQUEST_JOB_INFO has authentication error",
)


@pytest.mark.parametrize("then", ["exit 1", "exec sleep 20"])
def test_without_munge_it_is_said_what_is_missing_and_the_job_is_not_given_up(slurm, monkeypatch, then):
    monkeypatch.setattr(scheduler, "_PATIENCE", 1.0 if "sleep" in then else 60.0)
    says(slurm, "squeue", *MUNGE, then=then)
    with pytest.raises(Unreachable) as raised:
        Commands().queued("genearena-x")
    assert 'Munge encode failed: Failed to connect to "/run/munge.socket.2"' in raised.value.message
    assert "auth_g_create" not in raised.value.message
    assert "has to run on this machine" in raised.value.hint


def test_a_controller_that_is_killed_as_it_answers_is_away(slurm):
    line = "slurm_msg_sendto: address:port=127.0.0.1:5 msg_type=2003: Unexpected missing socket error"
    says(slurm, "squeue", line, "squeue: error: Unexpected missing socket error")
    with pytest.raises(Unreachable) as raised:
        Commands().queued("genearena-x")
    assert raised.value.message == "squeue says: Unexpected missing socket error."


def test_a_controller_that_does_not_answer_is_not_the_end_of_a_job(slurm):
    (slurm / "away").touch()
    with pytest.raises(Unreachable, match="Unable to contact slurm controller"):
        Commands().queued("genearena-x")
    with pytest.raises(Unreachable, match="tasks that run already go on"):
        submitted(slurm)
