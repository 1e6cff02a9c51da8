"""Prepared food: pizza, rings, cakes, things in a bun, sandwiches, rolls, sausages, sushi, scoops in a cone."""

import math
from typing import Literal

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers, ball, block, tube
from tools.generators.blender.families.paints import surface
from tools.generators.blender.parts import Box, Cluster, Lathe, Part, Ring, Sheet, Variation, Vec2

Kind = Literal[
    "pizza",
    "slice",
    "ring",
    "cake",
    "wedge",
    "cupcake",
    "hot dog",
    "burger",
    "sandwich",
    "roll",
    "loaf",
    "sausage",
    "cone",
    "pretzel",
    "sushi",
    "fried egg",
    "fries",
    "pancakes",
    "dumpling",
    "skewer",
]


class Food(Numbers):
    """Lengths over the whole."""

    kind: Kind = "pizza"
    wide: float = 0.5
    high: float = 0.2
    count: int = Field(10, description="toppings, candles, scoops, pieces")
    bend: float = 0.0


def _sprinkled(
    material: str, n: Food, radius: float, z: float, size: float, rng: np.random.Generator, flat: float = 0.35
) -> list[Part]:
    made: list[Part] = []
    for i in range(n.count):
        r = radius * math.sqrt((i + 0.5) / n.count)
        a = 2.4 * i + float(rng.uniform(-0.3, 0.3))
        made.append(ball(material, (r * math.cos(a), r * math.sin(a), z), (size, size, size * flat), detail=7))
    return made


