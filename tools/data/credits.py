"""Whose 3D models a set of images shows: what licences like CC-BY ask to be said wherever the images go."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from tools.data.sample import Sample


class Credit(NamedTuple):
    """One model, and in how many images it is."""

    name: str
    author: str
    licence: str
    library: str
    images: int


def credits_of(samples: Iterable[Sample]) -> list[Credit]:
    """The models of libraries that images show, by author, each with its author and licence.

    Args:
        samples: with the provenance that the renderer wrote, under "models".
    """
    images: Counter[str] = Counter()
    about: dict[str, dict[str, str]] = {}
    for sample in samples:
        for model in sample.provenance.get("models", []):
            images[model["id"]] += 1
            about[model["id"]] = model
    found = [
        Credit(m["name"], m["author"], m["licence"], m["library"], images[identity]) for identity, m in about.items()
    ]
    return sorted(found, key=lambda c: (c.author.casefold(), c.name.casefold(), c.library))
