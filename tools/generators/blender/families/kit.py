"""Things put together from a few solids, whose places the line of a name gives: tools, machines, instruments, shoes.

Every solid is a list of numbers that starts with its paint, 1 to 9 as in `PAINTS`; a negative one draws it on the other
side of the xz plane too, one with 10 added at all four corners. Where a solid has an axis, 0 is x, 1 is y and 2 is z.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from pydantic import Field, ValidationInfo, field_validator

from tools.generators.blender.families.base import Family, Numbers, Three, ball, tube
from tools.generators.blender.families.paints import surface
from tools.generators.blender.parts import Box, Lathe, Part, Ring, Sheet, Variation, Vec2, Vec3

PAINTS = ("body", "dark", "metal", "wood", "glass", "white", "screen", "accent", "gold")
CORNERS = 10  # added to a paint: at all four corners
LEAST_NUMBERS = {
    "box": 7,
    "ball": 7,
    "rod": 8,
    "wire": 8,
    "disc": 7,
    "ring": 7,
    "turned": 9,
    "spun": 9,
    "plate": 12,
    "leaf": 12,
}
TURN_OF_AXIS: tuple[Three, ...] = ((0.0, 90.0, 0.0), (-90.0, 0.0, 0.0), (0.0, 0.0, 0.0))  # z of a solid to the axis
TURN_OF_NORMAL: tuple[Three, ...] = ((90.0, 0.0, 90.0), (90.0, 0.0, 0.0), (0.0, 0.0, 0.0))  # xy of a sheet to a plane
Solid = tuple[float, ...]


class Kit(Numbers):
    """Solids; x is forward or the length, z up, in any unit."""

    long: float = Field(1.0, description="times the length along x; so for `wide` and `tall`")
    wide: float = 1.0
    tall: float = 1.0
    box: list[Solid] = Field(default_factory=list, description="paint, middle, size, rounding, degrees about y, x, z")
    ball: list[Solid] = Field(default_factory=list, description="paint, middle, size, degrees about y")
    rod: list[Solid] = Field(default_factory=list, description="paint, radius, points of a curve")
    wire: list[Solid] = Field(default_factory=list, description="paint, radius, points joined by straight pieces")
    disc: list[Solid] = Field(
        default_factory=list, description="paint, axis, middle, radius, height, radius at its top"
    )
    ring: list[Solid] = Field(default_factory=list, description="paint, axis, middle, radius, thickness")
    turned: list[Solid] = Field(default_factory=list, description="paint, axis, origin, (radius, height) with edges")
    spun: list[Solid] = Field(default_factory=list, description="the same with a curve through the points")
    plate: list[Solid] = Field(
        default_factory=list, description="paint, axis of its normal, origin, thickness, corners in the other two axes"
    )
    leaf: list[Solid] = Field(default_factory=list, description="the same, rounded through its corners")

    @field_validator(*LEAST_NUMBERS)
    @classmethod
    def _whole(cls, solids: list[Solid], info: ValidationInfo) -> list[Solid]:
        name = str(info.field_name)
        for solid in solids:
            if len(solid) < LEAST_NUMBERS[name] or not 1 <= abs(solid[0]) % CORNERS <= len(PAINTS):
                raise ValueError(f"a {name} starts with a paint, 1 to 9, and has {LEAST_NUMBERS[name]} numbers or more")
        return solids


class _Bent:
    """Where a point of the table lies on one object: each axis is stretched here and pressed there, in one go.

    Solids that touch still touch, for all of them go through the same three curves; y keeps its mirror.
    """

    def __init__(self, n: Kit, rng: np.random.Generator) -> None:
        self._share = rng.uniform(-1.5, 1.5, 3) * n.vary
        self._phase = (float(rng.uniform(0, 6.28)), 0.0, float(rng.uniform(0, 6.28)))
        self.scale = (n.long, n.wide, n.tall)

    def on(self, axis: int, value: float) -> float:
        """One coordinate."""
        turn = 2 * math.pi
        there = value + float(self._share[axis]) * math.sin(turn * value + self._phase[axis]) / turn
        return there * self.scale[axis]

    def at(self, point: Sequence[float]) -> Vec3:
        """A point."""
        return self.on(0, point[0]), self.on(1, point[1]), self.on(2, point[2])

    def points(self, flat: Sequence[float]) -> list[Three]:
        """Points written one number after the other."""
        return [self.at(flat[i : i + 3]) for i in range(0, len(flat) - 2, 3)]

    def span(self, middle: Sequence[float], size: Sequence[float]) -> tuple[Vec3, Vec3]:
        """Middle and size of what reaches from one point to another."""
        low = self.at([m - s / 2 for m, s in zip(middle, size, strict=True)])
        high = self.at([m + s / 2 for m, s in zip(middle, size, strict=True)])
        a, b, c = (((p + q) / 2, max(q - p, 1e-4)) for p, q in zip(low, high, strict=True))
        return (a[0], b[0], c[0]), (a[1], b[1], c[1])

    def round(self, axis: int) -> float:
        """How much wider what is round about an axis is."""
        first, second = (s for i, s in enumerate(self.scale) if i != axis)
        return math.sqrt(first * second)


def parts(n: Kit, rng: np.random.Generator) -> list[Part]:
    """The solids of one object, each on as many sides as its paint says."""
    bent = _Bent(n, rng)
    made: list[Part] = []
    for name in LEAST_NUMBERS:
        for solid in getattr(n, name):
            code = int(solid[0])
            for sx, sy in _sides(code):
                made.append(_part(name, PAINTS[abs(code) % CORNERS - 1], list(solid[1:]), sx, sy, bent))
    return made


def _sides(code: int) -> list[tuple[int, int]]:
    if code > CORNERS:
        return [(1, 1), (-1, 1), (1, -1), (-1, -1)]
    return [(1, 1), (1, -1)] if code < 0 else [(1, 1)]


def _part(name: str, paint: str, v: list[float], sx: int, sy: int, bent: _Bent) -> Part:
    side = (sx, sy, 1)
    match name:
        case "box" | "ball":
            middle, size = bent.span([a * s for a, s in zip(v[:3], side, strict=True)], v[3:6])
            more = v[6:]
            if name == "ball":
                turn = (0.0, more[0] * sx, 0.0) if more else (0.0, 0.0, 0.0)
                return ball(paint, middle, size, turn=turn, detail=14 if max(v[3:6]) > 0.3 else 9)
            tilt = [*more[1:4], 0.0, 0.0, 0.0][:3]
            return Box(
                material=paint,
                at=middle,
                size=size,
                bevel=more[0] if more else 0.1,
                turn=(tilt[1] * sy, tilt[0] * sx, tilt[2] * sx * sy),
            )
        case "rod" | "wire":
            points = [(x * sx, y * sy, z) for x, y, z in zip(v[1::3], v[2::3], v[3::3], strict=True)]
            path = [bent.at(p) for p in points]
            curved = name == "rod" and len(path) > 2
            return tube(paint, path, [v[0]], smooth=curved, sides=10)
        case "disc":
            axis, r = int(v[0]), v[4] * bent.round(int(v[0]))
            half = v[5] / 2 * bent.scale[axis]
            top = v[6] * bent.round(axis) if len(v) > 6 else r
            rows: list[Vec2] = [(0, -half), (r, -half), (top, half), (0, half)]
            return _lathe(paint, axis, v[1:4], rows, side, bent, smooth=False)
        case "ring":
            axis = int(v[0])
            return Ring(
                material=paint,
                radius=v[4] * bent.round(axis),
                thickness=v[5],
                turn=TURN_OF_AXIS[axis],
                at=bent.at([a * s for a, s in zip(v[1:4], side, strict=True)]),
            )
        case "turned" | "spun":
            axis = int(v[0])
            wide, high = bent.round(axis), bent.scale[axis]
            rows = [(r * wide, h * high) for r, h in zip(v[4::2], v[5::2], strict=True)]
            return _lathe(paint, axis, v[1:4], rows, side, bent, smooth=name == "spun")
        case _:
            return _sheet(paint, v, side, bent, smooth=name == "leaf")


def _lathe(paint: str, axis: int, at: list[float], rows: list[Vec2], side: Three, bent: _Bent, *, smooth: bool) -> Part:
    if (axis == 1 and side[1] < 0) or (axis == 0 and side[0] < 0):  # its other side is turned round, not only moved
        rows = [(r, -h) for r, h in rows[::-1]]
    where = bent.at([a * s for a, s in zip(at, side, strict=True)])
    return Lathe(material=paint, profile=rows, smooth=smooth, turn=TURN_OF_AXIS[axis], at=where, segments=28)


def _sheet(paint: str, v: list[float], side: Three, bent: _Bent, *, smooth: bool) -> Part:
    normal, thick = int(v[0]), v[4]
    axes = [i for i in range(3) if i != normal]
    corners = [
        tuple((v[1 + axis] + value) * side[axis] for axis, value in zip(axes, pair, strict=True))
        for pair in zip(v[5::2], v[6::2], strict=True)
    ]
    if sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise([*corners, corners[0]])) < 0:
        corners = corners[::-1]  # a mirrored outline runs the other way round
    outline: list[Vec2] = [(bent.on(axes[0], a), bent.on(axes[1], b)) for a, b in corners]
    at = [0.0, 0.0, 0.0]
    at[normal] = bent.on(normal, v[1 + normal] * side[normal])
    return Sheet(
        material=paint,
        outline=outline,
        smooth=smooth,
        thickness=thick,
        turn=TURN_OF_NORMAL[normal],
        at=(at[0], at[1], at[2]),
    )


FAMILY = Family(
    Kit,
    parts,
    {
        "body": surface("plastic", "#b3202a #1f4e9c #2f7a3a"),
        "dark": surface("plastic", "#1c1c1e #2a2a2c"),
        "metal": surface("metal", "#b0b3b7 #9fa3a8"),
        "wood": surface("wood", "#a8763f #b98b55"),
        "glass": surface("glass", "#e8f0f2"),
        "white": surface("plastic", "#f0efeb"),
        "screen": surface("gloss", "#101418 #182028"),
        "accent": surface("plastic", "#b3202a #e8bf22"),
        "gold": surface("metal", "#c9a02e #d6b04a"),
    },
    "body",
    variation=Variation(stretch=(0.03, 0.03, 0.03)),
)
