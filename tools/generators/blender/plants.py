"""Living places: canopies that hang round what was asked for, lawns, far trees. Runs inside the worker."""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from tools.data.sample import BoolMask
from tools.generators.blender import surfaces
from tools.generators.blender.camera import FOCUS, Array
from tools.generators.blender.foliage import (
    LEAF_ROWS,
    Geometry,
    LeafShape,
    bent_path,
    blob,
    clump,
    ground,
    joined,
    leaves,
    spray,
    tube,
    tuft,
    turns,
)
from tools.generators.blender.layout import rotation
from tools.generators.blender.props import hide_with_props, is_large, strew
from tools.generators.blender.stage import Stage, matrix_of
from tools.generators.blender.surfaces import Colour, vary

_FAR = 1e3  # units: nothing of the ground is out of reach
GREENS: list[Colour] = [(0.06, 0.16, 0.02), (0.1, 0.2, 0.03), (0.035, 0.1, 0.02), (0.13, 0.2, 0.03), (0.05, 0.13, 0.05)]


@dataclass(frozen=True)
class Canopy:
    """How a tree and a shrub differ; lengths in metres."""

    leaf: tuple[float, float]
    slender: tuple[float, float]
    sprays: tuple[int, int]  # at full density
    open_share: float  # how often much sky shows
    trunk: bool


TREE = Canopy((0.055, 0.095), (0.25, 0.34), (150, 260), 0.3, True)
SHRUB = Canopy((0.03, 0.07), (0.2, 0.42), (190, 300), 0.08, False)


class Foliage:
    """Twigs of one plant: a few shapes, set many times, hiding no more than was asked."""

    def __init__(self, stage: Stage, canopy: Canopy) -> None:
        noise = stage.noise
        self.stage = stage
        # Leaves keep their size beside the thing they hang round, within what still looks like leaves.
        self.leaf = float(np.clip(noise.uniform(*canopy.leaf) * stage.metre, 0.3 * stage.subject, 1.3 * stage.subject))
        self.leaf = min(max(self.leaf, 0.16), 1.5)
        self.shape = LeafShape.draw(noise, canopy.slender)
        count = int(noise.integers(9, 15))
        self.length = self.leaf * noise.uniform(2.6, 3.6)
        self.parts = [spray(noise, self.shape, count, self.leaf / self.length) for _ in range(6)]
        self.leaf_paint = surfaces.leaf(
            stage.rng, vary(stage.rng, stage.rng.choice(GREENS), 0.2), stage.wet, stage.rng.choice([0.0, 0.02, 0.08])
        )
        self.bark = surfaces.bark(stage.rng, stage.wet)
        self.set: list[Geometry] = []
        self.outlines = [_leaf_rims(p) for p in self.parts]

    def mask(self, which: int, matrix: Array) -> tuple[BoolMask, float]:
        """Pixels a twig's leaves take before what was asked for, and their depth."""
        rims = self.outlines[which]
        points = rims.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]
        seen, depth = self.stage.camera.project(points)
        size = self.stage.size_px
        mask = np.zeros((size, size), np.uint8)
        pixels = np.clip(seen * size - 0.5, -4000, 4000).round().astype(np.int32).reshape(*rims.shape[:2], 2)
        # Of a twig that reaches from before a thing to behind it only the leaves before it count.
        own = depth.reshape(rims.shape[:2]).mean(axis=1)
        before = own < max([*self.stage.cover.depth, 0.0])
        for rim in pixels[before]:
            cv2.fillPoly(mask, [rim], (1,))
        return mask.astype(bool), float(own[before].mean()) if before.any() else float(own.mean())

    def put(self, which: int, matrix: Array, *, check: bool) -> bool:
        """Set a twig; with `check` only where it hides no more than was asked."""
        if check:
            mask, depth = self.mask(which, matrix)
            if not self.stage.cover.allows(mask, depth):
                return False
            self.stage.cover.add(mask, depth)
        part = self.parts[which]
        points = part.vertices @ matrix[:3, :3].T + matrix[:3, 3]
        tint = (part.tint + self.stage.noise.random()) % 1.0
        self.set.append(Geometry(points, part.faces, tint, part.vein, part.slots))
        return True

    def grow(self) -> None:
        """Put everything that was set on the stage, as one mesh: overlapping copies are slow to trace."""
        if self.set:
            self.stage.put(self.stage.mesh("foliage", joined(self.set)), np.eye(4), self.leaf_paint, self.bark)
            self.set = []


