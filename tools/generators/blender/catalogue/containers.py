"""Bottles, cans, cups, boxes: things that hold things."""

from tools.generators.blender.catalogue.short import STEEL, WHITE_PLASTIC, lay, look, paint, words
from tools.generators.blender.object_spec import Box, Lathe, Material, ObjectSpec, Ring, Sheet, Tube, Variation

# fmt: off
INDOORS = ["table", "shelf", "conveyor", "floor", "studio", "hand"]
STILL = Variation(stretch=(0.04, 0.04, 0.08))


def glass(colours: str, clear: float = 0.9) -> Material:
    """Bottle glass."""
    return paint(colours, roughness=0.05, transparency=clear, coat=0.5, jitter=0.03)


GLASS_BOTTLE = [(0, -0.96), (0.2, -1.0), (0.28, -0.99), (0.3, -0.94), (0.3, -0.5), (0.3, 0.1), (0.285, 0.22), (0.2, 0.4), (0.12, 0.52), (0.1, 0.62), (0.095, 0.86), (0.095, 0.86), (0.12, 0.87), (0.12, 0.93), (0.1, 0.94), (0.1, 0.94)]
PET_BOTTLE = [(0, -0.9), (0.14, -0.97), (0.26, -0.98), (0.3, -0.92), (0.31, -0.6), (0.285, -0.5), (0.31, -0.4), (0.285, -0.3), (0.31, -0.2), (0.31, 0.2), (0.285, 0.28), (0.31, 0.36), (0.29, 0.5), (0.18, 0.68), (0.12, 0.74), (0.11, 0.8), (0.11, 0.8)]
BOTTLE = ObjectSpec(
    name="bottle", chinese=words("瓶子|瓶|酒瓶|水瓶|啤酒瓶|玻璃瓶|塑料瓶|饮料瓶"), size_m=0.28, contexts=[*INDOORS, "grass", "road"], rests=["upright", "side"], lookalikes=["can", "jar", "candle", "bowling pin"],
    materials={"glass": glass("#3f7a3a #2f6a34 #5a8a44"), "label": paint("#efe9d8 #e2d4b0 #f4f2ec #c8b078", lay("band", "#7a1c22 #1f3a6a #2a4a2a #30281f", span=(0.25, 0.45), wobble=0, softness=0), lay("band", "#b8923a #8a1c22", span=(0.6, 0.66), wobble=0, softness=0), roughness=0.6, jitter=0.1),
               "cap": paint("#b8923a #8a1c22 #c9c9cc #20242a", roughness=0.35, metallic=0.8), "plastic": glass("#d8e6ee #cfe2ea", 0.75), "lid": paint("#1c5fb0 #e8e8e8 #2a8a3a #c8202a", roughness=0.45),
               "wrap": paint("#2a7ac0 #d83a2a #3a9a4a #e8b020 #f0f0f0", lay("rings", "#f4f4f4 #ffe8a0 #d02030", 0.3, scale=2.5, softness=0.02, wobble=0), roughness=0.4, jitter=0.15)},
    parts=[
        Lathe(material="glass", profile=GLASS_BOTTLE, only=["green glass", "brown glass", "clear glass"]),
        Lathe(material="label", smooth=False, profile=[(0.302, -0.62), (0.305, -0.62), (0.305, 0.0), (0.302, 0.0), (0.302, -0.62)], only=["green glass", "brown glass", "clear glass"], chance=0.75),
        Lathe(material="cap", profile=[(0.13, 0.88), (0.13, 0.96), (0.11, 0.985), (0, 0.99)], segments=21, only=["brown glass", "clear glass"], chance=0.7),
        Lathe(material="cap", profile=[(0.105, 0.62), (0.106, 0.92), (0.126, 0.93), (0.126, 0.97), (0.126, 0.97), (0, 0.985)], only=["green glass"], chance=0.8),
        Lathe(material="plastic", profile=PET_BOTTLE, only=["plastic", "white plastic"], segments=28),
        Lathe(material="wrap", smooth=False, profile=[(0.312, -0.18), (0.316, -0.18), (0.316, 0.19), (0.312, 0.19), (0.312, -0.18)], only=["plastic", "white plastic"], chance=0.85),
        Lathe(material="lid", smooth=False, segments=24, profile=[(0.13, 0.77), (0.13, 0.92), (0.12, 0.94), (0, 0.94)], lobes=24, lobe_depth=0.06, only=["plastic", "white plastic"]),
    ],
    appearances=[look("green glass", "green|wine|champagne|glass|绿|绿色|玻璃", 2), look("brown glass", "brown|beer|glass|amber|棕|棕色|啤酒|玻璃", 2, {"glass": glass("#6b3a14 #7a4418 #5a2f10")}),
                 look("clear glass", "transparent|clear|glass|透明|玻璃", 1.2, {"glass": glass("#dfe8e6 #e8eeec")}), look("plastic", "water|pet|clear|transparent|soda|drink|塑料|水|透明|饮料", 2.5),
                 look("white plastic", "white|milk|opaque|plastic|白|白色|塑料", 1, {"plastic": WHITE_PLASTIC})],
    variation=STILL,
)

