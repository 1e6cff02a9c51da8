"""Contours of objects that exist nowhere: smooth, lobed, polygonal, thin, turned, toothed, holed, and put together."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]

_AROUND = 72  # points of a round contour: smooth at 180 px, the largest object of a 256 px image


@dataclass(frozen=True)
class Part:
    """A closed outline with one material; `material` numbers the materials of its object."""

    outline: Points  # (m, 2)
    holes: list[Points] = field(default_factory=list)
    material: int = 0
    tone: float = 1.0  # brightness of the part: the faces of a box differ
    flat: bool = False  # a plane face has no round shading


Shape = list[Part]


def _angles() -> Points:
    return np.linspace(0, 2 * np.pi, _AROUND, endpoint=False)


def _polar(radius: Points) -> Points:
    angle = _angles()
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)


def _cut_corners(points: Points, times: int) -> Points:
    """Chaikin's rule: each corner is replaced by two, a quarter of the edge away from it."""
    for _ in range(times):
        after = np.roll(points, -1, axis=0)
        points = np.stack([0.75 * points + 0.25 * after, 0.25 * points + 0.75 * after], 1).reshape(-1, 2)
    return points


def _smooth(rng: np.random.Generator) -> Shape:
    angle, radius = _angles(), np.ones(_AROUND)
    for harmonic in (2, 3, 4):
        radius += rng.uniform(0, 0.16 / harmonic) * np.cos(harmonic * angle + rng.uniform(0, 2 * np.pi))
    points = _polar(radius)
    points[:, 1] /= np.exp(abs(rng.normal(0, 0.35)))
    return [Part(points)]


def _lobed(rng: np.random.Generator) -> Shape:
    angle, lobes = _angles(), int(rng.integers(2, 9))
    wave = np.cos(lobes * angle + rng.uniform(0, 2 * np.pi))
    radius = 1 + rng.uniform(0.06, 0.38) * np.sign(wave) * np.abs(wave) ** rng.uniform(0.5, 1.5)
    for harmonic in (1, 2, 3):
        radius += rng.uniform(0, 0.10) * np.cos(harmonic * angle + rng.uniform(0, 2 * np.pi))
    return [Part(_polar(radius))]


def _polygon(rng: np.random.Generator) -> Shape:
    corners = int(rng.integers(3, 8))
    angle = (np.arange(corners) + rng.uniform(-0.28, 0.28, corners)) * 2 * np.pi / corners
    points = np.stack([np.cos(angle), np.sin(angle)], 1) * rng.uniform(0.75, 1.0, (corners, 1))
    if corners == 4 and rng.random() < 0.6:
        points = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (1.0, rng.uniform(0.2, 1.0))
    return [Part(_cut_corners(points, int(rng.integers(0, 4))), flat=bool(rng.random() < 0.5))]


def _sweep(spine: Points, half_width: Points) -> Points:
    """Outline of a band of varying width about a spine."""
    along = np.gradient(spine, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], 1) / np.linalg.norm(along, axis=1, keepdims=True).clip(1e-6)
    return np.concatenate([spine + normal * half_width[:, None], (spine - normal * half_width[:, None])[::-1]])


def _thin(rng: np.random.Generator) -> Shape:
    t = np.linspace(0, 1, 28)
    ends, bow = np.array([[-1.0, 0.0], [1.0, 0.0]]), np.array([rng.uniform(-0.4, 0.4), rng.normal(0, 0.6)])
    spine = (1 - t)[:, None] ** 2 * ends[0] + (2 * t * (1 - t))[:, None] * bow + t[:, None] ** 2 * ends[1]
    width = rng.uniform(0.05, 0.24) * np.clip(np.sin(np.pi * t), 0, 1) ** rng.uniform(0.1, 0.9)
    if rng.random() < 0.35:  # a head or a handle at one end
        width = width * (1 + rng.uniform(0.5, 2.0) * np.exp(-(((t - rng.uniform(0.02, 0.2)) / 0.12) ** 2)))
    return [Part(_sweep(spine, width))]


def _turned(rng: np.random.Generator) -> Shape:
    """A profile turned about an upright axis and seen from the side: bottle, vase, cup, pin."""
    y = np.linspace(-1, 1, 30)
    knots = np.sort(rng.uniform(-1, 1, 5))
    half = np.interp(y, np.concatenate([[-1], knots, [1]]), rng.uniform(0.15, 0.75, 7))
    if rng.random() < 0.7:
        half = np.convolve(np.pad(half, 3, mode="edge"), np.ones(7) / 7, "valid")
    half *= np.clip((1 - np.abs(y) ** rng.uniform(6, 30)), 0, 1) ** 0.4 + 0.02
    outline = np.stack([np.concatenate([half, -half[::-1]]), np.concatenate([y, y[::-1]])], 1)
    parts = [Part(outline)]
    if rng.random() < 0.4:  # a cap or a label of another material
        low = rng.uniform(-1, 0.6)
        band = (y >= low) & (y <= low + rng.uniform(0.2, 0.6))
        if band.sum() > 2:
            h, v = half[band] * rng.uniform(0.9, 1.0), y[band]
            both = np.stack([np.concatenate([h, -h[::-1]]), np.concatenate([v, v[::-1]])], 1)
            parts.append(Part(both, material=1))
    return parts


