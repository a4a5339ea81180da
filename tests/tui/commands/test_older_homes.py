"""A home that an earlier build left, at every way in: one sentence, exit code 2, not a byte changed."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from older_homes import contents, write_database, write_journal

from store.home import find_home
from tui.cli import COMMANDS, cli

ARGUMENTS = {
    "export": ["scores"],
    "fetch": ["genept"],
    "import": ["task", "genes.csv", "--name", "mine"],
    "merge": ["elsewhere"],
    "remove": ["task", "mine"],
    "backup": ["kept.tar"],
    "restore": ["kept.tar"],
    "sql": ["select 1"],
    "compare": ["a", "b"],
    "power": ["a", "b"],
}


@pytest.mark.parametrize("name", ["", *(name for name in COMMANDS if name != "completion")])
def test_it_is_refused_in_one_sentence_and_left_alone(tmp_path, monkeypatch, name):
    home = find_home(tmp_path / "home")
    write_database(home)
    write_journal(home)
    before = contents(tmp_path)
    monkeypatch.setenv("TEXTUAL_DRIVER", "none")  # no test may draw the arena: it must not come so far
    done = CliRunner().invoke(
        cli, ["--home", str(tmp_path / "home"), *name.split(), *ARGUMENTS.get(name, [])]
    )
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: {home.data} was made by an earlier build of genearena, before its first release. "
        "Choose another home with --home, or move that folder away; if results of this version were "
        "copied there, copy the file `format` from beside them, too.\n"
    )
    assert contents(tmp_path) == before
