"""The format of what is kept: one number, stamped on each home and in each database.

A numbered step changes a database and not the format. The format is raised when what was kept before
can no longer be read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from store.errors import OtherFormat

FORMAT: Final = 1


def check(place: Path, found: int) -> None:
    """Refuse a folder or file of another format; 0 stands for one without a stamp.

    Raises:
        OtherFormat: it was made by an earlier build, or by a newer one.
    """
    if found < FORMAT and place.is_dir():
        raise OtherFormat(
            f"{place} was made by an earlier build of genearena, before its first release.",
            "Choose another home with --home, or move that folder away; if results of this version were "
            "copied there, copy the file `format` from beside them, too.",
        )
    if found < FORMAT:
        raise OtherFormat(
            f"{place} was made by an earlier build of genearena, before its first release.",
            "Choose another home with --home, or move that file away.",
        )
    if found > FORMAT:
        raise OtherFormat(f"{place} was made by a newer genearena.", "Update genearena to read it.")
