"""What tells one ranked table from another, and how people write it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Final

from store.errors import UsageError
from store.records import Unit

_NAMED: Final = ("text", "scheme")
"""The parts that are written with their name; all other words after the first are the preset."""


@dataclass(frozen=True, slots=True, order=True)
class Arm:
    """The numbers of one arm rank together: in one table, and never with those of another."""

    protocol: str
    preset: str = "paper"
    """A label like `paper` or `corrected scaling=none`: words with one space between them."""
    text: str = "facts"
    """The text recipe, with the digits of the file that it was used on (see `TextName`)."""
    scheme: str = "paper"
    """How splits are drawn."""

    @classmethod
    def of(cls, unit: Unit) -> Arm:
        """The arm that a unit's number ranks in."""
        return cls(unit.protocol, unit.preset, unit.spec["axes"]["text"], unit.spec["split"]["scheme"])

    @classmethod
    def parse(cls, written: str) -> Arm:
        """The arm that `str` wrote so, or somebody typed; parts that are left out are the usual ones.

        Raises:
            UsageError: it names no protocol, or a quotation mark has no second one.
        """
        try:
            protocol, *words = shlex.split(written)
        except ValueError as error:
            raise UsageError(
                f"{written!r} names no ranked table.", "Write it like: lr-cv corrected text=summary."
            ) from error
        named: dict[str, str] = {}
        preset = []
        for word in words:
            name, mark, value = word.partition("=")
            if mark and name in _NAMED:
                named[name] = value
            else:
                preset.append(word)
        return cls(protocol, " ".join(preset) or "paper", **named)

    def __str__(self) -> str:
        """`lr-cv corrected scaling=none text=summary@1a2b3c4d`, quoted as in a shell."""
        usual = Arm(self.protocol)
        words = [self.protocol, *(self.preset.split(" ") if self.preset != usual.preset else ())]
        named = {
            name: getattr(self, name) for name in _NAMED if getattr(self, name) != getattr(usual, name)
        }
        return " ".join(
            [*map(shlex.quote, words), *(f"{name}={shlex.quote(value)}" for name, value in named.items())]
        )
