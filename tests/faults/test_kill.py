"""kill -9 at any moment: nothing acknowledged is lost, nothing is done twice beyond what was in flight."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from workbench import score_of, write_task

from engine.control import enqueue, read_status
from engine.plan import Selection, build_plan
from store import connect
from store.home import find_home
from store.journal import Entry, read_journals
from store.store import Store

pytestmark = pytest.mark.faults
RUNNER = Path(__file__).with_name("tiny_runner.py")


def start_runner(home):
    places = [str(home.data), str(home.cache), str(home.config), str(home.log)]
    return subprocess.Popen(
        [sys.executable, str(RUNNER), *places, "cpu", "2"],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TINY_SECONDS": "0.02"},
    )


def acknowledged(home):
    """(task, protocol, seed) of every unit that a runner has shown as scored."""
    log = home.log / "runner.log"
    text = log.read_text() if log.exists() else ""
    return [(t, p, int(s)) for t, p, s in re.findall(r"INFO \S+ (\S+) (\S+) (\d+): AUC", text)]


def journalled(home):
    return [e.key for e in read_journals(home.journals, {}) if isinstance(e, Entry) and e.kind == "scored"]


def kill_and_race(home, selection, kills: int, seed: int) -> int:
    """Keep two runners racing for the lock, kill one of them at random; how often both lived."""
    rng = random.Random(seed)
    runners = [start_runner(home), start_runner(home)]
    for _ in range(kills):
        time.sleep(rng.uniform(0.3, 1.6))
        read_status(home)  # a viewer looks in
        victim = rng.randrange(2)
        runners[victim].kill()
        runners[victim].wait()
        enqueue(home, selection)
        # One that was refused the lock has left; both are started anew.
        for index in (0, 1):
            if runners[index].poll() is not None:
                runners[index] = start_runner(home)
    for runner in runners:
        runner.wait(120)
    return kills


def check(home, selection, kills):
    store = Store(home)
    plan = build_plan(selection, home, store.finished())
    assert len(plan.done) == len(plan.units)
    rows = Counter(journalled(home))
    assert set(rows) == {unit.key for unit in plan.units}
    again = sum(count - 1 for count in rows.values())
    assert again <= 2 * kills, "more was done twice than can have been in flight"
    shown = set(acknowledged(home))
    assert shown <= {(u.task, u.protocol, u.seed) for u in plan.units}
    store.flush()
    with connect(home) as connection:
        stored = dict(connection.execute("select key, auc from scores").fetchall())
        assert connection.execute("select count(*) from conflicts").fetchone() == (0,)
    assert stored == {unit.key: score_of(unit) for unit in plan.units}
    store.close()


def finish(home, selection):
    enqueue(home, selection)
    start_runner(home).wait(120)


def scenario(tmp_path, kills, units):
    home = find_home(tmp_path / "home").create()
    tasks = tuple(write_task(tmp_path, name) for name in ("one", "two"))
    selection = Selection(("all-MiniLM-L6-v2",), tasks, ("lr", "rf"), seeds=tuple(range(units // 4)))
    enqueue(home, selection)
    kill_and_race(home, selection, kills, seed=kills)
    finish(home, selection)
    check(home, selection, kills)


def test_random_kills_with_two_racing_runners(tmp_path):
    scenario(tmp_path, kills=8, units=800)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_many_random_kills_with_two_racing_runners(tmp_path):
    scenario(tmp_path, kills=int(os.environ.get("GENEARENA_KILLS", "50")), units=4000)
