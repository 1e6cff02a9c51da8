"""Things on a desk."""

from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Box, Cluster, Lathe, Sheet, Tube, Variation
from tools.generators.blender.short import (
    BLACK_PLASTIC,
    STEEL,
    WHITE_PLASTIC,
    lay,
    look,
    paint,
    words,
)

# fmt: off
DESK = ["table", "shelf", "studio", "hand", "floor", "workbench"]
STIFF = Variation(stretch=(0.04, 0.04, 0.04))
PENCIL = ObjectSpec(
    name="pencil", aliases=words("wooden pencil|lead pencil"), chinese=words("铅笔"), size_m=0.18, contexts=DESK,
    rests=["side"], lookalikes=["screwdriver", "carrot", "nail", "paint brush"],
    materials={
        "paint": paint("#e8b418 #c8202a #1f5fb0 #2a8a4a #202024", roughness=0.25, coat=0.5, jitter=0.06),
        "wood": paint("#d8b07a", lay("streaks", "#b08850", 0.35, scale=20), roughness=0.7),
        "lead": paint("#26262a #c8202a #1f5fb0", roughness=0.4),
        "metal": paint("#c9a84a #b8bcc0", roughness=0.25, metallic=1.0),
        "rubber": paint("#d87a80 #c86a70", roughness=0.9),
    },
    parts=[
        Lathe(material="paint", smooth=False, segments=6, profile=[(0.045, -0.62), (0.045, 0.55)]),
        Lathe(material="wood", smooth=False, segments=18, profile=[(0.043, -0.62), (0.016, -0.78), (0, -0.78)][::-1]),
        Lathe(material="lead", smooth=False, segments=12, profile=[(0, -0.84), (0.017, -0.775)]),
        Lathe(
            material="metal", smooth=False, segments=18,
            profile=[
                (0.044, 0.54), (0.047, 0.56), (0.044, 0.58), (0.047, 0.6), (0.044, 0.62), (0.047, 0.64),
                (0.044, 0.66),
            ],
        ),
        Lathe(material="rubber", segments=18, profile=[(0.042, 0.65), (0.042, 0.74), (0.03, 0.77), (0, 0.775)]),
    ],
    appearances=[
        look("yellow", "new|黄", 2, {"paint": paint("#e8b418", roughness=0.25, coat=0.5)}),
        look("coloured", "colored|red|blue|green|彩色|红|蓝", 2),
    ],
    variation=Variation(stretch=(0.05, 0.05, 0.12)),
)
PEN = ObjectSpec(
    name="pen", aliases=words("ballpoint|ballpoint pen|ball pen|biro"), chinese=words("圆珠笔|钢笔|笔"), size_m=0.14,
    contexts=DESK, rests=["side"], lookalikes=["pencil", "screwdriver", "nail"],
    materials={"body": paint("#1f4fb0 #17171a #c8202a #f0f0ec #2a8a5a", roughness=0.25, coat=0.4), "metal": STEEL},
    parts=[
        Lathe(
            material="metal", profile=[(0, -0.56), (0.008, -0.55), (0.012, -0.5), (0.028, -0.42)], smooth=False,
            segments=14,
        ),
        Lathe(
            material="body", segments=20,
            profile=[
                (0.028, -0.43), (0.045, -0.34), (0.046, -0.3), (0.046, 0.4), (0.046, 0.4), (0.04, 0.46), (0.04, 0.46),
                (0, 0.46),
            ],
        ),
        Lathe(
            material="metal", smooth=False, segments=16,
            profile=[(0.048, -0.03), (0.05, -0.02), (0.05, 0.02), (0.048, 0.03), (0.048, -0.03)],
        ),
        Lathe(material="metal", segments=12, profile=[(0.02, 0.45), (0.02, 0.53), (0.012, 0.545), (0, 0.545)]),
        Tube(
            material="metal", path=[(0.04, 0, 0.43), (0.075, 0, 0.43), (0.08, 0, 0.4), (0.07, 0, 0.1)],
            radius=[0.014, 0.014, 0.014, 0.01], sides=6,
        ),
    ],
    appearances=[look("plain", "blue|black|red|蓝|黑|红")], variation=Variation(stretch=(0.06, 0.06, 0.05)),
)
BOOK = ObjectSpec(
    name="book", aliases=words("hardcover book|hardback|textbook|novel"), chinese=words("书|书本|课本"), size_m=0.24,
    contexts=DESK, rests=["flat", "upright"], lookalikes=["cardboard box", "laptop", "envelope"],
    materials={
        "cover": paint("#7a1c22 #1f3a6a #2a5a3a #c8a04a #3a2a4a #d85a2a #20242a", roughness=0.5, jitter=0.12),
        "pages": paint(
            "#efe8d6 #f4f0e4", lay("rings", "#c9bfa4", 0.4, scale=26, softness=0.2, wobble=0.05), roughness=0.9,
        ),
        "print": paint("#e8d08a #f4f2ea #e8c85a", roughness=0.4),
    },
    parts=[
        Box(material="cover", size=(0.72, 1.0, 0.014), bevel=0.2, at=(0, 0, 0.075)),
        Box(material="cover", size=(0.72, 1.0, 0.014), bevel=0.2, at=(0, 0, -0.075)),
        Box(material="cover", size=(0.02, 1.0, 0.15), bevel=0.4, at=(-0.36, 0, 0)),
        Box(material="pages", size=(0.68, 0.96, 0.138), bevel=0.0, at=(-0.01, 0, 0)),
        Box(material="print", size=(0.46, 0.08, 0.004), bevel=0, at=(0.02, 0.26, 0.0825)),
        Box(material="print", size=(0.34, 0.04, 0.004), bevel=0, at=(0.02, 0.14, 0.0825)),
        Box(material="print", size=(0.26, 0.04, 0.004), bevel=0, at=(0.02, -0.34, 0.0825), chance=0.7),
        Box(material="print", size=(0.004, 0.4, 0.06), bevel=0, at=(-0.3705, 0.05, 0)),
    ],
    appearances=[
        look("hardcover", "closed|thick|精装", 3), look("thin", "thin|paperback|booklet|薄", 1, stretch=(1, 1, 0.4)),
    ],
    variation=Variation(stretch=(0.1, 0.08, 0.3)),
)
CLIP = ObjectSpec(
    name="paper clip", aliases=words("paperclip"), chinese=words("回形针|曲别针"), size_m=0.033,
    contexts=["table", "shelf", "studio", "hand", "floor"], rests=["flat"], lookalikes=["key", "nail"],
    materials={"wire": STEEL},
    parts=[
        Tube(
            material="wire", radius=[0.022], sides=8,
            path=[
                (-0.28, 0.14, 0), (0.2, 0.14, 0), (0.33, 0.1, 0), (0.375, 0, 0), (0.33, -0.1, 0), (0.2, -0.14, 0),
                (-0.25, -0.14, 0), (-0.42, -0.105, 0.01), (-0.475, 0.02, 0.02), (-0.42, 0.145, 0.03),
                (-0.25, 0.19, 0.03), (0.24, 0.19, 0.02), (0.43, 0.14, 0.01), (0.5, 0.0, 0), (0.43, -0.16, 0),
                (0.24, -0.205, 0), (-0.2, -0.205, 0),
            ],
        ),
    ],
    appearances=[
        look("steel", "metal|silver|银色", 2),
        look(
            "coloured", "colored|red|blue|green|plastic|彩色", 1.5,
            {"wire": paint("#d8202a #1f5fd0 #2aa04a #f0c01a #e85a9a", roughness=0.3)},
        ),
    ],
    variation=STIFF,
)
LAPTOP = ObjectSpec(
    name="laptop", aliases=words("laptop computer|notebook computer"), chinese=words("笔记本电脑|手提电脑|笔记本"),
    size_m=0.33, contexts=["table", "workbench", "shelf", "studio", "floor"], rests=["upright"],
    lookalikes=["book", "cardboard box"],
    materials={
        "case": paint("#a8abb0 #8a8d92 #2a2a2e #c9ccd0", roughness=0.35, metallic=0.6),
        "screen": paint(
            "#1c3a6a #12161c #2a5a7a", lay("gradient", "#4a8ac0 #2a2a3a", span=(0.1, 0.9), axis="x", wobble=0.6),
            roughness=0.12,
        ),
        "key": BLACK_PLASTIC, "bezel": paint("#101012", roughness=0.3),
    },
    parts=[
        Box(material="case", size=(1.0, 0.68, 0.03), bevel=0.4),
        Cluster(
            count=48, on="grid", size=(0.84, 0.27, 0), at=(0, 0.1, 0.017), facing="up", size_jitter=0, place_jitter=0,
            parts=[Box(material="key", size=(0.058, 0.05, 0.012), bevel=0)],
        ),
        Box(material="bezel", size=(0.28, 0.17, 0.003), bevel=0, at=(0, -0.2, 0.0155)),
        Box(material="case", size=(1.0, 0.02, 0.66), bevel=0.4, at=(0, 0.43, 0.325), turn=(-17, 0, 0)),
        Box(material="bezel", size=(0.97, 0.006, 0.63), bevel=0, at=(0, 0.42, 0.326), turn=(-17, 0, 0)),
        Box(material="screen", size=(0.92, 0.006, 0.56), bevel=0, at=(0, 0.417, 0.33), turn=(-17, 0, 0)),
        Tube(
            material="bezel", path=[(-0.4, 0.335, 0.015), (0.4, 0.335, 0.015)], radius=[0.016], sides=8, smooth=False,
        ),
    ],
    appearances=[look("open", "silver|black|打开")], variation=Variation(stretch=(0.06, 0.05, 0.06)),
)
MOUSE = ObjectSpec(
    name="computer mouse", aliases=words("pc mouse|wireless mouse"), chinese=words("鼠标"), size_m=0.11,
    contexts=["table", "workbench", "shelf", "studio", "hand"], rests=["upright"],
    lookalikes=["toy car", "stone", "egg"],
    materials={
        "body": paint("#202024 #2a2a2e #e8e8e6 #5a5d62", roughness=0.4, jitter=0.06), "line": paint("#0c0c0e"),
        "wheel": paint("#4a4a50 #101012", roughness=0.7),
    },
    parts=[
        Lathe(
            material="body",
            profile=[(0, -0.02), (0.28, -0.02), (0.3, 0.0), (0.29, 0.08), (0.2, 0.165), (0.09, 0.19), (0, 0.195)],
            scale=(0.94, 1.62, 1),
        ),
        Tube(
            material="line",
            path=[(0, -0.478, 0.045), (0, -0.43, 0.11), (0, -0.325, 0.167), (0, -0.15, 0.19), (0, 0.0, 0.197)],
            radius=[0.011], sides=5,
        ),
        Tube(
            material="line",
            path=[
                (-0.277, 0, 0.05), (-0.245, 0, 0.115), (-0.188, 0, 0.167), (-0.085, 0, 0.193), (0, 0, 0.198),
                (0.085, 0, 0.193), (0.188, 0, 0.167), (0.245, 0, 0.115), (0.277, 0, 0.05),
            ],
            radius=[0.011], sides=5,
        ),
        Tube(
            material="body",
            path=[(0, -0.46, 0.04), (0.02, -0.6, 0.02), (0.1, -0.78, 0.0), (0.02, -0.95, 0.0), (-0.12, -1.05, 0.0)],
            radius=[0.018], sides=6, only=["wired"],
        ),
        Lathe(
            material="wheel", segments=16, profile=[(0.075, -0.03), (0.085, -0.015), (0.085, 0.015), (0.075, 0.03)],
            at=(0, -0.26, 0.14), turn=(0, 90, 0),
        ),
    ],
    appearances=[
        look("black", "dark|wireless|黑", 2), look("white", "light|白", 1, {"body": WHITE_PLASTIC}),
        look("wired", "with cable|black|有线", 1),
    ],
    variation=Variation(stretch=(0.08, 0.08, 0.1)),
)
STAPLER = ObjectSpec(
    name="stapler", chinese=words("订书机"), size_m=0.14, contexts=DESK, rests=["upright"],
    lookalikes=["computer mouse", "toy car", "pliers"],
    materials={
        "top": paint("#c8202a #1f5fb0 #202024 #2a8a8a", roughness=0.3, coat=0.3), "base": BLACK_PLASTIC,
        "metal": STEEL,
    },
    parts=[
        Box(material="base", size=(1.0, 0.2, 0.06), bevel=0.4, at=(0, 0, 0)),
        Box(material="metal", size=(0.9, 0.11, 0.07), bevel=0.1, at=(0.02, 0, 0.125), turn=(0, -6, 0)),
        Box(material="top", size=(0.98, 0.17, 0.12), bevel=0.45, at=(0, 0, 0.21), turn=(0, -7, 0)),
        Box(material="top", size=(0.2, 0.19, 0.2), bevel=0.3, at=(-0.4, 0, 0.1)),
        Box(material="metal", size=(0.1, 0.08, 0.008), bevel=0, at=(0.42, 0, 0.034)),
    ],
    appearances=[look("plain", "red|blue|black|红|蓝|黑")], variation=STIFF,
)
ENVELOPE = ObjectSpec(
    name="envelope", aliases=words("letter envelope|mail envelope"), chinese=words("信封"), size_m=0.22,
    contexts=["table", "shelf", "floor", "studio", "hand", "conveyor"], rests=["flat"],
    lookalikes=["book", "cardboard box"],
    materials={
        "paper": paint("#f2efe6 #e8dfc8 #cbb58a", roughness=0.8), "edge": paint("#b0a890", roughness=0.9),
        "stamp": paint("#c8202a #1f5fb0 #2a8a4a", lay("noise", "#f0e8c8", 0.4, scale=3), roughness=0.7),
        "ink": paint("#2a2a3a"),
    },
    parts=[
        Box(material="paper", size=(1, 0.62, 0.012), bevel=0.1),
        *[
            Tube(
                material="edge", radius=[0.006], sides=4, smooth=False, flat=0.5,
                path=[(s * 0.495, 0.305, 0.006), (s * 0.03, -0.03, 0.009), (0, -0.045, 0.009)], only=["back"],
            ) for s in (-1, 1)
        ],
        Sheet(
            material="stamp", outline=[(0.32, 0.1), (0.45, 0.1), (0.45, 0.26), (0.32, 0.26)], thickness=0.004,
            at=(0, 0, 0.0065), only=["front"],
        ),
        *[
            Box(material="ink", size=(w, 0.016, 0.002), bevel=0, at=(-0.02, y, 0.0068), only=["front"]) for w,
            y in ((0.34, 0.02), (0.3, -0.05), (0.36, -0.12))
        ],
    ],
    appearances=[look("back", "closed|sealed"), look("front", "addressed|stamped")],
    variation=Variation(stretch=(0.06, 0.1, 0.1), bend=4),
)

OBJECTS = [PENCIL, PEN, BOOK, CLIP, LAPTOP, MOUSE, STAPLER, ENVELOPE]
