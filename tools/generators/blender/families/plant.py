"""Plants: trees by their crown, palms, cacti, flowers by their petals on a stem, toadstools, clover."""

import math
from typing import Literal

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers, ball, tube
from tools.generators.blender.families.paints import surface
from tools.generators.blender.parts import Cluster, Lathe, Part, Sheet, Variation, Vec2
from tools.generators.blender.short import leaf

Kind = Literal["round", "conifer", "palm", "cactus", "flower", "cup", "spike", "toadstool", "clover", "grass", "fern"]


class Plant(Numbers):
    """Height about 1."""

    vary: float = 0.1
    kind: Kind = "round"
    trunk: float = Field(0.3, description="bare height of trunk or stem")
    thick: float = Field(0.04, description="radius of trunk or stem")
    wide: float = Field(0.6, description="of the crown, or of the flower")
    petals: int = 8
    rows: int = Field(1, description="rings of petals, or tiers of a conifer")
    petal_wide: float = 0.4
    up: float = Field(20, description="degrees that petals rise; 80 is a closed cup")
    centre: float = Field(0.12, description="size of a flower's middle")
    arms: int = 2
    dots: int = 0


def parts(n: Plant, rng: np.random.Generator) -> list[Part]:
    """The plant, its foot at z = 0."""
    match n.kind:
        case "round":
            puff = ball("leaves", (0, 0, 0), 0.36 * n.wide, detail=7)
            centre = (0.0, 0.0, n.trunk + 0.42 * (1 - n.trunk))
            crown = Cluster(
                parts=[puff],
                count=34,
                on="sphere",
                size=(n.wide, n.wide, 0.8 * (1 - n.trunk)),
                at=centre,
                size_jitter=0.35,
                place_jitter=0.3,
            )
            boughs: list[Part] = [
                tube(
                    "wood",
                    [(0, 0, 0.6 * n.trunk), (0.12 * math.cos(a), 0.12 * math.sin(a), n.trunk + 0.12)],
                    [n.thick * 0.7, n.thick * 0.4],
                    sides=7,
                    smooth=False,
                )
                for a in (0.5, 2.6, 4.6)
            ]
            return [
                tube(
                    "wood",
                    [(0, 0, 0), (0.02, 0, n.trunk * 0.6), (0, 0, n.trunk + 0.3)],
                    [n.thick * 1.3, n.thick, n.thick * 0.5],
                ),
                *boughs,
                crown,
                ball("leaves", centre, (n.wide * 0.9, n.wide * 0.9, 0.75 * (1 - n.trunk)), detail=10),
            ]
        case "conifer":
            made: list[Part] = [tube("wood", [(0, 0, 0), (0, 0, 0.9)], [n.thick, n.thick * 0.3], smooth=False)]
            for i in range(n.rows):
                t = i / n.rows
                r = 0.5 * n.wide * (1 - 0.82 * t)
                z = n.trunk + (1 - n.trunk) * t
                made.append(
                    Lathe(
                        material="leaves",
                        profile=[
                            (0.25 * r, z + 0.02),
                            (r, z - 0.03),
                            (0.9 * r, z + 0.02),
                            (0.3 * r, z + 0.9 * (1 - n.trunk) / n.rows * 1.5),
                            (0, z + (1 - n.trunk) / n.rows * 1.6),
                        ],
                        lobes=11,
                        lobe_depth=0.2,
                        turn=(0, 0, 40.0 * i),
                    )
                )
            if n.dots:
                made.append(
                    Cluster(
                        parts=[ball("bloom", (0, 0, 0), 0.05, detail=6)],
                        count=n.dots,
                        on="cone",
                        size=(n.wide * 0.95, n.wide * 0.95, 1 - n.trunk),
                        at=(0, 0, n.trunk + (1 - n.trunk) / 2),
                    )
                )
                made.append(ball("centre", (0, 0, 1.03), 0.09))
            return made
        case "palm":
            bend = float(rng.uniform(-0.14, 0.14))
            top = (bend, 0.0, 0.8)
            frond = Sheet(
                material="leaves",
                outline=[(0, -0.02), (0.15, -0.07), (0.35, -0.06), (0.5, 0), (0.35, 0.06), (0.15, 0.07), (0, 0.02)],
                thickness=0.006,
                bend=-75,
                cup=-40,
                turn=(0, -22, 0),
            )
            return [
                tube("wood", [(0, 0, 0), (0.6 * bend, 0, 0.4), top], [n.thick * 1.3, n.thick, n.thick * 0.8]),
                Cluster(
                    parts=[frond],
                    count=13,
                    on="ring",
                    size=(0.03, 0.03, 0),
                    at=(top[0], 0, top[2] - 0.02),
                    facing="up",
                    size_jitter=0.2,
                    copy_tilt=16,
                ),
            ]
        case "cactus":
            made = [
                tube(
                    "leaves",
                    [(0, 0, 0), (0, 0, 0.55), (0, 0, 0.95)],
                    [n.thick * 0.9, n.thick, n.thick * 0.85],
                    sides=16,
                )
            ]
            for i in range(n.arms):
                a, z = 3.1 * i + 0.4, 0.32 + 0.14 * i
                x, y = math.cos(a), math.sin(a)
                made.append(
                    tube(
                        "leaves",
                        [
                            (0, 0, z),
                            (0.17 * x, 0.17 * y, z + 0.03),
                            (0.22 * x, 0.22 * y, z + 0.14),
                            (0.22 * x, 0.22 * y, z + 0.34),
                        ],
                        [n.thick * 0.62],
                        sides=12,
                    )
                )
            thorn = tube("thorn", [(0, 0, 0), (0, 0, 0.035)], [0.004, 0.001], sides=4, smooth=False, round_ends=False)
            return [
                *made,
                Cluster(
                    parts=[thorn],
                    count=90,
                    on="cylinder",
                    size=(2 * n.thick, 2 * n.thick, 0.9),
                    at=(0, 0, 0.5),
                    copy_tilt=30,
                ),
                Lathe(
                    material="pot",
                    profile=[(0, -0.24), (0.15, -0.24), (0.19, 0.0), (0.2, 0.03), (0, 0.02)],
                    smooth=False,
                ),
            ]
        case "toadstool":
            made = [
                Lathe(material="thorn", profile=[(0.1, 0), (0.08, 0.15), (0.06, 0.6), (0, 0.62)]),
                Lathe(
                    material="bloom",
                    profile=[(0, 0.52), (0.3, 0.5), (0.42, 0.52), (0.38, 0.68), (0.22, 0.8), (0, 0.84)],
                ),
            ]
            if n.dots:
                made.append(
                    Cluster(
                        parts=[ball("thorn", (0, 0, 0), (0.08, 0.08, 0.03), detail=6)],
                        count=n.dots,
                        on="dome",
                        size=(0.82, 0.82, 0.33),
                        at=(0, 0, 0.68),
                        size_jitter=0.4,
                        place_jitter=0.2,
                    )
                )
            return made
        case "clover":
            heart = Sheet(
                material="leaves",
                outline=[
                    (0, 0),
                    (0.22, -0.2),
                    (0.4, -0.2),
                    (0.44, -0.08),
                    (0.38, 0),
                    (0.44, 0.08),
                    (0.4, 0.2),
                    (0.22, 0.2),
                ],
                thickness=0.012,
                smooth=True,
                turn=(0, -8, 0),
            )
            return [
                tube("stem", [(0, 0, -0.7), (0.05, 0, -0.3), (0, 0, 0)], [0.014]),
                Cluster(
                    parts=[heart],
                    count=n.petals,
                    on="ring",
                    size=(0.03, 0.03, 0),
                    facing="up",
                    size_jitter=0.06,
                    place_jitter=0,
                ),
            ]
        case "grass" | "fern":
            blade = Sheet(
                material="leaves",
                outline=[(x * 0.9, y * 0.9) for x, y in (leaf(0.05) if n.kind == "grass" else _frond())],
                thickness=0.006,
                bend=-60,
                turn=(0, -70, 0),
            )
            return [
                Cluster(
                    parts=[blade],
                    count=n.petals,
                    on="disc",
                    size=(0.18, 0.18, 0),
                    facing="up",
                    size_jitter=0.35,
                    copy_tilt=26,
                )
            ]
        case _:
            return _flower(n, rng)


