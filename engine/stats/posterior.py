"""The posterior of a difference, as a curve: Student's t about it (Corani & Benavoli 2015).

`engine.stats.pairs` has its three probabilities; here is the density between them, in plain Python.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, pi


@dataclass(frozen=True, slots=True)
class Posterior:
    """t with `nu` degrees of freedom about `difference`, scaled by `se`."""

    difference: float
    se: float
    nu: int

    def density(self, at: Sequence[float]) -> list[float]:
        """How likely each difference is, per unit of AUC (Student 1908)."""
        nu = self.nu
        top = lgamma((nu + 1) / 2) - lgamma(nu / 2) - log(nu * pi) / 2 - log(self.se)
        return [exp(top - (nu + 1) / 2 * log(1 + ((x - self.difference) / self.se) ** 2 / nu)) for x in at]
