"""A full disk pauses a run and says so; damage is named, and mended from the journals."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fault_tools import (
    a_home,
    a_selection,
    ended,
    enqueue,
    genearena,
    here,
    journalled,
    plain,
    run_tiny,
    tiny,
    until,
)
from workbench import score_of

from engine.mailbox import read_status, runner_alive
from engine.plan.plan import build_plan
from store import connect
from store.home import find_home
from store.repair import repair
from store.store import Store

pytestmark = pytest.mark.faults


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 12 MiB: journal and database of 400 units take about 6."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(place)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small file system can be mounted by root only")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> Path:
    """Take all the space that is left."""
    ballast = place / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return ballast


def stored(home) -> dict[str, float]:
    with connect(home) as con:
        return dict(con.execute("select key, auc from scores").fetchall())


def wanted(home, selection) -> dict[str, float]:
    return {unit.key: score_of(unit) for unit in build_plan(selection, home, {}).units}


def paused_for_space(home) -> bool:
    status = read_status(home)
    return status.state == "paused" and "No space is left" in status.message


def tries_in_vain(home, disk: Path) -> bool:
    """Whether the runner, on a disk that was filled once more, tried to save and saved nothing.

    A short line may still fit where the journal that was given up left some space.
    """
    fill(disk)
    before = journalled(home)
    for _ in range(2):  # a try makes a file, and takes it back: by the second change the first is over
        tried = home.journals.stat().st_mtime_ns
        until(lambda tried=tried: home.journals.stat().st_mtime_ns != tried, what="a try to save")
    return journalled(home) == before


# ------------------------------------------------------------------------------ a full disk


def test_a_full_disk_pauses_the_run_and_space_resumes_it(tmp_path, small_disk):
    home, selection = find_home(small_disk / "home").create(), a_selection(tmp_path, 400)
    enqueue(home, selection)
    with ended(tiny(home, 0.02)) as runner:
        until(lambda: len(journalled(home)) > 20)
        ballast = fill(small_disk)
        until(lambda: paused_for_space(home), what="the pause")
        assert "No space is left" in plain(here(home, "status"), 0).stdout
        until(lambda: tries_in_vain(home, small_disk), what="a try that saves nothing")
        assert paused_for_space(home)
        assert read_status(home).scored <= len(journalled(home))
        assert runner.poll() is None
        ballast.unlink()
        until(lambda: read_status(home).state == "running", what="the run to go on")
        assert runner.wait(120) == 0
    status = read_status(home)
    assert (status.state, status.scored, status.failed) == ("finished", 400, 0)
    assert len(journalled(home)) == 400
    assert stored(home) == wanted(home, selection)


def test_a_runner_killed_on_a_full_disk_has_kept_what_it_told(tmp_path, small_disk):
    home, selection = find_home(small_disk / "home").create(), a_selection(tmp_path, 200)
    enqueue(home, selection)
    with ended(tiny(home, 0.02)) as runner:
        until(lambda: len(journalled(home)) > 20)
        ballast = fill(small_disk)
        until(lambda: paused_for_space(home))
        before = set(journalled(home))
        runner.kill()
    # Nothing can start on it, and nothing is forgotten for that.
    refused = genearena(home, "resume", tiny_seconds=0.0)
    assert "Traceback" not in refused.stderr
    ballast.unlink()
    plain(genearena(home, "resume", tiny_seconds=0.0), 0)
    until(lambda: len(set(journalled(home))) == 200)
    until(lambda: not runner_alive(home))
    assert before <= set(journalled(home))
    assert stored(home) == wanted(home, selection)


def test_a_run_here_tells_of_a_full_disk(tmp_path, small_disk):
    home, selection = find_home(small_disk / "home").create(), a_selection(tmp_path, 40)
    fill(small_disk)
    arguments = ("run", "--tasks", ",".join(selection.tasks), "--protocols", "lr", "--seeds", "0-9")
    done = plain(genearena(home, *arguments, tiny_seconds=0.0), 3)
    assert done.stderr.count("\n") <= 2
    assert "error: " in done.stderr


def limit_files(size: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_limit_on_file_sizes_stops_no_run(tmp_path):
    """Each journal is given up when it is full, and the next one begun."""
    home, selection = a_home(tmp_path), a_selection(tmp_path, 400)
    enqueue(home, selection)
    with ended(tiny(home, 0.001, preexec_fn=lambda: limit_files(200_000))) as runner:
        assert runner.wait(60) == 0
    assert len(journalled(home)) == 400
    assert len(list(home.journals.iterdir())) > 1
    run_tiny(home, selection)
    assert stored(home) == wanted(home, selection)


# ------------------------------------------------------------------------------ damage


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A home with 40 scored units, made once, and the selection that gave them."""
    folder = tmp_path_factory.mktemp("made")
    home, selection = a_home(folder), a_selection(folder, 40)
    run_tiny(home, selection)
    return home, selection


@pytest.fixture
def full(tmp_path, made):
    """A copy of it for the test."""
    home, selection = made
    shutil.copytree(home.data.parent, tmp_path / "home")
    return find_home(tmp_path / "home"), selection


