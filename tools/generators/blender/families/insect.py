"""Insects, spiders and their like: head, thorax, abdomen, bent legs, feelers, wings."""

import math
from typing import Literal

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers, Three, ball, tube
from tools.generators.blender.families.paints import surface
from tools.generators.blender.parts import Cluster, Part, Sheet, Variation

Wings = Literal["none", "fly", "bee", "butterfly", "dragonfly", "shell", "folded"]


class Insect(Numbers):
    """Lengths over that of the body."""

    head: float = 0.18
    head_wide: float = 1.0
    thorax: float = 0.24
    thorax_wide: float = 0.9
    abdomen: float = 0.45
    abdomen_wide: float = Field(0.6, description="width over length")
    waist: float = Field(0.0, description="length of a thin waist")
    high: float = Field(0.8, description="height over width of every segment")
    legs: int = Field(6, ge=0, le=8)
    leg: float = Field(0.5, description="reach of a leg")
    leg_thick: float = 0.016
    hop: float = Field(0.0, description="size of a grasshopper's hind legs")
    feelers: float = 0.25
    wings: Wings = "none"
    wing: float = 0.7
    eyes: float = Field(0.08, description="diameter of each")
    claws: float = 0.0
    dots: int = Field(0, description="dots on the wing cases")
    sting: float = Field(0.0, description="length of a scorpion's raised tail")
    segments: int = Field(0, description="balls of a caterpillar or worm")


def parts(n: Insect, rng: np.random.Generator) -> list[Part]:
    """The animal, looking along x, seen best from above."""
    if n.segments:
        return _caterpillar(n, rng)
    lift = 0.55 * n.abdomen * n.abdomen_wide * n.high + 0.03
    x = 0.0
    thorax_x = x
    head_x = x + n.thorax / 2 + n.head * 0.42
    tail_x = x - n.thorax / 2 - n.waist - n.abdomen * 0.44
    wide = n.thorax * n.thorax_wide
    made: list[Part] = [
        ball("thorax", (thorax_x, 0, lift), (n.thorax, wide, wide * n.high), detail=12),
        ball("head", (head_x, 0, lift), (n.head, n.head * n.head_wide, n.head * n.head_wide * n.high), detail=12),
        ball(
            "body",
            (tail_x, 0, lift),
            (n.abdomen, n.abdomen * n.abdomen_wide, n.abdomen * n.abdomen_wide * n.high),
            detail=16,
            turn=(0, 6, 0),
        ),
    ]
    if n.waist:
        made.append(tube("thorax", [(thorax_x, 0, lift), (tail_x, 0, lift)], [0.03], smooth=False, sides=8))
    for s in (-1, 1):
        if n.eyes:
            made.append(
                ball(
                    "eye",
                    (head_x + 0.22 * n.head, s * 0.4 * n.head * n.head_wide, lift + 0.15 * n.head),
                    n.eyes,
                    detail=8,
                )
            )
        if n.feelers:
            start = (head_x + 0.35 * n.head, s * 0.2 * n.head, lift + 0.15 * n.head)
            bend = (start[0] + 0.5 * n.feelers, s * (0.2 * n.head + 0.35 * n.feelers), lift + 0.35 * n.feelers)
            made.append(
                tube(
                    "legs",
                    [
                        start,
                        bend,
                        (start[0] + n.feelers, s * (0.2 * n.head + 0.6 * n.feelers), lift + 0.25 * n.feelers),
                    ],
                    [0.012, 0.008],
                    sides=5,
                )
            )
    made += _legs(n, lift, wide, rng)
    made += _wings(n, lift, wide, tail_x)
    if n.claws:
        made += _claws(n, head_x, lift)
    if n.sting:
        path: list[Three] = [
            (tail_x - 0.4 * n.abdomen, 0, lift),
            (tail_x - 0.5 * n.abdomen - 0.35 * n.sting, 0, lift + 0.25 * n.sting),
            (tail_x - 0.4 * n.abdomen - 0.3 * n.sting, 0, lift + 0.75 * n.sting),
            (tail_x - 0.3 * n.abdomen, 0, lift + n.sting),
            (tail_x, 0, lift + 0.85 * n.sting),
        ]
        made.append(tube("body", path, [0.055, 0.05, 0.05, 0.05, 0.008], sides=10))
    return made


