"""People of whom several things are sought at once: "people, faces and hard hats". Each then carries every label.

Classes that people draw are whole ones ("person", "worker") or pieces of one ("face", "hard hat"). Where a task has
both, or several pieces, whoever stands in a scene, sought or not, is labelled with all of them that he has.
"""

import random
from collections.abc import Callable, Iterable, Sequence

from tools.core.task import ClassSpec
from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import PIECES

PERSON = "person"  # the family, and its commonest name
VEHICLE, CAR = "vehicle", "car"  # the family of what bears plates, and what a license plate is drawn on

# What people carry or wear by the way, by the number that says how many do, and its names.
BY_THE_WAY = {"bag": ("backpack", "rucksack", "bag"), "cap": ("cap",)}

People = Sequence[tuple[str, str]]  # class, and what draws it


def people_of(classes: Iterable[ClassSpec], spec_of: Callable[[str], ObjectSpec]) -> list[tuple[str, str]]:
    """Classes that people draw, where one of them is a piece of another; else none: each person has one label.

    So with vehicles and their license plates.
    """
    found: list[tuple[str, str]] = []
    classes = list(classes)
    for family in (PERSON, VEHICLE):
        own = [c for c in classes if spec_of(c.drawn_as).family == family]
        if len(own) > 1 and any(is_piece(spec_of(c.drawn_as)) for c in own):
            found += [(c.name, c.drawn_as) for c in own]
    return found


def is_piece(spec: ObjectSpec) -> bool:
    """Whether only a piece of a thing is labelled."""
    return spec.labels == "pieces"


def without(spec: ObjectSpec, sought: Callable[..., bool]) -> ObjectSpec:
    """A person without what is sought for itself: a backpack on his back would have no label.

    Args:
        spec: of the family of people.
        sought: whether one of some words names a class of the task.
    """
    left = dict.fromkeys((number for number, names in BY_THE_WAY.items() if sought(*names)), 0.0)
    return spec.model_copy(update={"numbers": spec.numbers | left}) if left else spec


def wearing(
    spec: ObjectSpec, drawn_as: str, people: People, spec_of: Callable[[str], ObjectSpec], rng: random.Random
) -> tuple[ObjectSpec, str | None]:
    """A person with all pieces of a task marked, and the class that the whole of him is, if any.

    Args:
        spec: what a scene asks for; of the family of people.
        drawn_as: its key.
        people: as `people_of` gave them.
        spec_of: the spec of a key.
        rng: chooses who wears what is sought, of several.
    """
    wholes = {key: name for name, key in people if not is_piece(spec_of(key))}
    marked = [kind for _, key in people for kind in spec_of(key).numbers.get("marked", "").split("|") if kind]
    numbers = dict(spec.numbers)
    who = drawn_as
    if is_piece(spec) and wholes:
        who = rng.choice(sorted(wholes))
        numbers = spec_of(who).numbers | numbers
    elif who not in wholes and PERSON in wholes:  # a man is a person
        who = PERSON
    numbers["marked"] = "|".join(sorted(set(marked)))
    return spec.model_copy(update={"numbers": numbers, "labels": "pieces"}), wholes.get(who)


def plated(
    spec: ObjectSpec, drawn_as: str, vehicles: People, spec_of: Callable[[str], ObjectSpec]
) -> tuple[ObjectSpec, str | None]:
    """A vehicle with license plates, and the class that the whole of it is, if any; what runs on rails has none.

    Args:
        spec: what a scene asks for; of the family of vehicles.
        drawn_as: its key.
        vehicles: as `people_of` gave them.
        spec_of: the spec of a key.
    """
    wholes = {key: name for name, key in vehicles if not is_piece(spec_of(key))}
    plates = {} if spec.numbers.get("rails") else {"marked": "plate"}
    made = spec.model_copy(update={"numbers": spec.numbers | plates, "labels": "pieces"})
    return made, wholes.get(CAR if is_piece(spec) else drawn_as)


def class_of(piece: int, people: People, spec_of: Callable[[str], ObjectSpec]) -> str | None:
    """The class whose piece of a body, or of a vehicle, bears that number."""
    for name, key in people:
        if spec_of(key).family == VEHICLE and is_piece(spec_of(key)):
            return name
        if piece in PIECES.get(spec_of(key).numbers.get("marked", ""), ()):
            return name
    return None
