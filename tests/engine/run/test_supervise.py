from __future__ import annotations

import itertools
import threading
from contextlib import closing
from datetime import datetime

import pytest
from workbench import FakeCompute, write_task

from engine.mailbox import read_status
from engine.plan.launch import Options
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from engine.run import supervise as supervision
from engine.run.events import Log, RunFinished
from engine.run.steering import Steering
from engine.run.supervise import supervise
from engine.run.threads import ThreadExecutor
from store import connect
from store.errors import StoreBusy
from store.home import find_home
from store.store import Store


@pytest.fixture
def home(tmp_path):
    return find_home(tmp_path / "home").create()


@pytest.fixture
def plan(home, tmp_path):
    chosen = Selection(("all-MiniLM-L6-v2",), (write_task(tmp_path),), ("lr",), seeds=(41, 42))
    return build_plan(chosen, home, {})


def warnings(home, plan):
    executor = ThreadExecutor(home, Options(workers=1), FakeCompute())
    heard = list(supervise(home, plan, Steering(), Options(workers=1), executor))
    return [event.text for event in heard if isinstance(event, Log) and event.level == "warning"]


def hold(monkeypatch, times):
    """Whoever fills the database finds it in other hands for the first `times` times."""
    tries, flush, lock = itertools.count(), Store.flush, threading.Lock()

    def held(self):
        with lock:
            if next(tries) < times:
                raise StoreBusy("Another reader holds it.", "Wait.")
        return flush(self)

    monkeypatch.setattr(Store, "flush", held)


def test_a_reader_who_lets_go_soon_is_not_worth_a_word(home, plan, monkeypatch):
    hold(monkeypatch, times=2)
    assert warnings(home, plan) == []
    with connect(home) as connection:
        assert connection.execute("SELECT count(*) FROM scores").fetchone() == (2,)


def test_one_who_keeps_the_file_is_named_and_results_are_safe(home, plan, monkeypatch):
    monkeypatch.setattr(supervision, "_BRIEFLY", 0.3)
    monkeypatch.setattr(supervision, "_LAST_FLUSH", 1.0)
    hold(monkeypatch, times=10**6)
    said = "Another reader holds it. Wait. Results stay in the journal meanwhile."
    assert warnings(home, plan).count(said) == 1
    monkeypatch.undo()
    with closing(Store(home)) as kept:
        assert set(kept.finished().values()) == {"scored"}
        assert len(kept.finished()) == 2


def test_a_run_is_said_to_have_ended_when_its_row_does(home, plan):
    executor = ThreadExecutor(home, Options(workers=1), FakeCompute())
    *_, ended = (event for event in supervise(home, plan, Steering(), Options(workers=1), executor))
    heard = read_status(home)
    with connect(home) as connection:
        [(row,)] = connection.execute("SELECT epoch(finished_at) - epoch(started_at) FROM runs").fetchall()
    times = [datetime.fromisoformat(at).timestamp() for at in (heard.started_at, heard.updated_at)]
    assert isinstance(ended, RunFinished)
    assert times[1] - times[0] == pytest.approx(row, abs=0.001)
