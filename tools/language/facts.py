"""What is certain about an image that was made from a scene: its things, and of which names none is missing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tools.data.formats.labels import mask_area
from tools.data.images import ImageArray
from tools.data.sample import Box, Instance, Sample
from tools.language.colours import COLOURS, colour_of
from tools.scenes.captions import plural
from tools.scenes.phrases import content_words
from tools.scenes.scene import SceneSpec

MIN_AREA = 0.0006  # of the image: what is smaller is not spoken of, nor counted past
# Looks of which one thing is several to a person's eye.
_SEVERAL = frozenset({"pair", "bunch", "cluster", "hand", "handful", "pile", "stack", "heap", "group"})
# What stands about in the places of the renderer without a label: a look-alike of such a name is not spoken of.
_CLUTTER_WORDS = """
    carton box package parcel book notebook jar bottle can vase plate dish mug cup paper napkin envelope pencil pen
    stick screw nail cable wire rope stone pebble rock bowl cube block brick dice cloth rag towel leaf washer ring nut
    coin tree branch twig trunk grass flower hand finger house table shelf board wall floor post pole car
    crate barrel drum keg column bollard panel door screen sign boulder tarp blanket rug parasol umbrella
"""
CLUTTER = frozenset(_CLUTTER_WORDS.split())


@dataclass(frozen=True)
class SeenThing:
    """One thing that is seen."""

    index: int  # among the sample's instances, then its look-alikes
    name: str
    box: Box  # pixels, of what is seen
    area: int  # pixels seen
    x: float  # centre of the box, 0..1
    y: float
    share: float | None  # seen of the whole; None where it is cut by the edge, for then the share says nothing of cover
    depth: float | None
    full_box: Box | None
    colour: str | None


@dataclass(frozen=True)
class Facts:
    """One image."""

    sample: Sample
    things: tuple[SeenThing, ...]
    sure: frozenset[str]  # names of which every thing is seen and labelled
    absent: tuple[str, ...]  # names of which there certainly is none
    metric_depth: bool  # depths are distances, not an order alone

    def named(self, name: str) -> list[SeenThing]:
        """The things of a name."""
        return [t for t in self.things if t.name == name]


def is_exact(sample: Sample) -> bool:
    """Whether all labels are those of the scene: no photo, no model's or person's label, masks known."""
    if sample.engine == "real" or not sample.scene_id:
        return False
    return all(i.source == "exact" and i.counts is not None for i in (*sample.instances, *sample.lookalikes))


def vocabulary(samples: Sequence[Sample], classes: Sequence[str]) -> tuple[str, ...]:
    """The names that are spoken of: the classes, and look-alikes that no clutter is called by.

    A name that is another's plural, or that cannot be told from another in a sentence, is left out.
    """
    others = {i.class_name for s in samples for i in s.lookalikes}
    names = [*classes, *sorted(o for o in others - set(classes) if not content_words(o) & CLUTTER)]
    forms = Counter(form for n in names for form in {n.casefold(), plural(n).casefold()})
    return tuple(n for n in names if all(forms[f.casefold()] == 1 for f in {n, plural(n)}) and n.strip())


def facts_of(
    sample: Sample, scene: SceneSpec, image: ImageArray, names: Sequence[str], classes: Sequence[str]
) -> Facts:
    """What is certain.

    Args:
        sample: with exact labels, see `is_exact`.
        scene: that it was made of.
        image: (h, w, 3) RGB.
        names: of `vocabulary`.
        classes: of the task.
    """
    labels: list[Instance] = [*sample.instances, *sample.lookalikes]
    wanted = Counter(o.class_name or o.drawn_as for o in scene.objects)
    looks: dict[str, set[str]] = {}
    for thing in scene.objects:
        looks.setdefault(thing.class_name or thing.drawn_as, set()).add(thing.appearance.casefold())
    seen = Counter(i.class_name for i in labels)
    things = [_thing(k, label, sample, image, looks.get(label.class_name, set())) for k, label in enumerate(labels)]
    small = {t.name for t in things if t.area < MIN_AREA * sample.width * sample.height}
    present = set(wanted) | set(seen)

    def sure(name: str) -> bool:
        several = any(word in _SEVERAL for look in looks.get(name, ()) for word in look.split())
        mixed = any(other != name and _related(name, other) for other in present)
        return seen[name] == wanted[name] > 0 and name not in small and not several and not mixed

    return Facts(
        sample, tuple(things), frozenset(n for n in names if sure(n)),
        tuple(n for n in names if n not in present and _is_absent(n, present, n in classes)),
        sample.engine == "blender",
    )  # fmt: skip


def _thing(index: int, label: Instance, sample: Sample, image: ImageArray, looks: set[str]) -> SeenThing:
    x1, y1, x2, y2 = label.box
    mask = label.mask(sample.height, sample.width)
    assert mask is not None and label.counts is not None
    colour = colour_of(image, mask)
    told = {word for look in looks for word in look.split() if word in COLOURS}
    if told and colour not in told:  # light and scene disagree: no word for it is right
        colour = None
    at_edge = x1 < 1 or y1 < 1 or x2 > sample.width - 1 or y2 > sample.height - 1
    return SeenThing(
        index, label.class_name, label.box, mask_area(label.counts, sample.height, sample.width),
        (x1 + x2) / 2 / sample.width, (y1 + y2) / 2 / sample.height, None if at_edge else label.visible_share,
        label.depth, label.full_box, colour,
    )  # fmt: skip


def _related(a: str, b: str) -> bool:
    """Whether one name says the other too: a ripe tomato is a tomato."""
    first, second = content_words(a), content_words(b)
    return first <= second or second <= first


def _is_absent(name: str, present: set[str], is_class: bool) -> bool:
    """Whether a name fits nothing that is there; a class may be asked beside a look-alike of its kind."""
    words = content_words(name)
    return not any(words <= content_words(p) or (not is_class and content_words(p) <= words) for p in present)
