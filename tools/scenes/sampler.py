"""Draw scenes from a vocabulary: all pairs of values evenly, wanted slices more, some without any target.

Pure: the same arguments give the same scenes. 10,000 scenes take about a second, without asking a model.
"""

import hashlib
from bisect import bisect
from collections.abc import Iterable, Sequence
from itertools import accumulate, combinations
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from tools.core.errors import FixArguments
from tools.core.settings import Settings
from tools.core.task import TaskSpec
from tools.scenes.captions import say_distinctly
from tools.scenes.coverage import cover_pairs
from tools.scenes.focus import Aim, Aims, Focus, Row, Wish, class_shares, parse_focus
from tools.scenes.layout import SIZE_SPREAD, Layouts, lay_out
from tools.scenes.places import FLAT_PLACES, IMPOSSIBLE
from tools.scenes.scene import AXES, DISTANCES, SceneObject, SceneSpec
from tools.scenes.vocabulary import ABUNDANT, SURFACE, LookAlike, Vocabulary

T = TypeVar("T")

# Wanted hidden share by value of the occlusion axis, inside the limits that `SceneSpec.axes` draws.
HIDDEN = {"open": (0.0, 0.08), "partly hidden": (0.18, 0.42), "mostly hidden": (0.48, 0.70)}
NUMBER = {"one": (1, 1), "few": (2, 4), "many": (5, 12)}  # targets by value of the crowding axis
CROWDS = {"slide": (12, 40), "liquid": (6, 36)}  # "many" there: a smear holds dozens of cells
SPREADS = {"liquid": 0.5}  # log-normal, of the sizes there: bubbles grow as they rise, fish are nearer and farther
COMPANY = {"slide": (1, 6)}  # look-alikes there, beside targets or alone: what else is in the drop
NATURAL_SHARE = 0.85  # of the scenes there hold as many of each class as are met; the others what is lacking
BEYOND = 1.0  # a crack may be longer than the image is wide by up to this share of it
LEAST_WIDTH = 0.035  # of a thing drawn smaller than another one to scale: 11 px of 320
LOOKALIKES_BESIDE, LOOKALIKES_ALONE = (1, 2), (1, 4)
MISTAKEN_BESIDE = (2, 4)  # in scenes aimed at look-alikes that were mistaken for targets
BYSTANDER_SHARE = 0.5  # of the things beside a subject that are no targets; the others are its look-alikes
CLUTTER = {
    "studio": (0.0, 0.2), "slide": (0.0, 0.3), "sky": (0.0, 0.15), "inspection": (0.0, 0.3), "liquid": (0.0, 0.5),
    "surface": (0.0, 0.4),
}  # fmt: skip
ANY_CLUTTER = (0.05, 0.8)
MIX_SHARE = 0.7  # of the scenes with several targets of a task with several classes hold more than one class
MIX_SHARES = {"slide": 0.9}  # there: nothing is sorted on a smear
SAME_LOOK_SHARE = 0.6  # of the further targets of the first one's class look like it
HIDDEN_TOO_SHARE = 0.5  # of the further targets are as hidden as the first, the others less
MAX_NEGATIVE_SHARE = 0.3  # also when a round aims at empty scenes: more would starve recall
_LEAST_SHARE = 1e-3  # of the objects, for the look of a class
_ODD = 2654435761  # multiplying by an odd number maps no two seeds to one


