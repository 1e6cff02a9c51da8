"""Things on a kitchen table."""

from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Lathe, Sheet, Tube, Variation
from tools.generators.blender.short import (
    STEEL,
    WHITE_PLASTIC,
    WOOD,
    lay,
    look,
    paint,
    words,
)

# fmt: off
STIFF = Variation(stretch=(0.04, 0.04, 0.04))
CHINA = paint("#f2f0ea #ece8de", roughness=0.2, coat=0.4, jitter=0.04)
SPOON = ObjectSpec(
    name="spoon", aliases=words("tablespoon|teaspoon|soup spoon"), chinese=words("勺子|汤匙|调羹"), size_m=0.19,
    contexts=["table", "shelf", "studio", "hand", "conveyor"], rests=["flat"], lookalikes=["fork", "knife", "wrench"],
    materials={"metal": paint("#c4c6c9 #b6b8bc", roughness=0.16, metallic=1.0, jitter=0.04)},
    parts=[
        Lathe(
            material="metal", smooth=True,
            profile=[
                (0, -0.062), (0.06, -0.055), (0.115, -0.02), (0.125, 0.0), (0.12, 0.006), (0.105, -0.012),
                (0.055, -0.044), (0, -0.05),
            ],
            scale=(1.45, 1, 1), at=(0.42, 0, 0.03),
        ),
        Tube(
            material="metal",
            path=[(0.26, 0, 0.03), (0.16, 0, 0.055), (-0.1, 0, 0.05), (-0.4, 0, 0.01), (-0.57, 0, 0.02)],
            radius=[0.03, 0.024, 0.028, 0.045, 0.05], flat=0.25, sides=10, round_ends=True,
        ),
    ],
    appearances=[
        look("steel", "metal|silver|stainless|不锈钢|银色", 3), look("wooden", "wood|木|木头", 1, {"metal": WOOD}),
        look("plastic", "white|disposable|塑料|白", 0.8, {"metal": WHITE_PLASTIC}),
    ],
    variation=STIFF,
)
FORK = ObjectSpec(
    name="fork", aliases=words("dinner fork|table fork"), chinese=words("叉子|餐叉"), size_m=0.19,
    contexts=["table", "shelf", "studio", "hand", "conveyor"], rests=["flat"], lookalikes=["spoon", "knife"],
    materials={"metal": paint("#c4c6c9 #b6b8bc", roughness=0.16, metallic=1.0, jitter=0.04)},
    parts=[
        Sheet(
            material="metal", thickness=0.016, bend=32, at=(0.42, 0, 0.05),
            outline=[
                (-0.22, -0.025), (-0.14, -0.06), (-0.05, -0.085), (0.24, -0.075), (0.25, -0.06), (0.02, -0.052),
                (0.0, -0.042), (0.02, -0.032), (0.25, -0.03), (0.25, -0.014), (0.02, -0.01), (0.0, 0), (0.02, 0.01),
                (0.25, 0.014), (0.25, 0.03), (0.02, 0.032), (0.0, 0.042), (0.02, 0.052), (0.25, 0.06), (0.24, 0.075),
                (-0.05, 0.085), (-0.14, 0.06), (-0.22, 0.025),
            ],
        ),
        Tube(
            material="metal",
            path=[(0.24, 0, 0.085), (0.1, 0, 0.07), (-0.1, 0, 0.05), (-0.4, 0, 0.01), (-0.57, 0, 0.02)],
            radius=[0.024, 0.022, 0.028, 0.045, 0.05], flat=0.25, sides=10, round_ends=True,
        ),
    ],
    appearances=[
        look("steel", "metal|silver|stainless|不锈钢|银色", 3),
        look("plastic", "white|disposable|塑料|白", 0.8, {"metal": WHITE_PLASTIC}),
    ],
    variation=STIFF,
)
KNIFE = ObjectSpec(
    name="knife", aliases=words("kitchen knife|chef's knife|table knife|dinner knife"),
    chinese=words("刀|菜刀|餐刀|水果刀"), size_m=0.3, contexts=["table", "shelf", "studio", "workbench", "hand"],
    rests=["flat"], lookalikes=["saw", "spoon", "screwdriver"],
    materials={"blade": STEEL, "handle": paint("#1c1c1e #2a1c12 #5a3a1e", roughness=0.4), "rivet": STEEL},
    parts=[
        Sheet(
            material="blade",
            outline=[(-0.08, -0.09), (0.35, -0.09), (0.55, -0.06), (0.68, 0.03), (0.45, 0.055), (-0.08, 0.06)],
            thickness=0.012,
        ),
        Sheet(
            material="handle", smooth=True, thickness=0.06,
            outline=[
                (-0.06, 0.05), (-0.06, -0.02), (-0.2, -0.035), (-0.4, -0.03), (-0.52, -0.06), (-0.54, 0.02),
                (-0.4, 0.05), (-0.2, 0.055),
            ],
        ),
        *[
            Lathe(
                material="rivet", smooth=False, segments=10,
                profile=[(0, -0.034), (0.014, -0.034), (0.014, 0.034), (0, 0.034)], at=(x, 0.01, 0),
            ) for x in (-0.14, -0.28, -0.42)
        ],
    ],
    appearances=[
        look("black handle", "steel|sharp|黑柄", 2), look("wooden handle", "wood|木柄", 1, {"handle": WOOD}),
    ],
    variation=STIFF,
)
PLATE = ObjectSpec(
    name="plate", aliases=words("dinner plate|dish"), chinese=words("盘子|碟子|餐盘"), size_m=0.26,
    contexts=["table", "shelf", "studio", "conveyor", "hand"], rests=["upright"],
    lookalikes=["bowl", "coin", "clock"], materials={"china": CHINA},
    parts=[
        Lathe(
            material="china", segments=48,
            profile=[
                (0, -0.035), (0.26, -0.035), (0.28, -0.045), (0.3, -0.035), (0.36, 0.0), (0.5, 0.03), (0.5, 0.042),
                (0.37, 0.015), (0.3, -0.015), (0, -0.018),
            ],
        ),
    ],
    appearances=[
        look("white", "plain|白", 2),
        look(
            "patterned", "blue|decorated|blue and white|青花|蓝", 1,
            {
                "china": paint(
                    "#f0efea",
                    lay("band", "#1f4f9a #8a2a2a #2a6a4a", span=(0.55, 0.6), axis="along", wobble=0, softness=0.02),
                    lay("band", "#1f4f9a #8a2a2a #2a6a4a", span=(0.66, 0.68), axis="along", wobble=0, softness=0.0),
                    roughness=0.2, coat=0.4,
                ),
            },
        ),
        look(
            "coloured", "colored|彩色", 1,
            {"china": paint("#3a7a9a #c86a3a #7a9a5a #d8b04a #4a4a52", roughness=0.3, coat=0.3)},
        ),
    ],
    variation=Variation(stretch=(0.02, 0.02, 0.25)),
)
EGG = ObjectSpec(
    name="egg", aliases=words("chicken egg|hen's egg"), chinese=words("鸡蛋|蛋|鸭蛋"), size_m=0.057,
    contexts=["table", "shelf", "conveyor", "studio", "hand", "grass"], rests=["side", "upright"],
    lookalikes=["potato", "ball", "stone", "lemon"],
    materials={
        "shell": paint(
            "#c98e62 #d8a27a #bb7f54", lay("spots", "#a86a42", 0.14, scale=30, softness=0.6, opacity=0.5),
            roughness=0.5, subsurface=0.1, jitter=0.06,
        ),
    },
    parts=[
        Lathe(
            material="shell", segments=32,
            profile=[
                (0, -0.5), (0.13, -0.475), (0.27, -0.375), (0.355, -0.2), (0.375, -0.04), (0.345, 0.15), (0.25, 0.35),
                (0.12, 0.47), (0, 0.5),
            ],
        ),
    ],
    appearances=[
        look("brown", "棕|红皮", 2),
        look("white", "白", 2, {"shell": paint("#f0ece4 #e8e2d6", roughness=0.5, subsurface=0.1, jitter=0.03)}),
        look(
            "speckled", "quail|spotted|鹌鹑", 0.7,
            {
                "shell": paint(
                    "#e2d8c4 #d8ceb4", lay("noise", "#4a3828 #5a4430", 0.35, scale=9),
                    lay("spots", "#3a2c20", 0.25, scale=16, wobble=0.5), roughness=0.6,
                ),
            },
        ),
        look(
            "cracked", "broken|bad|破|裂|坏", 0.5,
            {
                "shell": paint(
                    "#d0a07a #ece4d8", lay("noise", "#2a1c12", 0.05, scale=3, softness=0.02),
                    lay("band", "#3a2818", span=(0.5, 0.512), wobble=0.9, softness=0),
                    lay("band", "#3a2818", span=(0.48, 0.49), axis="x", wobble=0.9, softness=0), roughness=0.5,
                ),
            },
            variation=Variation(dents=2, dent_depth=0.06),
        ),
    ],
    variation=Variation(stretch=(0.03, 0.03, 0.05), taper=0.03),
)

OBJECTS = [SPOON, FORK, KNIFE, PLATE, EGG]
