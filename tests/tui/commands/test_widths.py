"""What commands print on a real terminal: no line is wider than it."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from pathlib import Path

import pexpect
import pytest
from rich.cells import cell_len

ROOT = Path(__file__).resolve().parents[3]
COMMANDS = (
    ("rank",),
    ("rank", "--all", "--by", "bivalent-vs-no-methyl"),
    ("rank", "--tasks", "task1,task2"),
    ("rank", "--models", "mini"),
    ("status",),
    ("compare", "mini lr", "mini rf"),
    ("genes",),
    ("genes", "SOX2"),
    ("models",),
    ("tasks",),
    ("tasks", "task4", "--audit"),
    ("sets",),
    ("run", "--dry-run"),
    ("sweep", "--dry-run", "--models", "all-MiniLM-L6-v2"),
    ("sweep", "--dry-run", "--models", "wordllama-256"),
    ("queue",),
    ("times",),
    ("clean",),
    ("rank", "--protocol", "nothing-of-the-kind"),
    ("--help",),
    ("run", "--help"),
)
ALL = """
import json, sys
from tui.cli import main
for arguments in json.loads(sys.argv[1]):
    print("$", *arguments, flush=True)
    try:
        main(arguments)
    except SystemExit:
        pass
"""
STYLES = re.compile("\x1b\\[[0-9;]*m")


@pytest.mark.parametrize("columns", [80, 120, 200])
@pytest.mark.parametrize("colours", [{"COLORTERM": "truecolor"}, {"NO_COLOR": "1"}])
def test_no_line_is_wider_than_the_terminal(filled, columns, colours, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    environment |= {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **colours}
    program = tmp_path / "all.py"
    program.write_text(ALL)
    environment["GENEARENA_HOME"] = str(filled.home.data.parent)
    shown = pexpect.run(
        shlex.join([sys.executable, str(program), json.dumps(COMMANDS)]),
        env=environment,
        dimensions=(24, columns),
        timeout=120,
        encoding="utf-8",
    )
    lines = STYLES.sub("", shown).splitlines()
    assert len([line for line in lines if line.startswith("$ ")]) == len(COMMANDS)
    assert "Traceback" not in shown
    wide = [line for line in lines if cell_len(line) > columns]
    home = filled.home
    places = {str(folder) for folder in (home.data, home.cache, home.config, home.log)}  # not parted
    assert [line for line in wide if line.strip() not in places] == []
    if "NO_COLOR" in colours:
        weights = ("0", "1", "2", "4", "1;4", "1;2", "1;2;4", "2;4")
        assert set(STYLES.findall(shown)) <= {f"\x1b[{codes}m" for codes in weights}
