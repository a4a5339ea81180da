"""Runs on clusters of real processes: the same rows, and nothing lost when some of them are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from behaving import DEADLY, DIES_LOADING, ENDLESS, ENDLESS_WHILE, MISSING, OTHER_VERSION, UNREADABLE
from real_dask import HERE, RealDask, certificates
from workbench import write_task

from engine.mailbox import read_status
from engine.plan.launch import Dask, Launch, Options
from engine.plan.plan import Plan, build_plan
from engine.plan.selection import Selection
from engine.run.dask import attendance, flight
from engine.run.dask.cluster import check
from engine.run.dask.executor import DaskExecutor
from engine.run.dask.greeting import Unreachable
from engine.run.events import Log, UnitFinished, WorkersSeen
from engine.run.steering import Steering
from engine.run.supervise import supervise
from store.home import Home, find_home
from store.journal import Entry, read_journals
from store.records import Cancelled, Failed, Scored


@pytest.fixture
def home(tmp_path) -> Home:
    return find_home(tmp_path / "home").create()


@pytest.fixture
def real(tmp_path):
    started = RealDask.start(tmp_path / "cluster")
    yield started
    started.stop()


def plan_of(home: Home, seeds=tuple(range(20, 40)), protocols=("lr", "rf")) -> Plan:
    paths = tuple(write_task(home.data.parent, name) for name in ("one", "two"))
    return build_plan(Selection(("all-MiniLM-L6-v2",), paths, protocols, seeds), home, {})


def outcomes(events) -> list:
    return [event.outcome for event in events if isinstance(event, UnitFinished)]


def scored_lines(home: Home) -> Counter[str]:
    lines = read_journals(home.journals, {})
    return Counter(line.key for line in lines if isinstance(line, Entry) and line.kind == "scored")


def test_killed_workers_and_then_a_killed_scheduler_cost_no_unit_and_double_none(home, real):
    plan, events, killed = plan_of(home), [], []
    for event in supervise(home, plan, Steering(), real.options):
        events.append(event)
        done = len(outcomes(events))
        if isinstance(event, UnitFinished) and done == 10:
            killed.append(real.pids()[0])
            os.kill(killed[0], signal.SIGKILL)
        if isinstance(event, UnitFinished) and done == 25:  # and with them all vectors
            for pid in real.pids():
                os.kill(pid, signal.SIGKILL)
        if isinstance(event, UnitFinished) and done == 50:
            real.scheduler.kill()
    found = Counter(type(one) for one in outcomes(events))
    assert found[Scored] >= 50
    assert found == {Scored: found[Scored], Cancelled: 80 - found[Scored]}
    assert found[Cancelled], "the scheduler was killed too late to show anything"
    [said] = [event.text for event in events if isinstance(event, Log) and event.level == "error"]
    assert said.startswith(f"The Dask scheduler of {real.address} is gone.")
    assert scored_lines(home) == Counter(
        one.unit.key for one in outcomes(events) if isinstance(one, Scored)
    )
    real.stop()

    again = RealDask.start(real.folder.parent / "again")
    try:
        rest = plan.against(dict.fromkeys(scored_lines(home), "scored"))
        assert Counter(map(type, outcomes(supervise(home, rest, Steering(), again.options)))) == {
            Scored: 80 - found[Scored]
        }
    finally:
        again.stop()
    assert scored_lines(home) == Counter(unit.key for unit in plan.units)


def test_of_a_coordinator_that_is_killed_workers_let_go_and_the_next_does_what_is_missing(home, tmp_path):
    endless = tmp_path / "endless"
    endless.touch()
    real = RealDask.start(tmp_path / "cluster", **{ENDLESS_WHILE: str(endless)})
    plan = plan_of(home, seeds=(20, 21, ENDLESS))
    launch = json.dumps(Launch(plan.selection, real.options).to_json())
    first = subprocess.Popen(
        [sys.executable, str(HERE / "coordinating.py"), str(tmp_path / "home"), launch],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        end = time.monotonic() + 60
        while len(scored_lines(home)) < 4:  # both workers are at units without end then
            assert time.monotonic() < end
            time.sleep(0.05)
        first.kill()
        first.wait()
        endless.unlink()
        done = scored_lines(home)
        rest = plan.against(dict.fromkeys(done, "scored"))
        found = outcomes(supervise(home, rest, Steering(), real.options))
    finally:
        first.kill()
        real.stop()
    assert Counter(type(one) for one in found) == {Scored: 12 - len(done)}
    assert scored_lines(home) == Counter(unit.key for unit in plan.units)


def test_a_unit_that_workers_die_of_or_that_cannot_be_sent_is_a_failure_and_costs_no_other(home, real):
    plan = plan_of(home, seeds=(DEADLY, UNREADABLE, 20, 21), protocols=("lr",))
    events = list(DaskExecutor(home, real.options).work(plan, Steering()))
    found = outcomes(events)
    assert Counter(one.unit.key for one in found) == Counter(unit.key for unit in plan.units)
    assert Counter(type(one) for one in found) == {Scored: 4, Failed: 4}
    failed = [(one.unit.seed, one.error, one.sentence) for one in found if isinstance(one, Failed)]
    assert Counter((seed, error) for seed, error, _ in failed) == {
        (DEADLY, "KilledWorker"): 2,
        (UNREADABLE, "TypeError"): 2,
    }
    words = {DEADLY: "3 workers were lost at ", UNREADABLE: "Nothing came of "}
    assert all(sentence.startswith(words[seed]) for seed, _, sentence in failed)
    states = {one.state for event in events if isinstance(event, WorkersSeen) for one in event.workers}
    assert "died" in states, "also of who died before it had said what it began"
    assert not states & {"ended", "unfit"}


def test_workers_that_die_each_time_they_load_are_left_out_and_the_run_ends(home, tmp_path, monkeypatch):
    monkeypatch.setattr(attendance, "_OTHERS", 2.0)
    patient = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "2"}  # Dask's own word would come late
    cluster, mailbox, events = (
        RealDask.start(tmp_path / "cluster", **{DIES_LOADING: "1"}, **patient),
        Steering(),
        [],
    )
    try:
        for event in DaskExecutor(home, cluster.options).work(plan_of(home), mailbox):
            events.append(event)
            if isinstance(event, WorkersSeen) and sum(one.state == "died" for one in event.workers) > 12:
                mailbox.stop()
    finally:
        cluster.stop()
    assert Counter(type(one) for one in outcomes(events)) == {Cancelled: 80}
    [said] = [event.text for event in events if isinstance(event, Log) and event.level == "error"]
    assert "Workers on 127.0.0.1 die again and again while they load what the run needs." in said
    last = [event for event in events if isinstance(event, WorkersSeen)][-1].workers
    assert {one.message for one in last if one.state == "died"} == {"It was lost at loading its libraries."}
    assert any(one.state == "unfit" for one in last)


def test_a_scheduler_that_is_stopped_is_not_waited_for_without_end(home, real, monkeypatch):
    monkeypatch.setattr(flight, "_ANSWER", 2.0)
    monkeypatch.setattr(flight, "_END", 1.0)
    events = []
    for event in DaskExecutor(home, real.options).work(plan_of(home), Steering()):
        events.append(event)
        if isinstance(event, UnitFinished) and len(outcomes(events)) == 10:
            real.scheduler.send_signal(signal.SIGSTOP)
    found = Counter(type(one) for one in outcomes(events))
    assert found[Scored] >= 10
    assert found == {Scored: found[Scored], Cancelled: 80 - found[Scored]}
    [said] = [event.text for event in events if isinstance(event, Log) and event.level == "error"]
    assert said.startswith(f"The Dask scheduler of {real.address} is gone. Start it again;")


@pytest.mark.parametrize(
    ("what", "value", "words"),
    [
        (OTHER_VERSION, "0.0.1", "genearena is version 0.0.1 on the worker "),
        (MISSING, "1", "has no genearena, or another version. Install the same one there as here."),
    ],
)
def test_workers_without_this_very_version_are_left_out_and_the_run_ends_where_there_are_no_others(
    home, tmp_path, monkeypatch, what, value, words
):
    monkeypatch.setattr(attendance, "_OTHERS", 2.0)
    cluster = RealDask.start(tmp_path / "cluster", **{what: value})
    try:
        alone = list(DaskExecutor(home, cluster.options).work(plan_of(home), Steering()))
        monkeypatch.setattr(attendance, "_OTHERS", 120.0)
        cluster.join()
        mixed = list(DaskExecutor(home, cluster.options).work(plan_of(home), Steering()))
    finally:
        cluster.stop()
    assert Counter(type(one) for one in outcomes(alone)) == {Cancelled: 80}
    [said] = [event.text for event in alone if isinstance(event, Log) and event.level == "error"]
    assert words in said
    assert Counter(type(one) for one in outcomes(mixed)) == {Scored: 80}
    last = [event for event in mixed if isinstance(event, WorkersSeen)][-1].workers
    assert sorted(one.state for one in last) == ["runs", "runs", "unfit", "unfit"]
    left_out = [one for one in last if one.state == "unfit"]
    assert all(words in one.message and one.done == 0 for one in left_out)
    told = [event.text for event in mixed if isinstance(event, Log)]
    assert sorted(told) == sorted(
        f"The worker {one.name} on 127.0.0.1 is left out. {one.message}" for one in left_out
    )


def test_who_has_no_certificate_of_it_is_not_let_in_and_a_status_names_workers(home, real, tmp_path):
    plan = plan_of(home, seeds=(20, 21, 22))
    seen = []
    for event in supervise(home, plan, Steering(), real.options):
        if isinstance(event, WorkersSeen):
            seen += [one for one in event.workers if one.units]
    assert all(one.host == "127.0.0.1" and one.unit for one in seen)
    assert {one.done for one in read_status(home).workers} <= set(range(13))
    stranger = certificates(tmp_path / "stranger")
    with pytest.raises(Unreachable, match=r"is not trusted .* Give the authority"):
        check(Options(dask=Dask(real.address, 0, *stranger)))
    mixed = Dask(real.address, 0, real.tls[0], real.tls[1], stranger[2])
    with pytest.raises(Unreachable, match="--tls-key is not the key of --tls-cert"):
        check(Options(dask=mixed))
    clear = Dask(real.address.replace("tls://", "tcp://"), 0, insecure=True)
    with pytest.raises(Unreachable, match=r"hangs up at once.*whether it speaks TLS"):
        check(Options(dask=clear))
