"""How controls stand apart from the contestants and from the paper's rows in a printed table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from store.export import Heading

if TYPE_CHECKING:
    from store.queries import RankRow

CONTROLS: Final = "Controls (not ranked)"
"""What stands above them."""
PUBLISHED: Final = "Published"
"""What stands above the paper's rows where controls are above them."""


SOURCES: Final = {"paper": "The paper's rows, on other splits", "rerun": "The authors' own rerun"}
"""What stands above published rows that do not say themselves where they are from."""


def headings(rows: Sequence[RankRow], sources: bool = False) -> dict[int, str]:
    """What stands above which row; nothing where there are no controls, unless `sources` are wanted."""
    controls = [place for place, row in enumerate(rows) if row.control]
    if sources:
        found = {controls[0]: CONTROLS} if controls else {}
        for place, row in reversed([*enumerate(rows)]):
            if row.source in SOURCES and (place == 0 or rows[place - 1].source != row.source):
                found[place] = SOURCES[row.source]
        return found
    if not controls:
        return {}
    after = controls[-1] + 1
    return {controls[0]: CONTROLS} | ({after: PUBLISHED} if after < len(rows) else {})


def with_headings(cells: Sequence[list[str]], rows: Sequence[RankRow]) -> list[list[str]]:
    """The cells of these rows, with a row that only has a heading above controls and what follows them."""
    above = headings(rows)
    found: list[list[str]] = []
    for place, line in enumerate(cells):
        if place in above:
            found.append([Heading(above[place]), *[""] * (len(line) - 1)])
        found.append(line)
    return found