def _leaf_rims(part: Geometry) -> Array:
    """(leaves, 2 * LEAF_ROWS, 3) rims of a spray's leaves; the twig comes first in the mesh."""
    first = int(part.faces[part.slots == 0].min())
    rows = part.vertices[first:].reshape(-1, LEAF_ROWS, 3, 3)
    return np.concatenate([rows[:, :, 0], rows[:, ::-1, 2]], axis=1)


def hang_canopy(stage: Stage, canopy: Canopy) -> None:
    """Branches and twigs before, beside and behind everything asked for."""
    rng, noise, camera = stage.rng, stage.noise, stage.camera
    foliage = Foliage(stage, canopy)
    nearest = min([*stage.cover.depth, FOCUS])
    density = rng.uniform(0.12, 0.4) if rng.random() < canopy.open_share else rng.uniform(0.6, 1.1)
    # Smaller leaves need more twigs to close the view.
    amount = density * rng.randint(*canopy.sprays) * float(np.clip((0.7 / foliage.leaf) ** 1.1, 0.5, 2.0))
    spots = _branches(stage, foliage, canopy, max(2, round(5 * density)))
    for point in _stalks(stage, foliage):
        spots.append(point)
    while len(spots) < amount:
        u, v = rng.uniform(-0.1, 1.1), rng.uniform(-0.1, 1.1)
        near = rng.random() < 0.22
        depth = rng.uniform(0.8, 1.0) * nearest if near else FOCUS * rng.uniform(1.0, 1.75)
        spots.append(camera.at(u, v, depth))
    for where in spots:
        which = int(noise.integers(len(foliage.parts)))
        turn = rotation(noise.normal(0, 0.6), noise.normal(0.25, 0.5), noise.uniform(0, 2 * math.pi))
        matrix = matrix_of(where, turn, foliage.length * noise.uniform(0.75, 1.2))
        depth = float((where - camera.position) @ camera.forward)
        foliage.put(which, matrix, check=depth < max([*stage.cover.depth, nearest]) + foliage.length)
    foliage.grow()
    hide_with_leaves(stage, foliage)


def _branches(stage: Stage, foliage: Foliage, canopy: Canopy, count: int) -> list[Array]:
    """Crooked branches across the view, behind what was asked for; returns where twigs sprout."""
    rng, noise, camera = stage.rng, stage.noise, stage.camera
    back = max([*stage.cover.depth, FOCUS]) + 0.6 * stage.subject
    parts, spots = [], []
    for number in range(count):
        depth = back + rng.uniform(0.1, 3.0)
        if canopy.trunk and number == 0 and rng.random() < 0.65:
            u = rng.uniform(0.0, 1.0)
            start, end = camera.at(u, 1.35, depth), camera.at(u + rng.uniform(-0.2, 0.2), -0.35, depth)
            thick = rng.uniform(0.04, 0.09) * stage.metre
        else:
            u, v = rng.choice([(-0.25, rng.uniform(0, 1.2)), (1.25, rng.uniform(0, 1.2)), (rng.uniform(0, 1), 1.3)])
            start = camera.at(u, v, depth)
            end = camera.at(0.5 + (0.5 - u) * rng.uniform(0.4, 1.6), rng.uniform(-0.2, 0.7), depth + rng.uniform(-1, 1))
            thick = rng.uniform(0.008, 0.028) * stage.metre
        thick = float(np.clip(thick, 0.06, 0.55))
        path = bent_path(noise, start, end, 14, 0.09)
        parts.append(tube(path, np.linspace(thick, thick * 0.45, 14), 7))
        for _ in range(rng.randint(6, 14)):
            spots.append(path[int(noise.integers(2, 14))] + noise.normal(0, 0.1, 3))
    if parts:
        stage.put(stage.mesh("branches", joined(parts)), np.eye(4), foliage.bark)
    return spots


