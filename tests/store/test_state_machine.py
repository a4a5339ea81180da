"""Programs of appends, kills, cuts, removals, merges, flushes and repairs, against what must be there.

`make test` runs 40 of them, `make faults` 20,000. Seeded mutants of the store are each caught.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis
import pytest
from fake_records import scored, unit
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

import store
import store.apply
import store.journal
import store.store
from store.database import build
from store.entries import entry_of
from store.home import Home, find_home
from store.journal import Entry, encode, journal_sizes, read_journals
from store.provenance import TaskSet
from store.repair import repair
from store.rows import rows_of
from store.store import Store
from store.union import take_journals

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(14_400 if "GENEARENA_PROGRAMS" in os.environ else 900),
]
PROGRAMS = int(os.environ.get("GENEARENA_PROGRAMS", "40"))
MANY = 500
"""As many as a mutant may need to be caught."""
MEMORY = next((place for place in ("/dev/shm",) if os.access(place, os.W_OK)), None)
"""Where there is one, a folder that costs no disk; `synced` says what a power cut would leave."""
SEEDS, AUCS, HOURS = (1, 2), (0.5, 0.7), ("08", "12", "2035")
IMPOSSIBLE = entry_of(scored(unit(seed=77)))
IMPOSSIBLE["record"]["n_train"] = 2**40


@dataclass(frozen=True, order=True)
class Attempt:
    """One number for one split; the least of those for a seed is the one to keep."""

    finished_at: str
    hash: str
    seed: int = field(compare=False)
    auc: float = field(compare=False)


def record_of(seed: int, auc: float, hour: str):
    at = f"{hour}-01-01T00:00:00" if len(hour) == 4 else f"2026-11-23T{hour}:00:00"
    return scored(unit(seed=seed), auc, at=at)


def attempt_of(seed: int, auc: float, hour: str) -> Attempt:
    record = record_of(seed, auc, hour)
    line = encode(entry_of(record))
    [score] = rows_of(Entry("", len(line), "scored", record.unit.key, line))["scores"]
    return Attempt(record.finished_at, score["predictions_hash"], seed, auc)


ATTEMPTS = {
    (seed, auc, hour): attempt_of(seed, auc, hour) for seed in SEEDS for auc in AUCS for hour in HOURS
}
SYNCED: dict[int, int] = {}
"""Inode -> bytes that a power cut leaves."""


def synced(descriptor: int) -> None:
    """What stands for `fdatasync`: it remembers, so that a power cut can take the rest."""
    found = os.fstat(descriptor)
    SYNCED[found.st_ino] = found.st_size


@dataclass
class Box:
    """A home, its processes, and the model: what must be there, and what may."""

    home: Home
    writers: list[Store]
    must: set[Attempt] = field(default_factory=set)
    may: set[Attempt] = field(default_factory=set)

    def lines(self) -> dict[str, set[Attempt]]:
        """Journal -> what stands in it."""
        found: dict[str, set[Attempt]] = {name: set() for name in journal_sizes(self.home.journals)}
        for line in read_journals(self.home.journals, {}):
            if isinstance(line, Entry) and line.kind == "scored" and line.key != IMPOSSIBLE["key"]:
                found[line.file].add(self.attempt(line))
        return found

    @staticmethod
    def attempt(line: Entry) -> Attempt:
        [score] = rows_of(line)["scores"]
        at = line.record["finished_at"].removesuffix("+00:00")
        return next(
            one
            for one in ATTEMPTS.values()
            if (one.finished_at, one.hash, one.seed) == (at, score["predictions_hash"], score["seed"])
        )

    def living(self) -> set[Path]:
        return {file.path for writer in self.writers for file in writer._writer._files}

    def forget(self, writer: Store) -> None:
        """Kill a process; what it had no time to notice to be gone is gone."""
        unnoticed = any(file.changed() for file in writer._writer._files)
        forget(writer)
        if unnoticed:
            self.lose(self.must.difference(*self.lines().values()))

    def lose(self, gone: set[Attempt]) -> None:
        """Only what the tables keep comes back; other numbers may be gone."""
        gone = gone - self.kept()
        self.must -= gone
        self.may |= gone

    def kept(self) -> set[Attempt]:
        """What the scores of the database say."""
        if not self.home.database.exists():
            return set()
        with store.connect(self.home) as con:
            rows = con.execute(
                "SELECT seed, predictions_hash, strftime(finished_at, '%Y-%m-%dT%H:%M:%S') FROM scores"
            )
            found = set(rows.fetchall())
        return {one for one in ATTEMPTS.values() if (one.seed, one.hash, one.finished_at) in found}


class Programs(RuleBasedStateMachine):
    """Two boxes, of which the first takes in the second; two processes on each."""

    @initialize()
    def begin(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="genearena-programs-", dir=MEMORY))
        SYNCED.clear()
        homes = [find_home(self.root / name).create() for name in ("mine", "other")]
        self.boxes = [Box(home, [Store(home), Store(home)]) for home in homes]

    def teardown(self) -> None:
        if not hasattr(self, "boxes"):
            return
        try:
            for box in self.boxes:
                for writer in box.writers:
                    writer._writer.keep()
                box.writers[0].flush()
                self.check(box)
        finally:
            for box in self.boxes:
                for writer in box.writers:
                    forget(writer)
            shutil.rmtree(self.root, ignore_errors=True)

    def check(self, box: Box) -> None:
        """What must be there is, once; nothing else is; and the earliest of what is there is kept."""
        asked = "SELECT seed, predictions_hash, {} FROM {}"
        when = "strftime(finished_at, '%Y-%m-%dT%H:%M:%S')"
        with store.connect(box.home) as con:
            scores = con.execute(asked.format(when, "scores")).fetchall()
            others = con.execute(
                f"SELECT u.seed, c.predictions_hash, {when.replace('finished_at', 'c.finished_at')} "
                "FROM conflicts AS c JOIN units AS u USING (key)"
            ).fetchall()
            sets = {
                name: TaskSet(name, tuple(tasks), turn)
                for name, tasks, turn in con.execute("FROM named_sets").fetchall()
            }
        assert sets == Store(box.home).task_sets()
        numbers = {(seed, number) for seed, number, _ in scores + others}
        assert len(scores) == len({seed for seed, *_ in scores})
        assert len(numbers) == len(scores + others)
        assert numbers >= {(one.seed, one.hash) for one in box.must}
        assert numbers <= {(one.seed, one.hash) for one in box.must | box.may}
        for seed, number, at in scores:
            must = [one for one in box.must if one.seed == seed]
            if must and not any(one.seed == seed for one in box.may):
                assert (number, at) == (min(must).hash, min(must).finished_at)
        assert {unit(seed=one.seed).key for one in box.must} <= set(Store(box.home).finished())

    @rule(box=st.integers(0, 1), writer=st.integers(0, 1), of=st.sampled_from(sorted(ATTEMPTS)))
    def append(self, box: int, writer: int, of: tuple[int, float, str]) -> None:
        there = self.boxes[box]
        there.writers[writer].append(record_of(*of))
        there.must.add(ATTEMPTS[of])
        there.may.discard(ATTEMPTS[of])

    @rule(
        box=st.integers(0, 1),
        writer=st.integers(0, 1),
        tasks=st.lists(st.sampled_from("ab"), max_size=2, unique=True),
        turn=st.integers(1, 3),
    )
    def define_a_set(self, box: int, writer: int, tasks: list[str], turn: int) -> None:
        self.boxes[box].writers[writer].append(TaskSet("mine", tuple(tasks), turn))

    @rule(box=st.integers(0, 1), writer=st.integers(0, 1))
    def kill(self, box: int, writer: int) -> None:
        there = self.boxes[box]
        there.forget(there.writers[writer])
        there.writers[writer] = Store(there.home)

    @rule(box=st.integers(0, 1))
    def cut_the_power(self, box: int) -> None:
        there = self.boxes[box]
        for writer in there.writers:
            there.forget(writer)
        for journal in there.home.journals.glob("*.jsonl"):
            left = SYNCED.get(journal.stat().st_ino, journal.stat().st_size)
            os.truncate(journal, min(left, journal.stat().st_size))
        there.writers = [Store(there.home), Store(there.home)]

    @rule(box=st.integers(0, 1), place=st.integers(0, 9), harm=st.sampled_from(["remove", "replace"]))
    def remove_or_replace(self, box: int, place: int, harm: str) -> None:
        there = self.boxes[box]
        lines = there.lines()
        if not lines:
            return
        name = sorted(lines)[place % len(lines)]
        journal = there.home.journals / name
        if journal not in there.living():
            elsewhere = set().union(*(found for other, found in lines.items() if other != name))
            there.lose(lines[name] - elsewhere)
        journal.unlink()
        if harm == "replace":
            journal.write_bytes(b"somebody else's\n")

    @rule(box=st.integers(0, 1))
    def tear(self, box: int) -> None:
        """A process of before died while it wrote."""
        self.foreign(box, encode(entry_of(record_of(1, 0.5, "08")))[:-20])

    @rule(box=st.integers(0, 1))
    def write_the_impossible(self, box: int) -> None:
        self.foreign(box, encode(IMPOSSIBLE))

    def foreign(self, box: int, content: bytes) -> None:
        folder = self.boxes[box].home.journals
        (folder / f"foreign-{zlib.crc32(content):08x}-{len(list(folder.iterdir()))}.jsonl").write_bytes(
            content
        )

    @rule()
    def merge(self) -> None:
        mine, other = self.boxes
        brought = set().union(*other.lines().values())
        take_journals(mine.home.journals, other.home.journals)
        mine.must |= brought
        mine.may -= brought

    @rule(box=st.integers(0, 1), writer=st.integers(0, 1))
    def flush(self, box: int, writer: int) -> None:
        self.boxes[box].writers[writer].flush()

    @precondition(lambda self: self.boxes[0].home.database.exists())
    @rule()
    def rebuild(self) -> None:
        repair(self.boxes[0].home)


def forget(writer: Store) -> None:
    """As a kill leaves it: files are closed, and nothing else happens."""
    own = writer._writer
    for file in own._files:
        with contextlib.suppress(OSError):
            os.close(file.descriptor)
    own._files.clear()
    own._open_file = None


def run_programs(programs: int, drawn: int | None = None) -> None:
    class Drawn(Programs):
        pass

    run_state_machine_as_test(
        Drawn if drawn is None else hypothesis.seed(drawn)(Drawn),
        settings=settings(
            max_examples=programs,
            stateful_step_count=12,
            database=None,
            derandomize=programs <= MANY and drawn is None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture(autouse=True)
def quick(tmp_path, monkeypatch):
    """Databases are copies of one, and syncing remembers instead of waiting for a disk."""
    home = find_home(tmp_path / "template").create()
    template = build(home.database)
    monkeypatch.setattr(
        "store.database.create", lambda path: path.exists() or shutil.copyfile(template, path)
    )
    monkeypatch.setattr("store.journal._sync", synced)


@pytest.mark.timeout(1200)
def test_programs():
    run_programs(PROGRAMS)


def skip_the_sync(monkeypatch) -> None:
    monkeypatch.setattr(
        "store.journal._sync", lambda descriptor: SYNCED.setdefault(os.fstat(descriptor).st_ino, 0)
    )


def keep_the_last_number(monkeypatch) -> None:
    def order(self):
        return -self.finished_at.timestamp(), self.environment, self.predictions_hash

    monkeypatch.setattr(store.apply._Attempt, "order", property(order))


def keep_what_is_read_first(monkeypatch) -> None:
    monkeypatch.setattr(store.apply._Attempt, "order", property(lambda self: ()))


def trust_that_the_journal_is_still_there(monkeypatch) -> None:
    monkeypatch.setattr(store.journal.JournalWriter, "_keep", lambda self: None)


def let_one_line_keep_the_others_out(monkeypatch) -> None:
    def apply_all(con, lines, ranked="touched"):
        con.begin()
        with contextlib.suppress(Exception):
            done = store.apply.apply(con, lines, ranked)
            con.commit()
            return done
        con.rollback()
        return store.apply.Flushed()

    monkeypatch.setattr("store.apply.fill", apply_all)
    monkeypatch.setattr("store.repair.fill", apply_all)


@pytest.mark.parametrize(
    ("mutant", "drawn"),
    [
        pytest.param(skip_the_sync, 0, id="skip_the_sync"),
        pytest.param(trust_that_the_journal_is_still_there, 1, id="trust_that_the_journal_is_still_there"),
        pytest.param(let_one_line_keep_the_others_out, 1, id="let_one_line_keep_the_others_out"),
        pytest.param(keep_the_last_number, None, id="keep_the_last_number", marks=pytest.mark.slow),
        pytest.param(keep_what_is_read_first, None, id="keep_what_is_read_first", marks=pytest.mark.slow),
    ],
)
def test_a_mutant_of_the_store_is_caught(mutant, drawn, monkeypatch, capsys):
    """Most often after some dozens of programs; these seeds draw one that shows it among the first."""
    mutant(monkeypatch)
    with pytest.raises((AssertionError, store.errors.StoreError)):
        run_programs(MANY, drawn)
