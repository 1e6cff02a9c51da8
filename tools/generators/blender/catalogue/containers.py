"""Boxes, buckets, bowls: things that hold things."""

from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Box, Lathe, Ring, Sheet, Tube, Variation
from tools.generators.blender.short import STEEL, lay, look, paint, words

# fmt: off
CUP = ObjectSpec(
    name="mug", aliases=words("cup|coffee cup|coffee mug|tea cup|teacup|tea mug"),
    chinese=words("杯子|马克杯|咖啡杯|茶杯|杯"), size_m=0.11,
    contexts=["table", "shelf", "studio", "hand", "workbench", "conveyor"], rests=["upright"],
    lookalikes=["bowl", "bucket", "can", "flower pot"],
    materials={
        "china": paint(
            "#f0eee8 #2a5a8a #b8322c #2f6a4a #e0b040 #3a3a40 #e6dfd0", roughness=0.18, coat=0.4, jitter=0.1,
        ),
        "drink": paint("#2a1408 #3a1d0c #6b4426 #8a3a10", roughness=0.08),
    },
    parts=[
        Lathe(
            material="china",
            profile=[
                (0, -0.5), (0.33, -0.5), (0.36, -0.47), (0.375, -0.3), (0.385, 0.2), (0.39, 0.46), (0.38, 0.48),
                (0.362, 0.475), (0.355, 0.42), (0.345, 0.1), (0.335, -0.4), (0.3, -0.445), (0, -0.45),
            ],
            segments=40,
        ),
        Tube(
            material="china",
            path=[
                (0.36, 0, 0.3), (0.48, 0, 0.33), (0.6, 0, 0.26), (0.64, 0, 0.05), (0.6, 0, -0.16), (0.48, 0, -0.27),
                (0.35, 0, -0.28),
            ],
            radius=[0.055, 0.045, 0.045, 0.055], flat=0.7, sides=10,
        ),
        Lathe(material="drink", smooth=False, profile=[(0, 0.33), (0.352, 0.33), (0.352, 0.32)], chance=0.5),
    ],
    appearances=[
        look("white", "白", 1.5, {"china": paint("#f2f0ea #e9e6de", roughness=0.18, coat=0.4, jitter=0.04)}),
        look("coloured", "colored|colourful|彩色", 2),
        look(
            "striped", "patterned|条纹", 1,
            {
                "china": paint(
                    "#efe9dc #e6ecf0", lay("rings", "#2a5a8a #b8322c #2f6a4a", 0.4, scale=4, softness=0.02, wobble=0),
                    roughness=0.2, coat=0.4,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.04, 0.04, 0.12), taper=0.08),
)
CARDBOARD = paint(
    "#b58a58 #a87e4c #c29a68", lay("noise", "#9a7040", 0.4, scale=5, softness=0.9, opacity=0.4), roughness=0.85,
    jitter=0.08,
)


def flap(turn: float, at: tuple[float, float, float], wide: float, lean: float) -> Sheet:
    """One open flap of a box."""
    return Sheet(
        material="card", outline=[(0, -wide / 2), (0.34, -wide / 2 + 0.02), (0.34, wide / 2 - 0.02), (0, wide / 2)],
        thickness=0.015, at=at, turn=(0, -lean, turn), bend=4,
    )


BOX = ObjectSpec(
    name="cardboard box", aliases=words("box|carton|carton box|parcel|package|shipping box"),
    chinese=words("纸箱|纸盒|箱子|盒子|包裹|快递盒"), size_m=0.4,
    contexts=["floor", "shelf", "conveyor", "table", "workbench", "studio"], rests=["upright"],
    lookalikes=["book", "toy brick", "wooden crate"],
    materials={
        "card": CARDBOARD, "dark": paint("#4a3620", roughness=0.95),
        "tape": paint("#c9a060 #d8b880 #8a6a3a", roughness=0.25, coat=0.3, jitter=0.05),
        "print": paint("#2a2018 #3a2a1c", roughness=0.8),
        "label": paint(
            "#f2f0ec", lay("rings", "#1c1c1c", 0.42, scale=15, axis="x", softness=0.02, wobble=0), roughness=0.5,
        ),
    },
    parts=[
        Box(material="card", size=(1.0, 0.8, 0.7), bevel=0.015, only=["closed", "damaged"]),
        Box(material="tape", size=(1.006, 0.11, 0.704), bevel=0, only=["closed", "damaged"], chance=0.9),
        Box(material="dark", size=(1.002, 0.006, 0.003), bevel=0, at=(0, 0, 0.351), only=["closed", "damaged"]),
        Sheet(
            material="label", outline=[(-0.15, -0.1), (0.15, -0.1), (0.15, 0.1), (-0.15, 0.1)], thickness=0.003,
            turn=(90, 0, 0), at=(0.22, -0.402, 0.1), only=["closed", "damaged"], chance=0.6,
        ),
        *[
            Sheet(
                material="print",
                outline=[
                    (-0.02, -0.06), (0.02, -0.06), (0.02, 0.02), (0.05, 0.02), (0, 0.09), (-0.05, 0.02),
                    (-0.02, 0.02),
                ],
                thickness=0.003, turn=(90, 0, 0), at=(x, -0.402, -0.12), only=["closed", "damaged"], chance=0.7,
            ) for x in (-0.36, -0.24)
        ],
        *[
            Box(material="card", size=s, bevel=0.02, at=a, only=["open"]) for s,
            a in (
                ((1.0, 0.015, 0.7), (0, -0.4, 0)), ((1.0, 0.015, 0.7), (0, 0.4, 0)),
                ((0.015, 0.8, 0.7), (-0.5, 0, 0)), ((0.015, 0.8, 0.7), (0.5, 0, 0)),
                ((1.0, 0.8, 0.015), (0, 0, -0.345)),
            )
        ],
        *[
            f.model_copy(
                update={"only": ["open"], "tilt": 9.0},
            ) for f in (
                flap(0, (0.5, 0, 0.35), 0.78, 25), flap(180, (-0.5, 0, 0.35), 0.78, 15),
                flap(90, (0, 0.4, 0.35), 0.98, 35), flap(270, (0, -0.4, 0.35), 0.98, -55),
            )
        ],
    ],
    appearances=[
        look("closed", "sealed|intact|good|封闭|完好", 3), look("open", "opened|打开", 1.5),
        look(
            "damaged", "crushed|dented|bad|破损|变形|坏", 0.6,
            variation=Variation(
                stretch=(0.1, 0.1, 0.1), wobble=0.035, wobble_scale=1.5, dents=4, dent_depth=0.14, twist=10,
            ),
        ),
    ],
    variation=Variation(stretch=(0.18, 0.18, 0.25)),
)
BUCKET = ObjectSpec(
    name="bucket", aliases=words("pail"), chinese=words("桶|水桶|塑料桶"), size_m=0.35,
    contexts=["floor", "grass", "soil", "workbench", "studio", "road"], rests=["upright"],
    lookalikes=["flower pot", "mug", "barrel"],
    materials={
        "body": paint("#2a6ab0 #c82a26 #2f8a4a #e0b020 #4a4a50", roughness=0.4, jitter=0.12),
        "inside": paint("#5a5a60 #44546a", roughness=0.7), "wire": STEEL,
        "grip": paint("#e8e4d8 #1c1c1e", roughness=0.6),
    },
    parts=[
        Lathe(
            material="body", segments=40,
            profile=[
                (0, -0.45), (0.3, -0.45), (0.31, -0.44), (0.36, -0.1), (0.42, 0.34), (0.42, 0.34), (0.45, 0.35),
                (0.455, 0.4), (0.44, 0.415), (0.415, 0.4), (0.35, -0.1), (0.3, -0.4), (0, -0.41),
            ],
        ),
        Ring(material="body", radius=0.425, thickness=0.035, at=(0, 0, 0.25)),
        Tube(
            material="wire",
            path=[
                (-0.45, 0, 0.33), (-0.44, 0.1, 0.55), (-0.26, 0.2, 0.78), (0, 0.24, 0.86), (0.26, 0.2, 0.78),
                (0.44, 0.1, 0.55), (0.45, 0, 0.33),
            ],
            radius=[0.013], sides=7,
        ),
        Tube(
            material="grip", path=[(-0.13, 0.225, 0.845), (0, 0.24, 0.862), (0.13, 0.225, 0.845)], radius=[0.034],
            sides=10,
        ),
    ],
    appearances=[
        look("plastic", "coloured|colored|塑料", 2),
        look(
            "metal", "galvanised|galvanized|steel|zinc|tin|金属|铁", 1,
            {
                "body": paint(
                    "#9a9ea2 #8a8e92", lay("noise", "#b8bcc0", 0.45, scale=8, opacity=0.6), roughness=0.45,
                    metallic=0.9, jitter=0.05,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.05, 0.05, 0.12)),
)
STAVES = paint(
    "#8a5a2c #7a4c22 #9a6a38", lay("stripes", "#3a2412", 0.12, scale=18, softness=0.05, wobble=0.03),
    lay("streaks", "#5a3818", 0.4, scale=40, opacity=0.6), roughness=0.7,
)
BARREL = ObjectSpec(
    name="barrel", aliases=words("cask|keg|drum|oil drum|oil barrel|wine barrel"),
    chinese=words("木桶|酒桶|油桶|圆桶"), size_m=0.9,
    contexts=["floor", "grass", "road", "workbench", "studio", "soil"], rests=["upright", "side"],
    lookalikes=["bucket", "can", "flower pot"],
    materials={
        "wood": STAVES, "hoop": paint("#3c3c3e #4a4644", roughness=0.55, metallic=0.8),
        "head": paint(
            "#8a5c30 #7a5026", lay("rings", "#3a2412", 0.1, scale=7, axis="x", softness=0.05, wobble=0),
            roughness=0.75,
        ),
        "drum": paint(
            "#1f4f8a #2f6a3a #a82a22 #d88a1a", lay("noise", "#7a3b1a", 0.2, scale=7), roughness=0.45, metallic=0.2,
        ),
    },
    parts=[
        Lathe(
            material="wood", segments=36,
            profile=[
                (0.3, -0.5), (0.3, -0.5), (0.36, -0.28), (0.385, 0), (0.36, 0.28), (0.3, 0.5), (0.3, 0.5),
                (0.275, 0.5), (0.275, 0.47), (0.275, 0.47),
            ],
            only=["wooden"],
        ),
        Lathe(
            material="head", smooth=False, profile=[(0, 0.455), (0.285, 0.455), (0.285, 0.45)][::-1], only=["wooden"],
        ),
        *[
            Lathe(
                material="hoop", smooth=False,
                profile=[
                    (r, z - 0.035), (r + 0.012, z - 0.035), (r2 + 0.012, z + 0.035), (r2, z + 0.035), (r, z - 0.035),
                ],
                only=["wooden"], segments=36,
            ) for r,
            r2, z in ((0.302, 0.316, -0.44), (0.37, 0.379, -0.16), (0.379, 0.37, 0.16), (0.316, 0.302, 0.44))
        ],
        Lathe(
            material="drum", segments=40,
            profile=[
                (0, -0.48), (0.32, -0.48), (0.335, -0.5), (0.345, -0.48), (0.33, -0.46), (0.33, -0.2), (0.33, -0.2),
                (0.35, -0.17), (0.33, -0.14), (0.33, -0.14), (0.33, 0.14), (0.33, 0.14), (0.35, 0.17), (0.33, 0.2),
                (0.33, 0.2), (0.33, 0.46), (0.345, 0.48), (0.335, 0.5), (0.32, 0.48), (0.32, 0.48), (0, 0.48),
            ],
            only=["metal", "rusty"],
        ),
        Lathe(
            material="hoop", smooth=False, segments=16, profile=[(0.05, 0), (0.05, 0.02), (0, 0.02)],
            at=(0.2, 0, 0.48), only=["metal", "rusty"],
        ),
    ],
    appearances=[
        look("wooden", "wood|oak|wine|木|木头", 2), look("metal", "steel|oil|blue|油|金属|铁", 1.5),
        look(
            "rusty", "rusted|old|生锈|锈", 0.6,
            {
                "drum": paint(
                    "#7a4a2a", lay("noise", "#5a2a14 #8f4a20", 0.5, scale=4),
                    lay("noise", "#2f5a7a #3a6a4a", 0.3, scale=2.5), roughness=0.85, bump=0.3, bump_scale=22,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.04, 0.04, 0.1)),
)
BOWL = ObjectSpec(
    name="bowl", aliases=words("soup bowl|rice bowl|salad bowl"), chinese=words("碗|饭碗|汤碗"), size_m=0.16,
    contexts=["table", "shelf", "studio", "hand", "conveyor"], rests=["upright"],
    lookalikes=["plate", "mug", "flower pot"],
    materials={
        "china": paint(
            "#f2f0ea #e8e2d4 #3a6a9a #7a9a6a #c8a05a",
            lay("band", "#2a5a8a #8a3a2a #b8923a", span=(0.84, 0.9), wobble=0, softness=0.02), roughness=0.2,
            coat=0.4, jitter=0.08,
        ),
    },
    parts=[
        Lathe(
            material="china", segments=44,
            profile=[
                (0, -0.2), (0.17, -0.2), (0.19, -0.24), (0.2, -0.24), (0.21, -0.19), (0.36, -0.08), (0.46, 0.1),
                (0.5, 0.27), (0.49, 0.28), (0.475, 0.265), (0.43, 0.1), (0.33, -0.05), (0.18, -0.15), (0, -0.165),
            ],
        ),
    ],
    appearances=[
        look("china", "ceramic|porcelain|瓷"),
        look(
            "wooden", "wood|木", 0.5,
            {
                "china": paint(
                    "#a87040 #8f5a2c",
                    lay("rings", "#7a4a22", 0.4, scale=9, wobble=0.6, axis="x", softness=0.7, opacity=0.5),
                    roughness=0.5,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.04, 0.04, 0.2)),
)
CRATE = ObjectSpec(
    name="wooden crate", aliases=words("crate|wood crate|fruit crate|wooden box"), chinese=words("木箱|板条箱"),
    size_m=0.5, contexts=["floor", "orchard", "grass", "shelf", "workbench", "studio"], rests=["upright"],
    lookalikes=["cardboard box", "bucket"],
    materials={
        "wood": paint(
            "#b58a54 #a87a44 #c49a64",
            lay("rings", "#8a6236 #94703f", 0.35, scale=2.5, softness=0.9, wobble=0.5, opacity=0.5), roughness=0.75,
            jitter=0.14,
        ),
    },
    parts=[
        *[
            Box(
                material="wood", size=(1.0, 0.025, 0.13), bevel=0.1, at=(0, y, z),
            ) for y in (-0.33, 0.33) for z in (-0.19, -0.03, 0.13)
        ],
        *[
            Box(
                material="wood", size=(0.025, 0.66, 0.13), bevel=0.1, at=(x, 0, z),
            ) for x in (-0.49, 0.49) for z in (-0.19, -0.03, 0.13)
        ],
        *[
            Box(
                material="wood", size=(0.06, 0.06, 0.5), bevel=0.05, at=(x, y, -0.02),
            ) for x in (-0.45, 0.45) for y in (-0.29, 0.29)
        ],
        *[
            Box(
                material="wood", size=(0.98, 0.14, 0.02), bevel=0.05, at=(0, y, -0.26),
            ) for y in (-0.24, -0.08, 0.08, 0.24)
        ],
    ],
    appearances=[look("plain", "empty|空")], variation=Variation(stretch=(0.1, 0.12, 0.15)),
)
BASKET_WEAVE = paint(
    "#b08a50 #9a743c #c09a60", lay("rings", "#5f4220", 0.42, scale=12, softness=0.2, wobble=0.1),
    lay("stripes", "#6a4a24", 0.3, scale=30, softness=0.3, wobble=0.1, opacity=0.8), roughness=0.8, bump=0.3,
    bump_scale=20,
)
BASKET = ObjectSpec(
    name="basket", aliases=words("wicker basket|fruit basket"), chinese=words("篮子|果篮|竹篮"), size_m=0.4,
    contexts=["table", "grass", "orchard", "floor", "shelf", "studio"], rests=["upright"],
    lookalikes=["bucket", "flower pot", "bowl"],
    materials={
        "weave": BASKET_WEAVE,
        "rim": paint("#8a6430 #7a5628", lay("stripes", "#4a3218", 0.4, scale=40, wobble=0.1), roughness=0.8),
    },
    parts=[
        Lathe(
            material="weave", segments=36,
            profile=[
                (0, -0.28), (0.32, -0.28), (0.35, -0.26), (0.42, -0.05), (0.47, 0.18), (0.44, 0.18), (0.4, -0.05),
                (0.32, -0.22), (0, -0.23),
            ],
            scale=(1, 0.78, 1),
        ),
        Ring(material="rim", radius=0.465, thickness=0.055, at=(0, 0, 0.18), scale=(1, 0.78, 1)),
        Tube(
            material="rim",
            path=[
                (-0.46, 0, 0.15), (-0.42, 0, 0.42), (-0.25, 0, 0.62), (0, 0, 0.69), (0.25, 0, 0.62), (0.42, 0, 0.42),
                (0.46, 0, 0.15),
            ],
            radius=[0.032], flat=0.6, sides=8,
        ),
    ],
    appearances=[look("wicker", "empty|空")], variation=Variation(stretch=(0.1, 0.1, 0.1)),
)

OBJECTS = [CUP, BOX, BUCKET, BARREL, BOWL, CRATE, BASKET]
