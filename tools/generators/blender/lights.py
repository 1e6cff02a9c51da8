"""The light of a scene: sky, sun and lamps for each of `LIGHTS`, told apart at a glance. Runs inside the worker."""

import math
import random
from dataclasses import dataclass, field, replace
from typing import Any

import bpy
import numpy as np

from tools.generators.blender.camera import FOCUS, Array
from tools.generators.blender.stage import Stage
from tools.generators.blender.surfaces import Colour, mix, vary


@dataclass(frozen=True)
class Sun:
    """Degrees above the horizon, degrees from the camera's back (0: behind the photographer), watts, softness."""

    elevation: float
    azimuth: float
    energy: float
    softness: float
    colour: Colour


@dataclass(frozen=True)
class Lamp:
    """An area light: offset from the subject in units, side, power, colour."""

    offset: tuple[float, float, float]
    side: float
    power: float
    colour: Colour


@dataclass
class Light:
    """Everything that shines."""

    zenith: Colour
    horizon: Colour
    strength: float
    clouds: float = 0.0  # share of the sky
    sun: Sun | None = None
    lamps: list[Lamp] = field(default_factory=list)
    exposure: float = 0.0  # stops away from what a camera's meter would choose
    cast: Colour = (1.0, 1.0, 1.0)  # what automatic white balance leaves of the light's colour
    backlit: bool = False  # an even light behind everything is what the camera is set to


WHITE: Colour = (1.0, 1.0, 1.0)


def choose_light(stage: Stage) -> Light:
    """Draw a light of the kind the scene asks for."""
    if stage.spec.context == "slide":
        return _through_the_slide(stage)
    if stage.spec.context == "liquid":
        return _into_the_liquid(stage)
    if stage.spec.context == "inspection":
        return _over_the_belt(stage)
    if stage.spec.context == "aerial":
        return _through_air(stage, _by_day(stage))
    return _by_day(stage)


def _by_day(stage: Stage) -> Light:
    """The light of any other place."""
    rng = stage.rng
    side = rng.choice([-1, 1])
    blue = vary(rng, (0.12, 0.3, 0.75), 0.2)
    match stage.spec.light:
        case "overcast":
            grey = vary(rng, (0.84, 0.88, 0.94), 0.05)
            return Light(
                grey,
                mix(grey, WHITE, 0.5),
                1.0,
                0.8,
                Sun(60, 60 * side, 0.5, 50, WHITE),
                exposure=rng.uniform(-0.2, 0.5),
            )
        case "sun":
            sun = Sun(rng.uniform(32, 66), side * rng.uniform(10, 95), rng.uniform(4.5, 6.5), 0.6, (1.0, 0.95, 0.86))
            return Light(
                blue,
                mix(blue, (0.8, 0.88, 1.0), 0.65),
                0.8,
                rng.choice([0, 0.2, 0.5]),
                sun,
                exposure=rng.uniform(-0.2, 0.35),
            )
        case "low sun":
            sun = Sun(rng.uniform(7, 17), side * rng.uniform(25, 105), rng.uniform(4.0, 5.5), 0.8, (1.0, 0.55, 0.22))
            return Light(
                (0.16, 0.24, 0.45),
                (1.0, 0.62, 0.34),
                0.45,
                rng.choice([0, 0.3]),
                sun,
                exposure=rng.uniform(-0.4, 0.1),
                cast=(1.1, 0.97, 0.8),
            )
        case "backlight":
            sun = Sun(rng.uniform(18, 42), 180 + side * rng.uniform(5, 40), rng.uniform(6, 8.5), 0.8, (1.0, 0.92, 0.78))
            return Light(mix(blue, WHITE, 0.4), (1.3, 1.25, 1.15), 0.9, 0.3, sun, exposure=rng.uniform(-0.35, 0.35))
        case "deep shade":
            return Light(
                (0.3, 0.42, 0.62), (0.16, 0.22, 0.3), 0.4, exposure=rng.uniform(-1.5, -0.9), cast=(0.87, 0.98, 1.16)
            )
        case "indoor lamp":
            lamp = Lamp(
                (side * rng.uniform(2, 6), rng.uniform(-4, 2), rng.uniform(5, 9)),
                rng.uniform(0.6, 2),
                rng.uniform(700, 1100),
                (1.0, 0.74, 0.46),
            )
            return Light(
                (0.16, 0.14, 0.11),
                (0.16, 0.13, 0.1),
                0.9,
                lamps=[lamp],
                exposure=rng.uniform(-0.45, 0.0),
                cast=(1.06, 1.0, 0.86),
            )
        case _:
            lamps = [
                _softbox(rng, (side * rng.uniform(5, 8), rng.uniform(-8, -3), rng.uniform(3, 7)), (900, 1400)),
                _softbox(rng, (-side * rng.uniform(5, 9), rng.uniform(-7, 0), rng.uniform(2, 5)), (250, 600)),
                _softbox(rng, (0, rng.uniform(0, 4), 9), (200, 600)),
            ]
            return Light((0.5, 0.5, 0.52), (0.4, 0.4, 0.4), 0.55, lamps=lamps, exposure=rng.uniform(0.0, 0.4))


