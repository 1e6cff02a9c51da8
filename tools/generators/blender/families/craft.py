"""Boats and aircraft: a pointed hull with a cabin, mast or load; a fuselage with wings; rotors."""

from typing import Literal

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers, ball, bar, block, tube
from tools.generators.blender.families.paints import surface
from tools.generators.blender.parts import Lathe, Part, Sheet, Variation, Vec2

Kind = Literal["boat", "sail", "ship", "canoe", "plane", "helicopter", "drone", "kite", "rocket"]


class Craft(Numbers):
    """Length 1 along x."""

    vary: float = 0.06
    kind: Kind = "boat"
    wide: float = Field(0.3, description="of the hull, or of the fuselage")
    high: float = Field(0.14, description="of the hull")
    bow: float = Field(0.3, description="share of the length that tapers")
    cabin: float = Field(0.0, description="length of a cabin")
    cabin_high: float = 0.14
    decks: int = 1
    load: float = Field(0.0, ge=0, le=1, description="share loaded with containers")
    mast: float = 0.0
    span: float = Field(0.95, description="of the wings")
    sweep: float = 0.22
    engines: int = Field(2, description="jets below the wings; 1: a propeller at the nose")
    fat: float = Field(0.06, description="radius of the fuselage")
    tail: float = 0.18


def parts(n: Craft, rng: np.random.Generator) -> list[Part]:
    """The craft, its bow or nose along x."""
    match n.kind:
        case "plane":
            return _plane(n)
        case "helicopter":
            return _helicopter(n, rng)
        case "drone":
            return _drone(n)
        case "kite":
            return _kite(n, rng)
        case "rocket":
            return _rocket(n)
        case _:
            return _boat(n, rng)


def _deck(n: Craft, scale: float, shift: float = 0.0) -> list[Vec2]:
    h = n.wide / 2 * scale
    back = -0.5 + 0.06 * (1 - scale) + shift
    both = 0.0 if n.kind != "canoe" else 1.0
    stern = h * (0.82 - 0.8 * both)
    right: list[Vec2] = [
        (back, -stern),
        (-0.28, -h),
        (0.5 - n.bow, -h),
        (0.5 - n.bow * 0.4, -0.62 * h),
        (0.5 * (0.9 + 0.1 * scale), -0.02 * h),
    ]
    return right + [(x, -y) for x, y in right[::-1]]


def _boat(n: Craft, rng: np.random.Generator) -> list[Part]:
    h = n.high
    made: list[Part] = [
        Sheet(material="keel", outline=_deck(n, 0.72), thickness=0.34 * h, at=(-0.01, 0, 0.17 * h)),
        Sheet(material="paint", outline=_deck(n, 0.88), thickness=0.34 * h, at=(0, 0, 0.48 * h)),
        Sheet(material="paint", outline=_deck(n, 1.0), thickness=0.34 * h, at=(0.01, 0, 0.8 * h)),
        Sheet(material="rim", outline=_deck(n, 1.05), thickness=0.05 * h + 0.006, at=(0.01, 0, 0.98 * h)),
        Sheet(material="inside", outline=_deck(n, 0.84), thickness=0.012, at=(0.0, 0, h + 0.004)),
    ]
    if n.kind == "sail":
        top = n.mast
        made += [
            bar("rim", (0.06, 0, h), (0.06, 0, top), 0.012),
            bar("rim", (0.06, 0, h + 0.1), (-0.42, 0, h + 0.1), 0.01),
            Sheet(
                material="sail",
                outline=[(0.05, h + 0.12), (0.05, top * 0.97), (-0.18, h + 0.4 * top), (-0.41, h + 0.12)],
                thickness=0.008,
                turn=(90, 0, 0),
                smooth=False,
            ),
            Sheet(
                material="sail",
                outline=[(0.49, h + 0.03), (0.08, top * 0.85), (0.09, h + 0.12)],
                thickness=0.008,
                turn=(90, 0, 6),
            ),
        ]
    if n.kind in ("boat", "canoe") and not n.cabin:
        made += [
            block(
                "rim",
                (x, 0, h * 1.0),
                (0.07, n.wide * 0.86 * (0.62 if n.kind == "canoe" and abs(x) > 0.2 else 1), 0.02),
                bevel=0.1,
            )
            for x in (-0.26, 0.0, 0.2)
        ]
    z = h
    for i in range(n.decks if n.cabin else 0):
        long, shift = n.cabin * (1 - 0.18 * i), -0.1 - 0.03 * i if n.kind != "ship" else -0.32
        tall = n.cabin_high
        made.append(block("white", (shift, 0, z + tall / 2), (long, n.wide * 0.66 * (1 - 0.1 * i), tall), bevel=0.08))
        made.append(
            block(
                "glass",
                (shift + 0.004, 0, z + tall * 0.62),
                (long * 1.01, n.wide * 0.67 * (1 - 0.1 * i), tall * 0.3),
                bevel=0.05,
            )
        )
        z += tall
    if n.kind == "ship":
        made.append(
            Lathe(
                material="rim",
                profile=[(0.035, z - 0.01), (0.032, z + 0.09), (0, z + 0.09)],
                smooth=False,
                at=(-0.36, 0, 0),
            )
        )
        made.append(bar("rim", (0.3, 0, h), (0.3, 0, h + 0.14), 0.006))
        if rng.uniform() < n.load:
            for i in range(7):
                for j in range(int(rng.integers(1, 4))):
                    made += [
                        block(
                            f"box{int(rng.integers(1, 4))}",
                            (-0.17 + 0.075 * i, s * n.wide * 0.19, h + 0.022 + 0.042 * j),
                            (0.07, n.wide * 0.36, 0.04),
                            bevel=0,
                        )
                        for s in (-1, 1)
                    ]
    elif n.cabin:
        made.append(bar("rim", (-0.1, 0, z), (-0.12, 0, z + 0.12), 0.006))
    return made


