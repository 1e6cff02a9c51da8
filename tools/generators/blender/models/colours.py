"""How copies of one model differ in colour, within what the thing allows: a chair may be red, a horse may not."""

import colorsys
from typing import Any, NamedTuple

import numpy as np

from tools.generators.blender.models.words import Paint

# What things are painted, moulded and dyed in; sRGB.
PALETTE = (
    "#f2f2ee", "#d9d4c7", "#9b9b98", "#5a5c5e", "#1f2022", "#b3202a", "#d9622b", "#e3b341", "#4f7d3a", "#2f6f6a",
    "#2f5fa8", "#27346b", "#6d3f8c", "#d48aa5", "#7a4b2a", "#b08a58",
)  # fmt: skip
PAINTED = 0.4  # share of the copies of what may have any colour that get another one
ALIKE = 0.05  # linear; both shoes of a pair are painted, though each has a material of its own
LEAST_SATURATED = 0.25  # of a colour that a new hue changes


class Range(NamedTuple):
    """How far a colour may move."""

    hue: float  # of the circle, plus or minus
    saturation: tuple[float, float]  # times
    value: tuple[float, float]  # times


RANGES: dict[Paint, Range] = {
    "made": Range(0.03, (0.7, 1.2), (0.7, 1.25)),
    "coat": Range(0.03, (0.3, 1.1), (0.45, 1.5)),
    "people": Range(0.015, (0.8, 1.1), (0.6, 1.2)),
    "grown": Range(0.02, (0.8, 1.2), (0.75, 1.2)),
    "kept": Range(0.01, (0.9, 1.1), (0.85, 1.15)),
}


def vary_colours(data: Any, paint: Paint, rng: np.random.Generator) -> None:
    """Move the colours of a mesh's own materials: all the same way, so that they still go together."""
    limits = RANGES[paint]
    hue = limits.hue * rng.uniform(-1, 1)
    saturation, value = rng.uniform(*limits.saturation), rng.uniform(*limits.value)
    another, turn = rng.uniform() < PAINTED and paint == "made", rng.uniform()
    colour = PALETTE[int(rng.integers(len(PALETTE)))]
    main = _colour_of(data.materials[_main_material(data)]) if data.materials else None
    for material in data.materials:
        shader = _shader(material)
        if shader is None:
            continue
        base = shader.inputs["Base Color"]
        if base.links:
            _shift_texture(material, shader, hue, saturation, value)
            continue
        *rgb, alpha = base.default_value
        h, s, v = colorsys.rgb_to_hsv(*rgb)
        plain = shader.inputs["Metallic"].default_value < 0.5 and shader.inputs["Alpha"].default_value > 0.9
        if another and plain and main is not None and max(abs(a - b) for a, b in zip(main, rgb, strict=True)) < ALIKE:
            base.default_value = (*_linear(colour), alpha)
            continue
        if another and plain and s > LEAST_SATURATED:
            h += turn
        moved = colorsys.hsv_to_rgb((h + hue) % 1, min(1.0, s * saturation), min(0.95, v * value))
        base.default_value = (*moved, alpha)


def _main_material(data: Any) -> int:
    """The material that covers most."""
    index = np.zeros(len(data.polygons), np.int32)
    area = np.zeros(len(data.polygons), np.float32)
    data.polygons.foreach_get("material_index", index)
    data.polygons.foreach_get("area", area)
    covered = np.bincount(index, area, minlength=1)
    return int(covered.argmax())


def _colour_of(material: Any) -> tuple[float, float, float] | None:
    """A material's plain colour; None where a texture or nothing gives it one."""
    shader = _shader(material)
    if shader is None or shader.inputs["Base Color"].links:
        return None
    red, green, blue, _ = shader.inputs["Base Color"].default_value
    return red, green, blue


def _shader(material: Any) -> Any:
    if material is None or material.node_tree is None:
        return None
    return next((n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED"), None)


def _shift_texture(material: Any, shader: Any, hue: float, saturation: float, value: float) -> None:
    tree = material.node_tree
    link = shader.inputs["Base Color"].links[0]
    node = tree.nodes.new("ShaderNodeHueSaturation")
    node.inputs["Hue"].default_value = 0.5 + hue
    node.inputs["Saturation"].default_value = saturation
    node.inputs["Value"].default_value = value
    tree.links.new(link.from_socket, node.inputs["Color"])
    tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])


def _linear(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))

    def straight(x: float) -> float:
        return x / 12.92 if x <= 0.04045 else float(((x + 0.055) / 1.055) ** 2.4)

    return straight(red), straight(green), straight(blue)
