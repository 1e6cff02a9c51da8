"""Clutter and things that stand in front: neutral props that no label ever names. Runs inside the worker."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tools.generators.blender import surfaces
from tools.generators.blender.camera import Array
from tools.generators.blender.foliage import (
    Geometry,
    LeafShape,
    Noise,
    bent_path,
    blob,
    box,
    joined,
    leaves,
    quads,
    tube,
    turned,
)
from tools.generators.blender.layout import outline, rotation
from tools.generators.blender.stage import Stage, matrix_of
from tools.generators.blender.surfaces import vary

Draw = Callable[[random.Random, Noise], Geometry]


@dataclass(frozen=True)
class Prop:
    """Something that lies about; its geometry is in metres and stands on z = 0."""

    names: tuple[str, ...]  # when the task is about one of these it is left out
    draw: Draw
    smooth: bool = False
    paint: str = "painted"


def _carton(rng: random.Random, _: Noise) -> Geometry:
    side = rng.uniform(0.08, 0.3)
    return box((side, side * rng.uniform(0.5, 1.2), side * rng.uniform(0.4, 1.3)))


def _book(rng: random.Random, _: Noise) -> Geometry:
    width, depth, thick = rng.uniform(0.12, 0.2), rng.uniform(0.18, 0.27), rng.uniform(0.012, 0.045)
    pages = box((width * 0.97, depth * 0.97, thick * 0.8))
    pages.vertices[:, 2] += thick * 0.1
    top, bottom = box((width, depth, thick * 0.1)), box((width, depth, thick * 0.1))
    top.vertices[:, 2] += thick * 0.9
    return joined([bottom, pages, top])


def _jar(rng: random.Random, _: Noise) -> Geometry:
    r, h = rng.uniform(0.03, 0.06), rng.uniform(0.07, 0.2)
    neck = rng.uniform(0.5, 1.0) * r
    return turned([(0, 0), (r, 0), (r, h * 0.75), (neck, h * 0.85), (neck, h), (0, h)])


def _plate(rng: random.Random, _: Noise) -> Geometry:
    r = rng.uniform(0.08, 0.14)
    return turned([(0, 0.004), (0.6 * r, 0.004), (r, 0.02), (r, 0.024), (0.62 * r, 0.009), (0, 0.009)], 40)


def _mug(rng: random.Random, _: Noise) -> Geometry:
    r, h = rng.uniform(0.035, 0.05), rng.uniform(0.07, 0.11)
    body = turned([(0, 0), (r, 0), (r, h), (r * 0.9, h), (r * 0.88, 0.01), (0, 0.01)])
    angle = np.linspace(-1.4, 1.4, 9)
    path = np.stack([r + 0.6 * r * np.cos(angle), np.zeros(9), h * 0.5 + h * 0.32 * np.sin(angle)], axis=1)
    return joined([body, tube(path, np.full(9, 0.1 * r), 6)])


def _sheet(rng: random.Random, noise: Noise) -> Geometry:
    width, depth = rng.uniform(0.1, 0.25), rng.uniform(0.12, 0.3)
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, 9), np.linspace(-0.5, 0.5, 9), indexing="xy")
    z = 0.004 + 0.008 * (1 + np.sin(x * noise.uniform(1, 6) + noise.uniform(0, 6)) * np.cos(y * noise.uniform(1, 6)))
    i, j = np.meshgrid(np.arange(8), np.arange(8), indexing="ij")
    k = (i * 9 + j).ravel()
    return Geometry(np.stack([x * width, y * depth, z], -1).reshape(-1, 3), np.stack([k, k + 1, k + 10, k + 9], axis=1))


def _cloth(rng: random.Random, noise: Noise) -> Geometry:
    """A rag or a torn piece of paper: uneven outline, folds."""
    side, rows = rng.uniform(0.12, 0.28), 15
    t, a = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 2 * math.pi, 2 * rows, endpoint=False), indexing="ij")
    edge = 1 + 0.25 * np.sin(2 * a + noise.uniform(0, 6)) + 0.12 * np.sin(3 * a + noise.uniform(0, 6))
    r = t * side / 2 * edge
    x, y = r * np.cos(a), r * np.sin(a) * rng.uniform(0.6, 1.0)
    fold = sum(np.sin((x * math.cos(w) + y * math.sin(w)) * f + p) for w, f, p in noise.uniform(0, (6, 50, 6), (4, 3)))
    z = 0.01 + 0.05 * side * (fold - fold.min()) / 2
    return Geometry(np.stack([x, y, z], -1).reshape(-1, 3), quads(rows, 2 * rows, around=True))


def _leaf(rng: random.Random, noise: Noise) -> Geometry:
    shape = LeafShape.draw(noise, (0.25, 0.42))
    up = np.array([[noise.normal(0, 0.2), noise.normal(0, 0.2), 1.0]])
    return leaves(noise, shape, np.array([[-0.04, 0, 0.01]]), np.array([[1.0, 0, 0.05]]), up, np.array([0.08]))


def _rod(rng: random.Random, noise: Noise) -> Geometry:
    length, r = rng.uniform(0.1, 0.3), rng.uniform(0.003, 0.008)
    return tube(np.array([[-length / 2, 0, r], [0, 0, r], [length / 2, 0, r]]), np.full(3, r), 8)


def _cable(rng: random.Random, noise: Noise) -> Geometry:
    ends = noise.uniform(-0.3, 0.3, (2, 3))
    path = bent_path(noise, ends[0], ends[1], 30, 0.35)
    path[:, 2] = 0.004
    return tube(path, np.full(30, 0.004), 6)


def _stone(rng: random.Random, noise: Noise, *, radius_m: tuple[float, float], rows: int) -> Geometry:
    part = blob(noise, 0.2, rows)
    part.vertices *= rng.uniform(*radius_m)
    part.vertices[:, 2] -= part.vertices[:, 2].min() * 0.6
    return part


def _bowl(rng: random.Random, _: Noise) -> Geometry:
    r = rng.uniform(0.06, 0.12)
    return turned(
        [
            (0, 0),
            (0.5 * r, 0),
            (0.9 * r, 0.35 * r),
            (r, 0.65 * r),
            (0.95 * r, 0.65 * r),
            (0.5 * r, 0.08 * r),
            (0, 0.06 * r),
        ],
        32,
    )


def _cube(rng: random.Random, _: Noise) -> Geometry:
    side = rng.uniform(0.03, 0.07)
    return box((side, side * rng.choice([1, 1, 2]), side * rng.choice([0.5, 1])))


def _washer(rng: random.Random, _: Noise) -> Geometry:
    r = rng.uniform(0.008, 0.02)
    return turned([(0.5 * r, 0.003), (0.5 * r, 0), (r, 0), (r, 0.003), (0.5 * r, 0.003)], 20)


# Beside people, bicycles and cars: what hides a mug would be a toy there, or a giant's.


def _crate(rng: random.Random, _: Noise) -> Geometry:
    side = rng.uniform(0.4, 1.1)
    return box((side, side * rng.uniform(0.5, 1.6), side * rng.uniform(0.5, 1.4)))


def _barrel(rng: random.Random, _: Noise) -> Geometry:
    r, h = rng.uniform(0.22, 0.32), rng.uniform(0.6, 1.0)
    bulge = rng.uniform(1.0, 1.12)
    return turned([(0, 0), (r, 0), (r * bulge, h * 0.35), (r * bulge, h * 0.65), (r, h), (0, h)])


def _post(rng: random.Random, _: Noise) -> Geometry:
    h, r = rng.uniform(0.8, 3.0), rng.uniform(0.04, 0.13)
    return turned([(0, 0), (r, 0), (r, h), (0, h)])


def _panel(rng: random.Random, _: Noise) -> Geometry:
    return box((rng.uniform(0.6, 1.8), rng.uniform(0.03, 0.08), rng.uniform(0.7, 1.9)))


def _tarp(rng: random.Random, noise: Noise) -> Geometry:
    part = _cloth(rng, noise)
    part.vertices *= rng.uniform(5, 8)
    return part


def _parasol(rng: random.Random, _: Noise) -> Geometry:
    r, h = rng.uniform(0.5, 1.2), rng.uniform(0.15, 0.35)
    return turned([(0, h), (0.5 * r, 0.8 * h), (r, 0), (0.5 * r, 0.75 * h), (0, 0.95 * h)], 16)


CARTON = Prop(("box", "carton", "package", "parcel"), _carton, paint="card")
BOOK = Prop(("book", "notebook"), _book)
JAR = Prop(("jar", "bottle", "can", "vase"), _jar, smooth=True)
PLATE = Prop(("plate", "dish"), _plate, smooth=True)
MUG = Prop(("mug", "cup"), _mug, smooth=True)
SHEET = Prop(("paper", "napkin", "envelope"), _sheet, smooth=True, paint="paper")
ROD = Prop(("pencil", "pen", "stick", "screw", "nail"), _rod, smooth=True, paint="hard")
CABLE = Prop(("cable", "wire", "rope"), _cable, smooth=True)
PEBBLE = Prop(("stone", "pebble", "rock"), partial(_stone, radius_m=(0.012, 0.05), rows=8), smooth=True, paint="stone")
BOWL = Prop(("bowl",), _bowl, smooth=True)
CUBE = Prop(("cube", "block", "brick", "dice"), _cube)
CLOTH = Prop(("cloth", "rag", "napkin", "towel"), _cloth, smooth=True, paint="cloth")
LEAF = Prop(("leaf",), _leaf, smooth=True, paint="leaf")
WASHER = Prop(("washer", "ring", "nut", "coin"), _washer, smooth=True, paint="metal")

CRATE = Prop(("crate", "box", "carton", "package", "parcel"), _crate, paint="card")
BARREL = Prop(("barrel", "drum", "keg"), _barrel, smooth=True)
POST = Prop(("post", "pole", "column", "bollard"), _post, smooth=True)
PANEL = Prop(("panel", "board", "door", "screen", "sign"), _panel)
BOULDER = Prop(("boulder", "stone", "rock"), partial(_stone, radius_m=(0.2, 0.6), rows=10), smooth=True, paint="stone")
TARP = Prop(("tarp", "cloth", "blanket", "rug"), _tarp, smooth=True, paint="cloth")
PARASOL = Prop(("parasol", "umbrella"), _parasol)

PROPS: dict[str, tuple[Prop, ...]] = {
    "table": (PLATE, CLOTH, MUG, BOOK, SHEET, BOWL, JAR, ROD, CARTON),
    "shelf": (CARTON, JAR, BOOK, BOWL, CUBE),
    "conveyor": (CARTON, CUBE, WASHER),
    "floor": (CUBE, BOOK, CABLE, CLOTH, CARTON, BOWL),
    "road": (PEBBLE, PEBBLE, LEAF, SHEET),
    "workbench": (ROD, ROD, WASHER, WASHER, CUBE, CABLE, CLOTH, SHEET, CARTON, JAR),
    "studio": (CUBE, CARTON, SHEET),
    "grass": (PEBBLE,),
    "soil": (PEBBLE, ROD),
    "hand": (CARTON, SHEET),
    "sky": (SHEET,),
    "inspection": (CARTON, CUBE, WASHER),
    "slide": (PEBBLE,),
    "surface": (LEAF, PEBBLE),
    "liquid": (LEAF,),
}
# Where what is asked for is as large as a person, in place of those above.
LARGE_PROPS: dict[str, tuple[Prop, ...]] = {
    "floor": (CRATE, PANEL, CARTON, CLOTH, BOOK, CABLE),
    "road": (CRATE, BARREL, POST, BOULDER, PEBBLE, SHEET),
    "studio": (CRATE, BARREL, PANEL),
    "grass": (BOULDER, POST, PEBBLE),
    "soil": (BOULDER, BARREL, PEBBLE, ROD),
}
LARGE_FROM_M = 0.5  # size of what is asked for
LEAVES_FROM_M = 0.04  # the same: weeds are before fish, not before bubbles
FRONT: tuple[Prop, ...] = (CARTON, CUBE, JAR, BOOK, MUG, BOWL)
OVER: tuple[Prop, ...] = (CLOTH, CLOTH, LEAF, SHEET, BOOK, CARTON)
LARGE_FRONT: tuple[Prop, ...] = (CRATE, BARREL, POST, PANEL, BOULDER)
LARGE_OVER: tuple[Prop, ...] = (TARP, PARASOL, PANEL, CRATE)
LARGE_HIDES = (0.4, 1.2)  # a prop's size over the subject's: as large as in the world, and within what hides some of it
LEAST_HIDDEN = 0.18  # of a cell or bubble, from which dirt or a leaf is before it; else each had its own
IN_THE_AIR: tuple[Prop, ...] = (CLOTH, LEAF, SHEET)


def available(stage: Stage, props: Sequence[Prop]) -> list[Prop]:
    """Those that cannot be taken for what the task is about."""
    return [p for p in props if not stage.avoids(*p.names)]


def _paint(stage: Stage, prop: Prop) -> Any:
    rng, wet = stage.rng, stage.wet
    match prop.paint:
        case "stone":
            return surfaces.natural(rng, wet)
        case "metal":
            return surfaces.metal(rng, stage.metre, wet)
        case "cloth":
            return surfaces.cloth(rng, stage.metre, wet)
        case "leaf":
            return surfaces.leaf(rng, vary(rng, rng.choice([(0.1, 0.18, 0.03), (0.3, 0.16, 0.04)]), 0.2), wet)
        case "paper":
            return surfaces.plain("paper", vary(rng, rng.choice([(0.75, 0.74, 0.7), (0.6, 0.52, 0.38)]), 0.1), 0.8)
        case "card" if rng.random() < 0.6:
            return surfaces.plain("card", vary(rng, (0.42, 0.28, 0.16), 0.25), 0.85, wet=wet)
        case "hard" if rng.random() < 0.5:
            return surfaces.metal(rng, stage.metre, wet)
    return stage.paint()


def is_large(stage: Stage) -> bool:
    """Whether what is asked for is of a person's size, beside which a leaf or a bowl is hardly seen."""
    return stage.subject / stage.metre >= LARGE_FROM_M


