"""Toys and trinkets."""

from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Box, Cluster, Ellipsoid, Lathe, Ring, Sheet, Tube, Variation
from tools.generators.blender.short import RUBBER, STEEL, lay, look, paint, words

# fmt: off
ROUND = Variation(stretch=(0.01, 0.01, 0.01))
TOYS = ["floor", "table", "shelf", "studio", "hand", "grass", "conveyor"]
BRICK = ObjectSpec(
    name="toy brick", aliases=words("building brick|building block|toy block|plastic brick|lego|lego brick"),
    chinese=words("积木|玩具积木|乐高"), size_m=0.032, contexts=TOYS, rests=["upright", "any"],
    lookalikes=["dice", "cardboard box", "book"],
    materials={
        "plastic": paint("#c8141c #1458b0 #f0c018 #1a8a3a #f2f2ee #e87818", roughness=0.22, coat=0.4, jitter=0.04),
    },
    parts=[
        Box(material="plastic", size=(1.0, 0.5, 0.3), bevel=0.03),
        Cluster(
            count=8, on="grid", size=(0.75, 0.25, 0), at=(0, 0, 0.15), facing="up", size_jitter=0, place_jitter=0,
            parts=[
                Lathe(
                    material="plastic", smooth=False, segments=18,
                    profile=[(0.078, 0), (0.078, 0.055), (0.072, 0.062), (0, 0.062)],
                ),
            ],
        ),
    ],
    appearances=[
        look(n, z, 1, {"plastic": paint(c, roughness=0.22, coat=0.4, jitter=0.04)}) for n, z,
        c in (
            ("red", "红", "#c8141c"), ("blue", "蓝", "#1458b0"), ("yellow", "黄", "#f0c018"),
            ("green", "绿", "#1a8a3a"), ("white", "白", "#f2f2ee"),
        )
    ],
    variation=Variation(stretch=(0.0, 0.0, 0.0)),
)
TOY_CAR = ObjectSpec(
    name="toy car", aliases=words("model car|matchbox car|diecast car"),
    chinese=words("玩具车|玩具汽车|小汽车|模型车"), size_m=0.08, contexts=TOYS, rests=["upright"],
    lookalikes=["computer mouse", "toy brick"],
    materials={
        "paint": paint(
            "#c8141c #1458b0 #f0b818 #1a8a3a #e87818 #e8e8ec #24242a", roughness=0.18, coat=0.8, jitter=0.06,
        ),
        "window": paint("#141a22 #20303c", roughness=0.06, coat=0.6), "tyre": RUBBER, "rim": STEEL,
        "lamp": paint("#f4ecc8", roughness=0.15), "tail": paint("#a80c10", roughness=0.2),
    },
    parts=[
        Sheet(
            material="paint", smooth=True,
            outline=[
                (-0.5, -0.09), (-0.25, -0.11), (0.25, -0.11), (0.5, -0.09), (0.52, 0.0), (0.47, 0.06), (0.2, 0.09),
                (-0.3, 0.095), (-0.49, 0.08), (-0.515, 0.0),
            ],
            thickness=0.44, turn=(90, 0, 0),
        ),
        Box(material="window", size=(0.5, 0.4, 0.16), bevel=0.2, taper=0.72, at=(-0.06, 0, 0.155)),
        Box(material="paint", size=(0.36, 0.33, 0.05), bevel=0.4, at=(-0.06, 0, 0.235)),
        *[Box(material="paint", size=(0.035, 0.4, 0.17), bevel=0.3, at=(x, 0, 0.15), taper=0.78) for x in (-0.07,)],
        *[
            Lathe(
                material="tyre", smooth=False, segments=20,
                profile=[(0.06, -0.045), (0.1, -0.045), (0.115, -0.03), (0.115, 0.03), (0.1, 0.045), (0.06, 0.045)],
                at=(x, y, -0.1), turn=(90, 0, 0),
            ) for x in (-0.3, 0.3) for y in (-0.2, 0.2)
        ],
        *[
            Lathe(
                material="rim", smooth=False, segments=16, lobes=5, lobe_depth=0.2,
                profile=[(0, -0.052), (0.06, -0.048), (0.07, -0.04), (0.07, 0.04), (0.06, 0.048), (0, 0.052)],
                at=(x, y, -0.1), turn=(90, 0, 0),
            ) for x in (-0.3, 0.3) for y in (-0.2, 0.2)
        ],
        *[Ellipsoid(material="lamp", size=(0.05, 0.09, 0.06), detail=6, at=(0.495, y, 0.01)) for y in (-0.15, 0.15)],
        *[Box(material="tail", size=(0.03, 0.09, 0.045), bevel=0.2, at=(-0.5, y, 0.03)) for y in (-0.15, 0.15)],
        Box(material="rim", size=(0.04, 0.42, 0.035), bevel=0.3, at=(0.51, 0, -0.055)),
        Box(material="rim", size=(0.04, 0.42, 0.035), bevel=0.3, at=(-0.51, 0, -0.055)),
    ],
    appearances=[
        look(n, z, 1, {"paint": paint(c, roughness=0.18, coat=0.8, jitter=0.05)}) for n, z,
        c in (
            ("red", "红", "#c8141c"), ("blue", "蓝", "#1458b0"), ("yellow", "taxi|黄", "#f0b818"),
            ("green", "绿", "#1a8a3a"), ("white", "白", "#ecece8"), ("black", "黑", "#1c1c20"),
        )
    ],
    variation=Variation(stretch=(0.06, 0.06, 0.12)),
)


