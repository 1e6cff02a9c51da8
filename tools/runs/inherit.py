"""What a run takes over from the one it goes on from: weights to start with and the images that were kept.

The run before stays as it is. Images are linked, not copied, where the disk allows it; they keep their splits, so
that what was a test stays one. They belong to round 0, which is nobody's budget.
"""

import shutil
from pathlib import Path

from tools.core.errors import FixArguments
from tools.core.files import link_or_copy
from tools.core.task import TaskSpec
from tools.data.dataset import Dataset
from tools.data.sample import Instance, Sample
from tools.runs.runtime import RunContext, read_record

INHERITED = Path("parent") / "weights.safetensors"
INHERITED_ROUND = 0
_COUNT = "inherited"  # in the record's totals: how many images were taken over


def inherit(run: RunContext) -> int:
    """Take over weights and images, once however often it is called. Returns how many images.

    Raises:
        FixArguments: the run that this one goes on from is gone, or has no model.
    """
    if _COUNT in run.record.totals:
        return int(run.record.totals[_COUNT])
    parent = run.folder.parent / str(run.record.parent)
    try:
        record = read_record(parent)
    except FixArguments:
        raise FixArguments(f"{parent} is gone or damaged, and this run goes on from it; start a new one") from None
    if record.best is None or record.task is None:
        raise FixArguments(f"{parent.name} has no model to go on from")
    target = run.folder / INHERITED
    target.parent.mkdir(exist_ok=True)
    link_or_copy(parent / record.best.weights, target)
    taken = _take_images(run, parent, record.task)
    run.record.totals[_COUNT] = float(taken)
    run.save()
    return taken


def _take_images(run: RunContext, parent: Path, before: TaskSpec) -> int:
    source, scratch, taken = Dataset(parent), run.folder / ".inheriting", 0
    scratch.mkdir(exist_ok=True)
    try:
        for sample in source.samples(verdict="kept"):
            run.check_stop()
            own = as_here(sample, before, run.task)
            image = parent / sample.image
            if own is None or not image.is_file():
                continue
            link = scratch / image.name
            link_or_copy(image, link)
            run.dataset.add_sample(own, link)
            taken += 1
    finally:
        source.close()
        shutil.rmtree(scratch, ignore_errors=True)
    return taken


def as_here(sample: Sample, before: TaskSpec, task: TaskSpec) -> Sample | None:
    """An image of a run with its labels as another task has them; None where they cannot be told.

    A look-alike that is a class now gets its label, a class that is none any more becomes a look-alike.
    """
    if "classify" in (before.kind, task.kind):
        fits = before.kind == task.kind and sample.label in task.class_names
        return sample.model_copy(update={"round": INHERITED_ROUND}) if fits else None
    named = {c.drawn_as: c for c in task.classes if c.name not in before.class_names}
    drawn = {c.name: c.drawn_as for c in before.classes}
    instances: list[Instance] = []
    lookalikes: list[Instance] = []
    for i in sample.instances:
        if i.class_name in task.class_names:
            instances.append(i)
        else:
            lookalikes.append(i.model_copy(update={"class_name": drawn.get(i.class_name, i.class_name)}))
    for i in sample.lookalikes:
        new = named.get(i.class_name)
        if new is None:
            lookalikes.append(i)
        elif new.appearances:  # "ripe tomato": which of its looks this one has is not known any more
            return None
        else:
            instances.append(i.model_copy(update={"class_name": new.name}))
    update = {"round": INHERITED_ROUND, "instances": instances, "lookalikes": lookalikes}
    return sample.model_copy(update=update)