CAN = ObjectSpec(
    name="can", aliases=words("soda can|drink can|beer can|beverage can|aluminium can|aluminum can|tin can|drinks can|cola can|coke can"), chinese=words("易拉罐|罐子|铝罐|罐头|可乐罐|啤酒罐"), size_m=0.12, contexts=[*INDOORS, "grass", "road"], rests=["upright", "side"], lookalikes=["jar", "bottle", "battery", "candle"],
    materials={"side": paint("#c8202a #1f4fa8 #2a8a4a #e08a1e #20242c #6a2a8a", lay("rings", "#f2f2f0 #e8c24a #f2f2f0", 0.24, scale=2, softness=0.02, wobble=0, opacity=0.95), lay("stripes", "#f6f6f4", 0.16, scale=2, softness=0.02, wobble=0, opacity=0.9), lay("gradient", "#c9cbce", span=(0.045, 0.04), wobble=0), lay("gradient", "#c9cbce", span=(0.955, 0.96), wobble=0), roughness=0.28, metallic=0.55, jitter=0.12),
               "top": STEEL},
    parts=[
        Lathe(material="side", segments=40, profile=[(0.2, -0.46), (0.24, -0.5), (0.24, -0.5), (0.3, -0.44), (0.3, -0.44), (0.3, 0.38), (0.3, 0.38), (0.255, 0.47)], only=["drink", "crushed", "plain metal"]),
        Lathe(material="top", segments=40, profile=[(0.255, 0.465), (0.262, 0.49), (0.25, 0.495), (0.24, 0.475), (0.24, 0.475), (0, 0.47)], only=["drink", "crushed", "plain metal"]),
        Sheet(material="top", outline=[(-0.05, -0.04), (0.02, -0.055), (0.1, -0.045), (0.13, 0), (0.1, 0.045), (0.02, 0.055), (-0.05, 0.04), (-0.07, 0)], smooth=True, holes=[[(0.05, -0.025), (0.09, -0.02), (0.1, 0), (0.09, 0.02), (0.05, 0.025)]], thickness=0.012, at=(-0.02, 0, 0.49), only=["drink", "crushed", "plain metal"]),
        Lathe(material="side", segments=40, profile=[(0.33, -0.46), (0.345, -0.44), (0.33, -0.42)] + [(0.33 - 0.014 * (i % 2), -0.38 + 0.035 * i) for i in range(22)] + [(0.345, 0.44), (0.33, 0.46)], only=["food tin", "rusty"]),
        Lathe(material="top", segments=40, smooth=False, profile=[(0.33, 0.452), (0.34, 0.465), (0.325, 0.465), (0.315, 0.44), (0.26, 0.445), (0.24, 0.44), (0.16, 0.445), (0.14, 0.44), (0, 0.44)], only=["food tin", "rusty"]),
    ],
    appearances=[look("drink", "soda|cola|beer|full|intact|good|new|饮料|可乐|完好", 4),
                 look("crushed", "dented|squashed|crumpled|flattened|damaged|bad|压扁|变形|凹陷|坏", 1, variation=Variation(stretch=(0.05, 0.05, 0.05), crush=0.75, dents=2, dent_depth=0.12)),
                 look("food tin", "tin|food|unlabelled|metal|silver|罐头|金属", 1.2, {"side": paint("#b5b8bb #a9acb0", roughness=0.35, metallic=1.0, jitter=0.05)}),
                 look("plain metal", "silver|aluminium|aluminum|银色|金属", 0.5, {"side": paint("#c4c6c9", roughness=0.3, metallic=1.0, jitter=0.04)}),
                 look("rusty", "rusted|old|corroded|生锈|锈", 0.5, {"side": paint("#8a8078", lay("noise", "#7a3b1a #8f4a20", 0.6, scale=4), lay("noise", "#4b2413", 0.3, scale=12), roughness=0.8, metallic=0.4, bump=0.3, bump_scale=25), "top": paint("#7a5a44", lay("noise", "#6b3418", 0.55, scale=6), roughness=0.8, metallic=0.4)})],
    variation=Variation(stretch=(0.03, 0.03, 0.06)),
)

