"""What the user chose, from which every unit follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine.catalog.controls import Which
from engine.catalog.schemes import SCHEMES


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user chose; the units follow from it alone."""

    models: tuple[str, ...]
    tasks: tuple[str, ...]
    protocols: tuple[str, ...]
    seeds: tuple[int, ...] = SCHEMES["paper"].seeds
    preset: str = "paper"
    axes: Mapping[str, Any] = field(default_factory=dict)
    """Axes set apart from the preset."""
    text: str = "facts"
    """The text recipe."""
    descriptions: str = ""
    """A file whose texts replace the recipe's."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Protocol parameters set apart from their defaults, e.g. `epochs`."""
    scheme: str = "paper"
    """How splits are drawn; another one has other usual seeds."""
    retry_failed: bool = False
    controls: Which = "none"
    """Which controls stand beside the models."""

    @property
    def words(self) -> str:
        """What was chosen, in one line."""
        return self._words(3)

    @property
    def in_full(self) -> str:
        """What was chosen, in one line that leaves no name out."""
        return self._words(None)

    def _words(self, most: int | None) -> str:
        tasks = [Path(name).stem if "/" in name else name for name in self.tasks]
        seeds = "seed" if len(set(self.seeds)) == 1 else "seeds"
        named = [_few(names, most) for names in (self.models, tasks, self.protocols, ranges(self.seeds))]
        main = [*named[:3], f"{seeds} {named[3]}"]
        more = [] if self.scheme == "paper" else [f"splits {self.scheme}"]
        more += [] if self.preset == "paper" else [self.preset]
        more += [f"{name}={value}" for name, value in {**self.axes, **self.params}.items()]
        more += [] if self.text == "facts" else [f"text {self.text}"]
        more += [f"descriptions {Path(self.descriptions).stem}"] if self.descriptions else []
        more += [] if self.controls == "none" else [f"{self.controls} controls"]
        more += ["once more what failed"] if self.retry_failed else []
        return ", ".join([" x ".join(main), *more])

    def to_json(self) -> dict[str, Any]:
        """A dict that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Selection:
        """The selection that `to_json` gave."""
        lists = {name: tuple(data[name]) for name in ("models", "tasks", "protocols", "seeds")}
        return cls(**{**data, **lists})


def _few(names: Sequence[str], most: int | None) -> str:
    """The first names, and how many more there are; all of them if `most` is None."""
    more = len(names[most:]) if most else 0
    return ", ".join(names[:most]) + (f" and {more} more" if more else "")


def ranges(numbers: Iterable[int]) -> list[str]:
    """`41-50`; `41` and `43-45`."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return [f"{first}-{last}" if last > first else str(first) for first, last in runs]
