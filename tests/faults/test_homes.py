"""Homes that cannot be written, cannot be found or are no folders; clocks, devices, strangers' files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fault_tools import (
    FOLDER,
    a_home,
    a_selection,
    a_task,
    ended,
    enqueue,
    here,
    journalled,
    plain,
    run_tiny,
    tiny,
    until,
)

from engine.mailbox import queued, read_status, request, runner_alive, take_requests
from engine.plan.launch import Launch
from engine.run.compute import LocalCompute
from store import connect
from store.errors import UsageError
from store.home import find_home

pytestmark = pytest.mark.faults
READING = (("rank", "--all"), ("status",), ("tasks",), ("models",), ("export", "scores"), ("logs",))
WRITING = (("run", "--protocols", "lr"), ("run", "--detach", "--protocols", "lr"), ("repair",))


@pytest.fixture(scope="module")
def frozen(tmp_path_factory):
    """A home with results that can be read and not written, by root neither."""
    folder = tmp_path_factory.mktemp("frozen")
    place = folder / "disk"
    place.mkdir()
    root = os.geteuid() == 0
    if root:
        mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(place)]
        if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
            pytest.skip("root may write everywhere, and nothing can be mounted")
    home = find_home(place / "home").create()
    run_tiny(home, a_selection(folder, 8))
    folders = [path for path in (place, *place.rglob("*")) if path.is_dir()]
    if root:
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    else:
        for folder in folders:
            folder.chmod(0o500)
    yield home
    if root:
        subprocess.run(["umount", "-l", str(place)], check=True)
    else:
        for folder in folders:
            folder.chmod(0o700)


def test_a_home_that_cannot_be_written_can_be_read(frozen):
    for arguments in READING:
        done = plain(here(frozen, *arguments), 0)
        assert done.stdout, arguments


@pytest.mark.parametrize("arguments", WRITING)
def test_a_home_that_cannot_be_written_is_refused_in_one_sentence(frozen, arguments):
    done = plain(here(frozen, *arguments), 2)
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert str(frozen.data.parent) in done.stderr
    assert "--home" in done.stderr


def test_without_a_home_folder_of_the_user_one_can_be_named(tmp_path):
    bare = {name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH")}
    command = [sys.executable, "-m", "tui"]
    options = {"capture_output": True, "text": True, "timeout": 60, "stdin": subprocess.DEVNULL}
    done = subprocess.run([*command, "--home", str(tmp_path / "h"), "status"], env=bare, **options)
    plain(done, 0)
    lost = {**bare, "HOME": str(tmp_path / "nowhere" / "else")}
    (tmp_path / "nowhere").write_text("a file")
    for arguments in (("status",), ("rank",), ("tasks",)):
        done = subprocess.run([*command, *arguments], env=lost, **options)
        assert "Traceback" not in done.stderr
        assert "unforeseen" not in done.stderr
        assert done.returncode in (0, 2, 3)


@pytest.fixture
def usual_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_all_that_is_kept_is_the_users_own(tmp_path, usual_umask):
    home, task = find_home(tmp_path / "home"), a_task(tmp_path, "own", per_class=20)
    (tmp_path / "home").mkdir(mode=0o755)
    chosen = ("--tasks", "mine", "--protocols", "lr", "--seeds", "41", "--controls", "none")
    named = tmp_path / "named.csv"
    for arguments in (
        ("import", "task", task, "--name", "mine"),
        ("run", *chosen),
        ("export", "scores", "-o", str(named)),
        ("rank", "--format", "nonsense"),
        ("doctor",),
    ):
        here(home, *arguments)
    places = [str(home.data), str(home.cache), str(home.config), str(home.log)]
    runner = [sys.executable, "-m", "engine.run", *places]
    plain(subprocess.run(runner, capture_output=True, text=True, timeout=120), 0)
    kept = [path for folder in places for path in (Path(folder), *Path(folder).rglob("*"))]
    names = {path.name for path in kept}
    assert {"arena.duckdb", "status.json", "runner.log", "digests.json", "model.json", "genes.csv"} <= names
    assert [path for path in kept if path.stat().st_mode & 0o077] == []
    assert named.stat().st_mode & 0o777 == 0o644


def test_a_database_that_others_could_read_is_closed_with_the_next_write(tmp_path):
    home = a_home(tmp_path)
    run_tiny(home, a_selection(tmp_path, 4))
    home.database.chmod(0o644)
    run_tiny(home, a_selection(tmp_path, 8))
    assert home.database.stat().st_mode & 0o777 == 0o600


# ------------------------------------------------------------------------------ the clock

BACKWARDS = """
import sys, time
start, real = time.time(), time.time
time.time = lambda: 2 * start - real()
real_ns = time.time_ns
base = real_ns()
time.time_ns = lambda: 2 * base - real_ns()
import runpy
sys.argv[1:] = {places!r}
runpy.run_path({runner!r}, run_name="__main__")
"""


def test_a_clock_that_goes_backwards_loses_nothing(tmp_path):
    home, selection = a_home(tmp_path), a_selection(tmp_path, 80)
    places = [str(home.data), str(home.cache), str(home.config), str(home.log)]
    code = BACKWARDS.format(places=places, runner=str(FOLDER / "tiny_runner.py"))
    enqueue(home, selection)
    environment = {**os.environ, "TINY_SECONDS": "0.01"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, timeout=60)
    assert done.returncode == 0
    status = read_status(home)
    assert (status.state, status.scored) == ("finished", 80)
    assert status.eta_s is None
    assert len(journalled(home)) == 80


def test_files_of_strangers_in_the_control_folder_are_no_harm(tmp_path):
    home, selection = a_home(tmp_path), a_selection(tmp_path, 8)
    for folder in ("queue", "requests", "in-flight"):
        place = home.mailbox / folder
        place.mkdir(exist_ok=True)
        for name, text in (("1.json", "{"), ("2x.json", '{"models": 5}'), ("99", "x"), ("3.json", "[]")):
            (place / name).write_text(text)
        (place / "7.json").mkdir()
    enqueue(home, selection)
    with ended(tiny(home)) as runner:
        assert runner.wait(60) == 0
    assert len(journalled(home)) == 8
    request(home, "pause")
    assert take_requests(home) == [("pause", "")]


def test_selections_queued_at_once_by_many_are_all_run(tmp_path):
    home = a_home(tmp_path)
    selections = [a_selection(tmp_path, 4 * n, tasks=("one",)) for n in range(1, 6)]
    program = (
        "import sys, json\nfrom engine.mailbox import enqueue\nfrom engine.plan.launch import Launch\n"
        "from store.home import find_home\n"
        "enqueue(find_home(sys.argv[1]), Launch.from_json(json.loads(sys.argv[2])))"
    )
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(home.data.parent), json.dumps(Launch(one).to_json())]
        )
        for one in selections
    ]
    assert [writer.wait(60) for writer in writers] == [0] * 5
    assert len(queued(home)) == 5
    with ended(tiny(home, 0.0)) as runner:
        assert runner.wait(60) == 0
    assert len(journalled(home)) == len(set(journalled(home))) == 20


# ------------------------------------------------------------------------------ two users, one box


def test_a_run_uses_only_the_devices_it_was_given(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)  # what CUDA_VISIBLE_DEVICES leaves of 8
    compute = LocalCompute(a_home(tmp_path))
    assert compute.devices("auto") == ("cuda:0", "cuda:1")
    assert compute.devices("cuda:1") == ("cuda:1",)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert compute.devices("auto") == ("cpu",)


@pytest.mark.parametrize(("cards", "wanted"), [(0, "cuda"), (0, "cuda:0"), (2, "cuda:2"), (2, "mps")])
def test_a_device_that_is_not_here_is_named(tmp_path, monkeypatch, cards, wanted):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cards > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cards)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(UsageError, match=f"no device {wanted} here.*cpu"):
        LocalCompute(a_home(tmp_path)).devices(wanted)


def test_no_visible_device_means_the_cpu(tmp_path):
    pytest.importorskip("torch")
    code = (
        "import sys\nfrom pathlib import Path\nfrom engine.run.compute import LocalCompute\n"
        "from store.home import find_home\nprint(LocalCompute(find_home(sys.argv[1])).devices('auto'))"
    )
    hidden = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, env=hidden, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() in ("('cpu',)", "('mps',)")


def test_the_first_status_names_the_runner(tmp_path):
    home, selection = a_home(tmp_path), a_selection(tmp_path, 400)
    enqueue(home, selection)
    with ended(tiny(home, 0.05)) as runner:
        until(lambda: read_status(home) is not None)
        status = read_status(home)
        assert status.pid == runner.pid
        runner.terminate()
        assert runner.wait(60) == 0
    assert not runner_alive(home)

    with connect(home) as con:
        assert con.execute("select state from runs").fetchall() == [("cancelled",)]
