"""Rows of things that lie side by side, as tiles do; plain numpy, no Blender."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tools.generators.blender.camera import Array, Camera
from tools.generators.blender.foliage import box
from tools.generators.blender.layout import Shape, Wanted, rest, rotation

REACH = 13  # rows to each side of the first thing: more are not told apart
ALIGNED = 0.6  # of the images are taken along the rows
BOND = 0.2  # of the floors have every other row shifted by half a thing
JOINT = (0.006, 0.04)  # width over a thing's longer side
ALONE = (0.08, 0.4)  # width of a thing over the image's, where none is asked for


@dataclass
class Rows:
    """Where things lie side by side."""

    origin: Array  # (3,) of the first
    yaw: float
    pitch: tuple[float, float]  # from one to the next, along its x and y
    bond: float  # by which share of the pitch every other row is shifted
    scale: float  # units of a thing's longest side
    taken: set[tuple[int, int]] = field(default_factory=lambda: {(0, 0)})

    def place(self, column: int, row: int) -> Array:
        """(3,) the middle of a cell."""
        x = self.pitch[0] * (column + self.bond * (row % 2))
        return np.asarray(self.origin + rotation(z=self.yaw) @ np.array([x, self.pitch[1] * row, 0.0]))

    def nearest(self, point: Array) -> tuple[int, int]:
        """The free cell whose middle is nearest to a point."""
        cells = [(c, r) for c in range(-REACH, REACH + 1) for r in range(-REACH, REACH + 1) if (c, r) not in self.taken]
        return min(cells, key=lambda cell: float(np.linalg.norm((self.place(*cell) - point)[:2])))


def lay_in_rows(
    rng: random.Random, deep: float, shapes: Sequence[Shape], camera: Camera, wanted: Sequence[Wanted]
) -> Rows:
    """Put the first where it is wanted, and each of the others into the cell nearest to where it is wanted.

    Args:
        rng: the scene's.
        deep: a thing's shorter side over its longer one.
        shapes: those of it that the scene asks for; with none all cells are free.
        camera: that is to see them.
        wanted: box of each.
    """
    if not shapes:
        wide = math.exp(rng.uniform(*(math.log(w) for w in ALONE)))
        one = box((1, deep, 0.01))
        rows = lay_in_rows(rng, deep, [Shape(one.vertices, one.faces)], camera, [(0.5, 0.6, wide, wide)])
        rows.taken.clear()
        return rows
    yaw = rng.choice([0.0, math.pi / 2]) + rng.gauss(0, 0.04) if rng.random() < ALIGNED else rng.uniform(0, math.pi)
    for shape in shapes:
        shape.rotation = rotation(z=yaw)
    first = shapes[0]
    rest(first, camera, wanted[0])
    size = np.max([np.ptp(s.vertices, axis=0)[:2] for s in shapes], axis=0) + rng.uniform(*JOINT)
    x, y = (first.scale * size).tolist()
    rows = Rows(first.position, yaw, (x, y), 0.5 if rng.random() < BOND else 0.0, first.scale)
    for shape, (cx, cy, _, _) in zip(shapes[1:], wanted[1:], strict=True):
        cell = rows.nearest(camera.on_plane(cx, cy))
        rows.taken.add(cell)
        shape.scale, shape.position = first.scale, rows.place(*cell)
    return rows
