"""The one class that saves results: into this process's journal, and from all journals to DuckDB."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from store.entries import Record, entry_of
from store.errors import NewerStore, OtherFormat, StoreError
from store.home import Home
from store.journal import Damaged, Entry, JournalWriter, journal_sizes, read_journals, vanished
from store.provenance import Environment, Measurement, Removal, TaskSet
from store.records import Model, Task
from store.removals import REMOVALS, read_removal
from store.sets import read_set
from store.uncollected import uncollected

if TYPE_CHECKING:
    import duckdb

    from store.apply import Flushed

BATCH_BYTES: Final = 16 << 20
"""Journal bytes applied in one transaction: some 4,000 splits, so that catching up after a long
wait holds the lock for a second at a time and memory stays flat."""


class Store:
    """Saves records durably, knows what is finished, and keeps the database up to date.

    Safe to share between threads. The journals are the truth; the database can be missing, locked
    or behind without any loss.
    """

    def __init__(self, home: Home) -> None:
        """Touch nothing: the home's folders wait for the first save, the database for the first `flush`."""
        self.home = home
        self._made = False
        """Whether the home's folders were seen to be there and writable."""
        self._writer = JournalWriter(home.journals, make_folder=home.create)
        self._scanning = threading.Lock()
        """Protects what has been read: the rest up to `_flushing`."""
        self._forget()
        self._refused: frozenset[str] = frozenset()
        """Keys of scores that no table can hold."""
        self._flushing = threading.Lock()
        """One flush at a time; protects `_flushed`."""
        self._flushed: dict[str, int] | None = None
        self._ranked: dict[str, int] | None = None
        """How far the database had come in each journal when this process left every arm ranked."""
        self._said: list[str] = []

    def append(self, *records: Record) -> None:
        """Save `records`; on return they are on the disk.

        A model, task, environment or measurement that some journal already has is not written again.

        Raises:
            DiskFull: no space is left; nothing was saved.
            StoreError: a folder or the journal cannot be written; nothing was saved.
        """
        self._make_home()
        entries = [entry_of(record) for record in records]
        described = [isinstance(record, Model | Task | Environment | Measurement) for record in records]
        if any(described):
            with self._scanning:
                self._scan()
                entries = [
                    entry
                    for entry, once in zip(entries, described, strict=True)
                    if not once or (entry["kind"], entry["key"]) not in self._described
                ]
        self._writer.append(entries)

    def finished(self) -> dict[str, str]:
        """Unit key -> `scored` or `failed`, over the journals of all processes.

        What no table can hold does not count, as far as a flush or `recall_refused` has found it.
        Reads only what was added since the last call (100,000 splits at first: about a second).

        Raises:
            StoreError: a journal cannot be read.
        """
        with self._scanning:
            self._scan()
            return {key: state for key, state in self._finished.items() if key not in self._refused}

    def recall_refused(self) -> None:
        """Look up which scores no table can hold, if the database is there and can be read now.

        Raises:
            NewerStore, OtherFormat: another version wrote it, so that nothing saved now would be in it.
        """
        from store.database import connect
        from store.refused import unscored

        if not self.home.database.exists():
            return
        try:
            with connect(self.home, timeout=0, any_step=True) as con:
                self._refused = unscored(con)
        except (NewerStore, OtherFormat):
            raise
        except StoreError:
            pass  # held, or damaged: the next flush tells

    def attempts(self) -> dict[str, int]:
        """Unit key -> how often it failed."""
        with self._scanning:
            self._scan()
            return {key: len(lines) for key, lines in self._attempts.items()}

    def new_turn(self, configs: Collection[str]) -> int | None:
        """The turn of a run that resolves to `configs`; None if the last one resolved to all of them."""
        with self._scanning:
            self._scan()
            last = max(self._turns.values(), default=0)
            return None if all(self._turns.get(config) == last for config in configs) else last + 1

    def removals(self) -> dict[str, Removal]:
        """Digest of what a user brought in -> its last removal, or the undoing of it."""
        with self._scanning:
            self._scan()
            return dict(self._removals)

    def task_sets(self) -> dict[str, TaskSet]:
        """Name -> the set as it was last defined, or without tasks if it was removed."""
        with self._scanning:
            self._scan()
            return dict(self._sets)

    def said(self) -> list[str]:
        """What happened to this process's journals since the last call, in sentences."""
        said, self._said = self._said, []
        return self._writer.said() + said

    def flush(self, progress: Callable[[int, int], None] | None = None) -> Flushed:
        """Bring the database up to date with all journals; short transactions, then let go of it.

        Makes the database if there is none. Does not touch it when nothing is new. What this process
        saved and somebody has removed since is saved again first; and where journals that the database was
        filled from have gone, so is what only the database has left.

        Args:
            progress: called after each transaction with the bytes of journals applied, and of all to apply.

        Raises:
            StoreBusy: another process holds the file; try again later, nothing is lost.
            DiskFull: no space is left for the database.
            StoreError: a folder cannot be written, or the file is damaged, foreign or newer; it is left
                as it is.
        """
        from store.apply import Flushed, Ranked, fill
        from store.database import applied_offsets, writing
        from store.refused import try_again, unscored

        with self._flushing:
            self._writer.keep()
            total = Flushed()
            sizes = journal_sizes(self.home.journals)
            if sizes == self._flushed and self.home.database.exists():
                return total
            self._make_home()
            behind, more = 0, True
            while more:
                with writing(self.home.database) as con, uncollected():
                    self._recover(con, sizes)
                    total += try_again(con, self.home.journals)
                    offsets = applied_offsets(con)
                    lines, more = next(batches(read_journals(self.home.journals, offsets)))
                    # What was applied since may not be ranked: each batch but the last leaves that.
                    last: Ranked = "touched" if offsets == self._ranked else "all"
                    total += fill(con, lines, "none" if more else last)
                    if not more:
                        self._ranked = applied_offsets(con)
                    self._refused = unscored(con)
                left = sum(size - offsets.get(file, 0) for file, size in sizes.items())
                behind = behind or left
                if progress and more:
                    progress(behind - left, behind)
            self._flushed = sizes
            return total

    def close(self) -> None:
        """Let go of the journal.

        Raises:
            DiskFull, StoreError: it was removed, and what it held cannot be saved again.
        """
        self._writer.close()

    def _make_home(self) -> None:
        if not self._made:
            self.home.create()
            self._made = True

    def _forget(self) -> None:
        """Have read nothing: the next scan reads all journals there are."""
        self.damaged = 0
        """Journal lines that could not be trusted, as far as `finished` has read."""
        self._read: dict[str, int] = {}
        self._finished: dict[str, str] = {}
        self._attempts: dict[str, set[int]] = defaultdict(set)
        """Unit key -> the checksums of its failures' lines, since two journals may tell one failure."""
        self._turns: dict[str, int] = {}
        """Configuration -> the highest turn of a run that resolved to it."""
        self._removals: dict[str, Removal] = {}
        """Digest -> what counts of all that was said of that content's removal."""
        self._sets: dict[str, TaskSet] = {}
        """Name -> what counts of all that was said of the set."""
        self._described: set[tuple[str, str]] = set()

    def _scan(self) -> None:
        """Read what was added; where less is there than was read before, what has gone counts no more."""
        if vanished(self._read, journal_sizes(self.home.journals)):
            self._forget()
        for line in read_journals(self.home.journals, self._read):
            self._read[line.file] = line.end
            if isinstance(line, Damaged):
                self.damaged += 1
            elif line.kind == "scored":
                self._finished[line.key] = "scored"
            elif line.kind == "failed":
                self._finished.setdefault(line.key, "failed")
                self._attempts[line.key].add(line.checksum)
            else:
                if line.kind in ("run", "run_end"):
                    self._count_turn(_record(line))
                elif line.kind == "task_set":
                    with contextlib.suppress(ValueError):  # no table holds it either
                        found = read_set(_record(line))
                        known = self._sets.get(found.name, found)
                        self._sets[found.name] = max(found, known, key=lambda one: one.order)
                elif line.kind in REMOVALS:
                    self._count_removal(_record(line))
                self._described.add((line.kind, line.key))

    def rescue(self) -> int:
        """Save again whatever only the database has left; the number of scored splits.

        Raises:
            StoreBusy: another process holds the file.
            DiskFull: no space is left.
            StoreError: it cannot be read, or the journal cannot be written.
        """
        import duckdb

        from store.database import connect, file_sentence

        try:
            with connect(self.home, timeout=0, any_step=True) as con:
                return self._save_from(con)
        except duckdb.Error as error:
            raise file_sentence(str(error), self.home.database) from error

    def _recover(self, con: duckdb.DuckDBPyConnection, sizes: Mapping[str, int]) -> None:
        """Where journals that the database was filled from have gone, save again what it has of them."""
        from store.database import applied_offsets

        gone = vanished(applied_offsets(con), sizes)
        if gone:
            saved = self._save_from(con)
            con.execute("DELETE FROM applied WHERE file IN (SELECT unnest(?))", [gone])
            self._said.append(
                f"Journals in {self.home.journals} were removed or cut; scored splits saved again from the "
                f"database: {saved}."
            )

    def _save_from(self, con: duckdb.DuckDBPyConnection) -> int:
        from store.recovery import entries_from

        with self._scanning:
            self._scan()
            scored = {key for key, state in self._finished.items() if state == "scored"}
            described = set(self._described)
            failed = {key: len(lines) for key, lines in self._attempts.items()}
        saved = 0
        for entries in entries_from(con, scored, failed, described):
            self._make_home()
            self._writer.append(entries)
            saved += sum(entry["kind"] == "scored" for entry in entries)
        return saved

    def _count_removal(self, record: Mapping[str, Any]) -> None:
        with contextlib.suppress(ValueError):  # no table holds it either
            found = read_removal(record)
            known = self._removals.get(found.digest, found)
            self._removals[found.digest] = max(found, known, key=lambda one: one.order)

    def _count_turn(self, record: Mapping[str, Any]) -> None:
        turn, configs = record.get("turn", 0), record.get("configs", ())
        if isinstance(turn, int) and isinstance(configs, list):
            for config in configs:
                if isinstance(config, str):
                    self._turns[config] = max(turn, self._turns.get(config, 0))


def _record(line: Entry) -> Mapping[str, Any]:
    """What `line` saved; nothing if that cannot be read, which is refused when it is applied."""
    try:
        return line.record
    except ValueError:
        return {}


def batches(lines: Iterable[Entry | Damaged]) -> Iterator[tuple[list[Entry | Damaged], bool]]:
    """`lines` by `BATCH_BYTES`, at least one batch, each with whether there are more."""
    taken: list[Entry | Damaged] = []
    size = 0
    for line in lines:
        if size >= BATCH_BYTES:
            yield taken, True
            taken, size = [], 0
        taken.append(line)
        size += len(line.line) if isinstance(line, Entry) else 0
    yield taken, False
