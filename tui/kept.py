"""Small JSON files among the settings: what a user keeps by name or typed before."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from store.errors import StoreError

if TYPE_CHECKING:
    from store.home import Home


def read_kept(home: Home, name: str) -> dict[str, Any]:
    """A small JSON file among the settings; empty if it is not there or not readable."""
    try:
        kept = json.loads((home.config / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}


def write_kept(home: Home, name: str, kept: Mapping[str, Any]) -> None:
    """Replace a small JSON file among the settings, whole.

    Raises:
        StoreError: it cannot be written.
    """
    path = home.config / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from error
