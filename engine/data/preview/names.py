"""What the names of genes in a file that is looked at mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

from engine.data.genes.meanings import Meaning
from engine.data.preview.told import Names

LOOKED_UP: Final = 25_000
"""Different names; each takes some 20 microseconds, and an experiment has fewer."""


def look_up(names: Iterable[str], resolve: Callable[[str], Meaning]) -> Names:
    """What the first of these names mean."""
    different = dict.fromkeys(names)
    meanings = [resolve(name) for name in islice(different, LOOKED_UP)]
    return Names(
        len(meanings),
        len(different),
        tuple(meaning.identifier for meaning in meanings if not meaning.symbols),
        {meaning.identifier: meaning.symbols for meaning in meanings if len(meaning.symbols) > 1},
    )
