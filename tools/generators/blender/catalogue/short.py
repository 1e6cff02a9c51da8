"""Short spellings for the catalogue's files: `look` for an appearance, `paint` for a material, and so on."""

from typing import Any

from tools.generators.blender.object_spec import Appearance, Layer, Material

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
