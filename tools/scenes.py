"""Design scenes: a vocabulary of what may be seen, and a sampler that covers it evenly without another model call."""

import hashlib
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime
from pydantic import BaseModel, Field, ValidationError

from tools.data.coverage import cover_pairs
from tools.data.scene import CONTEXTS, DISTANCES, LIGHTS, VIEWPOINTS, WEATHERS, SceneObject, SceneSpec
from tools.data.task import TaskSpec
from tools.errors import FixArguments, StepFailed
from tools.runtime import Round, RunContext, report
from tools.settings import Settings

Weights = dict[str, float]
CROWDING = {"one": (1, 1), "few": (2, 4), "many": (5, 12)}
OCCLUSION = {"open": (0.0, 0.0), "partly hidden": (0.15, 0.40), "mostly hidden": (0.45, 0.65)}
# Usual places of a thing count this many times an unusual one: a model of apples, not of one orchard, yet mostly apples
# where apples are.
USUAL_PLACE = 3.0
RAREST_LOOK = 20  # a look this many times rarer than the commonest is drawn only when the request names it
MAX_OVERLAP = 0.25  # of the smaller box: more is not told apart from one object
# What cannot be: a slide lies under a lamp and is seen from above; there is no sky when looking straight down.
IMPOSSIBLE = (
    *(("context", "slide", "light", v) for v in ("sun", "low sun", "deep shade", "overcast", "backlight")),
    *(("context", "slide", "weather", v) for v in ("haze", "after rain")),
    *(("context", "slide", "viewpoint", v) for v in ("eye level", "slightly above", "from below")),
    *(("context", c, "weather", v) for c in ("studio", "shelf", "conveyor", "workbench", "hand")
      for v in ("haze", "after rain")),
    ("context", "sky", "viewpoint", "straight down"),
    *(("context", c, "viewpoint", "from below") for c in ("grass", "soil", "table", "floor", "road", "conveyor",
                                                         "workbench")),
    *(("context", c, "light", v) for c in ("orchard", "bush", "grass", "soil", "road", "sky")
      for v in ("indoor lamp", "studio light")),
    ("distance", "close", "crowding", "many"),
)  # fmt: skip
PLACE_WORDS = {
    "tree": "orchard", "garden": "bush", "field": "soil", "lawn": "grass", "meadow": "grass", "desk": "table",
    "kitchen": "table", "counter": "table", "supermarket": "shelf", "store": "shelf", "warehouse": "shelf",
    "factory": "conveyor", "belt": "conveyor", "ground": "floor", "street": "road", "highway": "road", "air": "sky",
    "white": "studio", "plain": "studio", "palm": "hand", "workshop": "workbench", "microscope": "slide",
}  # fmt: skip


class Vocabulary(BaseModel):
    """Values and weights of every axis, and what each class looks like and is mistaken for."""

    context: Weights = Field(min_length=1)
    light: Weights = Field(default_factory=lambda: dict.fromkeys(LIGHTS, 1.0), min_length=1)
    weather: Weights = Field(default_factory=lambda: dict(zip(WEATHERS, (3.0, 1.0, 1.0), strict=True)), min_length=1)
    viewpoint: Weights = Field(default_factory=lambda: dict.fromkeys(VIEWPOINTS, 1.0), min_length=1)
    distance: Weights = Field(default_factory=lambda: dict(zip(DISTANCES, (1.0, 1.5, 1.5, 0.8), strict=True)),
                              min_length=1)  # fmt: skip
    crowding: Weights = Field(default_factory=lambda: {"one": 1.0, "few": 1.5, "many": 1.0}, min_length=1)
    occlusion: Weights = Field(default_factory=lambda: {"open": 2.0, "partly hidden": 1.5, "mostly hidden": 0.6},
                               min_length=1)  # fmt: skip
    appearances: dict[str, Weights] = Field(default_factory=dict, description="class name -> appearance -> weight")
    lookalikes: list[str] = Field(default_factory=list, description="keys of things that are not to be labelled")


