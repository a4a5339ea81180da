"""What the user chose, from which every unit follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

PAPER_SEEDS: Final = tuple(range(41, 51))


@dataclass(frozen=True, slots=True)
class Selection:
    """What the user chose; the units follow from it alone."""

    models: tuple[str, ...]
    tasks: tuple[str, ...]
    protocols: tuple[str, ...]
    seeds: tuple[int, ...] = PAPER_SEEDS
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
    """How splits are drawn."""
    retry_failed: bool = False

    def to_json(self) -> dict[str, Any]:
        """A dict that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Selection:
        """The selection that `to_json` gave."""
        lists = {name: tuple(data[name]) for name in ("models", "tasks", "protocols", "seeds")}
        return cls(**{**data, **lists})
