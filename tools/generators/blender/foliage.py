"""Shapes of plants and of simple props as plain arrays: leaves on twigs, branches, tufts, blobs. No Blender."""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tools.generators.blender.camera import Array

LEAF_ROWS = 9  # points along a leaf; fewer look cut with scissors

Faces = npt.NDArray[np.int64]
Noise = np.random.Generator


@dataclass
class Geometry:
    """A mesh of quads, with two values a vertex that leaf materials read."""

    vertices: Array  # (n, 3)
    faces: Faces  # (m, 4); a triangle repeats its last corner
    tint: Array = field(default_factory=lambda: np.zeros(0))  # (n,) shade of the leaf it belongs to
    vein: Array = field(default_factory=lambda: np.zeros(0))  # (n,) 1 on the midrib
    slots: Faces = field(default_factory=lambda: np.zeros(0, np.int64))  # (m,) material of each face

    @property
    def triangles(self) -> Faces:
        """(2m, 3) corners."""
        return np.concatenate([self.faces[:, [0, 1, 2]], self.faces[:, [0, 2, 3]]])


def joined(parts: list[Geometry]) -> Geometry:
    """One mesh of several; missing values become zeros."""
    offsets = np.cumsum([0, *(len(p.vertices) for p in parts)])
    return Geometry(
        np.concatenate([p.vertices for p in parts]),
        np.concatenate([p.faces + o for p, o in zip(parts, offsets[:-1], strict=True)]),
        np.concatenate([p.tint if len(p.tint) else np.zeros(len(p.vertices)) for p in parts]),
        np.concatenate([p.vein if len(p.vein) else np.zeros(len(p.vertices)) for p in parts]),
        np.concatenate([p.slots if len(p.slots) else np.zeros(len(p.faces), np.int64) for p in parts]),
    )


def quads(rows: int, columns: int, *, around: bool) -> Faces:
    """Quads between `rows` rows of `columns` points; `around` closes the rows."""
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns if around else columns - 1), indexing="ij")
    k = (j + 1) % columns
    corners = [i * columns + j, i * columns + k, (i + 1) * columns + k, (i + 1) * columns + j]
    return np.asarray(np.stack(corners, -1).reshape(-1, 4))


def turns(noise: Noise, count: int) -> Array:
    """(count, 3, 3) random rotations."""
    quaternion = noise.normal(size=(count, 4))
    w, x, y, z = (quaternion / np.linalg.norm(quaternion, axis=1, keepdims=True)).T
    return np.stack(
        [
            np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)], -1),
            np.stack([2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)], -1),
            np.stack([2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)], -1),
        ],
        -2,
    )


@dataclass(frozen=True)
class LeafShape:
    """Outline and curl of one plant's leaves; lengths are shares of the leaf's length."""

    width: float  # half width
    widest: float  # where along the leaf, 0 stalk .. 1 tip
    fold: float  # how far the sides lift from the midrib
    curl: float  # how far the tip droops
    wave: float  # ripples of the edge
    teeth: float

    @classmethod
    def draw(cls, noise: Noise, slender: tuple[float, float] = (0.24, 0.36)) -> "LeafShape":
        """A plant's leaves."""
        return cls(
            noise.uniform(*slender), noise.uniform(0.38, 0.55), noise.uniform(0.02, 0.16), noise.uniform(0.05, 0.4),
            noise.uniform(0.0, 0.05), noise.uniform(0.0, 0.012),
        )  # fmt: skip


def leaves(noise: Noise, shape: LeafShape, base: Array, direction: Array, up: Array, length: Array) -> Geometry:
    """Leaves that start at `base`, point along `direction` and face `up`.

    Args:
        noise: the scene's.
        shape: of all of them.
        base: (n, 3).
        direction: (n, 3), any length.
        up: (n, 3), any length, not parallel to the direction.
        length: (n,).
    """
    count, rows = len(base), LEAF_ROWS
    x = np.linspace(0, 1, rows)
    power = math.log(0.5) / math.log(shape.widest)
    half = shape.width * np.sin(np.pi * np.clip(x, 0, 1) ** power) ** 0.85 + 0.012
    half[1:-1] += shape.teeth * np.where(np.arange(rows - 2) % 2, 1, -1)
    along = direction / np.linalg.norm(direction, axis=1, keepdims=True)
    side = np.cross(up, along)
    side /= np.linalg.norm(side, axis=1, keepdims=True) + 1e-9
    normal = np.cross(along, side)
    curl = shape.curl * noise.uniform(0.2, 1.8, (count, 1)) * x**2
    twist = noise.normal(0, 0.25, (count, 1)) * x
    fold = shape.fold * noise.uniform(0.3, 1.7, (count, 1))
    points = np.zeros((count, rows, 3, 3))
    for column, sign in enumerate((-1.0, 0.0, 1.0)):
        across = sign * half * np.cos(twist)
        ripple = shape.wave * np.sin(x * 17 + sign + noise.uniform(0, 6, (count, 1))) * abs(sign)
        lift = fold * abs(sign) * half / shape.width - curl + sign * half * np.sin(twist) + ripple
        points[:, :, column] = (
            x[None, :, None] * (1 - 0.25 * curl[..., None]) * along[:, None]
            + across[..., None] * side[:, None]
            + lift[..., None] * normal[:, None]
        )
    vertices = base[:, None, None] + points * length[:, None, None, None]
    one = quads(rows, 3, around=False)
    faces = (one[None] + (np.arange(count) * rows * 3)[:, None, None]).reshape(-1, 4)
    tint = np.repeat(noise.random(count), rows * 3)
    vein = np.tile(np.tile([0.0, 1.0, 0.0], rows), count)
    return Geometry(vertices.reshape(-1, 3), faces, tint, vein)


