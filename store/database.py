"""The DuckDB file: made in one piece, opened with safe settings, its errors told as sentences."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from store import migrations
from store.errors import NewerStore, StoreBusy, StoreError
from store.format import check
from store.home import Home, find_home
from store.journal import DiskFull
from store.limits import FOR_RESULTS, check_memory
from store.reference import ReferenceScore, reference_scores
from store.umask import keep_private

if TYPE_CHECKING:
    import duckdb

STORAGE_VERSION: Final = "v1.2.0"
"""Files of DuckDB 2's own default format cannot be opened by any 1.x client."""

Config = dict[str, str | bool | int | float | list[str]]
SAFE: Final[Config] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
}
"""A foreign file must not make DuckDB fetch an extension."""

ROW_GROUP: Final = 122_880
"""Rows that DuckDB stores together: converted while it compresses those before them."""

_REPAIR: Final = "The journals hold every saved split: `genearena repair` rebuilds the file from them."
_RETRY_S: Final = 0.05
_STALE_S: Final = 600.0


def connect(
    place: Home | str | os.PathLike[str] | None = None, timeout: float = 2.0, *, any_step: bool = False
) -> duckdb.DuckDBPyConnection:
    """Open the results for reading, trying again while a writer holds them for a moment.

    Args:
        place: a home, a home's folder, or the database file itself; None: the usual home.
        timeout: seconds to go on trying.
        any_step: also a file of an earlier version, whose tables and views may lack something.

    Raises:
        OtherFormat: an earlier or a newer version made it.
        NewerStore: a newer version has written to it.
        StoreError: there is no such file, or it is not a results file this version can read.
        StoreBusy: another process kept it locked all the time, or an earlier version wrote it last.
    """
    path = _database_at(place)
    if not os.path.exists(path):  # noqa: PTH110 - also false for a name longer than a name may be
        raise StoreError(
            f"There are no results at {path} yet.", "Start a run, or name its home with --home."
        )
    deadline = time.monotonic() + timeout
    while True:
        try:
            con = _open(path, read_only=True)
            if any_step or migrations.complete(con):
                return con
            con.close()
            raise StoreBusy(
                f"{path} was last written by an earlier genearena.",
                "The next run or `genearena repair` brings it up to date.",
            )
        except StoreBusy:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_RETRY_S)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The database opened for writing; transactions are the caller's.

    Raises:
        StoreBusy: another process holds the file.
        DiskFull: no space is left; nothing was written.
        StoreError: the file cannot be opened or is not ours; it is left as it is.
    """
    check_memory(FOR_RESULTS)
    import duckdb

    if not path.exists():
        create(path)
    keep_private(path)
    con = _open(path, read_only=False)
    try:
        migrations.migrate(con)
        yield con
    except duckdb.Error as error:
        raise _update_sentence(error, path) from error
    finally:
        with contextlib.suppress(duckdb.Error):
            con.close()


def create(path: Path) -> None:
    """Make the database at `path` unless it is there; another process may be doing the same.

    Raises:
        DiskFull, StoreError: it cannot be made.
    """
    new = build(path)
    try:
        create_from(new, path)
    finally:
        new.unlink(missing_ok=True)


def create_from(new: Path, path: Path) -> None:
    """Let the database `new` appear at `path`, complete or not at all, unless one is there by now.

    Raises:
        StoreError: the folder cannot be written.
    """
    try:
        _set_wal_aside(path)
        _link(new, path)
    except FileExistsError:
        pass  # somebody else's is as good as ours
    except OSError as error:
        raise StoreError(f"The results file {path} cannot be made: {error.strerror}.") from error


def build(path: Path, fill: Callable[[duckdb.DuckDBPyConnection], None] | None = None) -> Path:
    """A complete new database beside `path`, under a temporary name."""
    check_memory(FOR_RESULTS)
    import duckdb

    _sweep(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(3)}.tmp")
    complete = False
    try:
        config = {**SAFE, "storage_compatibility_version": STORAGE_VERSION}
        with _connect(temporary, config) as con:
            migrations.migrate(con)
            rows = list(reference_scores())
            columns = zip(ReferenceScore._fields, zip(*rows, strict=True), strict=True)
            insert(con, "reference_scores", {name: list(values) for name, values in columns})
            if fill:
                fill(con)
            con.execute("CHECKPOINT")
            complete = True
    except duckdb.Error as error:
        raise _update_sentence(error, path) from error
    finally:
        if not complete:
            for leftover in path.parent.glob(f"{temporary.name}*"):
                leftover.unlink()
    return temporary


def aside(path: Path) -> Path:
    """A free name beside `path` that tells when it was put there."""
    return path.with_name(f"{path.stem}.{datetime.now(UTC):%Y%m%dT%H%M%S%f}{path.suffix}")


def insert(
    con: duckdb.DuckDBPyConnection,
    table: str,
    columns: Mapping[str, Sequence[Any]],
    key: str = "",
    matched: str = "",
) -> None:
    """Insert columns of equal length in one statement (a thousand times faster than row by row).

    Args:
        con: an open connection.
        table: a table of the schema.
        columns: column name -> values; maps are lists of pairs.
        key: a column of which the table may hold a value already; each stands once in `columns`.
        matched: what is then done with the row that is there, e.g. `WHEN MATCHED THEN DELETE`; it stays
            as it is if nothing is said.
    """
    import pyarrow as pa

    # With the table's own types pyarrow need not guess them first, which takes as long again.
    types = con.sql(f"FROM {table} LIMIT 0").to_arrow_table().schema
    schema = pa.schema([pa.field(name, types.field(name).type) for name in columns])

    def row_groups() -> Iterator[pa.RecordBatch]:
        for start in range(0, max(map(len, columns.values()), default=0), ROW_GROUP):
            part = slice(start, start + ROW_GROUP)
            arrays = [pa.array(columns[field.name][part], field.type) for field in schema]
            yield pa.record_batch(arrays, schema=schema)

    statement = f"INSERT INTO {table} BY NAME SELECT * FROM incoming"
    if key:
        new = "WHEN NOT MATCHED THEN INSERT BY NAME"
        statement = f"MERGE INTO {table} USING incoming USING ({key}) {matched} {new}"
    con.register("incoming", pa.RecordBatchReader.from_batches(schema, row_groups()))
    con.execute(statement)
    con.unregister("incoming")


def applied_offsets(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Journal file -> byte offset up to which this database has it."""
    return dict(con.execute('SELECT file, "offset" FROM applied').fetchall())


