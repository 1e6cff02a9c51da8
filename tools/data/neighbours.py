"""Which of many unit vectors lie near each other: every pair of a few is compared, of many those that may be near.

Of more than `EXACT` vectors two shortcuts are taken, and neither changes a cosine that is given out:

- Vectors are turned into their `DIRECTIONS` main directions p and one number for the rest, r = sqrt(1 - |p|^2). By
  Cauchy and Schwarz p.q + r s is never under the cosine, so what is under a limit by it needs no second look. The
  others are compared in full.
- A vector is compared with those of the nearest of 4 sqrt(n) cells (an inverted file, Sivic and Zisserman 2003).

So a million vectors of 2,000 numbers need 0.3 GB of memory: the vectors themselves may lie on disk (`store`).
"""

import mmap
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Float32s = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

EXACT = 20_000
# Of 1,956: they hold 0.89 of what 2,194 renders and photos differ in; of their pairs 0.030 % may then have a cosine of
# 0.93 by the bound, and 0.023 % have it.
DIRECTIONS = 128
PROBES = 16  # cells that are looked into: 0.4 % of a million vectors
_TRAINED_ON = 40  # vectors a cell, from which faiss finds the cells; its own least is 39
_TURNED_BY = 10_000  # vectors, which the main directions are found from
_AT_ONCE = 4096  # vectors asked about at a time
_PAIRS = 8192  # pairs compared in full at a time
_ROUNDING = 2e-3  # of 16-bit floats in a bound
UNKNOWN = -2.0  # the cosine of what was not compared


def store(count: int, width: int, folder: Path) -> Floats:
    """Room for vectors, (count, width): in memory for a few, else in a file of 16-bit floats in a folder.

    The file has no name any more once it is open, so it goes with the process, however that ends.

    Raises:
        OSError: there is no room on the disk.
    """
    if count <= EXACT:
        return np.empty((count, width), np.float32)
    path = folder / f"vectors-{count}-{width}.tmp"
    with path.open("w+b") as file:
        try:
            if sys.platform == "linux":  # a page that the disk has no room for would end the process later
                os.posix_fallocate(file.fileno(), 0, count * width * 2)
            file.truncate(count * width * 2)
            return np.memmap(file, np.float16, "r+", shape=(count, width))
        except OSError as error:
            error.filename = str(path)
            raise
        finally:
            path.unlink()


def nearest(vectors: Floats, count: int, least: float = -1.0) -> Iterator[tuple[slice, Float32s, Ints]]:
    """The nearest vectors of each, itself among them, nearest first, some rows at a time.

    Args:
        vectors: (n, d), rows of unit length; a file of `store` is never held in memory as a whole.
        count: how many of each.
        least: cosine from which they count; what is below has the cosine `UNKNOWN` or its own.

    Yields:
        The rows, the cosines (rows, count) and the indices (rows, count); an index under 0 is none.
    """
    count = min(count, len(vectors))
    index, basis = _index_of(vectors)
    for start in range(0, len(vectors), _AT_ONCE):
        rows = slice(start, min(start + _AT_ONCE, len(vectors)))
        block = np.asarray(vectors[rows], np.float32)
        cosines, found = index.search(block if basis is None else _bounded(block, basis), count)
        if basis is not None:
            _compare(vectors, block, cosines, found, least)
            release(vectors)
        yield rows, cosines, found


def _index_of(vectors: Floats) -> tuple[Any, Float32s | None]:
    """A faiss index of the vectors, or of what bounds their cosines; then with the main directions (d, k)."""
    import faiss

    if len(vectors) <= EXACT:
        index: Any = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors, np.float32))
        return index, None
    cells = round(4 * np.sqrt(len(vectors)))
    basis = _main_directions(np.asarray(vectors[:: max(1, len(vectors) // _TURNED_BY)], np.float32))
    chosen = np.arange(0, len(vectors), max(1, len(vectors) // (_TRAINED_ON * cells)))
    some = np.concatenate(
        [
            _bounded(np.asarray(vectors[chosen[start : start + _AT_ONCE]], np.float32), basis)
            for start in range(0, len(chosen), _AT_ONCE)
        ]
    )
    release(vectors)
    width = basis.shape[1] + 1
    flat = faiss.IndexFlatIP(width)
    index = faiss.IndexIVFScalarQuantizer(
        flat, width, cells, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT, False
    )
    index.train(some)
    index.nprobe = PROBES
    for start in range(0, len(vectors), _AT_ONCE):
        index.add(_bounded(np.asarray(vectors[start : start + _AT_ONCE], np.float32), basis))
        release(vectors)
    return index, basis


def _main_directions(some: Float32s) -> Float32s:
    """(d, k): orthonormal directions in which the vectors are longest."""
    _, directions = np.linalg.eigh((some.T @ some).astype(np.float64))
    return np.ascontiguousarray(directions[:, ::-1][:, :DIRECTIONS], np.float32)


def _bounded(block: Float32s, basis: Float32s) -> Float32s:
    """(n, k + 1): main directions and the length of the rest; their inner products are never under the cosines."""
    main = block @ basis
    rest = np.sqrt(np.maximum(0.0, 1.0 - np.einsum("ij,ij->i", main, main)))
    return np.concatenate([main, rest[:, None]], axis=1)


def _compare(vectors: Floats, block: Float32s, bounds: Float32s, found: Ints, least: float) -> None:
    """Put cosines in the place of bounds, in place, and the nearest first; what cannot reach `least` is unknown."""
    rows, places = np.nonzero((found >= 0) & (bounds >= least - _ROUNDING))
    others = found[rows, places]
    bounds[:] = UNKNOWN
    for start in range(0, len(rows), _PAIRS):
        part = slice(start, start + _PAIRS)
        other = np.asarray(vectors[others[part]], np.float32)
        bounds[rows[part], places[part]] = np.einsum("ij,ij->i", block[rows[part]], other)
    order = np.argsort(-bounds, axis=1, kind="stable")
    bounds[:] = np.take_along_axis(bounds, order, axis=1)
    found[:] = np.take_along_axis(found, order, axis=1)


def release(vectors: Floats) -> None:
    """Give the pages of a file of `store` back to the system, which keeps them as long as it has room; else nothing."""
    if isinstance(vectors, np.memmap) and vectors._mmap is not None:  # type: ignore[attr-defined]
        vectors._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]
