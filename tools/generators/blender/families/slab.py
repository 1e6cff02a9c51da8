"""Flat pieces of a material, sound or damaged: plates, tiles, boards, panes, slabs, cloth; and the damage alone.

The damage is drawn as pieces of their own, so that a mask can cover the whole thing ("cracked tile") or each flaw on it
("scratches on metal plates"): the family `flaw` is this one with the other kind of label.
"""

import math
from typing import Literal

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers, Three, ball, block, tube
from tools.generators.blender.families.paints import surface
from tools.generators.blender.parts import Cluster, Lathe, Part, Sheet, Variation, Vec2

Flaw = Literal[
    "none", "scratch", "crack", "dent", "hole", "chip", "blob", "burr", "bubble", "spatter", "thread", "pothole", "pits"
]
MOST = 3  # flaws on one piece
FINE = 1e-6  # a ripple too low to see: it gives a patch the inner points that a curved surface needs
TOP = 0.004  # how far a flaw rises over its ground


class Slab(Numbers):
    """A flat piece in xy; lengths over its longer side."""

    vary: float = 0.1
    deep: float = Field(0.8, description="the shorter side")
    thick: float = 0.05
    bevel: float = 0.12
    ground: int = Field(1, description="0: the flaw alone, as on a road")
    flaw: Flaw = "none"
    least: int = Field(1, description="flaws, at least")
    size: float = Field(0.3, description="of a flaw")
    grooves: int = Field(0, description="boards that make it up")


def parts(n: Slab, rng: np.random.Generator) -> list[Part]:
    """The piece and its flaws; flaws use the materials mark1 to mark3, one each."""
    made: list[Part] = []
    if n.ground:
        if n.grooves:
            wide = n.deep / n.grooves
            made += [
                block("ground", (0, wide * (i + 0.5) - n.deep / 2, 0), (1, wide * 0.985, n.thick), bevel=0.06)
                for i in range(n.grooves)
            ]
        else:
            made.append(block("ground", (0, 0, 0), (1, n.deep, n.thick), bevel=n.bevel))
    if n.flaw == "none":
        return made
    count = int(rng.integers(n.least, MOST + 1)) if n.ground else 1
    top = n.thick / 2 if n.ground else 0.0
    for i in range(count):
        spot = (float(rng.uniform(-0.33, 0.33)), float(rng.uniform(-0.33, 0.33)) * n.deep) if n.ground else (0.0, 0.0)
        made += flaw_parts(n, f"mark{i + 1}", spot, top, rng)
    return made


