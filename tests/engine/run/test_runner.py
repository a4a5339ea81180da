from __future__ import annotations

import os
import threading
import time
from collections import Counter
from dataclasses import replace

import pytest
from workbench import FakeCompute, write_task

import store
from engine.cancel import Stopped
from engine.environment import describe_environment, usable_cores
from engine.mailbox.claim import birth
from engine.plan.launch import Options
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from engine.run.crashes import Crashes, strike
from engine.run.events import (
    EpochFinished,
    Log,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    StageProgress,
    UnitFinished,
    UnitStarted,
)
from engine.run.jobs import jobs_of
from engine.run.runner import run
from engine.run.steering import Steering
from engine.run.threads import ThreadExecutor
from store.errors import DataError, StoreError
from store.home import find_home
from store.journal import DiskFull
from store.queries import measurements
from store.records import Cancelled, Failed, Scored
from store.store import Store


@pytest.fixture
def home(tmp_path):
    return find_home(tmp_path / "home").create()


@pytest.fixture
def selection(tmp_path):
    tasks = tuple(write_task(tmp_path, name) for name in ("one", "two"))
    return Selection(("all-MiniLM-L6-v2",), tasks, ("lr", "rf"), seeds=(41, 42, 43))


def plan_of(selection, home):
    with_store = Store(home)
    plan = build_plan(selection, home, with_store.finished())
    with_store.close()
    return plan


def threads(home, compute, workers=2):
    return ThreadExecutor(home, Options(workers=workers), compute)


def go(selection, home, compute, mailbox=None, workers=2):
    """Run to the end and give all events."""
    store = Store(home)
    try:
        plan = build_plan(selection, home, store.finished())
        return list(run(plan, store, mailbox or Steering(), threads(home, compute, workers)))
    finally:
        store.close()


def outcomes(events):
    return [event.outcome for event in events if isinstance(event, UnitFinished)]


def test_every_unit_is_scored_once_and_embedded_once(home, selection):
    compute = FakeCompute()
    events = go(selection, home, compute)
    assert isinstance(events[0], RunStarted)
    assert events[-1].scored == 12
    assert Counter(compute.classified).most_common(1)[0][1] == 1
    assert compute.embedded == ["all-MiniLM-L6-v2"]


def test_what_embedding_cost_is_on_disk_once_with_where_it_ran(home, selection):
    go(selection, home, FakeCompute())
    saved = Store(home)
    saved.flush()
    saved.close()
    with store.connect(home) as con:
        [told] = measurements(con)
    assert (told.model, told.device, told.texts, told.ms_per_text) == (
        "all-MiniLM-L6-v2",
        "cpu",
        48,
        500 / 48,
    )
    assert (told.parameters, told.bytes_fp32, told.peak_memory) == (1000, 4000, 2000)


def test_a_unit_is_on_disk_before_its_event(home, selection):
    store, other = Store(home), Store(home)
    plan = build_plan(selection, home, store.finished())
    for event in run(plan, store, Steering(), threads(home, FakeCompute())):
        if isinstance(event, UnitFinished):
            assert other.finished()[event.outcome.unit.key] == "scored"


def test_a_second_run_does_nothing_and_loads_nothing(home, selection):
    go(selection, home, FakeCompute())
    events = go(selection, home, compute=object())  # any use of it would raise
    assert [type(event) for event in events] == [RunStarted, RunFinished]


def test_failure_is_a_row_and_the_run_goes_on(home, selection):
    def fail_one(unit, cancel):
        if unit.seed == 42 and unit.protocol == "rf" and unit.task == "one":
            raise DataError("The file is odd.", "Mend it.")

    events = go(selection, home, FakeCompute(fail_one))
    (failed,) = [o for o in outcomes(events) if isinstance(o, Failed)]
    assert failed.sentence == "The file is odd. Mend it."
    assert "fail_one" in failed.traceback
    assert events[-1].run.state == "failed"
    plan = plan_of(selection, home)
    assert plan.failed == {failed.unit.key}
    assert plan.todo == ()

    again = go(replace(selection, retry_failed=True), home, FakeCompute())
    assert [type(o) for o in outcomes(again)] == [Scored]
    assert plan_of(selection, home).failed == frozenset()


