"""Every command in every home with a piece that cannot be read: one sentence, and never "nothing is here".

One process, which is somebody else than the owner of those pieces, goes through them all.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import small_home
from fault_tools import a_home, plain
from test_cli_steering import RUNNING

from engine.mailbox import write_status

pytestmark = pytest.mark.faults
ROOT = Path(__file__).parents[2]
NOBODY = 65534
COMMANDS = (
    "run --protocols lr --seeds 41",
    "run --dry-run --protocols lr",
    "run --detach --protocols lr",
    "rank",
    "tasks",
    "tasks task4",
    "models",
    "models --show use",
    "models --show cost",
    "export scores",
    "export rankings",
    "export splits --tasks task4 --seeds 41",
    "export vectors --tasks task4",
    "sql 'select 1'",
    "status",
    "attach",
    "pause",
    "resume",
    "cancel",
    "logs",
    "import task task.csv --name mine",
    "fetch gene-info",
    "sweep --dry-run",
    "times",
    "verify --sample 1",
    "repair",
    "doctor",
    "serve",
)
NEEDED = (
    "", "data", "cache", "config", "log", "data/journal", "data/journal/JOURNAL", "data/arena.duckdb",
    "data/format", "data/runner", "data/runner/status.json", "data/runner/runner.lock",
    "config/config.toml", "config/endpoints.json",
)  # fmt: skip
"""Without these no command says what is in a home."""
WATCHED = ("data/journal/JOURNAL", "data/runner/status.json", "data/runner/runner.lock")
FOLDERS = ("", "data", "cache", "config", "log", "data/journal", "data/runner")
KINDS = {
    "closed": NEEDED,
    "a loop": NEEDED[1:],
    "a pipe": [piece for piece in NEEDED[1:] if piece not in WATCHED],
    "a file": FOLDERS,
    "a folder": ("data/arena.duckdb", "data/format", "config/config.toml", "config/endpoints.json"),
}
WALK = """
import json, os, shlex, signal, sys
from click.testing import CliRunner
import engine.fetch
from tui.cli import COMMANDS, cli

places, commands, user = json.loads(sys.argv[1])
for name in COMMANDS:
    cli.get_command(None, name)  # before one is somebody else, who may not read what is imported
if user:
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)

def late(*_):
    raise RuntimeError("it hangs")

signal.signal(signal.SIGALRM, late)
for place in places:
    for command in commands:
        signal.alarm(20)
        done = CliRunner().invoke(cli, ["--home", place, *shlex.split(command)])
        signal.alarm(0)
        print(json.dumps([place, command, done.exit_code, done.stdout, done.stderr]), flush=True)
"""


def walk(places, commands, user=0):
    """(home, command, exit code, what it printed, what it said) of each command in each home."""
    wanted = json.dumps([list(map(str, places)), list(commands), user])
    options = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, "timeout": 600}
    done = subprocess.run([sys.executable, "-c", WALK, wanted], cwd=ROOT, **options)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(places) * len(commands)
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A home with results and a run that was interrupted."""
    home = small_home.fill(a_home(tmp_path_factory.mktemp("whole"))).home
    write_status(home, RUNNING)
    (home.mailbox / "runner.lock").touch()
    home.config_file.write_text("[ui]\n")
    (home.config / "endpoints.json").write_text("{}")
    return home.data.parent


def break_piece(root: Path, piece: str, how: str) -> None:
    [journal] = (root / "data" / "journal").iterdir()
    path = root / piece.replace("JOURNAL", journal.name)
    if how == "closed":
        path.chmod(0)
        return
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    if how == "a loop":
        path.symlink_to(path.name)
    elif how == "a pipe":
        os.mkfifo(path)
    elif how == "a folder":
        path.mkdir()
    else:
        path.write_text("not a folder")