def _softbox(rng: random.Random, offset: tuple[float, float, float], power: tuple[float, float]) -> Lamp:
    return Lamp(offset, rng.uniform(3, 6), rng.uniform(*power), WHITE)


# A microscope lights from below: what changes is the lamp's colour and how far it is turned up.
THROUGH: dict[str, tuple[Colour, float]] = {
    "overcast": ((1.0, 1.0, 1.0), 0.0),
    "sun": ((1.04, 1.02, 0.94), 0.7),
    "low sun": ((1.14, 0.98, 0.76), -0.1),
    "backlight": ((1.0, 1.0, 1.02), 1.1),
    "deep shade": ((0.86, 0.97, 1.16), -1.3),
    "indoor lamp": ((1.07, 1.02, 0.84), 0.1),
    "studio light": ((0.97, 1.0, 1.06), 0.4),
}


def _through_the_slide(stage: Stage) -> Light:
    cast, exposure = THROUGH.get(stage.spec.light, ((1.0, 1.0, 1.0), 0.0))
    even: Colour = (0.9, 0.9, 0.9)
    exposure = 0.4 * exposure + stage.rng.uniform(-0.7, 0.35)
    return Light(even, even, 1.1, exposure=exposure, cast=cast, backlit=True)


def _into_the_liquid(stage: Stage) -> Light:
    """Light that the liquid scatters from everywhere, and more of it from above."""
    rng = stage.rng
    cast, exposure = THROUGH.get(stage.spec.light, ((1.0, 1.0, 1.0), 0.0))
    even: Colour = (0.5, 0.55, 0.55)
    place = (rng.uniform(-2, 2), rng.uniform(-2, 2), rng.uniform(5, 8))
    above = Lamp(place, rng.uniform(2, 5), rng.uniform(200, 600), WHITE)
    return Light(even, even, 0.7, lamps=[above], exposure=0.5 * exposure + rng.uniform(0.0, 0.8), cast=cast)


def _over_the_belt(stage: Stage) -> Light:
    """Even light from panels or a ring round the lens; of one kind of lamp little shadow, of the other a harder one."""
    rng = stage.rng
    soft = stage.spec.light == "studio light"
    side = rng.uniform(5, 8) if soft else rng.uniform(1.0, 2.5)
    colour: Colour = WHITE if soft else vary(rng, (1.0, 0.95, 0.86), 0.05)
    lamps = [
        Lamp((sign * rng.uniform(2.0, 4.0), rng.uniform(-1, 1), rng.uniform(6, 8)), side, rng.uniform(450, 800), colour)
        for sign in (-1, 1)
    ]
    return Light((0.3, 0.3, 0.3), (0.3, 0.3, 0.3), 0.5, lamps=lamps, exposure=rng.uniform(-0.2, 0.3))


def _through_air(stage: Stage, light: Light) -> Light:
    """The same day from high up: the air between lifts and cools it."""
    red, green, blue = light.cast
    cool = stage.rng.uniform(0.0, 0.08)
    cast: Colour = (red * (1 - 0.6 * cool), green, blue * (1 + cool))
    return replace(light, cast=cast, exposure=light.exposure + stage.rng.uniform(0.0, 0.25))


def shine(stage: Stage, light: Light) -> None:
    """Build the world, the sun and the lamps."""
    _sky(stage, light)
    if light.sun is not None:
        data = bpy.data.lights.new("sun", "SUN")
        data.energy, data.color, data.angle = light.sun.energy, light.sun.colour, math.radians(light.sun.softness)
        a, e = math.radians(light.sun.azimuth), math.radians(light.sun.elevation)
        # The camera looks along +y, so the photographer's back is -y.
        towards = np.array([math.sin(a) * math.cos(e), -math.cos(a) * math.cos(e), math.sin(e)])
        _aim(bpy.data.objects.new("sun", data), np.zeros(3), towards)
    for lamp in light.lamps:
        data = bpy.data.lights.new("lamp", "AREA")
        data.shape, data.size, data.energy, data.color = "DISK", lamp.side, lamp.power, lamp.colour
        offset = np.array(lamp.offset)
        thing = bpy.data.objects.new("lamp", data)
        thing.visible_camera = False
        _aim(thing, offset, offset / np.linalg.norm(offset))


