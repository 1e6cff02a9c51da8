"""Materials of places: wood, cloth, leaves, asphalt... drawn by procedural textures. Runs inside the worker."""

import random
from typing import Any

import bpy

Colour = tuple[float, float, float]


def vary(rng: random.Random, colour: Colour, amount: float = 0.15) -> Colour:
    """A colour near another: brightness and each channel a little off."""
    light = 1 + rng.uniform(-amount, amount)
    red, green, blue = (min(max(c * light * (1 + rng.uniform(-amount, amount) * 0.5), 0.001), 1.0) for c in colour)
    return red, green, blue


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """Between two colours."""
    red, green, blue = (x + (y - x) * share for x, y in zip(a, b, strict=True))
    return red, green, blue


class Surface:
    """A material under construction: a Principled shader, and short ways to feed it."""

    def __init__(self, name: str, *, roughness: float = 0.6, wet: float = 0.0) -> None:
        self.material = bpy.data.materials.new(name)
        if self.material.node_tree is None:
            self.material.use_nodes = True
        self.tree = self.material.node_tree
        self.shader = next(n for n in self.tree.nodes if n.type == "BSDF_PRINCIPLED")
        self.out = next(n for n in self.tree.nodes if n.type == "OUTPUT_MATERIAL")
        self.wet = wet
        self.set("Roughness", roughness * (1 - 0.7 * wet))
        if wet:
            self.set("Coat Weight", 0.6 * wet)
            self.set("Coat Roughness", 0.08)

    def set(self, socket: str, value: Any) -> None:
        """Give the shader a value or the output of another node."""
        self._feed(self.shader.inputs[socket], value)

    def _feed(self, socket: Any, value: Any) -> None:
        if isinstance(value, bpy.types.NodeSocket):
            self.tree.links.new(value, socket)
        elif isinstance(value, tuple) and len(value) == 3 and len(socket.default_value) == 4:
            socket.default_value = (*value, 1.0)
        else:
            socket.default_value = value

    def node(self, kind: str, **inputs: Any) -> Any:
        """A node with its inputs fed by name (underscores for blanks)."""
        node = self.tree.nodes.new(kind)
        for name, value in inputs.items():
            self._feed(node.inputs[name.replace("_", " ")], value)
        return node

    def place(self, scale: float | tuple[float, float, float] = 1.0, *, local: bool = False, turn: float = 0.0) -> Any:
        """Coordinates of the scene (or of the object itself), scaled."""
        source = self.node("ShaderNodeTexCoord").outputs["Object"] if local else self._position()
        mapping = self.node("ShaderNodeMapping", Vector=source)
        mapping.inputs["Scale"].default_value = scale if isinstance(scale, tuple) else (scale,) * 3
        mapping.inputs["Rotation"].default_value = (0, 0, turn)
        return mapping.outputs["Vector"]

    def _position(self) -> Any:
        return self.node("ShaderNodeNewGeometry").outputs["Position"]

    def noise(self, vector: Any, scale: float, detail: float = 4.0, rough: float = 0.55, warp: float = 0.0) -> Any:
        """Cloudy values 0..1."""
        node = self.node(
            "ShaderNodeTexNoise", Vector=vector, Scale=scale, Detail=detail, Roughness=rough, Distortion=warp
        )
        return node.outputs["Fac"]

    def cells(self, vector: Any, scale: float, output: str = "Distance", feature: str = "F1", jitter: float = 1) -> Any:
        """Voronoi cells: distance, or a colour for each."""
        node = self.tree.nodes.new("ShaderNodeTexVoronoi")
        node.feature = feature
        self._feed(node.inputs["Vector"], vector)
        self._feed(node.inputs["Scale"], scale)
        self._feed(node.inputs["Randomness"], jitter)
        return node.outputs[output]

    def ramp(self, factor: Any, *stops: tuple[float, Colour]) -> Any:
        """Colours along a value."""
        node = self.node("ShaderNodeValToRGB", Fac=factor)
        elements = node.color_ramp.elements
        for _ in range(len(stops) - 2):
            elements.new(0.5)
        for element, (where, colour) in zip(elements, sorted(stops), strict=True):
            element.position, element.color = where, (*colour, 1.0)
        return node.outputs["Color"]

    def blend(self, factor: Any, a: Any, b: Any, how: str = "MIX") -> Any:
        """Two colours by a value."""
        node = self.tree.nodes.new("ShaderNodeMix")
        node.data_type, node.blend_type = "RGBA", how
        for socket, value in ((node.inputs[0], factor), (node.inputs[6], a), (node.inputs[7], b)):
            self._feed(socket, value)
        return node.outputs[2]

    def math(self, how: str, a: Any, b: Any = 0.0, *, clamp: bool = False) -> Any:
        """Arithmetic on values."""
        node = self.tree.nodes.new("ShaderNodeMath")
        node.operation, node.use_clamp = how, clamp
        self._feed(node.inputs[0], a)
        self._feed(node.inputs[1], b)
        return node.outputs[0]

    def split(self, vector: Any) -> Any:
        """X, Y, Z of a vector."""
        return self.node("ShaderNodeSeparateXYZ", Vector=vector).outputs

    def colour(self, value: Any) -> None:
        """Base colour, darker when wet, as soaked things are."""
        if self.wet:
            value = self.blend(1.0, value, (1 - 0.35 * self.wet,) * 3, "MULTIPLY")
        self.set("Base Color", value)

    def bump(self, height: Any, strength: float, distance: float) -> None:
        """Fine relief.

        Args:
            height: values 0..1.
            strength: 0..1.
            distance: height of the relief in units.
        """
        node = self.node("ShaderNodeBump", Height=height, Strength=strength, Distance=distance)
        self.set("Normal", node.outputs["Normal"])

    def mixed(self, a: Any, b: Any, share: float) -> Any:
        """Two shaders."""
        node = self.node("ShaderNodeMixShader")
        node.inputs[0].default_value = share
        self.tree.links.new(a.outputs[0], node.inputs[1])
        self.tree.links.new(b.outputs[0], node.inputs[2])
        return node

    def finish(self, shader: Any) -> None:
        """Use another shader than the Principled one."""
        self.tree.nodes.remove(self.shader)
        self.tree.links.new(shader.outputs[0], self.out.inputs["Surface"])


