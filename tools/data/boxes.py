"""Which box a label has: of what is seen, or of the whole object. Training, scores and exports must agree on it."""

from collections.abc import Iterable, Iterator
from typing import Literal

from tools.core.errors import FixArguments
from tools.core.task import TaskKind
from tools.data.sample import Box, Instance, Sample

BoxConvention = Literal["visible", "whole"]
BOXES_SAY: dict[BoxConvention, str] = {"visible": "what is seen", "whole": "the whole object, hidden parts inferred"}
# Behind leaves people box the fruit they infer, but nobody infers it from a sliver.
MIN_SHARE_FOR_WHOLE = 0.3


LEARNT: BoxConvention = "whole"  # by recognisers, and what they are scored by; their masks stay what is seen


def export_convention(kind: TaskKind) -> BoxConvention:
    """Beside masks, other tools expect the masks' own boxes; where boxes are all there is, they are as people draw."""
    return "visible" if kind == "segment" else "whole"


def convention_named(text: str | None) -> BoxConvention | None:
    """The convention of a name; None for none.

    Raises:
        FixArguments: there is no such convention.
    """
    if text is None or text in ("visible", "whole"):
        return text  # type: ignore[return-value]
    raise FixArguments(f"boxes {text!r}: there are visible (of what is seen) and whole (of the whole object)")


def label_box(instance: Instance, convention: BoxConvention, width: int, height: int) -> Box:
    """The box of a label.

    Args:
        instance: the label.
        convention: "whole" falls back on the visible part where the whole is not known or hardly seen.
        width: of the image, to which the box is clipped.
        height: of the image.
    """
    share = 1.0 if instance.visible_share is None else instance.visible_share
    if convention == "visible" or instance.full_box is None or share < MIN_SHARE_FOR_WHOLE:
        return instance.box
    x1, y1, x2, y2 = instance.full_box
    return max(0.0, x1), max(0.0, y1), min(float(width), x2), min(float(height), y2)


def with_label_boxes(samples: Iterable[Sample], convention: BoxConvention) -> Iterator[Sample]:
    """The samples with `Instance.box` by a convention, one after the other; see `label_box`."""
    for sample in samples:
        if convention == "visible":
            yield sample
            continue
        size = sample.width, sample.height
        moved = [i.model_copy(update={"box": label_box(i, convention, *size)}) for i in sample.instances]
        yield sample.model_copy(update={"instances": moved})
