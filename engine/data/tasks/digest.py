"""The digest of an imported task, by which two homes know that they have the same one."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from engine.digests import sha256_of
from engine.files.outside import outside_file
from store.records import content_hash

_REPORT = "report.json"
"""What an import said: names the folder, and so differs from box to box."""


def task_digest(folder: Path) -> str:
    """SHA-256 of what a task folder holds: labels, genes and meanings, not where they came from.

    Raises:
        DataError: it cannot be read.
    """
    with outside_file(folder):
        files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != _REPORT)
        content: dict[str, object] = {}
        for path in files:
            name = path.relative_to(folder).as_posix()
            content[name] = _without_origin(path) if name == "tasks.toml" else sha256_of(path)
    return content_hash(content)


def _without_origin(path: Path) -> str:
    """What `tasks.toml` says, but for the file that a task came from and the line that names it."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("task", [])
    return json.dumps([{**entry, "source": "", "title": ""} for entry in entries], sort_keys=True)
