"""Of which format a home and a database are: told on both, refused where it is another."""

from __future__ import annotations

import duckdb
import pytest
from fake_records import scored, unit
from older_homes import contents, write_database, write_journal

import store
from store.errors import OtherFormat, StoreError
from store.format import FORMAT
from store.home import find_home
from store.migrations import STEPS, migrate, stamp
from store.store import Store

EARLIER = "was made by an earlier build of genearena, before its first release"


def test_a_new_home_and_its_database_tell_their_format(home):
    Store(home).flush()
    assert home.format_file.read_text() == f"{FORMAT}\n"
    with store.connect(home) as con:
        assert stamp(con) == (FORMAT, len(STEPS))


@pytest.mark.parametrize("write", [write_journal, write_database])
def test_a_home_of_an_earlier_build_is_refused_and_left_alone(home, write):
    write(home)
    before = contents(home.data.parent)
    place = home.data.parent

    def save():
        Store(home).append(scored(unit()))

    for attempt in (lambda: find_home(place), home.create, save, lambda: store.connect(place)):
        with pytest.raises(OtherFormat, match=f"^{home.data} {EARLIER}. Choose another home with --home"):
            attempt()
    assert contents(home.data.parent) == before


def test_a_home_without_results_is_not_of_an_earlier_build(home):
    home.journals.mkdir(parents=True)
    assert find_home(home.data.parent).create().format_file.exists()


def test_a_home_of_a_newer_version_is_refused_even_if_it_is_empty(home):
    home.create().format_file.write_text(f"{FORMAT + 1}\n")
    with pytest.raises(OtherFormat, match="made by a newer genearena"):
        home.create()
    assert home.format_file.read_text() == f"{FORMAT + 1}\n"


def test_a_database_of_an_earlier_build_is_refused_in_a_newer_home_too(home):
    saved = Store(home)
    saved.append(scored(unit()))
    write_database(home)
    before = contents(home.data)
    for attempt in (lambda: store.connect(home), lambda: store.connect(home.database), saved.flush):
        with pytest.raises(OtherFormat, match=f"^{home.database} {EARLIER}"):
            attempt()
    assert contents(home.data) == before


def test_a_database_gets_the_steps_it_lacks_and_keeps_its_rows(home, tmp_path, monkeypatch):
    saved = Store(home)
    saved.append(scored(unit(seed=1)))
    saved.flush()
    (tmp_path / "more.sql").write_text("ALTER TABLE scores ADD COLUMN mood VARCHAR DEFAULT 'fine'")
    monkeypatch.setattr("store.migrations.STEPS", (*STEPS, str(tmp_path / "more.sql")))
    saved.append(scored(unit(seed=2)))
    saved.flush()
    with store.connect(home) as con:
        assert con.execute("SELECT seed, mood FROM scores ORDER BY seed").fetchall() == [
            (1, "fine"),
            (2, "fine"),
        ]
        assert stamp(con) == (FORMAT, len(STEPS) + 1)


def test_a_step_is_run_once():
    with duckdb.connect() as con:
        migrate(con)
        before = con.execute("FROM migrations").fetchall()
        migrate(con)
        assert con.execute("FROM migrations").fetchall() == before


@pytest.mark.parametrize("text", ["", "\n", "one", "\x00"])
def test_a_stamp_that_says_nothing_is_told_with_what_to_write_into_it(home, text):
    home.create().format_file.write_text(text)
    for attempt in (lambda: find_home(home.data.parent), home.create):
        with pytest.raises(StoreError, match="does not say in which format") as caught:
            attempt()
        assert f"write {FORMAT} into it" in caught.value.hint
    home.format_file.write_text(f"{FORMAT}\n")
    assert find_home(home.data.parent).create()
