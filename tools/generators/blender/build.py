"""Blender objects from an ObjectSpec or a model file: one mesh each, longest side 1, centred, z up.

Runs inside a render worker; nothing else may import bpy. Every call draws its own variation from the generator it is
given, so the same seed gives the same object and no two objects are alike.
"""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np

from tools.generators.blender.assets import load_asset
from tools.generators.blender.catalogue import catalogue
from tools.generators.blender.flaws import laid_over
from tools.generators.blender.hair import grow
from tools.generators.blender.library import Library
from tools.generators.blender.materials import make_material
from tools.generators.blender.models.mesh import build_model
from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Appearance, Body, Material, Part, Variation
from tools.generators.blender.people.dressed import body_mesh
from tools.generators.blender.shapes import Floats, Mesh, bent, join, part_mesh, random_tilt

__all__ = ["build_object", "load_asset"]

PIECE = "piece"  # attribute of the faces of a thing whose pieces have labels of their own
SHARP_DEGREES = 38  # edges sharper than this stay edges; the turned profiles are finer


def build_object(
    spec: ObjectSpec,
    appearance: str | None,
    rng: np.random.Generator,
    library: Library | None = None,
    lot: int = 0,
    width: float = 1.0,
) -> Any:
    """A new object, not yet in any collection; one drawn by a library's model has its id in the property "model".

    Args:
        spec: what it is; a spec that has an `asset` loads its file.
        appearance: the name of one of its appearances; None or "" takes one at random by their weights.
        rng: decides everything that varies.
        library: knows the models of appearances that have some.
        lot: decides the colour of what is alike in one image, such as all that a stain took.
        width: of the thing over the image's; small ones need fewer hairs.

    Raises:
        KeyError: the spec has no such appearance.
        StepFailed: a model file that cannot be read.
    """
    if spec.asset is not None:
        return load_asset(Path(spec.asset), rng)
    look = pick_appearance(spec, appearance, rng)
    if look.models and library is not None:
        identity = look.models[int(rng.integers(len(look.models)))]
        thing = build_model(*library.model(identity), rng)
        thing["model"] = identity
        return thing
    mesh = shaped_mesh(spec, look, rng)
    if spec.flaw is not None:
        mesh = laid_over(mesh, catalogue()[spec.flaw], rng)
        mesh.vertices = normalised(mesh.vertices)
    names = sorted(set(mesh.materials))
    thing = _to_blender(spec.name, mesh, names, _materials(spec, look, names, rng, lot))
    grow(thing, mesh, names, {n: _paint(spec, look, n) for n in names}, rng, width)
    if spec.labels == "pieces":
        numbers = np.array([piece_number(m) for m in mesh.materials], np.float32)
        thing.data.attributes.new(PIECE, "FLOAT", "FACE").data.foreach_set("value", numbers)
    return thing


def piece_number(material: str) -> int:
    """Which piece a face of that material belongs to: 2 of "mark2", "mark2b" and "skin@2", 0 of the ground."""
    found = re.fullmatch(r"mark(\d+)[a-z]?|.+@(\d+)", material)
    return int(found[1] or found[2]) if found else 0


def _materials(spec: ObjectSpec, look: Appearance, names: list[str], rng: np.random.Generator, lot: int) -> list[Any]:
    """A Blender material for each name; a family's that are painted alike are one, or muzzle and fur would differ."""
    made: dict[str, Any] = {}
    out = []
    for name in names:
        paint = _paint(spec, look, name)
        key = paint.model_dump_json() if spec.family is not None else name
        if key not in made:
            made[key] = make_material(f"{spec.name} {name}", paint, rng, lot)
        out.append(made[key])
    return out


def _paint(spec: ObjectSpec, look: Appearance, material: str) -> Material:
    """How a material of a mesh is painted: "skin@1", which has a label of its own, as skin is."""
    name = material.partition("@")[0]
    return look.materials.get(name, spec.materials[name])


def pick_appearance(spec: ObjectSpec, name: str | None, rng: np.random.Generator) -> Appearance:
    """The appearance of that name, or one drawn by weight."""
    if name:
        return spec.appearance(name)
    weights = np.array([a.weight for a in spec.appearances])
    return spec.appearances[int(rng.choice(len(weights), p=weights / weights.sum()))]


def shaped_mesh(spec: ObjectSpec, look: Appearance, rng: np.random.Generator) -> Mesh:
    """All parts of an appearance in one mesh, varied, longest side 1, centred."""
    parts = spec.parts_of(look, rng)
    mesh = body_mesh(parts, rng) if isinstance(parts, Body) else _assembled(parts, look, rng)
    mesh.vertices = normalised(mesh.vertices)
    mesh.vertices = varied(mesh.vertices * np.array(look.stretch), look.variation or spec.variation, rng)
    mesh.vertices = normalised(mesh.vertices)
    return mesh


def _assembled(parts: list[Part], look: Appearance, rng: np.random.Generator) -> Mesh:
    """Those of some parts that an appearance has, as one mesh."""
    meshes = []
    for part in parts:
        wanted = not part.only or look.name.casefold() in {o.casefold() for o in part.only}
        if wanted and rng.uniform() < part.chance:
            meshes.append(part_mesh(part, rng))
    if not meshes:  # every part was left to chance: the first one is the thing itself
        meshes.append(part_mesh(parts[0], rng))
    return join(meshes)