def props_of(stage: Stage, context: str) -> list[Prop]:
    """What lies about in a place, beside things of the size that is asked for."""
    own = LARGE_PROPS.get(context) if is_large(stage) else None
    return available(stage, own or PROPS.get(context, ()))


def prop_size(stage: Stage, part: Geometry, smallest: float = 0.3, largest: float = 2.2) -> float:
    """Units a metre of a prop is drawn as: true to the subject, within what keeps both in one image."""
    smallest = 0.0 if is_large(stage) else smallest
    longest = float(np.ptp(part.vertices, axis=0).max())
    return float(np.clip(longest * stage.metre, smallest * stage.subject, largest * stage.subject)) / longest


def strew(stage: Stage, count: int, x: tuple[float, float], y: tuple[float, float], level: float = 0.0) -> None:
    """Clutter on a surface, clear of what stands there and of each other, hiding no more than was asked."""
    rng = stage.rng
    kinds = props_of(stage, stage.spec.context)
    taken = [(s.position[:2], s.radius * 1.05) for s in stage.shapes]
    for _ in range(count if kinds else 0):
        prop = rng.choice(kinds)
        part = prop.draw(rng, stage.noise)
        size = prop_size(stage, part)
        points = part.vertices * size
        radius = float(np.linalg.norm(points[:, :2], axis=1).max())
        turn = rotation(z=rng.uniform(0, 2 * math.pi))
        for _ in range(6):
            where = stage.camera.on_plane(rng.uniform(-0.1, 1.1), rng.uniform(-0.05, 1.15), level)
            inside = x[0] + radius < where[0] < x[1] - radius and y[0] + radius < where[1] < y[1] - radius
            if not inside or any(np.linalg.norm(where[:2] - p) < r + 0.8 * radius for p, r in taken):
                continue
            if stage.allows(points @ turn.T + where):
                mesh = stage.mesh(prop.names[0], Geometry(points, part.faces), smooth=prop.smooth)
                stage.put(mesh, matrix_of(where, turn), _paint(stage, prop))
                taken.append((where[:2], radius))
                break


