"""`doctor` names what is wrong and the command that mends it; `verify` tells what differs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import namedtuple
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import duckdb
import numpy as np
import pytest
import small_home
import workbench
from test_cli_steering import RUNNING

import engine.verify
from engine.catalog.protocols import PROTOCOLS
from engine.doctor import Fact, Problem, examine
from engine.mailbox import enqueue, runner_lock, write_status
from engine.plan.launch import Launch
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from engine.run.compute import Context, TaskVectors
from store.entries import entry_of
from store.journal import JournalWriter, encode
from store.store import Store


def problems(home, topic):
    return [item for item in examine(home) if isinstance(item, Problem) and item.topic == topic]


def test_a_sound_home_has_no_problem(filled):
    for topic in ("folders", "store", "runner", "models", "downloads"):
        assert problems(filled.home, topic) == []


def test_doctor_prints_versions_and_counts(filled, call):
    answer = call("doctor", "--json")
    assert answer.exit_code in (0, 1)
    facts = {(fact["topic"], fact["name"]): fact["value"] for fact in json.loads(answer.stdout)["facts"]}
    assert facts["store", "rows"] == "16 units, 1 failures, 0 conflicts, 1 environments"
    assert facts["models", "on this machine"].startswith("2 of ")
    assert ("versions", "torch") in facts


def test_a_damaged_journal_line_is_named(filled, call):
    [journal] = filled.home.journals.glob("*.jsonl")
    content = bytearray(journal.read_bytes())
    content[len(content) // 2] ^= 1
    journal.write_bytes(content)
    [problem] = problems(filled.home, "store")
    assert str(journal) in problem.sentence
    assert "checksum" in problem.sentence
    assert call("doctor").exit_code == 3


def test_a_damaged_line_is_no_problem_once_its_unit_is_scored_again(filled):
    [journal] = filled.home.journals.glob("*.jsonl")
    journal.write_bytes(journal.read_bytes().replace(b'"auc":0.5,', b'"auc":0.9,', 1))
    assert len(problems(filled.home, "store")) == 1
    store = Store(filled.home)
    store.append(small_home.scored(filled.units[1], 0.51))
    assert any("is damaged" in problem.sentence for problem in problems(filled.home, "store"))
    store.append(small_home.scored(filled.units[0], 0.5))
    store.flush()
    store.close()
    assert problems(filled.home, "store") == []
    assert any(item.name == "damaged line" for item in examine(filled.home) if isinstance(item, Fact))


def test_a_missing_or_foreign_database_is_mended_by_repair(filled):
    filled.home.database.unlink()
    assert [item.remedy for item in problems(filled.home, "store")] == ["genearena repair"]
    filled.home.database.write_bytes(b"nonsense" * 1000)
    assert problems(filled.home, "store")


def test_a_torn_last_line_holds_nothing_that_was_saved(filled, call, monkeypatch):
    [journal] = filled.home.journals.glob("*.jsonl")
    with journal.open("ab") as file:
        file.write(b'{"crc":"0')
    assert problems(filled.home, "store") == []
    monkeypatch.setattr("store.database.writing", lambda path: pytest.fail("opened for writing"))
    assert call("rank", "--json").exit_code == 0


def test_rows_that_wait_in_the_journal_are_told(filled):
    store = Store(filled.home)
    store.append(small_home.scored(filled.failed, 0.9))
    store.close()
    [problem] = problems(filled.home, "store")
    assert "not in the database yet" in problem.sentence


def test_scores_that_somebody_doubled_are_told(filled):
    with duckdb.connect(filled.home.database) as con:
        con.execute("INSERT INTO scores FROM scores LIMIT 1")
    [problem] = problems(filled.home, "store")
    assert (problem.sentence, problem.remedy) == (
        "The table scores holds keys twice: 1.",
        "genearena repair",
    )


def test_a_database_in_other_hands_is_not_to_be_rebuilt(filled):
    code = "import duckdb, sys, time; con = duckdb.connect(sys.argv[1]); print(flush=True); time.sleep(60)"
    command = [sys.executable, "-c", code, str(filled.home.database)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        try:
            holder.stdout.readline()
            [problem] = problems(filled.home, "store")
        finally:
            holder.kill()
    assert f"Process {holder.pid} (python" in problem.sentence
    assert "repair" not in problem.remedy


def test_an_interrupted_run_is_resumed_and_a_queue_is_told(home):
    home.create()
    write_status(home, RUNNING)
    enqueue(home, Launch(Selection(("m",), ("t",), ("lr",))))
    assert [item.remedy for item in problems(home, "runner")] == ["genearena resume"] * 2


def test_a_runner_that_has_been_silent_is_told(home):
    with runner_lock(home):
        write_status(home, RUNNING)
        os.utime(home.mailbox / "status.json", (time.time(), time.time() - 60))
        [problem] = problems(home, "runner")
    assert "silent for 60 s" in problem.sentence
    assert "cancel --now" in problem.remedy


def test_a_lock_that_is_a_link_is_told(home, tmp_path):
    path = home.create().mailbox / "runner.lock"
    path.symlink_to(tmp_path / "elsewhere")
    [problem] = problems(home, "runner")
    assert "is a symbolic link" in problem.sentence
    assert problem.remedy == f"rm {path}"


def test_a_file_in_the_place_of_a_folder_is_told(home):
    home.data.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(home.journals, ignore_errors=True)
    home.journals.touch()
    [problem] = problems(home, "folders")
    assert problem.sentence == f"{home.journals} has to be a folder."


def test_little_free_space_is_told(home, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("engine.doctor.shutil.disk_usage", lambda path: usage(2**40, 2**40, 2**20))
    assert any("1.0 MiB are free" in item.sentence for item in problems(home, "folders"))


def test_a_file_system_that_is_full_is_told_once(home, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("engine.doctor.shutil.disk_usage", lambda path: usage(2**40, 2**40, 2**20))
    assert len(problems(home, "folders")) == 1


def test_a_file_system_that_is_read_only_is_told_once(home, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("engine.doctor.shutil.disk_usage", lambda path: usage(2**40, 2**40, 0))
    monkeypatch.setattr("engine.doctor.os.statvfs", lambda path: SimpleNamespace(f_flag=os.ST_RDONLY))
    monkeypatch.setattr("engine.doctor.os.access", lambda path, how: False)
    [problem] = problems(home, "folders")
    folders = ", ".join(map(str, (home.data, home.cache, home.config, home.log)))
    assert problem.sentence == f"The file system of {folders} is read-only."
    assert "space" not in problem.remedy


def test_files_that_others_can_read_are_named(filled, tmp_path):
    home = filled.home
    parts = (home.data, *home.data.parents)
    before = {path: path.stat().st_mode for path in parts if path.is_relative_to(tmp_path.parents[1])}
    home.database.chmod(0o644)
    assert problems(home, "folders") == [], "nobody comes to where it lies"
    for path in before:
        path.chmod(0o755)
    try:
        reached = all(path.stat().st_mode & 0o011 for path in tmp_path.parents)
        found = [problem.sentence for problem in problems(home, "folders")]
        home.create()
        assert home.data.stat().st_mode & 0o077 == 0
        assert problems(home, "folders") == []
    finally:
        for path, mode in before.items():
            path.chmod(mode)
    files = [f"Other users can read 2 files in {home.data}, arena.duckdb among them."]
    assert found == (files if reached else [])


def test_the_bundled_models_are_missed_where_they_are_not_installed(home, monkeypatch):
    assert problems(home, "models") == []
    monkeypatch.setattr("engine.catalog.local._package", lambda name, version: None)
    missed = problems(home, "models")
    for name, problem in zip((small_home.MODEL, "wordllama-256"), missed, strict=True):
        assert name in problem.sentence
        assert "not installed" in problem.sentence
        assert "pip install" in problem.remedy


def test_an_unfinished_download_is_told(home):
    home.downloads.mkdir(parents=True)
    (home.downloads / "gene_info.gz.part").write_bytes(b"x" * 2048)
    [problem] = problems(home, "downloads")
    assert "2.0 KiB" in problem.sentence


def test_a_models_unfinished_download_is_told_with_what_goes_on(home, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    left = (
        "intfloat--e5-small/blobs/a.part",
        "some--other/blobs/b.part",
        "thenlper--gte-small/blobs/c.incomplete",
    )
    paths = [tmp_path / "hub" / f"models--{name}" for name in (*left, "thenlper--gte-small/blobs/whole")]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    first, *others = [problem.remedy for problem in problems(home, "downloads")]
    assert first.startswith("genearena fetch model e5-small (")
    assert others == [f"rm {path}" for path in paths[1:3]]


def test_a_bad_config_is_told(home):
    home.create()
    home.config_file.write_text("[[models]]\nnam = 'x'\n")
    [problem] = problems(home, "models")
    assert "config.toml" in problem.sentence


def test_a_clock_behind_the_journal_is_told(filled):
    [journal] = filled.home.journals.glob("*.jsonl")
    future = time.time() + 86400
    os.utime(journal, (future, future))
    assert any("clock" in item.remedy for item in problems(filled.home, "store"))


def cards(count):
    """NVIDIA's library as it answers on a machine with `count` cards."""
    memory = SimpleNamespace(total=80 * 2**30, free=79 * 2**30)
    return SimpleNamespace(
        NVMLError=OSError,
        nvmlInit=lambda: None,
        nvmlShutdown=lambda: None,
        nvmlSystemGetDriverVersion=lambda: "555.1",
        nvmlDeviceGetCount=lambda: count,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetMemoryInfo=lambda handle: memory,
        nvmlDeviceGetName=lambda handle: "H200",
    )