def parts(n: Food, rng: np.random.Generator) -> list[Part]:
    """One portion, upright."""
    w, h = n.wide, n.high
    match n.kind:
        case "pizza":
            base = Lathe(
                material="crust",
                profile=[(0, 0), (0.46, 0), (0.5, 0.03), (0.49, 0.055), (0.44, 0.05), (0.43, 0.035), (0, 0.035)],
                segments=48,
            )
            cheese = Lathe(material="main", profile=[(0.44, 0.034), (0.4, 0.045), (0, 0.047)], segments=48)
            leaves = [
                ball(
                    "green",
                    (0.3 * math.cos(a), 0.3 * math.sin(a), 0.055),
                    (0.08, 0.045, 0.012),
                    turn=(0, 0, math.degrees(a) * 2),
                    detail=6,
                )
                for a in rng.uniform(0, 6.28, 6).tolist()
            ]
            return [base, cheese, *_sprinkled("top", n, 0.38, 0.05, 0.1, rng, 0.16), *leaves]
        case "slice":
            tri: list[Vec2] = [(0, -0.5), (0.26, 0.36), (-0.26, 0.36)]
            spots = [(0.0, -0.12), (0.1, 0.2), (-0.1, 0.16), (0.0, 0.06)]
            return [
                Sheet(material="main", outline=tri, thickness=0.05),
                tube("crust", [(-0.27, 0.38, 0.01), (0, 0.42, 0.015), (0.27, 0.38, 0.01)], [0.055]),
                *[
                    Lathe(
                        material="top", profile=[(0, 0.04), (0.065, 0.038), (0.065, 0.02)], smooth=False, at=(x, y, 0)
                    )
                    for x, y in spots
                ],
            ]
        case "ring":
            r = 0.36
            glaze = Ring(material="main", radius=r, thickness=0.27, flat=0.75, at=(0, 0, 0.022), segments=40)
            dots: list[Part] = []
            for i in range(n.count):
                a = 2.4 * i
                d = r + float(rng.uniform(-0.07, 0.07))
                dots.append(
                    tube(
                        f"dot{i % 3 + 1}",
                        [
                            (d * math.cos(a), d * math.sin(a), 0.117),
                            (d * math.cos(a) + 0.03, d * math.sin(a) + 0.02 * (-1) ** i, 0.118),
                        ],
                        [0.008],
                        sides=5,
                        smooth=False,
                    )
                )
            return [Ring(material="crust", radius=r, thickness=0.28, flat=0.72, segments=40), glaze, *dots]
        case "cake":
            made: list[Part] = [
                Lathe(
                    material="main",
                    profile=[(0, 0), (0.45, 0), (0.46, 0.02), (0.46, h * 1.6), (0.43, h * 1.66), (0, h * 1.66)],
                    segments=48,
                    smooth=False,
                )
            ]
            made += [Ring(material="cream", radius=0.44, thickness=0.07, at=(0, 0, z)) for z in (0.02, h * 1.66)]
            for i in range(n.count):
                a = 2 * math.pi * i / n.count
                x, y = 0.3 * math.cos(a), 0.3 * math.sin(a)
                made.append(ball("top", (x, y, h * 1.7 + 0.02), (0.08, 0.08, 0.08)))
            if rng.uniform() < 0.5:
                for i in range(5):
                    x, y = 0.13 * math.cos(1.26 * i), 0.13 * math.sin(1.26 * i)
                    made += [
                        tube(f"dot{i % 3 + 1}", [(x, y, h * 1.6), (x, y, h * 1.6 + 0.2)], [0.015], smooth=False),
                        ball("flame", (x, y, h * 1.6 + 0.24), (0.025, 0.025, 0.06), detail=6),
                    ]
            return made
        case "wedge":
            tri = [(-0.5, 0), (0.42, 0.24), (0.46, 0), (0.42, -0.24)][::-1]
            layers = [("main", 0.08), ("cream", 0.18), ("main", 0.27), ("cream", 0.37)]
            return [
                *[
                    Sheet(material=m, outline=tri, thickness=0.12 if m == "main" else 0.05, at=(0, 0, z))
                    for m, z in layers
                ],
                ball("top", (0.25, 0, 0.42), 0.1),
            ]
        case "cupcake":
            return [
                Lathe(
                    material="crust",
                    profile=[(0, -0.4), (0.24, -0.4), (0.34, 0.02), (0, 0.02)],
                    smooth=False,
                    lobes=20,
                    lobe_depth=0.08,
                ),
                Lathe(
                    material="main",
                    profile=[
                        (0.37, 0.0),
                        (0.38, 0.08),
                        (0.28, 0.14),
                        (0.3, 0.22),
                        (0.18, 0.28),
                        (0.19, 0.34),
                        (0.06, 0.42),
                        (0, 0.45),
                    ],
                    lobes=9,
                    lobe_depth=0.08,
                ),
                ball("top", (0, 0, 0.46), 0.11),
            ]
        case "hot dog":
            halves: list[Part] = [
                tube(
                    "crust",
                    [(-0.42, 0.075 * s, 0), (0, 0.09 * s, -0.01), (0.42, 0.075 * s, 0)],
                    [0.085, 0.11, 0.085],
                    sides=14,
                )
                for s in (-1, 1)
            ]
            zigzag = [(-0.38 + 0.076 * i, 0.035 * (-1) ** i, 0.135) for i in range(11)]
            return [
                *halves,
                tube("main", [(-0.46, 0, 0.06), (0, 0, 0.045), (0.46, 0, 0.06)], [0.075], sides=14),
                tube("sauce", zigzag, [0.016], sides=6),
            ]
        case "burger":
            bun_top: list[Vec2] = [(0, 0.16), (0.44, 0.16), (0.47, 0.22), (0.4, 0.34), (0.2, 0.43), (0, 0.45)]
            seeds = Cluster(
                parts=[ball("cream", (0, 0, 0), (0.03, 0.018, 0.012), detail=4)],
                count=34,
                on="dome",
                size=(0.82, 0.82, 0.25),
                at=(0, 0, 0.33),
                place_jitter=0.4,
            )
            leaf = Lathe(
                material="green",
                profile=[(0.3, 0.07), (0.5, 0.06), (0.52, 0.085), (0.3, 0.09)],
                lobes=14,
                lobe_depth=0.12,
            )
            return [
                Lathe(material="crust", profile=[(0, -0.3), (0.4, -0.3), (0.46, -0.22), (0.45, -0.14), (0, -0.13)]),
                Lathe(material="main", profile=[(0, -0.13), (0.46, -0.13), (0.49, -0.05), (0.46, 0.02), (0, 0.03)]),
                Sheet(
                    material="sauce",
                    outline=[(-0.47, -0.47), (0.47, -0.47), (0.47, 0.47), (-0.47, 0.47)],
                    thickness=0.03,
                    at=(0, 0, 0.045),
                    turn=(0, 0, 30),
                ),
                leaf,
                Lathe(material="top", profile=[(0, 0.09), (0.42, 0.09), (0.43, 0.12), (0.42, 0.16), (0, 0.16)]),
                Lathe(material="crust", profile=bun_top),
                seeds,
            ]
        case "sandwich":
            tri = [(-0.48, -0.3), (0.48, -0.3), (0.0, 0.34)]
            stack = [
                ("crust", 0.0, 0.1, 1.0),
                ("green", 0.07, 0.035, 1.06),
                ("top", 0.105, 0.05, 0.98),
                ("sauce", 0.145, 0.03, 1.04),
                ("crust", 0.21, 0.1, 1.0),
            ]
            return [
                Sheet(
                    material=m,
                    outline=[(x * k, y * k) for x, y in tri],
                    thickness=t,
                    at=(0, 0, z),
                    ripple=0.02 if m == "green" else 0.0,
                )
                for m, z, t, k in stack
            ]
        case "roll":
            path = [(-0.46, -0.16, 0), (-0.28, 0.06, 0), (0, 0.14, 0.0), (0.28, 0.06, 0), (0.46, -0.16, 0)]
            return [
                tube("main", path, [0.03, 0.12, 0.17, 0.12, 0.03], sides=16),
                *[
                    Ring(material="main", radius=r * 0.82, thickness=0.06, turn=(0, 90, t), at=(x, y, 0))
                    for x, y, r, t in (
                        (-0.24, 0.08, 0.135, 25),
                        (-0.1, 0.12, 0.165, 10),
                        (0.1, 0.12, 0.165, -10),
                        (0.24, 0.08, 0.135, -25),
                    )
                ],
            ]
        case "loaf":
            cuts: list[Part] = [
                tube(
                    "crust",
                    [(x - 0.05, -w * 0.3, h * 0.82), (x, 0, h * 0.98), (x + 0.05, w * 0.3, h * 0.82)],
                    [0.014, 0.024, 0.014],
                    sides=6,
                )
                for x in np.linspace(-0.3, 0.3, n.count).tolist()
            ]
            return [
                tube(
                    "main",
                    [(-0.46, 0, 0), (-0.3, 0, 0), (0, 0, 0.01), (0.3, 0, 0), (0.46, 0, 0)],
                    [h * 0.6, h * 0.95, h, h * 0.95, h * 0.6],
                    scale=(1, w / h, 1),
                    sides=18,
                ),
                *cuts,
            ]
        case "sausage":
            return [
                tube("main", [(-0.46, -0.06, 0), (0, 0.05, 0), (0.46, -0.06, 0)], [h * 0.8, h, h * 0.8], sides=16),
                *[ball("main", (s * (0.46 + h), -0.07, 0), (0.05, 0.03, 0.03)) for s in (-1, 1)],
            ]
        case "cone":
            scoops = [
                ball(("main", "top", "cream")[i % 3], (0.02 * (-1) ** i, 0, 0.12 + 0.2 * i), 0.36 - 0.02 * i, detail=14)
                for i in range(n.count)
            ]
            return [
                Lathe(material="crust", profile=[(0, -0.5), (0.17, 0.06), (0.18, 0.1), (0, 0.1)], smooth=False),
                *scoops,
            ]
        case "pretzel":
            knot = [
                (-0.05, -0.28, 0.05),
                (0.3, 0.02, 0.0),
                (0.36, 0.26, 0),
                (0.16, 0.34, 0),
                (0.0, 0.1, 0.03),
                (-0.16, -0.1, 0.05),
                (-0.34, -0.2, 0),
                (-0.44, 0.06, 0),
                (-0.3, 0.32, 0),
                (-0.1, 0.3, 0),
                (0.02, 0.08, 0.06),
                (0.14, -0.1, 0.05),
                (0.34, -0.22, 0.0),
            ]
            return [tube("main", [(x, y - 0.02, z) for x, y, z in knot], [0.05, 0.075, 0.085, 0.075, 0.05], sides=12)]
        case "sushi":
            return [
                Box(material="cream", size=(0.9, 0.42, 0.3), bevel=0.45, at=(0, 0, 0)),
                tube(
                    "main",
                    [(-0.52, 0, 0.14), (-0.3, 0, 0.21), (0.3, 0, 0.21), (0.52, 0, 0.14)],
                    [0.2, 0.23, 0.23, 0.19],
                    flat=0.35,
                ),
                *([block("green", (0, 0, 0.06), (0.14, 0.5, 0.42), bevel=0.2)] if n.count > 4 else []),
            ]
        case "fried egg":
            blob = [
                (
                    0.5 * (1 + 0.16 * math.sin(3 * a + 1) + 0.1 * math.sin(5 * a)) * math.cos(a),
                    0.46 * (1 + 0.16 * math.sin(3 * a + 1)) * math.sin(a),
                )
                for a in np.linspace(0, 5.98, 20).tolist()
            ]
            return [
                Sheet(material="cream", outline=blob, thickness=0.035, smooth=True),
                Lathe(material="main", profile=[(0.2, 0.015), (0.17, 0.08), (0.08, 0.12), (0, 0.125)], at=(0.03, 0, 0)),
            ]
        case "fries":
            made = [Box(material="top", size=(0.2, 0.42, 0.42), taper=1.25, bevel=0.06, at=(0, 0, -0.22))]
            for i in range(18):
                y, x = -0.2 + 0.4 * (i % 9) / 8, -0.05 + 0.1 * (i // 9)
                tall = float(rng.uniform(0.36, 0.6))
                made.append(
                    block(
                        "main",
                        (x, y, tall / 2 - 0.1),
                        (0.05, 0.045, tall),
                        bevel=0.1,
                        turn=(float(rng.uniform(-9, 9)), float(rng.uniform(-7, 7)), 0),
                    )
                )
            return made
        case "pancakes":
            made = [
                Lathe(
                    material="main",
                    profile=[(0, z), (0.44, z), (0.47, z + 0.03), (0.44, z + 0.065), (0, z + 0.07)],
                    at=(float(rng.uniform(-0.03, 0.03)), float(rng.uniform(-0.03, 0.03)), 0),
                )
                for z in np.arange(n.count) * 0.07
            ]
            z = n.count * 0.07
            return [
                *made,
                block("cream", (0, 0, z + 0.03), (0.15, 0.15, 0.06), bevel=0.2),
                Lathe(
                    material="sauce",
                    profile=[(0.33, z + 0.002), (0.28, z + 0.012), (0, z + 0.012)],
                    lobes=7,
                    lobe_depth=0.3,
                ),
            ]
        case "dumpling":
            return [
                tube(
                    "main",
                    [(-0.42, -0.06, 0.02), (-0.15, 0.04, 0.04), (0.15, 0.04, 0.04), (0.42, -0.06, 0.02)],
                    [0.05, 0.19, 0.19, 0.05],
                    sides=16,
                ),
                *[
                    ball("main", (x, -0.02 * abs(x), 0.2 - 0.5 * x * x), (0.1, 0.07, 0.12), detail=7)
                    for x in np.linspace(-0.32, 0.32, 7).tolist()
                ],
            ]
        case _:
            pieces = [
                ball(
                    ("main", "green", "top")[i % 3],
                    (0, 0, -0.3 + 0.7 * i / n.count),
                    (0.19, 0.17, 0.6 / n.count),
                    detail=8,
                )
                for i in range(n.count)
            ]
            return [tube("crust", [(0, 0, -0.5), (0, 0, 0.5)], [0.012], smooth=False), *pieces]


FAMILY = Family(
    Food,
    parts,
    {
        "main": surface("wax", "#e8c050"),
        "crust": surface("clay", "#c8904a #b87c38"),
        "top": surface("fruit", "#b3281e #c8382a"),
        "green": surface("skin", "#5a9a34 #4a8a2a"),
        "cream": surface("wax", "#f4efe2"),
        "sauce": surface("gloss", "#e8b01e"),
        "dot1": surface("plastic", "#e84a7a"),
        "dot2": surface("plastic", "#4aa8e8"),
        "dot3": surface("plastic", "#f0d83a"),
        "flame": surface("gloss", "#ffb83a"),
    },
    "main",
    contexts=("table", "conveyor", "studio", "shelf"),
    variation=Variation(stretch=(0.06, 0.06, 0.08), wobble=0.008, wobble_scale=1.5),
)
