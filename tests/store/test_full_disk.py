"""No space: a sentence, nothing torn, and everything goes on when there is room again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import store
from store.home import find_home

LIMITED = """
import resource, sys
sys.path.insert(0, sys.argv[2])
from fake_records import scored, unit
from store.home import find_home
from store.journal import DiskFull
from store.store import Store

def room(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

home = find_home(sys.argv[1])
saved = Store(home)
saved.append(scored(unit(seed=0)))
saved.flush()

room(sum(path.stat().st_size for path in home.journals.iterdir()) + 2000)
kept = 0
for attempt in range(3):
    try:
        while True:
            saved.append(scored(unit(seed=kept + 1)), scored(unit(seed=kept + 2)))
            kept += 2
    except DiskFull:
        pass
    assert len(saved.finished()) == kept + 1
room(resource.RLIM_INFINITY)
saved.append(scored(unit(seed=kept + 1)))
assert saved.damaged == 0

saved.append(*(scored(unit(seed=seed)) for seed in range(1000, 1300)))
room(20_000)
try:
    saved.flush()
except DiskFull:
    sys.stdout.write("no room\\n")
room(resource.RLIM_INFINITY)
saved.flush()
sys.stdout.write(str(kept))
"""


@pytest.mark.faults
def test_a_full_disk_loses_nothing_and_freeing_space_mends_it(tmp_path):
    places = [str(tmp_path), str(Path(__file__).parent)]
    done = subprocess.run([sys.executable, "-B", "-c", LIMITED, *places], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said, kept = done.stdout.split("\n")[:2]
    assert said == "no room"
    with store.connect(find_home(tmp_path)) as con:
        assert con.execute("SELECT count(*) FROM scores").fetchone() == (1 + int(kept) + 1 + 300,)
        assert con.execute("SELECT count(*) FROM predictions").fetchone() == (12 * (302 + int(kept)),)


@pytest.mark.faults
def test_no_room_for_the_database_leaves_nothing_half_made(tmp_path):
    code = LIMITED.split("saved = Store(home)")[0] + (
        "saved = Store(home)\n"
        "saved.append(scored(unit()))\n"
        "room(100_000)\n"
        "try: saved.flush()\n"
        "except DiskFull: print([path.name for path in home.data.iterdir() if path.is_file()])\n"
        "room(resource.RLIM_INFINITY)\n"
        "print(saved.flush().scored)\n"
    )
    places = [str(tmp_path), str(Path(__file__).parent)]
    done = subprocess.run([sys.executable, "-B", "-c", code, *places], capture_output=True, text=True)
    assert done.stdout.split("\n")[:2] == ["['format']", "1"], done.stderr
