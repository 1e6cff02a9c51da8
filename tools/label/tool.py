"""The agent's tool for photos that are there already."""

from pathlib import Path
from typing import Literal

from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime

from tools.data.task import TaskKind
from tools.errors import FixArguments
from tools.label.command import Labelling, Outcome, label_photos
from tools.label.labeler import label_task
from tools.runtime import RunContext, report

STAGE = "label"


def label(
    run: RunContext, photos: list[str], classes: list[str], kind: TaskKind, form: str, model: str | None
) -> str:  # fmt: skip
    """Label photos for a run; see `label_photos_in`."""
    if not [p for p in photos if p.strip()]:
        raise FixArguments("photos is empty: name the folders or files that the user named, or ask for them")
    wanted = Labelling(
        photos=[Path(p).expanduser() for p in photos], task=label_task(classes, kind, run.record.request), form=form,
        to=run.folder / "export" / f"labels_{form}", model=model,
    )  # fmt: skip

    def told(done: int, total: int) -> None:
        run.progress(STAGE, done, total)
        run.check_stop()

    with run.stage(STAGE):
        outcome = label_photos(wanted, run.settings, told)
    run.record.labelled = outcome.plain()
    run.record.engines["label"] = {"version": outcome.about, "for": "labels of photos", "why": "the best at hand"}
    run.save()
    return _report(run, outcome)


def _report(run: RunContext, outcome: Outcome) -> str:
    summary = outcome.summary
    return report(
        done=f"photos: {summary.photos}, labels: {sum(summary.labels.values())}",
        labels=dict(summary.labels),
        without_labels=summary.empty,
        left_out=dict(summary.problems.most_common(5)),
        read_with_care=dict(summary.notes),
        by=outcome.about,
        to_review=f"photos: {len(outcome.queue)}, in the review page under {outcome.store.name}",
        first_to_review=[f"{q.photo}: {', '.join(q.reasons)}" for q in outcome.queue[:3]],
        lost_by_format=dict(outcome.written.lost),
        written_to=run.relative(outcome.written.folder),
        report=run.relative(outcome.report),
        trust="not measured: no labelled photos were given",
    )


@tool("label_photos")
def label_photos_in(
    runtime: ToolRuntime[RunContext],
    photos: list[str],
    classes: list[str],
    kind: Literal["segment", "detect", "classify"] = "segment",
    form: Literal["coco", "yolo", "voc", "cvat"] = "coco",
    model: str | None = None,
) -> str:
    """Label photos that the user already has: masks or boxes, a queue of the doubtful ones, files for other tools.

    Needs neither define_task nor a training. Photos are only read; killed and called again it goes on.

    Args:
        runtime: given by the agent.
        photos: folders or files, as the user named them.
        classes: what to find, as the user calls it.
        kind: masks, boxes, or one class a photo.
        form: format of the labels.
        model: an earlier run or a weights file; leave it out to take the best at hand.
    """
    return label(runtime.context, photos, classes, kind, form, model)
