"""The cache of vectors: a folder for each model and way of using it, a small file for some hundred texts.

Content-addressed: a vector is found by the SHA-256 of its text in the folder named by a hash of
everything else that can change it. Files are only ever added, under a temporary name first; a
damaged one is put aside and its texts are embedded again. The whole can be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from store.errors import StoreError

SHARD: Final = 256
"""Texts in one file: what a killed process may lose."""
_DAMAGED: Final = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


def text_key(text: str) -> bytes:
    """SHA-256 of a text, as 32 bytes."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


class VectorCache:
    """The vectors of one model under one set of options."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys: list[bytes] = []
        self._vectors: list[NDArray[np.float32]] = []

    def read(self, wanted: set[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """The vectors (float32 [d]) that are there, by text key."""
        found: dict[bytes, NDArray[np.float32]] = {}
        for keys, vectors in self._shards():
            for row, key in enumerate(keys):
                if key in wanted:
                    found[key] = vectors[row]
        return found

    def add(self, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        """Keep vectors (float32 [len(keys), d]); written every `SHARD` texts.

        Raises:
            StoreError: the cache cannot be written.
        """
        self._keys.extend(keys)
        self._vectors.append(vectors)
        if len(self._keys) >= SHARD:
            self.flush()

    def flush(self) -> None:
        """Write what is kept back.

        Raises:
            StoreError: the cache cannot be written.
        """
        if not self._keys:
            return
        keys = np.frombuffer(b"".join(self._keys), np.uint8).reshape(-1, 32)
        with self._replacing(f"{uuid.uuid4().hex}.npz") as path, path.open("wb") as stream:
            np.savez(stream, keys=keys, vectors=np.concatenate(self._vectors))
        self._keys, self._vectors = [], []

    def describe(self) -> dict[str, Any]:
        """What `note` kept about the model: empty if there is nothing."""
        try:
            value = json.loads((self._folder / "model.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    def note(self, about: Mapping[str, Any]) -> None:
        """Keep facts about the model beside its vectors.

        Raises:
            StoreError: the cache cannot be written.
        """
        with self._replacing("model.json") as path:
            path.write_text(json.dumps(about, indent=1), encoding="utf-8")

    def _shards(self) -> Iterator[tuple[list[bytes], NDArray[np.float32]]]:
        for path in sorted(self._folder.glob("*.npz")):
            try:
                with np.load(path, allow_pickle=False) as shard:
                    keys, vectors = shard["keys"], shard["vectors"]
                if keys.shape != (len(vectors), 32) or vectors.dtype != np.float32 or vectors.ndim != 2:
                    raise ValueError("not a shard")
            except _DAMAGED:
                with contextlib.suppress(OSError):
                    path.rename(path.with_suffix(".damaged"))
                continue
            yield [row.tobytes() for row in keys], vectors

    @contextlib.contextmanager
    def _replacing(self, name: str) -> Iterator[Path]:
        target = self._folder / name
        temporary = self._folder / f".{uuid.uuid4().hex}.part"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            yield temporary
            temporary.replace(target)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise StoreError(
                f"The embedding cache {self._folder} cannot be written: {error.strerror}.",
                "Free space or choose another place with --home DIR.",
            ) from error