CUP = ObjectSpec(
    name="mug", aliases=words("cup|coffee cup|coffee mug|tea cup|teacup|tea mug"), chinese=words("杯子|马克杯|咖啡杯|茶杯|杯"), size_m=0.11, contexts=["table", "shelf", "studio", "hand", "workbench", "conveyor"], rests=["upright"], lookalikes=["bowl", "bucket", "can", "flower pot"],
    materials={"china": paint("#f0eee8 #2a5a8a #b8322c #2f6a4a #e0b040 #3a3a40 #e6dfd0", roughness=0.18, coat=0.4, jitter=0.1), "drink": paint("#2a1408 #3a1d0c #6b4426 #8a3a10", roughness=0.08)},
    parts=[Lathe(material="china", profile=[(0, -0.5), (0.33, -0.5), (0.36, -0.47), (0.375, -0.3), (0.385, 0.2), (0.39, 0.46), (0.38, 0.48), (0.362, 0.475), (0.355, 0.42), (0.345, 0.1), (0.335, -0.4), (0.3, -0.445), (0, -0.45)], segments=40),
           Tube(material="china", path=[(0.36, 0, 0.3), (0.48, 0, 0.33), (0.6, 0, 0.26), (0.64, 0, 0.05), (0.6, 0, -0.16), (0.48, 0, -0.27), (0.35, 0, -0.28)], radius=[0.055, 0.045, 0.045, 0.055], flat=0.7, sides=10),
           Lathe(material="drink", smooth=False, profile=[(0, 0.33), (0.352, 0.33), (0.352, 0.32)], chance=0.5)],
    appearances=[look("white", "白", 1.5, {"china": paint("#f2f0ea #e9e6de", roughness=0.18, coat=0.4, jitter=0.04)}), look("coloured", "colored|colourful|彩色", 2),
                 look("striped", "patterned|条纹", 1, {"china": paint("#efe9dc #e6ecf0", lay("rings", "#2a5a8a #b8322c #2f6a4a", 0.4, scale=4, softness=0.02, wobble=0), roughness=0.2, coat=0.4)})],
    variation=Variation(stretch=(0.04, 0.04, 0.12), taper=0.08),
)

TUMBLER = ObjectSpec(
    name="drinking glass", aliases=words("glass|tumbler|water glass|glass tumbler|glass cup"), chinese=words("玻璃杯|水杯"), size_m=0.13, contexts=["table", "shelf", "studio", "hand"], rests=["upright"], lookalikes=["mug", "jar", "bottle", "candle"],
    materials={"glass": glass("#f4faf9 #eef6f6", 0.94), "drink": paint("#d98a1e #c8401e #e8d8a0 #7a3a12 #b8d8e8", roughness=0.08, transparency=0.35, jitter=0.1)},
    parts=[Lathe(material="glass", profile=[(0, -0.5), (0.25, -0.5), (0.26, -0.48), (0.3, 0.1), (0.33, 0.5), (0.322, 0.505), (0.312, 0.495), (0.285, 0.1), (0.245, -0.4), (0.22, -0.43), (0, -0.43)], segments=36),
           Lathe(material="drink", smooth=False, profile=[(0, -0.42), (0.235, -0.42), (0.28, 0.1), (0.293, 0.24), (0, 0.24)], chance=0.6)],
    appearances=[look("clear", "transparent|透明"), look("tinted", "blue|green|coloured|colored|彩色", 0.5, {"glass": glass("#a8d4ea #b0e0b8 #e8c0d0", 0.9)})],
    variation=Variation(stretch=(0.05, 0.05, 0.15), taper=0.1),
)
WINE_GLASS = ObjectSpec(
    name="wine glass", aliases=words("wineglass|goblet|stemmed glass"), chinese=words("酒杯|红酒杯|葡萄酒杯|高脚杯"), size_m=0.2, contexts=["table", "shelf", "studio", "hand"], rests=["upright"], lookalikes=["drinking glass", "light bulb"],
    materials={"glass": glass("#f4faf9 #eef6f6", 0.93), "wine": paint("#5a0a1a #6a1020 #e0c060 #d87a7a", roughness=0.08, transparency=0.2, jitter=0.08)},
    parts=[Lathe(material="glass", profile=[(0, -0.5), (0.22, -0.5), (0.225, -0.49), (0.1, -0.475), (0.025, -0.45), (0.02, -0.4), (0.02, -0.08), (0.03, -0.04), (0.14, 0.02), (0.215, 0.14), (0.225, 0.26), (0.19, 0.5), (0.182, 0.5), (0.212, 0.26), (0.2, 0.14), (0.13, 0.035), (0, 0.0)], segments=36),
           Lathe(material="wine", profile=[(0, 0.01), (0.13, 0.045), (0.196, 0.14), (0.21, 0.22), (0.21, 0.22), (0, 0.22)], chance=0.7)],
    appearances=[look("clear", "transparent|full|empty|透明")], variation=Variation(stretch=(0.06, 0.06, 0.1)),
)