def hiding(stage: Stage, level: float | None, *, over: bool) -> tuple[Prop, ...]:
    """What may be before a thing that is to be partly hidden.

    Args:
        stage: the set.
        level: of the surface that it stands on; None: in the air.
        over: seen from so high up that it has to lie over the thing.
    """
    if level is None and stage.spec.context == "liquid":
        return (LEAF,) if stage.subject / stage.metre >= LEAVES_FROM_M else ()
    if level is None:
        return IN_THE_AIR
    if is_large(stage):
        return LARGE_OVER if over else LARGE_FRONT
    return OVER if over else FRONT


def hide_with_props(stage: Stage, level: float | None = 0.0) -> None:
    """Something of the place before each thing that is to be partly hidden.

    Args:
        stage: the set.
        level: of the surface things stand on; None: in the air. Seen from high up, things lie over the subject.
    """
    over = level is None or stage.camera.pitch > math.radians(38)
    large = is_large(stage) and level is not None
    least = LEAST_HIDDEN if stage.spec.context == "liquid" else 0.05
    kinds = available(stage, hiding(stage, level, over=over))
    for i, shape in enumerate(stage.shapes):
        wanted = stage.cover.wanted[i]
        if wanted < least or stage.cover.share(i) >= wanted - 0.05 or not kinds:
            continue
        best: tuple[float, Prop, Geometry, Array] | None = None
        for attempt in range(5):
            prop = stage.rng.choice(kinds)
            part = prop.draw(stage.rng, stage.noise)
            extent = np.ptp(part.vertices, axis=0)
            # Standing before the subject it is the height that hides; a little larger each time it did not suffice.
            measure = float(extent.max()) if over else max(float(extent[2]), 0.5 * float(extent.max()))
            size = stage.rng.uniform(0.7, 1.1)
            if large:
                size = float(np.clip(measure * stage.metre / shape.scale, *LARGE_HIDES))
            part.vertices *= shape.scale * size * (1 + 0.2 * attempt) / measure
            part.vertices[:, :2] -= (part.vertices[:, :2].max(axis=0) + part.vertices[:, :2].min(axis=0)) / 2
            part.vertices = part.vertices @ rotation(z=stage.rng.uniform(0, 6.3)).T
            found = _slide_in(stage, i, part.vertices, None if over else level)
            if found is not None and (best is None or found[0] < best[0]):
                best = (found[0], prop, part, found[1])
            if best is not None and best[0] < 0.06:
                break
        if best is not None and best[0] < 0.6 * wanted:
            _, prop, part, where = best
            mesh = stage.mesh(
                prop.names[0], Geometry(part.vertices, part.faces, part.tint, part.vein), smooth=prop.smooth
            )
            stage.put(mesh, matrix_of(where), _paint(stage, prop))
            stage.cover.add(*stage.seen(part.vertices + where))


