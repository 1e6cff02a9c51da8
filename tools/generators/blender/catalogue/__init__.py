"""The everyday things Sightsmith can draw without being taught; one file a family."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module

from tools.generators.blender.flaws import find_flaw, flawed, parts_of_key
from tools.generators.blender.naming import find_in, is_chinese, relative_in
from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.table import Row, rows, spec_of

FAMILIES = (
    "fruit", "warm_fruit", "vegetables", "roots_and_greens", "bottles", "containers", "tools", "metal_parts",
    "sport", "toys", "office", "kitchen", "home", "road", "garden", "cells",
)  # fmt: skip


class Catalogue(Mapping[str, ObjectSpec]):
    """Every object by its key (its English name); those of a family are built when they are first asked for."""

    def __init__(self, built: dict[str, ObjectSpec], lines: dict[str, Row]) -> None:
        """See `catalogue`.

        Args:
            built: objects made of parts of their own.
            lines: names of families.

        Raises:
            ValueError: a key stands in both.
        """
        if doubled := sorted(set(built) & set(lines)):
            raise ValueError(f"two objects of the catalogue are called {doubled[0]!r}")
        self._built, self._lines = dict(built), lines
        self._keys = (*built, *lines)
        self.english = (
            *((key, spec.name, tuple(spec.aliases)) for key, spec in built.items()),
            *((key, key, (*row.also, *_latin(row.relatives))) for key, row in lines.items()),
        )
        self.chinese = (
            *((key, tuple(spec.chinese)) for key, spec in built.items()),
            *((key, (*row.chinese, *_han(row.relatives))) for key, row in lines.items()),
        )

    def __getitem__(self, key: str) -> ObjectSpec:
        """The object of a key."""
        if key not in self._built:
            pair = parts_of_key(key) if key not in self._lines else None
            self._built[key] = flawed(self[pair[1]], self[pair[0]]) if pair else spec_of(self._lines[key])
        return self._built[key]

    def __contains__(self, key: object) -> bool:
        """Whether something has that key."""
        if key in self._built or key in self._lines:
            return True
        pair = parts_of_key(key) if isinstance(key, str) else None
        return pair is not None and pair[0] in self._lines and pair[1] in self

    def __iter__(self) -> Iterator[str]:
        """Every key."""
        return iter(self._keys)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._keys)

    def find(self, phrase: str) -> tuple[str, list[str]] | None:
        """Key and appearances that a phrase means (none: all), a flaw on a thing among them; None when unknown."""
        return find_in(self, phrase) or find_flaw(self, self._lines, phrase)

    def names(self) -> dict[str, tuple[str, ...]]:
        """Every name of every key, without building anything."""
        chinese = dict(self.chinese)
        return {key: (name, *also, *chinese.get(key, ())) for key, name, also in self.english}

    def relative_of(self, key: str, phrase: str) -> str | None:
        """The name in a phrase that is only related to what draws it; None where the thing itself is named."""
        row = self._lines.get(key)
        return relative_in(phrase, row.relatives) if row is not None else None


def _latin(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(n for n in names if not is_chinese(n))


def _han(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(n for n in names if is_chinese(n))


@cache
def catalogue() -> Catalogue:
    """Every object that is drawn without being taught."""
    specs: dict[str, ObjectSpec] = {}
    for family in FAMILIES:
        for spec in import_module(f"{__name__}.{family}").OBJECTS:
            if spec.name in specs:
                raise ValueError(f"two objects of the catalogue are called {spec.name!r}")
            specs[spec.name] = spec
    return Catalogue(specs, rows())


def find_object(phrase: str) -> tuple[str, list[str]] | None:
    """Key and appearances a phrase means, e.g. "ripe tomatoes" -> ("tomato", ["ripe"]); no appearance means all.

    None when a word is unknown: "apple pie" and "pineapple" are not apples.
    """
    return catalogue().find(phrase)