def torch_seeing(count, cuda):
    """torch as it answers when it sees `count` cards, built for CUDA `cuda`."""
    return SimpleNamespace(
        __version__="2.13.0",
        version=SimpleNamespace(cuda=cuda),
        cuda=SimpleNamespace(is_available=lambda: count > 0, device_count=lambda: count),
        backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: False)),
    )


@pytest.mark.parametrize(
    ("there", "seen", "cuda", "words"),
    [
        (1, 0, None, "built without CUDA"),
        (1, 0, "13.0", "cannot use it with CUDA 13.0"),
        (2, 2, "13.0", ""),
        (0, 0, None, ""),
    ],
)
def test_a_card_that_is_not_used_is_told(home, monkeypatch, there, seen, cuda, words):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setitem(sys.modules, "pynvml", cards(there))
    monkeypatch.setitem(sys.modules, "torch", torch_seeing(seen, cuda))
    found = [item for item in examine(home) if item.topic == "devices"]
    facts = {item.name: item.value for item in found if not isinstance(item, Problem)}
    assert [
        item.sentence for item in found if isinstance(item, Problem) and words not in item.sentence
    ] == []
    assert any(isinstance(item, Problem) for item in found) is bool(words)
    assert facts["used by torch"] == ("2 CUDA devices" if seen else "cpu")
    assert ("gpu 0" in facts) is bool(there)


