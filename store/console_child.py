"""The process that runs other people's SQL: read-only, without files, network or much of anything.

Started by `store.console` as a script, so it leans on nothing but the standard library, DuckDB and
Arrow. It reads one JSON request a line and answers each with one JSON line:
`{"run": sql, "rows": n, "seconds": s, "result": m}`, whose result is then known as number m, and
`{"fetch": offset, "rows": n, "result": m}`.

A query's rows are streamed from the database into a second, in-memory one, so that the file's lock
is let go of at once and pages come from memory.
"""

from __future__ import annotations

import contextlib
import decimal
import json
import math
import re
import resource
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

import duckdb

_ADDRESS_SPACE: Final = 3 << 30
"""Stops what DuckDB's own memory limit does not count: `repeat('x', 4000000000)`."""
_ANSWER_BYTES: Final = 64 << 20
_LOCK_SECONDS: Final = 2.0
_BATCH_ROWS: Final = 10_000
_AS_TEXT: Final = ("TIME", "DATE", "INTERVAL")
"""Types that DuckDB writes itself: its infinities, zones and months have no Python value."""
_EXPLAIN: Final = re.compile(
    r"\A(\s|--[^\n]*\n|/\*.*?\*/)*explain\s+(analyze\s+)?", re.IGNORECASE | re.DOTALL
)
_PLAIN: Final = (bool, int, str, type(None))

_LOCKED_DOWN: Final[dict[str, str | bool | int | float | list[str]]] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
    "python_enable_replacements": False,
    "threads": 1,
    "temp_directory": "",
    "lock_configuration": True,
}


class Refused(Exception):
    """A query that is not run, or whose result is not shown, with the sentence that says why."""


class Session:
    """One database, and the result of the last query on it."""

    def __init__(self, path: str, memory: str) -> None:
        """Read from `path`, with `memory` (e.g. `512MB`) for a query and as much for its result."""
        self._path = path
        self._memory = memory
        self._result = duckdb.connect(":memory:", config={**_LOCKED_DOWN, "memory_limit": memory})
        self._types: list[str] = []
        self._count = 0
        self._number = 0
        """Of the result that is kept; 0: none."""

    def run(self, sql: str, rows: int, seconds: float, number: int) -> dict[str, Any]:
        """Run one query and keep at most `rows` of its rows as result `number`."""
        started = time.monotonic()
        used = resource.getrusage(resource.RUSAGE_SELF)
        spent = math.ceil(used.ru_utime + used.ru_stime + seconds) + 1
        _hold_to(resource.RLIMIT_CPU, spent, resource.RLIM_INFINITY)
        self._number = 0
        self._result.execute("DROP TABLE IF EXISTS result")
        statement = _only_statement(sql)
        with self._database(seconds) as con:
            relation = con.sql(statement)
            columns, self._types = relation.columns, [str(kind) for kind in relation.types]
            self._result.register("incoming", relation.to_arrow_reader(_BATCH_ROWS))
            try:
                self._result.execute(f"CREATE TABLE result AS FROM incoming LIMIT {rows + 1}")
            finally:
                self._result.unregister("incoming")
        (count,) = self._result.execute("SELECT count(*) FROM result").fetchall()[0]
        self._count, self._number = min(count, rows), number
        return {
            "columns": columns,
            "types": self._types,
            "count": self._count,
            "truncated": count > rows,
            "seconds": time.monotonic() - started,
        }

    def fetch(self, offset: int, rows: int, number: int) -> dict[str, Any]:
        """`rows` rows of result `number` from `offset` on; only the last one is kept."""
        if number != self._number:
            raise Refused("These rows are gone: another query has been run since. Run this one again.")
        shown = ", ".join(
            f"CAST(#{place} AS VARCHAR)" if kind.startswith(_AS_TEXT) else f"#{place}"
            for place, kind in enumerate(self._types, start=1)
        )
        end = min(offset + rows, self._count)
        page = f"SELECT {shown} FROM result WHERE rowid >= {offset} AND rowid < {end} ORDER BY rowid"
        return {"rows": [list(map(plain, row)) for row in self._result.execute(page).fetchall()]}

    @contextlib.contextmanager
    def _database(self, seconds: float) -> Iterator[duckdb.DuckDBPyConnection]:
        config = {**_LOCKED_DOWN, "memory_limit": self._memory, "max_execution_time": int(seconds * 1000)}
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                con = duckdb.connect(self._path, read_only=True, config=config)
                break
            except duckdb.IOException as error:
                if "lock" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        with con:
            yield con


