"""Bicycles, motorcycles and scooters, from wheels, bars and a tank."""

from typing import Literal

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers, Three, ball, bar, block, tube
from tools.generators.blender.families.paints import surface
from tools.generators.blender.parts import Cluster, Part, Ring, Variation


class TwoWheeler(Numbers):
    """Lengths over the distance between the axles."""

    vary: float = 0.04
    kind: Literal["bicycle", "motorcycle", "scooter", "kick scooter", "tricycle"] = "bicycle"
    wheel: float = Field(0.32, description="outer radius")
    tyre: float = Field(0.035, description="thickness")
    spokes: int = 20
    frame: float = Field(0.02, description="radius of the bars")
    drop: int = Field(0, description="1: racing handlebars")
    basket: float = Field(0.0, ge=0, le=1, description="share with a basket")
    fairing: float = Field(0.0, ge=0, le=1, description="share with a fairing")


def _wheel(n: TwoWheeler, x: float, y: float = 0.0) -> list[Part]:
    r = n.wheel - n.tyre / 2
    spoke = bar("metal", (0, 0, 0), (0, 0, r), 0.005, sides=4)
    made: list[Part] = [
        Ring(material="tyre", radius=r, thickness=n.tyre, turn=(90, 0, 0), at=(x, y, n.wheel), segments=40),
        Ring(material="metal", radius=r - n.tyre * 0.62, thickness=n.tyre * 0.45, turn=(90, 0, 0), at=(x, y, n.wheel)),
        ball("metal", (x, y, n.wheel), (0.09, 0.12, 0.09), detail=7),
    ]
    if n.spokes:
        made.append(
            Cluster(
                parts=[spoke],
                count=n.spokes,
                on="ring",
                size=(0.03, 0.03, 0),
                facing="out",
                turn=(90, 0, 0),
                at=(x, y, n.wheel),
                size_jitter=0,
                place_jitter=0,
            )
        )
    return made


def parts(n: TwoWheeler, rng: np.random.Generator) -> list[Part]:
    """The vehicle, its front wheel at x = 0.5."""
    match n.kind:
        case "motorcycle":
            return _motorcycle(n, rng)
        case "scooter":
            return _scooter(n)
        case "kick scooter":
            return _kick_scooter(n)
        case _:
            return _bicycle(n, rng)


def _bicycle(n: TwoWheeler, rng: np.random.Generator) -> list[Part]:
    w, f = n.wheel, n.frame
    crank: Three = (-0.08, 0, w - 0.03)
    saddle: Three = (-0.2, 0, w + 0.52)
    head_low: Three = (0.37, 0, w + 0.34)
    head: Three = (0.33, 0, w + 0.5)
    made = [*_wheel(n, 0.5)]
    made += [p for s in (-0.22, 0.22) for p in _wheel(n, -0.5, s)] if n.kind == "tricycle" else _wheel(n, -0.5)
    joint = (saddle[0] + 0.02, 0.0, saddle[2] - 0.06)
    made += [
        bar("paint", crank, joint, f),
        bar("paint", joint, head, f),
        bar("paint", crank, head_low, f * 1.15),
        bar("paint", head_low, head, f * 1.3),
    ]
    for s in (-1, 1):
        y = s * 0.05
        made += [
            bar("paint", (crank[0], y * 0.6, crank[2]), (-0.5, y, w), f * 0.6),
            bar("paint", (joint[0], y * 0.6, joint[2]), (-0.5, y, w), f * 0.6),
            bar("metal", (head_low[0], y * 0.8, head_low[2]), (0.5, y, w), f * 0.75),
        ]
    made += [
        bar("metal", joint, saddle, f * 0.8),
        ball("seat", (saddle[0] - 0.02, 0, saddle[2] + 0.01), (0.26, 0.14, 0.06)),
    ]
    stem = (head[0] - 0.02, 0.0, head[2] + 0.1)
    made.append(bar("metal", head, stem, f * 0.8))
    if n.drop:
        for s in (-1, 1):
            made.append(
                tube(
                    "seat",
                    [
                        stem,
                        (stem[0] + 0.08, s * 0.2, stem[2]),
                        (stem[0] + 0.16, s * 0.21, stem[2] - 0.05),
                        (stem[0] + 0.08, s * 0.21, stem[2] - 0.14),
                    ],
                    [0.016],
                )
            )
    else:
        made.append(
            tube(
                "metal",
                [
                    (stem[0] - 0.1, -0.29, stem[2] + 0.03),
                    (stem[0] + 0.01, -0.12, stem[2] + 0.04),
                    stem,
                    (stem[0] + 0.01, 0.12, stem[2] + 0.04),
                    (stem[0] - 0.1, 0.29, stem[2] + 0.03),
                ],
                [0.014],
            )
        )
        made += [
            bar("seat", (stem[0] - 0.1, s * 0.3, stem[2] + 0.03), (stem[0] - 0.04, s * 0.21, stem[2] + 0.035), 0.021)
            for s in (-1, 1)
        ]
    made.append(Ring(material="metal", radius=0.085, thickness=0.014, turn=(90, 0, 0), at=(crank[0], -0.05, crank[2])))
    for s in (-1, 1):
        end = (crank[0] + s * 0.13, s * 0.09, crank[2] - s * 0.08)
        made += [
            bar("metal", (crank[0], s * 0.06, crank[2]), end, 0.012),
            block("seat", (end[0], s * 0.13, end[2]), (0.09, 0.08, 0.02)),
        ]
    made += [
        bar("seat", (crank[0], -0.055, crank[2] + s * 0.085), (-0.5, -0.055, w + s * 0.035), 0.008) for s in (-1, 1)
    ]
    if rng.uniform() < n.basket:
        made.append(block("basket", (0.52, 0, w + 0.45), (0.22, 0.28, 0.2), taper=1.25, bevel=0.1))
    return made


