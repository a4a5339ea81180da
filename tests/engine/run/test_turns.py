from __future__ import annotations

import threading

from engine.run.turns import Turns


def work(turns, do):
    """Workers' threads, each of which does what it takes."""

    def worker():
        while (job := turns.take()) is not None:
            do(job)

    return worker


def run(workers, jobs, do):
    turns = Turns(workers)
    threads = [threading.Thread(target=work(turns, lambda job: do(turns, job))) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for job in jobs:
        turns.put(job)
    turns.close()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def test_every_job_is_done_once():
    done = []
    run(4, range(100), lambda _, job: done.append(job))
    assert sorted(done) == list(range(100))


def test_what_is_handed_back_is_begun_again_alone_once_and_nothing_is_lost():
    done, refused, busy, company, lock = [], [], set(), [], threading.Lock()
    alone = threading.Event()

    def do(turns, job):
        with lock:
            busy.add(job)
            if alone.is_set() and job == 3 and len(busy) > 1:
                company.append(set(busy))
        if job == 3:
            alone.set()
            with lock:
                busy.discard(job)
            if not turns.hand_back(job):
                refused.append(job)
            return
        with lock:
            busy.discard(job)
            done.append(job)

    run(4, range(20), do)
    assert sorted(done) == [job for job in range(20) if job != 3]
    assert refused == [3]
    assert company == []


def test_workers_that_wait_go_home_once_one_is_to_go_on_alone():
    turns = Turns(2)
    waiting = threading.Thread(target=turns.take)
    waiting.start()
    assert turns.hand_back("job")
    waiting.join(60)
    assert not waiting.is_alive()
    assert turns.take() == "job"
    assert not turns.hand_back("job")


def test_jobs_come_by_their_place_and_late_ones_once_they_are_let_in():
    turns = Turns(1)
    for job, place, late in (
        ("grid", 0, True),
        ("forest", 1, False),
        ("line", 0, False),
        ("line 2", 0, False),
    ):
        turns.put(job, place, late)
    assert [turns.take() for _ in range(3)] == ["line", "line 2", "forest"]
    taken = []
    worker = threading.Thread(target=lambda: taken.append(turns.take()))
    worker.start()
    worker.join(0.05)
    assert worker.is_alive()
    turns.let_late_in()
    worker.join(60)
    assert taken == ["grid"]


def test_late_jobs_are_let_in_at_the_end():
    turns = Turns(1)
    turns.put("grid", late=True)
    turns.close()
    assert [turns.take(), turns.take()] == ["grid", None]
