"""Nuts, bolts and gears."""

import math

from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Appearance, Box, Lathe, Material, Sheet, Variation
from tools.generators.blender.short import (
    DARK_STEEL,
    RUST,
    STEEL,
    circle,
    look,
    paint,
    words,
)

# fmt: off
BRASS = paint("#c0983f #b08a34", roughness=0.3, metallic=1.0, jitter=0.06)


def finishes(*materials: str) -> list[Appearance]:
    """New, brass, dark and rusty: the states of a metal part."""
    def of(material: Material) -> dict[str, Material]:
        return dict.fromkeys(materials, material)

    return [
        look("steel", "new|clean|good|shiny|silver|metal|zinc|新|干净|银色|钢", 3),
        look("rusty", "rusted|corroded|old|bad|生锈|锈|旧|坏", 1.2, of(RUST)),
        look("brass", "golden|yellow|copper|铜|黄铜", 0.7, of(BRASS)),
        look("black", "dark|blackened|black oxide|黑|黑色", 0.8, of(DARK_STEEL)),
    ]


NUT = ObjectSpec(
    name="hex nut", aliases=words("nut|metal nut|steel nut|hexagonal nut|hexagon nut"),
    chinese=words("螺母|螺帽|六角螺母"), size_m=0.016,
    contexts=["workbench", "table", "conveyor", "floor", "studio", "hand"], rests=["flat", "any"],
    lookalikes=["gear", "ring", "bolt", "coin"], materials={"metal": STEEL},
    parts=[
        Sheet(material="metal", outline=circle(0.5, 6), holes=[circle(0.265, 24)], thickness=0.33),
        *[
            Lathe(
                material="metal", smooth=False, segments=20,
                profile=[(0.275, z), (0.245, z + 0.018), (0.275, z + 0.036), (0.3, z + 0.018), (0.275, z)],
            ) for z in (-0.17, -0.124, -0.078, -0.032, 0.014, 0.06, 0.106, 0.135)
        ],
        Lathe(
            material="metal", smooth=False, segments=40,
            profile=[
                (0.29, -0.19), (0.4, -0.19), (0.43, -0.16), (0.43, 0.16), (0.4, 0.19), (0.29, 0.19), (0.265, 0.165),
                (0.265, -0.165), (0.29, -0.19),
            ],
        ),
    ],
    appearances=finishes("metal"), variation=Variation(stretch=(0.02, 0.02, 0.15)),
)


def thread(radius: float, low: float, high: float, turns: int, sides: int = 20) -> Lathe:
    """Ridges around a shaft: rings stand for a thread's turns at this size."""
    step = (high - low) / turns
    profile = [(0.0, low)]
    for i in range(turns):
        profile += [(radius * 0.86, low + i * step), (radius, low + (i + 0.5) * step)]
    return Lathe(material="metal", smooth=False, segments=sides, profile=[*profile, (radius * 0.86, high), (0, high)])


BOLT = ObjectSpec(
    name="bolt", aliases=words("hex bolt|machine bolt|steel bolt|hexagon bolt"), chinese=words("螺栓|六角螺栓"),
    size_m=0.05, contexts=["workbench", "table", "conveyor", "floor", "studio", "hand"], rests=["side", "upright"],
    lookalikes=["screw", "hex nut", "nail", "pencil"], materials={"metal": STEEL},
    parts=[
        thread(0.125, -0.55, 0.15, 18),
        Lathe(material="metal", smooth=False, segments=20, profile=[(0.12, 0.14), (0.12, 0.37)]),
        Lathe(
            material="metal", smooth=False, segments=6,
            profile=[(0, 0.36), (0.24, 0.36), (0.25, 0.37), (0.25, 0.53), (0.22, 0.55), (0, 0.55)],
        ),
    ],
    appearances=finishes("metal"), variation=Variation(stretch=(0.04, 0.04, 0.2)),
)
SCREW = ObjectSpec(
    name="screw", aliases=words("wood screw|metal screw|phillips screw"), chinese=words("螺丝|螺钉|螺丝钉"),
    size_m=0.035, contexts=["workbench", "table", "conveyor", "floor", "studio", "hand"], rests=["side"],
    lookalikes=["bolt", "nail", "screwdriver"],
    materials={"metal": STEEL, "slot": paint("#26262a", roughness=0.6, metallic=0.6)},
    parts=[
        Lathe(
            material="metal", smooth=False, segments=18,
            profile=[
                (0, -0.6),
                *[
                    p for i in range(13) for p in (
                        (0.03 + 0.055 * min(i / 4, 1), -0.56 + i * 0.065),
                        (0.055 + 0.065 * min(i / 4, 1), -0.54 + i * 0.065),
                    )
                ],
                (0.085, 0.3), (0.1, 0.36), (0.25, 0.46), (0.25, 0.475), (0.2, 0.49), (0, 0.5),
            ],
        ),
        Box(material="slot", size=(0.25, 0.05, 0.02), bevel=0, at=(0, 0, 0.492)),
        Box(material="slot", size=(0.05, 0.25, 0.02), bevel=0, at=(0, 0, 0.492)),
    ],
    appearances=finishes("metal"), variation=Variation(stretch=(0.05, 0.05, 0.2)),
)
NAIL = ObjectSpec(
    name="nail", aliases=words("iron nail|steel nail"), chinese=words("钉子|铁钉"), size_m=0.06,
    contexts=["workbench", "table", "conveyor", "floor", "studio", "hand"], rests=["side"],
    lookalikes=["screw", "bolt", "pencil"], materials={"metal": STEEL},
    parts=[
        Lathe(
            material="metal", smooth=False, segments=14,
            profile=[
                (0, -0.5), (0.035, -0.4), (0.035, 0.42), (0.05, 0.45), (0.13, 0.46), (0.13, 0.49), (0.11, 0.5),
                (0, 0.5),
            ],
        ),
    ],
    appearances=finishes("metal"), variation=Variation(stretch=(0.08, 0.08, 0.2), bend=6),
)


def gear_outline(teeth: int) -> list[tuple[float, float]]:
    """A spur gear."""
    points = []
    for i in range(teeth):
        for share, radius in ((0.0, 0.4), (0.22, 0.4), (0.32, 0.5), (0.66, 0.5), (0.76, 0.4)):
            a = 2 * math.pi * (i + share) / teeth
            points.append((radius * math.cos(a), radius * math.sin(a)))
    return points


GEAR = ObjectSpec(
    name="gear", aliases=words("gear wheel|gearwheel|cog|cogwheel|cog wheel|spur gear"), chinese=words("齿轮"),
    size_m=0.08, contexts=["workbench", "table", "conveyor", "floor", "studio", "hand"], rests=["flat", "any"],
    lookalikes=["hex nut", "ring", "coin", "flower"], materials={"metal": STEEL},
    parts=[
        Sheet(
            material="metal", outline=gear_outline(18),
            holes=[
                circle(0.1, 16),
                *[
                    circle(
                        0.062, 10, 0.25 * math.cos(a), 0.25 * math.sin(a),
                    ) for a in (0, 1.2566, 2.5133, 3.7699, 5.0265)
                ],
            ],
            thickness=0.13,
        ),
        Lathe(
            material="metal", smooth=False, segments=28,
            profile=[
                (0.105, -0.1), (0.155, -0.1), (0.165, -0.09), (0.165, 0.09), (0.155, 0.1), (0.105, 0.1),
                (0.105, -0.1),
            ],
        ),
    ],
    appearances=finishes("metal"), variation=Variation(stretch=(0.0, 0.0, 0.3)),
)

OBJECTS = [NUT, BOLT, SCREW, NAIL, GEAR]
