"""Mutants: each takes back one decision that keeps results safe, and a check must catch it.

A mutant is one entry in `MUTANTS`: a name, how it is patched in, and the check that passes on the real
code and fails on it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from fault_tools import a_home, a_selection, ended, enqueue, tiny, until

import engine.run.__main__ as parent
from engine.mailbox import lock, read_status, runner_alive, runner_lock
from engine.run.crashes import STRIKES, Crashes, read_strikes
from store.errors import StoreBusy

pytestmark = pytest.mark.faults


@dataclass(frozen=True)
class Mutant:
    """One decision taken back."""

    name: str
    patch: Callable[[pytest.MonkeyPatch], None]
    check: Callable[[Path, pytest.MonkeyPatch], None]
    """Given a fresh folder and the patches of the test."""


# ---------------------------------------------------------------------------- checks


def check_that_a_dead_runners_lock_holds_nobody(folder: Path, _: pytest.MonkeyPatch) -> None:
    home = a_home(folder)
    enqueue(home, a_selection(folder, 4))
    with ended(tiny(home, 30.0)):
        until(lambda: (status := read_status(home)) and status.running, what="a unit in flight")
        assert runner_alive(home)
    assert lock.lock_path(home).exists()
    assert not runner_alive(home), "a killed runner is taken to live"
    assert read_status(home).state == "interrupted"


def check_that_a_removed_lock_is_noticed(folder: Path, _: pytest.MonkeyPatch) -> None:
    home = a_home(folder)
    with runner_lock(home) as held:
        lock.lock_path(home).unlink()
        lock.lock_path(home).touch()
        held.keep()
        try:
            with runner_lock(home):
                pass
        except StoreBusy:
            return
        raise AssertionError("a second runner began beside the first")


RUNNER = (
    "import os, signal, sys; from pathlib import Path; from engine.mailbox.claim import birth\n"
    "(Path(sys.argv[1]) / 'runner' / 'in-flight' / 'unit').write_text(birth(os.getpid()))\n"
    "os.kill(os.getpid(), signal.SIGKILL)\n"
)


def check_that_kills_from_outside_convict_nobody(folder: Path, _: pytest.MonkeyPatch) -> None:
    home = a_home(folder)
    places = [str(place) for place in (home.data, home.cache, home.config, home.log)]
    handled = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in handled}
    try:
        for _attempt in range(STRIKES):
            Crashes(home.mailbox)
            assert parent.main(places, ("-c", RUNNER)) == 128 + signal.SIGKILL
            assert read_strikes(home.mailbox).get("unit", 0) == 0, "a kill was held against the work"
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def check_that_a_runner_that_is_gone_with_its_parent_convicts_nobody(
    folder: Path, _: pytest.MonkeyPatch
) -> None:
    home = a_home(folder)
    for _attempt in range(STRIKES):
        Crashes(home.mailbox)
        (home.mailbox / "in-flight").mkdir(exist_ok=True)
        subprocess.run([sys.executable, "-c", RUNNER, str(home.data)], check=False)
    assert Crashes(home.mailbox).strikes("unit") == 0, "a death that nobody saw was held against the work"


def check_that_an_error_of_flock_is_no_holder(folder: Path, patches: pytest.MonkeyPatch) -> None:
    def without_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    home = a_home(folder)
    lock.lock_path(home).touch()
    patches.setattr(fcntl, "flock", without_locks)
    assert not runner_alive(home), "a file system without locks looks like a run that is going on"
    try:
        lock.RunnerLock(home)
    except StoreBusy as error:
        raise AssertionError("a file system without locks looks like a run that is going on") from error
    except lock.NoLocks:
        return
    raise AssertionError("a run began where nothing keeps a second one out")


# ---------------------------------------------------------------------------- mutants


def trust_the_presence_of_the_lock(patches: pytest.MonkeyPatch) -> None:
    patches.setattr(lock, "_held", lambda home: lock.lock_path(home).exists())


def believe_that_the_lock_stays_where_it_is(patches: pytest.MonkeyPatch) -> None:
    patches.setattr(lock.RunnerLock, "keep", lambda self: "")
    patches.setattr(lock, "witness", lambda home: None)


def count_every_death(patches: pytest.MonkeyPatch) -> None:
    patches.setattr(parent, "OWN_DOING", set(signal.Signals))


def count_a_parents_death(patches: pytest.MonkeyPatch) -> None:
    real = Crashes.__init__

    def init(self: Crashes, folder: Path) -> None:
        left = [path.name for path in (folder / "in-flight").glob("*")]
        real(self, folder)
        for key in left:
            self._strikes[key] += 1
        self._write()

    patches.setattr(Crashes, "__init__", init)


def believe_any_error_of_flock(patches: pytest.MonkeyPatch) -> None:
    patches.setattr(lock, "HELD", set(errno.errorcode))


MUTANTS = (
    Mutant(
        "trust the lock file's presence",
        trust_the_presence_of_the_lock,
        check_that_a_dead_runners_lock_holds_nobody,
    ),
    Mutant(
        "believe that the lock stays where it is",
        believe_that_the_lock_stays_where_it_is,
        check_that_a_removed_lock_is_noticed,
    ),
    Mutant("count every death", count_every_death, check_that_kills_from_outside_convict_nobody),
    Mutant(
        "count a parent's death",
        count_a_parents_death,
        check_that_a_runner_that_is_gone_with_its_parent_convicts_nobody,
    ),
    Mutant(
        "believe any flock error", believe_any_error_of_flock, check_that_an_error_of_flock_is_no_holder
    ),
)
EACH = pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)


@EACH
def test_the_real_code_passes(mutant, tmp_path, monkeypatch):
    mutant.check(tmp_path, monkeypatch)


@EACH
def test_the_mutant_is_caught(mutant, tmp_path, monkeypatch):
    mutant.patch(monkeypatch)
    with pytest.raises(AssertionError):
        mutant.check(tmp_path, monkeypatch)
