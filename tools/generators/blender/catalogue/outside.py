"""Road, garden and the microscope's slide."""

import math

from tools.generators.blender.catalogue.short import DARK_STEEL, GREEN_STEM, LEAF, STEEL, circle, lay, leaf, look, paint, words
from tools.generators.blender.object_spec import Box, Cluster, Ellipsoid, Lathe, ObjectSpec, Sheet, Tube, Variation

# fmt: off
ROAD = ["road", "grass", "floor", "studio"]
STIFF = Variation(stretch=(0.04, 0.04, 0.06))
PLAIN_PLASTIC = {"roughness": 0.5}

CONE = ObjectSpec(
    name="traffic cone", aliases=words("road cone|safety cone|pylon|construction cone"), chinese=words("交通锥|路锥|雪糕筒|锥桶"), size_m=0.7, contexts=["road", "floor", "grass", "studio"], rests=["upright", "side"], lookalikes=["carrot", "bucket", "road barrier"],
    materials={"body": paint("#e8581a #e04e12 #ee6424", lay("band", "#f2f0ea", span=(0.34, 0.5), wobble=0, softness=0), lay("band", "#f2f0ea", span=(0.64, 0.75), wobble=0, softness=0), **PLAIN_PLASTIC, jitter=0.05), "base": paint("#e8581a #26262a #e04e12", roughness=0.6)},
    parts=[Lathe(material="body", smooth=False, segments=36, profile=[(0.29, -0.46), (0.26, -0.43), (0.16, 0.02), (0.06, 0.47), (0.055, 0.5), (0.04, 0.5), (0.04, 0.46), (0, 0.45)]), Box(material="base", size=(0.72, 0.72, 0.06), bevel=0.3, at=(0, 0, -0.48))],
    appearances=[look("orange", "red|striped|new|橙|红", 3), look("plain", "without stripes|无条纹", 1, {"body": paint("#e8581a #e04e12", **PLAIN_PLASTIC)}), look("dirty", "old|used|旧|脏", 1, {"body": paint("#c85a28", lay("band", "#cfc8ba", span=(0.4, 0.62), wobble=0, softness=0), lay("noise", "#5a4a3c", 0.38, scale=4, softness=0.6, opacity=0.8), roughness=0.85)}),
                 look("yellow", "黄", 0.4, {"body": paint("#e8c020", lay("band", "#26262a", span=(0.4, 0.62), wobble=0, softness=0), **PLAIN_PLASTIC)})],
    variation=Variation(stretch=(0.05, 0.05, 0.12), bend=5),
)


def stroke(points: list[tuple[float, float]], x: float, smooth: bool = True) -> Tube:
    """One stroke of a letter on a sign that faces -y."""
    return Tube(material="white", path=[(x + px * 0.13, -0.014, 0.13 * pz) for px, pz in points], radius=[0.022], flat=0.3, sides=6, smooth=smooth, turn=(0, 0, 0))


