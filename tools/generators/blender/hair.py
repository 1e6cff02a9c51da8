"""Hair on what has fur: strands along the body in the colours of the skin below. Runs inside a render worker."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from tools.generators.blender.parts import Material
from tools.generators.blender.shapes import Floats, Mesh

Ints = npt.NDArray[np.int64]
DENSITY = 5500  # strands on a surface of 1 of a thing that is 1 long
MOST = 9000  # of one thing
FULL, LEAST = 0.4, 0.08  # width over the image's from which all are grown; share of them on the smallest
KNOTS = 4  # points of a strand
THICK = 0.0022  # radius at the root, of a thing that is 1 long
FLOW = np.array([-0.75, 0.0, -0.66])  # from nose to tail and down, as fur lies on what walks along +x
SPREAD = 0.35  # log-normal, of the coats of one kind
CLEAR = 0.8  # lengths of a strand between it and eyes, noses and hooves
SHADES = 0.5  # how far strands differ from each other, over what objects of one kind do


def grow(
    thing: Any,
    mesh: Mesh,
    names: list[str],
    paints: Mapping[str, Material],
    rng: np.random.Generator,
    width: float = FULL,
) -> None:
    """Give a thing's furry parts hair, as a child of it that is rendered with it.

    Args:
        thing: Blender object of the mesh.
        mesh: longest side 1.
        names: of its materials, in the order of its slots.
        paints: what they look like; those with `hair` grow some.
        rng: decides where each strand is.
        width: of the thing over the image's: on a small one fewer and thicker strands show the same.
    """
    import bpy

    share = float(np.clip((width / FULL) ** 2, LEAST, 1.0))
    coat = float(np.exp(SPREAD * rng.normal()))
    bald = [m in names and not paints[m].hair for m in mesh.materials]
    bare = mesh.vertices[sorted({i for f, none in zip(mesh.faces, bald, strict=True) if none for i in f})]
    for slot, name in enumerate(names):
        if not paints[name].hair:
            continue
        length = paints[name].hair * coat
        corners, weights, normals = _roots(mesh, name, rng, share)
        roots = (mesh.vertices[corners] * weights[:, :, None]).sum(1)
        free = _far_from(roots, bare, CLEAR * length)
        if not free.any():
            continue
        corners, weights, roots, normals = corners[free], weights[free], roots[free], normals[free]
        strands = _strands(roots, normals, length, rng)
        curves = bpy.data.hair_curves.new(f"{thing.name} {name} hair")
        curves.add_curves([KNOTS] * len(strands))
        curves.points.foreach_set("position", strands.astype(np.float32).ravel())
        thin = np.tile(THICK * share**-0.5 * np.linspace(1.0, 0.25, KNOTS), len(strands))
        curves.points.foreach_set("radius", thin.astype(np.float32))
        shade = np.repeat(0.5 + SHADES * rng.uniform(-1, 1, len(strands)), KNOTS)
        below = {
            k: np.repeat((v[corners] * weights).sum(1), KNOTS)
            for k, v in (("height", mesh.height), ("along", mesh.along))
        }
        for key, values in ({"tint": shade} | below).items():
            curves.attributes.new(key, "FLOAT", "POINT").data.foreach_set("value", values.astype(np.float32))
        co = np.repeat((mesh.co[corners] * weights[:, :, None]).sum(1), KNOTS, axis=0)
        curves.attributes.new("co", "FLOAT_VECTOR", "POINT").data.foreach_set("vector", co.astype(np.float32).ravel())
        curves.materials.append(thing.data.materials[slot])
        bpy.data.objects.new(curves.name, curves).parent = thing


def _roots(mesh: Mesh, name: str, rng: np.random.Generator, share: float = 1.0) -> tuple[Ints, Floats, Floats]:
    """Where strands begin on the faces of a material: (n, 3) corners of their triangles, weights of those, normals."""
    fans = np.array(
        [
            (f[0], f[i], f[i + 1])
            for f, m in zip(mesh.faces, mesh.materials, strict=True)
            if m == name
            for i in range(1, len(f) - 1)
        ]
    ).reshape(-1, 3)
    a, b, c = (mesh.vertices[fans[:, k]] for k in range(3))
    across = np.cross(b - a, c - a)
    double = np.linalg.norm(across, axis=1)
    count = round(share * min(DENSITY * float(double.sum()) / 2, MOST))
    chosen = rng.choice(len(fans), count, p=double / double.sum()) if count else np.zeros(0, np.int64)
    u, v = np.sqrt(rng.uniform(size=count)), rng.uniform(size=count)
    return fans[chosen], np.stack([1 - u, u * (1 - v), u * v], axis=1), across[chosen] / double[chosen][:, None]


def _far_from(points: Floats, others: Floats, least: float) -> npt.NDArray[np.bool_]:
    """(n,) which points are at least so far from all others."""
    if not len(others) or not len(points):
        return np.ones(len(points), bool)
    nearest, _ = cKDTree(others).query(points)
    return np.asarray(nearest >= least)


def _strands(roots: Floats, normals: Floats, length: float, rng: np.random.Generator) -> Floats:
    """(n, KNOTS, 3) points of strands that rise a little from the skin and then lie along it."""
    way = FLOW + 0.35 * rng.normal(size=roots.shape)
    along = way - (way * normals).sum(1, keepdims=True) * normals
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    lift = 0.45 + 0.25 * rng.uniform(size=(len(roots), 1))
    step = length / (KNOTS - 1) * rng.uniform(0.6, 1.2, (len(roots), 1))
    points = [roots]
    for knot in range(KNOTS - 1):
        points.append(points[-1] + step * (along + lift * (1 - 0.45 * knot) * normals))
    return np.stack(points, axis=1)
