"""Images of a report: what was trained on, and what the model saw against the truth, best and worst."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from tools.core.errors import SightsmithError
from tools.data.images import read_image
from tools.data.sample import Instance, Sample, evenly
from tools.data.scores import EvaluatedOn
from tools.metrics.predictions import Recogniser
from tools.models.drawing import class_colour, draw
from tools.runs.runtime import RunContext

ImageArray = npt.NDArray[np.uint8]
SHEET = 24  # images of the contact sheet
ASKED = 24  # test images the model is asked about for the report; photos take 0.3 s each on two AVX2 cores
SHOWN = 4  # best and worst ones each
SHEET_PX, COMPARED_PX = 300, 440
_PERFECT = 0.999
JPEG_QUALITY = 84  # with the sizes above a whole report stays near 2 MB


@dataclass(frozen=True)
class Shown:
    """An image in the page."""

    src: str  # data URI
    caption: str
    width: int
    height: int


@dataclass(frozen=True)
class Compared:
    """Truth and answer on one test image."""

    truth: Shown
    answer: Shown | None  # None: a class for the whole image, told in the caption of the truth
    agreement: float  # 0..1


@dataclass(frozen=True)
class _Looked:
    sample: Sample
    found: list[Instance]
    agreement: float
    remark: str
    right: bool


@dataclass(frozen=True)
class Predictions:
    """What the model does on test images."""

    on: EvaluatedOn
    looked_at: int
    total: int
    best: list[Compared]
    worst: list[Compared]


def contact_sheet(run: RunContext) -> list[Shown]:
    """Kept training images with their labels drawn in, as unlike each other as `SHEET` images can be."""
    samples = [s for s in run.dataset.samples(verdict="kept") if s.split in (None, "train")]
    labelled = [s for s in samples if s.instances or s.label]
    chosen = diverse(labelled, SHEET - SHEET // 8)
    empty = diverse([s for s in samples if not (s.instances or s.label)], SHEET - len(chosen) if labelled else SHEET)
    shown = []
    for sample in [*chosen, *empty[: SHEET // 8 if labelled else SHEET]]:
        try:
            image = read_image(run.path(sample.image))
        except SightsmithError:
            continue  # moved away by the user: the page shows the others
        drawn = _draw(run, image, sample.instances, SHEET_PX)
        places = [sample.axes.get(axis, "") for axis in ("context", "light", "distance")]
        label = sample.label or ("" if sample.instances else "nothing to find")
        shown.append(_shown(drawn, ", ".join(filter(None, [label, *places])), SHEET_PX))
    return shown


def diverse(samples: Sequence[Sample], count: int) -> list[Sample]:
    """At most `count` samples, taken one by one so that each shows what was shown least so far."""
    seen: dict[tuple[str, str], int] = {}
    left, chosen = list(samples), list[Sample]()
    while left and len(chosen) < count:
        pick = min(left, key=lambda s: sum(seen.get(item, 0) for item in s.axes.items()) / max(1, len(s.axes)))
        left.remove(pick)
        chosen.append(pick)
        for item in pick.axes.items():
            seen[item] = seen.get(item, 0) + 1
    return chosen


def predictions(
    run: RunContext, model: Recogniser, on: EvaluatedOn, samples: Sequence[Sample], threshold: float
) -> Predictions:
    """Ask the model about test images and pick the best and the worst.

    Args:
        run: for its folder and class names.
        model: the best weights.
        on: what the samples are.
        samples: all of that set; at most `ASKED` of them are looked at, evenly chosen.
        threshold: working confidence.
    """
    asked = evenly(samples, ASKED)
    looked = []
    for sample in asked:
        run.check_stop()
        looked.append(_look(run, model, sample, threshold))
    # Full images say more than empty ones that were rightly left empty, and nothing right is among the worst.
    looked.sort(key=lambda x: (-x.agreement, -len(x.sample.instances), x.sample.id))
    count = min(SHOWN, (len(looked) + 1) // 2)
    best = [x for x in looked if x.sample.instances or x.sample.label][:count] or looked[:count]
    worst = [x for x in reversed(looked) if not x.right and x not in best][:count]
    good, bad = ([_compare(run, x) for x in part] for part in (best, worst))
    return Predictions(on, len(asked), len(samples), good, bad)


def _look(run: RunContext, model: Recogniser, sample: Sample, threshold: float) -> _Looked:
    image = read_image(run.folder / sample.image)
    if model.kind == "classify":
        shares = model.classify_many([image])[0]
        said = max(shares, key=lambda name: shares[name])
        remark = f"answer: {said} ({100 * shares[said]:.0f} %)"
        return _Looked(sample, [], shares.get(sample.label or "", 0.0), remark, said == sample.label)
    found = [i for i in model.predict_many([image], threshold)[0] if i.score >= threshold]
    value, remark = agreement(sample.instances, found, sample.height, sample.width, run.settings.evaluation.match_iou)
    return _Looked(sample, found, value, remark, value >= _PERFECT)


def agreement(
    truth: Sequence[Instance], found: Sequence[Instance], height: int, width: int, match_iou: float
) -> tuple[float, str]:
    """How well an answer fits: F1 of the matched objects times their mean IoU, and the same in words.

    Args:
        truth: labelled objects.
        found: what the model found, best first.
        height: of the image.
        width: of the image.
        match_iou: IoU from which two are the same object.

    Returns:
        0..1 (1 for an empty image left empty), and a remark such as "3 of 4 found, 1 false alarm".
    """
    if not truth and not found:
        return 1.0, "rightly left empty"
    overlaps = _overlaps(truth, found, height, width)
    free, matched = set(range(len(truth))), list[float]()
    for row, instance in enumerate(found):
        fitting = [c for c in free if truth[c].class_name == instance.class_name and overlaps[row, c] >= match_iou]
        if fitting:
            taken = max(fitting, key=lambda c: float(overlaps[row, c]))
            free.remove(taken)
            matched.append(float(overlaps[row, taken]))
    f1 = 2 * len(matched) / (len(truth) + len(found))
    false = len(found) - len(matched)
    alarms = f"{false} false alarm{'s' if false > 1 else ''}" if false else ""
    words = f"{len(matched)} of {len(truth)} found" if truth else "nothing to find"
    return f1 * (float(np.mean(matched)) if matched else 0.0), ", ".join(filter(None, [words, alarms]))


def _overlaps(truth: Sequence[Instance], found: Sequence[Instance], height: int, width: int) -> npt.NDArray[np.float64]:
    """(found, truth) IoU: of masks where every one has a mask, else of boxes."""
    if not truth or not found:
        return np.zeros((len(found), len(truth)))
    everyone = [*truth, *found]
    as_coco: list[Any]
    if all(i.counts is not None for i in everyone):
        as_coco = [{"size": [height, width], "counts": i.counts} for i in everyone]
    else:
        as_coco = [[i.box[0], i.box[1], i.box[2] - i.box[0], i.box[3] - i.box[1]] for i in everyone]
    ious: npt.NDArray[np.float64] = coco_mask.iou(as_coco[len(truth) :], as_coco[: len(truth)], [0] * len(truth))
    return ious


def _compare(run: RunContext, looked: _Looked) -> Compared:
    sample = looked.sample
    image = read_image(run.folder / sample.image)
    where = ", ".join(v for k, v in sample.axes.items() if k in ("context", "light", "distance"))
    if run.task.kind == "classify":
        caption = " · ".join(filter(None, [f"truth: {sample.label}", looked.remark, where]))
        return Compared(_shown(image, caption, COMPARED_PX), None, looked.agreement)
    truth = _shown(_draw(run, image, sample.instances, COMPARED_PX), f"truth · {where}".rstrip(" ·"), COMPARED_PX)
    answer = _shown(_draw(run, image, looked.found, COMPARED_PX), looked.remark, COMPARED_PX)
    return Compared(truth, answer, looked.agreement)


def _draw(run: RunContext, image: ImageArray, instances: Sequence[Instance], side_px: int) -> ImageArray:
    """Labels drawn on an image that was first brought to its size in the page, so that lines stay visible."""
    h, w = image.shape[:2]
    names, small = run.task.class_names, _fit(image, side_px)
    placed = [_scaled(i, h, w, small) for i in instances]
    _light_edges(small, placed)
    drawn = draw(small, placed, names, labels=_needs_names(run))
    for instance in placed:
        if instance.counts is None and not _needs_names(run):  # with names, their plates tell boxes apart
            cv2.rectangle(drawn, *_corners(instance), class_colour(instance.class_name, names), 2, cv2.LINE_AA)
    return drawn


def _light_edges(image: ImageArray, instances: Sequence[Instance]) -> None:
    """A white edge under every outline: red on a red apple cannot be seen."""
    for instance in instances:
        mask = instance.mask(*image.shape[:2])
        if mask is None:
            cv2.rectangle(image, *_corners(instance), (255, 255, 255), 4, cv2.LINE_AA)
            continue
        outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(image, outlines, -1, (255, 255, 255), 3, cv2.LINE_AA)


def _corners(instance: Instance) -> tuple[tuple[int, int], tuple[int, int]]:
    x1, y1, x2, y2 = (round(v) for v in instance.box)
    return (x1, y1), (x2 - 1, y2 - 1)


def _needs_names(run: RunContext) -> bool:
    return len(run.task.classes) > 1


def _scaled(instance: Instance, height: int, width: int, onto: ImageArray) -> Instance:
    """An instance of a (height, width) image on one of another size."""
    h, w = onto.shape[:2]
    x, y = w / width, h / height
    counts = None
    mask = instance.mask(height, width)
    if mask is not None:
        small = cv2.resize(mask.astype(np.float32), (w, h), interpolation=cv2.INTER_AREA) > 0.4
        counts = coco_mask.encode(np.asfortranarray(small.astype(np.uint8)))["counts"].decode("ascii")
    x1, y1, x2, y2 = instance.box
    return instance.model_copy(update={"box": (x1 * x, y1 * y, x2 * x, y2 * y), "counts": counts})


def _fit(image: ImageArray, side_px: int) -> ImageArray:
    """At most `side_px` long; small images are enlarged by whole steps at most to it."""
    h, w = image.shape[:2]
    scale = side_px / max(h, w)
    size = (max(1, round(w * scale)), max(1, round(h * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=how), dtype=np.uint8)


def _shown(image: ImageArray, caption: str, side_px: int) -> Shown:
    fitted = _fit(image, side_px)
    _, data = cv2.imencode(".jpg", cv2.cvtColor(fitted, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    src = "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")
    return Shown(src, caption, fitted.shape[1], fitted.shape[0])