def normalised(vertices: Floats) -> Floats:
    """Moved to the middle of its bounding box and scaled to a longest side of 1."""
    low, high = vertices.min(0), vertices.max(0)
    placed: Floats = (vertices - (low + high) / 2) / max(float((high - low).max()), 1e-9)
    return placed


def varied(points: Floats, variation: Variation, rng: np.random.Generator) -> Floats:
    """Stretch, bumps, twist, bend, dents and crushing, each drawn from its range."""
    points = points * (1 + np.array(variation.stretch) * rng.uniform(-1, 1, 3))
    if variation.taper:
        points[:, :2] *= (1 + 2 * variation.taper * rng.uniform(-1, 1) * points[:, 2])[:, None]
    if variation.wobble:
        points = points + variation.wobble * _smooth_noise(points, variation.wobble_scale, rng)
    if variation.crush:
        points = _crushed(points, variation.crush, rng)
    if variation.dents:
        points = _dented(points, variation.dents, variation.dent_depth, rng)
    if variation.twist:
        angle = math.radians(variation.twist) * rng.uniform(-1, 1) * points[:, 2]
        c, s = np.cos(angle), np.sin(angle)
        points = np.stack([c * points[:, 0] - s * points[:, 1], s * points[:, 0] + c * points[:, 1], points[:, 2]], 1)
    if variation.bend:
        side = random_spin(rng)
        points = bent(points @ side, variation.bend * rng.uniform(0.1, 1), axis=2) @ side.T
    return points


def random_spin(rng: np.random.Generator) -> Floats:
    """A turn about z."""
    a = rng.uniform(0, 2 * math.pi)
    return np.array([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]])


def _smooth_noise(points: Floats, scale: float, rng: np.random.Generator) -> Floats:
    """Displacements of about -1 to 1: a few sine waves of random direction for each axis."""
    out = np.zeros_like(points)
    for _ in range(5):
        wave = rng.normal(size=3)
        wave *= scale * 2 * math.pi * rng.uniform(0.5, 1) / np.linalg.norm(wave)
        way = rng.normal(size=3)
        out += np.outer(np.sin(points @ wave + rng.uniform(0, 2 * math.pi)), way / np.linalg.norm(way)) * 0.45
    return out


def _dented(points: Floats, count: int, depth: float, rng: np.random.Generator) -> Floats:
    """Pushed in at random spots of the surface."""
    out = points.copy()
    for _ in range(count):
        spot = points[int(rng.integers(len(points)))]
        reach = rng.uniform(0.12, 0.25)
        near = np.exp(-((np.linalg.norm(points - spot, axis=1) / reach) ** 2))
        inward = -spot * (1, 1, 0.3)
        out += np.outer(near, inward / max(float(np.linalg.norm(inward)), 1e-6)) * depth * rng.uniform(0.5, 1)
    return out


def _crushed(points: Floats, amount: float, rng: np.random.Generator) -> Floats:
    """Shortened along z, the wall folding in and out and leaning aside."""
    amount = amount * rng.uniform(0.7, 1)
    z = points[:, 2]
    lean, phase = rng.uniform(0, 2 * math.pi), rng.uniform(0, 2 * math.pi, 3)
    middle = np.exp(-((z / 0.33) ** 2))  # the ends are stiff
    around = np.arctan2(points[:, 1], points[:, 0])
    folds = np.sin(22 * z + 1.5 * np.sin(2 * around + phase[0]) + phase[1]) * (
        0.6 + 0.4 * np.sin(3 * around + phase[2])
    )
    out = points.copy()
    out[:, :2] *= (1 + 0.32 * amount * middle * folds - 0.12 * amount * middle)[:, None]
    shift = 0.22 * amount * np.sin(math.pi * (z + 0.5) * 1.3)
    out[:, 0] += shift * math.cos(lean)
    out[:, 1] += shift * math.sin(lean)
    out[:, 2] = z * (1 - 0.5 * amount) + 0.05 * amount * np.sin(2 * around + phase[0]) * np.sign(z)
    return out @ random_tilt(12 * amount, rng).T


def _to_blender(name: str, mesh: Mesh, material_names: list[str], materials: list[Any]) -> Any:
    import bpy

    data = bpy.data.meshes.new(name)
    sizes = np.array([len(f) for f in mesh.faces], np.int32)
    data.vertices.add(len(mesh.vertices))
    data.vertices.foreach_set("co", mesh.vertices.astype(np.float32).ravel())
    data.loops.add(int(sizes.sum()))
    data.loops.foreach_set("vertex_index", np.array([i for f in mesh.faces for i in f], np.int32))
    data.polygons.add(len(sizes))
    data.polygons.foreach_set("loop_start", np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32))
    number = {n: i for i, n in enumerate(material_names)}
    data.polygons.foreach_set("material_index", np.array([number[m] for m in mesh.materials], np.int32))
    data.polygons.foreach_set("use_smooth", np.ones(len(sizes), bool))
    for material in materials:
        data.materials.append(material)
    for key, values in (("height", mesh.height), ("along", mesh.along), ("tint", mesh.tint)):
        data.attributes.new(key, "FLOAT", "POINT").data.foreach_set("value", values.astype(np.float32))
    data.attributes.new("co", "FLOAT_VECTOR", "POINT").data.foreach_set("vector", mesh.co.astype(np.float32).ravel())
    data.update(calc_edges=True)
    data.validate()
    data.set_sharp_from_angle(angle=math.radians(SHARP_DEGREES))
    return bpy.data.objects.new(name, data)
