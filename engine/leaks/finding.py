"""One thing that the auditor says of a task, and from where on it raises an alarm."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

MARGIN: Final = 0.05
"""Units of AUC above .5 that the whole interval of a simple feature must lie for an alarm: with that, its
2.5 % of false alarms on tasks without a leak become fewer."""
NEAR: Final = 0.5
"""Part of what TF-IDF reaches above .5 that a simple feature must reach: less is a side effect."""
MATERIAL: Final = 0.02
"""Units of AUC that the words of names must be worth at least."""
APART: Final = 0.1
"""Difference of two shares that matters: of texts of a class that have a word, or of genes with a text."""
_SURE: Final = 3.0
"""Standard errors of it: many words and classes are looked at, and nobody should be alarmed by chance."""
REPEATED: Final = 0.05
"""Share of the test genes with a twin in training."""
CONTRARY: Final = 0.1
"""Share of the genes with a twin of another class: families of many, as olfactory receptors, have some."""
RELATED: Final = 0.25
"""Share of the test genes with a relative in training."""
SAME: Final = 0.1
"""By how much more such twins and relatives must be of the gene's own class than genes in training are."""

_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence with its numbers and, where it is alarming, what to do."""

    kind: str
    """What was looked at: `length`, `coverage`, `symbol`, `tfidf`, `masked`, `words`, `twins`,
    `contradictions`, `relatives`, `both`, `vectors`, or `label`."""
    sentence: str
    advice: str = ""
    """Empty where there is no reason for alarm."""
    numbers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def alarming(self) -> bool:
        """Whether something should be done."""
        return bool(self.advice)

    def to_json(self) -> dict[str, Any]:
        """A dict that JSON can hold."""
        return {**asdict(self), "alarming": self.alarming}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Finding:
        """The finding that `to_json` gave."""
        return cls(data["kind"], data["sentence"], data["advice"], data["numbers"])


def clearly_apart(high: int, of_high: int, low: int, of_low: int) -> bool:
    """Whether a share of `high` of `of_high` is larger by `APART` than one of `low` of `of_low`.

    By three standard errors of the difference, with one more hit and miss on either side (Agresti & Caffo
    2000), so that few genes prove nothing.
    """
    above, below = (high + 1) / (of_high + 2), (low + 1) / (of_low + 2)
    variance = above * (1 - above) / (of_high + 2) + below * (1 - below) / (of_low + 2)
    return above - below - _SURE * math.sqrt(variance) > APART


def percent(share: float) -> str:
    """`62.8%`, or `63%` where that is all."""
    return f"{100 * share:.1f}".removesuffix(".0") + "%"


def auc(value: float) -> str:
    """`.734`."""
    return f"{value:.3f}".replace("0.", ".", 1)


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
