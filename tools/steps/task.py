"""The tools that settle what is done: define_task (with its estimate and approval) and ask_user."""

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime
from langgraph.types import interrupt
from pydantic import BaseModel, Field

from tools.core.answers import ANSWERS, NO, QUIT, REPLY_CHARS, approves, as_wish, plain
from tools.core.errors import Code, FixArguments, NeedsUser, StepFailed
from tools.core.settings import EFFORTS, Settings
from tools.core.task import Budget, ClassSpec, Effort, TaskKind, TaskSpec
from tools.data.images import count_images
from tools.drawable.classes import ClassArgument, drawn_by, relatives, resolve_classes
from tools.runs.estimate import (
    MEASURED_NETWORK,
    NETWORKS,
    Plan,
    about_judging,
    estimate,
    fit_plan,
    network_work,
    photos_judging,
)
from tools.runs.inherit import inherit
from tools.runs.pace import at_pace, latest_paces
from tools.runs.runtime import RunContext, report
from tools.scenes.scene import CONTEXTS
from tools.steps.plan_text import class_line, plan_for_person
from tools.trainers.starter_files import starter_networks

_MAX_NOTES, _NOTE_CHARS = 10, 320  # of what the user reads before approving
_RUN_FLAGS = ("images", "rounds", "minutes")


class Wanted(BaseModel):
    """What define_task is asked for; None leaves it to the user's flags and the effort."""

    kind: TaskKind
    classes: list[ClassArgument]
    contexts: list[str] = Field(default_factory=list)
    target: float | None = None
    images: int | None = None
    rounds: int | None = None
    minutes: float | None = None
    money: float | None = None
    effort: Effort | None = None
    model: str | None = None
    assumptions: list[str] = Field(default_factory=list)
    reply: str | None = None

    def fingerprint(self) -> str:
        """The same text for the same wishes."""
        left_out = {"reply"} | ({"model"} if self.model is None else set())
        return json.dumps(self.model_dump(exclude=left_out), ensure_ascii=False, sort_keys=True)


@tool
def define_task(
    runtime: ToolRuntime[RunContext],
    kind: TaskKind,
    classes: list[ClassArgument],
    contexts: list[str] | None = None,
    target: Annotated[float | None, Field(description="score in 0..1 at which the run may stop early")] = None,
    images: Annotated[int | None, Field(description="pictures over all rounds")] = None,
    rounds: Annotated[int | None, Field(description="trips round the loop")] = None,
    minutes: Annotated[float | None, Field(description="wall-clock minutes for everything")] = None,
    money: Annotated[float | None, Field(description="US dollars for paid services")] = None,
    effort: Effort | None = None,
    model: Annotated[str | None, Field(description="network the user named, e.g. yolo11s")] = None,
    assumptions: list[str] | None = None,
    reply: Annotated[str | None, Field(description="your answer to what the user asked about the last plan")] = None,
) -> str:
    """Settle what is to be recognised and how much is spent, and have the user approve it. Always the first call.

    kind: segment (outline of every thing), detect (boxes, counting) or classify (one class for the whole image, at
    least two classes). classes: in the user's own words; states make classes ("ripe tomato", "raw tomato"). Leave out
    every budget that the user did not name: flags and defaults fill it. contexts: only places the user named, out of
    orchard, bush, grass, soil, table, shelf, conveyor, floor, road, sky, studio, hand, workbench, inspection (a
    belt from straight above), dashcam (a road from a car), aerial, slide, liquid (under
    water, in a glass); none means everywhere. assumptions: what
    you took for granted, and what of the request is not done here or was not understood, one short sentence each; the
    user reads them before approving. "The user wants: ..." that is a question, or changes nothing: the same call again
    with `reply`, which is shown with the plan. A class that nothing can draw is refused; the
    refusal says how to describe it.
    """
    wanted = Wanted(
        kind=kind, classes=classes, contexts=contexts or [], target=target, images=images, rounds=rounds,
        minutes=minutes, money=money, effort=effort, model=model, assumptions=assumptions or [], reply=reply,
    )  # fmt: skip
    return define(runtime.context, wanted)


