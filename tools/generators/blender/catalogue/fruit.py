"""Fruit."""

from tools.generators.blender.catalogue.short import lay, look, paint, words
from tools.generators.blender.object_spec import Lathe, ObjectSpec, Tube, Variation

STEM = paint("#5b4327 #6d5a33 #4a4a22", lay("noise", "#2f2213", 0.4, scale=8), roughness=0.8, jitter=0.2)

# Pale specks on every apple: lenticels.
SPECKS = lay("spots", "#f0dcae #e8c79a", 0.16, scale=22, softness=0.5, opacity=0.55)
HOLLOWS = lay("gradient", "#9a8a3a #8d9a40", span=(0.9, 1.0), axis="along", softness=0.5, opacity=0.8)
EYE = lay("gradient", "#3a2c14", span=(0.07, 0.0), axis="along", softness=0.3, opacity=0.9)

APPLE = ObjectSpec(
    name="apple",
    chinese=words("苹果"),
    size_m=0.075,
    contexts=["orchard", "grass", "table", "shelf", "conveyor", "studio", "hand"],
    rests=["hangs", "any", "upright"],
    lookalikes=["peach", "tomato", "ball", "plum", "orange"],
    materials={
        "skin": paint(
            "#a3141c #8e0f1a #b3202a",
            lay("blush", "#c2452d #a8882f #b84430", 0.3, softness=0.7, wobble=0.6, opacity=0.7),
            lay("streaks", "#6e0b14 #7d0d18", 0.45, scale=26, softness=0.7, opacity=0.55),
            HOLLOWS, SPECKS, EYE, roughness=0.32, subsurface=0.08,
        ),
        "stem": STEM,
    },
    parts=[
        Lathe(
            material="skin", segments=36, lobes=5, lobe_depth=0.035, lobe_at="bottom",
            profile=[
                (0, -0.33), (0.05, -0.345), (0.11, -0.40), (0.19, -0.435), (0.32, -0.38), (0.44, -0.2), (0.5, 0.03),
                (0.475, 0.22), (0.37, 0.36), (0.24, 0.405), (0.13, 0.36), (0.05, 0.27), (0, 0.22),
            ],
        ),
        Tube(
            material="stem", path=[(0, 0, 0.2), (0.0, 0, 0.36), (0.04, 0.01, 0.52)], radius=[0.018, 0.016, 0.026],
            sides=7, tilt=14, chance=0.85,
        ),
    ],
    appearances=[look("red", "ripe|deep red|dark red|红|成熟|熟", 3)],
    variation=Variation(stretch=(0.06, 0.06, 0.1), wobble=0.025, wobble_scale=1.6),
)  # fmt: skip

OBJECTS = [APPLE]
