"""The cache of vectors: a folder for each model and way of using it, a small file for some hundred texts.

Content-addressed: a vector is found by the SHA-256 of its text in the folder named by a hash of
everything else that can change it. Files are only ever added, under a temporary name first. Each is
called by the SHA-256 of its content, which is looked at with every reading (0.1 s for 100 MB); a
damaged one is put aside and its texts are embedded again. The whole can be deleted at any time, and
a run goes on without it where it cannot be written.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from store.files import read_sealed, replacing, sealed

SHARD: Final = 256
"""Texts in one file: what a killed process may lose."""
_ABOUT: Final = "model.json"


def text_key(text: str) -> bytes:
    """SHA-256 of a text, as 32 bytes."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


class VectorCache:
    """The vectors of one model under one set of options; its `with` block ends by writing the last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys: list[bytes] = []
        self._vectors: list[NDArray[np.float32]] = []
        self.problems: tuple[str, ...] = ()
        """Why something could not be kept, in a sentence."""
        self.about: Mapping[str, Any] = read_sealed(self._folder / _ABOUT) or {}
        """What `note` kept about the model, now or earlier; empty if there is nothing."""

    def __enter__(self) -> VectorCache:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()

    def read(self, wanted: set[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """The vectors (float32 [d]) that are there, by text key."""
        found: dict[bytes, NDArray[np.float32]] = {}
        for keys, vectors in self._shards():
            for row, key in enumerate(keys):
                if key in wanted:
                    found[key] = vectors[row]
        return found

    def add(self, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        """Keep vectors (float32 [len(keys), d]); written every `SHARD` texts."""
        self._keys.extend(keys)
        self._vectors.append(vectors)
        if len(self._keys) >= SHARD:
            self._flush()

    def note(self, about: Mapping[str, Any]) -> None:
        """Keep facts about the model beside its vectors."""
        self.about = about
        self._replace(_ABOUT, json.dumps(sealed(about), indent=1).encode())

    def _flush(self) -> None:
        if not self._keys:
            return
        keys = np.frombuffer(b"".join(self._keys), np.uint8).reshape(-1, 32)
        shard = io.BytesIO()
        np.savez(shard, keys=keys, vectors=np.concatenate(self._vectors))
        content = shard.getbuffer()
        self._replace(_name(content), content)
        self._keys, self._vectors = [], []

    def _shards(self) -> Iterator[tuple[list[bytes], NDArray[np.float32]]]:
        for path in sorted(self._folder.glob("*.npz")):
            try:
                content = path.read_bytes()
                if path.name != _name(content):
                    path.rename(path.with_suffix(".damaged"))
                    continue
            except OSError:
                continue  # not here for whoever may not read it
            with np.load(io.BytesIO(content), allow_pickle=False) as shard:
                yield [row.tobytes() for row in shard["keys"]], shard["vectors"]

    def _replace(self, name: str, content: bytes | memoryview) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with replacing(self._folder / name) as fresh:
                fresh.write_bytes(content)
        except OSError as error:
            self.problems = (f"The embedding cache {self._folder} cannot be written: {error.strerror}.",)


def _name(content: bytes | memoryview) -> str:
    """What a file of this content is called."""
    return f"{hashlib.sha256(content).hexdigest()}.npz"
