"""Cosines that are given out are the true ones, whichever way leads to them; many vectors lie on disk."""

import errno

import numpy as np
import pytest

from tools.data import neighbours
from tools.data.neighbours import UNKNOWN, nearest, store


def _vectors(count, width=300, seed=0):
    """Unit vectors about a few directions, as images of a few places are, and a near copy of each tenth."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(12, width))
    rows = centres[rng.integers(12, size=count)] + 0.6 * rng.normal(size=(count, width))
    rows[1::10] = rows[::10] + 0.05 * rng.normal(size=(len(rows[1::10]), width))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def in_cells(monkeypatch):
    monkeypatch.setattr(neighbours, "EXACT", 100)


def _all(vectors, count, least=-1.0):
    parts = list(nearest(vectors, count, least))
    assert [i for rows, _, _ in parts for i in range(rows.start, rows.stop)] == list(range(len(vectors)))
    return np.concatenate([c for _, c, _ in parts]), np.concatenate([f for _, _, f in parts])


def test_a_bound_is_never_under_the_cosine():
    vectors = _vectors(400)
    basis = neighbours._main_directions(vectors[:200])
    bounded = neighbours._bounded(vectors, basis)
    assert basis.shape == (300, neighbours.DIRECTIONS)
    assert np.linalg.norm(bounded, axis=1) == pytest.approx(1, abs=1e-4)
    assert (bounded @ bounded.T >= vectors @ vectors.T - 1e-5).all()


def test_in_cells_the_nearest_are_those_of_every_pair(in_cells, monkeypatch):
    vectors = _vectors(3000)
    cosines, found = _all(vectors, 5)
    assert cosines == pytest.approx(np.einsum("ijk,ik->ij", vectors[found], vectors), abs=1e-5)
    assert (np.diff(cosines, axis=1) <= 0).all() and (found[:, 0] == np.arange(3000)).all()
    monkeypatch.setattr(neighbours, "EXACT", 20_000)
    whole, _ = _all(vectors, 5)
    assert (whole[:, 1] - cosines[:, 1]).mean() < 0.01  # the nearest itself, or one that is as near


def test_what_cannot_reach_the_limit_is_not_compared(in_cells):
    vectors = _vectors(3000)
    cosines, found = _all(vectors, 8, 0.98)
    copies = {(int(found[i, j]), i) for i, j in zip(*np.nonzero(cosines >= 0.98), strict=True) if found[i, j] < i}
    exact = vectors @ vectors.T
    assert copies == {(int(j), int(i)) for i, j in zip(*np.nonzero(exact >= 0.98), strict=True) if j < i}
    assert (cosines == UNKNOWN).mean() > 0.5


def test_many_vectors_lie_on_disk_and_leave_nothing_behind(in_cells, tmp_path):
    vectors = _vectors(600)
    held = store(600, 300, tmp_path)
    assert isinstance(held, np.memmap) and not list(tmp_path.iterdir())
    held[:] = vectors
    neighbours.release(held)
    assert np.asarray(held) == pytest.approx(vectors, abs=1e-3)
    on_disk, _ = _all(held, 3)
    in_memory, _ = _all(vectors, 3)
    assert on_disk[:, 0] == pytest.approx(in_memory[:, 0], abs=5e-3)
    assert not isinstance(store(90, 300, tmp_path), np.memmap)


def test_a_disk_without_room_for_them_is_told_before_anything_is_written(in_cells, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(neighbours.os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left") as told:
        store(600, 300, tmp_path)
    assert told.value.filename.startswith(str(tmp_path)) and not list(tmp_path.iterdir())
