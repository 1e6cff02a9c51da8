"""Roots, bulbs, greens and mushrooms."""

from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Cluster, Ellipsoid, Lathe, Sheet, Tube, Variation
from tools.generators.blender.short import GREEN_STEM, LEAF, lay, look, paint, words

# fmt: off
PLACES = ["table", "shelf", "conveyor", "soil", "studio", "hand"]
CARROT = ObjectSpec(
    name="carrot", chinese=words("胡萝卜|红萝卜"), size_m=0.22, contexts=PLACES, rests=["side"],
    lookalikes=["traffic cone", "cucumber", "corn", "chili pepper"],
    materials={
        "root": paint(
            "#df7420 #d86a1a #e6842e",
            lay("rings", "#b5541a #c46424", 0.14, scale=13, softness=0.3, wobble=0.7, opacity=0.7), roughness=0.55,
            bump=0.15, bump_scale=18,
        ),
        "leaf": LEAF, "stem": GREEN_STEM,
    },
    parts=[
        Lathe(
            material="root",
            profile=[
                (0, -0.72), (0.012, -0.7), (0.03, -0.6), (0.06, -0.42), (0.095, -0.1), (0.125, 0.18), (0.135, 0.28),
                (0.1, 0.325), (0, 0.33),
            ],
            segments=24, bend_range=22,
        ),
        Cluster(
            count=7, on="disc", size=(0.09, 0.09, 0.1), at=(0, 0, 0.31), facing="up", copy_tilt=16, size_jitter=0.25,
            parts=[
                Tube(
                    material="stem", path=[(0, 0, 0), (0.02, 0, 0.2), (0.07, 0, 0.42)], radius=[0.02, 0.012, 0.006],
                    sides=5,
                ),
                Sheet(
                    material="leaf",
                    outline=[
                        (0, 0), (0.08, -0.05), (0.14, -0.03), (0.2, -0.09), (0.26, -0.04), (0.33, -0.07), (0.42, 0),
                        (0.33, 0.07), (0.26, 0.04), (0.2, 0.09), (0.14, 0.03), (0.08, 0.05),
                    ],
                    thickness=0, at=(0.03, 0, 0.2), turn=(0, -68, 0), bend=-30,
                ),
            ],
        ),
    ],
    appearances=[
        look("orange", "fresh|橙|红", 4),
        look(
            "purple", "紫", 0.6,
            {"root": paint("#4a2340 #5a2a4c", lay("rings", "#7a4a5a", 0.15, scale=12, wobble=0.7), roughness=0.55)},
        ),
        look(
            "dirty", "muddy|soiled|带泥|脏", 0.7,
            {
                "root": paint(
                    "#c96a20", lay("noise", "#5a4026 #4a3420", 0.5, scale=4, wobble=0.4), roughness=0.9, bump=0.2,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.16, 0.16, 0.06), wobble=0.006, wobble_scale=2),
)
BROCCOLI = ObjectSpec(
    name="broccoli", aliases=words("broccoli floret|head of broccoli|broccoli head"), chinese=words("西兰花|绿花菜"),
    size_m=0.16, contexts=PLACES, rests=["upright", "side", "any"], lookalikes=["leaf", "mushroom"],
    materials={
        "floret": paint(
            "#3a6b2a #2f5f24 #477a34", lay("noise", "#5f8f42", 0.4, scale=9), roughness=0.85, bump=1.0, bump_scale=30,
            jitter=0.22,
        ),
        "stalk": paint(
            "#8fae62 #9ab86c #84a458", lay("streaks", "#c4d49a", 0.3, scale=14, opacity=0.6), roughness=0.55,
        ),
    },
    parts=[
        Lathe(
            material="stalk",
            profile=[
                (0, -0.5), (0.14, -0.5), (0.14, -0.5), (0.15, -0.3), (0.16, -0.1), (0.28, 0.08), (0.36, 0.16),
                (0, 0.2),
            ],
            lobes=5, lobe_depth=0.1, lobe_at="all",
        ),
        Cluster(
            count=7, on="ring", size=(0.36, 0.36, 0.1), at=(0, 0, -0.02), facing="up", copy_tilt=8,
            parts=[
                Tube(
                    material="stalk", path=[(-0.06, 0, -0.14), (0.03, 0, 0.0), (0.14, 0, 0.14)],
                    radius=[0.06, 0.055, 0.08], sides=7,
                ),
            ],
        ),
        Ellipsoid(material="floret", size=(0.82, 0.82, 0.5), at=(0, 0, 0.2), detail=10),
        Cluster(
            count=46, on="dome", size=(0.9, 0.9, 0.42), at=(0, 0, 0.29), size_jitter=0.3, place_jitter=0.3,
            facing="out", parts=[Ellipsoid(material="floret", size=(0.24, 0.24, 0.2), detail=6)],
        ),
        Cluster(
            count=15, on="ring", size=(0.92, 0.92, 0.1), at=(0, 0, 0.1), size_jitter=0.25, place_jitter=0.2,
            facing="out", parts=[Ellipsoid(material="floret", size=(0.24, 0.24, 0.2), detail=6)],
        ),
    ],
    appearances=[
        look("fresh", "green|绿|新鲜", 4),
        look(
            "yellowed", "old|bad|yellow|发黄|坏", 0.6,
            {
                "floret": paint(
                    "#a89a3a #b8a848", lay("noise", "#6f7a34", 0.45, scale=5), roughness=0.9, bump=1.0, bump_scale=30,
                    jitter=0.2,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.08, 0.08, 0.08), wobble=0.015, bend=8),
)
MUSHROOM = ObjectSpec(
    name="mushroom", aliases=words("button mushroom|champignon"), chinese=words("蘑菇|口蘑"), size_m=0.06,
    contexts=["grass", "soil", "table", "shelf", "conveyor", "studio", "hand"], rests=["upright", "any"],
    lookalikes=["egg", "umbrella", "onion"],
    materials={
        "cap": paint(
            "#d9c6a6 #cdb592 #e2d4bb", lay("noise", "#b0926a", 0.35, scale=4, softness=0.8, opacity=0.6),
            roughness=0.65, subsurface=0.08,
        ),
        "stalk": paint("#ece2cf #e2d6be", lay("streaks", "#c9b896", 0.35, scale=18, opacity=0.6), roughness=0.7),
        "gills": paint("#a88868 #967656", lay("stripes", "#6b5038", 0.5, scale=40, softness=0.4), roughness=0.8),
    },
    parts=[
        Lathe(
            material="cap",
            profile=[(0.44, 0.02), (0.485, 0.03), (0.5, 0.09), (0.46, 0.22), (0.34, 0.36), (0.18, 0.43), (0, 0.45)],
        ),
        Lathe(material="gills", profile=[(0.13, 0.1), (0.3, 0.075), (0.44, 0.035)], segments=40),
        Lathe(
            material="stalk",
            profile=[(0, -0.5), (0.12, -0.5), (0.165, -0.45), (0.15, -0.3), (0.13, -0.05), (0.14, 0.1)],
            bend_range=16,
        ),
    ],
    appearances=[
        look(
            "brown", "cremini|chestnut|棕|褐", 1.2,
            {
                "cap": paint(
                    "#a87c50 #96693e #b88c5e", lay("noise", "#6f4a2a", 0.35, scale=6, softness=0.8, opacity=0.6),
                    roughness=0.6,
                ),
            },
        ),
        look("white", "button|白", 1.5),
        look(
            "fly agaric", "red|poisonous|toadstool|毒|红", 0.8,
            {
                "cap": paint(
                    "#c2201a #b81a14", lay("spots", "#f4eee2", 0.36, scale=5.5, softness=0.1, wobble=0.3),
                    roughness=0.3, coat=0.3,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.07, 0.07, 0.2), wobble=0.015),
)
POTATO = ObjectSpec(
    name="potato", aliases=words("spud"), chinese=words("土豆|马铃薯"), size_m=0.09,
    contexts=["soil", "table", "shelf", "conveyor", "floor", "studio", "hand"], rests=["any", "side"],
    lookalikes=["egg", "stone", "onion", "kiwi"],
    materials={
        "skin": paint(
            "#c09a5e #b48c50 #caa86e", lay("noise", "#8a6534 #9a7440", 0.42, scale=6, softness=0.7, opacity=0.7),
            lay("spots", "#5f4424", 0.26, scale=7, softness=0.4, wobble=0.4, opacity=0.9),
            lay("spots", "#8a6a40", 0.16, scale=24, opacity=0.7), roughness=0.8, bump=0.25, bump_scale=20,
        ),
    },
    parts=[Ellipsoid(material="skin", size=(0.72, 0.62, 1.0), detail=22)],
    appearances=[
        look("brown", "yellow|washed|黄|干净", 3),
        look(
            "dirty", "muddy|soiled|earthy|带泥|脏", 1,
            {
                "skin": paint(
                    "#8f6c40", lay("noise", "#4a3420 #5a4028", 0.52, scale=4), roughness=0.95, bump=0.5,
                    bump_scale=16,
                ),
            },
        ),
        look(
            "red", "红", 0.8,
            {
                "skin": paint(
                    "#9a4a48 #8a3e40", lay("noise", "#b87a68", 0.35, scale=7, opacity=0.5),
                    lay("spots", "#5a2a28", 0.22, scale=8, opacity=0.7), roughness=0.75, bump=0.2,
                ),
            },
        ),
        look(
            "green", "bad|sprouting|发芽|青|坏", 0.4,
            {
                "skin": paint(
                    "#9a9a4c", lay("blush", "#5f7a34", 0.5, softness=0.8, wobble=0.4),
                    lay("spots", "#4a3a1c", 0.26, scale=8), roughness=0.8, bump=0.25,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.14, 0.14, 0.12), wobble=0.05, wobble_scale=1.3, dents=3, dent_depth=0.07),
)
ONION = ObjectSpec(
    name="onion", chinese=words("洋葱"), size_m=0.09, contexts=PLACES, rests=["upright", "any"],
    lookalikes=["potato", "garlic", "apple", "ball"],
    materials={
        "skin": paint(
            "#c4843c #b87430 #ce9450", lay("streaks", "#8a4f1e #9a5c28", 0.42, scale=34, softness=0.3),
            lay("noise", "#e2b87a", 0.35, scale=3, softness=0.7, opacity=0.5), roughness=0.35, coat=0.3,
        ),
        "root": paint("#b59a6e #9a7f55", roughness=0.95),
    },
    parts=[
        Lathe(
            material="skin",
            profile=[
                (0, -0.44), (0.07, -0.445), (0.25, -0.39), (0.43, -0.2), (0.5, 0.0), (0.44, 0.2), (0.28, 0.34),
                (0.13, 0.43), (0.07, 0.52), (0.05, 0.66), (0.075, 0.74), (0, 0.73),
            ],
        ),
        Cluster(
            count=14, on="disc", size=(0.14, 0.14, 0.1), at=(0, 0, -0.43), facing="up", copy_tilt=35, size_jitter=0.4,
            parts=[
                Tube(
                    material="root", path=[(0, 0, 0), (0.03, 0, -0.05), (0.04, 0, -0.12)],
                    radius=[0.01, 0.008, 0.003], sides=4,
                ),
            ],
        ),
    ],
    appearances=[
        look("yellow", "brown|黄", 3),
        look(
            "red", "purple|红|紫", 2,
            {
                "skin": paint(
                    "#7a2448 #8a2f50 #6a1c40", lay("streaks", "#a85a78", 0.38, scale=34, softness=0.3), roughness=0.3,
                    coat=0.4,
                ),
            },
        ),
        look(
            "white", "白", 0.8,
            {
                "skin": paint(
                    "#e8e0cc #efe9da", lay("streaks", "#c9c49a", 0.38, scale=34, softness=0.4, opacity=0.6),
                    roughness=0.35, coat=0.3,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.06, 0.06, 0.1), taper=0.06, wobble=0.015),
)
GARLIC = ObjectSpec(
    name="garlic", aliases=words("garlic bulb|head of garlic|bulb of garlic"), chinese=words("大蒜|蒜头|蒜"),
    size_m=0.055, contexts=PLACES, rests=["upright", "any"], lookalikes=["onion", "mushroom", "egg"],
    materials={
        "skin": paint(
            "#ece4d8 #e4dacb", lay("streaks", "#b58a9a #c0a0a8", 0.32, scale=36, softness=0.5, opacity=0.55),
            roughness=0.5,
        ),
    },
    parts=[
        Lathe(
            material="skin", lobes=9, lobe_depth=0.12, segments=54,
            profile=[
                (0, -0.38), (0.15, -0.4), (0.36, -0.33), (0.47, -0.12), (0.42, 0.1), (0.25, 0.27), (0.11, 0.4),
                (0.065, 0.56), (0.06, 0.74), (0, 0.75),
            ],
        ),
    ],
    appearances=[
        look("white", "白"),
        look(
            "purple", "紫", 0.5,
            {"skin": paint("#d0b8c0", lay("streaks", "#8a4a68", 0.48, scale=34, softness=0.5), roughness=0.5)},
        ),
    ],
    variation=Variation(stretch=(0.06, 0.06, 0.12), wobble=0.02, wobble_scale=1.4, bend=14),
)
CORN = ObjectSpec(
    name="corn", aliases=words("corn cob|corncob|ear of corn|corn on the cob|maize|sweet corn|sweetcorn"),
    chinese=words("玉米|苞米"), size_m=0.22, contexts=PLACES, rests=["side"],
    lookalikes=["banana", "pineapple", "carrot"],
    materials={
        "core": paint("#e0c060", roughness=0.6),
        "kernel": paint("#eac23a #e4b62c #f0d058", roughness=0.25, coat=0.3, subsurface=0.1, jitter=0.16),
        "husk": paint(
            "#8fae4a #9fb95a #7fa040", lay("streaks", "#c9d48a", 0.42, scale=30, opacity=0.7), roughness=0.6,
        ),
        "stem": GREEN_STEM,
    },
    parts=[
        Lathe(material="core", profile=[(0, -0.5), (0.14, -0.48), (0.15, 0), (0.1, 0.36), (0, 0.48)], segments=16),
        *[
            Cluster(
                count=n, on="ring", size=(2 * r, 2 * r, 0.1), at=(0, 0, z), turn=(0, 0, 0 if k % 2 else 180 / n),
                facing="out", size_jitter=0.08, place_jitter=0.008,
                parts=[Ellipsoid(material="kernel", size=(0.075, 0.075, 0.07), detail=3)],
            ) for k,
            (n, r, z) in enumerate(
                [
                    (14, 0.16, -0.43 + 0.062 * i) for i in range(11)
                ] + [(13, 0.148, 0.258), (12, 0.136, 0.318), (11, 0.12, 0.376), (8, 0.09, 0.43), (5, 0.05, 0.47)],
            )
        ],
        Cluster(
            count=3, on="ring", size=(0.1, 0.1, 0.1), at=(0, 0, -0.5), facing="up", copy_tilt=5, only=["husked"],
            parts=[
                Sheet(
                    material="husk",
                    outline=[
                        (0, -0.1), (0.2, -0.17), (0.5, -0.16), (0.8, -0.07), (1, 0), (0.8, 0.07), (0.5, 0.16),
                        (0.2, 0.17), (0, 0.1),
                    ],
                    thickness=0, scale=(0.85, 0.85, 0.85), turn=(0, -60, 0), bend=-38, bend_range=20, cup=95,
                ),
            ],
        ),
        Lathe(
            material="stem", profile=[(0, -0.66), (0.05, -0.66), (0.06, -0.55), (0.09, -0.46), (0, -0.42)],
            segments=12,
        ),
    ],
    appearances=[
        look("husked", "fresh|in husk|with husk|带叶", 1), look("bare", "yellow|peeled|黄|剥皮", 1),
        look(
            "unripe", "green|raw|white|青|白|未成熟|生", 0.5,
            {"kernel": paint("#dcdc9a #e6e4b4", roughness=0.3, jitter=0.12)},
        ),
    ],
    variation=Variation(stretch=(0.1, 0.1, 0.05), bend=6),
)
CABBAGE = ObjectSpec(
    name="cabbage", aliases=words("head of cabbage|cabbage head"), chinese=words("卷心菜|圆白菜|包菜|甘蓝"),
    size_m=0.2, contexts=PLACES, rests=["upright", "any"], lookalikes=["broccoli", "ball", "leaf", "watermelon"],
    materials={
        "leaf": paint(
            "#9fbf6a #8fb25c #b0cc80", lay("streaks", "#dce8bc", 0.34, scale=22, softness=0.4, opacity=0.8),
            lay("gradient", "#d8e4b4", span=(0.4, 0.0), axis="along", opacity=0.6), roughness=0.5, bump=0.3,
            bump_scale=7, jitter=0.14,
        ),
        "heart": paint(
            "#b5cf84 #c2d894", lay("streaks", "#e4eec8", 0.34, scale=22, opacity=0.7), roughness=0.5, bump=0.3,
            bump_scale=6,
        ),
    },
    parts=[
        Ellipsoid(material="heart", size=(0.8, 0.8, 0.72), at=(0, 0, 0.02)),
        *[
            Cluster(
                count=n, on="ring", size=(0.1, 0.1, 0.1), at=(0, 0, -0.36), turn=(0, 0, a), facing="up", copy_tilt=5,
                size_jitter=0.08,
                parts=[
                    Sheet(
                        material="leaf",
                        outline=[
                            (0, -0.08), (0.25, -0.3), (0.6, -0.46), (0.88, -0.36), (1, 0), (0.88, 0.36), (0.6, 0.46),
                            (0.25, 0.3), (0, 0.08),
                        ],
                        smooth=True, thickness=0, scale=(s, s, s), turn=(0, -lean, 0), bend=bend, bend_range=12,
                        cup=85, ripple=0.025,
                    ),
                ],
            ) for n,
            a, s, lean, bend in ((4, 0, 0.92, 46, 118), (5, 30, 0.95, 34, 80))
        ],
    ],
    appearances=[
        look("green", "white|绿|白"),
        look(
            "red", "purple|紫|红", 0.6,
            {
                "leaf": paint(
                    "#5a2a52 #6a3460", lay("streaks", "#b590b4", 0.34, scale=22, softness=0.4), roughness=0.4,
                    bump=0.3, bump_scale=7,
                ),
                "heart": paint("#6a3462", lay("streaks", "#b590b4", 0.34, scale=22), roughness=0.4),
            },
        ),
    ],
    variation=Variation(stretch=(0.06, 0.06, 0.06), wobble=0.015),
)

OBJECTS = [CARROT, BROCCOLI, MUSHROOM, POTATO, ONION, GARLIC, CORN, CABBAGE]
