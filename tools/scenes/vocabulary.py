"""Vocabulary: which values scenes are drawn from and how often; built in, or changed once by a language model."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from pydantic import BaseModel, ConfigDict, Field, field_validator

from tools.core.errors import FixArguments
from tools.core.task import ClassSpec, TaskSpec
from tools.scenes.phrases import Phrases, checked_phrases
from tools.scenes.places import SMALL_PLACES, fits, known_place
from tools.scenes.scene import CONTEXTS, DISTANCES, LIGHTS, VIEWPOINTS, WEATHERS

Weights = dict[str, float]
# Axes with one table of weights for all classes; the eighth axis, appearance, has one a class.
PLAIN_AXES = ("context", "light", "weather", "viewpoint", "distance", "crowding", "occlusion")
# Usual places of a thing count this many times an unusual one: a model of apples, not of one orchard, yet mostly apples
# where apples are.
USUAL_PLACE = 3.0
# What lies or stands is seldom met where things hang and grow, nor what is as large as a cat where small things lie: a
# tile in a hedge teaches little of tiles on floors.
HANGING_PLACES = frozenset({"orchard", "bush", "sky"})
SELDOM = 0.25
MAX_WEIGHT = 100.0
# What is far more common in photos than its neighbours counts more; all else is equal.
LIGHT_WEIGHTS = dict.fromkeys(LIGHTS, 1.0)
WEATHER_WEIGHTS = dict(zip(WEATHERS, (3.0, 1.0, 1.0), strict=True))


class Usual(NamedTuple):
    """How things of one kind are mostly photographed."""

    viewpoint: Weights
    distance: Weights
    crowding: Weights
    occlusion: Weights


SMALL = Usual(
    dict.fromkeys(VIEWPOINTS, 1.0),
    dict(zip(DISTANCES, (0.1, 1.0, 1.5, 1.5, 0.8), strict=True)),
    {"one": 1.0, "few": 1.5, "many": 1.0},
    {"open": 2.0, "partly hidden": 1.5, "mostly hidden": 0.6},
)
# What is as large as a cat is mostly photographed for itself: it fills half of the photo, stands alone or with few, and
# is looked at from where people stand. An apple is one of many, and may hang or lie anywhere.
SUBJECT_FROM_M = 0.35
SUBJECTS = Usual(
    dict(zip(VIEWPOINTS, (2.0, 2.0, 1.0, 0.4, 0.5), strict=True)),
    dict(zip(DISTANCES, (1.0, 1.8, 1.5, 1.0, 0.4), strict=True)),
    {"one": 1.6, "few": 1.5, "many": 0.6},
    SMALL.occlusion,
)
# A face, a hat or a hand is photographed from nearer than the person whose it is, and those of several at once.
WORN = SUBJECTS._replace(
    distance=dict(zip(DISTANCES, (1.6, 2.2, 1.5, 0.4, 0.1), strict=True)),
    crowding={"one": 1.0, "few": 2.0, "many": 1.0},
)
# A license plate is a tenth of its car: photos of it show one car from near by.
ON_VEHICLES = WORN._replace(
    distance=dict(zip(DISTANCES, (4.0, 2.5, 0.8, 0.1, 0.0), strict=True)),
    crowding={"one": 2.0, "few": 1.0, "many": 0.1},
)
VEHICLE = "vehicle"  # the family
PEOPLE = "person"  # the family
# What else stands where such things are photographed: a model of dogs that has met only cats, foxes and wolves beside
# them takes every person, car and bag in a street for one.
BYSTANDERS = (
    "man", "woman", "child", "dog", "cat", "horse", "cow", "car", "bus", "bicycle", "motorcycle", "chair", "bench",
    "suitcase", "backpack", "traffic cone", "trash can", "flower pot", "umbrella", "tree",
)  # fmt: skip
# A microscope is turned up until what it is to show is seen, and shows dozens at once. They lie on and beside each
# other; dirt over them is rare.
SLIDE = "slide"
ON_SLIDES = Usual(
    SMALL.viewpoint,
    dict(zip(DISTANCES, (0.0, 0.7, 3.0, 1.0, 0.0), strict=True)),
    {"one": 0.0, "few": 0.5, "many": 3.0},
    {"open": 5.0, "partly hidden": 0.3, "mostly hidden": 0.0},
)
# A flaw is photographed from where it is seen: its ground fills the picture, and it most of that.
SURFACE = "surface"
SURFACE_PLACE = 30.0  # to the weight of a usual place
ON_SURFACES = Usual(
    SMALL.viewpoint,
    dict(zip(DISTANCES, (4.0, 2.0, 1.2, 0.4, 0.0), strict=True)),
    {"one": 2.5, "few": 1.5, "many": 0.2},
    {"open": 1.0, "partly hidden": 0.0, "mostly hidden": 0.0},
)
# What is told from its like by a flaw alone is photographed near, where such things are made or laid.
DAMAGED = SMALL._replace(
    distance=dict(zip(DISTANCES, (1.5, 2.0, 1.5, 0.5, 0.0), strict=True)),
    occlusion={"open": 4.0, "partly hidden": 0.6, "mostly hidden": 0.0},
)
# By nature far more of it is met than of what lies beside it: on a smear a white cell lies among a thousand red ones.
ABUNDANT = {"red blood cell": 10.0}
LEAST_SCALE_BESIDE = 0.2  # a platelet beside a white blood cell; smaller ones would not be seen at all
LEAST_SCALE = 0.5  # of a look-alike beside a target; smaller ones would be specks
# In an image with a single label the thing is the subject, never a dot in the distance.
CLASSIFY_DISTANCE_WEIGHTS = {"very close": 0.0, "close": 3.0, "near": 1.0, "medium": 0.0}  # 0: where it is wished for
KNOWN_VALUES: dict[str, tuple[str, ...]] = {
    "context": CONTEXTS, "light": LIGHTS, "weather": WEATHERS, "viewpoint": VIEWPOINTS, "distance": tuple(DISTANCES),
    "crowding": tuple(SMALL.crowding), "occlusion": tuple(SMALL.occlusion),
}  # fmt: skip


class KnownAppearance(Protocol):
    """One appearance of a thing."""

    name: str
    weight: float

    @property
    def damaged(self) -> bool:
        """Whether it has a flaw that must be seen to tell it from a sound one."""


class Thing(Protocol):
    """What must be known of something that can be drawn; an ObjectSpec is one."""

    contexts: list[str]
    lookalikes: list[str]
    size_m: float
    labels: Literal["whole", "pieces"]

    @property
    def family(self) -> str | None:
        """What builds it, if things of its kind are built alike: "person", "quadruped"."""

    @property
    def appearances(self) -> Sequence[KnownAppearance]:
        """At least one."""


Things = Mapping[str, Thing]


class LookAlike(BaseModel):
    """Something that is not a target and is easily taken for one."""

    model_config = ConfigDict(frozen=True)

    drawn_as: str
    appearance: str = ""
    weight: float = Field(1.0, description="of this appearance among those of the same thing")
    scale: float = Field(1.0, description="its size over the target's, as in the world where it is smaller")
    bystander: bool = Field(False, description="it only stands where people photograph such things")


class Vocabulary(BaseModel):
    """Weights of the values of every axis; a value with weight 0 is not drawn."""

    model_config = ConfigDict(extra="forbid")

    context: Weights
    light: Weights
    weather: Weights
    viewpoint: Weights
    distance: Weights
    crowding: Weights
    occlusion: Weights
    appearances: dict[str, Weights] = Field(description="class name -> appearance -> weight")
    phrases: Phrases = Field(default_factory=Phrases, description="other ways of saying the values in a caption")
    lookalikes: dict[str, list[LookAlike]] = Field(default_factory=dict, description="class name -> what looks like it")
    scales: dict[str, float] = Field(
        default_factory=dict,
        description="what draws it -> its size over the largest class's, where all are at one distance",
    )
    out_of_place: dict[str, list[str]] = Field(
        default_factory=dict,
        description="class name -> places that it does not visit, since another class is met there",
    )

    @field_validator(*PLAIN_AXES)
    @classmethod
    def _not_empty(cls, weights: Weights) -> Weights:
        if not any(w > 0 for w in weights.values()):
            raise ValueError("at least one value needs a weight above 0")
        return weights

    @property
    def looks(self) -> dict[tuple[str, str], float]:
        """(class, appearance) -> weight; every class weighs the same in all, whatever its number of appearances."""
        looks: dict[tuple[str, str], float] = {}
        for class_name, weights in self.appearances.items():
            total = sum(weights.values())
            looks |= {(class_name, name): weight / total for name, weight in weights.items() if weight > 0}
        return looks

    def axes(self) -> dict[str, Weights]:
        """Values in use by axis of `AXES`; appearances of all classes together."""
        axes = {axis: {v: w for v, w in getattr(self, axis).items() if w > 0} for axis in PLAIN_AXES}
        axes["appearance"] = {}
        for (_, name), weight in self.looks.items():
            axes["appearance"][name] = axes["appearance"].get(name, 0.0) + weight
        return axes


def build_vocabulary(
    task: TaskSpec, things: Things, named_share: float, wishes: Mapping[str, Any] | None = None
) -> Vocabulary:
    """The built-in vocabulary of a task, changed by what a language model wishes.

    Args:
        task: classes, kind and named places.
        things: key -> what can be drawn; classes of which nothing is known get every place and one look.
        named_share: share of the scenes at the places that the request names.
        wishes: e.g. {"light": {"deep shade": 3}, "appearances": {"apple": {"green": 2}}, "lookalikes": {"apple":
            ["tomato: unripe"]}, "phrases": {"light": {"sun": ["in hard noon light"]}}}; values that it leaves out keep
            their weight, 0 leaves a value out.

    Raises:
        FixArguments: an unknown place, axis, value, class, appearance or look-alike, or a weight that is none; the
            message says what there is.
    """
    single = task.kind == "classify"
    usual = _usual(task, things)
    if single:
        usual = usual._replace(distance=CLASSIFY_DISTANCE_WEIGHTS, crowding={"one": 1.0})
    built = Vocabulary(
        context=_places(task, things, named_share),
        light=LIGHT_WEIGHTS,
        weather=WEATHER_WEIGHTS,
        **usual._asdict(),
        appearances={c.name: _appearances(c, things.get(c.drawn_as)) for c in task.classes},
        # One label an image: a look-alike beside the target may be another class's thing.
        lookalikes={} if single else {c.name: _lookalikes(c, task, things) for c in task.classes},
    )
    values = built.model_dump(exclude={"scales", "out_of_place"})  # as in the world, whatever is wished
    for name, wish in (wishes or {}).items():
        if name not in values:
            raise FixArguments(f"the vocabulary has no axis {name!r}; there are {', '.join(values)}")
        if not isinstance(wish, Mapping):
            raise FixArguments(f"{name} must be an object such as {{value: weight}}, not {wish!r}")
        if name == "phrases":
            values[name] = checked_phrases(wish, task, {a: v for a, v in KNOWN_VALUES.items() if a != "crowding"})
            continue
        if name in PLAIN_AXES:
            values[name] |= _checked(name, wish, tuple(values[name]) if single else KNOWN_VALUES[name])
        else:
            values[name] |= {c: _of_class(name, c, wanted, built, task, things) for c, wanted in wish.items()}
        if name in PLAIN_AXES and not any(values[name].values()):
            raise FixArguments(f"{name}: at least one value needs a weight above 0")
    wished = Vocabulary.model_validate(values)
    odd = {} if single else _out_of_place(task, things, wished.context)  # of whole images a place would tell the class
    visits = {c: 1 - sum(c in own for own in odd.values()) / len(task.classes) for c in wished.context}
    return wished.model_copy(
        update={
            "scales": _scales(task, things, wished.lookalikes), "out_of_place": odd,
            "context": {c: w * visits[c] for c, w in wished.context.items()},
        }
    )  # fmt: skip


def _of_class(name: str, class_name: str, wanted: Any, built: Vocabulary, task: TaskSpec, things: Things) -> Any:
    """A class's appearances or look-alikes as wished for."""
    if class_name not in task.class_names:
        raise FixArguments(f"{name}: there is no class {class_name!r}; there are {', '.join(task.class_names)}")
    if name == "lookalikes":
        spec = next(c for c in task.classes if c.name == class_name)
        return [] if task.kind == "classify" else _wanted_lookalikes(wanted, spec, task, things)
    weights = built.appearances[class_name]
    weights = weights | _checked(f"appearances of {class_name}", wanted, tuple(weights))
    if not any(weights.values()):
        raise FixArguments(f"appearances of {class_name}: at least one needs a weight above 0")
    return weights


