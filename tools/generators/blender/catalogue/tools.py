"""Hand tools."""

from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Appearance, Box, Lathe, Material, Sheet, Tube, Variation
from tools.generators.blender.short import (
    DARK_STEEL,
    RUST,
    STEEL,
    WOOD,
    arc,
    circle,
    lay,
    look,
    paint,
    words,
)

# fmt: off
PLACES = ["workbench", "table", "floor", "shelf", "studio", "hand", "conveyor"]
GRIP = paint("#c8202a #1f5fb0 #e0a81a #2a8a4a #d8601a #202024", roughness=0.45, jitter=0.1)
STIFF = Variation(stretch=(0.05, 0.05, 0.05))
BRASS = paint("#c0983f #b08a34", roughness=0.3, metallic=1.0, jitter=0.06)


def finishes(*materials: str) -> list[Appearance]:
    """New, brass, dark and rusty: the states of a metal part."""
    def of(material: Material) -> dict[str, Material]:
        return dict.fromkeys(materials, material)

    return [
        look("steel", "new|clean|good|shiny|silver|metal|zinc|新|干净|银色|钢", 3),
        look("rusty", "rusted|corroded|old|bad|生锈|锈|旧|坏", 1.2, of(RUST)),
        look("brass", "golden|yellow|copper|铜|黄铜", 0.7, of(BRASS)),
        look("black", "dark|blackened|black oxide|黑|黑色", 0.8, of(DARK_STEEL)),
    ]


HAMMER = ObjectSpec(
    name="hammer", aliases=words("claw hammer"), chinese=words("锤子|榔头|铁锤"), size_m=0.33, contexts=PLACES,
    rests=["flat"], lookalikes=["wrench", "screwdriver", "baseball bat"], materials={"handle": WOOD, "head": STEEL},
    parts=[
        Tube(
            material="handle", path=[(0, 0, -0.7), (0, 0, -0.45), (0, 0, -0.1), (0, 0, 0.36)],
            radius=[0.062, 0.066, 0.048, 0.045, 0.05], sides=14, round_ends=True, scale=(1, 0.75, 1),
        ),
        Box(material="head", size=(0.17, 0.13, 0.15), bevel=0.12, at=(0, 0, 0.32)),
        Lathe(
            material="head", smooth=False, segments=24,
            profile=[
                (0.055, 0), (0.05, 0.08), (0.055, 0.12), (0.082, 0.15), (0.082, 0.23), (0.074, 0.24), (0, 0.242),
            ],
            at=(0.05, 0, 0.32), turn=(0, 90, 0),
        ),
        *[
            Tube(
                material="head",
                path=[
                    (-0.05, 0, 0.33), (-0.16, s * 0.02, 0.345), (-0.26, s * 0.045, 0.315), (-0.33, s * 0.065, 0.24),
                ],
                radius=[0.06, 0.05, 0.04, 0.014], flat=0.6, sides=8,
            ) for s in (-1, 1)
        ],
    ],
    appearances=[
        look("wooden", "wood|木柄|木", 2),
        look(
            "rubber grip", "modern|plastic handle|橡胶", 1.5,
            {
                "handle": paint(
                    "#c8202a #e0b020 #1f5fb0 #202024", lay("gradient", "#232326", span=(0.62, 0.6), wobble=0),
                    roughness=0.6,
                ),
            },
        ),
        look("rusty", "rusted|old|生锈|锈|旧", 0.6, {"head": RUST}),
    ],
    variation=STIFF,
)
SCREWDRIVER = ObjectSpec(
    name="screwdriver", aliases=words("screw driver|phillips screwdriver|flathead screwdriver"),
    chinese=words("螺丝刀|改锥|起子"), size_m=0.22, contexts=PLACES, rests=["side"],
    lookalikes=["pencil", "bolt", "screw", "wrench"],
    materials={
        "grip": paint(
            "#c8202a #1f5fb0 #e0a81a #2a8a4a #d8601a",
            lay("band", "#1c1c1e", span=(0.62, 0.78), wobble=0, softness=0),
            lay("gradient", "#1c1c1e", span=(0.1, 0.09), wobble=0), roughness=0.35, coat=0.3,
        ),
        "blade": STEEL,
    },
    parts=[
        Lathe(
            material="grip", lobes=6, lobe_depth=0.13, segments=36,
            profile=[
                (0, -0.52), (0.06, -0.515), (0.092, -0.47), (0.1, -0.35), (0.1, -0.12), (0.075, -0.03), (0.08, 0.02),
                (0.06, 0.05), (0.06, 0.05), (0, 0.06),
            ],
        ),
        Lathe(
            material="blade", smooth=False, segments=14,
            profile=[(0.027, 0.04), (0.027, 0.48), (0.024, 0.5), (0, 0.5)],
        ),
        Box(material="blade", size=(0.065, 0.016, 0.1), bevel=0.1, at=(0, 0, 0.53), taper=0.85),
    ],
    appearances=[look("plain", "new|新")], variation=Variation(stretch=(0.06, 0.06, 0.14)),
)


