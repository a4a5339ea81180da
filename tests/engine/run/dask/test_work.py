"""What is given to whom, and in which order."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import distributed
import pytest
from dask_here import dask_of
from distributed import get_worker
from distributed.scheduler import KilledWorker
from workbench import FakeCompute, write_task

from engine.plan.plan import Plan, build_plan
from engine.plan.selection import Selection
from engine.run.dask import attendance
from engine.run.dask.attendance import Attendance
from engine.run.dask.coordinator import Coordinator
from engine.run.dask.crew import SILENT, Crew
from engine.run.dask.flight import Flight
from engine.run.dask.todo import Todo
from engine.run.events import Log, ModelMeasured, Ready, StageProgress, UnitFinished, WorkersSeen
from engine.run.steering import Steering
from store.errors import ModelError
from store.home import find_home
from store.records import Cancelled, Failed, Scored
from tui.commands.steer import worker_line


@pytest.fixture
def plan(tmp_path):
    home = find_home(tmp_path / "home").create()
    paths = tuple(write_task(tmp_path, name) for name in ("one", "two"))

    def make(models=("all-MiniLM-L6-v2",), protocols=("lr", "rf"), seeds=(41, 42, 43)) -> Plan:
        return build_plan(Selection(models, paths, protocols, seeds), home, {})

    make.home = home
    return make


def known(**workers) -> dict:
    """What a scheduler says of workers, given how many cards each has."""
    return {
        name: {
            "host": "here",
            "nthreads": 1,
            "resources": {"GPU": cards} if cards else {},
            "last_seen": 1.0,
        }
        for name, cards in workers.items()
    }


def crew_of(**workers) -> Crew:
    """Workers that have loaded, given how many cards each has."""
    crew = Crew()
    for address in crew.look(known(**workers)):
        crew.judge(address)
    return crew


def outcomes(events) -> list:
    return [event.outcome for event in events if isinstance(event, UnitFinished)]


def test_what_needs_a_card_goes_to_who_has_one_and_the_rest_to_who_has_none():
    crew = crew_of(a=0, b=1)
    assert crew.free(card=True).address == "b"
    assert crew.free(card=False).address == "a"
    crew.take("first", crew.free(card=False), card=False)
    assert crew.free(card=False).address == "b", "rather than to wait"
    crew.take("second", crew.free(card=True), card=True)
    assert crew.free(card=True) is None
    crew.release("second")
    assert crew.free(card=True).address == "b"


def test_where_nobody_has_a_card_all_do_everything():
    assert crew_of(a=0).free(card=True).address == "a"


def test_a_worker_that_has_gone_is_given_nothing_and_its_work_is_known():
    crew = crew_of(a=0, b=0)
    crew.take("piece", crew.workers["a"], card=False)
    crew.look(known(b=0))
    assert [worker.address for worker in crew.present] == ["b"]
    assert crew.at["piece"] == ("a", False)


def test_a_worker_that_went_with_work_in_hand_died_at_it(plan):
    crew = crew_of(a=0, b=0, c=0)
    crew.started("a", plan().todo[0])
    crew.take("piece", crew.workers["b"], card=False)
    crew.words["piece"] = "the embedding of mini"
    assert [one.unit for one in crew.statuses()][1:] == ["the embedding of mini", ""]
    crew.look(known(c=0))
    a, b, c = crew.statuses()
    assert [one.state for one in (a, b, c)] == ["died", "died", "runs"]
    assert a.message.startswith("It was lost at all-MiniLM-L6-v2 ")
    assert (b.message, b.unit) == ("It was lost at the embedding of mini.", "")


def test_who_is_unfit_is_given_nothing_and_named_until_it_has_gone():
    crew = crew_of(a=0, b=0)
    crew.judge("a", "It lacks scikit-learn.")
    assert [crew.free(card=False).address, crew.threads] == ["b", 1]
    [a, b] = crew.statuses()
    assert (a.state, a.message, b.state) == ("unfit", "It lacks scikit-learn.", "runs")
    assert worker_line(a) == "a: unfit on here, 0 units (It lacks scikit-learn.)"
    crew.look(known(b=0))
    assert [one.name for one in crew.statuses()] == ["b"]
    assert crew.look(known(a=0, b=0)) == ["a"], "who comes back is looked at again"
    assert not crew.unfit


def test_who_loads_its_libraries_is_given_nothing_yet():
    crew = Crew()
    crew.look(known(a=0))
    assert crew.free(card=False) is None
    assert [one.unit for one in crew.statuses()] == ["loading its libraries"]
    crew.judge("a")
    assert crew.free(card=False).address == "a"
    assert [one.unit for one in crew.statuses()] == [""]


def test_where_workers_die_three_times_while_they_load_those_that_come_are_tried_no_more():
    crew = Crew()
    for turn in ("a", "b", "c"):  # a nanny starts each anew, at another address
        assert crew.look(known(**{turn: 0})) == [turn]
        assert crew.deadly(turn) == ""
    assert crew.look(known(d=0)) == ["d"]
    assert crew.deadly("d") == "here"
    elsewhere = {"e": {**known(e=0)["e"], "host": "there"}}
    assert crew.look({**known(d=0), **elsewhere}) == ["e"]
    assert crew.deadly("e") == ""


class Submitted:
    """A task that waits until it is cancelled, and a client that knows no others."""

    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


def test_who_died_while_it_loaded_is_not_waited_for_and_the_fourth_of_a_host_is_given_nothing(monkeypatch):
    submitted = {}

    class Client:
        def run(self, function, name, workers, on_error):
            return dict.fromkeys(workers, "found")

        def submit(self, function, order, key, workers, **_):
            return submitted.setdefault(*workers, Submitted())

    monkeypatch.setattr(Flight, "_await", lambda *_: None)
    flight = Flight(Client(), SimpleNamespace(topic="run"))
    for address in "abcd":
        monkeypatch.setattr(Flight, "_known", lambda _, address=address: known(**{address: 0}))
        flight.look()
    assert {address: future.cancelled for address, future in submitted.items()} == dict.fromkeys(
        "abc", True
    )
    [out] = flight.crew.unfit
    assert out.unfit.startswith("Workers on here die again and again while they load what the run needs.")


def test_a_worker_that_dask_says_was_killed_while_it_loaded_is_counted_and_loads_anew(monkeypatch):
    monkeypatch.setattr(Flight, "_known", lambda _: known(a=0))
    monkeypatch.setattr(Flight, "_load", lambda self, address: self._loading.update(load=(address, None)))
    flight = Flight(SimpleNamespace(run=lambda *_, workers, **__: dict.fromkeys(workers, "found")), None)
    flight.look()
    for deaths in (1, 2):
        flight._inbox.put(("load", KilledWorker("load", None, 2)))
        flight.next(0.0)
        assert not flight.crew.unfit
        flight.look()
        assert flight.crew.deaths == {"here": deaths}
        assert "load" in flight._loading
    flight._inbox.put(("load", None))
    flight.next(0.0)
    assert flight.crew.free(card=False).address == "a"


def test_workers_that_die_at_once_while_they_load_count_as_one_and_whoever_loads_clears_the_others():
    crew = Crew()
    crew.look(known(a=0, b=0, c=0))
    crew.look(known(d=0))
    assert crew.deaths == {"here": 1}
    crew.judge("d", "It has no card.")
    crew.look(known(e=0))
    assert crew.deaths == {"here": 1}, "who is unfit is not at loading"
    crew.workers["e"].died = True
    assert crew.look(known(e=0)) == ["e"], "another, at the same address"
    assert crew.deaths == {"here": 2}
    crew.judge("e")
    assert not crew.deaths
    crew.look(known(f=0))
    assert not crew.deaths, "who had loaded died of something else"


def test_a_worker_that_is_not_heard_is_silent(plan, monkeypatch):
    crew = Crew()
    crew.look(known(a=0))
    crew.workers["a"].heard -= SILENT + 1
    assert [one.state for one in crew.statuses()] == ["silent"]
    crew.look({"a": {**known(a=0)["a"], "last_seen": 2.0}})
    assert [one.state for one in crew.statuses()] == ["runs"]


def test_a_worker_with_no_share_of_its_own_is_told_by_what_it_has_done():
    crew = Crew()
    crew.look(known(a=0))
    crew.workers["a"].done = 3
    [status] = crew.statuses()
    assert "a: runs on here, 3 units" in worker_line(status)


def test_slow_units_and_training_wait_for_the_others_and_suspects_for_all(plan):
    todo = Todo(stacks=False)
    todo.fill(plan(protocols=("rf-cv", "lr", "finetune")).todo, set())
    given = []
    while piece := todo.next(1, lambda card: True):
        given.append("embed" if piece.embeds else piece.units[0].protocol)
        if piece.embeds:
            todo.embedded(piece.job)
            assert todo.next_suspect() is None
        elif len(given) == 2:
            todo.suspect(piece)
    assert given == ["embed", *["lr"] * 6, *["rf-cv"] * 6, *["finetune"] * 6]
    assert todo.next_suspect().units[0].protocol == "lr"


def test_units_whose_vectors_are_lost_wait_for_new_ones_and_are_given_once(plan):
    todo = Todo(stacks=False)
    todo.fill(plan(protocols=("lr",)).todo, set())
    embedding = todo.next(1, lambda card: True)
    todo.embedded(embedding.job)
    begun, died = todo.next(1, lambda card: True), todo.next(1, lambda card: True)
    todo.suspect(died)
    todo.lost(embedding)
    todo.again(begun)
    assert todo.next(1, lambda card: True) is embedding
    assert todo.next(1, lambda card: True) is None
    assert todo.next_suspect() is None, "it needs them, too"
    todo.embedded(embedding.job)
    given = [todo.next(1, lambda card: True).units[0].key for _ in range(5)]
    given.append(todo.next_suspect().units[0].key)
    assert sorted(given) == sorted(unit.key for unit in embedding.job.units)


def test_a_suspect_that_its_worker_lets_go_of_stays_one(plan):
    todo = Todo(stacks=False)
    todo.fill(plan(protocols=("lr", "finetune"), seeds=(41,)).todo, set())
    embedding = todo.next(1, lambda card: True)
    todo.embedded(embedding.job)
    pieces = [embedding, *(todo.next(1, lambda card: True) for _ in range(4))]
    for suspected in ({"deaths": 1}, {"duds": 1}):
        for piece in pieces:
            todo.again(replace(piece, **suspected))
            assert todo.next(1, lambda card: True) is None
            given = todo.next_suspect()
            assert (given.suspected, given.embeds, [*given.units]) == (True, piece.embeds, [*piece.units])


def test_nothing_is_given_out_beside_a_suspect(plan, monkeypatch):
    """Its worker's death counts as of nothing else: also where others become ready meanwhile."""
    monkeypatch.setattr(Flight, "look", lambda self: None)
    flight = Flight(None, None, crew_of(a=0, b=0))
    coordinator = Coordinator(plan(), Steering(), Attendance("here", flight), flight)
    coordinator.todo.fill(coordinator.plan.todo, set())
    embedding = coordinator._next()
    assert embedding.embeds
    flight.pieces["suspect"] = (replace(embedding, deaths=1), None)
    coordinator.todo.again(embedding)
    assert coordinator._next() is None
    flight.pieces["suspect"] = (embedding, None)
    assert coordinator._next() is embedding


