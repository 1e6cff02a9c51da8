"""What a run writes into memory when it ends, and what it takes from it when it begins.

Recall and remember are nodes of the graph, not tools: a model that can save memories does so for ever. Memory is a help
and never a condition: whatever is wrong with it becomes a note, and the run goes on.
"""

import logging
import re
from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any

from tools.core.errors import StepFailed
from tools.data.scores import Evaluation
from tools.memory.store import Change, Lesson, RunMemory
from tools.metrics.slices import aim_of
from tools.runs.runtime import Round, RunContext
from tools.scenes.scene import AXES

log = logging.getLogger(__name__)
MAX_LESSONS = 3
MAX_WEAK = 6  # of a lesson; a round cannot aim at more
MIN_GAIN = 0.01  # of the main metric, from which a slice that was aimed at counts as better
DECIDING = ("real_val", "synthetic_val")  # the first that a round has decides; tests are only reported
MAX_CLASSES = 3  # weak ones, and pairs that were confused, of a lesson
_SLICE = re.compile(rf"({'|'.join(AXES)})=[\w][\w ,.'()/-]{{0,59}}")


def recall_lessons(run: RunContext) -> list[dict[str, Any]]:
    """The nearest past runs as plain values; also kept in the record. Empty when there are none or memory fails."""
    if run.record.lessons:
        return run.record.lessons
    text, wanted = _asked(run)
    classes = [n for name, key in wanted.items() for n in dict.fromkeys((name, key)) if n]
    own = _identity(run)
    try:
        found = RunMemory.of(run.settings).search(
            text, classes, max_distance=run.settings.memory.max_distance, limit=MAX_LESSONS, without=own.id
        )
    except Exception as error:
        _note_trouble(run, "No past runs are used", error)
        return []
    lessons = [_as_plain(lesson, wanted) for lesson in found]
    if lessons:
        run.record.lessons = lessons
        run.save()
        names = ", ".join(f"{le['run']} ({', '.join(le['classes'][:3])})" for le in lessons)
        weak = list(dict.fromkeys(w for le in lessons for w in le["weak"]))[:MAX_WEAK]
        run.emit("note", text=f"Similar past runs: {names}." + (f" Weak there: {', '.join(weak)}." if weak else ""))
    return lessons


def remember_run(run: RunContext) -> None:
    """Keep what a run taught, once however often it is called; a run without a measured round taught nothing."""
    if run.record.options.get("forgotten"):  # the person does not want it to teach
        return
    if run.record.task is None or not any(r.scores for r in run.record.rounds):
        return
    try:
        RunMemory.of(run.settings).add(lesson_of(run))
    except Exception as error:
        _note_trouble(run, "This run is not remembered", error)
        return
    run.emit("note", text="Remembered for later runs.")


def lesson_of(run: RunContext) -> Lesson:
    """What a run taught.

    Raises:
        FixArguments: it has no task.
    """
    record, task = run.record, run.task
    rounds = record.rounds
    generated = sum(r.generated for r in rounds) or run.dataset.count()
    seconds: defaultdict[str, float] = defaultdict(float)
    for stage in record.stages:
        seconds[stage.name] += stage.seconds
    scores = _scores(run)
    changes = changes_of(rounds)
    return Lesson(
        run=record.name,
        created=record.created,
        status="finished" if record.best is not None and record.status != "failed" else "failed",
        kind=task.kind,
        classes=task.class_names,
        drawn_as=list(dict.fromkeys(c.drawn_as for c in task.classes)),
        looks={c.name: c.drawn_as for c in task.classes},
        contexts=task.contexts,
        engine=run.settings.generation.generator[:80],
        weak=_weak(rounds),
        helped=[c.slice for c in changes if c.after - c.before >= MIN_GAIN],
        changes=changes,
        vocabulary=_vocabulary(run),
        metric=next((e.metric for r in reversed(rounds) for e in r.scores.values()), ""),
        scores=scores,
        images=run.dataset.count(verdict="kept"),
        seconds_per_image=round(seconds["generate"] / generated, 3) if generated and seconds["generate"] else None,
        minutes={name: round(s / 60, 2) for name, s in seconds.items()},
        failures=_failures(run),
    )


def changes_of(rounds: list[Round]) -> list[Change]:
    """What became of every slice that a later round aimed at, on the set that decides."""
    changes = []
    for before, after in pairwise(rounds):
        on = next((on for on in DECIDING if on in before.scores and on in after.scores), None)
        if on is None:
            continue
        for name in after.focus:
            old, new = (_slice_score(r.scores[on], name) for r in (before, after))
            if old is None or new is None:
                continue
            changes.append(Change(slice=name, round=after.number, before=round(old, 4), after=round(new, 4)))
    return changes


def _slice_score(scores: Evaluation, name: str) -> float | None:
    """The score of a slice, or of one measured on the images ("size=small") that asks for the same scenes."""
    alike = [name, *sorted(n for n in scores.per_slice if aim_of(n) == name)]
    found = (part.score for n in alike if (part := scores.part(n)) is not None)
    return next((score for score in found if score is not None), None)


