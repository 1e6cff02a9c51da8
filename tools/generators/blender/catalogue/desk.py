"""Office and household things."""

import math

from tools.generators.blender.catalogue.short import BLACK_PLASTIC, DARK_STEEL, GREEN_STEM, LEAF, RUST, STEEL, WHITE_PLASTIC, WOOD, arc, circle, lay, leaf, look, paint, words
from tools.generators.blender.object_spec import Box, Cluster, Ellipsoid, Lathe, ObjectSpec, Sheet, Tube, Variation

# fmt: off
DESK = ["table", "shelf", "studio", "hand", "floor", "workbench"]
STIFF = Variation(stretch=(0.04, 0.04, 0.04))
CHINA = paint("#f2f0ea #ece8de", roughness=0.2, coat=0.4, jitter=0.04)

PENCIL = ObjectSpec(
    name="pencil", aliases=words("wooden pencil|lead pencil"), chinese=words("铅笔"), size_m=0.18, contexts=DESK, rests=["side"], lookalikes=["screwdriver", "carrot", "nail", "paint brush"],
    materials={"paint": paint("#e8b418 #c8202a #1f5fb0 #2a8a4a #202024", roughness=0.25, coat=0.5, jitter=0.06), "wood": paint("#d8b07a", lay("streaks", "#b08850", 0.35, scale=20), roughness=0.7), "lead": paint("#26262a #c8202a #1f5fb0", roughness=0.4), "metal": paint("#c9a84a #b8bcc0", roughness=0.25, metallic=1.0), "rubber": paint("#d87a80 #c86a70", roughness=0.9)},
    parts=[Lathe(material="paint", smooth=False, segments=6, profile=[(0.045, -0.62), (0.045, 0.55)]), Lathe(material="wood", smooth=False, segments=18, profile=[(0.043, -0.62), (0.016, -0.78), (0, -0.78)][::-1]),
           Lathe(material="lead", smooth=False, segments=12, profile=[(0, -0.84), (0.017, -0.775)]), Lathe(material="metal", smooth=False, segments=18, profile=[(0.044, 0.54), (0.047, 0.56), (0.044, 0.58), (0.047, 0.6), (0.044, 0.62), (0.047, 0.64), (0.044, 0.66)]),
           Lathe(material="rubber", segments=18, profile=[(0.042, 0.65), (0.042, 0.74), (0.03, 0.77), (0, 0.775)])],
    appearances=[look("yellow", "new|黄", 2, {"paint": paint("#e8b418", roughness=0.25, coat=0.5)}), look("coloured", "colored|red|blue|green|彩色|红|蓝", 2)], variation=Variation(stretch=(0.05, 0.05, 0.12)),
)
PEN = ObjectSpec(
    name="pen", aliases=words("ballpoint|ballpoint pen|ball pen|biro"), chinese=words("圆珠笔|钢笔|笔"), size_m=0.14, contexts=DESK, rests=["side"], lookalikes=["pencil", "screwdriver", "nail"],
    materials={"body": paint("#1f4fb0 #17171a #c8202a #f0f0ec #2a8a5a", roughness=0.25, coat=0.4), "metal": STEEL},
    parts=[Lathe(material="metal", profile=[(0, -0.56), (0.008, -0.55), (0.012, -0.5), (0.028, -0.42)], smooth=False, segments=14), Lathe(material="body", segments=20, profile=[(0.028, -0.43), (0.045, -0.34), (0.046, -0.3), (0.046, 0.4), (0.046, 0.4), (0.04, 0.46), (0.04, 0.46), (0, 0.46)]),
           Lathe(material="metal", smooth=False, segments=16, profile=[(0.048, -0.03), (0.05, -0.02), (0.05, 0.02), (0.048, 0.03), (0.048, -0.03)]), Lathe(material="metal", segments=12, profile=[(0.02, 0.45), (0.02, 0.53), (0.012, 0.545), (0, 0.545)]),
           Tube(material="metal", path=[(0.04, 0, 0.43), (0.075, 0, 0.43), (0.08, 0, 0.4), (0.07, 0, 0.1)], radius=[0.014, 0.014, 0.014, 0.01], sides=6)],
    appearances=[look("plain", "blue|black|red|蓝|黑|红")], variation=Variation(stretch=(0.06, 0.06, 0.05)),
)
BOOK = ObjectSpec(
    name="book", aliases=words("hardcover book|hardback|textbook|novel"), chinese=words("书|书本|课本"), size_m=0.24, contexts=DESK, rests=["flat", "upright"], lookalikes=["cardboard box", "laptop", "envelope"],
    materials={"cover": paint("#7a1c22 #1f3a6a #2a5a3a #c8a04a #3a2a4a #d85a2a #20242a", roughness=0.5, jitter=0.12), "pages": paint("#efe8d6 #f4f0e4", lay("rings", "#c9bfa4", 0.4, scale=26, softness=0.2, wobble=0.05), roughness=0.9), "print": paint("#e8d08a #f4f2ea #e8c85a", roughness=0.4)},
    parts=[Box(material="cover", size=(0.72, 1.0, 0.014), bevel=0.2, at=(0, 0, 0.075)), Box(material="cover", size=(0.72, 1.0, 0.014), bevel=0.2, at=(0, 0, -0.075)), Box(material="cover", size=(0.02, 1.0, 0.15), bevel=0.4, at=(-0.36, 0, 0)),
           Box(material="pages", size=(0.68, 0.96, 0.138), bevel=0.0, at=(-0.01, 0, 0)), Box(material="print", size=(0.46, 0.08, 0.004), bevel=0, at=(0.02, 0.26, 0.0825)), Box(material="print", size=(0.34, 0.04, 0.004), bevel=0, at=(0.02, 0.14, 0.0825)), Box(material="print", size=(0.26, 0.04, 0.004), bevel=0, at=(0.02, -0.34, 0.0825), chance=0.7),
           Box(material="print", size=(0.004, 0.4, 0.06), bevel=0, at=(-0.3705, 0.05, 0))],
    appearances=[look("hardcover", "closed|thick|精装", 3), look("thin", "thin|paperback|booklet|薄", 1, stretch=(1, 1, 0.4))],
    variation=Variation(stretch=(0.1, 0.08, 0.3)),
)
CLIP = ObjectSpec(
    name="paper clip", aliases=words("paperclip"), chinese=words("回形针|曲别针"), size_m=0.033, contexts=["table", "shelf", "studio", "hand", "floor"], rests=["flat"], lookalikes=["key", "nail"],
    materials={"wire": STEEL},
    parts=[Tube(material="wire", radius=[0.022], sides=8, path=[(-0.28, 0.14, 0), (0.2, 0.14, 0), (0.33, 0.1, 0), (0.375, 0, 0), (0.33, -0.1, 0), (0.2, -0.14, 0), (-0.25, -0.14, 0), (-0.42, -0.105, 0.01), (-0.475, 0.02, 0.02), (-0.42, 0.145, 0.03), (-0.25, 0.19, 0.03), (0.24, 0.19, 0.02), (0.43, 0.14, 0.01), (0.5, 0.0, 0), (0.43, -0.16, 0), (0.24, -0.205, 0), (-0.2, -0.205, 0)])],
    appearances=[look("steel", "metal|silver|银色", 2), look("coloured", "colored|red|blue|green|plastic|彩色", 1.5, {"wire": paint("#d8202a #1f5fd0 #2aa04a #f0c01a #e85a9a", roughness=0.3)})], variation=STIFF,
)
LAPTOP = ObjectSpec(
    name="laptop", aliases=words("laptop computer|notebook computer"), chinese=words("笔记本电脑|手提电脑|笔记本"), size_m=0.33, contexts=["table", "workbench", "shelf", "studio", "floor"], rests=["upright"], lookalikes=["book", "cardboard box"],
    materials={"case": paint("#a8abb0 #8a8d92 #2a2a2e #c9ccd0", roughness=0.35, metallic=0.6), "screen": paint("#1c3a6a #12161c #2a5a7a", lay("gradient", "#4a8ac0 #2a2a3a", span=(0.1, 0.9), axis="x", wobble=0.6), roughness=0.12), "key": BLACK_PLASTIC, "bezel": paint("#101012", roughness=0.3)},
    parts=[Box(material="case", size=(1.0, 0.68, 0.03), bevel=0.4), Cluster(count=48, on="grid", size=(0.84, 0.27, 0), at=(0, 0.1, 0.017), facing="up", size_jitter=0, place_jitter=0, parts=[Box(material="key", size=(0.058, 0.05, 0.012), bevel=0)]),
           Box(material="bezel", size=(0.28, 0.17, 0.003), bevel=0, at=(0, -0.2, 0.0155)), Box(material="case", size=(1.0, 0.02, 0.66), bevel=0.4, at=(0, 0.43, 0.325), turn=(-17, 0, 0)),
           Box(material="bezel", size=(0.97, 0.006, 0.63), bevel=0, at=(0, 0.42, 0.326), turn=(-17, 0, 0)), Box(material="screen", size=(0.92, 0.006, 0.56), bevel=0, at=(0, 0.417, 0.33), turn=(-17, 0, 0)), Tube(material="bezel", path=[(-0.4, 0.335, 0.015), (0.4, 0.335, 0.015)], radius=[0.016], sides=8, smooth=False)],
    appearances=[look("open", "silver|black|打开")], variation=Variation(stretch=(0.06, 0.05, 0.06)),
)
MOUSE = ObjectSpec(
    name="computer mouse", aliases=words("pc mouse|wireless mouse"), chinese=words("鼠标"), size_m=0.11, contexts=["table", "workbench", "shelf", "studio", "hand"], rests=["upright"], lookalikes=["toy car", "stone", "egg"],
    materials={"body": paint("#202024 #2a2a2e #e8e8e6 #5a5d62", roughness=0.4, jitter=0.06), "line": paint("#0c0c0e"), "wheel": paint("#4a4a50 #101012", roughness=0.7)},
    parts=[Lathe(material="body", profile=[(0, -0.02), (0.28, -0.02), (0.3, 0.0), (0.29, 0.08), (0.2, 0.165), (0.09, 0.19), (0, 0.195)], scale=(0.94, 1.62, 1)),
           Tube(material="line", path=[(0, -0.478, 0.045), (0, -0.43, 0.11), (0, -0.325, 0.167), (0, -0.15, 0.19), (0, 0.0, 0.197)], radius=[0.011], sides=5), Tube(material="line", path=[(-0.277, 0, 0.05), (-0.245, 0, 0.115), (-0.188, 0, 0.167), (-0.085, 0, 0.193), (0, 0, 0.198), (0.085, 0, 0.193), (0.188, 0, 0.167), (0.245, 0, 0.115), (0.277, 0, 0.05)], radius=[0.011], sides=5),
           Tube(material="body", path=[(0, -0.46, 0.04), (0.02, -0.6, 0.02), (0.1, -0.78, 0.0), (0.02, -0.95, 0.0), (-0.12, -1.05, 0.0)], radius=[0.018], sides=6, only=["wired"]),
           Lathe(material="wheel", segments=16, profile=[(0.075, -0.03), (0.085, -0.015), (0.085, 0.015), (0.075, 0.03)], at=(0, -0.26, 0.14), turn=(0, 90, 0))],
    appearances=[look("black", "dark|wireless|黑", 2), look("white", "light|白", 1, {"body": WHITE_PLASTIC}), look("wired", "with cable|black|有线", 1)], variation=Variation(stretch=(0.08, 0.08, 0.1)),
)
STAPLER = ObjectSpec(
    name="stapler", chinese=words("订书机"), size_m=0.14, contexts=DESK, rests=["upright"], lookalikes=["computer mouse", "toy car", "pliers"],
    materials={"top": paint("#c8202a #1f5fb0 #202024 #2a8a8a", roughness=0.3, coat=0.3), "base": BLACK_PLASTIC, "metal": STEEL},
    parts=[Box(material="base", size=(1.0, 0.2, 0.06), bevel=0.4, at=(0, 0, 0)), Box(material="metal", size=(0.9, 0.11, 0.07), bevel=0.1, at=(0.02, 0, 0.125), turn=(0, -6, 0)), Box(material="top", size=(0.98, 0.17, 0.12), bevel=0.45, at=(0, 0, 0.21), turn=(0, -7, 0)),
           Box(material="top", size=(0.2, 0.19, 0.2), bevel=0.3, at=(-0.4, 0, 0.1)), Box(material="metal", size=(0.1, 0.08, 0.008), bevel=0, at=(0.42, 0, 0.034))],
    appearances=[look("plain", "red|blue|black|红|蓝|黑")], variation=STIFF,
)
ENVELOPE = ObjectSpec(
    name="envelope", aliases=words("letter envelope|mail envelope"), chinese=words("信封"), size_m=0.22, contexts=["table", "shelf", "floor", "studio", "hand", "conveyor"], rests=["flat"], lookalikes=["book", "cardboard box"],
    materials={"paper": paint("#f2efe6 #e8dfc8 #cbb58a", roughness=0.8), "edge": paint("#b0a890", roughness=0.9), "stamp": paint("#c8202a #1f5fb0 #2a8a4a", lay("noise", "#f0e8c8", 0.4, scale=3), roughness=0.7), "ink": paint("#2a2a3a")},
    parts=[Box(material="paper", size=(1, 0.62, 0.012), bevel=0.1), *[Tube(material="edge", radius=[0.006], sides=4, smooth=False, flat=0.5, path=[(s * 0.495, 0.305, 0.006), (s * 0.03, -0.03, 0.009), (0, -0.045, 0.009)], only=["back"]) for s in (-1, 1)],
           Sheet(material="stamp", outline=[(0.32, 0.1), (0.45, 0.1), (0.45, 0.26), (0.32, 0.26)], thickness=0.004, at=(0, 0, 0.0065), only=["front"]), *[Box(material="ink", size=(w, 0.016, 0.002), bevel=0, at=(-0.02, y, 0.0068), only=["front"]) for w, y in ((0.34, 0.02), (0.3, -0.05), (0.36, -0.12))]],
    appearances=[look("back", "closed|sealed"), look("front", "addressed|stamped")], variation=Variation(stretch=(0.06, 0.1, 0.1), bend=4),
)
GLOW = paint("#f6f2e4 #f4ead0", roughness=0.12, coat=0.6, subsurface=0.2, jitter=0.03)
BULB = ObjectSpec(
    name="light bulb", aliases=words("bulb|lightbulb|lamp bulb"), chinese=words("灯泡|电灯泡"), size_m=0.11, contexts=DESK, rests=["side", "upright", "hangs"], lookalikes=["pear", "balloon", "garlic"],
    materials={"glass": GLOW, "metal": paint("#b8bcc0 #c9b070", roughness=0.3, metallic=1.0), "tip": BLACK_PLASTIC, "wire": DARK_STEEL},
    parts=[Lathe(material="glass", profile=[(0.13, -0.22), (0.135, -0.2), (0.16, -0.08), (0.27, 0.12), (0.3, 0.27), (0.25, 0.44), (0.13, 0.535), (0, 0.56)], segments=36), Lathe(material="metal", smooth=False, segments=28, profile=[(0, -0.44), (0.1, -0.44), *[p for i in range(5) for p in ((0.125, -0.43 + 0.042 * i), (0.14, -0.41 + 0.042 * i))], (0.132, -0.215)]),
           Lathe(material="tip", smooth=False, segments=18, profile=[(0, -0.51), (0.04, -0.51), (0.05, -0.48), (0.1, -0.435)]), Tube(material="wire", path=[(-0.03, 0, -0.2), (-0.09, 0, 0.2), (-0.03, 0.02, 0.26), (0.0, 0, 0.2), (0.03, -0.02, 0.26), (0.09, 0, 0.2), (0.03, 0, -0.2)], radius=[0.008], sides=5, only=["clear"])],
    appearances=[look("frosted", "white|opaque|led|白", 2), look("clear", "glass|transparent|filament|edison|透明", 1.5, {"glass": paint("#e8eeec", roughness=0.04, transparency=0.92, coat=0.6)})], variation=Variation(stretch=(0.06, 0.06, 0.05)),
)
KEY = ObjectSpec(
    name="key", aliases=words("door key|house key"), chinese=words("钥匙"), size_m=0.06, contexts=DESK, rests=["flat"], lookalikes=["paper clip", "wrench", "spoon", "screw"],
    materials={"metal": paint("#b8b9ba #a8a9ac", roughness=0.28, metallic=1.0, jitter=0.05)},
    parts=[Sheet(material="metal", thickness=0.045, outline=[*arc(0.22, 24, 336, 18, -0.3), (0.42, -0.09), (0.5, -0.03), (0.44, 0.03), (0.38, 0.0), (0.33, 0.055), (0.27, 0.01), (0.22, 0.06), (0.17, 0.02), (0.12, 0.065), (0.06, 0.03), (0.0, 0.085)], holes=[circle(0.065, 12, -0.4)]), Box(material="metal", size=(0.5, 0.03, 0.055), bevel=0.2, at=(0.15, -0.05, 0))],
    appearances=[look("silver", "steel|metal|银色", 2), look("brass", "gold|golden|铜|黄铜|金色", 2, {"metal": paint("#c8a040 #b8902f", roughness=0.28, metallic=1.0)}), look("rusty", "rusted|old|生锈|锈|旧", 0.6, {"metal": RUST})], variation=STIFF,
)
SPOON = ObjectSpec(
    name="spoon", aliases=words("tablespoon|teaspoon|soup spoon"), chinese=words("勺子|汤匙|调羹"), size_m=0.19, contexts=["table", "shelf", "studio", "hand", "conveyor"], rests=["flat"], lookalikes=["fork", "knife", "wrench"],
    materials={"metal": paint("#c4c6c9 #b6b8bc", roughness=0.16, metallic=1.0, jitter=0.04)},
    parts=[Lathe(material="metal", smooth=True, profile=[(0, -0.062), (0.06, -0.055), (0.115, -0.02), (0.125, 0.0), (0.12, 0.006), (0.105, -0.012), (0.055, -0.044), (0, -0.05)], scale=(1.45, 1, 1), at=(0.42, 0, 0.03)),
           Tube(material="metal", path=[(0.26, 0, 0.03), (0.16, 0, 0.055), (-0.1, 0, 0.05), (-0.4, 0, 0.01), (-0.57, 0, 0.02)], radius=[0.03, 0.024, 0.028, 0.045, 0.05], flat=0.25, sides=10, round_ends=True)],
    appearances=[look("steel", "metal|silver|stainless|不锈钢|银色", 3), look("wooden", "wood|木|木头", 1, {"metal": WOOD}), look("plastic", "white|disposable|塑料|白", 0.8, {"metal": WHITE_PLASTIC})], variation=STIFF,
)
FORK = ObjectSpec(
    name="fork", aliases=words("dinner fork|table fork"), chinese=words("叉子|餐叉"), size_m=0.19, contexts=["table", "shelf", "studio", "hand", "conveyor"], rests=["flat"], lookalikes=["spoon", "knife"],
    materials={"metal": paint("#c4c6c9 #b6b8bc", roughness=0.16, metallic=1.0, jitter=0.04)},
    parts=[Sheet(material="metal", thickness=0.016, bend=32, at=(0.42, 0, 0.05), outline=[(-0.22, -0.025), (-0.14, -0.06), (-0.05, -0.085), (0.24, -0.075), (0.25, -0.06), (0.02, -0.052), (0.0, -0.042), (0.02, -0.032), (0.25, -0.03), (0.25, -0.014), (0.02, -0.01), (0.0, 0), (0.02, 0.01), (0.25, 0.014), (0.25, 0.03), (0.02, 0.032), (0.0, 0.042), (0.02, 0.052), (0.25, 0.06), (0.24, 0.075), (-0.05, 0.085), (-0.14, 0.06), (-0.22, 0.025)]),
           Tube(material="metal", path=[(0.24, 0, 0.085), (0.1, 0, 0.07), (-0.1, 0, 0.05), (-0.4, 0, 0.01), (-0.57, 0, 0.02)], radius=[0.024, 0.022, 0.028, 0.045, 0.05], flat=0.25, sides=10, round_ends=True)],
    appearances=[look("steel", "metal|silver|stainless|不锈钢|银色", 3), look("plastic", "white|disposable|塑料|白", 0.8, {"metal": WHITE_PLASTIC})], variation=STIFF,
)
KNIFE = ObjectSpec(
    name="knife", aliases=words("kitchen knife|chef's knife|table knife|dinner knife"), chinese=words("刀|菜刀|餐刀|水果刀"), size_m=0.3, contexts=["table", "shelf", "studio", "workbench", "hand"], rests=["flat"], lookalikes=["saw", "spoon", "screwdriver"],
    materials={"blade": STEEL, "handle": paint("#1c1c1e #2a1c12 #5a3a1e", roughness=0.4), "rivet": STEEL},
    parts=[Sheet(material="blade", outline=[(-0.08, -0.09), (0.35, -0.09), (0.55, -0.06), (0.68, 0.03), (0.45, 0.055), (-0.08, 0.06)], thickness=0.012), Sheet(material="handle", smooth=True, thickness=0.06, outline=[(-0.06, 0.05), (-0.06, -0.02), (-0.2, -0.035), (-0.4, -0.03), (-0.52, -0.06), (-0.54, 0.02), (-0.4, 0.05), (-0.2, 0.055)]),
           *[Lathe(material="rivet", smooth=False, segments=10, profile=[(0, -0.034), (0.014, -0.034), (0.014, 0.034), (0, 0.034)], at=(x, 0.01, 0)) for x in (-0.14, -0.28, -0.42)]],
    appearances=[look("black handle", "steel|sharp|黑柄", 2), look("wooden handle", "wood|木柄", 1, {"handle": WOOD})], variation=STIFF,
)
PLATE = ObjectSpec(
    name="plate", aliases=words("dinner plate|dish"), chinese=words("盘子|碟子|餐盘"), size_m=0.26, contexts=["table", "shelf", "studio", "conveyor", "hand"], rests=["upright"], lookalikes=["bowl", "coin", "flying disc"],
    materials={"china": CHINA},
    parts=[Lathe(material="china", segments=48, profile=[(0, -0.035), (0.26, -0.035), (0.28, -0.045), (0.3, -0.035), (0.36, 0.0), (0.5, 0.03), (0.5, 0.042), (0.37, 0.015), (0.3, -0.015), (0, -0.018)])],
    appearances=[look("white", "plain|白", 2), look("patterned", "blue|decorated|blue and white|青花|蓝", 1, {"china": paint("#f0efea", lay("band", "#1f4f9a #8a2a2a #2a6a4a", span=(0.55, 0.6), axis="along", wobble=0, softness=0.02), lay("band", "#1f4f9a #8a2a2a #2a6a4a", span=(0.66, 0.68), axis="along", wobble=0, softness=0.0), roughness=0.2, coat=0.4)}),
                 look("coloured", "colored|彩色", 1, {"china": paint("#3a7a9a #c86a3a #7a9a5a #d8b04a #4a4a52", roughness=0.3, coat=0.3)})], variation=Variation(stretch=(0.02, 0.02, 0.25)),
)
EGG = ObjectSpec(
    name="egg", aliases=words("chicken egg|hen's egg"), chinese=words("鸡蛋|蛋|鸭蛋"), size_m=0.057, contexts=["table", "shelf", "conveyor", "studio", "hand", "grass"], rests=["side", "upright"], lookalikes=["potato", "ball", "stone", "lemon"],
    materials={"shell": paint("#c98e62 #d8a27a #bb7f54", lay("spots", "#a86a42", 0.14, scale=30, softness=0.6, opacity=0.5), roughness=0.5, subsurface=0.1, jitter=0.06)},
    parts=[Lathe(material="shell", segments=32, profile=[(0, -0.5), (0.13, -0.475), (0.27, -0.375), (0.355, -0.2), (0.375, -0.04), (0.345, 0.15), (0.25, 0.35), (0.12, 0.47), (0, 0.5)])],
    appearances=[look("brown", "棕|红皮", 2), look("white", "白", 2, {"shell": paint("#f0ece4 #e8e2d6", roughness=0.5, subsurface=0.1, jitter=0.03)}), look("speckled", "quail|spotted|鹌鹑", 0.7, {"shell": paint("#e2d8c4 #d8ceb4", lay("noise", "#4a3828 #5a4430", 0.35, scale=9), lay("spots", "#3a2c20", 0.25, scale=16, wobble=0.5), roughness=0.6)}),
                 look("cracked", "broken|bad|破|裂|坏", 0.5, {"shell": paint("#d0a07a #ece4d8", lay("noise", "#2a1c12", 0.05, scale=3, softness=0.02), lay("band", "#3a2818", span=(0.5, 0.512), wobble=0.9, softness=0), lay("band", "#3a2818", span=(0.48, 0.49), axis="x", wobble=0.9, softness=0), roughness=0.5)}, variation=Variation(dents=2, dent_depth=0.06))],
    variation=Variation(stretch=(0.03, 0.03, 0.05), taper=0.03),
)
POT = ObjectSpec(
    name="flower pot", aliases=words("flowerpot|plant pot|potted plant|house plant|houseplant|terracotta pot"), chinese=words("花盆|盆栽"), size_m=0.35, contexts=["table", "shelf", "floor", "grass", "soil", "studio"], rests=["upright"], lookalikes=["bucket", "mug", "bowl"],
    materials={"clay": paint("#b0603a #a45630 #bd6e48", lay("noise", "#8a4424 #d8b09a", 0.4, scale=4, softness=0.8, opacity=0.4), roughness=0.85), "soil": paint("#2c1c10 #3a2616", roughness=1.0, bump=0.8, bump_scale=30), "leaf": LEAF, "stem": GREEN_STEM, "petal": paint("#d8305a #e8b020 #d85a9a #f0eee6 #8a4ab0", roughness=0.6), "heart": paint("#e0a81a #5a3414", roughness=0.9)},
    parts=[Lathe(material="clay", segments=36, profile=[(0, -0.5), (0.22, -0.5), (0.22, -0.5), (0.31, -0.12), (0.31, -0.12), (0.355, -0.12), (0.355, -0.12), (0.37, 0.02), (0.37, 0.02), (0.33, 0.02), (0.33, 0.02), (0.31, -0.08)]), Lathe(material="soil", profile=[(0.315, -0.05), (0.2, -0.03), (0, -0.02)][::-1], smooth=False),
           Cluster(count=16, on="disc", size=(0.2, 0.2, 0), at=(0, 0, -0.05), facing="up", copy_tilt=14, size_jitter=0.25, only=["leafy", "flowering"], parts=[Sheet(material="leaf", outline=leaf(0.34), smooth=True, thickness=0, scale=(0.55, 0.55, 0.55), turn=(0, -62, 0), bend=-58, bend_range=30, cup=30)]),
           Cluster(count=6, on="disc", size=(0.34, 0.34, 0), at=(0, 0, -0.05), facing="up", copy_tilt=13, size_jitter=0.15, only=["flowering"], parts=[Tube(material="stem", path=[(0, 0, 0), (0.02, 0, 0.26), (0.07, 0, 0.52)], radius=[0.014], sides=5), Ellipsoid(material="petal", size=(0.2, 0.2, 0.07), detail=5, at=(0.075, 0, 0.54)), Ellipsoid(material="heart", size=(0.07, 0.07, 0.06), detail=4, at=(0.075, 0, 0.57))]),
           Cluster(count=1, on="line", size=(0, 0, 0), size_jitter=0.2, only=["cactus"], parts=[Lathe(material="stem", lobes=10, lobe_depth=0.16, segments=40, profile=[(0, -0.1), (0.16, -0.08), (0.2, 0.1), (0.2, 0.36), (0.14, 0.52), (0, 0.56)]), Lathe(material="stem", lobes=8, lobe_depth=0.16, segments=24, bend=-60, profile=[(0, 0), (0.08, 0.02), (0.09, 0.2), (0.05, 0.3), (0, 0.31)], at=(0.26, 0, 0.15), turn=(0, 30, 0))])],
    appearances=[look("leafy", "green|plant|绿植", 2), look("flowering", "flower|with flowers|开花", 1.5), look("empty", "空", 0.7), look("cactus", "仙人掌", 0.7)], variation=Variation(stretch=(0.06, 0.06, 0.1)),
)
CANDLE = ObjectSpec(
    name="candle", aliases=words("wax candle"), chinese=words("蜡烛"), size_m=0.15, contexts=["table", "shelf", "studio", "hand"], rests=["upright"], lookalikes=["bottle", "can", "battery"],
    materials={"wax": paint("#f0e6d0 #e8dcc0 #c8343a #d8b890 #7a9ab0", roughness=0.4, subsurface=0.35, jitter=0.06), "wick": paint("#17120e"), "flame": paint("#ffc04a #ffb030", lay("gradient", "#fff0b0", span=(0.6, 0.2), wobble=0), roughness=1.0, jitter=0.02)},
    parts=[Lathe(material="wax", segments=32, profile=[(0, -0.5), (0.2, -0.5), (0.205, -0.49), (0.2, 0.27), (0.19, 0.3), (0.16, 0.285), (0.07, 0.265), (0, 0.26)]), *[Tube(material="wax", path=[(0.19 * math.cos(a), 0.19 * math.sin(a), 0.28), (0.207 * math.cos(a), 0.207 * math.sin(a), 0.24), (0.207 * math.cos(a), 0.207 * math.sin(a), z)], radius=[0.02, 0.024, 0.03], sides=6, round_ends=True, chance=0.7) for a, z in ((-1.2, 0.02), (-1.9, 0.12), (0.4, -0.06), (2.4, 0.05))],
           Tube(material="wick", path=[(0, 0, 0.25), (0.005, 0, 0.33), (0.02, 0, 0.38)], radius=[0.012], sides=6), Lathe(material="flame", profile=[(0, 0.34), (0.035, 0.37), (0.05, 0.43), (0.03, 0.52), (0, 0.62)], segments=16, only=["burning"])],
    appearances=[look("burning", "lit|点燃|燃烧", 2), look("unlit", "new|out|未点燃", 1)], variation=Variation(stretch=(0.15, 0.15, 0.1)),
)
CHAIR = ObjectSpec(
    name="chair", aliases=words("wooden chair|dining chair|kitchen chair"), chinese=words("椅子|木椅|餐椅"), size_m=0.9, contexts=["floor", "grass", "studio", "road"], rests=["upright"], lookalikes=["stool", "table", "ladder"],
    materials={"wood": paint("#a8703c #8a5628 #c08a50", lay("noise", "#6f4420", 0.35, scale=9, opacity=0.4), roughness=0.5), "seat": paint("#a8703c #8a5628 #c08a50", roughness=0.5)},
    parts=[Box(material="seat", size=(0.46, 0.44, 0.045), bevel=0.4, at=(0, 0, 0)), *[Tube(material="wood", path=[(sx * 0.2, sy * 0.19, -0.02), (sx * 0.215, sy * 0.21, -0.47)], radius=[0.028, 0.02], sides=8, smooth=False) for sx in (-1, 1) for sy in (-1, 1)],
           *[Tube(material="wood", path=[(s * 0.2, 0.2, 0.0), (s * 0.2, 0.22, 0.25), (s * 0.2, 0.27, 0.52)], radius=[0.026, 0.022], sides=8, round_ends=True) for s in (-1, 1)], *[Box(material="wood", size=(0.4, 0.022, 0.07), bevel=0.3, at=(0, 0.225 + 0.06 * (z - 0.2), z), turn=(-8, 0, 0)) for z in (0.2, 0.33, 0.46)],
           *[Tube(material="wood", path=[(s * 0.21, -0.2, -0.28), (s * 0.21, 0.2, -0.28)], radius=[0.015], sides=6, smooth=False) for s in (-1, 1)], Tube(material="wood", path=[(-0.2, -0.2, -0.2), (0.2, -0.2, -0.2)], radius=[0.015], sides=6, smooth=False)],
    appearances=[look("wooden", "wood|brown|木", 3), look("white", "painted|白", 1, {"wood": WHITE_PLASTIC, "seat": WHITE_PLASTIC}), look("upholstered", "cushioned|red|软垫", 1, {"seat": paint("#8a2a2a #2a4a6a #4a5a3a #c8b89a", roughness=0.95, bump=0.3, bump_scale=50)})], variation=Variation(stretch=(0.06, 0.06, 0.08)),
)
COIN = ObjectSpec(
    name="coin", aliases=words("metal coin|money coin"), chinese=words("硬币|钱币"), size_m=0.025, contexts=["table", "floor", "hand", "studio", "road", "conveyor"], rests=["flat", "any"], lookalikes=["hex nut", "plate", "gear", "ring"],
    materials={"metal": paint("#c0c2c6 #aeb0b4", lay("noise", "#8a8c90", 0.35, scale=14, opacity=0.25), roughness=0.28, metallic=1.0, jitter=0.04)},
    parts=[Lathe(material="metal", smooth=False, segments=56, lobes=0, profile=[(0, -0.02), (0.42, -0.02), (0.44, -0.045), (0.485, -0.045), (0.5, -0.03), (0.5, 0.03), (0.485, 0.045), (0.44, 0.045), (0.42, 0.02), (0, 0.02)]), *[Sheet(material="metal", thickness=0.05, at=(0, -0.03, s * 0.02), outline=[(-0.12, -0.22), (0.13, -0.22), (0.06, -0.08), (0.11, 0.04), (0.16, 0.08), (0.1, 0.14), (0.13, 0.24), (0.05, 0.31), (-0.06, 0.31), (-0.14, 0.22), (-0.13, 0.1), (-0.07, -0.02)], smooth=True) for s in (-1, 1)],
           Cluster(count=26, on="ring", size=(0.76, 0.76, 0), at=(0, 0, 0.022), facing="up", size_jitter=0, place_jitter=0, parts=[Ellipsoid(material="metal", size=(0.03, 0.03, 0.02), detail=3)])],
    appearances=[look("silver", "nickel|银", 2), look("gold", "golden|brass|金", 1.5, {"metal": paint("#d8aa3a #c89a2f", lay("noise", "#a07a24", 0.35, scale=14, opacity=0.25), roughness=0.28, metallic=1.0)}), look("copper", "bronze|penny|铜", 1.2, {"metal": paint("#b06a3a #9a582e", lay("noise", "#6a3a20", 0.4, scale=12, opacity=0.35), roughness=0.4, metallic=1.0)})], variation=Variation(stretch=(0.0, 0.0, 0.2)),
)
BATTERY = ObjectSpec(
    name="battery", aliases=words("aa battery|aaa battery|alkaline battery"), chinese=words("电池|干电池"), size_m=0.05, contexts=["table", "workbench", "shelf", "conveyor", "studio", "hand", "floor"], rests=["side", "upright"], lookalikes=["can", "bolt", "candle"],
    materials={"wrap": paint("#17171a #1f4fb0 #2a8a4a", lay("gradient", "#c8823a #d8a83a #c8202a #d0d2d4", span=(0.68, 0.685), wobble=0), roughness=0.25, metallic=0.3, coat=0.4), "metal": STEEL, "sign": paint("#f4f4f0")},
    parts=[Lathe(material="wrap", smooth=False, segments=32, profile=[(0.13, -0.49), (0.145, -0.48), (0.145, 0.44), (0.13, 0.455)]), Lathe(material="metal", smooth=False, segments=32, profile=[(0, -0.497), (0.12, -0.497), (0.13, -0.488)]), Lathe(material="metal", smooth=False, segments=32, profile=[(0.13, 0.45), (0.06, 0.455), (0.055, 0.46), (0.052, 0.5), (0, 0.502)]),
           *[Box(material="sign", size=(0.01, s, t), bevel=0, at=(0.143, 0, 0.34)) for s, t in ((0.08, 0.022), (0.022, 0.08))], *[Box(material="sign", size=(s, 0.01, t), bevel=0, at=(0, -0.143, 0.34)) for s, t in ((0.08, 0.022), (0.022, 0.08))]],
    appearances=[look("new", "alkaline|good|新", 3), look("leaking", "leaked|corroded|old|bad|漏液|坏", 0.6, {"metal": paint("#8a9a8a", lay("noise", "#5aa08a #d8dcd0", 0.5, scale=5), roughness=0.95, bump=0.6)})], variation=Variation(stretch=(0.03, 0.03, 0.05)),
)
UMBRELLA = ObjectSpec(
    name="umbrella", aliases=words("parasol|open umbrella"), chinese=words("雨伞|伞"), size_m=1.0, contexts=["grass", "road", "floor", "studio", "hand"], rests=["upright"], lookalikes=["mushroom", "balloon", "lamp"],
    materials={"cloth": paint("#c8202a #1f4fa8 #202024 #e8b01a #2a8a5a", roughness=0.6), "metal": STEEL, "grip": WOOD},
    parts=[Lathe(material="cloth", segments=48, lobes=8, lobe_depth=0.1, lobe_at="bottom", profile=[(0.5, 0.16), (0.48, 0.23), (0.4, 0.34), (0.24, 0.43), (0.06, 0.475), (0, 0.48), (0, 0.475), (0.06, 0.468), (0.24, 0.42), (0.4, 0.325), (0.475, 0.22), (0.5, 0.16)]), Tube(material="metal", path=[(0, 0, -0.36), (0, 0, 0.55)], radius=[0.012, 0.012, 0.006], sides=8, smooth=False),
           Tube(material="grip", path=[(0, 0, -0.3), (0, 0, -0.46), (0.02, 0, -0.53), (0.08, 0, -0.56), (0.135, 0, -0.52), (0.14, 0, -0.46)], radius=[0.022], sides=10, round_ends=True)],
    appearances=[look(n, z, 1, m) for n, z, m in (("red", "红", {"cloth": paint("#c8202a", roughness=0.6)}), ("black", "黑", {"cloth": paint("#1c1c20", roughness=0.6)}), ("blue", "蓝", {"cloth": paint("#1f4fa8", roughness=0.6)}), ("striped", "colourful|colorful|彩色|条纹", {"cloth": paint("#f2f0ea", lay("stripes", "#c8202a #1f5fb0 #2a8a4a", 0.5, scale=4, softness=0.02, wobble=0), roughness=0.6)}))],
    variation=Variation(stretch=(0.05, 0.05, 0.08)),
)
CLOCK = ObjectSpec(
    name="clock", aliases=words("wall clock|alarm clock|analog clock"), chinese=words("钟|时钟|闹钟|挂钟"), size_m=0.25, contexts=["shelf", "table", "studio", "workbench"], rests=["upright"], lookalikes=["plate", "coin", "wheel"],
    materials={"rim": paint("#202024 #c8202a #b8bcc0 #8a5a2c #1f5fb0", roughness=0.3), "face": paint("#f4f2ea", roughness=0.5, jitter=0.02), "hand": paint("#141416"), "second": paint("#c8202a"), "metal": STEEL},
    parts=[Lathe(material="rim", smooth=True, segments=48, profile=[(0, -0.09), (0.44, -0.09), (0.49, -0.06), (0.5, 0.0), (0.48, 0.05), (0.44, 0.05), (0.43, 0.0), (0.43, 0.0)], turn=(90, 0, 0)), Lathe(material="face", smooth=False, segments=48, profile=[(0, 0.012), (0.435, 0.012), (0.435, -0.01)], turn=(90, 0, 0)),
           Cluster(count=12, on="ring", size=(0.72, 0.72, 0), facing="up", size_jitter=0, place_jitter=0, turn=(90, 0, 0), at=(0, -0.016, 0), parts=[Box(material="hand", size=(0.085, 0.026, 0.006), bevel=0)]), Box(material="hand", size=(0.24, 0.01, 0.04), bevel=0.2, at=(-0.1, -0.028, 0.06), turn=(0, 28, 0)), Box(material="hand", size=(0.34, 0.01, 0.026), bevel=0.2, at=(0.13, -0.033, 0.1), turn=(0, -36, 0)),
           Lathe(material="second", smooth=False, segments=16, profile=[(0.03, 0), (0.03, 0.02), (0, 0.02)], at=(0, -0.03, 0), turn=(90, 0, 0)), *[Lathe(material="metal", profile=[(0.12, 0), (0.1, 0.07), (0, 0.1)], at=(s * 0.28, 0.02, 0.46), turn=(0, s * 30, 0), only=["alarm"]) for s in (-1, 1)], *[Tube(material="metal", path=[(s * 0.3, 0.02, -0.4), (s * 0.36, 0.02, -0.54)], radius=[0.03, 0.022], only=["alarm"], sides=8, smooth=False) for s in (-1, 1)]],
    appearances=[look("wall", "round|挂", 1.5), look("alarm", "bell|闹", 1.5)], variation=Variation(stretch=(0.02, 0.1, 0.02)),
)

OBJECTS = [PENCIL, PEN, BOOK, CLIP, LAPTOP, MOUSE, STAPLER, ENVELOPE, BULB, KEY, SPOON, FORK, KNIFE, PLATE, EGG, POT, CANDLE, CHAIR, COIN, BATTERY, UMBRELLA, CLOCK]
