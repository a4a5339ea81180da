"""What a comparison could have shown, and what it would take to show a smaller difference.

A difference is detectable if a two-sided test at 5 % finds it with a chance of 80 %. More splits of the
same genes only lower the error to that of the genes: the part r of Nadeau & Bengio (2003) stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from scipy.special import stdtrit

from engine.stats.intervals import NOTHING
from engine.stats.pairs import Pair, Spread
from store.errors import DataError

POWER: Final = 0.8
"""The chance with which a detectable difference is found."""

STANDARD_ERRORS: Final = 2.80
"""How many standard errors a difference must have to be found with that chance, in the planning form."""


@dataclass(frozen=True)
class Requirements:
    """What it would take to show a difference of `difference` between two models, other things equal.

    All but `detectable` are for planning, from how far the difference goes up and down between splits; they
    are None where a task has a single split, or the models do not differ in any.
    """

    difference: float
    """In units of AUC."""
    detectable: float | None
    """The smallest difference that these splits could show; None where there is no spread to judge by."""
    floor: float | None
    """The smallest that any number of splits of these genes could show."""
    splits: int | None
    """Splits needed in each task; None also if no number suffices."""
    genes: float | None
    """How many times as many genes are needed, with these splits; 1 if these suffice."""
    tasks: int | None
    """Tasks needed that are like these, with these splits."""

    @property
    def hopeless(self) -> bool:
        """Whether no number of splits of these genes suffices."""
        return self.floor is not None and self.splits is None


def detectable(pair: Pair) -> float | None:
    """The smallest difference, in units of AUC, that `pair` could have shown; None without a spread."""
    if pair.interval is None or pair.se is None or pair.nu is None:
        return None
    return float(stdtrit(pair.nu, 0.975) + stdtrit(pair.nu, POWER)) * pair.se


def planned(spreads: tuple[Spread, ...], splits: float | None = None) -> float | None:
    """The detectable difference that the split differences let expect, with `splits` instead of those run.

    `math.inf` splits give the floor. None where a task has a single split.
    """
    variance = 0.0
    for spread in spreads:
        if spread.sd is None:
            return None
        variance += spread.sd**2 * (1 / (splits or spread.splits) + spread.ratio)
    return STANDARD_ERRORS * math.sqrt(variance) / len(spreads) if spreads else None


def requirements(pair: Pair, difference: float) -> Requirements:
    """What it would take to show `difference` (in units of AUC) between the models of `pair`.

    Raises:
        DataError: `difference` is not above 0.
    """
    if not 0 < difference < math.inf:
        raise DataError(f"A difference of {difference} cannot be looked for.", "It must be above 0.")
    now, floor = planned(pair.spreads), planned(pair.spreads, math.inf)
    if not now or floor is None or now < NOTHING:
        return Requirements(difference, detectable(pair), None, None, None, None)
    share = (now / difference) ** 2
    return Requirements(
        difference=difference,
        detectable=detectable(pair),
        floor=floor,
        splits=_splits(pair.spreads, difference) if floor < difference else None,
        genes=max(1.0, share),
        tasks=max(1, _whole(len(pair.spreads) * share)),
    )


def _splits(spreads: tuple[Spread, ...], difference: float) -> int:
    """1 / J = (difference / 2.80 / sd)^2 - r, with sums of squares over the tasks of a mean."""
    squares = sum(spread.sd**2 for spread in spreads if spread.sd is not None)
    lasting = sum(spread.sd**2 * spread.ratio for spread in spreads if spread.sd is not None)
    allowed = (difference * len(spreads) / STANDARD_ERRORS) ** 2
    return max(1, _whole(squares / (allowed - lasting)))


def _whole(number: float) -> int:
    """Rounded up, but not for the sake of rounding errors."""
    return math.ceil(number - 1e-9 * number)