def test_an_embedding_that_came_to_its_end_is_not_a_suspect_where_its_vectors_are_lost(plan):
    flight = Flight(None, None, crew_of(a=0))
    coordinator = Coordinator(plan(), Steering(), Attendance("here", flight), flight)
    coordinator.todo.fill(coordinator.plan.todo, set())
    embedding = coordinator._next()
    flight.pieces["name"] = (replace(embedding, deaths=2), None)
    assert list(coordinator._ended("name", None)) == []
    coordinator._embed_again(coordinator.vectors[embedding.job.key][0])
    assert coordinator._next() == embedding


def test_splits_that_train_as_one_go_to_a_card_together(plan):
    compute = FakeCompute(device="cuda:0")
    chosen = plan(protocols=("lr", "finetune"), seeds=tuple(range(41, 51)))
    found = outcomes(dask_of(2, cards=1)(plan.home, compute).work(chosen, Steering()))
    assert Counter(type(one) for one in found) == {Scored: 40}
    assert sorted(compute.stacks) == [list(range(41, 51))] * 2


def test_workers_do_not_vanish_while_the_client_keeps_its_own_count_of_them(plan, monkeypatch):
    """Now and then Dask's client replaces what it knows of a scheduler by what names no workers."""

    async def counted(self, n_workers=0):
        self._scheduler_identity = await self.scheduler.identity(n_workers=0)

    monkeypatch.setattr(distributed.Client, "_update_scheduler_info", counted)
    mailbox, said = Steering(), []
    for event in dask_of()(plan.home, FakeCompute()).work(plan(), mailbox):
        if isinstance(event, Log):
            said.append(event.text)
            mailbox.stop()
    assert said == []