def _slide_in(stage: Stage, index: int, points: Array, level: float | None) -> tuple[float, Array] | None:
    """Push a prop in from a side, step by step, until it hides about the wanted share.

    Returns:
        How far that share is off, and where the prop goes; None when it cannot stand anywhere.
    """
    shape, camera, cover = stage.shapes[index], stage.camera, stage.cover
    others = [s for j, s in enumerate(stage.shapes) if j != index]
    reach = float(np.linalg.norm(points[:, :2], axis=1).max())
    own = float(np.ptp(shape.world[:, 0])) / 2
    best: tuple[float, Array] | None = None
    for side in (1.0, -1.0) if stage.rng.random() < 0.5 else (-1.0, 1.0):
        for step in np.linspace(1.0, 0.0, 14):
            if level is None:
                nearer = float(camera.project(shape.world)[1].min()) - 0.4 * float(np.ptp(points[:, 2])) - 0.05
                away = shape.position - camera.position
                middle = camera.position + away * (nearer / float(away @ camera.forward))
                where = middle + camera.axes[:, 0] * side * step * (own + reach)
            else:
                gap = shape.radius + float(np.ptp(points[:, 1])) / 2 + 0.05
                where = np.array([shape.position[0] + side * step * (own + reach), shape.position[1] - gap, level])
                if any(np.linalg.norm((where - s.position)[:2]) < 0.8 * (reach + s.radius) for s in others):
                    continue
            mask = outline(camera, points + where, stage.size_px)
            off = abs(cover.share(index, mask) - cover.wanted[index])
            others_fine = all(
                cover.share(j, mask) <= max(cover.wanted[j] + 0.1, cover.share(j) + 0.02)
                for j in range(len(stage.shapes))
                if j != index
            )
            if others_fine and (best is None or off < best[0]):
                best = (off, where)
    return best