def plain(name: str, colour: Colour, roughness: float = 0.5, metallic: float = 0.0, wet: float = 0.0) -> Any:
    """One colour."""
    surface = Surface(name, roughness=roughness, wet=wet)
    surface.colour(colour)
    surface.set("Metallic", metallic)
    return surface.material


def glowing(name: str, colour: Colour, strength: float) -> Any:
    """A lamp's surface."""
    surface = Surface(name)
    surface.set("Emission Color", colour)
    surface.set("Emission Strength", strength)
    surface.colour((0.0, 0.0, 0.0))
    return surface.material


def leaf(rng: random.Random, colour: Colour, wet: float, dryness: float = 0.06) -> Any:
    """Leaves: each its own shade (mesh attribute `tint` 0..1), light shines through, a paler vein.

    Built of the three simplest shaders: leaves fill most of an outdoor image, and the Principled one would cost a
    third of its render.
    """
    surface = Surface("leaf")
    tint = surface.node("ShaderNodeAttribute")
    tint.attribute_name = "tint"
    dark, bright = mix(colour, (0.0, 0.02, 0.0), 0.4), mix(colour, (0.42, 0.5, 0.06), 0.3)
    yellow, brown = mix(colour, (0.6, 0.5, 0.05), 0.75), (0.16, 0.07, 0.02)
    shade = surface.ramp(
        tint.outputs["Fac"],
        (0.0, dark), (0.45, colour), (0.9 - dryness, bright), (0.98 - dryness, yellow), (1.0, brown),
    )  # fmt: skip
    vein = surface.node("ShaderNodeAttribute")
    vein.attribute_name = "vein"
    shade = surface.blend(vein.outputs["Fac"], shade, mix(bright, (0.6, 0.65, 0.3), 0.45))
    diffuse = surface.node("ShaderNodeBsdfDiffuse", Color=shade)
    through = surface.node("ShaderNodeBsdfTranslucent", Color=surface.blend(1.0, shade, (1.6, 1.7, 0.7), "MULTIPLY"))
    gloss = surface.node("ShaderNodeBsdfGlossy", Roughness=rng.uniform(0.3, 0.5) * (1 - 0.6 * wet))
    body = surface.mixed(diffuse, through, 0.34)
    surface.finish(surface.mixed(body, gloss, 0.05 + 0.07 * wet))
    return surface.material


