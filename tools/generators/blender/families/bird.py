"""Birds: a body, neck, head and beak, folded or spread wings, a tail, legs with toes, and what some bear."""

import math
from collections.abc import Callable

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers, Three, ball, tube
from tools.generators.blender.families.paints import surface
from tools.generators.blender.parts import Part, Sheet, Variation, Vec2


class Bird(Numbers):
    """Lengths over that of the trunk."""

    fat: float = Field(0.27, description="radius of the trunk")
    tilt: float = Field(25, description="degrees that the trunk stands up")
    neck: float = 0.2
    neck_up: float = Field(60, description="degrees")
    neck_thick: float = 0.12
    head: float = Field(0.3, description="diameter")
    beak: float = 0.18
    beak_thick: float = 0.06
    hook: float = Field(0.0, description="how far the beak's end turns down, over its length")
    flat_beak: int = Field(0, description="1: a duck's")
    legs: float = 0.35
    leg_thick: float = 0.022
    tail: float = 0.45
    tail_wide: float = 0.16
    tail_up: float = -10
    fan: int = Field(0, description="feathers of a spread tail")
    wing: float = Field(0.75, description="length of the folded wing")
    comb: float = 0.0
    crest: float = 0.0
    fly: float = Field(0.0, ge=0, le=1, description="share that flies")
    swim: float = Field(0.0, ge=0, le=1, description="share without visible legs")
    span: float = Field(1.5, description="length of a spread wing")
    face: float = Field(0.0, description="size of an owl's face discs")


def parts(n: Bird, rng: np.random.Generator) -> list[Part]:
    """The bird, looking along x."""
    flies = rng.uniform() < n.fly
    swims = not flies and rng.uniform() < n.swim
    rise = math.radians(5 if flies else n.tilt + rng.uniform(-6, 6))
    c, s = math.cos(rise), math.sin(rise)
    high = 0.0 if flies else (0.35 * n.fat if swims else n.legs + n.fat * 0.8)

    def along(x: float, z: float = 0.0) -> Three:
        return (x * c - z * s, 0.0, high + x * s + z * c)

    f = n.fat
    made: list[Part] = [
        tube(
            "feathers",
            [along(-0.42, 0.06), along(-0.2), along(0.05, -0.03), along(0.28), along(0.42, 0.08)],
            [0.35 * f, 0.8 * f, f, 0.92 * f, 0.5 * f],
            scale=(1, 0.9, 1),
            sides=18,
        ),
        ball("belly", along(0.12, -0.3 * f), (0.66, 1.7 * f, 1.72 * f), turn=(0, -math.degrees(rise), 0), detail=14),
    ]
    root = along(0.34, 0.1)
    up = math.radians(n.neck_up if not flies else min(n.neck_up, 15))
    bow = 0.22 * n.neck if n.neck > 0.5 else 0.0
    top = (root[0] + n.neck * math.cos(up), 0.0, root[2] + n.neck * math.sin(up))
    half = ((root[0] + top[0]) / 2 - bow, 0.0, (root[2] + top[2]) / 2 - 0.2 * bow)
    made.append(tube("head", [root, half, top], [f * 0.62, n.neck_thick * 1.05, n.neck_thick]))
    made += _head(n, top)
    made += _tail(n, along(-0.4, 0.06), rise)
    made += _wings(n, along, flies, rise)
    if not flies and not swims:
        for side in (-1, 1):
            y = side * 0.4 * f
            foot = (0.02, y, 0.0)
            made.append(
                tube(
                    "legs",
                    [(0.0, y, high - 0.3 * f), (-0.05, y, 0.55 * n.legs), foot],
                    [n.leg_thick * 2.4, n.leg_thick, n.leg_thick],
                    sides=8,
                )
            )
            for turn in (-32, 0, 32, 180):
                a = math.radians(turn)
                reach = 0.16 if turn != 180 else 0.08
                made.append(
                    tube(
                        "legs",
                        [foot, (0.02 + reach * math.cos(a), y + reach * math.sin(a), 0.005)],
                        [n.leg_thick * 0.9, n.leg_thick * 0.5],
                        sides=6,
                        smooth=False,
                    )
                )
    return made