def build_vocabulary(
    task: TaskSpec, specs: Mapping[str, Any], named_share: float, wishes: Mapping[str, Any] | None = None
) -> Vocabulary:
    """The built-in vocabulary of a task, changed by what a language model wishes.

    Args:
        task: classes and named places.
        specs: object key -> ObjectSpec of everything that can be drawn.
        named_share: share of the scenes at places the request names.
        wishes: axis -> {value: weight}, e.g. {"light": {"deep shade": 3}}; values it leaves out keep their weight.

    Raises:
        FixArguments: a wish names an axis or a value that nothing draws.
    """
    mine = [specs[c.drawn_as] for c in task.classes]
    appearances = {
        c.name: {a.name: float(a.weight) for a in specs[c.drawn_as].appearances
                 if not c.appearances or a.name in c.appearances}
        for c in task.classes
    }  # fmt: skip
    own_keys = {c.drawn_as for c in task.classes}
    lookalikes = sorted({k for s in mine for k in s.lookalikes if k in specs and k not in own_keys})
    built = Vocabulary(context=_places(task, mine, named_share), appearances=appearances, lookalikes=lookalikes)
    if task.kind == "classify":
        built.crowding, built.distance = {"one": 1.0}, {"close": 2.0, "near": 2.0, "medium": 1.0}
    for axis, weights in (wishes or {}).items():
        known = getattr(built, axis, None)
        if not isinstance(known, dict) or axis == "appearances":
            raise FixArguments(f"the vocabulary has no axis {axis!r}; there are context, light, weather, viewpoint, "
                               "distance, crowding and occlusion")  # fmt: skip
        if unknown := sorted(set(weights) - set(known)):
            raise FixArguments(f"{axis} has no value {unknown[0]!r}; there are {', '.join(known)}")
        known.update({k: float(v) for k, v in weights.items()})
        setattr(built, axis, {k: v for k, v in known.items() if v > 0})
    try:
        return Vocabulary.model_validate(built.model_dump())
    except ValidationError as error:
        raise FixArguments(f"vocabulary: {error.errors()[0]['msg']}") from None


def _places(task: TaskSpec, specs: Sequence[Any], named_share: float) -> Weights:
    usual = {c for s in specs for c in s.contexts}
    if not task.contexts and all(s.contexts == ["slide"] for s in specs):
        return {"slide": 1.0}  # what only a microscope shows is not met on a road
    weights = {c: USUAL_PLACE if c in usual else 1.0 for c in CONTEXTS if c != "slide" or c in usual}
    if not task.contexts:
        return weights
    named = [known_place(c) for c in task.contexts]
    others = {c: w for c, w in weights.items() if c not in named}
    rest = (1 - named_share) / sum(others.values())
    return {c: named_share / len(named) for c in named} | {c: w * rest for c, w in others.items()}


def known_place(name: str) -> str:
    """The context that a word for a place means.

    Raises:
        FixArguments: none does.
    """
    place = PLACE_WORDS.get(name.casefold(), name.casefold())
    if place not in CONTEXTS:
        raise FixArguments(f"no scene can be set at {name!r}; there are {', '.join(CONTEXTS)}")
    return place


def sample_scenes(
    task: TaskSpec,
    vocabulary: Vocabulary,
    count: int,
    seed: int,
    *,
    focus: Sequence[str] = (),
    settings: Settings | None = None,
) -> list[SceneSpec]:
    """`count` distinct scenes that cover the vocabulary evenly, pair by pair.

    Args:
        task: what to show.
        vocabulary: what may be seen.
        count: how many.
        seed: same seed, same scenes.
        focus: weak slices, 'axis=value', that `settings.focus_share` of the scenes must have.
        settings: shares of negatives, look-alikes and focus.

    Raises:
        FixArguments: a focus that is no value of the vocabulary.
    """
    settings = settings or Settings()
    rng = np.random.default_rng(seed)
    class_names = task.class_names
    axes: dict[str, Weights] = {
        "class": dict.fromkeys(class_names, 1.0),
        **{axis: getattr(vocabulary, axis)
           for axis in ("context", "light", "weather", "viewpoint", "distance", "crowding", "occlusion")},
    }  # fmt: skip
    looks, aims = _aims(focus, axes, vocabulary)
    aimed = round(count * settings.focus_share) if aims else 0
    fixed = [aims[i % len(aims)] for i in range(aimed)]
    rows = cover_pairs(axes, count, rng, fixed=[{k: v for k, v in f.items() if k != "appearance"} for f in fixed],
                       forbidden=IMPOSSIBLE)  # fmt: skip
    negative_share = 0.0 if task.kind == "classify" else settings.negative_share
    empty = {int(i) for i in np.floor((np.arange(round(count * negative_share)) + 0.5) / max(negative_share, 1e-9))}
    fine = random.Random(seed)  # ten times faster than numpy for single numbers
    turns = {name: fine.sample(range(len(look)), len(look)) for name, look in looks.items()}
    scenes = []
    for number, row in enumerate(rows):
        wish = fixed[number].get("appearance") if number < aimed else None
        targets = [] if number in empty else _targets(task, row, looks, turns, number, wish, fine)
        others = _lookalikes(vocabulary, row, targets, number in empty, settings, fine)
        scenes.append(_scene(row, targets + others, fine))
    return scenes