def test_attempts_are_counted(home, selection):
    def fail(unit, cancel):
        raise ValueError("no")

    one = replace(selection, tasks=selection.tasks[:1], protocols=("lr",), seeds=(41,))
    assert outcomes(go(one, home, FakeCompute(fail)))[0].attempt == 1
    assert outcomes(go(replace(one, retry_failed=True), home, FakeCompute(fail)))[0].attempt == 2


def test_embedding_that_fails_fails_each_of_its_units(home, selection):
    class Broken(FakeCompute):
        def embed(self, *args):
            raise RuntimeError("no such layer\nsecond line")

    found = outcomes(go(selection, home, Broken()))
    assert len(found) == 12
    assert {o.sentence for o in found} == {"RuntimeError: no such layer"}


def test_stop_gives_up_what_is_in_flight_and_the_next_run_does_the_rest(home, selection):
    mailbox, seen = Steering(), []

    def stop_after_four(unit, cancel):
        seen.append(unit.key)
        if len(seen) >= 4:
            mailbox.stop()
            assert cancel.wait(60)

    first = outcomes(go(selection, home, FakeCompute(stop_after_four), mailbox))
    kinds = Counter(type(o) for o in first)
    assert kinds[Cancelled] + kinds[Scored] == 12
    assert kinds[Cancelled] >= 8
    done = {o.unit.key for o in first if isinstance(o, Scored)}
    second = FakeCompute()
    go(selection, home, second)
    assert set(second.classified) == {unit.key for unit in plan_of(selection, home).units} - done


def test_drain_finishes_what_is_in_flight(home, selection):
    mailbox = Steering()
    compute = FakeCompute(lambda unit, cancel: mailbox.drain())
    found = outcomes(go(selection, home, compute, mailbox))
    assert 1 <= sum(isinstance(o, Scored) for o in found) <= 2
    assert all(isinstance(o, Scored | Cancelled) for o in found)


def test_cancel_of_one_unit_leaves_the_others(home, selection):
    mailbox = Steering()
    victim = plan_of(selection, home).units[-1].key
    mailbox.cancel_unit(victim)
    found = outcomes(go(selection, home, FakeCompute(), mailbox))
    assert [o.unit.key for o in found if isinstance(o, Cancelled)] == [victim]
    assert sum(isinstance(o, Scored) for o in found) == 11


def test_units_that_are_given_up_do_not_count_as_classified(home, selection):
    mailbox = Steering()

    def stop_at_the_third(unit, cancel):
        if unit.seed == 43:
            mailbox.stop()

    events = go(selection, home, FakeCompute(stop_at_the_third), mailbox)
    told = [
        event.done for event in events if isinstance(event, StageProgress) and event.stage == "classify"
    ]
    scored = sum(isinstance(outcome, Scored) for outcome in outcomes(events))
    assert scored < 12
    assert max(told, default=0) <= scored


def test_pause_starts_no_further_unit_until_resume(home, selection):
    mailbox, started, gate = Steering(), [], threading.Event()

    def pause_at_first(unit, cancel):
        started.append(unit.key)
        if len(started) == 1:
            mailbox.pause()
            gate.set()

    runner = threading.Thread(target=go, args=(selection, home, FakeCompute(pause_at_first), mailbox))
    runner.start()
    assert gate.wait(60)
    runner.join(0.5)
    assert runner.is_alive()
    assert len(started) <= 2
    mailbox.resume()
    runner.join(60)
    assert len(started) == 12


def test_full_disk_pauses_visibly_and_nothing_is_lost(home, selection, monkeypatch):
    monkeypatch.setattr("engine.run.runner._DISK_RETRY", 0.01)
    store = Store(home)
    plan = build_plan(selection, home, store.finished())
    append, refusals = store.append, iter([False, True, True, True])

    def full_for_a_while(*records):
        if next(refusals, False):
            raise DiskFull("The disk is full.")
        append(*records)

    store.append = full_for_a_while
    events = list(run(plan, store, Steering(), threads(home, FakeCompute())))
    assert sum(isinstance(event, RunPaused) for event in events) == 1
    assert sum(isinstance(event, RunResumed) for event in events) == 1
    assert len(plan_of(selection, home).done) == 12


def test_closing_the_iterator_stops_the_threads(home, selection):
    store = Store(home)
    plan = build_plan(selection, home, store.finished())
    before = threading.active_count()
    events = run(plan, store, Steering(), threads(home, FakeCompute(lambda unit, c: c.wait(0.2))))
    next(event for event in events if isinstance(event, UnitStarted))
    events.close()
    assert threading.active_count() == before