def _checked(name: str, wish: Any, known: tuple[str, ...]) -> Weights:
    """Weights of known values."""
    if not isinstance(wish, Mapping):
        raise FixArguments(f"{name} must be an object such as {{{known[0]!r}: 2}}, not {wish!r}")
    for value, weight in wish.items():
        if value not in known:
            raise FixArguments(f"{name} has no value {value!r}; there are {', '.join(known)}")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= MAX_WEIGHT:
            raise FixArguments(f"{name}: the weight of {value!r} must be a number from 0 to 100, not {weight!r}")
    return {str(v): float(w) for v, w in wish.items()}


def _usual(task: TaskSpec, things: Things) -> Usual:
    """The mean over the classes of what is usual for things of their size and place."""
    kinds = [_kind_of(c, things.get(c.drawn_as)) for c in task.classes]
    return Usual(
        *(
            {value: round(sum(k[value] for k in axis) / len(kinds), 3) for value in axis[0]}
            for axis in zip(*kinds, strict=True)
        )
    )


def _is_damaged(spec: ClassSpec, thing: Thing | None) -> bool:
    """Whether only damaged ones of a thing are sought."""
    looks = {a.name.casefold(): a.damaged for a in thing.appearances} if thing else {}
    return bool(spec.appearances) and all(looks.get(a.casefold(), False) for a in spec.appearances)


