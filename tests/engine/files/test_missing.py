"""The quick search for missing values among many cells finds what looking at each finds."""

from __future__ import annotations

import pytest

from engine.files.tables.missing import DOUBTFUL, WORDS, is_missing, missing_among


@pytest.mark.parametrize("doubtful", [True, False])
def test_a_search_among_many_finds_each_word_in_every_case(doubtful: bool) -> None:
    words = {*WORDS, *DOUBTFUL, ""}
    others = ["TP53", "NAT1", "nanog", "NN", "1", "-1"]
    cells = [*words, *map(str.upper, words), *map(str.title, words), *others]
    expected = {cell for cell in cells if is_missing(cell, doubtful=doubtful)}
    assert missing_among(cells, doubtful=doubtful) == expected
    assert len(expected) > 50
