"""What a family is: a template that draws many names, each from about ten numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from tools.generators.blender.parts import Body, Box, Ellipsoid, Material, Part, Rest, Tube, Variation, Vec3

Three = tuple[float, float, float]


class Numbers(BaseModel):
    """The numbers of one name; what differs from object to object is drawn around them."""

    model_config = ConfigDict(extra="forbid")

    vary: float = Field(0.08, ge=0, le=0.5, description="plus or minus share by which each number differs")

    @model_validator(mode="before")
    @classmethod
    def _one_is_a_list(cls, values: Any) -> Any:
        """A list of one point is written like the point."""
        lists = [k for k, f in cls.model_fields.items() if str(f.annotation).startswith("list")]
        return {k: [v] if k in lists and _is_point(v) else v for k, v in values.items()}

    def drawn(self, rng: np.random.Generator) -> Self:
        """These numbers as one object has them: every measure a little more or less; counts and words stay."""
        changed = {
            name: value * (1 + self.vary * rng.uniform(-1, 1))
            for name, value in self
            if isinstance(value, float) and name != "vary"
        }
        return self.model_copy(update=changed)


def _is_point(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and not isinstance(value[0], list | tuple)


@dataclass(frozen=True)
class Family:
    """A template.

    Attributes:
        numbers: what a name gives.
        parts: parts of one object, or a person; x is forward, z up.
        materials: every material that the parts may name.
        main: the material that the colours of an appearance paint.
        contexts: where its things are met when a name does not say.
        rests: how they lie when a name does not say.
        follows: materials that are painted like the main one where an appearance does not name them.
        aliases: several materials that a table names by one word.
        labels: what a mask covers (`ObjectSpec.labels`).
        variation: what is drawn over the whole shape.
    """

    numbers: type[Numbers]
    parts: Callable[[Any, np.random.Generator], list[Part] | Body]
    materials: dict[str, Material]
    main: str
    contexts: tuple[str, ...] = ("table", "floor", "shelf", "studio")
    rests: tuple[Rest, ...] = ("upright",)
    follows: tuple[str, ...] = ()
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Literal["whole", "pieces"] = "whole"
    variation: Variation = field(default_factory=lambda: Variation(stretch=(0.03, 0.03, 0.03)))


def tube(material: str, path: Sequence[Three], radius: Sequence[float], **kwargs: Any) -> Tube:
    """A bar along a path, with round ends where nothing else is said."""
    kwargs.setdefault("round_ends", True)
    kwargs.setdefault("sides", 12)
    return Tube(material=material, path=list(path), radius=list(radius), **kwargs)


def ball(material: str, at: Vec3, size: Vec3 | float, **kwargs: Any) -> Ellipsoid:
    """An ellipsoid, or a ball where `size` is one number."""
    wide = size if isinstance(size, tuple) else (size, size, size)
    kwargs.setdefault("detail", 10)
    return Ellipsoid(material=material, at=at, size=wide, **kwargs)


def block(material: str, at: Vec3, size: Vec3, **kwargs: Any) -> Box:
    """A block."""
    return Box(material=material, at=at, size=size, **kwargs)


def bar(material: str, start: Three, end: Three, radius: float, **kwargs: Any) -> Tube:
    """A straight round bar."""
    kwargs.setdefault("sides", 8)
    return Tube(material=material, path=[start, end], radius=[radius], smooth=False, **kwargs)