def sample_scenes(
    task: TaskSpec,
    vocabulary: Vocabulary,
    count: int,
    seed: int,
    focus: Focus = (),
    *,
    settings: Settings | None = None,
    earlier: Iterable[SceneSpec] = (),
) -> list[SceneSpec]:
    """Draw distinct scenes, every stretch of which has its share of empty and of aimed ones.

    Args:
        task: kind and classes; a classification scene holds exactly one target and none is empty.
        vocabulary: weights of the values.
        count: number of scenes, at least 1.
        seed: decides everything that coverage does not.
        focus: slices 'axis=value' to aim at, with or without weights; 'crowding=none' aims at scenes without a target.
            'class=name' gives a class most of the objects, whatever else is aimed at; 'confused=one/other' puts two
            classes side by side into every aimed scene, 'lookalike=name' things that are no targets.
        settings: shares of negatives, look-alikes, aimed scenes and weak classes.
        earlier: scenes that exist already; pairs that they lack come first.

    Raises:
        FixArguments: no scene wanted, an unknown or impossible slice, or a vocabulary of which nothing is possible.
    """
    if count < 1:
        raise FixArguments(f"the number of scenes must be at least 1, not {count}")
    shares = settings or Settings()
    wishes = parse_focus(focus, vocabulary, task, list(_by_kind(vocabulary, task)))
    empty = _empties(count, task, wishes, shares)
    drawing = _Drawing(task, vocabulary, seed, shares, wishes)
    try:
        return drawing.scenes(empty, list(earlier))
    except ValueError as error:
        raise FixArguments(f"no scene is possible with this vocabulary and focus: {error}") from error


def pairs_covered(scenes: Iterable[SceneSpec], vocabulary: Vocabulary) -> tuple[int, int]:
    """How many of the possible pairs of values occur in scenes with targets, and how many there are."""
    axes = vocabulary.axes()
    pairs = {(a, v, b, w) for a, b in combinations(AXES, 2) for v in axes[a] for w in axes[b]}
    pairs -= {pair for a, v, b, w in IMPOSSIBLE for pair in ((a, v, b, w), (b, w, a, v))}
    visited = {("context", c, "appearance", a) for n, a in vocabulary.looks for c in axes["context"]
               if c not in vocabulary.out_of_place.get(n, ())}  # fmt: skip
    pairs -= {p for p in pairs if p[0] == "context" and p[2] == "appearance"} - visited
    met = [s.axes() for s in scenes if s.targets]
    seen = {(a, values[a], b, values[b]) for values in met for a, b in combinations(AXES, 2)}
    return len(seen & pairs), len(pairs)


def _empties(count: int, task: TaskSpec, wishes: list[Wish], settings: Settings) -> npt.NDArray[np.bool_]:
    """(count,) which scenes hold no target."""
    if task.kind == "classify":
        return np.zeros(count, bool)
    total = sum(w.weight for w in wishes if w.is_slice or w.is_empty)
    aimed = settings.scenes.focus_share * sum(w.weight for w in wishes if w.is_empty) / total if total else 0.0
    return _spread(
        count, max(settings.scenes.negative_share, min(MAX_NEGATIVE_SHARE, settings.scenes.negative_share + aimed))
    )


def _spread(count: int, share: float) -> npt.NDArray[np.bool_]:
    """(count,) true for `share` of the places, evenly, so that work that is cut short has its share too."""
    return np.diff(np.floor(np.arange(count + 1) * share + 0.5)) > 0


