"""Names that users give to what they import: each becomes a file, so none may lead elsewhere."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Final

from store.errors import UsageError
from store.sets import ESSENTIALITY, OWN, PAPER

_LONGEST: Final = 64
_MEAN: Final = "mean"
"""What the column of means is called everywhere."""
_SETS: Final = (PAPER, OWN, ESSENTIALITY, "all")
_NAME: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{_LONGEST - 1}}}")


def check_task_name(name: str, taken: Iterable[str]) -> None:
    """Refuse a name that a task cannot have: as `check_name`, and those of sets of tasks.

    Raises:
        UsageError: it is one of those.
    """
    if name.casefold() in _SETS:
        raise UsageError(f"The name {name!r} is that of a set of tasks.", "Choose another with --name.")
    check_name(name, taken)


def check_name(name: str, taken: Iterable[str]) -> None:
    """Refuse a name that is not a plain file name, or taken in any spelling.

    Raises:
        UsageError: it is one of those.
    """
    if not _NAME.fullmatch(name) or name.endswith("."):
        raise UsageError(
            f"{name[:80]!r} cannot be a name.",
            "Use up to 64 letters, digits, '-', '_' and '.', starting with a letter or digit.",
        )
    if name.casefold() == _MEAN:
        raise UsageError(
            f"The name {name!r} is that of the mean over tasks.", "Choose another with --name."
        )
    if name.casefold() in {other.casefold() for other in taken}:
        raise UsageError(f"The name {name!r} is taken.", "Choose another with --name.")


def plain_name(text: str) -> str:
    """The nearest to `text` that may be a name; `mine` if it has no letter or digit of ASCII."""
    plain = _trimmed(re.sub(r"[^A-Za-z0-9._-]+", "-", text).lstrip("-._"), _LONGEST) or "mine"
    return f"{plain}-task" if plain.casefold() in (_MEAN, *_SETS) else plain


def free_name(text: str, taken: Iterable[str]) -> str:
    """The nearest to `text` that may be a name, with a number behind it if it is taken in any spelling."""
    plain = plain_name(text)
    known = {name.casefold() for name in taken}
    endings = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
    tries = (_trimmed(plain, _LONGEST - len(ending)) + ending for ending in endings)
    return next(name for name in tries if name.casefold() not in known)


def first_names(names: Sequence[str], most: int = 10) -> str:
    """The first of many names, those with a comma in quotation marks, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(_short, names[:most])) + more


def _short(name: str) -> str:
    cut = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    return repr(cut) if "," in cut else cut


def _trimmed(text: str, most: int) -> str:
    return text[:most].rstrip("-._")
