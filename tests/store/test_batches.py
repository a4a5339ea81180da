"""A journal that is applied in several batches: ranked once, and whole whoever broke off."""

from __future__ import annotations

import contextlib

import pytest
from fake_records import ENVIRONMENT, scored, unit

import store.ranks
from store import connect
from store.home import Home
from store.store import Store

ARMS = ("lr", "rf")


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.store.BATCH_BYTES", 4000)


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The named queries that are looked up from now on."""
    found: list[str] = []
    named = store.ranks.named
    monkeypatch.setattr(store.ranks, "named", lambda name: (found.append(name), named(name))[1])
    return found


def saved(home: Home, seeds: range) -> None:
    records = [
        scored(unit(model, seed, protocol=protocol), 0.5 + seed / 1000 + place / 100)
        for seed in seeds
        for protocol in ARMS
        for place, model in enumerate(("A", "B"))
    ]
    with contextlib.closing(Store(home)) as writer:
        writer.append(ENVIRONMENT, *records)


def ranks(home: Home) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """As they are written down, and as they follow from the scores."""
    with connect(home) as con:
        return (
            con.execute("SELECT * FROM ranked ORDER BY ALL").fetchall(),
            con.execute("SELECT * FROM leaderboard ORDER BY ALL").fetchall(),
        )


def test_many_batches_are_ranked_once(home: Home, small_batches: None, queries: list[str]) -> None:
    saved(home, range(10))
    batches: list[int] = []
    with contextlib.closing(Store(home)) as reader:
        assert reader.flush(lambda done, _: batches.append(done)).scored == 40
    assert len(batches) > 3
    assert queries.count("write_ranks") == len(ARMS)
    written, made = ranks(home)
    assert written == made


def test_later_only_what_was_touched_is_ranked(home: Home, queries: list[str]) -> None:
    saved(home, range(2))
    with contextlib.closing(Store(home)) as reader:
        reader.flush()
        reader.append(scored(unit("A", 7, protocol="rf")))
        queries.clear()
        reader.flush()
    assert queries.count("write_ranks") == 1
    written, made = ranks(home)
    assert written == made


@pytest.mark.parametrize("by", ["itself", "another that was there", "a new one"])
def test_ranks_are_whole_after_a_flush_that_was_broken_off(
    home: Home, small_batches: None, by: str
) -> None:
    saved(home, range(2))

    def break_off(_done: int, _all: int) -> None:
        raise KeyboardInterrupt

    with contextlib.closing(Store(home)) as broken, contextlib.closing(Store(home)) as other:
        broken.flush()
        other.flush()
        saved(home, range(2, 12))
        with pytest.raises(KeyboardInterrupt):
            broken.flush(break_off)
        written, made = ranks(home)
        assert written != made
        with contextlib.closing(Store(home)) as fresh:
            {"itself": broken, "another that was there": other, "a new one": fresh}[by].flush()
    written, made = ranks(home)
    assert written == made
    with connect(home) as con:
        assert con.execute("SELECT count(*) FROM scores").fetchone() == (48,)
