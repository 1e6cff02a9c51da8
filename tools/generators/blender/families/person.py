"""People: standing, walking or sitting, in clothes, with hair or a hard hat, perhaps a vest, a skirt or a bag."""

import math
from typing import Literal

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers, Three, ball, block, tube
from tools.generators.blender.families.paints import surface
from tools.generators.blender.parts import Lathe, Part, Variation

Pose = Literal["standing", "walking", "sitting", "running", "arms up"]
Hair = Literal["short", "long", "bun", "bald"]


class Person(Numbers):
    """Lengths over a height of about 1.75."""

    vary: float = 0.05
    pose: Pose = "standing"
    head: float = Field(0.115, description="radius of the head; a child's is larger for its height")
    legs: float = 0.82
    torso: float = 0.52
    wide: float = Field(0.2, description="half the shoulders' width")
    belly: float = 0.15
    arms: float = 0.6
    limb: float = 0.062
    hair: Hair = "short"
    hat: float = Field(0.0, ge=0, le=1, description="share that wears a hard hat")
    vest: float = Field(0.0, ge=0, le=1, description="share that wears a safety vest")
    skirt: float = Field(0.0, ge=0, le=1, description="share that wears a skirt or dress")
    sleeves: float = Field(0.55, ge=0, le=1, description="share in long sleeves")
    bag: float = Field(0.0, ge=0, le=1, description="share that carries a backpack")


def parts(n: Person, rng: np.random.Generator) -> list[Part]:
    """The person, looking along x."""
    chance = {key: rng.uniform() < getattr(n, key) for key in ("hat", "vest", "skirt", "sleeves", "bag")}
    sitting = n.pose == "sitting"
    hip = 0.46 if sitting else n.legs
    lean = {"running": 14, "walking": 4}.get(n.pose, 0) + rng.uniform(-3, 3)
    up = (math.sin(math.radians(lean)), math.cos(math.radians(lean)))
    shoulder = (n.torso * up[0], 0.0, hip + n.torso * up[1])
    made: list[Part] = _legs(n, hip, chance["skirt"], rng)
    low, chest = (0.0, 0.0, hip - 0.04), (0.55 * shoulder[0], 0.0, hip + 0.55 * n.torso)
    made.append(
        tube(
            "shirt",
            [low, chest, (shoulder[0], 0, shoulder[2] - 0.03)],
            [n.belly, n.belly * 0.98, n.wide * 0.86, n.wide * 0.72],
            scale=(0.66, 1, 1),
            sides=18,
        )
    )
    if chance["vest"]:
        made += _vest(n, hip, chest, shoulder)
    made += _arms(n, shoulder, chance["sleeves"], rng)
    neck = (shoulder[0] + 0.02, 0.0, shoulder[2] + 0.09)
    made.append(tube("skin", [(shoulder[0], 0, shoulder[2] - 0.06), neck], [0.06, 0.052], smooth=False))
    made += _head(n, neck, chance["hat"])
    if chance["bag"]:
        made.append(
            block("bag", (shoulder[0] - n.belly * 0.66 - 0.1, 0, shoulder[2] - 0.27), (0.18, 0.32, 0.44), bevel=0.35)
        )
    return made


