"""Expressions that mean exactly one thing of an image: "the leftmost apple", "the apple below the ball"."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from tools.language.facts import Facts, SeenThing

GAP = 0.04  # of the image's side between the first and the next; nearer ones are a matter of opinion
_LARGER = 1.35  # times the area
_WHOLE = 0.9  # share seen of things whose sizes are compared
NEARER = 1.15  # times the distance
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
OPPOSITE = {"to the left of": "to the right of", "above": "below"}
OPPOSITE |= {b: a for a, b in OPPOSITE.items()}


def relation(a: SeenThing, b: SeenThing) -> list[str]:
    """How one thing lies to another in the image, beyond doubt: their boxes are apart on that axis."""
    found = []
    if abs(a.x - b.x) >= 2 * GAP:
        found += ["to the left of"] if a.box[2] <= b.box[0] else []
        found += ["to the right of"] if a.box[0] >= b.box[2] else []
    if abs(a.y - b.y) >= 2 * GAP:
        found += ["above"] if a.box[3] <= b.box[1] else []
        found += ["below"] if a.box[1] >= b.box[3] else []
    return found


def expressions(thing: SeenThing, facts: Facts) -> list[str]:
    """All ways to mean this thing and no other; the plainest first. None where its name is not certain."""
    if thing.name not in facts.sure:
        return []
    same = facts.named(thing.name)
    others = [t for t in same if t is not thing]
    if not others:
        return [f"the {thing.name}"]
    return [
        *_extremes(thing, others, facts),
        *_coloured(thing, others),
        *_in_a_row(thing, same),
        *_beside(thing, others, facts),
    ]


def _extremes(thing: SeenThing, others: Sequence[SeenThing], facts: Facts) -> Iterator[str]:
    def first(key: Callable[[SeenThing], float], gap: float) -> bool:
        return all(key(t) - key(thing) >= gap for t in others)

    if first(lambda t: t.x, GAP):
        yield f"the leftmost {thing.name}"
    if first(lambda t: -t.x, GAP):
        yield f"the rightmost {thing.name}"
    if first(lambda t: t.y, GAP):
        yield f"the topmost {thing.name}"
    if first(lambda t: -t.y, GAP):
        yield f"the lowest {thing.name}"
    if all(t.share is not None and t.share >= _WHOLE for t in (thing, *others)):  # else what is hidden may be larger
        if all(thing.area >= _LARGER * t.area for t in others):
            yield f"the largest {thing.name}"
        if all(_LARGER * thing.area <= t.area for t in others):
            yield f"the smallest {thing.name}"
    if facts.metric_depth and thing.depth and all(t.depth and t.depth >= NEARER * thing.depth for t in others):
        yield f"the {thing.name} closest to the camera"


def _coloured(thing: SeenThing, others: Sequence[SeenThing]) -> Iterator[str]:
    if thing.colour and all(t.colour not in (None, thing.colour) for t in others):
        yield f"the {thing.colour} {thing.name}"


def _in_a_row(thing: SeenThing, same: Sequence[SeenThing]) -> Iterator[str]:
    row = sorted(same, key=lambda t: t.x)
    if 3 <= len(row) <= len(_ORDINALS) and all(b.x - a.x >= GAP for a, b in pairwise(row)):
        place = row.index(thing)
        if 0 < place < len(row) - 1:
            yield f"the {_ORDINALS[place]} {thing.name} from the left"


def _beside(thing: SeenThing, others: Sequence[SeenThing], facts: Facts) -> Iterator[str]:
    """By the one thing of another name; where two names say each other's place it would be no help."""
    for name in sorted(facts.sure - {thing.name}):
        marks = facts.named(name)
        if len(marks) != 1:
            continue
        for how in relation(thing, marks[0]):
            axis = "x" if how.startswith("to") else "y"
            sign = 1 if how in ("to the left of", "above") else -1
            if all(sign * (getattr(t, axis) - getattr(marks[0], axis)) >= GAP for t in others):
                yield f"the {thing.name} {how} the {name}"
