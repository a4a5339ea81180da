"""`genearena remove`: one sentence for what was done, or for why not; and the older name of the same."""

from __future__ import annotations

import pytest

from engine.data.tasks.shelf import SAMPLE, task_names
from store.store import Store


@pytest.fixture
def mine(tmp_path, call):
    label, *lines = (SAMPLE / "tasks" / "dosage-sensitivity.csv").read_text().splitlines()
    path = tmp_path / "some.csv"
    path.write_text("\n".join([label, *lines[:30], *lines[-30:]]) + "\n")
    assert call("import", "task", str(path), "--name", "mine").exit_code == 0


@pytest.mark.parametrize("arguments", [("remove", "task", "mine"), ("tasks", "mine", "--remove")])
def test_both_names_of_the_command_do_the_same(home, call, mine, arguments):
    done = call(*arguments)
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == (
        "The task mine is removed; its results stay. "
        "Importing it again brings it back, and no merge does.\n"
    )
    assert "mine" not in task_names(home)
    [kept] = Store(home).removals().values()
    assert (kept.kind, kept.name, kept.removed, kept.turn) == ("task", "mine", True, 1)


def test_what_comes_with_the_program_and_what_is_not_there_is_refused(call, mine):
    assert "The task task2 comes with the program" in call.refused("remove", "task", "task2")
    assert "Did you mean 'mine'?" in call.refused("remove", "task", "mne")
    assert "genearena remove task mine" in call.refused("remove", "model", "mine")