def _motorcycle(n: TwoWheeler, rng: np.random.Generator) -> list[Part]:
    w = n.wheel
    made = [*_wheel(n, 0.5), *_wheel(n, -0.5)]
    bars: Three = (0.24, 0, w + 0.46)
    made += [
        tube(
            "paint",
            [(0.2, 0, w + 0.36), (0.06, 0, w + 0.4), (-0.1, 0, w + 0.32)],
            [0.09, 0.125, 0.08],
            scale=(1, 0.85, 1),
        ),
        tube("seat", [(-0.06, 0, w + 0.32), (-0.28, 0, w + 0.29), (-0.52, 0, w + 0.36)], [0.08, 0.1, 0.07], flat=0.5),
        tube("paint", [(-0.3, 0, w + 0.24), (-0.62, 0, w + 0.33)], [0.08, 0.05], flat=0.6, smooth=False),
        block("engine", (0.0, 0, w + 0.06), (0.34, 0.2, 0.28), bevel=0.2),
        block("engine", (0.05, 0, w + 0.22), (0.16, 0.24, 0.14), bevel=0.2),
        ball("lights", (0.34, 0, w + 0.4), (0.12, 0.15, 0.15)),
        ball("tail", (-0.66, 0, w + 0.33), (0.05, 0.1, 0.05)),
        tube("metal", [(0.1, -0.13, w - 0.02), (-0.1, -0.15, w - 0.1), (-0.62, -0.17, w - 0.02)], [0.035, 0.035, 0.05]),
        tube(
            "metal",
            [
                (bars[0] - 0.1, -0.33, bars[2] + 0.02),
                (bars[0], -0.15, bars[2] + 0.05),
                bars,
                (bars[0], 0.15, bars[2] + 0.05),
                (bars[0] - 0.1, 0.33, bars[2] + 0.02),
            ],
            [0.016],
        ),
        tube("paint", [(0.3, 0, w * 2.02), (0.5, 0, w * 2.12), (0.72, 0, w * 1.85)], [0.05, 0.075, 0.05], flat=0.3),
        tube("engine", [(0.15, 0, w + 0.34), (0.14, 0, w + 0.0), (-0.2, 0, w - 0.08), (-0.5, 0, w)], [0.03]),
    ]
    for s in (-1, 1):
        made += [
            bar("metal", (0.26, s * 0.09, w + 0.42), (0.5, s * 0.09, w), 0.03),
            bar("engine", (-0.12, s * 0.1, w), (-0.5, s * 0.1, w), 0.022),
            bar("metal", (-0.3, s * 0.11, w + 0.26), (-0.46, s * 0.11, w), 0.025),
        ]
        made.append(
            bar("seat", (bars[0] - 0.12, s * 0.35, bars[2] + 0.02), (bars[0] - 0.06, s * 0.24, bars[2] + 0.04), 0.024)
        )
        made.append(
            tube("metal", [(0.24, s * 0.2, bars[2] + 0.04), (0.2, s * 0.27, bars[2] + 0.17)], [0.008], smooth=False)
        )
        made.append(ball("engine", (0.2, s * 0.28, bars[2] + 0.18), (0.03, 0.1, 0.06)))
    if rng.uniform() < n.fairing:
        made += [
            ball("paint", (0.3, 0, w + 0.34), (0.34, 0.28, 0.44)),
            ball("paint", (0.12, 0, w + 0.06), (0.56, 0.26, 0.36)),
        ]
    return made


