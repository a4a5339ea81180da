"""Arrays with no SLURM: what a coordinator reads, plans again, leaves out, and collects."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import shutil
import socket
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict, replace

import pytest
from array_here import ThreadScheduler, array_of, heard
from processes import SHORT, ProcessScheduler, executor
from workbench import FakeCompute, write_task

from engine.mailbox import read_status
from engine.plan.launch import Options, Slurm
from engine.plan.plan import Plan, build_plan
from engine.plan.selection import Selection
from engine.run.events import Log, StageProgress, UnitFinished, UnitStarted, WorkersSeen
from engine.run.monitor import Monitor
from engine.run.shards import array as array_module
from engine.run.shards import followed as followed_module
from engine.run.shards import task as task_module
from engine.run.shards.array import arrays_folder, freeze, frozen_arrays, read_frozen
from engine.run.shards.collect import collect
from engine.run.shards.cut import shards_of
from engine.run.shards.followed import Followed, Queued
from engine.run.shards.task import NoSuchArray, work
from engine.run.shards.told import Told, ask
from engine.run.slurm.executor import SlurmExecutor
from engine.run.slurm.scheduler import Unreachable
from engine.run.slurm.script import script
from engine.run.steering import Steering
from engine.run.supervise import supervise
from engine.run.threads import ThreadExecutor
from store import connect, journal
from store.errors import StoreError
from store.files import read_json, write_json, write_text
from store.home import Home, find_home
from store.journal import Entry, read_journals
from store.queries import measurements
from store.records import Cancelled, Failed, Scored
from store.store import Store


@pytest.fixture
def home(tmp_path) -> Home:
    return find_home(tmp_path / "home").create()


@pytest.fixture
def plan(home, tmp_path) -> Plan:
    paths = tuple(write_task(tmp_path, name) for name in ("one", "two"))
    return build_plan(Selection(("all-MiniLM-L6-v2",), paths, ("lr", "rf"), (41, 42, 43)), home, {})


def frozen_of(home, plan, tasks=1):
    options = Options("cpu", 1, 1, Slurm(array=tasks))
    return freeze(home, plan, shards_of(home, plan, plan.todo, options), options, script)


def outcomes(events) -> list:
    return [event.outcome for event in events if isinstance(event, UnitFinished)]


def counted(found) -> dict:
    return Counter(type(one) for one in found)


def scored_lines(folder) -> Counter[str]:
    lines = read_journals(folder, {})
    return Counter(line.key for line in lines if isinstance(line, Entry) and line.kind == "scored")


# ---------------------------------------------------------------------------- the frozen folder


def test_what_is_frozen_is_read_back_as_it_was(home, plan):
    frozen = frozen_of(home, plan, 3)
    again = read_frozen(frozen.folder)
    assert again == frozen
    for index in range(3):
        one = read_frozen(frozen.folder, only=index)
        assert one.shards[index] == frozen.shards[index]
        mine = one.plan(index, ())
        assert mine.todo == frozen.shards[index].units
        for name, task in mine.tasks.items():
            assert task.hash == plan.tasks[name].hash


def test_it_is_for_people_to_read(home, plan):
    text = (frozen_of(home, plan, 3).folder / "array.json").read_text()
    assert json.loads(text)["shards"][0]["units"]
    assert max(map(len, text.splitlines())) < 2000


def test_no_name_gets_a_line_of_its_own_in_the_script(home, plan):
    named = replace(plan.selection, descriptions="/tmp/x\ntouch hacked\n.csv")
    frozen = frozen_of(home, replace(plan, selection=named))
    assert "hacked" in frozen.launch.selection.words
    lines = (frozen.folder / "array.sh").read_text().splitlines()
    assert all(line.startswith(("#", "umask", "exec ")) for line in lines)


def test_a_home_that_cannot_stand_in_a_script_is_refused(tmp_path, plan):
    home = find_home(tmp_path / "a\nb").create()
    with pytest.raises(StoreError, match="cannot stand in a script"):
        frozen_of(home, plan)


def test_a_folder_that_was_never_whole_is_no_array(home, plan):
    frozen = frozen_of(home, plan)
    (frozen.folder / "array.json").unlink()
    assert list(frozen_arrays(home)) == []


def aged(folder, by: float = 2 * 3600) -> None:
    """As if nobody had written there for so long."""
    then = time.time() - by
    for path in sorted([folder, *folder.rglob("*")], key=lambda one: -len(one.parts)):
        os.utime(path, (then, then))


@pytest.fixture
def half_made(home, plan, monkeypatch):
    """The folder that is left of a coordinator that was killed when it had frozen the texts of one task."""
    with monkeypatch.context() as patch:
        patch.setattr(array_module, "write_text", killed_at("array.sh"))
        with pytest.raises(KeyboardInterrupt):
            frozen_of(home, plan)
    [folder] = arrays_folder(home).iterdir()
    assert list((folder / "tasks").iterdir())
    return folder


def killed_at(name: str):
    def write(path, text, **about):
        if path.name == name:
            raise KeyboardInterrupt  # which nothing catches, no more than a kill
        write_text(path, text, **about)

    return write


def test_what_is_left_of_a_coordinator_killed_while_freezing_goes_with_the_next_run(home, plan, half_made):
    options = Options("cpu", 1, 1, Slurm(array=1))

    def run():
        slurm = SlurmExecutor(home, options, ThreadScheduler(FakeCompute()), SHORT)
        return counted(outcomes(supervise(home, plan, Steering(), options, slurm)))

    assert run() == {Scored: 12}
    assert list(arrays_folder(home).iterdir()) == [half_made], "somebody may be at work on it"
    aged(half_made)
    run()
    assert list(arrays_folder(home).iterdir()) == []


@pytest.mark.parametrize(
    "part", ["journals/00000-1-a.jsonl", "beats/00000.json", "logs/0.out", "array.json"]
)
def test_nothing_is_removed_of_what_a_task_may_be_at_or_has_left(home, half_made, part):
    (half_made / part).write_text("{")
    aged(half_made)
    collect(home, Store(home))
    assert (half_made / part).exists()


def test_a_frozen_array_that_waits_to_be_submitted_is_kept_however_old(home, plan):
    frozen = frozen_of(home, plan)
    aged(frozen.folder, 100 * 86400)
    collect(home, Store(home))
    assert list(frozen_arrays(home)) == [frozen]


def test_strangers_folders_and_links_beside_arrays_are_left_alone(home, half_made, tmp_path):
    own = arrays_folder(home) / "notes"
    own.mkdir()
    link = arrays_folder(home) / "20260101-000000-abcdef"
    link.symlink_to(own)
    for path in (own, half_made):
        aged(path)
    os.utime(link, (0, 0), follow_symlinks=False)
    collect(home, Store(home))
    assert sorted(arrays_folder(home).iterdir()) == [link, own]


def test_of_an_array_that_cannot_be_written_nothing_is_left(home, plan, monkeypatch):
    def full(path, *_, **__):
        raise StoreError(f"The file {path} cannot be written: No space left on device.")

    monkeypatch.setattr(array_module, "write_text", full)
    with pytest.raises(StoreError):
        frozen_of(home, plan)
    assert list(arrays_folder(home).iterdir()) == []


# ---------------------------------------------------------------------------- a task


def test_a_task_that_is_requeued_does_nothing_again(home, plan):
    frozen = frozen_of(home, plan)
    told, compute = Told(frozen.folder), FakeCompute()

    def stop_after_three(unit, cancel):
        if len(compute.classified) == 3:
            told.stop()

    compute.behave = stop_after_three
    assert not work(frozen.folder, 0, told, compute)
    first = scored_lines(frozen.journals)
    assert 3 <= len(first) < 12
    assert work(frozen.folder, 0, Told(frozen.folder), FakeCompute())
    assert scored_lines(frozen.journals) == Counter(unit.key for unit in plan.todo)
    assert len(list(frozen.journals.glob("*.jsonl"))) == 2, "each life has a journal of its own"


def test_a_task_says_last_what_it_saved(home, plan):
    frozen = frozen_of(home, plan)
    work(frozen.folder, 0, Told(frozen.folder), FakeCompute())
    beat = read_json(frozen.beat(0))
    assert (beat["state"], beat["scored"], beat["failed"]) == ("finished", 12, 0)


def test_a_task_that_sees_no_array_says_that_the_home_is_not_shared(tmp_path):
    with pytest.raises(NoSuchArray, match="share"):
        work(tmp_path / "nowhere", 0, Told(tmp_path), FakeCompute())


def test_a_task_of_another_version_says_so(home, plan):
    frozen = frozen_of(home, plan)
    path = frozen.folder / "array.json"
    path.write_text(path.read_text().replace(f'"version": "{frozen.version}"', '"version": "0.0.1"'))
    with pytest.raises(NoSuchArray, match=r"0\.0\.1 where the array was submitted"):
        work(frozen.folder, 0, Told(frozen.folder), FakeCompute())
    assert "0.0.1" in read_json(frozen.beat(0))["message"]


def test_a_task_whose_texts_were_changed_computes_nothing(home, plan):
    frozen = frozen_of(home, plan)
    path = next((frozen.folder / "tasks").iterdir())
    path.write_text(path.read_text().replace("text of up 1", "text of up 2"))
    with pytest.raises(Exception, match="not as it was made"):
        work(frozen.folder, 0, Told(frozen.folder), FakeCompute())


# ---------------------------------------------------------------------------- late, torn, vanished


def test_a_line_that_arrives_in_parts_is_read_once_it_is_whole(home, plan):
    frozen = frozen_of(home, plan)
    work(frozen.folder, 0, Told(frozen.folder), FakeCompute())
    [path] = frozen.journals.glob("*.jsonl")
    whole, followed, found = path.read_bytes(), Followed(frozen), []
    middle = whole.index(b"\n", len(whole) // 2) + 1
    for seen in (whole[:10], whole[: middle - 20], whole[:middle] + b"\0" * 50, whole, whole):
        path.write_bytes(seen)
        found += outcomes(followed.saved())
    assert Counter(one.unit.key for one in found) == Counter(unit.key for unit in plan.todo)


def test_a_hole_in_the_middle_is_looked_at_again(home, plan):
    frozen = frozen_of(home, plan)
    work(frozen.folder, 0, Told(frozen.folder), FakeCompute())
    [path] = frozen.journals.glob("*.jsonl")
    whole, followed = path.read_bytes(), Followed(frozen)
    half = len(whole) // 2
    path.write_bytes(whole[:half] + b"\0" * 40 + whole[half + 40 :])
    before = outcomes(followed.saved())
    path.write_bytes(whole)
    assert 0 < len(before) < 12
    assert len(before) + len(outcomes(followed.saved())) == 12


def test_of_a_damaged_journal_whose_task_is_gone_the_rest_is_taken(home, plan):
    frozen = frozen_of(home, plan)
    work(frozen.folder, 0, Told(frozen.folder), FakeCompute())
    [path] = frozen.journals.glob("*.jsonl")
    whole = path.read_bytes()
    half = len(whole) // 2
    path.write_bytes(whole[:half] + b"\0" * 40 + whole[half + 40 :])
    assert len(outcomes(Followed(frozen).saved(closed=True))) == 11


def test_a_journal_that_vanishes_and_comes_back_is_read_on(home, plan):
    frozen = frozen_of(home, plan)
    work(frozen.folder, 0, Told(frozen.folder), FakeCompute())
    [path] = frozen.journals.glob("*.jsonl")
    whole, followed = path.read_bytes(), Followed(frozen)
    path.write_bytes(whole[: whole.index(b"\n", len(whole) // 2) + 1])
    before = len(outcomes(followed.saved()))
    path.unlink()
    assert outcomes(followed.saved()) == []
    path.write_bytes(whole)
    assert before + len(outcomes(followed.saved())) == 12


def test_an_array_whose_last_lines_are_not_seen_yet_is_not_over(home, plan):
    frozen = frozen_of(home, plan)
    work(frozen.folder, 0, Told(frozen.folder), FakeCompute())
    [path] = frozen.journals.glob("*.jsonl")
    whole, followed = path.read_bytes(), Followed(frozen)
    path.write_bytes(whole[: len(whole) // 2])
    followed.queued([])
    list(followed.heard()), list(followed.saved())
    assert not followed.over(grace_s=600)
    assert followed.over(grace_s=0), "but not for ever"
    path.write_bytes(whole)
    list(followed.saved())
    assert followed.over(grace_s=600)


# ---------------------------------------------------------------------------- deaths and refusals


def test_a_unit_that_kills_its_task_three_times_is_a_failure(home, plan):
    plan = replace(plan, units=tuple(unit for unit in plan.units if unit.task == "one"))
    scheduler = ProcessScheduler(deadly=42)
    found = outcomes(executor(home, scheduler).work(plan, Steering()))
    assert counted(found) == {Scored: 4, Failed: 2}
    failed = [one for one in found if isinstance(one, Failed)]
    assert {one.unit.seed for one in failed} == {42}
    assert all("died 3 times" in one.sentence for one in failed)
    assert 4 <= len(scheduler.submitted) <= 8


def test_what_the_scheduler_refuses_is_the_reason_why_units_are_left_out(home, plan):
    scheduler = ProcessScheduler()
    scheduler.refuses = "sbatch says: invalid partition."
    found = outcomes(executor(home, scheduler).work(plan, Steering()))
    assert counted(found) == {Cancelled: 12}
    assert {one.reason for one in found} == {"sbatch says: invalid partition."}


def test_nothing_is_left_of_an_array_that_was_not_taken(home, plan):
    scheduler = ProcessScheduler()
    scheduler.refuses = "sbatch says: invalid partition."
    list(executor(home, scheduler).work(plan, Steering()))
    assert list(arrays_folder(home).iterdir()) == []


class Away(ThreadScheduler):
    """Cannot be reached at first."""

    away = 3

    def submit(self, script):
        if self.away:
            self.away -= 1
            raise Unreachable("sbatch says: Unable to contact slurm controller.")
        return super().submit(script)


def test_a_controller_that_is_away_is_asked_again(home, plan):
    slurm = SlurmExecutor(home, Options("cpu", 1, 1, Slurm(array=2)), Away(FakeCompute()), SHORT)
    events = list(slurm.work(plan, Steering()))
    assert counted(outcomes(events)) == {Scored: 12}
    said = [event.text for event in events if isinstance(event, Log) and "contact" in event.text]
    assert said == ["sbatch says: Unable to contact slurm controller. It is asked again."]


class Mute(ThreadScheduler):
    """Its tasks end before they say anything; perhaps they print something."""

    def __init__(self, printed: str = "") -> None:
        super().__init__(None)
        self.printed = printed

    def submit(self, script):
        if self.printed:
            (script.parent / "logs" / "0.out").write_text(self.printed)
        return "1"


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("", "share that folder"),
        ("No module named engine\n", "No module named engine"),
        (
            "line 11: /opt/python: No such file or directory\n",
            f"Its node needs {sys.executable} as it is here",
        ),
    ],
)
def test_tasks_that_cannot_begin_are_not_submitted_for_ever(home, plan, printed, said):
    slurm = SlurmExecutor(home, Options("cpu", 1, 1, Slurm(array=1)), Mute(printed), SHORT)
    found = outcomes(slurm.work(plan, Steering()))
    assert counted(found) == {Cancelled: 12}
    assert all(said in one.reason for one in found)


def test_a_model_that_is_not_there_is_a_sentence_of_each_of_its_units(home, plan):
    from store.errors import ModelError

    class Bare(FakeCompute):
        def embed(self, *arguments):
            raise ModelError("The files of all-MiniLM-L6-v2 are gone.")

    found = outcomes(array_of(1)(home, Bare()).work(plan, Steering()))
    assert {(type(one), one.sentence) for one in found} == {
        (Failed, "The files of all-MiniLM-L6-v2 are gone.")
    }


def test_a_library_that_the_node_does_not_have_is_said_once_with_its_node(home, plan):
    class Bare(FakeCompute):
        def embed(self, *arguments):
            raise ModuleNotFoundError("No module named 'wordllama'", name="wordllama")

    events = list(array_of(1)(home, Bare()).work(plan, Steering()))
    assert {one.reason for one in outcomes(events)} == {
        f"On {socket.gethostname()}: A library cannot be loaded (No module named 'wordllama'). "
        "See `genearena doctor`."
    }
    last = [one.text for one in events if isinstance(one, Log)][-1]
    assert last.endswith("`genearena doctor`. Units left out: 12; the next run tries again.")
    assert last.count("left out") == 1


def test_a_task_whose_python_has_no_genearena_says_so(home, plan, monkeypatch):
    frozen = frozen_of(home, plan)
    monkeypatch.setattr(task_module, "this_version", lambda: "")
    with pytest.raises(NoSuchArray, match=f"genearena is not installed for {sys.executable} on"):
        work(frozen.folder, 0, Told(frozen.folder), FakeCompute())


class Held(ThreadScheduler):
    """Lets its tasks wait for a reason that nobody but who asked can mend; then it changes its mind."""

    asked = 0

    def queued(self, name):
        self.asked += 1
        if self.asked < 4:
            return [Queued(0, "PENDING", "", "Resources"), Queued(1, "PENDING", "", "PartitionTimeLimit")]
        return super().queued(name)


def test_a_wait_that_does_not_end_by_itself_is_said_once(home, plan):
    slurm = SlurmExecutor(home, Options("cpu", 1, 1, Slurm(array=2)), Held(FakeCompute()), SHORT)
    events = list(slurm.work(plan, Steering()))
    [said] = [one.text for one in events if isinstance(one, Log) and "SLURM's reason" in one.text]
    assert "is PartitionTimeLimit." in said
    assert "`genearena cancel`" in said
    assert counted(outcomes(events)) == {Scored: 12}


# ---------------------------------------------------------------------------- coordinators come and go


def test_a_coordinator_that_has_to_end_leaves_the_array_to_the_next(home, plan):
    mailbox = Steering()

    def leave(unit, cancel):
        mailbox.stop(leaving=True)

    scheduler = ThreadScheduler(FakeCompute(leave))
    options = Options("cpu", 1, 1, Slurm(array=2))
    first = outcomes(SlurmExecutor(home, options, scheduler, SHORT).work(plan, mailbox))
    assert counted(first)[Cancelled] > 0
    second = list(SlurmExecutor(home, options, scheduler, SHORT).work(plan, Steering()))
    assert counted(outcomes(second)) == {Scored: 12}
    assert not any("Submitted" in one.text for one in second if isinstance(one, Log))


def test_what_an_array_saved_meanwhile_is_collected_by_any_run_and_counts_once(home, plan):
    frozen = frozen_of(home, plan, 2)
    work(frozen.folder, 0, Told(frozen.folder), FakeCompute())
    half = len(frozen.shards[0].units)
    assert collect(home, Store(home)) == half
    assert collect(home, Store(home)) == 0
    compute = FakeCompute()
    options = Options("cpu", 1, 1)
    events = list(supervise(home, plan, Steering(), options, ThreadExecutor(home, options, compute)))
    assert any("may still be at 6 of these units" in one.text for one in events if isinstance(one, Log))
    assert len(compute.classified) == 12 - half
    assert list(frozen_arrays(home)), "a task has not begun, for all that is known"
    work(frozen.folder, 1, Told(frozen.folder), FakeCompute())
    assert collect(home, Store(home)) == 0
    assert not list(frozen_arrays(home))
    assert scored_lines(home.journals) == Counter(unit.key for unit in plan.units)


def test_what_an_array_measured_with_nobody_following_is_kept_once(home, plan):
    frozen = frozen_of(home, plan, 2)
    work(frozen.folder, 0, Told(frozen.folder), FakeCompute())
    for _ in range(2):
        collect(home, Store(home))
        assert list(frozen_arrays(home)), "looked at again by the next run"
    lines = [line for line in read_journals(home.journals, {}) if isinstance(line, Entry)]
    assert [line.record["model"] for line in lines if line.kind == "measurement"] == ["all-MiniLM-L6-v2"]
    Store(home).flush()
    with connect(home) as con:
        assert [(row.model, row.ms_per_text) for row in measurements(con)] == [
            ("all-MiniLM-L6-v2", pytest.approx(1000 * 0.5 / 24))
        ]


def test_the_folder_of_an_array_goes_once_all_of_it_is_saved(home, plan):
    options = Options("cpu", 1, 1, Slurm(array=2))
    slurm = SlurmExecutor(home, options, ThreadScheduler(FakeCompute()), SHORT)
    list(supervise(home, plan, Steering(), options, slurm))
    assert list(arrays_folder(home).iterdir()) == []
    assert read_status(home).state == "finished"
    assert scored_lines(home.journals) == Counter(unit.key for unit in plan.units)


def test_a_failure_that_is_to_be_tried_again_is_not_taken_from_an_old_array(home, plan):
    def fail(unit, cancel):
        raise ValueError("It broke.")

    frozen = frozen_of(home, plan)
    work(frozen.folder, 0, Told(frozen.folder), FakeCompute(fail))
    again = build_plan(replace(plan.selection, retry_failed=True), home, {})
    options = Options("cpu", 1, 1, Slurm(array=1))
    slurm = SlurmExecutor(home, options, ThreadScheduler(FakeCompute()), SHORT)
    found = outcomes(supervise(home, again, Steering(), options, slurm))
    assert counted(found) == {Scored: 12}


# ---------------------------------------------------------------------------- what is shown


def test_workers_are_told_with_host_unit_and_age(home, plan, monkeypatch):
    frozen = frozen_of(home, plan, 2)
    followed = Followed(frozen)
    followed.queued([Queued(0, "PENDING", "", "Resources"), Queued(1, "RUNNING", "node7", "None")])
    waits, runs = followed.workers()
    assert (waits.state, waits.message, runs.state, runs.host) == ("waits", "Resources", "runs", "node7")
    work(frozen.folder, 1, Told(frozen.folder), FakeCompute())
    list(followed.heard())
    assert followed.workers()[1].done == len(frozen.shards[1].units)
    monkeypatch.setattr(followed_module, "SILENT", -1.0)
    assert followed.workers()[1].state == "silent"


def test_a_task_that_died_is_told_with_what_it_was_at_and_what_it_printed_last(home, plan, monkeypatch):
    monkeypatch.setattr(followed_module, "LAST_WORD", 0.0)
    frozen = frozen_of(home, plan, 2)
    unit = frozen.shards[0].units[0]
    monitor = Monitor(frozen.plan(0, ()))
    monitor.feed(UnitStarted(unit))
    beat = monitor.snapshot()
    write_json(frozen.beat(0), asdict(beat))
    frozen.log(0).write_text("loading\nslurmstepd: error: Detected 1 oom_kill event.\n")
    followed = Followed(frozen)
    list(followed.heard())
    assert followed.workers()[0].state == "ended"  # SLURM was not asked yet
    followed.queued([Queued(0, "RUNNING", "node7", "None"), Queued(1, "PENDING", "", "Resources")])
    followed.queued([Queued(1, "PENDING", "", "Resources")])
    died, waits = followed.workers()
    assert (died.state, waits.state, waits.log) == ("died", "waits", "")
    assert died.message == (
        "It printed last: slurmstepd: error: Detected 1 oom_kill event. "
        f"It was at {unit.model} {unit.task} {unit.protocol} seed {unit.seed}."
    )
    assert died.log == str(frozen.log(0))
    write_json(frozen.beat(0), asdict(replace(beat, state="cancelled", running=())))
    list(followed.heard())
    assert followed.workers()[0].state == "ended"


def test_what_a_task_does_that_is_at_no_unit_yet_is_told(home, plan):
    frozen = frozen_of(home, plan, 1)
    monitor = Monitor(frozen.plan(0, ()))
    monitor.feed(StageProgress("embed", "mini", 50, 100, 25.0, 2.0))
    write_json(frozen.beat(0), asdict(monitor.snapshot()))
    followed = Followed(frozen)
    followed.queued([Queued(0, "RUNNING", "node7", "None")])
    list(followed.heard())
    assert followed.workers()[0].unit == "the embedding of mini, 50 of 100 texts"


def test_a_task_that_runs_and_writes_nothing_here_is_silent(home, plan, monkeypatch):
    monkeypatch.setattr(followed_module, "SILENT", -1.0)
    frozen = frozen_of(home, plan, 1)
    followed = Followed(frozen)
    followed.queued([Queued(0, "RUNNING", "node7", "None")])
    [worker] = followed.workers()
    assert worker.state == "silent"
    assert f"whether node7 shares {frozen.folder}" in worker.message


def test_a_full_disk_is_waited_out(home, plan, monkeypatch):
    frozen = frozen_of(home, plan)
    write, full = os.write, [True, True]

    def no_space(descriptor, data):
        if b'"kind":"scored"' in data and full:
            full.pop()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data)

    monkeypatch.setattr(journal.os, "write", no_space)
    assert work(frozen.folder, 0, Told(frozen.folder), FakeCompute())
    assert full == []
    followed = Followed(frozen)
    found = outcomes(followed.saved())
    assert Counter(one.unit.key for one in found) == Counter(unit.key for unit in plan.todo)
    list(followed.heard())
    followed.queued([])
    assert followed.over(grace_s=600), "what it says that it saved was read, in whichever of its journals"


class LateScheduler(ThreadScheduler):
    """Its nodes see the folder as it was, and what they write is seen late, in part, and out of order."""

    def submit(self, script):
        node = script.parent.parent.parent.parent / "node" / script.parent.name
        shutil.copytree(script.parent, node)
        self.there, self.here, self.over = node, script.parent, threading.Event()
        frozen = read_frozen(node)
        tasks = self.arrays[f"genearena-{node.name}"] = []
        for index in range(len(frozen.shards)):
            told = Told(node)
            tasks.append((threading.Thread(target=work, args=(node, index, told, self.compute)), told))
        for thread, _ in tasks:
            thread.start()
        self.mirror = threading.Thread(target=self.show, daemon=True)
        self.mirror.start()
        return "1"

    def show(self):
        dice = random.Random(7)
        while not self.over.wait(0.02):
            files = [*self.there.glob("journals/*"), *self.there.glob("beats/*.json")]
            for path in dice.sample(files, len(files) // 2):
                with contextlib.suppress(FileNotFoundError):
                    whole = path.read_bytes()
                    seen = whole[: dice.randrange(len(whole) + 1)] if dice.random() < 0.7 else whole
                    if dice.random() < 0.2 and len(seen) > 200:
                        seen = seen[:100] + bytes(60) + seen[160:]
                    (self.here / path.parent.name / path.name).write_bytes(seen)
            with contextlib.suppress(OSError):
                if dice.random() < 0.1 and (gone := next(self.here.glob("journals/*"), None)):
                    gone.unlink()


def test_late_and_torn_as_a_network_shows_it_each_unit_is_computed_and_counts_once(home, plan):
    compute = FakeCompute()
    scheduler = LateScheduler(compute)
    patient = replace(SHORT, grace=600.0)
    slurm = SlurmExecutor(home, Options("cpu", 1, 1, Slurm(array=3)), scheduler, patient)
    events = []
    for event in slurm.work(plan, Steering()):
        events.append(event)
    scheduler.over.set()
    scheduler.mirror.join()
    found = outcomes(events)
    assert Counter(one.unit.key for one in found) == Counter(unit.key for unit in plan.todo)
    assert counted(found) == {Scored: 12}
    assert Counter(compute.classified) == Counter(unit.key for unit in plan.todo)


def test_while_it_is_paused_it_is_said_that_tasks_keep_their_nodes_and_what_gives_them_back(home, plan):
    asked, mailbox, events = threading.Event(), Steering(), []
    options = Options("cpu", 1, 1, Slurm(array=2))
    scheduler = ThreadScheduler(FakeCompute(lambda unit, cancel: unit.seed == 41 or asked.wait(60)))

    def supervised(some: Plan):
        slurm = SlurmExecutor(home, options, scheduler, SHORT)
        return supervise(home, some, mailbox, options, slurm)

    for event in supervised(plan):
        events.append(event)
        if isinstance(event, UnitFinished):
            mailbox.pause()
        if mailbox.paused and heard(home, mailbox):
            asked.set()
            if "keep their nodes" in (message := read_status(home).message):
                assert "`genearena cancel --drain` ends them and `genearena resume`" in message
                mailbox.drain()
    assert [one.text for one in events if isinstance(one, Log)].count(options.while_paused) == 1
    [name] = scheduler.arrays
    assert scheduler.queued(name) == []
    found = counted(outcomes(events))
    assert found == {Scored: found[Scored], Cancelled: 12 - found[Scored]}
    assert 0 < found[Scored] < 12
    mailbox = Steering()
    rest = plan.against(Store(home).finished())
    assert counted(outcomes(supervised(rest))) == {Scored: 12 - found[Scored]}


def test_what_comes_in_has_a_rate(home, plan):
    events = list(array_of(2)(home, FakeCompute()).work(plan, Steering()))
    stages = [event for event in events if isinstance(event, StageProgress) and event.stage == "classify"]
    assert stages[0].rate == 0.0
    assert (stages[-1].done, stages[-1].rate > 0) == (12, True)


def test_the_executor_tells_them(home, plan):
    events = list(array_of(3)(home, FakeCompute()).work(plan, Steering()))
    seen = [event.workers for event in events if isinstance(event, WorkersSeen)]
    assert {len(workers) for workers in seen} >= {3}


def test_a_task_gives_up_what_it_is_asked_to(home, plan):
    frozen = frozen_of(home, plan)
    key = plan.todo[5].key
    ask(frozen.folder, "go", [key])
    compute = FakeCompute()
    assert not work(frozen.folder, 0, Told(frozen.folder), compute)
    assert set(compute.classified) == {unit.key for unit in plan.todo} - {key}
