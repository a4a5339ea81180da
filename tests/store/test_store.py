"""The store: durable at once, in DuckDB after a flush, whoever else reads or writes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import sys
import threading
import time
import zlib
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from fake_records import ENVIRONMENT, failed, scored, unit

import store
from store.altered import Altered, altered
from store.apply import Flushed
from store.entries import entry_of
from store.errors import StoreBusy, StoreError
from store.home import find_home
from store.journal import JournalWriter, encode
from store.provenance import Measurement, Run
from store.queries import measurements
from store.records import PHASES, Audit, ClassAudit, Model, Task, Unit
from store.repair import repair
from store.rows import _ROWS
from store.store import Store

HOLD = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print(flush=True); input()"
POLL = """
import store, sys
for _ in range(15):
    with store.connect(sys.argv[1]) as con:
        print(con.execute("SELECT count(*) FROM scores").fetchone()[0])
"""
WRITE = """
import sys
sys.path.insert(0, sys.argv[2])
from fake_records import scored, unit
from store.errors import StoreBusy
from store.home import find_home
from store.store import Store
saved = Store(find_home(sys.argv[1]))
input()
for seed in range(int(sys.argv[3]), int(sys.argv[3]) + 15):
    saved.append(scored(unit(seed=seed)))
    try:
        saved.flush()
    except StoreBusy:
        pass
