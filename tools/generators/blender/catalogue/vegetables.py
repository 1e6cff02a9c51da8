"""Vegetables that are fruit: tomatoes, peppers, pumpkins."""

from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Cluster, Lathe, Sheet, Tube, Variation
from tools.generators.blender.short import GREEN_STEM, ROT, lay, look, paint, words

# fmt: off
PLACES = ["table", "shelf", "conveyor", "soil", "studio", "hand"]
CALYX = [(0, -0.05), (0.25, -0.11), (0.6, -0.08), (1, 0), (0.6, 0.08), (0.25, 0.11), (0, 0.05)]


def calyx(count: int, z: float, long: float, droop: float, bend: float = -40) -> Cluster:
    """A star of small green leaves."""
    return Cluster(
        count=count, on="ring", size=(0.05, 0.05, 0.1), at=(0, 0, z), facing="up", copy_tilt=12,
        parts=[
            Sheet(
                material="calyx", outline=CALYX, thickness=0, scale=(long, long, long), turn=(0, droop, 0), bend=bend,
                bend_range=20,
            ),
        ],
    )


TOMATO = ObjectSpec(
    name="tomato", aliases=words("cherry tomato|vine tomato|beef tomato"), chinese=words("番茄|西红柿|圣女果|小番茄"),
    size_m=0.07, contexts=["bush", "table", "shelf", "conveyor", "soil", "studio", "hand"],
    rests=["hangs", "any", "upright"], lookalikes=["apple", "bell pepper", "ball", "cherry", "peach", "leaf"],
    materials={
        "skin": paint(
            "#c4241a #b81c16 #cf3420", lay("blush", "#d8582a", 0.25, softness=0.9, wobble=0.3, opacity=0.6),
            lay("gradient", "#d8622c", span=(0.86, 1.0), axis="along", opacity=0.5), roughness=0.16, coat=0.35,
            subsurface=0.08,
        ),
        "calyx": GREEN_STEM,
    },
    parts=[
        Lathe(
            material="skin", segments=40, lobes=6, lobe_depth=0.06, lobe_at="all",
            profile=[
                (0, -0.4), (0.12, -0.405), (0.32, -0.35), (0.46, -0.17), (0.5, 0.03), (0.46, 0.2), (0.34, 0.32),
                (0.2, 0.355), (0.09, 0.33), (0, 0.3),
            ],
        ),
        calyx(5, 0.375, 0.46, 4, -36),
        Tube(
            material="calyx", path=[(0, 0, 0.3), (0.01, 0, 0.4), (0.05, 0.01, 0.5)], radius=[0.03, 0.022, 0.03],
            sides=7, tilt=20,
        ),
    ],
    appearances=[
        look("ripe", "red|红|成熟|熟|熟透", 4),
        look(
            "turning", "orange|half ripe|half-ripe|ripening|半熟|橙|转色", 1.4,
            {
                "skin": paint(
                    "#d8862e #cf7a2a", lay("blush", "#c43a22", 0.4, softness=0.9, wobble=0.4),
                    lay("gradient", "#9aa83c", span=(0.6, 1.0), axis="along", wobble=0.3, opacity=0.8),
                    roughness=0.18, coat=0.35,
                ),
            },
        ),
        look(
            "unripe", "green|raw|青|绿|未成熟|未熟|生", 2.5,
            {
                "skin": paint(
                    "#7fa03a #8fae48 #6f9434", lay("noise", "#b5c66a", 0.4, scale=2.5, softness=0.9, opacity=0.5),
                    lay("gradient", "#4f7a2a", span=(0.7, 1.0), axis="along", wobble=0.3, opacity=0.7), roughness=0.2,
                    coat=0.3,
                ),
            },
        ),
        look("yellow", "ripe|黄", 0.6, {"skin": paint("#e2b12e #dca42a", roughness=0.16, coat=0.35)}),
        look(
            "rotten", "bad|spoiled|mouldy|moldy|烂|腐烂|坏", 0.4,
            {"skin": paint("#a8321c #8a3a1c", *ROT, roughness=0.5, bump=0.2, bump_scale=9)},
            variation=Variation(wobble=0.04, dents=3, dent_depth=0.1),
        ),
    ],
    variation=Variation(stretch=(0.05, 0.05, 0.14), taper=0.05, wobble=0.02, wobble_scale=1.4),
)
PEPPER_SKIN = {"roughness": 0.13, "coat": 0.5}
BELL_PEPPER = ObjectSpec(
    name="bell pepper", aliases=words("sweet pepper|capsicum|pepper|paprika"),
    chinese=words("甜椒|彩椒|灯笼椒|柿子椒"), size_m=0.1, contexts=["bush", *PLACES],
    rests=["upright", "side", "hangs"], lookalikes=["tomato", "apple", "chili pepper", "pumpkin"],
    materials={"skin": paint("#b81418 #a80f14 #c4221c", **PEPPER_SKIN), "calyx": GREEN_STEM},
    parts=[
        Lathe(
            material="skin", segments=48, lobes=4, lobe_depth=0.17,
            profile=[
                (0, -0.44), (0.08, -0.45), (0.2, -0.5), (0.31, -0.46), (0.37, -0.28), (0.41, 0.0), (0.44, 0.22),
                (0.4, 0.39), (0.28, 0.445), (0.14, 0.39), (0.05, 0.33), (0, 0.32),
            ],
        ),
        Lathe(
            material="calyx", segments=16, lobes=5, lobe_depth=0.2,
            profile=[
                (0.15, 0.37), (0.13, 0.395), (0.06, 0.38), (0.042, 0.42), (0.04, 0.52), (0.055, 0.64), (0.06, 0.66),
                (0, 0.665),
            ],
            bend=12, bend_range=14,
        ),
    ],
    appearances=[
        look("red", "ripe|红|成熟|熟", 2),
        look("green", "unripe|raw|青|绿|未成熟|生", 2, {"skin": paint("#2f6f1e #3a7a24 #276018", **PEPPER_SKIN)}),
        look("yellow", "黄", 1.5, {"skin": paint("#e8b41a #e2a814", **PEPPER_SKIN)}),
        look("orange", "橙", 0.8, {"skin": paint("#e0761a #d86a14", **PEPPER_SKIN)}),
    ],
    variation=Variation(stretch=(0.08, 0.08, 0.14), taper=0.12, wobble=0.025, wobble_scale=1.3),
)
CHILI = ObjectSpec(
    name="chili pepper", aliases=words("chili|chilli|chile|chilli pepper|hot pepper|chile pepper|cayenne pepper"),
    chinese=words("辣椒|红辣椒|尖椒"), size_m=0.1, contexts=["bush", *PLACES], rests=["flat", "hangs", "side"],
    lookalikes=["bell pepper", "carrot", "banana", "leaf"],
    materials={"skin": paint("#b80f14 #c41a1a #a30c12", **PEPPER_SKIN), "calyx": GREEN_STEM},
    parts=[
        Lathe(
            material="skin", bend=48, bend_range=34, segments=24,
            profile=[
                (0, -0.8), (0.02, -0.77), (0.05, -0.6), (0.085, -0.25), (0.105, 0.1), (0.105, 0.26), (0.07, 0.32),
                (0, 0.33),
            ],
        ),
        Lathe(
            material="calyx", segments=12,
            profile=[
                (0.075, 0.295), (0.07, 0.33), (0.032, 0.36), (0.022, 0.42), (0.022, 0.58), (0.03, 0.66), (0, 0.67),
            ],
            at=(0.1, 0, -0.02), turn=(0, 16, 0), bend=30,
        ),
    ],
    appearances=[
        look("red", "ripe|红|成熟|熟", 3),
        look(
            "green", "unripe|raw|jalapeno|青|绿|未成熟|生", 2,
            {"skin": paint("#3a7a22 #4a8a2a #2f6a1c", **PEPPER_SKIN)},
        ),
        look("yellow", "黄", 0.5, {"skin": paint("#e2b21e", **PEPPER_SKIN)}),
    ],
    variation=Variation(stretch=(0.1, 0.1, 0.05), wobble=0.01, wobble_scale=2),
)
CUCUMBER = ObjectSpec(
    name="cucumber", chinese=words("黄瓜|青瓜"), size_m=0.22, contexts=["bush", *PLACES],
    rests=["flat", "side", "hangs"], lookalikes=["banana", "watermelon", "chili pepper", "corn"],
    materials={
        "skin": paint(
            "#2f5f22 #3a6b28 #27541e", lay("streaks", "#7fa04a #8fae58", 0.36, scale=30, softness=0.4, opacity=0.6),
            lay("gradient", "#8fa858", span=(0.3, 0.0), axis="along", opacity=0.6),
            lay("spots", "#9ab868", 0.2, scale=26, softness=0.5, opacity=0.7), roughness=0.32, bump=0.5,
            bump_scale=24,
        ),
        "stem": GREEN_STEM,
    },
    parts=[
        Lathe(
            material="skin", bend=16, bend_range=14, lobes=7, lobe_depth=0.03,
            profile=[
                (0, -0.82), (0.06, -0.81), (0.125, -0.74), (0.155, -0.55), (0.165, -0.1), (0.16, 0.4), (0.14, 0.66),
                (0.09, 0.78), (0.03, 0.81), (0, 0.81),
            ],
        ),
        Tube(material="stem", path=[(0.1, 0, 0.78), (0.12, 0, 0.88)], radius=[0.025, 0.02], sides=7, chance=0.7),
    ],
    appearances=[look("whole", "green|绿|完整", 4)],
    variation=Variation(stretch=(0.14, 0.14, 0.05), wobble=0.008, wobble_scale=2),
)
EGGPLANT = ObjectSpec(
    name="eggplant", aliases=words("aubergine|brinjal"), chinese=words("茄子"), size_m=0.2,
    contexts=["bush", *PLACES], rests=["side", "hangs", "flat"], lookalikes=["cucumber", "plum", "pear"],
    materials={
        "skin": paint(
            "#2a1230 #34163a #220e2a", lay("gradient", "#6a3a6a", span=(0.86, 0.95), axis="along", opacity=0.7),
            roughness=0.12, coat=0.6,
        ),
        "calyx": paint("#4f7a34 #5a8440", lay("noise", "#3a5a2a", 0.4, scale=7), roughness=0.7),
    },
    parts=[
        Lathe(
            material="skin",
            profile=[
                (0, -0.62), (0.08, -0.615), (0.2, -0.55), (0.29, -0.38), (0.3, -0.15), (0.25, 0.12), (0.18, 0.36),
                (0.14, 0.5), (0.1, 0.56), (0, 0.57),
            ],
            bend_range=22,
        ),
        Lathe(
            material="calyx", segments=30, lobes=5, lobe_depth=0.42, lobe_at="bottom",
            profile=[
                (0.19, 0.3), (0.185, 0.4), (0.155, 0.5), (0.11, 0.575), (0.05, 0.61), (0.042, 0.68), (0.05, 0.8),
                (0.055, 0.82), (0, 0.83),
            ],
            bend_range=8,
        ),
    ],
    appearances=[
        look("purple", "black|dark|ripe|紫|黑|成熟", 4),
        look("white", "白", 0.4, {"skin": paint("#ece6d2 #e4dcc2", roughness=0.15, coat=0.5)}),
        look(
            "striped", "花", 0.5,
            {
                "skin": paint(
                    "#8a4a86", lay("streaks", "#e6dcd8", 0.45, scale=26, softness=0.3), roughness=0.15, coat=0.5,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.12, 0.12, 0.08), taper=0.1, wobble=0.01),
)
PUMPKIN = ObjectSpec(
    name="pumpkin", aliases=words("squash"), chinese=words("南瓜"), size_m=0.3,
    contexts=["soil", "grass", "table", "floor", "shelf", "studio"], rests=["upright"],
    lookalikes=["orange", "bell pepper", "basketball", "tomato"],
    materials={
        "rind": paint(
            "#d8761a #cf6a14 #e0842a", lay("noise", "#e8a04a", 0.38, scale=4, softness=0.9, opacity=0.5),
            lay("spots", "#b5601c", 0.14, scale=16, opacity=0.5), roughness=0.45,
        ),
        "stem": paint("#7a7a44 #6b6a38", lay("streaks", "#4a4a26", 0.45, scale=18), roughness=0.85),
    },
    parts=[
        Lathe(
            material="rind", segments=60, lobes=10, lobe_depth=0.14,
            profile=[
                (0, -0.24), (0.1, -0.3), (0.28, -0.34), (0.43, -0.22), (0.5, 0.0), (0.45, 0.2), (0.3, 0.33),
                (0.15, 0.32), (0.06, 0.25), (0, 0.22),
            ],
        ),
        Lathe(
            material="stem", segments=20, lobes=5, lobe_depth=0.3,
            profile=[(0.1, 0.24), (0.07, 0.3), (0.045, 0.4), (0.05, 0.5), (0.06, 0.53), (0, 0.53)], bend_range=38,
        ),
    ],
    appearances=[
        look("orange", "ripe|halloween|橙|黄|成熟|熟", 4),
        look(
            "green", "unripe|raw|kabocha|青|绿|未成熟|生", 0.8,
            {
                "rind": paint(
                    "#3a5a2c #2f4f26", lay("streaks", "#8a9a5a", 0.34, scale=30, softness=0.4), roughness=0.5,
                ),
            },
        ),
        look(
            "white", "白", 0.4,
            {"rind": paint("#e6ddc6 #ded4b8", lay("noise", "#c9b890", 0.35, scale=5, opacity=0.5), roughness=0.5)},
        ),
    ],
    variation=Variation(stretch=(0.08, 0.08, 0.2), wobble=0.015),
)

OBJECTS = [TOMATO, BELL_PEPPER, CHILI, CUCUMBER, EGGPLANT, PUMPKIN]