def _only_statement(sql: str) -> duckdb.Statement:
    try:
        sql.encode()
    except UnicodeError:
        raise Refused("The query has half a character in it, which is not text.") from None
    statements = duckdb.extract_statements(sql)
    if not statements:
        raise Refused("There is no query.")
    if len(statements) > 1:
        raise Refused(f"These are {len(statements)} statements; one at a time can be run.")
    kind = statements[0].type
    if kind == duckdb.StatementType.MULTI and _only_reads(statements[0].query):
        return statements[0]
    if kind not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        what = "what changes something" if kind == duckdb.StatementType.MULTI else kind.name
        raise Refused(f"Only SELECT and EXPLAIN can be run here, not {what}.")
    return statements[0]


def _only_reads(sql: str) -> bool:
    """Whether one statement that DuckDB takes in several steps is a question.

    A PIVOT that finds its own columns is such a statement, and so is all that may stand around it, be it
    COPY, CREATE or INSERT. None of these can stand where a table is read from.
    """
    asked = _EXPLAIN.sub("", _without_end(sql))
    try:
        return len(duckdb.extract_statements(f"FROM (\n{asked}\n)")) == 1
    except duckdb.Error:
        return False


def _without_end(sql: str) -> str:
    """A statement without its semicolon and what follows it."""
    written = sql.encode()
    for at, kind in duckdb.tokenize(sql):
        if kind == duckdb.token_type.operator and written[at : at + 1] == b";":
            return written[:at].decode()
    return sql


def plain(value: Any) -> Any:
    """`value` as JSON can hold it; what it has no word for as text."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, decimal.Decimal):
        if value.as_tuple().exponent == 0:
            return int(value)
        number = float(value)
        return number if decimal.Decimal(repr(number)) == value else str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, dict):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value)


def _answer(session: Session, request: dict[str, Any]) -> str:
    try:
        if "run" in request:
            result = session.run(request["run"], request["rows"], request["seconds"], request["result"])
        else:
            result = session.fetch(request["fetch"], request["rows"], request["result"])
        text = json.dumps(result, allow_nan=False)
        if len(text) > _ANSWER_BYTES:
            raise Refused(
                f"These rows are larger than {_ANSWER_BYTES >> 20} MB of text; ask for less of them."
            )
        return text
    except Refused as error:
        return json.dumps({"refused": str(error)})
    except duckdb.Error as error:
        return json.dumps({"error": str(error)})
    except (MemoryError, OSError) as error:
        return json.dumps({"error": f"Out of Memory Error: {error}"})


def _hold_to(kind: int, soft: int, hard: int) -> None:
    """Set a limit; where the shell has set a lower one (`ulimit`) that stays, since none can be raised."""
    most = resource.getrlimit(kind)[1]
    if most != resource.RLIM_INFINITY:
        soft = min(soft, most)
        hard = most if hard == resource.RLIM_INFINITY else min(hard, most)
    resource.setrlimit(kind, (soft, hard))


def main() -> None:
    """Answer requests until there are no more."""
    _hold_to(resource.RLIMIT_AS, _ADDRESS_SPACE, _ADDRESS_SPACE)
    _hold_to(resource.RLIMIT_FSIZE, 0, 0)
    _hold_to(resource.RLIMIT_CORE, 0, 0)
    session = Session(*sys.argv[1:])
    for line in sys.stdin:
        sys.stdout.write(_answer(session, json.loads(line)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
