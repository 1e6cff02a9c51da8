"""Cells under a microscope."""

from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Cluster, Ellipsoid, Lathe, Tube, Variation
from tools.generators.blender.short import (
    lay,
    look,
    paint,
    words,
)

# fmt: off
# On a stained smear, as most photos of blood are: pink to grey, seen through, pale in the middle.
SMEARED = paint(
    "#c98a8c #b87c84 #d49c94 #c08ea0 #bfa09c #b49aa8 #cbb0a4",
    lay("band", "#e6cfcb", axis="along", span=(0.72, 1.0), softness=0.9, opacity=0.75),
    lay("noise", "#b0707c", 0.3, scale=3, softness=0.9, opacity=0.3), roughness=0.5, transparency=0.45, jitter=0.08,
)
RBC = ObjectSpec(
    name="red blood cell", aliases=words("erythrocyte|rbc"), chinese=words("红细胞|红血球"), size_m=8e-6,
    contexts=["slide"], rests=["flat", "any"], lookalikes=["white blood cell", "yeast cell", "green alga"],
    materials={
        "cell": paint(
            "#c8484a #d05a58 #b83c42", lay("noise", "#d87a74", 0.4, scale=4, softness=0.9, opacity=0.4),
            roughness=0.35, subsurface=0.3, jitter=0.08,
        ),
    },
    parts=[
        Lathe(
            material="cell", segments=40,
            profile=[
                (0, -0.025), (0.1, -0.03), (0.2, -0.075), (0.33, -0.145), (0.45, -0.125), (0.5, 0.0), (0.45, 0.125),
                (0.33, 0.145), (0.2, 0.075), (0.1, 0.03), (0, 0.025),
            ],
            only=["normal", "stained"],
        ),
        Lathe(
            material="cell", bend=75, bend_range=25, turn=(90, 0, 0), scale=(1, 0.8, 1),
            profile=[(0, -0.7), (0.05, -0.6), (0.12, -0.35), (0.16, 0), (0.12, 0.35), (0.05, 0.6), (0, 0.7)],
            only=["sickle"],
        ),
        Ellipsoid(material="cell", size=(1, 1, 0.92), only=["spherical"]),
    ],
    appearances=[
        look("stained", "smear|pink|染色|涂片", 4, {"cell": SMEARED}),
        look("normal", "healthy|red|fresh|正常|健康", 0.8), look("sickle", "sickled|diseased|镰状|镰刀", 0.3),
        look("spherical", "swollen|spherocyte|球形", 0.2),
    ],
    variation=Variation(stretch=(0.1, 0.1, 0.1), wobble=0.02, wobble_scale=1.2, bend=14),
)
STAINED = paint("#5a3a8a #4a2f7a #6a4498", lay("noise", "#3a2266", 0.5, scale=7), roughness=0.6, jitter=0.1)
WBC = ObjectSpec(
    name="white blood cell", aliases=words("leukocyte|leucocyte|wbc"), chinese=words("白细胞|白血球"), size_m=1.3e-5,
    contexts=["slide"], rests=["any"], lookalikes=["red blood cell", "yeast cell", "pollen grain"],
    materials={
        "plasm": paint(
            "#d8c8e2 #e2d4ea #cbb8da", lay("spots", "#8a68a8 #b080b8", 0.2, scale=22, softness=0.6, opacity=0.7),
            roughness=0.4, transparency=0.85, jitter=0.06,
        ),
        "nucleus": STAINED, "bead": paint("#ece6f0 #dcd2e6", roughness=0.7, jitter=0.1),
    },
    parts=[
        Ellipsoid(material="plasm", size=(1, 1, 0.8), detail=20, only=["neutrophil", "lymphocyte"]),
        *[
            Ellipsoid(material="nucleus", size=s, at=a, detail=9, only=["neutrophil"]) for s,
            a in (
                ((0.34, 0.3, 0.42), (-0.22, 0.12, 0.08)), ((0.32, 0.34, 0.42), (0.02, -0.14, 0.1)),
                ((0.34, 0.3, 0.42), (0.22, 0.1, 0.08)), ((0.2, 0.16, 0.3), (-0.1, 0.0, 0.1)),
                ((0.2, 0.16, 0.3), (0.13, -0.02, 0.1)),
            )
        ],
        Ellipsoid(material="nucleus", size=(0.78, 0.76, 0.66), at=(0.05, 0.02, 0.04), detail=14, only=["lymphocyte"]),
        Ellipsoid(material="bead", size=(0.92, 0.92, 0.92), detail=14, only=["activated"]),
        Cluster(
            count=90, on="sphere", size=(0.94, 0.94, 0.94), size_jitter=0.35, place_jitter=0.5, only=["activated"],
            parts=[Ellipsoid(material="bead", size=(0.13, 0.13, 0.13), detail=4)],
        ),
    ],
    appearances=[
        look("neutrophil", "granulocyte|stained|中性粒", 2), look("lymphocyte", "淋巴", 1.5),
        look("activated", "rough|electron microscope", 0.15),
    ],
    variation=Variation(stretch=(0.07, 0.07, 0.07), wobble=0.025, wobble_scale=1.5),
)
BACTERIUM = ObjectSpec(
    name="bacterium", aliases=words("bacillus|rod-shaped bacterium|bacteria cell|germ"), chinese=words("细菌|杆菌"),
    size_m=2.5e-6, contexts=["slide"], rests=["side", "any"], lookalikes=["yeast cell", "red blood cell", "diatom"],
    materials={
        "wall": paint(
            "#6a8f3a #5a7f5a #8a9a3a #7a4a8a", lay("noise", "#a8c06a", 0.4, scale=5, opacity=0.5), roughness=0.4,
            subsurface=0.2, bump=0.25, bump_scale=20, jitter=0.15,
        ),
        "hair": paint("#9ab06a #b0a0b8", roughness=0.7),
    },
    parts=[
        Tube(
            material="wall", path=[(0, 0, -0.34), (0, 0, 0), (0, 0, 0.34)], radius=[0.18], sides=20, round_ends=True,
            bend=12, bend_range=16,
        ),
        Cluster(
            count=26, on="sphere", size=(0.36, 0.36, 1.0), size_jitter=0.3, copy_tilt=25, place_jitter=0.2,
            only=["hairy"],
            parts=[
                Tube(
                    material="hair", path=[(0, 0, 0), (0.01, 0, 0.1), (0.03, 0, 0.18)], radius=[0.008, 0.004],
                    sides=4,
                ),
            ],
        ),
        *[
            Tube(
                material="hair",
                path=[
                    (0, 0, -0.5), (0.06 * s, 0.02, -0.65), (-0.05 * s, -0.02, -0.82), (0.07 * s, 0.03, -1.0),
                    (-0.02, 0, -1.15),
                ],
                radius=[0.014, 0.01, 0.006], sides=5, only=["hairy", "flagellate"],
            ) for s in (1, -1.6)
        ],
    ],
    appearances=[
        look("plain", "rod|杆状", 2), look("flagellate", "with flagella|motile|鞭毛", 1.5),
        look("hairy", "with pili|菌毛", 1),
    ],
    variation=Variation(stretch=(0.12, 0.12, 0.15), bend=14),
)
YEAST = ObjectSpec(
    name="yeast cell", aliases=words("yeast|budding yeast"), chinese=words("酵母|酵母菌|酵母细胞"), size_m=5e-6,
    contexts=["slide"], rests=["any"], lookalikes=["red blood cell", "bacterium", "green alga"],
    materials={
        "wall": paint("#d8cfa8 #cfc49a #e0d8b8", roughness=0.3, transparency=0.78, jitter=0.08),
        "inside": paint("#a8986a #b8a878", roughness=0.6),
    },
    parts=[
        Ellipsoid(material="wall", size=(0.7, 0.7, 0.84), detail=18),
        Ellipsoid(material="inside", size=(0.3, 0.28, 0.3), at=(0.08, 0, -0.08), detail=9),
        Ellipsoid(material="inside", size=(0.16, 0.16, 0.16), at=(-0.14, 0.05, 0.14), detail=7),
        Ellipsoid(
            material="wall", size=(0.4, 0.4, 0.46), at=(0.18, 0, 0.5), turn=(0, 20, 0), detail=12, only=["budding"],
        ),
        Ellipsoid(material="inside", size=(0.14, 0.14, 0.14), at=(0.19, 0, 0.52), detail=6, only=["budding"]),
    ],
    appearances=[look("budding", "dividing|出芽", 2), look("single", "round|单个", 1)],
    variation=Variation(stretch=(0.08, 0.08, 0.1), wobble=0.01),
)

OBJECTS = [RBC, WBC, BACTERIUM, YEAST]