def _legs(n: Insect, lift: float, wide: float, rng: np.random.Generator) -> list[Part]:
    made: list[Part] = []
    pairs = n.legs // 2
    for i in range(pairs):
        turn = math.radians(58 - 116 * i / max(pairs - 1, 1))
        for s in (-1, 1):
            a = turn + math.radians(rng.uniform(-9, 9))
            root = (n.thorax * (0.3 - 0.6 * i / max(pairs - 1, 1)), s * wide * 0.35, lift * 0.9)
            reach = n.leg * (1.12 if i in (0, pairs - 1) else 0.95)
            knee = (root[0] + 0.5 * reach * math.sin(a), root[1] + s * 0.5 * reach * math.cos(a), lift + 0.22 * reach)
            foot = (root[0] + reach * math.sin(a) * 1.05, root[1] + s * reach * math.cos(a), 0.0)
            t = n.leg_thick
            made.append(tube("legs", [root, knee], [t * 1.4, t * 1.1], sides=6, smooth=False))
            made.append(tube("legs", [knee, foot], [t, t * 0.55], sides=6, smooth=False))
    if n.hop:
        for s in (-1, 1):
            hip = (-0.05, s * wide * 0.5, lift)
            knee = (-0.3 * n.hop - 0.1, s * (wide * 0.6 + 0.05), lift + 0.6 * n.hop)
            foot = (-0.85 * n.hop, s * (wide * 0.7 + 0.08), 0.0)
            made.append(tube("body", [hip, knee], [0.055 * n.hop / 0.5, 0.02], sides=8, smooth=False))
            made.append(tube("legs", [knee, foot], [0.016, 0.01], sides=6, smooth=False))
    return made


def _wing(material: str, outline: list[tuple[float, float]], s: int, **kwargs: object) -> Part:
    turned = [(x, s * y) for x, y in (outline if s > 0 else outline[::-1])]
    return Sheet.model_validate({"material": material, "outline": turned, "smooth": True, "thickness": 0.01, **kwargs})


def _wings(n: Insect, lift: float, wide: float, tail_x: float) -> list[Part]:
    made: list[Part] = []
    w = n.wing
    top = lift + 0.4 * wide * n.high
    for s in (-1, 1):
        match n.wings:
            case "fly" | "bee":
                spread = 35 if n.wings == "fly" else 62
                outline = [
                    (0, -0.03),
                    (-0.5 * w, -0.12 * w),
                    (-w, -0.05 * w),
                    (-0.95 * w, 0.16 * w),
                    (-0.4 * w, 0.14 * w),
                    (0, 0.03),
                ]
                made.append(_wing("wing", outline, s, at=(0.03, s * 0.3 * wide, top), turn=(6 * s, 4, -spread * s)))
                if n.wings == "bee":
                    made.append(
                        _wing(
                            "wing",
                            [(x * 0.7, y * 0.8) for x, y in outline],
                            s,
                            at=(-0.06, s * 0.3 * wide, top - 0.01),
                            turn=(6 * s, 4, -38 * s),
                        )
                    )
            case "butterfly":
                fore = [
                    (0.06, 0),
                    (0.3 * w, 0.5 * w),
                    (0.52 * w, 0.95 * w),
                    (0.3 * w, 1.02 * w),
                    (0.0, 0.75 * w),
                    (-0.12 * w, 0.3 * w),
                    (-0.06, 0),
                ]
                hind = [
                    (-0.02, 0),
                    (0.0, 0.4 * w),
                    (-0.12 * w, 0.72 * w),
                    (-0.45 * w, 0.66 * w),
                    (-0.6 * w, 0.35 * w),
                    (-0.4 * w, 0.1 * w),
                    (-0.12, 0),
                ]
                made.append(_wing("body", fore, s, at=(0, 0, lift), turn=(20 * s, 0, 0)))
                made.append(_wing("hind", hind, s, at=(0, 0, lift - 0.012), turn=(16 * s, 0, 0)))
            case "dragonfly":
                fore = [
                    (0.03, 0),
                    (0.1 * w, 0.5 * w),
                    (0.06 * w, w),
                    (-0.06 * w, 0.98 * w),
                    (-0.1 * w, 0.5 * w),
                    (-0.03, 0),
                ]
                made += [_wing("wing", fore, s, at=(x, 0, top), turn=(8 * s, 0, 0)) for x in (0.07, -0.09)]
            case "shell":
                half = n.abdomen * n.abdomen_wide
                made.append(
                    ball(
                        "shell",
                        (tail_x + 0.03, s * 0.008, lift + 0.02),
                        (n.abdomen * 1.06, half * 1.08, half * n.high * 1.16),
                        detail=16,
                        turn=(0, 6, 3 * s),
                    )
                )
            case "folded":
                made.append(
                    ball(
                        "shell",
                        (tail_x - 0.06, s * 0.1 * wide, lift + 0.3 * n.abdomen * n.abdomen_wide * n.high),
                        (w, 0.5 * wide, 0.08),
                        turn=(12 * s, 6, 4 * s),
                    )
                )
            case _:
                pass
    if n.wings == "shell":
        if n.dots:
            half = n.abdomen * n.abdomen_wide
            dot = ball("seam", (0, 0, 0), (0.17 * half, 0.17 * half, 0.02), detail=6)
            size = (n.abdomen * 1.06, half * 1.1, half * n.high * 0.58)
            at = (tail_x + 0.03, 0.0, lift + 0.02 + size[2] / 2)
            made.append(
                Cluster(parts=[dot], count=n.dots, on="dome", size=size, at=at, size_jitter=0.2, place_jitter=0.2)
            )
        made.append(
            tube(
                "seam",
                [
                    (tail_x + 0.48 * n.abdomen, 0, lift + 0.2 * n.abdomen * n.abdomen_wide * n.high),
                    (tail_x, 0, lift + 0.61 * n.abdomen * n.abdomen_wide * n.high),
                    (tail_x - 0.5 * n.abdomen, 0, lift + 0.1),
                ],
                [0.012],
                sides=6,
            )
        )
    return made


