"""The memory that is told is what was really used since it was asked to forget."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from engine.embedding.cost import forget_peak, peak_memory

MIB = 1 << 20


def test_the_peak_tells_of_memory_that_was_given_back() -> None:
    forget_peak("cpu")
    before = peak_memory("cpu")
    np.ones(64 * MIB // 8)
    after = peak_memory("cpu")
    assert before is not None
    assert after is not None
    assert after - before > 48 * MIB


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can forget a peak")
def test_a_peak_before_it_was_forgotten_does_not_count() -> None:
    np.ones(256 * MIB // 8)
    high = peak_memory("cpu")
    forget_peak("cpu")
    low = peak_memory("cpu")
    assert high is not None
    assert low is not None
    assert high - low > 128 * MIB