def die(home, *keys, by_itself=True):
    """A runner that dies while `keys` are in flight, under a parent that sees whether by its own doing."""
    Crashes(home.mailbox)
    mine = birth(os.getpid())
    for key in keys:
        (home.mailbox / "in-flight" / key).write_text(mine)
    if by_itself:
        strike(home.mailbox, mine)


def test_a_unit_that_kills_its_runner_three_times_is_left_out_once_and_tried_again(home, selection):
    victim = plan_of(selection, home).units[3].key
    for _ in range(3):
        die(home, victim)
    compute = FakeCompute()
    (left_out,) = [o for o in outcomes(go(selection, home, compute)) if not isinstance(o, Scored)]
    assert left_out.unit.key == victim
    assert "died 3 times" in left_out.reason
    assert len(compute.classified) == 11
    [again] = outcomes(go(selection, home, FakeCompute()))
    assert isinstance(again, Scored)
    assert again.unit.key == victim


def test_two_units_that_kill_their_runner_do_not_take_turns_for_ever(home, selection):
    first, second = (unit.key for unit in plan_of(selection, home).units[3:5])
    for _ in range(3):
        die(home, first)

    for _ in range(3):
        die(home, second)
    assert Crashes(home.mailbox).strikes(first) == 3, "no run came to its end"
    found = outcomes(go(selection, home, FakeCompute()))
    assert {o.unit.key for o in found if isinstance(o, Cancelled)} == {first, second}
    assert {Crashes(home.mailbox).strikes(key) for key in (first, second)} == {0}


def test_an_embedding_that_kills_its_runner_three_times_is_left_out_once_and_tried_again(home, selection):
    class Deadly(FakeCompute):
        def embed(self, *args):
            self.marks = list((home.mailbox / "in-flight").iterdir())
            return super().embed(*args)

    compute = Deadly()
    one = replace(selection, seeds=(40,))
    go(one, home, compute)
    (mark,) = compute.marks
    for _ in range(3):
        die(home, mark.name)
    events = go(selection, home, FakeCompute())
    assert [type(outcome) for outcome in outcomes(events)] == [Cancelled] * 12
    [told] = [event.text for event in events if isinstance(event, Log)][1:]
    assert "died 3 times while all-MiniLM-L6-v2 was embedding" in told
    assert "left out: 12" in told
    again = go(selection, home, FakeCompute())
    assert [type(outcome) for outcome in outcomes(again)] == [Scored] * 12
    [told] = [event.text for event in again if isinstance(event, Log)]
    assert "was embedding when a runner ended" in told


def test_deaths_in_company_make_suspects_but_convict_nobody(home, selection):
    units = plan_of(selection, home).units
    for _ in range(10):
        die(home, units[0].key, units[1].key)
    crashes = Crashes(home.mailbox)
    assert [crashes.strikes(unit.key) for unit in units[:2]] == [0, 0]
    compute = FakeCompute()
    assert all(isinstance(o, Scored) for o in outcomes(go(selection, home, compute)))
    assert set(compute.classified[-2:]) == {units[0].key, units[1].key}
    assert not Crashes(home.mailbox).suspected(units[0].key)


def test_kills_from_outside_convict_nobody(home, selection):
    alone = plan_of(selection, home).units[0].key
    for _ in range(5):
        die(home, alone, by_itself=False)
    crashes = Crashes(home.mailbox)
    assert (crashes.suspected(alone), crashes.strikes(alone)) == (True, 0)
    assert all(isinstance(o, Scored) for o in outcomes(go(selection, home, FakeCompute())))


def test_work_is_marked_while_it_is_in_flight(home, selection):
    marked = []

    def look(unit, cancel):
        marked.append((home.mailbox / "in-flight" / unit.key).exists())

    go(selection, home, FakeCompute(look))
    assert marked == [True] * 12
    assert list((home.mailbox / "in-flight").iterdir()) == []


def test_a_suspect_runs_alone_though_there_are_more_workers(home, selection):
    suspects = {unit.key for unit in plan_of(selection, home).units[:4]}
    die(home, *suspects)
    running, company = set(), []

    def watch(unit, cancel):
        running.add(unit.key)
        time.sleep(0.01)
        if running & suspects and len(running) > 1:
            company.append(set(running))
        running.discard(unit.key)

    go(selection, home, FakeCompute(watch), workers=4)
    assert company == []


