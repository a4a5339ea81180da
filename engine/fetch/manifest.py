"""manifest.json beside the downloads: every fetched file with source, size, hash, licence and date.

It is sealed with a digest; one that an earlier version wrote has none and is read as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.files.outside import check_file
from store.errors import DataError
from store.files import replacing, sealed


class Manifest:
    """What was fetched into one folder; written whole, after every file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "manifest.json"
        self.files: dict[str, dict[str, Any]] = self._read()
        """Entry of each file, by its path inside the folder."""

    def entry(self, path: Path) -> Mapping[str, Any]:
        """What is known about a file of this folder; empty if it was never fetched."""
        return self.files.get(self._key(path), {})

    def record(self, path: Path, **facts: Any) -> None:
        """Keep `facts` about a file, with today's date."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.files = {**self._read(), self._key(path): {**facts, "fetched_at": now}}
        with replacing(self._path) as fresh:
            text = json.dumps(sealed({"files": self.files}), indent=1, sort_keys=True)
            fresh.write_text(text, encoding="utf-8")

    def _key(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix() if path.is_relative_to(self._folder) else str(path)

    def _read(self) -> dict[str, dict[str, Any]]:
        if self._path.exists():
            check_file(self._path)
        try:
            data = json.loads(self._path.read_text(encoding="utf-8"))
            if set(data) != {"files"} and data != sealed({"files": data["files"]}):
                raise ValueError("it is damaged")
            return dict(data["files"])
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError, KeyError, TypeError) as error:
            raise DataError(
                f"{self._path} cannot be read: {error}.",
                "Move it away; the files are then taken as fetched for the first time.",
            ) from error
