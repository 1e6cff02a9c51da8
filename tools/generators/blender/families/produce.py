"""Fruit, roots, nuts and seeds by their profile: a body, dimples, a stem, leaves, a crown, or a heap of small beads."""

import math
from typing import Any, Literal

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers, ball, tube
from tools.generators.blender.families.paints import surface
from tools.generators.blender.parts import Cluster, Lathe, Part, Sheet, Variation, Vec2
from tools.generators.blender.short import leaf

ProduceForm = Literal["spindle", "peanut", "round", "egg", "pear", "heart", "long", "root", "pod", "drop"]
# Radius over the greatest, from the bottom to the top, evenly spread in height.
FORMS: dict[str, list[float]] = {
    "round": [0, 0.66, 0.87, 0.97, 1, 0.97, 0.87, 0.66, 0],
    "egg": [0, 0.6, 0.86, 0.98, 1, 0.92, 0.76, 0.5, 0],
    "pear": [0, 0.66, 0.92, 1, 0.93, 0.74, 0.56, 0.42, 0],
    "heart": [0, 0.25, 0.48, 0.7, 0.88, 1, 0.98, 0.72, 0],
    "peanut": [0, 0.7, 0.95, 0.86, 0.66, 0.8, 1, 0.76, 0],
    "spindle": [0, 0.42, 0.75, 0.94, 1, 0.94, 0.75, 0.42, 0],
    "long": [0, 0.75, 0.95, 1, 1, 1, 0.95, 0.72, 0],
    "root": [0, 0.1, 0.22, 0.4, 0.62, 0.84, 1, 0.8, 0],
    "pod": [0, 0.5, 0.85, 1, 1, 1, 0.85, 0.45, 0],
    "drop": [0, 0.7, 0.96, 1, 0.86, 0.6, 0.36, 0.16, 0],
}


class Produce(Numbers):
    """Lengths over the height of the body."""

    form: ProduceForm = "round"
    wide: float = Field(1.0, description="width over height")
    dimple: float = Field(0.06, description="depth of the hollow at the stem")
    lobes: int = 0
    lobe_depth: float = 0.1
    bend: float = Field(0.0, description="degrees")
    stem: float = Field(0.12, description="length")
    stem_thick: float = 0.03
    leaves: int = Field(0, description="leaves at the stem")
    leaf_long: float = 0.5
    leaf_wide: float = 0.4
    crown: int = Field(0, description="points of a calyx or crown")
    crown_long: float = 0.2
    crown_up: float = Field(20, description="degrees that its points rise")
    beads: int = Field(0, description="beads that cover it, as a raspberry's")
    bead: float = 0.24
    scales: int = Field(0, description="pointed scales on it")
    cap: float = Field(0.0, description="share of the height under an acorn's cap")
    seam: int = Field(0, description="1: a lengthwise seam")
    tail: float = Field(0.0, description="length of a root at its end")
    count: int = Field(1, description="fruits on one stem")


def parts(n: Produce, rng: np.random.Generator) -> list[Part]:
    """One fruit, its stem up; or a pair of them on stems."""
    made = _body(n)
    top = 0.475 - n.dimple if n.dimple else 0.5
    if n.stem:
        lean = rng.uniform(-0.4, 0.4) * n.stem
        made.append(
            tube(
                "stem",
                [(0, 0, top - 0.03), (0.3 * lean, 0, top + 0.5 * n.stem), (lean, 0, top + n.stem)],
                [n.stem_thick * 1.2, n.stem_thick * 0.8, n.stem_thick],
                sides=8,
            )
        )
    if n.leaves:
        blade = Sheet(
            material="leaf",
            outline=[(x * n.leaf_long, y * n.leaf_long) for x, y in leaf(n.leaf_wide)],
            smooth=True,
            thickness=0.008,
            bend=-30,
            cup=15,
        )
        for i in range(n.leaves):
            turn = 360 * i / n.leaves + rng.uniform(-20, 20)
            made.append(
                blade.model_copy(
                    update={"at": (0.0, 0.0, top + n.stem * 0.6), "turn": (0.0, -float(rng.uniform(25, 75)), turn)}
                )
            )
    if n.crown:
        point = Sheet(
            material="leaf",
            outline=[
                (0, -0.05),
                (n.crown_long * 0.5, -0.055),
                (n.crown_long, 0),
                (n.crown_long * 0.5, 0.055),
                (0, 0.05),
            ],
            thickness=0.012,
            turn=(0, -n.crown_up, 0),
        )
        made.append(
            Cluster(
                parts=[point],
                count=n.crown,
                on="ring",
                size=(0.05, 0.05, 0),
                at=(0, 0, top + 0.02),
                facing="up",
                size_jitter=0.15,
                place_jitter=0.1,
            )
        )
    return made