def bark(rng: random.Random, wet: float) -> Any:
    """Twigs and trunks."""
    base = vary(rng, rng.choice([(0.16, 0.1, 0.06), (0.2, 0.17, 0.14), (0.1, 0.07, 0.05), (0.24, 0.13, 0.06)]))
    surface = Surface("bark", roughness=0.85, wet=wet)
    rough = surface.noise(surface.place((6, 6, 1.5)), 2.5, 5)
    surface.colour(
        surface.ramp(rough, (0.3, mix(base, (0, 0, 0), 0.6)), (0.55, base), (0.75, mix(base, (0.5, 0.5, 0.42), 0.4)))
    )
    surface.bump(rough, 0.7, 0.05)
    return surface.material


def lawn(rng: random.Random, metre: float, wet: float) -> Any:
    """Grass seen from too far to see blades, patchy, with soil here and there."""
    surface = Surface("lawn", roughness=0.9, wet=wet * 0.5)
    where = surface.place()
    green = vary(rng, rng.choice([(0.09, 0.17, 0.03), (0.13, 0.19, 0.04), (0.06, 0.13, 0.03), (0.2, 0.2, 0.07)]), 0.2)
    patches = surface.noise(where, 0.5 / max(metre, 0.2), 3)
    fine = surface.noise(where, 30 / max(metre, 0.2), 3, 0.8)
    earth = mix(green, (0.2, 0.13, 0.07), rng.uniform(0.2, 0.9))
    low = surface.ramp(patches, (0.32, earth), (0.5, green), (0.72, mix(green, (0.3, 0.33, 0.05), 0.4)))
    surface.colour(surface.blend(0.8, low, surface.ramp(fine, (0.3, (0.25,) * 3), (0.7, (1.5, 1.5, 1.3))), "MULTIPLY"))
    surface.bump(fine, 0.8, 0.03 * metre)
    return surface.material


def earth(rng: random.Random, metre: float, wet: float) -> Any:
    """Soil, sand, gravel or mulch."""
    surface = Surface("soil", roughness=0.95, wet=wet)
    where = surface.place(1 / metre)
    kinds: list[Colour] = [
        (0.16, 0.09, 0.05),
        (0.1, 0.07, 0.05),
        (0.3, 0.22, 0.14),
        (0.22, 0.12, 0.06),
        (0.36, 0.3, 0.2),
    ]
    base = vary(rng, rng.choice(kinds))
    coarse, fine = surface.noise(where, 14, 8, 0.75), surface.noise(where, 130, 3, 0.7)
    both = surface.math("ADD", surface.math("MULTIPLY", coarse, 0.75), surface.math("MULTIPLY", fine, 0.3))
    surface.colour(
        surface.ramp(both, (0.28, mix(base, (0, 0, 0), 0.65)), (0.5, base), (0.72, mix(base, (0.6, 0.55, 0.45), 0.35)))
    )
    surface.bump(both, 1.0, 0.012 * metre)
    return surface.material


