"""Places that are a camera as much as a ground: over a belt, behind a windscreen, in the air. Runs in the worker."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tools.generators.blender import surfaces
from tools.generators.blender.camera import FOCUS
from tools.generators.blender.flaws import GROUND
from tools.generators.blender.foliage import Geometry, blob, box
from tools.generators.blender.layout import rotation
from tools.generators.blender.materials import mixed_colour
from tools.generators.blender.props import hide_with_props, strew
from tools.generators.blender.stage import Stage, matrix_of
from tools.generators.blender.surfaces import Colour, vary

ROOFS: list[Colour] = [(0.32, 0.12, 0.08), (0.2, 0.2, 0.21), (0.4, 0.25, 0.16), (0.5, 0.5, 0.5), (0.12, 0.14, 0.17)]
WALLS: list[Colour] = [(0.6, 0.55, 0.48), (0.4, 0.22, 0.16), (0.7, 0.7, 0.68), (0.5, 0.42, 0.3)]
CROWNS: list[Colour] = [(0.05, 0.12, 0.03), (0.08, 0.17, 0.04), (0.12, 0.16, 0.05)]


def build_inspection(stage: Stage) -> None:
    """A belt that fills the image from side to side, under a camera that hangs straight over it."""
    rng, metre = stage.rng, stage.metre
    low, high = stage.bounds()
    stage.plane("under", surfaces.concrete(rng, metre, 0.0), (-60, 60), (-60, 60), -4.0)
    half = max(0.5 * stage.camera.width * rng.uniform(0.85, 1.25), float(np.abs([low[0], high[0]]).max()) + 0.1)
    stage.plane("belt", surfaces.belt(rng, metre, 0.0), (-half, half), (-60, 60))
    steel = surfaces.metal(rng, metre, 0.0)
    for sign in (-1, 1):
        stage.block("rail", box((0.35, 120, 0.25)), steel, np.array([sign * (half + 0.175), 0, -0.15]))
    if rng.random() < 0.35:  # cleats across the belt, clear of what lies there
        ridge = surfaces.plain("cleat", vary(rng, (0.08, 0.08, 0.085)), 0.6)
        step = rng.uniform(2.2, 4.0)
        for y in np.arange(-12, 12, step):
            if not low[1] - 0.15 < y < high[1] + 0.15:
                stage.block("cleat", box((2 * half, 0.08, 0.08)), ridge, np.array([0, y, 0]))
    strew(stage, round(stage.spec.clutter * rng.uniform(0, 4)), (-half, half), (-6, 6))


# What a flaw's ground is made of, by the last word of its appearance.
_GROUNDS: dict[str, Callable[[Stage, float], Any]] = {
    "concrete": lambda stage, metre: surfaces.concrete(stage.rng, metre, stage.wet),
    "road": lambda stage, metre: surfaces.asphalt(stage.rng, _grain(stage), stage.wet, cracks=False),
    "brick": lambda stage, metre: surfaces.bricks(stage.rng, metre * math.exp(stage.rng.uniform(0.0, 1.3)), stage.wet),
    "plaster": lambda stage, metre: surfaces.plaster(stage.rng, metre, stage.wet),
    "tile": lambda stage, metre: surfaces.tiles(stage.rng, metre, stage.wet),
    "wood": lambda stage, metre: surfaces.wood(stage.rng, metre, stage.wet, boards=stage.rng.random() < 0.6),
    "metal": lambda stage, metre: surfaces.metal(stage.rng, metre, stage.wet),
    "fabric": lambda stage, metre: surfaces.cloth(stage.rng, metre, 0.0),
}
_SMOOTH = {"glass": 0.05, "paint": 0.25, "plastic": 0.4, "paper": 0.9, "bread": 0.9, "cheese": 0.5}  # roughness
_OWN_COLOURS = frozenset({"bread", "cheese", "paper"})
_COLOURS: list[Colour] = [
    (0.75, 0.75, 0.73), (0.6, 0.58, 0.5), (0.3, 0.33, 0.36), (0.1, 0.16, 0.35), (0.5, 0.06, 0.06), (0.06, 0.06, 0.07),
    (0.55, 0.45, 0.2), (0.2, 0.32, 0.22),
]  # fmt: skip


def _grain(stage: Stage) -> float:
    """A metre of asphalt of which a stone is one to four pixels, however large the flaws in it are."""
    return math.exp(stage.rng.uniform(0.0, 1.4)) * surfaces.STONES * stage.camera.width / stage.size_px


def build_surface(stage: Stage) -> None:
    """What the flaws in the scene are on, and nothing else, as far as the camera sees; specks lie on some."""
    rng = stage.rng
    shown = [GROUND.get(o.drawn_as, o.appearance) for o in stage.spec.objects]
    if not shown and stage.grounds:
        shown = [rng.choice(stage.grounds)]
    looks = [look.split()[-1] for look in shown if look.startswith("on ")]
    ground = looks[0] if looks else rng.choice([*_GROUNDS, *_SMOOTH])
    if ground in _GROUNDS:
        paint = _GROUNDS[ground](stage, stage.metre * rng.uniform(0.6, 1.6))
    else:
        # Paint and plastic come in any colour; what is behind glass is mostly darker than a crack in it.
        own = stage.ground and ground != "glass" and (ground in _OWN_COLOURS or rng.random() < 0.5)
        colour = mixed_colour(stage.ground, 0.12, stage.noise) if own else vary(rng, rng.choice(_COLOURS), 0.2)
        paint = surfaces.concrete(rng, stage.metre, stage.wet, colour, worn=rng.uniform(0.0, 0.5))
        if ground in _SMOOTH:
            paint.node_tree.nodes["Principled BSDF"].inputs["Roughness"].default_value = _SMOOTH[ground]
    stage.plane("ground", paint, (-60, 60), (-60, 60))
    low, high = stage.bounds()
    strew(stage, round(stage.spec.clutter * rng.uniform(0, 4)), (low[0], high[0]), (low[1], high[1]))


# Clear, of a pool, of the sea, of beer, of a pond, of milk, and dark as a cell lit from the side.
LIQUIDS: list[tuple[Colour, Colour]] = [
    ((0.8, 0.86, 0.88), (0.6, 0.68, 0.72)), ((0.85, 0.86, 0.84), (0.7, 0.7, 0.68)),
    ((0.3, 0.62, 0.75), (0.1, 0.36, 0.52)), ((0.06, 0.26, 0.42), (0.01, 0.06, 0.14)),
    ((0.86, 0.52, 0.1), (0.6, 0.28, 0.03)), ((0.3, 0.4, 0.18), (0.1, 0.17, 0.07)),
    ((0.88, 0.86, 0.8), (0.8, 0.76, 0.7)), ((0.05, 0.05, 0.06), (0.01, 0.01, 0.015)),
]  # fmt: skip


def build_liquid(stage: Stage) -> None:
    """A liquid that is looked into from the side: lighter above, cloudy, with motes in it; no ground."""
    rng, camera = stage.rng, stage.camera
    light, deep = (vary(rng, c, 0.1) for c in rng.choice(LIQUIDS))
    far, seen = camera.at(0.5, 0.5, FOCUS * 2.2), 2.2 * camera.width
    surface = surfaces.Surface("liquid", roughness=1.0)
    place = surface.place(1.0)
    height = surface.math("MULTIPLY", surface.math("SUBTRACT", surface.split(place)[2], float(far[2])), 1.0 / seen)
    clouds = surface.math("MULTIPLY", surface.noise(place, rng.uniform(0.05, 0.3), 3), rng.uniform(0.2, 0.8))
    shade = surface.math("ADD", surface.math("ADD", height, clouds), rng.uniform(0.1, 0.4), clamp=True)
    surface.set("Emission Color", surface.ramp(shade, (0.1, deep), (0.9, light)))
    surface.set("Emission Strength", rng.uniform(0.8, 1.1))
    surface.colour((0.02, 0.02, 0.02))
    corners = [
        far + 1.5 * seen * (camera.axes[:, 0] * i + camera.axes[:, 1] * k)
        for i, k in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    stage.put(stage.mesh("liquid", Geometry(np.stack(corners), np.array([[0, 1, 2, 3]]))), np.eye(4), surface.material)
    if not stage.avoids("particle", "speck"):
        _motes(stage)
    hide_with_props(stage, None)


def _motes(stage: Stage) -> None:
    """Specks that float before and behind what is there."""
    rng, noise = stage.rng, stage.noise
    mesh = stage.mesh("mote", blob(noise, 0.3, 6))
    colour: Colour = rng.choice([(0.6, 0.6, 0.55), (0.2, 0.18, 0.14), (0.35, 0.4, 0.2)])
    pale = surfaces.plain("mote", vary(rng, colour, 0.2), 0.7)
    for _ in range(round(stage.spec.clutter * rng.uniform(0.3, 1.0) * 60)):
        spot = stage.camera.at(rng.uniform(0, 1), rng.uniform(0, 1), FOCUS * rng.uniform(0.8, 1.8))
        size = stage.subject * float(np.clip(noise.lognormal(-3.6, 0.6), 0.008, 0.06))
        if stage.allows(spot + size * np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])):
            stage.put(mesh, matrix_of(spot, rotation(z=rng.uniform(0, 6.3)), np.array([size, size, size])), pale)


def build_dashcam(stage: Stage) -> None:
    """A road as its driver has it: lanes that run away, what stands along them, the own bonnet below."""
    rng, metre, camera = stage.rng, stage.metre, stage.camera
    low, high = stage.bounds()
    lane = float(np.clip(3.5 * metre, 0.8, 3.0))
    half = max(lane * rng.randint(1, 3), float(np.abs([low[0], high[0]]).max()) + 0.3)
    land = rng.choice([surfaces.lawn, surfaces.earth, surfaces.concrete])(rng, max(metre, 0.3), stage.wet)
    stage.plane("land", land, (-300, 300), (-60, 500), -0.03)
    stage.plane(
        "road",
        surfaces.asphalt(rng, max(metre, 0.3), stage.wet, cracks=not stage.shows("crack")),
        (-half, half),
        (-40, 400),
    )
    white = surfaces.plain("line", vary(rng, rng.choice([(0.7, 0.7, 0.68), (0.7, 0.5, 0.06)]), 0.1), 0.8)
    wide = 0.04 * lane
    for x in np.arange(-half + lane, half - 0.3 * lane, lane):
        for y in np.arange(-12, 120, 3 * lane):
            stage.plane("line", white, (x - wide, x + wide), (y, y + 1.4 * lane), 0.006)
    for sign in (-1, 1):
        edge = sign * (half - 3 * wide)
        stage.plane("edge", white, (edge - wide, edge + wide), (-40, 400), 0.006)
    _along_the_road(stage, half)
    _bonnet(stage, camera.half)


def _along_the_road(stage: Stage, half: float) -> None:
    """Houses and trees on both sides, nearer ones first left out where they would hide what is asked for."""
    rng, metre = stage.rng, stage.metre
    built_up, y = rng.random(), rng.uniform(-4, 6)
    while y < 110:
        for sign in (-1, 1):
            aside = half + rng.uniform(1.0, 4.0) * max(metre, 0.4)
            if rng.random() < built_up and not stage.avoids("house", "building"):
                size = [float(np.clip(rng.uniform(*span) * metre, 1.2, 9)) for span in ((6, 12), (8, 20), (5, 16))]
                part = box((size[0], size[1], size[2]))
                wall = surfaces.concrete(rng, max(metre, 0.3), 0.0, vary(rng, rng.choice(WALLS), 0.2))
                _stand(stage, part, wall, np.array([sign * (aside + size[0] / 2), y, -0.05]), smooth=False)
            elif not stage.avoids("tree"):
                tall = float(np.clip(rng.uniform(4, 9) * metre, 0.8, 6))
                crown = blob(stage.noise, 0.3, 9)
                crown.vertices *= [0.36 * tall, 0.36 * tall, 0.38 * tall]
                crown.vertices[:, 2] += 0.64 * tall
                where = np.array([sign * (aside + 0.4 * tall), y, 0.0])
                if _stand(stage, crown, surfaces.leaf(rng, vary(rng, rng.choice(CROWNS), 0.25), stage.wet), where):
                    trunk = box((0.07 * tall, 0.07 * tall, 0.5 * tall))
                    stage.block("trunk", trunk, surfaces.bark(rng, stage.wet), where)
        y += rng.uniform(3, 9)


def _stand(stage: Stage, part: Geometry, paint: Any, where: Any, *, smooth: bool = True) -> bool:
    """Stand clutter on the set unless it would hide too much; whether it stands."""
    free = stage.allows(part.vertices + where)
    if free:
        stage.put(stage.mesh("beside", part, smooth=smooth), matrix_of(where), paint)
    return free


def _bonnet(stage: Stage, half: float) -> None:
    rng, near = stage.rng, 1.7
    colours: list[Colour] = [(0.02, 0.02, 0.025), (0.4, 0.41, 0.42), (0.2, 0.02, 0.02), (0.02, 0.05, 0.15)]
    paint = surfaces.plain("bonnet", vary(rng, rng.choice(colours)), 0.25)
    lip = stage.camera.at(0.5, rng.uniform(0.9, 0.97), near)
    bonnet = blob(stage.noise, 0.0, 13)
    bonnet.vertices *= [1.24 * half * near * rng.uniform(0.85, 1.1), 1.1, 0.12]
    bonnet.vertices += [lip[0], lip[1] - 1.1, lip[2] - 0.12]
    _stand(stage, bonnet, paint, np.zeros(3))


def build_aerial(stage: Stage) -> None:
    """Land from the air: fields or a yard, a road across them, roofs and crowns of trees beside what is asked for."""
    rng, metre = stage.rng, stage.metre
    coarse = max(metre, 0.05)
    fields: list[Any] = [surfaces.lawn, surfaces.earth, surfaces.lawn, surfaces.asphalt, surfaces.concrete]
    stage.plane("land", rng.choice(fields)(rng, coarse, stage.wet), (-90, 90), (-90, 90))
    yaw = rng.uniform(0, math.pi)
    for i in range(rng.randint(1, 4)):  # neighbouring fields, edge to edge
        side, far = rng.uniform(4, 14), rng.uniform(2.5, 8) * rng.choice([-1, 1])
        stage.block(
            "field",
            box((60, side, 0.004)),
            rng.choice(fields[:3])(rng, coarse, stage.wet),
            _turned(yaw, 0, far + math.copysign(side / 2, far), 0.001 * i),
            yaw,
        )
    if rng.random() < 0.8:
        _road_across(stage, yaw)
    for _ in range(round((0.3 + stage.spec.clutter) * rng.uniform(4, 22))):
        _beside(stage, yaw)


def _turned(yaw: float, x: float, y: float, z: float) -> Any:
    return rotation(z=yaw) @ np.array([x, y, 0.0]) + np.array([0, 0, z])


def _road_across(stage: Stage, yaw: float) -> None:
    """A road of about seven metres with a broken line, level with the land."""
    rng, metre = stage.rng, stage.metre
    wide = float(np.clip(7 * metre, 0.8, 5))
    off = rng.uniform(-2, 2)
    tar = surfaces.asphalt(rng, max(metre, 0.05), stage.wet)
    stage.block("road", box((120, wide, 0.008)), tar, _turned(yaw, 0, off, 0.0), yaw)
    white = surfaces.plain("line", (0.7, 0.7, 0.68), 0.8)
    dash = box((0.36 * wide, 0.03 * wide, 0.004))
    for x in np.arange(-14, 14, 0.8 * wide):
        stage.block("line", dash, white, _turned(yaw, float(x), off, 0.007), yaw)


def _beside(stage: Stage, yaw: float) -> None:
    """A house or a tree where the image has room, true to the size of what is asked for."""
    rng, metre = stage.rng, stage.metre
    where = stage.camera.on_plane(rng.uniform(-0.1, 1.1), rng.uniform(-0.1, 1.1))
    house = rng.random() < 0.35 and not stage.avoids("house", "building")
    if not house and stage.avoids("tree"):
        return
    if house:
        x, y = (float(np.clip(rng.uniform(7, 14) * metre, 0.6, 5)) for _ in range(2))
        shape = _roofed(x, y, min(x, y) * rng.uniform(0.25, 0.5))
        paint = surfaces.plain("roof", vary(rng, rng.choice(ROOFS), 0.2), 0.85, wet=stage.wet)
        turn = rotation(z=yaw + rng.choice([0, math.pi / 2]))
    else:
        shape = blob(stage.noise, 0.28, 9)
        shape.vertices *= float(np.clip(rng.uniform(1.5, 4) * metre, 0.2, 2)) * np.array([1, 1, 0.8])
        paint, turn = surfaces.leaf(rng, vary(rng, rng.choice(CROWNS), 0.25), stage.wet), np.eye(3)
    points = shape.vertices @ turn.T + where
    radius = float(np.linalg.norm(shape.vertices[:, :2], axis=1).max())
    taken = any(np.linalg.norm(where[:2] - s.position[:2]) < radius + 1.1 * s.radius for s in stage.shapes)
    if not taken and points[:, 2].max() < 0.5 * FOCUS and stage.allows(points):
        stage.put(stage.mesh("house" if house else "crown", shape, smooth=not house), matrix_of(where, turn), paint)


def _roofed(x: float, y: float, tall: float) -> Geometry:
    """A house with a ridge along x, seen as its roof."""
    part = box((x, y, tall))
    ridge = np.array([[-x / 2, 0, 1.5 * tall], [x / 2, 0, 1.5 * tall]])
    vertices = np.concatenate([part.vertices, ridge])  # 4 to 7 are the eaves, 8 and 9 the ridge
    faces = np.array(
        [[0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5], [4, 5, 9, 8], [6, 8, 9, 7], [4, 8, 6, 4], [5, 7, 9, 5]]
    )
    return Geometry(vertices, faces)
