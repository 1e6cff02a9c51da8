"""Furniture and bathroom things: tables, benches, sofas, beds, shelves, stools, ladders, toilets, sinks, baths."""

from typing import Literal

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers, ball, bar, block, tube
from tools.generators.blender.families.paints import surface
from tools.generators.blender.parts import Box, Lathe, Part, Variation

Kind = Literal["table", "bench", "sofa", "bed", "shelf", "stool", "toilet", "sink", "bath", "ladder", "office chair"]


class Furniture(Numbers):
    """Metres, about; the front looks along x."""

    vary: float = 0.08
    kind: Kind = "table"
    wide: float = Field(1.4, description="along y")
    deep: float = 0.8
    high: float = 0.75
    thick: float = Field(0.05, description="of boards")
    leg: float = Field(0.045, description="radius of the legs")
    round: int = Field(0, description="1: a round top on one foot")
    back: int = Field(1, description="1: has a back")
    seats: int = Field(3, description="cushions of a sofa, boards of a shelf, rungs of a ladder")
    drawers: int = 0
    full: float = Field(0.0, ge=0, le=1, description="share of a shelf that is full of books")


def parts(n: Furniture, rng: np.random.Generator) -> list[Part]:
    """The piece, standing on z = 0."""
    makers = {
        "sofa": _sofa,
        "bed": _bed,
        "shelf": _shelf,
        "toilet": _toilet,
        "sink": _sink,
        "bath": _bath,
        "ladder": _ladder,
        "office chair": _office,
    }
    maker = makers.get(n.kind)
    if maker is not None:
        return maker(n, rng)
    return _bench(n) if n.kind == "bench" else _table(n)


def _legs(n: Furniture, top: float, splay: float = 0.0) -> list[Part]:
    x, y = n.deep / 2 - 1.6 * n.leg, n.wide / 2 - 1.6 * n.leg
    return [
        bar("leg", (sx * x, sy * y, top), (sx * (x + splay), sy * (y + splay), 0), n.leg)
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]


def _table(n: Furniture) -> list[Part]:
    if n.round:
        r = n.wide / 2
        return [
            Lathe(
                material="top",
                profile=[(0, n.high - n.thick), (r, n.high - n.thick), (r, n.high), (0, n.high)],
                smooth=False,
                segments=48,
            ),
            bar("leg", (0, 0, 0), (0, 0, n.high - n.thick), n.leg * 1.3),
            Lathe(material="leg", profile=[(0.55 * r, 0), (0.5 * r, 0.03), (n.leg, 0.08), (0, 0.08)]),
        ]
    made: list[Part] = [block("top", (0, 0, n.high - n.thick / 2), (n.deep, n.wide, n.thick), bevel=0.15)]
    made += [
        block(
            "top",
            (s * (n.deep / 2 - 2 * n.leg), 0, n.high - n.thick - 0.04),
            (0.025, n.wide - 4 * n.leg, 0.08),
            bevel=0.1,
        )
        for s in (-1, 1)
    ]
    for i in range(n.drawers):
        z = n.high - n.thick - 0.02 - (i + 0.5) * 0.6 * n.high / max(n.drawers, 1)
        made.append(
            block("top", (0, n.wide / 2 - 0.22, z), (n.deep * 0.92, 0.38, 0.56 * n.high / n.drawers), bevel=0.05)
        )
        made.append(block("metal", (n.deep * 0.48, n.wide / 2 - 0.22, z), (0.03, 0.12, 0.02), bevel=0.3))
    return made + _legs(n, n.high - n.thick, 0.0 if n.kind == "table" else 0.06)