@pytest.mark.parametrize("text", ["", "[1]", '{"k": "x"}', "{", "5", "\x00"])
def test_a_damaged_file_of_strikes_is_no_evidence(home, text):
    (home.mailbox / "strikes.json").write_text(text)
    assert Crashes(home.mailbox).strikes("k") == 0


def test_control_gives_no_start_after_drain():
    mailbox = Steering()
    mailbox.drain()
    with pytest.raises(Stopped):
        mailbox.begin("key")


def test_pausing_a_run_that_is_ending_does_not_hold_it():
    for end in ("drain", "stop"):
        mailbox = Steering()
        getattr(mailbox, end)()
        mailbox.pause()
        with pytest.raises(Stopped):
            mailbox.begin("key")


def test_on_a_gpu_the_splits_of_one_task_train_as_one_stack(home, selection):
    compute = FakeCompute(device="cuda:0")
    events = go(replace(selection, protocols=("finetune",)), home, compute)
    assert compute.stacks == [[41, 42, 43], [41, 42, 43]]
    assert events[-1].scored == 6
    environment = describe_environment("cuda", usable_cores())  # the card's kind, not its number
    assert {item.environment for item in outcomes(events)} == {environment.hash}
    assert sum(isinstance(event, EpochFinished) for event in events) == 6


def test_a_unit_given_up_in_time_is_left_out_of_its_stack(home, selection):
    compute, mailbox = FakeCompute(device="cuda:0"), Steering()
    chosen = replace(selection, protocols=("finetune",))
    given_up = plan_of(chosen, home).todo[1]
    mailbox.cancel_unit(given_up.key)
    events = go(chosen, home, compute, mailbox)
    assert compute.stacks == [[41, 43], [41, 42, 43]]
    assert [item.unit for item in outcomes(events) if isinstance(item, Cancelled)] == [given_up]


def test_a_store_that_cannot_be_read_ends_the_run_rather_than_a_worker(home, selection, monkeypatch):
    def fail(unit, cancel):
        raise ValueError("no")

    def unreadable(self):
        raise StoreError("The journal cannot be read.")

    monkeypatch.setattr(Store, "attempts", unreadable)
    with pytest.raises(StoreError, match="journal"):
        go(selection, home, FakeCompute(fail))


@pytest.mark.parametrize(
    ("scheme", "seeds", "stacks", "labels"),
    [
        ("cv-10x10", range(20), [[*range(10)], [*range(10, 20)]], ["0-9", "10-19"]),
        ("cv-10x10", (3, 7, 12), [[3, 7], [12]], ["3, 7", "12"]),
        ("paper", range(39, 53), [[39, 40], [*range(41, 51)], [51, 52]], ["39-40", "41-50", "51-52"]),
    ],
)
def test_no_stack_has_more_than_ten_splits_and_which_is_the_seeds_own_doing(
    home, selection, scheme, seeds, stacks, labels
):
    compute = FakeCompute(device="cuda:0")
    chosen = replace(
        selection, protocols=("finetune",), tasks=selection.tasks[:1], scheme=scheme, seeds=tuple(seeds)
    )
    go(chosen, home, compute)
    assert compute.stacks == stacks
    jobs = jobs_of(plan_of(chosen, home).units, lambda key: False)
    assert [job.label.rpartition(" finetune ")[2] for job in jobs] == labels


def test_elsewhere_they_train_one_by_one(home, selection):
    compute = FakeCompute()
    events = go(replace(selection, protocols=("finetune",)), home, compute)
    assert compute.stacks == [[41], [42], [43]] * 2
    assert events[-1].scored == 6


def test_genes_without_a_text_are_told(tmp_path, home):
    path = tmp_path / "texts.csv"
    path.write_text("gene,description\nFOXP2,a text\n")
    chosen = Selection(
        ("all-MiniLM-L6-v2",), ("bivalent-vs-no-methyl",), ("lr",), seeds=(41,), descriptions=str(path)
    )
    told = [event.text for event in go(chosen, home, FakeCompute()) if isinstance(event, Log)]
    assert len(told) == 1
    assert told[0].startswith("bivalent-vs-no-methyl: 132 genes have no summary@")
