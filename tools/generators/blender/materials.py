"""Cycles materials from the Material of an ObjectSpec: a base colour, patterns over it, and a surface."""

import colorsys
import zlib
from typing import Any

import numpy as np

from tools.generators.blender.parts import Layer, Material

RGB = tuple[float, float, float]
MOTTLES = ((5.0, 3.0, 1.7), (38.0, 3.0, 1.3))  # scale, detail and reach of patches, and of tufts
MIX_REACH = 0.35  # colours further apart than this (in any channel) are alternatives and not ends of a range


def mixed_colour(colours: list[str], jitter: float, rng: np.random.Generator) -> RGB:
    """One colour out of several "#rrggbb": two near ones mixed, then shifted a little; linear, as Cycles wants it."""
    first, second, share = rng.integers(len(colours)), rng.integers(len(colours)), rng.uniform()
    shift = rng.uniform(-1, 1, 3)
    one, other = np.array(_rgb(colours[first])), np.array(_rgb(colours[second]))
    if np.abs(one - other).max() > MIX_REACH:  # red and blue paint are both sold; a mean of them is mud
        other = one
    mix = one * share + other * (1 - share)
    h, s, v = colorsys.rgb_to_hsv(*(float(c) for c in mix))
    h, s, v = h + 0.1 * jitter * shift[0], s * (1 + 0.5 * jitter * shift[1]), v * (1 + jitter * shift[2])
    rgb = colorsys.hsv_to_rgb(h % 1, min(max(s, 0), 1), min(max(v, 0), 1))
    return (_linear(rgb[0]), _linear(rgb[1]), _linear(rgb[2]))


def _rgb(text: str) -> RGB:
    return (int(text[1:3], 16) / 255, int(text[3:5], 16) / 255, int(text[5:7], 16) / 255)


def _linear(c: float) -> float:
    return float(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)


class Graph:
    """A material's node tree, written with one call a node; sockets and numbers mix freely."""

    def __init__(self, tree: Any, rng: np.random.Generator) -> None:
        self.tree = tree
        self._attributes: dict[str, Any] = {}
        # Every material is cut from another place of the same endless noise.
        self.offset = [float(x) for x in rng.uniform(-50, 50, 3)]

    def add(self, kind: str, inputs: dict[Any, Any] | None = None, **settings: Any) -> Any:
        """A node with settings, its inputs set or linked."""
        node = self.tree.nodes.new(kind)
        for name, value in settings.items():
            setattr(node, name, value)
        for name, value in (inputs or {}).items():
            if hasattr(value, "is_output"):
                self.tree.links.new(value, node.inputs[name])
            else:
                node.inputs[name].default_value = value
        return node

    def math(self, operation: str, a: Any, b: Any = 0.0) -> Any:
        """A math node's output."""
        return self.add("ShaderNodeMath", {0: a, 1: b}, operation=operation).outputs[0]

    def attribute(self, name: str, vector: bool = False) -> Any:
        """A vertex attribute."""
        if name not in self._attributes:
            self._attributes[name] = self.add("ShaderNodeAttribute", attribute_name=name)
        return self._attributes[name].outputs["Vector" if vector else "Fac"]

    def place(self) -> Any:
        """Pattern coordinates, another spot for every copy of a cluster."""
        if "place" not in self._attributes:
            copy = self.math("MULTIPLY", self.attribute("tint"), 37.0)
            shift = self.add("ShaderNodeVectorMath", {0: self.offset, 1: copy}, operation="ADD").outputs[0]
            self._attributes["place"] = self.add(
                "ShaderNodeVectorMath", {0: self.attribute("co", True), 1: shift}, operation="ADD"
            )
        return self._attributes["place"].outputs[0]

    def noise(self, scale: float, detail: float = 2.0, at: Any = None) -> Any:
        """Smooth noise, mostly 0.3 to 0.7."""
        inputs = {"Vector": self.place() if at is None else at, "Scale": scale, "Detail": detail}
        return self.add("ShaderNodeTexNoise", inputs).outputs[0]

    def step(self, value: Any, low: float, high: float) -> Any:
        """0 below low, 1 above high, smooth between; downwards when low > high."""
        if abs(high - low) < 1e-4:
            high = low + 1e-4
        flip = low > high
        ends = {3: 1.0, 4: 0.0} if flip else {3: 0.0, 4: 1.0}
        inputs = {0: value, 1: min(low, high), 2: max(low, high), **ends}
        return self.add("ShaderNodeMapRange", inputs, interpolation_type="SMOOTHSTEP").outputs[0]

    def mix(self, share: Any, below: Any, above: Any) -> Any:
        """Two colours mixed."""
        node = self.add("ShaderNodeMix", data_type="RGBA")
        for at, value in ((0, share), (6, below), (7, above)):
            if hasattr(value, "is_output"):
                self.tree.links.new(value, node.inputs[at])
            else:
                node.inputs[at].default_value = value
        return node.outputs[2]


