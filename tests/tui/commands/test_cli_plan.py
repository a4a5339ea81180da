"""`plan`: counts like a dry run, sizes a cluster, writes scripts; runs nothing."""

from __future__ import annotations

import pytest
import workbench

import engine.run.threads
from engine.run.shards.array import frozen_arrays

BASE = ("--models", "length,symbol", "--controls", "none", "--protocols", "lr,rf", "--seeds", "41-43")


@pytest.fixture
def toy(tmp_path):
    return workbench.write_task(tmp_path, "toy")


def test_it_counts_as_a_dry_run_does_and_makes_nothing(call, home, toy):
    asked = (*BASE, "--tasks", toy)
    assert call.json("plan", *asked) == call.json("run", *asked, "--dry-run")
    assert "12 units, 12 to run" in call("plan", *asked).stdout
    assert not home.data.exists()


def test_it_says_how_much_is_left_of_each_model_and_protocol(call, toy):
    call("run", *BASE[:4], "--protocols", "lr", "--seeds", "41", "--tasks", toy)
    head, *rows, total = call("plan", *BASE, "--tasks", toy).stdout.splitlines()
    assert head.split() == ["units", "to", "run", "lr", "rf"]
    assert [row.split() for row in rows] == [[name, "2", "of", "3", "3"] for name in ("length", "symbol")]
    assert total == "12 units, 10 to run"


def test_a_failure_before_is_named_with_what_runs_it_again(call, monkeypatch, toy):
    def unwell(unit, cancel):
        raise RuntimeError("unwell")

    fake = workbench.FakeCompute()
    fake.behave = unwell
    monkeypatch.setattr(engine.run.threads, "LocalCompute", lambda home: fake)
    assert call("run", *BASE, "--tasks", toy).exit_code == 1
    told = call("plan", *BASE, "--tasks", toy).stdout
    assert "12 units, 0 to run, 12 failed before (--retry-failed runs them again)" in told
    assert told.splitlines()[1].split() == ["length", "0", "of", "3", "0", "of", "3"]
    assert "12 units, 12 to run" in call("plan", *BASE, "--tasks", toy, "--retry-failed").stdout


def test_more_machines_take_less_time_and_guesses_are_named(call, toy):
    asked = ("plan", *BASE, "--tasks", toy, "--simulate")
    one, four = (call.json(*asked, f"hosts={n},cores=1")["simulated"] for n in (1, 4))
    assert one["units"] == four["units"] == 12
    assert four["seconds"] < one["seconds"]
    assert (one["measured"], one["gpu_hours"]) == (0, 0)
    told = call(*asked, "hosts=2,gpus=1,cores=4")
    assert "On 2 hosts of 1 GPU and 4 cores each, 2 shards:" in told.stdout
    assert "GPU hours held" in told.stdout
    assert "100% of the units are of protocols that it has not timed" in told.stderr
    assert "hosts=8,gpus=4" in call.refused(*asked, "hosts=many")


@pytest.mark.parametrize(
    ("form", "first", "submit"),
    [("sbatch", "#!/bin/bash", "sbatch "), ("snakemake", "# 12 units", "snakemake ")],
)
def test_an_export_is_a_script_and_the_shards_that_it_names(call, home, toy, form, first, submit):
    told = call("plan", *BASE, "--tasks", toy, "--export", form, "--array", "2")
    (frozen,) = frozen_arrays(home)
    assert told.stdout.startswith(first)
    assert str(frozen.folder) in told.stdout
    assert sum(len(shard.units) for shard in frozen.shards) == 12
    assert f"`{submit}" in told.stderr


def test_what_cannot_be_exported_is_refused(call, home, toy):
    asked = ("plan", *BASE, "--tasks", toy)
    assert "--executor slurm" in call.refused(*asked, "--array", "2")
    assert "not JSON" in call.refused(*asked, "--export", "sbatch", "--json")
    assert "--detach" in call.refused(*asked, "--detach")


@pytest.mark.parametrize("asked", [("plan", "--simulate", "hosts=2"), ("plan",), ("run", "--dry-run")])
def test_a_model_that_cannot_be_fine_tuned_is_named_with_the_option_that_leaves_it_out(call, toy, asked):
    said = call.refused(*asked, "--protocols", "finetune", "--tasks", toy)
    assert "wordllama-256 has static token vectors and no layers, so it cannot be fine-tuned." in said
    assert said.rstrip().endswith("Leave it out: --models all-MiniLM-L6-v2.")
    alone = call.refused(*asked, "--protocols", "finetune", "--tasks", toy, "--models", "wordllama-256")
    assert "--models" not in alone, "nothing would be left"
