from __future__ import annotations

from dataclasses import replace

import pytest
from workbench import write_task

from engine.plan.launch import Launch, Options
from engine.plan.plan import build_plan
from engine.plan.selection import Selection
from engine.run.events import Capacity
from engine.run.outlook import Outlook
from store.home import find_home

ONE_CARD = Capacity(devices=1, classify=16, by_turns=False)
MINUTE = 60.0


@pytest.fixture
def units(tmp_path):
    home = find_home(tmp_path / "home").create()
    seeds = tuple(range(41, 61))
    chosen = Selection(("all-MiniLM-L6-v2",), (write_task(tmp_path),), ("lr", "finetune"), seeds)
    found = build_plan(chosen, home, {}).units
    return {name: [unit for unit in found if unit.protocol == name] for name in ("lr", "finetune")}


def after(todo, capacity, *finished):
    """An outlook on `todo` once each of `finished` (units together, seconds) has been done in turn."""
    outlook, clock = Outlook(todo), 0.0
    outlook.capacity = capacity
    for together, seconds in finished:
        for unit in together:
            outlook.begin(unit, clock)
        clock += seconds
        for unit in together:
            outlook.end(unit, clock, counts=True)
    return outlook


def test_fine_tuning_that_is_left_takes_as_long_as_its_one_device_needs(units):
    todo = units["finetune"]
    alone = after(todo, ONE_CARD, *(([unit], MINUTE) for unit in todo[:4]))
    assert alone.seconds_left() == 16 * MINUTE
    two = after(todo, replace(ONE_CARD, devices=2), *(([unit], MINUTE) for unit in todo[:4]))
    assert two.seconds_left() == 8 * MINUTE


def test_units_that_train_together_share_their_time(units):
    todo = units["finetune"]
    assert after(todo, ONE_CARD, (todo[:10], MINUTE)).seconds_left() == pytest.approx(MINUTE)


def test_units_that_are_classified_are_shared_among_the_workers(units):
    todo = units["lr"]
    outlook = after(todo, ONE_CARD, (todo[:4], 8.0))
    assert outlook.seconds_left() == outlook.seconds_to_classify() == 16 * 8.0 / 16


def test_stages_that_overlap_end_with_the_longer_and_those_by_turns_with_both(units):
    todo = [*units["lr"], *units["finetune"]]
    done = [([unit], 8.0) for unit in units["lr"][:4]] + [
        ([unit], MINUTE) for unit in units["finetune"][:4]
    ]
    assert after(todo, ONE_CARD, *done).seconds_left() == 16 * MINUTE
    assert after(todo, replace(ONE_CARD, by_turns=True), *done).seconds_left() == 16 * MINUTE + 8.0


def test_it_says_of_which_protocols_no_unit_was_timed_yet(units):
    todo = [*units["lr"], *(replace(unit, protocol="rf-cv") for unit in units["lr"])]
    assert Outlook(todo).untimed == ("lr", "rf-cv")
    some = after(todo, ONE_CARD, (todo[:4], 8.0))
    assert some.untimed == ("rf-cv",)
    assert some.seconds_left() == 36 * 8.0 / 16
    assert after(todo, ONE_CARD, (todo[:20], 8.0), (todo[20:21], 9.0)).untimed == ()
    assert after(todo[:20], ONE_CARD, (todo[:20], 8.0)).untimed == ()


def test_what_is_not_known_is_not_guessed(units):
    todo = [*units["lr"], *units["finetune"]]
    assert Outlook(todo).seconds_left() is None
    assert after(todo, ONE_CARD, *(([unit], 8.0) for unit in units["lr"])).seconds_left() is None
    assert after([], ONE_CARD).seconds_left() == 0.0


def test_a_unit_that_fails_is_no_measure_of_the_others(units):
    outlook = Outlook(units["lr"])
    outlook.begin(units["lr"][0], 0.0)
    outlook.end(units["lr"][0], 0.001, counts=False)
    assert outlook.seconds_left() is None


def test_launches_and_options_survive_json(tmp_path):
    launch = Launch(Selection(("m",), ("t",), ("lr",)), Options("cuda:1", 3, 2))
    assert Launch.from_json(launch.to_json()) == launch


def test_the_last_unit_takes_its_own_time_however_many_workers_there_are(units):
    outlook = after(units["lr"], ONE_CARD, *(([unit], 8.0) for unit in units["lr"][:-1]))
    assert outlook.seconds_left() == 8.0


def test_a_units_own_seconds_count_where_it_tells_them(units):
    outlook = Outlook(units["lr"])
    outlook.begin(units["lr"][0], 0.0)
    outlook.end(units["lr"][0], 0.0, counts=True, took=8.0)
    assert outlook.seconds_left() == 19 * 8.0
