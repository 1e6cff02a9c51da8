"""The everyday things Sightsmith can draw without being taught; one file a family."""

from functools import cache
from importlib import import_module

from tools.generators.blender.naming import find_in
from tools.generators.blender.object_spec import ObjectSpec

FAMILIES = (
    "fruit", "warm_fruit", "vegetables", "roots_and_greens", "bottles", "containers", "tools", "metal_parts",
    "sport", "toys", "office", "kitchen", "home", "road", "garden", "cells",
)  # fmt: skip


@cache
def catalogue() -> dict[str, ObjectSpec]:
    """Every object of the catalogue by its key (its English name)."""
    specs: dict[str, ObjectSpec] = {}
    for family in FAMILIES:
        for spec in import_module(f"{__name__}.{family}").OBJECTS:
            if spec.name in specs:
                raise ValueError(f"two objects of the catalogue are called {spec.name!r}")
            specs[spec.name] = spec
    return specs


def find_object(phrase: str) -> tuple[str, list[str]] | None:
    """Key and appearances a phrase means, e.g. "ripe tomatoes" -> ("tomato", ["ripe"]); no appearance means all.

    None when a word is unknown: "apple pie" and "pineapple" are not apples.
    """
    return find_in(catalogue(), phrase)
