"""A mask from a click or a box: GrabCut (Rother, Kolmogorov, Blake 2004), which needs no weights.

Where weights of Segment Anything are at hand, they take its place and get the same prompts; see `sam_of`.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from tools.annotators import Segmenter
from tools.annotators.grabcut import separated
from tools.core.errors import FixArguments, StepFailed
from tools.core.model_files import local_folder
from tools.core.settings import Settings
from tools.data.images import ImageArray
from tools.data.sample import BoolMask, Box, mask_box

GRAB_CUT = "grabcut"  # its name in the settings
Parts = npt.NDArray[np.uint8]
_ROUNDS = 4  # GrabCut settles in three to five
_MARGIN = 0.35  # ground around a box that GrabCut looks at, as a share of its longer side
_SIDE_PX = 512  # larger parts are cut at this size: a click is answered in a fraction of a second
_POINT_SHARE = 0.16  # of the image's longer side: how far a thing under a lone click is looked for
_DOT_SHARE = 0.012  # of the longer side: what is certain around a click


@dataclass(frozen=True)
class Prompt:
    """What the person showed, in pixels of the image."""

    box: Box | None = None
    inside: Sequence[tuple[float, float]] = field(default_factory=tuple)  # points on the thing
    outside: Sequence[tuple[float, float]] = field(default_factory=tuple)  # points that are not on it


MaskEngine = Callable[[ImageArray, Prompt], BoolMask]


def mask_of(image: ImageArray, prompt: Prompt, engine: MaskEngine | None = None) -> BoolMask:
    """The (h, w) mask of the thing that a prompt shows.

    Args:
        image: (h, w, 3) RGB.
        prompt: a box, points, or both.
        engine: what cuts; None takes GrabCut.

    Raises:
        FixArguments: the prompt is empty or lies outside the image.
        StepFailed: nothing stands out from its ground there.
    """
    height, width = image.shape[:2]
    inside = [(x, y) for x, y in prompt.inside if 0 <= x < width and 0 <= y < height]
    box = None if prompt.box is None else _clip(prompt.box, width, height)
    if box is None and not inside:
        raise FixArguments("click on the thing, or drag a box around it, inside the picture")
    mask = (engine or grab_cut)(image, Prompt(box, inside, prompt.outside))
    if not mask.any():
        raise StepFailed("nothing stands out from its ground there; drag a tighter box, or click on the middle of it")
    return mask


def grab_cut(image: ImageArray, prompt: Prompt) -> BoolMask:
    """GrabCut inside the box, or around the clicks; of several parts those that were clicked, else the largest."""
    height, width = image.shape[:2]
    box = prompt.box or _around(prompt.inside, max(height, width))
    margin = _MARGIN * max(box[2] - box[0], box[3] - box[1])
    left, top, right, bottom = _clip(
        (box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin), width, height
    ) or (0, 0, width, height)
    left, top, right, bottom = int(left), int(top), int(np.ceil(right)), int(np.ceil(bottom))
    part = image[top:bottom, left:right]
    scale = min(1.0, _SIDE_PX / max(part.shape[:2]))
    size = (max(2, round(part.shape[1] * scale)), max(2, round(part.shape[0] * scale)))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)

    def place(x: float, y: float) -> tuple[int, int]:
        return (
            int(np.clip((x - left) * scale, 0, size[0] - 1)),
            int(np.clip((y - top) * scale, 0, size[1] - 1)),
        )

    labels = np.full(small.shape[:2], cv2.GC_BGD, np.uint8)
    (x1, y1), (x2, y2) = place(box[0], box[1]), place(box[2], box[3])
    labels[y1 : y2 + 1, x1 : x2 + 1] = cv2.GC_PR_FGD
    dot = max(2, round(_DOT_SHARE * max(height, width) * scale))
    for points, value in ((prompt.inside, cv2.GC_FGD), (prompt.outside, cv2.GC_BGD)):
        for x, y in points:
            cv2.circle(labels, place(x, y), dot, int(value), -1)
    if prompt.box is None:  # a click alone: the rim of what is looked at is more likely ground
        rim = np.zeros_like(labels)
        cv2.ellipse(rim, place((box[0] + box[2]) / 2, (box[1] + box[3]) / 2),
                    (max(1, (x2 - x1) // 3), max(1, (y2 - y1) // 3)), 0, 0, 360, 1, -1)  # fmt: skip
        labels[(labels == cv2.GC_PR_FGD) & (rim == 0)] = cv2.GC_PR_BGD
    found = separated(small, labels, _ROUNDS)
    if found is None:
        return np.zeros((height, width), bool)
    found = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    found = _wanted_parts(found, [place(x, y) for x, y in prompt.inside])
    full = np.zeros((height, width), bool)
    full[top:bottom, left:right] = cv2.resize(
        found, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_LINEAR
    ).astype(bool)
    return full


def sam_of(settings: Settings) -> str | None:
    """The Segment Anything that this machine has: what the settings name, or its weights in the hub's cache."""
    if settings.annotation.segmenter != GRAB_CUT:
        return settings.annotation.segmenter
    return settings.annotation.sam_model if local_folder(settings.annotation.sam_model) is not None else None


def load_sam(model: str, settings: Settings) -> MaskEngine:
    """An engine for `mask_of` with the weights that `sam_of` found. Nothing is fetched.

    Raises:
        StepFailed: the weights are missing, damaged, or not of a SAM.
    """
    from tools.annotators.sam import make_sam

    # A person looks at every mask, so none is held back for the model's own doubts.
    return by_segmenter(make_sam(model, offline=True, batch=settings.annotation.segmenter_batch, min_quality=0.0))


def by_segmenter(segmenter: Segmenter) -> MaskEngine:
    """A segmenter as an engine. It wants a box: for clicks alone GrabCut's, or one around them."""
    one_at_a_time = threading.Lock()

    def cut(image: ImageArray, prompt: Prompt) -> BoolMask:
        height, width = image.shape[:2]
        box = prompt.box
        if box is None:
            guess = grab_cut(image, prompt)
            near = _clip(_around(prompt.inside, max(height, width)), width, height)
            box = mask_box(guess) if guess.any() else near or (0.0, 0.0, float(width), float(height))
        points = [(x, y, True) for x, y in prompt.inside] + [(x, y, False) for x, y in prompt.outside]
        with one_at_a_time:  # a segmenter keeps the image it looks at
            (mask,) = segmenter.masks(image, [box], [points] if points else None)
        return np.zeros((height, width), bool) if mask is None else mask

    return cut


def _wanted_parts(found: Parts, clicks: Sequence[tuple[int, int]]) -> Parts:
    count, parts, stats, _ = cv2.connectedComponentsWithStats(found)
    if count <= 1:
        return found
    clicked = {int(parts[y, x]) for x, y in clicks} - {0}
    wanted = clicked or {1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())}
    chosen: Parts = np.isin(parts, list(wanted)).astype(np.uint8)
    return chosen


def _around(points: Sequence[tuple[float, float]], side: int) -> Box:
    reach = _POINT_SHARE * side
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs) - reach, min(ys) - reach, max(xs) + reach, max(ys) + reach


def _clip(box: Box, width: int, height: int) -> Box | None:
    x1, x2 = sorted((min(max(box[0], 0), width), min(max(box[2], 0), width)))
    y1, y2 = sorted((min(max(box[1], 0), height), min(max(box[3], 0), height)))
    return (x1, y1, x2, y2) if x2 - x1 >= 2 and y2 - y1 >= 2 else None