def tube(path: Array, radius: Array, sides: int = 6) -> Geometry:
    """A round bar along (n, 3) points, (n,) thick."""
    tangent = np.gradient(path, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-9
    helper = np.array([0.31, 0.17, 0.93]) if abs(tangent[0, 2]) < 0.9 else np.array([1.0, 0.1, 0.0])
    side = np.cross(tangent, helper)
    side /= np.linalg.norm(side, axis=1, keepdims=True) + 1e-9
    other = np.cross(tangent, side)
    angle = np.linspace(0, 2 * math.pi, sides, endpoint=False)
    ring = np.cos(angle)[None, :, None] * side[:, None] + np.sin(angle)[None, :, None] * other[:, None]
    vertices = path[:, None] + radius[:, None, None] * ring
    return Geometry(vertices.reshape(-1, 3), quads(len(path), sides, around=True))


def bent_path(noise: Noise, start: Array, end: Array, steps: int, crooked: float) -> Array:
    """(steps, 3) points from start to end that wander by a share of the length."""
    t = np.linspace(0, 1, steps)[:, None]
    length = float(np.linalg.norm(end - start))
    wander = np.cumsum(noise.normal(0, 1, (steps, 3)), axis=0) / math.sqrt(steps)
    wander -= t * wander[-1] + (1 - t) * wander[0]
    return np.asarray(start + (end - start) * t + wander * crooked * length)


def spray(noise: Noise, shape: LeafShape, count: int, leaf: float) -> Geometry:
    """A twig along +x, one unit long, with leaves set round it as plants do; bark is material 1.

    Args:
        noise: the scene's.
        shape: of the leaves.
        count: leaves.
        leaf: their length.
    """
    path = bent_path(noise, np.zeros(3), np.array([1.0, 0, noise.uniform(-0.3, 0.15)]), 6, 0.12)
    twig = tube(path, np.linspace(0.022, 0.006, 6) * (leaf / 0.3), 4)
    twig.slots = np.ones(len(twig.faces), np.int64)
    t = np.clip(np.linspace(0.08, 1.0, count) + noise.normal(0, 0.03, count), 0, 1)
    base = np.stack([np.interp(t, np.linspace(0, 1, 6), path[:, k]) for k in range(3)], axis=1)
    azimuth = np.arange(count) * 2.4 + noise.normal(0, 0.3, count)
    out = np.stack([noise.uniform(0.3, 0.9, count), np.cos(azimuth), np.sin(azimuth)], axis=1)
    out[:, 2] -= noise.uniform(0.0, 0.7, count)  # they hang
    up = np.array([0.0, 0.0, 1.0]) + noise.normal(0, 0.45, (count, 3))
    size = leaf * noise.uniform(0.65, 1.15, count) * np.where(t > 0.9, 0.75, 1.0)
    stalk = out / np.linalg.norm(out, axis=1, keepdims=True) * size[:, None] * 0.12
    return joined([twig, leaves(noise, shape, base + stalk, out, up, size)])


def clump(noise: Noise, shape: LeafShape, count: int, leaf: float) -> Geometry:
    """A ball of foliage of radius about 1: far trees and hedges."""
    where = noise.normal(size=(count, 3))
    where /= np.linalg.norm(where, axis=1, keepdims=True)
    radius = noise.uniform(0.45, 1.0, (count, 1)) ** 0.5 * (1 + 0.25 * np.sin(where @ noise.normal(0, 3, (3, 1))))
    out = where + noise.normal(0, 0.8, (count, 3))
    up = np.array([0.0, 0.0, 1.0]) + noise.normal(0, 0.6, (count, 3))
    return leaves(noise, shape, where * radius, out, up, leaf * noise.uniform(0.6, 1.3, count))


def tuft(noise: Noise, count: int, spread: float = 0.5, lean: float = 0.5) -> Geometry:
    """Blades of grass, one unit tall, that grow from a disc."""
    angle, far = noise.uniform(0, 2 * math.pi, count), spread * np.sqrt(noise.random(count))
    base = np.stack([far * np.cos(angle), far * np.sin(angle), np.zeros(count)], axis=1)
    bend = noise.normal(0, lean, (count, 2))
    height, width = noise.uniform(0.45, 1.1, count), noise.uniform(0.012, 0.032, count)
    side = np.stack([-np.sin(angle * 3), np.cos(angle * 3), np.zeros(count)], axis=1)
    rows = []
    for t in (0.0, 0.4, 0.75, 1.0):
        middle = base + np.concatenate([bend * t**2, np.full((count, 1), t)], axis=1) * height[:, None]
        middle[:, 2] -= 0.3 * t**2 * height * np.linalg.norm(bend, axis=1)
        half = (width * (1 - 0.9 * t**2))[:, None] * side
        rows += [middle - half, middle + half]
    vertices = np.stack(rows, axis=1)  # (count, 8, 3)
    faces = (quads(4, 2, around=False)[None] + (np.arange(count) * 8)[:, None, None]).reshape(-1, 4)
    return Geometry(vertices.reshape(-1, 3), faces, np.repeat(noise.random(count), 8), np.zeros(count * 8))


def blob(noise: Noise, rough: float = 0.2, rows: int = 9) -> Geometry:
    """A lumpy ball of radius about 1: stones, clods, blurred heads of trees."""
    columns = 2 * rows
    t, a = np.meshgrid(
        np.linspace(0, math.pi, rows), np.linspace(0, 2 * math.pi, columns, endpoint=False), indexing="ij"
    )
    vertices = np.stack([np.sin(t) * np.cos(a), np.sin(t) * np.sin(a), np.cos(t)], -1).reshape(-1, 3)
    scale = np.ones(len(vertices))
    for frequency in (1.5, 2.5, 5.0):
        waves = noise.normal(0, frequency, (3, 3))
        scale += rough / frequency * np.sin(vertices @ waves + noise.uniform(0, 6, 3)).sum(axis=1)
    return Geometry(vertices * scale[:, None], quads(rows, columns, around=True))


def box(size: tuple[float, float, float]) -> Geometry:
    """A block that stands on z = 0."""
    x, y, z = (s / 2 for s in size)
    corners = np.array([[i, j, k] for k in (0, 2 * z) for j in (-y, y) for i in (-x, x)], float)
    faces = np.array([[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]])
    return Geometry(corners, faces)


def turned(profile: list[tuple[float, float]], around: int = 24) -> Geometry:
    """A profile of (radius, height) turned about z."""
    angle = np.linspace(0, 2 * math.pi, around, endpoint=False)
    rows = [np.stack([r * np.cos(angle), r * np.sin(angle), np.full(around, z)], axis=1) for r, z in profile]
    return Geometry(np.concatenate(rows), quads(len(profile), around, around=True))


def ground(half: float, cells: int, height: float, noise: Noise) -> Geometry:
    """A square of uneven ground around the origin."""
    side = np.linspace(-half, half, cells + 1)
    x, y = np.meshgrid(side, side, indexing="xy")
    z = np.zeros_like(x)
    for frequency in (2, 5, 11):
        for _ in range(3):
            fx, fy = noise.normal(0, frequency / half, 2)
            z += np.sin(x * fx + y * fy + noise.uniform(0, 6)) * height / frequency
    return Geometry(np.stack([x, y, z], -1).reshape(-1, 3), quads(cells + 1, cells + 1, around=False))


def capsule(path: Array, radius: Array, sides: int = 10) -> Geometry:
    """A bar with round, closed ends along (n, 3) points: limbs."""
    first, last = path[0] - path[1], path[-1] - path[-2]
    first, last = first / np.linalg.norm(first), last / np.linalg.norm(last)
    caps = (0.999, 0.92, 0.7, 0.4)
    start = [path[0] + first * radius[0] * c for c in caps]
    end = [path[-1] + last * radius[-1] * c for c in reversed(caps)]
    thin = [math.sqrt(1 - c * c) for c in caps]
    return tube(
        np.concatenate([start, path, end]),
        np.concatenate([[radius[0] * t for t in thin], radius, [radius[-1] * t for t in reversed(thin)]]),
        sides,
    )