def _toothed(rng: np.random.Generator) -> Shape:
    teeth, depth = int(rng.integers(5, 16)), rng.uniform(0.1, 0.5)
    edges = np.tile([0.0, rng.uniform(0.2, 0.9)], 2 * teeth)
    angle = np.repeat(np.arange(2 * teeth), 2) * np.pi / teeth + edges / teeth
    radius = np.repeat(np.tile([1.0, 1 - depth], teeth), 2)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    holes = [_polar(np.full(_AROUND, rng.uniform(0.1, 0.4)))] if rng.random() < 0.5 else []
    return [Part(points, holes, flat=bool(rng.random() < 0.6))]


def _holed(rng: np.random.Generator) -> Shape:
    outer = rng.choice(np.array([_smooth, _lobed, _polygon], dtype=object))(rng)[0].outline
    if rng.random() < 0.7:
        holes = [outer * rng.uniform(0.25, 0.82)]
    else:
        count, reach = int(rng.integers(2, 6)), rng.uniform(0.35, 0.5)
        turns = np.arange(count) * 2 * np.pi / count
        small = _polar(np.full(_AROUND, rng.uniform(0.08, 0.2)))
        holes = [small + reach * np.array([np.cos(a), np.sin(a)]) for a in turns]
    return [Part(outer, holes)]


def _box(rng: np.random.Generator) -> Shape:
    """A cuboid from a corner: three faces of different brightness."""
    width, height, depth = rng.uniform(0.4, 1.0, 3)
    slant = np.array([rng.uniform(0.2, 0.8) * rng.choice([-1, 1]), -rng.uniform(0.2, 0.7)]) * depth
    front = np.array([[-width, -height], [width, -height], [width, height], [-width, height]])
    top = np.array([front[0], front[1], front[1] + slant, front[0] + slant])
    near = front[[1, 2]] if slant[0] > 0 else front[[0, 3]]
    side = np.array([near[0], near[1], near[1] + slant, near[0] + slant])
    tones = rng.permutation([1.0, rng.uniform(0.6, 0.85), rng.uniform(0.3, 0.6)])
    return [Part(face, tone=float(tone), flat=True) for face, tone in zip((front, top, side), tones, strict=True)]


def _joined(rng: np.random.Generator) -> Shape:
    """Two or three simple shapes put together: a hammer, a mug, a toy, a bird."""
    simple = np.array([_smooth, _polygon, _thin, _thin, _turned, _holed], dtype=object)
    parts: Shape = list(rng.choice(simple)(rng))
    for material in range(1, int(rng.integers(2, 4))):
        angle, size = rng.uniform(0, 2 * np.pi), rng.uniform(0.35, 1.0)
        anchor = parts[0].outline[int(rng.integers(len(parts[0].outline)))]
        for part in rng.choice(simple)(rng):
            shift = anchor * rng.uniform(0.6, 1.1)
            moved = [_place(points, size, angle) + shift for points in (part.outline, *part.holes)]
            parts.append(Part(moved[0], moved[1:], material if rng.random() < 0.7 else 0, flat=part.flat))
    return parts if rng.random() < 0.5 else parts[1:] + parts[:1]


def _place(points: Points, size: float, angle: float) -> Points:
    cos, sin = np.cos(angle) * size, np.sin(angle) * size
    return np.asarray(points @ np.array([[cos, sin], [-sin, cos]]))


FAMILIES: dict[str, tuple[float, Callable[[np.random.Generator], Shape]]] = {
    # name: (how often, maker); round things are commonest in the world too
    "smooth": (0.55, _smooth),
    "lobed": (0.12, _lobed),
    "polygon": (0.11, _polygon),
    "thin": (0.08, _thin),
    "turned": (0.11, _turned),
    "toothed": (0.05, _toothed),
    "holed": (0.07, _holed),
    "box": (0.08, _box),
    "joined": (0.11, _joined),
}
_WEIGHTS = np.array([weight for weight, _ in FAMILIES.values()])


def random_shape(rng: np.random.Generator) -> Shape:
    """A shape whose farthest point from the middle of its bounding box is at distance 1."""
    names = list(FAMILIES)
    name = names[int(rng.choice(len(names), p=_WEIGHTS / _WEIGHTS.sum()))]
    return normalise(FAMILIES[name][1](rng))


def normalise(shape: Shape) -> Shape:
    """Move the bounding box's middle to the origin and scale the farthest point to distance 1."""
    every: npt.NDArray[Any] = np.concatenate([part.outline for part in shape])
    middle = (every.min(axis=0) + every.max(axis=0)) / 2
    reach = float(np.linalg.norm(every - middle, axis=1).max())
    return transform(shape, lambda points: (points - middle) / max(reach, 1e-6))


def transform(shape: Shape, move: Callable[[Points], Points]) -> Shape:
    """The shape with every outline moved."""
    return [Part(move(p.outline), [move(h) for h in p.holes], p.material, p.tone, p.flat) for p in shape]


def turn_and_stretch(shape: Shape, angle: float, squeeze: float) -> Shape:
    """The shape squeezed along its second axis, then turned: another view of the same thing."""
    return transform(shape, lambda points: _place(points * (1.0, squeeze), 1.0, angle))