class _Drawing:
    """One call of `sample_scenes`."""

    def __init__(
        self, task: TaskSpec, vocabulary: Vocabulary, seed: int, settings: Settings, wishes: Sequence[Wish]
    ) -> None:
        self.task = task
        self.vocabulary = vocabulary
        self.settings = settings
        self.rng = np.random.default_rng(seed)
        self.drawn_as = {c.name: c.drawn_as for c in task.classes}
        self.looks = {f"{name}/{look}": (name, look) for name, look in vocabulary.looks}
        self.lookalikes = _by_kind(vocabulary, task)
        self.wishes = wishes
        self.mistaken = [w for w in wishes if w.axis == "lookalike"]
        self.shares = class_shares(task.class_names, wishes, settings.scenes.weak_class_share)
        self.instances = dict.fromkeys(task.class_names, 0)
        self._random: list[float] = []
        self._choices = {}
        for name in task.class_names:
            mine = {look: w for (c, look), w in vocabulary.looks.items() if c == name}
            self._choices[name] = (list(mine), list(accumulate(mine.values())))

    def scenes(self, empty: npt.NDArray[np.bool_], earlier: Sequence[SceneSpec]) -> list[SceneSpec]:
        """The scenes in order."""
        count = len(empty)
        rows, partners = np.empty(count, object), np.full(count, None, object)
        aims = self._aims(int((~empty).sum()))
        aimed = empty & any(w.is_empty for w in self.wishes)
        aimed[~empty] = [a is not None for a in aims]
        partners[~empty] = [a and a.partner for a in aims]
        rows[~empty] = self._rows_with_targets([a.row if a else {} for a in aims], [s for s in earlier if s.targets])
        rows[empty] = self._rows_without(int(empty.sum()), [s for s in earlier if not s.targets])
        targets = self._numbers([_target_range(r) for r in rows])
        mistaken = aimed & bool(self.mistaken)
        others = self._numbers([_lookalike_range(r, bool(m)) for r, m in zip(rows, mistaken, strict=True)])
        low, high = np.array([DISTANCES[r["distance"]] for r in rows]).T
        strewn = np.array([r["context"] in COMPANY for r in rows], bool)
        layouts = lay_out(targets + others, low, high, self.rng, allow_cut=self.task.kind != "classify", strewn=strewn,
                          spread=np.array([SPREADS.get(r["context"], SIZE_SPREAD) for r in rows]))  # fmt: skip
        first = int(self.rng.integers(2**31))
        scenes = [
            self._scene(
                rows[i], _Place(layouts, i), (int(targets[i]), int(others[i])), (first + i * _ODD) % 2**31, aim,
                partners[i],
            )
            for i, aim in enumerate(aimed.tolist())
        ]  # fmt: skip
        say_distinctly(scenes, self.vocabulary.phrases, earlier)
        return scenes

    # Rows of values -------------------------------------------------------------------------------------------

    def _beside(self, yes: str, no: str) -> dict[str, float]:
        share = self.settings.scenes.lookalike_share if self.lookalikes else 0.0
        return {yes: share, no: 1 - share}

    def _rows_with_targets(self, rows: list[Row], earlier: Sequence[SceneSpec]) -> list[Row]:
        axes = self.vocabulary.axes()
        del axes["appearance"]
        # A value needs a weight above 0, also of a class that all others are preferred to.
        axes["look"] = {
            f"{name}/{look}": weight * max(self.shares[name], _LEAST_SHARE)
            for (name, look), weight in self.vocabulary.looks.items()
        }
        axes["beside"] = self._beside("look-alikes", "nothing")
        known, aims_at_class = [], any(w.axis == "class" for w in self.wishes)
        for scene in earlier:
            first = scene.targets[0]
            # Where classes are aimed at, their shares are of this round: they make up for no earlier one.
            look = {} if aims_at_class else {"look": f"{first.class_name}/{first.appearance}"}
            known.append(scene.axes() | look | {"beside": _company(scene)})
        odd = [
            ("context", place, "look", key)
            for key, (name, _) in self.looks.items()
            for place in self.vocabulary.out_of_place.get(name, ())
        ]
        return cover_pairs(axes, len(rows), self.rng, fixed=rows, forbidden=[*IMPOSSIBLE, *odd], earlier=known)

    def _rows_without(self, count: int, earlier: Sequence[SceneSpec]) -> list[Row]:
        axes = self.vocabulary.axes()
        axes = {a: axes[a] for a in ("context", "light", "weather", "viewpoint", "distance")}
        axes["content"] = self._beside("look-alikes", "nothing")
        known = [scene.axes() | {"content": _company(scene)} for scene in earlier]
        return cover_pairs(axes, count, self.rng, forbidden=IMPOSSIBLE, earlier=known)

    def _aims(self, count: int) -> list[Aim | None]:
        """What aimed scenes must have; None for the others."""
        aims = Aims(self.wishes, self.looks, self.vocabulary)
        due = _spread(count, self.settings.scenes.focus_share if aims else 0.0)
        return [aims.next() if one else None for one in due]

    def _numbers(self, ranges: Sequence[tuple[int, int]]) -> npt.NDArray[np.int64]:
        low, high = np.array(ranges).T
        drawn: npt.NDArray[np.int64] = self.rng.integers(low, high + 1)
        return drawn

    # Scenes ---------------------------------------------------------------------------------------------------

    def _scene(
        self, row: Row, place: "_Place", numbers: tuple[int, int], seed: int, aimed: bool, partner: str | None
    ) -> SceneSpec:
        targets, others = numbers
        objects = self._targets(row, place, targets, partner) if targets else []
        objects += [self._lookalike(place, slot, aimed, row["context"]) for slot in range(targets, targets + others)]
        low, high = CLUTTER.get(row["context"], ANY_CLUTTER)
        return SceneSpec(
            context=row["context"], light=row["light"], weather=row["weather"], viewpoint=row["viewpoint"],
            distance=row["distance"], clutter=round(low + (high - low) * self._next(), 3), objects=objects,
            family=_family(row, objects), aimed=aimed, seed=seed,
        )  # fmt: skip

    def _targets(self, row: Row, place: "_Place", number: int, partner: str | None) -> list[SceneObject]:
        first_class, first_look = self.looks[row["look"]]
        low, high = HIDDEN[row["occlusion"]]
        mixed = len(self.drawn_as) > 1 and self._next() < MIX_SHARES.get(row["context"], MIX_SHARE)
        natural = mixed and row["context"] in COMPANY and self._next() < NATURAL_SHARE
        odd = self.vocabulary.out_of_place
        visitors = [n for n in self.drawn_as if row["context"] not in odd.get(n, ())]
        targets = []
        for slot in range(number):
            name, look = first_class, first_look
            if slot == 1 and partner is not None:
                name = partner
            elif slot and mixed:
                name = self._met(visitors) if natural else self._lacking(visitors)
            if slot and (name != first_class or self._next() > SAME_LOOK_SHARE):
                look = self._look(name)
            self.instances[name] += 1
            # The first is as hidden as the axis says; the others at most so.
            as_first = slot == 0 or self._next() < HIDDEN_TOO_SHARE
            hidden = low + (high - low) * self._next() if as_first else low * self._next()
            box = self._to_scale(place.box(slot), self.drawn_as[name], row["context"])
            if row["context"] == SURFACE and row["distance"] == "very close":  # goes on beyond what is seen
                longer = 1 + BEYOND * self._next()
                box = (box[0], box[1], round(box[2] * longer, 4), round(box[3] * longer, 4))
            targets.append(
                SceneObject(
                    class_name=name, drawn_as=self.drawn_as[name], appearance=look, box=box, depth=place.depth(slot),
                    occlusion=round(hidden, 3),
                )
            )  # fmt: skip
        return targets

    def _to_scale(
        self, box: tuple[float, float, float, float], drawn_as: str, context: str
    ) -> tuple[float, float, float, float]:
        """The box of a thing in a place where all are at one distance: the largest class's, scaled."""
        cx, cy, w, h = box
        scale = self.vocabulary.scales.get(drawn_as, 1.0) if context in FLAT_PLACES else 1.0
        scale = max(scale, min(1.0, LEAST_WIDTH / min(w, h)))
        return cx, cy, round(w * scale, 4), round(h * scale, 4)

    def _lacking(self, names: Sequence[str]) -> str:
        """Of some classes the one furthest under its share of the objects so far."""
        total = sum(self.instances.values())
        return max(names, key=lambda name: self.shares[name] * total - self.instances[name])

    def _met(self, names: Sequence[str]) -> str:
        """One of some classes, each as often as it is met in the world."""
        return _one_of(names, [ABUNDANT.get(self.drawn_as[name], 1.0) for name in names], self._next())

    def _lookalike(self, place: "_Place", slot: int, aimed: bool, context: str) -> SceneObject:
        looks = self.lookalikes[self._kind(aimed)]
        chosen = _one_of(looks, [k.weight for k in looks], self._next())
        cx, cy, w, h = box = place.box(slot)
        if context in FLAT_PLACES:
            box = self._to_scale(box, chosen.drawn_as, context)
        else:  # a smaller one stands where one of the target's size would; there is no room for larger ones
            box = (cx, cy + h * (1 - chosen.scale) / 2, w * chosen.scale, h * chosen.scale)
        return SceneObject(
            role="lookalike", drawn_as=chosen.drawn_as, appearance=chosen.appearance, box=box,
            depth=place.depth(slot), occlusion=round(HIDDEN["partly hidden"][0] * self._next(), 3),
        )  # fmt: skip

    def _kind(self, aimed: bool) -> str:
        """A kind of look-alike: of those that were mistaken by weight, in scenes aimed at them; else any."""
        if aimed and self.mistaken:
            return _one_of(self.mistaken, [w.weight for w in self.mistaken], self._next()).value
        kinds = [k for k, looks in self.lookalikes.items() if not looks[0].bystander]
        others = [k for k in self.lookalikes if k not in kinds]
        if others and (not kinds or self._next() < BYSTANDER_SHARE):
            kinds = others
        return _one_of(kinds, [ABUNDANT.get(k, 1.0) for k in kinds], self._next())

    def _look(self, class_name: str) -> str:
        looks, ends = self._choices[class_name]
        return looks[min(bisect(ends, self._next() * ends[-1]), len(looks) - 1)]

    def _next(self) -> float:
        """A number in [0, 1); drawn a thousand at a time because single draws are slow."""
        if not self._random:
            self._random = self.rng.random(1024).tolist()
        return self._random.pop()