def _stalks(stage: Stage, foliage: Foliage) -> list[Array]:
    """A twig that runs past the top of every hanging thing, so that it hangs from something."""
    parts, spots = [], []
    for shape in stage.shapes:
        top = shape.position + np.array([0, 0, float(np.ptp(shape.world[:, 2])) / 2])
        away = stage.camera.ray(0.5, 0.5)
        side = np.array([stage.rng.choice([-1, 1]) * 1.0, 0, stage.rng.uniform(0.2, 0.9)])
        joint = top + np.array([0, 0, 0.16 * shape.scale]) + 0.12 * shape.scale * away
        start = joint + side * foliage.length * 0.9 + away * foliage.length * 0.5
        thick = float(np.clip(0.006 * stage.metre, 0.03, 0.08 * shape.scale + 0.02))
        path = np.concatenate([bent_path(stage.noise, start, joint, 6, 0.1), top[None]])
        parts.append(tube(path, np.linspace(1.5 * thick, 0.5 * thick, 7), 5))
        spots += [joint + away * 0.1 * shape.scale, start]
    if parts:
        stage.put(stage.mesh("stalks", joined(parts)), np.eye(4), foliage.bark)
    return spots


def hide_with_leaves(stage: Stage, foliage: Foliage) -> None:
    """Single leaves in front of what is to be hidden, one by one, until about the wanted share is."""
    noise, camera = stage.noise, stage.camera
    found = []
    for i, shape in enumerate(stage.shapes):
        cover = stage.cover
        if cover.wanted[i] < 0.05 or not cover.whole[i].any():
            continue
        rows, columns = np.nonzero(cover.whole[i])
        size = min(foliage.leaf, 1.1 * shape.scale)
        depth = float(camera.project(shape.world)[1].min())
        for _ in range(40):
            if cover.share(i) >= cover.wanted[i] - 0.04:
                break
            pick = int(noise.integers(len(rows)))
            u, v = (columns[pick] + 0.5) / stage.size_px, (rows[pick] + 0.5) / stage.size_px
            middle = camera.at(u, v, depth - noise.uniform(0.05, 0.3) * size)
            along = np.array([noise.normal(0, 1), noise.normal(0, 0.3), noise.normal(-0.6, 0.6)])
            length = size * noise.uniform(0.7, 1.1)
            base = middle - along / np.linalg.norm(along) * length / 2
            part = leaves(
                noise,
                foliage.shape,
                base[None],
                along[None],
                (-camera.forward + noise.normal(0, 0.35, 3))[None],
                np.array([length]),
            )
            rim = np.concatenate([part.vertices[0::3], part.vertices[2::3][::-1]])
            mask = np.zeros((stage.size_px, stage.size_px), np.uint8)
            pixels = np.clip(camera.project(rim)[0] * stage.size_px - 0.5, -4000, 4000).round().astype(np.int32)
            cv2.fillPoly(mask, [pixels], (1,))
            hidden = mask.astype(bool)
            if cover.share(i, hidden) > cover.wanted[i] + cover.SLACK or not cover.allows(hidden, depth - 0.3 * size):
                continue
            cover.add(hidden, depth - 0.3 * size)
            found.append(part)
    if found:
        stage.put(stage.mesh("leaves", joined(found)), np.eye(4), foliage.leaf_paint)


def far_country(stage: Stage, level: float) -> None:
    """Ground to the horizon, rows of trees and hills far behind."""
    rng, noise = stage.rng, stage.noise
    stage.plane("ground", surfaces.lawn(rng, max(stage.metre, 1.0), stage.wet), (-300, 300), (-60, 500), level)
    shape = LeafShape.draw(noise)
    green = vary(rng, rng.choice(GREENS), 0.25)
    paint = surfaces.leaf(rng, green, 0.0)
    count, leaf = (1100, 0.14) if is_large(stage) else (260, 0.3)  # beside a person a leaf is small
    meshes = [stage.mesh("tree", clump(noise, shape, count, leaf)) for _ in range(3)]
    for mesh in meshes:
        mesh.materials.append(paint)
    rows = rng.randint(0, 3)
    for row in range(rows):
        far, tall = rng.uniform(9, 16) * (1 + row), rng.uniform(1.5, 4.5)
        for x in np.arange(-1.2, 1.21, 0.16):
            scale = tall * noise.uniform(0.7, 1.2, 3)
            where = np.array(
                [x * (far + FOCUS) * 0.6 + noise.normal(0, 1), far + noise.normal(0, 1.5), level + scale[2] * 0.8]
            )
            stage.put(meshes[int(noise.integers(3))], matrix_of(where, rotation(z=noise.uniform(0, 6.3)), scale))
    hill = surfaces.plain("hill", vary(rng, (0.06, 0.12, 0.07), 0.3), 1.0)
    mesh = stage.mesh("hill", blob(noise, 0.25, 12))
    for _ in range(rng.randint(0, 3)):
        where = np.array([rng.uniform(-120, 120), rng.uniform(120, 260), level])
        stage.put(mesh, matrix_of(where, scale=np.array([60.0, 30, rng.uniform(5, 22)])), hill)