# ---------------------------------------------------------------------------- repair


@pytest.mark.parametrize("damage", ["missing", "nonsense", "short"])
def test_repair_brings_every_number_back(filled, call, damage):
    before = call.json("rank", "--all")
    database = filled.home.database
    if damage == "missing":
        database.unlink()
    else:
        database.write_bytes(b"nonsense" * 999 if damage == "nonsense" else database.read_bytes()[:5000])
        assert call("rank").exit_code == 3
    answer = call.json("repair")
    assert (answer["scored"], answer["failed"], answer["damaged"]) == (15, 1, 0)
    assert bool(answer["kept"]) is (damage != "missing")
    assert call.json("rank", "--all") == before


def test_repair_tells_lines_it_cannot_trust(filled, call):
    [journal] = filled.home.journals.glob("*.jsonl")
    content = journal.read_bytes().replace(b'"auc":0.5,', b'"auc":0.9,', 1)
    journal.write_bytes(content)
    result = call("repair")
    assert "15 scored splits" in result.stdout  # what only the old database had stands in a journal again
    assert "1 damaged journal line;" in result.stderr
    [journal.unlink() for journal in filled.home.journals.glob("*.jsonl")]
    journal.write_bytes(content)
    filled.home.database.unlink()
    assert "14 scored splits" in call("repair").stdout