@tool
def ask_user(
    runtime: ToolRuntime[RunContext],
    question: str,
    options: list[str] | None = None,
    not_drawn: list[str] | None = None,
) -> str:
    """Ask the user one clear question when nothing else can settle it: no thing named, two readings, nothing draws it.

    Args:
        runtime: the run.
        question: one question, in the user's language.
        options: answers to choose from, if there are any.
        not_drawn: the classes, where it is about classes that nothing draws: the user is told how to show them.
    """
    about = {"code": Code.UNCOVERED.value, "data": {"names": not_drawn}} if not_drawn else {}
    return ANSWERS + ask(question, options, about)


def ask(question: str, options: list[str] | None = None, about: Mapping[str, Any] | None = None) -> str:
    """The person's answer; the graph pauses until there is one.

    Args:
        question: for the person.
        options: answers to choose from.
        about: code and data of the question, where ways out are to be told with it.

    Raises:
        FixArguments: the question or the answer is empty.
        StepFailed: the person wants to stop.
    """
    if not question.strip():
        raise FixArguments("The question is empty.")
    shown = {"kind": "question", "question": question.strip(), "options": options or [], **(about or {})}
    answer = str(interrupt(shown)).strip()
    if plain(answer) in QUIT:
        raise StepFailed(f"the user stopped at the question: {question.strip()}")
    if not answer:
        raise FixArguments("The user gave no answer. Ask more clearly, or go on with what is known.")
    return answer


def define(run: RunContext, wanted: Wanted) -> str:
    """Resolve, estimate and have approved; see `define_task`.

    Doing it again with the same wishes changes nothing and returns the same report.

    Raises:
        FixArguments: something in the call, or in the user's wishes, must be changed.
        StepFailed: the plan was refused, or cannot be carried out here.
    """
    record = run.record
    same = record.task is not None and (record.estimate or {}).get("asked") == wanted.fingerprint()
    if record.rounds and not same:
        raise FixArguments(
            "The task is settled and round 1 has begun; it cannot be changed in this run. Go on with it."
        )
    if not same:
        with run.stage("define"):
            _settle(run, wanted)
    if not record.approved:
        _approve(run, wanted.reply)
    if record.parent is not None:
        inherit(run)
    return _report(run)


def _settle(run: RunContext, wanted: Wanted) -> None:
    """Put the task and its estimate on record, not yet approved."""
    again = _shown_before(run, wanted)
    objects = _objects(run)
    classes = resolve_classes(wanted.classes, objects, _how_to_teach)
    if wanted.kind == "classify" and len(classes) < 2:
        raise FixArguments("To classify needs at least two classes. Ask the user what the class is to be told from.")
    if unknown := [c for c in wanted.contexts if c not in CONTEXTS]:
        raise FixArguments(f"Unknown context {unknown[0]!r}; there are {', '.join(CONTEXTS)}. None means everywhere.")
    if wanted.target is not None and not 0 < wanted.target <= 1:
        raise _leave_out("target", f"target is a score between 0 and 1, not {wanted.target:g}.")
    if run.record.few is not None:
        _settle_shown(run, wanted, classes, again)
        return
    model, about_model = _network(run, wanted.model)
    own = run.settings.model_copy(update={"model": model})
    paces = latest_paces(run.folder.parent, run.record.machine, own, [c.drawn_as for c in classes])
    settings = at_pace(own, paces)
    plan, minutes, notes = _plan(run, wanted, settings)
    money = _within_flag("money", wanted.money, run) or 0.0
    if not 0 <= money < math.inf:
        raise _leave_out("money", f"money must be a number of US dollars, 0 or more, not {money:g}.")
    task = TaskSpec(
        kind=wanted.kind, classes=classes, contexts=list(dict.fromkeys(wanted.contexts)), target=wanted.target,
        budget=Budget(images=plan.images, rounds=plan.rounds, minutes=minutes, money=money),
        request=run.record.request,
    )  # fmt: skip
    notes = [
        *[a[:_NOTE_CHARS] for a in wanted.assumptions[:_MAX_NOTES]],
        *about_model,
        *relatives(classes, objects),
        *_candidates(plan, settings),
        *notes,
        *_check_photos(run, task),
    ]
    cost = estimate(plan, settings, limited=minutes is not None)
    if cost.money > task.budget.money:
        raise FixArguments(
            f"{plan.images} pictures of {run.settings.image.model} cost about ${cost.money:.2f}, and the user allows "
            f"${task.budget.money:.2f}. Ask the user for more money (--money), or plan fewer images."
        )
    run.record.task, run.record.approved = task, False
    run.record.estimate = cost.model_dump() | plan.model_dump()
    run.record.estimate |= {
        "model": model,
        "notes": notes,
        "asked": wanted.fingerprint(),
        "measured_in": [p.run for p in paces],
    }
    from tools.drawable.expected import expected_on_photos  # opens the catalogue

    run.record.expected = expected_on_photos(run, task, objects)
    run.save()