def longest_journal(home) -> Path:
    return max(home.journals.iterdir(), key=lambda path: path.stat().st_size)


def test_a_damaged_journal_loses_at_most_the_damaged_lines(full):
    home, _ = full
    journal = longest_journal(home)
    whole, rng = journal.read_bytes(), random.Random(5)
    lines = whole.splitlines(keepends=True)
    for _ in range(20):
        cut = rng.randrange(len(whole))
        journal.write_bytes(whole[:cut])
        assert journalled(home) == keys_of(lines, whole[:cut].count(b"\n"))
        at, bit = rng.randrange(len(whole)), 1 << rng.randrange(8)
        journal.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
        store = Store(home)
        lost = 40 - len(store.finished())
        assert lost <= 2
        # A line that is joined to the next, or a last one without its end, may be just left out.
        assert store.damaged + (at == len(whole) - 1) >= 1
        store.close()
    journal.write_bytes(whole)
    assert len(journalled(home)) == 40


def keys_of(lines, count):
    rows = [json.loads(line) for line in lines[:count]]
    return [row["key"] for row in rows if row["kind"] == "scored"]


def test_damage_in_a_journal_is_named_and_the_database_gives_back_what_it_held(full):
    home, selection = full
    journal = longest_journal(home)
    data = bytearray(journal.read_bytes())
    at = data.index(b'"kind":"scored"') + 40
    data[at] ^= 4
    journal.write_bytes(data)
    found = plain(genearena(home, "doctor"), 3).stdout
    assert "damaged" in found
    told = plain(genearena(home, "repair"), 0)
    assert "1 damaged journal line;" in told.stderr
    assert stored(home) == wanted(home, selection)


def test_damage_in_a_journal_is_run_again_where_no_database_holds_it(full):
    home, selection = full
    journal = longest_journal(home)
    data = bytearray(journal.read_bytes())
    data[data.index(b'"kind":"scored"') + 40] ^= 4
    journal.write_bytes(data)
    home.database.unlink()
    plain(genearena(home, "repair"), 0)
    assert len(stored(home)) == 39
    run_tiny(home, selection)
    assert stored(home) == wanted(home, selection)


def harm_middle(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 3 : len(data) // 3 + 20_000] = os.urandom(20_000)
    path.write_bytes(data)


def harm_head(path):
    data = bytearray(path.read_bytes())
    data[:4096] = bytes(4096)
    path.write_bytes(data)


def cut(path):
    path.write_bytes(path.read_bytes()[:20_000])


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [harm_head, cut, empty])
def test_a_damaged_database_is_named_and_repaired(full, harm):
    home, _ = full
    harm(home.database)
    harmed = home.database.read_bytes()
    refused = plain(genearena(home, "rank"), 3)
    assert refused.stderr.startswith("error: ")
    assert str(home.database) in refused.stderr
    assert "genearena repair" in refused.stderr
    # A run goes on all the same: the journal is the truth.
    more = a_selection(home.data.parent.parent, 48)
    enqueue(home, more)
    with ended(tiny(home)) as runner:
        assert runner.wait(60) == 0
    assert read_status(home).scored == 8
    assert "genearena repair" in read_status(home).message
    assert home.database.read_bytes() == harmed
    told = plain(genearena(home, "repair"), 0)
    assert "48 scored splits" in told.stdout
    assert stored(home) == wanted(home, more)
    plain(genearena(home, "rank", "--all"), 0)


def test_random_damage_to_the_database_never_shows_a_traceback(full):
    home, selection = full
    harm_middle(home.database)
    done = genearena(home, "rank", "--all")
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 3)
    repair(home)
    assert stored(home) == wanted(home, selection)


KILLED = """
import os, signal, sys, duckdb
con = duckdb.connect(sys.argv[1])
con.execute("pragma disable_checkpoint_on_shutdown")
con.execute("create table theirs as select * from range(1000)")
con.execute("insert into theirs select * from range(1000)")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("harm", ["cut", "flip", "zeros", "foreign"])
def test_a_damaged_log_of_the_database_is_named_and_repaired(full, harm):
    home, selection = full
    subprocess.run([sys.executable, "-c", KILLED, str(home.database)])
    wal = home.database.with_name(home.database.name + ".wal")
    data = wal.read_bytes()
    half = len(data) // 2
    wal.write_bytes(
        {
            "cut": data[: half + 3],
            "flip": data[:half] + bytes([data[half] ^ 16]) + data[half + 1 :],
            "zeros": data[:half] + bytes(5000),
            "foreign": b"not a log" * 99,
        }[harm]
    )
    done = genearena(home, "rank", "--all")
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 3)
    if done.returncode == 3:
        assert "genearena repair" in done.stderr
        plain(genearena(home, "repair"), 0)
    plain(genearena(home, "rank", "--all"), 0)
    assert stored(home) == wanted(home, selection)


def test_a_deleted_database_comes_back_by_itself(full):
    home, selection = full
    home.database.unlink()
    run_tiny(home, selection)
    assert stored(home) == wanted(home, selection)
