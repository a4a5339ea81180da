"""The plots of a cell on axes: ROC, precision and recall, calibration, epochs. Pure functions."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from engine.stats.reliability import groups
from tui.questions.cells import CellDetail, Curve, Place, band
from tui.ranked.figures import three
from tui.widgets.plot import Band, Mark, Plot, Reference, Series, Span, Words

UNIT: Final = Span(0.0, 1.0)
GROUPS: Final = 8
"""Of equal number, in a calibration plot."""
ROC, PRECISION_RECALL, CALIBRATION, EPOCHS = range(4)
NAMES: Final = ("ROC", "precision and recall", "calibration", "epochs")


def plot(detail: CellDetail, place: Place, which: int) -> Plot:
    """One of the four; without points if the cell has none of it."""
    title = f"{place.model}, {place.task}, {place.arm.protocol}: {NAMES[which]}"
    return (roc, precision_recall, calibration, epochs)[which](detail, title)


def roc(detail: CellDetail, title: str = "") -> Plot:
    """The mean of the splits' curves in the band from the lowest to the highest, beside chance."""
    chance = Reference("chance", ((0.0, 0.0), (1.0, 1.0)))
    axes = "false positive rate", "true positive rate"
    return _banded(title, list(detail.roc.values()), axes, chance, _spread(detail, "auc", "AUC"))


def precision_recall(detail: CellDetail, title: str = "") -> Plot:
    """The same of precision, beside the share of the class."""
    tests = detail.tests.all
    share = sum(test.label == 1 for test in tests) / len(tests) if tests else 0.0
    at = Reference("", ((0.0, share), (1.0, share)))
    said = Words(0.04, max(share - 0.06, 0.0), f"share of the class {three(share)}", "faint")
    curves = list(detail.precision_recall.values())
    axes = "recall", "precision"
    return replace(_banded(title, curves, axes, at, _spread(detail, "auprc", "AUPRC")), words=(said,))


def _spread(detail: CellDetail, name: str, called: str) -> str:
    """`AUC .911 ±.041`: mean and SD between the splits."""
    values = [split[name] for split in detail.splits if split[name] is not None]
    if not values:
        return ""
    sd = f" ±{three(statistics.stdev(values))}" if len(values) > 1 else ""
    return f"{called} {three(statistics.fmean(values))}{sd}"


def _banded(
    title: str, curves: Sequence[Curve], axes: tuple[str, str], beside: Reference, note: str
) -> Plot:
    curves = [curve for curve in curves if curve]
    if not curves:
        return Plot(title, (), UNIT, UNIT, *axes)
    low, mean, high = band(curves)
    edges = [(at, least, most) for (at, least), (_, most) in zip(low, high, strict=True)]
    bands = (Band("banda", edges),) if len(curves) > 1 else ()
    name = f"mean of {len(curves)}" if len(curves) > 1 else "one split"
    return Plot(title, [Series(name, mean)], UNIT, UNIT, *axes, (beside,), bands, note=note)


def calibration(detail: CellDetail, title: str = "") -> Plot:
    """The share of the class among tests of like scores, with 95 % whiskers, beside the diagonal."""
    tests = [(test.score, test.label == 1, test.gene) for test in detail.tests.all]
    found = groups(tests, GROUPS)
    axes = "score", f"share {detail.tests.positive}"
    if not found:
        return Plot(title, (), UNIT, UNIT, *axes)
    line = Series("", [(group.score, group.share) for group in found])
    whiskers = [
        Series("", ((group.score, group.low), (group.score, group.high)), "soft") for group in found
    ]
    return Plot(
        title,
        [line, *whiskers],
        UNIT,
        UNIT,
        *axes,
        references=(Reference("", ((0.0, 0.0), (1.0, 1.0))),),
        marks=[Mark(group.score, group.share, "●", "a") for group in found],
        words=(Words(0.62, 0.56, "perfect", "faint"),),
    )


def epochs(detail: CellDetail, title: str = "") -> Plot:
    """Loss and evaluation AUC along the epochs, averaged over seeds, stage after stage."""
    losses: dict[tuple[int, int], list[float]] = {}
    scores: dict[tuple[int, int], list[float]] = {}
    for _, stage, epoch, loss, score, _ in detail.epochs:
        losses.setdefault((stage, epoch), []).append(loss)
        if score is not None:
            scores.setdefault((stage, epoch), []).append(score)
    places = {step: float(i + 1) for i, step in enumerate(sorted(losses))}

    def line(found: dict[tuple[int, int], list[float]]) -> Curve:
        return tuple((places[step], sum(values) / len(values)) for step, values in sorted(found.items()))

    lines = [Series("evaluation AUC", line(scores), "a"), Series("loss", line(losses), "b")]
    return Plot(title, lines, x_title="epoch")
