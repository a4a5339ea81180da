"""Arrays over a home that each machine sees late, torn and stale: every unit counts once, with its row."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from batch_system import BatchSystem
from machines import Machine, why_none
from workbench import FakeCompute, write_task

from engine.plan.launch import Options
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from engine.run.compute import Compute, LocalCompute
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

    def __init__(self, folder: Path, seed: int, seeds: int, seconds: float, held: float = HELD) -> None:
        self.dice = random.Random(seed)
        self.served, point = folder / "served", folder / "shared"
        for made in (self.served, point, folder / "desk"):
            made.mkdir()
        self.place = point / "home"
        self.said, self.desk = folder / "said", folder / "desk"
        tasks = tuple(write_task(folder, name) for name in ("one", "two"))
        self.selection = Selection(("all-MiniLM-L6-v2",), tasks, ("lr", "rf"), tuple(range(41, 41 + seeds)))
        self.login = Machine(self.served, point, held, seed=seed, locks=True)
        self.nodes = [Machine(self.served, point, held, seed=seed + n) for n in (1, 2)]
        self.batch = BatchSystem(self.desk, self.nodes, seconds, self.dice)

    def coordinator(self, grace: float) -> subprocess.Popen:
        """One that begins on the login node, for three tasks."""
        words = [self.place, json.dumps(self.selection.to_json()), self.desk, self.said, 3, grace]
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


def by_threads(site: Site, folder: Path, compute: Compute | None = None) -> dict[str, object]:
    """What threads make of it, in a home of this machine; they compute nothing unless it is said how."""
    home, options = find_home(folder / "by threads").create(), Options("cpu", 1, 1)
    plan = build_plan(site.selection, home, {})
    list(
        supervise(home, plan, Steering(), options, ThreadExecutor(home, options, compute or FakeCompute()))
    )
    return rows(home.journals)


@pytest.mark.parametrize("site", [{"seed": 3, "seeds": 8, "seconds": 0.02, "held": 3600}], indirect=True)
def test_where_there_is_only_delay_each_unit_is_computed_once_and_nothing_is_blamed(site, tmp_path):
    with site.batch as batch:
        coordinator = site.coordinator(grace=3600)
        wait(lambda: journals(site) and not batch.running() and none_left(site) > 5, coordinator)
        assert saved(site) == 32, "all of them, which nobody else sees yet"
        site.login.forget()
        assert coordinator.wait() == 0
        assert batch.lives == 3
    assert site.sentences() == []
    assert rows(site.served / "home/data/journal") == by_threads(site, tmp_path)
    assert list((site.served / "home/data/arrays").iterdir()) == []


def wait(until: Callable[[], object], coordinator: subprocess.Popen) -> None:
    """Until it is so; fails if the coordinator ends before."""
    while not until():
        assert coordinator.poll() is None
        time.sleep(0.05)


def none_left(site: Site) -> int:
    """How often a coordinator was told that no task of its array is left."""
    return sum(path.stat().st_size for path in site.desk.glob("*.none"))


def journals(site: Site) -> list[Path]:
    """All that are on the server, of tasks and of coordinators."""
    found = [Path(folder, name) for folder, _, names in os.walk(site.served) for name in names]
    return [path for path in found if path.suffix == ".jsonl"]


def saved(site: Site) -> int:
    """Outcomes that have reached the server; at no time fewer than tasks said that they had saved."""
    said = {}
    for path in (site.served / "home/data/arrays").glob("*/beats/*.json"):
        with suppress(FileNotFoundError):
            beat = json.loads(path.read_bytes())
            said[beat["run_id"]] = beat["scored"]
    found = {}
    for path in journals(site):
        with suppress(FileNotFoundError):  # an array that is done with is removed
            found[path.stem] = path.read_bytes().count(b'"kind":"scored"')
    assert all(found[life] >= scored for life, scored in said.items() if scored and life in found)
    return sum(found.values())


def trouble(site: Site, coordinator: subprocess.Popen, machines: float) -> bool:
    """Every few outcomes kill a task or cut a machine's power, and in the end the coordinator's life short.

    Returns:
        Whether the coordinator was made to end.
    """
    until = saved(site)
    while True:
        until += site.dice.randint(1, 24)
        while saved(site) < until:
            if coordinator.poll() is not None:
                return False
            time.sleep(0.05)
        what = site.dice.random()
        if what < machines:
            site.batch.crash()
        elif what < 0.75:
            site.batch.kill(site.served, requeue=site.dice.random() < 0.5)
        else:
            coordinator.terminate() if what < 0.82 else coordinator.kill()
            if what > 0.9 and machines:
                coordinator.wait()
                site.login.crash()
                site.login.boot()
            return True


def nothing_is_lost_sight_of(site: Site) -> bool:
    """Whether what is left of arrays, as of what was not listed when they were removed, is found again.

    But for what was never whole, since its coordinator was killed while it froze it: that has no heartbeat.
    """
    left = (site.served / "home/data/arrays").iterdir()
    return all((one / "array.json").exists() or not any((one / "beats").glob("*")) for one in left)


def run_through(site: Site, machines: float = 0.0) -> None:
    """Coordinators until one of them brings it to an end."""
    with site.batch:
        while True:
            coordinator = site.coordinator(GRACE)
            ended = trouble(site, coordinator, machines)
            if coordinator.wait() == 0:
                return
            assert ended, site.said.read_text()


@pytest.mark.parametrize("site", [{"seed": 5, "seeds": 8, "seconds": 0.1}], indirect=True)
def test_killed_at_random_each_unit_counts_once(site, tmp_path):
    run_through(site)
    assert [line for line in site.sentences() if not ENDED.fullmatch(line)] == []
    assert nothing_is_lost_sight_of(site)
    assert rows(site.served / "home/data/journal") == by_threads(site, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "site", [{"seed": seed, "seeds": 60, "seconds": 0.1} for seed in range(20, 26)], indirect=True, ids=str
)
def test_killed_for_long_each_unit_counts_once(site, tmp_path):
    run_through(site, machines=0.2)
    assert [line for line in site.sentences() if not ENDED.fullmatch(line)] == []
    assert nothing_is_lost_sight_of(site)
    assert rows(site.served / "home/data/journal") == by_threads(site, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("site", [{"seed": 7, "seeds": 3, "seconds": -1}], indirect=True)
def test_what_is_really_computed_needs_no_locks_and_no_maps_either(site, tmp_path):
    with site.batch:
        assert site.coordinator(GRACE).wait() == 0
    assert site.sentences() == []
    computed = by_threads(site, tmp_path, LocalCompute(find_home(tmp_path / "by threads")))
    assert rows(site.served / "home/data/journal") == computed
