"""Questions about an image with the answers that its scene decides, and captions.

Every yes/no question is asked so that both answers are true somewhere: what is asked of one image with "yes" is asked
of others with "no". Open questions whose premise fails ("what colour is the pear?") are answered by saying so.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any, NamedTuple

from tools.language.facts import Facts, SeenThing
from tools.language.refer import NEARER, OPPOSITE, expressions, relation
from tools.scenes.captions import caption, plural
from tools.scenes.scene import SceneObject

KINDS = ("count", "exists", "colour", "where", "relation", "occlusion", "none", "referring", "region")
HIDDEN, OPEN = 0.7, 0.95  # seen share below which a thing is partly hidden, and above which it is not; between: unasked
MOST_COUNTED = 12  # more are estimated, not counted
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_ROWS = ("upper", "middle", "lower")
_COLUMNS = ("left", "middle", "right")
_SMALL, _MOSTLY_HIDDEN = 0.005, 0.5  # area over the image's, share seen: below it a question is harder
_EDGE = 0.04  # of a side around the lines between thirds: what lies there has no clear place


@dataclass(frozen=True)
class Pair:
    """A question and its answer."""

    kind: str
    question: str
    answer: str
    key: str  # questions of one key are balanced together
    difficulty: str  # easy, medium or hard
    about: int | None = None  # the thing of a referring expression


def a(name: str) -> str:
    """A name with its article."""
    return f"{'an' if name[:1].casefold() in 'aeiou' else 'a'} {name}"


def is_plural(name: str) -> bool:
    """Whether a name is said in the plural already (scissors, grapes), so that one cannot count by it."""
    return name.endswith("s") and not name.endswith(("ss", "us", "is"))


class _Asked(NamedTuple):
    """A question as it is found; see `Pair`."""

    kind: str
    question: str
    answer: str
    key: str
    steps: int = 0  # beyond finding a thing by its name
    about: int | None = None


def pairs_of(facts: Facts, names: Sequence[str], colours: Mapping[str, Sequence[str]]) -> list[Pair]:
    """All questions that the image decides, in a stable order.

    Args:
        facts: of the image.
        names: that the whole data set speaks of.
        colours: name -> colours that it has anywhere in the data set: wrong ones are drawn from them.
    """
    found = [*_counts(facts, names), *_exists(facts)]
    for thing in facts.things:
        ways = expressions(thing, facts)
        if not ways or is_plural(thing.name):
            continue
        way = _pick(ways, facts.sample.id, thing.index)
        found += _colours(thing, way, facts, colours.get(thing.name, ()))
        found += [*_places(thing, way), *_occlusions(thing, way), *_boxes(thing, ways, facts)]
    found += [*_relations(facts), *_nones(facts)]
    return [Pair(f.kind, f.question, f.answer, f.key, _difficulty(f, facts), f.about) for f in found]


def _counts(facts: Facts, names: Sequence[str]) -> Iterator[_Asked]:
    for name in names:
        count = len(facts.named(name))
        if is_plural(name) or count > MOST_COUNTED or not (name in facts.sure or name in facts.absent):
            continue
        question = f"How many {plural(name)} are there in the picture?"
        yield _Asked("count", question, str(count) if count else "none", f"how many {name}")
        if not count:
            continue
        step = 1 if _number(facts.sample.id, name) % 2 or count == 1 else -1
        for said, answer in ((count, "yes"), (count + step, "no")):
            number = _NUMBERS[said] if said < len(_NUMBERS) else str(said)
            verb, form = ("Is", name) if said == 1 else ("Are", plural(name))
            question = f"{verb} there exactly {number} {form} in the picture?"
            yield _Asked("count", question, answer, f"exactly {said} {name}")


def _exists(facts: Facts) -> Iterator[_Asked]:
    for answer, these in (("yes", sorted(facts.sure)), ("no", facts.absent)):
        for name in these:
            what = f"Are there any {name}" if is_plural(name) else f"Is there {a(name)}"
            yield _Asked("exists", f"{what} in the picture?", answer, f"exists {name}")


def _colours(thing: SeenThing, way: str, facts: Facts, known: Sequence[str]) -> Iterator[_Asked]:
    if thing.colour is None or thing.colour in way:
        return
    steps = _steps(way, thing.name)
    yield _Asked("colour", f"What colour is {way}?", thing.colour, f"colour {thing.name}", steps)
    wrong = [c for c in known if c != thing.colour]
    asked = [(thing.colour, "yes")]
    asked += [(_pick(wrong, facts.sample.id, thing.index), "no")] if wrong else []
    for colour, answer in asked:
        yield _Asked("colour", f"Is {way} {colour}?", answer, f"is {thing.name} {colour}", steps)


def _places(thing: SeenThing, way: str) -> Iterator[_Asked]:
    if any(abs(v - line) < _EDGE for v in (thing.x, thing.y) for line in (1 / 3, 2 / 3)):
        return
    row, column = _ROWS[min(2, int(3 * thing.y))], _COLUMNS[min(2, int(3 * thing.x))]
    spot = "middle" if row == column else f"{row} {column}"
    steps = _steps(way, thing.name)
    yield _Asked("where", f"Where in the picture is {way}?", f"in the {spot}", f"where {thing.name}", steps)


def _occlusions(thing: SeenThing, way: str) -> Iterator[_Asked]:
    if thing.share is not None and not HIDDEN < thing.share < OPEN:
        answer = "yes" if thing.share <= HIDDEN else "no"
        steps = 1 + _steps(way, thing.name)
        yield _Asked("occlusion", f"Is {way} partly hidden?", answer, f"hidden {thing.name}", steps)


def _relations(facts: Facts) -> Iterator[_Asked]:
    """Between the only things of two names."""
    alone = [facts.named(n)[0] for n in sorted(facts.sure) if not is_plural(n) and len(facts.named(n)) == 1]
    for first, second in permutations(alone, 2):
        key = f"relation {first.name} {second.name}"
        for how in relation(first, second):
            yield _Asked("relation", f"Is the {first.name} {how} the {second.name}?", "yes", key, 1)
            yield _Asked("relation", f"Is the {first.name} {OPPOSITE[how]} the {second.name}?", "no", key, 1)
        if facts.metric_depth and first.depth and second.depth and first.depth * NEARER <= second.depth:
            one, other = sorted((first.name, second.name), reverse=bool(_number(facts.sample.id, first.name) % 2))
            question = f"Which is closer to the camera, the {one} or the {other}?"
            yield _Asked("relation", question, f"the {first.name}", f"closer {sorted((one, other))}", 1)


def _nones(facts: Facts) -> Iterator[_Asked]:
    """Open questions about what is not there."""
    for name in facts.absent:
        if not is_plural(name):
            asked = (("What colour", f"colour {name}"), ("Where in the picture", f"where {name}"))
            how, key = asked[_number(facts.sample.id, name) % 2]
            yield _Asked("none", f"{how} is the {name}?", f"There is no {name} in the picture.", key, 1)


def _boxes(thing: SeenThing, ways: Sequence[str], facts: Facts) -> Iterator[_Asked]:
    """A box for an expression, and an expression for a box, as LLaVA writes them: shares of the image's sides."""
    corners = box_text(thing, facts)
    way = _pick(ways, facts.sample.id, thing.index + 1000)
    question, steps = f"Please give the bounding box of {way}.", 1 + _steps(way, thing.name)
    yield _Asked("referring", question, corners, f"box {thing.name}", steps, thing.index)
    yield _Asked("region", f"What is in the region {corners}?", ways[0], f"region {thing.name}", 1, thing.index)


