"""Balls and other sport."""

import math

from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Ellipsoid, Lathe, Tube, Variation
from tools.generators.blender.short import RUBBER, STEEL, lay, look, paint, words

# fmt: off
SPORT = ["grass", "floor", "studio", "hand", "road", "shelf"]
BALL_RESTS = ["any"]
ROUND = Variation(stretch=(0.01, 0.01, 0.01))
TOYS = ["floor", "table", "shelf", "studio", "hand", "grass", "conveyor"]


def on_ball(lat: float, lon: float, radius: float = 0.5) -> tuple[float, float, float]:
    """A point of a ball, by degrees."""
    a, b = math.radians(lat), math.radians(lon)
    return (radius * math.cos(a) * math.cos(b), radius * math.cos(a) * math.sin(b), radius * math.sin(a))




def seam(wave: float, count: int, radius: float = 0.5, turns: int = 2) -> list[tuple[float, float, float]]:
    """The wavy closed seam of a tennis ball or a baseball."""
    return [
        on_ball(wave * math.sin(math.radians(turns * 360 * i / count)), 360 * i / count, radius) for i in range(
            count,
        )
    ]




def stitches(wave: float, wide: float, half: int) -> list[tuple[float, float, float]]:
    """Half of the zigzag of thread across a seam, square to it."""
    out = []
    for k in range(56):
        here, ahead = (seam(wave, 112, 0.502)[(half * 56 + k + d) % 112] for d in (0, 1))
        along = [b - a for a, b in zip(here, ahead, strict=True)]
        across = (
            here[1] * along[2] - here[2] * along[1], here[2] * along[0] - here[0] * along[2],
            here[0] * along[1] - here[1] * along[0],
        )
        size = math.sqrt(sum(c * c for c in across))
        side = wide if k % 2 else -wide
        out.append(
            (here[0] + side * across[0] / size, here[1] + side * across[1] / size, here[2] + side * across[2] / size),
        )
    return out


