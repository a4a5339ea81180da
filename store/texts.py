"""How the texts of a task are called: by their recipe, and by the file that it was used on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

DIGITS: Final = 8
"""Of the hash of a file of descriptions: enough that different files never share a table."""
_WRITTEN: Final = re.compile(rf"(?P<recipe>.+)@(?P<digest>[0-9a-f]{{{DIGITS}}})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TextName:
    """A text recipe, and the first digits of the hash of the file whose texts it was used on, if any."""

    recipe: str
    digest: str = ""

    @classmethod
    def parse(cls, written: str) -> TextName:
        """The name that `str` wrote so."""
        found = _WRITTEN.fullmatch(written)
        return cls(found["recipe"], found["digest"]) if found else cls(written)

    def __str__(self) -> str:
        """`facts`, or `summary@1a2b3c4d`."""
        return f"{self.recipe}@{self.digest}" if self.digest else self.recipe