def box_text(thing: SeenThing, facts: Facts) -> str:
    """[x1, y1, x2, y2] as shares of width and height, three decimals."""
    width, height = facts.sample.width, facts.sample.height
    shares = (thing.box[0] / width, thing.box[1] / height, thing.box[2] / width, thing.box[3] / height)
    return "[" + ", ".join(f"{v:.3f}" for v in shares) + "]"


# Captions -------------------------------------------------------------------------------------------------------------


def captions_of(facts: Facts) -> list[str]:
    """One sentence on what is there, and one that goes on with where; only what is certain, and of no empty image."""
    if not facts.things or any(t.name not in facts.sure for t in facts.things):
        return []
    axes: dict[str, Any] = {**facts.sample.axes, "occlusion": "open"}
    looks: dict[str, set[str | None]] = {}
    for thing in facts.things:
        looks.setdefault(thing.name, set()).add(thing.colour)
    objects = []
    for thing in facts.things:
        colours = looks[thing.name]
        colour = next(iter(colours)) if len(colours) == 1 else None
        objects.append(
            SceneObject(class_name=thing.name, drawn_as=thing.name, appearance=colour or "", box=(0, 0, 0, 0))
        )
    try:
        found = [caption(axes, objects) + "."]
    except KeyError:  # an image of an engine that does not tell its axes
        return []
    for thing in facts.things:
        ways = expressions(thing, facts)
        places = [asked.answer for asked in _places(thing, ways[0])] if ways else []
        if places:
            found.append(f"{ways[0][0].upper()}{ways[0][1:]} is {places[0]}.")
    return [found[0], *([" ".join(found)] if len(found) > 1 else [])]


# Difficulty -----------------------------------------------------------------------------------------------------------


def _difficulty(asked: _Asked, facts: Facts) -> str:
    """By what must be done: how many things there are, how many steps, how small and how hidden what is asked of."""
    count = len(facts.things)
    points = asked.steps + (count > 4) + (count > 8) + (asked.kind == "count" and count > 2)
    things = [t for t in facts.things if asked.about is None or t.index == asked.about]
    pixels = facts.sample.width * facts.sample.height
    points += any(t.area < _SMALL * pixels for t in things)
    points += any(t.share is not None and t.share < _MOSTLY_HIDDEN for t in things)
    return "easy" if points < 1 else "medium" if points < 3 else "hard"


def _steps(way: str, name: str) -> int:
    """Looks that an expression needs beside finding its kind."""
    return min(2, len(way.split()) - 1 - len(name.split()))


def _number(*what: object) -> int:
    return int(hashlib.sha1("/".join(map(str, what)).encode()).hexdigest()[:8], 16)


def _pick(ways: Sequence[str], identity: str, turn: int) -> str:
    return ways[_number(identity, turn) % len(ways)]
