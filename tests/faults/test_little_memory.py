"""Under `ulimit -v` a command says that memory is short; libraries would crash without a word."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import small_home
from fault_tools import a_home

from store.console import run_sql
from store.errors import UsageError
from tui.cli import _out_of_memory

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space"),
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    return small_home.fill(a_home(tmp_path_factory.mktemp("little"))).home


# What memory runs out in follows from how little there is; what is asked for changes that little.
@pytest.mark.parametrize(
    ("command", "megabytes"),
    [
        *(("rank", megabytes) for megabytes in (60, 100, 150, 200, 300, 450)),
        *(("export scores", 200), ("sql 'select 1'", 300), ("times", 150), ("repair", 450)),
    ],
)
def test_want_of_memory_is_one_sentence(filled, megabytes, command):
    place = filled.data.parent
    line = f"ulimit -v {megabytes * 1000}; exec {sys.executable} -P -m tui --home {place} {command}"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(["sh", "-c", line], env=environment, capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "memory" in done.stderr


@pytest.mark.parametrize("limit", ["-v 600000", "-v 3000000", "-t 60"])
def test_a_query_runs_within_a_limit_of_the_shell(filled, limit):
    place = filled.data.parent
    line = f"ulimit {limit}; exec {sys.executable} -P -m tui --home {place} sql 'select 41 + 1'"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(["sh", "-c", line], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()[-1:]) == (0, ["42"]), done.stderr


def test_a_query_that_a_limit_of_the_shell_ends_names_it(filled, monkeypatch):
    monkeypatch.setattr("store.console._CHILD", Path(os.devnull))  # a child that ends at once
    monkeypatch.setattr("store.console.allowed_memory", lambda: 700 << 20)
    with pytest.raises(UsageError, match=r"`ulimit -v` leaves it 700 MiB") as raised:
        run_sql(filled, "select 1")
    assert "ulimit -v unlimited" in raised.value.hint


def test_want_of_memory_is_known_behind_other_errors():
    mapped = ImportError("libstdc++.so.6: failed to map segment from shared object")
    wrapped = ImportError("PLEASE READ THIS")
    wrapped.__cause__ = mapped
    assert all(map(_out_of_memory, (MemoryError(), mapped, wrapped)))
    assert not any(map(_out_of_memory, (ImportError("No module named x"), ValueError("memory"), None)))
