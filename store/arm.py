"""What tells one ranked table from another, and how people write it."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from typing import Final

from store.errors import UsageError
from store.records import Unit
from store.sets import PAPER

_NAMED: Final = ("text", "scheme")
"""The parts that are written with their name; all other words after the first are the preset."""


@dataclass(frozen=True, slots=True, order=True)
class Arm:
    """The numbers of one arm rank together, and never with those of another."""

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
        protocol, *words = _words(written)
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


@dataclass(frozen=True, slots=True, order=True)
class Table:
    """One ranked table: the numbers of one arm on the tasks of one set."""

    arm: Arm
    task_set: str = PAPER
    """`paper`, `own`, or a name that a user gave; see `store.sets`."""

    @property
    def place(self) -> dict[str, str]:
        """The columns that tell it from others, in the tables and views of the database."""
        return {"task_set": self.task_set, **asdict(self.arm)}

    @classmethod
    def parse(cls, written: str, task_set: str = PAPER) -> Table:
        """The table that `str` wrote so, or somebody typed; parts that are left out are the usual ones.

        Args:
            written: as `str` writes it.
            task_set: the usual set.

        Raises:
            UsageError: it names no protocol, or a quotation mark has no second one.
        """
        words = _words(written)
        sets = [word.removeprefix(_SET) for word in words if word.startswith(_SET)]
        arm = Arm.parse(shlex.join(word for word in words if not word.startswith(_SET)))
        return cls(arm, sets[-1] if sets else task_set)

    def __str__(self) -> str:
        """As the arm, with `set=own` behind it."""
        return f"{self.arm}{'' if self.task_set == PAPER else f' {_SET}{shlex.quote(self.task_set)}'}"


_SET: Final = "set="


def _words(written: str) -> list[str]:
    """At least one word.

    Raises:
        UsageError: there is none, or a quotation mark has no second one.
    """
    try:
        first, *others = shlex.split(written)
    except ValueError as error:
        raise UsageError(
            f"{written!r} names no ranked table.", "Write it like: lr-cv corrected text=summary."
        ) from error
    return [first, *others]