def _aims(
    focus: Sequence[str], axes: Mapping[str, Weights], vocabulary: Vocabulary
) -> tuple[dict[str, list[str]], list[dict[str, str]]]:
    """Appearances by class in proportion to their weights, and what the aimed scenes must have."""
    looks = {}
    for name, weights in vocabulary.appearances.items():
        least = max(weights.values()) / RAREST_LOOK
        looks[name] = [a for a, w in weights.items() for _ in range(round(w / least))]
    aims = []
    for name in focus:
        axis, _, value = name.partition("=")
        owner = next((c for c, look in looks.items() if value in look), None) if axis == "appearance" else None
        if owner is not None:
            aims.append({"appearance": value, "class": owner})
        elif value in axes.get(axis, {}):
            aims.append({axis: value})
        else:
            known = ", ".join(axes.get(axis, axes))
            raise FixArguments(f"no scene can aim at {name!r}; use 'axis=value' with one of: {known}")
    return looks, aims


def _targets(
    task: TaskSpec, row: Mapping[str, str], looks: Mapping[str, list[str]], turns: Mapping[str, Any], number: int,
    wish: str | None, rng: random.Random,
) -> list[SceneObject]:  # fmt: skip
    low, high = CROWDING[row["crowding"]]
    names = [row["class"]]
    for _ in range(rng.randint(low, high) - 1):
        names.append(row["class"] if rng.random() < 0.6 else rng.choice(task.class_names))
    specs = {c.name: c for c in task.classes}
    boxes = _boxes(len(names), row["distance"], rng)
    hidden_low, hidden_high = OCCLUSION[row["occlusion"]]
    made = []
    for position, (name, box) in enumerate(zip(names, boxes, strict=False)):
        look = looks.get(name) or [""]
        turn = turns[name][(number + position) % len(look)] if name in turns else 0
        hidden = rng.uniform(hidden_low, hidden_high) if position == 0 or rng.random() < 0.5 else 0.0
        made.append(
            SceneObject(
                class_name=name, drawn_as=specs[name].drawn_as, box=box, depth=position,
                appearance=wish if wish is not None and position == 0 else look[turn], occlusion=round(hidden, 3),
            )
        )  # fmt: skip
    return made


def _lookalikes(
    vocabulary: Vocabulary, row: Mapping[str, str], targets: Sequence[SceneObject], empty: bool, settings: Settings,
    rng: random.Random,
) -> list[SceneObject]:  # fmt: skip
    share = settings.lookalike_share if empty else settings.lookalike_share / 2
    if not vocabulary.lookalikes or rng.random() >= share:
        return []
    count = rng.randint(1, 4 if empty else 2)
    taken = [t.box for t in targets]
    return [
        SceneObject(role="lookalike", drawn_as=rng.choice(vocabulary.lookalikes), box=box,
                    depth=len(targets) + n)
        for n, box in enumerate(_boxes(count, row["distance"], rng, taken))
    ]  # fmt: skip


Box = tuple[float, float, float, float]


def _boxes(count: int, distance: str, rng: random.Random, taken: Sequence[Box] = ()) -> list[Box]:
    """Up to `count` boxes that overlap little with each other and with those taken; at least one where none is."""
    low, high = DISTANCES[distance]
    placed: list[Box] = []
    for _ in range(count):
        for _attempt in range(12):
            w = math.exp(rng.uniform(math.log(low), math.log(high))) * (0.7 if placed and rng.random() < 0.3 else 1.0)
            h = w * rng.uniform(0.85, 1.15)
            margin_x, margin_y = 0.3 * w, 0.3 * h  # a third of the object may leave the picture
            box = (rng.uniform(margin_x, 1 - margin_x), rng.uniform(margin_y, 1 - margin_y), w, h)
            if all(_overlap(box, other) <= MAX_OVERLAP for other in (*taken, *placed)):
                placed.append((round(box[0], 4), round(box[1], 4), round(w, 4), round(h, 4)))
                break
    return placed


def _overlap(a: Box, b: Box) -> float:
    width = min(a[0] + a[2] / 2, b[0] + b[2] / 2) - max(a[0] - a[2] / 2, b[0] - b[2] / 2)
    height = min(a[1] + a[3] / 2, b[1] + b[3] / 2) - max(a[1] - a[3] / 2, b[1] - b[3] / 2)
    return max(0.0, width) * max(0.0, height) / min(a[2] * a[3], b[2] * b[3])