def test_a_model_embeds_once_and_that_is_measured_once(plan):
    compute = FakeCompute()
    events = list(dask_of()(plan.home, compute).work(plan(), Steering()))
    assert compute.embedded == ["all-MiniLM-L6-v2"]
    [measured] = [event for event in events if isinstance(event, ModelMeasured)]
    assert measured.measurement.model == "all-MiniLM-L6-v2"
    assert measured.environment.hash == measured.measurement.environment


def test_an_embedding_that_fails_is_the_failure_of_each_of_its_units(plan):
    class Broken(FakeCompute):
        def embed(self, *_):
            raise ValueError("No such layer.")

    found = outcomes(dask_of()(plan.home, Broken()).work(plan(), Steering()))
    assert Counter(type(one) for one in found) == {Failed: 12}
    assert all("No such layer." in one.sentence and "in embed" in one.traceback for one in found)


def test_what_a_worker_is_short_of_is_said_once_with_its_name_and_held_against_no_unit(plan):
    def short(unit, cancel):
        raise MemoryError

    events = list(dask_of()(plan.home, FakeCompute(short)).work(plan(), Steering()))
    assert Counter(type(one) for one in outcomes(events)) == {Cancelled: 12}
    [reason] = {one.reason for one in outcomes(events)}
    assert reason.startswith(f"On the worker {socket.gethostname()}: There was not enough memory.")
    assert [one.text for one in events if isinstance(one, Log)] == [f"Units are left out. {reason}"]


