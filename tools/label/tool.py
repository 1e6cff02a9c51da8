"""The agent's tool for photos that are there already."""

import re
from collections import Counter
from typing import Any, Literal

from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime
from langgraph.types import interrupt

from tools.core.answers import NO, REPLY_CHARS, approves, as_wish, plain
from tools.core.errors import FixArguments, StepFailed
from tools.core.task import TaskKind
from tools.data.formats import Form
from tools.data.photo_files import find_photos
from tools.label.command import Labelling, LabellingResult, label_photos
from tools.label.labeler import label_task
from tools.runs.allowed_photos import allowed_model, allowed_photos
from tools.runs.photo_sets import photos_folder
from tools.runs.runtime import RunContext, report

STAGE = "label"


def label(
    run: RunContext, photos: list[str], classes: list[str], kind: TaskKind, form: str, model: str | None,
    reply: str | None = None,
) -> str:  # fmt: skip
    """Label photos for a run, once the person has approved which; see `label_photos_in`.

    Raises:
        FixArguments: a place that the person neither named nor brought, or a wish about the plan.
        StepFailed: the plan was refused, or nothing can be labelled.
    """
    if not [p for p in photos if p.strip()]:
        raise FixArguments("photos is empty: name the folders or files that the user named, or ask for them")
    if model is None and run.record.best is not None:  # a run with a model of its own labels with that
        model = run.record.name
    wanted = Labelling(
        photos=allowed_photos(run, photos), task=label_task(classes, kind, run.record.request), form=form,
        to=run.folder / "export" / f"labels_{form}", model=allowed_model(run, model),
    )  # fmt: skip
    _approve(run, wanted, reply)

    def told(done: int, total: int) -> None:
        run.progress(STAGE, done, total)
        run.check_stop()

    with run.stage(STAGE):
        outcome = label_photos(wanted, run.settings, told)
    run.record.labelled = outcome.plain()
    run.record.engines["label"] = {"version": outcome.about, "for": "labels of photos", "why": "the best at hand"}
    run.save()
    return _report(run, outcome)


def _approve(run: RunContext, wanted: Labelling, reply: str | None) -> None:
    """Wait for the person's word on which photos are read, unless it was given before; `reply` is shown with it."""
    asked = {
        "photos": [str(p.resolve()) for p in wanted.photos], "classes": wanted.task.class_names,
        "kind": wanted.task.kind, "form": wanted.form, "model": wanted.model,
    }  # fmt: skip
    if run.record.labelling == asked:  # a run that goes on
        return
    if not run.auto_approve:
        shown = {"kind": "approve", "plan": plan_for_person(run, wanted)}
        answer = str(interrupt(shown | ({"reply": reply[:REPLY_CHARS]} if reply else {}))).strip()
        if plain(answer) in NO:
            raise StepFailed("the plan was refused; no photo was read. Start again with other words")
        if not approves(answer):
            raise as_wish(answer)
    run.record.labelling = asked
    run.save()


def plan_for_person(run: RunContext, wanted: Labelling) -> dict[str, Any]:
    """What a labelling will read and write, as it is shown before approval."""
    kinds = {"segment": "masks", "detect": "boxes", "classify": "one class for each photo"}
    return {
        "task": "label photos that are there already; they are only read",
        "photos": [f"{place.resolve()}: photos: {sum(1 for _ in find_photos([place]))}" for place in wanted.photos],
        "classes": wanted.task.class_names,
        "labels": f"{kinds[wanted.task.kind]}, as {wanted.form}",
        "by": wanted.model or "the best model at hand",
        "copies": f"kept in {photos_folder(run.settings.runs_dir)}, where the page can correct the labels",
        "written to": str(wanted.to),
    }


def _report(run: RunContext, outcome: LabellingResult) -> str:
    """For the model: counts and reasons, no name of a photo."""
    summary = outcome.summary
    reasons, left_out = Counter[str](), Counter[str]()
    for queued in outcome.queue:
        reasons.update(map(_kind, queued.reasons))
    for problem, count in summary.problems.items():
        left_out[_kind(problem)] += count
    return report(
        done=f"photos: {summary.photos}, labels: {sum(summary.labels.values())}",
        labels=dict(summary.labels),
        without_labels=summary.empty,
        left_out=dict(left_out.most_common(5)),
        read_with_care=dict(summary.notes),
        by=outcome.about,
        to_review=f"photos: {len(outcome.queue)}, in the review page under {outcome.store.name}",
        why_to_review=dict(reasons.most_common(5)),
        lost_by_format=dict(outcome.written.lost),
        written_to=run.relative(outcome.written.folder),
        report=run.relative(outcome.report),
        trust="not measured: no labelled photos were given",
    )


def _kind(reason: str) -> str:
    """A reason without its details, among which are names of files."""
    return re.split(r"[:(]", reason, maxsplit=1)[0].strip()


@tool("label_photos")
def label_photos_in(
    runtime: ToolRuntime[RunContext],
    photos: list[str],
    classes: list[str],
    kind: Literal["segment", "detect", "classify"] = "segment",
    form: Form = "coco",
    model: str | None = None,
    reply: str | None = None,
) -> str:
    """Label photos that the user already has: masks or boxes, a queue of the doubtful ones, files for other tools.

    Needs neither define_task nor a training. The user sees which photos it is about and approves it. Photos are only
    read; killed and called again it goes on.

    Args:
        runtime: given by the agent.
        photos: folders or files exactly as the user wrote them, or names of sets uploaded on the page; no others.
        classes: what to find, as the user calls it.
        kind: masks, boxes, or one class a photo.
        form: format of the labels.
        model: an earlier run or a weights file; leave it out to take the best at hand.
        reply: your answer to "The user wants: ..." that is a question or changes nothing; shown with the plan again.
    """
    return label(runtime.context, photos, classes, kind, form, model, reply)
