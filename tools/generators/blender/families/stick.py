"""Things with a handle: brushes, brooms, shovels, rakes, rollers, clubs; a straight handle and a head at its end."""

from typing import Literal

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers, ball, bar, block, tube
from tools.generators.blender.families.paints import surface
from tools.generators.blender.parts import Cluster, Lathe, Part, Sheet, Variation, Vec2

Head = Literal[
    "brush",
    "broom",
    "mop",
    "shovel",
    "rake",
    "hoe",
    "roller",
    "club",
    "puck",
    "sledge",
    "pick",
    "plunger",
    "spatula",
    "ladle",
    "whisk",
    "feather",
    "match",
    "magnifier",
    "comb",
    "syringe",
    "thermometer",
    "dryer",
    "torch",
    "candy",
]


class Stick(Numbers):
    """The handle runs along z from -0.5; lengths over the whole."""

    head: Head = "brush"
    long: float = Field(0.7, description="length of the handle")
    thick: float = Field(0.025, description="radius of the handle")
    end: float = Field(1.0, description="radius at its lower end over that at its head")
    wide: float = Field(0.2, description="of the head")
    high: float = Field(0.25, description="of the head")
    grip: float = Field(0.0, description="share of the handle that is a grip")
    loop: int = Field(0, description="1: a D handle at its end")


def parts(n: Stick, rng: np.random.Generator) -> list[Part]:
    """The tool, its head up."""
    top = -0.5 + n.long
    made: list[Part] = [
        tube(
            "handle",
            [(0, 0, -0.5), (0, 0, -0.5 + n.long / 2), (0, 0, top)],
            [n.thick * n.end, n.thick * (1 + n.end) / 2, n.thick],
        )
    ]
    if n.grip:
        made.append(tube("grip", [(0, 0, -0.5), (0, 0, -0.5 + n.grip * n.long)], [n.thick * n.end * 1.3], smooth=False))
    if n.loop:
        made.append(
            tube(
                "grip",
                [(0, 0, -0.44), (-0.06, 0, -0.5), (-0.05, 0, -0.58), (0.05, 0, -0.58), (0.06, 0, -0.5), (0, 0, -0.44)],
                [n.thick * 0.9],
            )
        )
    return made + _head(n, top, rng)


def _bristles(
    n: Stick,
    at: tuple[float, float, float],
    size: tuple[float, float],
    count: int,
    long: float,
    turn: tuple[float, float, float],
) -> Part:
    tuft = tube("bristle", [(0, 0, 0), (0, 0, long)], [0.014, 0.012], sides=5, smooth=False, round_ends=False)
    return Cluster(
        parts=[tuft],
        count=count,
        on="grid",
        size=(*size, 0),
        at=at,
        turn=turn,
        copy_tilt=4,
        size_jitter=0.06,
        facing="up",
    )


