"""Fish, and the whales and dolphins that are shaped like them: a flattened body, fins, a tail."""

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers, ball, tube
from tools.generators.blender.families.paints import surface
from tools.generators.blender.parts import Part, Sheet, Variation


class Fish(Numbers):
    """Lengths over that of the body."""

    deep: float = Field(0.32, description="height of the body")
    wide: float = Field(0.5, description="width over height")
    back: float = Field(0.42, description="where it is highest, from the nose")
    snout: float = Field(0.3, description="bluntness of the nose, over the height")
    stem: float = Field(0.22, description="height where the tail begins, over the height")
    tail: float = 0.24
    fork: float = Field(0.5, description="0 straight, 1 deeply forked")
    tail_high: float = 0.34
    fluke: int = Field(0, description="1: the tail lies flat, as a whale's")
    dorsal: float = Field(0.12, description="height of the fin on the back")
    dorsal_from: float = 0.35
    dorsal_to: float = 0.75
    fin: float = Field(0.16, description="length of the breast fins")
    anal: float = 0.08
    eye: float = 0.045
    beak: float = Field(0.0, description="length of a dolphin's or swordfish's beak")
    bend: float = Field(14, description="plus or minus degrees")


def parts(n: Fish, rng: np.random.Generator) -> list[Part]:
    """The fish, looking along x, its back up."""
    half = n.deep / 2
    rows = [
        (0.5, n.snout * 0.55 * half),
        (0.44, n.snout * 1.5 * half),
        (0.5 - n.back * 0.55, 0.9 * half),
        (0.5 - n.back, half),
        (0.5 - (n.back + 0.95) * 0.5, 0.8 * half),
        (-0.38, max(n.stem, 0.1) * 1.4 * half),
        (-0.5, n.stem * half),
    ]
    xs = [x for x, _ in rows]
    even = np.linspace(0.5, -0.5, 13)
    radius = [float(np.interp(-x, [-v for v in xs], [min(r, half) for _, r in rows])) for x in even]
    made: list[Part] = [
        tube("skin", [(float(x), 0, 0) for x in even], radius, scale=(1, n.wide, 1), sides=20, smooth=False),
        tube(
            "belly",
            [(float(x), 0, -0.16 * r) for x, r in zip(even, radius, strict=True)],
            [r * 0.87 for r in radius],
            scale=(1, n.wide * 1.0, 1),
            sides=16,
            smooth=False,
        ),
    ]
    h, t = n.tail_high / 2, n.tail
    notch = -0.47 - t * (1 - 0.75 * n.fork)
    caudal = [
        (-0.44, -0.02),
        (-0.5 - 0.6 * t, -0.72 * h),
        (-0.5 - t, -h),
        (notch, 0),
        (-0.5 - t, h),
        (-0.5 - 0.6 * t, 0.72 * h),
        (-0.44, 0.02),
    ]
    made.append(Sheet(material="fin", outline=caudal, thickness=0.016, turn=(0, 0, 0) if n.fluke else (90, 0, 0)))
    if n.dorsal:
        a, b = 0.5 - n.dorsal_from, 0.5 - n.dorsal_to
        low = 0.8 * half
        outline = [
            (b, 0.5 * low),
            (b - 0.04, low + 0.55 * n.dorsal),
            ((a + b) / 2 - 0.05, low + n.dorsal),
            (a - 0.06, low + 0.75 * n.dorsal),
            (a, 0.6 * low),
        ]
        made.append(Sheet(material="fin", outline=outline[::-1], thickness=0.016, turn=(90, 0, 0)))
    if n.anal:
        outline = [(-0.12, -0.6 * half), (-0.26, -0.7 * half - n.anal), (-0.34, -0.3 * half)]
        made.append(Sheet(material="fin", outline=outline[::-1], thickness=0.014, turn=(90, 0, 0)))
    for s in (-1, 1):
        flipper = [(0, -0.04), (-0.5 * n.fin, -0.07), (-n.fin, -0.02), (-0.7 * n.fin, 0.04), (0, 0.04)]
        made.append(
            Sheet(
                material="fin",
                outline=flipper,
                thickness=0.014,
                at=(0.24, s * half * n.wide * 0.85, -0.25 * half),
                turn=(70 * s, 24, 28 * s),
            )
        )
        made.append(
            ball(
                "white",
                (0.39, s * n.wide * half * 0.62, 0.16 * half),
                (n.eye * 1.25, n.eye * 0.8, n.eye * 1.25),
                detail=7,
            )
        )
        made.append(
            ball(
                "eye",
                (0.395, s * (n.wide * half * 0.62 + 0.35 * n.eye), 0.16 * half),
                (n.eye * 0.8, n.eye * 0.4, n.eye * 0.8),
                detail=7,
            )
        )
    if n.beak:
        made.append(
            tube(
                "skin",
                [(0.44, 0, -0.05 * half), (0.5 + n.beak, 0, -0.16 * half)],
                [0.35 * half, 0.16 * half],
                scale=(1, 0.9, 1),
                smooth=False,
            )
        )
    if not n.fluke:  # a tail that beats from side to side is seldom straight
        tail = made[2]
        made[2] = tail.model_copy(update={"turn": (tail.turn[0], tail.turn[1], float(rng.uniform(-1, 1)) * n.bend / 2)})
    return made


FAMILY = Family(
    Fish,
    parts,
    {
        "skin": surface("gloss", "#6a7a84 #7a8a90"),
        "belly": surface("gloss", "#d8dad6"),
        "fin": surface("skin", "#6a7a84"),
        "white": surface("gloss", "#e8e4d8"),
        "eye": surface("gloss", "#0c0c0e"),
    },
    "skin",
    contexts=("table", "floor", "conveyor", "studio", "shelf"),
    rests=("side", "flat"),
    variation=Variation(stretch=(0.06, 0.06, 0.08)),
    follows=("fin",),
)
