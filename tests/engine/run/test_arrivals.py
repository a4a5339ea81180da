"""The rate of what comes in from elsewhere."""

from __future__ import annotations

import pytest

from engine.run.arrivals import LATEST, Arrivals


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def come(arrivals: Arrivals, many: int) -> None:
    for _ in range(many):
        arrivals.add()


def test_nothing_is_known_at_first_and_what_was_there_before_is_no_part_of_it(clock):
    arrivals = Arrivals(clock)
    come(arrivals, 500)
    assert arrivals.rate() == 0.0
    clock.now += 10
    come(arrivals, 20)
    assert arrivals.rate() == pytest.approx(2.0)


def test_it_may_begin_before_it_is_looked_at(clock):
    arrivals = Arrivals(clock)
    arrivals.begin()
    come(arrivals, 6)
    clock.now += 2
    assert arrivals.rate() == pytest.approx(3.0)


def test_it_is_of_late(clock):
    arrivals = Arrivals(clock)
    for _ in range(int(2 * LATEST / 10)):  # waits in a queue
        assert arrivals.rate() == 0.0
        clock.now += 10
    for _ in range(int(2 * LATEST / 10)):
        come(arrivals, 5)
        rate = arrivals.rate()
        clock.now += 10
    assert rate == pytest.approx(0.5)
    clock.now += LATEST  # paused
    arrivals.rate()
    clock.now += LATEST
    assert arrivals.rate() == 0.0


def test_what_comes_in_lumps_has_the_rate_of_their_sum(clock):
    arrivals = Arrivals(clock)
    arrivals.rate()
    for _ in range(3):
        come(arrivals, 60)
        clock.now += 60
        for _ in range(3):
            assert arrivals.rate() == pytest.approx(1.0)
