"""What the names of genes in a file that is looked at mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

from engine.data.genes.meanings import Meaning
from engine.data.preview.told import Names

FIRST_NAMES: Final = 10_000
"""Different names that are looked up of a file that is not read whole; each takes some 20 microseconds."""


def look_up(names: Iterable[str], resolve: Callable[[str], Meaning], *, whole: bool) -> Names:
    """What these names mean, or the first of them if the file they are from was not read `whole`."""
    different = dict.fromkeys(names)
    meanings = [resolve(name) for name in islice(different, None if whole else FIRST_NAMES)]
    return Names(
        len(meanings),
        len(different),
        tuple(meaning.identifier for meaning in meanings if not meaning.symbols),
        {meaning.identifier: meaning.symbols for meaning in meanings if len(meaning.symbols) > 1},
    )