def _scene(row: Mapping[str, str], objects: list[SceneObject], rng: random.Random) -> SceneSpec:
    targets = [o for o in objects if o.role == "target"]
    look = targets[0].appearance if targets else "none"
    # Two scenes of one family share place, light, view, look and size: the nearest that this sampler's twins can be.
    twin = "/".join((row["context"], row["light"], row["viewpoint"], row["distance"], look))
    scene = SceneSpec(
        context=row["context"], light=row["light"], weather=row["weather"], viewpoint=row["viewpoint"],
        distance=row["distance"], clutter=round(rng.uniform(0.05, 0.8), 2), objects=objects,
        family=hashlib.sha1(twin.encode()).hexdigest()[:10], seed=rng.randrange(2**31),
    )  # fmt: skip
    scene.caption = caption(scene)
    return scene


def caption(scene: SceneSpec) -> str:
    """One English sentence about a scene, for engines that draw from text."""
    counts: dict[str, int] = {}
    for thing in scene.objects:
        name = " ".join(filter(None, (thing.appearance, thing.class_name or thing.drawn_as)))
        counts[name] = counts.get(name, 0) + 1
    things = ", ".join(f"{n} x {name}" if n > 1 else name for name, n in counts.items()) or "nothing in particular"
    return (f"A {scene.distance} photo of {things}; {scene.context}, {scene.light}, {scene.weather}, "
            f"seen {scene.viewpoint}.")  # fmt: skip


def design(run: RunContext, count: int | None, focus: Sequence[str], vocabulary: Mapping[str, Any] | None) -> str:
    """Plan the scenes of the current or the next round; see `design_scenes`."""
    from tools.generators.blender.library import Library

    task, settings = run.task, run.settings
    library = Library.of_run(run.folder, Path(run.record.assets) if run.record.assets else None)
    specs = {key: library.spec(key) for key in library.keys()}  # noqa: SIM118  (a method, not a dict)
    words = build_vocabulary(task, specs, settings.named_context_share, vocabulary)
    number = next_round(run)
    earlier = len(run.dataset.scenes()) - len(run.dataset.scenes(number))
    wanted = count or _share(run, number, task.budget.images - earlier)
    arguments = f"{settings.seed}/{number}/{wanted}/{sorted(focus)}/{sorted((vocabulary or {}).items())}"
    seed = int.from_bytes(hashlib.sha256(arguments.encode()).digest()[:6])
    scenes = sample_scenes(task, words, wanted, seed, focus=focus, settings=settings)
    planned = {s.id for s in run.dataset.scenes()}
    room = task.budget.images - len(planned)
    if (fresh := [s for s in scenes if s.id not in planned]) and room <= 0:
        raise StepFailed(f"the budget of {task.budget.images} pictures is used up; export what there is")
    if number > len(run.record.rounds):
        run.record.rounds.append(Round(number=number))
    run.round.focus = list(dict.fromkeys([*run.round.focus, *focus]))
    run.dataset.add_scenes(number, fresh[:room])
    run.save()
    run.progress("design", len(scenes), len(scenes))
    axes = [s.axes() for s in scenes]
    return report(
        done=f"planned {len(run.dataset.scenes(number))} scenes for round {number} of {task.budget.rounds}",
        round=number,
        pictures_left=max(0, room - len(fresh)),
        focus=list(focus),
        negatives=sum(not s.targets for s in scenes),
        contexts=sorted({a["context"] for a in axes}),
        lookalikes=words.lookalikes,
        next="generate_images",
    )


def next_round(run: RunContext) -> int:
    """The number of the round being designed: a new one once the last is diagnosed.

    Raises:
        StepFailed: all rounds of the budget are used.
    """
    rounds = run.record.rounds
    number = len(rounds) + 1 if not rounds or rounds[-1].diagnosis is not None else len(rounds)
    if number > run.task.budget.rounds:
        raise StepFailed(f"all {run.task.budget.rounds} rounds of the budget are used; export what there is")
    return number


def _share(run: RunContext, number: int, left: int) -> int:
    budget = run.task.budget
    if number == 1 and budget.rounds > 1:
        return max(1, round(budget.images * run.settings.first_round_share))
    return max(1, left // max(1, budget.rounds - number + 1))


@tool
def design_scenes(
    runtime: ToolRuntime[RunContext],
    count: int | None = None,
    focus: list[str] | None = None,
    vocabulary: dict[str, dict[str, float]] | None = None,
) -> str:
    """Plan the scenes of a round; call it once a round, before generate_images.

    Args:
        runtime: given by the agent.
        count: how many; leave it out for the budget's share.
        focus: weak slices to aim at, 'axis=value', as diagnose_model names them.
        vocabulary: changed weights, axis -> {value: weight}, e.g. {"light": {"deep shade": 3}}; 0 leaves a value out.
    """
    run = runtime.context
    run.task  # noqa: B018
    with run.stage("design"):
        return design(run, count, focus or [], vocabulary)