def _shown_before(run: RunContext, wanted: Wanted) -> list[str]:
    """Take up the photos of an earlier run of this thing, where nothing draws it; what to say of that."""
    from tools.shown.before import shown_before

    names = [c.name.strip() for c in wanted.classes if c.object_spec is None]
    if "shown_in" in run.record.options:  # taken up before the plan was asked about once more
        return [str(run.record.options["shown_in"])]
    if run.record.few is not None or len(names) < len(wanted.classes):
        return []
    objects = _objects(run)
    if all(drawn_by(name, names, objects) for name in names):
        return []
    earlier = shown_before(run, wanted.kind, names)
    if earlier is None:
        return []
    run.record.few = earlier.few
    note = f"{' and '.join(names)} was shown before, in {earlier.name}: the photos in {earlier.few} teach this run too"
    run.record.options["shown_in"] = note
    run.save()
    return [note]


def _settle_shown(run: RunContext, wanted: Wanted, classes: list[ClassSpec], again: list[str]) -> None:
    """The task of a run that learns from photos the person shows: nothing is drawn, so no images are planned."""
    from tools.shown.pick import settle_labels
    from tools.shown.plan import shown_cost

    minutes = _within_flag("minutes", wanted.minutes, run)
    task = TaskSpec(
        kind=wanted.kind, classes=classes, target=wanted.target, request=run.record.request,
        budget=Budget(images=1, rounds=1, minutes=minutes),
    )  # fmt: skip
    if settle_labels(run, task, ask):
        raise _same_again("What the user pointed at is noted.")
    model, about_model = _network(run, wanted.model)
    photos, notes = _shown_photos(run, task)
    task = task.model_copy(update={"budget": task.budget.model_copy(update={"images": photos})})
    cost = shown_cost(task, photos, run.settings, minutes, more=run.record.unlabelled is not None)
    effort = run.record.options.get("effort") or run.settings.effort
    run.record.task, run.record.approved = task, False
    run.record.estimate = cost.model_dump() | {"images": photos, "rounds": 1, "effort": effort, "measured_in": []}
    run.record.estimate |= {"notes": [*[a[:200] for a in wanted.assumptions[:5]], *again, *about_model, *notes]}
    run.record.estimate |= {"model": model, "asked": wanted.fingerprint()}
    run.save()


