"""A hand that holds what was asked for, before a room or a garden. Runs inside the worker."""

import math
from typing import Any

import bpy
import numpy as np

from tools.generators.blender import surfaces
from tools.generators.blender.camera import FOCUS, Array
from tools.generators.blender.foliage import Geometry, LeafShape, capsule, clump, joined
from tools.generators.blender.layout import rotation
from tools.generators.blender.plants import far_country
from tools.generators.blender.props import hide_with_props
from tools.generators.blender.rooms import back_wall, floor_paint
from tools.generators.blender.stage import Stage, matrix_of
from tools.generators.blender.surfaces import vary

MAX_HANDS = 3
VOXEL = 0.075  # of the thing's radius: fine enough for the gap between two fingers


def build_hand(stage: Stage) -> None:
    """Each of the largest things in a hand of its own; the rest is in the air near them."""
    rng, camera = stage.rng, stage.camera
    paint = surfaces.skin(rng)
    order = sorted(range(len(stage.shapes)), key=lambda i: -stage.shapes[i].scale)
    for i in order[:MAX_HANDS]:
        _hold(stage, i, paint)
    level = -max(1.2 * stage.metre, 0.8 * camera.width)
    if rng.random() < 0.5:
        far_country(stage, level)
        shape = LeafShape.draw(stage.noise)
        green = surfaces.leaf(rng, vary(rng, (0.07, 0.15, 0.03), 0.3), 0.0)
        mesh = stage.mesh("garden", clump(stage.noise, shape, 300, 0.3))
        for _ in range(rng.randint(3, 12)):
            where = camera.at(rng.uniform(-0.2, 1.2), rng.uniform(0.1, 1.1), FOCUS * rng.uniform(2, 3))
            stage.put(mesh, matrix_of(where, rotation(z=rng.uniform(0, 6)), rng.uniform(2, 5)), green)
    else:
        stage.plane("floor", floor_paint(stage), (-200, 200), (-60, 300), level)
        if camera.pitch < math.radians(60):
            back_wall(stage, FOCUS * rng.uniform(0.6, 1.6), level + 2, open_share=0.2)
    hide_with_props(stage, None)


def _hold(stage: Stage, index: int, skin: Any) -> None:
    """Palm behind, fingers round one side, thumb round the other, the arm out of the image."""
    rng, shape, camera = stage.rng, stage.shapes[index], stage.camera
    r = shape.radius
    # A hand is true to the metre within limits: round a cherry it would hide it, round a melon be a doll's.
    finger = float(np.clip(0.0085 * stage.metre / r, 0.15, 0.3))
    wrap = min(stage.cover.wanted[index] * 1.6, 0.9) + rng.uniform(0.0, 0.2)
    parts = _limbs(stage.noise, finger, wrap)
    limbs = joined(parts)
    limbs.vertices *= [rng.choice([-1.0, 1.0]), 1, 1]
    mesh = _melted(stage, limbs)
    # The hand faces the camera, whatever its pitch, and comes from below or from a side.
    turn = camera.axes @ np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], float) @ rotation(y=rng.gauss(0, 0.55))
    stage.put(mesh, matrix_of(shape.position, turn, r), skin)
    if rng.random() < 0.6:
        arm = _forearm(finger)
        cuff = capsule(arm[1:], np.linspace(2.5, 4.4, len(arm) - 1) * finger * rng.uniform(1.05, 1.25), 20)
        start = rng.uniform(0.3, 1.5)
        cuff.vertices[:, 2] -= start
        cuff.vertices *= [np.sign(limbs.vertices[:, 0].mean()) or 1.0, 1, 1]
        stage.put(stage.mesh("sleeve", cuff), matrix_of(shape.position, turn, r), surfaces.cloth(rng, stage.metre, 0.0))


def _forearm(finger: float) -> Array:
    back = 1.0 + 1.4 * finger
    return np.array([[0.05, back, -1.2], [0.1, back + 0.3, -2.2], [0.2, back + 0.6, -4.0], [0.4, back + 1.4, -9.0]])


def _limbs(noise: np.random.Generator, finger: float, wrap: float) -> list[Geometry]:
    """Capsules of a hand about the unit ball: x to the right, y away from the camera, z up.

    Args:
        noise: the scene's.
        finger: radius of a finger.
        wrap: 0 fingertips at the sides, 1 well over the front.
    """
    back = 1.0 + 0.9 * finger
    spread = 1.95 * finger
    parts = []
    for k in range(4):
        z = (1.6 - k) * spread - 0.1
        round_z = math.sqrt(max(1 - z * z, 0.15))
        reach = round_z + 0.85 * finger
        end = math.radians(88 + 70 * wrap + noise.uniform(-8, 8) - (14 if k == 3 else 0))
        angle = np.linspace(math.radians(12), end, 9)
        # Straight bones between joints, not a perfect arc.
        lift = 1 + 0.07 * np.sin(3 * np.linspace(0, math.pi, 9)) ** 2
        drift = np.linspace(0, noise.uniform(-0.4, 0.9) * finger, 9)
        path = np.stack([np.sin(angle) * reach * lift, np.cos(angle) * reach * lift, z + drift], axis=1)
        path = np.concatenate([[[0.1, back, z * 0.8 - 0.25]], path])
        parts.append(capsule(path, np.linspace(1.1, 0.82, 10) * finger, 10))
    thumb = np.array(
        [[-0.35, back, -0.9], [-0.95, 0.65, -0.75], [-1.05 - finger, 0.05, -0.4],
         [-0.95 - 0.6 * finger * (1 - wrap), -0.5 - 0.3 * wrap, -0.05], [-0.7, -0.75 - 0.1 * wrap, 0.15]]
    )  # fmt: skip
    t = np.linspace(0, 4, 13)
    smooth = np.stack([np.interp(t, range(5), thumb[:, k]) for k in range(3)], axis=1)
    parts.append(capsule(smooth, np.linspace(1.7, 0.95, 13) * finger, 10))
    for x in np.linspace(-0.75, 0.75, 5) * min(4 * finger, 1.0):
        top = np.array([x, back + 0.25 * finger, 1.2 * spread - 0.3])
        heel = np.array([x * 0.75, back + 0.2 * finger, -1.1])
        parts.append(capsule(np.stack([top, (top + heel) / 2, heel]), np.array([1.2, 1.45, 1.5]) * finger, 10))
    parts.append(capsule(_forearm(finger), np.array([2.5, 2.4, 2.9, 4.2]) * finger, 16))
    return parts


def _melted(stage: Stage, limbs: Geometry) -> Any:
    """One skin over all limbs: voxels, then smoothed."""
    thing = stage.put(stage.mesh("hand", limbs), np.eye(4))
    remesh = thing.modifiers.new("remesh", "REMESH")
    remesh.mode, remesh.voxel_size, remesh.use_smooth_shade = "VOXEL", VOXEL, True
    smooth = thing.modifiers.new("smooth", "SMOOTH")
    smooth.factor, smooth.iterations = 0.6, 7
    bpy.context.view_layer.update()
    mesh = bpy.data.meshes.new_from_object(thing.evaluated_get(bpy.context.evaluated_depsgraph_get()))
    bpy.data.objects.remove(thing)
    return mesh
