"""Fruit of warm countries."""

from typing import Any

from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Appearance, Cluster, Ellipsoid, Lathe, Sheet, Tube, Variation
from tools.generators.blender.short import GREEN_STEM, STEM, lay, look, paint, words

# fmt: off
FRUIT_PLACES = ["table", "shelf", "conveyor", "studio", "hand", "orchard", "grass"]
FRUIT_RESTS = ["any", "hangs"]
PEEL = {"roughness": 0.42, "bump": 0.45, "bump_scale": 45.0, "subsurface": 0.05}


def citrus(
    name: str, chinese: str, skin: str, flesh: str, size_m: float, profile: list[tuple[float, float]],
    appearances: list[Appearance], **kwargs: Any,
) -> ObjectSpec:
    """A citrus fruit, whole or cut in half."""
    half = [(r, h) for r, h in profile if h <= 0.02]
    rim = half[-1][0]
    return ObjectSpec(
        name=name, chinese=words(chinese), size_m=size_m, contexts=FRUIT_PLACES, rests=FRUIT_RESTS,
        materials={
            "skin": paint(skin, lay("noise", skin, 0.4, scale=3, softness=0.9), **PEEL), "stem": GREEN_STEM,
            "flesh": paint(
                flesh, lay("streaks", "#fff4dc", 0.3, scale=40, softness=0.6, opacity=0.22),
                lay("stripes", "#fbefd2", 0.12, scale=10, softness=0.05, wobble=0.08),
                lay("gradient", "#fbf0d8", span=(0.84, 0.9), axis="along", wobble=0),
                lay("gradient", "#f6e6c0", span=(0.12, 0.06), axis="along", wobble=0.02),
                lay("gradient", skin.split()[0], span=(0.95, 0.97), axis="along", wobble=0), roughness=0.25,
                subsurface=0.15, jitter=0.05,
            ),
        },
        parts=[
            Lathe(material="skin", profile=profile, only=[a.name for a in appearances if a.name != "cut"]),
            Lathe(
                material="stem", profile=[(0, 0), (0.035, 0.004), (0.03, 0.02), (0, 0.024)], segments=6,
                at=(0, 0, max(h for _, h in profile) - 0.035), only=[a.name for a in appearances if a.name != "cut"],
                chance=0.8,
            ),
            Lathe(material="skin", profile=half, only=["cut"], turn=(38, 0, 0)),
            Lathe(
                material="flesh", smooth=False, segments=48,
                profile=[
                    (0, 0.02), (rim * 0.3, 0.02), (rim * 0.6, 0.02), (rim * 0.85, 0.02), (rim, 0.02), (rim * 0.98, 0),
                ],
                only=["cut"], turn=(38, 0, 0),
            ),
        ],
        appearances=appearances, **kwargs,
    )