def flaw_parts(n: Slab, mark: str, spot: Vec2, top: float, rng: np.random.Generator) -> list[Part]:
    """One flaw of the kind that the numbers name, at a spot of the level `top`, in the material `mark`."""
    """One flaw of the kind that the numbers name, at a spot of the level `top`, in the material `mark`."""
    size = n.size * float(rng.uniform(0.6, 1.25))
    x, y = spot
    match n.flaw:
        case "scratch":
            return _scratch(n, mark, spot, top, size, rng)
        case "crack":
            return _crack(n, mark, spot, top, size, rng)
        case "dent":
            r = size / 2
            rows: list[Vec2] = [(0, 0.003), (0.45 * r, 0.006), (0.8 * r, 0.02), (0.92 * r, 0.022), (r, 0)]
            return [
                Lathe(
                    material=mark,
                    profile=[(a, b * min(1.0, size / 0.2)) for a, b in rows],
                    scale=(1, float(rng.uniform(0.7, 1)), 1),
                    at=(x, y, top),
                    turn=(0, 0, float(rng.uniform(0, 360))),
                )
            ]
        case "hole":
            return [
                Sheet(material=mark, outline=_ragged(size / 2, 0.22, rng), thickness=TOP, ripple=FINE, at=(x, y, top))
            ]
        case "chip":
            side = 1 if rng.uniform() < 0.5 else -1
            return [
                Sheet(
                    material=mark,
                    outline=_ragged(size / 2, 0.3, rng, 11),
                    thickness=n.thick * 1.02,
                    smooth=False,
                    at=(x, side * n.deep / 2 * 0.98, TOP),
                )
            ]
        case "blob":
            return [
                Sheet(
                    material=mark,
                    outline=_ragged(size / 2, 0.32, rng),
                    smooth=True,
                    thickness=TOP,
                    ripple=FINE,
                    at=(x, y, top),
                )
            ]
        case "pothole":
            return _pothole(mark, size, rng)
        case "bubble":
            return [ball(mark, (x, y, top), (size * 0.55, size * 0.5, size * 0.4), detail=10)]
        case "burr":
            spike = tube(
                mark, [(0, 0, 0), (0.012, 0, size * 0.12)], [0.016, 0.003], sides=5, smooth=False, round_ends=False
            )
            side = 1 if rng.uniform() < 0.5 else -1
            return [
                Cluster(
                    parts=[spike],
                    count=26,
                    on="line",
                    size=(size, 0, 0),
                    at=(x, side * n.deep * 0.485, top),
                    copy_tilt=55,
                    size_jitter=0.6,
                    place_jitter=0.5,
                )
            ]
        case "spatter" | "pits":
            wide, tall = (0.03, 0.026) if n.flaw == "spatter" else (0.11, 0.012)
            drop = ball(mark, (0, 0, 0), (wide, wide, tall), detail=5)
            return [
                Cluster(
                    parts=[drop],
                    count=28,
                    on="disc",
                    size=(size, size * 0.8, 0),
                    at=(x, y, top),
                    facing="up",
                    size_jitter=0.7,
                    place_jitter=0.9,
                )
            ]
        case "thread":
            return _thread(n, mark, spot, top, size, rng)
        case _:
            return []


def _ragged(radius: float, rough: float, rng: np.random.Generator, count: int = 15) -> list[Vec2]:
    """A closed outline round the origin that is no circle."""
    phase = rng.uniform(0, 6.28, 3)
    out: list[Vec2] = []
    for i in range(count):
        a = 2 * math.pi * i / count
        r = radius * (
            1
            + rough
            * (0.6 * math.sin(2 * a + phase[0]) + 0.4 * math.sin(3 * a + phase[1]) + 0.25 * math.sin(7 * a + phase[2]))
        )
        out.append((r * math.cos(a), r * math.sin(a)))
    return out


def _inside(n: Slab, points: list[Three]) -> list[Three]:
    """Points kept on the piece."""
    if not n.ground:
        return points
    return [(min(max(x, -0.485), 0.485), min(max(y, -0.485 * n.deep), 0.485 * n.deep), z) for x, y, z in points]


def _scratch(n: Slab, mark: str, spot: Vec2, top: float, size: float, rng: np.random.Generator) -> list[Part]:
    """A long thin line, or two or three beside each other."""
    turn = rng.uniform(0, math.pi)
    bow, fine = float(rng.uniform(-0.12, 0.12)) * size, math.exp(float(rng.uniform(-1.2, 0.0)))
    made: list[Part] = []
    for i in range(int(rng.integers(1, 3))):
        dx, dy = rng.uniform(-0.04, 0.04, 2) * (i > 0)
        long = 2.2 * size * float(rng.uniform(0.6, 1)) / 2
        c, s = math.cos(turn), math.sin(turn)
        line = [(-long, 0.0), (-0.4 * long, bow), (0.4 * long, bow), (long, 0.0)]
        path = _inside(n, [(spot[0] + dx + a * c - b * s, spot[1] + dy + a * s + b * c, top) for a, b in line])
        made.append(
            tube(mark, path, [fine * r for r in (0.002, 0.006, 0.007, 0.002)], flat=0.35, sides=6, round_ends=False)
        )
    return made