FOOTBALL = ObjectSpec(
    name="football", aliases=words("soccer ball|soccerball"), chinese=words("足球"), size_m=0.22, contexts=SPORT,
    rests=BALL_RESTS, lookalikes=["basketball", "ball", "tennis ball"],
    materials={
        "hex": paint(
            "#f2f1ec #eae8e0", lay("noise", "#c9c2b0", 0.25, scale=3, softness=0.8, opacity=0.4), roughness=0.35,
            coat=0.2, jitter=0.03,
        ),
        "pent": paint("#151516 #1e1e22", roughness=0.35, coat=0.2),
    },
    parts=[Ellipsoid(material="hex", panel_material="pent", panels="football")],
    appearances=[
        look("black and white", "classic|white|new|黑白", 3),
        look(
            "coloured", "blue|red|colored|colourful|彩色", 1,
            {"pent": paint("#1f4fa8 #c8202a #2a8a4a #e07a1a", roughness=0.35)},
        ),
        look(
            "dirty", "old|muddy|used|worn|旧|脏", 1,
            {
                "hex": paint(
                    "#cfc8b4", lay("noise", "#7a6642 #6a5434", 0.45, scale=3, softness=0.5, opacity=0.8),
                    roughness=0.8,
                ),
                "pent": paint("#2a2724", lay("noise", "#5a4a30", 0.4, scale=4), roughness=0.85),
            },
        ),
    ],
    variation=ROUND,
)
BASKETBALL = ObjectSpec(
    name="basketball", chinese=words("篮球"), size_m=0.24, contexts=SPORT, rests=BALL_RESTS,
    lookalikes=["orange", "football", "pumpkin", "ball"],
    materials={
        "leather": paint(
            "#c8641e #b85718 #d4722a", lay("noise", "#a84a14", 0.4, scale=3, softness=0.9, opacity=0.4),
            roughness=0.6, bump=0.35, bump_scale=70,
        ),
        "line": paint("#17130f", roughness=0.6),
    },
    parts=[
        Ellipsoid(material="leather", detail=20),
        Tube(
            material="line", closed=True, sides=6, radius=[0.012],
            path=[on_ball(0, 15 * i, 0.497) for i in range(24)],
        ),
        Tube(
            material="line", closed=True, sides=6, radius=[0.012], turn=(90, 0, 90),
            path=[on_ball(0, 15 * i, 0.497) for i in range(24)],
        ),
        *[
            Tube(
                material="line", closed=True, sides=6, radius=[0.012], turn=(0, 0, a),
                path=[
                    (
                        0.497 * math.cos(0.8) + 0.1 * math.cos(math.radians(18 * i)) ** 2 - 0.05,
                        0.497 * math.sin(0.8) * math.cos(math.radians(18 * i)),
                        0.497 * math.sin(0.8) * math.sin(math.radians(18 * i)),
                    ) for i in range(20)
                ],
            ) for a in (0, 180)
        ],
    ],
    appearances=[
        look("orange", "new|brown|橙|棕", 3),
        look(
            "worn", "old|dirty|used|旧|脏", 0.8,
            {
                "leather": paint(
                    "#8a5a34", lay("noise", "#6a4526 #b08a60", 0.5, scale=5, softness=0.6), roughness=0.85, bump=0.2,
                    bump_scale=60,
                ),
            },
        ),
    ],
    variation=ROUND,
)
TENNIS_BALL = ObjectSpec(
    name="tennis ball", chinese=words("网球"), size_m=0.067, contexts=SPORT, rests=BALL_RESTS,
    lookalikes=["lemon", "ball", "apple", "orange"],
    materials={
        "felt": paint(
            "#c4d83a #b8cc30 #cfe04a", lay("noise", "#dce86a", 0.4, scale=16, softness=0.8, opacity=0.5),
            roughness=1.0, bump=0.6, bump_scale=50, jitter=0.06,
        ),
        "seam": paint("#eef0e4", roughness=0.8),
    },
    parts=[
        Ellipsoid(material="felt", detail=20),
        Tube(material="seam", closed=True, sides=6, radius=[0.018], flat=0.7, path=seam(42, 32, 0.494)),
    ],
    appearances=[
        look("new", "yellow|bright|green|黄|新", 3),
        look(
            "worn", "old|dirty|used|旧|脏", 1,
            {
                "felt": paint(
                    "#9aa050 #8a8a48", lay("noise", "#5f5a34", 0.45, scale=5, softness=0.7), roughness=1.0, bump=0.7,
                    bump_scale=40,
                ),
            },
        ),
    ],
    variation=ROUND,
)
BASEBALL = ObjectSpec(
    name="baseball", chinese=words("棒球"), size_m=0.075, contexts=SPORT, rests=BALL_RESTS,
    lookalikes=["tennis ball", "egg", "ball"],
    materials={
        "leather": paint(
            "#f0ece0 #e6e0d0", lay("noise", "#c9bc9c", 0.28, scale=4, softness=0.8, opacity=0.5), roughness=0.5,
        ),
        "thread": paint("#b81c22", roughness=0.7),
    },
    parts=[
        Ellipsoid(material="leather", detail=20),
        Tube(material="thread", closed=True, sides=4, radius=[0.004], path=seam(46, 40, 0.498)),
        *[
            Tube(
                material="thread", sides=4, radius=[0.009], smooth=False, path=stitches(46, 0.032, k),
            ) for k in (0, 1)
        ],
    ],
    appearances=[
        look("new", "white|白|新", 3),
        look(
            "dirty", "old|used|muddy|旧|脏", 0.8,
            {"leather": paint("#c4b490", lay("noise", "#7a6440", 0.45, scale=4, softness=0.6), roughness=0.8)},
        ),
    ],
    variation=ROUND,
)
BEACH_BALL = ObjectSpec(
    name="beach ball", aliases=words("inflatable ball"), chinese=words("沙滩球|充气球"), size_m=0.35,
    contexts=["grass", "floor", "studio", "hand"], rests=BALL_RESTS, lookalikes=["ball", "football", "balloon"],
    materials={
        "a": paint(
            "#f4f4f0", lay("stripes", "#d8202a", 0.5, scale=3, softness=0.02, wobble=0),
            lay("gradient", "#f4f4f0", span=(0.955, 0.96), wobble=0), roughness=0.2, coat=0.5, jitter=0.05,
        ),
    },
    parts=[Ellipsoid(material="a", detail=24)],
    appearances=[
        look("red and white", "red|红白"),
        look(
            "colourful", "colorful|rainbow|blue|yellow|彩色", 2,
            {
                "a": paint(
                    "#f0c020", lay("stripes", "#1f6fd0", 0.5, scale=3, softness=0.02, wobble=0),
                    lay("stripes", "#e0302a", 0.25, scale=3, softness=0.02, wobble=0),
                    lay("gradient", "#f4f4f0", span=(0.955, 0.96), wobble=0),
                    lay("gradient", "#f4f4f0", span=(0.045, 0.04), wobble=0), roughness=0.2, coat=0.5,
                ),
            },
        ),
    ],
    variation=ROUND,
)
BALL = ObjectSpec(
    name="ball", aliases=words("rubber ball|toy ball|plastic ball|bouncy ball"), chinese=words("球|皮球|小球|塑料球"),
    size_m=0.12, contexts=[*TOYS, "road"], rests=BALL_RESTS, lookalikes=["apple", "orange", "tomato", "football"],
    materials={
        "skin": paint(
            "#d8202a #1f5fd0 #2aa04a #e8b81e #e87a1e #8a3ab0 #e85a9a #20a8b0", roughness=0.35, coat=0.3, jitter=0.08,
        ),
        "hole": paint("#2a2a2c"),
    },
    parts=[
        Ellipsoid(material="skin", detail=20),
        Lathe(
            material="skin", smooth=False, segments=12,
            profile=[(0.03, -0.01), (0.03, 0.004), (0.02, 0.006), (0.012, 0), (0, 0)], at=(0, 0, 0.497),
        ),
    ],
    appearances=[
        look("red", "红", 1, {"skin": paint("#d01c24 #c42020", roughness=0.35, coat=0.3)}),
        look("blue", "蓝", 1, {"skin": paint("#1f5fd0 #1a4fb0", roughness=0.35, coat=0.3)}),
        look("green", "绿", 1, {"skin": paint("#2aa04a #228a3c", roughness=0.35, coat=0.3)}),
        look("yellow", "黄", 1, {"skin": paint("#e8b81e #e2c030", roughness=0.35, coat=0.3)}),
        look("orange", "橙", 0.7, {"skin": paint("#e87a1e", roughness=0.35, coat=0.3)}),
        look(
            "striped", "colourful|colorful|条纹|彩色", 1,
            {
                "skin": paint(
                    "#d8202a #1f5fd0 #2aa04a",
                    lay("band", "#f4f4f0 #f0c020", span=(0.38, 0.62), wobble=0, softness=0.02), roughness=0.35,
                    coat=0.3,
                ),
            },
        ),
    ],
    variation=ROUND,
)
BAT = ObjectSpec(
    name="baseball bat", aliases=words("bat|wooden bat"), chinese=words("棒球棒|球棒|棒球棍"), size_m=0.85,
    contexts=SPORT, rests=["side"], lookalikes=["hammer", "bowling pin", "bottle"],
    materials={
        "wood": paint(
            "#c99a5a #b8864a #d8ae72", lay("streaks", "#8a5f30", 0.4, scale=26, opacity=0.5),
            lay("gradient", "#2a2a2c #6a2a22", span=(0.3, 0.29), wobble=0, opacity=0.85), roughness=0.3, coat=0.5,
        ),
    },
    parts=[
        Lathe(
            material="wood", segments=28,
            profile=[
                (0, -0.9), (0.055, -0.9), (0.068, -0.88), (0.06, -0.855), (0.034, -0.83), (0.03, -0.7),
                (0.034, -0.45), (0.05, -0.15), (0.078, 0.2), (0.09, 0.5), (0.09, 0.78), (0.08, 0.87), (0.045, 0.9),
                (0, 0.9),
            ],
        ),
    ],
    appearances=[
        look("wooden", "wood|木|木制", 2),
        look(
            "metal", "aluminium|aluminum|silver|金属|铝", 1,
            {
                "wood": paint(
                    "#b8bcc2 #a82028 #1f4fa8", lay("gradient", "#1c1c1e", span=(0.3, 0.29), wobble=0), roughness=0.25,
                    metallic=0.9,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.06, 0.06, 0.04)),
)
PIN = ObjectSpec(
    name="bowling pin", aliases=words("ninepin|skittle|tenpin"), chinese=words("保龄球瓶"), size_m=0.38,
    contexts=["floor", "studio", "shelf", "grass"], rests=["upright", "side"],
    lookalikes=["bottle", "baseball bat", "egg"],
    materials={
        "body": paint(
            "#f2f0ea", lay("band", "#c81c24", span=(0.7, 0.73), wobble=0, softness=0),
            lay("band", "#c81c24", span=(0.76, 0.79), wobble=0, softness=0), roughness=0.2, coat=0.6, jitter=0.02,
        ),
    },
    parts=[
        Lathe(
            material="body",
            profile=[
                (0, -0.9), (0.2, -0.9), (0.24, -0.8), (0.32, -0.45), (0.33, -0.3), (0.27, 0.05), (0.17, 0.35),
                (0.155, 0.48), (0.19, 0.66), (0.19, 0.76), (0.13, 0.87), (0, 0.9),
            ],
        ),
    ],
    appearances=[look("white", "白")], variation=Variation(stretch=(0.03, 0.03, 0.03)),
)
DUMBBELL = ObjectSpec(
    name="dumbbell", aliases=words("hand weight"), chinese=words("哑铃"), size_m=0.3,
    contexts=["floor", "studio", "shelf", "hand", "grass"], rests=["side"], lookalikes=["bolt", "barrel"],
    materials={"bar": STEEL, "weight": RUBBER},
    parts=[
        Lathe(
            material="bar",
            profile=[(0, -0.5), (0.035, -0.48), (0.035, -0.2), (0.045, 0), (0.035, 0.2), (0.035, 0.48), (0, 0.5)],
        ),
        *[
            Lathe(
                material="weight", smooth=False, segments=6,
                profile=[
                    (0, z - 0.13), (0.16, z - 0.13), (0.2, z - 0.09), (0.2, z + 0.09), (0.16, z + 0.13),
                    (0, z + 0.13),
                ],
            ) for z in (-0.37, 0.37)
        ],
    ],
    appearances=[
        look("hex", "black|rubber|黑", 2),
        look(
            "coloured", "pink|blue|vinyl|colored|彩色", 1,
            {
                "weight": paint("#e0407a #1f8fd0 #6ab02a #8a4ab0", roughness=0.5),
                "bar": paint("#e0407a #1f8fd0 #6ab02a #8a4ab0", roughness=0.5),
            },
        ),
        look(
            "iron", "cast iron|rusty|铁|生锈", 0.7,
            {
                "weight": paint(
                    "#3a3a3c", lay("noise", "#6a3a20", 0.35, scale=7), roughness=0.8, metallic=0.5, bump=0.2,
                ),
            },
        ),
    ],
    variation=Variation(stretch=(0.08, 0.08, 0.1)),
)
RACKET = ObjectSpec(
    name="tennis racket", aliases=words("racket|tennis racquet|racquet"), chinese=words("网球拍|球拍"), size_m=0.68,
    contexts=SPORT, rests=["flat"], lookalikes=["spoon"],
    materials={
        "frame": paint("#c8202a #1f5fb0 #202024 #e8b81e #f0f0ec", roughness=0.25, coat=0.5),
        "string": paint("#f2f0e4", roughness=0.5),
        "grip": paint("#1c1c1e #e8e4da", lay("rings", "#3a3a3c", 0.2, scale=14, wobble=0.05), roughness=0.8),
    },
    parts=[
        Tube(
            material="frame", closed=True, radius=[0.028], sides=8,
            path=[(0.3 * math.cos(a), 0, 0.5 + 0.4 * math.sin(a)) for a in [2 * math.pi * i / 24 for i in range(24)]],
        ),
        *[
            Tube(
                material="frame", radius=[0.024], sides=7,
                path=[(s * 0.17, 0, 0.17), (s * 0.06, 0, -0.02), (0, 0, -0.25)],
            ) for s in (-1, 1)
        ],
        Tube(material="grip", radius=[0.042], flat=0.85, sides=8, smooth=False, path=[(0, 0, -0.9), (0, 0, -0.2)]),
        *[
            Tube(
                material="string", radius=[0.005], sides=3, smooth=False,
                path=[
                    (x, 0, 0.5 - 0.4 * math.sqrt(1 - (x / 0.3) ** 2)),
                    (x, 0, 0.5 + 0.4 * math.sqrt(1 - (x / 0.3) ** 2)),
                ],
            ) for x in (-0.24, -0.18, -0.12, -0.06, 0, 0.06, 0.12, 0.18, 0.24)
        ],
        *[
            Tube(
                material="string", radius=[0.005], sides=3, smooth=False,
                path=[
                    (-0.3 * math.sqrt(1 - (z / 0.4) ** 2), 0, 0.5 + z),
                    (0.3 * math.sqrt(1 - (z / 0.4) ** 2), 0, 0.5 + z),
                ],
            ) for z in (-0.32, -0.24, -0.16, -0.08, 0, 0.08, 0.16, 0.24, 0.32)
        ],
    ],
    appearances=[look("plain", "new")], variation=Variation(stretch=(0.04, 0.04, 0.03)),
)

OBJECTS = [FOOTBALL, BASKETBALL, TENNIS_BALL, BASEBALL, BEACH_BALL, BALL, BAT, PIN, DUMBBELL, RACKET]
