"""Checksums of files."""

from __future__ import annotations

import hashlib
from io import BufferedIOBase
from pathlib import Path


def sha256_of(path: Path) -> str:
    """SHA-256 of the content of a file, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def git_hash(stream: BufferedIOBase, size: int) -> str:
    """The SHA-1 by which git names the `size` bytes that `stream` has from where it stands."""
    return hashlib.file_digest(stream, lambda: hashlib.sha1(b"blob %d\0" % size)).hexdigest()
