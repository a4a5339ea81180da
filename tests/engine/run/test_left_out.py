"""What is said of units that are left to the next run."""

from __future__ import annotations

from pathlib import Path

import engine
from engine.run.events import Log, UnitFinished
from engine.run.left_out import left_out, reason_of, summed_up
from store.records import Cancelled, Unit

ROOT = Path(engine.__file__).parent
UNITS = [Unit("mini", "one", "lr", "paper", seed, {"split": {"seed": seed}}) for seed in (1, 2)]


def test_units_are_left_out_with_their_reason_which_is_said_once():
    said, *ends = left_out(UNITS, "The disk is full.")
    assert said == Log("error", "The disk is full. Units left out: 2; the next run tries again.")
    assert ends == [UnitFinished(Cancelled(unit, "The disk is full.")) for unit in UNITS]


def test_of_units_that_somebody_gave_up_nothing_is_said():
    assert list(left_out(UNITS, "")) == [UnitFinished(Cancelled(unit, "")) for unit in UNITS]
    assert list(left_out([], "The disk is full.")) == []


def test_the_reason_is_found_again_in_what_sums_it_up():
    assert reason_of(summed_up(12, "The disk is full.")) == "The disk is full."
    assert reason_of("The disk is full.") == "The disk is full."


def test_these_sentences_stand_in_one_place():
    says = [path for path in ROOT.rglob("*.py") if "nits left out" in path.read_text(encoding="utf-8")]
    assert says == [ROOT / "run" / "left_out.py"]