class Lacking(FakeCompute):
    """Some workers lack a library, which shows as they load, or only at a first model."""

    def __init__(self, method: str, many: int = 1, behave=None) -> None:
        super().__init__(behave)
        self.method, self.many, self.lacks = method, many, set()

    def devices(self, wanted):
        self._import("devices")
        return super().devices(wanted)

    def embed(self, *arguments):
        self._import("embed")
        return super().embed(*arguments)

    def _import(self, method):
        with contextlib.suppress(ValueError):  # a thread of the worker's own
            name = get_worker().name
            if method == self.method and (name in self.lacks or len(self.lacks) < self.many):
                self.lacks.add(name)
                raise ModuleNotFoundError("No module named 'sklearn'")


@pytest.mark.parametrize("method", ["devices", "embed"])
def test_a_worker_that_lacks_a_library_is_left_out_by_name_and_the_others_do_its_work(plan, method):
    said, events = threading.Event(), []
    compute = Lacking(method, behave=lambda unit, cancel: said.wait(60))
    for event in dask_of()(plan.home, compute).work(plan(), Steering()):
        events.append(event)
        if isinstance(event, Log):
            said.set()
    assert Counter(type(one) for one in outcomes(events)) == {Scored: 12}
    last = [event for event in events if isinstance(event, WorkersSeen)][-1].workers
    [out] = [one for one in last if one.state == "unfit"]
    assert "No module named 'sklearn'" in out.message
    assert out.done == 0
    told = f"The worker {out.name} on {out.host} is left out. {out.message}"
    assert [event.text for event in events if isinstance(event, Log)] == [told]


