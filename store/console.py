"""SQL for people: one SELECT or EXPLAIN at a time, in a locked-down child process.

`run_sql` answers one query; a `Console` keeps its child and pages through large results. Whatever a
query does, the asking process, the database and the disk stay as they are.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import selectors
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from store.database import file_sentence
from store.errors import StoreError, UsageError
from store.home import Home
from store.limits import RAISE, allowed_memory

MAX_ROWS: Final = 5_000_000
"""The most rows a `Console` keeps of one result."""
_CHILD: Final = Path(__file__).with_name("console_child.py")
_CHILD_ENVIRONMENT: Final = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
}
"""Without these, allocators reserve 2 GB of the 3 GB of address space that the child may have."""
_GRACE_S: Final = 2.0
"""How much longer than a query's own limit the child may take before it is killed."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a query came to; its rows wait to be fetched."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    """DuckDB's names."""
    count: int
    """Rows that can be fetched."""
    truncated: bool
    """Whether the query had more rows than were kept."""
    seconds: float
    number: int
    """Which of its `Console`'s queries it answers."""


@dataclass(frozen=True, slots=True)
class Table:
    """A query's columns and rows; values are what JSON can hold, NaN and infinities as text."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool
    """Whether there are more rows than these."""
    seconds: float


class Console:
    """A child process that runs queries and keeps the last result for paging.

    One query at a time; `cancel` may come from any thread. The child is started at the first query,
    and again after it had to be killed.
    """

    def __init__(
        self, home: Home, *, memory: str = "1GB", timeout: float = 30.0, max_rows: int = MAX_ROWS
    ) -> None:
        """Ask the database of `home`.

        Args:
            home: where the database is.
            memory: what a query may use, and its result once more.
            timeout: seconds a query may take.
            max_rows: rows kept of a result.
        """
        self._database = home.database.absolute()
        self._memory = memory
        self._timeout = timeout
        self._max_rows = max_rows
        self._child: subprocess.Popen[bytes] | None = None
        self._cancelled = False
        self._numbers = itertools.count(1)
        self._asking = threading.Lock()
        """One request at a time on the child's pipes."""

    def __enter__(self) -> Console:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, sql: str) -> Result:
        """Run one SELECT or EXPLAIN.

        Raises:
            UsageError: the query is wrong, refused, too slow, too large, or was cancelled.
            StoreError: there is no database, or it cannot be read.
            StoreBusy: another process holds it.
        """
        if not self._database.exists():
            raise StoreError(f"There are no results at {self._database} yet.", "Start a run first.")
        number = next(self._numbers)
        request = {"run": sql, "rows": self._max_rows, "seconds": self._timeout, "result": number}
        answer = self._ask(request, self._timeout + _GRACE_S)
        return Result(
            tuple(answer["columns"]),
            tuple(answer["types"]),
            answer["count"],
            answer["truncated"],
            answer["seconds"],
            number,
        )

    def fetch(self, result: Result, offset: int, rows: int) -> list[tuple[Any, ...]]:
        """`rows` rows of the last result, from `offset` on; fewer at its end.

        Raises:
            UsageError: `result` is not the last one, or is gone; or the rows are too large.
        """
        if not self._alive():
            raise UsageError("There is no result to page through.", "Run the query again.")
        request = {"fetch": offset, "rows": rows, "result": result.number}
        answer = self._ask(request, self._timeout + _GRACE_S)
        return [tuple(row) for row in answer["rows"]]

    def cancel(self) -> None:
        """Kill the query that is running, if one is; its `run` raises `UsageError`."""
        child = self._child
        if child is not None and self._asking.locked():
            self._cancelled = True
            child.kill()

    def close(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):  # what it did not read any more
                        pipe.close()

    def _ask(self, request: dict[str, Any], timeout: float) -> dict[str, Any]:
        with self._asking:
            self._cancelled = False
            if not self._alive():
                self.close()
                self._child = self._start()
            child = self._child
            assert child is not None
            assert child.stdin is not None
            try:
                child.stdin.write(json.dumps(request).encode() + b"\n")
                child.stdin.flush()
                line = _read_line(child, timeout)
            except BrokenPipeError:
                line = b""
            except TimeoutError:
                self.close()
                raise _too_slow(self._timeout) from None
            if not line:
                self.close()
                raise self._end()
        answer: dict[str, Any] = json.loads(line)
        if "refused" in answer:
            raise UsageError(answer["refused"])
        if "error" in answer:
            raise _sentence(answer["error"], self._database, self._timeout, self._memory)
        return answer

    def _alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-P", str(_CHILD), str(self._database), self._memory],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={**os.environ, **_CHILD_ENVIRONMENT},
            start_new_session=True,
        )

    def _end(self) -> UsageError:
        """Why the child is gone."""
        if self._cancelled:
            return UsageError("The query was cancelled.")
        allowed = allowed_memory()
        within = f" `ulimit -v` leaves it {allowed >> 20} MiB." if allowed is not None else ""
        return UsageError(
            f"The query was stopped: it needed more time or memory than it may have.{within}",
            RAISE if within else "",
        )


def run_sql(home: Home, sql: str, limit: int = 1000, timeout: float = 10.0) -> Table:
    """Run one SELECT or EXPLAIN on the database of `home`.

    Args:
        home: where the database is.
        sql: the query.
        limit: rows at most; `Table.truncated` tells whether there were more.
        timeout: seconds it may take.

    Raises:
        UsageError: the query is wrong, refused, too slow or too large.
        StoreError: there is no database, or it cannot be read.
        StoreBusy: another process holds it.
    """
    with Console(home, memory="512MB", timeout=timeout, max_rows=limit) as console:
        result = console.run(sql)
        rows = tuple(console.fetch(result, 0, limit))
    return Table(result.columns, result.types, rows, result.truncated, result.seconds)


def _read_line(child: subprocess.Popen[bytes], timeout: float) -> bytes:
    """The child's next line; empty if it ended.

    Raises:
        TimeoutError: there was none in `timeout` seconds.
    """
    assert child.stdout is not None
    deadline = time.monotonic() + timeout
    pieces: list[bytes] = []
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while not (pieces and pieces[-1].endswith(b"\n")):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise TimeoutError
            pieces.append(os.read(child.stdout.fileno(), 1 << 16))
            if not pieces[-1]:
                return b""
    return b"".join(pieces)


def _sentence(text: str, database: Path, timeout: float, memory: str) -> UsageError | StoreError:
    """What a DuckDB error means to the person who typed the query."""
    if "maximum execution time" in text:
        return _too_slow(timeout)
    if "Out of Memory" in text or "bad_alloc" in text:
        return _too_large(memory)
    if text.startswith(("IO Error", "Serialization Error")):
        return file_sentence(text, database)
    if (
        "disabled by configuration" in text
        or "configuration has been locked" in text
        or "read-only" in text
    ):
        return UsageError(
            "The query reaches outside the results, or changes something; only reading works here."
        )
    message, _, rest = text.partition("\n")
    near = re.search(r"Did you mean [^\n]*|Candidate bindings[^\n]*", rest)
    return UsageError(message.rstrip(".!") + ".", near[0] if near else "")


def _too_large(memory: str) -> UsageError:
    return UsageError(
        f"The query needs more than the {memory.replace('MB', ' MB').replace('GB', ' GB')} of memory that "
        "it may have.",
        "Ask for fewer rows, columns or groups, or narrow it with WHERE before it groups, joins or sorts.",
    )


def _too_slow(timeout: float) -> UsageError:
    return UsageError(f"The query took more than {timeout:g} seconds and was stopped.", "Narrow it.")
