"""What a machine is short of is not a verdict: no row, said in a true sentence, and tried again."""

from __future__ import annotations

import errno
import threading
from dataclasses import replace

import pytest
from test_runner import go, outcomes, plan_of
from workbench import FakeCompute, write_task

from engine.plan.selection import Selection
from engine.run.events import Log
from engine.run.shortage import Killed, shortage
from store.errors import ModelError
from store.records import Cancelled, Failed, Scored

SHORT = {
    "memory": (MemoryError(), "not enough memory"),
    "mapping": (ImportError("libx.so: failed to map segment from shared object"), "not enough memory"),
    "library": (ImportError("cannot import name 'x'"), "library cannot be loaded"),
    "enomem": (OSError(errno.ENOMEM, "Cannot allocate memory"), "not enough memory"),
    "files": (OSError(errno.EMFILE, "Too many open files"), "ulimit -n"),
    "files of all": (OSError(errno.ENFILE, "Too many open files in system"), "fs.file-max"),
    "fork": (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "ulimit -u"),
    "thread": (RuntimeError("can't start new thread"), "ulimit -u"),
    "killed": (Killed("Out of memory: it was killed."), "Out of memory"),
}
EACH = pytest.mark.parametrize(("error", "says"), SHORT.values(), ids=SHORT)


@pytest.fixture
def selection(tmp_path):
    tasks = tuple(write_task(tmp_path, name) for name in ("one", "two"))
    return Selection(("all-MiniLM-L6-v2",), tasks, ("lr", "rf"), seeds=(41, 42, 43))


def logged(events):
    return [event.text for event in events if isinstance(event, Log)]


@EACH
def test_a_shortage_is_told_also_where_another_error_was_made_of_it(error, says):
    assert says in shortage(error)
    wrapped = ModelError("The model cannot be read.")
    wrapped.__cause__ = error
    assert says in shortage(wrapped)


@pytest.mark.parametrize(
    "error", [ValueError("x"), OSError(errno.ENOENT, "no"), RuntimeError("shape"), Exception()]
)
def test_what_the_work_does_wrong_is_no_shortage(error):
    assert shortage(error) == ""


@EACH
def test_a_unit_that_is_short_of_something_even_alone_leaves_no_row(home, selection, error, says):
    victim = plan_of(selection, home).units[5].key

    def fail(unit, cancel):
        if unit.key == victim:
            raise error

    events = go(selection, home, FakeCompute(fail), workers=4)
    [left] = [outcome for outcome in outcomes(events) if not isinstance(outcome, Scored)]
    assert isinstance(left, Cancelled)
    assert left.unit.key == victim
    assert says in left.reason
    assert any("one at a time from here on" in text for text in logged(events))
    assert plan_of(selection, home).failed == frozenset()
    assert [type(outcome) for outcome in outcomes(go(selection, home, FakeCompute()))] == [Scored]


def test_a_unit_that_is_short_of_something_in_company_is_scored_alone(home, selection):
    busy, together, lock = set(), [], threading.Lock()

    def fail_in_company(unit, cancel):
        with lock:
            busy.add(unit.key)
            company = len(busy) > 1
        try:
            if company or not together:
                together.append(unit.key)
                raise MemoryError
        finally:
            with lock:
                busy.discard(unit.key)

    events = go(selection, home, FakeCompute(fail_in_company), workers=4)
    assert [type(outcome) for outcome in outcomes(events)] == [Scored] * 12


def test_embedding_that_is_short_of_something_leaves_its_units_out(home, selection):
    class Short(FakeCompute):
        def embed(self, *args):
            raise MemoryError

    events = go(selection, home, Short())
    assert [type(outcome) for outcome in outcomes(events)] == [Cancelled] * 12
    [told] = logged(events)
    assert "not enough memory" in told
    assert "left out: 12" in told


def test_fine_tuning_that_is_short_of_something_leaves_no_row(home, selection):
    def fail(unit, cancel):
        raise OSError(errno.EMFILE, "Too many open files")

    events = go(replace(selection, protocols=("finetune",)), home, FakeCompute(fail))
    assert {type(outcome) for outcome in outcomes(events)} == {Cancelled}


def test_a_run_that_cannot_start_fails_nothing(home, selection):
    class Broken(FakeCompute):
        def devices(self, wanted):
            raise RuntimeError("driver and library differ")

    events = go(selection, home, Broken())
    assert [type(outcome) for outcome in outcomes(events)] == [Cancelled] * 12
    assert "cannot start: RuntimeError: driver and library differ" in logged(events)[0]
    assert not any(isinstance(outcome, Failed) for outcome in outcomes(events))