def change(home, statement: str) -> None:
    with duckdb.connect(home.database) as con:
        con.execute(statement)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "update scores set auc = 0.99 where seed = 41",
            "differ from the journals, and 0 of all are missing",
        ),
        ('update predictions set scores = [0.1, 0.9] where "index" = 0', "and 0 of all are missing"),
        ("delete from scores where seed = 41", "0 differ from the journals, and"),
    ],
)
def test_a_table_that_somebody_else_changed_is_named_and_repair_mends_it(filled, call, statement, said):
    change(filled.home, statement)
    [problem] = problems(filled.home, "store")
    assert problem.sentence.startswith("Somebody else changed the tables:")
    assert said in problem.sentence
    assert call("repair").exit_code == 0
    assert problems(filled.home, "store") == []


def test_rows_from_the_future_are_named(filled):
    store = Store(filled.home)
    later = small_home.scored(replace_seed(filled.units[0], 99), 0.5)
    store.append(replace(later, finished_at="2099-01-01T00:00:00+00:00"))
    store.flush()
    [problem] = problems(filled.home, "store")
    assert problem.sentence.startswith("Splits dated later than now: 1;")


def replace_seed(unit, seed: int):
    spec = {**unit.spec, "split": {**unit.spec["split"], "seed": seed}}
    return replace(unit, seed=seed, spec=spec)


def test_lines_that_no_table_can_hold_are_named_and_run_again(filled):
    line = entry_of(small_home.scored(replace_seed(filled.units[0], 99), 0.5))
    line["record"]["n_train"] = 2**40
    JournalWriter(filled.home.journals, "odd").append([line, {**line, "kind": "of_tomorrow"}])
    store = Store(filled.home)
    store.flush()
    impossible, newer = problems(filled.home, "store")
    assert "odd.jsonl at byte 0 fits no table" in impossible.sentence
    assert newer.remedy == "update genearena"
    assert line["key"] not in store.finished()
    again = Store(filled.home)
    again.recall_refused()
    assert line["key"] not in again.finished()


@pytest.mark.parametrize("kind", ["run", "task", "model"])
@pytest.mark.parametrize("harm", ["refused", "damaged"])
def test_of_a_line_without_a_score_it_is_said_that_no_run_is_needed(filled, kind, harm):
    journal = filled.home.journals / "odd.jsonl"
    line = encode({"kind": kind, "key": "k", "record": {}})
    journal.write_bytes(line if harm == "refused" else line.replace(b"record", b"rec0rd"))
    Store(filled.home).flush()
    [problem] = problems(filled.home, "store")
    assert problem.remedy == f"leave it: it holds no score, only a line of the kind {kind}"


