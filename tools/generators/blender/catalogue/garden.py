"""Leaves, flowers and stones."""

from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Cluster, Ellipsoid, Lathe, Sheet, Tube, Variation
from tools.generators.blender.short import (
    GREEN_STEM,
    LEAF,
    lay,
    leaf,
    look,
    paint,
    words,
)

# fmt: off
FALLEN = [
    (0, -0.02), (0.08, -0.16), (0.02, -0.34), (0.2, -0.27), (0.3, -0.42), (0.4, -0.26), (0.62, -0.36), (0.6, -0.2),
    (0.78, -0.16), (0.68, -0.07), (1.0, 0), (0.68, 0.07), (0.78, 0.16), (0.6, 0.2), (0.62, 0.36), (0.4, 0.26),
    (0.3, 0.42), (0.2, 0.27), (0.02, 0.34), (0.08, 0.16), (0, 0.02),
]
LEAF_SPEC = ObjectSpec(
    name="leaf", aliases=words("tree leaf|maple leaf|fallen leaf"), chinese=words("叶子|树叶|落叶|枫叶"), size_m=0.1,
    contexts=["grass", "soil", "orchard", "bush", "road", "table", "studio", "hand"], rests=["flat", "any", "hangs"],
    lookalikes=["flower", "apple"],
    materials={
        "blade": paint(
            "#4f8a2a #3f7a26 #64a03a", lay("noise", "#7ab04a", 0.4, scale=5, softness=0.8, opacity=0.6),
            lay("band", "#a8c878", span=(0.488, 0.512), axis="y", wobble=0.02, softness=0.02), roughness=0.5,
        ),
        "stem": GREEN_STEM,
    },
    parts=[
        Sheet(
            material="blade", outline=leaf(0.55, 0.85), smooth=True, thickness=0.006, bend=35, bend_range=35, cup=28,
            ripple=0.02, only=["green", "yellow", "brown", "red"],
        ),
        Sheet(
            material="blade", outline=FALLEN, thickness=0.006, bend=25, bend_range=40, cup=20, ripple=0.03,
            only=["maple red", "maple yellow", "maple green"],
        ),
        Tube(
            material="stem", path=[(0.05, 0, 0.0), (-0.12, 0, 0.0), (-0.32, 0.03, 0.03)],
            radius=[0.012, 0.013, 0.016], sides=6,
        ),
    ],
    appearances=[
        look("green", "fresh|绿", 3),
        look(
            "yellow", "autumn|fall|黄", 1,
            {"blade": paint("#d8b02a #c89a24", lay("noise", "#a8762a", 0.35, scale=5), roughness=0.6)},
        ),
        look(
            "brown", "dry|dead|autumn|fall|枯|干", 1,
            {"blade": paint("#7a4f28 #8a5c30", lay("noise", "#5a3818", 0.45, scale=6), roughness=0.8)},
        ),
        look(
            "red", "autumn|fall|红", 0.7,
            {"blade": paint("#a8281c #b83a1e", lay("noise", "#d8802a", 0.3, scale=4), roughness=0.6)},
        ),
        look(
            "maple red", "maple|red|autumn|枫|红", 0.8,
            {"blade": paint("#b8281a #c83c1c", lay("noise", "#d8802a", 0.3, scale=4), roughness=0.6)},
        ),
        look(
            "maple yellow", "maple|yellow|autumn|枫|黄", 0.6,
            {"blade": paint("#d8a824 #e0b838", lay("noise", "#c8702a", 0.3, scale=4), roughness=0.6)},
        ),
        look("maple green", "maple|green|枫|绿", 0.4),
    ],
    variation=Variation(stretch=(0.12, 0.16, 0.05), twist=14),
)
FLOWER = ObjectSpec(
    name="flower", aliases=words("daisy|blossom"), chinese=words("花|花朵|雏菊"), size_m=0.09,
    contexts=["grass", "bush", "soil", "table", "studio", "hand"], rests=["upright"],
    lookalikes=["leaf", "gear", "mushroom", "sunflower"],
    materials={
        "petal": paint(
            "#f4f2ec #efece2", lay("gradient", "#e8d8a0", span=(0.2, 0), axis="along", opacity=0.5), roughness=0.6,
        ),
        "heart": paint("#e8b01a #d89a14", roughness=0.9, bump=0.8, bump_scale=40), "stem": GREEN_STEM, "leaf": LEAF,
    },
    parts=[
        *[
            Cluster(
                count=n, on="ring", size=(0.14, 0.14, 0), at=(0, -0.02, 0.34 + z), turn=(48, 0, a), facing="up",
                copy_tilt=7,
                parts=[
                    Sheet(
                        material="petal",
                        outline=[
                            (0, -0.035), (0.2, -0.08), (0.36, -0.075), (0.42, 0), (0.36, 0.075), (0.2, 0.08),
                            (0, 0.035),
                        ],
                        smooth=True, thickness=0, turn=(0, lift, 0), bend=12, cup=40,
                    ),
                ],
            ) for n,
            z, a, lift in ((13, 0, 0, -4), (12, 0.01, 0, -13))
        ],
        Ellipsoid(material="heart", size=(0.23, 0.23, 0.12), at=(0, -0.03, 0.36), turn=(48, 0, 0), detail=10),
        Tube(
            material="stem", path=[(0, -0.01, 0.33), (0, 0.05, 0.15), (0.02, 0.06, -0.3), (0, 0.03, -0.7)],
            radius=[0.024, 0.02, 0.022], sides=7,
        ),
        Sheet(
            material="leaf", outline=leaf(0.34), smooth=True, thickness=0, scale=(0.42, 0.42, 0.42),
            at=(0.02, 0.05, -0.36), turn=(0, -42, 10), bend=-40,
        ),
        Sheet(
            material="leaf", outline=leaf(0.34), smooth=True, thickness=0, scale=(0.36, 0.36, 0.36),
            at=(0, 0.05, -0.18), turn=(0, -38, 190), bend=-40,
        ),
    ],
    appearances=[
        look("white", "daisy|白", 2),
        look(
            "yellow", "黄", 1,
            {"petal": paint("#f0c01a #e8b010", roughness=0.6), "heart": paint("#6a3a14", roughness=0.9)},
        ),
        look("pink", "粉", 1, {"petal": paint("#e070a0 #d85a90", roughness=0.6)}),
        look("red", "红", 0.7, {"petal": paint("#c81c2a", roughness=0.6)}),
        look("purple", "blue|紫|蓝", 0.7, {"petal": paint("#7a4ab8 #5a5ac8", roughness=0.6)}),
    ],
    variation=Variation(stretch=(0.06, 0.06, 0.14), bend=10),
)
SUNFLOWER = ObjectSpec(
    name="sunflower", chinese=words("向日葵"), size_m=0.4, contexts=["grass", "soil", "sky", "bush", "studio"],
    rests=["upright"], lookalikes=["flower", "gear", "leaf"],
    materials={
        "petal": paint(
            "#f0b414 #e8a60c #f4c22a", lay("gradient", "#d8781a", span=(0.3, 0), axis="along", opacity=0.6),
            roughness=0.6,
        ),
        "heart": paint(
            "#4a2a12 #3a200e", lay("spots", "#8a5a1e", 0.3, scale=26), roughness=1.0, bump=0.9, bump_scale=40,
        ),
        "stem": GREEN_STEM, "leaf": LEAF,
    },
    parts=[
        *[
            Cluster(
                count=n, on="ring", size=(0.42, 0.42, 0), at=(0, -0.03, 0.34), turn=(64, 0, 0), facing="up",
                copy_tilt=9, size_jitter=0.15,
                parts=[
                    Sheet(
                        material="petal",
                        outline=[
                            (0, -0.03), (0.12, -0.07), (0.22, -0.05), (0.31, 0), (0.22, 0.05), (0.12, 0.07),
                            (0, 0.03),
                        ],
                        thickness=0, turn=(0, lift, 0), bend=18, cup=40,
                    ),
                ],
            ) for n,
            lift in ((18, 2), (17, -14))
        ],
        Ellipsoid(material="heart", size=(0.48, 0.48, 0.14), at=(0, -0.04, 0.35), turn=(64, 0, 0), detail=14),
        Tube(
            material="stem", path=[(0, 0, 0.32), (0, 0.06, 0.12), (0.02, 0.08, -0.35), (0, 0.04, -0.8)],
            radius=[0.05, 0.035, 0.038], sides=8,
        ),
        *[
            Sheet(
                material="leaf", outline=leaf(0.7, 0.8), smooth=True, thickness=0, scale=(0.46, 0.46, 0.46),
                at=(0, 0.07, z), turn=(0, -28, a), bend=-50,
            ) for z,
            a in ((-0.3, -15), (-0.12, 190))
        ],
    ],
    appearances=[look("yellow", "blooming|黄", 2)], variation=Variation(stretch=(0.05, 0.05, 0.14), bend=6),
)
PINE_CONE = ObjectSpec(
    name="pine cone", aliases=words("pinecone|fir cone"), chinese=words("松果|松塔"), size_m=0.08,
    contexts=["grass", "soil", "table", "studio", "hand"], rests=["any", "upright"],
    lookalikes=["pineapple", "potato", "stone"],
    materials={
        "core": paint("#4a2f1a", roughness=0.9),
        "scale": paint(
            "#7a4f2c #6a4224 #8a5c34", lay("gradient", "#b08a5c", span=(0.7, 1), axis="along", opacity=0.8),
            roughness=0.85, jitter=0.18,
        ),
    },
    parts=[
        Lathe(material="core", profile=[(0, -0.46), (0.2, -0.4), (0.26, -0.15), (0.18, 0.2), (0, 0.44)], segments=16),
        *[
            Cluster(
                count=n, on="ring", size=(2 * r, 2 * r, 0), at=(0, 0, z), turn=(0, 0, a), facing="up", copy_tilt=6,
                place_jitter=0.02,
                parts=[
                    Sheet(
                        material="scale",
                        outline=[
                            (0, -0.05), (0.14, -0.1), (0.2, -0.085), (0.235, 0), (0.2, 0.085), (0.14, 0.1), (0, 0.05),
                        ],
                        thickness=0.03, scale=(s, s, s), turn=(0, -lean, 0),
                    ),
                ],
            ) for n,
            r, z, a, lean,
            s in (
                (7, 0.08, -0.44, 0, -30, 0.9), (9, 0.14, -0.34, 20, -8, 1.05), (10, 0.17, -0.22, 0, 8, 1.15),
                (10, 0.17, -0.1, 18, 20, 1.15), (9, 0.15, 0.02, 0, 30, 1.1), (8, 0.12, 0.14, 22, 42, 1.0),
                (7, 0.08, 0.25, 0, 54, 0.9), (5, 0.04, 0.34, 20, 68, 0.8), (3, 0.02, 0.4, 0, 78, 0.7),
            )
        ],
    ],
    appearances=[look("brown", "open|dry|棕", 2)], variation=Variation(stretch=(0.1, 0.1, 0.12)),
)
STONE = ObjectSpec(
    name="stone", aliases=words("rock|pebble"), chinese=words("石头|石块|鹅卵石"), size_m=0.1,
    contexts=["grass", "soil", "road", "floor", "studio", "hand"], rests=["any"], lookalikes=["potato", "egg"],
    materials={
        "rock": paint(
            "#8a8680 #7a7672 #9a948a #6f6a64", lay("noise", "#5a5650 #b0aaa0", 0.45, scale=4),
            lay("spots", "#3a3834", 0.16, scale=24, opacity=0.6), roughness=0.95, bump=0.6, bump_scale=14,
        ),
    },
    parts=[Ellipsoid(material="rock", size=(1.0, 0.78, 0.62), detail=22)],
    appearances=[
        look("grey", "gray|rough|灰", 2),
        look(
            "smooth", "pebble|river|光滑", 1,
            {
                "rock": paint(
                    "#9a9088 #6a6460 #b0a494", lay("noise", "#c0b6a8", 0.35, scale=3, opacity=0.5), roughness=0.5,
                ),
            },
            variation=Variation(stretch=(0.15, 0.15, 0.2), wobble=0.03, wobble_scale=1),
        ),
        look(
            "mossy", "green|青苔", 0.6,
            {"rock": paint("#7a7670", lay("noise", "#4a6a2a #5f7a34", 0.5, scale=3), roughness=1.0, bump=0.8)},
        ),
    ],
    variation=Variation(stretch=(0.18, 0.18, 0.2), wobble=0.09, wobble_scale=1.6, dents=4, dent_depth=0.12),
)

OBJECTS = [LEAF_SPEC, FLOWER, SUNFLOWER, PINE_CONE, STONE]
