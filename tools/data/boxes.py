"""Which box a label has: of what is seen, or of the whole object. Training, scores and exports must agree on it."""

from collections.abc import Sequence
from typing import Literal

from tools.data.sample import Box, Instance, Sample
from tools.data.task import TaskKind

BoxConvention = Literal["visible", "whole"]
# Behind leaves people box the fruit they infer, but nobody infers it from a sliver.
MIN_SHARE_FOR_WHOLE = 0.3


def default_convention(kind: TaskKind) -> BoxConvention:
    """Masks cover what is seen, so their boxes do; where boxes are all there is, they are as people draw them."""
    return "whole" if kind == "detect" else "visible"


def label_box(instance: Instance, convention: BoxConvention, width: int, height: int) -> Box:
    """The box of a label.

    Args:
        instance: the label.
        convention: "whole" falls back on the visible part where the whole is not known or hardly seen.
        width: of the picture, to which the box is clipped.
        height: of the picture.
    """
    share = 1.0 if instance.visible_share is None else instance.visible_share
    if convention == "visible" or instance.full_box is None or share < MIN_SHARE_FOR_WHOLE:
        return instance.box
    x1, y1, x2, y2 = instance.full_box
    return max(0.0, x1), max(0.0, y1), min(float(width), x2), min(float(height), y2)


def with_label_boxes(samples: Sequence[Sample], kind: TaskKind) -> list[Sample]:
    """The samples of a kind of task with `Instance.box` by that task's convention."""
    convention = default_convention(kind)
    if convention == "visible":
        return list(samples)
    return [
        s.model_copy(
            update={
                "instances": [
                    i.model_copy(update={"box": label_box(i, convention, s.width, s.height)}) for i in s.instances
                ]
            }
        )
        for s in samples
    ]
