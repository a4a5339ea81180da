"""What units are taken to cost before they are run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_records import scored, unit

from engine.run.shards.costs import Costs, known_costs
from store.home import find_home
from store.records import Model
from store.store import Store

SMALL = Model("small", "package", "small", parameters=22_000_000)


def test_the_stores_own_times_count_the_nearest_first(tmp_path):
    home = find_home(tmp_path / "home").create()
    store = Store(home)
    one = scored(unit(seed=41))
    store.append(
        replace(one, seconds={"fit": 2.0, "metrics": 1.0}),
        replace(scored(unit(seed=42)), seconds={"fit": 5.0}),
    )
    store.flush()
    store.close()
    costs = known_costs(home)
    assert costs.unit(one.unit, SMALL) == pytest.approx(4.0)
    assert costs.unit(replace(one.unit, model="another"), SMALL) == pytest.approx(4.0)
    assert costs.unit(replace(one.unit, model="another", task="another"), SMALL) == pytest.approx(4.0)


def test_nothing_is_known_of_an_empty_home(tmp_path):
    assert known_costs(find_home(tmp_path / "home")) == Costs()


def test_what_is_not_known_is_guessed_by_size():
    large = replace(SMALL, parameters=220_000_000)
    costs = Costs()
    assert costs.embedding(large, 100) == pytest.approx(10 * costs.embedding(SMALL, 100))
    assert costs.embedding(replace(SMALL, kind="control"), 100) == 0
    assert Costs(texts={"small": 2.0}).embedding(SMALL, 3) == 6.0
