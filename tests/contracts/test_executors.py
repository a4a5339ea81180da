"""What every executor keeps to (`engine.run.contract.Executor`).

A new executor is one entry in `EXECUTORS`: how to make it, given a home and the computation it is to
call. Checks are plain functions of that, so that executors that are wrong on purpose can be shown to
be caught.
"""

from __future__ import annotations

import gc
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from array_here import array_of, heard
from dask_here import dask_of
from inline_executor import InlineExecutor
from workbench import FakeCompute, write_task

from engine.cancel import check
from engine.plan.launch import Options
from engine.plan.plan import Plan, build_plan
from engine.plan.selection import Selection
from engine.run.compute import Compute
from engine.run.contract import Executor
from engine.run.events import EpochFinished, Event, Ready, UnitFinished, UnitStarted
from engine.run.steering import Steering
from engine.run.threads import ThreadExecutor
from store.home import Home, find_home
from store.records import Cancelled, Failed, Scored

Make = Callable[[Home, Compute], Executor]
PATIENCE = 20.0
"""Seconds until something that has to come is given up."""


def threads(workers: int, device: str = "cpu") -> Make:
    def make(home, compute):
        compute.device = device
        return ThreadExecutor(home, Options(workers=workers), compute)

    return make


EXECUTORS: dict[str, Make] = {
    "inline": lambda home, compute: InlineExecutor(compute),
    "one thread": threads(1),
    "four threads": threads(4),
    "threads beside a card": threads(2, "cuda:0"),
    "job array of four": array_of(4),
    "dask with four workers": dask_of(),
}


@dataclass(frozen=True)
class Bench:
    """Where a check is made."""

    home: Home
    make: Make

    def plan(self, protocols=("lr", "rf"), tasks=("one", "two"), seeds=(41, 42, 43)) -> Plan:
        paths = tuple(write_task(self.home.data.parent, name) for name in tasks)
        return build_plan(Selection(("all-MiniLM-L6-v2",), paths, protocols, seeds), self.home, {})

    def work(self, plan: Plan, behave=None, mailbox: Steering | None = None) -> Iterator[Event]:
        return self.make(self.home, FakeCompute(behave)).work(plan, mailbox or Steering())


@pytest.fixture
def bench(tmp_path):
    return lambda make: Bench(find_home(tmp_path / "home").create(), make)


def outcomes(events):
    return [event.outcome for event in events if isinstance(event, UnitFinished)]


def keys(units) -> set[str]:
    return {unit.key for unit in units}


def counted(found) -> Counter:
    return Counter(type(outcome) for outcome in found)


# ---------------------------------------------------------------------------- the checks


def check_that_each_unit_ends_once(bench: Bench) -> None:
    plan = bench.plan(("lr", "rf", "finetune"))
    found = outcomes(bench.work(plan))
    assert Counter(outcome.unit.key for outcome in found) == Counter(unit.key for unit in plan.todo)
    assert counted(found) == {Scored: len(plan.todo)}


def check_that_only_what_is_left_is_done(bench: Bench) -> None:
    plan = bench.plan()
    finished = {unit.key: "scored" for unit in plan.units[:5]} | {plan.units[5].key: "failed"}
    rest = plan.against(finished)
    assert keys(outcome.unit for outcome in outcomes(bench.work(rest))) == keys(plan.units[6:])


def check_that_it_is_ready_before_it_starts(bench: Bench) -> None:
    events = list(bench.work(bench.plan()))
    [ready] = [event for event in events if isinstance(event, Ready)]
    first = next(place for place, event in enumerate(events) if isinstance(event, UnitStarted))
    assert events.index(ready) < first
    assert ready.devices
    assert ready.capacity.devices >= 1
    assert ready.capacity.classify >= 1


def check_that_a_unit_starts_before_it_ends(bench: Bench) -> None:
    started = set()
    for event in bench.work(bench.plan(("lr", "finetune"))):
        if isinstance(event, UnitStarted):
            started.add(event.unit.key)
        elif isinstance(event, UnitFinished):
            assert event.outcome.unit.key in started
        elif isinstance(event, EpochFinished):
            assert event.unit.key in started


def check_that_outcomes_carry_their_environment(bench: Bench) -> None:
    def fail_one(unit, cancel):
        if unit.seed == 42:
            raise ValueError("It broke.")

    ends = [e for e in bench.work(bench.plan(), fail_one) if isinstance(e, UnitFinished)]
    assert counted(end.outcome for end in ends) == {Scored: 8, Failed: 4}
    assert all(end.environment and end.environment.hash == end.outcome.environment for end in ends)


