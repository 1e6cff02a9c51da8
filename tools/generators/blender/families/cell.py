"""What a microscope shows, and bubbles and drops: discs, grains, chains, crystals, fibres, branched cells."""

import math
from typing import Literal

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers, Three, ball, tube
from tools.generators.blender.families.paints import surface
from tools.generators.blender.parts import Cluster, Lathe, Part, Sheet, Variation, Vec2


class Cell(Numbers):
    """Lengths over the body."""

    vary: float = 0.15
    kind: Literal["disc", "grain", "chain", "crystal", "fibre", "branched", "swimmer", "bubble", "lens", "blob"] = (
        "disc"
    )
    wide: float = 1.0
    high: float = 0.3
    spikes: int = Field(0, description="points on the surface, as of pollen")
    spike: float = 0.1
    nucleus: float = Field(0.0, description="size of a nucleus")
    ragged: float = Field(0.2, description="how far the outline is from a circle")
    count: int = Field(5, description="links, facets, arms, grains inside")
    tail: float = 0.0


def _loop(n: Cell, rng: np.random.Generator, radius: float = 0.5) -> list[Vec2]:
    phase = rng.uniform(0, 6.28, 3)
    out: list[Vec2] = []
    for i in range(18):
        a = 2 * math.pi * i / 18
        r = radius * (
            1
            + n.ragged
            * (0.5 * math.sin(2 * a + phase[0]) + 0.4 * math.sin(3 * a + phase[1]) + 0.3 * math.sin(5 * a + phase[2]))
        )
        out.append((r * math.cos(a), n.wide * r * math.sin(a)))
    return out


def parts(n: Cell, rng: np.random.Generator) -> list[Part]:
    """One cell or particle, lying flat."""
    match n.kind:
        case "disc" | "blob":
            made: list[Part] = [Sheet(material="wall", outline=_loop(n, rng), thickness=n.high, smooth=True)]
            if n.kind == "blob":
                made.append(Sheet(material="wall", outline=_loop(n, rng, 0.42), thickness=n.high * 1.5, smooth=True))
        case "grain":
            made = [ball("wall", (0, 0, 0), (1, n.wide, n.high), detail=14)]
        case "lens":
            return [ball("wall", (0, 0, 0), (1, n.wide, n.high), detail=24)]
        case "bubble":
            return [
                ball("wall", (0, 0, 0), 1.0, detail=16),
                ball("shine", (-0.2, -0.16, 0.36), (0.2, 0.16, 0.08), detail=7),
            ]
        case "chain":
            bend, way, x, y = float(rng.uniform(-0.3, 0.3)), 0.0, 0.0, 0.0
            made = []
            for _ in range(n.count):
                made.append(ball("wall", (x, y, 0), (1.0, n.wide, n.high), detail=9))
                way += bend + float(rng.normal(0, 0.2))
                x, y = x + 0.86 * math.cos(way), y + 0.86 * math.sin(way)
            return made
        case "crystal":
            sides: list[Vec2] = [(0.5 * n.wide, -0.3), (0.5 * n.wide, 0.3), (0, 0.5), (0, 0.5)]
            return [
                Lathe(
                    material="wall",
                    profile=[(0, -0.5), (0, -0.5), *sides],
                    smooth=False,
                    segments=max(n.count, 3),
                    turn=(90, 0, float(rng.uniform(0, 90))),
                )
            ]
        case "fibre":
            path: list[Three] = []
            way, x, y = float(rng.uniform(0, 6.28)), 0.0, 0.0
            for _ in range(9):
                path.append((x, y, 0.02 * float(rng.uniform())))
                way += float(rng.normal(0, 0.4)) * n.ragged * 3
                x, y = x + 0.14 * math.cos(way), y + 0.14 * math.sin(way)
            return [tube("wall", path, [0.016 * n.wide], sides=8)]
        case "branched":
            made = [ball("wall", (0, 0, 0), (0.32, 0.28, 0.2), detail=10)]
            for i in range(n.count):
                a = 2 * math.pi * i / n.count + float(rng.uniform(-0.4, 0.4))
                long = float(rng.uniform(0.4, 0.75)) * (1.7 if i == 0 else 1)
                b = a + float(rng.uniform(-0.6, 0.6))
                mid = (0.5 * long * math.cos(a), 0.5 * long * math.sin(a), 0.0)
                made.append(
                    tube(
                        "wall",
                        [(0, 0, 0), mid, (mid[0] + 0.5 * long * math.cos(b), mid[1] + 0.5 * long * math.sin(b), 0)],
                        [0.07, 0.03, 0.012],
                        sides=8,
                    )
                )
                for c in (b - 0.6, b + 0.5):
                    made.append(
                        tube(
                            "wall",
                            [mid, (mid[0] + 0.3 * long * math.cos(c), mid[1] + 0.3 * long * math.sin(c), 0)],
                            [0.02, 0.006],
                            sides=6,
                            smooth=False,
                        )
                    )
        case _:
            wave = [
                (-0.2 - n.tail * t, 0.09 * math.sin(9 * t + float(rng.uniform(0, 6))) * t, 0)
                for t in np.linspace(0, 1, 9).tolist()
            ]
            made = [
                ball("wall", (0, 0, 0), (0.5, 0.5 * n.wide, 0.22), detail=12),
                tube("wall", wave, [0.035, 0.02, 0.008], sides=6),
            ]
    if n.spikes:
        point = Lathe(material="wall", profile=[(0.05, 0), (0.02, n.spike * 0.6), (0, n.spike)], segments=7)
        made.append(
            Cluster(
                parts=[point],
                count=n.spikes,
                on="sphere",
                size=(0.98, 0.98 * n.wide, 0.98 * n.high),
                size_jitter=0.1,
                place_jitter=0.1,
            )
        )
    if n.nucleus:
        s = n.nucleus
        made.append(
            ball(
                "nucleus",
                (float(rng.uniform(-0.1, 0.1)), float(rng.uniform(-0.1, 0.1)), n.high * 0.45),
                (s, s * 0.9, max(n.high * 0.5, 0.1)),
                detail=9,
            )
        )
    return made


FAMILY = Family(
    Cell,
    parts,
    {
        "wall": surface("milky", "#b8a8d0", jitter=0.1),
        "nucleus": surface("skin", "#4a2f7a #5a3a8a"),
        "shine": surface("gloss", "#ffffff"),
    },
    "wall",
    contexts=("slide",),
    rests=("upright",),
    variation=Variation(stretch=(0.15, 0.15, 0.0), wobble=0.012, wobble_scale=1.2),
)