def _legs(n: Person, hip: float, skirt: bool, rng: np.random.Generator) -> list[Part]:
    made: list[Part] = []
    swing = (
        {"walking": 0.24, "running": 0.42}.get(n.pose, 0.03)
        * rng.uniform(0.7, 1.15)
        * (1 if rng.uniform() < 0.5 else -1)
    )
    bare = "skin" if skirt else "trousers"
    t = n.limb * 1.25
    for s in (-1, 1):
        y = s * n.belly * 0.52
        if n.pose == "sitting":
            knee: Three = (0.44, y * 1.25, hip + 0.0)
            foot: Three = (0.46 + rng.uniform(-0.1, 0.12), y * 1.3, 0.07)
        else:
            step = swing * s
            bend = 0.12 if n.pose == "running" and step < 0 else 0.02
            knee = (step * 0.55 + bend * 1.3, y, hip * 0.52)
            foot = (step, y, 0.07 + (0.22 if n.pose == "running" and step < 0 else 0.0))
        made.append(
            tube(
                "trousers" if not skirt else bare,
                [(0, y, hip), knee, foot],
                [t * 1.5, t * 1.25, t * 0.95, t * 0.8],
                sides=12,
            )
        )
        made.append(ball("shoes", (foot[0] + 0.05, y * 1.05, foot[2] - 0.025), (0.27, 0.105, 0.1)))
    if skirt and n.pose != "sitting":
        made.append(
            Lathe(
                material="trousers",
                profile=[(n.belly * 1.75, -0.42), (n.belly * 1.3, -0.15), (n.belly * 0.95, 0.06), (0, 0.08)],
                scale=(0.8, 1, 1),
                at=(0, 0, hip),
            )
        )
    elif skirt:
        made.append(ball("trousers", (0.18, 0, hip), (0.6, n.belly * 2.3, 0.25)))
    return made


def _arms(n: Person, shoulder: Three, sleeves: bool, rng: np.random.Generator) -> list[Part]:
    made: list[Part] = []
    swing = {"walking": 0.3, "running": 0.5}.get(n.pose, 0.05)
    for s in (-1, 1):
        root = (shoulder[0], s * n.wide * 0.98, shoulder[2] - 0.05)
        half = n.arms / 2
        forward = swing * s * rng.uniform(0.6, 1.2) + rng.uniform(-0.05, 0.12)
        if n.pose == "sitting":
            elbow = (root[0] + 0.06, s * (n.wide + 0.07), root[2] - half * 0.95)
            hand = (elbow[0] + half * 0.9, s * n.wide * 0.7, elbow[2] - 0.03)
        elif n.pose == "arms up":
            elbow = (root[0], s * (n.wide + half * 0.8), root[2] + half * 0.5)
            hand = (root[0] + 0.05, s * (n.wide + half * 0.9), root[2] + half * 1.4)
        else:
            bent = 0.9 if n.pose == "running" else rng.uniform(0.1, 0.45)
            elbow = (root[0] + forward * half, s * (n.wide + 0.06 + 0.05 * rng.uniform()), root[2] - half * 0.95)
            hand = (elbow[0] + half * (0.8 * bent + forward * 0.5), elbow[1] * 0.98, elbow[2] - half * (1 - 0.9 * bent))
        t = n.limb
        made.append(tube("shirt", [root, elbow], [t * 1.15, t * 0.95], smooth=False))
        made.append(tube("shirt" if sleeves else "skin", [elbow, hand], [t * 0.92, t * 0.68], smooth=False))
        made.append(ball("skin", hand, (0.11, 0.075, 0.13), detail=8))
    return made


def _head(n: Person, neck: Three, hat: bool) -> list[Part]:
    r = n.head
    x, z = neck[0] + 0.02, neck[2] + r * 0.95
    made: list[Part] = [
        ball("skin", (x, 0, z), (2 * r * 0.95, 2 * r * 0.8, 2.2 * r), detail=14),
        ball("skin", (x + 0.95 * r, 0, z - 0.1 * r), (0.3 * r, 0.22 * r, 0.34 * r), detail=6),
        ball("mouth", (x + 0.8 * r, 0, z - 0.52 * r), (0.2 * r, 0.42 * r, 0.12 * r), detail=6),
    ]
    for s in (-1, 1):
        made.append(ball("eye", (x + 0.82 * r, s * 0.3 * r, z + 0.12 * r), (0.16 * r, 0.22 * r, 0.13 * r), detail=6))
        made.append(ball("skin", (x - 0.05 * r, s * 0.8 * r, z - 0.05 * r), (0.3 * r, 0.14 * r, 0.5 * r), detail=6))
    if hat:
        made += [
            Lathe(
                material="hat",
                profile=[(1.06 * r, 0), (1.04 * r, 0.45 * r), (0.8 * r, 0.85 * r), (0.3 * r, 1.06 * r), (0, 1.08 * r)],
                at=(x, 0, z + 0.36 * r),
                scale=(1.05, 0.95, 1),
            ),
            Lathe(
                material="hat",
                profile=[(0, 0), (1.3 * r, 0), (1.28 * r, 0.08 * r), (0, 0.12 * r)],
                at=(x + 0.14 * r, 0, z + 0.34 * r),
                smooth=False,
            ),
            block("hat", (x, 0, z + 1.4 * r), (1.4 * r, 0.22 * r, 0.16 * r), bevel=0.4),
        ]
    if n.hair != "bald":
        made.append(
            ball("hair", (x - 0.16 * r, 0, z + 0.28 * r), (1.96 * r, 1.76 * r, 1.95 * r), detail=12, turn=(0, -18, 0))
        )
    if n.hair == "long":
        made.append(
            tube(
                "hair",
                [(x - 0.3 * r, 0, z + 0.4 * r), (x - 0.62 * r, 0, z - 0.6 * r), (x - 0.6 * r, 0, z - 2.0 * r)],
                [0.85 * r, 0.8 * r, 0.55 * r],
                flat=0.5,
            )
        )
    if n.hair == "bun":
        made.append(ball("hair", (x - 1.0 * r, 0, z + 0.75 * r), 0.85 * r))
    return made