def _aim(thing: Any, position: Array, back: Array) -> None:
    """Place a light whose rays run against `back`."""
    helper = np.array([0.0, 1.0, 0.0]) if abs(back[2]) > 0.9 else np.array([0.0, 0.0, 1.0])
    right = np.cross(helper, back)
    right /= np.linalg.norm(right)
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = np.stack([right, np.cross(back, right), back], axis=1), position
    thing.matrix_world = matrix.T.tolist()
    bpy.context.scene.collection.objects.link(thing)


def _sky(stage: Stage, light: Light) -> None:
    """A sky that pales towards the horizon, with clouds; under it the ground's own grey."""
    world = bpy.data.worlds.new("sky")
    if world.node_tree is None:
        world.use_nodes = True
    bpy.context.scene.world = world
    tree = world.node_tree
    background = next(n for n in tree.nodes if n.type == "BACKGROUND")
    background.inputs["Strength"].default_value = light.strength
    direction = tree.nodes.new("ShaderNodeTexCoord").outputs["Generated"]
    height = tree.nodes.new("ShaderNodeSeparateXYZ")
    tree.links.new(direction, height.inputs[0])
    ramp = tree.nodes.new("ShaderNodeValToRGB")
    half = tree.nodes.new("ShaderNodeMath")
    half.operation, half.inputs[2].default_value, half.inputs[1].default_value = "MULTIPLY_ADD", 0.5, 0.5
    tree.links.new(height.outputs["Z"], half.inputs[0])
    tree.links.new(half.outputs[0], ramp.inputs[0])
    low = mix(light.horizon, (0.1, 0.1, 0.09), 0.75)
    elements = ramp.color_ramp.elements
    elements[0].position, elements[0].color = 0.46, (*low, 1)
    elements[1].position, elements[1].color = 0.5, (*light.horizon, 1)
    for where, colour in ((0.6, mix(light.horizon, light.zenith, 0.6)), (0.9, light.zenith)):
        elements.new(where).color = (*colour, 1)
    colour = ramp.outputs[0]
    if light.clouds:
        colour = _clouds(stage, tree, direction, colour, light)
    tree.links.new(colour, background.inputs["Color"])
    # A soft sky needs no search for its bright spots; a map of it costs a fifth of the render.
    world.cycles.sampling_method = "NONE"


def _clouds(stage: Stage, tree: Any, direction: Any, colour: Any, light: Light) -> Any:
    mapping = tree.nodes.new("ShaderNodeMapping")
    mapping.inputs["Scale"].default_value = (1, 1, 2.6)
    mapping.inputs["Location"].default_value = [stage.rng.uniform(-9, 9) for _ in range(3)]
    tree.links.new(direction, mapping.inputs["Vector"])
    noise = tree.nodes.new("ShaderNodeTexNoise")
    noise.inputs["Scale"].default_value, noise.inputs["Detail"].default_value = stage.rng.uniform(2, 5), 6
    tree.links.new(mapping.outputs[0], noise.inputs["Vector"])
    ramp = tree.nodes.new("ShaderNodeValToRGB")
    start = 0.7 - 0.4 * light.clouds
    ramp.color_ramp.elements[0].position, ramp.color_ramp.elements[1].position = start, start + 0.25
    tree.links.new(noise.outputs["Fac"], ramp.inputs[0])
    blend = tree.nodes.new("ShaderNodeMix")
    blend.data_type = "RGBA"
    tree.links.new(ramp.outputs[0], blend.inputs[0])
    tree.links.new(colour, blend.inputs[6])
    white = 1.25 if stage.spec.light in ("sun", "backlight") else 1.0
    shade = mix(light.horizon, (white, white, white), 0.7)
    blend.inputs[7].default_value = (*shade, 1)
    return blend.outputs[2]


def focus_camera(stage: Stage) -> Any:
    """Blender's camera for the stage's, with a lens that blurs what is far from the subject now and then."""
    camera, rng = stage.camera, stage.rng
    data = bpy.data.cameras.new("camera")
    data.sensor_width, data.angle = 36.0, camera.fov
    data.clip_start, data.clip_end = 0.05, 2000.0
    # Diameter of the circle a far point becomes, as a share of the image's width; phones: hardly any.
    blur = rng.choice([0.0, 0.0, 0.003, 0.006, 0.012, 0.022])
    if blur:
        aperture = blur * camera.width / 2
        data.dof.use_dof, data.dof.focus_distance = True, FOCUS
        data.dof.aperture_fstop = data.lens / 1000 / (2 * aperture)
    thing = bpy.data.objects.new("camera", data)
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = camera.axes, camera.position
    thing.matrix_world = matrix.T.tolist()
    bpy.context.scene.collection.objects.link(thing)
    bpy.context.scene.camera = thing
    return thing
