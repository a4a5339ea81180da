"""Maps of genes: components, neighbours, and what is kept of them."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from engine.cancel import Stopped
from engine.maps.flat import components
from engine.maps.made import gene_map
from engine.maps.near import nearest, same_class, share_by_chance
from store.errors import DataError

GOING = threading.Event()


def a_plane(count: int = 40) -> np.ndarray:
    """Points of a plane in seven dimensions, three times as wide one way as the other."""
    chance = np.random.default_rng(7)
    axes, _ = np.linalg.qr(chance.normal(size=(7, 2)))
    return chance.normal(size=(count, 2)) * [3, 1] @ axes.T


def test_the_components_of_a_plane_are_all_of_it_and_end_the_same_way_up():
    plane = a_plane()
    points, (first, second) = components(plane)
    assert first > second
    assert first + second == pytest.approx(1)
    between = np.linalg.norm(plane[:, None] - plane, axis=2)
    assert np.linalg.norm(points[:, None] - points, axis=2) == pytest.approx(between)
    assert components(-plane)[0] == pytest.approx(-points)
    assert components(plane[::-1] + 5)[0] == pytest.approx(points[::-1])


def test_near_is_by_cosine_whatever_the_length_and_chance_counts_no_gene_twice():
    angles = np.array([0.0, 0.1, 0.3, 3.0, 3.05])
    vectors = np.column_stack([np.cos(angles), np.sin(angles)]) * [[1], [9], [2], [5], [1]]
    near = nearest(vectors, GOING, 2)
    assert near.places.tolist() == [[1, 2], [0, 2], [1, 0], [4, 2], [3, 2]]
    assert near.cosines[0] == pytest.approx(np.cos([0.1, 0.3]))
    labels = np.array([0, 0, 1, 1, 1])
    assert same_class(near, labels).mean() == pytest.approx(6 / 10)
    assert share_by_chance(labels) == pytest.approx((2 * 1 + 3 * 2) / (5 * 4))


def test_a_kept_map_is_the_one_that_was_made_and_a_damaged_one_is_made_anew(tmp_path):
    vectors, labels = a_plane(), [0, 1] * 20
    made = gene_map(vectors, labels, tmp_path, GOING)
    [kept] = tmp_path.iterdir()
    content = kept.read_bytes()
    stopped = threading.Event()
    stopped.set()
    again = gene_map(vectors, labels, tmp_path, stopped)  # nothing is worked out, so nothing is given up
    assert np.array_equal(again.points, made.points)
    assert (again.same, again.chance, again.shares) == (made.same, made.chance, made.shares)
    for damaged in (b"", content[:-1], content[:200] + b"?" + content[201:]):
        kept.write_bytes(damaged)
        with pytest.raises(Stopped):
            gene_map(vectors, labels, tmp_path, stopped)
        assert np.array_equal(gene_map(vectors, labels, tmp_path, GOING).points, made.points)
        assert kept.read_bytes() == content
    gene_map(vectors + 1, labels, tmp_path, GOING)
    gene_map(vectors, labels[::-1], tmp_path, GOING)
    assert len(list(tmp_path.iterdir())) == 3
    unwritable = tmp_path / kept.name / "below a file"
    assert np.array_equal(gene_map(vectors, labels, unwritable, GOING).points, made.points)


def test_what_makes_no_map_is_said(tmp_path):
    with pytest.raises(DataError, match="needs 3 genes"):
        gene_map(a_plane(2), [0, 1], tmp_path, GOING)
    flat = gene_map(np.ones((4, 3)), [0, 1, 0, 1], tmp_path, GOING)
    assert (flat.shares, np.abs(flat.points).max()) == ((0.0, 0.0), 0.0)
