"""Colours by name and surfaces by name, for the appearances in the tables of names."""

from typing import Any

from tools.generators.blender.parts import Layer, Material

# Colour word -> colours as real things have them, and its Chinese words.
COLOURS: dict[str, tuple[str, str]] = {
    "white": ("#f0efeb #e6e4de", "白"),
    "black": ("#1c1c1e #262628", "黑"),
    "grey": ("#86888b #9a9c9f #707275", "gray|灰"),
    "silver": ("#b8bbbf #c6c8cb", "银"),
    "red": ("#b3202a #c0281e #9c1a22", "红"),
    "blue": ("#1f4e9c #2a62b4 #1b3f7e", "蓝"),
    "green": ("#2f7a3a #3c8a3a #276634", "绿"),
    "yellow": ("#e8bf22 #f0cb30", "黄"),
    "orange": ("#e0701c #e8801e", "橙"),
    "pink": ("#e58aa8 #ee9cb6", "粉"),
    "purple": ("#6b3a8a #7a469c", "紫"),
    "brown": ("#6b4423 #7c5130 #5a3a1e", "棕|褐"),
    "beige": ("#d8c6a2 #cdb98f", "米"),
    "gold": ("#c9a02e #d6b04a", "golden|金"),
    "tan": ("#c39a66 #b58a54", "浅棕"),
    "cream": ("#efe6cf #e8dcc0", "奶油"),
    "turquoise": ("#2a9c9c #38aaa6", "青绿"),
    "navy": ("#1a2748 #22315a", "深蓝"),
    "maroon": ("#5e1a22 #6c2028", "暗红"),
    "olive": ("#6b6a2c #7a7836", "橄榄"),
    "copper": ("#a8623a #b4704a", "铜"),
    "clear": ("#f2f6f6 #e8f0f0", "transparent|透明"),
    "bronze": ("#8a6a3a #7c5e34", "青铜"),
    "light blue": ("#7fb2dc #94c0e4", "浅蓝"),
    "dark green": ("#1c4a2a #235732", "墨绿"),
    "lime": ("#9cc83a #a8d24a", "浅绿"),
}

SURFACES: dict[str, dict[str, Any]] = {
    "plastic": {"roughness": 0.4, "jitter": 0.06},
    "gloss": {"roughness": 0.15, "coat": 0.5, "jitter": 0.05},
    "paintwork": {"roughness": 0.25, "coat": 0.8, "jitter": 0.08},
    "metal": {"roughness": 0.3, "metallic": 1.0, "jitter": 0.06},
    "matt": {"roughness": 0.9, "jitter": 0.1},
    "wood": {"roughness": 0.6, "jitter": 0.12},
    "glass": {"roughness": 0.05, "transparency": 0.88, "jitter": 0.04},
    "gas": {"roughness": 0.0, "bends": (0.75, 0.93), "jitter": 0.03},
    "lens": {"roughness": 0.0, "bends": (1.08, 1.4), "jitter": 0.03},
    "taken": {"roughness": 0.7, "transparency": 0.5, "jitter": 0.05, "alike": 0.7},
    "milky": {"roughness": 0.3, "transparency": 0.45, "jitter": 0.04},
    "ceramic": {"roughness": 0.2, "coat": 0.4, "jitter": 0.04},
    "fabric": {"roughness": 0.95, "bump": 0.25, "bump_scale": 90, "jitter": 0.1, "mottle": 0.4, "folds": 0.55},
    "leather": {"roughness": 0.5, "bump": 0.15, "bump_scale": 60, "jitter": 0.1},
    "rubber": {"roughness": 0.85, "jitter": 0.06},
    "paper": {"roughness": 0.85, "jitter": 0.05},
    "clay": {"roughness": 0.9, "bump": 0.1, "bump_scale": 40, "jitter": 0.1},
    "rust": {"roughness": 0.95, "bump": 0.3, "bump_scale": 70, "jitter": 0.2, "mottle": 1.0, "fray": 0.75},
    "soaked": {"roughness": 0.7, "transparency": 0.75, "jitter": 0.2, "mottle": 0.4, "fray": 0.3},
    "grown": {"roughness": 1.0, "bump": 0.3, "bump_scale": 90, "jitter": 0.25, "mottle": 0.8, "fray": 0.9},
    "broken": {"roughness": 0.95, "bump": 0.6, "bump_scale": 50, "jitter": 0.2, "mottle": 1.0, "fray": 0.3},
    "fur": {"roughness": 0.95, "bump": 0.35, "bump_scale": 70, "jitter": 0.12, "mottle": 0.8},
    "coat": {"roughness": 0.8, "bump": 0.2, "bump_scale": 70, "jitter": 0.14, "mottle": 0.5, "hair": 0.035},
    "short": {"roughness": 0.8, "bump": 0.2, "bump_scale": 90, "jitter": 0.14, "mottle": 0.5, "hair": 0.014},
    "shaggy": {"roughness": 0.8, "bump": 0.2, "bump_scale": 60, "jitter": 0.14, "mottle": 0.5, "hair": 0.055},
    "plumage": {"roughness": 0.8, "bump": 0.2, "bump_scale": 70, "jitter": 0.12, "mottle": 0.6, "hair": 0.022},
    "sleek": {"roughness": 0.6, "bump": 0.15, "bump_scale": 90, "jitter": 0.14, "mottle": 0.5},
    "skin": {"roughness": 0.5, "subsurface": 0.15, "jitter": 0.08},
    "fruit": {"roughness": 0.4, "subsurface": 0.15, "jitter": 0.12},
    "wax": {"roughness": 0.35, "subsurface": 0.25, "jitter": 0.06},
}
GRAIN = Layer(pattern="streaks", colours=["#6b4522", "#7c5428"], amount=0.42, opacity=0.55, scale=20, softness=0.6)
OVER = {
    "wood": [GRAIN],
    "rust": [
        Layer(pattern="noise", colours=["#a8643a", "#8f4c20"], amount=0.45, opacity=0.7, scale=12, softness=0.6),
        Layer(pattern="noise", colours=["#34180e", "#4a2412"], amount=0.3, opacity=0.8, scale=28, softness=0.4),
    ],
    "grown": [Layer(pattern="noise", colours=["#20261f", "#d8dcd0"], amount=0.4, opacity=0.7, scale=16, softness=0.6)],
    "broken": [Layer(pattern="noise", colours=["#1c1a18", "#7a7266"], amount=0.4, opacity=0.8, scale=34, softness=0.3)],
}  # what lies on every one of a surface


def surface(name: str, colours: str | list[str], *layers: Layer, **changes: Any) -> Material:
    """A material of a named surface, with what it is never without: wood has its grain.

    Raises:
        ValueError: there is no such surface.
    """
    if name not in SURFACES:
        raise ValueError(f"there is no surface {name!r}; there are {', '.join(SURFACES)}")
    shades = colours.split() if isinstance(colours, str) else colours
    over = [*OVER.get(name, []), *layers]
    return Material(colours=shades, layers=over, **(SURFACES[name] | changes))
