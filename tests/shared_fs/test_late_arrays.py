"""Arrays over a home that each machine sees late, torn and stale: every unit counts once, with its row."""

from __future__ import annotations

import json
import os
import random
import re
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from batch_system import BatchSystem
from machines import Machine, why_none
from workbench import FakeCompute, write_task

from engine.plan.launch import Options
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from engine.run.steering import Steering
from engine.run.supervise import supervise
from engine.run.threads import ThreadExecutor
from store.home import find_home
from store.journal import Entry, read_journals

pytestmark = pytest.mark.skipif(bool(why_none()), reason=why_none())

HELD = 0.6
"""Seconds for which a view holds what it knows."""
GRACE = 1.5
"""Seconds for which outcomes of killed tasks are waited for."""
ENDED = re.compile(r"warning genearena-[\w-]+ ended without \d+ of its units\.")
"""What is true of arrays whose tasks were killed."""


class Site:
    """A file server, a login node on which coordinators run, and nodes for tasks."""

    def __init__(self, folder: Path, seed: int, seeds: int, seconds: float) -> None:
        self.dice = random.Random(seed)
        self.served, point = folder / "served", folder / "shared"
        for made in (self.served, point, folder / "desk"):
            made.mkdir()
        self.place = point / "home"
        self.said, self.desk = folder / "said", folder / "desk"
        tasks = tuple(write_task(folder, name) for name in ("one", "two"))
        self.selection = Selection(("all-MiniLM-L6-v2",), tasks, ("lr", "rf"), tuple(range(41, 41 + seeds)))
        self.login = Machine(self.served, point, HELD, seed=seed, locks=True)
        self.nodes = [Machine(self.served, point, HELD, seed=seed + n) for n in (1, 2)]
        self.batch = BatchSystem(self.desk, self.nodes, seconds, self.dice)

    def coordinator(self, tasks: int = 3):
        """One that begins on the login node."""
        words = [self.place, json.dumps(self.selection.to_json()), self.desk, self.said, tasks, GRACE]
        return self.login.start(sys.executable, Path(__file__).with_name("late_run.py"), *words)

    def sentences(self) -> list[str]:
        """What coordinators said beyond what is as it should be."""
        lines = self.said.read_text().splitlines() if self.said.exists() else []
        return [line for line in lines if not line.startswith("info ")]

    def close(self) -> None:
        """End all machines."""
        for machine in (self.login, *self.nodes):
            machine.close()


@pytest.fixture
def site(tmp_path, monkeypatch, request):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    made = Site(tmp_path, **request.param)
    yield made
    made.close()


def rows(journals: Path) -> dict[str, object]:
    """Key -> what was computed; every unit has one line."""
    lines = [line for line in read_journals(journals, {}) if isinstance(line, Entry)]
    outcomes = [line for line in lines if line.kind in ("scored", "failed")]
    assert set(Counter(line.key for line in outcomes).values()) == {1}
    told = ("unit", "metrics", "predictions", "split_hash", "n_train", "n_test")
    return {line.key: [line.kind, *(line.record.get(name) for name in told)] for line in outcomes}


def by_threads(site: Site, folder: Path) -> dict[str, object]:
    """What threads make of it, in a home of this machine."""
    home, options = find_home(folder / "by threads").create(), Options("cpu", 1, 1)
    plan = build_plan(site.selection, home, {})
    list(supervise(home, plan, Steering(), options, ThreadExecutor(home, options, FakeCompute())))
    return rows(home.journals)


@pytest.mark.parametrize("site", [{"seed": 3, "seeds": 8, "seconds": 0.02}], indirect=True)
def test_where_there_is_only_delay_each_unit_is_computed_once_and_nothing_is_blamed(site, tmp_path):
    with site.batch as batch:
        assert site.coordinator().wait() == 0
        assert batch.lives == 3
    assert site.sentences() == []
    assert rows(site.served / "home/data/journal") == by_threads(site, tmp_path)
    assert list((site.served / "home/data/arrays").iterdir()) == []


def saved(site: Site) -> int:
    """Outcomes that have reached the server, in the journals of tasks and of coordinators."""
    return sum(path.read_bytes().count(b'"kind":"scored"') for path in site.served.rglob("*.jsonl"))


def trouble(site: Site, coordinator, machines: float) -> None:
    """Every few outcomes kill a task, or the coordinator, have it leave, or cut a machine's power."""
    until = saved(site)
    while True:
        until += site.dice.randint(1, 24)
        while saved(site) < until:
            if coordinator.poll() is not None:
                return
            time.sleep(0.02)
        what = site.dice.random()
        if what < machines:
            site.batch.crash()
        elif what < 0.75:
            site.batch.kill(site.served, requeue=site.dice.random() < 0.5)
        else:
            coordinator.terminate() if what < 0.82 else coordinator.kill()
            return


def run_through(site: Site, machines: float = 0.0) -> int:
    """Coordinators until one of them brings it to an end; how many there were."""
    with site.batch:
        for number in range(1, 100):
            coordinator = site.coordinator()
            trouble(site, coordinator, machines)
            if coordinator.wait() == 0:
                return number
    raise AssertionError("it never ends")


@pytest.mark.parametrize("site", [{"seed": 5, "seeds": 12, "seconds": 0.1}], indirect=True)
def test_killed_at_random_each_unit_counts_once(site, tmp_path):
    run_through(site)
    assert [line for line in site.sentences() if not ENDED.fullmatch(line)] == []
    assert rows(site.served / "home/data/journal") == by_threads(site, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "site", [{"seed": seed, "seeds": 60, "seconds": 0.1} for seed in range(20, 26)], indirect=True, ids=str
)
def test_killed_for_long_each_unit_counts_once(site, tmp_path):
    run_through(site, machines=0.2)
    assert [line for line in site.sentences() if not ENDED.fullmatch(line)] == []
    assert rows(site.served / "home/data/journal") == by_threads(site, tmp_path)