def _kind_of(spec: ClassSpec, thing: Thing | None) -> Usual:
    if _is_damaged(spec, thing):
        return DAMAGED
    if thing is None:
        return SMALL
    if thing.contexts == [SLIDE]:
        return ON_SLIDES
    if SURFACE in thing.contexts:
        return ON_SURFACES
    if thing.labels == "pieces":
        return ON_VEHICLES if thing.family == VEHICLE else WORN
    return SUBJECTS if thing.size_m >= SUBJECT_FROM_M else SMALL


def _places(task: TaskSpec, things: Things, named_share: float) -> Weights:
    """Where the classes are met; mostly the named places when the request names some."""
    weights = {c: max(_place_weight(c, k, things.get(k.drawn_as)) for k in task.classes) for c in CONTEXTS}
    weights = {c: w for c, w in weights.items() if w > 0}
    named = list(dict.fromkeys(known_place(phrase) for phrase in task.contexts))
    if not named:
        return weights
    others = {c: w for c, w in weights.items() if c not in named}
    whole = float(len(named) + len(others))  # so that 1 is a middling weight, as on the other axes
    if not others:
        return dict.fromkeys(named, 1.0)
    rest = whole * (1 - named_share) / sum(others.values())
    return dict.fromkeys(named, whole * named_share / len(named)) | {c: w * rest for c, w in others.items()}


