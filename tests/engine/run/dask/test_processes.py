"""Processes of this machine, as `--executor dask --processes 2` starts them."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
from collections import Counter

import psutil
import pytest

from engine.plan.launch import Dask, Options
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from engine.run.dask import cluster as cluster_module
from engine.run.dask.cluster import cluster
from engine.run.dask.executor import DaskExecutor
from engine.run.events import UnitFinished
from engine.run.steering import Steering
from engine.run.threads import ThreadExecutor
from store.home import find_home
from store.records import Scored

OPTIONS = Options("cpu", threads=1, dask=Dask(processes=2))


@pytest.fixture(scope="module")
def before():
    """What listens already, such as a SLURM that other tests have started."""
    return listening()


@pytest.fixture(scope="module")
def two(before):
    """Started once: a process takes some seconds to load what it computes with."""
    with cluster(OPTIONS) as (client, threads):
        yield client, threads


def rows(events) -> dict[str, tuple]:
    found = [event.outcome for event in events if isinstance(event, UnitFinished)]
    assert Counter(type(one) for one in found) == {Scored: len(found)}, found
    return {
        one.unit.key: (one.metrics, one.predictions, one.split_hash, one.vectors_hash, one.best_params)
        for one in found
    }


def test_two_processes_give_the_rows_that_threads_give_bit_for_bit(two, tmp_path):
    home = find_home(tmp_path / "home").create()
    selection = Selection(("wordllama-256", "tfidf"), ("bivalent-vs-no-methyl",), ("lr", "rf"), (1, 2, 3))
    plan = build_plan(selection, home, {})
    assert len(plan.todo) == 12
    wanted = rows(ThreadExecutor(home, Options("cpu", 1, 1)).work(plan, Steering()))
    events = list(DaskExecutor(home, OPTIONS, lambda _: contextlib.nullcontext(two)).work(plan, Steering()))
    assert rows(events) == wanted
    hosts = {event.environment.device for event in events if isinstance(event, UnitFinished)}
    assert hosts == {"cpu"}


def listening() -> set[tuple[str, int]]:
    """Where this process, and those that it has started, can be spoken to."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return {one.laddr for each in processes for one in each.net_connections() if one.status == "LISTEN"}


def test_nothing_listens_but_on_the_loopback_and_with_tls(two, before):
    added = listening() - before
    assert {address.ip for address in added} == {"127.0.0.1"}
    assert len(added) >= 6, "a scheduler, two workers, and who looks after them"
    for address in added:
        assert spoken_in_the_clear(address.port) == ""


def spoken_in_the_clear(port: int) -> str:
    """What is said, or served, to who has no key; a page that is not there is nothing."""
    with contextlib.suppress(http.client.HTTPException, OSError):
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=0.5)
        asked.request("GET", "/health")
        return "" if asked.getresponse().status == 404 else "a page"
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5) as plain:
        return plain.recv(1).decode("latin-1")
    return ""


def test_a_signal_for_the_runner_does_not_end_its_processes(two):
    client, _ = two
    pids = set(client.run(_pid).values())
    for pid in pids:
        psutil.Process(pid).send_signal(signal.SIGINT)
    assert set(client.run(_pid).values()) == pids


def _pid() -> int:
    import os

    return os.getpid()


def test_each_card_is_one_process_and_the_others_have_none():
    given = [cluster_module._card(number, found=2) for number in range(3)]
    assert [one.get("resources") for one in given] == [{"GPU": 1}, {"GPU": 1}, None]
    assert [one["env"]["CUDA_VISIBLE_DEVICES"] for one in given] == ["0", "1", "-1"]
    assert cluster_module._card(0, found=0) == {}