def _database_at(place: Home | str | os.PathLike[str] | None) -> Path:
    if isinstance(place, Home):
        return place.database
    if place is not None and Path(place).is_file():
        return Path(place)
    return find_home(place).database


def _connect(path: Path, config: Config, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    import duckdb

    con = duckdb.connect(path, read_only=read_only, config=config)
    # What takes long would draw a bar into what is printed, `--json` included.
    con.execute("SET enable_progress_bar = false")
    return con


def _open(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    check_memory(FOR_RESULTS)
    import duckdb

    try:
        con = _connect(path, SAFE, read_only=read_only)
    except duckdb.Error as error:
        raise file_sentence(str(error), path) from error
    try:
        stamp = migrations.stamp(con)
        if stamp is None:
            raise StoreError(f"{path} is not a genearena results file.", "Move it away; a new one is made.")
        known, steps = stamp
        check(path, known)
        if steps > len(migrations.STEPS):
            raise NewerStore(
                f"{path} was written by a newer genearena (schema step {steps}).",
                "Update genearena to read it.",
            )
    except duckdb.Error as error:
        con.close()
        raise file_sentence(str(error), path) from error
    except StoreError:
        con.close()
        raise
    return con


def held_by(path: Path) -> StoreBusy:
    """Who holds the file that could not be locked, as far as DuckDB can tell."""
    try:
        _open(path, read_only=False).close()
    except StoreBusy as error:
        return error
    except StoreError:
        pass  # it has let go of a file that is not a database
    return StoreBusy(f"Another process holds {path}.", "Try again when it lets go.")


def file_sentence(text: str, path: Path) -> StoreError:
    """What DuckDB's message about the file at `path` means."""
    holder = re.search(r"lock is held in (\S*) ?\(PID (\d+)\)", text)
    if holder:
        program = Path(holder[1]).name or "unknown program"
        return StoreBusy(
            f"Process {holder[2]} ({program}) holds {path}.",
            "Saved splits are safe in the journal and appear when it lets go.",
        )
    if "Could not set lock" in text or "different configuration" in text or "file handle conflict" in text:
        return StoreBusy(f"Another reader or writer holds {path}.", "Try again when it lets go.")
    if "No space left" in text or "File too large" in text or "quota" in text.lower():
        return DiskFull(f"No space is left for {path}.", "Free some space; nothing that was saved is lost.")
    if "newer version" in text or "storage version" in text or "version number" in text:
        return NewerStore(
            f"{path} was written by a newer DuckDB.", "Update genearena, or its duckdb, to read it."
        )
    if "Permission denied" in text or "Read-only file system" in text:
        return StoreError(
            f"{path} cannot be opened: permission denied.", "Check who owns it, or use --home."
        )
    if "extension" in text.lower():
        return StoreError(f"{path} is not a DuckDB file.", "Move it away; a new one is made.")
    first = text.splitlines()[0].rstrip(".!") if text else "no message"
    return StoreError(f"{path} is damaged or not a DuckDB file: {first}.", _REPAIR)


def _update_sentence(error: Exception, path: Path) -> StoreError:
    """What a DuckDB error inside a transaction means."""
    import duckdb

    text = str(error)
    if "No space left" in text or "File too large" in text:
        return file_sentence(text, path)
    if isinstance(error, duckdb.TransactionException | duckdb.ConstraintException):
        return StoreBusy(f"{path} is being updated by another thread.", "It is tried again later.")
    first = text.splitlines()[0].rstrip(".")
    return StoreError(f"{path} could not be updated: {first}.", _REPAIR)


def _set_wal_aside(path: Path) -> None:
    """Rename a log that a vanished database left: DuckDB would replay it into the next one."""
    wal = path.with_name(path.name + ".wal")
    if wal.exists() and not path.exists():
        wal.rename(aside(wal))


def _link(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if not path.exists():
            temporary.rename(path)


def _sweep(path: Path) -> None:
    """Remove what builders killed in the middle left behind."""
    for leftover in path.parent.glob(f".{path.name}.*.tmp*"):
        with contextlib.suppress(OSError):
            if time.time() - leftover.stat().st_mtime > _STALE_S:
                leftover.unlink()
