"""Small parts of machines and circuits: coils, pipes, hooks, chains, brackets; resistors, chips, lamps on legs."""

import math
from typing import Literal

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers, ball, bar, block, tube
from tools.generators.blender.families.paints import surface
from tools.generators.blender.parts import Lathe, Part, Ring, Sheet, Variation, Vec2

Kind = Literal[
    "spring",
    "pipe",
    "elbow",
    "tee",
    "hook",
    "chain",
    "bracket",
    "hinge",
    "padlock",
    "valve",
    "resistor",
    "chip",
    "led",
    "capacitor",
    "transistor",
    "board",
    "plug",
    "cable",
    "magnet",
    "pin",
    "wing nut",
    "rope",
    "carabiner",
    "safety pin",
]


class Piece(Numbers):
    """Lengths over the whole."""

    kind: Kind = "spring"
    wide: float = 0.3
    thick: float = 0.05
    count: int = Field(7, description="turns, links, legs a side, bands")


def parts(n: Piece, rng: np.random.Generator) -> list[Part]:
    """The piece."""
    w, t = n.wide, n.thick
    match n.kind:
        case "spring":
            steps = n.count * 8
            turns = [
                (w / 2 * math.cos(2 * math.pi * i / 8), w / 2 * math.sin(2 * math.pi * i / 8), -0.45 + 0.9 * i / steps)
                for i in range(steps + 1)
            ]
            return [tube("metal", turns[:58], [t / 2], smooth=False, sides=8)]
        case "pipe":
            outer: list[Vec2] = [(w * 0.38, -0.5), (w / 2, -0.5), (w / 2, 0.5), (w * 0.38, 0.5), (w * 0.38, -0.5)]
            return [Lathe(material="metal", profile=outer, smooth=False)]
        case "elbow" | "tee":
            ways = [(0.42, 0, 0), (0, 0, 0.42)] if n.kind == "elbow" else [(0.42, 0, 0), (-0.42, 0, 0), (0, 0, 0.42)]
            made: list[Part] = [ball("metal", (0, 0, 0), w * 1.06)]
            for x, _, z in ways:
                made.append(tube("metal", [(0, 0, 0), (x, 0, z)], [w / 2], smooth=False, sides=20, round_ends=False))
                made.append(
                    Lathe(
                        material="metal",
                        profile=[
                            (w * 0.38, -0.08),
                            (w * 0.6, -0.08),
                            (w * 0.6, 0.08),
                            (w * 0.38, 0.08),
                            (w * 0.38, -0.08),
                        ],
                        smooth=False,
                        turn=(0, 90 if x else 0, 0),
                        at=(x, 0, z),
                    )
                )
                made.append(
                    Lathe(
                        material="dark",
                        profile=[(0, 0), (w * 0.4, 0)],
                        smooth=False,
                        turn=(0, (90 if x > 0 else -90) if x else 0, 0),
                        at=(x * 1.17, 0, z * 1.17),
                    )
                )
            return made
        case "hook":
            path = [
                (0, 0, 0.28),
                (0, 0, 0.05),
                (0.02, 0, -0.1),
                (0.2, 0, -0.22),
                (0.22, 0, -0.38),
                (0.02, 0, -0.48),
                (-0.18, 0, -0.38),
                (-0.2, 0, -0.22),
            ]
            return [
                tube("metal", path, [t, t * 1.1, t * 1.2, t * 0.4], sides=12),
                Ring(material="metal", radius=0.12, thickness=t * 1.6, turn=(90, 0, 0), at=(0, 0, 0.38)),
            ]
        case "chain":
            made = []
            for i in range(n.count):
                x = (i - (n.count - 1) / 2) / n.count
                turn = (90.0, 0.0, 0.0) if i % 2 else (0.0, 0.0, 0.0)
                link = [
                    (0.085 * math.cos(a) * 1.35 / n.count * 7, 0.05 * math.sin(a) / n.count * 7, 0.0)
                    for a in np.linspace(0, 5.76, 12).tolist()
                ]
                made.append(
                    tube(
                        "metal",
                        link,
                        [0.016 / n.count * 7],
                        closed=True,
                        round_ends=False,
                        sides=8,
                        at=(x, 0, 0),
                        turn=turn,
                    )
                )
            return made
        case "bracket":
            holes = [
                [(x + 0.04 * math.cos(a), 0.04 * math.sin(a)) for a in np.linspace(0, 5.5, 8).tolist()]
                for x in (-0.2, 0.18)
            ]
            side: list[Vec2] = [(-0.4, -w / 2), (0.4, -w / 2), (0.4, w / 2), (-0.4, w / 2)]
            return [
                Sheet(material="metal", outline=side, holes=holes, thickness=t, at=(0.4, 0, 0)),
                Sheet(material="metal", outline=side, holes=holes, thickness=t, turn=(0, 90, 0), at=(0, 0, 0.4)),
            ]
        case "hinge":
            made = [bar("metal", (0, -0.5, 0.03), (0, 0.5, 0.03), 0.05)]
            for s in (-1, 1):
                plate: list[Vec2] = [(0.02, -0.48), (0.4, -0.48), (0.4, 0.48), (0.02, 0.48)]
                turned = [(s * x, y) for x, y in (plate if s > 0 else plate[::-1])]
                made.append(Sheet(material="metal", outline=turned, thickness=0.03))
                made += [ball("dark", (s * 0.24, y, 0.015), (0.1, 0.1, 0.02), detail=7) for y in (-0.32, 0, 0.32)]
            return made
        case "padlock":
            return [
                block("body", (0, 0, -0.16), (0.6, 0.26, 0.56), bevel=0.25),
                tube(
                    "metal",
                    [(-0.19, 0, 0.05), (-0.19, 0, 0.28), (0, 0, 0.46), (0.19, 0, 0.28), (0.19, 0, 0.05)],
                    [0.055],
                ),
                block("dark", (0, -0.13, -0.2), (0.05, 0.02, 0.16), bevel=0.2),
                ball("dark", (0, -0.13, -0.12), (0.1, 0.03, 0.1), detail=8),
            ]
        case "valve":
            spokes = [
                bar("body", (0, 0, 0.4), (0.26 * math.cos(a), 0.26 * math.sin(a), 0.4), 0.025)
                for a in (0.2, 1.45, 2.7, 3.97, 5.2)
            ]
            return [
                tube("metal", [(-0.5, 0, 0), (0.5, 0, 0)], [0.14], smooth=False, sides=20, round_ends=False),
                ball("metal", (0, 0, 0), (0.42, 0.38, 0.4)),
                bar("metal", (0, 0, 0), (0, 0, 0.42), 0.05),
                Ring(material="body", radius=0.27, thickness=0.07, at=(0, 0, 0.4)),
                *spokes,
                *[
                    Lathe(
                        material="metal",
                        profile=[(0, -0.05), (0.22, -0.05), (0.22, 0.05), (0, 0.05)],
                        smooth=False,
                        turn=(0, 90, 0),
                        at=(0.46 * s, 0, 0),
                    )
                    for s in (-1, 1)
                ],
            ]
        case "resistor":
            bands = [
                Lathe(
                    material=f"band{i % 3 + 1}",
                    profile=[(0.1, -0.022), (0.104, 0), (0.1, 0.022)],
                    smooth=False,
                    at=(0, 0, -0.12 + 0.075 * i),
                )
                for i in range(4)
            ]
            return [
                Lathe(
                    material="body",
                    profile=[
                        (0, -0.22),
                        (0.11, -0.2),
                        (0.115, -0.14),
                        (0.092, -0.1),
                        (0.092, 0.1),
                        (0.115, 0.14),
                        (0.11, 0.2),
                        (0, 0.22),
                    ],
                ),
                *bands,
                bar("metal", (0, 0, -0.6), (0, 0, -0.2), 0.018),
                bar("metal", (0, 0, 0.2), (0, 0, 0.6), 0.018),
            ]
        case "chip":
            made = [
                block("body", (0, 0, 0.06), (1.0, w, 0.12), bevel=0.1),
                ball("dark", (-0.42, 0, 0.12), (0.09, 0.09, 0.02), detail=7),
                block("print", (0.05, 0, 0.121), (0.5, w * 0.3, 0.004), bevel=0),
            ]
            for i in range(n.count):
                x = -0.44 + 0.88 * i / (n.count - 1)
                made += [
                    tube(
                        "metal",
                        [(x, s * w * 0.5, 0.06), (x, s * (w * 0.5 + 0.07), 0.05), (x, s * (w * 0.5 + 0.08), -0.1)],
                        [0.022],
                        flat=0.5,
                        sides=6,
                        smooth=False,
                    )
                    for s in (-1, 1)
                ]
            return made
        case "led":
            return [
                Lathe(
                    material="body",
                    profile=[
                        (0, -0.08),
                        (0.19, -0.08),
                        (0.19, -0.02),
                        (0.16, -0.02),
                        (0.16, 0.2),
                        (0.11, 0.32),
                        (0, 0.36),
                    ],
                ),
                bar("metal", (0.06, 0, -0.08), (0.06, 0, -0.62), 0.018),
                bar("metal", (-0.06, 0, -0.08), (-0.06, 0, -0.52), 0.018),
                block("metal", (0.04, 0, 0.08), (0.1, 0.04, 0.08)),
            ]
        case "capacitor":
            return [
                Lathe(
                    material="body",
                    profile=[
                        (0, -0.3),
                        (0.2, -0.3),
                        (0.21, -0.24),
                        (0.2, -0.2),
                        (0.21, -0.16),
                        (0.21, 0.28),
                        (0.19, 0.3),
                        (0, 0.3),
                    ],
                ),
                Lathe(material="metal", profile=[(0.18, 0.302), (0, 0.305)], smooth=False),
                block("print", (0.2, 0, 0.03), (0.02, 0.1, 0.5), bevel=0.1),
                bar("metal", (0, 0.08, -0.3), (0, 0.08, -0.62), 0.016),
                bar("metal", (0, -0.08, -0.3), (0, -0.08, -0.56), 0.016),
            ]
        case "transistor":
            return [
                block("body", (0, 0, 0.1), (0.14, 0.42, 0.4), bevel=0.12),
                Sheet(
                    material="metal",
                    outline=[(-0.21, 0), (0.21, 0), (0.21, 0.55), (-0.21, 0.55)],
                    holes=[[(0.08 * math.cos(a), 0.42 + 0.08 * math.sin(a)) for a in np.linspace(0, 5.5, 8).tolist()]],
                    thickness=0.03,
                    turn=(90, 0, 90),
                    at=(-0.08, 0, 0),
                ),
                *[bar("metal", (0.02, y, -0.1), (0.02, y, -0.6), 0.022) for y in (-0.13, 0, 0.13)],
            ]
        case "board":
            made = [
                block("body", (0, 0, 0), (1.0, 0.7, 0.025), bevel=0.1),
                block("dark", (0.05, 0.02, 0.04), (0.24, 0.24, 0.05), bevel=0.1),
                block("metal", (-0.44, 0.15, 0.06), (0.16, 0.2, 0.1), bevel=0.08),
                block("metal", (-0.44, -0.15, 0.05), (0.14, 0.14, 0.08), bevel=0.08),
            ]
            made += [block("dark", (0.02, s * 0.31, 0.05), (0.7, 0.05, 0.07), bevel=0.05) for s in (-1, 1)]
            for x, y in ((0.3, 0.2), (0.38, -0.08), (0.28, -0.2), (-0.2, -0.14), (-0.22, 0.2)):
                made += (
                    [
                        Lathe(
                            material="metal",
                            profile=[(0, 0), (0.045, 0), (0.045, 0.09), (0, 0.09)],
                            smooth=False,
                            at=(x, y, 0.012),
                        )
                    ]
                    if x > 0.25
                    else [block("print", (x, y, 0.03), (0.07, 0.035, 0.03))]
                )
            return made
        case "plug":
            cord = [(0, 0, -0.1), (0.02, 0, -0.35), (0.16, 0.03, -0.55), (0.4, 0.05, -0.6)]
            return [
                Lathe(
                    material="body",
                    profile=[(0, -0.2), (0.1, -0.2), (0.2, 0.0), (0.22, 0.16), (0, 0.18)],
                    scale=(1, 0.7, 1),
                ),
                *[bar("metal", (0.09 * s, 0, 0.14), (0.09 * s, 0, 0.46), 0.035) for s in (-1, 1)],
                tube("body", cord, [0.045]),
            ]
        case "cable" | "rope":
            loops = [
                (
                    (0.36 - 0.012 * (i // 10)) * math.cos(0.63 * i),
                    (0.36 - 0.012 * (i // 10)) * math.sin(0.63 * i),
                    t * (0.5 + 0.9 * (i // 10)),
                )
                for i in range(44)
            ]
            ends = [(0.55, -0.25, t * 0.5), (0.46, -0.12, t * 0.5)]
            return [
                tube("body", [*ends, *loops][:58], [t / 2], sides=8),
                *(
                    [
                        block("dark", (0.58, -0.3, t * 0.5), (0.1, 0.12, t * 1.6), bevel=0.2),
                        block("metal", (0.62, -0.36, t * 0.5), (0.06, 0.08, t * 0.9)),
                    ]
                    if n.kind == "cable"
                    else []
                ),
            ]
        case "magnet":
            arch = [(0.28 * math.cos(a), 0, 0.1 + 0.28 * math.sin(a)) for a in np.linspace(0, math.pi, 9).tolist()]
            legs: list[Part] = [
                tube(
                    "body", [(0.28 * s, 0, 0.1), (0.28 * s, 0, -0.18)], [0.12], smooth=False, flat=0.8, round_ends=False
                )
                for s in (-1, 1)
            ]
            return [
                tube("body", arch, [0.12], flat=0.8, round_ends=False),
                *legs,
                *[
                    tube(
                        "metal",
                        [(0.28 * s, 0, -0.18), (0.28 * s, 0, -0.38)],
                        [0.122],
                        smooth=False,
                        flat=0.8,
                        round_ends=False,
                    )
                    for s in (-1, 1)
                ],
            ]
        case "pin":
            return [
                Lathe(
                    material="body",
                    profile=[
                        (0, 0.0),
                        (0.16, 0.0),
                        (0.17, 0.05),
                        (0.08, 0.12),
                        (0.08, 0.3),
                        (0.15, 0.36),
                        (0.14, 0.4),
                        (0, 0.4),
                    ],
                ),
                bar("metal", (0, 0, -0.55), (0, 0, 0.02), 0.016),
            ]
        case "wing nut":
            return [
                Lathe(
                    material="metal",
                    profile=[(0.09, -0.14), (0.2, -0.14), (0.16, 0.1), (0.09, 0.1), (0.09, -0.14)],
                    smooth=False,
                ),
                *[
                    tube(
                        "metal",
                        [(0.14 * s, 0, -0.04), (0.32 * s, 0, 0.1), (0.48 * s, 0, 0.3)],
                        [0.06, 0.1, 0.1],
                        flat=0.45,
                    )
                    for s in (-1, 1)
                ],
            ]
        case "carabiner":
            loop = [
                (-0.16, 0, -0.4),
                (0.1, 0, -0.46),
                (0.2, 0, -0.3),
                (0.2, 0, 0.3),
                (0.08, 0, 0.46),
                (-0.18, 0, 0.4),
                (-0.26, 0, 0.2),
            ]
            return [tube("body", loop, [0.045]), bar("metal", (-0.26, 0, 0.2), (-0.17, 0, -0.38), 0.032)]
        case _:
            wire = [
                (0.0, 0.42, 0),
                (-0.11, 0.2, 0),
                (-0.12, -0.3, 0),
                (-0.06, -0.44, 0),
                (0.05, -0.44, 0),
                (0.1, -0.3, 0),
                (0.1, 0.36, 0),
            ]
            return [tube("metal", wire, [0.018], sides=8), ball("metal", (0.05, 0.42, 0), (0.26, 0.18, 0.08), detail=9)]


FAMILY = Family(
    Piece,
    parts,
    {
        "body": surface("plastic", "#1c1c1e #2a2a2c"),
        "metal": surface("metal", "#b0b3b7 #a0a3a8"),
        "dark": surface("plastic", "#141416"),
        "print": surface("plastic", "#c8c8c4"),
        "band1": surface("gloss", "#7a4a1e"),
        "band2": surface("gloss", "#1c1c1e"),
        "band3": surface("gloss", "#c0281e"),
    },
    "body",
    contexts=("workbench", "conveyor", "table", "studio"),
    rests=("side", "flat"),
    variation=Variation(stretch=(0.04, 0.04, 0.05)),
)
