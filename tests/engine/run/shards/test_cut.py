"""How units become shards."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.run.shards.costs import Costs
from engine.run.shards.cut import cut
from store.records import Model, Unit

SMALL = Model("small", "package", "small", parameters=22_000_000)
LARGE = Model("large", "package", "large", parameters=220_000_000)
TFIDF = Model("tfidf", "control", "tfidf", control=True)
MODELS = {model.name: model for model in (SMALL, LARGE, TFIDF)}


def unit(model="small", task="one", protocol="lr", seed=41) -> Unit:
    embedding = {} if protocol == "finetune" else {"prefix": ""}
    spec = {"model": model, "task": task, "protocol": protocol, "embedding": embedding}
    return Unit(model, task, protocol, "paper", seed, {**spec, "split": {"scheme": "paper", "seed": seed}})


def grid(models=("small",), tasks=("one",), protocols=("lr",), seeds=10) -> list[Unit]:
    return [
        unit(model, task, protocol, 41 + seed)
        for model in models
        for protocol in protocols
        for task in tasks
        for seed in range(seeds)
    ]


def shards(units, most, texts=100, costs=None):
    return cut(units, most, MODELS, lambda _: texts, costs or Costs())


def embeddings(made) -> Counter[tuple[str, str]]:
    """(model, task) -> shards that have to embed it."""
    return Counter(pair for shard in made for pair in {(one.model, one.task) for one in shard.units})


@pytest.mark.parametrize("most", [1, 3, 7, 200])
def test_each_unit_is_in_one_shard(most):
    units = grid(("small", "large", "tfidf"), ("one", "two"), ("lr", "rf-cv"))
    made = shards(units, most)
    assert 1 <= len(made) <= most
    assert Counter(one.key for shard in made for one in shard.units) == Counter(one.key for one in units)
    assert all(shard.units for shard in made)


def test_the_same_units_are_cut_the_same():
    units = grid(("small", "large"), ("one", "two"))
    assert shards(units, 4) == shards(units, 4)


def test_nothing_is_embedded_twice_where_that_is_not_needed():
    made = shards(grid(("small", "large", "tfidf"), ("one", "two"), ("lr", "rf")), 3)
    assert set(embeddings(made).values()) == {1}


def test_a_model_that_is_more_than_a_share_is_parted_by_task_first():
    made = shards(grid(("small",), ("one", "two", "three", "four"), ("rf-cv",)), 4)
    assert len(made) == 4
    assert set(embeddings(made).values()) == {1}


def test_a_task_that_is_more_than_a_share_is_parted():
    made = shards(grid(protocols=("rf-cv",), seeds=40), 4)
    assert sorted(len(shard.units) for shard in made) == [10, 10, 10, 10]


def test_no_shard_embeds_for_longer_than_it_classifies():
    made = shards(grid(("large",), protocols=("lr",), seeds=40), 20, texts=400)
    assert len(made) == 1, "12 s of units are not worth 20 s of embedding twice"


def test_costs_that_are_known_count():
    costs = Costs({("lr", "small", "one"): 100.0, ("lr",): 1.0})
    made = shards(grid(tasks=("one", "two"), seeds=10), 2, costs=costs)
    assert [len(shard.units) for shard in made] == [5, 15] or [len(s.units) for s in made] == [15, 5]


def test_splits_that_train_together_stay_together():
    made = shards(grid(protocols=("finetune",), tasks=("one", "two"), seeds=10), 2)
    assert [Counter(one.task for one in shard.units) for shard in made] == [{"one": 10}, {"two": 10}]


def test_shards_are_about_as_long():
    made = shards(grid(("small", "large", "tfidf"), ("one", "two", "three"), ("lr", "rf", "rf-cv")), 5)
    longest, mean = max(s.seconds for s in made), sum(s.seconds for s in made) / len(made)
    assert longest < 1.3 * mean
