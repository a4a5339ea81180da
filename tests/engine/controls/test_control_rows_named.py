"""The catalog of controls and the rows of tables name the same things."""

from __future__ import annotations

from engine.catalog.controls import CONTROLS, part_of, title_of
from store.controls import ROWS, in_order, row_of


def test_every_control_has_a_row_and_every_row_a_control():
    assert sorted({row_of(name) for name in CONTROLS}, key=in_order) == list(ROWS)
    assert [name for row in ROWS for name in part_of(row)] == list(CONTROLS)
    assert part_of("all-MiniLM-L6-v2") == ()
    assert title_of("random") == "random vectors"