def _scooter(n: TwoWheeler) -> list[Part]:
    w = n.wheel
    return [
        *_wheel(n, 0.5),
        *_wheel(n, -0.5),
        tube(
            "paint",
            [(0.4, 0, w + 0.5), (0.44, 0, w + 0.2), (0.36, 0, w - 0.04)],
            [0.16, 0.19, 0.14],
            flat=0.4,
            scale=(1, 1.1, 1),
        ),
        block("paint", (0.1, 0, w - 0.06), (0.5, 0.3, 0.07), bevel=0.4),
        tube(
            "paint",
            [(-0.02, 0, w + 0.02), (-0.3, 0, w + 0.16), (-0.68, 0, w + 0.22)],
            [0.15, 0.19, 0.1],
            scale=(1, 0.9, 1),
        ),
        tube("seat", [(-0.05, 0, w + 0.34), (-0.3, 0, w + 0.37), (-0.56, 0, w + 0.38)], [0.11, 0.12, 0.1], flat=0.5),
        tube("paint", [(0.36, 0, w * 2.0), (0.52, 0, w * 2.1), (0.7, 0, w * 1.8)], [0.07, 0.1, 0.07], flat=0.4),
        bar("paint", (0.42, 0, w + 0.45), (0.36, 0, w + 0.75), 0.05),
        ball("paint", (0.38, 0, w + 0.78), (0.2, 0.26, 0.18)),
        ball("lights", (0.46, 0, w + 0.78), (0.09, 0.15, 0.12)),
        bar("seat", (0.33, -0.32, w + 0.8), (0.33, 0.32, w + 0.8), 0.025),
        ball("tail", (-0.76, 0, w + 0.22), (0.05, 0.12, 0.07)),
        *[ball("metal", (0.34, s * 0.27, w + 0.98), (0.04, 0.12, 0.09)) for s in (-1, 1)],
        *[bar("metal", (0.34, s * 0.22, w + 0.8), (0.34, s * 0.27, w + 0.96), 0.01) for s in (-1, 1)],
    ]


def _kick_scooter(n: TwoWheeler) -> list[Part]:
    w = n.wheel
    return [
        *_wheel(n, 0.5),
        *_wheel(n, -0.5),
        block("paint", (-0.04, 0, w * 0.85), (0.74, 0.17, 0.035), bevel=0.3),
        bar("paint", (0.32, 0, w * 0.85), (0.46, 0, w + 0.22), 0.028),
        bar("metal", (0.5, 0, w), (0.4, 0, 1.08), 0.025),
        bar("metal", (0.4, -0.24, 1.08), (0.4, 0.24, 1.08), 0.018),
        *[bar("seat", (0.4, s * 0.13, 1.08), (0.4, s * 0.27, 1.08), 0.027) for s in (-1, 1)],
        tube("paint", [(-0.34, 0, w * 1.5), (-0.5, 0, w * 2.25), (-0.66, 0, w * 1.9)], [0.04, 0.05, 0.04], flat=0.3),
    ]


FAMILY = Family(
    TwoWheeler,
    parts,
    {
        "paint": surface("paintwork", "#b3202a #1f4e9c #1c1c20 #2f7a3a"),
        "metal": surface("metal", "#b8bbbf"),
        "engine": surface("metal", "#5a5c60 #3a3c40"),
        "tyre": surface("rubber", "#1a1a1b"),
        "seat": surface("leather", "#1c1a1a #4a3020"),
        "basket": surface("wood", "#a8783c"),
        "lights": surface("gloss", "#f0eedc"),
        "tail": surface("gloss", "#b8141a"),
    },
    "paint",
    contexts=("road", "grass", "floor", "studio"),
    variation=Variation(stretch=(0.04, 0.03, 0.05)),
)