def pips(axis: int, sign: int, spots: list[tuple[float, float]]) -> list[Ellipsoid]:
    """The spots of one face of a die."""
    out = []
    for u, v in spots:
        at, size = [0.0, 0.0, 0.0], [0.17, 0.17, 0.17]
        at[axis], at[(axis + 1) % 3], at[(axis + 2) % 3], size[axis] = sign * 0.493, u, v, 0.03
        out.append(Ellipsoid(material="pip", detail=6, at=tuple(at), size=tuple(size)))
    return out


Q = 0.25
DICE = ObjectSpec(
    name="dice", aliases=words("die|game die|playing dice"), chinese=words("骰子|色子"), size_m=0.016,
    contexts=["table", "floor", "studio", "hand", "shelf"], rests=["upright", "any"],
    lookalikes=["toy brick", "cardboard box"],
    materials={
        "body": paint("#f4f1e8 #ece8da", roughness=0.2, coat=0.5, jitter=0.03),
        "pip": paint("#141416", roughness=0.4),
    },
    parts=[
        Box(material="body", size=(1, 1, 1), bevel=0.13), *pips(2, 1, [(0, 0)]),
        *pips(2, -1, [(x, y) for x in (-Q, Q) for y in (-Q, 0, Q)]), *pips(1, -1, [(-Q, -Q), (Q, Q)]),
        *pips(1, 1, [(-Q, -Q), (Q, Q), (-Q, Q), (Q, -Q), (0, 0)]), *pips(0, 1, [(-Q, -Q), (0, 0), (Q, Q)]),
        *pips(0, -1, [(-Q, -Q), (Q, Q), (-Q, Q), (Q, -Q)]),
    ],
    appearances=[
        look("white", "ivory|白", 2),
        look("red", "红", 1, {"body": paint("#b8141c", roughness=0.15, coat=0.6), "pip": paint("#f4f2ec")}),
        look("black", "黑", 0.6, {"body": paint("#17171a", roughness=0.15, coat=0.6), "pip": paint("#f4f2ec")}),
        look(
            "blue", "green|coloured|colored|蓝|绿", 0.6,
            {"body": paint("#1a4fb0 #1a8a4a", roughness=0.15, coat=0.6), "pip": paint("#f4f2ec")},
        ),
    ],
    variation=ROUND,
)
PLUSH = {"roughness": 1.0, "bump": 0.9, "bump_scale": 60.0, "hair": 0.02}
TEDDY = ObjectSpec(
    name="teddy bear", aliases=words("teddy|stuffed bear|toy bear|plush bear"), chinese=words("泰迪熊|玩具熊|毛绒熊"),
    size_m=0.3, contexts=["floor", "shelf", "table", "studio", "hand", "grass"], rests=["upright"],
    lookalikes=["potato", "rubber duck"],
    materials={
        "fur": paint(
            "#9a6434 #8a5628 #b07a46", lay("noise", "#6f4420", 0.4, scale=9, softness=0.8, opacity=0.5), **PLUSH,
        ),
        "pale": paint("#d8b888 #e2c89c", **PLUSH), "eye": paint("#0e0c0a", roughness=0.08, coat=0.8),
        "bow": paint("#c8202a #1f5fb0", roughness=0.5),
    },
    parts=[
        Ellipsoid(material="fur", size=(0.62, 0.5, 0.66)),
        Ellipsoid(material="pale", size=(0.42, 0.2, 0.46), at=(0, -0.17, -0.02)),
        Ellipsoid(material="fur", size=(0.54, 0.48, 0.48), at=(0, -0.02, 0.5)),
        Ellipsoid(material="pale", size=(0.24, 0.2, 0.19), at=(0, -0.24, 0.44), detail=10),
        Ellipsoid(material="eye", size=(0.09, 0.06, 0.065), at=(0, -0.33, 0.48), detail=8),
        *[Ellipsoid(material="eye", size=(0.06, 0.05, 0.07), at=(s * 0.11, -0.225, 0.57), detail=8) for s in (-1, 1)],
        *[Ellipsoid(material="fur", size=(0.2, 0.1, 0.2), at=(s * 0.22, 0.0, 0.7), detail=10) for s in (-1, 1)],
        *[Ellipsoid(material="pale", size=(0.12, 0.06, 0.12), at=(s * 0.22, -0.035, 0.7), detail=8) for s in (-1, 1)],
        *[
            Ellipsoid(
                material="fur", size=(0.2, 0.22, 0.44), at=(s * 0.36, -0.08, 0.1), turn=(25, s * -32, 0), detail=10,
            ) for s in (-1, 1)
        ],
        *[
            Ellipsoid(
                material="fur", size=(0.24, 0.46, 0.24), at=(s * 0.24, -0.3, -0.24), turn=(0, 0, s * 14), detail=10,
            ) for s in (-1, 1)
        ],
        *[
            Ellipsoid(
                material="pale", size=(0.18, 0.04, 0.18), at=(s * 0.295, -0.52, -0.23), turn=(0, 0, s * 14), detail=8,
            ) for s in (-1, 1)
        ],
        *[
            Ellipsoid(
                material="bow", size=(0.19, 0.06, 0.13), at=(s * 0.1, -0.26, 0.27), turn=(0, s * 14, 0), detail=8,
            ) for s in (-1, 1)
        ],
        Ellipsoid(material="bow", size=(0.07, 0.07, 0.07), at=(0, -0.27, 0.27), detail=6),
    ],
    appearances=[
        look("brown", "棕|棕色", 3),
        look("white", "polar|白", 0.7, {"fur": paint("#e8e2d4 #dcd4c2", **PLUSH), "pale": paint("#f4f0e6", **PLUSH)}),
        look("pink", "粉", 0.4, {"fur": paint("#d88a9a #e09aa8", **PLUSH), "pale": paint("#f4d8dc", **PLUSH)}),
    ],
    variation=Variation(stretch=(0.06, 0.06, 0.06), wobble=0.006, wobble_scale=4),
)
DUCK = ObjectSpec(
    name="rubber duck", aliases=words("toy duck|rubber ducky|bath duck"), chinese=words("橡皮鸭|小黄鸭|玩具鸭"),
    size_m=0.09, contexts=["floor", "table", "shelf", "studio", "hand"], rests=["upright"],
    lookalikes=["lemon", "ball"],
    materials={
        "body": paint("#f0c418 #eab810", roughness=0.25, coat=0.4, jitter=0.04),
        "beak": paint("#e8641a", roughness=0.3), "eye": paint("#0e0e10", roughness=0.1),
    },
    parts=[
        Ellipsoid(material="body", size=(0.84, 0.62, 0.5)),
        Ellipsoid(material="body", size=(0.44, 0.42, 0.42), at=(0.24, 0, 0.38)),
        Ellipsoid(material="body", size=(0.3, 0.3, 0.3), at=(0.22, 0, 0.2), detail=10),
        Lathe(
            material="body", profile=[(0, -0.05), (0.16, -0.04), (0.13, 0.1), (0.05, 0.2), (0, 0.22)],
            at=(-0.34, 0, 0.12), turn=(0, -42, 0), scale=(0.8, 1.3, 1),
        ),
        *[
            Ellipsoid(
                material="body", size=(0.42, 0.08, 0.24), at=(-0.06, s * 0.3, 0.05), turn=(s * -10, -14, 0),
                detail=10,
            ) for s in (-1, 1)
        ],
        Ellipsoid(material="beak", size=(0.2, 0.2, 0.06), at=(0.47, 0, 0.38), turn=(0, -12, 0), detail=8),
        Ellipsoid(material="beak", size=(0.16, 0.16, 0.05), at=(0.45, 0, 0.33), turn=(0, 12, 0), detail=8),
        *[Ellipsoid(material="eye", size=(0.06, 0.04, 0.08), at=(0.39, s * 0.145, 0.46), detail=7) for s in (-1, 1)],
    ],
    appearances=[look("yellow", "黄")], variation=Variation(stretch=(0.05, 0.05, 0.06)),
)
BALLOON = ObjectSpec(
    name="balloon", aliases=words("party balloon|air balloon"), chinese=words("气球"), size_m=0.35,
    contexts=["sky", "studio", "hand", "floor", "grass"], rests=["upright", "hangs"],
    lookalikes=["ball", "cherry", "light bulb"],
    materials={
        "rubber": paint(
            "#d81c24 #1f5fd0 #f0c01a #2aa04a #e85a9a #8a3ab0 #e87a1e", roughness=0.12, coat=0.6, subsurface=0.15,
            jitter=0.06,
        ),
        "string": paint("#f0f0ec", roughness=0.8),
    },
    parts=[
        Lathe(
            material="rubber",
            profile=[
                (0, -0.53), (0.045, -0.535), (0.02, -0.49), (0.03, -0.47), (0.12, -0.41), (0.27, -0.22), (0.37, 0.04),
                (0.37, 0.26), (0.26, 0.45), (0.1, 0.525), (0, 0.53),
            ],
        ),
        Tube(
            material="string", radius=[0.006], sides=4,
            path=[(0, 0, -0.51), (0.03, 0.01, -0.68), (-0.03, -0.01, -0.86), (0.02, 0.02, -1.05)],
        ),
    ],
    appearances=[
        look(n, z, 1, {"rubber": paint(c, roughness=0.12, coat=0.6, subsurface=0.15, jitter=0.05)}) for n, z,
        c in (
            ("red", "红", "#d81c24"), ("blue", "蓝", "#1f5fd0"), ("yellow", "黄", "#f0c01a"),
            ("green", "绿", "#2aa04a"), ("pink", "粉", "#e85a9a"),
        )
    ],
    variation=Variation(stretch=(0.06, 0.06, 0.06), bend=8),
)
TOY_RING = ObjectSpec(
    name="ring", aliases=words("gold ring|wedding ring|finger ring|jewellery ring|jewelry ring"),
    chinese=words("戒指|指环"), size_m=0.022, contexts=["table", "hand", "shelf", "studio"], rests=["flat", "any"],
    lookalikes=["hex nut", "tire", "coin"],
    materials={
        "ring": paint("#e0b040 #d8a832", roughness=0.12, metallic=1.0, jitter=0.05),
        "stone": paint("#f2fbff #e6f4fa", roughness=0.03, coat=1.0, transparency=0.35, jitter=0.03),
    },
    parts=[
        Ring(material="ring", radius=0.45, thickness=0.075, flat=1.6),
        Cluster(
            count=1, on="line", size=(0, 0, 0), size_jitter=0, place_jitter=0, only=["diamond"],
            parts=[
                Lathe(
                    material="stone", smooth=False, segments=8,
                    profile=[(0, -0.13), (0.16, 0.02), (0.11, 0.08), (0, 0.08)], at=(0.6, 0, 0), turn=(0, 90, 0),
                ),
                Lathe(
                    material="ring", smooth=False, segments=8,
                    profile=[(0.03, -0.14), (0.12, -0.02), (0.13, 0.0), (0.1, 0.0)], at=(0.59, 0, 0), turn=(0, 90, 0),
                ),
            ],
        ),
    ],
    appearances=[
        look("gold", "golden|plain|金", 2),
        look(
            "silver", "platinum|white gold|银", 1,
            {"ring": paint("#d0d2d6", roughness=0.12, metallic=1.0, jitter=0.03)},
        ),
        look("diamond", "engagement|with stone|钻石", 1.5),
    ],
    variation=Variation(stretch=(0.02, 0.02, 0.2)),
)

OBJECTS = [BRICK, TOY_CAR, DICE, TEDDY, DUCK, BALLOON, TOY_RING]