JAR = ObjectSpec(
    name="jar", aliases=words("glass jar|jam jar|mason jar|honey jar"), chinese=words("玻璃罐|广口瓶|果酱瓶|罐"), size_m=0.13, contexts=["table", "shelf", "conveyor", "studio", "hand"], rests=["upright"], lookalikes=["can", "bottle", "drinking glass", "candle"],
    materials={"glass": glass("#dfe8e6 #e8eeec", 0.9), "filling": paint("#8a1c28 #c8781a #d8a030 #6a3a1a #9ab040", lay("noise", "#5a1018 #a8601a", 0.45, scale=7), roughness=0.3, jitter=0.15), "lid": paint("#c9a83a #b8bcc0 #a82028 #2a6a3a", roughness=0.3, metallic=0.7), "label": paint("#f0ead8 #f6f4ee", lay("band", "#a82a2a #3a6a3a #7a5a2a", span=(0.3, 0.5), wobble=0, softness=0), roughness=0.6)},
    parts=[Lathe(material="filling", profile=[(0, -0.45), (0.28, -0.45), (0.325, -0.4), (0.33, -0.1), (0.33, 0.16), (0.31, 0.2), (0.31, 0.2), (0, 0.2)], chance=0.85),
           Lathe(material="glass", profile=[(0, -0.5), (0.3, -0.5), (0.35, -0.46), (0.36, -0.3), (0.36, 0.15), (0.33, 0.27), (0.29, 0.32), (0.285, 0.4), (0.285, 0.4)]),
           Lathe(material="lid", smooth=False, lobes=24, lobe_depth=0.02, segments=48, profile=[(0.31, 0.32), (0.315, 0.33), (0.315, 0.46), (0.3, 0.48), (0.27, 0.475), (0, 0.475)]),
           Lathe(material="label", smooth=False, profile=[(0.362, -0.32), (0.366, -0.32), (0.366, 0.06), (0.362, 0.06), (0.362, -0.32)], chance=0.6)],
    appearances=[look("closed", "full|with lid")], variation=Variation(stretch=(0.06, 0.06, 0.15)),
)

CARDBOARD = paint("#b58a58 #a87e4c #c29a68", lay("noise", "#9a7040", 0.4, scale=5, softness=0.9, opacity=0.4), roughness=0.85, jitter=0.08)


def flap(turn: float, at: tuple[float, float, float], wide: float, lean: float) -> Sheet:
    """One open flap of a box."""
    return Sheet(material="card", outline=[(0, -wide / 2), (0.34, -wide / 2 + 0.02), (0.34, wide / 2 - 0.02), (0, wide / 2)], thickness=0.015, at=at, turn=(0, -lean, turn), bend=4)