def make_material(name: str, spec: Material, rng: np.random.Generator, lot: int = 0) -> Any:
    """A new bpy material; two calls give two objects of one kind that differ.

    Args:
        name: of the material; those of one name share what `spec.alike` says, within a lot.
        spec: what it looks like.
        rng: decides everything that varies from object to object.
        lot: decides what varies from image to image only.
    """
    import bpy

    material = bpy.data.materials.new(name)
    tree = material.node_tree
    graph = Graph(tree, rng)
    shader, output = tree.nodes["Principled BSDF"], tree.nodes["Material Output"]
    shared = np.random.default_rng([lot, zlib.crc32(name.encode())])

    def drawn(colours: list[str]) -> Any:
        own, of_all = mixed_colour(colours, spec.jitter, rng), mixed_colour(colours, spec.jitter, shared)
        return (*((1 - spec.alike) * a + spec.alike * b for a, b in zip(own, of_all, strict=True)), 1.0)

    colour = drawn(spec.colours)
    for layer in spec.layers:
        over = drawn(layer.colours)
        share = graph.math("MULTIPLY", mask_of(graph, layer, rng), layer.opacity)
        colour = graph.mix(share, colour, over)
    # Copies of a cluster differ in brightness (the attribute is 0.5 everywhere else).
    bright = graph.add("ShaderNodeMapRange", {0: graph.attribute("tint"), 3: 1 - spec.jitter, 4: 1 + spec.jitter})
    value = bright.outputs[0]
    if spec.mottle:
        value = graph.math("MULTIPLY", value, _uneven(graph, spec.mottle))
    colour = graph.add("ShaderNodeHueSaturation", {"Color": colour, "Value": value}).outputs[0]
    tree.links.new(colour, shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = float(np.clip(spec.roughness * rng.uniform(0.85, 1.15), 0, 1))
    shader.inputs["Metallic"].default_value = spec.metallic
    shader.inputs["Coat Weight"].default_value = spec.coat
    if spec.subsurface:
        shader.inputs["Subsurface Weight"].default_value = spec.subsurface
        shader.inputs["Subsurface Scale"].default_value = 0.05
    normal = _creased(graph, spec.folds) if spec.folds else None
    if spec.bump:
        height = graph.noise(spec.bump_scale, 3.0)
        # Distance in object units: an object is 1 unit long.
        relief = {"Strength": spec.bump, "Distance": 0.6 / spec.bump_scale, "Height": height}
        if normal is not None:
            relief["Normal"] = normal
        normal = graph.add("ShaderNodeBump", relief).outputs[0]
    if normal is not None:
        tree.links.new(normal, shader.inputs["Normal"])
    if spec.bends is not None:
        seen = _lens(graph, colour, float(shared.uniform(min(spec.bends), max(spec.bends))))
    else:
        seen = _glassy(graph, spec, colour, shader) if spec.transparency else shader.outputs[0]
    if spec.fray:
        seen = _frayed(graph, spec.fray, seen)
    tree.links.new(seen, output.inputs["Surface"])
    return material


def _creased(graph: Graph, folds: float) -> Any:
    """Normals of cloth that lies in folds: ridges, which noise has where it passes its middle."""
    noise = graph.add("ShaderNodeTexNoise", {"Vector": graph.place(), "Scale": 5.0, "Detail": 1.5, "Distortion": 0.8})
    off = graph.math("ABSOLUTE", graph.math("SUBTRACT", noise.outputs[0], 0.5))
    ridge = graph.math("POWER", graph.math("SUBTRACT", 1.0, graph.math("MULTIPLY", off, 2.0)), 3.0)
    return graph.add("ShaderNodeBump", {"Strength": folds, "Distance": 0.03, "Height": ridge}).outputs[0]


def _uneven(graph: Graph, mottle: float) -> Any:
    """A factor about 1: noise is mostly 0.3 to 0.7, so that 1 changes the brightness by a third and a quarter."""
    parts = [
        graph.math("MULTIPLY", graph.math("SUBTRACT", graph.noise(scale, detail), 0.5), reach * mottle)
        for scale, detail, reach in MOTTLES
    ]
    return graph.math("ADD", graph.math("ADD", *parts), 1.0)


def _glassy(graph: Graph, spec: Material, colour: Any, shader: Any) -> Any:
    """See-through without bent light: noise-free at five samples, and a wall still shows at its edges."""
    facing = graph.add("ShaderNodeLayerWeight", {"Blend": 0.35}).outputs["Facing"]
    rim = graph.math("POWER", facing, 2.0)
    clear = graph.math("MULTIPLY", graph.math("SUBTRACT", 1.0, rim), spec.transparency)
    through = graph.add("ShaderNodeBsdfTransparent", {"Color": colour}).outputs[0]
    mix = graph.add("ShaderNodeMixShader", {0: clear})
    graph.tree.links.new(shader.outputs[0], mix.inputs[1])
    graph.tree.links.new(through, mix.inputs[2])
    return mix.outputs[0]


def _lens(graph: Graph, colour: Any, ior: float) -> Any:
    """Bent light, and mirrored light where none gets through: the dark rim of a bubble, the turned view in a drop.

    Its shadow is that of clear glass: without caustics all below a lens would be black.
    """
    bent = graph.add("ShaderNodeBsdfRefraction", {"Color": colour, "Roughness": 0.0, "IOR": ior}).outputs[0]
    mirrored = graph.add("ShaderNodeBsdfGlossy", {"Color": (1.0, 1.0, 1.0, 1.0), "Roughness": 0.0}).outputs[0]
    lens = graph.add("ShaderNodeMixShader", {0: graph.add("ShaderNodeFresnel", {"IOR": ior}).outputs[0]})
    graph.tree.links.new(bent, lens.inputs[1])
    graph.tree.links.new(mirrored, lens.inputs[2])
    mix = graph.add("ShaderNodeMixShader", {0: graph.add("ShaderNodeLightPath").outputs["Is Shadow Ray"]})
    graph.tree.links.new(lens.outputs[0], mix.inputs[1])
    graph.tree.links.new(graph.add("ShaderNodeBsdfTransparent", {"Color": colour}).outputs[0], mix.inputs[2])
    return mix.outputs[0]


def _frayed(graph: Graph, fray: float, seen: Any) -> Any:
    """Holes through which one sees what lies below: few in the middle of a part, many at its rim; masks have none."""
    flat = graph.add("ShaderNodeVectorMath", {0: graph.attribute("co", True)}, operation="LENGTH").outputs["Value"]
    least = graph.math("MULTIPLY", graph.math("POWER", graph.math("MULTIPLY", flat, 2.0), 2.0), 0.6 * fray)
    kept = graph.step(graph.math("SUBTRACT", graph.noise(7.0, 8.0), least), 0.12, 0.24)
    nothing = graph.add("ShaderNodeBsdfTransparent").outputs[0]
    mix = graph.add("ShaderNodeMixShader", {0: kept})
    graph.tree.links.new(nothing, mix.inputs[1])
    graph.tree.links.new(seen, mix.inputs[2])
    return mix.outputs[0]


def mask_of(graph: Graph, layer: Layer, rng: np.random.Generator) -> Any:
    """Where a layer covers what is below it, 0 to 1."""
    soft = 0.01 + 0.16 * layer.softness
    match layer.pattern:
        case "noise":
            middle = 0.5 + (0.5 - layer.amount) * 0.5
            return graph.step(graph.noise(layer.scale, 4.0), middle - soft, middle + soft)
        case "spots":
            inputs = {"Vector": graph.place(), "Scale": layer.scale}
            distance = graph.add("ShaderNodeTexVoronoi", inputs).outputs["Distance"]
            if layer.wobble:
                ragged = graph.math("MULTIPLY", graph.noise(layer.scale * 3), layer.wobble * 0.4)
                distance = graph.math("ADD", distance, ragged)
            edge = layer.amount
            return graph.step(distance, edge, edge * (1 - 0.9 * layer.softness) - 0.01)
        case "stripes" | "rings":
            wave = graph.math("SINE", graph.math("MULTIPLY", _phase(graph, layer), 6.283185))
            middle = 1 - 2 * layer.amount
            return graph.step(wave, middle - 4 * soft, middle + 4 * soft)
        case "streaks":
            middle = 0.5 + (0.5 - layer.amount) * 0.5
            return graph.step(_streaks(graph, layer), middle - soft, middle + soft)
        case "gradient":
            return graph.step(_axis(graph, layer, 0.25), *layer.span)
        case "band":
            low, high = sorted(layer.span)
            edge = 0.003 + 0.1 * layer.softness
            value = _axis(graph, layer, 0.15)
            return graph.math(
                "MULTIPLY", graph.step(value, low - edge, low + edge), graph.step(value, high + edge, high - edge)
            )
        case "blush":
            return _blush(graph, layer, rng)
    raise ValueError(f"unknown pattern {layer.pattern!r}")


def _axis(graph: Graph, layer: Layer, ragged: float) -> Any:
    """A layer's axis, 0 to 1, its lines made ragged by `wobble`."""
    if layer.axis in ("height", "along"):
        value = graph.attribute(layer.axis)
    else:
        split = graph.add("ShaderNodeSeparateXYZ", {0: graph.attribute("co", True)})
        value = graph.math("ADD", split.outputs[0 if layer.axis == "x" else 1], 0.5)
    if not layer.wobble:
        return value
    shake = graph.math("MULTIPLY", graph.math("SUBTRACT", graph.noise(4.0, 3.0), 0.5), 2 * ragged * layer.wobble)
    return graph.math("ADD", value, shake)


def _phase(graph: Graph, layer: Layer) -> Any:
    """Where in its period a regular pattern is."""
    if layer.pattern == "rings":
        phase = graph.math("MULTIPLY", _axis(graph, layer, 0.0), layer.scale)
    else:
        split = graph.add("ShaderNodeSeparateXYZ", {0: graph.attribute("co", True)})
        angle = graph.math("ARCTAN2", split.outputs[1], split.outputs[0])
        phase = graph.math("MULTIPLY", angle, round(layer.scale) / 6.283185)
    shake = graph.math("MULTIPLY", graph.math("SUBTRACT", graph.noise(9.0, 3.0), 0.5), 2.5 * layer.wobble)
    return graph.math("ADD", phase, shake)


def _streaks(graph: Graph, layer: Layer) -> Any:
    """Noise drawn out from end to end: sampled by direction around z, hardly by height."""
    flat = graph.add(
        "ShaderNodeVectorMath", {0: graph.attribute("co", True), 1: (1.0, 1.0, 0.0)}, operation="MULTIPLY"
    ).outputs[0]
    around = graph.add("ShaderNodeVectorMath", {0: flat}, operation="NORMALIZE").outputs[0]
    slow = graph.add(
        "ShaderNodeVectorMath", {0: graph.place(), 1: (0.05, 0.05, 0.12 + 0.5 * layer.wobble)}, operation="MULTIPLY"
    ).outputs[0]
    at = graph.add("ShaderNodeVectorMath", {0: around, 1: slow}, operation="ADD").outputs[0]
    return graph.noise(layer.scale / 3, 3.0, at)


def _blush(graph: Graph, layer: Layer, rng: np.random.Generator) -> Any:
    """One side, as the sun colours fruit: a cap of the sphere with a soft, ragged edge."""
    angle, rise = rng.uniform(0, 2 * np.pi), rng.uniform(-0.2, 0.5)
    side = (float(np.cos(angle)), float(np.sin(angle)), float(rise))
    unit = graph.add("ShaderNodeVectorMath", {0: graph.attribute("co", True)}, operation="NORMALIZE").outputs[0]
    dot = graph.add("ShaderNodeVectorMath", {0: unit, 1: side}, operation="DOT_PRODUCT").outputs["Value"]
    shake = graph.math("MULTIPLY", graph.math("SUBTRACT", graph.noise(3.0, 4.0), 0.5), 4 * layer.wobble)
    covered = float(np.clip(layer.amount + 0.12 * rng.uniform(-1, 1), 0.02, 0.98))
    middle, soft = 1 - 2 * covered, 0.03 + 0.7 * layer.softness
    return graph.step(graph.math("ADD", dot, shake), middle - soft, middle + soft)
