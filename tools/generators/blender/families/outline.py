"""Flat things by their outline: clothes, boards, signs, leaves, slices; with a border, a mark, wheels or buttons."""

from typing import Any, Literal

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers, ball, bar, block, tube
from tools.generators.blender.families.paints import surface
from tools.generators.blender.families.writing import runs, strokes
from tools.generators.blender.parts import Cluster, Lathe, Part, Sheet, Variation, Vec2

SurfaceMark = Literal[
    "none",
    "bar",
    "arrow",
    "exclaim",
    "number",
    "stripe",
    "veins",
    "holes",
    "eyes",
    "bars",
    "cells",
    "heart",
    "diamond",
    "spade",
    "club",
]
HEART: list[Vec2] = [(0, -0.5), (0.3, -0.12), (0.46, 0.16), (0.38, 0.42), (0.24, 0.46), (0.08, 0.38), (0, 0.24)]
# Where the pips of a playing card are, of one to ten; lengths over its height.
_FOUR, _SIX = [(x, z) for x in (-0.16, 0.16) for z in (-0.3, 0.3)], [(-0.16, 0.0), (0.16, 0.0)]
_EIGHT = [(x, z) for x in (-0.16, 0.16) for z in (-0.3, -0.1, 0.1, 0.3)]
PIPS: list[list[Vec2]] = [
    [(0, 0)],
    [(0, -0.3), (0, 0.3)],
    [(0, -0.3), (0, 0), (0, 0.3)],
    _FOUR,
    [*_FOUR, (0, 0)],
    [*_FOUR, *_SIX],
    [*_FOUR, *_SIX, (0, 0.15)],
    [*_FOUR, *_SIX, (0, 0.15), (0, -0.15)],
    [*_EIGHT, (0, 0)],
    [*_EIGHT, (0, 0.2), (0, -0.2)],
]
CELLS = 17  # along a side of a QR code
FINDER = 5  # of them along a square in three of its corners


class Outline(Numbers):
    """Half an outline from the bottom to the top at x >= 0, mirrored; lengths over the height."""

    half: list[Vec2]
    mirror: int = 1
    thick: float = 0.06
    round: int = Field(0, description="1: a smooth outline")
    cup: float = Field(0.0, description="degrees that its sides curl")
    bend: float = Field(0.0, description="degrees that it curls from end to end")
    border: float = Field(0.0, description="width of a border, as a share")
    mark: SurfaceMark = "none"
    post: float = Field(0.0, description="length of a post below")
    marked: Literal["", "sign"] = Field("", description="sign: the post is not labelled")
    wheels: float = Field(0.0, description="radius of four wheels below")
    buttons: int = 0
    count: int = Field(1, description="2: a pair side by side")
    collar: float = 0.0
    gap: float = 0.14


def parts(n: Outline, rng: np.random.Generator) -> list[Part]:
    """The thing, standing in the xz plane."""
    half = [(x, z) for x, z in n.half]
    outline = half + [(-x, z) for x, z in half[::-1] if x > 1e-6] if n.mirror else half
    turn = (90.0, 0.0, 0.0)
    made: list[Part] = []
    for i in range(n.count):
        x = (i - (n.count - 1) / 2) * n.gap
        common: dict[str, Any] = {
            "thickness": n.thick,
            "smooth": bool(n.round),
            "cup": n.cup,
            "bend": n.bend,
            "turn": turn,
        }
        made.append(Sheet(material="border" if n.border else "body", outline=outline, at=(x, 0, 0), **common))
        if n.border:
            middle = sum(z for _, z in outline) / len(outline)
            inner = [(px * (1 - n.border), middle + (pz - middle) * (1 - n.border)) for px, pz in outline]
            made.append(
                Sheet(material="body", outline=inner, at=(x, 0, 0), **(common | {"thickness": n.thick * 1.15 + 0.006}))
            )
    front = -n.thick * 0.58 - 0.004
    made += _mark(n, front, rng)
    if n.marked:
        made = [p.model_copy(update={"material": f"{p.material}@1"}) for p in made if not isinstance(p, Cluster)]
    if n.post:
        low = min(z for _, z in outline)
        made.append(bar("post", (0, n.thick, low + 0.45), (0, n.thick, low - n.post), 0.03))
    if n.wheels:
        for z in (-0.32, 0.32):
            made.append(bar("post", (-0.1, n.thick, z), (0.1, n.thick, z), 0.014))
            made += [
                Lathe(
                    material="wheel",
                    profile=[(0, -0.025), (n.wheels, -0.025), (n.wheels, 0.025), (0, 0.025)],
                    smooth=False,
                    turn=(0, 90, 0),
                    at=(s * 0.1, n.thick + n.wheels * 0.5, z),
                )
                for s in (-1, 1)
            ]
    for i in range(n.buttons):
        made.append(ball("mark", (0, front, 0.25 - 0.6 * i / n.buttons), (0.03, 0.02, 0.03), detail=6))
    if n.collar:
        c = n.collar
        made += [
            Sheet(
                material="border",
                outline=[(0, 0.36), (s * c, 0.5), (s * c * 1.25, 0.42), (s * 0.05, 0.27)][:: (1 if s > 0 else -1)],
                thickness=0.02,
                turn=turn,
                at=(0, front + 0.005, 0),
            )
            for s in (1, -1)
        ]
    # Its face towards +y, which is up when it lies flat.
    return [
        part.model_copy(
            update={"at": (-part.at[0], -part.at[1], part.at[2]), "turn": (*part.turn[:2], part.turn[2] + 180)}
        )
        for part in made
    ]