def _body(n: Produce) -> list[Part]:
    rows = FORMS[n.form]
    last = len(rows) - 1
    profile: list[Vec2] = [(r * n.wide / 2, -0.5 + i / last) for i, r in enumerate(rows)]
    if n.dimple:
        half, depth = n.wide / 2, 0.475 - n.dimple
        profile[-1:] = [(0.36 * half, 0.462), (0.2 * half, 0.472), (0.09 * half, (0.475 + depth) / 2), (0, depth)]
    bend: dict[str, Any] = {"bend": n.bend} if n.bend else {}
    if n.beads:
        bead = ball("body", (0, 0, 0), n.bead, detail=6)
        scale = (n.wide * 0.85, n.wide * 0.85, 0.86)
        core = Lathe(material="body", profile=[(r * 0.84, z * 0.84) for r, z in profile], segments=20)
        return [
            core,
            Cluster(parts=[bead], count=n.beads, on="sphere", size=scale, size_jitter=0.12, place_jitter=0.08),
        ]
    made: list[Part] = [
        Lathe(material="body", profile=profile, lobes=n.lobes, lobe_depth=min(n.lobe_depth, 0.5), segments=36, **bend)
    ]
    if n.seam:
        path = [(r * 1.005, 0.0, z) for r, z in profile[1:-1]]
        made.append(tube("seam", path, [0.012], sides=6, **bend))
    if n.scales:
        scale_leaf = Sheet(
            material="leaf",
            outline=[(0, -0.07), (0.16, -0.05), (0.32, 0), (0.16, 0.05), (0, 0.07)],
            thickness=0.015,
            turn=(0, -62, 0),
        )
        made.append(
            Cluster(
                parts=[scale_leaf],
                count=n.scales,
                on="sphere",
                size=(n.wide * 0.94, n.wide * 0.94, 0.96),
                facing="up",
                size_jitter=0.2,
            )
        )
    if n.cap:
        r = n.wide / 2
        z = 0.5 - n.cap
        made.append(
            Lathe(
                material="cap",
                profile=[
                    (r * 0.98, z - 0.02),
                    (r * 1.1, z + 0.02),
                    (r * 1.05, z + 0.4 * n.cap),
                    (r * 0.7, 0.5 - 0.1 * n.cap),
                    (0, 0.52),
                ],
            )
        )
    if n.tail:
        wave = 0.12 * n.tail * math.sin(3.0)
        made.append(
            tube(
                "body",
                [(0, 0, -0.46), (wave, 0, -0.5 - 0.5 * n.tail), (-wave, 0, -0.5 - n.tail)],
                [0.035, 0.012, 0.004],
                sides=6,
            )
        )
    return made


FAMILY = Family(
    Produce,
    parts,
    {
        "body": surface("fruit", "#c0281e"),
        "stem": surface("wood", "#5b4327"),
        "leaf": surface("skin", "#3f7a26 #52902f"),
        "seam": surface("plastic", "#6a4a22"),
        "cap": surface("clay", "#6a4c2c"),
    },
    "body",
    contexts=("table", "conveyor", "orchard", "grass", "hand", "studio"),
    rests=("any",),
    variation=Variation(stretch=(0.06, 0.06, 0.08), wobble=0.012, wobble_scale=1.5),
)