S_CURVE = [(0.42, 0.7), (0.1, 0.98), (-0.32, 0.85), (-0.36, 0.4), (0.0, 0.05), (0.36, -0.3), (0.34, -0.78), (-0.06, -0.98), (-0.42, -0.72)]
STOP = ObjectSpec(
    name="stop sign", aliases=words("road sign stop"), chinese=words("停车标志|停止标志|停车牌"), size_m=2.0, contexts=["road", "grass", "studio"], rests=["upright"], lookalikes=["traffic light", "umbrella", "plate"],
    materials={"red": paint("#b8141c #a81018", roughness=0.35, jitter=0.06), "white": paint("#f4f3f0", roughness=0.4, jitter=0.02), "post": paint("#8a8d90", roughness=0.5, metallic=0.8)},
    parts=[Sheet(material="white", outline=circle(0.5, 8), turn=(90, 22.5, 0), thickness=0.016), Sheet(material="red", outline=circle(0.462, 8), turn=(90, 22.5, 0), thickness=0.022),
           stroke(S_CURVE, -0.285), stroke([(-0.45, 0.95), (0.45, 0.95)], -0.1, False), stroke([(0, 0.95), (0, -0.98)], -0.1, False), Tube(material="white", closed=True, path=[(0.095 + 0.058 * math.cos(a), -0.014, 0.126 * math.sin(a)) for a in [math.pi * i / 6 for i in range(12)]], radius=[0.022], flat=0.6, sides=6),
           stroke([(-0.4, -0.98), (-0.4, 0.95)], 0.29, False), stroke([(-0.4, 0.92), (0.15, 0.9), (0.42, 0.5), (0.15, 0.05), (-0.4, 0.0)], 0.29), Tube(material="post", path=[(0, 0.03, -1.15), (0, 0.03, 0.35)], radius=[0.03], sides=8, smooth=False)],
    appearances=[look("new", "red|clean|红|新", 3), look("faded", "old|dirty|rusty|旧|脏|生锈", 1, {"red": paint("#a84a44", lay("noise", "#8a6a54 #c09080", 0.4, scale=4, softness=0.6), roughness=0.7)})],
    variation=Variation(stretch=(0.03, 0.03, 0.08)),
)
OFF = paint("#2a2a2c #1c1c1e", roughness=0.3)
LIGHT = ObjectSpec(
    name="traffic light", aliases=words("traffic signal|stoplight|stop light|traffic lights"), chinese=words("红绿灯|交通灯|信号灯|交通信号灯"), size_m=1.0, contexts=["road", "sky", "studio"], rests=["upright"], lookalikes=["stop sign", "bottle"],
    materials={"case": paint("#1c1d1f #23262a #3a4a2c", roughness=0.5), "red": paint("#3a0c0c", roughness=0.2), "amber": paint("#3a2a08", roughness=0.2), "green": paint("#0a2a14", roughness=0.2)},
    parts=[Box(material="case", size=(0.36, 0.22, 1.0), bevel=0.25), *[Lathe(material=m, segments=24, profile=[(0.13, 0), (0.11, 0.035), (0.06, 0.06), (0, 0.065)], at=(0, -0.108, z), turn=(90, 0, 0)) for m, z in (("red", 0.31), ("amber", 0), ("green", -0.31))],
           *[Sheet(material="case", outline=[(-0.06, -0.235), (0.045, -0.235), (0.045, 0.235), (-0.06, 0.235)], cup=-175, thickness=0.012, at=(0, -0.155, z + 0.15), turn=(0, 0, 90)) for z in (0.31, 0, -0.31)], Tube(material="case", path=[(0, 0, 0.48), (0, 0, 0.6)], radius=[0.05], sides=10, smooth=False)],
    appearances=[look("red", "stop|红灯|红", 1.5, {"red": paint("#ff2a1e", roughness=0.2, jitter=0.03)}), look("green", "go|绿灯|绿", 1.5, {"green": paint("#2aff7a", roughness=0.2, jitter=0.03)}), look("amber", "yellow|orange|黄灯|黄", 1, {"amber": paint("#ffb01e", roughness=0.2, jitter=0.03)}),
                 look("yellow case", "黄色", 0.7, {"case": paint("#e0a818", roughness=0.5), "red": paint("#ff2a1e", roughness=0.2)})],
    variation=STIFF,
)
BARRIER = ObjectSpec(
    name="road barrier", aliases=words("traffic barrier|barricade|road block|barrier"), chinese=words("路障|护栏|隔离栏"), size_m=1.5, contexts=["road", "floor", "studio", "grass"], rests=["upright"], lookalikes=["traffic cone", "chair", "stop sign"],
    materials={"board": paint("#f2f0ea", lay("rings", "#d0181e", 0.5, scale=4, axis="x", softness=0.02, wobble=0), roughness=0.4, jitter=0.04), "leg": paint("#d8d4c8 #3a3a3e #e8a818", roughness=0.5), "lamp": paint("#f0a01a", roughness=0.15)},
    parts=[*[Box(material="board", size=(1.0, 0.03, 0.15), bevel=0.1, at=(0, 0, z)) for z in (0.22, 0.0)], *[Tube(material="leg", path=[(s * 0.4, -sy * 0.2, -0.36), (s * 0.4, -0.016, 0.32)] if sy > 0 else [(s * 0.4, 0.22, -0.36), (s * 0.4, 0.016, 0.32)], radius=[0.022], sides=6, smooth=False) for s in (-1, 1) for sy in (1, -1)],
           *[Lathe(material="lamp", profile=[(0.045, 0), (0.06, 0.04), (0.045, 0.09), (0, 0.1)], at=(s * 0.4, 0, 0.31), chance=0.6) for s in (-1, 1)]],
    appearances=[look("red and white", "red|striped|红白", 2), look("orange and white", "orange|橙白", 1.2, {"board": paint("#f2f0ea", lay("rings", "#e86a14", 0.5, scale=4, axis="x", softness=0.02, wobble=0), roughness=0.4)}), look("yellow and black", "yellow|black and yellow|黄黑", 0.8, {"board": paint("#e8b81a", lay("rings", "#1c1c1e", 0.5, scale=5, axis="x", softness=0.02, wobble=0), roughness=0.4)})],
    variation=STIFF,
)
TIRE = ObjectSpec(
    name="tire", aliases=words("tyre|car tire|car tyre|wheel|car wheel"), chinese=words("轮胎|车轮"), size_m=0.65, contexts=["road", "floor", "grass", "workbench", "studio"], rests=["flat", "side"], lookalikes=["ring", "gear", "barrel"],
    materials={"rubber": paint("#1a1a1b #242425", roughness=0.85, jitter=0.05), "tread": paint("#1a1a1b #242425", lay("stripes", "#08080a", 0.35, scale=44, softness=0.1, wobble=0.0), roughness=0.9), "rim": STEEL},
    parts=[Lathe(material="rubber", segments=48, profile=[(0.3, -0.11), (0.34, -0.135), (0.42, -0.145), (0.475, -0.125), (0.475, -0.125), (0.48, 0.125), (0.475, 0.125), (0.42, 0.145), (0.34, 0.135), (0.3, 0.11), (0.29, 0.0), (0.3, -0.11)]), Lathe(material="tread", segments=48, smooth=False, lobes=24, lobe_depth=0.02, profile=[(0.47, -0.13), (0.495, -0.11), (0.5, -0.05), (0.5, 0.05), (0.495, 0.11), (0.47, 0.13), (0.47, -0.13)]),
           Lathe(material="rim", smooth=False, segments=40, only=["with rim"], profile=[(0.31, -0.11), (0.3, 0.1), (0.32, 0.115), (0.29, 0.118), (0.275, 0.06), (0.26, 0.05)]), Cluster(count=5, on="ring", size=(0.3, 0.3, 0), at=(0, 0, 0.06), facing="up", size_jitter=0, place_jitter=0, only=["with rim"], parts=[Box(material="rim", size=(0.27, 0.085, 0.05), bevel=0.3)]), Lathe(material="rim", profile=[(0.1, 0), (0.1, 0.09), (0.08, 0.11), (0, 0.11)], only=["with rim"])],
    appearances=[look("bare", "black|rubber|old|黑", 1.2), look("with rim", "wheel|complete|带轮毂", 1.2)], variation=Variation(stretch=(0.0, 0.0, 0.2)),
)
HYDRANT = ObjectSpec(
    name="fire hydrant", aliases=words("hydrant"), chinese=words("消防栓|消火栓"), size_m=0.8, contexts=["road", "grass", "studio"], rests=["upright"], lookalikes=["bottle", "traffic cone", "barrel"],
    materials={"paint": paint("#c8181c #d8201e", lay("noise", "#8a1014", 0.35, scale=5, opacity=0.5), roughness=0.4, coat=0.3), "cap": paint("#c8181c #e8b81a #d8d8d4", roughness=0.4), "metal": DARK_STEEL},
    parts=[Lathe(material="paint", segments=32, profile=[(0, -0.5), (0.26, -0.5), (0.26, -0.5), (0.26, -0.44), (0.26, -0.44), (0.19, -0.42), (0.19, -0.42), (0.18, 0.12), (0.18, 0.12), (0.23, 0.13), (0.23, 0.13), (0.23, 0.18), (0.23, 0.18), (0.2, 0.19), (0.17, 0.3), (0.09, 0.38), (0.05, 0.4), (0.05, 0.4), (0.05, 0.46), (0.05, 0.46), (0, 0.46)]), Lathe(material="cap", smooth=False, segments=6, profile=[(0.06, 0.44), (0.06, 0.5), (0, 0.5)]),
           *[Lathe(material="cap", smooth=False, segments=24, profile=[(0.09, 0.1), (0.09, 0.22), (0.12, 0.22), (0.12, 0.27), (0.1, 0.28), (0.05, 0.28), (0.05, 0.32), (0, 0.32)], at=(0, 0, 0.0), turn=(90, 0, a)) for a in (90, -90)], Lathe(material="cap", smooth=False, segments=24, profile=[(0.12, 0.1), (0.12, 0.21), (0.15, 0.21), (0.15, 0.26), (0.13, 0.27), (0.06, 0.27), (0.06, 0.31), (0, 0.31)], at=(0, 0, -0.06), turn=(90, 0, 0)),
           Cluster(count=8, on="ring", size=(0.44, 0.44, 0), at=(0, 0, -0.44), facing="up", size_jitter=0, place_jitter=0, parts=[Lathe(material="metal", smooth=False, segments=6, profile=[(0.03, 0), (0.03, 0.035), (0, 0.035)])])],
    appearances=[look("red", "红", 2), look("yellow", "黄", 1, {"paint": paint("#e8b018 #e0a410", lay("noise", "#b07a10", 0.35, scale=5, opacity=0.5), roughness=0.4)}), look("rusty", "old|rusted|生锈|旧", 0.5, {"paint": paint("#9a3a24", lay("noise", "#5a2a16 #7a4424", 0.5, scale=5), roughness=0.9, bump=0.3)})], variation=STIFF,
)
FALLEN = [(0, -0.02), (0.08, -0.16), (0.02, -0.34), (0.2, -0.27), (0.3, -0.42), (0.4, -0.26), (0.62, -0.36), (0.6, -0.2), (0.78, -0.16), (0.68, -0.07), (1.0, 0), (0.68, 0.07), (0.78, 0.16), (0.6, 0.2), (0.62, 0.36), (0.4, 0.26), (0.3, 0.42), (0.2, 0.27), (0.02, 0.34), (0.08, 0.16), (0, 0.02)]
LEAF_SPEC = ObjectSpec(
    name="leaf", aliases=words("tree leaf|maple leaf|fallen leaf"), chinese=words("叶子|树叶|落叶|枫叶"), size_m=0.1, contexts=["grass", "soil", "orchard", "bush", "road", "table", "studio", "hand"], rests=["flat", "any", "hangs"], lookalikes=["flower", "apple"],
    materials={"blade": paint("#4f8a2a #3f7a26 #64a03a", lay("noise", "#7ab04a", 0.4, scale=5, softness=0.8, opacity=0.6), lay("band", "#a8c878", span=(0.488, 0.512), axis="y", wobble=0.02, softness=0.02), roughness=0.5), "stem": GREEN_STEM},
    parts=[Sheet(material="blade", outline=leaf(0.55, 0.85), smooth=True, thickness=0.006, bend=35, bend_range=35, cup=28, ripple=0.02, only=["green", "yellow", "brown", "red"]), Sheet(material="blade", outline=FALLEN, thickness=0.006, bend=25, bend_range=40, cup=20, ripple=0.03, only=["maple red", "maple yellow", "maple green"]),
           Tube(material="stem", path=[(0.05, 0, 0.0), (-0.12, 0, 0.0), (-0.32, 0.03, 0.03)], radius=[0.012, 0.013, 0.016], sides=6)],
    appearances=[look("green", "fresh|绿", 3), look("yellow", "autumn|fall|黄", 1, {"blade": paint("#d8b02a #c89a24", lay("noise", "#a8762a", 0.35, scale=5), roughness=0.6)}), look("brown", "dry|dead|autumn|fall|枯|干", 1, {"blade": paint("#7a4f28 #8a5c30", lay("noise", "#5a3818", 0.45, scale=6), roughness=0.8)}), look("red", "autumn|fall|红", 0.7, {"blade": paint("#a8281c #b83a1e", lay("noise", "#d8802a", 0.3, scale=4), roughness=0.6)}),
                 look("maple red", "maple|red|autumn|枫|红", 0.8, {"blade": paint("#b8281a #c83c1c", lay("noise", "#d8802a", 0.3, scale=4), roughness=0.6)}), look("maple yellow", "maple|yellow|autumn|枫|黄", 0.6, {"blade": paint("#d8a824 #e0b838", lay("noise", "#c8702a", 0.3, scale=4), roughness=0.6)}), look("maple green", "maple|green|枫|绿", 0.4)],
    variation=Variation(stretch=(0.12, 0.16, 0.05), twist=14),
)
FLOWER = ObjectSpec(
    name="flower", aliases=words("daisy|blossom"), chinese=words("花|花朵|雏菊"), size_m=0.09, contexts=["grass", "bush", "soil", "table", "studio", "hand"], rests=["upright"], lookalikes=["leaf", "gear", "mushroom", "sunflower"],
    materials={"petal": paint("#f4f2ec #efece2", lay("gradient", "#e8d8a0", span=(0.2, 0), axis="along", opacity=0.5), roughness=0.6), "heart": paint("#e8b01a #d89a14", roughness=0.9, bump=0.8, bump_scale=40), "stem": GREEN_STEM, "leaf": LEAF},
    parts=[*[Cluster(count=n, on="ring", size=(0.14, 0.14, 0), at=(0, -0.02, 0.34 + z), turn=(48, 0, a), facing="up", copy_tilt=7, parts=[Sheet(material="petal", outline=[(0, -0.035), (0.2, -0.08), (0.36, -0.075), (0.42, 0), (0.36, 0.075), (0.2, 0.08), (0, 0.035)], smooth=True, thickness=0, turn=(0, lift, 0), bend=12, cup=40)]) for n, z, a, lift in ((13, 0, 0, -4), (12, 0.01, 0, -13))],
           Ellipsoid(material="heart", size=(0.23, 0.23, 0.12), at=(0, -0.03, 0.36), turn=(48, 0, 0), detail=10), Tube(material="stem", path=[(0, -0.01, 0.33), (0, 0.05, 0.15), (0.02, 0.06, -0.3), (0, 0.03, -0.7)], radius=[0.024, 0.02, 0.022], sides=7), Sheet(material="leaf", outline=leaf(0.34), smooth=True, thickness=0, scale=(0.42, 0.42, 0.42), at=(0.02, 0.05, -0.36), turn=(0, -42, 10), bend=-40), Sheet(material="leaf", outline=leaf(0.34), smooth=True, thickness=0, scale=(0.36, 0.36, 0.36), at=(0, 0.05, -0.18), turn=(0, -38, 190), bend=-40)],
    appearances=[look("white", "daisy|白", 2), look("yellow", "黄", 1, {"petal": paint("#f0c01a #e8b010", roughness=0.6), "heart": paint("#6a3a14", roughness=0.9)}), look("pink", "粉", 1, {"petal": paint("#e070a0 #d85a90", roughness=0.6)}), look("red", "红", 0.7, {"petal": paint("#c81c2a", roughness=0.6)}), look("purple", "blue|紫|蓝", 0.7, {"petal": paint("#7a4ab8 #5a5ac8", roughness=0.6)})],
    variation=Variation(stretch=(0.06, 0.06, 0.14), bend=10),
)
SUNFLOWER = ObjectSpec(
    name="sunflower", chinese=words("向日葵"), size_m=0.4, contexts=["grass", "soil", "sky", "bush", "studio"], rests=["upright"], lookalikes=["flower", "gear", "leaf"],
    materials={"petal": paint("#f0b414 #e8a60c #f4c22a", lay("gradient", "#d8781a", span=(0.3, 0), axis="along", opacity=0.6), roughness=0.6), "heart": paint("#4a2a12 #3a200e", lay("spots", "#8a5a1e", 0.3, scale=26), roughness=1.0, bump=0.9, bump_scale=40), "stem": GREEN_STEM, "leaf": LEAF},
    parts=[*[Cluster(count=n, on="ring", size=(0.42, 0.42, 0), at=(0, -0.03, 0.34), turn=(64, 0, 0), facing="up", copy_tilt=9, size_jitter=0.15, parts=[Sheet(material="petal", outline=[(0, -0.03), (0.12, -0.07), (0.22, -0.05), (0.31, 0), (0.22, 0.05), (0.12, 0.07), (0, 0.03)], thickness=0, turn=(0, lift, 0), bend=18, cup=40)]) for n, lift in ((18, 2), (17, -14))],
           Ellipsoid(material="heart", size=(0.48, 0.48, 0.14), at=(0, -0.04, 0.35), turn=(64, 0, 0), detail=14), Tube(material="stem", path=[(0, 0, 0.32), (0, 0.06, 0.12), (0.02, 0.08, -0.35), (0, 0.04, -0.8)], radius=[0.05, 0.035, 0.038], sides=8), *[Sheet(material="leaf", outline=leaf(0.7, 0.8), smooth=True, thickness=0, scale=(0.46, 0.46, 0.46), at=(0, 0.07, z), turn=(0, -28, a), bend=-50) for z, a in ((-0.3, -15), (-0.12, 190))]],
    appearances=[look("yellow", "blooming|黄", 2)], variation=Variation(stretch=(0.05, 0.05, 0.14), bend=6),
)
PINE_CONE = ObjectSpec(
    name="pine cone", aliases=words("pinecone|fir cone"), chinese=words("松果|松塔"), size_m=0.08, contexts=["grass", "soil", "table", "studio", "hand"], rests=["any", "upright"], lookalikes=["pineapple", "potato", "stone"],
    materials={"core": paint("#4a2f1a", roughness=0.9), "scale": paint("#7a4f2c #6a4224 #8a5c34", lay("gradient", "#b08a5c", span=(0.7, 1), axis="along", opacity=0.8), roughness=0.85, jitter=0.18)},
    parts=[Lathe(material="core", profile=[(0, -0.46), (0.2, -0.4), (0.26, -0.15), (0.18, 0.2), (0, 0.44)], segments=16),
           *[Cluster(count=n, on="ring", size=(2 * r, 2 * r, 0), at=(0, 0, z), turn=(0, 0, a), facing="up", copy_tilt=6, place_jitter=0.02, parts=[Sheet(material="scale", outline=[(0, -0.05), (0.14, -0.1), (0.2, -0.085), (0.235, 0), (0.2, 0.085), (0.14, 0.1), (0, 0.05)], thickness=0.03, scale=(s, s, s), turn=(0, -lean, 0))])
             for n, r, z, a, lean, s in ((7, 0.08, -0.44, 0, -30, 0.9), (9, 0.14, -0.34, 20, -8, 1.05), (10, 0.17, -0.22, 0, 8, 1.15), (10, 0.17, -0.1, 18, 20, 1.15), (9, 0.15, 0.02, 0, 30, 1.1), (8, 0.12, 0.14, 22, 42, 1.0), (7, 0.08, 0.25, 0, 54, 0.9), (5, 0.04, 0.34, 20, 68, 0.8), (3, 0.02, 0.4, 0, 78, 0.7))]],
    appearances=[look("brown", "open|dry|棕", 2)], variation=Variation(stretch=(0.1, 0.1, 0.12)),
)
STONE = ObjectSpec(
    name="stone", aliases=words("rock|pebble"), chinese=words("石头|石块|鹅卵石"), size_m=0.1, contexts=["grass", "soil", "road", "floor", "studio", "hand"], rests=["any"], lookalikes=["potato", "egg"],
    materials={"rock": paint("#8a8680 #7a7672 #9a948a #6f6a64", lay("noise", "#5a5650 #b0aaa0", 0.45, scale=4), lay("spots", "#3a3834", 0.16, scale=24, opacity=0.6), roughness=0.95, bump=0.6, bump_scale=14)},
    parts=[Ellipsoid(material="rock", size=(1.0, 0.78, 0.62), detail=22)],
    appearances=[look("grey", "gray|rough|灰", 2), look("smooth", "pebble|river|光滑", 1, {"rock": paint("#9a9088 #6a6460 #b0a494", lay("noise", "#c0b6a8", 0.35, scale=3, opacity=0.5), roughness=0.5)}, variation=Variation(stretch=(0.15, 0.15, 0.2), wobble=0.03, wobble_scale=1)), look("mossy", "green|青苔", 0.6, {"rock": paint("#7a7670", lay("noise", "#4a6a2a #5f7a34", 0.5, scale=3), roughness=1.0, bump=0.8)})],
    variation=Variation(stretch=(0.18, 0.18, 0.2), wobble=0.09, wobble_scale=1.6, dents=4, dent_depth=0.12),
)