def _claws(n: Insect, head_x: float, lift: float) -> list[Part]:
    made: list[Part] = []
    c = n.claws
    for s in (-1, 1):
        elbow = (head_x + 0.25 * c, s * (0.25 + 0.5 * c), lift + 0.08)
        hand = (head_x + 0.7 * c, s * (0.22 + 0.35 * c), lift + 0.05)
        made.append(tube("body", [(head_x - 0.1, s * 0.12, lift), elbow, hand], [0.035, 0.04, 0.05], sides=8))
        made.append(
            ball("body", (hand[0] + 0.12 * c, hand[1], hand[2]), (0.38 * c, 0.22 * c, 0.16 * c), turn=(0, 0, -14 * s))
        )
        for tip in (-0.11, 0.09):
            made.append(
                tube(
                    "body",
                    [
                        (hand[0] + 0.2 * c, hand[1] + tip * 0.7 * c, hand[2]),
                        (hand[0] + 0.4 * c, hand[1] + tip * 1.3 * c, hand[2]),
                        (hand[0] + 0.56 * c, hand[1] + tip * 0.25 * c, hand[2]),
                    ],
                    [0.07 * c, 0.055 * c, 0.01],
                    sides=8,
                )
            )
    return made


def _caterpillar(n: Insect, rng: np.random.Generator) -> list[Part]:
    made: list[Part] = []
    r = 0.5 * n.abdomen_wide / 3
    path: list[Three] = []
    phase, wave = rng.uniform(0, 6.28), rng.uniform(0.05, 0.14)
    for i in range(n.segments):
        t = i / (n.segments - 1)
        path.append((0.5 - t, wave * math.sin(5 * t + phase), r + 0.06 * max(0.0, math.sin(6.28 * t)) * n.high))
    if n.legs == 0:
        made.append(tube("body", path[:: max(1, n.segments // 14)], [r * 0.55, r, r, r, r * 0.9, r * 0.4], sides=14))
        return made
    made += [ball("body", p, (1.5 / n.segments, 2 * r, 2 * r), detail=9) for p in path]
    made.append(ball("head", (path[0][0] + r * 0.9, path[0][1], path[0][2]), 1.7 * r, detail=9))
    for p in path[1:-1:2]:
        made += [
            tube(
                "legs",
                [(p[0], p[1] + s * 0.6 * r, p[2] - 0.4 * r), (p[0], p[1] + s * 0.9 * r, 0)],
                [0.2 * r],
                sides=6,
                smooth=False,
            )
            for s in (-1, 1)
        ]
    return made


FAMILY = Family(
    Insect,
    parts,
    {
        "body": surface("gloss", "#1e1a18 #2a221c"),
        "thorax": surface("gloss", "#1e1a18"),
        "head": surface("gloss", "#1e1a18"),
        "legs": surface("plastic", "#1a1614 #2a201a"),
        "shell": surface("gloss", "#b8201c"),
        "seam": surface("plastic", "#141212"),
        "eye": surface("gloss", "#1a1010"),
        "wing": surface("glass", "#d8dcdc", transparency=0.6),
        "hind": surface("fabric", "#d8801e"),
    },
    "body",
    contexts=("grass", "bush", "soil", "table", "studio"),
    rests=("upright",),
    variation=Variation(stretch=(0.06, 0.06, 0.04)),
    follows=("thorax", "head", "hind"),
)