def test_where_no_worker_is_fit_the_run_ends_with_the_reason(plan, monkeypatch):
    monkeypatch.setattr(attendance, "_OTHERS", 0.0)
    events = list(dask_of()(plan.home, Lacking("devices", 4)).work(plan(), Steering()))
    assert Counter(type(one) for one in outcomes(events)) == {Cancelled: 12}
    [said] = [event.text for event in events if isinstance(event, Log) and event.level == "error"]
    assert re.sub(r"^The worker inproc://\S+ on \S+ is left out\. ", "", said) == (
        "It, or the scheduler, cannot load what the run needs (No module named 'sklearn'). "
        "Install the same genearena there as here. Units left out: 12; the next run tries again."
    )


def test_a_model_that_no_worker_can_load_costs_no_other(plan, monkeypatch):
    monkeypatch.setattr(attendance, "_OTHERS", 0.0)

    class Unloadable(FakeCompute):
        def embed(self, unit, *arguments):
            if unit.model == "all-MiniLM-L6-v2":
                raise ModuleNotFoundError("No module named 'transformers'")
            return super().embed(unit, *arguments)

    both = plan(models=("all-MiniLM-L6-v2", "wordllama-256"))
    found = outcomes(dask_of()(plan.home, Unloadable()).work(both, Steering()))
    assert Counter((type(one), one.unit.model) for one in found) == {
        (Cancelled, "all-MiniLM-L6-v2"): 12,
        (Scored, "wordllama-256"): 12,
    }
    assert all("transformers" in one.reason for one in found if isinstance(one, Cancelled))


@pytest.mark.parametrize("drained", [False, True])
def test_what_an_unfit_worker_is_at_is_waited_for_although_there_is_no_other(plan, monkeypatch, drained):
    monkeypatch.setattr(attendance, "_OTHERS", 0.0)
    trains, goes_on, mailbox = threading.Event(), threading.Event(), Steering()

    class Lacks(FakeCompute):
        def embed(self, *_):
            assert trains.wait(60)
            raise ModuleNotFoundError("No module named 'sklearn'")

    def behave(unit, cancel):
        trains.set()
        while not goes_on.wait(0.02) and not cancel.is_set():
            pass

    found, looks = [], 0
    executor = dask_of(1, threads=2)(plan.home, Lacks(behave))
    for event in executor.work(plan(protocols=("lr", "finetune"), seeds=(41,)), mailbox):
        if isinstance(event, UnitFinished):
            found.append(event.outcome)
        if isinstance(event, WorkersSeen) and any(one.state == "unfit" for one in event.workers):
            looks += 1
            if drained:
                mailbox.drain()
            if looks == 3:
                goes_on.set()
    assert Counter((type(one), one.unit.protocol) for one in found) == {
        (Scored, "finetune"): 1,
        (Cancelled, "finetune"): 1,
        (Cancelled, "lr"): 2,
    }
    assert all(drained != ("sklearn" in one.reason) for one in found if isinstance(one, Cancelled))