RBC = ObjectSpec(
    name="red blood cell", aliases=words("erythrocyte|rbc"), chinese=words("红细胞|红血球"), size_m=8e-6, contexts=["slide"], rests=["flat", "any"], lookalikes=["white blood cell", "yeast cell", "coin"],
    materials={"cell": paint("#c8484a #d05a58 #b83c42", lay("noise", "#d87a74", 0.4, scale=4, softness=0.9, opacity=0.4), roughness=0.35, subsurface=0.3, jitter=0.08)},
    parts=[Lathe(material="cell", segments=40, profile=[(0, -0.025), (0.1, -0.03), (0.2, -0.075), (0.33, -0.145), (0.45, -0.125), (0.5, 0.0), (0.45, 0.125), (0.33, 0.145), (0.2, 0.075), (0.1, 0.03), (0, 0.025)], only=["normal"]),
           Lathe(material="cell", bend=75, bend_range=25, turn=(90, 0, 0), scale=(1, 0.8, 1), profile=[(0, -0.7), (0.05, -0.6), (0.12, -0.35), (0.16, 0), (0.12, 0.35), (0.05, 0.6), (0, 0.7)], only=["sickle"]),
           Ellipsoid(material="cell", size=(1, 1, 0.92), only=["spherical"])],
    appearances=[look("normal", "healthy|red|正常|健康", 4), look("sickle", "sickled|diseased|镰状|镰刀", 0.6), look("spherical", "swollen|spherocyte|球形", 0.4)],
    variation=Variation(stretch=(0.1, 0.1, 0.1), wobble=0.02, wobble_scale=1.2, bend=14),
)
STAINED = paint("#5a3a8a #4a2f7a #6a4498", lay("noise", "#3a2266", 0.5, scale=7), roughness=0.6, jitter=0.1)
WBC = ObjectSpec(
    name="white blood cell", aliases=words("leukocyte|leucocyte|wbc"), chinese=words("白细胞|白血球"), size_m=1.3e-5, contexts=["slide"], rests=["any"], lookalikes=["red blood cell", "yeast cell", "ball"],
    materials={"plasm": paint("#d8c8e2 #e2d4ea #cbb8da", lay("spots", "#8a68a8 #b080b8", 0.2, scale=22, softness=0.6, opacity=0.7), roughness=0.4, transparency=0.85, jitter=0.06), "nucleus": STAINED, "bead": paint("#ece6f0 #dcd2e6", roughness=0.7, jitter=0.1)},
    parts=[Ellipsoid(material="plasm", size=(1, 1, 0.8), detail=20, only=["neutrophil", "lymphocyte"]), *[Ellipsoid(material="nucleus", size=s, at=a, detail=9, only=["neutrophil"]) for s, a in (((0.34, 0.3, 0.42), (-0.22, 0.12, 0.08)), ((0.32, 0.34, 0.42), (0.02, -0.14, 0.1)), ((0.34, 0.3, 0.42), (0.22, 0.1, 0.08)), ((0.2, 0.16, 0.3), (-0.1, 0.0, 0.1)), ((0.2, 0.16, 0.3), (0.13, -0.02, 0.1)))],
           Ellipsoid(material="nucleus", size=(0.78, 0.76, 0.66), at=(0.05, 0.02, 0.04), detail=14, only=["lymphocyte"]), Ellipsoid(material="bead", size=(0.92, 0.92, 0.92), detail=14, only=["activated"]), Cluster(count=90, on="sphere", size=(0.94, 0.94, 0.94), size_jitter=0.35, place_jitter=0.5, only=["activated"], parts=[Ellipsoid(material="bead", size=(0.13, 0.13, 0.13), detail=4)])],
    appearances=[look("neutrophil", "granulocyte|stained|中性粒", 2), look("lymphocyte", "淋巴", 1.5), look("activated", "rough|electron microscope", 0.6)],
    variation=Variation(stretch=(0.07, 0.07, 0.07), wobble=0.025, wobble_scale=1.5),
)
BACTERIUM = ObjectSpec(
    name="bacterium", aliases=words("bacillus|rod-shaped bacterium|bacteria cell|germ"), chinese=words("细菌|杆菌"), size_m=2.5e-6, contexts=["slide"], rests=["side", "any"], lookalikes=["yeast cell", "red blood cell", "cucumber"],
    materials={"wall": paint("#6a8f3a #5a7f5a #8a9a3a #7a4a8a", lay("noise", "#a8c06a", 0.4, scale=5, opacity=0.5), roughness=0.4, subsurface=0.2, bump=0.25, bump_scale=20, jitter=0.15), "hair": paint("#9ab06a #b0a0b8", roughness=0.7)},
    parts=[Tube(material="wall", path=[(0, 0, -0.34), (0, 0, 0), (0, 0, 0.34)], radius=[0.18], sides=20, round_ends=True, bend=12, bend_range=16), Cluster(count=26, on="sphere", size=(0.36, 0.36, 1.0), size_jitter=0.3, copy_tilt=25, place_jitter=0.2, only=["hairy"], parts=[Tube(material="hair", path=[(0, 0, 0), (0.01, 0, 0.1), (0.03, 0, 0.18)], radius=[0.008, 0.004], sides=4)]),
           *[Tube(material="hair", path=[(0, 0, -0.5), (0.06 * s, 0.02, -0.65), (-0.05 * s, -0.02, -0.82), (0.07 * s, 0.03, -1.0), (-0.02, 0, -1.15)], radius=[0.014, 0.01, 0.006], sides=5, only=["hairy", "flagellate"]) for s in (1, -1.6)]],
    appearances=[look("plain", "rod|杆状", 2), look("flagellate", "with flagella|motile|鞭毛", 1.5), look("hairy", "with pili|菌毛", 1)], variation=Variation(stretch=(0.12, 0.12, 0.15), bend=14),
)
YEAST = ObjectSpec(
    name="yeast cell", aliases=words("yeast|budding yeast"), chinese=words("酵母|酵母菌|酵母细胞"), size_m=5e-6, contexts=["slide"], rests=["any"], lookalikes=["red blood cell", "bacterium", "egg"],
    materials={"wall": paint("#d8cfa8 #cfc49a #e0d8b8", roughness=0.3, transparency=0.78, jitter=0.08), "inside": paint("#a8986a #b8a878", roughness=0.6)},
    parts=[Ellipsoid(material="wall", size=(0.7, 0.7, 0.84), detail=18), Ellipsoid(material="inside", size=(0.3, 0.28, 0.3), at=(0.08, 0, -0.08), detail=9), Ellipsoid(material="inside", size=(0.16, 0.16, 0.16), at=(-0.14, 0.05, 0.14), detail=7), Ellipsoid(material="wall", size=(0.4, 0.4, 0.46), at=(0.18, 0, 0.5), turn=(0, 20, 0), detail=12, only=["budding"]), Ellipsoid(material="inside", size=(0.14, 0.14, 0.14), at=(0.19, 0, 0.52), detail=6, only=["budding"])],
    appearances=[look("budding", "dividing|出芽", 2), look("single", "round|单个", 1)], variation=Variation(stretch=(0.08, 0.08, 0.1), wobble=0.01),
)

OBJECTS = [CONE, STOP, LIGHT, BARRIER, TIRE, HYDRANT, LEAF_SPEC, FLOWER, SUNFLOWER, PINE_CONE, STONE, RBC, WBC, BACTERIUM, YEAST]
