"""One click a photo: what lies under it becomes a label of the person's photo set."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tools.annotators.prompted_mask import MaskEngine
from tools.data.dataset import Dataset
from tools.data.geometry import box_iou
from tools.data.images import read_image
from tools.data.sample import Box, Instance, Sample
from tools.shown.propose import at_point, proposals_in

if TYPE_CHECKING:
    from tools.models.predict import Predictor

AGAIN_IOU = 0.5  # of a thing that is there already: the click takes it away


def point_at(
    folder: Path, dataset: Dataset, sample: Sample, class_name: str, *, points: Sequence[tuple[float, float]] = (),
    box: Box | None = None, starter: "Predictor | None" = None, engine: MaskEngine | None = None,
) -> Sample:  # fmt: skip
    """Label the thing under a click, or in a dragged box; pointed at once more, it is no label any more.

    Args:
        folder: of the set.
        dataset: of the set.
        sample: one of its photos.
        class_name: what is pointed at.
        points: x, y in pixels of the photo, all on the thing.
        box: dragged around it, in place of points.
        starter: finds what may be meant.
        engine: cuts where no proposal lies under the click.

    Raises:
        FixArguments: the click lies outside the photo.
        StepFailed: nothing stands out from its ground there, or the photo cannot be read.
    """
    if box is None:
        image = read_image(folder / sample.image)
        box = at_point(image, points, proposals_in(image, starter), engine)
    there = [i for i in sample.instances if box_iou(i.box, box) < AGAIN_IOU]
    if len(there) == len(sample.instances):
        there = [*there, Instance(class_name=class_name, box=box, source="person")]
    changed = sample.model_copy(update={"instances": there, "verdict": "kept"})
    dataset.correct(sample.id, "point", changed)
    return changed