def _head(n: Stick, top: float, rng: np.random.Generator) -> list[Part]:
    w, h = n.wide, n.high
    match n.head:
        case "brush":
            return [
                block("handle", (0, 0, top + h / 2), (n.thick * 2, w, h), bevel=0.4),
                _bristles(n, (n.thick * 0.8, 0, top + h / 2), (h * 0.85, w * 0.7), 40, 0.075, (0, 90, 0)),
            ]
        case "broom":
            return [
                block("head", (0, 0, top), (0.08, w, 0.07), bevel=0.3),
                *[
                    tube(
                        "bristle",
                        [(0.02 * s, y * w, top), (0.03 * s, y * w * 1.35, top + h)],
                        [0.03, 0.022],
                        sides=5,
                        smooth=False,
                    )
                    for y in np.linspace(-0.46, 0.46, 13).tolist()
                    for s in (-1, 1)
                ],
            ]
        case "mop":
            strand = tube("bristle", [(0, 0, 0), (0.11, 0, 0.05), (0.17, 0, 0.24)], [0.02, 0.022, 0.016], sides=6)
            return [
                Lathe(material="head", profile=[(0.03, top - 0.06), (0.06, top + 0.02), (0, top + 0.04)]),
                Cluster(
                    parts=[strand],
                    count=34,
                    on="disc",
                    size=(w * 0.4, w * 0.4, 0),
                    at=(0, 0, top - 0.02),
                    facing="up",
                    size_jitter=0.25,
                    copy_tilt=16,
                ),
            ]
        case "shovel":
            blade: list[Vec2] = [
                (-w / 2, 0),
                (w / 2, 0),
                (w / 2, h * 0.6),
                (0.28 * w, h * 0.9),
                (0, h),
                (-0.28 * w, h * 0.9),
                (-w / 2, h * 0.6),
            ]
            return [
                Sheet(material="head", outline=blade, thickness=0.012, cup=38, turn=(90, 0, 90), at=(0, 0, top - 0.02)),
                bar("head", (0, 0, top - 0.1), (0, 0, top + 0.06), n.thick * 1.2),
            ]
        case "rake":
            return [
                bar("head", (0, -w / 2, top), (0, w / 2, top), 0.016),
                *[
                    tube(
                        "head", [(0, y * w, top), (0.1, y * w, top + 0.01), (0.13, y * w, top - 0.09)], [0.01], sides=6
                    )
                    for y in np.linspace(-0.48, 0.48, 11).tolist()
                ],
            ]
        case "hoe":
            return [
                tube("head", [(0, 0, top - 0.05), (0.02, 0, top + 0.06), (0.12, 0, top + 0.05)], [0.018]),
                block("head", (0.15, 0, top + 0.0), (0.012, w, 0.16), bevel=0.1, turn=(0, 20, 0)),
            ]
        case "roller":
            return [
                tube(
                    "metal",
                    [
                        (0, 0, top),
                        (0, 0, top + 0.1),
                        (0, -w * 0.75, top + 0.14),
                        (0, -w * 0.75, top + 0.26),
                        (0, -w / 2, top + 0.26),
                    ],
                    [0.012],
                ),
                Lathe(
                    material="bristle",
                    profile=[(0, -w / 2), (0.09, -w / 2), (0.09, w / 2), (0, w / 2)],
                    smooth=False,
                    turn=(90, 0, 0),
                    at=(0, 0, top + 0.26),
                ),
            ]
        case "club":
            return [
                tube(
                    "head",
                    [(0, 0, top - 0.02), (0.02, 0, top + 0.02), (0.12, 0, top + 0.05)],
                    [0.016, 0.035, 0.03],
                    scale=(1, 0.6, 1),
                )
            ]
        case "puck":
            return [
                tube(
                    "handle",
                    [(0, 0, top - 0.03), (0.03, 0, top + 0.02), (0.26, 0, top + 0.05)],
                    [n.thick * 1.1, 0.04, 0.038],
                    scale=(1, 0.5, 1),
                )
            ]
        case "sledge":
            return [block("head", (0, 0, top + h * 0.2), (w, h * 0.5, h * 0.5), bevel=0.2)]
        case "pick":
            return [
                tube(
                    "head",
                    [
                        (-w, 0, top - 0.08),
                        (-w / 2, 0, top + 0.02),
                        (0, 0, top + 0.04),
                        (w / 2, 0, top + 0.02),
                        (w, 0, top - 0.08),
                    ],
                    [0.004, 0.025, 0.035, 0.025, 0.008],
                )
            ]
        case "plunger":
            return [
                Lathe(
                    material="bristle",
                    profile=[
                        (w / 2, top + h),
                        (w * 0.48, top + h * 0.5),
                        (w * 0.25, top + 0.05),
                        (n.thick, top),
                        (n.thick, top + 0.03),
                        (w * 0.42, top + h * 0.7),
                        (w * 0.46, top + h),
                    ],
                )
            ]
        case "spatula":
            paddle: list[Vec2] = [
                (-w * 0.3, 0),
                (w * 0.3, 0),
                (w / 2, h * 0.3),
                (w / 2, h),
                (-w / 2, h),
                (-w / 2, h * 0.3),
            ]
            slots = [
                [(x - 0.012, h * 0.3), (x + 0.012, h * 0.3), (x + 0.012, h * 0.85), (x - 0.012, h * 0.85)]
                for x in (-0.3 * w, 0.0, 0.3 * w)
            ]
            return [
                Sheet(
                    material="head",
                    outline=paddle,
                    holes=slots,
                    thickness=0.014,
                    turn=(90, 0, 90),
                    at=(0, 0, top - 0.01),
                )
            ]
        case "ladle":
            return [
                Lathe(
                    material="head",
                    profile=[
                        (0, -0.5 * w),
                        (0.35 * w, -0.36 * w),
                        (0.5 * w, 0),
                        (0.46 * w, 0),
                        (0.32 * w, -0.32 * w),
                        (0, -0.44 * w),
                    ],
                    at=(w * 0.5, 0, top + 0.02),
                    turn=(0, 65, 0),
                )
            ]
        case "whisk":
            return [
                tube(
                    "metal",
                    [
                        (0, 0, top),
                        (w * 0.5 * float(np.cos(a)), w * 0.5 * float(np.sin(a)), top + h * 0.65),
                        (0, 0, top + h),
                        (-w * 0.5 * float(np.cos(a)), -w * 0.5 * float(np.sin(a)), top + h * 0.65),
                        (0, 0, top),
                    ],
                    [0.008],
                    sides=6,
                )
                for a in np.linspace(0, 2.6, 5)
            ]
        case "feather":
            vane: list[Vec2] = [
                (-0.25, 0.0),
                (-0.1, 0.07),
                (0.3, 0.09),
                (0.6, 0.05),
                (0.75, 0),
                (0.6, -0.04),
                (0.3, -0.065),
                (-0.1, -0.05),
            ]
            return [
                Sheet(
                    material="head",
                    outline=vane[::-1],
                    thickness=0.008,
                    smooth=True,
                    turn=(90, -90, 0),
                    at=(0, 0, -0.2),
                    cup=15,
                )
            ]
        case "match":
            return [ball("head", (0, 0, top), (n.thick * 3.4, n.thick * 3.4, 0.1))]
        case "candy":
            return [ball("head", (0, 0, top + w * 0.45), w)]
        case "magnifier":
            ring = [
                (0.0, float(np.cos(a)) * w / 2, top + w / 2 + float(np.sin(a)) * w / 2) for a in np.linspace(0, 5.9, 16)
            ]
            return [
                tube("head", ring, [0.03], closed=True, round_ends=False),
                Lathe(
                    material="glass",
                    profile=[(0, -0.012), (w / 2, -0.004), (w / 2, 0.004), (0, 0.012)],
                    turn=(0, 90, 0),
                    at=(0, 0, top + w / 2),
                ),
            ]
        case "comb":
            return [
                block("handle", (0, -0.055, 0.05), (n.thick * 1.6, 0.06, 0.9), bevel=0.3),
                *[
                    block("handle", (0, 0.04, z), (n.thick * 1.2, 0.16, 0.012), bevel=0)
                    for z in np.linspace(-0.36, 0.48, 30).tolist()
                ],
            ]
        case "syringe":
            r = n.wide / 2
            return [
                Lathe(
                    material="glass",
                    profile=[(0, -0.25), (r, -0.25), (r, 0.22), (r * 0.3, 0.27), (r * 0.3, 0.32), (0, 0.32)],
                    smooth=False,
                ),
                Lathe(
                    material="bristle", profile=[(0, -0.02), (r * 0.9, -0.02), (r * 0.9, 0.2), (0, 0.2)], smooth=False
                ),
                bar("metal", (0, 0, 0.3), (0, 0, 0.62), 0.006),
                block("head", (0, 0, -0.25), (0.03, 0.26, 0.02), bevel=0.2),
                block("head", (0, 0, -0.5), (0.03, 0.15, 0.02), bevel=0.2),
                Lathe(
                    material="grip",
                    profile=[(0, -0.06), (r * 0.92, -0.06), (r * 0.92, -0.02), (0, -0.02)],
                    smooth=False,
                ),
            ]
        case "thermometer":
            return [
                ball("bristle", (0, 0, -0.47), n.thick * 3.2),
                bar("bristle", (0, 0, -0.46), (0, 0, 0.05), n.thick * 0.5),
                tube("glass", [(0, 0, -0.42), (0, 0, 0.5)], [n.thick * 1.25], smooth=False),
            ]
        case "dryer":
            return [
                Lathe(
                    material="head",
                    profile=[(0.1, -0.32), (0.115, -0.28), (0.17, -0.05), (0.18, 0.12), (0.15, 0.24), (0, 0.26)],
                    turn=(0, 90, 0),
                    at=(0.02, 0, top + 0.1),
                ),
                Lathe(
                    material="grip",
                    profile=[(0.09, -0.44), (0.1, -0.43), (0.105, -0.3), (0, -0.3)],
                    turn=(0, 90, 0),
                    at=(0.02, 0, top + 0.1),
                    scale=(1, 0.7, 1),
                ),
            ]
        case "torch":
            return [
                Lathe(
                    material="head",
                    profile=[
                        (0, top - 0.02),
                        (n.thick, top - 0.02),
                        (w / 2, top + 0.12),
                        (w / 2, top + h),
                        (0, top + h),
                    ],
                    smooth=False,
                ),
                Lathe(
                    material="glass", profile=[(0, top + h + 0.012), (w * 0.45, top + h + 0.004), (w * 0.45, top + h)]
                ),
                block("grip", (n.thick * 0.95, 0, 0.0), (0.03, 0.05, 0.1), bevel=0.4),
            ]
        case _:
            return []


FAMILY = Family(
    Stick,
    parts,
    {
        "handle": surface("wood", "#b98b55 #a8763f"),
        "head": surface("metal", "#8a8d90 #a8abaf"),
        "grip": surface("rubber", "#1c1c1e #b3202a"),
        "metal": surface("metal", "#b8bbbf"),
        "bristle": surface("fabric", "#e8e2d0"),
        "glass": surface("glass", "#e8f0f2"),
    },
    "handle",
    contexts=("workbench", "floor", "table", "studio"),
    rests=("side", "flat"),
    variation=Variation(stretch=(0.04, 0.04, 0.06)),
)