BOX = ObjectSpec(
    name="cardboard box", aliases=words("box|carton|carton box|parcel|package|shipping box"), chinese=words("纸箱|纸盒|箱子|盒子|包裹|快递盒"), size_m=0.4, contexts=["floor", "shelf", "conveyor", "table", "workbench", "studio"], rests=["upright"], lookalikes=["book", "toy brick", "wooden crate"],
    materials={"card": CARDBOARD, "dark": paint("#4a3620", roughness=0.95), "tape": paint("#c9a060 #d8b880 #8a6a3a", roughness=0.25, coat=0.3, jitter=0.05), "print": paint("#2a2018 #3a2a1c", roughness=0.8), "label": paint("#f2f0ec", lay("rings", "#1c1c1c", 0.42, scale=15, axis="x", softness=0.02, wobble=0), roughness=0.5)},
    parts=[Box(material="card", size=(1.0, 0.8, 0.7), bevel=0.015, only=["closed", "damaged"]),
           Box(material="tape", size=(1.006, 0.11, 0.704), bevel=0, only=["closed", "damaged"], chance=0.9),
           Box(material="dark", size=(1.002, 0.006, 0.003), bevel=0, at=(0, 0, 0.351), only=["closed", "damaged"]),
           Sheet(material="label", outline=[(-0.15, -0.1), (0.15, -0.1), (0.15, 0.1), (-0.15, 0.1)], thickness=0.003, turn=(90, 0, 0), at=(0.22, -0.402, 0.1), only=["closed", "damaged"], chance=0.6),
           *[Sheet(material="print", outline=[(-0.02, -0.06), (0.02, -0.06), (0.02, 0.02), (0.05, 0.02), (0, 0.09), (-0.05, 0.02), (-0.02, 0.02)], thickness=0.003, turn=(90, 0, 0), at=(x, -0.402, -0.12), only=["closed", "damaged"], chance=0.7) for x in (-0.36, -0.24)],
           *[Box(material="card", size=s, bevel=0.02, at=a, only=["open"]) for s, a in (((1.0, 0.015, 0.7), (0, -0.4, 0)), ((1.0, 0.015, 0.7), (0, 0.4, 0)), ((0.015, 0.8, 0.7), (-0.5, 0, 0)), ((0.015, 0.8, 0.7), (0.5, 0, 0)), ((1.0, 0.8, 0.015), (0, 0, -0.345)))],
           *[f.model_copy(update={"only": ["open"], "tilt": 9.0}) for f in (flap(0, (0.5, 0, 0.35), 0.78, 25), flap(180, (-0.5, 0, 0.35), 0.78, 15), flap(90, (0, 0.4, 0.35), 0.98, 35), flap(270, (0, -0.4, 0.35), 0.98, -55))]],
    appearances=[look("closed", "sealed|intact|good|封闭|完好", 3), look("open", "opened|打开", 1.5), look("damaged", "crushed|dented|bad|破损|变形|坏", 0.6, variation=Variation(stretch=(0.1, 0.1, 0.1), wobble=0.035, wobble_scale=1.5, dents=4, dent_depth=0.14, twist=10))],
    variation=Variation(stretch=(0.18, 0.18, 0.25)),
)

BUCKET = ObjectSpec(
    name="bucket", aliases=words("pail"), chinese=words("桶|水桶|塑料桶"), size_m=0.35, contexts=["floor", "grass", "soil", "workbench", "studio", "road"], rests=["upright"], lookalikes=["flower pot", "mug", "barrel"],
    materials={"body": paint("#2a6ab0 #c82a26 #2f8a4a #e0b020 #4a4a50", roughness=0.4, jitter=0.12), "inside": paint("#5a5a60 #44546a", roughness=0.7), "wire": STEEL, "grip": paint("#e8e4d8 #1c1c1e", roughness=0.6)},
    parts=[Lathe(material="body", segments=40, profile=[(0, -0.45), (0.3, -0.45), (0.31, -0.44), (0.36, -0.1), (0.42, 0.34), (0.42, 0.34), (0.45, 0.35), (0.455, 0.4), (0.44, 0.415), (0.415, 0.4), (0.35, -0.1), (0.3, -0.4), (0, -0.41)]),
           Ring(material="body", radius=0.425, thickness=0.035, at=(0, 0, 0.25)),
           Tube(material="wire", path=[(-0.45, 0, 0.33), (-0.44, 0.1, 0.55), (-0.26, 0.2, 0.78), (0, 0.24, 0.86), (0.26, 0.2, 0.78), (0.44, 0.1, 0.55), (0.45, 0, 0.33)], radius=[0.013], sides=7),
           Tube(material="grip", path=[(-0.13, 0.225, 0.845), (0, 0.24, 0.862), (0.13, 0.225, 0.845)], radius=[0.034], sides=10)],
    appearances=[look("plastic", "coloured|colored|塑料", 2), look("metal", "galvanised|galvanized|steel|zinc|tin|金属|铁", 1, {"body": paint("#9a9ea2 #8a8e92", lay("noise", "#b8bcc0", 0.45, scale=8, opacity=0.6), roughness=0.45, metallic=0.9, jitter=0.05)})],
    variation=Variation(stretch=(0.05, 0.05, 0.12)),
)