def _bar_code(half_wide: float, front: float, rng: np.random.Generator) -> list[Part]:
    """Bars and gaps of one to four units, and signs below."""
    made: list[Part] = []
    x, end, unit = -0.84 * half_wide, 0.84 * half_wide, half_wide / 42
    while x < end:
        bar_wide, gap = (unit * float(k) for k in rng.integers(1, 5, 2))
        made.append(block("mark", (x + bar_wide / 2, front, 0.08), (bar_wide, 0.008, 0.62), bevel=0))
        x += bar_wide + gap
    low = [float(v) for v in np.linspace(-0.8, 0.8, 13) * half_wide]
    made += [
        block("mark", (v, front, -0.34), (2 * unit, 0.008, 0.1 * float(rng.uniform(0.5, 1))), bevel=0) for v in low
    ]
    return made


def _qr_code(front: float, rng: np.random.Generator) -> list[Part]:
    """Cells at random, with a square in three corners."""
    dark = rng.random((CELLS, CELLS)) < 0.5
    square = np.ones((FINDER, FINDER), bool)
    square[1:-1, 1:-1] = False
    square[2, 2] = True
    for row, column in ((0, 0), (0, CELLS - FINDER), (CELLS - FINDER, 0)):
        near = np.s_[max(row - 1, 0) : row + FINDER + 1, max(column - 1, 0) : column + FINDER + 1]
        dark[near] = False
        dark[row : row + FINDER, column : column + FINDER] = square
    cell, made = 0.82 / CELLS, list[Part]()
    for row, own in enumerate(dark.tolist()):
        for column, run in runs(own):
            x, z = (column + run / 2) * cell - 0.41, 0.41 - (row + 0.5) * cell
            made.append(block("mark", (x, front, z), (run * cell, 0.008, cell), bevel=0))
    return made


def _pips(suit: str, front: float, rng: np.random.Generator) -> list[Part]:
    """One to ten signs of a suit, and a small one in two corners."""
    places = PIPS[int(rng.integers(len(PIPS)))]
    size = 0.3 if len(places) == 1 else 0.17
    made = [part for x, z in places for part in _pip(suit, (x, front, z), size)]
    return [*made, *(p for s in (-1, 1) for p in _pip(suit, (0.29 * s, front, -0.4 * s), 0.08))]