def build_orchard(stage: Stage) -> None:
    """A fruit tree, other rows behind it, grass under it."""
    far_country(stage, -max(1.5 * stage.metre, 0.6 * stage.camera.width))
    hang_canopy(stage, TREE)


def build_bush(stage: Stage) -> None:
    """A dense shrub near the ground, dark in its depth."""
    rng, noise = stage.rng, stage.noise
    far_country(stage, -max(0.6 * stage.metre, 0.55 * stage.camera.width))
    paint = surfaces.leaf(rng, vary(rng, (0.03, 0.07, 0.02), 0.3), stage.wet)
    shape = LeafShape.draw(noise, SHRUB.slender)
    meshes = [stage.mesh("depth", clump(noise, shape, 260, 0.28)) for _ in range(2)]
    for mesh in meshes:
        mesh.materials.append(paint)
    for _ in range(rng.randint(6, 16)):
        where = stage.camera.at(rng.uniform(-0.1, 1.1), rng.uniform(0.0, 1.1), FOCUS * rng.uniform(1.7, 2.0))
        scale = stage.camera.width * noise.uniform(0.25, 0.45)
        stage.put(meshes[int(noise.integers(2))], matrix_of(where, turns(noise, 1)[0], scale))
    hang_canopy(stage, SHRUB)


# Ground -------------------------------------------------------------------------------------------------------


def build_grass(stage: Stage) -> None:
    """A lawn or a meadow with blades, clover and fallen leaves."""
    rng, noise, camera = stage.rng, stage.noise, stage.camera
    far_country(stage, -0.02)
    blade = float(np.clip(rng.uniform(0.03, 0.11) * stage.metre, 0.16 * stage.subject, 0.9 * stage.subject))
    blade = min(max(blade, 0.12), 1.2)
    green = vary(rng, rng.choice(GREENS), 0.2)
    paint = surfaces.leaf(rng, green, stage.wet, rng.choice([0.02, 0.1, 0.25]))
    tufts = [tuft(noise, 48, 0.9, 0.45) for _ in range(4)]
    meshes = [stage.mesh("tuft", t) for t in tufts]
    for mesh in meshes:
        mesh.materials.append(paint)
    for where in _spots_on_ground(stage, round(300 * float(np.clip(0.5 / blade, 0.6, 1.8)))):
        near = float(np.linalg.norm(where - camera.position)) / FOCUS
        tall = blade * noise.uniform(0.6, 1.2) * max(1.0, near**0.5)
        matrix = matrix_of(where, rotation(z=noise.uniform(0, 6.3)), np.array([tall * 0.9, tall * 0.9, tall]))
        # Blades under and before a thing bend down; where it may be hidden they stay up.
        which = int(noise.integers(len(tufts)))
        for _ in range(3):
            mask, depth = _blades(stage, tufts[which], matrix)
            if stage.cover.allows(mask, depth):
                stage.cover.add(mask, depth)
                stage.put(meshes[which], matrix)
                break
            matrix[2, :3] *= 0.45
    _litter(stage, blade)
    _hide_on_ground(stage)


def _blades(stage: Stage, part: Geometry, matrix: Array) -> tuple[BoolMask, float]:
    """Pixels the blades of a tuft take, and its depth."""
    size = stage.size_px
    seen, depth = stage.camera.project(part.vertices @ matrix[:3, :3].T + matrix[:3, 3])
    corners = np.clip(seen * size - 0.5, -4000, 4000).reshape(-1, 4, 2, 2)
    rims = np.concatenate([corners[:, :, 0], corners[:, ::-1, 1]], axis=1)
    mask = np.zeros((size, size), np.uint8)
    cv2.fillPoly(mask, list(rims.round().astype(np.int32)), (1,))
    # A blade is thinner than a pixel, but drawn one wide: keep as many pixels as it really covers.
    area = sum(cv2.contourArea(r.astype(np.float32)) for r in rims)
    kept = stage.noise.random(mask.shape) < area / max(int(mask.sum()), 1)
    return mask.astype(bool) & kept, float(depth.mean())


