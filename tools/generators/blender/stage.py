"""The set of one image while it is built: what stands where, how large a metre is, what may still be hidden.

Runs inside the worker. Everything drawn comes from the scene's seed; nothing is kept from one image to the next.
"""

import random
from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np

from tools.data.sample import BoolMask
from tools.generators.blender import surfaces
from tools.generators.blender.camera import Array, Camera
from tools.generators.blender.foliage import Geometry
from tools.generators.blender.layout import Cover, Shape, outline, rotation
from tools.scenes.scene import SceneSpec


def matrix_of(position: Sequence[float] | Array, turn: Array | None = None, scale: float | Array = 1.0) -> Array:
    """(4, 4) that scales, turns and moves."""
    matrix = np.eye(4)
    matrix[:3, :3] = (np.eye(3) if turn is None else turn) * scale
    matrix[:3, 3] = position
    return matrix


class Stage:
    """What the places build on."""

    def __init__(self, spec: SceneSpec, size_px: int, avoid: frozenset[str], grounds: tuple[str, ...] = ()) -> None:
        self.spec = spec
        self.size_px = size_px
        self.rng = random.Random(spec.seed)
        self.noise = np.random.default_rng(spec.seed)
        self.avoid = avoid  # words for what clutter must not show: the classes of the task
        self.grounds = grounds  # appearances of the flaws that are sought
        self.cover = Cover(size_px)
        self.shapes: list[Shape] = []  # everything asked for, as placed
        self.camera: Camera
        self.metre = 1.0  # units a metre is drawn as
        self.subject = 1.0  # typical size of what was asked for, in units
        self.indoor = False
        self.wet = 1.0 if spec.weather == "after rain" else 0.0
        self.notes: list[str] = []
        self.paved = ""  # key of the thing that the ground is laid with
        self.ground: list[str] = []  # colours, "#rrggbb", of what a flaw is said to be on

    # Building ---------------------------------------------------------------------------------------------------

    def mesh(self, name: str, geometry: Geometry, *, smooth: bool = True) -> Any:
        """A Blender mesh of plain arrays; many objects may share it."""
        mesh = bpy.data.meshes.new(name)
        corners = len(geometry.faces)
        mesh.vertices.add(len(geometry.vertices))
        mesh.vertices.foreach_set("co", geometry.vertices.astype(np.float32).ravel())
        mesh.loops.add(corners * 4)
        mesh.loops.foreach_set("vertex_index", geometry.faces.astype(np.int32).ravel())
        mesh.polygons.add(corners)
        mesh.polygons.foreach_set("loop_start", np.arange(0, corners * 4, 4, dtype=np.int32))
        if smooth:
            mesh.shade_smooth()
        else:
            mesh.shade_flat()
        if len(geometry.slots):
            mesh.polygons.foreach_set("material_index", geometry.slots.astype(np.int32))
        for key, values in (("tint", geometry.tint), ("vein", geometry.vein)):
            if len(values):
                mesh.attributes.new(key, "FLOAT", "POINT").data.foreach_set("value", values.astype(np.float32))
        mesh.update()
        return mesh

    def put(self, mesh: Any, matrix: Array, *materials: Any) -> Any:
        """Stand an object on the set; its number is 0, so no label shows it."""
        if materials and not mesh.materials:
            for material in materials:
                mesh.materials.append(material)
        thing = bpy.data.objects.new(mesh.name, mesh)
        thing.matrix_world = matrix.T.tolist()
        bpy.context.scene.collection.objects.link(thing)
        return thing

    def plane(self, name: str, material: Any, x: tuple[float, float], y: tuple[float, float], z: float = 0.0) -> Any:
        """A level rectangle."""
        corners = np.array([[x[0], y[0], z], [x[1], y[0], z], [x[1], y[1], z], [x[0], y[1], z]], float)
        return self.put(self.mesh(name, Geometry(corners, np.array([[0, 1, 2, 3]])), smooth=False), np.eye(4), material)

    def wall(self, name: str, material: Any, x: tuple[float, float], y: float, z: tuple[float, float]) -> Any:
        """An upright rectangle that faces the camera."""
        corners = np.array([[x[0], y, z[0]], [x[1], y, z[0]], [x[1], y, z[1]], [x[0], y, z[1]]], float)
        return self.put(self.mesh(name, Geometry(corners, np.array([[0, 1, 2, 3]])), smooth=False), np.eye(4), material)

    def block(self, name: str, geometry: Geometry, material: Any, position: Array, yaw: float = 0.0) -> Any:
        """A prop that stands at a position, turned about z, with hard edges."""
        return self.put(self.mesh(name, geometry, smooth=False), matrix_of(position, rotation(z=yaw)), material)

    # What is where ----------------------------------------------------------------------------------------------

    def shows(self, key: str) -> bool:
        """Whether something of that key is asked for."""
        return any(one.drawn_as == key for one in self.spec.objects)

    def bounds(self) -> tuple[Array, Array]:
        """Lowest and highest corner of everything asked for; a small region at the origin when there is nothing."""
        if not self.shapes:
            return np.full(3, -self.subject), np.full(3, self.subject)
        corners = np.concatenate([s.world for s in self.shapes])
        return corners.min(axis=0), corners.max(axis=0)

    def seen(self, vertices: Array) -> tuple[BoolMask, float]:
        """Generous silhouette of clutter, and its nearest depth."""
        return outline(self.camera, vertices, self.size_px), float(self.camera.project(vertices)[1].min())

    def allows(self, vertices: Array) -> bool:
        """Whether clutter may stand there: it hides no more than was asked; if so it is taken note of."""
        mask, depth = self.seen(vertices)
        if not mask.any():
            return True
        if not self.cover.allows(mask, depth):
            return False
        self.cover.add(mask, depth)
        return True

    def avoids(self, *words: str) -> bool:
        """Whether the task is about one of these things, so that clutter must not show it."""
        return any(w in self.avoid for w in words)

    def paint(self) -> Any:
        """A material for any man-made clutter."""
        return surfaces.painted(self.rng, self.metre, self.wet)
