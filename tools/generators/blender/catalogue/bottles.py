"""Bottles, cans and glasses."""

from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Lathe, Material, Sheet, Variation
from tools.generators.blender.short import STEEL, WHITE_PLASTIC, lay, look, paint, words

# fmt: off
INDOORS = ["table", "shelf", "conveyor", "floor", "studio", "hand"]
STILL = Variation(stretch=(0.04, 0.04, 0.08))


def glass(colours: str, clear: float = 0.9) -> Material:
    """Bottle glass."""
    return paint(colours, roughness=0.05, transparency=clear, coat=0.5, jitter=0.03)


GLASS_BOTTLE = [
    (0, -0.96), (0.2, -1.0), (0.28, -0.99), (0.3, -0.94), (0.3, -0.5), (0.3, 0.1), (0.285, 0.22), (0.2, 0.4),
    (0.12, 0.52), (0.1, 0.62), (0.095, 0.86), (0.095, 0.86), (0.12, 0.87), (0.12, 0.93), (0.1, 0.94), (0.1, 0.94),
]
PET_BOTTLE = [
    (0, -0.9), (0.14, -0.97), (0.26, -0.98), (0.3, -0.92), (0.31, -0.6), (0.285, -0.5), (0.31, -0.4), (0.285, -0.3),
    (0.31, -0.2), (0.31, 0.2), (0.285, 0.28), (0.31, 0.36), (0.29, 0.5), (0.18, 0.68), (0.12, 0.74), (0.11, 0.8),
    (0.11, 0.8),
]
BOTTLE = ObjectSpec(
    name="bottle", chinese=words("瓶子|瓶|酒瓶|水瓶|玻璃瓶|塑料瓶|饮料瓶"), size_m=0.28,
    contexts=[*INDOORS, "grass", "road"], rests=["upright", "side"],
    lookalikes=["can", "jar", "candle", "bowling pin"],
    materials={
        "glass": glass("#3f7a3a #2f6a34 #5a8a44"),
        "label": paint(
            "#efe9d8 #e2d4b0 #f4f2ec #c8b078",
            lay("band", "#7a1c22 #1f3a6a #2a4a2a #30281f", span=(0.25, 0.45), wobble=0, softness=0),
            lay("band", "#b8923a #8a1c22", span=(0.6, 0.66), wobble=0, softness=0), roughness=0.6, jitter=0.1,
        ),
        "cap": paint("#b8923a #8a1c22 #c9c9cc #20242a", roughness=0.35, metallic=0.8),
        "plastic": glass("#d8e6ee #cfe2ea", 0.75), "lid": paint("#1c5fb0 #e8e8e8 #2a8a3a #c8202a", roughness=0.45),
        "wrap": paint(
            "#2a7ac0 #d83a2a #3a9a4a #e8b020 #f0f0f0",
            lay("rings", "#f4f4f4 #ffe8a0 #d02030", 0.3, scale=2.5, softness=0.02, wobble=0), roughness=0.4,
            jitter=0.15,
        ),
    },
    parts=[
        Lathe(material="glass", profile=GLASS_BOTTLE, only=["green glass", "brown glass", "clear glass"]),
        Lathe(
            material="label", smooth=False,
            profile=[(0.302, -0.62), (0.305, -0.62), (0.305, 0.0), (0.302, 0.0), (0.302, -0.62)],
            only=["green glass", "brown glass", "clear glass"], chance=0.75,
        ),
        Lathe(
            material="cap", profile=[(0.13, 0.88), (0.13, 0.96), (0.11, 0.985), (0, 0.99)], segments=21,
            only=["brown glass", "clear glass"], chance=0.7,
        ),
        Lathe(
            material="cap",
            profile=[(0.105, 0.62), (0.106, 0.92), (0.126, 0.93), (0.126, 0.97), (0.126, 0.97), (0, 0.985)],
            only=["green glass"], chance=0.8,
        ),
        Lathe(material="plastic", profile=PET_BOTTLE, only=["plastic", "white plastic"], segments=28),
        Lathe(
            material="wrap", smooth=False,
            profile=[(0.312, -0.18), (0.316, -0.18), (0.316, 0.19), (0.312, 0.19), (0.312, -0.18)],
            only=["plastic", "white plastic"], chance=0.85,
        ),
        Lathe(
            material="lid", smooth=False, segments=24, profile=[(0.13, 0.77), (0.13, 0.92), (0.12, 0.94), (0, 0.94)],
            lobes=24, lobe_depth=0.06, only=["plastic", "white plastic"],
        ),
    ],
    appearances=[
        look("green glass", "green|wine|champagne|glass|绿|绿色|玻璃", 2),
        look(
            "brown glass", "brown|beer|glass|amber|棕|棕色|啤酒|玻璃", 2, {"glass": glass("#6b3a14 #7a4418 #5a2f10")},
        ),
        look("clear glass", "transparent|clear|glass|透明|玻璃", 1.2, {"glass": glass("#dfe8e6 #e8eeec")}),
        look("plastic", "water|pet|clear|transparent|soda|drink|塑料|水|透明|饮料", 2.5),
        look("white plastic", "white|milk|opaque|plastic|白|白色|塑料", 1, {"plastic": WHITE_PLASTIC}),
    ],
    variation=STILL,
)
CAN = ObjectSpec(
    name="can",
    aliases=words(
        "soda can|drink can|beer can|beverage can|aluminium can|aluminum can|tin can|drinks can|cola can|coke can",
    ),
    chinese=words("易拉罐|罐子|铝罐|罐头|可乐罐|啤酒罐"), size_m=0.12, contexts=[*INDOORS, "grass", "road"],
    rests=["upright", "side"], lookalikes=["jar", "bottle", "battery", "candle"],
    materials={
        "side": paint(
            "#c8202a #1f4fa8 #2a8a4a #e08a1e #20242c #6a2a8a",
            lay("rings", "#f2f2f0 #e8c24a #f2f2f0", 0.24, scale=2, softness=0.02, wobble=0, opacity=0.95),
            lay("stripes", "#f6f6f4", 0.16, scale=2, softness=0.02, wobble=0, opacity=0.9),
            lay("gradient", "#c9cbce", span=(0.045, 0.04), wobble=0),
            lay("gradient", "#c9cbce", span=(0.955, 0.96), wobble=0), roughness=0.28, metallic=0.55, jitter=0.12,
        ),
        "top": STEEL,
    },
    parts=[
        Lathe(
            material="side", segments=40,
            profile=[
                (0.2, -0.46), (0.24, -0.5), (0.24, -0.5), (0.3, -0.44), (0.3, -0.44), (0.3, 0.38), (0.3, 0.38),
                (0.255, 0.47),
            ],
            only=["drink", "crushed", "plain metal"],
        ),
        Lathe(
            material="top", segments=40,
            profile=[(0.255, 0.465), (0.262, 0.49), (0.25, 0.495), (0.24, 0.475), (0.24, 0.475), (0, 0.47)],
            only=["drink", "crushed", "plain metal"],
        ),
        Sheet(
            material="top",
            outline=[
                (-0.05, -0.04), (0.02, -0.055), (0.1, -0.045), (0.13, 0), (0.1, 0.045), (0.02, 0.055), (-0.05, 0.04),
                (-0.07, 0),
            ],
            smooth=True, holes=[[(0.05, -0.025), (0.09, -0.02), (0.1, 0), (0.09, 0.02), (0.05, 0.025)]],
            thickness=0.012, at=(-0.02, 0, 0.49), only=["drink", "crushed", "plain metal"],
        ),
        Lathe(
            material="side", segments=40,
            profile=[
                (0.33, -0.46), (0.345, -0.44), (0.33, -0.42),
            ] + [(0.33 - 0.014 * (i % 2), -0.38 + 0.035 * i) for i in range(22)] + [(0.345, 0.44), (0.33, 0.46)],
            only=["food tin", "rusty"],
        ),
        Lathe(
            material="top", segments=40, smooth=False,
            profile=[
                (0.33, 0.452), (0.34, 0.465), (0.325, 0.465), (0.315, 0.44), (0.26, 0.445), (0.24, 0.44),
                (0.16, 0.445), (0.14, 0.44), (0, 0.44),
            ],
            only=["food tin", "rusty"],
        ),
    ],
    appearances=[
        look("drink", "soda|cola|beer|full|intact|good|new|饮料|可乐|完好", 4),
        look(
            "crushed", "dented|squashed|crumpled|flattened|damaged|bad|压扁|变形|凹陷|坏", 1,
            variation=Variation(stretch=(0.05, 0.05, 0.05), crush=0.75, dents=2, dent_depth=0.12),
        ),
        look(
            "food tin", "tin|food|unlabelled|metal|silver|罐头|金属", 1.2,
            {"side": paint("#b5b8bb #a9acb0", roughness=0.35, metallic=1.0, jitter=0.05)},
        ),
        look(
            "plain metal", "silver|aluminium|aluminum|银色|金属", 0.5,
            {"side": paint("#c4c6c9", roughness=0.3, metallic=1.0, jitter=0.04)},
        ),
        look(
            "rusty", "rusted|old|corroded|生锈|锈", 0.5,
            {
                "side": paint(
                    "#8a8078", lay("noise", "#7a3b1a #8f4a20", 0.6, scale=4), lay("noise", "#4b2413", 0.3, scale=12),
                    roughness=0.8, metallic=0.4, bump=0.3, bump_scale=25,
                ),
                "top": paint("#7a5a44", lay("noise", "#6b3418", 0.55, scale=6), roughness=0.8, metallic=0.4),
            },
        ),
    ],
    variation=Variation(stretch=(0.03, 0.03, 0.06)),
)
TUMBLER = ObjectSpec(
    name="drinking glass", aliases=words("glass|tumbler|water glass|glass tumbler|glass cup"),
    chinese=words("玻璃杯|水杯"), size_m=0.13, contexts=["table", "shelf", "studio", "hand"], rests=["upright"],
    lookalikes=["mug", "jar", "bottle", "candle"],
    materials={
        "glass": glass("#f4faf9 #eef6f6", 0.94),
        "drink": paint("#d98a1e #c8401e #e8d8a0 #7a3a12 #b8d8e8", roughness=0.08, transparency=0.35, jitter=0.1),
    },
    parts=[
        Lathe(
            material="glass",
            profile=[
                (0, -0.5), (0.25, -0.5), (0.26, -0.48), (0.3, 0.1), (0.33, 0.5), (0.322, 0.505), (0.312, 0.495),
                (0.285, 0.1), (0.245, -0.4), (0.22, -0.43), (0, -0.43),
            ],
            segments=36,
        ),
        Lathe(
            material="drink", smooth=False,
            profile=[(0, -0.42), (0.235, -0.42), (0.28, 0.1), (0.293, 0.24), (0, 0.24)], chance=0.6,
        ),
    ],
    appearances=[
        look("clear", "transparent|透明"),
        look("tinted", "blue|green|coloured|colored|彩色", 0.5, {"glass": glass("#a8d4ea #b0e0b8 #e8c0d0", 0.9)}),
    ],
    variation=Variation(stretch=(0.05, 0.05, 0.15), taper=0.1),
)
WINE_GLASS = ObjectSpec(
    name="wine glass", aliases=words("wineglass|goblet|stemmed glass"), chinese=words("酒杯|红酒杯|葡萄酒杯|高脚杯"),
    size_m=0.2, contexts=["table", "shelf", "studio", "hand"], rests=["upright"],
    lookalikes=["drinking glass", "light bulb"],
    materials={
        "glass": glass("#f4faf9 #eef6f6", 0.93),
        "wine": paint("#5a0a1a #6a1020 #e0c060 #d87a7a", roughness=0.08, transparency=0.2, jitter=0.08),
    },
    parts=[
        Lathe(
            material="glass",
            profile=[
                (0, -0.5), (0.22, -0.5), (0.225, -0.49), (0.1, -0.475), (0.025, -0.45), (0.02, -0.4), (0.02, -0.08),
                (0.03, -0.04), (0.14, 0.02), (0.215, 0.14), (0.225, 0.26), (0.19, 0.5), (0.182, 0.5), (0.212, 0.26),
                (0.2, 0.14), (0.13, 0.035), (0, 0.0),
            ],
            segments=36,
        ),
        Lathe(
            material="wine", profile=[(0, 0.01), (0.13, 0.045), (0.196, 0.14), (0.21, 0.22), (0.21, 0.22), (0, 0.22)],
            chance=0.7,
        ),
    ],
    appearances=[look("clear", "transparent|full|empty|透明")], variation=Variation(stretch=(0.06, 0.06, 0.1)),
)
JAR = ObjectSpec(
    name="jar", aliases=words("glass jar|jam jar|mason jar|honey jar"), chinese=words("玻璃罐|广口瓶|果酱瓶|罐"),
    size_m=0.13, contexts=["table", "shelf", "conveyor", "studio", "hand"], rests=["upright"],
    lookalikes=["can", "bottle", "drinking glass", "candle"],
    materials={
        "glass": glass("#dfe8e6 #e8eeec", 0.9),
        "filling": paint(
            "#8a1c28 #c8781a #d8a030 #6a3a1a #9ab040", lay("noise", "#5a1018 #a8601a", 0.45, scale=7), roughness=0.3,
            jitter=0.15,
        ),
        "lid": paint("#c9a83a #b8bcc0 #a82028 #2a6a3a", roughness=0.3, metallic=0.7),
        "label": paint(
            "#f0ead8 #f6f4ee", lay("band", "#a82a2a #3a6a3a #7a5a2a", span=(0.3, 0.5), wobble=0, softness=0),
            roughness=0.6,
        ),
    },
    parts=[
        Lathe(
            material="filling",
            profile=[
                (0, -0.45), (0.28, -0.45), (0.325, -0.4), (0.33, -0.1), (0.33, 0.16), (0.31, 0.2), (0.31, 0.2),
                (0, 0.2),
            ],
            chance=0.85,
        ),
        Lathe(
            material="glass",
            profile=[
                (0, -0.5), (0.3, -0.5), (0.35, -0.46), (0.36, -0.3), (0.36, 0.15), (0.33, 0.27), (0.29, 0.32),
                (0.285, 0.4), (0.285, 0.4),
            ],
        ),
        Lathe(
            material="lid", smooth=False, lobes=24, lobe_depth=0.02, segments=48,
            profile=[(0.31, 0.32), (0.315, 0.33), (0.315, 0.46), (0.3, 0.48), (0.27, 0.475), (0, 0.475)],
        ),
        Lathe(
            material="label", smooth=False,
            profile=[(0.362, -0.32), (0.366, -0.32), (0.366, 0.06), (0.362, 0.06), (0.362, -0.32)], chance=0.6,
        ),
    ],
    appearances=[look("closed", "full|with lid")], variation=Variation(stretch=(0.06, 0.06, 0.15)),
)

OBJECTS = [BOTTLE, CAN, TUMBLER, WINE_GLASS, JAR]
