"""The SQL console: one query, read-only; whatever it tries, nothing outside happens."""

from __future__ import annotations

import json
import threading

import pytest
from fake_records import scored, unit

from store.console import Console, run_sql
from store.errors import StoreError, UsageError
from store.home import find_home
from store.store import Store


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    home = find_home(tmp_path_factory.mktemp("console"))
    saved = Store(home)
    saved.append(*(scored(unit(seed=seed), seed / 10) for seed in range(5)))
    saved.flush()
    return home


@pytest.fixture(scope="module")
def console(filled):
    with Console(filled, memory="256MB", timeout=20) as console:
        yield console


def test_a_query_gives_columns_types_and_rows(filled):
    table = run_sql(filled, "SELECT seed, auc AS a, notes FROM scores ORDER BY seed DESC;")
    assert table.columns == ("seed", "a", "notes")
    assert table.types == ("BIGINT", "DOUBLE", "VARCHAR[]")
    assert table.rows[0] == (4, 0.4, ["a note"])
    assert (len(table.rows), table.truncated) == (5, False)


def test_a_cut_result_says_so(filled):
    table = run_sql(filled, "SELECT * FROM range(1000000000000)", limit=3)
    assert (table.rows, table.truncated) == (((0,), (1,), (2,)), True)
    assert not run_sql(filled, "SELECT * FROM range(3)", limit=3).truncated


def test_explain_describe_and_comments(console):
    assert console.run("EXPLAIN SELECT 1").columns == ("explain_key", "explain_value")
    assert console.run("DESCRIBE scores").count > 10
    assert console.run("-- why\nSELECT 1 /* here */ ; -- end").count == 1


PIVOT = "PIVOT scores ON seed USING avg(auc) GROUP BY model"


@pytest.mark.parametrize(
    "query",
    [
        PIVOT,
        f"FROM ({PIVOT})",
        f"WITH a AS ({PIVOT}) SELECT * FROM a",
        f"-- why\n{PIVOT} /* ; */ ; -- end",
        f"FROM ({PIVOT.replace('scores', '(SELECT * FROM scores WHERE model <> $$;$$)')});",
    ],
)
def test_a_pivot_finds_its_own_columns(filled, query):
    table = run_sql(filled, query)
    assert table.columns == ("model", "0", "1", "2", "3", "4")
    assert [row[1:] for row in table.rows] == [(0.0, 0.1, 0.2, 0.3, 0.4)]


def test_a_pivot_can_be_explained_and_described(console):
    for words in ("EXPLAIN", "-- why\nexplain analyze", "DESCRIBE", "SUMMARIZE"):
        assert console.run(f"{words} {PIVOT}").count


def test_every_value_is_json(console):
    result = console.run(
        "SELECT 1.5 AS d, 'nan'::DOUBLE, '-infinity'::DOUBLE, 0.1::DECIMAL(38, 20), sum(i), now() IS NULL, "
        "TIMESTAMP '2026-11-23 12:00:00', TIMESTAMPTZ '2026-11-23 12:00:00+00', DATE '9999-12-31', "
        "INTERVAL 1 MONTH, 'infinity'::TIMESTAMP, '\\xAB'::BLOB, {'a': [1, NULL]}, MAP {'k': 0.5}, "
        "170141183460469231731687303715884105727::HUGEINT, TRUE, NULL, 2 AS d FROM range(4) r(i)"
    )
    (row,) = console.fetch(result, 0, 10)
    json.dumps(row, allow_nan=False)
    assert result.columns[0] == result.columns[-1] == "d"
    assert row[:5] == (1.5, "nan", "-inf", 0.1, 6)
    assert row[6] == "2026-11-23 12:00:00"
    assert row[7].startswith("2026-11-23 ")
    assert row[8:12] == ("9999-12-31", "1 month", "infinity", "ab")
    assert row[12:15] == ({"a": [1, None]}, {"k": 0.5}, 170141183460469231731687303715884105727)


