"""The endings of files' names, of which the last may tell only what a file is packed in."""

from __future__ import annotations

from typing import Final

ENDINGS: Final = (".gz", ".bz2", ".xz", ".zst", ".zip")
"""What may stand behind the ending that tells a format."""


def without_packing(name: str) -> str:
    """A file's name in small letters, without the ending of what it is packed in: `x.csv` of `x.CSV.gz`."""
    name = name.casefold().rstrip(".")
    return next((name.removesuffix(end) for end in ENDINGS if name.endswith(end)), name)