def _place_weight(context: str, spec: ClassSpec, thing: Thing | None) -> float:
    if thing is None:
        return 1.0 if fits(context, 0.1) else 0.0
    if context in thing.contexts:
        return SURFACE_PLACE if context == SURFACE else USUAL_PLACE
    if SURFACE in thing.contexts:
        return 0.0
    # What only a microscope shows is not met on a road.
    if thing.contexts == [SLIDE] or not fits(context, thing.size_m):
        return 0.0
    if _would_hang(context, thing) and _is_damaged(spec, thing):
        return 0.0  # a crack is hardly seen, and never there
    return SELDOM if _is_odd(context, thing) or _is_damaged(spec, thing) else 1.0


def _would_hang(context: str, thing: Thing) -> bool:
    """Whether a thing that lies or stands would have to hang there."""
    return context in HANGING_PLACES and bool(thing.contexts) and HANGING_PLACES.isdisjoint(thing.contexts)


def _is_odd(context: str, thing: Thing) -> bool:
    """Whether a thing is hardly ever met at a place."""
    large = thing.size_m >= SUBJECT_FROM_M and context in SMALL_PLACES
    return context not in thing.contexts and (large or _would_hang(context, thing))


def _out_of_place(task: TaskSpec, things: Things, weights: Weights) -> dict[str, list[str]]:
    """By class the places in use where it is odd and another class is not: dogs visit no tree for the birds in it.

    A place that the request names is visited by all, and a class that would be left without a place visits all.
    """
    named = {known_place(phrase) for phrase in task.contexts}
    places = [c for c, w in weights.items() if w > 0]
    odd: dict[str, set[str]] = {}
    for spec in task.classes:
        thing = things.get(spec.drawn_as)
        odd[spec.name] = set() if thing is None else {
            c for c in places if c not in named and (_is_odd(c, thing) or not _place_weight(c, spec, thing))
        }  # fmt: skip
    for_none = set.intersection(*odd.values())
    found = {name: [c for c in places if c in own - for_none] for name, own in odd.items()}
    return {name: own for name, own in found.items() if 0 < len(own) < len(places)}


def _appearances(spec: ClassSpec, thing: Thing | None) -> Weights:
    """The class's appearances with the weights that the thing gives them."""
    known = {a.name: float(a.weight) for a in thing.appearances} if thing else {}
    if not spec.appearances:
        return known or {"plain": 1.0}
    by_name = {name.casefold(): name for name in known}
    if thing and (unknown := [a for a in spec.appearances if a.casefold() not in by_name]):
        raise FixArguments(f"{spec.drawn_as} has no appearance {unknown[0]!r}; there are {', '.join(known)}")
    return {by_name.get(a.casefold(), a): known.get(by_name.get(a.casefold(), a), 1.0) for a in spec.appearances}


