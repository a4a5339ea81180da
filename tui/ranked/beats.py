"""Whether the contestants of a ranked table beat TF-IDF, in words and in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from engine.catalog.controls import title_of
from store.controls import REFERENCE
from tui.quantities import count
from tui.ranked.figures import difference_text

if TYPE_CHECKING:
    from engine.stats.baseline import Against, Baseline
    from engine.verdicts.table import Judged
    from store.queries import RankRow

TITLE: Final = "vs TF-IDF"
"""Of the column."""
MEANING: Final = (
    "The intervals of all differences to TF-IDF hold together with 95 %: beats is wholly above 0, below "
    "wholly below; same is within .02 for practical purposes; not shown is not thereby equal."
)
"""What the column says."""
OF_A_VERDICT: Final = ("less", "low less", "high less", "p against", "against")
"""Each before the control's name."""
_SHORT: Final = {"same for practical purposes": "same"}
_NAMED: Final = 3
"""Models that a sentence names; of more, how many."""


class Beside(Protocol):
    """What of a ranked table is asked here; `tui.ranked.standings.Standing` is one."""

    @property
    def judged(self) -> Judged:
        """What its scores can tell."""

    @property
    def by(self) -> str:
        """The column that places are of."""

    @property
    def baseline(self) -> str:
        """What the models are set against instead of having places; empty: nothing."""


def beside(standing: Beside, column: str) -> Baseline | None:
    """The contestants beside TF-IDF in a column; None where one of the two is missing."""
    return standing.judged.beside_control(column)


def shown(standing: Beside) -> bool:
    """Whether a column for it says something that the others do not."""
    return standing.baseline != REFERENCE and bool(_rows(standing, standing.by))


def text(standing: Beside, row: RankRow) -> str:
    """The word of a row in the column that places are of."""
    if not row.contestant:
        return ""
    found = _rows(standing, standing.by).get(row.model)
    return _SHORT.get(found.standing.value, found.standing.value) if found else "-"


def numbers(standing: Beside, row: RankRow, column: str) -> Sequence[Any]:
    """For `OF_A_VERDICT`."""
    found = _rows(standing, column).get(row.model) if row.contestant else None
    if found is None:
        return (None,) * len(OF_A_VERDICT)
    low, high = found.interval or (None, None)
    return found.difference, low, high, found.p, found.standing.value


def in_full(standing: Beside, row: RankRow, column: str) -> str:
    """`beats TF-IDF: +.012 [+.001, +.023]`; empty where nothing is known of it."""
    found = _rows(standing, column).get(row.model) if row.contestant else None
    return f"{title_of(REFERENCE)}: {difference_text(found)}, {found.standing.value}" if found else ""


def sentence(standing: Beside) -> str:
    """Who beats TF-IDF, of the column that places are of; empty where nobody was set beside it."""
    found = beside(standing, standing.by)
    if found is None:
        return ""
    if not found.rows:
        return " ".join(f"{gone.model} is not set beside TF-IDF: {gone.reason}." for gone in found.left_out)
    where = "" if standing.by == "mean" else f" on {standing.by}"
    few = " (preliminary: fewer than five splits)" if found.preliminary else ""
    return "; ".join(_clauses(_by_word(found), f"TF-IDF{where}")) + f"{few}."


def _by_word(found: Baseline) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for row in found.rows:
        groups.setdefault(row.standing.value, []).append(row.model)
    return groups


def _clauses(groups: Mapping[str, Sequence[str]], reference: str) -> Iterator[str]:
    every = sum(map(len, groups.values()))
    beat, below = groups.get("beats", ()), groups.get("below", ())
    same, open_ = groups.get("same for practical purposes", ()), groups.get("not shown", ())
    if not beat:
        yield f"{'No model here' if every > 1 else 'The model'} is {_not(every)}shown to beat {reference}"
    elif len(beat) == every:
        yield f"{_names(beat) if every < 3 else f'All {every} models'} {_verb(beat)} {reference}"
    else:
        yield f"{_names(beat)} {_verb(beat)} {reference}"
    if below:
        yield f"{_names(below)} {'is' if len(below) == 1 else 'are'} below it"
    if same:
        yield f"{_names(same)} {'is' if len(same) == 1 else 'are'} the same for practical purposes"
    if beat and open_:
        yield "of the rest it is not shown"


def _not(every: int) -> str:
    return "" if every > 1 else "not "


def _verb(names: Sequence[str]) -> str:
    return "beats" if len(names) == 1 else "beat"


def _names(names: Sequence[str]) -> str:
    first = list(names[:_NAMED])
    if len(names) > _NAMED:
        return f"{', '.join(first)} and {count(len(names) - _NAMED, 'more model')}"
    return " and ".join(filter(None, [", ".join(first[:-1]), first[-1]]))


def _rows(standing: Beside, column: str) -> Mapping[str, Against]:
    found = beside(standing, column)
    return {row.model: row for row in found.rows} if found else {}