def wood(rng: random.Random, metre: float, wet: float, *, boards: bool = True, worn: float = 0.0) -> Any:
    """Boards with grain, one shade each; worn ones are scratched and grey."""
    kinds: list[Colour] = [
        (0.4, 0.22, 0.1), (0.58, 0.38, 0.2), (0.2, 0.09, 0.04), (0.7, 0.55, 0.38), (0.32, 0.2, 0.12), (0.45, 0.4, 0.34),
    ]  # fmt: skip
    base = vary(rng, rng.choice(kinds))
    surface = Surface("wood", roughness=rng.uniform(0.25, 0.6) + 0.25 * worn, wet=wet)
    turn = rng.choice([0.0, 1.5708]) + rng.gauss(0, 0.03)
    where = surface.place(1 / metre, turn=turn)
    long = surface.node("ShaderNodeMapping", Vector=where)
    long.inputs["Scale"].default_value = (1.0, rng.uniform(9, 16), 1.0)
    grain = surface.noise(long.outputs["Vector"], rng.uniform(4, 9), 6, 0.65, rng.uniform(0.2, 1.5))
    colour = surface.ramp(
        grain, (0.3, mix(base, (0.03, 0.02, 0.01), 0.55)), (0.5, base), (0.7, mix(base, (0.9, 0.75, 0.5), 0.22))
    )
    relief = grain
    if boards:
        width = rng.uniform(0.08, 0.2)
        brick = surface.tree.nodes.new("ShaderNodeTexBrick")
        surface._feed(brick.inputs["Vector"], where)
        brick.offset, brick.offset_frequency = rng.random(), 2
        for name, value in (
            ("Scale", 1.0), ("Mortar Size", width * 0.015), ("Brick Width", width * rng.uniform(8, 20)),
            ("Row Height", width), ("Color1", (0.75, 0.75, 0.75)), ("Color2", (1.15, 1.1, 1.05)),
            ("Mortar", (0.12, 0.1, 0.08)), ("Mortar Smooth", 0.2),
        ):  # fmt: skip
            surface._feed(brick.inputs[name], value)
        colour = surface.blend(1.0, colour, brick.outputs["Color"], "MULTIPLY")
        relief = surface.math("SUBTRACT", surface.math("MULTIPLY", grain, 0.3), brick.outputs["Fac"])
    if worn:
        stains = surface.noise(where, 5, 5, 0.7)
        colour = surface.blend(
            surface.math("MULTIPLY", surface.ramp(stains, (0.5, (0, 0, 0)), (0.62, (1, 1, 1))), worn * 0.6),
            colour, mix((0.1, 0.09, 0.08), base, 0.3),
        )  # fmt: skip
    surface.colour(colour)
    surface.bump(relief, 0.35 + 0.3 * worn, 0.002 * metre)
    return surface.material


def marble(rng: random.Random, metre: float, wet: float) -> Any:
    """Polished stone with veins or speckles."""
    pale: list[Colour] = [
        (0.8, 0.79, 0.76),
        (0.55, 0.54, 0.52),
        (0.06, 0.06, 0.07),
        (0.7, 0.62, 0.52),
        (0.35, 0.4, 0.38),
    ]
    base = vary(rng, rng.choice(pale), 0.08)
    surface = Surface("stone", roughness=rng.uniform(0.08, 0.3), wet=wet)
    where = surface.place(1 / metre)
    if rng.random() < 0.5:
        veins = surface.noise(where, rng.uniform(3, 8), 8, 0.6, rng.uniform(1.5, 4))
        other = (0.85, 0.82, 0.75) if base[0] < 0.2 else mix(base, (0.15, 0.14, 0.14), 0.7)
        surface.colour(surface.ramp(veins, (0.42, base), (0.49, other), (0.52, other), (0.6, base)))
    else:
        specks = surface.cells(where, rng.uniform(90, 220), "Color")
        grey = surface.ramp(specks, (0.15, mix(base, (0, 0, 0), 0.8)), (0.35, base), (0.8, mix(base, (1, 1, 1), 0.4)))
        surface.colour(grey)
    return surface.material