def _crack(n: Slab, mark: str, spot: Vec2, top: float, size: float, rng: np.random.Generator) -> list[Part]:
    """A jagged line that forks."""
    made: list[Part] = []
    turn, fine = float(rng.uniform(0, 2 * math.pi)), math.exp(float(rng.uniform(-1.4, 0.0)))
    forks = float(rng.uniform(0.0, 0.18))
    starts = [(spot[0] - 0.9 * size * math.cos(turn), spot[1] - 0.9 * size * math.sin(turn), turn, 18, 0.012)]
    while starts and len(made) < 5:
        x, y, way, steps, thick = starts.pop(0)
        path: list[Three] = [(x, y, top)]
        for i in range(steps):
            way += float(rng.normal(0, 0.55))
            way += 0.35 * (turn - way) if thick > 0.01 else 0.0
            long = 0.12 * size * float(rng.uniform(0.6, 1.4))
            x, y = x + long * math.cos(way), y + long * math.sin(way)
            path.append((x, y, top))
            if thick > 0.007 and rng.uniform() < forks and i > 1:
                starts.append((x, y, way + float(rng.choice([-0.9, 0.9])), 7, thick * 0.6))
        made.append(
            tube(
                mark,
                _inside(n, path),
                [thick * fine * s for s in (0.5, 1.0, 0.7, 1.1, 0.9, 0.25)],
                flat=0.3,
                sides=6,
                smooth=False,
                round_ends=False,
            )
        )
    return made


def _pothole(mark: str, size: float, rng: np.random.Generator) -> list[Part]:
    """A hollow in a road: a ragged broken edge, a dark bottom below it, rubble."""
    radius = 0.5
    outline = _ragged(radius * 0.88, 0.16, rng)
    made: list[Part] = [
        Sheet(
            material="rim",
            outline=[(x * 1.13, y * 1.13) for x, y in outline],
            smooth=True,
            thickness=0.012,
            at=(0, 0, 0),
        ),
        Sheet(material=mark, outline=outline, smooth=True, thickness=0.02, at=(0, 0, 0.002)),
        Sheet(
            material="mark1b",
            outline=[(x * 0.78 + 0.03, y * 0.78 - 0.02) for x, y in outline],
            smooth=True,
            thickness=0.024,
            at=(0, 0, 0.003),
        ),
    ]
    rubble = ball("rim", (0, 0, 0), (0.06, 0.045, 0.035), detail=4)
    made.append(
        Cluster(
            parts=[rubble],
            count=34,
            on="disc",
            size=(0.95, 0.95, 0),
            at=(0, 0, 0.012),
            facing="random",
            size_jitter=0.8,
            place_jitter=1.0,
        )
    )
    return made


def _thread(n: Slab, mark: str, spot: Vec2, top: float, size: float, rng: np.random.Generator) -> list[Part]:
    """A loose thread that curls on the cloth."""
    x, y, way = spot[0], spot[1], float(rng.uniform(0, 6.28))
    path: list[Three] = []
    curl = float(rng.choice([-1, 1]))
    for i in range(9):
        path.append((x, y, top + 0.006 + 0.012 * float(rng.uniform())))
        way += curl * 0.55 + float(rng.normal(0, 0.35)) + 0.12 * i * curl
        x, y = x + 0.17 * size * math.cos(way), y + 0.17 * size * math.sin(way)
    return [tube(mark, _inside(n, path), [0.007], sides=6)]


MARKS = ("mark1", "mark2", "mark3")
MATERIALS = {
    "ground": surface("metal", "#a8abaf"),
    **{name: surface("matt", "#161412") for name in MARKS},
    "rim": surface("clay", "#5a5650 #6a655e"),
    "mark1b": surface("clay", "#2a2826 #35322e"),
}
PLACES = ("table", "workbench", "conveyor", "floor", "studio")
FAMILY = Family(
    Slab,
    parts,
    MATERIALS,
    "ground",
    contexts=PLACES,
    rests=("flat",),
    aliases={"mark": MARKS},
    variation=Variation(stretch=(0.08, 0.08, 0.0)),
)
