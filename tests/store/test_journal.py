"""The journal: what was acknowledged is there, what is damaged is told, what is torn waits."""

from __future__ import annotations

import errno
import json
import os
import threading
import zlib
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import journal
from store.errors import StoreError
from store.journal import Damaged, DiskFull, Entry, JournalWriter, encode, journal_sizes, read_journals

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
entries = st.builds(
    lambda kind, key, record: {"kind": kind, "key": key, "record": record},
    st.sampled_from(["scored", "failed", "run_end"]),
    st.text(),
    st.dictionaries(st.text(), json_values, max_size=3),
)


def entry(number: int) -> dict[str, object]:
    return {"kind": "scored", "key": f"key{number}", "record": {"number": number, "name": "näme \n\u2028"}}


def keys(folder: Path, offsets: dict[str, int] | None = None) -> list[str]:
    return [line.key for line in read_journals(folder, offsets or {}) if isinstance(line, Entry)]


@given(groups=st.lists(st.lists(entries, max_size=4), max_size=4))
@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_reads_back_what_was_appended(tmp_path_factory, groups):
    folder = tmp_path_factory.mktemp("journal")
    writer = JournalWriter(folder)
    for group in groups:
        writer.append(group)
    writer.close()
    found = list(read_journals(folder, {}))
    wanted = [item for group in groups for item in group]
    assert [(line.kind, line.key, line.record) for line in found if isinstance(line, Entry)] == [
        (item["kind"], item["key"], item["record"]) for item in wanted
    ]
    assert len(list(folder.iterdir())) == (1 if wanted else 0)


def test_a_line_is_json_with_its_checksum_first():
    line = encode(entry(1))
    data = json.loads(line)
    assert list(data) == ["crc", "kind", "key", "record"]
    assert data["crc"] == f"{zlib.crc32(line[line.index(b',') + 1 : -1]):08x}"


def test_duckdb_reads_the_journal_as_json(tmp_path):
    writer = JournalWriter(tmp_path, "one")
    writer.append([entry(1), entry(2)])
    rows = duckdb.sql(
        f"SELECT key, record.number FROM read_json('{tmp_path}/*.jsonl') ORDER BY key"
    ).fetchall()
    assert rows == [("key1", 1), ("key2", 2)]


def test_what_is_no_file_is_no_journal(tmp_path):
    JournalWriter(tmp_path, "a").append([entry(1)])
    os.mkfifo(tmp_path / "b.jsonl")
    (tmp_path / "c.jsonl").mkdir()
    assert keys(tmp_path) == ["key1"]
    assert list(journal_sizes(tmp_path)) == ["a.jsonl"]


def test_reading_goes_on_where_it_stopped(tmp_path):
    first, second = JournalWriter(tmp_path, "a"), JournalWriter(tmp_path, "b")
    first.append([entry(1)])
    offsets = {line.file: line.end for line in read_journals(tmp_path, {})}
    second.append([entry(2)])
    first.append([entry(3)])
    assert keys(tmp_path, offsets) == ["key3", "key2"]


@given(cut=st.integers(min_value=0))
@settings(max_examples=60)
def test_a_torn_file_keeps_its_whole_lines(tmp_path_factory, cut):
    folder = tmp_path_factory.mktemp("journal")
    lines = [encode(entry(number)) for number in range(5)]
    whole = b"".join(lines)
    cut %= len(whole) + 1
    (folder / "torn.jsonl").write_bytes(whole[:cut])
    ends = [sum(map(len, lines[: number + 1])) for number in range(5)]
    complete = sum(end <= cut for end in ends)
    assert keys(folder) == [f"key{number}" for number in range(complete)]
    assert not any(isinstance(line, Damaged) for line in read_journals(folder, {}))
    told = [line for line in read_journals(folder, {}, closed=True) if isinstance(line, Damaged)]
    assert len(told) == (0 if cut in (0, *ends) else 1)


@given(place=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
@settings(max_examples=150)
def test_a_flipped_bit_is_counted_and_costs_its_own_lines_only(tmp_path_factory, place, bit):
    folder = tmp_path_factory.mktemp("journal")
    data = bytearray(b"".join(encode(entry(number)) for number in range(5)))
    place %= len(data)
    data[place] ^= 1 << bit
    (folder / "flipped.jsonl").write_bytes(data)
    found = list(read_journals(folder, {}, closed=True))
    intact = [line for line in found if isinstance(line, Entry)]
    assert len(intact) in (3, 4)  # a flipped newline joins two lines
    assert any(isinstance(line, Damaged) for line in found)
    assert {line.key for line in intact} < {f"key{number}" for number in range(5)}


def test_a_line_being_written_is_left_for_next_time(tmp_path):
    line = encode(entry(1))
    path = tmp_path / "slow.jsonl"
    path.write_bytes(line[:10])
    assert list(read_journals(tmp_path, {})) == []
    path.write_bytes(line)
    assert keys(tmp_path) == ["key1"]


def test_a_full_disk_keeps_nothing_of_the_append_and_the_next_one_works(tmp_path, monkeypatch):
    writer = JournalWriter(tmp_path, "full")
    writer.append([entry(1)])
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[: len(data) - 5]))
    with pytest.raises(DiskFull, match="No space is left"):
        writer.append([entry(2), entry(3)])
    monkeypatch.setattr(os, "write", write)
    assert keys(tmp_path) == ["key1"]
    writer.append([entry(4)])
    assert sorted(keys(tmp_path)) == ["key1", "key4"]
    assert not any(isinstance(line, Damaged) for line in read_journals(tmp_path, {}, closed=True))


def test_retrying_on_a_full_disk_leaves_no_litter(tmp_path, monkeypatch):
    writer = JournalWriter(tmp_path)

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    for _ in range(3):
        with pytest.raises(DiskFull):
            writer.append([entry(1)])
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_when_a_file_is_synced_and_closed_is_full_in_a_sentence(tmp_path, monkeypatch):
    close, opened = os.close, []

    def full(descriptor):
        opened.append(descriptor)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    writer = JournalWriter(tmp_path)
    monkeypatch.setattr(journal, "_sync", full)
    monkeypatch.setattr(os, "close", lambda one: close(one) or (one in opened and full(0)))
    with pytest.raises(DiskFull):
        writer.append([entry(1)])
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []
    writer.append([entry(1)])
    assert keys(tmp_path) == ["key1"]


def test_a_file_that_a_server_has_no_more_is_a_sentence(tmp_path, monkeypatch):
    def stale(descriptor):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    writer = JournalWriter(tmp_path)
    writer.append([entry(1)])
    monkeypatch.setattr(os, "fstat", stale)
    with pytest.raises(StoreError, match="cannot be written: Stale file handle"):
        writer.append([entry(2)])
    monkeypatch.undo()
    writer.append([entry(2)])
    assert keys(tmp_path) == ["key1", "key2"]


def test_threads_share_a_writer(tmp_path):
    writer = JournalWriter(tmp_path)
    threads = [
        threading.Thread(target=lambda start=start: [writer.append([entry(start + i)]) for i in range(20)])
        for start in range(0, 80, 20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(keys(tmp_path)) == sorted(f"key{number}" for number in range(80))


def test_never_writes_into_an_existing_file(tmp_path):
    JournalWriter(tmp_path, "mine").append([entry(1)])
    with pytest.raises(Exception, match="File exists"):
        JournalWriter(tmp_path, "mine").append([entry(2)])
    assert keys(tmp_path) == ["key1"]