def _bench(n: Furniture) -> list[Part]:
    made: list[Part] = []
    for i in range(4):
        made.append(
            block("top", (n.deep * ((i + 0.5) / 4 - 0.5), 0, n.high), (n.deep / 4.6, n.wide, n.thick), bevel=0.2)
        )
    if n.back:
        made += [
            block(
                "top", (-n.deep / 2 - 0.03 - 0.03 * i, 0, n.high + 0.16 + 0.14 * i), (n.thick, n.wide, 0.1), bevel=0.2
            )
            for i in range(3)
        ]
    for s in (-1, 1):
        y = s * n.wide * 0.4
        made += [block("leg", (0, y, n.high - n.thick), (n.deep * 1.05, 0.06, 0.05), bevel=0.1)]
        made += [
            block("leg", (x, y, n.high / 2 - 0.02), (0.06, 0.06, n.high), bevel=0.1)
            for x in (-n.deep * 0.45, n.deep * 0.42)
        ]
        if n.back:
            made += [
                bar("leg", (-n.deep * 0.45, y, n.high), (-n.deep * 0.5 - 0.12, y, n.high + 0.5), 0.028),
                tube(
                    "leg",
                    [
                        (-n.deep * 0.48, y, n.high + 0.22),
                        (0, y, n.high + 0.24),
                        (n.deep * 0.45, y, n.high + 0.2),
                        (n.deep * 0.42, y, n.high),
                    ],
                    [0.026],
                ),
            ]
    return made


def _sofa(n: Furniture, rng: np.random.Generator) -> list[Part]:
    low, seat = 0.12, n.high * 0.52
    made: list[Part] = [
        block("cloth", (0, 0, (low + seat * 0.75) / 2 + 0.02), (n.deep, n.wide, seat * 0.75 - low), bevel=0.15)
    ]
    made.append(block("cloth", (-n.deep / 2 + 0.1, 0, (low + n.high) / 2), (0.2, n.wide, n.high - low), bevel=0.4))
    made += [
        block(
            "cloth",
            (0.02, s * (n.wide / 2 - 0.09), (low + n.high * 0.72) / 2),
            (n.deep * 0.98, 0.2, n.high * 0.72 - low),
            bevel=0.4,
        )
        for s in (-1, 1)
    ]
    room = (n.wide - 0.42) / n.seats
    for i in range(n.seats):
        y = -n.wide / 2 + 0.21 + (i + 0.5) * room
        made.append(block("cushion", (0.09, y, seat * 0.84), (n.deep - 0.28, room * 0.97, 0.17), bevel=0.4))
        made.append(
            Box(
                material="cushion",
                size=(0.17, room * 0.95, n.high * 0.44),
                bevel=0.45,
                at=(-n.deep / 2 + 0.26, y, seat + n.high * 0.24),
                turn=(0, -9, 0),
            )
        )
    return made + [
        bar(
            "leg",
            (sx * n.deep * 0.4, sy * n.wide * 0.44, low + 0.05),
            (sx * n.deep * 0.42, sy * n.wide * 0.45, 0),
            0.03,
        )
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]


def _bed(n: Furniture, rng: np.random.Generator) -> list[Part]:
    half = n.deep / 2
    made: list[Part] = [
        block("top", (0, 0, 0.22), (n.deep, n.wide, 0.18), bevel=0.1),
        block("sheet", (0, 0, 0.4), (n.deep * 0.98, n.wide * 0.97, 0.22), bevel=0.3),
        block("cloth", (n.deep * 0.13, 0, 0.47), (n.deep * 0.74, n.wide * 1.03, 0.18), bevel=0.45),
        block("top", (-half, 0, 0.3 + n.high * 0.3), (0.07, n.wide * 1.02, n.high * 0.95), bevel=0.2),
    ]
    count = 2 if n.wide > 1.2 else 1
    for i in range(count):
        y = n.wide * ((i + 0.5) / count - 0.5)
        made.append(
            Box(
                material="sheet",
                size=(0.4, min(0.62, n.wide * 0.42 * (3 - count)), 0.18),
                bevel=0.48,
                at=(-half + 0.28, y, 0.57),
                turn=(0, -14, 0),
            )
        )
    return made + [
        block("top", (sx * half * 0.94, sy * n.wide * 0.46, 0.07), (0.07, 0.07, 0.16), bevel=0.1)
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]