def cloth(rng: random.Random, metre: float, wet: float) -> Any:
    """Woven cloth: plain, checked or striped."""
    dyes: list[Colour] = [
        (0.75, 0.73, 0.68), (0.5, 0.06, 0.06), (0.06, 0.13, 0.35), (0.55, 0.5, 0.38), (0.1, 0.3, 0.22),
        (0.7, 0.5, 0.12), (0.25, 0.25, 0.27),
    ]  # fmt: skip
    a = vary(rng, rng.choice(dyes))
    b = rng.choice([(0.85, 0.84, 0.8), mix(a, (0, 0, 0), 0.6), vary(rng, (0.75, 0.7, 0.6))])
    surface = Surface("cloth", roughness=0.95, wet=wet * 0.3)
    where = surface.place(1 / metre, turn=rng.uniform(0, 1.6))
    pattern = rng.random()
    colour: Any = a
    if pattern < 0.35:
        checks = surface.node("ShaderNodeTexChecker", Vector=where, Scale=rng.uniform(14, 40), Color1=a, Color2=b)
        colour = checks.outputs["Color"]
    elif pattern < 0.65:
        line = surface.math("FRACT", surface.math("MULTIPLY", surface.split(where)[0], rng.uniform(6, 25)))
        edge = rng.uniform(0.3, 0.8)
        colour = surface.ramp(line, (0.0, a), (edge, a), (edge + 0.02, b), (1.0, b))
    weave = surface.node("ShaderNodeTexChecker", Vector=where, Scale=600)
    folds = surface.noise(where, rng.uniform(2, 5), 3)
    surface.colour(surface.blend(0.25, colour, surface.ramp(folds, (0.3, (0.45,) * 3), (0.7, (1.2,) * 3)), "MULTIPLY"))
    surface.bump(surface.math("ADD", surface.math("MULTIPLY", weave.outputs["Fac"], 0.04), folds), 0.5, 0.02 * metre)
    return surface.material


def tiles(rng: random.Random, metre: float, wet: float, *, wall: bool = False) -> Any:
    """Ceramic tiles with joints."""
    base = vary(
        rng,
        rng.choice([(0.75, 0.74, 0.7), (0.45, 0.42, 0.38), (0.6, 0.48, 0.36), (0.2, 0.22, 0.25), (0.35, 0.5, 0.55)]),
    )
    surface = Surface("tiles", roughness=rng.uniform(0.1, 0.45), wet=wet)
    where = surface.place(1 / metre, turn=0.0 if wall else rng.choice([0.0, 0.7854]))
    if wall:
        x, _, z = surface.split(where)
        where = surface.node("ShaderNodeCombineXYZ", X=x, Y=z).outputs[0]
    brick = surface.tree.nodes.new("ShaderNodeTexBrick")
    brick.offset = rng.choice([0.0, 0.0, 0.5])
    surface._feed(brick.inputs["Vector"], where)
    side = rng.uniform(0.08, 0.2) if wall else rng.uniform(0.15, 0.5)
    for name, value in (
        ("Scale", 1.0), ("Mortar Size", side * 0.012), ("Row Height", side),
        ("Brick Width", side * rng.choice([1.0, 1.0, 2.0])), ("Color1", vary(rng, base, 0.06)),
        ("Color2", vary(rng, base, 0.12)), ("Mortar", mix(base, (0.4, 0.39, 0.37), 0.8)),
    ):  # fmt: skip
        surface._feed(brick.inputs[name], value)
    dirt = surface.noise(where, 3, 5, 0.7)
    surface.colour(
        surface.blend(
            0.35, brick.outputs["Color"], surface.ramp(dirt, (0.35, (0.5, 0.47, 0.42)), (0.6, (1, 1, 1))), "MULTIPLY"
        )
    )
    surface.bump(surface.math("SUBTRACT", 1.0, brick.outputs["Fac"]), 0.5, 0.002 * metre)
    return surface.material


BRICKS: list[Colour] = [
    (0.35, 0.11, 0.06), (0.42, 0.2, 0.1), (0.25, 0.1, 0.07), (0.5, 0.33, 0.2), (0.3, 0.27, 0.24), (0.6, 0.58, 0.54),
]  # fmt: skip
MORTARS: list[Colour] = [(0.45, 0.43, 0.4), (0.6, 0.57, 0.52), (0.25, 0.24, 0.22), (0.5, 0.4, 0.3)]