def _frond() -> list[Vec2]:
    """The outline of a fern's leaf from (0, 0) to (1, 0): leaflets along a rib, longest a third of the way up."""
    side = []
    for x in np.linspace(0.1, 0.9, 13):
        reach = 0.24 * math.sin(math.pi * float(x) ** 0.6) + 0.015
        side += [(float(x) - 0.025, 0.012), (float(x) + 0.05, reach), (float(x) + 0.03, 0.012)]
    return [(0, 0), *[(x, -y) for x, y in side], (1, 0), *side[::-1]]


def _flower(n: Plant, rng: np.random.Generator) -> list[Part]:
    lean = float(rng.uniform(-0.08, 0.08))
    head = (lean, 0.0, n.trunk)
    made: list[Part] = [tube("stem", [(0, 0, 0), (lean * 0.3, 0, n.trunk * 0.5), head], [n.thick], sides=8)]
    blade = Sheet(
        material="leaves",
        outline=[(x * 0.4, y * 0.4) for x, y in leaf(0.3)],
        thickness=0.006,
        bend=-35,
        cup=20,
        turn=(0, -50, 0),
    )
    made.append(
        Cluster(
            parts=[blade],
            count=2,
            on="ring",
            size=(0.02, 0.02, 0),
            at=(0, 0, n.trunk * 0.2),
            facing="up",
            size_jitter=0.3,
        )
    )
    if n.kind == "spike":
        bud = ball("bloom", (0, 0, 0), (0.07, 0.05, 0.05), detail=5)
        made.append(
            Cluster(
                parts=[bud],
                count=50,
                on="cylinder",
                size=(n.wide * 0.5, n.wide * 0.5, 0.45),
                at=(head[0], 0, n.trunk + 0.1),
                size_jitter=0.3,
            )
        )
        return made
    long = n.wide / 2
    for row in range(n.rows):
        k = 1 - 0.24 * row
        petal = Sheet(
            material="bloom",
            outline=[(x * long * k, y * long * k) for x, y in leaf(n.petal_wide, 1.3 if n.kind == "cup" else 0.75)],
            thickness=0.008,
            smooth=True,
            cup=35 if n.kind == "cup" else 12,
            bend=55 if n.kind == "cup" else -12,
            turn=(0, -n.up - 16 * row, 0),
        )
        made.append(
            Cluster(
                parts=[petal],
                count=max(n.petals - row, 3),
                on="ring",
                size=(0.06 * n.wide, 0.06 * n.wide, 0),
                at=(head[0], 0, n.trunk + 0.008 * row),
                turn=(0, 0, 25.0 * row),
                facing="up",
                size_jitter=0.08,
                place_jitter=0.05,
            )
        )
    if n.centre:
        made.append(ball("centre", (head[0], 0, n.trunk + 0.03), (n.centre, n.centre, n.centre * 0.6)))
    return made


FAMILY = Family(
    Plant,
    parts,
    {
        "leaves": surface("skin", "#3f7a26 #4f8a30 #2f6522"),
        "wood": surface("wood", "#5b4327 #6d5a3a"),
        "stem": surface("skin", "#4f7a2a #5a8a34"),
        "bloom": surface("skin", "#d83a5a"),
        "centre": surface("clay", "#e8b822"),
        "thorn": surface("plastic", "#f0e8d4"),
        "pot": surface("clay", "#b0623a"),
    },
    "bloom",
    contexts=("grass", "soil", "studio"),
    variation=Variation(stretch=(0.1, 0.1, 0.1), bend=8),
)