PROBES = [
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM '{secret}'",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT content FROM read_blob('{secret}')",
    "COPY (SELECT 1) TO '{folder}/out.csv'",
    "COPY scores FROM '{secret}'",
    "EXPORT DATABASE '{folder}/out'",
    "IMPORT DATABASE '{folder}'",
    "ATTACH '{folder}/other.duckdb'",
    "DETACH arena",
    "USE memory",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SELECT * FROM 'https://localhost:9/x.csv'",
    "PRAGMA database_list",
    "PRAGMA enable_profiling",
    "SET threads = 8",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "CALL pragma_version()",
    "CHECKPOINT",
    "VACUUM",
    "CREATE TABLE t (x INTEGER)",
    "CREATE TEMP TABLE t AS SELECT 1",
    "CREATE VIEW v AS SELECT 1",
    "CREATE MACRO f(x) AS x",
    "CREATE PERSISTENT SECRET s (TYPE s3)",
    "INSERT INTO scores SELECT * FROM scores",
    "UPDATE scores SET auc = 1",
    "DELETE FROM scores",
    "DROP TABLE scores",
    "ALTER TABLE scores ADD COLUMN x INTEGER",
    "TRUNCATE scores",
    "WITH d AS (DELETE FROM scores RETURNING *) SELECT * FROM d",
    "EXPLAIN ANALYZE DELETE FROM scores",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{folder}/out.csv'",
    "PREPARE p AS SELECT 1",
    "BEGIN",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE scores",
    "SELECT * FROM sniff_csv('{secret}')",
    "SELECT * FROM parquet_metadata('{secret}')",
    "SELECT * FROM sql_auto_complete_file('{secret}')",
    "SELECT * FROM query('DELETE FROM scores')",
    "SELECT * FROM session",
    "SELECT getenv('HOME')",
    "SELECT nope FROM scores",
    "SELEC 1",
    "",
    "   ;  ",
    "-- nothing",
    f"COPY ({PIVOT}) TO '{{folder}}/out.csv'",
    f"EXPLAIN ANALYZE COPY ({PIVOT}) TO '{{folder}}/out.csv'",
    f"EXPLAIN EXPLAIN {PIVOT}",
    f"CREATE TEMP TABLE t AS {PIVOT}",
    f"CREATE VIEW v AS {PIVOT}",
    f"INSERT INTO scores {PIVOT}",
    f"WITH a AS ({PIVOT}) INSERT INTO scores FROM a",
    f"WITH a AS (DELETE FROM scores RETURNING *) FROM ({PIVOT})",
    "WITH a AS (DELETE FROM scores RETURNING *) SELECT * FROM a",
    f"UPDATE scores SET auc = (SELECT 1 FROM ({PIVOT}))",
    f"MERGE INTO scores USING ({PIVOT}) AS a ON true WHEN MATCHED THEN DELETE",
    f"PREPARE p AS {PIVOT}",
    f"SET VARIABLE x = (SELECT 1 FROM ({PIVOT}))",
    f"{PIVOT}; DROP TABLE scores",
    f"SELECT 1) AS a, ({PIVOT}",
    f"FROM (FROM ({PIVOT}); COPY ({PIVOT}) TO '{{folder}}/out.csv'; FROM ({PIVOT}))",
    "PIVOT read_csv('{secret}') ON \"do\" USING count(*)",
    "PIVOT '{secret}' ON \"do\" USING count(*)",
]


@pytest.mark.parametrize("probe", PROBES)
def test_probes_are_refused_and_write_nothing(filled, console, tmp_path, probe):
    secret = tmp_path / "secret.csv"
    secret.write_text("do,not\nread,me\n")
    before = filled.database.read_bytes()
    with pytest.raises((UsageError, StoreError)) as told:
        console.run(probe.format(secret=secret, folder=tmp_path))
    assert "\n" not in str(told.value)
    assert list(tmp_path.iterdir()) == [secret]
    assert filled.database.read_bytes() == before
    assert {path.name for path in filled.data.iterdir()} == {"arena.duckdb", "format", "journal", "runner"}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT repeat('x', 4000000000)",
        "SELECT list(i) FROM range(10000000000) r(i)",
        "SELECT count(*) FROM range(1000000000000)",
        "SELECT count(*) FROM range(1000000) a, range(1000000) b",
        "WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t) SELECT max(i) FROM t",
        "SELECT repeat('x', 80000000)",
    ],
)
def test_a_query_without_end_or_measure_is_stopped(filled, query):
    with pytest.raises(
        UsageError, match=r"seconds and was stopped|of memory that|more time or memory|larger than"
    ):
        run_sql(filled, query, timeout=1)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT i, count(*) FROM range(20000000) t(i) GROUP BY i",
        "SELECT i FROM range(100000000) t(i) ORDER BY hash(i)",
        "SELECT i, row_number() OVER (ORDER BY hash(i)) FROM range(30000000) t(i)",
    ],
)
def test_too_little_memory_is_not_a_full_disk(filled, query):
    with pytest.raises(UsageError, match=r"more than the 512 MB of memory.*Ask for fewer") as told:
        run_sql(filled, query, timeout=60)
    assert told.value.exit_code == 2
    assert not list(filled.data.glob("*.tmp"))


