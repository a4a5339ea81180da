"""Small JSON files among the settings: what a user keeps by name or typed before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from store.files import read_json, write_json

if TYPE_CHECKING:
    from store.home import Home


def read_kept(home: Home, name: str) -> dict[str, Any]:
    """A small JSON file among the settings; empty if it is not there or not readable."""
    return read_json(home.config / name) or {}


def write_kept(home: Home, name: str, kept: Mapping[str, Any]) -> None:
    """Replace a small JSON file among the settings, whole.

    Raises:
        StoreError: it cannot be written.
    """
    write_json(home.create().config / name, kept)
