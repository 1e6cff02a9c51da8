"""Fruit of the orchard and the hedge."""

from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Cluster, Ellipsoid, Lathe, Sheet, Tube, Variation
from tools.generators.blender.short import GREEN_STEM, LEAF, ROT, STEM, lay, leaf, look, paint, words

# fmt: off
FRUIT_PLACES = ["table", "shelf", "conveyor", "studio", "hand", "orchard", "grass"]
FRUIT_RESTS = ["any", "hangs"]
# Pale specks on every apple (lenticels), the russet of the stem's hollow, the dark rest of the blossom.
SPECKS = lay("spots", "#f0dcae #e8c79a", 0.15, scale=24, softness=0.5, opacity=0.5)
HOLLOW = lay("gradient", "#9a8a3a #8d9a40", span=(0.88, 1.0), axis="along", opacity=0.75)
EYE = lay("gradient", "#2c2010", span=(0.085, 0.02), axis="along", wobble=0.05, opacity=0.95)
APPLE_SKIN = {"roughness": 0.34, "subsurface": 0.05}
APPLE = ObjectSpec(
    name="apple", chinese=words("苹果"), size_m=0.075,
    contexts=["orchard", "grass", "table", "shelf", "conveyor", "studio", "hand"], rests=["hangs", "any", "upright"],
    lookalikes=["peach", "tomato", "ball", "plum", "orange", "leaf"],
    materials={
        "skin": paint(
            "#a3141c #8e0f1a #b3202a",
            lay("blush", "#c2452d #a8882f #b84430", 0.28, softness=0.7, wobble=0.6, opacity=0.7),
            lay("streaks", "#6e0b14 #7d0d18", 0.45, scale=26, softness=0.7, opacity=0.55), HOLLOW, SPECKS, EYE,
            **APPLE_SKIN,
        ),
        "stem": STEM, "leaf": LEAF,
    },
    parts=[
        Lathe(
            material="skin", segments=36, lobes=5, lobe_depth=0.035, lobe_at="bottom",
            profile=[
                (0, -0.35), (0.04, -0.36), (0.1, -0.405), (0.19, -0.435), (0.33, -0.375), (0.455, -0.2), (0.5, 0.01),
                (0.475, 0.21), (0.375, 0.355), (0.25, 0.4), (0.14, 0.365), (0.05, 0.28), (0, 0.23),
            ],
        ),
        Tube(
            material="stem", path=[(0, 0, 0.2), (0.0, 0, 0.36), (0.04, 0.01, 0.52)], radius=[0.018, 0.016, 0.026],
            sides=7, tilt=16, chance=0.9,
        ),
        Sheet(
            material="leaf", outline=leaf(0.5), smooth=True, thickness=0, scale=(0.42, 0.42, 0.42), at=(0.02, 0, 0.4),
            turn=(10, -18, 40), bend=50, cup=40, chance=0.15,
        ),
    ],
    appearances=[
        look("red", "ripe|good|sound|healthy|deep red|dark red|gala|好|完好|红|红色|成熟|熟", 4),
        look(
            "bicolour",
            "ripe|good|sound|healthy|好|完好|bicolor|two-coloured|red and yellow|red|blushed|红|双色|成熟|熟", 4,
            {
                "skin": paint(
                    "#c9b64a #b9b04a #d6b95a",
                    lay("blush", "#b8232b #c43a36 #cf5040", 0.62, softness=0.55, wobble=0.5),
                    lay("streaks", "#a81c26 #b52f2d", 0.42, scale=24, softness=0.6, opacity=0.6),
                    lay("gradient", "#b7b24e #a9ab4a", span=(0.3, 0.08), axis="along", opacity=0.75), HOLLOW, SPECKS,
                    EYE, **APPLE_SKIN,
                ),
            },
        ),
        look(
            "pink", "ripe|good|sound|healthy|好|完好|red|pale red|frosted|粉|粉红|红|成熟|熟", 2,
            {
                "skin": paint(
                    "#c24452 #b8384a #c95a5a",
                    lay("blush", "#c8a04e #b9a552", 0.22, softness=0.8, wobble=0.5, opacity=0.8),
                    lay("streaks", "#a02638", 0.4, scale=20, softness=0.8, opacity=0.45),
                    lay("noise", "#d79aa4 #cf8d97", 0.45, scale=3, softness=0.9, opacity=0.35), HOLLOW, SPECKS, EYE,
                    roughness=0.5, subsurface=0.05,
                ),
            },
        ),
        look(
            "yellow", "ripe|good|sound|healthy|好|完好|golden|黄|黄色|金黄|成熟|熟", 1.2,
            {
                "skin": paint(
                    "#d3b445 #c9b54c #dcc263",
                    lay("blush", "#d08a45 #cf9a50", 0.25, softness=0.9, wobble=0.4, opacity=0.5),
                    lay("noise", "#b9b04a", 0.4, scale=2.5, softness=0.9, opacity=0.5),
                    lay("spots", "#8a6a34", 0.13, scale=22, softness=0.5, opacity=0.6), HOLLOW, EYE, **APPLE_SKIN,
                ),
            },
        ),
        look(
            "green", "good|sound|healthy|好|完好|unripe|raw|granny smith|granny|青|绿|绿色|未成熟|未熟|生", 2,
            {
                "skin": paint(
                    "#8fb23c #7ea634 #9fb84a", lay("blush", "#b9a24c #c0875a", 0.16, softness=0.9, opacity=0.35),
                    lay("noise", "#a9c25a", 0.4, scale=2.5, softness=0.9, opacity=0.6),
                    lay("spots", "#e6ecb0", 0.14, scale=22, softness=0.5, opacity=0.7), EYE, **APPLE_SKIN,
                ),
            },
        ),
        look(
            "rotten", "bad|spoiled|spoilt|mouldy|moldy|decayed|烂|腐烂|坏", 0.5,
            {
                "skin": paint(
                    "#9a2a1e #a8682a #9a9a3a", lay("blush", "#5b3618 #6b4420", 0.24, softness=0.15, wobble=0.5), *ROT,
                    EYE, roughness=0.65, bump=0.25, bump_scale=9,
                ),
            },
            variation=Variation(stretch=(0.06, 0.06, 0.1), wobble=0.03, wobble_scale=1.6, dents=3, dent_depth=0.12),
        ),
    ],
    variation=Variation(stretch=(0.05, 0.05, 0.11), taper=0.1, wobble=0.024, wobble_scale=1.5),
)
PEAR = ObjectSpec(
    name="pear", chinese=words("梨|梨子|鸭梨"), size_m=0.1, contexts=FRUIT_PLACES, rests=["upright", "side", "hangs"],
    lookalikes=["apple", "mango", "light bulb"],
    materials={
        "skin": paint(
            "#b9bf4a #a9b445 #c7c257", lay("blush", "#b0702f #a8552d", 0.3, softness=0.8, wobble=0.4, opacity=0.6),
            lay("spots", "#6b5a26", 0.17, scale=26, softness=0.5, opacity=0.7), HOLLOW, EYE, roughness=0.45,
            subsurface=0.05,
        ),
        "stem": STEM,
    },
    parts=[
        Lathe(
            material="skin", lobes=4, lobe_depth=0.02,
            profile=[
                (0, -0.44), (0.07, -0.46), (0.16, -0.5), (0.28, -0.46), (0.37, -0.32), (0.395, -0.15), (0.35, 0.03),
                (0.26, 0.2), (0.19, 0.34), (0.15, 0.44), (0.09, 0.5), (0.03, 0.5), (0, 0.48),
            ],
            bend_range=18,
        ),
        Tube(
            material="stem", path=[(0, 0, 0.46), (0.01, 0, 0.56), (0.05, 0.01, 0.68)], radius=[0.02, 0.018, 0.03],
            sides=7, tilt=18,
        ),
    ],
    appearances=[
        look("green", "unripe|raw|青|绿|未成熟|生", 2),
        look(
            "yellow", "ripe|黄|成熟|熟", 2,
            {
                "skin": paint(
                    "#d8bd4c #cfae44", lay("spots", "#7d5a26", 0.18, scale=24, softness=0.5, opacity=0.8),
                    lay("noise", "#a9873a", 0.35, scale=4, softness=0.7, opacity=0.5), EYE, roughness=0.45,
                ),
            },
        ),
        look(
            "red", "红|成熟", 1,
            {
                "skin": paint(
                    "#9a2f2a #a8402c", lay("blush", "#b89a40", 0.35, softness=0.8, wobble=0.4),
                    lay("spots", "#d8b98a", 0.16, scale=24, opacity=0.6), EYE, roughness=0.4,
                ),
            },
        ),
        look(
            "rotten", "bad|spoiled|烂|腐烂|坏", 0.3,
            {"skin": paint("#8a6a2c #6f4f22", *ROT, roughness=0.7, bump=0.2)},
        ),
    ],
    variation=Variation(stretch=(0.08, 0.08, 0.08), wobble=0.025, wobble_scale=1.4),
)
STRAWBERRY = ObjectSpec(
    name="strawberry", chinese=words("草莓"), size_m=0.035,
    contexts=["bush", "soil", "table", "shelf", "conveyor", "studio", "hand"], rests=["hangs", "any", "side"],
    lookalikes=["tomato", "cherry", "apple", "chili pepper"],
    materials={
        "flesh": paint(
            "#c4161c #b80f18 #d0262a", lay("gradient", "#d98a6a #d8a88a", span=(0.9, 1.0)), roughness=0.28, bump=0.25,
            bump_scale=14, subsurface=0.12,
        ),
        "seed": paint("#e8cf72 #d9b95a", roughness=0.4), "calyx": LEAF,
    },
    parts=[
        Lathe(
            material="flesh",
            profile=[
                (0, -0.56), (0.09, -0.545), (0.22, -0.42), (0.34, -0.2), (0.42, 0.05), (0.43, 0.22), (0.35, 0.36),
                (0.2, 0.41), (0, 0.39),
            ],
            segments=28,
        ),
        *[
            Cluster(
                count=n, on="ring", size=(2 * r, 2 * r, 1), at=(0, 0, z), turn=(0, 0, a), facing="out",
                place_jitter=0.03, parts=[Ellipsoid(material="seed", size=(0.055, 0.03, 0.022), detail=4)],
            ) for n,
            r, z,
            a in (
                (4, 0.135, -0.5, 0), (8, 0.245, -0.38, 20), (10, 0.325, -0.22, 0), (12, 0.385, -0.06, 15),
                (13, 0.422, 0.1, 0), (13, 0.43, 0.24, 14),
            )
        ],
        Cluster(
            count=9, on="ring", size=(0.12, 0.12, 0.1), at=(0, 0, 0.4), facing="up", copy_tilt=16,
            parts=[
                Sheet(
                    material="calyx", outline=leaf(0.42), thickness=0, scale=(0.42, 0.42, 0.42), turn=(0, 12, 0),
                    bend=-50, bend_range=30,
                ),
            ],
        ),
        Tube(
            material="calyx", path=[(0, 0, 0.38), (0.02, 0, 0.5), (0.07, 0.02, 0.62)], radius=[0.035, 0.028, 0.03],
            sides=7, tilt=20, chance=0.7,
        ),
    ],
    appearances=[
        look("ripe", "red|红|成熟|熟", 4),
        look(
            "unripe", "white|green|raw|白|青|绿|未成熟|生", 1,
            {
                "flesh": paint(
                    "#dfe0b0 #c9d49a", lay("blush", "#d8756a", 0.3, softness=0.8, opacity=0.7), roughness=0.35,
                    bump=0.25, bump_scale=14,
                ),
                "seed": paint("#8fa050", roughness=0.5),
            },
        ),
        look(
            "rotten", "bad|mouldy|moldy|烂|发霉|坏", 0.3,
            {
                "flesh": paint(
                    "#6a1418 #7a2a20", lay("noise", "#c9c8c0 #9a9a92", 0.42, scale=3), roughness=0.8, bump=0.3,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.12, 0.1, 0.14), taper=0.08, wobble=0.02),
)
GRAPES = ObjectSpec(
    name="grapes", aliases=words("grape|bunch of grapes|grape bunch|grape cluster"),
    chinese=words("葡萄|提子|葡萄串"), size_m=0.16, contexts=["bush", "table", "shelf", "conveyor", "studio", "hand"],
    rests=["hangs", "side"], lookalikes=["plum", "cherry", "ball", "leaf"],
    materials={
        "berry": paint(
            "#3b1f4a #2c1838 #4a2352", lay("noise", "#8a86a8", 0.38, scale=3, softness=0.9, opacity=0.45),
            roughness=0.35, jitter=0.25,
        ),
        "stem": STEM,
    },
    parts=[
        Cluster(
            count=62, on="bunch", size=(0.62, 0.56, 0.95), size_jitter=0.14, place_jitter=0.35,
            parts=[Ellipsoid(material="berry", size=(0.19, 0.19, 0.205), detail=7)],
        ),
        Ellipsoid(material="berry", size=(0.45, 0.4, 0.7), detail=6, at=(0, 0, 0.05)),
        Tube(
            material="stem", path=[(0, 0, 0.3), (0.0, 0.02, 0.55), (0.05, 0.02, 0.68)], radius=[0.02, 0.016, 0.026],
            sides=6,
        ),
        Tube(
            material="stem", path=[(-0.12, 0, 0.66), (0.05, 0.02, 0.68), (0.16, 0, 0.7)], radius=[0.018], sides=6,
            chance=0.6,
        ),
    ],
    appearances=[
        look("purple", "blue|black|dark|ripe|紫|黑|成熟|熟", 2),
        look(
            "green", "white|raw|unripe|青|绿|白|未成熟", 2,
            {
                "berry": paint(
                    "#a9bf4e #95b040 #bcc968", lay("noise", "#d6dd9a", 0.4, scale=3, softness=0.9, opacity=0.5),
                    roughness=0.25, subsurface=0.3, jitter=0.2,
                ),
            },
        ),
        look(
            "red", "pink|红|成熟|熟", 1.4,
            {
                "berry": paint(
                    "#8a2438 #a03a48 #7a1c34", lay("blush", "#b98a4a", 0.3, softness=0.8, opacity=0.5), roughness=0.3,
                    subsurface=0.2, jitter=0.25,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.12, 0.12, 0.1), taper=0.15, bend=14),
)
CHERRY_BALL = [
    (0, -0.44), (0.13, -0.43), (0.33, -0.33), (0.46, -0.08), (0.46, 0.14), (0.34, 0.33), (0.18, 0.37), (0.07, 0.33),
    (0, 0.27),
]
CHERRY = ObjectSpec(
    name="cherry", aliases=words("sweet cherry"), chinese=words("樱桃|车厘子"), size_m=0.05,
    contexts=["orchard", "bush", "table", "shelf", "conveyor", "studio", "hand"], rests=["hangs", "any"],
    lookalikes=["plum", "grapes", "tomato", "apple", "ball"],
    materials={
        "skin": paint(
            "#8c0f18 #a0141c #74091a", lay("blush", "#c22a24", 0.35, softness=0.8, opacity=0.7), roughness=0.14,
            coat=0.5, subsurface=0.05,
        ),
        "stem": GREEN_STEM, "leaf": LEAF,
    },
    parts=[
        Lathe(material="skin", profile=CHERRY_BALL, at=(-0.5, 0, 0), tilt=10, segments=28),
        Lathe(
            material="skin", profile=CHERRY_BALL, at=(0.5, 0.1, 0.04), tilt=10, segments=28,
            only=["pair", "dark pair", "yellow"],
        ),
        Tube(
            material="stem", path=[(-0.5, 0, 0.22), (-0.46, 0, 0.7), (-0.25, 0.03, 1.2), (0, 0.05, 1.6)],
            radius=[0.035, 0.028, 0.028, 0.06], sides=6,
        ),
        Tube(
            material="stem", path=[(0.5, 0.1, 0.26), (0.44, 0.1, 0.8), (0.24, 0.08, 1.25), (0, 0.05, 1.6)],
            radius=[0.035, 0.028, 0.028, 0.06], sides=6, only=["pair", "dark pair", "yellow"],
        ),
    ],
    appearances=[
        look("pair", "red|ripe|pair of|红|成熟|熟|一对", 2), look("single", "red|ripe|红|成熟|熟", 2),
        look("dark pair", "black|dark|ripe|黑|成熟", 1, {"skin": paint("#3f0812 #4c0a16", roughness=0.14, coat=0.5)}),
        look(
            "yellow", "white|rainier|黄", 0.5,
            {
                "skin": paint(
                    "#dcae4a #e0b95a", lay("blush", "#c9342c", 0.45, softness=0.8, wobble=0.3), roughness=0.18,
                    coat=0.4,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.06, 0.06, 0.12), wobble=0.008),
)
STONE_FRUIT = [
    (0, -0.47), (0.09, -0.475), (0.27, -0.41), (0.43, -0.23), (0.495, 0.0), (0.46, 0.22), (0.33, 0.38), (0.17, 0.42),
    (0.07, 0.38), (0, 0.31),
]
PEACH = ObjectSpec(
    name="peach", chinese=words("桃子|桃|水蜜桃"), size_m=0.075, contexts=FRUIT_PLACES, rests=FRUIT_RESTS,
    lookalikes=["apple", "plum", "orange", "tomato"],
    materials={
        "skin": paint(
            "#dd8c3c #d4843a #e29a4c", lay("blush", "#ae2430 #b83a38 #a01f30", 0.58, softness=0.9, wobble=0.5),
            lay("noise", "#d8704a", 0.4, scale=7, softness=0.9, opacity=0.5), roughness=0.85, subsurface=0.08,
        ),
        "stem": STEM, "leaf": LEAF,
    },
    parts=[
        Lathe(material="skin", profile=STONE_FRUIT, lobes=1, lobe_depth=0.2, segments=48),
        Sheet(
            material="leaf", outline=leaf(0.3), smooth=True, thickness=0, scale=(0.75, 0.75, 0.75),
            at=(0.02, 0.0, 0.36), turn=(0, -10, 70), bend=-50, cup=25, chance=0.45,
        ),
        Tube(material="stem", path=[(0, 0, 0.3), (0, 0, 0.42)], radius=[0.035], sides=7, chance=0.7),
    ],
    appearances=[
        look("ripe", "red|pink|red and yellow|红|粉|成熟|熟", 3),
        look(
            "unripe", "green|raw|青|绿|未成熟|生", 0.8,
            {
                "skin": paint(
                    "#9fb055 #8fa54a", lay("blush", "#c07a50", 0.25, softness=0.9, opacity=0.6), roughness=0.85,
                ),
            },
        ),
        look(
            "yellow", "黄", 1,
            {
                "skin": paint(
                    "#e8b24c #e2a63e", lay("blush", "#c8602e", 0.3, softness=0.9, wobble=0.4, opacity=0.8),
                    roughness=0.85,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.06, 0.06, 0.07), wobble=0.018),
)
PLUM = ObjectSpec(
    name="plum", chinese=words("李子|李|梅子"), size_m=0.05, contexts=FRUIT_PLACES, rests=FRUIT_RESTS,
    lookalikes=["grapes", "cherry", "apple", "peach"],
    materials={
        "skin": paint(
            "#3a1d4a #4a1f48 #2e1a44", lay("noise", "#9a97b8 #8a88ac", 0.52, scale=2.5, softness=0.9, opacity=0.5),
            lay("blush", "#7a2440", 0.3, softness=0.8, opacity=0.5), roughness=0.42,
        ),
        "stem": STEM,
    },
    parts=[
        Lathe(material="skin", profile=STONE_FRUIT, lobes=1, lobe_depth=0.07, segments=36, scale=(0.92, 0.92, 1.0)),
        Tube(
            material="stem", path=[(0, 0, 0.3), (0.01, 0, 0.5), (0.05, 0, 0.64)], radius=[0.022, 0.018, 0.024],
            sides=6, tilt=14, chance=0.7,
        ),
    ],
    appearances=[
        look("purple", "blue|dark|ripe|紫|蓝|成熟|熟", 3),
        look(
            "red", "红", 1,
            {
                "skin": paint(
                    "#8a1c30 #9c2a34", lay("noise", "#c08a98", 0.4, scale=3, softness=0.9, opacity=0.35),
                    roughness=0.3,
                ),
            },
        ),
        look(
            "yellow", "mirabelle|黄", 0.6,
            {
                "skin": paint(
                    "#dcae3c #d4a232", lay("blush", "#c0603a", 0.25, softness=0.9, opacity=0.6), roughness=0.35,
                ),
            },
        ),
        look(
            "green", "unripe|raw|青|绿|未成熟|生", 0.5,
            {
                "skin": paint(
                    "#8aa83c", lay("noise", "#b5c47a", 0.4, scale=3, softness=0.9, opacity=0.5), roughness=0.4,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.07, 0.07, 0.08), wobble=0.015),
)

OBJECTS = [APPLE, PEAR, CHERRY, PEACH, PLUM, STRAWBERRY, GRAPES]
