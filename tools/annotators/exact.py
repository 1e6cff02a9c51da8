"""The labels that the renderer knew exactly: checked, clipped to the image, and kept."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tools.core.task import TaskSpec
from tools.data.sample import Instance, Sample, mask_box


class ExactAnnotator:
    """Keeps an exact instance when enough of it can be seen."""

    name = "exact"
    version = "1"
    licence = "AGPL-3.0-or-later"
    at_once: int | None = None

    def __init__(self, min_instance_px: int) -> None:
        self.min_instance_px = min_instance_px
        self.dropped: Counter[str] = Counter()

    def annotate_many(
        self, images: Sequence[npt.NDArray[np.uint8]], samples: Sequence[Sample], task: TaskSpec
    ) -> list[list[Instance]]:
        """`annotate` for each image."""
        return [self.annotate(p, s, task) for p, s in zip(images, samples, strict=True)]

    def close(self) -> None:
        """Nothing is held."""

    def annotate(self, image: npt.NDArray[np.uint8], sample: Sample, task: TaskSpec) -> list[Instance]:
        """The sample's exact instances of the task's classes whose visible part has enough pixels.

        Args:
            image: (h, w, 3) RGB; only its size is used, labels come from the scene itself.
            sample: with the instances its generator gave.
            task: names the classes.
        """
        height, width = image.shape[:2]
        names, kept = set(task.class_names), []
        for instance in sample.instances:
            mask = instance.mask(height, width)
            if instance.class_name not in names or mask is None or int(mask.sum()) < self.min_instance_px:
                continue
            kept.append(instance.model_copy(update={"box": mask_box(mask)}))
        return kept