def spanner_outline() -> list[tuple[float, float]]:
    """An open-ended spanner: jaws at +x, a ring at -x."""
    handle = 0.055
    jaw = arc(0.135, -150, -32, 8, 0.68)
    top = [(x, -y) for x, y in jaw[::-1]]
    ring = arc(0.115, 28, 332, 14, -0.68)
    return [
        (-0.57, -handle), (0.53, -handle * 1.15), *jaw[1:], (0.63, -0.062), (0.63, 0.062), *top[:-1],
        (0.53, handle * 1.15), (-0.57, handle), *ring,
    ]


WRENCH = ObjectSpec(
    name="wrench", aliases=words("spanner|combination wrench|open-end wrench|combination spanner"),
    chinese=words("扳手|扳子"), size_m=0.2, contexts=PLACES, rests=["flat"],
    lookalikes=["screwdriver", "key", "spoon", "hammer"],
    materials={
        "metal": paint(
            "#b0b3b7 #a0a3a8", lay("noise", "#7a7d82", 0.3, scale=8, opacity=0.5), roughness=0.3, metallic=1.0,
            jitter=0.06,
        ),
    },
    parts=[
        Sheet(material="metal", outline=spanner_outline(), holes=[circle(0.066, 12, -0.68)], thickness=0.055),
        Box(material="metal", size=(0.9, 0.05, 0.075), bevel=0.3, at=(-0.03, 0, 0)),
    ],
    appearances=finishes("metal"), variation=STIFF,
)


def saw_outline() -> list[tuple[float, float]]:
    """A handsaw's blade with teeth below."""
    teeth: list[tuple[float, float]] = []
    for i in range(34):
        x = 0.86 - i * 0.043
        y = -0.16
        teeth += [(x, y), (x - 0.012, y - 0.032)]
    return [(-0.6, -0.16), (-0.6, 0.1), (0.86, -0.06), *teeth]


