"""Label the kept pictures of a run with the annotator named in the settings."""

from collections import Counter

from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime

from tools.annotators import Annotator
from tools.data.pictures import read_picture
from tools.errors import FixArguments, StepFailed
from tools.runtime import RunContext, report


def make_annotator(run: RunContext) -> Annotator:
    """The engine of `settings.annotator`.

    Raises:
        FixArguments: there is no such engine.
    """
    if run.settings.annotator != "exact":
        raise FixArguments(f"annotator {run.settings.annotator!r} is not known here; use 'exact'")
    from tools.annotators.exact import ExactAnnotator

    return ExactAnnotator(run.settings.min_instance_px)


def annotate(run: RunContext) -> str:
    """Label every kept picture; see `annotate_images`."""
    annotator, task = make_annotator(run), run.task
    samples = list(run.dataset.samples(verdict="kept"))
    if not samples:
        raise StepFailed("no picture is kept, so there is nothing to label; call generate_images and curate_dataset")
    run.record.engines[annotator.name] = {
        "version": annotator.version, "licence": annotator.licence, "for": "labels", "why": "masks are known exactly",
    }  # fmt: skip
    counts: Counter[str] = Counter()
    empties = unseen = hidden = 0
    by_hand = run.dataset.corrected()
    for done, sample in enumerate(samples, start=1):
        run.check_stop()
        labels = sample.instances
        if sample.id not in by_hand:  # what a person has looked at stays as it is
            labels = annotator.annotate(read_picture(run.path(sample.image)), sample, task)
            unseen += len(sample.instances) - len(labels)
            if labels != sample.instances:
                run.dataset.set_instances(sample.id, labels)
        counts.update(i.class_name for i in labels)
        empties += not labels
        if task.kind == "classify" and sample.id not in by_hand and sample.label not in {i.class_name for i in labels}:
            # Its label would name something that cannot be seen.
            run.dataset.update_samples({sample.id: {"verdict": "dropped", "reasons": ["its object cannot be seen"]}})
            hidden += 1
        run.progress("annotate", done, len(samples))
    if not counts:
        raise StepFailed("not one object can be seen in the kept pictures; ask design_scenes for closer distances")
    for number in run.record.rounds:
        number.kept = run.dataset.count(round_number=number.number, verdict="kept")
    run.save()
    return report(
        done=f"{sum(counts.values())} labels on {len(samples)} pictures",
        labels=dict(counts),
        empties=empties,
        too_small_to_label=unseen,
        dropped_because_hidden=hidden,
        checked_by_hand=sum(s.id in by_hand for s in samples),
        weak=[f"no label for class {name!r}" for name in task.class_names if not counts[name]],
        next="train_model",
    )


@tool
def annotate_images(runtime: ToolRuntime[RunContext]) -> str:
    """Label the kept pictures: exact masks from the renderer, checked and counted per class."""
    run = runtime.context
    run.task  # noqa: B018
    with run.stage("annotate"):
        return annotate(run)