STAVES = paint("#8a5a2c #7a4c22 #9a6a38", lay("stripes", "#3a2412", 0.12, scale=18, softness=0.05, wobble=0.03), lay("streaks", "#5a3818", 0.4, scale=40, opacity=0.6), roughness=0.7)
BARREL = ObjectSpec(
    name="barrel", aliases=words("cask|keg|drum|oil drum|oil barrel|wine barrel"), chinese=words("木桶|酒桶|油桶|圆桶"), size_m=0.9, contexts=["floor", "grass", "road", "workbench", "studio", "soil"], rests=["upright", "side"], lookalikes=["bucket", "can", "flower pot"],
    materials={"wood": STAVES, "hoop": paint("#3c3c3e #4a4644", roughness=0.55, metallic=0.8), "head": paint("#8a5c30 #7a5026", lay("rings", "#3a2412", 0.1, scale=7, axis="x", softness=0.05, wobble=0), roughness=0.75), "drum": paint("#1f4f8a #2f6a3a #a82a22 #d88a1a", lay("noise", "#7a3b1a", 0.2, scale=7), roughness=0.45, metallic=0.2)},
    parts=[Lathe(material="wood", segments=36, profile=[(0.3, -0.5), (0.3, -0.5), (0.36, -0.28), (0.385, 0), (0.36, 0.28), (0.3, 0.5), (0.3, 0.5), (0.275, 0.5), (0.275, 0.47), (0.275, 0.47)], only=["wooden"]),
           Lathe(material="head", smooth=False, profile=[(0, 0.455), (0.285, 0.455), (0.285, 0.45)][::-1], only=["wooden"]),
           *[Lathe(material="hoop", smooth=False, profile=[(r, z - 0.035), (r + 0.012, z - 0.035), (r2 + 0.012, z + 0.035), (r2, z + 0.035), (r, z - 0.035)], only=["wooden"], segments=36)
             for r, r2, z in ((0.302, 0.316, -0.44), (0.37, 0.379, -0.16), (0.379, 0.37, 0.16), (0.316, 0.302, 0.44))],
           Lathe(material="drum", segments=40, profile=[(0, -0.48), (0.32, -0.48), (0.335, -0.5), (0.345, -0.48), (0.33, -0.46), (0.33, -0.2), (0.33, -0.2), (0.35, -0.17), (0.33, -0.14), (0.33, -0.14), (0.33, 0.14), (0.33, 0.14), (0.35, 0.17), (0.33, 0.2), (0.33, 0.2), (0.33, 0.46), (0.345, 0.48), (0.335, 0.5), (0.32, 0.48), (0.32, 0.48), (0, 0.48)], only=["metal", "rusty"]),
           Lathe(material="hoop", smooth=False, segments=16, profile=[(0.05, 0), (0.05, 0.02), (0, 0.02)], at=(0.2, 0, 0.48), only=["metal", "rusty"])],
    appearances=[look("wooden", "wood|oak|wine|木|木头", 2), look("metal", "steel|oil|blue|油|金属|铁", 1.5),
                 look("rusty", "rusted|old|生锈|锈", 0.6, {"drum": paint("#7a4a2a", lay("noise", "#5a2a14 #8f4a20", 0.5, scale=4), lay("noise", "#2f5a7a #3a6a4a", 0.3, scale=2.5), roughness=0.85, bump=0.3, bump_scale=22)})],
    variation=Variation(stretch=(0.04, 0.04, 0.1)),
)