SAW = ObjectSpec(
    name="saw", aliases=words("hand saw|handsaw|wood saw"), chinese=words("锯子|手锯|锯"), size_m=0.5,
    contexts=PLACES, rests=["flat"], lookalikes=["knife", "hammer"], materials={"blade": STEEL, "handle": WOOD},
    parts=[
        Sheet(material="blade", outline=saw_outline(), thickness=0.012),
        Sheet(
            material="handle", smooth=True, thickness=0.07,
            outline=[
                (-0.52, 0.12), (-0.66, 0.16), (-0.82, 0.13), (-0.96, 0.16), (-0.98, 0.06), (-0.92, -0.06),
                (-0.95, -0.2), (-0.86, -0.26), (-0.7, -0.22), (-0.55, -0.2), (-0.46, -0.08),
            ],
            holes=[[(-0.66, 0.06), (-0.8, 0.05), (-0.84, -0.06), (-0.8, -0.14), (-0.68, -0.13), (-0.63, -0.04)]],
        ),
    ],
    appearances=[
        look("wooden handle", "wood|木柄", 1.5), look("plastic handle", "modern|塑料柄", 1, {"handle": GRIP}),
        look("rusty", "rusted|old|生锈|锈|旧", 0.7, {"blade": RUST}),
    ],
    variation=STIFF,
)
PLIERS = ObjectSpec(
    name="pliers", aliases=words("pair of pliers|plier|combination pliers"), chinese=words("钳子|老虎钳"),
    size_m=0.18, contexts=PLACES, rests=["flat"], lookalikes=["scissors", "wrench"],
    materials={"metal": DARK_STEEL, "grip": GRIP},
    parts=[
        *[
            Sheet(
                material="metal", smooth=True, thickness=0.09, scale=(1, s, 1),
                outline=[
                    (-0.1, -0.02), (-0.02, 0.1), (0.1, 0.115), (0.3, 0.09), (0.5, 0.05), (0.5, 0.008), (0.3, 0.012),
                    (0.15, 0.012), (0.05, -0.06), (-0.06, -0.1),
                ],
            ) for s in (1, -1)
        ],
        Lathe(
            material="metal", smooth=False, profile=[(0.08, -0.06), (0.08, 0.06), (0.07, 0.07), (0, 0.07)],
            at=(0.02, 0, 0),
        ),
        *[
            Tube(
                material="grip",
                path=[
                    (-0.06, s * 0.07, 0), (-0.2, s * 0.13, 0), (-0.42, s * 0.17, 0), (-0.66, s * 0.15, 0),
                    (-0.78, s * 0.16, 0),
                ],
                radius=[0.045, 0.055, 0.055, 0.05], flat=0.75, round_ends=True, sides=10,
            ) for s in (1, -1)
        ],
    ],
    appearances=[look("plain", "new|新")], variation=STIFF,
)
SCISSORS = ObjectSpec(
    name="scissors", aliases=words("pair of scissors|shears"), chinese=words("剪刀|剪子"), size_m=0.19,
    contexts=["table", "workbench", "shelf", "studio", "hand", "floor"], rests=["flat"],
    lookalikes=["pliers", "knife"],
    materials={"blade": STEEL, "grip": paint("#c8202a #1f5fb0 #e07a1a #202024 #2a8a4a", roughness=0.35)},
    parts=[
        *[
            p for s in (1, -1) for p in (
                Sheet(
                    material="blade", thickness=0.02, at=(0, 0, 0.012 * s), turn=(0, 0, 9 * s),
                    outline=[
                        (-0.22, -0.035), (0, -0.055), (0.3, -0.05), (0.78, 0.005), (0.3, 0.02), (-0.22, 0.03),
                    ] if s > 0 else [
                        (-0.22, -0.03), (0.3, -0.02), (0.78, -0.005), (0.3, 0.05), (0, 0.055), (-0.22, 0.035),
                    ],
                ),
                Tube(
                    material="grip", closed=True, sides=8, flat=0.75, radius=[0.04], at=(0, 0, 0.006 * s),
                    path=[
                        (-0.2, -s * 0.035, 0), (-0.32, -s * 0.035, 0), (-0.45, -s * 0.02, 0), (-0.6, -s * 0.06, 0),
                        (-0.66, -s * 0.16, 0), (-0.6, -s * 0.26, 0), (-0.46, -s * 0.27, 0), (-0.34, -s * 0.18, 0),
                        (-0.27, -s * 0.09, 0),
                    ],
                ),
            )
        ],
        Lathe(
            material="blade", smooth=False, segments=14,
            profile=[(0.034, -0.03), (0.034, 0.034), (0.024, 0.042), (0, 0.042)],
        ),
    ],
    appearances=[look("plain", "open|打开")], variation=STIFF,
)
AXE = ObjectSpec(
    name="axe", aliases=words("ax|hatchet"), chinese=words("斧头|斧子"), size_m=0.5,
    contexts=["workbench", "floor", "grass", "soil", "studio"], rests=["flat"], lookalikes=["hammer", "saw"],
    materials={
        "handle": WOOD,
        "head": paint(
            "#8a8d92 #a83028", lay("gradient", "#c4c7cb", span=(0.8, 0.84), axis="along", wobble=0), roughness=0.35,
            metallic=0.9,
        ),
    },
    parts=[
        Tube(
            material="handle", path=[(0.06, 0, -0.85), (0, 0, -0.6), (0.02, 0, -0.1), (0, 0, 0.42)],
            radius=[0.06, 0.042, 0.042, 0.045], sides=12, round_ends=True, scale=(1, 0.75, 1),
        ),
        Sheet(
            material="head", turn=(90, 0, 0), thickness=0.075, at=(0, 0, 0.3),
            outline=[
                (-0.12, -0.09), (0.06, -0.09), (0.2, -0.13), (0.33, -0.2), (0.365, -0.08), (0.37, 0.05), (0.34, 0.17),
                (0.2, 0.1), (0.06, 0.09), (-0.12, 0.09),
            ],
        ),
    ],
    appearances=[look("plain", "steel"), look("rusty", "rusted|old|生锈|锈|旧", 0.6, {"head": RUST})],
    variation=STIFF,
)
BRUSH = ObjectSpec(
    name="paint brush", aliases=words("paintbrush|brush"), chinese=words("油漆刷|刷子|画刷"), size_m=0.22,
    contexts=PLACES, rests=["flat"], lookalikes=["screwdriver", "spoon", "pencil"],
    materials={
        "handle": paint("#c8202a #d8a83a #8a5a2c #1f5fb0 #202024", roughness=0.35, coat=0.4), "ferrule": STEEL,
        "hair": paint(
            "#2a221a #c9a86a #e8dcc0",
            lay("rings", "#6a5030", 0.4, scale=40, axis="x", softness=0.3, wobble=0.5, opacity=0.7), roughness=0.9,
        ),
    },
    parts=[
        Tube(
            material="handle", path=[(0, 0, -0.75), (0, 0, -0.5), (0, 0, -0.25), (0, 0, -0.02)],
            radius=[0.035, 0.05, 0.06, 0.045, 0.085, 0.12], flat=0.4, sides=12, round_ends=True,
        ),
        Box(material="ferrule", size=(0.36, 0.1, 0.18), bevel=0.1, at=(0, 0, 0.06)),
        Box(material="hair", size=(0.35, 0.09, 0.36), bevel=0.2, at=(0, 0, 0.3), taper=0.96),
    ],
    appearances=[look("plain", "clean|dry")], variation=STIFF,
)

OBJECTS = [HAMMER, SCREWDRIVER, WRENCH, SAW, PLIERS, SCISSORS, AXE, BRUSH]
