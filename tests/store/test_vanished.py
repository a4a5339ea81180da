"""What was acknowledged is there, whatever becomes of the journals beneath a living or a gone process."""

from __future__ import annotations

import os
import shutil

import pytest
from fake_records import ENVIRONMENT, failed, scored, unit

import store
from store.journal import Entry, read_journals
from store.provenance import Measurement, Run
from store.records import Model
from store.repair import repair
from store.store import Store

NOON = "2026-11-23T12:00:00+00:00"


def keys_in(home) -> list[str]:
    return [line.key for line in read_journals(home.journals, {}) if isinstance(line, Entry)]


def rows(home, query: str) -> list[tuple]:
    with store.connect(home) as con:
        return con.execute(query).fetchall()


def remove(journal) -> None:
    journal.unlink()


def replace(journal) -> None:
    other = journal.with_suffix(".other")
    other.write_text("somebody else's\n")
    other.rename(journal)


def by_link(journal) -> None:
    aside = journal.with_suffix(".aside")
    journal.rename(aside)
    journal.symlink_to(aside)


def with_folder(journal) -> None:
    shutil.rmtree(journal.parent)


@pytest.mark.parametrize("harm", [remove, replace, by_link, with_folder])
@pytest.mark.parametrize("noticed_by", ["append", "flush", "close"])
def test_a_journal_removed_or_replaced_beneath_its_process_is_saved_again(home, harm, noticed_by):
    saved = Store(home)
    units = [unit(seed=seed) for seed in range(4)]
    saved.append(*(scored(one) for one in units[:3]))
    (journal,) = home.journals.iterdir()
    harm(journal)
    if noticed_by == "append":
        saved.append(scored(units[3]))
    if noticed_by == "flush":
        saved.flush()
    said = saved.said()
    saved.close()
    wanted = {one.key for one in (units if noticed_by == "append" else units[:3])}
    assert wanted <= set(keys_in(home))
    assert set(Store(home).finished()) == wanted
    if noticed_by != "close":
        [sentence] = said
        assert sentence.startswith(f"The journal {journal} was removed or replaced; all of it stands in ")


def test_a_journal_that_is_left_alone_is_not_written_twice(home):
    saved = Store(home)
    for seed in range(5):
        saved.append(scored(unit(seed=seed)))
        saved.flush()
    saved.close()
    assert saved.said() == []
    assert len(keys_in(home)) == 5


def cut(journal) -> None:
    os.truncate(journal, journal.stat().st_size // 2)


def overwrite(journal) -> None:
    journal.write_bytes(b"x" * journal.stat().st_size)


@pytest.mark.parametrize("harm", [cut, overwrite])
def test_a_journal_cut_or_overwritten_beneath_its_process_is_reported_and_appended_to_no_more(home, harm):
    saved = Store(home)
    saved.append(*(scored(unit(seed=seed)) for seed in range(4)))
    (journal,) = home.journals.iterdir()
    harm(journal)
    left = journal.read_bytes()
    saved.append(scored(unit(seed=9)))
    assert saved.said() == [
        f"The journal {journal} was cut or overwritten; what it lost is for the next run to compute."
    ]
    assert journal.read_bytes() == left
    assert unit(seed=9).key in Store(home).finished()


def contents(home) -> dict[str, list[tuple]]:
    tables = ("units", "scores", "predictions", "cv_trials", "epochs", "failures", "environments", "models",
              "tasks", "task_genes", "runs", "measurements", "ranked", "current")  # fmt: skip
    return {name: rows(home, f"FROM {name} ORDER BY ALL") for name in tables}


@pytest.fixture
def filled(home):
    with_everything = Store(home)
    one = unit(seed=1)
    run = Run("run-1", NOON, {"models": ["m"]}, 6, 0, 17, "box", turn=1, configs=(one.config,))
    with_everything.append(
        ENVIRONMENT,
        Model("m", "folder", "/m", revision="1", printed={"mteb": 61.5}),
        run,
        Measurement("m", "1", "fp32", ENVIRONMENT.hash, NOON, 100, 1.5, 22_000_000, None),
        *(scored(unit(seed=seed), 0.5 + seed / 7) for seed in range(3)),
        failed(unit(seed=7)),
        failed(unit(seed=7), 2),
        failed(unit(seed=2)),
    )
    with_everything.flush()
    with_everything.close()
    return contents(home)


@pytest.mark.parametrize("mend", ["flush", "repair"])
def test_journals_removed_after_their_process_are_made_again_from_the_database(home, filled, mend):
    for journal in home.journals.iterdir():
        journal.unlink()
    if mend == "flush":
        later = Store(home)
        later.flush()
        [sentence] = later.said()
        assert sentence.endswith("scored splits saved again from the database: 3.")
    else:
        repair(home)
    home.database.unlink()
    again = Store(home)
    again.flush()
    assert contents(home) == filled
    assert len(again.finished()) == 4
    assert again.attempts() == {unit(seed=7).key: 2, unit(seed=2).key: 1}


def test_making_journals_again_twice_adds_nothing(home, filled):
    for journal in home.journals.iterdir():
        journal.unlink()
    repair(home)
    before = len(keys_in(home))
    repair(home)
    assert len(keys_in(home)) == before
    assert contents(home) == filled


@pytest.mark.parametrize("noticed_by", ["flush", "rescue"])
def test_journals_removed_while_a_process_lives_that_read_them_are_made_again_too(home, filled, noticed_by):
    living = Store(home)
    before = living.finished()
    living.append(scored(unit(seed=9)))
    living.flush()
    wanted = contents(home)
    for journal in home.journals.iterdir():
        journal.unlink()
    if noticed_by == "flush":
        living.flush()
        assert living.said()[-1].endswith("scored splits saved again from the database: 3.")
    else:
        living.rescue()
    assert living.finished() == before | {unit(seed=9).key: "scored"}
    living.close()
    home.database.unlink()
    Store(home).flush()
    assert contents(home) == wanted


def test_what_removed_journals_described_is_described_again(home):
    gone = Store(home)
    gone.append(ENVIRONMENT)
    gone.close()
    living = Store(home)
    living.append(ENVIRONMENT)
    assert len(keys_in(home)) == 1
    for journal in home.journals.iterdir():
        journal.unlink()
    living.append(ENVIRONMENT)
    assert keys_in(home) == [ENVIRONMENT.hash]