def bricks(rng: random.Random, metre: float, wet: float) -> Any:
    """A wall of bricks, each of its own shade and rough, with edges that are not straight."""
    base, mortar = vary(rng, rng.choice(BRICKS)), vary(rng, rng.choice(MORTARS))
    surface = Surface("bricks", roughness=rng.uniform(0.75, 0.95), wet=wet)
    where = surface.place(1 / metre)
    shift = surface.node("ShaderNodeTexNoise", Vector=where, Scale=12.0, Detail=4.0).outputs["Color"]
    shift = surface.node("ShaderNodeMapping", Vector=shift)
    shift.inputs["Scale"].default_value = (rng.uniform(0.005, 0.02),) * 3
    bent = surface.tree.nodes.new("ShaderNodeVectorMath")
    surface._feed(bent.inputs[0], where)
    surface._feed(bent.inputs[1], shift.outputs["Vector"])
    brick = surface.tree.nodes.new("ShaderNodeTexBrick")
    brick.offset = rng.choice([0.5, 0.5, 0.5, 0.33])
    surface._feed(brick.inputs["Vector"], bent.outputs[0])
    tall, uneven = rng.uniform(0.055, 0.09), rng.uniform(0.1, 0.35)
    for name, value in (
        ("Scale", 1.0), ("Mortar Size", rng.uniform(0.004, 0.012)), ("Mortar Smooth", rng.uniform(0.1, 0.8)),
        ("Row Height", tall), ("Brick Width", tall * rng.uniform(2.6, 3.8)), ("Color1", vary(rng, base, uneven)),
        ("Color2", vary(rng, base, uneven)), ("Mortar", mortar),
    ):  # fmt: skip
        surface._feed(brick.inputs[name], value)
    grain, pits = surface.noise(where, 25, 6, 0.7), surface.noise(where, 220, 3, 0.7)
    low = surface.blend(
        0.6, brick.outputs["Color"], surface.ramp(grain, (0.3, (0.6,) * 3), (0.65, (1.2,) * 3)), "MULTIPLY"
    )
    surface.colour(surface.blend(0.5, low, surface.ramp(pits, (0.3, (0.5,) * 3), (0.6, (1.1,) * 3)), "MULTIPLY"))
    height = surface.math("SUBTRACT", surface.math("MULTIPLY", pits, 0.4), brick.outputs["Fac"])
    surface.bump(height, 0.6, 0.006 * metre)
    return surface.material


PLASTERS: list[Colour] = [
    (0.8, 0.78, 0.74), (0.75, 0.66, 0.5), (0.7, 0.5, 0.42), (0.55, 0.62, 0.66), (0.6, 0.58, 0.4), (0.45, 0.44, 0.43),
]  # fmt: skip


def plaster(rng: random.Random, metre: float, wet: float) -> Any:
    """A plastered or painted wall, smooth or rough, clean or not."""
    return concrete(rng, metre, wet, vary(rng, rng.choice(PLASTERS)), worn=rng.uniform(0.0, 0.6))


def concrete(rng: random.Random, metre: float, wet: float, colour: Colour | None = None, *, worn: float = 1.0) -> Any:
    """Concrete, plaster or paint: blotches and pores, fewer the less worn it is."""
    base = colour or vary(rng, rng.choice([(0.42, 0.41, 0.39), (0.3, 0.3, 0.3), (0.55, 0.52, 0.46)]))
    surface = Surface("concrete", roughness=rng.uniform(0.6, 0.9), wet=wet)
    where = surface.place(1 / metre)
    blotch, pores = surface.noise(where, 2.5, 6, 0.65), surface.noise(where, 120, 2, 0.7)
    low = surface.ramp(
        blotch, (0.3, mix(base, (0, 0, 0), 0.35 * worn)), (0.6, base), (0.8, mix(base, (1, 1, 1), 0.15 * worn))
    )
    surface.colour(
        surface.blend(0.5 * worn, low, surface.ramp(pores, (0.35, (0.55,) * 3), (0.6, (1.08,) * 3)), "MULTIPLY")
    )
    surface.bump(pores, 0.3 * worn, 0.002 * metre)
    return surface.material