def check_that_what_a_unit_raises_is_its_failure(bench: Bench) -> None:
    def fail_some(unit, cancel):
        if unit.seed == 42:
            raise ZeroDivisionError("It broke.")

    found = outcomes(bench.work(bench.plan(), fail_some))
    failed = [outcome for outcome in found if isinstance(outcome, Failed)]
    assert {outcome.unit.seed for outcome in failed} == {42}
    assert all("It broke." in outcome.sentence for outcome in failed)
    assert counted(found) == {Scored: 8, Failed: 4}


def check_that_a_failing_stack_takes_nobody_else_along(bench: Bench) -> None:
    def fail_one_task(unit, cancel):
        if unit.task == "one":
            raise ValueError("It broke.")

    found = outcomes(bench.work(bench.plan(("finetune",)), fail_one_task))
    assert {outcome.unit.task for outcome in found if isinstance(outcome, Failed)} == {"one"}
    assert counted(found) == {Scored: 3, Failed: 3}


def check_that_a_run_stopped_before_it_began_computes_nothing(bench: Bench) -> None:
    mailbox, computed = Steering(), []
    mailbox.stop()
    found = outcomes(bench.work(bench.plan(), lambda unit, _: computed.append(unit), mailbox))
    assert computed == []
    assert counted(found) == {Cancelled: 12}


def check_that_stop_gives_up_what_is_in_flight(bench: Bench) -> None:
    mailbox, begun = Steering(), []

    def stop_and_wait(unit, cancel):
        begun.append(unit.key)
        mailbox.stop()
        assert cancel.wait(PATIENCE), "work in flight was not told to give up"
        check(cancel)

    found = outcomes(bench.work(bench.plan(), stop_and_wait, mailbox))
    assert counted(found) == {Cancelled: 12}
    assert len(begun) <= 4, "no further unit starts"


def check_that_drain_finishes_what_is_in_flight(bench: Bench) -> None:
    mailbox = Steering()

    def drain(unit, cancel):
        mailbox.drain()
        until(lambda: heard(bench.home, mailbox))

    found = outcomes(bench.work(bench.plan(), drain, mailbox))
    assert len(found) == 12
    assert 1 <= counted(found)[Scored] <= 4
    assert counted(found)[Failed] == 0


def check_that_a_unit_given_up_is_left_out(bench: Bench) -> None:
    plan, mailbox, computed = bench.plan(("lr", "finetune")), Steering(), []
    given_up = keys(unit for unit in plan.todo if unit.seed == 42)
    for key in given_up:
        mailbox.cancel_unit(key)
    found = outcomes(bench.work(plan, lambda unit, _: computed.append(unit), mailbox))
    assert keys(outcome.unit for outcome in found if isinstance(outcome, Cancelled)) == given_up
    assert keys(computed) == keys(plan.todo) - given_up


def check_that_nothing_starts_while_paused(bench: Bench) -> None:
    mailbox, begun, events = Steering(), [], []

    def begin(unit, cancel):
        begun.append(unit.key)
        mailbox.pause()
        until(lambda: heard(bench.home, mailbox))

    def drive():
        events.extend(bench.work(bench.plan(), begin, mailbox))

    driver = threading.Thread(target=drive)
    driver.start()
    until(lambda: begun)
    for most in (4, 8, 12):  # each time it goes on, at most one unit for each worker begins
        until(lambda: (mailbox.paused and not driver.is_alive()) or settled(lambda: len(begun)))
        assert len(begun) <= most
        mailbox.resume()
    while driver.is_alive():
        mailbox.resume()
        driver.join(0.01)
    assert counted(outcomes(events)) == {Scored: 12}


def check_that_closing_early_leaves_nothing_behind(bench: Bench) -> None:
    before, mailbox = threading.active_count(), Steering()
    events = bench.work(bench.plan(), lambda unit, cancel: cancel.wait(0.05), mailbox)
    next(event for event in events if isinstance(event, UnitStarted))
    mailbox.stop()
    events.close()
    assert threading.active_count() == before


def check_that_few_outcomes_are_held_while_nobody_takes_them(bench: Bench) -> None:
    mailbox, computed = Steering(), []
    plan = bench.plan(("lr",), seeds=tuple(range(500)))
    events = bench.work(plan, lambda unit, _: computed.append(unit), mailbox)
    next(event for event in events if isinstance(event, UnitFinished))
    settled(lambda: len(computed))
    held = sum(isinstance(one, Scored) for one in gc.get_objects())
    assert held < len(plan.todo) / 2, "outcomes pile up in memory"
    mailbox.stop()
    events.close()