def test_what_cannot_be_read_here_is_a_failure_by_itself_and_no_worker_is_left_out(plan, monkeypatch):
    fetch = Flight._fetch

    async def unread(self, name, future, *, gathers):
        units = self.pieces[name][0].units if name in self.pieces else ()
        if [unit.seed for unit in units] != [42]:
            return await fetch(self, name, future, gathers=gathers)
        await future.exception()
        self._inbox.put((name, TypeError("Could not serialize object of type Lock")))

    monkeypatch.setattr(Flight, "_fetch", unread)
    events = list(dask_of()(plan.home, FakeCompute()).work(plan(), Steering()))
    failed = [one for one in outcomes(events) if isinstance(one, Failed)]
    assert Counter(type(one) for one in outcomes(events)) == {Scored: 8, Failed: 4}
    assert {(one.unit.seed, one.error) for one in failed} == {(42, "TypeError")}
    sentences = {one.sentence.partition(", ")[2] for one in failed}
    assert sentences == {"3 times (TypeError: Could not serialize object of type Lock)."}
    last = [event for event in events if isinstance(event, WorkersSeen)][-1].workers
    assert [one.state for one in last] == ["runs"] * 4
    reports = [event.text for event in events if isinstance(event, Log)]
    assert len(reports) == 4
    assert all(
        text.startswith("Nothing came of ") and text.endswith("last, and alone.") for text in reports
    )


def test_who_drains_a_run_that_has_no_worker_does_not_wait_for_one(plan, monkeypatch):
    monkeypatch.setattr(Flight, "look", lambda self: None)
    mailbox, events = Steering(), []
    for event in dask_of()(plan.home, FakeCompute()).work(plan(), mailbox):
        events.append(event)
        if isinstance(event, Log):
            mailbox.drain()
    assert Counter(type(one) for one in outcomes(events)) == {Cancelled: 12}
    [said] = [event.text for event in events if isinstance(event, Log)]
    assert said.startswith("No worker has come to ")


def test_who_drains_a_run_whose_workers_have_all_gone_does_not_wait_for_others(plan, monkeypatch):
    gone, known_before = threading.Event(), Flight._known

    class Waiting(FakeCompute):
        def embed(self, *arguments):
            gone.wait()
            return super().embed(*arguments)

    monkeypatch.setattr(Flight, "_known", lambda self: {} if gone.is_set() else known_before(self))
    mailbox, events = Steering(), []
    for event in dask_of()(plan.home, Waiting()).work(plan(), mailbox):
        events.append(event)
        if isinstance(event, WorkersSeen) and not gone.is_set():
            mailbox.pause()  # what is embedded meanwhile is given to nobody
            gone.set()
        elif isinstance(event, Log):
            mailbox.drain()
    assert Counter(type(one) for one in outcomes(events)) == {Cancelled: 12}
    assert [event.text for event in events if isinstance(event, Log)] == [
        "All workers of processes of this machine have gone; units wait for others."
    ]


@pytest.mark.parametrize("protocol", ["lr", "finetune"])
def test_a_model_that_a_worker_does_not_have_is_said_with_the_workers_name(plan, protocol):
    class Without(FakeCompute):
        def embed(self, *_):
            raise ModelError("The folder has no config.json.", "Put it there.")

        finetune = embed

    found = outcomes(dask_of()(plan.home, Without()).work(plan(protocols=(protocol,)), Steering()))
    assert Counter(type(one) for one in found) == {Failed: 6}
    said = f"On the worker {socket.gethostname()}: The folder has no config.json. Put it there."
    assert {one.sentence for one in found} == {said}


def test_it_says_what_goes_on_at_once_and_who_does_it(plan):
    events = list(dask_of()(plan.home, FakeCompute()).work(plan(), Steering()))
    [ready] = [event for event in events if isinstance(event, Ready)]
    assert (ready.capacity.devices, ready.capacity.classify) == (4, 4)
    stages = [event for event in events if isinstance(event, StageProgress) and event.stage == "classify"]
    assert (stages[-1].done, stages[-1].rate > 0) == (12, True)
    last = [event for event in events if isinstance(event, WorkersSeen)][-1]
    assert sum(one.done for one in last.workers) == 12
    assert {one.state for one in last.workers} == {"runs"}
    assert not [event for event in events if isinstance(event, Log)]
