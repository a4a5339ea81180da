"""kill -9 at any moment: nothing acknowledged is lost, nothing is done twice beyond what was in flight."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import threading
import time
from collections import Counter

import psutil
import pytest
from fault_tools import a_home, a_selection, ended, enqueue, journalled, run_tiny, tiny, until
from workbench import score_of

from engine.mailbox import read_status
from engine.plan.plan import build_plan
from engine.run.crashes import STRIKES
from store import connect
from store.errors import StoreError
from store.store import Store

pytestmark = pytest.mark.faults


class Viewer(threading.Thread):
    """Looks at status and database ten times a second, as a window does."""

    def __init__(self, home):
        super().__init__(daemon=True)
        self.home, self.over = home, threading.Event()
        self.looks = 0
        self.states, self.wrong = set(), []

    def run(self):
        rows = 0
        while not self.over.wait(0.1):
            status = read_status(self.home)
            self.states.add(status.state if status else "")
            if not self.home.database.exists():
                continue
            try:
                with connect(self.home, timeout=10) as connection:
                    now = connection.execute("select count(*) from scores").fetchone()[0]
            except StoreError as error:
                self.wrong.append(str(error))
                continue
            if now < rows:
                self.wrong.append(f"{rows} rows became {now}")
            rows, self.looks = now, self.looks + 1


@contextlib.contextmanager
def watched(home):
    viewer = Viewer(home)
    viewer.start()
    try:
        yield viewer
    finally:
        viewer.over.set()
        viewer.join()
    assert viewer.wrong == []


def kill_and_race(home, selection, kills: int, seconds: float) -> int:
    """Keep two runners racing for the lock and kill one of them at random; kills that hit work."""
    rng = random.Random(kills)
    often = {"TINY_FLUSH": "0.2"}  # so that kills hit flushes, too
    runners = [tiny(home, seconds, parent=True, env=often) for _ in range(2)]
    hits = 0
    for _ in range(kills):
        if rng.random() < 0.7:  # else it may hit the start of a runner
            until(lambda: at_work(home), what="a unit in flight")
        time.sleep(rng.uniform(0, 0.8))
        # Mostly the one that holds the lock: the other was refused it and has left.
        alive = [index for index in (0, 1) if runners[index].poll() is None]
        victim = rng.choice(alive or [0])
        kill(runners[victim], alone=rng.random() < 0.2)
        hits += any((home.mailbox / "in-flight").glob("*"))
        if home.database.exists():
            connect(home, timeout=10).close()
        enqueue(home, selection)
        for index in (0, 1):
            if runners[index].poll() is not None:
                runners[index] = tiny(home, seconds, parent=True, env=often)
    for runner in runners:
        kill(runner)
    return hits


def kill(parent, alone=False):
    """kill -9 of a runner, with its parent, as users do, or under it."""
    children = psutil.Process(parent.pid).children() if alone and parent.poll() is None else []
    for child in children:
        child.kill()
    if not children and parent.poll() is None:
        os.killpg(parent.pid, signal.SIGKILL)
    parent.wait()


def acknowledged(home):
    """(task, protocol, seed) of every unit that a runner has shown as scored."""
    text = "".join(path.read_text() for path in home.log.glob("runner.log*"))
    return {(t, p, int(s)) for t, p, s in re.findall(r"INFO \S+ (\S+) (\S+) (\d+): AUC", text)}


def check(home, selection, hits, shown):
    store = Store(home)
    plan = build_plan(selection, home, store.finished())
    assert len(plan.done) == len(plan.units)
    assert journalled(home, "failed") == [], "kills from outside convicted a unit"
    assert store.damaged == 0
    rows = Counter(journalled(home))
    assert set(rows) == {unit.key for unit in plan.units}
    again = sum(count - 1 for count in rows.values())
    assert again <= 2 * hits, "more was done twice than can have been in flight"
    assert shown <= {(u.task, u.protocol, u.seed) for u in plan.units if u.key in plan.done}
    store.flush()
    with connect(home) as connection:
        stored = dict(connection.execute("select key, auc from scores").fetchall())
        assert connection.execute("select count(*) from conflicts").fetchone() == (0,)
    assert stored == {unit.key: score_of(unit) for unit in plan.units}
    store.close()


def scenario(folder, kills, units, seconds):
    home, selection = a_home(folder), a_selection(folder, units)
    enqueue(home, selection)
    with watched(home) as viewer:
        hits = kill_and_race(home, selection, kills, seconds)
        shown = acknowledged(home)
        saved = set(journalled(home))
        keys = {(u.task, u.protocol, u.seed): u.key for u in build_plan(selection, home, {}).units}
        assert {keys[unit] for unit in shown} <= saved, "shown as scored and not in a journal"
        run_tiny(home, selection)
    check(home, selection, hits, shown)
    assert hits >= kills // 4
    assert viewer.looks >= kills // 2
    assert "running" in viewer.states
    assert list((home.mailbox / "in-flight").iterdir()) == []


def test_random_kills_with_two_racing_runners_and_a_viewer(tmp_path):
    scenario(tmp_path, kills=6, units=400, seconds=0.04)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_many_random_kills_with_two_racing_runners_and_a_viewer(tmp_path):
    kills = int(os.environ.get("GENEARENA_KILLS", "50"))
    scenario(tmp_path, kills, units=20 * kills, seconds=0.1)


def test_a_unit_that_crashes_its_runner_stops_no_run(tmp_path):
    home, selection = a_home(tmp_path), a_selection(tmp_path, 40)
    poison = build_plan(selection, home, {}).units[7]
    deaths = 0
    while deaths < 9:
        enqueue(home, selection)
        with ended(tiny(home, poison=poison.key, parent=True)) as parent:
            if parent.wait(60) != 128 + signal.SIGABRT:
                break
        deaths += 1
    assert deaths in (3, 4), "three alone, and perhaps one in company before"
    assert not journalled(home, "failed")
    assert len(set(journalled(home))) == 39
    assert poison.key not in journalled(home)
    status = read_status(home)
    assert status.state == "cancelled"
    assert "left out: 1" in status.message
    assert "died 3 times" in status.message


def at_work(home):
    """Whether the runner of the latest status lives and has a unit in flight."""
    status = read_status(home)
    return status is not None and status.running and psutil.pid_exists(status.pid)


def test_killing_the_runner_under_its_parent_condemns_nothing(tmp_path):
    home, selection = a_home(tmp_path), a_selection(tmp_path, 4)
    for _ in range(STRIKES + 1):
        enqueue(home, selection)
        with ended(tiny(home, 30.0, parent=True)) as parent:
            until(lambda: at_work(home), what="a unit in flight")
            os.kill(read_status(home).pid, signal.SIGKILL)
            assert parent.wait(60) == 128 + signal.SIGKILL
    run_tiny(home, selection)
    assert journalled(home, "failed") == []
    assert len(set(journalled(home))) == 4
