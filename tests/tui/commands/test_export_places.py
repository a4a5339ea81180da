"""`genearena export -o`: files, links, pipes and devices, and what is there already."""

from __future__ import annotations

import os
import pty
import signal
import stat
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
from fault_tools import genearena, plain, until

COMMANDS = (
    ("export", "scores"),
    ("export", "rankings"),
    ("export", "splits", "--tasks", "long-vs-short-tf", "--seeds", "41"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[1])
def test_no_export_touches_the_homes_own_files(filled, call, command):
    [journal] = filled.home.journals.glob("*.jsonl")
    before = journal.read_bytes(), filled.home.database.read_bytes()
    for path in (journal, filled.home.database, filled.home.mailbox / "runner.lock"):
        for force in ((), ("--force",)):
            sentence = call.refused(*command, "--format", "csv", "-o", str(path), *force)
            assert "itself keeps" in sentence
    assert (journal.read_bytes(), filled.home.database.read_bytes()) == before


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[1])
def test_a_file_that_is_there_is_replaced_by_force_only(filled, call, tmp_path, command):
    path = tmp_path / "table.csv"
    path.write_text("old")
    sentence = call.refused(*command, "-o", str(path))
    assert "is there already" in sentence
    assert "--force" in sentence
    assert path.read_text() == "old"
    assert call(*command, "-o", str(path), "--force").exit_code == 0
    assert path.read_text() != "old"


def test_a_file_without_a_name_is_refused(filled, call):
    assert "--output names no file" in call.refused("export", "scores", "-o", "")


@pytest.mark.parametrize(("answer", "code", "replaced"), [(b"y\n", 0, True), (b"\n", 130, False)])
def test_on_a_terminal_one_is_asked(filled, tmp_path, answer, code, replaced):
    path = tmp_path / "table.csv"
    path.write_text("old")
    ours, theirs = pty.openpty()
    home = ["--home", str(filled.home.data.parent)]
    command = [sys.executable, "-m", "tui", *home, "export", "scores", "-o", str(path)]
    with subprocess.Popen(command, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE) as process:
        os.close(theirs)
        said = b""
        while b"replace it?" not in said:
            said += os.read(ours, 1000)
        os.write(ours, answer)
        assert process.wait(60) == code
    os.close(ours)
    assert (path.read_text() != "old") is replaced


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_pipe_carries_the_whole_table(filled, tmp_path, suffix):
    pipe, out = tmp_path / f"pipe.{suffix}", tmp_path / "out"
    os.mkfifo(pipe)
    with out.open("wb") as stream, subprocess.Popen(["cat", str(pipe)], stdout=stream) as cat:
        plain(genearena(filled.home, "export", "scores", "-o", str(pipe)), 0)
        assert cat.wait(60) == 0
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    rows = pq.read_table(out).num_rows if suffix == "parquet" else len(out.read_text().splitlines()) - 1
    assert rows == 15


def test_of_a_pipe_that_is_open_already_no_waiting_is_told(filled):
    done = genearena(filled.home, "export", "scores", "--format", "csv", "-o", "/dev/stdout")
    assert "waits for its reader" not in done.stderr
    assert len(done.stdout.splitlines()) == 16


def test_waiting_for_the_reader_of_a_pipe_ends_with_ctrl_c(filled, tmp_path):
    pipe, made = tmp_path / "pipe.csv", tmp_path / "made"
    os.mkfifo(pipe)
    made.mkdir()
    home = ["--home", str(filled.home.data.parent)]
    command = [sys.executable, "-m", "tui", *home, "export", "scores", "-o", str(pipe)]
    environment = {**os.environ, "TMPDIR": str(made)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert "waits for its reader" in process.stderr.readline()
        until(lambda: any(path.stat().st_size for path in made.glob("*/content")))
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read().strip() == "error: Interrupted."
    assert list(made.iterdir()) == []
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_what_is_named_on_the_output_is_gone_on_with(filled, tmp_path):
    out = tmp_path / "out"
    out.write_text("before\n")
    with out.open("ab") as stream:
        done = genearena(
            filled.home, "export", "scores", "--format", "csv", "-o", "/dev/stdout",
            capture_output=False, stdout=stream, stderr=subprocess.PIPE,
        )  # fmt: skip
    plain(done, 0)
    assert len(out.read_text().splitlines()) == 1 + 1 + 15
    assert out.read_text().startswith("before\nkey,") or "before\nmodel," in out.read_text()