BOWL = ObjectSpec(
    name="bowl", aliases=words("soup bowl|rice bowl|salad bowl"), chinese=words("碗|饭碗|汤碗"), size_m=0.16, contexts=["table", "shelf", "studio", "hand", "conveyor"], rests=["upright"], lookalikes=["plate", "mug", "flower pot"],
    materials={"china": paint("#f2f0ea #e8e2d4 #3a6a9a #7a9a6a #c8a05a", lay("band", "#2a5a8a #8a3a2a #b8923a", span=(0.84, 0.9), wobble=0, softness=0.02), roughness=0.2, coat=0.4, jitter=0.08)},
    parts=[Lathe(material="china", segments=44, profile=[(0, -0.2), (0.17, -0.2), (0.19, -0.24), (0.2, -0.24), (0.21, -0.19), (0.36, -0.08), (0.46, 0.1), (0.5, 0.27), (0.49, 0.28), (0.475, 0.265), (0.43, 0.1), (0.33, -0.05), (0.18, -0.15), (0, -0.165)])],
    appearances=[look("china", "ceramic|porcelain|瓷"), look("wooden", "wood|木", 0.5, {"china": paint("#a87040 #8f5a2c", lay("rings", "#7a4a22", 0.4, scale=9, wobble=0.6, axis="x", softness=0.7, opacity=0.5), roughness=0.5)})],
    variation=Variation(stretch=(0.04, 0.04, 0.2)),
)

CRATE = ObjectSpec(
    name="wooden crate", aliases=words("crate|wood crate|fruit crate|wooden box"), chinese=words("木箱|板条箱"), size_m=0.5, contexts=["floor", "orchard", "grass", "shelf", "workbench", "studio"], rests=["upright"], lookalikes=["cardboard box", "bucket"],
    materials={"wood": paint("#b58a54 #a87a44 #c49a64", lay("rings", "#8a6236 #94703f", 0.35, scale=2.5, softness=0.9, wobble=0.5, opacity=0.5), roughness=0.75, jitter=0.14)},
    parts=[*[Box(material="wood", size=(1.0, 0.025, 0.13), bevel=0.1, at=(0, y, z)) for y in (-0.33, 0.33) for z in (-0.19, -0.03, 0.13)],
           *[Box(material="wood", size=(0.025, 0.66, 0.13), bevel=0.1, at=(x, 0, z)) for x in (-0.49, 0.49) for z in (-0.19, -0.03, 0.13)],
           *[Box(material="wood", size=(0.06, 0.06, 0.5), bevel=0.05, at=(x, y, -0.02)) for x in (-0.45, 0.45) for y in (-0.29, 0.29)],
           *[Box(material="wood", size=(0.98, 0.14, 0.02), bevel=0.05, at=(0, y, -0.26)) for y in (-0.24, -0.08, 0.08, 0.24)]],
    appearances=[look("plain", "empty|空")], variation=Variation(stretch=(0.1, 0.12, 0.15)),
)

BASKET_WEAVE = paint("#b08a50 #9a743c #c09a60", lay("rings", "#5f4220", 0.42, scale=12, softness=0.2, wobble=0.1), lay("stripes", "#6a4a24", 0.3, scale=30, softness=0.3, wobble=0.1, opacity=0.8), roughness=0.8, bump=0.3, bump_scale=20)
BASKET = ObjectSpec(
    name="basket", aliases=words("wicker basket|fruit basket"), chinese=words("篮子|果篮|竹篮"), size_m=0.4, contexts=["table", "grass", "orchard", "floor", "shelf", "studio"], rests=["upright"], lookalikes=["bucket", "flower pot", "bowl"],
    materials={"weave": BASKET_WEAVE, "rim": paint("#8a6430 #7a5628", lay("stripes", "#4a3218", 0.4, scale=40, wobble=0.1), roughness=0.8)},
    parts=[Lathe(material="weave", segments=36, profile=[(0, -0.28), (0.32, -0.28), (0.35, -0.26), (0.42, -0.05), (0.47, 0.18), (0.44, 0.18), (0.4, -0.05), (0.32, -0.22), (0, -0.23)], scale=(1, 0.78, 1)),
           Ring(material="rim", radius=0.465, thickness=0.055, at=(0, 0, 0.18), scale=(1, 0.78, 1)),
           Tube(material="rim", path=[(-0.46, 0, 0.15), (-0.42, 0, 0.42), (-0.25, 0, 0.62), (0, 0, 0.69), (0.25, 0, 0.62), (0.42, 0, 0.42), (0.46, 0, 0.15)], radius=[0.032], flat=0.6, sides=8)],
    appearances=[look("wicker", "empty|空")], variation=Variation(stretch=(0.1, 0.1, 0.1)),
)

OBJECTS = [BOTTLE, CAN, CUP, TUMBLER, WINE_GLASS, JAR, BOX, BUCKET, BARREL, BOWL, CRATE, BASKET]
