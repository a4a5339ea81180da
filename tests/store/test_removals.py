"""Removals of what users brought in: the same in journals and database, in whatever order they are read."""

from __future__ import annotations

import itertools

import pytest

import store
from store.entries import entry_of
from store.home import find_home
from store.journal import JournalWriter
from store.provenance import Removal
from store.store import Store

FIRST, SECOND = "2026-11-23T12:00:00.000+00:00", "2026-11-24T12:00:00.000+00:00"
SAID = (
    Removal("aa", "mine", True, 1, FIRST),
    Removal("aa", "mine", False, 2, SECOND),
    Removal("bb", "table", True, 1, FIRST, "vectors"),
    Removal("bb", "other", True, 1, SECOND, "vectors"),
    Removal("cc", "texts", True, 3, FIRST, "descriptions"),
    Removal("dd", "model", False, 2, FIRST, "model"),
)
LAST = {"aa": SAID[1], "bb": SAID[2], "cc": SAID[4], "dd": SAID[5]}
ORDERS = list(itertools.permutations(range(len(SAID))))[::131]


@pytest.fixture
def home(tmp_path):
    return find_home(tmp_path).create()


def in_the_database(home) -> dict[str, Removal]:
    with store.connect(home) as con:
        rows = con.execute('SELECT digest, name, removed, turn, "at", kind FROM removals').fetchall()
    at = lambda moment: moment.isoformat(timespec="milliseconds") + "+00:00"  # noqa: E731
    return {row[0]: Removal(*row[:4], at(row[4]), row[5]) for row in rows}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("at_once", [True, False])
def test_the_highest_turn_counts_whatever_is_read_first(home, order, at_once):
    saved = Store(home)
    for place in order:
        saved.append(SAID[place])
        if not at_once:
            saved.flush()
    saved.flush()
    assert Store(home).removals() == in_the_database(home) == LAST


@pytest.mark.parametrize("removed", [True, False])
def test_a_line_of_before_there_were_other_kinds_is_of_a_task(home, removed):
    record = {"digest": "aa", "name": "mine", "removed": removed, "turn": 4, "at": FIRST}
    kind = "task_removed" if removed else "task_restored"
    JournalWriter(home.journals).append([{"kind": kind, "key": "aa", "record": record}])
    saved = Store(home)
    saved.flush()
    assert saved.removals() == in_the_database(home) == {"aa": Removal("aa", "mine", removed, 4, FIRST)}


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "journal"},
        {"turn": "2"},
        {"turn": -1},
        {"removed": 1},
        {"digest": ""},
        {"at": "once"},
        {"name": 3},
    ],
)
def test_what_is_not_a_removal_counts_nowhere_and_keeps_nothing_out(home, change):
    entry = entry_of(SAID[0])
    JournalWriter(home.journals).append([{**entry, "record": {**entry["record"], **change}}])
    saved = Store(home)
    saved.append(SAID[2])
    assert saved.flush().refused == 1
    assert saved.removals() == in_the_database(home) == {"bb": SAID[2]}


def test_what_only_the_database_has_left_is_in_a_journal_again(home):
    saved = Store(home)
    saved.append(*SAID)
    saved.flush()
    saved.close()
    for journal in home.journals.iterdir():
        journal.unlink()
    again = Store(home)
    again.append(Removal("ee", "new", True, 1, FIRST))
    again.flush()
    assert {digest: one.order[:3] for digest, one in Store(home).removals().items() if digest != "ee"} == {
        digest: one.order[:3] for digest, one in LAST.items()
    }