CUT = "half|halved|sliced|cut in half|切开|半个"
ORANGE = citrus(
    "orange", "橙子|橙|甜橙", "#e8841a #e07612 #ee9328", "#f2a02e #ee8f1e", 0.075,
    [
        (0, -0.475), (0.05, -0.485), (0.2, -0.455), (0.36, -0.345), (0.47, -0.17), (0.5, 0.0), (0.47, 0.18),
        (0.36, 0.35), (0.2, 0.455), (0.06, 0.478), (0, 0.46),
    ],
    lookalikes=["apple", "peach", "tomato", "basketball", "ball"],
    variation=Variation(stretch=(0.04, 0.04, 0.05), wobble=0.012),
    appearances=[
        look("whole", "ripe|orange|完整|成熟|熟", 4), look("cut", CUT, 0.8),
        look(
            "green", "unripe|raw|青|绿|未成熟|生", 0.4,
            {"skin": paint("#8a9a2e #6f8f2c", lay("blush", "#d8902a", 0.35, softness=0.8, wobble=0.4), **PEEL)},
        ),
        look(
            "rotten", "bad|mouldy|moldy|spoiled|烂|发霉|坏", 0.2,
            {
                "skin": paint(
                    "#c9781c", lay("blush", "#dfe3da #8fa79a", 0.35, softness=0.3, wobble=0.5),
                    lay("noise", "#6b7f6a", 0.35, scale=5), roughness=0.9, bump=0.3,
                ),
            },
        ),
    ],
)
LEMON = citrus(
    "lemon", "柠檬", "#edd02e #e6c322 #f2da4a", "#e8cc3a #ecd24c", 0.08,
    [
        (0, -0.6), (0.05, -0.585), (0.085, -0.53), (0.17, -0.46), (0.3, -0.33), (0.375, -0.13), (0.385, 0.02),
        (0.355, 0.2), (0.27, 0.36), (0.14, 0.47), (0.07, 0.53), (0, 0.54),
    ],
    lookalikes=["orange", "mango", "tennis ball", "potato"],
    variation=Variation(stretch=(0.06, 0.06, 0.06), wobble=0.02),
    appearances=[
        look("whole", "ripe|yellow|完整|黄|成熟", 4), look("cut", CUT, 0.8),
        look(
            "green", "unripe|raw|青|绿|未成熟|生", 0.4,
            {"skin": paint("#7f9f2e #9fb03a", lay("noise", "#c9b838", 0.35, scale=2, softness=0.9), **PEEL)},
        ),
    ],
)
BANANA = ObjectSpec(
    name="banana", chinese=words("香蕉|大蕉"), size_m=0.19, contexts=FRUIT_PLACES, rests=["flat"],
    lookalikes=["lemon", "cucumber", "corn", "leaf"],
    materials={
        "peel": paint(
            "#e8c52e #e2b924 #edcf47",
            lay("gradient", "#a9b23c #8fa838", span=(0.2, 0.04), axis="along", opacity=0.5),
            lay("gradient", "#a9b23c", span=(0.86, 0.97), axis="along", opacity=0.5),
            lay("noise", "#6b4a1c", 0.17, scale=16, opacity=0.8),
            lay("gradient", "#33230f", span=(0.035, 0.02), axis="along"),
            lay("gradient", "#4a3718", span=(0.985, 0.995), axis="along"), roughness=0.5,
        ),
    },
    parts=[
        Lathe(
            material="peel", segments=30, lobes=5, lobe_depth=0.1, bend=-85, bend_range=22,
            only=["ripe", "unripe", "overripe"], turn=(0, 0, 0),
            profile=[
                (0, -0.84), (0.045, -0.84), (0.05, -0.79), (0.1, -0.7), (0.15, -0.5), (0.175, -0.2), (0.175, 0.15),
                (0.155, 0.42), (0.1, 0.6), (0.055, 0.7), (0.045, 0.86), (0.05, 0.88), (0, 0.88),
            ],
        ),
        Cluster(
            count=5, on="line", size=(0.62, 1, 1), facing="up", only=["bunch"], size_jitter=0.06, copy_tilt=6,
            place_jitter=0.02,
            parts=[
                Lathe(
                    material="peel", segments=20, lobes=5, lobe_depth=0.1, bend=-75, bend_range=14, turn=(0, 0, 90),
                    profile=[
                        (0, -0.84), (0.045, -0.84), (0.05, -0.79), (0.1, -0.7), (0.15, -0.5), (0.175, -0.2),
                        (0.175, 0.15), (0.155, 0.42), (0.1, 0.6), (0.055, 0.7), (0.045, 0.9), (0, 0.9),
                    ],
                ),
            ],
        ),
        Tube(
            material="peel", path=[(-0.34, 0.28, 0.8), (0, 0.3, 0.84), (0.34, 0.28, 0.8)], radius=[0.06, 0.09, 0.06],
            only=["bunch"], sides=8, round_ends=True,
        ),
    ],
    appearances=[
        look("ripe", "yellow|黄|成熟|熟", 4),
        look(
            "unripe", "green|raw|青|绿|未成熟|生", 1.5,
            {
                "peel": paint(
                    "#7fa32c #8fae38", lay("noise", "#a9b848", 0.35, scale=3, softness=0.9),
                    lay("gradient", "#33230f", span=(0.03, 0.01), axis="along"), roughness=0.5,
                ),
            },
        ),
        look(
            "overripe", "brown|spotted|bad|rotten|brown spotted|烂|熟透|坏|黑", 1,
            {
                "peel": paint(
                    "#b08a2a #9a6f22", lay("spots", "#2c1a0c", 0.42, scale=14, softness=0.4, wobble=0.7),
                    lay("noise", "#3a2410", 0.5, scale=5),
                    lay("gradient", "#22150a", span=(0.09, 0.03), axis="along"),
                    lay("gradient", "#22150a", span=(0.88, 0.96), axis="along"), roughness=0.6,
                ),
            },
        ),
        look("bunch", "bunch of|bunches of|hand of|一串|串|一把", 1),
    ],
    variation=Variation(stretch=(0.1, 0.08, 0.04), wobble=0.008),
)
KIWI = ObjectSpec(
    name="kiwi", aliases=words("kiwi fruit|kiwifruit"), chinese=words("猕猴桃|奇异果"), size_m=0.065,
    contexts=FRUIT_PLACES, rests=["side"], lookalikes=["potato", "egg", "plum"],
    materials={
        "skin": paint(
            "#6b5a30 #7a6638 #5f4f2a", lay("noise", "#4a3c1e", 0.45, scale=20), roughness=0.95, bump=0.7,
            bump_scale=60,
        ),
        "flesh": paint(
            "#8fbf2f #7fb028", lay("streaks", "#c4dc7a", 0.42, scale=44, softness=0.5, opacity=0.7),
            lay("gradient", "#eef0c8", span=(0.3, 0.2), axis="along", wobble=0.04),
            lay("gradient", "#6f9a24", span=(0.9, 0.97), axis="along"), roughness=0.2, coat=0.4, jitter=0.06,
        ),
        "seed": paint("#17120c", roughness=0.3),
    },
    parts=[
        Ellipsoid(material="skin", size=(0.78, 0.78, 1.0), only=["whole"]),
        Lathe(
            material="skin", profile=[(0, -0.48), (0.15, -0.46), (0.31, -0.33), (0.385, -0.12), (0.39, -0.02)],
            only=["cut"], turn=(0, -65, 0),
        ),
        Lathe(
            material="flesh", smooth=False, segments=48,
            profile=[(0, 0.005), (0.1, 0.005), (0.2, 0.005), (0.3, 0.004), (0.38, 0.002), (0.388, 0)], only=["cut"],
            turn=(0, -65, 0),
        ),
        Cluster(
            count=26, on="ring", size=(0.3, 0.3, 1), facing="up", place_jitter=0.12, only=["cut"], turn=(0, -65, 0),
            parts=[Ellipsoid(material="seed", size=(0.04, 0.018, 0.02), detail=4)],
        ),
        Cluster(
            count=24, on="ring", size=(0.4, 0.4, 1), facing="up", place_jitter=0.12, only=["cut"], turn=(0, -65, 7),
            parts=[Ellipsoid(material="seed", size=(0.04, 0.018, 0.02), detail=4)],
        ),
    ],
    appearances=[look("cut", CUT + "|green|绿", 1), look("whole", "brown|完整", 1)],
    variation=Variation(stretch=(0.07, 0.07, 0.05), wobble=0.012),
)
WATERMELON = ObjectSpec(
    name="watermelon", aliases=words("water melon"), chinese=words("西瓜"), size_m=0.3,
    contexts=["grass", "soil", "table", "shelf", "conveyor", "floor", "studio"], rests=["any", "side"],
    lookalikes=["cucumber", "pumpkin", "ball"],
    materials={
        "rind": paint(
            "#5f9440 #6b9e48 #588a3a", lay("stripes", "#1f4a20 #2a5626", 0.42, scale=11, softness=0.15, wobble=0.55),
            lay("noise", "#2c5a28", 0.35, scale=14, opacity=0.4), roughness=0.35,
        ),
        "stem": STEM,
        "flesh": paint(
            "#d8323c #e04a4a", lay("noise", "#e8787a", 0.35, scale=8, softness=0.7, opacity=0.6),
            lay("gradient", "#e9e6c0", span=(0.8, 0.86), axis="along", wobble=0.02),
            lay("gradient", "#a9c47a", span=(0.92, 0.96), axis="along", wobble=0), roughness=0.35, subsurface=0.1,
            jitter=0.05,
        ),
        "seed": paint("#1c130d", roughness=0.3),
    },
    parts=[
        Lathe(
            material="rind", segments=40, only=["whole"],
            profile=[
                (0, -0.5), (0.15, -0.475), (0.33, -0.36), (0.44, -0.17), (0.46, 0.02), (0.43, 0.2), (0.32, 0.37),
                (0.14, 0.475), (0.03, 0.49), (0, 0.48),
            ],
        ),
        Tube(
            material="stem", path=[(0, 0, 0.47), (0.01, 0, 0.54), (0.06, 0.02, 0.58)], radius=[0.022, 0.016, 0.018],
            sides=6, only=["whole"], chance=0.7,
        ),
        Lathe(
            material="rind", segments=40, only=["cut"], turn=(48, 0, 0),
            profile=[(0, -0.46), (0.15, -0.44), (0.32, -0.33), (0.43, -0.15), (0.46, 0)],
        ),
        Lathe(
            material="flesh", segments=48, smooth=False, only=["cut"], turn=(48, 0, 0),
            profile=[(0, 0.008), (0.14, 0.008), (0.28, 0.008), (0.4, 0.006), (0.452, 0.004), (0.46, 0)],
        ),
        Cluster(
            count=9, on="ring", size=(0.3, 0.3, 1), facing="up", place_jitter=0.3, only=["cut"], turn=(48, 0, 0),
            parts=[Ellipsoid(material="seed", size=(0.05, 0.028, 0.025), detail=4)],
        ),
        Cluster(
            count=16, on="ring", size=(0.54, 0.54, 1), facing="up", place_jitter=0.3, only=["cut"], turn=(48, 0, 10),
            parts=[Ellipsoid(material="seed", size=(0.05, 0.028, 0.025), detail=4)],
        ),
    ],
    appearances=[look("whole", "striped|ripe|green|完整|成熟|熟", 3), look("cut", CUT + "|red", 1)],
    variation=Variation(stretch=(0.06, 0.06, 0.16), wobble=0.012),
)