def _asked(run: RunContext) -> tuple[str, dict[str, str]]:
    """Words and classes to look for, with what draws each. Before there is a task, they are read off the request."""
    if run.record.task is not None:
        return run.record.request, {c.name: c.drawn_as for c in run.record.task.classes}
    from agent.requests.understand import understand
    from tools.generators.blender.library import Library

    try:
        understood = understand(run.record.request, Library.of_run(run.folder, settings=run.settings).find)
    except Exception:  # reading a request must not stop here; define_task will ask
        log.debug("the request was not understood", exc_info=True)
        return run.record.request, {}
    return run.record.request, {c.name: c.drawn_as or "" for c in understood.classes}


def _as_plain(lesson: Lesson, wanted: dict[str, str]) -> dict[str, Any]:
    """The part of a lesson that a planner or a model acts on. Appearances are told only for the same class.

    Args:
        lesson: of a past run.
        wanted: classes of this run -> what draws each.
    """
    named = _names_here(lesson, wanted)
    return {
        "run": lesson.run,
        "similar": round(min(1.0, max(0.0, 1 - lesson.distance)), 3),
        "same_class": lesson.same_class,
        "kind": lesson.kind,
        "classes": lesson.classes[:10],
        "weak": _usable(lesson.weak, lesson.same_class) + _classes_in(lesson.weak, named),
        "helped": _usable(lesson.helped, lesson.same_class) + _classes_in(lesson.helped, named),
        "metric": lesson.metric,
        "scores": lesson.scores,
        "images": lesson.images,
        "seconds_per_image": lesson.seconds_per_image,
        "failures": [f[:160] for f in lesson.failures[:3]],
    }


def _usable(names: list[str], same_class: bool) -> list[str]:
    """Slices that scenes can be designed for. A shared memory may hold anything, so their form is checked."""
    aims = dict.fromkeys(aim for name in names if (aim := aim_of(name)) and _SLICE.fullmatch(aim))
    return [a for a in aims if same_class or not a.startswith("appearance=")][:MAX_WEAK]


def _names_here(lesson: Lesson, wanted: dict[str, str]) -> dict[str, str]:
    """A lesson's classes -> what this run calls them: by the same name, or by what alone draws both."""
    if len(wanted) < 2:  # a class alone is never weak beside another
        return {}
    mine = {name.casefold(): name for name in wanted}
    by_look = Counter(wanted.values()), Counter(lesson.looks.values())
    found = {}
    for name, look in (dict.fromkeys(lesson.classes, "") | lesson.looks).items():
        if name.casefold() in mine:
            found[name] = mine[name.casefold()]
        elif look and all(counts[look] == 1 for counts in by_look):
            found[name] = next(own for own, key in wanted.items() if key == look)
    return found


def _classes_in(names: list[str], named: dict[str, str]) -> list[str]:
    """Classes that were weak, and pairs that were confused, in this run's names; of others nothing can be made."""
    found = []
    for name in names:
        axis, _, value = name.partition("=")
        if axis == "class" and value in named:
            found.append(f"class={named[value]}")
        elif axis == "confused":
            pair = next(((a, b) for a in named for b in named if f"{a}/{b}" == value), None)
            found += [f"confused={named[pair[0]]}/{named[pair[1]]}"] if pair else []
    return list(dict.fromkeys(found))[:MAX_CLASSES]


def _weak(rounds: list[Round]) -> list[str]:
    """Weak slices and classes of every round, and pairs that were confused, the latest diagnosis first, each once."""
    found = [r.diagnosis for r in reversed(rounds) if r.diagnosis is not None]
    names = [n for d in found for n in (*(w.name for w in d.weak), *(a for a in d.aim if a.startswith("confused=")))]
    return [n for n in dict.fromkeys(names) if len(n) <= 120][:40]


def _scores(run: RunContext) -> dict[str, float]:
    """The main metric of the run's model on everything it was measured on; before there is one, of the last round."""
    measured = run.record.scores or next(r for r in reversed(run.record.rounds) if r.scores).scores
    return {on: round(e.score, 4) for on, e in measured.items() if e.score is not None}


def _vocabulary(run: RunContext) -> dict[str, list[str]]:
    """Values of every axis that at least two kept images have, commonest first."""
    counts: dict[str, Counter[str]] = {}
    for sample in run.dataset.samples(verdict="kept"):
        for axis, value in sample.axes.items():
            counts.setdefault(axis, Counter())[value] += 1
    return {
        axis: [v[:80] for v, n in sorted(values.items(), key=lambda item: (-item[1], item[0])) if n > 1][:20]
        for axis, values in counts.items()
    }


def _failures(run: RunContext) -> list[str]:
    """Why the run and its images failed, commonest first."""
    reasons = Counter(reason.splitlines()[0][:200] for reason in run.dataset.failures().values() if reason)
    return ([run.record.error[:200]] if run.record.error else []) + [
        f"{r} ({n} pictures)" for r, n in reasons.most_common(4)
    ]


def _identity(run: RunContext) -> Lesson:
    return Lesson(run=run.record.name, created=run.record.created, kind="segment", classes=["-"])


def _note_trouble(run: RunContext, what: str, error: Exception) -> None:
    log.warning("%s: %s", what, error, exc_info=not isinstance(error, StepFailed))
    run.emit("note", text=f"{what}: {error}")
