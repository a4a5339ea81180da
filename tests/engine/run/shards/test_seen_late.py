"""What a list still names and is gone, or cannot be read at this moment: no fault, and no end of a run.

A link that leads nowhere stands for a file that a client of NFS still lists, and a folder in place of a
heartbeat for one that was replaced while it was read.
"""

from __future__ import annotations

import errno
import os
import time
from collections import Counter
from types import SimpleNamespace

import pytest
from workbench import FakeCompute, write_task

from engine.plan.launch import Options, Slurm
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from engine.run.crashes import in_flight
from engine.run.shards import __main__
from engine.run.shards.array import freeze, frozen_arrays
from engine.run.shards.collect import collect, held
from engine.run.shards.cut import shards_of
from engine.run.shards.followed import Followed
from engine.run.shards.task import work
from engine.run.shards.told import Told
from store.home import find_home
from store.store import Store


@pytest.fixture
def home(tmp_path):
    return find_home(tmp_path / "home").create()


@pytest.fixture
def frozen(home, tmp_path):
    chosen = Selection(("all-MiniLM-L6-v2",), (write_task(tmp_path),), ("lr", "rf"), (41, 42, 43))
    plan, options = build_plan(chosen, home, {}), Options("cpu", 1, 1, Slurm(array=1))
    return freeze(home, plan, shards_of(home, plan, plan.todo, options), options, lambda _: "")


def still_listed(folder, name):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).symlink_to("gone")


def test_a_mark_that_was_taken_away_is_not_held_against_its_unit(frozen):
    [unit, *_] = frozen.shards[0].units
    marks = frozen.marks(0) / "in-flight"
    still_listed(marks, unit.key)
    assert in_flight(frozen.marks(0)) == []
    followed = Followed(frozen)
    assert (followed.deaths(), followed.died()) == (Counter(), False)
    (marks / unit.key).unlink()
    (marks / unit.key).touch()
    assert (followed.deaths(), followed.died()) == (Counter([unit.key]), True)


def test_a_task_begins_though_an_earlier_journal_cannot_be_read_now(frozen):
    still_listed(frozen.journals, f"{frozen.journal(0)}1-abc.jsonl")
    assert work(frozen.folder, 0, Told(frozen.folder), FakeCompute())


def test_outcomes_are_taken_in_while_a_heartbeat_is_replaced(home, frozen):
    work(frozen.folder, 0, Told(frozen.folder), FakeCompute())
    frozen.beat(0).unlink()
    frozen.beat(0).mkdir()
    assert len(list(held(home, frozen.shards[0].units))) == 1
    assert collect(home, Store(home)) == 6
    assert frozen.folder.exists(), "its task may be at it still"


def test_a_task_is_not_taken_to_be_quiet_for_a_heartbeat_that_is_half_written(home, frozen):
    work(frozen.folder, 0, Told(frozen.folder), FakeCompute())
    long_ago = time.time() - 7200
    for path in (frozen.folder / "array.json", *frozen.journals.iterdir()):
        os.utime(path, (long_ago, long_ago))
    still_listed(frozen.folder / "beats", ".00000.json.1.abc")
    assert frozen.quiet_s() < 3600


def test_outcomes_that_are_seen_late_are_waited_for_before_they_are_called_missing(
    home, frozen, monkeypatch, capsys
):
    work(frozen.folder, 0, Told(frozen.folder), FakeCompute())
    [journal] = frozen.journals.iterdir()
    hidden = journal.rename(home.data / "hidden")
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        if len(waited) == 3:
            hidden.rename(journal)

    monkeypatch.setattr(__main__, "time", SimpleNamespace(sleep=sleep))
    assert __main__.main([str(frozen.folder), "collect"]) == 0
    assert len(waited) == 3
    assert "6 outcomes taken in, 0 of 6 units" in capsys.readouterr().out


def test_what_cannot_be_removed_yet_is_found_and_removed_again(home, frozen, monkeypatch):
    work(frozen.folder, 0, Told(frozen.folder), FakeCompute())
    frozen.end()
    with monkeypatch.context() as patch:
        patch.setattr(os, "rmdir", refuse)
        assert collect(home, Store(home)) == 6
    assert [one.folder for one in frozen_arrays(home)] == [frozen.folder]
    assert frozen.ended
    assert collect(home, Store(home)) == 0
    assert not frozen.folder.exists()


def refuse(*_, **__):
    raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))