@pytest.mark.parametrize("how", KINDS)
def test_what_cannot_be_read_is_never_taken_for_empty(whole, tmp_path, how):
    user = NOBODY if how == "closed" and os.geteuid() == 0 else 0
    for above in (tmp_path, *tmp_path.parents[:2]) if user else ():
        above.chmod(0o711)
    places = []
    for number, piece in enumerate(KINDS[how]):
        places.append(tmp_path / str(number))
        shutil.copytree(whole, places[-1])
        for path in (places[-1], *places[-1].rglob("*")) if user else ():
            os.chown(path, user, user)
        break_piece(places[-1], piece, how)
    for place, command, code, printed, said in walk(places, COMMANDS, user):
        piece = KINDS[how][int(Path(place).name)]
        shown = (piece, command, code, printed, said)
        assert code == 2, shown
        assert printed == "", shown
        assert len(said.splitlines()) == 1, shown
        assert said.startswith("error: The f"), shown
        assert "cannot be read: " in said, shown
        assert place in said, shown


FURTHER = ("cache/digests.json", "cache/embeddings", "cache/downloads", "data/tasks", "log/runner.log",
    "log/genearena.log", "data/runner/queue", "data/runner/requests", "config/selections.json")  # fmt: skip


WAYS = ("a loop", "a pipe", "a file", "a folder")


@pytest.mark.parametrize(
    "every", [pytest.param(1, marks=pytest.mark.slow), len(WAYS)], ids=["each way", "one way each"]
)
@pytest.mark.parametrize("how", WAYS)
def test_what_else_may_be_in_a_home_is_one_sentence_at_most(whole, tmp_path, how, every):
    places = []
    for number, piece in enumerate(FURTHER):
        places.append(tmp_path / str(number))
        shutil.copytree(whole, places[-1])
        (places[-1] / piece).touch()
        break_piece(places[-1], piece, how)
    long = ("run --p", "run --de", "export vec", "doctor", "fetch", "resume", "serve", "sql", "verify")
    quick = [command for command in COMMANDS if not command.startswith(long)]
    for place, command, code, _, said in walk(places, quick[WAYS.index(how) % every :: every]):
        shown = (FURTHER[int(Path(place).name)], command, code, said)
        assert code in (0, 2, 3), shown
        assert "unforeseen" not in said, shown
        assert "Traceback" not in said, shown
        assert code == 0 or len(said.splitlines()) == 1, shown


def test_a_home_whose_name_is_not_text_is_refused(whole, tmp_path):
    place = os.fsencode(tmp_path) + b"/caf\xe9"
    shutil.copytree(os.fsencode(whole), place)
    for _, command, code, printed, said in walk([os.fsdecode(place)], COMMANDS):
        assert (code, printed) == (2, ""), (command, said)
        assert "is not UTF-8" in said, (command, said)
        assert "Rename it" in said, (command, said)


def from_a_folder_that_is_gone(tmp_path, place, command):
    gone = tmp_path / "gone"
    gone.mkdir()
    line = f"cd {gone} && rmdir {gone} && exec {sys.executable} -P -m tui --home {place} {command}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(["sh", "-c", line], env=environment, capture_output=True, text=True)


def test_from_a_folder_that_is_gone(whole, tmp_path):
    for place, code, words in ((str(whole), 0, ""), ("here", 2, "the folder that you are in is gone")):
        for command in ("rank", "status", "export scores", "sql 'select 1'", "tasks", "models"):
            done = from_a_folder_that_is_gone(tmp_path, place, command)
            plain(done, code)
            assert words in done.stderr
            assert "unforeseen" not in done.stderr


def test_from_a_folder_that_is_gone_nothing_is_computed_and_nothing_begun(whole, tmp_path):
    for command, code in (("run --protocols lr --seeds 47", 2), ("verify", 2), ("doctor", 1)):
        done = from_a_folder_that_is_gone(tmp_path, whole, command)
        assert done.returncode == code, done.stderr
        assert "The folder that you are in is gone" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    assert from_a_folder_that_is_gone(tmp_path, whole, "queue --json").stdout.strip() == "[]"