def build_soil(stage: Stage) -> None:
    """Bare ground: clods, stones, dry leaves, a few weeds."""
    rng, noise = stage.rng, stage.noise
    far_country(stage, -0.25)
    half = 3.0 * stage.camera.width
    paint = surfaces.earth(rng, stage.metre, stage.wet)
    stage.put(
        stage.mesh("soil", ground(half, 90, 0.05 * stage.subject, noise)),
        matrix_of((0, half * 0.55, -0.04 * stage.subject)),
        paint,
    )
    stone = surfaces.concrete(rng, stage.metre, stage.wet, vary(rng, (0.32, 0.29, 0.25), 0.15))
    meshes = [stage.mesh("clod", blob(noise, 0.3, 7)) for _ in range(4)]
    for mesh in meshes:
        mesh.materials.append(paint if rng.random() < 0.5 else stone)
    for where in _spots_on_ground(stage, round(60 + 200 * stage.spec.clutter)):
        size = stage.subject * float(np.clip(noise.lognormal(-2.6, 0.6), 0.02, 0.35))
        if stage.allows(where + size * np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (0, 0.8)])):
            stage.put(meshes[int(noise.integers(4))], matrix_of(where, turns(noise, 1)[0], size))
    _litter(stage, 0.3 * stage.subject)
    _hide_on_ground(stage)


def _hide_on_ground(stage: Stage) -> None:
    """Leaves over what is to be hidden; before what is as large as a person, what stands about outdoors."""
    if is_large(stage):
        strew(stage, round(stage.spec.clutter * stage.rng.uniform(0, 5)), (-_FAR, _FAR), (-_FAR, _FAR))
        hide_with_props(stage)
    elif any(w >= 0.05 for w in stage.cover.wanted):
        hide_with_leaves(stage, Foliage(stage, SHRUB))


def _spots_on_ground(stage: Stage, count: int) -> list[Array]:
    """Points of the ground evenly over the image, not under what stands there."""
    rng, spots = stage.rng, []
    for _ in range(count):
        where = stage.camera.on_plane(rng.uniform(-0.08, 1.08), rng.uniform(-0.05, 1.12), 0.0)
        if all(np.linalg.norm((where - s.position)[:2]) > 0.75 * s.radius for s in stage.shapes):
            spots.append(where)
    return spots


def _litter(stage: Stage, size: float) -> None:
    """Fallen leaves and sticks."""
    rng, noise = stage.rng, stage.noise
    count = round(stage.spec.clutter * rng.uniform(5, 40))
    if not count or stage.avoids("leaf"):
        return
    paint = surfaces.leaf(
        rng,
        vary(rng, rng.choice([(0.3, 0.14, 0.03), (0.2, 0.09, 0.03), (0.4, 0.28, 0.04), (0.1, 0.16, 0.03)]), 0.2),
        stage.wet,
    )
    shape = LeafShape.draw(noise, (0.25, 0.42))
    found = []
    length = max(size, 0.3 * stage.subject) * 1.2
    for where in _spots_on_ground(stage, count):
        along = np.array([noise.normal(), noise.normal(), noise.normal(0, 0.15)])
        part = leaves(
            noise,
            shape,
            where[None] + [0, 0, 0.35 * size],
            along[None],
            np.array([[noise.normal(0, 0.2), noise.normal(0, 0.2), 1.0]]),
            np.array([length * noise.uniform(0.6, 1.2)]),
        )
        if stage.allows(part.vertices):
            found.append(part)
    if found:
        stage.put(stage.mesh("litter", joined(found)), np.eye(4), paint)


def branch_into_view(stage: Stage) -> Any:
    """A branch with leaves that hangs in at an edge of the image: something near in an empty sky."""
    foliage = Foliage(stage, TREE)
    rng, noise = stage.rng, stage.noise
    side = rng.choice([-0.1, 1.1])
    for _ in range(rng.randint(4, 14)):
        where = stage.camera.at(side + rng.gauss(0, 0.1), rng.uniform(-0.1, 0.5), FOCUS * rng.uniform(0.8, 1.3))
        foliage.put(int(noise.integers(6)), matrix_of(where, turns(noise, 1)[0], foliage.length), check=True)
    foliage.grow()
    return foliage
