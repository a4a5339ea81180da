"""A process of one's own gives the same numbers, and is gone when it should be."""

from __future__ import annotations

import errno
import itertools
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import resource_tracker
from pathlib import Path

import numpy as np
import psutil
import pytest
from classify_examples import LR_GRID, RF_GRID, draw_split, noisy_genes, run

from engine.cancel import Stopped
from engine.run.apart import TRIES, ClassifierDied, ClassifierProcess, classify_apart
from engine.run.shortage import Killed
from store.errors import DataError

NEVER = threading.Event()
AXES = {"scaling": "none", "lr_solver": "liblinear"}


@pytest.fixture(scope="module")
def process():
    process = ClassifierProcess()
    yield process
    process.close()


@pytest.fixture
def job():
    vectors, labels = noisy_genes()
    return vectors, labels, draw_split(labels)


@pytest.mark.parametrize(("protocol", "params"), [("lr-cv", LR_GRID), ("rf-cv", RF_GRID)])
def test_same_numbers_and_progress(protocol, params, process, job):
    told = []
    there = process.classify(
        protocol, params, *job, **AXES, cancel=NEVER, progress=lambda *step: told.append(step)
    )
    here = run(protocol, params, *job)
    assert there.trials == here.trials
    assert there.best_params == here.best_params
    assert np.array_equal(there.scores, here.scores)
    assert told == [(done, 6) for done in range(1, 7)]


def test_errors_come_back_with_their_sentence_hint_and_origin(process, job):
    vectors, labels, split = job
    vectors = vectors.copy()
    vectors[3, 3] = np.inf
    with pytest.raises(DataError, match="row 3") as raised:
        process.classify("lr", {"C": 1.0, "max_iter": 100}, vectors, labels, split, **AXES, cancel=NEVER)
    assert raised.value.hint
    assert "in _checked" in "".join(raised.value.__notes__)
    first = process.pid
    run_there(process, job)
    assert process.pid == first


def run_there(process, job):
    return process.classify("lr", {"C": 1.0, "max_iter": 100}, *job, **AXES, cancel=NEVER)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_whole_group_is_the_parents_business(number, job):
    process = ClassifierProcess()
    try:
        process.connect()
        first = process.pid
        os.kill(first, number)  # while it starts
        run_there(process, job)
        os.kill(first, number)  # while it waits
        run_there(process, job)
        assert process.pid == first
    finally:
        process.close()


def test_cancel_ends_the_process_within_a_unit(process, job):
    cancel = threading.Event()
    endless = {**RF_GRID, "trees": (10**6,)}
    timer = threading.Timer(0.3, cancel.set)
    run_there(process, job)
    first = process.pid
    timer.start()
    with pytest.raises(Stopped):
        process.classify("rf-cv", endless, *job, **AXES, cancel=cancel)
    assert not psutil.pid_exists(first)
    assert run_there(process, job).scores.shape[1] == 2


class Doomed(ClassifierProcess):
    """The first `lives` processes are killed at their unit."""

    def __init__(self, lives, number=signal.SIGKILL):
        super().__init__()
        self.lives, self.number = lives, number

    def connect(self):
        pipe = super().connect()
        if self.lives:
            self.lives -= 1
            os.kill(self.pid, self.number)
        return pipe


def test_a_unit_whose_process_is_killed_is_begun_again(process, job):
    doomed = Doomed(TRIES - 1)
    try:
        assert np.array_equal(run_there(doomed, job).scores, run_there(process, job).scores)
        assert doomed.lives == 0
    finally:
        doomed.close()


@pytest.mark.parametrize(
    ("number", "error", "match"),
    [
        (signal.SIGSEGV, ClassifierDied, "ended 3 times, with codes -11, -11, -11"),
        (signal.SIGKILL, Killed, "killed from outside 3 times"),
    ],
)
def test_a_unit_at_which_each_process_ends_is_told_and_the_next_goes_on(number, error, match, job):
    doomed = Doomed(TRIES, number)
    with pytest.raises(error, match=match):
        run_there(doomed, job)
    assert doomed.lives == 0
    try:
        assert run_there(doomed, job).scores.shape[1] == 2
    finally:
        doomed.close()


def test_a_kill_for_want_of_memory_is_told_at_once(job, monkeypatch):
    counts = itertools.count(7)
    monkeypatch.setattr("engine.run.apart.oom.kills", lambda: next(counts))
    doomed = Doomed(TRIES)
    with pytest.raises(Killed, match="Out of memory"):
        run_there(doomed, job)
    assert doomed.lives == TRIES - 1


def test_a_process_that_cannot_be_started_is_not_one_that_died(job, monkeypatch):
    process = ClassifierProcess()
    with monkeypatch.context() as patch:
        patch.setattr("engine.run.apart._start", raising(OSError(errno.EMFILE, "Too many open files")))
        with pytest.raises(OSError, match="Too many open files"):
            run_there(process, job)
    try:
        assert run_there(process, job).scores.shape[1] == 2
    finally:
        process.close()


def raising(error):
    def fail(*_):
        raise error

    return fail


def test_the_kernel_takes_a_classifier_before_its_runner(process, job):
    run_there(process, job)
    assert Path(f"/proc/{process.pid}/oom_score_adj").read_text() == "1000\n"


def test_each_thread_has_a_process_that_ends_with_it(job):
    def children():
        return set(psutil.Process().children())

    def classify():
        classify_apart("lr", {"C": 1.0, "max_iter": 100}, *job, **AXES, cancel=NEVER)
        return children()

    resource_tracker.ensure_running()  # a child too, which stays
    before = children()
    with ThreadPoolExecutor(1) as pool:
        (child,) = pool.submit(classify).result() - before
        assert pool.submit(classify).result() - before == {child}
    assert child.wait(60) in (0, None)


def test_a_parent_whose_main_thread_classified_ends():
    script = (
        "import threading\n"
        "from classify_examples import draw_split, noisy_genes\n"
        "from engine.run.apart import TRIES, classify_apart\n"
        "if __name__ == '__main__':\n"
        "    vectors, labels = noisy_genes()\n"
        "    classify_apart('lr', {'C': 1.0, 'max_iter': 100}, vectors, labels, draw_split(labels),\n"
        "                   scaling='none', lr_solver='liblinear', cancel=threading.Event())\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, timeout=120, check=False)
    assert done.returncode == 0


def test_a_killed_parent_leaves_no_process_behind():
    script = (
        "import threading, time\n"
        "from classify_examples import draw_split, noisy_genes\n"
        "from engine.run.apart import TRIES, ClassifierProcess\n"
        "if __name__ == '__main__':\n"
        "    vectors, labels = noisy_genes()\n"
        "    process = ClassifierProcess()\n"
        "    process.classify('lr', {'C': 1.0, 'max_iter': 100}, vectors, labels, draw_split(labels),\n"
        "                     scaling='none', lr_solver='liblinear', cancel=threading.Event())\n"
        "    print(process.pid, flush=True)\n"
        "    time.sleep(600)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    child.wait(60)
    assert not child.is_running()
