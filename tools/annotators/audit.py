"""How far an annotator can be trusted: its labels against exact masks, class by class, with bootstrap intervals."""

from collections.abc import Sequence

import numpy as np

from tools.data.sample import BoolMask, Instance
from tools.data.scores import Audit, LabelQuality
from tools.metrics.coco import Floats, JudgedImage, independent, interval, number, ratio, resamples

MATCH_IOU = 0.5  # a label with less overlap is of something else
# The mark: auto-labels of the apple paper against hand-made masks (arXiv 2411.11285).
APPLE_PAPER = {"dice": 0.951, "iou": 0.930}


def audit(images: Sequence[JudgedImage], classes: Sequence[str], annotator: str, draws: int, seed: int) -> Audit:
    """Match labels with truths of their class, one to one, so that the overlaps' sum is greatest; then count.

    Args:
        images: with exact truths and the annotator's labels.
        classes: names.
        annotator: its name.
        draws: bootstrap resamples of the images.
        seed: of the resamples.

    Raises:
        ValueError: no image.
    """
    if not images:
        raise ValueError("an audit needs at least one picture with exact masks")
    by_mask = all(i.counts is not None for p in images for i in (*p.truths, *p.found))
    tables = {name: np.array([_row(p, name, by_mask) for p in images]) for name in classes}
    weights = resamples(images, draws, seed)
    return Audit(
        annotator=annotator, pictures=len(images), by="mask" if by_mask else "box",
        overall=_quality(np.sum(list(tables.values()), axis=0), weights, independent(images)),
        per_class={
            name: _quality(table, weights, independent(images, table[:, 0] > 0)) for name, table in tables.items()
        },
    )  # fmt: skip


def overlaps_of(
    truths: Sequence[Instance], found: Sequence[Instance], height: int, width: int, by_mask: bool
) -> Floats:
    """(truths, found) intersections over unions, of masks or of boxes."""
    if not truths or not found:
        return np.zeros((len(truths), len(found)))
    if not by_mask:
        from tools.data.geometry import box_ious

        return box_ious([t.box for t in truths], [f.box for f in found])
    a, b = (np.stack([_mask(i, height, width).ravel() for i in own]).astype(np.float64) for own in (truths, found))
    inside = a @ b.T
    union = a.sum(axis=1)[:, None] + b.sum(axis=1)[None] - inside
    return ratio(inside, union)


def _mask(instance: Instance, height: int, width: int) -> BoolMask:
    mask = instance.mask(height, width)
    assert mask is not None  # the caller looked
    return mask


def _row(image: JudgedImage, name: str, by_mask: bool) -> list[float]:
    """Sums of one image and class: objects, labels, matches, their IoU, their Dice."""
    from scipy.optimize import linear_sum_assignment  # half a second, which most commands need not wait

    truths = [t for t in image.truths if t.class_name == name]
    found = [f for f in image.found if f.class_name == name]
    overlaps = overlaps_of(truths, found, image.height, image.width, by_mask)
    pairs = overlaps[linear_sum_assignment(-np.where(overlaps >= MATCH_IOU, overlaps, 0.0))]
    ious = pairs[pairs >= MATCH_IOU]
    dice = 2 * ious / (1 + ious)
    return [len(truths), len(found), len(ious), float(ious.sum()), float(dice.sum())]


def _quality(table: Floats, weights: Floats, images: int) -> LabelQuality:
    """From sums by image, (n, 5), to figures; `images` say something about them."""
    once, drawn = _figures(table.sum(axis=0)[None]), _figures(weights @ table)
    quality = LabelQuality(objects=int(table[:, 0].sum()), found=int(table[:, 2].sum()))
    for name, value in once.items():
        setattr(quality, name, number(float(value[0])))
        if (known := interval(drawn[name], images)) is not None:
            quality.intervals[name] = known
    return quality


def _figures(sums: Floats) -> dict[str, Floats]:
    objects, labels, matched, iou, dice = sums.T
    return {
        "dice": ratio(dice, matched), "iou": ratio(iou, matched), "missed": ratio(objects - matched, objects),
        "false": ratio(labels - matched, labels),
    }  # fmt: skip


def sentence(result: Audit) -> str:
    """The audit in one sentence, with the mark to compare with."""
    all_of = result.overall
    if all_of.dice is None or all_of.iou is None:
        return f"{result.annotator} found none of {all_of.objects} objects on {result.pictures} pictures."
    mark = f"the apple paper's auto-labels: Dice {APPLE_PAPER['dice']:.3f}, IoU {APPLE_PAPER['iou']:.3f}"
    return (
        f"On {result.pictures} pictures with exact masks, {result.annotator} labels {all_of.found} of {all_of.objects}"
        f" objects, by {result.by} with Dice {all_of.dice:.3f} and IoU {all_of.iou:.3f} ({mark}), misses"
        f" {100 * (all_of.missed or 0):.0f} % and {100 * (all_of.false or 0):.0f} % of its labels are of nothing."
    )
