"""Ranks with the uncertainty they have: rank intervals, letters and the leading group among k models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from engine.stats.eligible import LeftOut, contestants, together
from engine.stats.influence import Influences, all_pair_errors
from engine.stats.intervals import NOTHING, Estimate, SplitCount, estimates, is_preliminary
from engine.stats.letters import letters
from engine.stats.power import POWER
from engine.stats.scores import CellScores, Floats
from engine.stats.simultaneous import Draws, Flags, draw, judge


@dataclass(frozen=True)
class Place:
    """One model among k."""

    estimate: Estimate
    """On the tests that all k have."""
    rank: float
    """By AUC rounded to 9 digits, 1 the best; equal ones share the mean of their ranks."""
    first: int
    last: int
    """The rank interval: all k of them hold together with 95 %."""
    letters: str
    """Two models that share one are not told apart."""
    leading: bool
    """Whether it is in the leading group: nothing shows that another is better. It answers one question
    for each model, so a model may be outside though its rank interval begins at 1."""

    @property
    def model(self) -> str:
        """Its name."""
        return self.estimate.model


@dataclass(frozen=True, eq=False)
class Ranking:
    """k models ranked together on the tests that all of them have; no places with fewer than two."""

    places: tuple[Place, ...] = ()
    """By AUC, the best first; equal ones in the order they were given."""
    left_out: tuple[LeftOut, ...] = ()
    """Contestants that could not be ranked."""
    better: Flags | None = None
    """better[i, j]: place i is shown to be better than place j, among these k; shape (k, k)."""
    critical: tuple[float, ...] = ()
    """The critical value of each step of the step-down."""
    optimism: float | None = None
    """How much too high the AUC of the best of k is expected to be because it was picked, in AUC; None with
    one degree of freedom, where luck has no mean."""
    detectable: float | None = None
    """The smallest difference that these splits could show of a median pair looked at alone, with 80 %."""

    @property
    def k(self) -> int:
        """Among how many models all this holds."""
        return len(self.places)

    @property
    def separable(self) -> int:
        """How many of the k - 1 neighbours in rank are told apart."""
        return 0 if self.better is None else int(self.better.diagonal(1).sum())

    @property
    def splits(self) -> tuple[SplitCount, ...]:
        """For each task, of all k models."""
        return self.places[0].estimate.splits if self.places else ()

    @property
    def preliminary(self) -> bool:
        """Whether a task has fewer than five splits in common."""
        return is_preliminary(self.splits)


def rank(cells: Sequence[CellScores], tasks: Sequence[str] | None = None) -> Ranking:
    """Rank the contestants among `cells` over `tasks` (all that occur, unless given).

    Controls are left aside: whether they are among `cells` changes nothing.

    Raises:
        DataError: a model has two cells in one task, or cells of one task differ in their classes.
    """
    competing = contestants(cells)
    of, left_out = together(competing, tasks)
    return Ranking(left_out=left_out) if of is None else rank_influences(of, left_out)


def rank_influences(
    of: Influences, left_out: tuple[LeftOut, ...] = (), draws: Draws | None = None
) -> Ranking:
    """Rank all models of `of`, with `draws` of theirs or, without, those of `simultaneous.draw`."""
    moved = draw(of) if draws is None else draws
    judged = judge(of, moved)
    rank = _average_ranks(of.auc)
    first = 1 + judged.better.sum(axis=0)
    last = len(of.models) - judged.better.sum(axis=1)
    held = letters(judged.better | judged.better.T, of.auc)
    own = estimates(of)
    order = np.argsort(rank, kind="stable")
    return Ranking(
        places=tuple(
            Place(own[i], float(rank[i]), int(first[i]), int(last[i]), held[i], bool(judged.leading[i]))
            for i in order
        ),
        left_out=left_out,
        better=judged.better[np.ix_(order, order)],
        critical=judged.critical,
        optimism=_optimism(of, moved),
        detectable=_detectable(of),
    )


def _average_ranks(means: Floats) -> Floats:
    """1 is the best; means that agree in 9 digits share the mean of their ranks."""
    rounded = np.round(means, 9)
    above = (rounded[:, None] < rounded).sum(axis=1)
    equal = (rounded[:, None] == rounded).sum(axis=1)
    ranks: Floats = above + (equal + 1) / 2
    return ranks


def _optimism(of: Influences, moved: Draws) -> float | None:
    """Mean over the draws, and their mirror images, of what the model that comes out best has gained."""
    if of.nu < 2:
        return None
    draw = np.arange(len(moved))
    up, down = (of.auc + moved).argmax(axis=1), (of.auc - moved).argmax(axis=1)
    return float((moved[draw, up] - moved[draw, down]).mean()) / 2


def _detectable(of: Influences) -> float | None:
    upper = np.triu_indices(len(of.models), 1)
    errors = np.maximum(*all_pair_errors(of))[upper]
    usual = float(np.median(errors))
    return float(stdtrit(of.nu, 0.975) + stdtrit(of.nu, POWER)) * usual if usual > NOTHING else None
