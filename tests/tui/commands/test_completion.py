"""What a shell completes."""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pexpect
import pyte
import pytest

from store.provenance import TaskSet
from store.store import Store
from tui.completion import WORDS
from tui.completion.answer import DIRS, FILES, answers

ROOT = Path(__file__).resolve().parents[3]


def test_the_table_is_what_the_commands_are():
    collect = runpy.run_path(str(ROOT / "tools" / "completion_words.py"))["collect"]
    assert json.loads(WORDS.read_text()) == collect(), "run: python tools/completion_words.py"


@pytest.mark.parametrize(
    ("before", "current", "found"),
    [
        ((), "que", ["queue"]),
        (("--offline", "--home", "/x"), "rep", ["repair"]),
        (("run",), "--prot", ["--protocols"]),
        (("run", "--protocols"), "lr,lr", ["lr,lr-cv"]),
        (("run", "--tasks"), "task2,dos", ["task2,dosage-sensitivity"]),
        (("run",), "--scheme=gr", ["--scheme=grouped"]),
        (("run", "--axis"), "scaling=s", ["scaling=standard"]),
        (("run", "--controls"), "a", ["all"]),
        (("rank", "--set"), "min", ["mine"]),
        (("sets", "mine"), "essent", ["essential"]),
        (("sets", "mine", "essential"), "task1", ["task1"]),
        (("export", "figure"), "ca", ["calibration"]),
        (("export", "figure", "map", "--method"), "", ["pca", "tsne", "umap"]),
        (("export", "scores", "-o"), "", [FILES]),
        (("merge",), "", [DIRS]),
        (("remove", "model"), "", ["finder"]),
        (("genes",), "SOX2", ["SOX2", "SOX21"]),
        (("queue",), "rem", ["remove"]),
        (("tasks", "essential"), "", []),
        (("nothing", "like"), "this", []),
    ],
)
def test_commands_options_and_values_are_offered(home, monkeypatch, before, current, found):
    home.create()
    home.config_file.write_text('[[models]]\nname = "finder"\nsource = "/models/finder"\n')
    store = Store(home)
    store.append(TaskSet("mine", ("essential",), 1), TaskSet("gone", (), 2))
    store.close()
    monkeypatch.setenv("GENEARENA_HOME", str(home.data.parent))
    assert [word for word, _ in answers(before, current)] == found


@pytest.fixture
def command(tmp_path):
    """`genearena`, in a folder of its own."""
    path = tmp_path / "bin" / "genearena"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "genearena.py"}" "$@"\n')
    path.chmod(0o755)
    return path


def test_bash_completes_what_it_splits_at_an_equals_sign(home, command, tmp_path):
    script = r"""
        eval "$(genearena completion bash)"
        complete -p genearena | grep -o _genearena
        ask() { COMP_LINE="$1"; COMP_POINT=${#1}; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
                _genearena genearena; printf '%s;' "${COMPREPLY[@]}"; echo; }
        ask "genearena run --axis scaling=l" genearena run --axis scaling = l
        ask "genearena run --models all-,word" genearena run --models all-,word
        ask "genearena run 'x" genearena run "'x"
        cd "$HOME"; touch "a file"; ask "genearena export scores -o a" genearena export scores -o a"""
    environment = {"PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}
    environment |= {"PYTHONPATH": str(ROOT), "GENEARENA_HOME": str(home.data.parent)}
    done = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["_genearena", "l2;", "all-,wordllama-256;", ";", "a file;"]


SETUPS = {
    "bash": ("--norc", "--noprofile", "-i"),
    "zsh": ("-f", "-i"),
    "fish": ("--no-config", "-i"),
}
"""Shell -> how it is started without anybody's settings."""
READY = {
    "bash": 'PS1="> "; eval "$(genearena completion bash)"',
    "zsh": 'PS1="> "; autoload -Uz compinit; compinit -u -D; eval "$(genearena completion zsh)"',
    "fish": "genearena completion fish | source",
}


@pytest.mark.parametrize("shell", SETUPS)
def test_a_tab_in_the_shell_itself_completes_values(home, command, tmp_path, shell):
    if shutil.which(shell) is None:
        assert shell != "bash"
        pytest.skip(f"{shell} is not installed")
    environment = {"PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}
    environment |= {"PYTHONPATH": str(ROOT), "GENEARENA_HOME": str(home.data.parent), "TERM": "xterm"}
    screen = pyte.Screen(100, 40)
    stream = pyte.ByteStream(screen)
    child = pexpect.spawn(shell, list(SETUPS[shell]), env=environment, dimensions=(40, 100), cwd=tmp_path)

    def until(wanted):
        for _ in range(600):
            if all(word in "\n".join(screen.display) for word in wanted):
                return
            with contextlib.suppress(pexpect.TIMEOUT):
                stream.feed(child.read_nonblocking(65_536, timeout=0.1))
        raise AssertionError("\n".join(screen.display))

    child.send(f"{READY[shell]}; echo rea''dy\r")
    until(["\nready"])
    for line, wanted in (
        ("genearena rank --set essent\t", ["--set essentiality"]),
        ("genearena run --models all-\t", ["--models all-MiniLM-L6-v2"]),
        ("genearena run --tasks task2,dos\t", ["--tasks task2,dosage-sensitivity"]),
        ("genearena run --axis scaling=s\t", ["--axis scaling=standard"]),
        ("genearena run --protocols \t\t", ["linear-probe", "rf-cv", "lora"]),
    ):
        child.send(line)
        until(wanted)
        child.send("\x15")
    child.close(force=True)
