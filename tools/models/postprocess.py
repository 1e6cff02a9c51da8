"""From a network's raw output to boxes, scores and masks, at the network's size and at the image's own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

NMS_IOU = 0.6
MAX_DETECTIONS = 300
PROTOTYPE_STRIDE = 4
PADDING_GREY = 114  # what Ultralytics pads with, so that exported models see the same


@dataclass(frozen=True)
class Letterbox:
    """How an image was fitted into the network's input: scaled by `gain`, then shifted."""

    gain: float
    left: float
    top: float
    height: int  # of the image
    width: int


@dataclass(frozen=True)
class Detections:
    """Objects of one image, best first."""

    boxes: Floats  # (n, 4) x1 y1 x2 y2 in input pixels
    scores: Floats  # (n,)
    classes: npt.NDArray[np.int64]  # (n,)
    logits: Floats  # (n, mh, mw) mask logits at a quarter of the input's size; (n, 0, 0) without masks


def flipped(found: Detections, width: int) -> Detections:
    """What was found in a mirrored input of a width, as it lies in the input itself."""
    x1, y1, x2, y2 = found.boxes.T
    return replace(found, boxes=np.stack([width - x2, y1, width - x1, y2], axis=1), logits=found.logits[:, :, ::-1])


def letterbox(
    image: npt.NDArray[np.uint8], size_px: int, *, square: bool = False, multiple: int = 32
) -> tuple[npt.NDArray[np.uint8], Letterbox]:
    """Scale an image so that its longer side is `size_px`, and pad the rest.

    Args:
        image: (h, w, 3).
        size_px: longer side of the result.
        square: pad to a square; else only up to the next multiple.
        multiple: of which both sides of the result are.
    """
    h, w = image.shape[:2]
    gain = size_px / max(h, w)
    height, width = max(1, round(h * gain)), max(1, round(w * gain))
    full_h, full_w = (size_px, size_px) if square else (_round_up(height, multiple), _round_up(width, multiple))
    top, left = (full_h - height) // 2, (full_w - width) // 2
    way = cv2.INTER_AREA if gain < 1 else cv2.INTER_LINEAR
    scaled = image if (height, width) == (h, w) else cv2.resize(image, (width, height), interpolation=way)
    padded = np.full((full_h, full_w, 3), PADDING_GREY, np.uint8)
    padded[top : top + height, left : left + width] = scaled
    return padded, Letterbox(gain, left, top, h, w)


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple


def centre_crop(image: npt.NDArray[np.uint8], size_px: int) -> npt.NDArray[np.uint8]:
    """The middle square, scaled: what Ultralytics shows a classifier, so that exported models see the same."""
    h, w = image.shape[:2]
    side = min(h, w)
    top, left = (h - side) // 2, (w - side) // 2
    square = image[top : top + side, left : left + side]
    way = cv2.INTER_AREA if side > size_px else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(square, (size_px, size_px), interpolation=way))


def detections(
    raw: Any, classes: int, confidence: float, max_detections: int = MAX_DETECTIONS, nms_iou: float = NMS_IOU
) -> list[Detections]:
    """Detections of each image of a batch, in a stable order.

    Args:
        raw: what a network in evaluation mode returns.
        classes: number of classes.
        confidence: least score.
        max_detections: most objects an image.
        nms_iou: of two boxes of a class that overlap more, the better one stays.
    """
    import torch
    from ultralytics.utils.nms import non_max_suppression

    decoded, prototypes = raw[0], None
    if isinstance(decoded, list | tuple):
        decoded, prototypes = decoded
    found = non_max_suppression(
        decoded.float(), confidence, nms_iou, nc=classes, max_det=max_detections, max_time_img=60.0
    )
    results = []
    for number, rows in enumerate(found):
        order = np.lexsort([*rows[:, :4].cpu().numpy().T[::-1], -rows[:, 4].cpu().numpy()])
        rows = rows[torch.from_numpy(order).to(rows.device)]
        logits = torch.zeros((len(rows), 0, 0))
        if prototypes is not None:
            prototype = prototypes[number].float()
            logits = (rows[:, 6:] @ prototype.flatten(1)).view(len(rows), *prototype.shape[1:])
        results.append(
            Detections(
                rows[:, :4].cpu().numpy(), rows[:, 4].cpu().numpy(), rows[:, 5].long().cpu().numpy(),
                logits.cpu().numpy(),
            )
        )  # fmt: skip
    return results


def to_image_boxes(boxes: Floats, box: Letterbox) -> Floats:
    """Boxes in input pixels as boxes in image pixels, clipped to the image."""
    moved = (boxes - np.array([box.left, box.top] * 2, np.float32)) / box.gain
    return np.asarray(moved.clip(0, np.array([box.width, box.height] * 2)), np.float32)


def image_mask(logits: Floats, image_box: Sequence[float], box: Letterbox) -> npt.NDArray[np.bool_]:
    """(height, width) mask of one object at the image's own resolution, clipped to its box.

    Only the box is computed: a 12-megapixel photo with a hundred objects would need gigabytes otherwise.
    """
    mask = np.zeros((box.height, box.width), bool, order="F")  # as the encoder of masks wants it
    x1, y1 = int(np.floor(image_box[0])), int(np.floor(image_box[1]))
    x2, y2 = min(box.width, int(np.ceil(image_box[2]))), min(box.height, int(np.ceil(image_box[3])))
    if x2 <= x1 or y2 <= y1:
        return mask
    step = box.gain / PROTOTYPE_STRIDE
    # Pixel centres: image (x + 0.5) * gain + left = input; input / 4 - 0.5 = prototype index.
    matrix = np.array([
        [step, 0, (x1 + 0.5) * step + box.left / PROTOTYPE_STRIDE - 0.5],
        [0, step, (y1 + 0.5) * step + box.top / PROTOTYPE_STRIDE - 0.5],
    ])  # fmt: skip
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    part = cv2.warpAffine(logits, matrix, (x2 - x1, y2 - y1), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    mask[y1:y2, x1:x2] = part > 0
    return mask