def check_that_a_key_is_one_number(bench: Bench) -> None:
    whole = bench.plan(("lr", "rf", "finetune"))
    wanted = numbers(InlineExecutor(FakeCompute()).work(whole, Steering()))
    assert numbers(bench.work(whole)) == wanted
    for unit in (whole.todo[0], whole.todo[-1]):
        alone = replace(whole, units=(unit,))
        assert numbers(bench.work(alone)) == {unit.key: wanted[unit.key]}


def numbers(events) -> dict[str, tuple]:
    return {outcome.unit.key: (outcome.metrics, outcome.predictions) for outcome in outcomes(events)}


def until(condition) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def settled(number) -> bool:
    """Wait until a number that only grows stands still; always true."""
    last = -1
    while (now_ := number()) != last:
        last = now_
        time.sleep(0.05)
    return True


CHECKS = [value for name, value in sorted(globals().items()) if name.startswith("check_that")]


def name_of(value) -> str:
    return getattr(value, "__name__", str(value)).removeprefix("check_that_")


@pytest.mark.parametrize("checked", CHECKS, ids=name_of)
@pytest.mark.parametrize("executor", EXECUTORS)
def test_executors(executor, checked, bench):
    checked(bench(EXECUTORS[executor]))


# ---------------------------------------------------------------------------- wrong on purpose


class Forgetful(InlineExecutor):
    """Loses its last unit."""

    def work(self, plan, mailbox):
        yield from super().work(replace(plan, units=plan.units[:-1]), mailbox)


class Stuttering(InlineExecutor):
    """Ends each unit twice."""

    def work(self, plan, mailbox):
        for event in super().work(plan, mailbox):
            yield event
            if isinstance(event, UnitFinished):
                yield event


class Eager(InlineExecutor):
    """Does again what is done."""

    def work(self, plan, mailbox):
        yield from super().work(replace(plan, done=frozenset(), failed=frozenset()), mailbox)


class Unready(InlineExecutor):
    """Never says what can go on at once."""

    def work(self, plan, mailbox):
        return (event for event in super().work(plan, mailbox) if not isinstance(event, Ready))


class Rootless(InlineExecutor):
    """Does not say where its outcomes come from."""

    def work(self, plan, mailbox):
        for event in super().work(plan, mailbox):
            yield replace(event, environment=None) if isinstance(event, UnitFinished) else event


class Fragile(InlineExecutor):
    """Ends with the first unit that raises."""

    def unit(self, unit, plan, mailbox):
        for event in super().unit(unit, plan, mailbox):
            if isinstance(event, UnitFinished) and isinstance(event.outcome, Failed):
                raise RuntimeError(event.outcome.sentence)
            yield event


class Deaf(InlineExecutor):
    """Does not look into its mailbox."""

    def work(self, plan, mailbox):
        return super().work(plan, Steering())


class Haunting(InlineExecutor):
    """Leaves a thread behind when it is closed."""

    def work(self, plan, mailbox):
        threading.Thread(target=time.sleep, args=(1.0,), daemon=True).start()
        yield from super().work(plan, mailbox)


class Hoarding(InlineExecutor):
    """Does everything before it hands anything out."""

    def work(self, plan, mailbox):
        yield from list(super().work(plan, mailbox))


class Moody(InlineExecutor):
    """Scores a unit by its place among the others."""

    def work(self, plan, mailbox):
        place = 0
        for event in super().work(plan, mailbox):
            if isinstance(event, UnitFinished) and isinstance(event.outcome, Scored):
                place += 1
                metrics = replace(event.outcome.metrics, auc=event.outcome.metrics.auc + place * 1e-9)
                event = replace(event, outcome=replace(event.outcome, metrics=metrics))
            yield event


WRONG = {
    Forgetful: "each_unit_ends_once",
    Stuttering: "each_unit_ends_once",
    Eager: "only_what_is_left_is_done",
    Unready: "it_is_ready_before_it_starts",
    Rootless: "outcomes_carry_their_environment",
    Fragile: "what_a_unit_raises_is_its_failure",
    Deaf: "a_unit_given_up_is_left_out",
    Haunting: "closing_early_leaves_nothing_behind",
    Hoarding: "few_outcomes_are_held_while_nobody_takes_them",
    Moody: "a_key_is_one_number",
}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda kind: kind.__name__)
def test_an_executor_that_is_wrong_is_caught(wrong, bench):
    [checked] = [one for one in CHECKS if name_of(one) == WRONG[wrong]]
    with pytest.raises((AssertionError, RuntimeError, ValueError)):
        checked(bench(lambda home, compute: wrong(compute)))