def test_rows_that_wait_while_the_database_is_held_are_told_to_wait_for_it(filled):
    store = Store(filled.home)
    store.append(small_home.scored(filled.failed, 0.9))
    store.close()
    hold = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1], read_only=True); print(flush=True); input()"
    )
    command = [sys.executable, "-c", hold, str(filled.home.database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        [problem] = problems(filled.home, "store")
        other.communicate(b"\n")
    assert f"Process {other.pid}" in problem.remedy
    assert problem.remedy.endswith("Then: genearena rank (applies them)")


def test_a_database_of_a_newer_version_is_left_alone_unless_forced(filled, call):
    change(filled.home, "insert into migrations values (99, 'more.sql', 1, now()::TIMESTAMP)")
    [problem] = problems(filled.home, "store")
    assert problem.remedy.startswith("update genearena")
    before = filled.home.database.read_bytes()
    refused = call("repair")
    assert (refused.exit_code, refused.stdout) == (3, "")
    assert "repair --force" in refused.stderr
    assert filled.home.database.read_bytes() == before
    assert "15 scored splits" in call("repair", "--force").stdout


# ---------------------------------------------------------------------------- verify


@pytest.fixture
def again(monkeypatch):
    """The compute that recomputes; its numbers depend on the unit's key alone."""
    fake = workbench.FakeCompute()
    monkeypatch.setattr(engine.verify, "LocalCompute", lambda home: fake)
    return fake


@pytest.fixture
def computed(home):
    """A home whose four splits were scored by the same kind of compute."""
    [task] = small_home.TASKS[:1]
    plan = build_plan(Selection((small_home.MODEL,), (task,), ("lr", "lr-cv"), (41, 42)), home, {})
    vectors = TaskVectors(np.zeros((1, 1), "f4"), "h", ())
    compute, environment = workbench.FakeCompute(), small_home.ENVIRONMENT
    context = Context("cpu", environment.hash, threading.Event())
    store = Store(home)
    store.append(environment, *plan.models.values(), *plan.tasks.values())
    for unit in plan.units:
        store.append(compute.classify(unit, plan.tasks[task], vectors, context))
    store.flush()
    store.close()
    return plan


def test_verify_finds_the_same_numbers(computed, call, again):
    verdicts = call.json("verify", "--sample", "3")
    assert len(verdicts) == 3
    assert all(verdict["same"] and verdict["largest"] == 0 for verdict in verdicts)
    assert "4 of 4 splits are the same" in call("verify").stdout


def test_verify_tells_what_differs(computed, call, again, monkeypatch):
    monkeypatch.setattr(workbench, "score_of", lambda unit: 0.5)
    verdicts = call.json("verify", code=1)
    assert not any(verdict["same"] for verdict in verdicts)
    assert all(verdict["now"] == 0.5 and verdict["largest"] > 0 for verdict in verdicts)
    assert "0 of 4 splits are the same" in call("verify").stdout
    assert call("verify", "--tolerance", "1").exit_code == 0


def test_verify_tells_what_cannot_be_recomputed(computed, call, again, monkeypatch):
    changed = {**PROTOCOLS, "lr": replace(PROTOCOLS["lr"], revision=99)}
    monkeypatch.setattr("engine.plan.params.PROTOCOLS", changed)
    reasons = {verdict["protocol"]: verdict["reason"] for verdict in call.json("verify", code=1)}
    assert "protocol" in reasons["lr"]
    assert reasons["lr-cv"] == ""


def test_verify_needs_neither_the_label_file_nor_the_descriptions(home, call, again, tmp_path):
    task, texts = workbench.write_task(tmp_path), tmp_path / "texts.csv"
    texts.write_text("gene,description\n" + "".join(f"toy_up{n},told {n}\n" for n in range(12)))
    chosen = Selection((small_home.MODEL,), (task,), ("lr",), (41,), descriptions=str(texts))
    plan = build_plan(chosen, home, {})
    [unit] = plan.units
    assert "@" in unit.spec["axes"]["text"]
    store = Store(home)
    context = Context("cpu", small_home.ENVIRONMENT.hash, threading.Event())
    vectors = TaskVectors(np.zeros((1, 1), "f4"), "h", ())
    store.append(small_home.ENVIRONMENT, *plan.models.values(), *plan.tasks.values())
    store.append(again.classify(unit, plan.tasks[unit.task], vectors, context))
    store.flush()
    store.close()
    Path(task).unlink()
    texts.unlink()
    [verdict] = call.json("verify")
    assert verdict["same"]
