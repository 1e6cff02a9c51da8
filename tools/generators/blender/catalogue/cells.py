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
# On a stained smear, as most photos of blood are: one stain took all cells of an image, pink to grey; light goes
# through, so that two upon each other are darker; most are pale in the middle.
TAKEN = "#eab4b6 #e2a8bc #eebca8 #deb2cc #d6bebc #cebace #ecccbc #dc8e9c"
SEEN_THROUGH = {"roughness": 0.7, "transparency": 0.72, "jitter": 0.05, "alike": 0.88}
UNEVEN = lay("noise", "#c48890", 0.3, scale=2.5, softness=0.9, opacity=0.2)
SMEARED = paint(
    TAKEN, lay("band", "#f6eae6", axis="along", span=(0.66, 1.0), softness=0.9, opacity=0.8), UNEVEN, **SEEN_THROUGH
)
FULL = paint(TAKEN, UNEVEN, **SEEN_THROUGH)
PRESSED = Variation(stretch=(0.12, 0.12, 0.1), wobble=0.06, wobble_scale=1.3)  # out of round by their neighbours
RBC = ObjectSpec(
    name="red blood cell", aliases=words("erythrocyte|rbc"), chinese=words("红细胞|红血球"), size_m=8e-6,
    contexts=["slide"], rests=["flat"], lookalikes=["white blood cell", "platelet", "yeast cell"],
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
            only=["normal", "stained", "full"],
        ),
        Lathe(
            material="cell", bend=75, bend_range=25, turn=(90, 0, 0), scale=(1, 0.8, 1),
            profile=[(0, -0.7), (0.05, -0.6), (0.12, -0.35), (0.16, 0), (0.12, 0.35), (0.05, 0.6), (0, 0.7)],
            only=["sickle"],
        ),
        Ellipsoid(material="cell", size=(1, 1, 0.92), only=["spherical"]),
    ],
    appearances=[
        look("stained", "smear|pink|染色|涂片", 4, {"cell": SMEARED}, variation=PRESSED),
        look("full", "dense|thick", 2.5, {"cell": FULL}, variation=PRESSED),
        look("normal", "healthy|red|fresh|正常|健康", 0.3), look("sickle", "sickled|diseased|镰状|镰刀", 0.15),
        look("spherical", "swollen|spherocyte|球形", 0.1),
    ],
    variation=Variation(stretch=(0.1, 0.1, 0.1), wobble=0.02, wobble_scale=1.2, bend=14),
)
STAINED = paint(
    "#5a3a8a #4a2f7a #6a4498 #7a5aa8 #4a3a78", lay("noise", "#3a2266", 0.5, scale=5, softness=0.6, opacity=0.6),
    roughness=0.8, transparency=0.15, jitter=0.08, alike=0.8,
)
WBC = ObjectSpec(
    name="white blood cell", aliases=words("leukocyte|leucocyte|wbc"), chinese=words("白细胞|白血球"), size_m=1.3e-5,
    contexts=["slide"], rests=["flat"], lookalikes=["red blood cell", "platelet", "yeast cell"],
    materials={
        "plasm": paint(
            "#faf6fa #fbf8fb #f6f0f8 #efe6f4 #dccfea",
            lay("spots", "#a884b8 #c094c0", 0.18, scale=26, softness=0.7, opacity=0.35),
            roughness=0.8, transparency=0.96, jitter=0.04, alike=0.6,
        ),
        "nucleus": STAINED, "bead": paint("#ece6f0 #dcd2e6", roughness=0.7, jitter=0.1),
    },
    parts=[
        Ellipsoid(
            material="plasm", size=(1, 1, 0.8), detail=20,
            only=["neutrophil", "segmented", "band", "lymphocyte", "monocyte"],
        ),
        *[
            Ellipsoid(material="nucleus", size=s, at=a, turn=(0, 0, t), detail=9, chance=c, only=["neutrophil"])
            for s, a, t, c in (
                ((0.36, 0.27, 0.42), (-0.22, 0.14, 0.08), 20, 1.0), ((0.34, 0.3, 0.42), (0.02, -0.2, 0.1), -15, 1.0),
                ((0.36, 0.26, 0.42), (0.24, 0.08, 0.08), 60, 0.85), ((0.24, 0.14, 0.3), (-0.1, -0.03, 0.1), 110, 0.8),
                ((0.24, 0.14, 0.3), (0.14, -0.07, 0.1), 60, 0.7), ((0.26, 0.24, 0.36), (0.05, 0.27, 0.08), 0, 0.35),
            )
        ],
        *[
            Ellipsoid(material="nucleus", size=s, at=a, turn=(0, 0, t), detail=9, chance=c, only=["segmented"])
            for s, a, t, c in (
                ((0.3, 0.22, 0.34), (-0.27, 0.16, 0.06), 50, 1.0), ((0.28, 0.24, 0.34), (-0.2, -0.17, 0.06), -40, 1.0),
                ((0.3, 0.22, 0.34), (0.1, -0.28, 0.06), 10, 0.8), ((0.28, 0.24, 0.34), (0.27, 0.02, 0.06), 80, 1.0),
                ((0.22, 0.2, 0.3), (0.14, 0.25, 0.06), 0, 0.5),
            )
        ],
        Tube(
            material="nucleus", path=[(0, 0, -0.38), (0, 0, -0.12), (0, 0, 0.12), (0, 0, 0.38)],
            radius=[0.1, 0.13, 0.1, 0.12], sides=12, round_ends=True, at=(-0.18, 0, 0.08), turn=(90, 0, 0),
            bend=150, bend_range=70, only=["band"],
        ),
        *[
            Ellipsoid(material="nucleus", size=s, at=a, turn=(0, 0, t), only=["monocyte"])
            for s, a, t in (
                ((0.66, 0.36, 0.5), (-0.08, 0.14, 0.06), 25), ((0.36, 0.5, 0.48), (0.16, -0.06, 0.06), 20),
            )
        ],
        Ellipsoid(material="nucleus", size=(0.82, 0.78, 0.66), at=(0.04, 0.02, 0.04), detail=14, only=["lymphocyte"]),
        Ellipsoid(material="bead", size=(0.92, 0.92, 0.92), detail=14, only=["activated"]),
        Cluster(
            count=90, on="sphere", size=(0.94, 0.94, 0.94), size_jitter=0.35, place_jitter=0.5, only=["activated"],
            parts=[Ellipsoid(material="bead", size=(0.13, 0.13, 0.13), detail=4)],
        ),
    ],
    appearances=[
        look("neutrophil", "granulocyte|stained|中性粒", 2), look("segmented", "分叶", 2), look("band", "杆状核", 1),
        look("lymphocyte", "淋巴", 1.5),
        look("monocyte", "单核", 0.8),
        look("activated", "rough|electron microscope", 0.08),
    ],
    variation=Variation(stretch=(0.1, 0.1, 0.07), wobble=0.06, wobble_scale=1.6),
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
