"""Where things go so that the image shows them in the boxes that were asked for; plain numpy, no Blender."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from tools.data.sample import BoolMask
from tools.generators.blender.camera import FOCUS, Array, Camera

Triangles = npt.NDArray[np.int64]
Wanted = tuple[float, float, float, float]  # cx, cy, w, h in 0..1

TALLEST = 0.92  # of the image's height: a bottle wanted half an image wide would else leave it at both ends
PORTRAIT = 2.4  # the same, of a person who fills the image: head and chest are seen
SUBPIXELS = 4  # silhouettes are drawn this much finer, then read at the pixels' centres, as the renderer does


@dataclass
class Shape:
    """A thing to place: its own geometry, and where it went."""

    vertices: Array  # (n, 3) around the origin, longest side 1
    triangles: Triangles
    rotation: Array = field(default_factory=lambda: np.eye(3))
    scale: float = 1.0
    position: Array = field(default_factory=lambda: np.zeros(3))
    portrait: bool = False  # as wide as was asked for, whatever of its height is then seen

    @property
    def world(self) -> Array:
        """(n, 3) vertices in the scene."""
        return np.asarray(self.scale * self.vertices @ self.rotation.T + self.position)

    @property
    def matrix(self) -> Array:
        """(4, 4) from its own space into the scene."""
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = self.scale * self.rotation, self.position
        return matrix

    @property
    def radius(self) -> float:
        """Half its mean extent in the scene: that of a ball that touches about as soon."""
        extent = np.ptp(self.vertices, axis=0)
        return float(self.scale * np.sort(extent)[1:].mean() / 2)


def rotation(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Array:
    """Turn about x, then y, then z, in radians."""
    cx, sx, cy, sy, cz, sz = math.cos(x), math.sin(x), math.cos(y), math.sin(y), math.cos(z), math.sin(z)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


ROUND = 0.6  # a thing whose smallest side is at least this share of its longest rolls; others lie on a broad side


FACING = 0.8  # radians that most of those that face the camera are turned from it


def pose(
    rng: random.Random,
    rests: Sequence[str],
    extent: Sequence[float],
    *,
    resting: bool,
    facing: float = 0.0,
    front: float = 0.0,
) -> Array:
    """A plausible turn of a thing.

    Args:
        rng: the scene's.
        rests: ways it may lie (`ObjectSpec.rests`): upright, side, flat, any, hangs.
        extent: its size along x, y, z.
        resting: it lies on something; else it hangs or floats.
        facing: share of its kind whose front is about towards the camera; the others stand anyhow.
        front: where its front is, in radians from x.
    """
    about = facing > 0 and rng.random() < facing
    yaw = rotation(z=rng.gauss(-math.pi / 2 - front, FACING) if about else rng.uniform(0, 2 * math.pi))
    if not resting:
        if "hangs" in rests or "upright" in rests:
            return rotation(rng.gauss(0, 0.16), rng.gauss(0, 0.16)) @ yaw
        return rotation(rng.uniform(0.6, 1.6), rng.gauss(0, 0.5)) @ yaw
    way = rng.choice([r for r in rests if r != "hangs"] or ["side"])
    rolls = min(extent) >= ROUND * max(extent)
    if way == "any" and rolls:
        return rotation(*(rng.uniform(0, 2 * math.pi) for _ in range(3)))
    if way in ("flat", "any"):
        # The thinnest side up, either way round.
        thin = min(range(3), key=lambda axis: extent[axis])
        up = (rotation(y=-math.pi / 2), rotation(x=math.pi / 2), np.eye(3))[thin]
        return yaw @ rotation(x=math.pi * (way == "any" and rng.random() < 0.5)) @ up
    if way == "side":
        # Its own height level; what is not round in section lies on its broader side.
        x, y, _ = extent
        if min(x, y) >= ROUND * max(x, y):
            roll = rng.uniform(0, 2 * math.pi)
        else:
            roll = rng.choice([0.0, math.pi]) + (math.pi / 2 if x < y else 0.0)
        return yaw @ rotation(x=math.pi / 2) @ rotation(z=roll)
    return yaw


def lie_along(rng: random.Random, shapes: Sequence[Shape]) -> None:
    """Turn what lies flat so that all of it is longest in one direction, across the image or down it, nearly."""
    way = rng.choice([0.0, math.pi / 2])
    for shape in shapes:
        flat = (shape.vertices @ shape.rotation.T)[:, :2]
        longest = np.linalg.eigh(np.cov(flat.T))[1][:, -1]
        off = way - math.atan2(longest[1], longest[0]) + rng.gauss(0, 0.08)
        shape.rotation = rotation(z=off) @ shape.rotation


def projected_box(shape: Shape, camera: Camera) -> Wanted:
    """(cx, cy, w, h) of the whole thing in the image, in 0..1, unclipped."""
    points, _ = camera.project(shape.world)
    (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
    return float(x1 + x2) / 2, float(y1 + y2) / 2, float(x2 - x1), float(y2 - y1)


def _fit(shape: Shape, wanted: Wanted, seen: Wanted) -> tuple[float, float]:
    """Scale towards the wanted width; how far the centre is off.

    What is taller than its box and finds no room in the image is cut at its foot: a photo shows a person's head.
    """
    allowed = PORTRAIT if shape.portrait else max(wanted[3] * 1.3, min(TALLEST, wanted[3] * 2.2))
    shape.scale *= min(wanted[2] / seen[2], allowed / seen[3])
    top = min(wanted[1] - wanted[3] / 2, 0.0)
    return wanted[0] - seen[0], max(wanted[1], top + seen[3] / 2) - seen[1]


def hang(shape: Shape, camera: Camera, wanted: Wanted, depth: float = FOCUS) -> None:
    """Place a thing in the air, at a depth, in its box."""
    u, v = wanted[:2]
    shape.scale = wanted[2] * 2 * camera.half * depth
    for _ in range(5):
        shape.position = camera.at(u, v, depth)
        du, dv = _fit(shape, wanted, projected_box(shape, camera))
        u, v = u + du, v + dv
    shape.position = camera.at(u, v, depth)


def rest(shape: Shape, camera: Camera, wanted: Wanted, level: float = 0.0) -> None:
    """Stand a thing on the level z so that it is seen in its box."""
    u, v = wanted[0], wanted[1] + wanted[3] / 2
    turned = shape.vertices @ shape.rotation.T
    lowest = float(turned[:, 2].min())
    shape.scale = wanted[2] * camera.width
    for _ in range(14):
        shape.position = camera.on_plane(u, v, level) - [0, 0, shape.scale * lowest]
        du, dv = _fit(shape, wanted, projected_box(shape, camera))
        # Damped: near the horizon a small step in the image is a long way on the ground.
        u, v = u + 0.7 * du, min(max(v + 0.7 * dv, -0.5), 3.0)
    shape.position = camera.on_plane(u, v, level) - [0, 0, shape.scale * lowest]


def depths(wanted: Sequence[Wanted], order: Sequence[int], jitter: Sequence[float]) -> list[float]:
    """Depths for things of about one size: what is smaller in the image is further away."""
    if not wanted:
        return []
    middle = sorted(w[2] for w in wanted)[len(wanted) // 2]
    near = [FOCUS * min(max((middle / w[2]) ** 0.7, 0.8), 1.6) for w in wanted]
    return [d * (1 + 0.02 * min(o, 6)) * (1 + 0.04 * j) for d, o, j in zip(near, order, jitter, strict=True)]


def spread(shapes: list[Shape], camera: Camera, wanted: Sequence[Wanted], found: list[float]) -> None:
    """Push hanging things that overlap apart along their rays, the later one back, keeping their boxes."""
    for i, shape in enumerate(shapes):
        for _ in range(12):
            clash = next((o for o in shapes[:i] if _clash(shape, o)), None)
            if clash is None:
                break
            found[i] *= 1.06
            hang(shape, camera, wanted[i], found[i])


def _clash(a: Shape, b: Shape) -> bool:
    return float(np.linalg.norm(a.position - b.position)) < 0.9 * (a.radius + b.radius)


def settle(
    shapes: list[Shape], camera: Camera, wanted: Sequence[Wanted], levels: Sequence[float], fixed: Sequence[int] = ()
) -> list[int]:
    """Stand things side by side; the later one of two that would share a place moves, at most half its width.

    Args:
        shapes: the things.
        camera: that is to see them.
        wanted: box of each.
        levels: z that each stands on.
        fixed: indices of things that have their place already.

    Returns:
        Indices of things for which there is no room.
    """
    left_out: list[int] = []
    for i, shape in enumerate(shapes):
        if i in fixed:
            continue
        before = [j for j in range(len(shapes)) if j in fixed or (j < i and j not in left_out)]
        others = [shapes[j] for j in before if levels[j] == levels[i]]
        rest(shape, camera, wanted[i], levels[i])
        for angle in (None, *(k * 2.4 for k in range(10))):
            cx, cy, w, h = wanted[i]
            if angle is not None:
                cx, cy = cx + 0.5 * w * math.cos(angle), cy + 0.5 * h * math.sin(angle)
                rest(shape, camera, (cx, cy, w, h), levels[i])
            if not any(footprints_meet(shape, o) for o in others):
                break
        else:
            left_out.append(i)
    return left_out


def footprint(shape: Shape) -> npt.NDArray[np.float32]:
    """Convex outline of a thing seen from above."""
    return np.asarray(cv2.convexHull(shape.world[:, :2].astype(np.float32))[:, 0], dtype=np.float32)


def footprints_meet(a: Shape, b: Shape, share: float = 0.08) -> bool:
    """Whether two things that stand on the same level stand in each other by more than a share of the smaller."""
    one, two = footprint(a), footprint(b)
    if len(one) < 3 or len(two) < 3:
        return False
    common = float(cv2.intersectConvexConvex(one, two)[0])
    return common > share * min(cv2.contourArea(one), cv2.contourArea(two))


def silhouette(camera: Camera, vertices: Array, triangles: Triangles, size_px: int) -> BoolMask:
    """(h, w) mask of a thing drawn alone: all its pixels inside the image, hidden by nothing."""
    points, depth = camera.project(vertices)
    fine = np.zeros((size_px * SUBPIXELS, size_px * SUBPIXELS), np.uint8)
    # Fixed-point corners with 4 fractional bits; a pixel's centre is at a whole number for OpenCV, hence the half.
    scaled = np.clip((points * size_px * SUBPIXELS - 0.5) * 16, -(1 << 24), 1 << 24).round().astype(np.int32)
    corners = scaled[triangles]
    seen = (depth[triangles] > 0.01).all(axis=1)
    for corner in corners[seen]:
        cv2.fillConvexPoly(fine, corner, (1,), shift=4)
    return fine[SUBPIXELS // 2 :: SUBPIXELS, SUBPIXELS // 2 :: SUBPIXELS].astype(bool)


def outline(camera: Camera, vertices: Array, size_px: int) -> BoolMask:
    """(h, w) mask of the convex outline of points: the quick, generous silhouette of clutter."""
    points, depth = camera.project(vertices)
    mask = np.zeros((size_px, size_px), np.uint8)
    if (depth > 0.01).all():
        limited = np.clip(points * size_px - 0.5, -30000, 30000).astype(np.float32)
        cv2.fillConvexPoly(mask, np.round(cv2.convexHull(limited)).astype(np.int32), (1,))
    return mask.astype(bool)


class Cover:
    """Keeps account of how much of each wanted thing is hidden, so that clutter hides as much as was asked."""

    SLACK = 0.06  # hidden share beyond the wanted one that is let through

    def __init__(self, size_px: int) -> None:
        self.size_px = size_px
        self.whole: list[BoolMask] = []
        self.hidden: list[BoolMask] = []
        self.depth: list[float] = []
        self.wanted: list[float] = []

    def watch(self, whole: BoolMask, depth: float, wanted: float) -> None:
        """Add a wanted thing; those added before and after hide each other by depth."""
        hidden = np.zeros_like(whole)
        for other, far in zip(self.whole, self.depth, strict=True):
            if far < depth:
                hidden |= other
        for i, far in enumerate(self.depth):
            if depth < far:
                self.hidden[i] |= whole
        self.whole.append(whole)
        self.hidden.append(hidden)
        self.depth.append(depth)
        self.wanted.append(wanted)

    def share(self, index: int, more: BoolMask | None = None) -> float:
        """Hidden share of a thing, with one more mask in front."""
        area = int(self.whole[index].sum())
        hidden = self.hidden[index] if more is None else self.hidden[index] | more
        return float((hidden & self.whole[index]).sum()) / area if area else 0.0

    def allows(self, mask: BoolMask, depth: float) -> bool:
        """Whether something may stand in front without hiding more than wanted of any thing behind it."""
        for i, far in enumerate(self.depth):
            if depth < far and (mask & self.whole[i]).any():
                after = self.share(i, mask)
                # What is hidden too much already may not be hidden more: a hundred blades would add up.
                if after > self.wanted[i] + self.SLACK and after > self.share(i):
                    return False
        return True

    def add(self, mask: BoolMask, depth: float) -> None:
        """Note something that now stands there."""
        for i, far in enumerate(self.depth):
            if depth < far:
                self.hidden[i] |= mask
