"""The paper's sensitivity analysis: which values of which parameters, one at a time or as a grid."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from engine.catalog.protocols import PROTOCOLS
from engine.plan.selection import Selection
from store.errors import UsageError

FACTORS: Final[Mapping[str, tuple[float, ...]]] = {
    "learning_rate": (1e-6, 5e-6, 1e-5, 5e-5, 1e-4),
    "weight_decay": (0.0, 0.1, 0.2, 0.3, 0.4),
    "warmup": (0.0, 0.05, 0.1, 0.15, 0.2),
    "max_grad_norm": (0.6, 0.7, 0.8, 0.9, 1.0),
    "epochs": (5, 10, 15, 20, 25),
}
"""Parameter of the protocol `finetune` -> the values the authors tried."""


def sweep_overrides(
    base: Mapping[str, Any], factors: Sequence[str] = (), grid: bool = False
) -> list[dict[str, Any]]:
    """Parameter overrides to run, the unchanged base first and none twice.

    Args:
        base: the protocol's own parameters; a value equal to the base is not an override, so that
            the base is one configuration and not one for each factor.
        factors: which of `FACTORS` to vary; empty: all of them.
        grid: every combination (5 to the power of the number of factors) instead of one factor at
            a time (21 configurations for all five factors).

    Raises:
        UsageError: a name that is not in `FACTORS`.
    """
    names = list(factors) or list(FACTORS)
    for name in names:
        if name not in FACTORS:
            raise UsageError(f"{name!r} is not a factor of the sweep.", f"There are: {', '.join(FACTORS)}.")
    if grid:
        values = itertools.product(*(FACTORS[name] for name in names))
        points = [dict(zip(names, combination, strict=True)) for combination in values]
    else:
        points = [{name: value} for name in names for value in FACTORS[name]]
    distinct: dict[tuple[tuple[str, float], ...], dict[str, Any]] = {(): {}}
    for point in points:
        changed = {name: value for name, value in point.items() if base.get(name) != value}
        distinct.setdefault(tuple(changed.items()), changed)
    return list(distinct.values())


def sweep_selections(selection: Selection, factors: Sequence[str] = ()) -> list[Selection]:
    """`selection` once for each configuration of the sweep, one factor at a time.

    Args:
        selection: of its protocols the first that fine-tunes is swept; `finetune` if there is none.
        factors: which of `FACTORS` to vary; empty: all of them.

    Raises:
        UsageError: a name that is not in `FACTORS`.
    """
    tuned = [name for name in selection.protocols if PROTOCOLS[name].finetunes]
    protocol = PROTOCOLS[tuned[0] if tuned else "finetune"]
    params = {name: value for name, value in selection.params.items() if name in protocol.params}
    return [
        replace(selection, protocols=(protocol.name,), params={**params, **override})
        for override in sweep_overrides({**protocol.params, **params}, factors)
    ]
