"""The lock, and what is known of a runner where the lock says nothing or something wrong."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
import time

import pytest
from fault_tools import ended

from engine.mailbox import (
    LockLost,
    Status,
    enqueue,
    killable,
    last_launch,
    lock,
    lock_fault,
    queued,
    read_status,
    remember,
    runner_alive,
    runner_lock,
    runner_of,
    write_status,
)
from engine.mailbox.claim import Claim, birth, place
from engine.mailbox.kill import end_runner
from engine.mailbox.lock import YOUNG, NoLocks, lock_path
from engine.plan.launch import Launch
from engine.plan.selection import Selection
from store.errors import StoreBusy, StoreError, UsageError
from store.files import write_json

SLEEPS = "print('up', flush=True); import time; time.sleep(120)"


@pytest.fixture
def somebody():
    """Another process that lives."""
    with ended(subprocess.Popen([sys.executable, "-c", SLEEPS], stdout=subprocess.PIPE)) as process:
        process.stdout.readline()
        yield process


def claim(process, **changed):
    told = {"pid": process.pid, "host": "box", "born": birth(process.pid), **changed}
    return Claim(**told)


def says(home, who, state="running"):
    """A status that `who` has just written."""
    status = Status("r", who.pid, who.host, state, "t", "t", 10, 2, born=who.born, beat=time.monotonic())
    write_status(home, status)


def signs(home, who):
    lock_path(home).write_text(who.line())


def elsewhere(process):
    """The same process as another machine would see it."""
    return claim(process, born=f"otherboot/pid:[1]/{process.pid}/99")


def grown(path, seconds):
    """Let a file look as if it had been written so long ago."""
    os.utime(path, (time.time(), time.time() - seconds))


class Network:
    """An `os` whose disk is full or away once somebody closes a file, which is closed all the same."""

    def __init__(self, number: int) -> None:
        self.number, self.closed = number, []

    def __getattr__(self, name):
        return getattr(os, name)

    def close(self, descriptor):
        os.close(descriptor)
        self.closed.append(descriptor)
        raise OSError(self.number, os.strerror(self.number))


# ---------------------------------------------------------------------------- who lives


def test_a_process_is_told_from_a_later_one_of_its_number(somebody):
    assert claim(somebody).lives() is True
    assert claim(somebody, born=f"{place()}/{somebody.pid}/1").lives() is False
    assert elsewhere(somebody).lives() is None
    assert Claim(somebody.pid, "box", "").lives() is None
    somebody.kill()
    end = time.monotonic() + 60
    while birth(somebody.pid):  # it is a zombie until its parent asks for it
        assert time.monotonic() < end
    assert claim(somebody, born="x").lives() is None


@pytest.mark.parametrize("line", ["", "\n", "x y z\n", "-1 a b", "\x00" * 40, "٣ a b"])
def test_a_lock_that_holds_no_claim_names_nobody(home, line):
    lock_path(home).write_text(line)
    assert not runner_alive(home)
    with runner_lock(home):
        pass


def test_a_lock_of_an_earlier_version_names_a_number_alone(home):
    assert Claim.read("4711\n") == Claim(4711, "", "")


@pytest.mark.parametrize("by", [says, signs])
def test_a_living_process_that_says_it_is_the_runner_is_one_whatever_the_lock_says(home, somebody, by):
    by(home, claim(somebody))
    for path in home.mailbox.iterdir():
        grown(path, 10_000)
    assert runner_of(home).pid == somebody.pid
    with pytest.raises(StoreBusy, match=f"PID {somebody.pid} on box"), runner_lock(home):
        pass


@pytest.mark.parametrize("by", [says, signs])
def test_a_number_that_another_process_has_now_is_no_runner(home, somebody, by):
    by(home, claim(somebody, born=f"{place()}/{somebody.pid}/1"))
    assert not runner_alive(home)
    with runner_lock(home):
        pass


@pytest.mark.parametrize("by", [says, signs])
def test_a_runner_of_another_host_lives_until_ten_seconds_after_its_last_word(home, somebody, by):
    by(home, elsewhere(somebody))
    with pytest.raises(StoreBusy, match="on box") as raised, runner_lock(home):
        pass
    assert "10 s after its last word" in raised.value.hint
    for path in home.mailbox.iterdir():
        grown(path, YOUNG + 5)
    assert not runner_alive(home)
    with runner_lock(home):
        pass


def test_a_status_of_a_run_that_has_ended_names_no_runner(home, somebody):
    says(home, claim(somebody), "finished")
    assert not runner_alive(home)


def test_a_lock_that_was_let_go_names_nobody(home):
    with runner_lock(home):
        assert runner_of(home).pid == os.getpid()
    assert lock_path(home).read_text() == ""


# ---------------------------------------------------------------------------- removed and replaced


def removed(path):
    path.unlink()


def replaced(path):
    fresh = path.with_name("fresh")
    fresh.write_text("")
    fresh.replace(path)


def restored(path):
    """As a backup or rsync does: the same content, another file."""
    fresh = path.with_name("fresh")
    fresh.write_text(path.read_text())
    fresh.replace(path)


@pytest.mark.parametrize("harm", [removed, replaced, restored])
def test_a_lock_that_was_removed_or_replaced_is_taken_again(home, harm):
    with runner_lock(home) as lock:
        assert lock.keep() == ""
        harm(lock_path(home))
        assert "has taken it again" in lock.keep()
        assert lock.keep() == ""
        with pytest.raises(StoreBusy), runner_lock(home):
            pass
    assert not runner_alive(home)


@pytest.mark.parametrize("harm", [removed, replaced])
def test_a_lock_that_another_has_taken_meanwhile_is_lost(home, harm):
    with runner_lock(home) as lock:
        harm(lock_path(home))
        with runner_lock(home):
            for _ in range(2):
                with pytest.raises(LockLost, match=f"PID {os.getpid()}"):
                    lock.keep()
        assert "taken it again" in lock.keep(), "it is free again"


def test_where_locks_reach_nobody_the_last_to_sign_is_the_runner(home, somebody):
    with runner_lock(home) as lock:
        signs(home, claim(somebody))
        with pytest.raises(LockLost, match=str(somebody.pid)):
            lock.keep()
        signs(home, claim(somebody, born=f"{place()}/{somebody.pid}/1"))  # it has died
        assert lock.keep() == ""
        assert runner_of(home).pid == os.getpid()


def test_a_network_that_is_away_loses_no_lock(home, monkeypatch):
    def stale(*_):
        raise OSError(errno.ESTALE, "Stale file handle")

    with runner_lock(home) as lock:
        monkeypatch.setattr("engine.mailbox.lock._is_at", stale)
        assert lock.keep() == ""


# ---------------------------------------------------------------------------- things that are no lock


def a_link(path):
    path.symlink_to(path.with_name("elsewhere"))


ODD = {"link": (a_link, "symbolic link"), "pipe": (os.mkfifo, "regular"), "folder": (os.mkdir, "regular")}


@pytest.mark.parametrize(("make", "word"), ODD.values(), ids=ODD)
def test_what_is_no_file_is_no_lock_and_never_waited_for(home, make, word):
    make(lock_path(home))
    assert not runner_alive(home)
    with pytest.raises(StoreError, match=word) as raised, runner_lock(home):
        pass
    assert "rm " in raised.value.hint
    assert not home.mailbox.joinpath("elsewhere").exists(), "a link was followed"


@pytest.mark.parametrize("name", ["status.json", "last.json"])
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_small_file_that_is_none_is_told_and_never_waited_for(home, name, make):
    make(home.mailbox / name)
    with pytest.raises(StoreError, match="not a regular file"):
        (read_status if name == "status.json" else last_launch)(home)


def test_pipes_among_what_was_left_are_passed_over(home):
    launch = Launch(Selection(("m",), ("t",), ("lr",)))
    enqueue(home, launch)
    os.mkfifo(home.mailbox / "queue" / "1-2-abc.json")
    (home.mailbox / "requests").mkdir()
    os.mkfifo(home.mailbox / "requests" / "1-2-abc.json")
    assert len(queued(home)) == 1
    with runner_lock(home):
        remember(home, launch)


# ---------------------------------------------------------------------------- file systems without locks


def flock_fails(number):
    def flock(*_):
        raise OSError(number, os.strerror(number))

    return flock


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL])
def test_an_error_of_flock_is_no_holder(home, number, monkeypatch):
    lock_path(home).touch()
    monkeypatch.setattr(fcntl, "flock", flock_fails(number))
    assert not runner_alive(home)
    with pytest.raises(NoLocks, match="has no locks") as raised, runner_lock(home):
        pass
    assert "--home" in raised.value.hint
    assert "has no locks" in lock_fault(home).message


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ENOSPC])
def test_a_disk_that_fails_is_not_called_one_without_locks(home, number, monkeypatch):
    lock_path(home).touch()
    monkeypatch.setattr(fcntl, "flock", flock_fails(number))
    assert not runner_alive(home)
    with pytest.raises(StoreError, match=f"cannot be taken: {os.strerror(number)}") as raised:
        lock.RunnerLock(home)
    assert not isinstance(raised.value, NoLocks)
    assert f"cannot be taken: {os.strerror(number)}" in lock_fault(home).message


@pytest.mark.parametrize("number", [errno.EWOULDBLOCK, errno.EACCES])
def test_a_refusal_is_a_holder(home, number, monkeypatch):
    lock_path(home).touch()
    monkeypatch.setattr(fcntl, "flock", flock_fails(number))
    assert runner_alive(home)
    with pytest.raises(StoreBusy), runner_lock(home):
        pass


def test_locks_that_keep_nobody_out_are_found(home, monkeypatch):
    assert lock_fault(home) is None
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    assert "keep nobody out" in lock_fault(home).message


@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_a_lock_that_is_not_a_file_is_found_as_a_run_finds_it(home, kind, tmp_path):
    path = lock_path(home)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(tmp_path / "elsewhere")
    else:
        path.mkdir()
    with pytest.raises(StoreError) as raised, runner_lock(home):
        pass
    assert str(lock_fault(home)) == str(raised.value)
    assert str(path) in str(raised.value)


# ---------------------------------------------------------------------------- silence


def test_a_clock_that_is_set_makes_nobody_silent(home, somebody):
    says(home, claim(somebody))
    for years in (-10, 10):
        grown(home.mailbox / "status.json", years * 365 * 86_400)
        assert not read_status(home).silent


def test_a_clock_of_another_host_makes_nobody_silent_who_is_heard(home):
    with runner_lock(home):
        for second, silent in enumerate((True, True, False, False)):
            word = str(second // 2)
            status = Status("r", 4711, "box", "running", "t", word, 10, 2, born="boot/pid:[1]/4711/9")
            write_status(home, status)
            grown(home.mailbox / "status.json", 3600)
            assert read_status(home).silent is silent


def test_a_runner_that_says_nothing_is_silent(home, somebody):
    who = claim(somebody)
    write_status(
        home, Status("r", who.pid, who.host, "running", "t", "t", 10, 2, born=who.born, message="Full.")
    )
    status = read_status(home)
    assert status.silent
    assert status.silent_s == pytest.approx(time.monotonic(), abs=60)
    assert status.message.startswith("Silent for")
    assert status.message.endswith("Full.")


def test_a_runner_that_has_ended_is_not_silent(home):
    write_status(home, Status("r", 1, "box", "finished", "t", "t", 10, 2))
    grown(home.mailbox / "status.json", 10_000)
    assert not read_status(home).silent


# ---------------------------------------------------------------------------- killing


def test_only_a_process_that_is_known_for_certain_is_killed(home, somebody):
    signs(home, elsewhere(somebody))
    with pytest.raises(UsageError, match="cannot be reached from this machine"):
        killable(home)
    signs(home, claim(somebody, born=f"{place()}/{somebody.pid}/1"))
    with pytest.raises(UsageError, match="cannot be told"):
        killable(home)


def test_a_recycled_number_is_never_killed(somebody, monkeypatch):
    monkeypatch.setattr(Claim, "lives", lambda self: True)  # it ended after it was looked for
    monkeypatch.setattr("engine.mailbox.kill.GRACE", 0.0)
    with pytest.raises(StoreError, match="has not ended yet"):
        end_runner(None, claim(somebody, born=f"{place()}/{somebody.pid}/1"))
    assert somebody.poll() is None


def test_a_damaged_status_is_no_claim(home):
    for said in ({"state": "running"}, {"state": "running", "pid": "x", "host": 3}, {"state": ["running"]}):
        write_json(home.mailbox / "status.json", said)
        assert not runner_alive(home)


# ---------------------------------------------------------------------------- letting go


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.ESTALE])
def test_a_disk_that_is_full_or_away_when_the_lock_is_let_go_is_no_error_and_the_next_gets_it(
    home, monkeypatch, number
):
    network = Network(number)
    monkeypatch.setattr(lock, "os", network)
    with runner_lock(home) as held:
        assert runner_alive(home)
    assert network.closed.count(held._descriptor) == 1
    assert not runner_alive(home)
    with runner_lock(home):
        pass


def test_what_stopped_a_run_is_not_hidden_by_a_disk_that_is_away(home, monkeypatch):
    monkeypatch.setattr(lock, "os", Network(errno.EIO))
    with pytest.raises(StoreError, match="the reason"), runner_lock(home):
        raise StoreError("This is the reason.")


def test_a_lock_taken_again_is_held_though_the_old_file_closes_with_an_error(home, monkeypatch):
    monkeypatch.setattr(lock, "os", Network(errno.EIO))
    with runner_lock(home) as held:
        lock_path(home).unlink()
        assert "has taken it again" in held.keep()
        assert held.keep() == ""
        assert runner_alive(home)
    assert not runner_alive(home)


def test_a_lock_that_vanishes_from_a_network_while_it_is_taken_is_a_sentence(home, monkeypatch):
    def stale(*_):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    monkeypatch.setattr(lock, "_is_at", stale)
    with pytest.raises(StoreError, match="cannot be taken: Stale file handle"), runner_lock(home):
        pass


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.EACCES, "Check who owns it."),
        (errno.EPERM, "Check who owns it."),
        (errno.ENOSPC, "Free some space."),
        (errno.EDQUOT, "Free some space."),
        (errno.EROFS, "Name a folder that can be written with --home DIR or GENEARENA_HOME."),
        (errno.EIO, "Check that its disk is there and sound, then try again."),
    ],
)
def test_a_lock_that_cannot_be_taken_says_why_and_what_helps(home, number, hint, monkeypatch):
    def fails(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(lock, "_open", fails)
    with pytest.raises(StoreError, match=f"cannot be taken: {os.strerror(number)}") as raised:
        lock.RunnerLock(home)
    assert raised.value.hint == hint
    assert lock_fault(home).hint == hint