def crown(count: int, wide: float, z: float, lean: float, long: float) -> Cluster:
    """One whorl of a pineapple's leaves."""
    return Cluster(
        count=count, on="ring", size=(wide, wide, 0.1), at=(0, 0, z), turn=(0, 0, 37 * z * 10), facing="up",
        copy_tilt=9,
        parts=[
            Sheet(
                material="leaf",
                outline=[(0, -0.06), (0.4, -0.07), (0.75, -0.04), (1, 0), (0.75, 0.04), (0.4, 0.07), (0, 0.06)],
                thickness=0, scale=(long, long, long), turn=(0, -lean, 0), bend=-50, bend_range=18, cup=60,
            ),
        ],
    )


PINEAPPLE = ObjectSpec(
    name="pineapple", aliases=words("ananas"), chinese=words("菠萝|凤梨"), size_m=0.3,
    contexts=["table", "shelf", "soil", "conveyor", "studio", "hand"], rests=["upright", "side"],
    lookalikes=["pine cone", "corn", "pumpkin"],
    materials={
        "body": paint("#8a5a1e #7a4e1a", roughness=0.7),
        "eye": paint(
            "#c98a2a #bf7a24 #b88f34", lay("gradient", "#6b7a2c", span=(0.35, 0.9), opacity=0.55),
            lay("spots", "#5a3a14", 0.3, scale=9, opacity=0.8), roughness=0.55, jitter=0.18,
        ),
        "leaf": paint(
            "#4f7a3a #5f8a46 #456f36", lay("gradient", "#7fa060", span=(0.6, 1), axis="along", opacity=0.5),
            roughness=0.55,
        ),
    },
    parts=[
        Lathe(
            material="body",
            profile=[(0, -0.5), (0.2, -0.48), (0.3, -0.32), (0.33, 0), (0.3, 0.3), (0.18, 0.47), (0, 0.5)],
            segments=24,
        ),
        *[
            Cluster(
                count=n, on="ring", size=(2 * r, 2 * r, 0.1), at=(0, 0, z), turn=(0, 0, a), facing="out",
                size_jitter=0.04, place_jitter=0.01,
                parts=[
                    Lathe(
                        material="eye", segments=6, smooth=False,
                        profile=[(0.094, -0.03), (0.075, 0.03), (0.02, 0.05), (0.012, 0.085), (0, 0.085)],
                    ),
                ],
            ) for n,
            r, z,
            a in (
                (8, 0.2, -0.44, 0), (10, 0.275, -0.31, 18), (12, 0.315, -0.17, 0), (12, 0.33, -0.02, 15),
                (12, 0.318, 0.13, 0), (11, 0.285, 0.27, 17), (8, 0.2, 0.4, 0),
            )
        ],
        crown(9, 0.16, 0.46, 38, 0.5), crown(8, 0.1, 0.5, 58, 0.6), crown(6, 0.05, 0.54, 76, 0.62),
    ],
    appearances=[
        look("ripe", "yellow|golden|黄|成熟|熟", 2),
        look(
            "unripe", "green|raw|青|绿|未成熟|生", 0.6,
            {"eye": paint("#5f6f2c #6f7a34", lay("spots", "#3a3a16", 0.3, scale=9), roughness=0.6, jitter=0.15)},
        ),
    ],
    variation=Variation(stretch=(0.08, 0.08, 0.1), bend=8),
)
MANGO = ObjectSpec(
    name="mango", chinese=words("芒果"), size_m=0.11, contexts=FRUIT_PLACES, rests=["side", "hangs"],
    lookalikes=["peach", "pear", "potato"],
    materials={
        "skin": paint(
            "#e0a02c #d89a28 #e6b040", lay("blush", "#b8342a #c24a2e", 0.42, softness=0.9, wobble=0.4),
            lay("gradient", "#7f9a34", span=(0.35, 0.05), axis="along", opacity=0.6),
            lay("spots", "#f0d890", 0.13, scale=26, opacity=0.5), roughness=0.32, subsurface=0.05,
        ),
        "stem": STEM,
    },
    parts=[
        Lathe(
            material="skin", scale=(0.8, 1.0, 1.0), bend=38, bend_range=8,
            profile=[
                (0, -0.5), (0.08, -0.49), (0.2, -0.41), (0.31, -0.22), (0.355, 0.02), (0.35, 0.2), (0.27, 0.39),
                (0.13, 0.49), (0.03, 0.49), (0, 0.47),
            ],
        ),
        Tube(
            material="stem", path=[(0.0, 0, 0.44), (-0.02, 0, 0.58)], radius=[0.022], sides=6, at=(0.06, 0, 0),
            chance=0.5,
        ),
    ],
    appearances=[
        look("ripe", "red|red and yellow|红|成熟|熟", 2),
        look(
            "yellow", "ripe|黄|成熟|熟", 2,
            {
                "skin": paint(
                    "#eab72e #e4aa24", lay("noise", "#c9862a", 0.3, scale=5, softness=0.8, opacity=0.4),
                    roughness=0.35,
                ),
            },
        ),
        look(
            "green", "unripe|raw|青|绿|未成熟|生", 1,
            {
                "skin": paint(
                    "#6f9a34 #5f8a2e", lay("blush", "#a8a040", 0.3, softness=0.9, opacity=0.6),
                    lay("spots", "#c9d890", 0.13, scale=26, opacity=0.5), roughness=0.35,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.08, 0.08, 0.08), wobble=0.02),
)

OBJECTS = [ORANGE, LEMON, BANANA, KIWI, WATERMELON, PINEAPPLE, MANGO]
