"""What a person changes in a data set: verdicts, classes, masks. Each change is a version that can be taken back.

Every change is by somebody (`by`) and may carry a comment; `Dataset.audit_trail` tells them all.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from tools.core.errors import FixArguments, StepFailed
from tools.core.task import clean_name
from tools.data.dataset import FLAG, Correction, Dataset
from tools.data.sample import BoolMask, Instance, Sample, Split, encode_mask, mask_box
from tools.page.browse import WAITS, Browser, Filter
from tools.page.seen import kept_answers
from tools.runs.runtime import RunRecord

HUMAN = "human"  # source of a label that a person drew or changed
# Why an image is shown before others: it was brought as wrong; model and labels disagree; its like is weak.
Why = Literal["brought", "disagree", "weak"]
TaskState = Literal["waits", "flagged", "done"]
_WEAK_FIRST = 40  # images of weak slices that come before the rest


def worth_first(folder: Path, record: RunRecord, match_iou: float) -> dict[str, Why]:
    """The samples at which a person's second changes most, most first, with the reason; the others are not named.

    Args:
        folder: of the run.
        record: of the run.
        match_iou: IoU from which a find is of an object.
    """
    found: dict[str, Why] = {}
    page = Browser(folder).page(Filter(reason=WAITS, corrected=False), "latest", 0, _WEAK_FIRST)
    for sample in page:
        found[sample.id] = "brought"
    wrong = [(-len(one.mistakes), one.sample.id) for one in kept_answers(folder, record, match_iou) if one.mistakes]
    for _, name in sorted(wrong):
        found.setdefault(name, "disagree")
    for weak in record.weak:
        if weak.axis == "class":
            wanted = Filter(class_name=weak.value, verdict="kept", corrected=False)
        else:
            wanted = Filter(slices={weak.axis: weak.value}, verdict="kept", corrected=False)
        page = Browser(folder).page(wanted, "uncertain", 0, _WEAK_FIRST)
        for sample in page:
            found.setdefault(sample.id, "weak")
    return found


def tasks(
    folder: Path, dataset: Dataset, first: Mapping[str, Why], class_name: str | None = None
) -> dict[TaskState, list[str]]:  # fmt: skip
    """What there is to look at, what is done and what is flagged: ids, where a person's second changes most first.

    Args:
        folder: of the run, or of a set of photos.
        dataset: its data set.
        first: as `worth_first` says.
        class_name: only samples with an object of this class, or named so.
    """
    order = {name: position for position, name in enumerate(first)}
    done, flagged = dataset.corrected(), dataset.flagged()
    found: dict[TaskState, list[str]] = {"waits": [], "flagged": [], "done": []}
    rows = Browser(folder).to_review(class_name)
    for name, turn_comes in sorted(rows, key=lambda row: order.get(row[0], len(order))):  # else as they came
        if name in flagged:
            found["flagged"].append(name)
        elif name in done:
            found["done"].append(name)
        elif turn_comes or name in order:
            found["waits"].append(name)
    return found


def polygon_mask(points: Sequence[tuple[float, float]], height: int, width: int) -> BoolMask:
    """The (height, width) mask inside corners given in pixels.

    Raises:
        FixArguments: there are fewer than three corners.
    """
    if len(points) < 3:
        raise FixArguments("a shape has at least three corners")
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.round(np.array(points)).astype(np.int32)], 1)
    return mask.astype(bool)


def next_samples(folder: Path, limit: int = 1, *, skip: Sequence[str] = ()) -> list[Sample]:
    """The samples that nobody has looked at yet, least certain first.

    Args:
        folder: of the run, or of a set of photos.
        limit: how many at most.
        skip: ids that were put off.
    """
    found = Browser(folder).page(Filter(corrected=False), "uncertain", 0, limit + len(skip) + _DROPPED_AHEAD)
    return [s for s in found if s.verdict != "dropped" and s.id not in skip][:limit]


_DROPPED_AHEAD = 400  # dropped images are the least certain of all; so many are passed over


def accept(dataset: Dataset, sample: Sample, *, by: str = "", comment: str = "") -> int:
    """The image and its labels are right; a dropped image comes back."""
    split = sample.split or _split_of_family(dataset, sample)
    return dataset.correct(
        sample.id, "accept", sample.model_copy(update={"verdict": "kept", "split": split, "reasons": []}),
        by=by, comment=comment,
    )  # fmt: skip


def reject(dataset: Dataset, sample: Sample, *, by: str = "", comment: str = "") -> int:
    """The image is no good for training."""
    return dataset.correct(
        sample.id, "reject", sample.model_copy(update={"verdict": "dropped", "reasons": ["rejected by a person"]}),
        by=by, comment=comment,
    )  # fmt: skip


def flag(dataset: Dataset, sample: Sample, *, by: str = "", comment: str = "") -> int:
    """Somebody else should look; nothing is changed, and the image stays to be looked at."""
    return dataset.correct(sample.id, FLAG, sample, by=by, comment=comment)


def relabel(dataset: Dataset, sample: Sample, position: int, name: str, *, by: str = "") -> int:
    """Give one object another class.

    Raises:
        FixArguments: there is no such object, or the name is empty.
    """
    chosen = _instance(sample, position).model_copy(update={"class_name": _name(name), "source": HUMAN, "score": 1.0})
    labels = [chosen if i == position else one for i, one in enumerate(sample.instances)]
    return dataset.correct(sample.id, "relabel", sample.model_copy(update={"instances": labels}), by=by)


def relabel_image(dataset: Dataset, sample: Sample, name: str, *, by: str = "") -> int:
    """Give the whole image another class (classification)."""
    changed = sample.model_copy(update={"label": _name(name), "verdict": "kept"})
    return dataset.correct(
        sample.id, "relabel", changed.model_copy(update={"split": sample.split or _split_of_family(dataset, sample)}),
        by=by,
    )  # fmt: skip


def delete(dataset: Dataset, sample: Sample, position: int, *, by: str = "") -> int:
    """Remove one object's label.

    Raises:
        FixArguments: there is no such object.
    """
    _instance(sample, position)
    labels = [one for i, one in enumerate(sample.instances) if i != position]
    return dataset.correct(sample.id, "delete", sample.model_copy(update={"instances": labels}), by=by)


def add(
    dataset: Dataset, sample: Sample, mask: BoolMask, name: str, *, replacing: int | None = None, by: str = ""
) -> int:  # fmt: skip
    """Add an object by its mask, or give one a new mask.

    Args:
        dataset: to change.
        sample: as it is now.
        mask: (h, w) of the sample's size.
        name: class.
        replacing: position of the object whose mask this becomes.
        by: the person's name.

    Raises:
        FixArguments: the mask is empty or of another size, or the name is empty.
    """
    if mask.shape != (sample.height, sample.width):
        raise FixArguments(f"the mask is {mask.shape}, the picture {(sample.height, sample.width)}")
    if not mask.any():
        raise FixArguments("the mask is empty")
    drawn = Instance(class_name=_name(name), box=mask_box(mask), counts=encode_mask(mask), source=HUMAN)
    labels = list(sample.instances)
    if replacing is None:
        labels.append(drawn)
    else:
        _instance(sample, replacing)
        labels[replacing] = drawn
    action = "draw" if replacing is None else "redraw"
    return dataset.correct(sample.id, action, sample.model_copy(update={"instances": labels}), by=by)


def undo(dataset: Dataset, *, by: str = "") -> Correction:
    """Take back the latest change; `by` is the person's name.

    Raises:
        FixArguments: there is nothing to take back.
    """
    taken = dataset.undo(by=by)
    if taken is None:
        raise FixArguments("there is nothing to take back")
    return taken


def object_at(sample: Sample, x: float, y: float) -> int | None:
    """The smallest object whose mask (or box) holds a point in pixels; None where there is none."""
    hits = []
    for position, instance in enumerate(sample.instances):
        mask = instance.mask(sample.height, sample.width)
        x1, y1, x2, y2 = instance.box
        inside = x1 <= x < x2 and y1 <= y < y2
        if inside and (mask is None or mask[min(int(y), sample.height - 1), min(int(x), sample.width - 1)]):
            hits.append(((x2 - x1) * (y2 - y1), position))
    return min(hits)[1] if hits else None


def _split_of_family(dataset: Dataset, sample: Sample) -> Split:
    """Where the images of the same scene are, so that none of them crosses to the test."""
    for other in dataset.samples(round_number=sample.round, verdict="kept"):
        if other.family == sample.family and other.split is not None:
            return other.split
    return "train"


def _instance(sample: Sample, position: int) -> Instance:
    if not 0 <= position < len(sample.instances):
        raise FixArguments(f"picture {sample.id} has no object {position + 1}")
    return sample.instances[position]


def _name(name: str) -> str:
    try:
        return clean_name(name)
    except ValueError as error:
        raise FixArguments(str(error)) from None


def must_exist(dataset: Dataset, sample_id: str) -> Sample:
    """A sample as it is now.

    Raises:
        StepFailed: it is gone.
    """
    sample = dataset.sample(sample_id)
    if sample is None:
        raise StepFailed(f"picture {sample_id} is not in the data set any more")
    return sample