def test_a_query_that_is_not_text_is_told_so(console):
    with pytest.raises(UsageError, match="not text"):
        console.run("SELECT '\ud800'")
    assert console.run("SELECT '\x00'").count == 1


def test_a_wrong_name_gets_the_nearest_one(console):
    with pytest.raises(UsageError, match=r'scors does not exist.*Did you mean "scores"'):
        console.run("FROM scors")


def test_large_results_are_paged(filled):
    with Console(filled) as console:
        result = console.run(
            "SELECT i, 1000000 - i AS back, 'row ' || i AS name FROM range(1000000) r(i) ORDER BY back"
        )
        assert (result.count, result.truncated) == (1_000_000, False)
        assert console.fetch(result, 0, 2) == [(999_999, 1, "row 999999"), (999_998, 2, "row 999998")]
        assert [row[1] for row in console.fetch(result, 500_000, 500)] == list(range(500_001, 500_501))
        assert len(console.fetch(result, 999_990, 500)) == 10
        assert console.fetch(result, 2_000_000, 500) == []
        assert console.fetch(console.run("SELECT 1"), 0, 5) == [(1,)]


def test_rows_of_a_query_that_another_followed_are_refused(filled):
    with Console(filled) as console:
        first = console.run("SELECT 'first' FROM range(10)")
        second = console.run("SELECT 'second' FROM range(10)")
        with pytest.raises(UsageError, match="another query has been run since"):
            console.fetch(first, 5, 5)
        assert console.fetch(second, 9, 5) == [("second",)]
        with pytest.raises(UsageError, match="only reading works"):
            console.run("SELECT * FROM read_csv('file')")
        with pytest.raises(UsageError, match="another query has been run since"):
            console.fetch(second, 0, 5)
        console.close()
        third = console.run("SELECT 'third'")
        with pytest.raises(UsageError, match="another query has been run since"):
            console.fetch(first, 0, 5)
        assert console.fetch(third, 0, 5) == [("third",)]


def test_more_rows_than_are_kept_is_told(filled):
    with Console(filled, max_rows=100) as console:
        result = console.run("SELECT * FROM range(1000)")
        assert (result.count, result.truncated) == (100, True)
        assert len(console.fetch(result, 0, 1000)) == 100


def test_a_query_can_be_cancelled_and_the_console_goes_on(filled):
    with Console(filled) as console:
        first = console.run("SELECT 1")
        timer = threading.Timer(0.3, console.cancel)
        timer.start()
        with pytest.raises(UsageError, match="cancelled"):
            console.run("SELECT count(*) FROM range(1000000000000)")
        with pytest.raises(UsageError, match="no result"):
            console.fetch(first, 0, 1)
        assert console.fetch(console.run("SELECT 2"), 0, 1) == [(2,)]


def test_cancelling_nothing_does_nothing(filled):
    with Console(filled) as console:
        console.cancel()
        result = console.run("SELECT 1")
        console.cancel()
        assert console.fetch(result, 0, 1) == [(1,)]


def test_a_result_being_paged_does_not_hold_the_file(filled):
    with Console(filled) as console:
        result = console.run("FROM scores")
        saved = Store(filled)
        saved.append(scored(unit(seed=0), 0.0))  # the same number again: nothing changes
        saved.flush()
        assert len(console.fetch(result, 0, 10)) == 5


def test_no_database_yet(tmp_path):
    with pytest.raises(StoreError, match="no results"):
        run_sql(find_home(tmp_path), "SELECT 1")
