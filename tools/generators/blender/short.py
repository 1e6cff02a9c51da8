"""Short spellings for the catalogue's files: `look` for an appearance, `paint` for a material, and so on."""

import math
from typing import Any

from tools.generators.blender.parts import Appearance, Layer, Material, Vec2

Words = str  # several, separated by "|"


def words(text: str) -> list[str]:
    """Split "raw|unripe|green"."""
    return [w.strip() for w in text.split("|") if w.strip()]


def paint(colours: str, *layers: Layer, **kwargs: Any) -> Material:
    """A material; colours as "#aa0000 #bb0000"."""
    return Material(colours=colours.split(), layers=list(layers), **kwargs)


def lay(pattern: Any, colours: str, amount: float = 0.5, **kwargs: Any) -> Layer:
    """A layer of a material."""
    return Layer(pattern=pattern, colours=colours.split(), amount=amount, **kwargs)


def look(name: str, states: Words = "", weight: float = 1.0, materials: Any = None, **kwargs: Any) -> Appearance:
    """An appearance."""
    return Appearance(name=name, states=words(states), weight=weight, materials=materials or {}, **kwargs)


def arc(radius: float, start: float, end: float, count: int, x: float = 0.0, y: float = 0.0) -> list[Vec2]:
    """Points on a circle's arc, angles in degrees."""
    angles = [math.radians(start + (end - start) * i / (count - 1)) for i in range(count)]
    return [(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles]


def circle(radius: float, count: int, x: float = 0.0, y: float = 0.0) -> list[Vec2]:
    """A regular polygon with that many corners."""
    return arc(radius, 0, 360, count + 1, x, y)[:-1]


def leaf(width: float = 0.4, tip: float = 1.0) -> list[Vec2]:
    """The outline of a leaf from (0, 0) to (1, 0)."""
    side = [(x, width / 2 * math.sin(math.pi * x**tip)) for x in (0.12, 0.3, 0.5, 0.7, 0.87)]
    return [(0, 0), *[(x, -y) for x, y in side], (1, 0), *side[::-1]]


STEEL = paint("#b9bcc0 #9fa3a8", roughness=0.32, metallic=1.0, jitter=0.06)
DARK_STEEL = paint("#55585c #6b6e72", roughness=0.45, metallic=1.0, jitter=0.08)
RUST = paint(
    "#7a3b1a #8f4a20", lay("noise", "#4b2413 #5a2c16", 0.5, scale=6), lay("noise", "#b0642c", 0.35, scale=14),
    roughness=0.9, bump=0.4, bump_scale=30,
)  # fmt: skip
WOOD = paint("#b98b55 #a8763f #c99d66", lay("streaks", "#7c5428 #8a5f33", 0.45, scale=22, softness=0.6), roughness=0.6)
BLACK_PLASTIC = paint("#1b1b1d #242427", roughness=0.45, jitter=0.05)
WHITE_PLASTIC = paint("#eceae4 #f4f3f0", roughness=0.4, jitter=0.03)
RUBBER = paint("#202022 #2a2a2b", roughness=0.85, jitter=0.05)
STEM = paint("#5b4327 #6d5a33 #4a4a22", lay("noise", "#2f2213", 0.4, scale=8), roughness=0.8, jitter=0.2)
GREEN_STEM = paint("#4f7a2a #6b8f36 #3f6b25", lay("noise", "#8a7a3a", 0.3, scale=5), roughness=0.65)
LEAF = paint("#3f7a26 #52902f #2f6522", lay("noise", "#6da03c", 0.35, scale=5, softness=0.8), roughness=0.55)
ROT = [
    lay("noise", "#4a2c14 #5a3616 #3a2412", 0.36, scale=2.2, softness=0.5),
    lay("spots", "#1d130b #2a1c10", 0.3, scale=7, softness=0.6, wobble=0.6),
]
