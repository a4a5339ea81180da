"""The file is read as Snakemake does: JSON strings, `str.format` with wildcards, a shell for each job."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest
from workbench import write_task

from engine.plan.launch import Options, Slurm
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from engine.run.shards.array import freeze
from engine.run.shards.cut import shards_of
from engine.run.shards.snakefile import snakefile
from store import connect
from store.home import find_home


@pytest.fixture
def frozen(tmp_path):
    """An array of two shards in a folder whose name is hard to quote."""
    home = find_home(tmp_path / "it's {a} home").create()
    tasks = (write_task(tmp_path, "one"), write_task(tmp_path, "two"))
    plan = build_plan(Selection(("length",), tasks, ("lr",), (41, 42), controls="none"), home, {})
    slurm = Slurm(2, partition="gpu", time="1-2", mem="8G", sbatch=("--qos=long", "--nice"))
    options = Options("cpu", 1, 1, slurm)
    return freeze(home, plan, shards_of(home, plan, plan.todo, options), options, snakefile, "Snakefile")


def rules(text):
    """Rule -> directive -> what stands behind it."""
    found, rule = {}, {}
    for line in text.splitlines():
        if head := re.fullmatch(r"rule (\w+):", line):
            rule = found.setdefault(head[1], {})
        elif directive := re.fullmatch(r"    (\w+): (.*)", line):
            rule[directive[1]] = directive[2]
    return found


def run(shell, shard=0):
    wildcards = type("Wildcards", (), {"shard": shard})
    command = json.loads(shell).format(wildcards=wildcards)
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=200, check=False)


def test_each_shard_is_a_job_and_the_last_takes_everything_in(frozen):
    parts = rules((frozen.folder / "Snakefile").read_text())
    assert "range(2)" in parts["collect"]["input"]
    asked = 'slurm_partition="gpu", runtime=1560, mem="8G", slurm_extra="--qos=long --nice"'
    assert parts["shard"]["resources"] == asked
    assert parts["shard"]["threads"] == "1"
    for file in frozen.folder.rglob("*"):  # else it waits for what may have been saved and is seen late
        os.utime(file, (1e9, 1e9))
    early = run(parts["collect"]["shell"])
    assert (early.returncode, early.stdout) == (1, "0 outcomes taken in, 4 of 4 units still to run.\n")
    for shard in range(2):
        assert run(parts["shard"]["shell"], shard).returncode == 0
    done = run(parts["collect"]["shell"])
    assert (done.returncode, done.stdout) == (0, "4 outcomes taken in, 0 of 4 units still to run.\n")
    with connect(frozen.home) as connection:
        assert connection.execute("SELECT count(*) FROM scores").fetchone() == (4,)
    again = run(parts["collect"]["shell"])
    assert again.returncode == 2
    assert again.stderr.startswith(f"There is no array in {frozen.folder} on ")


@pytest.mark.parametrize(
    ("limit", "minutes"),
    [("90", 90), ("90:01", 91), ("4:00:00", 240), ("1-12", 2160), ("1-12:30", 2190), ("2-0:00:10", 2881)],
)
def test_limits_are_minutes_there(frozen, limit, minutes):
    from dataclasses import replace

    options = replace(frozen.launch.options, slurm=Slurm(time=limit))
    told = snakefile(replace(frozen, launch=replace(frozen.launch, options=options)))
    assert rules(told)["shard"]["resources"] == f"runtime={minutes}"