STONES = 70  # in a metre of asphalt


def asphalt(rng: random.Random, metre: float, wet: float, *, cracks: bool = True) -> Any:
    """Road surface: stones in tar, patches; cracks now and then, where none are to be found."""
    base = vary(rng, rng.choice([(0.07, 0.07, 0.075), (0.14, 0.135, 0.13), (0.2, 0.19, 0.18)]))
    surface = Surface("asphalt", roughness=0.85, wet=wet)
    grain = min(1 / metre, 6.0)  # of a road seen from afar the grain would alias
    where = surface.place(grain)
    stones, patches = surface.cells(where, STONES, "Color"), surface.noise(surface.place(1 / metre), 0.6, 5, 0.6)
    crack = surface.cells(surface.place(1 / metre), 0.8, feature="DISTANCE_TO_EDGE")
    low = surface.ramp(patches, (0.35, mix(base, (0, 0, 0), 0.4)), (0.65, mix(base, (0.3, 0.3, 0.3), 0.2)))
    low = surface.blend(0.6, low, surface.ramp(stones, (0.2, (0.5,) * 3), (0.9, (1.5,) * 3)), "MULTIPLY")
    if rng.random() < 0.5 and cracks:
        low = surface.blend(surface.ramp(crack, (0.0, (0.8,) * 3), (0.02, (0, 0, 0))), low, (0.01, 0.01, 0.01))
    surface.colour(low)
    surface.bump(stones, 0.5, 0.004 * metre)
    return surface.material


def carpet(rng: random.Random, metre: float, wet: float) -> Any:
    """A rug: pile and a woven pattern."""
    a = vary(
        rng, rng.choice([(0.4, 0.36, 0.3), (0.12, 0.14, 0.2), (0.35, 0.08, 0.07), (0.2, 0.22, 0.2), (0.5, 0.45, 0.4)])
    )
    b = vary(rng, mix(a, rng.choice([(0.7, 0.6, 0.4), (0.05, 0.05, 0.06)]), 0.5))
    surface = Surface("carpet", roughness=1.0, wet=wet * 0.2)
    where = surface.place(1 / metre)
    pile = surface.noise(where, 220, 2, 0.8)
    shape = surface.cells(where, rng.uniform(4, 12), jitter=rng.choice([0.0, 1.0]))
    colour = surface.ramp(shape, (0.3, a), (0.34, b)) if rng.random() < 0.6 else a
    surface.colour(surface.blend(0.7, colour, surface.ramp(pile, (0.3, (0.5,) * 3), (0.7, (1.3,) * 3)), "MULTIPLY"))
    surface.bump(pile, 0.8, 0.006 * metre)
    return surface.material


def belt(rng: random.Random, metre: float, wet: float) -> Any:
    """Conveyor belt: rubber, fabric or PVC with a fine rib and stains."""
    base = vary(
        rng,
        rng.choice([(0.03, 0.03, 0.032), (0.05, 0.16, 0.1), (0.62, 0.62, 0.6), (0.05, 0.13, 0.3), (0.16, 0.16, 0.17)]),
    )
    surface = Surface("belt", roughness=rng.uniform(0.35, 0.7), wet=wet)
    where = surface.place(1 / metre)
    stains = surface.noise(where, 4, 6, 0.7)
    low = surface.ramp(
        stains, (0.35, mix(base, (0, 0, 0), 0.3)), (0.6, base), (0.78, mix(base, (0.5, 0.48, 0.45), 0.25))
    )
    pitch = rng.uniform(30, 90)
    rib = surface.math(
        "ABSOLUTE", surface.math("SINE", surface.math("MULTIPLY", surface.split(where)[0], pitch * 3.14))
    )
    surface.colour(surface.blend(0.25, low, surface.ramp(rib, (0.0, (0.4,) * 3), (0.3, (1.0,) * 3)), "MULTIPLY"))
    surface.bump(rib, 0.4, 0.002 * metre)
    return surface.material