def _pip(suit: str, at: tuple[float, float, float], size: float) -> list[Part]:
    x, y, z = at
    flat: dict[str, Any] = {"material": "mark", "thickness": 0.008, "turn": (90, 0, 0)}
    if suit == "diamond":
        return [Sheet(outline=[(0, -size / 2), (size * 0.36, 0), (0, size / 2), (-size * 0.36, 0)], at=at, **flat)]
    foot: list[Vec2] = [(-size * 0.16, -size * 0.5), (size * 0.16, -size * 0.5), (0, 0)]
    if suit == "club":
        leaves = ((-0.21, -0.08), (0.21, -0.08), (0, 0.24))
        leaf = (size * 0.46, 0.008, size * 0.46)
        return [
            *(ball("mark", (x + dx * size, y, z + dz * size), leaf, detail=8) for dx, dz in leaves),
            Sheet(outline=foot, at=at, **flat),
        ]
    up = 1.0 if suit == "heart" else -1.0
    half = [(px * size, pz * size * up) for px, pz in HEART]
    outline = [*half, *((-px, pz) for px, pz in half[::-1] if px)]
    outline = outline if up > 0 else outline[::-1]
    return [Sheet(outline=outline, at=at, **flat), *([Sheet(outline=foot, at=at, **flat)] if up < 0 else [])]


def _mark(n: Outline, front: float, rng: np.random.Generator) -> list[Part]:
    match n.mark:
        case "bars":
            return _bar_code(max(x for x, _ in n.half), front, rng)
        case "cells":
            return _qr_code(front, rng)
        case "heart" | "diamond" | "spade" | "club":
            return _pips(n.mark, front, rng)
        case "bar":
            return [block("mark", (0, front, 0), (0.62, 0.012, 0.15), bevel=0.05)]
        case "stripe":
            return [
                block("mark", (0, front, z), (0.9 * max(x for x, _ in n.half) * 2, 0.012, 0.05), bevel=0.05)
                for z in (0.1, -0.05)
            ]
        case "arrow":
            arrow: list[Vec2] = [
                (-0.06, -0.3),
                (0.06, -0.3),
                (0.06, 0.08),
                (0.2, 0.08),
                (0, 0.32),
                (-0.2, 0.08),
                (-0.06, 0.08),
            ]
            return [Sheet(material="mark", outline=arrow, thickness=0.012, turn=(90, 0, 0), at=(0, front, 0))]
        case "exclaim":
            return [
                block("mark", (0, front, 0.08), (0.075, 0.012, 0.34), taper=1.0, bevel=0.2),
                ball("mark", (0, front, -0.2), (0.085, 0.012, 0.085), detail=8),
            ]
        case "number":
            return [
                block("mark", (right, front, up), (wide, 0.012, high), bevel=0)
                for right, up, wide, high in strokes(rng, 2, 0.5, 0.36, digits=True)
            ]
        case "veins":
            made: list[Part] = [
                tube("mark", [(0, front, -0.5), (0, front, 0.42)], [0.014, 0.005], flat=0.4, sides=6, smooth=False)
            ]
            for z in (-0.25, -0.05, 0.15):
                wide = max((x for x, pz in n.half if abs(pz - z - 0.1) < 0.16), default=0.15) * 0.75
                made += [
                    tube(
                        "mark",
                        [(0, front, z), (s * wide, front, z + 0.16)],
                        [0.009, 0.003],
                        flat=0.4,
                        sides=5,
                        smooth=False,
                    )
                    for s in (-1, 1)
                ]
            return made
        case "holes":
            return [
                ball("mark", (x, front, z), (0.09, 0.012, 0.09), detail=8)
                for x, z in ((-0.18, 0.15), (0.12, 0.2), (0.0, -0.05), (-0.2, -0.2), (0.2, -0.18), (0.22, 0.02))
            ]
        case "eyes":
            made = [ball("mark", (s * 0.1, front, 0.24), (0.05, 0.03, 0.05), detail=7) for s in (-1, 1)]
            return [
                *made,
                tube("mark", [(-0.1, front, 0.14), (0, front, 0.1), (0.1, front, 0.14)], [0.014], flat=0.5, sides=6),
            ]
        case _:
            return []


FAMILY = Family(
    Outline,
    parts,
    {
        "body": surface("fabric", "#1f4e9c"),
        "border": surface("fabric", "#f0efeb"),
        "mark": surface("plastic", "#1c1c1e"),
        "post": surface("metal", "#86888b"),
        "wheel": surface("plastic", "#e8e2d0 #b3202a #1c1c1e"),
    },
    "body",
    contexts=("table", "floor", "studio"),
    rests=("flat",),
    variation=Variation(stretch=(0.06, 0.0, 0.06), wobble=0.008, wobble_scale=1.2),
)