def _head(n: Bird, top: Three) -> list[Part]:
    h = n.head
    x, z = top[0] + 0.1 * h, top[2] + 0.12 * h
    made: list[Part] = [ball("head", (x, 0, z), (h, 0.84 * h, 0.92 * h), detail=14)]
    start = (x + 0.38 * h, 0.0, z - 0.04 * h)
    middle = (start[0] + 0.6 * n.beak, 0.0, start[2] - 0.05 * n.beak)
    end = (start[0] + n.beak * (1 - 0.3 * n.hook), 0.0, start[2] - (0.14 + n.hook) * n.beak)
    if n.flat_beak:
        made.append(
            tube(
                "beak",
                [start, middle, (start[0] + n.beak, 0, start[2] - 0.18 * n.beak)],
                [n.beak_thick, n.beak_thick * 0.95, n.beak_thick * 1.1],
                flat=0.4,
            )
        )
    else:
        made.append(tube("beak", [start, middle, end], [n.beak_thick, n.beak_thick * 0.68, 0.004], sides=10))
    eye = 0.13 * h if not n.face else 0.26 * h
    for s in (-1, 1):
        if n.face:
            made.append(
                ball(
                    "belly",
                    (x + 0.3 * h, s * 0.2 * h, z + 0.04 * h),
                    (0.25 * h, n.face * h, n.face * 1.1 * h),
                    turn=(0, 0, 25 * s),
                )
            )
            made.append(ball("iris", (x + 0.41 * h, s * 0.22 * h, z + 0.06 * h), (0.14 * h, eye, eye), detail=8))
            made.append(
                ball("eye", (x + 0.47 * h, s * 0.23 * h, z + 0.06 * h), (0.09 * h, 0.6 * eye, 0.6 * eye), detail=7)
            )
        else:
            made.append(ball("eye", (x + 0.2 * h, s * 0.36 * h, z + 0.1 * h), (eye, eye * 0.8, eye), detail=7))
    if n.comb:
        for i, tall in enumerate((0.7, 1.0, 0.9, 0.6)):
            made.append(
                ball(
                    "comb",
                    (x + (0.26 - 0.19 * i) * h, 0, z + 0.46 * h),
                    (0.24 * h, 0.08 * h, n.comb * tall * 1.6),
                    detail=7,
                )
            )
        made.append(ball("comb", (x + 0.42 * h, 0, z - 0.42 * h), (0.14 * h, 0.12 * h, n.comb * 1.4), detail=7))
    if n.crest:
        made += [
            tube(
                "wing",
                [
                    (x - 0.1 * h, 0, z + 0.36 * h),
                    (x - 0.2 * h - 0.4 * n.crest * i, 0, z + 0.4 * h + n.crest * (1 - 0.25 * i)),
                ],
                [0.035, 0.012],
                sides=6,
                smooth=False,
            )
            for i in range(3)
        ]
    return made


def _tail(n: Bird, root: Three, rise: float) -> list[Part]:
    if n.fan:
        blade: list[Vec2] = [(0, -0.02), (0.75, -0.085), (1, -0.05), (1, 0.05), (0.75, 0.085), (0, 0.02)]
        made: list[Part] = []
        for i in range(n.fan):
            angle = math.radians(-100 + 200 * i / (n.fan - 1))
            c, s = math.cos(angle), math.sin(angle)
            turned = [(n.tail * x * c - y * s, n.tail * x * s + y * c) for x, y in blade]
            at = (root[0] - 0.02 - 0.004 * (i % 3), 0.0, root[2])
            made.append(Sheet(material="tail", outline=turned, thickness=0.012, smooth=True, turn=(0, -90, 0), at=at))
        return made
    lift = rise + math.radians(n.tail_up)
    end = (root[0] - n.tail * math.cos(lift), 0.0, root[2] - n.tail * math.sin(lift))
    mid = ((root[0] + end[0]) / 2, 0.0, (root[2] + end[2]) / 2 + 0.01)
    return [
        tube(
            "tail",
            [(root[0] + 0.08, 0, root[2]), mid, end],
            [n.tail_wide * 0.75, n.tail_wide * 0.8, n.tail_wide],
            flat=0.22,
        )
    ]


def _wings(n: Bird, along: Callable[[float, float], Three], flies: bool, rise: float) -> list[Part]:
    made: list[Part] = []
    for s in (-1, 1):
        if flies:
            w = n.span
            outline = [
                (0.22, 0),
                (0.3, 0.35 * w),
                (0.12, 0.75 * w),
                (-0.12, w),
                (-0.14, 0.8 * w),
                (-0.24, 0.62 * w),
                (-0.26, 0.35 * w),
                (-0.3, 0),
            ]
            outline = [(x, s * y) for x, y in (outline if s > 0 else outline[::-1])]
            made.append(
                Sheet(
                    material="wing", outline=outline, thickness=0.03, smooth=True, at=(0, 0, 0.1), turn=(14 * s, 0, 0)
                )
            )
            continue
        x, _, z = along(-0.08, 0.05 * n.fat)
        made.append(
            ball(
                "wing",
                (x, s * 0.84 * n.fat, z),
                (n.wing, 0.32 * n.fat, 1.15 * n.fat),
                turn=(0, -math.degrees(rise) + 4, -6 * s),
                detail=14,
            )
        )
        x, _, z = along(-0.08 - 0.42 * n.wing, 0.02)
        made.append(
            ball(
                "wing",
                (x, s * 0.5 * n.fat, z),
                (0.55 * n.wing, 0.12 * n.fat, 0.5 * n.fat),
                turn=(0, -math.degrees(rise) + 2, -14 * s),
            )
        )
    return made


FAMILY = Family(
    Bird,
    parts,
    {
        "feathers": surface("plumage", "#6a5440 #7a6248"),
        "belly": surface("plumage", "#6a5440"),
        "head": surface("plumage", "#6a5440"),
        "wing": surface("plumage", "#6a5440"),
        "tail": surface("plumage", "#6a5440"),
        "beak": surface("plastic", "#4a4238 #5a4c3a"),
        "legs": surface("plastic", "#7a5a40 #5a4a3c"),
        "eye": surface("gloss", "#0c0a0a"),
        "iris": surface("gloss", "#e8a81e"),
        "comb": surface("skin", "#c0201e"),
    },
    "feathers",
    contexts=("grass", "soil", "road", "sky", "studio"),
    variation=Variation(stretch=(0.04, 0.05, 0.04)),
    follows=("belly", "head", "wing", "tail"),
)
