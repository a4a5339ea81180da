"""What the README shows can be typed."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from engine.catalog.schemes import SCHEMES
from tui.app import ArenaApp
from tui.cli import COMMANDS, cli
from tui.commands.common import Session
from tui.keys import every_binding
from tui.screens.board.screen import BoardScreen
from tui.screens.compare.screen import CompareScreen
from tui.screens.genes.screen import GenesScreen
from tui.screens.runs.screen import RunsScreen
from tui.screens.sql.screen import SqlScreen
from tui.widgets.header import TITLES

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


LINES = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("genearena ")]


@pytest.mark.parametrize("line", LINES)
def test_every_command_shown_is_understood(line):
    _, name, *arguments = [*shlex.split(line, comments=True), ""]
    if not name:
        return
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    command.make_context(name, arguments[:-1], obj=Session())


def test_every_command_is_in_the_table():
    table = TEXT.partition("| command | does |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z]+)`", table)) >= set(COMMANDS)


@pytest.mark.parametrize("screen", [BoardScreen, RunsScreen, CompareScreen, GenesScreen, SqlScreen])
def test_the_keys_of_a_bottom_line_are_in_the_tour(screen):
    """Those of every screen may also stand before or behind its own paragraph."""
    title = TITLES[screen.MODE]
    tour = TEXT.partition("## A tour of the arena")[2].partition("\n## ")[0]
    before, own, behind = (part for part in (tour[: tour.index("\n1. ")], *re.split(r"\n8\. ", tour)))
    own = own.partition(f". **{title}**")[2].partition("\n\n")[0]
    bindings = every_binding(ArenaApp)
    for name in screen.FOOTER:
        key = bindings[name].key_display or bindings[name].key.split(",")[0]
        shown = {"right_square_bracket": "]", "escape": "esc", "slash": "/"}.get(key, key)
        for one in ["←", "→"] if shown == "←→" else [shown]:
            assert f"`{one}`" in before + own + behind, f"{title}: {one}"


def test_every_scheme_is_named():
    assert all(f"`{name}`" in TEXT for name in SCHEMES)


def test_the_python_lines_read_the_store(filled):
    [code] = blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nprint(len(frame), frame['auc'].max())"],
        env={"GENEARENA_HOME": str(filled.home.data.parent), "PATH": "/usr/bin:/bin"},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["15", "0.64"], done.stderr


def test_every_link_leads_somewhere():
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (ROOT / target).exists(), target
