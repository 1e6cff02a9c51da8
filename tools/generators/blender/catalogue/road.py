"""Things along a road."""

import math

from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Box, Cluster, Lathe, Sheet, Tube, Variation
from tools.generators.blender.short import (
    DARK_STEEL,
    STEEL,
    circle,
    lay,
    look,
    paint,
    words,
)

# fmt: off
STIFF = Variation(stretch=(0.04, 0.04, 0.06))
PLAIN_PLASTIC = {"roughness": 0.5}
CONE = ObjectSpec(
    name="traffic cone", aliases=words("road cone|safety cone|pylon|construction cone"),
    chinese=words("交通锥|路锥|雪糕筒|锥桶"), size_m=0.7, contexts=["road", "floor", "grass", "studio"],
    rests=["upright", "side"], lookalikes=["carrot", "bucket", "road barrier"],
    materials={
        "body": paint(
            "#e8581a #e04e12 #ee6424", lay("band", "#f2f0ea", span=(0.34, 0.5), wobble=0, softness=0),
            lay("band", "#f2f0ea", span=(0.64, 0.75), wobble=0, softness=0), **PLAIN_PLASTIC, jitter=0.05,
        ),
        "base": paint("#e8581a #26262a #e04e12", roughness=0.6),
    },
    parts=[
        Lathe(
            material="body", smooth=False, segments=36,
            profile=[
                (0.29, -0.46), (0.26, -0.43), (0.16, 0.02), (0.06, 0.47), (0.055, 0.5), (0.04, 0.5), (0.04, 0.46),
                (0, 0.45),
            ],
        ),
        Box(material="base", size=(0.72, 0.72, 0.06), bevel=0.3, at=(0, 0, -0.48)),
    ],
    appearances=[
        look("orange", "red|striped|new|橙|红", 3),
        look("plain", "without stripes|无条纹", 1, {"body": paint("#e8581a #e04e12", **PLAIN_PLASTIC)}),
        look(
            "dirty", "old|used|旧|脏", 1,
            {
                "body": paint(
                    "#c85a28", lay("band", "#cfc8ba", span=(0.4, 0.62), wobble=0, softness=0),
                    lay("noise", "#5a4a3c", 0.38, scale=4, softness=0.6, opacity=0.8), roughness=0.85,
                ),
            },
        ),
        look(
            "yellow", "黄", 0.4,
            {
                "body": paint(
                    "#e8c020", lay("band", "#26262a", span=(0.4, 0.62), wobble=0, softness=0), **PLAIN_PLASTIC,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.05, 0.05, 0.12), bend=5),
)


def stroke(points: list[tuple[float, float]], x: float, smooth: bool = True) -> Tube:
    """One stroke of a letter on a sign that faces -y."""
    return Tube(
        material="white", path=[(x + px * 0.13, -0.014, 0.13 * pz) for px, pz in points], radius=[0.022], flat=0.3,
        sides=6, smooth=smooth, turn=(0, 0, 0),
    )


S_CURVE = [
    (0.42, 0.7), (0.1, 0.98), (-0.32, 0.85), (-0.36, 0.4), (0.0, 0.05), (0.36, -0.3), (0.34, -0.78), (-0.06, -0.98),
    (-0.42, -0.72),
]
STOP = ObjectSpec(
    name="stop sign", aliases=words("road sign stop"), chinese=words("停车标志|停止标志|停车牌"), size_m=2.0,
    contexts=["road", "grass", "studio"], rests=["upright"], lookalikes=["traffic light", "umbrella", "plate"],
    materials={
        "red": paint("#b8141c #a81018", roughness=0.35, jitter=0.06),
        "white": paint("#f4f3f0", roughness=0.4, jitter=0.02), "post": paint("#8a8d90", roughness=0.5, metallic=0.8),
    },
    parts=[
        Sheet(material="white", outline=circle(0.5, 8), turn=(90, 22.5, 0), thickness=0.016),
        Sheet(material="red", outline=circle(0.462, 8), turn=(90, 22.5, 0), thickness=0.022), stroke(S_CURVE, -0.285),
        stroke([(-0.45, 0.95), (0.45, 0.95)], -0.1, False), stroke([(0, 0.95), (0, -0.98)], -0.1, False),
        Tube(
            material="white", closed=True,
            path=[
                (
                    0.095 + 0.058 * math.cos(a), -0.014, 0.126 * math.sin(a),
                ) for a in [math.pi * i / 6 for i in range(12)]
            ],
            radius=[0.022], flat=0.6, sides=6,
        ),
        stroke([(-0.4, -0.98), (-0.4, 0.95)], 0.29, False),
        stroke([(-0.4, 0.92), (0.15, 0.9), (0.42, 0.5), (0.15, 0.05), (-0.4, 0.0)], 0.29),
        Tube(material="post", path=[(0, 0.03, -1.15), (0, 0.03, 0.35)], radius=[0.03], sides=8, smooth=False),
    ],
    appearances=[
        look("new", "red|clean|红|新", 3),
        look(
            "faded", "old|dirty|rusty|旧|脏|生锈", 1,
            {"red": paint("#a84a44", lay("noise", "#8a6a54 #c09080", 0.4, scale=4, softness=0.6), roughness=0.7)},
        ),
    ],
    variation=Variation(stretch=(0.03, 0.03, 0.08)),
)
LIGHT = ObjectSpec(
    name="traffic light", aliases=words("traffic signal|stoplight|stop light|traffic lights"),
    chinese=words("红绿灯|交通灯|信号灯|交通信号灯"), size_m=1.0, contexts=["road", "sky", "studio"],
    rests=["upright"], lookalikes=["stop sign", "bottle"],
    materials={
        "case": paint("#1c1d1f #23262a #3a4a2c", roughness=0.5), "red": paint("#3a0c0c", roughness=0.2),
        "amber": paint("#3a2a08", roughness=0.2), "green": paint("#0a2a14", roughness=0.2),
    },
    parts=[
        Box(material="case", size=(0.36, 0.22, 1.0), bevel=0.25),
        *[
            Lathe(
                material=m, segments=24, profile=[(0.13, 0), (0.11, 0.035), (0.06, 0.06), (0, 0.065)],
                at=(0, -0.108, z), turn=(90, 0, 0),
            ) for m,
            z in (("red", 0.31), ("amber", 0), ("green", -0.31))
        ],
        *[
            Sheet(
                material="case", outline=[(-0.06, -0.235), (0.045, -0.235), (0.045, 0.235), (-0.06, 0.235)], cup=-175,
                thickness=0.012, at=(0, -0.155, z + 0.15), turn=(0, 0, 90),
            ) for z in (0.31, 0, -0.31)
        ],
        Tube(material="case", path=[(0, 0, 0.48), (0, 0, 0.6)], radius=[0.05], sides=10, smooth=False),
    ],
    appearances=[
        look("red", "stop|红灯|红", 1.5, {"red": paint("#ff2a1e", roughness=0.2, jitter=0.03)}),
        look("green", "go|绿灯|绿", 1.5, {"green": paint("#2aff7a", roughness=0.2, jitter=0.03)}),
        look("amber", "yellow|orange|黄灯|黄", 1, {"amber": paint("#ffb01e", roughness=0.2, jitter=0.03)}),
        look(
            "yellow case", "黄色", 0.7,
            {"case": paint("#e0a818", roughness=0.5), "red": paint("#ff2a1e", roughness=0.2)},
        ),
    ],
    variation=STIFF,
)
BARRIER = ObjectSpec(
    name="road barrier", aliases=words("traffic barrier|barricade|road block|barrier"),
    chinese=words("路障|护栏|隔离栏"), size_m=1.5, contexts=["road", "floor", "studio", "grass"], rests=["upright"],
    lookalikes=["traffic cone", "chair", "stop sign"],
    materials={
        "board": paint(
            "#f2f0ea", lay("rings", "#d0181e", 0.5, scale=4, axis="x", softness=0.02, wobble=0), roughness=0.4,
            jitter=0.04,
        ),
        "leg": paint("#d8d4c8 #3a3a3e #e8a818", roughness=0.5), "lamp": paint("#f0a01a", roughness=0.15),
    },
    parts=[
        *[Box(material="board", size=(1.0, 0.03, 0.15), bevel=0.1, at=(0, 0, z)) for z in (0.22, 0.0)],
        *[
            Tube(
                material="leg",
                path=[
                    (s * 0.4, -sy * 0.2, -0.36), (s * 0.4, -0.016, 0.32),
                ] if sy > 0 else [(s * 0.4, 0.22, -0.36), (s * 0.4, 0.016, 0.32)],
                radius=[0.022], sides=6, smooth=False,
            ) for s in (-1, 1) for sy in (1, -1)
        ],
        *[
            Lathe(
                material="lamp", profile=[(0.045, 0), (0.06, 0.04), (0.045, 0.09), (0, 0.1)], at=(s * 0.4, 0, 0.31),
                chance=0.6,
            ) for s in (-1, 1)
        ],
    ],
    appearances=[
        look("red and white", "red|striped|红白", 2),
        look(
            "orange and white", "orange|橙白", 1.2,
            {
                "board": paint(
                    "#f2f0ea", lay("rings", "#e86a14", 0.5, scale=4, axis="x", softness=0.02, wobble=0),
                    roughness=0.4,
                ),
            },
        ),
        look(
            "yellow and black", "yellow|black and yellow|黄黑", 0.8,
            {
                "board": paint(
                    "#e8b81a", lay("rings", "#1c1c1e", 0.5, scale=5, axis="x", softness=0.02, wobble=0),
                    roughness=0.4,
                ),
            },
        ),
    ],
    variation=STIFF,
)
TIRE = ObjectSpec(
    name="tire", aliases=words("tyre|car tire|car tyre|wheel|car wheel"), chinese=words("轮胎|车轮"), size_m=0.65,
    contexts=["road", "floor", "grass", "workbench", "studio"], rests=["flat", "side"],
    lookalikes=["ring", "gear", "barrel"],
    materials={
        "rubber": paint("#1a1a1b #242425", roughness=0.85, jitter=0.05),
        "tread": paint(
            "#1a1a1b #242425", lay("stripes", "#08080a", 0.35, scale=44, softness=0.1, wobble=0.0), roughness=0.9,
        ),
        "rim": STEEL,
    },
    parts=[
        Lathe(
            material="rubber", segments=48,
            profile=[
                (0.3, -0.11), (0.34, -0.135), (0.42, -0.145), (0.475, -0.125), (0.475, -0.125), (0.48, 0.125),
                (0.475, 0.125), (0.42, 0.145), (0.34, 0.135), (0.3, 0.11), (0.29, 0.0), (0.3, -0.11),
            ],
        ),
        Lathe(
            material="tread", segments=48, smooth=False, lobes=24, lobe_depth=0.02,
            profile=[
                (0.47, -0.13), (0.495, -0.11), (0.5, -0.05), (0.5, 0.05), (0.495, 0.11), (0.47, 0.13), (0.47, -0.13),
            ],
        ),
        Lathe(
            material="rim", smooth=False, segments=40, only=["with rim"],
            profile=[(0.31, -0.11), (0.3, 0.1), (0.32, 0.115), (0.29, 0.118), (0.275, 0.06), (0.26, 0.05)],
        ),
        Cluster(
            count=5, on="ring", size=(0.3, 0.3, 0), at=(0, 0, 0.06), facing="up", size_jitter=0, place_jitter=0,
            only=["with rim"], parts=[Box(material="rim", size=(0.27, 0.085, 0.05), bevel=0.3)],
        ),
        Lathe(material="rim", profile=[(0.1, 0), (0.1, 0.09), (0.08, 0.11), (0, 0.11)], only=["with rim"]),
    ],
    appearances=[look("bare", "black|rubber|old|黑", 1.2), look("with rim", "wheel|complete|带轮毂", 1.2)],
    variation=Variation(stretch=(0.0, 0.0, 0.2)),
)
HYDRANT = ObjectSpec(
    name="fire hydrant", aliases=words("hydrant"), chinese=words("消防栓|消火栓"), size_m=0.8,
    contexts=["road", "grass", "studio"], rests=["upright"], lookalikes=["bottle", "traffic cone", "barrel"],
    materials={
        "paint": paint(
            "#c8181c #d8201e", lay("noise", "#8a1014", 0.35, scale=5, opacity=0.5), roughness=0.4, coat=0.3,
        ),
        "cap": paint("#c8181c #e8b81a #d8d8d4", roughness=0.4), "metal": DARK_STEEL,
    },
    parts=[
        Lathe(
            material="paint", segments=32,
            profile=[
                (0, -0.5), (0.26, -0.5), (0.26, -0.5), (0.26, -0.44), (0.26, -0.44), (0.19, -0.42), (0.19, -0.42),
                (0.18, 0.12), (0.18, 0.12), (0.23, 0.13), (0.23, 0.13), (0.23, 0.18), (0.23, 0.18), (0.2, 0.19),
                (0.17, 0.3), (0.09, 0.38), (0.05, 0.4), (0.05, 0.4), (0.05, 0.46), (0.05, 0.46), (0, 0.46),
            ],
        ),
        Lathe(material="cap", smooth=False, segments=6, profile=[(0.06, 0.44), (0.06, 0.5), (0, 0.5)]),
        *[
            Lathe(
                material="cap", smooth=False, segments=24,
                profile=[
                    (0.09, 0.1), (0.09, 0.22), (0.12, 0.22), (0.12, 0.27), (0.1, 0.28), (0.05, 0.28), (0.05, 0.32),
                    (0, 0.32),
                ],
                at=(0, 0, 0.0), turn=(90, 0, a),
            ) for a in (90, -90)
        ],
        Lathe(
            material="cap", smooth=False, segments=24,
            profile=[
                (0.12, 0.1), (0.12, 0.21), (0.15, 0.21), (0.15, 0.26), (0.13, 0.27), (0.06, 0.27), (0.06, 0.31),
                (0, 0.31),
            ],
            at=(0, 0, -0.06), turn=(90, 0, 0),
        ),
        Cluster(
            count=8, on="ring", size=(0.44, 0.44, 0), at=(0, 0, -0.44), facing="up", size_jitter=0, place_jitter=0,
            parts=[Lathe(material="metal", smooth=False, segments=6, profile=[(0.03, 0), (0.03, 0.035), (0, 0.035)])],
        ),
    ],
    appearances=[
        look("red", "红", 2),
        look(
            "yellow", "黄", 1,
            {"paint": paint("#e8b018 #e0a410", lay("noise", "#b07a10", 0.35, scale=5, opacity=0.5), roughness=0.4)},
        ),
        look(
            "rusty", "old|rusted|生锈|旧", 0.5,
            {"paint": paint("#9a3a24", lay("noise", "#5a2a16 #7a4424", 0.5, scale=5), roughness=0.9, bump=0.3)},
        ),
    ],
    variation=STIFF,
)

OBJECTS = [CONE, STOP, LIGHT, BARRIER, TIRE, HYDRANT]