def _vest(n: Person, hip: float, chest: Three, shoulder: Three) -> list[Part]:
    """A vest over the shirt, with reflecting bands around it."""
    grown = 1.1
    made: list[Part] = [
        tube(
            "vest",
            [(0, 0, hip + 0.03), chest, (shoulder[0], 0, shoulder[2] - 0.07)],
            [n.belly * grown, n.belly * grown, n.wide * 0.86 * grown, n.wide * 0.74 * grown],
            scale=(0.68, 1.0, 1),
            sides=18,
        )
    ]
    for share in (0.22, 0.42):
        z = hip + share * n.torso
        x = share * shoulder[0]
        r = n.belly * grown * 1.03 + (0.02 if share > 0.3 else 0.0)
        made.append(
            Lathe(
                material="band",
                profile=[(r, -0.028), (r * 1.005, 0), (r, 0.028)],
                scale=(0.69, 1, 1),
                at=(x, 0, z),
                smooth=False,
            )
        )
    for s in (-1, 1):
        path = [
            (0.69 * n.belly * grown, s * 0.09, hip + 0.25 * n.torso),
            (0.67 * n.wide * 0.98, s * 0.1, hip + 0.62 * n.torso),
            (0.4 * n.wide, s * 0.11, shoulder[2] - 0.0),
        ]
        made.append(tube("band", path, [0.026], flat=0.4, sides=6))
    return made


CLOTH = "#1f4e9c #b3202a #2f6a3a #e8e4da #2a2a2e #8a8c90 #d8a83a #6b3a6a"
FAMILY = Family(
    Person,
    parts,
    {
        "skin": surface("skin", "#e8bfa0 #d8a583 #c68c64 #a56c44 #7c4a2c #5a3420"),
        "hair": surface("fur", "#1a1412 #2c1e16 #4a3220 #8a6434 #6a6662 #b88a4a"),
        "shirt": surface("fabric", CLOTH),
        "trousers": surface("fabric", "#22283a #2e3a58 #1c1c20 #5a5248 #7a7468 #3a4a3a"),
        "shoes": surface("leather", "#1c1a1a #4a3020 #e2e0dc #5a2a24"),
        "hat": surface("gloss", "#f0c81e #f4f2ee #e8641c #1f5aa8 #c0281e"),
        "vest": surface("fabric", "#d8e81e #f0641c"),
        "band": surface("plastic", "#d6d8da"),
        "bag": surface("fabric", "#2a2e38 #a83a2a #2a5a7a #4a5a3a"),
        "eye": surface("gloss", "#171210"),
        "mouth": surface("skin", "#a8564a"),
    },
    "shirt",
    contexts=("road", "floor", "grass", "studio"),
    variation=Variation(stretch=(0.05, 0.06, 0.04)),
)
