"""A ranked table in words with what its splits can tell: intervals, places, letters, a line of honesty."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tui.ranked import beats
from tui.ranked.figures import difference_text, ranged, short

if TYPE_CHECKING:
    from engine.stats.baseline import Against, Baseline
    from engine.stats.eligible import LeftOut
    from engine.stats.intervals import Estimate
    from engine.stats.ranks import Place, Ranking
    from engine.verdicts.families import KeptApart
    from engine.verdicts.table import Judged
    from store.queries import Rankings, RankRow

MEAN: Final = "mean"
LEADING: Final = "*"
"""Marks the leading group."""
_ROUNDED: Final = 1e-6
"""What a mean is off for having been rounded."""
METHOD: Final = (
    "95 % intervals of an AUC on the logit scale from the larger of two standard errors: of genes "
    "(DeLong 1988, clustered by gene) and of splits (Nadeau and Bengio 2003). Places and letters by "
    "step-down max-t over all pairs (Romano and Wolf 2005), the leading group by Hsu (1984). Differences "
    "to a baseline hold together in the way of Dunnett (1955)."
)
PLACES: Final = (
    f"Places are 95 % rank intervals; models that share a letter cannot be told apart; {LEADING} marks the "
    "leading group: each may be the best."
)
"""What a place says."""
DIFFERENCES: Final = (
    "The intervals of all differences to the baseline hold together with 95 %; within .02 models are the "
    "same for practical purposes; what is not shown is not thereby equal."
)
"""What a difference says."""


@dataclass(frozen=True)
class Standing:
    """A ranked table and what its splits can tell."""

    table: Rankings
    judged: Judged
    by: str = MEAN
    """The column that places are of: a task, or the mean."""
    baseline: str = ""
    """The own model that the others are set against instead of having places; empty: none."""
    published: str = ""
    """What the paper's rows can tell apart by themselves, if that is known."""
    apart: KeptApart | None = None
    """The same arm with gene families kept apart, if that was run."""

    @functools.cached_property
    def places(self) -> Mapping[str, Place]:
        """Model -> its place among the own ones that can be ranked together."""
        return {place.model: place for place in self.judged.ranking(self.by).places}

    @functools.cached_property
    def beside(self) -> Baseline | None:
        """The others against the baseline; None if there is none here."""
        there = self.baseline in self.judged.models
        return self.judged.against(self.baseline, self.by) if there else None

    @functools.cached_property
    def differences(self) -> Mapping[str, Against]:
        """Model -> how it stands to the baseline, of those that can be compared with it."""
        return {row.model: row for row in self.beside.rows} if self.beside else {}

    @functools.cached_property
    def left_out(self) -> Mapping[str, str]:
        """Model -> why it has no place, or no difference."""
        of = self.beside or self.judged.ranking(self.by)
        return {gone.model: gone.reason for gone in of.left_out}

    @functools.cached_property
    def printed(self) -> Sequence[float]:
        """The paper's numbers in the column that places are of."""
        values = (value_of(row, self.by) for row in self.table.rows if row.source == "paper")
        return [value for value in values if value is not None]

    def by_column(self, column: str) -> Standing:
        """The same with places of another column, and the contestants in its order."""
        rows = self.table.rows
        if column != MEAN:  # the sorting is stable, so that equal ones and published rows keep their order
            rows = tuple(
                sorted(rows, key=lambda row: -row.auc.get(column, -1.0) if row.contestant else 2.0)
            )
        return replace(self, table=replace(self.table, rows=rows), by=column)

    def estimate(self, row: RankRow, column: str) -> Estimate | None:
        """What is known of an own row in a column; None of published ones, which are means only.

        None also where the kept scores do not give the AUC that is shown.
        """
        value, found = value_of(row, column), self.judged.estimates.get((row.model, column))
        if row.source != "own" or value is None or found is None or abs(found.auc - value) > _ROUNDED:
            return None
        return found


# ---------------------------------------------------------------------------- numbers


def with_interval(value: float, estimate: Estimate | None) -> str:
    """`.912 [.867, .941]`; an interval is not symmetric, so never ±."""
    if estimate is None or estimate.interval is None:
        return short(value)
    low, high = estimate.interval
    return f"{short(value)} [{short(low)}, {short(high)}]"


def place_text(place: Place) -> str:
    """`1–3 ab *`."""
    return f"{ranged(place.first, place.last)} {place.letters}{f' {LEADING}' if place.leading else ''}"


def among_paper(standing: Standing, row: RankRow) -> tuple[int, int, int] | None:
    """Where an own row would stand among the paper's: the places its interval allows, and of how many.

    None without published rows or an interval. In the mean; for a task, in that.
    """
    printed, estimate = standing.printed, standing.estimate(row, standing.by)
    if row.control or not printed or estimate is None or estimate.interval is None:
        return None
    low, high = estimate.interval
    first, last = (1 + sum(value > end for value in printed) for end in (high, low))
    return first, last, len(printed) + 1


