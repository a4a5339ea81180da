"""Very many units: memory stays flat, and kills on the way lose nothing."""

from __future__ import annotations

import os
import time

import psutil
import pytest
from fault_tools import a_home, a_selection, ended, enqueue, journalled, tiny

from engine.mailbox import read_status
from store import connect

pytestmark = pytest.mark.faults
MIB = 1 << 20
_LOOKS = 5


def soak(folder, units: int, warm: int, kills: int) -> float:
    """Run `units` units, killing the runner `kills` times on the way; MiB gained after `warm` units.

    The gain is that of the last runner, from its first `warm` units to its end.
    """
    home, selection = a_home(folder), a_selection(folder, units)
    stops = [units * (n + 1) // (2 * (kills + 1)) for n in range(kills)]
    for stop in stops:
        with ended(runner_of(home, selection)) as runner:
            watch(home, runner, stop)
    with ended(runner_of(home, selection)) as runner:
        early = watch(home, runner, saved(home) + warm, flushed=True)
        late = watch(home, runner, units - 1000)
        assert runner.wait(300) == 0
    status = read_status(home)
    assert (status.state, status.failed) == ("finished", 0)
    rows = journalled(home)
    assert len(set(rows)) == units
    assert len(rows) - units <= 2 * kills
    with connect(home) as con:
        assert con.execute("select count(*) from scores").fetchone() == (units,)
    return (late - early) / MIB


def runner_of(home, selection):
    enqueue(home, selection)
    return tiny(home, 0.0, env={"TINY_FLUSH": os.environ.get("GENEARENA_FLUSH", "0.3")})


def saved(home) -> int:
    status = read_status(home)
    return status.already_done + status.scored if status else 0


def watch(home, runner, until: int, flushed: bool = False) -> int:
    """Wait for `until` units to be saved, and for a flush (DuckDB is loaded by the first); the smallest
    resident size in the half second after, since a flush's buffers come and go.
    """
    process, begun = psutil.Process(runner.pid), time.time()
    sizes, reached = [process.memory_info().rss], 0
    while runner.poll() is None and reached < _LOOKS:
        sizes.append(process.memory_info().rss)
        fresh = home.database.exists() and home.database.stat().st_mtime > begun
        reached += saved(home) >= until and (fresh or not flushed)
        time.sleep(0.1)
    return min(sizes[-_LOOKS:])


def test_some_thousand_units_with_flat_memory(tmp_path):
    assert soak(tmp_path, units=5000, warm=1500, kills=1) < 50


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_a_hundred_thousand_units_with_flat_memory(tmp_path):
    units = int(os.environ.get("GENEARENA_SOAK", "100000"))
    assert soak(tmp_path, units, warm=10_000, kills=5) < 50