def _shelf(n: Furniture, rng: np.random.Generator) -> list[Part]:
    made: list[Part] = [
        block("top", (0, s * n.wide / 2, n.high / 2), (n.deep, n.thick, n.high), bevel=0.05) for s in (-1, 1)
    ]
    if n.back:
        made.append(block("top", (-n.deep / 2, 0, n.high / 2), (0.015, n.wide, n.high), bevel=0.05))
    gap = (n.high - n.thick) / n.seats
    full = rng.uniform() < n.full
    for i in range(n.seats + 1):
        z = n.thick / 2 + i * gap
        made.append(block("top", (0, 0, z), (n.deep, n.wide, n.thick), bevel=0.05))
        if full and i < n.seats:
            y = -n.wide / 2 + n.thick
            while y < n.wide / 2 - 0.16 and len(made) < 120:
                b = float(rng.uniform(0.05, 0.11)) * n.wide
                h = gap * float(rng.uniform(0.55, 0.82))
                if rng.uniform() < 0.88:
                    made.append(
                        block(
                            f"book{int(rng.integers(1, 4))}",
                            (0.02, y + b / 2, z + h / 2),
                            (n.deep * 0.75, b * 0.92, h),
                            bevel=0,
                        )
                    )
                y += b
    return made


def _toilet(n: Furniture, rng: np.random.Generator) -> list[Part]:
    bowl = Lathe(
        material="white",
        profile=[(0.13, 0), (0.11, 0.1), (0.13, 0.2), (0.19, 0.33), (0.21, 0.4), (0.16, 0.4), (0.1, 0.26), (0, 0.22)],
        scale=(1.28, 0.95, 1),
        at=(0.12, 0, 0),
        segments=36,
    )
    seat = Lathe(
        material="white",
        profile=[(0.12, 0.41), (0.21, 0.41), (0.21, 0.435), (0.12, 0.435), (0.12, 0.41)],
        smooth=False,
        scale=(1.3, 0.97, 1),
        at=(0.12, 0, 0),
        segments=36,
    )
    made: list[Part] = [
        bowl,
        seat,
        block("white", (-0.24, 0, 0.58), (0.19, 0.42, 0.38), bevel=0.2),
        block("white", (-0.24, 0, 0.785), (0.22, 0.45, 0.04), bevel=0.3),
        block("white", (-0.16, 0, 0.2), (0.2, 0.2, 0.4), bevel=0.2),
        ball("metal", (-0.24, 0, 0.81), 0.05),
    ]
    if rng.uniform() < 0.65:
        lid = Lathe(
            material="white",
            profile=[(0, 0), (0.2, 0), (0.205, 0.02), (0, 0.03)],
            scale=(1.28, 0.95, 1),
            turn=(0, -80, 0),
            at=(-0.11, 0, 0.66),
        )
    else:
        lid = Lathe(
            material="white",
            profile=[(0, 0), (0.205, 0), (0.205, 0.025), (0, 0.035)],
            scale=(1.3, 0.97, 1),
            at=(0.12, 0, 0.435),
        )
    return [*made, lid]


def _sink(n: Furniture, rng: np.random.Generator) -> list[Part]:
    r = n.wide / 2
    return [
        Lathe(
            material="white",
            profile=[
                (0.0, 0.62),
                (0.5 * r, 0.62),
                (0.92 * r, 0.74),
                (r, 0.85),
                (0.9 * r, 0.86),
                (0.78 * r, 0.79),
                (0.4 * r, 0.7),
                (0, 0.69),
            ],
            scale=(0.78, 1, 1),
            segments=36,
        ),
        block("white", (-0.66 * r, 0, 0.8), (0.3 * r, 1.7 * r, 0.12), bevel=0.3),
        Lathe(
            material="white",
            profile=[(0.11, 0), (0.09, 0.1), (0.075, 0.4), (0.11, 0.66), (0, 0.66)],
            at=(-0.2 * r, 0, 0),
        ),
        tube("metal", [(-0.66 * r, 0, 0.86), (-0.66 * r, 0, 1.04), (-0.5 * r, 0, 1.1), (-0.26 * r, 0, 1.0)], [0.022]),
        bar("metal", (-0.66 * r, 0.0, 1.03), (-0.6 * r, 0.1, 1.12), 0.014),
        Lathe(material="metal", profile=[(0, 0.695), (0.03, 0.695), (0, 0.7)], smooth=False),
    ]