"""


def rows(home, query: str) -> list[tuple]:
    with store.connect(home) as con:
        return con.execute(query).fetchall()


@pytest.fixture
def hold():
    """Open a file in another process until the test ends."""
    holders = []

    def start(path) -> subprocess.Popen:
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        holders.append(holder)
        holder.stdout.readline()
        return holder

    yield start
    for holder in holders:
        holder.kill()
        holder.communicate()


def test_every_kind_of_record_reaches_its_tables(home):
    saved = Store(home)
    task = Task(
        "mine",
        "Mine",
        ("a", "b"),
        ("G1", "G2"),
        (0, 1),
        ("x", "y"),
        Audit((ClassAudit("a", 1, 1, 1, 1, 1),)),
    )
    model = Model("m", "folder", "/models/m", printed={"memory_gb": 0.12})
    run = Run("run-1", "2026-11-23T13:00:00+01:00", {"models": ["m"]}, 2, 0, 7, "box")
    saved.append(run, ENVIRONMENT, model, task, scored(unit()), failed(unit(seed=42)))
    flushed = saved.flush()
    assert (flushed.scored, flushed.failed, flushed.conflicts, flushed.damaged) == (1, 1, 0, 0)
    counts = {
        "models": 1, "tasks": 1, "task_genes": 2, "runs": 1, "units": 2, "scores": 1, "predictions": 12,
        "cv_trials": 2, "epochs": 1, "failures": 1,
        "environments": 1, "conflicts": 0, "reference_scores": 540,
    }  # fmt: skip
    with store.connect(home) as con:
        found = {name: con.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in counts}
        assert found == counts
        assert con.execute("SELECT class, text FROM task_genes ORDER BY gene").fetchall() == [
            ("a", "x"),
            ("b", "y"),
        ]
        assert con.execute("SELECT printed['memory_gb'] FROM models").fetchone() == (0.12,)
        assert con.execute("SELECT started_at::VARCHAR, state FROM runs").fetchone() == (
            "2026-11-23 12:00:00",
            "started",
        )
        query = "SELECT text, scheme, axes->>'labels', task_hash FROM units WHERE seed = 41"
        assert con.execute(query).fetchone() == ("facts", "paper", "unique", "hash of dosage-sensitivity")
        assert con.execute("SELECT seconds.fit, notes FROM scores").fetchone() == (0.25, ["a note"])
        assert con.execute("SELECT score = scores[2] FROM predictions LIMIT 1").fetchone() == (True,)
    saved.append(Run("run-1", run.started_at, {}, 2, 0, 7, "box", "2026-11-23T12:30:00+00:00", "failed"))
    saved.flush()
    assert rows(home, "SELECT state, finished_at::VARCHAR FROM runs") == [("failed", "2026-11-23 12:30:00")]


def test_strange_texts_pass(home):
    saved = Store(home)
    names = ["[/]", "\x1b[31m", "a\x00b", "💥 \u202e", "x" * 300, "'; DROP TABLE scores; --"]
    saved.append(*(scored(unit(model=name)) for name in names))
    saved.flush()
    assert len(rows(home, "SELECT DISTINCT model FROM scores")) == len(names)


def test_what_is_finished_is_known_across_processes_and_between_calls(home):
    first, second = Store(home), Store(home)
    done, broken = unit(seed=41), unit(seed=42)
    first.append(scored(done), failed(broken))
    assert second.finished() == {done.key: "scored", broken.key: "failed"}
    second.append(failed(broken, 2))
    assert first.attempts() == {broken.key: 2}
    first.append(scored(broken))
    assert second.finished() == {done.key: "scored", broken.key: "scored"}
    second.append(failed(broken, 3))
    assert second.finished()[broken.key] == "scored"


def test_the_same_number_again_is_ignored(home):
    saved = Store(home)
    saved.append(scored(unit()))
    saved.flush()
    saved.append(scored(unit()), scored(unit()))
    assert saved.flush().scored == 0
    assert rows(home, "SELECT count(*) FROM predictions") == [(12,)]
    assert rows(home, "FROM conflicts") == []


@pytest.mark.parametrize("at_once", [True, False])
def test_another_number_is_a_conflict_and_never_overwrites(home, at_once):
    saved = Store(home)
    saved.append(scored(unit(), 0.75))
    if not at_once:
        saved.flush()
    saved.append(scored(unit(), 0.8, environment="elsewhere"))
    saved.flush()
    assert rows(home, "SELECT auc FROM scores") == [(0.75,)]
    assert rows(home, "SELECT key, kept_auc, auc, kept_environment, environment FROM conflicts") == [
        (unit().key, 0.75, 0.8, ENVIRONMENT.hash, "elsewhere")
    ]
    assert rows(home, "SELECT count(*) FROM predictions") == [(12,)]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_success_supersedes_failures_but_keeps_them(home, at_once):
    saved = Store(home)
    saved.append(failed(unit(), 1), failed(unit(), 2))
    if not at_once:
        saved.flush()
    saved.append(scored(unit()))
    saved.append(failed(unit(), 3))
    saved.flush()
    assert rows(home, "SELECT state FROM units") == [("scored",)]
    assert rows(home, "SELECT attempt FROM failures ORDER BY attempt") == [(1,), (2,), (3,)]
    assert rows(home, "SELECT n, failed FROM leaderboard") == [(1, 0)]


def test_descriptions_are_written_once(home):
    model = Model("m", "folder", "/m")
    Store(home).append(ENVIRONMENT, model)
    before = sum(path.stat().st_size for path in home.journals.iterdir())
    Store(home).append(ENVIRONMENT, model)
    assert sum(path.stat().st_size for path in home.journals.iterdir()) == before
    changed = Store(home)
    changed.append(Model("m", "folder", "/elsewhere"))
    changed.flush()
    assert rows(home, "SELECT source FROM models") == [("/elsewhere",)]


def test_damaged_lines_are_counted_and_the_rest_is_there(home):
    saved = Store(home)
    saved.append(scored(unit(seed=1)))
    saved.append(scored(unit(seed=2)))
    saved.append(scored(unit(seed=3)))
    (journal,) = home.journals.iterdir()
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"GENE3", b"GENE4")
    journal.write_bytes(b"".join(lines))
    assert saved.flush().damaged == 1
    assert rows(home, "SELECT seed FROM scores ORDER BY seed") == [(1,), (3,)]
    assert rows(home, "SELECT damaged FROM applied") == [(1,)]
    assert len(saved.finished()) == 2
    assert saved.damaged == 1


def test_a_line_of_another_version_is_counted_and_does_not_stop_the_others(home):
    saved = Store(home)
    model = entry_of(Model("m", "folder", "/m"))
    JournalWriter(home.create().journals, "future").append(
        [
            {"kind": "hologram", "key": "x", "record": {}},
            {"kind": "scored", "key": "y", "record": {"unit": 7}},
            {**model, "record": {**model["record"], "mood": "fine"}},
            {**model, "key": "huge", "record": {**model["record"], "name": "huge", "max_tokens": 10**30}},
            entry_of(scored(unit())),
        ]
    )
    flushed = saved.flush()
    assert (flushed.scored, flushed.damaged, flushed.refused) == (1, 0, 3)
    assert rows(home, "SELECT name FROM models") == [("m",)]
    assert rows(home, "SELECT kind, key, newer FROM refused") == [
        ("hologram", "x", True),
        ("scored", "y", False),
        ("model", "huge", False),
    ]


def test_large_journals_are_applied_in_several_short_transactions(home, monkeypatch):
    monkeypatch.setattr("store.store.BATCH_BYTES", 4000)
    saved = Store(home)
    saved.append(*(scored(unit(seed=seed)) for seed in range(30)))
    assert saved.flush().scored == 30
    assert rows(home, "SELECT count(*), count(DISTINCT key) FROM scores") == [(30, 30)]


def test_nothing_new_leaves_the_file_alone(home, hold):
    saved = Store(home)
    saved.append(scored(unit()))
    saved.flush()
    hold(home.database)
    assert saved.flush().scored == 0


def test_a_lock_elsewhere_names_its_holder_and_costs_nothing(home, hold):
    saved = Store(home)
    saved.flush()
    pid = hold(home.database).pid
    saved.append(scored(unit()))
    with pytest.raises(StoreBusy, match=rf"Process {pid} \(python[^)]*\) holds "):
        saved.flush()
    assert saved.finished() == {unit().key: "scored"}
    with pytest.raises(StoreBusy, match=str(pid)):
        store.connect(home, timeout=0.1)


def test_rows_wait_for_the_lock_to_go(home, hold):
    saved = Store(home)
    saved.flush()
    holder = hold(home.database)
    saved.append(scored(unit()))
    with pytest.raises(StoreBusy):
        saved.flush()
    holder.kill()
    holder.wait()
    assert saved.flush().scored == 1


def test_reading_goes_on_while_another_process_flushes(home):
    saved = Store(home)
    saved.append(scored(unit(seed=0)))
    saved.flush()
    reader = subprocess.Popen(
        [sys.executable, "-c", POLL, str(home.database)], stdout=subprocess.PIPE, text=True
    )
    seed = 1
    while reader.poll() is None:
        saved.append(scored(unit(seed=seed)))
        seed += 1
        with contextlib.suppress(StoreBusy):
            saved.flush()
        time.sleep(0.05)  # a runner leaves the file alone for two seconds
    counts = [int(line) for line in reader.stdout]
    assert reader.returncode == 0
    assert len(counts) == 15
    assert counts == sorted(counts)
    saved.flush()
    assert rows(home, "SELECT count(*) FROM scores") == [(seed,)]


def test_two_processes_create_and_flush_at_once(home):
    places = [str(home.data.parent), str(Path(__file__).parent)]
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITE, *places, start], stdin=subprocess.PIPE)
        for start in ("0", "10")
    ]
    for writer in writers:
        writer.stdin.write(b"\n")
        writer.stdin.flush()
    assert [writer.wait() for writer in writers] == [0, 0]
    Store(home).flush()
    assert rows(home, "SELECT count(*), count(DISTINCT key) FROM scores") == [(25, 25)]
    assert rows(home, "FROM conflicts") == []
    assert [path.name for path in home.data.glob(".arena*")] == []


def test_threads_share_a_store(home):
    saved = Store(home)
    problems = []

    def work(start: int) -> None:
        for seed in range(start, start + 5):
            saved.append(scored(unit(seed=seed)))
            try:
                saved.flush()
            except StoreError as error:
                problems.append(error)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(0, 20, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert rows(home, "SELECT count(*) FROM scores") == [(20,)]


def digest(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sqlite(path) -> None:
    import sqlite3

    with sqlite3.connect(path) as con:
        con.execute("CREATE TABLE t (x)")


def foreign(path) -> None:
    with duckdb.connect(path) as con:
        con.execute("CREATE TABLE t (x INTEGER)")


def newer(path) -> None:
    Store(find_home(path.parent.parent)).flush()
    with duckdb.connect(path) as con:
        con.execute("INSERT INTO migrations VALUES (99, 'future.sql', 1, now()::TIMESTAMP)")


def truncated(path) -> None:
    Store(find_home(path.parent.parent)).flush()
    path.write_bytes(path.read_bytes()[:5000])


def newer_duckdb(path) -> None:
    Store(find_home(path.parent.parent)).flush()
    data = bytearray(path.read_bytes())
    data[12:20] = (250).to_bytes(8, "little")
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: path.write_bytes(b""), "damaged or not a DuckDB file"),
        (lambda path: path.write_bytes(b"hello " * 5000), "damaged or not a DuckDB file"),
        (sqlite, "is not a DuckDB file"),
        (foreign, "is not a genearena results file"),
        (newer, r"written by a newer genearena \(schema step 99\)"),
        (truncated, "damaged or not a DuckDB file"),
        (newer_duckdb, "newer DuckDB|damaged"),
    ],
    ids=["empty", "text", "sqlite", "foreign", "newer", "truncated", "newer-duckdb"],
)
def test_a_file_that_is_not_ours_is_told_in_one_sentence_and_left_alone(home, make, sentence):
    home.create()
    make(home.database)
    before = digest(home.database)
    saved = Store(home)
    saved.append(scored(unit()))
    for attempt in (saved.flush, lambda: store.connect(home)):
        with pytest.raises(StoreError, match=sentence) as told:
            attempt()
        assert "\n" not in str(told.value)
    assert digest(home.database) == before
    assert saved.finished() == {unit().key: "scored"}


def test_asking_what_is_finished_makes_no_folder(home):
    saved = Store(home)
    assert saved.finished() == {}
    assert not home.data.exists()
    saved.append(scored(unit()))
    assert home.data.stat().st_mode & 0o777 == 0o700
    assert home.mailbox.is_dir()


@pytest.mark.parametrize("save", [lambda saved: saved.append(scored(unit())), Store.flush])
def test_a_home_that_cannot_be_made_is_told_at_the_first_save(home, save):
    home.data.parent.write_text("a file")
    saved = Store(home)
    assert saved.finished() == {}
    with pytest.raises(StoreError, match=r"The folder .* cannot be (made|read)"):
        save(saved)


def test_no_file_yet(tmp_path):
    with pytest.raises(StoreError, match=r"no results at .* yet"):
        store.connect(tmp_path)


def test_connect_takes_a_home_a_folder_or_the_file(home):
    Store(home).flush()
    for place in (home, home.data.parent, home.database, str(home.database)):
        with store.connect(place) as con:
            assert con.execute("SELECT count(*) FROM units").fetchone() == (0,)


def test_the_file_is_in_the_format_that_duckdb_1_2_reads(home):
    Store(home).flush()
    with duckdb.connect(home.database, read_only=True) as con:
        tags = con.execute("SELECT tags FROM duckdb_databases() WHERE database_name = 'arena'").fetchone()[
            0
        ]
    assert tags["storage_version"].startswith("v1.2.0")


def test_the_log_of_a_vanished_database_is_not_replayed_into_the_new_one(home):
    saved = Store(home)
    saved.flush()
    code = (
        "import duckdb, os, sys\n"
        "con = duckdb.connect(sys.argv[1]); con.execute('PRAGMA disable_checkpoint_on_shutdown')\n"
        "con.execute('CREATE TABLE ghost (x INTEGER)'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, str(home.database)], check=True)
    assert home.database.with_name("arena.duckdb.wal").exists()
    home.database.unlink()
    saved.flush()
    assert rows(home, "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'ghost'") == [(0,)]
    assert len(list(home.data.glob("arena.duckdb.*.wal"))) == 1


def test_every_phase_of_a_split_has_a_field(home):
    saved = Store(home)
    seconds = {name: float(place) for place, name in enumerate(PHASES)}
    saved.append(replace(scored(unit()), seconds=seconds))
    saved.flush()
    assert rows(home, "SELECT seconds FROM scores") == [(seconds,)]


def measured(texts: int, seconds: float, precision: str = "fp32", size: int | None = 1000) -> Measurement:
    at = f"2026-11-23T12:00:{texts % 60:02}+00:00"
    return Measurement("gte-tiny", "1", precision, ENVIRONMENT.hash, at, texts, seconds, size, 5 << 20)


def test_what_embedding_cost_is_kept_each_time_and_told_over_the_most_texts(home):
    saved = Store(home)
    saved.append(ENVIRONMENT, measured(100, 1.0), measured(3, 1.0))
    saved.flush()
    saved.append(measured(7, 2.0, "bf16", None))
    saved.flush()
    saved.flush()
    assert rows(
        home, "SELECT texts, ms_per_text, bytes_fp32, bytes_fp16 FROM measurements ORDER BY texts"
    ) == [
        (3, 1000 / 3, 4000, 2000),
        (7, 2000 / 7, None, None),
        (100, 10.0, 4000, 2000),
    ]
    with store.connect(home) as con:
        told = [(one.precision, one.device, one.texts, one.parameters) for one in measurements(con)]
    assert told == [("bf16", "cpu", 7, None), ("fp32", "cpu", 100, 1000)]


def test_importing_the_vocabulary_loads_nothing_heavy():
    code = (
        "import sys, store, store.home, store.errors, store.journal, store.entries, store.store\n"
        "print([name for name in ('duckdb', 'pandas', 'pyarrow', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def impossible(**members) -> dict:
    """A whole line with a value that no table can hold."""
    line = entry_of(scored(unit(seed=99)))
    record = {
        **line["record"],
        **{name: value for name, value in members.items() if name in line["record"]},
    }
    record["unit"] = {
        **record["unit"],
        **{name: members[name] for name in members if name in record["unit"]},
    }
    return {**line, "key": members.get("key", line["key"]), "record": record}


IMPOSSIBLE = {
    "a huge seed": impossible(seed=2**70),
    "a huge float": impossible(seed=1e300),
    "half a pair": impossible(model="lone \ud800 half"),
    "half a pair in the key": impossible(key="lone \ud800 key"),
    "a huge count": impossible(n_train=2**40),
    "no time": impossible(finished_at=""),
}


@pytest.mark.parametrize("line", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
@pytest.mark.parametrize("rebuild", [False, True])
def test_an_impossible_line_keeps_no_other_out(home, line, rebuild):
    lines = [entry_of(scored(unit(seed=seed))) for seed in range(10)]
    text = json.dumps(line, separators=(",", ":"))  # with escapes, as another program would write it
    body = text.encode()[1:]
    journal = home.create().journals / "other.jsonl"
    with journal.open("wb") as file:
        for number, one in enumerate(lines):
            file.write(encode(one))
            if number == 5:
                file.write(b'{"crc":"%08x",%s\n' % (zlib.crc32(body), body))
    done = repair(home) if rebuild else Store(home).flush()
    assert (done.scored, done.damaged, done.refused) == (10, 0, 1)
    assert rows(home, "SELECT seed FROM scores ORDER BY seed") == [(seed,) for seed in range(10)]
    [(file, kind, newer)] = rows(home, "SELECT file, kind, newer FROM refused")
    assert (file, kind, newer) == ("other.jsonl", "scored", False)
    assert Store(home).flush().refused == 0


DEEP = b"[" * 100_000 + b"]" * 100_000
SENSELESS = {
    "nested without end": b'"record":' + DEEP,
    "nested as deep as is read": b'"record":{"unit":' + b"[" * 900 + b"]" * 900 + b"}",
    "no record": b'"other":{}',
    "a list": b'"record":[]',
    "not JSON": b'"record":{',
    "not text": b'"record":"\xff"',
}


@pytest.mark.parametrize("kind", sorted(_ROWS))
def test_lines_without_sense_keep_no_other_out_whatever_their_kind(home, kind):
    saved = Store(home)
    saved.append(scored(unit(seed=1)))
    other = home.journals / "other.jsonl"
    with other.open("wb") as file:
        for key, body in SENSELESS.items():
            content = b'"kind":"%s","key":"%s",%s}' % (kind.encode(), key.encode(), body)
            file.write(b'{"crc":"%08x",%s\n' % (zlib.crc32(content), content))
    assert unit(seed=1).key in saved.finished()
    assert saved.new_turn(["c"]) == 1
    assert saved.removals() == {}
    assert saved.flush() == Flushed(scored=1, refused=len(SENSELESS))
    assert (repair(home).scored, Store(home).flush()) == (1, Flushed())
    with store.connect(home) as con:
        assert altered(home, con) == Altered((), 0)


@pytest.mark.parametrize("key", [rb"\q", b"\xff", b"\x01"])
def test_a_key_that_cannot_be_read_is_damage(home, key):
    saved = Store(home)
    saved.append(scored(unit(seed=1)))
    content = b'"kind":"scored","key":"%s","record":{}}' % key
    (home.journals / "other.jsonl").write_bytes(b'{"crc":"%08x",%s\n' % (zlib.crc32(content), content))
    assert saved.flush() == Flushed(scored=1, damaged=1)
    assert list(saved.finished()) == [unit(seed=1).key]


def test_a_kind_of_a_newer_version_is_applied_after_the_update(home, monkeypatch):
    saved = Store(home)
    line = entry_of(scored(unit(seed=5)))
    JournalWriter(home.create().journals, "a").append([{**line, "kind": "scored_again"}])
    saved.append(scored(unit(seed=1)))
    assert saved.flush() == Flushed(scored=1, refused=1)
    assert rows(home, "SELECT kind, newer FROM refused") == [("scored_again", True)]
    saved.append(scored(unit(seed=2)))
    assert saved.flush() == Flushed(scored=1)
    monkeypatch.setitem(_ROWS, "scored_again", _ROWS["scored"])
    saved.append(scored(unit(seed=3)))
    assert saved.flush().scored == 2
    assert rows(home, "FROM refused") == []
    assert rows(home, "SELECT seed FROM scores ORDER BY seed") == [(1,), (2,), (3,), (5,)]
    assert Store(home).flush() == Flushed()


EARLY, LATE, LATER = (f"2026-11-23T{hour}:00:00+00:00" for hour in (10, 12, 14))


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 0, 3, 2), (2, 1, 3, 0)])
@pytest.mark.parametrize("at_once", [True, False])
def test_the_earliest_number_is_kept_whatever_is_read_first(home, order, at_once):
    attempts = [
        scored(unit(), 0.6, at=EARLY),
        scored(unit(), 0.7, at=LATE),
        scored(unit(), 0.6, at=LATER),
        scored(unit(), 0.8, at=LATER),
    ]
    saved = Store(home)
    for place in order:
        saved.append(attempts[place])
        if not at_once:
            saved.flush()
    saved.flush()
    assert rows(home, "SELECT auc, hour(finished_at) FROM scores") == [(0.6, 10)]
    assert rows(home, "SELECT kept_auc, auc, hour(finished_at) FROM conflicts ORDER BY auc") == [
        (0.6, 0.7, 12),
        (0.6, 0.8, 14),
    ]
    for table in ("units", "predictions", "cv_trials", "epochs"):
        assert rows(home, f"SELECT count(*) FROM {table}") == [
            ({"predictions": 12, "cv_trials": 2}.get(table, 1),)
        ]


def run_of(turn: int, *of: Unit) -> Run:
    return Run(f"run-{turn}", LATE, {}, 1, 0, 1, "box", turn=turn, configs=tuple(one.config for one in of))


@pytest.mark.parametrize("first_at", ["2035-01-01T00:00:00+00:00", EARLY])
def test_the_configuration_that_the_last_run_resolved_to_is_shown_whatever_the_clock_said(home, first_at):
    before, after = unit(), unit(embedding={"prefix": "query: "})
    saved = Store(home)
    saved.append(run_of(1, before), scored(before, 0.9, at=first_at))
    saved.flush()
    saved.append(run_of(2, after), scored(after, 0.6, at=LATE))
    saved.flush()
    shown = "SELECT auc, configs FROM ranked"
    assert rows(home, shown) == [(0.6, 2)]
    saved.append(run_of(3, before))  # back to the first, with nothing to compute
    saved.flush()
    assert rows(home, shown) == [(0.9, 2)]
    repair(home)
    assert rows(home, shown) == [(0.9, 2)]


def test_a_run_takes_a_new_turn_only_where_the_last_resolved_otherwise(home):
    saved = Store(home)
    assert saved.new_turn(["a", "b"]) == 1
    saved.append(Run("1", LATE, {}, 1, 0, 1, "box", turn=1, configs=("a", "b")))
    assert saved.new_turn(["a", "b"]) is None
    assert saved.new_turn(["a"]) is None
    assert saved.new_turn(["a", "c"]) == 2
    saved.append(Run("2", LATE, {}, 1, 0, 1, "box", turn=2, configs=("a", "c")))
    assert Store(home).new_turn(["a", "b"]) == 3


BARS = """
import sys
from store import connect
from store.database import build
from store.home import find_home
from store.store import Store

def bars(con):
    print(con.execute("SELECT current_setting('enable_progress_bar')").fetchone())

home = find_home(sys.argv[1]).create()
build(home.database, bars).unlink()
Store(home).flush()
with connect(home) as con:
    bars(con)
"""


def test_nothing_that_takes_long_draws_a_bar_into_what_is_printed(tmp_path):
    """DuckDB draws one in a program that does not come from a file: it takes it for typed in."""
    done = subprocess.run(
        [sys.executable, "-c", BARS, str(tmp_path / "home")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "(False,)\n(False,)\n"
