"""One unit, one number, through the real runner: alone, among others, resumed, killed, and verified.

A tiny BERT with dropout on the CPU; what is compared is every bit of the test genes' probabilities.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tiny_models import make_folder, make_task

from engine.catalog.models import find_model
from engine.finetune.keyed_dropout import step_key
from engine.finetune.stacked_step import StackedStep
from engine.mailbox import enqueue
from engine.plan.launch import Launch, Options
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from engine.run.compute import Context, LocalCompute
from engine.run.events import EpochFinished, Event, UnitFinished
from engine.run.runner import run
from engine.run.steering import Steering
from engine.run.threads import ThreadExecutor
from engine.verify import verify
from store import connect
from store.home import Home, find_home
from store.journal import Entry, read_journals
from store.records import Cancelled, Failed, Outcome, Scored
from store.store import Store

THREADS = 2
Numbers = dict[tuple[str, int], list[tuple[float, ...]]]
"""(protocol, seed) -> every test gene's probabilities."""


@pytest.fixture(autouse=True)
def as_many_threads_to_verify(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.verify.usable_cores", lambda: THREADS)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return find_home(tmp_path / "home").create()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Home:
    return find_home(tmp_path / "elsewhere").create()


@pytest.fixture
def selection(tmp_path: Path) -> Selection:
    folder = make_folder(tmp_path / "model", hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1)
    texts, labels = make_task()
    table = tmp_path / "toy.csv"
    rows = [f"gene{n},class{labels[n]},{texts[n]}\n" for n in range(len(texts))]
    table.write_text("gene,label,description\n" + "".join(rows))
    quick = {"epochs": 3, "stage2_epochs": 1, "learning_rate": 3e-3, "stage2_learning_rate": 3e-4}
    return Selection((str(folder),), (str(table),), ("finetune",), (41, 42, 43), params=quick)


def events(selection: Selection, home: Home, mailbox: Steering) -> Iterator[Event]:
    store = Store(home)
    try:
        plan = build_plan(selection, home, store.finished())
        yield from run(plan, store, mailbox, ThreadExecutor(home, Options("cpu", threads=THREADS)))
        store.flush()
    finally:
        store.close()


def go(selection: Selection, home: Home) -> list[Outcome]:
    """Run to the end."""
    happened = events(selection, home, Steering())
    return [event.outcome for event in happened if isinstance(event, UnitFinished)]


def kept(home: Home) -> Numbers:
    """Everything that was saved."""
    with connect(home) as connection:
        rows = connection.execute(
            'select protocol, seed, list(scores order by "index") '
            "from predictions join units using (key) group by all"
        ).fetchall()
    return {(protocol, seed): [tuple(one) for one in scores] for protocol, seed, scores in rows}


def test_a_unit_has_the_same_bits_alone_among_three_and_verified(
    selection: Selection, home: Home, elsewhere: Home
) -> None:
    params = {**selection.params, "epochs": 2}
    selection = replace(selection, protocols=("finetune", "lora", "linear-probe"), params=params)
    go(selection, home)
    go(replace(selection, seeds=(42,)), elsewhere)
    among, alone = kept(home), kept(elsewhere)
    assert len({str(numbers) for numbers in among.values()}) == len(among) == 9
    assert len(alone) == 3
    assert alone == {place: among[place] for place in alone}
    verdicts = list(verify(elsewhere, 99, device="cpu"))
    assert [(one.reason, one.largest, one.now) for one in verdicts] == [
        ("", 0.0, one.kept) for one in verdicts
    ]
    assert len(verdicts) == 3


def test_a_run_that_was_cancelled_goes_on_to_the_same_bits(
    selection: Selection, home: Home, elsewhere: Home
) -> None:
    go(selection, elsewhere)
    mailbox, epochs, ended = Steering(), 0, []
    for event in events(selection, home, mailbox):
        epochs += isinstance(event, EpochFinished)
        if epochs == 6:  # in the second unit
            mailbox.stop()
        if isinstance(event, UnitFinished):
            ended.append(type(event.outcome))
    assert ended == [Scored, Cancelled, Cancelled]
    assert [type(outcome) for outcome in go(selection, home)] == [Scored, Scored]
    assert kept(home) == kept(elsewhere)


KILLED = """
import os, signal, sys
from engine.run.detached import main
from engine.run.events import EpochFinished
from store.records import Scored
from store.store import Store

append, begin, saved = Store.append, EpochFinished.__init__, []

def append_and_count(store, *records):
    append(store, *records)
    saved.extend(one for one in records if isinstance(one, Scored))
    if len(saved) == 2:
        os.kill(os.getpid(), signal.SIGKILL)

def begin_if_none_is_saved(epoch, *given, **named):
    if saved:
        os.kill(os.getpid(), signal.SIGKILL)
    begin(epoch, *given, **named)

Store.append, EpochFinished.__init__ = append_and_count, begin_if_none_is_saved
sys.exit(main(sys.argv[1:]))
"""
"""A runner that is killed in the middle of a unit, once another is saved."""


def test_a_run_that_was_killed_goes_on_to_the_same_bits(
    selection: Selection, home: Home, elsewhere: Home
) -> None:
    go(selection, elsewhere)
    enqueue(home, Launch(selection, Options("cpu", 1, THREADS)))
    places = [str(place) for place in (home.data, home.cache, home.config, home.log)]
    root = str(Path(__file__).parents[3])
    runner = subprocess.run([sys.executable, "-c", KILLED, *places], env={**os.environ, "PYTHONPATH": root})
    assert runner.returncode == -signal.SIGKILL
    saved = [one for one in read_journals(home.journals, {}) if isinstance(one, Entry)]
    before = sum(one.kind == "scored" for one in saved)
    assert before in (1, 2)
    assert len(go(selection, home)) == 3 - before
    assert kept(home) == kept(elsewhere)


def test_a_split_that_diverges_is_the_only_one_to_fail(
    selection: Selection, home: Home, elsewhere: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    go(selection, elsewhere)
    gradients = StackedStep.gradients
    begun: list[int] = []

    def poisoned(self: StackedStep, rows: torch.Tensor, *args: object) -> torch.Tensor:
        losses = gradients(self, rows, *args)
        begun.extend([1] * (args[-1] == step_key(42, 1, 0)))
        if len(begun) == 2:
            self.stack.weights[:] = float("nan")
        return losses

    monkeypatch.setattr(StackedStep, "gradients", poisoned)
    [failed] = [outcome for outcome in go(selection, home) if isinstance(outcome, Failed)]
    assert (failed.unit.seed, failed.error) == (42, "Diverged")
    assert failed.sentence.startswith("Training diverged: the loss of stage 1, epoch 1 is not a finite")
    expected = kept(elsewhere)
    del expected["finetune", 42]
    assert kept(home) == expected


def test_units_trained_together_come_out_as_apart(selection: Selection, home: Home) -> None:
    plan = build_plan(selection, home, {})
    [task] = plan.tasks.values()
    model = find_model(selection.models[0], home)
    context = Context("cpu", "", threading.Event())

    def scores(*units: object) -> list[list[tuple[float, ...]]]:
        told = [lambda *_: None] * 2
        found = compute.finetune(units, model, task, context, *told)
        return [[prediction.scores for prediction in one.predictions] for one in found]

    compute = LocalCompute(home)
    with compute.limits(THREADS):
        assert scores(*plan.units) == [scores(unit)[0] for unit in plan.units]