def _is_target(drawn_as: str, appearance: str, classes: Iterable[ClassSpec]) -> bool:
    """Whether a thing that looks so would have to be labelled."""
    mine = [c for c in classes if c.drawn_as == drawn_as]
    # Between two classes of one object ("ripe", "raw") lies what belongs to neither or to both: it is never left
    # unlabelled in an image.
    return len(mine) > 1 or any(
        not c.appearances or appearance.casefold() in {a.casefold() for a in c.appearances} for c in mine
    )


def _lookalikes(spec: ClassSpec, task: TaskSpec, things: Things) -> list[LookAlike]:
    """Look-alikes of the catalogue, and other appearances of the object itself when the class is only some of them.

    A flaw is the same on another ground, and none of its look-alikes there.
    Beside what people photograph for itself, a dog or a bicycle, also what else stands in such photos.
    """
    thing = things.get(spec.drawn_as)
    same = spec.appearances and not (thing and SURFACE in thing.contexts)
    keys = [*(thing.lookalikes if thing else []), *([spec.drawn_as] if same else [])]
    people = [c.drawn_as for c in task.classes if _is_one_of_people(things.get(c.drawn_as))]
    if len(set(people)) > 1:  # by what they wear: one beside those with and those without is one of them
        keys = [k for k in keys if not _is_one_of_people(things.get(k))]
    looks = [look for key in keys for look in _looks_of(key, spec, things)]
    if thing and thing.size_m >= SUBJECT_FROM_M and SURFACE not in thing.contexts:
        for key in _bystanders(task, things):
            if key not in keys:
                looks += [k.model_copy(update={"bystander": True}) for k in _looks_of(key, spec, things)]
    return [look for look in looks if not _is_target(look.drawn_as, look.appearance, task.classes)]


def _is_one_of_people(thing: Thing | None) -> bool:
    return thing is not None and thing.family == PEOPLE and thing.labels == "whole"


def _bystanders(task: TaskSpec, things: Things) -> list[str]:
    """What may stand beside without a label: nothing that is a class, or perhaps one of it.

    That is, what is built as a class is (people are none beside workers), or what a class is called a kind of ("office
    chair", "armchair", "standing man").
    """
    classes = [things[c.drawn_as] for c in task.classes if c.drawn_as in things]
    families = {t.family for t in classes if t.family is not None}
    named = [w for c in task.classes for w in f"{c.name} {c.drawn_as}".casefold().split()]
    return [
        k
        for k in BYSTANDERS
        if k in things
        and things[k].family not in families
        and not any(w.removesuffix("s").endswith(k.split()[-1]) for w in named)
    ]


def _scales(task: TaskSpec, things: Things, lookalikes: Mapping[str, Sequence[LookAlike]]) -> dict[str, float]:
    """How large classes and look-alikes are to the largest class; for larger look-alikes there is no room."""
    classes = [c.drawn_as for c in task.classes if c.drawn_as in things]
    largest = max((things[key].size_m for key in classes), default=1.0)
    shown = {*classes, *(one.drawn_as for own in lookalikes.values() for one in own)}
    ratios = {key: things[key].size_m / largest for key in sorted(shown)}
    return {key: round(min(max(ratio, LEAST_SCALE_BESIDE), 1.0), 3) for key, ratio in ratios.items()}


def _looks_of(key: str, beside: ClassSpec, things: Things) -> list[LookAlike]:
    if key not in things:
        return []
    target = things.get(beside.drawn_as)
    scale = things[key].size_m / target.size_m if target else 1.0
    scale = min(max(scale, LEAST_SCALE), 1.0)
    return [
        LookAlike(drawn_as=key, appearance=a.name, weight=a.weight, scale=round(scale, 3))
        for a in things[key].appearances
    ]


def _wanted_lookalikes(wanted: Any, spec: ClassSpec, task: TaskSpec, things: Things) -> list[LookAlike]:
    if not isinstance(wanted, list) or not all(isinstance(w, str) for w in wanted):
        raise FixArguments('lookalikes must be a list of names such as ["tomato", "ball: red"]')
    found: list[LookAlike] = []
    for text in wanted:
        key, _, appearance = (part.strip() for part in text.partition(":"))
        looks = [k for k in _looks_of(key, spec, things) if appearance in ("", k.appearance)]
        if not looks:
            raise FixArguments(f"nothing that can be drawn is called {text!r}; leave that look-alike out")
        if not (looks := [k for k in looks if not _is_target(k.drawn_as, k.appearance, task.classes)]):
            raise FixArguments(f"{text!r} is one of the classes itself, so it cannot be a look-alike")
        found += looks
    return found