def value_of(row: RankRow, column: str) -> float | None:
    """The AUC of a row in a task, or its mean."""
    return row.mean if column == MEAN else row.auc.get(column)


# ---------------------------------------------------------------------------- rows for people


def standing_texts(standing: Standing, row: RankRow) -> list[str]:
    """The place of a row, or its difference to the baseline and the verdict; none if nothing is ranked."""
    own = row.contestant
    if standing.beside is None:
        place = standing.places.get(row.model) if own else None
        return [place_text(place) if place else "-" if own else ""] if standing.places else []
    if row.source == "own" and row.model == standing.baseline:
        return ["baseline", ""]
    against = standing.differences.get(row.model) if own else None
    if against is None:
        return ["-" if own else "", ""]
    return [difference_text(against), against.standing.value]


def printed_rank(row: RankRow, column: str) -> str:
    """The rank that was published."""
    rank = row.mean_rank if column == MEAN else row.rank.get(column)
    return "-" if rank is None else f"({rank:g})"


# ---------------------------------------------------------------------------- what must be known


def honesty(standing: Standing) -> list[str]:
    """How much the places say, in a line or two; why a model has none."""
    ranking = standing.judged.ranking(standing.by)
    lines = []
    if ranking.places:
        lines.append(
            f"{among(ranking)}: places hold together with 95 %; models that share a letter cannot be told "
            f"apart; {LEADING} may be the best."
        )
        told = told_apart(ranking)
        if ranking.optimism is not None and ranking.optimism >= 0.0005:
            too_high = short(ranking.optimism)
            told += f"; the first is picked as best of {ranking.k}, so about {too_high} too high"
        lines += [f"{told}.", *map(_no_place, ranking.left_out)]
    else:
        lines.append(_unranked(standing))
    lines.append(beats.sentence(standing))
    if any(among_paper(standing, row) for row in standing.table.rows):
        lines.append(beside_paper(standing))
    if standing.published:
        lines.append(f"The paper's rows: {standing.published}")
    return [line for line in lines if line]


def in_a_line(standing: Standing) -> str:
    """What beats TF-IDF, then how much the places say; of differences to a baseline, what they are worth.

    Empty if there is nothing to rank.
    """
    beside, ranking = standing.beside, standing.judged.ranking(standing.by)
    if beside is None:
        told = f"{among(ranking)}: {_neighbours(ranking)}." if ranking.places else _unranked(standing)
        least = _detectable(ranking)
        most = f"{least[0].upper()}{least[1:]}." if least else ""
        return " ".join(filter(None, (beats.sentence(standing), told, most)))
    if not beside.rows:
        return f"No model can be set against {beside.model} here."
    return (
        f"Beside {beside.model}, among {beside.k} on {_splits(beside)}: the intervals of all differences "
        "hold together with 95 %."
    )


def among(ranking: Ranking) -> str:
    """`Among 5 models on 10 splits each`."""
    return f"Among {ranking.k} models on {_splits(ranking)}"


def told_apart(ranking: Ranking) -> str:
    """How many neighbours are, and what could have been."""
    return "; ".join(filter(None, (_neighbours(ranking), _detectable(ranking))))


def _neighbours(ranking: Ranking) -> str:
    are = "is" if ranking.separable == 1 else "are"
    return f"{ranking.separable} of {ranking.k - 1} neighbours {are} told apart"


def _detectable(ranking: Ranking) -> str:
    if ranking.detectable is None:
        return ""
    return f"a typical pair would have to differ by {short(ranking.detectable)}"


def beside_paper(standing: Standing) -> str:
    """Why own rows have a range of places among the paper's, and no place."""
    return f"Beside the paper's rows only as a range of places: {_differs(standing)}."


def _splits(of: Ranking | Baseline | Estimate) -> str:
    used = sorted({splits.used for splits in of.splits})
    n = f"{used[0]}" if len(used) == 1 else f"{used[0]} to {used[-1]}"
    return f"{n} splits each{', preliminary' if of.preliminary else ''}"


def _unranked(standing: Standing) -> str:
    judged = standing.judged
    own = judged.contestants
    found = judged.estimates.get((own[0], standing.by)) if len(own) == 1 else None
    if found is not None:
        return f"A single own model on {_splits(found)}: there is nothing of your own to rank it among."
    return " ".join(map(_no_place, judged.ranking(standing.by).left_out))


def _no_place(gone: LeftOut) -> str:
    return f"{gone.model} has no place: {gone.reason}."


def _differs(standing: Standing) -> str:
    """What own and published rows do not share."""
    arm = standing.table.arm
    parts = ["other splits of the same genes"]
    parts += [f"preset {arm.preset}"] if arm.preset != "paper" else []
    parts += [f"text {arm.text}"] if arm.text != "facts" else []
    parts += [f"splits {arm.scheme}"] if arm.scheme != "paper" else []
    return ", ".join(parts)
