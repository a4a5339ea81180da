"""The statistical controls: what a score is worth beside what needs no embedding at all.

A control stands in every table beside the contestants, on the same splits and by the same classifiers, and
is never ranked. Its definition is here, its computation in `engine/controls/features.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from engine.catalog.protocols import PROTOCOLS
from store.controls import row_of
from store.models import Model

Which = Literal["none", "default", "all"]
WHICH: Final[tuple[Which, ...]] = ("none", "default", "all")
"""Which controls a run has beside its models."""


@dataclass(frozen=True, slots=True)
class Control:
    """One control."""

    name: str
    title: str
    words: str
    """What it is, in a line."""
    revision: int = 1
    """Raised by hand whenever its numbers may change; part of every key."""
    usual: bool = False
    """Whether a run has it if nobody chooses."""


DRAWS: Final = 5
"""Sets of random vectors, whose results are averaged: one alone may be lucky."""
RANDOM: Final = "random"
"""The row of the random vectors."""
PERMUTED: Final = "permuted"
"""The control that needs the vectors of a contestant."""
COVERAGE: Final = "coverage"

CONTROLS: Final[Mapping[str, Control]] = {
    control.name: control
    for control in (
        Control(
            "tfidf", "TF-IDF words", "the words of the text, weighted by how rare they are", usual=True
        ),
        Control(
            "symbol", "symbol letters", "the letters of the gene's symbol, one to four in a row", usual=True
        ),
        *(
            Control(
                f"{RANDOM}-{draw}",
                f"random vectors {draw}",
                "384 random numbers for each gene",
                usual=True,
            )
            for draw in range(1, DRAWS + 1)
        ),
        Control("length", "text length", "how many characters the text has, on a log scale"),
        Control(COVERAGE, "text or none", "whether there is a text for the gene at all"),
        Control(
            PERMUTED,
            "permuted labels",
            "the first model's vectors, with the labels of a task shuffled once",
            revision=2,
        ),
        Control("majority", "majority class", "the same score for every gene"),
    )
}
"""By name, in the order in which they are listed and run."""

_USUAL_PROTOCOLS: Final = ("lr", "rf", "lr-cv")
"""What the usual controls are scored with: a tuned forest takes minutes for each and says no more."""


def part_of(row: str) -> tuple[str, ...]:
    """The controls whose results make a row: all draws of the random vectors, else the one of this name."""
    return tuple(name for name in CONTROLS if row_of(name) == row)


def title_of(row: str) -> str:
    """What a control's row is called; other names as they are."""
    if row == RANDOM:
        return "random vectors"
    return CONTROLS[row].title if row in CONTROLS else row


def control_model(name: str) -> Model | None:
    """The control of this name as something that can be run; None: there is none."""
    control = CONTROLS.get(name)
    if control is None:
        return None
    note = f"Control: {control.words}."
    return Model(name, "control", name, revision=str(control.revision), note=note, control=True)


def chosen(which: Which, protocols: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Control -> the protocols that it is scored with beside models that are run by `protocols`.

    Beside fine-tuning a control is scored with logistic regression: it has nothing to fine-tune.
    """
    if which == "none":
        return {}
    classical = [name for name in protocols if not PROTOCOLS[name].finetunes]
    if len(classical) < len(protocols):
        classical.append("lr")
    scored = [name for name in PROTOCOLS if name in classical]
    if which == "default":
        scored = [name for name in scored if name in _USUAL_PROTOCOLS]
    names = [control.name for control in CONTROLS.values() if which == "all" or control.usual]
    return {name: tuple(scored) for name in names} if scored else {}
