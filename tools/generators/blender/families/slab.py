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
STEPS = 48  # of a crack's line
KNOTS = 48  # of a line's width
NETS = 0.15  # of the cracks: they fork again and again
ROUGH = 0.42  # of an outline's waves, over its radius
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
    laid: int = Field(0, description="1: lies in rows with its like, as tiles on a floor")
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
            return _patch(n, mark, size / 2, (x, y, top), rng)
        case "chip":
            side = 1 if rng.uniform() < 0.5 else -1
            return [
                Sheet(
                    material=mark,
                    outline=_ragged(size / 2, rng, 11),
                    thickness=n.thick * 1.02,
                    smooth=False,
                    at=(x, side * n.deep / 2 * 0.98, TOP),
                )
            ]
        case "blob":
            return _colony(n, mark, (x, y, top), size / 2, 1, rng)
        case "pits":
            return _colony(n, mark, (x, y, top), size / 6, int(rng.integers(2, 9)), rng)
        case "pothole":
            return _pothole(mark, rng)
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
        case "spatter":
            drop = ball(mark, (0, 0, 0), (0.03, 0.03, 0.026), detail=5)
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


def _ragged(radius: float, rng: np.random.Generator, count: int = 36) -> list[Vec2]:
    """A closed outline round the origin that is no circle: waves of all lengths, the longer the higher."""
    angles = 2 * math.pi * np.arange(count) / count
    waves = np.arange(2, 2 + count // 3)
    heights, phases = rng.normal(size=len(waves)) / waves**1.5, rng.uniform(0, 6.28, len(waves))
    bent = (heights * np.sin(np.outer(angles, waves) + phases)).sum(1)
    r = radius * np.clip(1 + ROUGH * bent, 0.4, 1.6)
    return [(float(a), float(b)) for a, b in zip(r * np.cos(angles), r * np.sin(angles), strict=True)]


def _patch(n: Slab, material: str, radius: float, at: Three, rng: np.random.Generator) -> list[Part]:
    """A thin ragged patch, longer than wide, any way round; none where it would hang over the edge of the piece."""
    wide = float(rng.uniform(0.55, 1.0))
    outline = np.array(_ragged(radius, rng)) * (1, wide)
    reach = float(np.linalg.norm(outline, axis=1).max())
    room = min(0.49 - abs(at[0]), 0.49 * n.deep - abs(at[1])) if n.ground else reach
    turn = (0.0, 0.0, float(rng.uniform(0, 360)))
    if room < 0.01:
        return []
    points = [(float(x), float(y)) for x, y in outline * min(1.0, room / reach)]
    where = (at[0], at[1], at[2] + TOP / 2)
    return [Sheet(material=material, outline=points, thickness=0, ripple=FINE, at=where, turn=turn)]


def _colony(n: Slab, mark: str, at: Three, radius: float, count: int, rng: np.random.Generator) -> list[Part]:
    """Patches that have grown together, and smaller ones that have not yet."""
    made: list[Part] = []
    spread = radius * count**0.5
    for i in range(count + int(rng.integers(0, 9))):
        if i < count:
            size, far = radius * math.exp(float(rng.normal(0, 0.3))), (1.2 * spread if count > 1 else 0.0)
        else:
            size, far = radius * float(rng.uniform(0.06, 0.3)), spread + 0.5 * radius
        way, out = float(rng.uniform(0, 2 * math.pi)), far * float(rng.uniform(0.2, 1)) ** 0.5
        # No two at one height: where they meet one of them is seen.
        spot = (at[0] + out * math.cos(way), at[1] + out * math.sin(way), at[2] + 0.02 * TOP * i)
        made += _patch(n, mark, size, spot, rng)
    return made


def _inside(n: Slab, points: list[Three]) -> list[Three]:
    """Points kept on the piece."""
    if not n.ground:
        return points
    return [(min(max(x, -0.485), 0.485), min(max(y, -0.485 * n.deep), 0.485 * n.deep), z) for x, y, z in points]


def _scratch(n: Slab, mark: str, spot: Vec2, top: float, size: float, rng: np.random.Generator) -> list[Part]:
    """A long thin line that comes and goes, or a bundle of them beside each other."""
    turn, fine = float(rng.uniform(0, math.pi)), math.exp(float(rng.uniform(-2.2, -0.2)))
    bow = float(rng.uniform(-1, 1)) ** 3 * 0.2 * size
    spread = size * math.exp(float(rng.uniform(-4.0, -2.0)))
    made: list[Part] = []
    for i in range(int(rng.choice([1, 1, 2, 3, 5]))):
        across, along = float(rng.uniform(-1, 1)) * spread * (i > 0), 0.2 * size * float(rng.normal()) * (i > 0)
        long, lean = 1.1 * size * float(rng.uniform(0.6, 1)), 0.3 * spread * float(rng.normal())
        line = [
            (along + t * long, across + bow * (1 - t * t) + lean * t + 0.02 * spread * float(rng.normal()))
            for t in np.linspace(-1, 1, 16).tolist()
        ]
        c, s = math.cos(turn), math.sin(turn)
        path = _inside(n, [(spot[0] + a * c - b * s, spot[1] + a * s + b * c, top) for a, b in line])
        wide = np.exp(rng.normal(-0.1, 0.4, KNOTS)) * np.minimum(1.0, np.linspace(0.2, 8, KNOTS))
        wide *= rng.uniform(size=KNOTS) > rng.choice([0.0, 0.0, 0.2])  # it skips
        made.append(tube(mark, path, [0.006 * fine * float(w) for w in wide], flat=0.35, sides=6, round_ends=False))
    return made


def _crack(n: Slab, mark: str, spot: Vec2, top: float, size: float, rng: np.random.Generator) -> list[Part]:
    """A jagged line that forks."""
    made: list[Part] = []
    turn, fine = float(rng.uniform(0, 2 * math.pi)), math.exp(float(rng.uniform(-2.4, -0.3)))
    rough, forks = math.exp(float(rng.uniform(-1.6, -0.5))), max(0.0, float(rng.uniform(-0.06, 0.08)))
    most = 5
    if rng.random() < NETS:
        forks, most = 0.15, 16
    starts = [(spot[0] - 0.9 * size * math.cos(turn), spot[1] - 0.9 * size * math.sin(turn), turn, STEPS, 0.012)]
    while starts and len(made) < most:
        x, y, aim, steps, thick = starts.pop(0)
        path: list[Three] = [(x, y, top)]
        bend = 0.0
        for i in range(steps):
            bend += float(rng.normal(0, 0.35 * rough)) - 0.08 * bend
            way = aim + bend + float(rng.normal(0, 1.2 * rough))
            long = 2.1 / STEPS * size * float(rng.uniform(0.5, 1.5))
            x, y = x + long * math.cos(way), y + long * math.sin(way)
            path.append((x, y, top))
            if thick > 0.004 and rng.uniform() < forks and i > 1:
                starts.append((x, y, way + float(rng.choice([-0.9, 0.9])), STEPS // 3, thick * 0.6))
        wide = np.exp(rng.normal(0, 0.35, KNOTS // 3)) * np.minimum(1.0, np.linspace(3, 0.2, KNOTS // 3))
        made.append(
            tube(
                mark,
                _inside(n, path),
                [thick * fine * float(s) for s in wide],
                flat=0.3,
                sides=6,
                smooth=False,
                round_ends=False,
            )
        )
    return made


def _pothole(mark: str, rng: np.random.Generator) -> list[Part]:
    """A hollow in a road: broken edges, of which one lies in shadow, a rough bottom, rubble."""
    outline = _ragged(0.5, rng)
    way, deep = float(rng.uniform(0, 2 * math.pi)), float(rng.uniform(0.02, 0.07))
    bottom, low = 1 - 1.3 * deep, (deep * math.cos(way), deep * math.sin(way))

    def layer(material: str, scale: float, at: Three) -> Sheet:
        points = [(x * scale, y * scale) for x, y in outline]
        return Sheet(material=material, outline=points, thickness=0, ripple=FINE, at=at)

    made: list[Part] = [
        layer("rim", 1.0 + float(rng.uniform(0.1, 0.35)), (0, 0, 0.002)),
        layer("mark1s", 1.0, (0, 0, 0.004)),
        layer(mark, bottom, (*low, 0.006)),
    ]
    if rng.uniform() < 0.6:
        inner = float(rng.uniform(0.4, 0.8))
        made.append(layer("mark1b", bottom * inner, (low[0] * 2, low[1] * 2, 0.008)))
    rubble = ball("rim", (0, 0, 0), (0.022, 0.017, 0.013), detail=4)
    made.append(
        Cluster(
            parts=[rubble],
            count=int(rng.integers(10, 60)),
            on="disc",
            size=(1.1, 1.1, 0),
            at=(0, 0, 0.008),
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
    **{name: surface("matt", "#060505") for name in MARKS},
    "rim": surface("clay", "#5a5650 #6a655e", fray=0.8),
    "mark1s": surface("matt", "#100f0e"),
    "mark1b": surface("clay", "#2a2826 #4a4238", fray=0.7, mottle=0.8),
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
