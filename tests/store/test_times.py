from __future__ import annotations

import pytest

from store import connect
from store.home import find_home
from store.queries import cell_times
from store.records import Metrics, Scored, Unit
from store.reference import PAPER_TASKS, reference_minutes
from store.store import Store


def scored(protocol: str, seed: int, seconds: dict[str, float]) -> Scored:
    spec = {
        "axes": {"text": "facts"},
        "split": {"scheme": "paper", "seed": seed},
        "model": {"revision": "1"},
        "protocol": {"name": protocol, "revision": 1},
        "task": "h",
    }
    unit = Unit("m", "t", protocol, "paper", seed, spec)
    return Scored(
        unit, Metrics(1, 1, 1, 1, 1, 0), (), "s", 9, 1, "e", "2026-01-01T00:00:00+00:00", seconds=seconds
    )


def test_minutes_are_for_ten_splits_and_by_phase(tmp_path):
    store = Store(find_home(tmp_path))
    phases = [{"load": 6.0, "train": 60.0}, {"load": 6.0, "train": 120.0, "eval": 12.0}]
    store.append(*(scored("finetune", seed, part) for seed, part in enumerate(phases)))
    store.append(scored("lr", 1, {"fit": 1.0}))
    store.flush()
    with connect(tmp_path) as con:
        (cell,) = cell_times(con)
    assert (cell.arm.protocol, cell.splits) == ("finetune", 2)
    assert (cell.load, cell.tokenise, cell.train, cell.eval) == pytest.approx((1.0, 0.0, 15.0, 1.0))
    assert cell.minutes == pytest.approx(17.0)


def test_the_papers_table_is_whole():
    minutes = reference_minutes()
    assert len(minutes) == 40
    assert {task for _, task in minutes} == set(PAPER_TASKS)
    assert minutes["stella-base-en-v2", "dosage-sensitivity"] == 94
    assert sum(minutes.values()) == 1420
