"""What is given to whom, and in which order."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter

import distributed
import pytest
from dask_here import dask_of
from distributed import get_worker
from workbench import FakeCompute, write_task

from engine.plan.plan import Plan, build_plan
from engine.plan.selection import Selection
from engine.run.dask import attendance
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
    assert said == (
        "The scheduler or a worker cannot load what the run needs (No module named 'sklearn'). "
        "Install the same genearena there as here. Units left out: 12; the next run tries again."
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