def _bath(n: Furniture, rng: np.random.Generator) -> list[Part]:
    profile: list[tuple[float, float]] = [
        (0, 0),
        (0.36, 0),
        (0.44, 0.25),
        (0.5, 0.5),
        (0.47, 0.52),
        (0.41, 0.3),
        (0.33, 0.1),
        (0, 0.08),
    ]
    return [
        Lathe(
            material="white",
            profile=[(r, z * n.high / 0.55) for r, z in profile],
            scale=(n.deep, n.wide, 1),
            segments=40,
        ),
        tube(
            "metal",
            [
                (0, -n.wide * 0.49, n.high),
                (0, -n.wide * 0.49, n.high + 0.16),
                (0, -n.wide * 0.42, n.high + 0.18),
                (0, -n.wide * 0.4, n.high + 0.1),
            ],
            [0.022],
        ),
        *[
            block("metal", (s * n.deep * 0.28, t * n.wide * 0.3, 0.03), (0.07, 0.07, 0.12), bevel=0.3)
            for s in (-1, 1)
            for t in (-1, 1)
        ],
    ]


def _ladder(n: Furniture, rng: np.random.Generator) -> list[Part]:
    lean = n.deep
    made: list[Part] = [
        bar("top", (0, s * n.wide / 2, 0), (-lean / 2, s * n.wide * 0.38, n.high), n.leg) for s in (-1, 1)
    ]
    for i in range(n.seats):
        t = (i + 0.7) / (n.seats + 0.4)
        y = n.wide * (0.5 - 0.12 * t)
        made.append(
            bar("top", (-lean / 2 * t, -y, n.high * t), (-lean / 2 * t, y, n.high * t), n.leg * 0.85)
            if not n.back
            else block("top", (-lean / 2 * t, 0, n.high * t), (0.09, 2 * y, 0.03), bevel=0.2)
        )
    if n.back:
        made += [
            bar("leg", (-lean, s * n.wide / 2, 0), (-lean / 2, s * n.wide * 0.38, n.high), n.leg * 0.8) for s in (-1, 1)
        ]
        made.append(
            bar(
                "leg",
                (-lean * 0.84, -n.wide * 0.46, n.high * 0.3),
                (-lean * 0.84, n.wide * 0.46, n.high * 0.3),
                n.leg * 0.6,
            )
        )
    return made


def _office(n: Furniture, rng: np.random.Generator) -> list[Part]:
    made: list[Part] = [
        block("cloth", (0.02, 0, 0.48), (0.5, 0.5, 0.1), bevel=0.45),
        Box(material="cloth", size=(0.09, 0.46, 0.56), bevel=0.45, at=(-0.27, 0, 0.86), turn=(0, -8, 0)),
        bar("leg", (0, 0, 0.1), (0, 0, 0.45), 0.035),
        tube("leg", [(0, 0, 0.42), (-0.24, 0, 0.44), (-0.29, 0, 0.7)], [0.025]),
    ]
    for i in range(5):
        a = 2 * np.pi * i / 5
        x, y = 0.32 * float(np.cos(a)), 0.32 * float(np.sin(a))
        made += [bar("leg", (0, 0, 0.11), (x, y, 0.07), 0.025), ball("leg", (x, y, 0.035), 0.07, detail=7)]
    for s in (-1, 1):
        made.append(
            tube(
                "leg",
                [(-0.1, s * 0.25, 0.46), (0.0, s * 0.31, 0.6), (0.05, s * 0.31, 0.7), (-0.18, s * 0.3, 0.7)],
                [0.022],
            )
        )
    return made


FAMILY = Family(
    Furniture,
    parts,
    {
        "top": surface("wood", "#a8763f #b98b55"),
        "leg": surface("wood", "#8a5f33"),
        "cloth": surface("fabric", "#7a7c80 #3a4a6a"),
        "cushion": surface("fabric", "#7a7c80"),
        "sheet": surface("fabric", "#f0ede6"),
        "white": surface("ceramic", "#f2f1ee"),
        "metal": surface("metal", "#c6c8cb"),
        "book1": surface("paper", "#b3202a #8a4a20 #2a2a2e"),
        "book2": surface("paper", "#1f4e9c #2f6a3a #d8c6a2"),
        "book3": surface("paper", "#e8e4da #6b3a6a #c98a2a"),
    },
    "top",
    contexts=("floor", "studio"),
    variation=Variation(stretch=(0.06, 0.08, 0.05)),
    follows=("leg",),
)
