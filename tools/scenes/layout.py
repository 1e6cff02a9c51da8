"""Boxes for the objects of many scenes at once: sizes by distance, bounded overlap, order from the camera."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

MAX_OVERLAP = 0.25  # of the smaller box: more is not told apart from one object
CUT_SHARE = 0.2  # of the objects may leave the image a little: real photos cut objects too
# Things strewn through all that is seen, as cells on a slide: much alike in size, upon each other, cut as it comes.
STREWN_OVERLAP, STREWN_CUT_SHARE, STREWN_SPREAD, STREWN_COVERED = (0.1, 0.6), 0.4, 0.1, 1.1
MAX_CUT = 0.4  # of the object's size
SIZE_SPREAD = 0.22  # log-normal spread of sizes in one scene: fruit of one tree, tools of one box
ASPECT_SPREAD = 0.10
_TRIES = 10
_COVERED = 0.8  # of the image's area at most in boxes


@dataclass(frozen=True)
class Layouts:
    """Boxes (s, n, 4) as (cx, cy, w, h) in 0..1, and depth ranks (s, n), 0 nearest; rows beyond a count are unused."""

    boxes: FloatArray
    depths: IntArray


def lay_out(
    counts: IntArray, low: FloatArray, high: FloatArray, rng: np.random.Generator, *, allow_cut: bool = True,
    strewn: BoolArray | None = None, spread: FloatArray | None = None,
) -> Layouts:  # fmt: skip
    """Lay objects out.

    Args:
        counts: (s,) objects of each scene.
        low: (s,) least width of the first object, as a share of the image's.
        high: (s,) greatest width.
        rng: decides everything.
        allow_cut: whether objects may reach over the border.
        strewn: (s,) scenes whose objects lie on each other and are cut by the border as it comes; None: in none.
        spread: (s,) log-normal spread of the sizes in a scene that is not strewn; None: `SIZE_SPREAD` in all.
    """
    most = int(counts.max(initial=0))
    if most == 0:
        return Layouts(np.zeros((len(counts), 0, 4)), np.zeros((len(counts), 0), np.int64))
    strewn = np.zeros(len(counts), bool) if strewn is None else strewn
    spread = np.where(strewn, STREWN_SPREAD, SIZE_SPREAD if spread is None else spread)
    sizes = _sizes(counts, low, high, most, rng, strewn, spread)
    centres = np.full((len(counts), most, 2), 0.5)
    overlap = np.full(len(counts), MAX_OVERLAP)
    overlap[strewn] = rng.uniform(*STREWN_OVERLAP, int(strewn.sum()))  # of other scenes nothing is drawn: they stay
    cut = np.where(strewn, STREWN_CUT_SHARE, CUT_SHARE) * float(allow_cut)
    for slot in range(most):
        live = np.flatnonzero(counts > slot)
        centres[live, slot] = _place(slot, centres[live], sizes[live], rng, overlap[live], cut[live])
    boxes = np.concatenate([centres, sizes], axis=2)
    used = np.arange(most) < counts[:, None]
    # Larger and lower is nearer, as on a ground plane; noise, because neither is a rule in a tree.
    nearness = sizes[..., 0] / sizes[:, :1, 0] + 0.5 * centres[..., 1] + rng.normal(0, 0.15, used.shape)
    order = np.argsort(np.where(used, -nearness, np.inf), axis=1, kind="stable")
    depths = np.empty_like(order)
    np.put_along_axis(depths, order, np.broadcast_to(np.arange(most), order.shape), axis=1)
    return Layouts(boxes.round(4), depths)


def _sizes(
    counts: IntArray,
    low: FloatArray,
    high: FloatArray,
    most: int,
    rng: np.random.Generator,
    strewn: BoolArray,
    spread: FloatArray,
) -> FloatArray:
    """(s, n, 2) widths and heights; the first width is inside its range, the others are near it."""
    room = np.sqrt(np.where(strewn, STREWN_COVERED, _COVERED) / np.maximum(counts, 1))
    top: FloatArray = np.minimum(np.maximum(room, low), high)  # many close objects: as large as they fit
    first = np.exp(rng.uniform(np.log(low), np.log(top)))
    widths = first[:, None] * np.exp(spread[:, None] * rng.normal(0, 1, (len(counts), most)))
    widths[:, 0] = first
    widths = np.minimum(np.maximum(widths, low[:, None] * 0.8), high[:, None])
    heights = np.minimum(widths * np.exp(rng.normal(0, ASPECT_SPREAD, widths.shape)), 0.95)
    return np.stack([widths, heights], axis=2)


def _place(
    slot: int, centres: FloatArray, sizes: FloatArray, rng: np.random.Generator, most: FloatArray, cut_share: FloatArray
) -> FloatArray:
    """(s, 2) centres of the objects in one slot: the first of several tries that overlaps little, or the best."""
    size = sizes[:, None, slot]
    cut = rng.uniform(0, MAX_CUT, (len(size), _TRIES, 1)) * (
        rng.random((len(size), _TRIES, 1)) < cut_share[:, None, None]
    )
    margin: FloatArray = np.minimum(size * (0.5 - cut), 0.5)
    tries = margin + rng.random((len(size), _TRIES, 2)) * (1 - 2 * margin)
    if slot == 0:
        return np.asarray(tries[:, 0])
    gap = np.abs(tries[:, :, None] - centres[:, None, :slot])  # (s, tries, slot, 2)
    both = (size[:, None] + sizes[:, None, :slot]) / 2 - gap
    shared = np.minimum(np.clip(both, 0, None), np.minimum(size[:, None], sizes[:, None, :slot])).prod(axis=3)
    smaller = np.minimum(size.prod(axis=2)[:, :, None], sizes[:, None, :slot].prod(axis=3))
    overlap = (shared / smaller).max(axis=2)
    best = np.where(overlap <= most[:, None], 0.0, overlap).argmin(axis=1)
    return np.asarray(tries[np.arange(len(tries)), best])
