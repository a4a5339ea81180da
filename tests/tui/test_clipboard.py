from __future__ import annotations

import os
import stat

import pytest

from store.errors import StoreError, UsageError
from tui.terminal.clipboard import LIMIT, choose_way, yank


@pytest.fixture
def tmux(tmp_path, monkeypatch):
    """A tmux that keeps what it is given, or refuses it."""

    def make(code: int) -> None:
        program = tmp_path / "bin" / "tmux"
        program.parent.mkdir()
        program.write_text(
            f'#!/bin/sh\necho "$@" > "{tmp_path}/asked"\ncat > "{tmp_path}/taken"\nexit {code}\n'
        )
        program.chmod(program.stat().st_mode | stat.S_IEXEC)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.setenv("TMUX", "/tmp/tmux-0/default,1,0")

    return make


def test_inside_tmux_its_buffer_is_loaded(tmp_path, tmux):
    tmux(0)
    said = yank("gene\tAUC", tmp_path / "yank.txt", lambda _: pytest.fail("tmux took it"))
    assert (tmp_path / "taken").read_text() == "gene\tAUC"
    assert (tmp_path / "asked").read_text().strip() == "load-buffer -w -"
    assert "tmux's buffer" in said
    assert str(tmp_path / "yank.txt") in said
    assert (tmp_path / "yank.txt").read_text() == "gene\tAUC"


def test_a_tmux_that_refuses_leaves_it_to_the_terminal(tmp_path, tmux):
    tmux(1)
    sent = []
    said = yank("x", tmp_path / "yank.txt", sent.append)
    assert sent == ["x"]
    assert "OSC 52" in said


def test_elsewhere_the_terminal_is_asked_unless_it_is_too_long(tmp_path):
    assert choose_way({}, 10) == "osc52"
    assert choose_way({}, LIMIT) == "file"
    assert choose_way({}, 10, "file") == "file"
    assert choose_way({"GENEARENA_CLIPBOARD": "osc52", "TMUX": "x"}, 10) == "osc52"
    with pytest.raises(UsageError, match="no clipboard 'wayland'"):
        choose_way({}, 10, "wayland")
    assert yank("x", tmp_path / "new" / "yank.txt", lambda _: None, "file").startswith("Written to")


def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "yank.txt").mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        yank("x", tmp_path / "yank.txt", lambda _: None)
