"""What became, on photos, of runs whose things are seen as this one's: the person's own first, then those measured."""

from collections.abc import Mapping, Sequence
from typing import Any

from tools.core.task import TaskSpec
from tools.drawable.classes import Objects
from tools.generators.blender.catalogue import fruit, warm_fruit
from tools.runs.expected import MEASURED, Judged
from tools.runs.runtime import RunContext
from tools.scenes.vocabulary import SLIDE, SURFACE, Thing

ALIVE = frozenset({"quadruped", "bird", "fish", "insect"})  # families of animals
LIQUID = "liquid"  # the place of bubbles and drops
GROWS = frozenset({"orchard", "bush"})
RENDERER = "blender"  # what the measured runs were drawn by


def expected_on_photos(run: RunContext, task: TaskSpec, objects: Objects) -> list[Judged]:
    """Runs that tell what this one may do on photos; none where nothing alike was measured.

    Args:
        run: its engine and the lessons of earlier runs.
        task: what it is to find, not yet approved.
        objects: what its engine can draw.
    """
    own = own_runs(run.record.lessons, task)
    if run.settings.generation.generator != RENDERER or task.kind == "classify":  # those measured find, not name
        return own
    known = set(objects.keys())
    seen = {seen_as(objects.spec(c.drawn_as)) if c.drawn_as in known else "" for c in task.classes}
    return [*own, *(one for how in sorted(seen & set(MEASURED)) for one in MEASURED[how])] if "" not in seen else own


def own_runs(lessons: Sequence[Mapping[str, Any]], task: TaskSpec) -> list[Judged]:
    """The person's own runs of the same things and kind that were judged on photos too."""
    return [
        Judged(
            what=le["run"], synthetic=scores["synthetic_test"], real=scores["real_test"], own=True,
            metric=str(le.get("metric") or "score").replace("_", " ").replace("map", "mAP"),
        )
        for le in lessons
        if le.get("same_class") and le.get("kind") == task.kind
        and {"synthetic_test", "real_test"} <= set(scores := le.get("scores") or {})
    ]  # fmt: skip


def seen_as(thing: Thing) -> str:
    """How things of this kind are seen in photos: a key of `MEASURED`, or nothing."""
    if thing.contexts == [SLIDE]:
        return "slide"
    if SURFACE in thing.contexts:
        return "surface"
    if thing.family == "cell" and LIQUID in thing.contexts:
        return LIQUID
    if thing.family == "person":
        return "person"
    if thing.family in ALIVE:
        return "alive"
    grown = thing.family == "produce" or thing in [*fruit.OBJECTS, *warm_fruit.OBJECTS]
    return "fruit" if grown and GROWS & set(thing.contexts) else ""
