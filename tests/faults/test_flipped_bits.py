"""Each bit of what is kept to save work, flipped: nothing wrong is ever believed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.catalog import remembered
from engine.embedding.cache import VectorCache, text_key
from engine.fetch.manifest import Manifest
from store.errors import DataError
from store.home import find_home

pytestmark = pytest.mark.faults


def flipped(path: Path):
    """`path`, holding its content with one bit after the other flipped; whole again afterwards."""
    content = path.read_bytes()
    for place in range(8 * len(content)):
        changed = bytearray(content)
        changed[place // 8] ^= 1 << place % 8
        path.write_bytes(changed)
        yield path
    path.write_bytes(content)


def test_no_vector_is_taken_from_a_shard_with_a_flipped_bit(tmp_path):
    keys = [text_key(text) for text in "abc"]
    vectors = np.arange(6, dtype=np.float32).reshape(3, 2)
    with VectorCache(tmp_path) as shelf:
        shelf.add(keys, vectors)
    [shard] = tmp_path.glob("*.npz")
    for _ in flipped(shard):
        assert VectorCache(tmp_path).read(set(keys)) == {}
        assert [path.suffix for path in tmp_path.iterdir()] == [".damaged"]
        next(tmp_path.iterdir()).unlink()
    assert len(VectorCache(tmp_path).read(set(keys))) == 3


def test_nothing_wrong_is_believed_of_a_model(tmp_path):
    about = {"model": "mini", "notes": ["Its files say pooling mean, the catalog cls; mean was used."]}
    with VectorCache(tmp_path) as shelf:
        shelf.note(about)
    for _ in flipped(tmp_path / "model.json"):
        assert VectorCache(tmp_path).about in ({}, about)  # as before where the bit means nothing


def test_no_wrong_digest_is_remembered(tmp_path, monkeypatch):
    monkeypatch.setattr(remembered, "RACY", -1)  # however fresh a file is
    home = find_home(tmp_path / "home").create()
    file = tmp_path / "weights"
    file.write_bytes(b"content")
    right = remembered.digests_of({"": file}, home)
    for _ in flipped(home.cache / "digests.json"):
        assert remembered.digests_of({"": file}, home) == right


def test_nothing_wrong_is_believed_of_a_download(tmp_path):
    path = tmp_path / "genept" / "table.csv"
    Manifest(tmp_path).record(path, source="https://example.org/table.csv", sha256="0f" * 32, size=1)
    right = Manifest(tmp_path).files
    refused = 0
    for _ in flipped(tmp_path / "manifest.json"):
        try:
            assert Manifest(tmp_path).files == right  # a bit of what means nothing
        except DataError:
            refused += 1
    assert refused > 8 * len("0f" * 32)