def _shown_photos(run: RunContext, task: TaskSpec) -> tuple[int, list[str]]:
    """How many photos are learnt from, and what is to be said of them and of those that judge."""
    from tools.shown.photos import read_shown

    assert run.record.few is not None
    notes = _check_photos(run, task)
    judges = None if run.record.real is None else Path(run.record.real)
    others = None if run.record.unlabelled is None else Path(run.record.unlabelled)
    shown = read_shown(Path(run.record.few), task, run.settings.evaluation.class_map, judges, others)
    return len(shown.samples), [*shown.notes, *notes]


def _network(run: RunContext, asked: str | None) -> tuple[str, list[str]]:
    """The network to train, and what the user should know of one that was asked for.

    Raises:
        FixArguments: it is none that is built here.
    """
    own = run.settings.training
    if asked is None:
        return own.model, []
    if own.trainer != "yolo":
        return own.model, [f"{asked} was asked for; the trainer {own.trainer} chooses its own network"]
    if asked not in NETWORKS:
        raise FixArguments(f"model must be one of {', '.join(NETWORKS)}, not {asked!r}; leave it out if unsure.")
    if asked == MEASURED_NETWORK:
        return asked, []
    times = network_work(asked)
    note = f"{asked} was asked for: training it takes about {times:.0f} times as long as {MEASURED_NETWORK}"
    if asked not in (of := starter_networks()):
        note += f"; the starter weights are of {' and '.join(of)}, so it begins with what of them fits"
    return asked, [note]


def _objects(run: RunContext) -> Any:
    from tools.drawable.drawing import objects_of

    try:
        return objects_of(run.settings, run.folder, run.record.assets, run.record.few)
    except FixArguments as error:  # the folder is the user's: no call can mend it
        raise StepFailed(str(error)) from error


def _how_to_teach() -> str:
    from tools.generators.blender.object_spec import how_to_describe

    return how_to_describe()


def _plan(run: RunContext, wanted: Wanted, settings: Settings) -> tuple[Plan, float | None, list[str]]:
    """Flags before wishes before defaults, cut to the minutes there are at the settings' pace."""
    options = run.record.options
    effort = wanted.effort or settings.effort
    if "wish" not in options and (options.get("effort") or settings.effort != "standard"):
        effort = options.get("effort") or settings.effort
    level = EFFORTS[effort]
    images, rounds, minutes = (_within_flag(name, getattr(wanted, name), run) for name in _RUN_FLAGS)
    for name, value, most in (("images", images, settings.plan.max_images), ("rounds", rounds, 20)):
        if value is not None and not 1 <= value <= most:
            raise _leave_out(name, f"{name} must be between 1 and {most}, not {value:g}.")
    if minutes is not None and not 0 < minutes < math.inf:
        raise _leave_out("minutes", f"minutes must be a number above 0, not {minutes:g}.")
    there = 0 if run.record.real is None else count_images(Path(run.record.real))
    whole = Plan(
        images=int(images or level.images), rounds=int(rounds or level.rounds), effort=effort,
        photos=photos_judging(there, minutes, settings),
    )  # fmt: skip
    try:
        plan, notes = fit_plan(whole, minutes, settings, images_given=images is not None)
    except StepFailed as error:
        answer = ask(f"{error}. How many minutes may it take, or how many pictures should it make?")
        _wish(run, answer)
    return plan, minutes, [*notes, *about_judging(plan.photos, there, minutes)]


