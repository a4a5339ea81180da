from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.run.shards.costs import Costs
from engine.run.shards.cut import cut
from engine.run.shards.simulate import STARTING, Cluster, parse_cluster, simulate
from store.errors import UsageError
from store.records import Model, Unit

ENCODER = Model("encoder", "folder", "/there", "r", parameters=22_000_000)
COSTS = Costs({("lr",): 2.0, ("ft",): 100.0}, {"encoder": 0.5})


def unit(protocol, seed, task="t"):
    embedding = {} if protocol == "ft" else {"pooling": "mean"}
    split = {"scheme": "paper", "seed": seed}
    return Unit(
        "encoder", task, protocol, "paper", seed, {"embedding": embedding, "split": split, "p": protocol}
    )


def simulated(units, cluster, costs=COSTS):
    models = {"encoder": ENCODER}
    shards = cut(units, cluster.slots, models, lambda _: 10, costs)
    return simulate(shards, cluster, models, lambda _: 10, costs)


def test_a_host_embeds_once_and_classifies_on_all_its_cores():
    found = simulated([unit("lr", seed) for seed in range(41, 51)], Cluster(1, 0, 5))
    assert found.seconds == pytest.approx(STARTING + 10 * 0.5 + 10 * 2.0 / 5)
    assert found.core_hours == pytest.approx((5 + 20) / 3600)
    assert (found.gpu_hours, found.gpu_hours_busy, found.measured) == (0, 0, 1)


def test_cards_are_held_while_cores_classify_and_at_work_while_they_train():
    units = [unit("ft", seed) for seed in range(41, 51)] + [unit("lr", seed) for seed in range(41, 51)]
    found = simulated(units, Cluster(1, 1, 2))
    assert found.seconds == pytest.approx(STARTING + 1000 + 5 + 10)
    assert found.gpu_hours == pytest.approx((STARTING + 1015) / 3600)
    assert found.gpu_hours_busy == pytest.approx(1005 / 3600)
    assert found.core_hours == pytest.approx(20 / 3600)


def test_no_unit_is_shared_between_cores():
    assert simulated([unit("lr", 41)], Cluster(1, 0, 64)).seconds == pytest.approx(STARTING + 5 + 2)


def test_what_was_never_timed_is_said():
    units = [unit("lr", 41), unit("rf", 41), unit("rf", 42), unit("rf", 43)]
    assert simulated(units, Cluster(1, 0, 1)).measured == 0.25


def test_each_shard_starts_as_a_process_of_its_own():
    units = [unit("lr", seed, task) for seed in (41, 42) for task in ("one", "two")]
    models = {"encoder": ENCODER}
    shards = cut(units, 2, models, lambda _: 10, COSTS)
    found = simulate(shards, Cluster(1, 0, 1), models, lambda _: 10, COSTS)
    assert found.seconds == pytest.approx(2 * (STARTING + 5 + 4)), "one host works both off in a row"
    assert found.core_hours == pytest.approx(2 * (5 + 4) / 3600), "of which that is no part"


@given(hosts=st.integers(1, 12), gpus=st.integers(0, 4), seeds=st.integers(1, 40))
def test_all_is_done_between_the_longest_shard_and_all_in_a_row(hosts, gpus, seeds):
    units = [unit(protocol, 41 + seed) for seed in range(seeds) for protocol in ("lr", "ft")]
    found = simulated(units, Cluster(hosts, gpus, 4))
    assert found.units == len(units)
    assert found.shards <= hosts * max(gpus, 1)
    assert found.longest <= found.seconds <= found.longest * found.shards + 1e-9
    assert found.gpu_hours_busy <= found.gpu_hours + 1e-9


@pytest.mark.parametrize(
    ("text", "cluster"),
    [
        ("hosts=8,gpus=4", Cluster(8, 4, 16)),
        ("gpus=2, cores=32", Cluster(1, 2, 32)),
        ("hosts=3,gpus=0,cores=1", Cluster(3, 0, 1)),
    ],
)
def test_a_cluster_is_told_in_words(text, cluster):
    assert parse_cluster(text, cores=16) == cluster


@pytest.mark.parametrize(
    "text",
    [
        "",
        "8",
        "hosts",
        "hosts=",
        "hosts=-1",
        "hosts=0",
        "cores=0",
        "hosts=٣",
        "nodes=8",
        "hosts=1e3",
        "hosts=9999999",
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(UsageError, match="hosts=8,gpus=4"):
        parse_cluster(text, cores=16)
