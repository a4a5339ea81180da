"""The main job and all that prepares it open no connection, in any of their processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hub_layouts import Layout, make_folder
from workbench import write_task

ROOT = Path(__file__).parents[3]
WATCH = """
import os, sys

def watch(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname") or (
        event in ("socket.connect", "socket.sendto", "socket.bind")
        and isinstance(arguments[1], tuple)  # of the network; a path is a local socket
    ):
        with open(os.environ["WATCHED"], "a") as file:
            print(event, arguments[1:], file=file)
        raise PermissionError(f"{event} is not allowed here")

sys.addaudithook(watch)
open(os.environ["WATCHED"], "a").close()
"""


@pytest.fixture
def watched(tmp_path):
    """Calls the command line in processes that note and refuse every use of the network."""
    (tmp_path / "watch").mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(WATCH)
    noted = tmp_path / "noted.txt"
    environment = {
        **os.environ,
        "PYTHONPATH": f"{tmp_path / 'watch'}:{ROOT}",
        "WATCHED": str(noted),
        "OMP_NUM_THREADS": "1",
        "HF_HOME": str(tmp_path / "hub"),
        "HF_HUB_OFFLINE": "0",
        "TRANSFORMERS_OFFLINE": "0",
    }

    def call(*arguments):
        program = "import tui.cli; tui.cli.main()"
        command = [sys.executable, "-c", program, "--home", str(tmp_path / "home"), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert noted.read_text() == "", done.stderr
        return done

    yield call
    assert noted.exists()


def test_the_main_job_opens_no_connection(watched, tmp_path):
    model = str(make_folder(tmp_path / "model", Layout()))
    task = write_task(tmp_path, per_class=20)
    assert watched("import", "task", task, "--name", "mine").returncode == 0
    chosen = ("--models", model, "--tasks", "mine", "--protocols", "lr,rf,linear-probe", "--seeds", "41")
    done = watched("run", *chosen, "--epochs", "1", "--stage2-epochs", "0", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["scored"] == 3 + 7 * 2, "the model, and controls by lr and rf"
    assert watched("models", "--show", "tokens", "--tasks", "mine").returncode == 0
    assert watched("rank").returncode == 0


def test_a_missing_model_is_told_without_asking_anybody(watched):
    done = watched("run", "--models", "gte-small", "--protocols", "lr")
    assert done.returncode == 2
    assert "genearena fetch model gte-small" in done.stderr


def test_the_watch_would_see_a_connection(watched):
    with pytest.raises(AssertionError, match=r"socket\.(getaddrinfo|connect)"):
        watched("fetch", "model", "gte-small")
