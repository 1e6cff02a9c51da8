"""Masks as outlines and back. An outline runs along pixel edges, so it gives back the very same pixels.

A format that allows one polygon an object (YOLO) cannot say "hole" or "second part". Holes are cut open by a slit of no
width that lies inside the object, which loses nothing; parts are joined by a line, which is a loss that callers count.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from tools.data.sample import BoolMask, mask_box

# Pixels that one label's outlines may be long. pycocotools walks them in steps of a fifth, all in memory.
_MAX_LENGTH = 1_000_000
_ELLIPSE_POINTS = 90
Points = npt.NDArray[np.float64]  # (n, 2): x, y in pixels
# Directions of an edge with the object on its right: right, down, left, up (x, y; y runs down).
_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))
# Where the object's pixel lies from an edge of that direction.
_INSIDE = ((0, 1), (-1, 0), (0, -1), (1, 0))


def outlines(mask: BoolMask, inset: float = 0.0) -> list[Points]:
    """One closed outline for each part of a mask; pixels that touch at a corner belong together.

    Args:
        mask: (h, w).
        inset: pixels by which the outline is drawn inwards, below 0.5. With 0 pycocotools fills it to the same mask;
            with a little more, so does cv2.fillPoly, which cuts off the decimals and paints the border.

    Returns:
        Outlines from left to right; a hole is part of the outline around it, cut open by a slit. Empty for no pixel.
    """
    if not mask.any():
        return []
    x1, y1, x2, y2 = (int(v) for v in mask_box(mask))
    mask = mask[y1:y2, x1:x2]
    outer: list[Points] = []
    holes: list[Points] = []
    for ring in _rings(mask, inset):
        (outer if _signed_area(ring) > 0 else holes).append(ring)
    # From left to right: what lies left of a hole is then an outer outline, or a hole that is cut open already.
    for hole in sorted(holes, key=lambda ring: (ring[:, 0].min(), ring[:, 1].min())):
        _cut_open(outer, hole, mask, inset)
    corner = np.array([x1, y1], dtype=np.float64)
    return [ring + corner for ring in sorted(outer, key=lambda ring: (ring[:, 0].min(), ring[:, 1].min()))]


def count_parts(mask: BoolMask) -> int:
    """How many outlines a mask has, without drawing them."""
    count: int = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0]
    return count - 1


def join(parts: Sequence[Points]) -> Points:
    """One outline that runs through all parts, tied at their nearest points by a line walked there and back."""
    joined, rest = parts[0], list(parts[1:])
    while rest:
        ties = [_nearest(joined, part) for part in rest]
        best = min(range(len(rest)), key=lambda i: ties[i][0])
        _, here, there = ties[best]
        part = rest.pop(best)
        joined = np.concatenate([joined[: here + 1], part[there:], part[: there + 1], joined[here:]])
    return joined


def ellipse(cx: float, cy: float, rx: float, ry: float, turned_deg: float = 0.0) -> Points:
    """An ellipse as an outline, turned clockwise about its centre.

    Raises:
        ValueError: it has no area.
    """
    if not (rx > 0 and ry > 0):
        raise ValueError(f"an ellipse without area: {rx:g} x {ry:g}")
    angles = np.linspace(0, 2 * np.pi, _ELLIPSE_POINTS, endpoint=False)
    x, y = rx * np.cos(angles), ry * np.sin(angles)
    cos, sin = np.cos(np.deg2rad(turned_deg)), np.sin(np.deg2rad(turned_deg))
    return np.stack([cx + x * cos - y * sin, cy + x * sin + y * cos], axis=1)


def fill(polygons: Sequence[npt.ArrayLike], height: int, width: int) -> str | None:
    """Compressed RLE counts of all polygons together, as COCO fills them.

    Args:
        polygons: each a flat or (n, 2) list of x, y in pixels; one with fewer than three points adds nothing.
        height: of the image.
        width: of the image.

    Returns:
        None when no pixel is filled.

    Raises:
        ValueError: the numbers are no places in such an image. pycocotools, which dies of them, never sees those.
    """
    flat = [_places(p, height, width) for p in polygons]
    flat = [p for p in flat if p.size >= 6]
    if not flat:
        return None
    rings = [p.reshape(-1, 2) for p in flat]
    if sum(float(np.abs(ring - np.roll(ring, 1, axis=0)).sum()) for ring in rings) > _MAX_LENGTH:
        raise ValueError(f"an outline longer than {_MAX_LENGTH:,} pixels")
    rle = coco_mask.merge(coco_mask.frPyObjects([p.tolist() for p in flat], height, width))
    return rle["counts"].decode("ascii") if coco_mask.area(rle) else None


def _places(polygon: npt.ArrayLike, height: int, width: int) -> Points:
    """A foreign polygon as flat numbers, at most one image's length outside."""
    try:
        places = np.asarray(polygon, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("an outline that is not numbers") from error
    if places.size % 2:
        raise ValueError(f"an outline of {places.size} numbers: x and y come in pairs")
    if not np.isfinite(places).all():
        raise ValueError("an outline with numbers that are missing or not finite")
    side = max(height, width)
    if places.size and (places.min() < -side or places.max() > 2 * side):
        raise ValueError(f"an outline that leaves its picture by far ({places.min():g} to {places.max():g})")
    return places


def _rings(mask: BoolMask, inset: float) -> list[Points]:
    """Closed rings of corners, clockwise around the object and counter-clockwise around holes."""
    edges = _edges(mask)
    touching = {corner for corner, directions in edges.items() if len(directions) == 2}
    rings = []
    while edges:
        corner = start = next(iter(edges))
        direction = first = edges[start][0]
        points: list[tuple[float, float]] = []
        while True:
            edges[corner].remove(direction)
            if not edges[corner]:
                del edges[corner]
            corner = (corner[0] + _STEPS[direction][0], corner[1] + _STEPS[direction][1])
            ways = edges.get(corner, []) + ([first] if corner == start else [])
            # Where two pixels meet at a corner, turning left keeps them in one outline.
            turn = (direction - 1) % 4 if corner in touching else ways[0]
            if turn != direction:
                points += _corner(corner, direction, turn, corner in touching, inset)
            if (corner, turn) == (start, first):
                break
            direction = turn
        rings.append(np.array(points))
    return rings


def _edges(mask: BoolMask) -> dict[tuple[int, int], list[int]]:
    """Corner (x, y) -> directions of the border edges that start there."""
    padded = np.pad(mask, 1)
    inner = padded[1:-1, 1:-1]
    outside = (padded[:-2, 1:-1], padded[1:-1, 2:], padded[2:, 1:-1], padded[1:-1, :-2])
    starts = ((0, 0), (1, 0), (1, 1), (0, 1))  # of the edge above, right, below, left of a pixel
    edges: dict[tuple[int, int], list[int]] = {}
    for direction, (neighbour, (dx, dy)) in enumerate(zip(outside, starts, strict=True)):
        rows, columns = np.nonzero(inner & ~neighbour)
        for x, y in zip((columns + dx).tolist(), (rows + dy).tolist(), strict=True):
            edges.setdefault((x, y), []).append(direction)
    return edges


def _corner(
    corner: tuple[int, int], before: int, after: int, touching: bool, inset: float
) -> list[tuple[float, float]]:
    """The point of a corner, drawn into the object; two where two pixels meet only there."""
    x, y = corner
    if touching:
        # Each edge ends in its own pixel: a step back along the first edge, a step on along the second.
        return [
            (
                x + inset * (_INSIDE[before][0] - _STEPS[before][0]),
                y + inset * (_INSIDE[before][1] - _STEPS[before][1]),
            ),
            (x + inset * (_INSIDE[after][0] + _STEPS[after][0]), y + inset * (_INSIDE[after][1] + _STEPS[after][1])),
        ][: 2 if inset else 1]
    return [
        (x + inset * (_INSIDE[before][0] + _INSIDE[after][0]), y + inset * (_INSIDE[before][1] + _INSIDE[after][1]))
    ]


def _signed_area(ring: Points) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def _cut_open(outer: list[Points], hole: Points, mask: BoolMask, inset: float) -> None:
    """Join a hole to the outline on its left by a slit through the pixels between them."""
    left = float(hole[:, 0].min())
    edge, row = round(left), round(float(hole[hole[:, 0] < left + 1e-6, 1].min()))
    before = np.flatnonzero(~mask[row, :edge])
    target = int(before[-1]) + 1 if before.size else 0
    y = row + 0.5
    hole_at = _edge_at(hole, edge - inset, y)
    slit = np.array([[edge - inset, y]])
    opened = np.concatenate([slit, hole[hole_at + 1 :], hole[: hole_at + 1], slit])
    for index, ring in enumerate(outer):
        at = _edge_at(ring, target + inset, y)
        if at >= 0:
            tie = np.array([[target + inset, y]])
            outer[index] = np.concatenate([ring[: at + 1], tie, opened, tie, ring[at + 1 :]])
            return
    raise AssertionError("a hole with nothing on its left")


def _edge_at(ring: Points, x: float, y: float) -> int:
    """Index of the vertical edge of a ring that crosses (x, y), or -1."""
    after = np.roll(ring, -1, axis=0)
    low, high = np.minimum(ring[:, 1], after[:, 1]), np.maximum(ring[:, 1], after[:, 1])
    hits = np.flatnonzero((np.abs(ring[:, 0] - x) < 1e-6) & (np.abs(after[:, 0] - x) < 1e-6) & (low <= y) & (y <= high))
    return int(hits[0]) if hits.size else -1


def _nearest(a: Points, b: Points) -> tuple[float, int, int]:
    """Squared distance and indices of the nearest points of two outlines."""
    distances = ((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=2)
    flat = int(distances.argmin())
    return float(distances.flat[flat]), flat // len(b), flat % len(b)