def _wing(outline: list[Vec2], s: int, material: str, z: float, x: float, tip: float) -> Part:
    turned = [(px, s * py) for px, py in (outline if s > 0 else outline[::-1])]
    return Sheet(material=material, outline=turned, thickness=0.014, at=(x, 0, z), turn=(tip * s, 0, 0))


def _plane(n: Craft) -> list[Part]:
    f, w = n.fat, n.span / 2
    body = [(0.5, 0, -0.01), (0.46, 0, 0), (0.36, 0, 0.005), (0, 0, 0), (-0.25, 0, 0.005), (-0.5, 0, 0.035)]
    made: list[Part] = [tube("paint", body, [0.1 * f, 0.62 * f, f, f, f * 0.92, 0.2 * f], sides=20)]
    main: list[Vec2] = [(0.12, 0), (0.12 - n.sweep, w), (0.05 - n.sweep, w), (-0.1, 0)]
    back: list[Vec2] = [(0.07, 0), (0.07 - 0.4 * n.sweep, 0.36 * w), (0.02 - 0.4 * n.sweep, 0.36 * w), (-0.04, 0)]
    low = -0.45 * f if n.engines != 1 else 0.7 * f
    for s in (-1, 1):
        made += [_wing(main, s, "wing", low, 0.02, 4.0), _wing(back, s, "wing", 0.03, -0.42, 3.0)]
        if n.engines >= 2:
            for i in range(n.engines // 2):
                y = w * (0.34 + 0.27 * i)
                x = 0.14 - n.sweep * (0.34 + 0.27 * i)
                made.append(
                    Lathe(
                        material="engine",
                        profile=[(0, -0.07), (0.024, -0.06), (0.036, 0.0), (0.034, 0.05), (0.024, 0.05), (0, 0.02)],
                        turn=(0, 90, 0),
                        at=(x, s * y, low - 0.035),
                    )
                )
    fin: list[Vec2] = [(-0.32, 0.02), (-0.46, n.tail), (-0.52, n.tail), (-0.49, 0.02)]
    made.append(Sheet(material="fin", outline=fin[::-1], thickness=0.013, turn=(90, 0, 0)))
    made.append(ball("glass", (0.44, 0, 0.35 * f), (0.07, 1.15 * f, 0.55 * f)))
    for s in (-1, 1):
        made.append(block("glass", (0.06, s * f * 0.96, 0.25 * f), (0.6, 0.006, 0.012), bevel=0))
    if n.engines == 1:
        made += [
            block("engine", (0.515, 0, 0), (0.012, 0.03, 0.34), bevel=0.2, turn=(25, 0, 0)),
            ball("engine", (0.51, 0, 0), (0.06, 0.045, 0.045)),
        ]
        for x, s in ((0.3, 0), (0.08, -1), (0.08, 1)):
            made += [
                bar("engine", (x, s * 0.06, -0.5 * f), (x, s * 0.09, -f - 0.06), 0.008),
                Lathe(
                    material="engine",
                    profile=[(0, -0.014), (0.03, -0.014), (0.03, 0.014), (0, 0.014)],
                    smooth=False,
                    turn=(90, 0, 0),
                    at=(x, s * 0.1, -f - 0.06),
                ),
            ]
    return made


def _helicopter(n: Craft, rng: np.random.Generator) -> list[Part]:
    turn = float(rng.uniform(0, 90))
    return [
        ball("paint", (0.16, 0, 0.0), (0.5, 0.24, 0.26), detail=16),
        ball("glass", (0.27, 0, 0.02), (0.29, 0.235, 0.21), detail=14),
        tube("paint", [(0.02, 0, 0.02), (-0.3, 0, 0.06), (-0.62, 0, 0.08)], [0.085, 0.035, 0.022]),
        Sheet(
            material="paint",
            outline=[(-0.58, 0.05), (-0.66, 0.22), (-0.72, 0.22), (-0.66, 0.05)][::-1],
            thickness=0.012,
            turn=(90, 0, 0),
        ),
        block("engine", (-0.64, 0.025, 0.13), (0.17, 0.008, 0.018), turn=(0, turn, 0)),
        bar("engine", (0.1, 0, 0.1), (0.1, 0, 0.2), 0.016),
        *[block("engine", (0.1, 0, 0.2), (1.15, 0.032, 0.008), turn=(0, 0, turn + a)) for a in (0, 90)],
        *[bar("engine", (-0.06, s * 0.12, -0.2), (0.36, s * 0.12, -0.2), 0.011) for s in (-1, 1)],
        *[bar("engine", (x, s * 0.06, -0.08), (x, s * 0.12, -0.2), 0.009) for s in (-1, 1) for x in (0.04, 0.24)],
        block("paint", (0.05, 0, 0.12), (0.22, 0.12, 0.07), bevel=0.4),
    ]


def _drone(n: Craft) -> list[Part]:
    made: list[Part] = [
        block("paint", (0, 0, 0), (0.34, 0.22, 0.1), bevel=0.4),
        ball("glass", (0.17, 0, -0.05), 0.08),
        block("engine", (0, 0, -0.06), (0.18, 0.12, 0.05), bevel=0.3),
    ]
    for sx in (-1, 1):
        for sy in (-1, 1):
            x, y = 0.36 * sx, 0.34 * sy
            made += [
                bar("paint", (0.1 * sx, 0.07 * sy, 0.01), (x, y, 0.03), 0.022),
                Lathe(
                    material="engine", profile=[(0.035, 0), (0.035, 0.07), (0, 0.075)], smooth=False, at=(x, y, 0.02)
                ),
                block("engine", (x, y, 0.1), (0.32, 0.028, 0.006), turn=(0, 0, 40 * sx * sy)),
                bar("engine", (0.13 * sx, 0.12 * sy, -0.03), (0.15 * sx, 0.17 * sy, -0.15), 0.011),
            ]
    made += [bar("engine", (-0.16, 0.17 * s, -0.15), (0.16, 0.17 * s, -0.15), 0.011) for s in (-1, 1)]
    return made


def _kite(n: Craft, rng: np.random.Generator) -> list[Part]:
    side: list[Vec2] = [(0, 0.5), (-0.36, 0.14), (0, -0.5)]
    wave = float(rng.uniform(0.06, 0.14))
    tail = [(0.0, 0.0, -0.48), (wave, 0, -0.65), (-wave, 0, -0.82), (wave, 0, -1.0), (0, 0, -1.15)]
    made: list[Part] = [
        Sheet(material="paint", outline=side, thickness=0.008, turn=(90, 0, 0)),
        Sheet(material="wing", outline=[(-x, y) for x, y in side[::-1]], thickness=0.008, turn=(90, 0, 0)),
        bar("rim", (0, -0.012, -0.5), (0, -0.012, 0.5), 0.008),
        bar("rim", (-0.36, -0.012, 0.14), (0.36, -0.012, 0.14), 0.008),
        tube("rim", tail, [0.008]),
    ]
    for x, _, z in tail[1:]:
        made.append(
            Sheet(
                material="wing",
                outline=[(-0.07, 0.035), (-0.07, -0.035), (0.0, 0.0), (0.07, -0.035), (0.07, 0.035), (0.0, 0.004)],
                thickness=0.01,
                turn=(90, 0, 0),
                at=(x, 0, z),
            )
        )
    return made


def _rocket(n: Craft) -> list[Part]:
    fin: list[Vec2] = [(0.09, -0.12), (0.24, -0.44), (0.24, -0.5), (0.09, -0.4)]
    made: list[Part] = [
        Lathe(material="paint", profile=[(0.07, -0.46), (0.1, -0.4), (0.125, -0.1), (0.115, 0.15), (0.085, 0.3)]),
        Lathe(material="wing", profile=[(0.086, 0.3), (0.05, 0.42), (0, 0.5)]),
    ]
    made += [
        Lathe(material="engine", profile=[(0.07, -0.52), (0.05, -0.44), (0, -0.44)]),
        ball("glass", (0.115, 0, 0.1), (0.05, 0.1, 0.1)),
    ]
    made += [Sheet(material="wing", outline=fin[::-1], thickness=0.02, turn=(90, 0, 90.0 * i + 45)) for i in range(4)]
    return made


FAMILY = Family(
    Craft,
    parts,
    {
        "paint": surface("paintwork", "#f0efeb #e4e6e8"),
        "wing": surface("paintwork", "#d0d4d8"),
        "fin": surface("paintwork", "#1f4e9c #b3202a #2f7a3a"),
        "keel": surface("paintwork", "#8a2a22 #1c2a3a"),
        "rim": surface("wood", "#8a5f33"),
        "inside": surface("wood", "#a8804e"),
        "white": surface("paintwork", "#f0efeb"),
        "glass": surface("gloss", "#1c2a34"),
        "engine": surface("metal", "#4a4c50 #3a3c40"),
        "sail": surface("fabric", "#f2f0e8 #f2f0e8 #c8402a"),
        "box1": surface("plastic", "#b3402a"),
        "box2": surface("plastic", "#1f5a8a"),
        "box3": surface("plastic", "#3a7a4a #c98a2a"),
    },
    "paint",
    contexts=("studio", "road"),
    variation=Variation(stretch=(0.04, 0.05, 0.05)),
)