class _Place(NamedTuple):
    """One scene's part of the layouts."""

    layouts: Layouts
    scene: int

    def box(self, slot: int) -> tuple[float, float, float, float]:
        """(cx, cy, w, h)."""
        cx, cy, w, h = self.layouts.boxes[self.scene, slot].tolist()
        return cx, cy, w, h

    def depth(self, slot: int) -> int:
        """Order from the camera."""
        return int(self.layouts.depths[self.scene, slot])


def _company(scene: SceneSpec) -> str:
    return "look-alikes" if any(o.role == "lookalike" for o in scene.objects) else "nothing"


def _target_range(row: Row) -> tuple[int, int]:
    if "crowding" not in row:
        return 0, 0
    many = CROWDS.get(row["context"]) if row["crowding"] == "many" else None
    return many or NUMBER[row["crowding"]]


def _lookalike_range(row: Row, mistaken: bool) -> tuple[int, int]:
    if "look-alikes" not in (row.get("beside"), row.get("content")):
        return 0, 0
    if row["context"] in COMPANY:
        return COMPANY[row["context"]]
    if "beside" in row:
        return MISTAKEN_BESIDE if mistaken else LOOKALIKES_BESIDE
    return LOOKALIKES_ALONE


def _family(row: Row, objects: Sequence[SceneObject]) -> str:
    """Images of the same thing at the same place, light, viewpoint and distance are near-twins.

    Those five, because they decide most of the pixels; fewer would make families so large that seventy images could
    not be cut at 15 %.
    """
    first = f"{objects[0].drawn_as}/{objects[0].appearance}" if objects else "nothing"
    twin = "/".join((row["context"], row["light"], row["viewpoint"], row["distance"], first))
    return hashlib.sha1(twin.encode()).hexdigest()[:12]


def _by_kind(vocabulary: Vocabulary, task: TaskSpec) -> dict[str, list[LookAlike]]:
    """Distinct look-alikes by what draws them, so that each kind is as frequent whatever its appearances."""
    kinds: dict[str, list[LookAlike]] = {}
    named = {(k.drawn_as, k.appearance): k for c in task.class_names for k in vocabulary.lookalikes.get(c, ())}
    for one in named.values():
        kinds.setdefault(one.drawn_as, []).append(one)
    return kinds


def _one_of(values: Sequence[T], weights: Iterable[float], share: float) -> T:
    """The value at a share, 0 up to 1, of all weights."""
    ends = list(accumulate(weights))
    return values[min(bisect(ends, share * ends[-1]), len(ends) - 1)]
