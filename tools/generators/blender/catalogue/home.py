"""Things around the house."""

import math

from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Box, Cluster, Ellipsoid, Lathe, Sheet, Tube, Variation
from tools.generators.blender.short import (
    BLACK_PLASTIC,
    DARK_STEEL,
    GREEN_STEM,
    LEAF,
    RUST,
    STEEL,
    WHITE_PLASTIC,
    WOOD,
    arc,
    circle,
    lay,
    leaf,
    look,
    paint,
    words,
)

# fmt: off
DESK = ["table", "shelf", "studio", "hand", "floor", "workbench"]
STIFF = Variation(stretch=(0.04, 0.04, 0.04))
GLOW = paint("#f6f2e4 #f4ead0", roughness=0.12, coat=0.6, subsurface=0.2, jitter=0.03)
BULB = ObjectSpec(
    name="light bulb", aliases=words("bulb|lightbulb|lamp bulb"), chinese=words("灯泡|电灯泡"), size_m=0.11,
    contexts=DESK, rests=["side", "upright", "hangs"], lookalikes=["pear", "balloon", "garlic"],
    materials={
        "glass": GLOW, "metal": paint("#b8bcc0 #c9b070", roughness=0.3, metallic=1.0), "tip": BLACK_PLASTIC,
        "wire": DARK_STEEL,
    },
    parts=[
        Lathe(
            material="glass",
            profile=[
                (0.13, -0.22), (0.135, -0.2), (0.16, -0.08), (0.27, 0.12), (0.3, 0.27), (0.25, 0.44), (0.13, 0.535),
                (0, 0.56),
            ],
            segments=36,
        ),
        Lathe(
            material="metal", smooth=False, segments=28,
            profile=[
                (0, -0.44), (0.1, -0.44),
                *[p for i in range(5) for p in ((0.125, -0.43 + 0.042 * i), (0.14, -0.41 + 0.042 * i))],
                (0.132, -0.215),
            ],
        ),
        Lathe(
            material="tip", smooth=False, segments=18,
            profile=[(0, -0.51), (0.04, -0.51), (0.05, -0.48), (0.1, -0.435)],
        ),
        Tube(
            material="wire",
            path=[
                (-0.03, 0, -0.2), (-0.09, 0, 0.2), (-0.03, 0.02, 0.26), (0.0, 0, 0.2), (0.03, -0.02, 0.26),
                (0.09, 0, 0.2), (0.03, 0, -0.2),
            ],
            radius=[0.008], sides=5, only=["clear"],
        ),
    ],
    appearances=[
        look("frosted", "white|opaque|led|白", 2),
        look(
            "clear", "glass|transparent|filament|edison|透明", 1.5,
            {"glass": paint("#e8eeec", roughness=0.04, transparency=0.92, coat=0.6)},
        ),
    ],
    variation=Variation(stretch=(0.06, 0.06, 0.05)),
)
KEY = ObjectSpec(
    name="key", aliases=words("door key|house key"), chinese=words("钥匙"), size_m=0.06, contexts=DESK,
    rests=["flat"], lookalikes=["paper clip", "wrench", "spoon", "screw"],
    materials={"metal": paint("#b8b9ba #a8a9ac", roughness=0.28, metallic=1.0, jitter=0.05)},
    parts=[
        Sheet(
            material="metal", thickness=0.045,
            outline=[
                *arc(0.22, 24, 336, 18, -0.3), (0.42, -0.09), (0.5, -0.03), (0.44, 0.03), (0.38, 0.0), (0.33, 0.055),
                (0.27, 0.01), (0.22, 0.06), (0.17, 0.02), (0.12, 0.065), (0.06, 0.03), (0.0, 0.085),
            ],
            holes=[circle(0.065, 12, -0.4)],
        ),
        Box(material="metal", size=(0.5, 0.03, 0.055), bevel=0.2, at=(0.15, -0.05, 0)),
    ],
    appearances=[
        look("silver", "steel|metal|银色", 2),
        look(
            "brass", "gold|golden|铜|黄铜|金色", 2, {"metal": paint("#c8a040 #b8902f", roughness=0.28, metallic=1.0)},
        ),
        look("rusty", "rusted|old|生锈|锈|旧", 0.6, {"metal": RUST}),
    ],
    variation=STIFF,
)
POT = ObjectSpec(
    name="flower pot", aliases=words("flowerpot|plant pot|potted plant|house plant|houseplant|terracotta pot"),
    chinese=words("花盆|盆栽"), size_m=0.35, contexts=["table", "shelf", "floor", "grass", "soil", "studio"],
    rests=["upright"], lookalikes=["bucket", "mug", "bowl"],
    materials={
        "clay": paint(
            "#b0603a #a45630 #bd6e48", lay("noise", "#8a4424 #d8b09a", 0.4, scale=4, softness=0.8, opacity=0.4),
            roughness=0.85,
        ),
        "soil": paint("#2c1c10 #3a2616", roughness=1.0, bump=0.8, bump_scale=30), "leaf": LEAF, "stem": GREEN_STEM,
        "petal": paint("#d8305a #e8b020 #d85a9a #f0eee6 #8a4ab0", roughness=0.6),
        "heart": paint("#e0a81a #5a3414", roughness=0.9),
    },
    parts=[
        Lathe(
            material="clay", segments=36,
            profile=[
                (0, -0.5), (0.22, -0.5), (0.22, -0.5), (0.31, -0.12), (0.31, -0.12), (0.355, -0.12), (0.355, -0.12),
                (0.37, 0.02), (0.37, 0.02), (0.33, 0.02), (0.33, 0.02), (0.31, -0.08),
            ],
        ),
        Lathe(material="soil", profile=[(0.315, -0.05), (0.2, -0.03), (0, -0.02)][::-1], smooth=False),
        Cluster(
            count=16, on="disc", size=(0.2, 0.2, 0), at=(0, 0, -0.05), facing="up", copy_tilt=14, size_jitter=0.25,
            only=["leafy", "flowering"],
            parts=[
                Sheet(
                    material="leaf", outline=leaf(0.34), smooth=True, thickness=0, scale=(0.55, 0.55, 0.55),
                    turn=(0, -62, 0), bend=-58, bend_range=30, cup=30,
                ),
            ],
        ),
        Cluster(
            count=6, on="disc", size=(0.34, 0.34, 0), at=(0, 0, -0.05), facing="up", copy_tilt=13, size_jitter=0.15,
            only=["flowering"],
            parts=[
                Tube(material="stem", path=[(0, 0, 0), (0.02, 0, 0.26), (0.07, 0, 0.52)], radius=[0.014], sides=5),
                Ellipsoid(material="petal", size=(0.2, 0.2, 0.07), detail=5, at=(0.075, 0, 0.54)),
                Ellipsoid(material="heart", size=(0.07, 0.07, 0.06), detail=4, at=(0.075, 0, 0.57)),
            ],
        ),
        Cluster(
            count=1, on="line", size=(0, 0, 0), size_jitter=0.2, only=["cactus"],
            parts=[
                Lathe(
                    material="stem", lobes=10, lobe_depth=0.16, segments=40,
                    profile=[(0, -0.1), (0.16, -0.08), (0.2, 0.1), (0.2, 0.36), (0.14, 0.52), (0, 0.56)],
                ),
                Lathe(
                    material="stem", lobes=8, lobe_depth=0.16, segments=24, bend=-60,
                    profile=[(0, 0), (0.08, 0.02), (0.09, 0.2), (0.05, 0.3), (0, 0.31)], at=(0.26, 0, 0.15),
                    turn=(0, 30, 0),
                ),
            ],
        ),
    ],
    appearances=[
        look("leafy", "green|plant|绿植", 2), look("flowering", "flower|with flowers|开花", 1.5),
        look("empty", "空", 0.7), look("cactus", "仙人掌", 0.7),
    ],
    variation=Variation(stretch=(0.06, 0.06, 0.1)),
)
CANDLE = ObjectSpec(
    name="candle", aliases=words("wax candle"), chinese=words("蜡烛"), size_m=0.15,
    contexts=["table", "shelf", "studio", "hand"], rests=["upright"], lookalikes=["bottle", "can", "battery"],
    materials={
        "wax": paint("#f0e6d0 #e8dcc0 #c8343a #d8b890 #7a9ab0", roughness=0.4, subsurface=0.35, jitter=0.06),
        "wick": paint("#17120e"),
        "flame": paint(
            "#ffc04a #ffb030", lay("gradient", "#fff0b0", span=(0.6, 0.2), wobble=0), roughness=1.0, jitter=0.02,
        ),
    },
    parts=[
        Lathe(
            material="wax", segments=32,
            profile=[
                (0, -0.5), (0.2, -0.5), (0.205, -0.49), (0.2, 0.27), (0.19, 0.3), (0.16, 0.285), (0.07, 0.265),
                (0, 0.26),
            ],
        ),
        *[
            Tube(
                material="wax",
                path=[
                    (0.19 * math.cos(a), 0.19 * math.sin(a), 0.28), (0.207 * math.cos(a), 0.207 * math.sin(a), 0.24),
                    (0.207 * math.cos(a), 0.207 * math.sin(a), z),
                ],
                radius=[0.02, 0.024, 0.03], sides=6, round_ends=True, chance=0.7,
            ) for a,
            z in ((-1.2, 0.02), (-1.9, 0.12), (0.4, -0.06), (2.4, 0.05))
        ],
        Tube(material="wick", path=[(0, 0, 0.25), (0.005, 0, 0.33), (0.02, 0, 0.38)], radius=[0.012], sides=6),
        Lathe(
            material="flame", profile=[(0, 0.34), (0.035, 0.37), (0.05, 0.43), (0.03, 0.52), (0, 0.62)], segments=16,
            only=["burning"],
        ),
    ],
    appearances=[look("burning", "lit|点燃|燃烧", 2), look("unlit", "new|out|未点燃", 1)],
    variation=Variation(stretch=(0.15, 0.15, 0.1)),
)
CHAIR = ObjectSpec(
    name="chair", aliases=words("wooden chair|dining chair|kitchen chair"), chinese=words("椅子|木椅|餐椅"),
    size_m=0.9, contexts=["floor", "grass", "studio", "road"], rests=["upright"],
    lookalikes=["wooden crate", "road barrier"],
    materials={
        "wood": paint("#a8703c #8a5628 #c08a50", lay("noise", "#6f4420", 0.35, scale=9, opacity=0.4), roughness=0.5),
        "seat": paint("#a8703c #8a5628 #c08a50", roughness=0.5),
    },
    parts=[
        Box(material="seat", size=(0.46, 0.44, 0.045), bevel=0.4, at=(0, 0, 0)),
        *[
            Tube(
                material="wood", path=[(sx * 0.2, sy * 0.19, -0.02), (sx * 0.215, sy * 0.21, -0.47)],
                radius=[0.028, 0.02], sides=8, smooth=False,
            ) for sx in (-1, 1) for sy in (-1, 1)
        ],
        *[
            Tube(
                material="wood", path=[(s * 0.2, 0.2, 0.0), (s * 0.2, 0.22, 0.25), (s * 0.2, 0.27, 0.52)],
                radius=[0.026, 0.022], sides=8, round_ends=True,
            ) for s in (-1, 1)
        ],
        *[
            Box(
                material="wood", size=(0.4, 0.022, 0.07), bevel=0.3, at=(0, 0.225 + 0.06 * (z - 0.2), z),
                turn=(-8, 0, 0),
            ) for z in (0.2, 0.33, 0.46)
        ],
        *[
            Tube(
                material="wood", path=[(s * 0.21, -0.2, -0.28), (s * 0.21, 0.2, -0.28)], radius=[0.015], sides=6,
                smooth=False,
            ) for s in (-1, 1)
        ],
        Tube(material="wood", path=[(-0.2, -0.2, -0.2), (0.2, -0.2, -0.2)], radius=[0.015], sides=6, smooth=False),
    ],
    appearances=[
        look("wooden", "wood|brown|木", 3),
        look("white", "painted|白", 1, {"wood": WHITE_PLASTIC, "seat": WHITE_PLASTIC}),
        look(
            "upholstered", "cushioned|red|软垫", 1,
            {"seat": paint("#8a2a2a #2a4a6a #4a5a3a #c8b89a", roughness=0.95, bump=0.3, bump_scale=50)},
        ),
    ],
    variation=Variation(stretch=(0.06, 0.06, 0.08)),
)
COIN = ObjectSpec(
    name="coin", aliases=words("metal coin|money coin"), chinese=words("硬币|钱币"), size_m=0.025,
    contexts=["table", "floor", "hand", "studio", "road", "conveyor"], rests=["flat", "any"],
    lookalikes=["hex nut", "plate", "gear", "ring"],
    materials={
        "metal": paint(
            "#c0c2c6 #aeb0b4", lay("noise", "#8a8c90", 0.35, scale=14, opacity=0.25), roughness=0.28, metallic=1.0,
            jitter=0.04,
        ),
        "relief": paint("#e8e4d8", roughness=0.2, metallic=1.0),
    },
    parts=[
        Lathe(
            material="metal", smooth=False, segments=56, lobes=0,
            profile=[
                (0, -0.02), (0.42, -0.02), (0.44, -0.045), (0.485, -0.045), (0.5, -0.03), (0.5, 0.03), (0.485, 0.045),
                (0.44, 0.045), (0.42, 0.02), (0, 0.02),
            ],
        ),
        *[
            Sheet(
                material="relief", thickness=0.03, at=(0.0, 0.0, s * 0.022), turn=(0, 0 if s > 0 else 180, 0),
                outline=[
                    (-0.11, -0.26), (0.14, -0.26), (0.14, -0.19), (0.06, -0.19), (0.06, 0.27), (-0.01, 0.27),
                    (-0.13, 0.19), (-0.13, 0.11), (-0.03, 0.16), (-0.03, -0.19), (-0.11, -0.19),
                ],
            ) for s in (-1, 1)
        ],
        Cluster(
            count=26, on="ring", size=(0.76, 0.76, 0), at=(0, 0, 0.022), facing="up", size_jitter=0, place_jitter=0,
            parts=[Ellipsoid(material="metal", size=(0.03, 0.03, 0.02), detail=3)],
        ),
    ],
    appearances=[
        look("silver", "nickel|银", 2),
        look(
            "gold", "golden|brass|金", 1.5,
            {
                "metal": paint(
                    "#d8aa3a #c89a2f", lay("noise", "#a07a24", 0.35, scale=14, opacity=0.25), roughness=0.28,
                    metallic=1.0,
                ),
            },
        ),
        look(
            "copper", "bronze|penny|铜", 1.2,
            {
                "metal": paint(
                    "#b06a3a #9a582e", lay("noise", "#6a3a20", 0.4, scale=12, opacity=0.35), roughness=0.4,
                    metallic=1.0,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.0, 0.0, 0.2)),
)
BATTERY = ObjectSpec(
    name="battery", aliases=words("aa battery|aaa battery|alkaline battery"), chinese=words("电池|干电池"),
    size_m=0.05, contexts=["table", "workbench", "shelf", "conveyor", "studio", "hand", "floor"],
    rests=["side", "upright"], lookalikes=["can", "bolt", "candle"],
    materials={
        "wrap": paint(
            "#17171a #1f4fb0 #2a8a4a",
            lay("gradient", "#c8823a #d8a83a #c8202a #d0d2d4", span=(0.68, 0.685), wobble=0), roughness=0.25,
            metallic=0.3, coat=0.4,
        ),
        "metal": STEEL, "sign": paint("#f4f4f0"),
    },
    parts=[
        Lathe(
            material="wrap", smooth=False, segments=32,
            profile=[(0.13, -0.49), (0.145, -0.48), (0.145, 0.44), (0.13, 0.455)],
        ),
        Lathe(material="metal", smooth=False, segments=32, profile=[(0, -0.497), (0.12, -0.497), (0.13, -0.488)]),
        Lathe(
            material="metal", smooth=False, segments=32,
            profile=[(0.13, 0.45), (0.06, 0.455), (0.055, 0.46), (0.052, 0.5), (0, 0.502)],
        ),
        *[
            Box(material="sign", size=(0.01, s, t), bevel=0, at=(0.143, 0, 0.34)) for s,
            t in ((0.08, 0.022), (0.022, 0.08))
        ],
        *[
            Box(material="sign", size=(s, 0.01, t), bevel=0, at=(0, -0.143, 0.34)) for s,
            t in ((0.08, 0.022), (0.022, 0.08))
        ],
    ],
    appearances=[
        look("new", "alkaline|good|新", 3),
        look(
            "leaking", "leaked|corroded|old|bad|漏液|坏", 0.6,
            {"metal": paint("#8a9a8a", lay("noise", "#5aa08a #d8dcd0", 0.5, scale=5), roughness=0.95, bump=0.6)},
        ),
    ],
    variation=Variation(stretch=(0.03, 0.03, 0.05)),
)
UMBRELLA = ObjectSpec(
    name="umbrella", aliases=words("parasol|open umbrella"), chinese=words("雨伞|伞"), size_m=1.0,
    contexts=["grass", "road", "floor", "studio", "hand"], rests=["upright"], lookalikes=["mushroom", "balloon"],
    materials={
        "cloth": paint("#c8202a #1f4fa8 #202024 #e8b01a #2a8a5a", roughness=0.6), "metal": STEEL, "grip": WOOD,
    },
    parts=[
        Lathe(
            material="cloth", segments=48, lobes=8, lobe_depth=0.1, lobe_at="bottom",
            profile=[
                (0.5, 0.16), (0.48, 0.23), (0.4, 0.34), (0.24, 0.43), (0.06, 0.475), (0, 0.48), (0, 0.475),
                (0.06, 0.468), (0.24, 0.42), (0.4, 0.325), (0.475, 0.22), (0.5, 0.16),
            ],
        ),
        Tube(
            material="metal", path=[(0, 0, -0.36), (0, 0, 0.55)], radius=[0.012, 0.012, 0.006], sides=8, smooth=False,
        ),
        Tube(
            material="grip",
            path=[
                (0, 0, -0.3), (0, 0, -0.46), (0.02, 0, -0.53), (0.08, 0, -0.56), (0.135, 0, -0.52), (0.14, 0, -0.46),
            ],
            radius=[0.022], sides=10, round_ends=True,
        ),
    ],
    appearances=[
        look(n, z, 1, m) for n, z,
        m in (
            ("red", "红", {"cloth": paint("#c8202a", roughness=0.6)}),
            ("black", "黑", {"cloth": paint("#1c1c20", roughness=0.6)}),
            ("blue", "蓝", {"cloth": paint("#1f4fa8", roughness=0.6)}),
            (
                "striped", "colourful|colorful|彩色|条纹",
                {
                    "cloth": paint(
                        "#f2f0ea", lay("stripes", "#c8202a #1f5fb0 #2a8a4a", 0.5, scale=4, softness=0.02, wobble=0),
                        roughness=0.6,
                    ),
                },
            ),
        )
    ],
    variation=Variation(stretch=(0.05, 0.05, 0.08)),
)
CLOCK = ObjectSpec(
    name="clock", aliases=words("wall clock|alarm clock|analog clock"), chinese=words("钟|时钟|闹钟|挂钟"),
    size_m=0.25, contexts=["shelf", "table", "studio", "workbench"], rests=["upright"],
    lookalikes=["plate", "coin", "tire"],
    materials={
        "rim": paint("#202024 #c8202a #b8bcc0 #8a5a2c #1f5fb0", roughness=0.3),
        "face": paint("#f4f2ea", roughness=0.5, jitter=0.02), "hand": paint("#141416"), "second": paint("#c8202a"),
        "metal": STEEL,
    },
    parts=[
        Lathe(
            material="rim", smooth=True, segments=48,
            profile=[
                (0, -0.09), (0.44, -0.09), (0.49, -0.06), (0.5, 0.0), (0.48, 0.05), (0.44, 0.05), (0.43, 0.0),
                (0.43, 0.0),
            ],
            turn=(90, 0, 0),
        ),
        Lathe(
            material="face", smooth=False, segments=48, profile=[(0, 0.012), (0.435, 0.012), (0.435, -0.01)],
            turn=(90, 0, 0),
        ),
        Cluster(
            count=12, on="ring", size=(0.72, 0.72, 0), facing="up", size_jitter=0, place_jitter=0, turn=(90, 0, 0),
            at=(0, -0.016, 0), parts=[Box(material="hand", size=(0.085, 0.026, 0.006), bevel=0)],
        ),
        Box(material="hand", size=(0.24, 0.01, 0.04), bevel=0.2, at=(-0.1, -0.028, 0.06), turn=(0, 28, 0)),
        Box(material="hand", size=(0.34, 0.01, 0.026), bevel=0.2, at=(0.13, -0.033, 0.1), turn=(0, -36, 0)),
        Lathe(
            material="second", smooth=False, segments=16, profile=[(0.03, 0), (0.03, 0.02), (0, 0.02)],
            at=(0, -0.03, 0), turn=(90, 0, 0),
        ),
        *[
            Lathe(
                material="metal", profile=[(0.12, 0), (0.1, 0.07), (0, 0.1)], at=(s * 0.28, 0.02, 0.46),
                turn=(0, s * 30, 0), only=["alarm"],
            ) for s in (-1, 1)
        ],
        *[
            Tube(
                material="metal", path=[(s * 0.3, 0.02, -0.4), (s * 0.36, 0.02, -0.54)], radius=[0.03, 0.022],
                only=["alarm"], sides=8, smooth=False,
            ) for s in (-1, 1)
        ],
    ],
    appearances=[look("wall", "round|挂", 1.5), look("alarm", "bell|闹", 1.5)],
    variation=Variation(stretch=(0.02, 0.1, 0.02)),
)

OBJECTS = [BULB, KEY, POT, CANDLE, CHAIR, COIN, BATTERY, UMBRELLA, CLOCK]
