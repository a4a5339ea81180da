"""Every error that is meant for a person: one sentence of what and where, and one of what to do.

`exit_code` is what the command line leaves with: 2 usage or bad input, 3 store busy or damaged.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from store.visible import visible
from store.withheld import withheld


class GeneArenaError(Exception):
    """A problem the user can understand and act on; shown without a traceback.

    What it quotes of names and files from outside is made visible, so that a sentence stays a sentence
    wherever it is written: on a screen, in a log, in a record; and it gives no secret away.
    """

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = visible(withheld(message))
        """What is wrong and where, in one sentence."""
        self.hint = visible(withheld(hint))
        """What to do about it; may be empty."""
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class UsageError(GeneArenaError):
    """A flag, a name or a setting that cannot be used as given."""


class DataError(GeneArenaError):
    """A file or table from outside that cannot be used as it is."""


class ModelError(GeneArenaError):
    """A model that cannot be found, loaded or used as declared."""


class StoreError(GeneArenaError):
    """The store's folder or file cannot be opened, read or written."""

    exit_code = 3


class OtherFormat(StoreError):
    """What is kept there is in a format of another version."""

    exit_code = 2


class NewerStore(StoreError):
    """A newer version has written to the database; nothing is wrong with it, and it is left as it is."""


class UnusableHome(StoreError):
    """A folder or file of a home is there and cannot be read, which is not the same as being empty."""

    exit_code = 2


class StoreBusy(StoreError):
    """Another process holds the database file or the runner's lock."""


def unforeseen(error: BaseException) -> str:
    """What any other error says for itself, in one line."""
    first = withheld(str(error)).strip().splitlines()
    return visible(f"{type(error).__name__}: {first[0] if first else 'no message'}")


def unknown(kind: str, name: str, known: Iterable[object]) -> tuple[str, str]:
    """The sentence and the hint for a name that is not known, with the nearest that is."""
    names = [str(item) for item in known]
    near = nearest(name, names)
    hint = f"Did you mean {near!r}?" if near else f"Known: {', '.join(names[:20])}."
    return f"There is no {kind} named {name!r}.", hint


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is near one that is not known; empty if none is.

    Near is one that holds the other, if that is four letters long or half of it, or one that is much alike.
    """
    names = {item.casefold(): item for item in known}
    wanted = name.casefold()
    holding = [folded for folded in names if wanted and wanted in folded]
    near = sorted((one for one in holding if len(wanted) >= 4 or 2 * len(wanted) >= len(one)), key=len)
    near = near or difflib.get_close_matches(wanted, names, n=1, cutoff=0.6)
    return names[near[0]] if near else ""
