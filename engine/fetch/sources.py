"""Which public data can be fetched, from where, and what is known about each file: sources.toml."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from store.errors import UsageError

_SOURCES: Final = Path(__file__).with_name("sources.toml")


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside an archive that is worth keeping."""

    path: str
    """Inside the archive."""
    size: int
    sha256: str

    @property
    def name(self) -> str:
        """Its name once extracted."""
        return PurePosixPath(self.path).name


@dataclass(frozen=True, slots=True)
class Source:
    """One file to download."""

    name: str
    url: str
    size: int = 0
    """Bytes, where known."""
    sha256: str = ""
    md5: str = ""
    git: str = ""
    """The SHA-1 by which git names the content."""
    changes: bool = False
    """Whether it is renewed at its source, so that another content is no reason to refuse it."""
    members: tuple[Member, ...] = ()
    """If it is an archive: what is extracted, after which the archive is deleted."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """Files that belong together."""

    name: str
    title: str
    licence: str
    page: str
    files: tuple[Source, ...]


def data_sets() -> Mapping[str, DataSet]:
    """The data sets of sources.toml, or of the file that GENEARENA_SOURCES names.

    Raises:
        UsageError: that file cannot be read as sources.
    """
    path = Path(os.environ.get("GENEARENA_SOURCES") or _SOURCES)
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        return {name: _data_set(name, table) for name, table in tables.items()}
    except (OSError, ValueError, RecursionError, TypeError, KeyError, AttributeError) as error:
        raise UsageError(
            f"{path} cannot be read as a table of sources: {error}.",
            "Correct GENEARENA_SOURCES or unset it.",
        ) from error


def _data_set(name: str, table: Mapping[str, Any]) -> DataSet:
    files = tuple(_source(entry, table.get("base", "")) for entry in table["files"])
    return DataSet(_plain(name), table["title"], table["licence"], table["page"], files)


def _source(entry: Mapping[str, Any], base: str) -> Source:
    url = entry["url"] if "://" in entry["url"] else f"{base.rstrip('/')}/{entry['url']}"
    members = tuple(Member(**member) for member in entry.get("members", ()))
    return Source(**{**entry, "name": _plain(entry["name"]), "url": url, "members": members})


def _plain(name: str) -> str:
    if not name or name != PurePosixPath(name).name or name.startswith("."):
        raise ValueError(f"{name!r} is not a plain name")
    return name