def _candidates(plan: Plan, settings: Settings) -> list[str]:
    """What is to be said where several images are drawn of each layout.

    Raises:
        FixArguments: too few would stay to learn from.
    """
    each, least = settings.candidates_each, settings.plan.min_images
    if each == 1:
        return []
    if (stay := plan.images // each) < least:
        raise FixArguments(
            f"With {each} candidates a layout (SIGHTSMITH_CANDIDATES) {plan.images} pictures leave {stay}, too few to "
            f"learn from: plan at least {each * least} images, or fewer candidates."
        )
    return [f"{each} pictures are drawn of each layout and the best is kept: about {stay} of {plan.images} stay"]


def _within_flag(name: str, asked: float | None, run: RunContext) -> float | None:
    """The value that counts: a flag binds until the user has said otherwise about a plan."""
    flag = run.record.options.get(name)
    if flag is None or ("wish" in run.record.options and asked is not None):
        return asked
    if asked is not None and asked > flag:
        raise _leave_out(name, f"The user allows at most {flag:g} {name} (--{name} {flag:g}).")
    return float(flag)


def _leave_out(argument: str, why: str) -> FixArguments:
    return FixArguments(f"{why} Leave {argument} out of the call.", Code.LEAVE_OUT, {"argument": argument})


def _same_again(what: str) -> FixArguments:
    return FixArguments(f"{what} Call define_task again with the same arguments.", Code.SAME_AGAIN)


def _check_photos(run: RunContext, task: TaskSpec) -> list[str]:
    """Read the user's photos before anything is spent, and ask about classes that do not match."""
    from tools.data.real import load_real, read_photos

    real = None if run.record.real is None else Path(run.record.real)
    notes: list[str] = []
    judging = run.settings.evaluation
    try:
        if real is not None:
            notes += load_real(real, task, judging.real_val_share, judging.class_map).notes
        if run.record.few is not None:
            read_photos(Path(run.record.few), task, judging.class_map)  # asks about classes; read again after
    except NeedsUser as unclear:
        pairs = _pairs(ask(unclear.question, unclear.options))
        if not pairs:
            raise _same_again("The user's answer names no pair label=class, so the question is put again.") from None
        run.change_settings(class_map=pairs)
        run.save()
        # One question a call: a call that is run again after its answer counts its questions from the start.
        raise _same_again("The user's pairs are noted.") from None
    return notes


def _pairs(answer: str) -> dict[str, str]:
    """'fruit=apple, other = pear' as a mapping."""
    halves = [part.partition("=") for part in re.split(r"[,;，；\n]", answer)]
    return {a.strip(" '\""): b.strip(" '\"") for a, sign, b in halves if sign and a.strip() and b.strip()}


# Approval -------------------------------------------------------------------------------------------------------------


def _approve(run: RunContext, reply: str | None) -> None:
    """Wait for the person's word, unless it was given beforehand.

    Args:
        run: its plan is shown.
        reply: what the person is told with it, who asked or wished something about the last plan.
    """
    if not run.auto_approve:
        shown = {"kind": "approve", "plan": plan_for_person(run)} | ({"reply": reply[:REPLY_CHARS]} if reply else {})
        answer = str(interrupt(shown)).strip()
        if plain(answer) in NO:
            raise StepFailed("the plan was refused; nothing was spent. Start again with other words or flags")
        if not approves(answer):
            _wish(run, answer)
    estimated = run.record.estimate or {}
    run.change_settings(effort=estimated["effort"], model=estimated.get("model") or run.settings.training.model)
    run.record.approved = True
    run.save()


def _wish(run: RunContext, answer: str) -> None:
    """Keep that the user spoke: what follows may go beyond the flags, and is shown again.

    Raises:
        FixArguments: always; it carries the wish to the model.
    """
    run.record.options["wish"] = answer
    run.save()
    raise as_wish(answer)


def _report(run: RunContext) -> str:
    task, cost = run.task, run.record.estimate or {}
    return report(
        done="the task is settled and approved",
        kind=task.kind,
        classes=[class_line(c.name, c.drawn_as, c.appearances) for c in task.classes],
        contexts=task.contexts,
        images=task.budget.images,
        rounds=task.budget.rounds,
        minutes=task.budget.minutes,
        target=task.target,
        effort=cost.get("effort"),
        model=cost.get("model"),
        estimated_minutes=cost.get("minutes"),
        notes=cost.get("notes"),
        unlabelled=run.record.unlabelled if run.record.real and run.record.few is None else None,
        shown=run.record.few,
        next="design_scenes" if run.record.few is None else "learn_from_examples",
    )
