"""`run --executor dask`: a run as any other, and what cannot be asked of it."""

from __future__ import annotations

import builtins
import json
import subprocess
import sys
from pathlib import Path

import pytest
from workbench import write_task

from engine.mailbox import read_status
from engine.plan.launch import Dask, Launch, Options
from engine.plan.selection import Selection
from engine.run.dask import greeting


@pytest.fixture
def base(tmp_path):
    toy = write_task(tmp_path, "toy")
    chosen = ("--models", "wordllama-256", "--controls", "none", "--tasks", toy)
    return ("run", *chosen, "--protocols", "lr", "--seeds", "41-42", "--executor", "dask")


def test_a_run_on_processes_of_this_machine_is_a_run(call, home, base):
    done = call.json(*base, "--processes", "1")
    assert (done["units"], done["scored"], done["failed"]) == (2, 2, 0)
    [worker] = read_status(home).workers
    assert (worker.done, worker.host) == (2, "127.0.0.1")
    assert call.json(*base, "--processes", "1")["already_done"] == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--scheduler", "host:8786"), "Give it as tls://host:8786."),
        (("--scheduler", "tcp://host:8786"), "in the clear: who reaches it can run code"),
        (("--scheduler", "tls://127.0.0.1:1", "--tls-ca", "nowhere.pem"), "nowhere.pem' is not a file"),
        (("--scheduler", "tls://127.0.0.1:1"), "There is no certificate to show to tls://127.0.0.1:1"),
        (("--scheduler", "tls://127.0.0.1:1", "--processes", "2"), "Leave out one of the two"),
        (("--insecure",), "--insecure goes with --scheduler."),
        (("--gpus", "1"), "--gpus goes with --executor slurm."),
    ],
)
def test_what_cannot_be_asked_of_dask_is_one_sentence(call, home, base, options, said):
    assert said in call.refused(*base, *options)


def test_what_is_asked_of_dask_goes_with_its_executor_alone(call, home, base):
    assert "--processes goes with --executor dask." in call.refused(*base[:-2], "--processes", "2")


def test_files_that_are_no_certificates_are_one_sentence(call, home, base, tmp_path):
    for name in ("ca", "cert"):
        (tmp_path / f"{name}.pem").write_text("nothing of the kind\n")
    given = ("--tls-ca", f"{tmp_path}/ca.pem", "--tls-cert", f"{tmp_path}/cert.pem")
    said = call.refused(*base, "--scheduler", "tls://127.0.0.1:1", *given)
    assert "and the certificates given do not go together" in said


def test_a_scheduler_that_is_not_there_is_one_sentence(call, home, base, monkeypatch):
    monkeypatch.setattr(greeting, "ANSWER", 1.0)
    said = call.refused(*base, "--scheduler", "tcp://127.0.0.1:1", "--insecure")
    assert "There is no Dask scheduler at tcp://127.0.0.1:1 (Connection refused)." in said


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("distributed", "Dask is not installed here."),
        ("cryptography", "The package cryptography is missing"),
    ],
)
def test_what_is_not_installed_is_named_with_its_remedy(call, home, base, monkeypatch, missing, said):
    there = builtins.__import__

    def without(name, *rest, **named):
        if name.partition(".")[0] == missing:
            raise ImportError(name)
        return there(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    told = call.refused(*base, "--processes", "1")
    assert said in told
    assert "pip install 'genearena[cluster]'" in told


def test_what_is_asked_of_dask_waits_in_the_queue_by_the_paths_of_its_files():
    asked = Dask("tls://host:8786", 0, "/a/ca.pem", "/a/cert.pem", "/a/key.pem", False)
    launch = Launch(Selection(("a",), ("b",), ("lr",)), Options(dask=asked))
    assert Launch.from_json(json.loads(json.dumps(launch.to_json()))) == launch
    broken = launch.to_json()
    broken["options"]["dask"]["processes"] = "many"
    with pytest.raises(TypeError):
        Launch.from_json(broken)


def test_dask_is_not_loaded_before_it_is_asked_for():
    code = "import sys, tui.commands.run, engine.run.supervise; print('distributed' in sys.modules)"
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
