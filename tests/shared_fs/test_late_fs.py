"""The views of `late_fs` are late, torn and stale as those of a client of NFS, and no more than that."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from machines import Machine, why_none

pytestmark = pytest.mark.skipif(bool(why_none()), reason=why_none())

NAMES = "import os, sys; print(*sorted(os.listdir(sys.argv[1])))"
READ = """
import sys
while True:
    try:
        print(open(sys.argv[1]).read())
        break
    except OSError as error:
        assert error.strerror == "Stale file handle"
"""
SIZE = "import os, sys; print(os.stat(sys.argv[1]).st_size)"
IS_THERE = "import os, sys; print(os.path.exists(sys.argv[1]))"
WRITE = "import sys; open(sys.argv[1], 'w').write(sys.argv[2])"
REPLACE = """
import os, sys
open(sys.argv[1] + "~", "w").write(sys.argv[2])
os.replace(sys.argv[1] + "~", sys.argv[1])
"""
HOLD = """
import os, sys
held = os.open(sys.argv[1], os.O_RDONLY)
for _ in sys.stdin:
    try:
        print(os.pread(held, 99, 0).decode(), flush=True)
    except OSError as error:
        print(error.strerror, flush=True)
"""
APPEND = """
import os, sys
held = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR | os.O_APPEND)
for line in sys.stdin:
    os.fsync(held) if line == "sync\\n" else os.write(held, line[:-1].encode())
    print(os.fstat(held).st_size, os.pread(held, 99, 0).decode(), flush=True)
"""


@pytest.fixture
def point(tmp_path):
    (tmp_path / "point").mkdir()
    return tmp_path / "point"


@pytest.fixture
def here(tmp_path, point):
    (tmp_path / "served").mkdir()
    machine = Machine(tmp_path / "served", point, 3600, locks=True)
    yield machine
    machine.close()


@pytest.fixture
def there(here, tmp_path, point):
    machine = Machine(tmp_path / "served", point, 3600)
    yield machine
    machine.close()


@pytest.fixture
def asked():
    """Starts a program on a machine, and asks it line by line."""
    begun = []

    def start(machine, code, *words):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        program = machine.start(sys.executable, "-ISc", code, *words, **pipes)
        begun.append(program)

        def ask(line):
            program.stdin.write(f"{line}\n")
            program.stdin.flush()
            return program.stdout.readline().rstrip("\n")

        return ask

    yield start
    for program in begun:
        program.communicate()


def test_what_was_closed_is_read_by_who_opens_it_later(here, there, point):
    there.python(WRITE, point / "a", "one")
    assert here.python(READ, point / "a") == "one"
    there.python(WRITE, point / "a", "another")
    assert here.python(READ, point / "a") == "another"
    there.python(REPLACE, point / "a", "the third")
    assert here.python(READ, point / "a") == "the third"


def test_lists_and_sizes_and_absences_are_held(here, there, point):
    assert here.python(NAMES, point) == ""
    assert here.python(IS_THERE, point / "a") == "False"
    there.python(WRITE, point / "a", "one")
    there.python(WRITE, point / "b", "one")
    assert there.python(NAMES, point) == "a b"
    assert (here.python(NAMES, point), here.python(IS_THERE, point / "a")) == ("", "False")
    assert here.python(READ, point / "b") == "one", "which was never missed"
    there.python(WRITE, point / "b", "longer")
    here.forget()
    assert (here.python(NAMES, point), here.python(SIZE, point / "b")) == ("a b", "6")
    there.python("import os, sys; os.unlink(sys.argv[1])", point / "b")
    assert (here.python(NAMES, point), here.python(SIZE, point / "b")) == ("a b", "6")
    assert here.start("cat", point / "b", stderr=subprocess.DEVNULL).wait() == 1
    here.python(WRITE, point / "c", "")
    assert here.python(NAMES, point) == "a b c", "what it made itself it knows"


def test_what_is_appended_reaches_others_with_a_sync(here, there, point, asked, tmp_path):
    append = asked(there, APPEND, point / "a")
    assert append("one") == "3 one"
    assert (tmp_path / "served" / "a").read_text() == ""
    assert append("sync") == "3 one"
    held = asked(here, HOLD, point / "a")
    assert held("") == "one"
    append(" two"), append("sync")
    assert held("") == "one", "until it opens it again"
    assert here.python(READ, point / "a") == "one two"


def test_what_was_not_synced_is_lost_with_its_machine(here, there, point, asked, tmp_path):
    append = asked(there, APPEND, point / "a")
    append("one"), append("sync"), append(" two")
    there.crash()
    assert (tmp_path / "served" / "a").read_text() == "one"
    there.boot()
    assert there.python(READ, point / "a") == "one"


def test_parts_arrive_in_either_order(there, point, asked, tmp_path):
    append, served, over = asked(there, APPEND, point / "a"), tmp_path / "served" / "a", threading.Event()
    seen, wholes = set(), [b""]

    def look():
        while not over.is_set():
            seen.add(served.read_bytes())

    append("")
    looks = threading.Thread(target=look)
    looks.start()
    for number in range(20):
        append(line := f"{number:02d}" * 100)
        append("sync")
        wholes.append(wholes[-1] + line.encode())
        assert served.read_bytes() == wholes[-1], "once it is synced all of it is there"
    over.set()
    looks.join()
    torn = seen - set(wholes)
    assert any(b"\0" in one for one in torn)
    assert any(b"\0" not in one for one in torn)
    assert all(len(one) <= len(wholes[-1]) for one in torn)


def test_what_was_replaced_is_stale_for_who_holds_it(here, there, point, asked):
    said = set()
    for number in range(12):
        there.python(REPLACE, point / "a", f"{number}")
        held = asked(here, HOLD, point / "a")
        first = held("")
        there.python(REPLACE, point / "a", "other")
        said |= {first.rstrip("0123456789"), held("").rstrip("0123456789")}
    assert said == {"", "Stale file handle"}
    assert here.python(READ, point / "a") == "other"


LOCK = """
import fcntl, sys
with open(sys.argv[1], "a") as file:
    try:
        print(fcntl.flock(file, fcntl.LOCK_EX))
    except OSError as error:
        print(error.strerror)
"""
MAP = """
import mmap, sys
with open(sys.argv[1], "r+b") as file:
    try:
        print(mmap.mmap(file.fileno(), 0))
    except OSError as error:
        print(error.strerror)
"""


def test_locks_and_maps_are_refused(here, there, point):
    there.python(WRITE, point / "a", "one")
    assert there.python(LOCK, point / "a") == "No locks available"
    assert here.python(LOCK, point / "a") == "None"
    assert there.python(MAP, point / "a") == "No such device"
