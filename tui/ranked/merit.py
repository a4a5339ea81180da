"""What one cell is worth, in a few lines: each number beside what chance reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.quantities import auc, count

if TYPE_CHECKING:
    from engine.verdicts.worth import Worth


def merits(worth: Worth) -> tuple[str, ...]:
    """AUC, what stands at the top, probabilities, calls: a line each."""
    top = worth.retrieval
    lines = [
        _auc(worth),
        f"AUPRC {auc(top.average_precision)} "
        f"(chance {auc(top.chance_average_precision)}, skill {top.skill:.2f}); "
        f"precision at {top.k:.0f}: {auc(top.precision_at_k)} (chance {auc(top.prevalence)})",
        _probabilities(worth),
        _calls(worth),
    ]
    return tuple(filter(None, lines))


def errors(worth: Worth) -> str:
    """What the interval comes from."""
    found = worth.estimate
    if found is None:
        return ""
    splits = "not known" if found.split_se is None else f"{found.split_se:.4f}"
    return f"of genes {found.gene_se:.4f}, of splits {splits}; {found.nu} degrees of freedom"


def _auc(worth: Worth) -> str:
    found = worth.estimate
    if found is None:
        return ""
    if found.interval is None:
        interval = "no interval, for there is no spread to judge by"
    else:
        low, high = found.interval
        interval = f"95 % [{auc(low)}, {auc(high)}]"
    few = ", preliminary" if found.preliminary else ""
    [splits] = found.splits
    tried = f"{splits.used} of " if splits.failed else ""
    return f"AUC {auc(found.auc)}, {interval}, of {tried}{count(splits.tried, 'split')}{few}"


def _probabilities(worth: Worth) -> str:
    found = worth.calibration
    parts = [f"Brier skill {found.skill:.3f}"]
    if found.recalibrated_skill is not None:
        parts.append(f"recalibrated {found.recalibrated_skill:.3f}")
    if found.in_the_large is not None:
        parts.append(f"mean score less prevalence {found.in_the_large:+.3f}")
    return ", ".join(parts)


def _calls(worth: Worth) -> str:
    if len(worth.classes) > 2:
        named = zip(worth.classes, worth.calls, strict=True)
        return "; ".join(filter(None, (one.sentence(name) for name, one in named)))
    [one] = worth.calls
    positive = worth.classes[1]
    if sentence := one.sentence(positive):
        return f"{sentence[0].upper()}{sentence[1:]}"
    return (
        f"F1 {auc(one.f1)} at 0.5, {one.called:.2f} of the genes called {positive}; "
        f"calling all gives {auc(one.all_positive_f1)}"
    )