def metal(rng: random.Random, metre: float, wet: float, colour: Colour | None = None) -> Any:
    """Brushed or scratched metal."""
    base = colour or vary(rng, rng.choice([(0.55, 0.55, 0.56), (0.4, 0.41, 0.42), (0.65, 0.63, 0.6)]), 0.08)
    surface = Surface("metal", roughness=rng.uniform(0.25, 0.5), wet=wet)
    brushed = surface.noise(surface.place((3 / metre, 160 / metre, 160 / metre)), 1.0, 4, 0.7)
    surface.colour(surface.ramp(brushed, (0.3, mix(base, (0, 0, 0), 0.35)), (0.7, base)))
    surface.set("Metallic", 0.9)
    return surface.material


def skin(rng: random.Random) -> Any:
    """Human skin, light to dark."""
    base = vary(
        rng,
        rng.choice([(0.68, 0.42, 0.31), (0.55, 0.32, 0.21), (0.38, 0.2, 0.12), (0.2, 0.1, 0.06), (0.74, 0.5, 0.4)]),
        0.08,
    )
    surface = Surface("skin", roughness=0.5)
    where = surface.place(1.0, local=True)
    blush = surface.noise(where, 3, 4)
    surface.colour(surface.ramp(blush, (0.35, mix(base, (0.5, 0.12, 0.08), 0.25)), (0.65, base)))
    surface.bump(surface.noise(where, 40, 3, 0.7), 0.25, 0.02)
    return surface.material


PAINTS: list[Colour] = [
    (0.7, 0.68, 0.64), (0.8, 0.8, 0.78), (0.45, 0.3, 0.16), (0.55, 0.42, 0.28), (0.42, 0.06, 0.05), (0.06, 0.13, 0.33),
    (0.07, 0.22, 0.13), (0.62, 0.43, 0.08), (0.05, 0.05, 0.06), (0.3, 0.32, 0.34), (0.16, 0.17, 0.19),
    (0.45, 0.26, 0.3), (0.12, 0.3, 0.34), (0.3, 0.2, 0.13),
]  # fmt: skip


def painted(rng: random.Random, metre: float, wet: float = 0.0) -> Any:
    """A thing of plastic, paint, card or paper in any colour, with some print or wear on it."""
    base = vary(rng, rng.choice(PAINTS))
    surface = Surface("painted", roughness=rng.uniform(0.2, 0.85), wet=wet)
    colour: Any = base
    where = surface.place(1.0, local=True)
    kind = rng.random()
    if kind < 0.35:
        line = surface.math("FRACT", surface.math("MULTIPLY", surface.split(where)[2], rng.uniform(0.6, 2)))
        edge = rng.uniform(0.2, 0.6)
        other = vary(rng, rng.choice([(0.85, 0.84, 0.8), (0.05, 0.05, 0.06), mix(base, (1, 1, 1), 0.5)]))
        colour = surface.ramp(
            line, (0.0, base), (edge, base), (edge + 0.01, other), (edge + 0.3, other), (edge + 0.31, base)
        )
    elif kind < 0.6:
        wear = surface.noise(where, 3, 6, 0.7)
        colour = surface.ramp(
            wear, (0.35, mix(base, (0, 0, 0), 0.35)), (0.55, base), (0.75, mix(base, (1, 1, 1), 0.15))
        )
    surface.colour(colour)
    return surface.material


def natural(rng: random.Random, wet: float) -> Any:
    """A stone."""
    base = vary(rng, rng.choice([(0.32, 0.3, 0.27), (0.42, 0.38, 0.32), (0.2, 0.19, 0.18), (0.36, 0.27, 0.2)]), 0.2)
    surface = Surface("stone", roughness=0.85, wet=wet)
    grain = surface.noise(surface.place(6.0, local=True), 2.0, 6, 0.7)
    surface.colour(surface.ramp(grain, (0.3, mix(base, (0, 0, 0), 0.45)), (0.7, mix(base, (0.8, 0.78, 0.72), 0.25))))
    return surface.material
