"""The front door: help, exit codes, errors as sentences, and what is imported."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import tui.commands.tasks as catalog
from store.errors import DataError, StoreBusy, UsageError
from tui.cli import COMMANDS, cli

HEAVY = ("torch", "sklearn", "textual", "pandas", "transformers", "rich")


def spawn(*arguments, home=None, **extra):
    """The command line in a process of its own."""
    environment = {**os.environ, **({"GENEARENA_HOME": str(home)} if home else {})}
    command = [sys.executable, "-m", "tui", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, **extra)


def test_help_names_every_command_and_imports_none():
    code = (
        "import sys; from tui.cli import cli\n"
        "try: cli(['--help'])\n"
        "except SystemExit: pass\n"
        f"print([m for m in sys.modules if m.split('.')[0] in {(*HEAVY, 'numpy', 'duckdb', 'engine')!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *text, modules = done.stdout.splitlines()
    for name in COMMANDS:
        assert any(re.match(rf"\s+{name}\s", line) for line in text), name
    assert modules == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(call, name):
    result = call(name, "--help")
    assert result.exit_code == 0
    assert "--home" in result.stdout


@pytest.mark.parametrize(
    ("command", "banned"),
    [
        ("rank", HEAVY),  # duckdb itself loads numpy
        ("models", (*HEAVY, "numpy", "duckdb")),
        ("tasks", (*HEAVY, "numpy", "duckdb")),
        ("status", HEAVY),  # it asks the database for conflicts
    ],
)
def test_reading_commands_import_nothing_heavy(filled, command, banned):
    code = (
        "import sys; from tui.cli import cli\n"
        f"try: cli(['--home', {str(filled.home.data.parent)!r}, {command!r}])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        f"print([m for m in {banned!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_unknown_command_names_the_nearest(call):
    assert "'tasks'" in call.refused("taks")


def test_unknown_option_names_the_nearest(call):
    assert "'--json'" in call.refused("tasks", "--jsno")


@pytest.mark.parametrize(
    ("error", "code"),
    [(UsageError("Wrong.", "Do it right."), 2), (DataError("Bad file."), 2), (StoreBusy("Busy."), 3)],
)
def test_an_error_is_one_sentence_with_its_hint_and_code(call, monkeypatch, error, code):
    def fail(home):
        raise error

    monkeypatch.setattr(catalog, "list_tasks", fail)
    assert call.refused("tasks", code=code) == f"error: {error}"


def test_hostile_text_in_an_error_reaches_the_terminal_as_escapes(call, monkeypatch):
    def fail(home):
        raise DataError("Gene \x1b]0;title\x07\u202e\nis bad.")

    monkeypatch.setattr(catalog, "list_tasks", fail)
    assert call.refused("tasks") == r"error: Gene \x1b]0;title\x07\u202e\nis bad."


def test_the_unforeseen_is_one_sentence_and_a_traceback_in_the_log(call, home, monkeypatch):
    def fail(home):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(catalog, "list_tasks", fail)
    line = call.refused("tasks", code=1)
    log = home.log / "genearena.log"
    assert "ZeroDivisionError: by zero" in line
    assert str(log) in line
    assert "Traceback (most recent call last)" in log.read_text()


def test_ctrl_c_leaves_with_130(call, monkeypatch):
    def interrupt(home):
        raise KeyboardInterrupt

    monkeypatch.setattr(catalog, "list_tasks", interrupt)
    result = call("tasks")
    assert result.exit_code == 130
    assert "Traceback" not in result.output


def test_a_reader_that_leaves_early_is_no_error(filled):
    command = f"{sys.executable} -m tui --home {filled.home.data.parent} export predictions | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("model,")
    assert done.stderr == ""


@pytest.mark.parametrize("arguments", [["tasks", "--json"], ["run", "--dry-run"], ["models"]])
def test_full_standard_output_is_told(arguments, home):
    command = [sys.executable, "-m", "tui", "--home", str(home.data.parent), *arguments]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: Standard output cannot be written")
    assert done.stderr.count("error: ") == 1


@pytest.mark.parametrize(
    ("arguments", "closed"),
    [("rank --all", ">&-"), ("rank --all", ">&- 2>&-"), ("tasks", "<&-"), ("tasks", "<&- >&-")],
)
def test_closed_streams_are_as_good_as_none(arguments, closed, filled):
    command = f"{sys.executable} -m tui --home {filled.home.data.parent} {arguments} {closed}"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "error" not in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_terminal_the_headless_way_is_told(home):
    done = spawn(home=home, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert "genearena run" in done.stderr
    assert done.stdout == ""
    assert not home.data.exists()


def test_a_dumb_terminal_counts_as_none(home):
    import pexpect

    environment = {**os.environ, "TERM": "dumb", "GENEARENA_HOME": str(home)}
    child = pexpect.spawn(sys.executable, ["-m", "tui"], env=environment, timeout=60, encoding="utf-8")
    child.expect("genearena rank --all")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 2


def test_home_may_stand_before_or_after_the_command(tmp_path):
    first = CliRunner().invoke(cli, ["--home", str(tmp_path / "a"), "logs"])
    second = CliRunner().invoke(cli, ["logs", "--home", str(tmp_path / "b")])
    assert str(tmp_path / "a") in first.stderr
    assert str(tmp_path / "b") in second.stderr


def test_offline_is_the_default_for_everything_but_fetch(call, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    call("tasks")
    assert os.environ["HF_HUB_OFFLINE"] == "1"
