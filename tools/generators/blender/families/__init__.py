"""Families: templates in which a new name costs about ten numbers. One family a file; names are in `tables/`."""

from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from tools.generators.blender.families.base import Family, Numbers
from tools.generators.blender.parts import Body, Part

FAMILIES = (
    "quadruped",
    "bird",
    "fish",
    "insect",
    "person",
    "vehicle",
    "two_wheeler",
    "turned",
    "produce",
    "case",
    "furniture",
    "craft",
    "outline",
    "stick",
    "food",
    "cell",
    "plant",
    "part",
    "slab",
    "flaw",
    "kit",
)


@cache
def family(name: str) -> Family:
    """A family by its name.

    Raises:
        ValueError: there is none of that name.
    """
    if name not in FAMILIES:
        raise ValueError(f"there is no family {name!r}; there are {', '.join(FAMILIES)}")
    found = import_module(f"{__name__}.{name}").FAMILY
    assert isinstance(found, Family)
    return found


def checked_numbers(name: str, values: dict[str, Any]) -> Numbers:
    """The numbers of a family, validated.

    Raises:
        ValueError: no such family, an unknown number or one out of its range.
    """
    return family(name).numbers.model_validate(values)


def family_parts(name: str, values: dict[str, Any], rng: np.random.Generator) -> list[Part] | Body:
    """The parts of one object of a family, each number drawn a little more or less."""
    return family(name).parts(checked_numbers(name, values).drawn(rng), rng)
