"""What units take, in seconds: as this store measured it, or else a guess by protocol and size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import fmean
from typing import Final

from store.errors import StoreError
from store.home import Home
from store.records import Model, Unit

_GUESSED: Final = {"lr": 0.3, "rf": 1.0, "lr-cv": 10.0, "rf-cv": 60.0}
"""Seconds of a unit of some hundred genes on a core."""
_TRAINING: Final = 300.0
"""Seconds of a unit that trains a model of `_SMALL` parameters."""
_SMALL: Final = 22_000_000
_PER_TEXT: Final = 0.005
"""Seconds in which such a model embeds a text."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds that units and embeddings take."""

    units: Mapping[tuple[str, ...], float] = field(default_factory=dict)
    """(protocol, model, task), (protocol, task), (protocol,) -> mean seconds of such a unit."""
    texts: Mapping[str, float] = field(default_factory=dict)
    """Model -> seconds for a text."""

    def unit(self, unit: Unit, model: Model) -> float:
        """Seconds of one unit, without the embedding that it shares with others."""
        for known in ((unit.protocol, unit.model, unit.task), (unit.protocol, unit.task), (unit.protocol,)):
            if known in self.units:
                return self.units[known]
        if unit.family == "finetune":
            return _TRAINING * _size(model)
        return _GUESSED.get(unit.protocol, 1.0)

    def embedding(self, model: Model, texts: int) -> float:
        """Seconds in which `model` embeds so many texts."""
        if model.kind in ("control", "vectors"):
            return 0.0
        return texts * self.texts.get(
            model.name, _PER_TEXT * (0.01 if model.kind == "static" else _size(model))
        )


def known_costs(home: Home) -> Costs:
    """What the database has measured so far; nothing where it cannot be read."""
    from store.database import connect
    from store.queries import measurements, unit_times

    units: defaultdict[tuple[str, ...], list[float]] = defaultdict(list)
    texts: defaultdict[str, list[float]] = defaultdict(list)
    if home.database.exists():
        with suppress(StoreError), connect(home) as con:
            for protocol, model, task, seconds in unit_times(con):
                for key in ((protocol, model, task), (protocol, task), (protocol,)):
                    units[key].append(seconds)
            for row in measurements(con):
                texts[row.model].append(row.ms_per_text / 1000)
    return Costs(
        {key: fmean(all_) for key, all_ in units.items()}, {key: fmean(v) for key, v in texts.items()}
    )


def _size(model: Model) -> float:
    return (model.parameters or _SMALL) / _SMALL
