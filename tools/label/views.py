"""Look at a photo several times, mirrored and at other sizes, and keep what the looks agree on.

Six looks are worth 0.02 to 0.03 of box mAP50 and mAP50-95 on orchard photos; see docs/labelling.md.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tools.core.setting_groups import ViewCount
from tools.data.images import ImageArray
from tools.data.sample import Box, Instance, encode_mask
from tools.models.detections import Detection
from tools.models.fusion import Fused, fuse

if TYPE_CHECKING:
    from tools.models.predict import Predictor

# Size as a share of the model's own, and whether mirrored.
_VIEWS: dict[ViewCount, tuple[tuple[float, bool], ...]] = {
    1: ((1.0, False),),
    2: ((1.0, False), (1.0, True)),
    6: ((1.0, False), (1.0, True), (0.8, False), (0.8, True), (1.4, False), (1.4, True)),
}


def predict_in_views(
    predictor: "Predictor", images: Sequence[ImageArray], least: float, views: ViewCount, iou: float
) -> list[list[Instance]]:
    """`predictor.predict_many` over several views, fused; a score is the mean of the views', an unseen object's is 0.

    Args:
        predictor: finds objects.
        images: (h, w, 3) RGB each.
        least: least score of a view and of the result.
        views: how many: 1, 2 (mirrored) or 6 (and at 0.8 and 1.4 times the size, mirrored too).
        iou: overlap from which boxes of two views are one object.
    """
    if views == 1:
        return predictor.predict_many(images, least)
    looks = [_look(predictor, images, least, scale, mirrored) for scale, mirrored in _VIEWS[views]]
    return [
        _fused([look[k] for look in looks], image.shape[0], image.shape[1], least, predictor.names, iou)
        for k, image in enumerate(images)
    ]


def _look(
    predictor: "Predictor", images: Sequence[ImageArray], least: float, scale: float, mirrored: bool
) -> list[list[tuple[Instance, bool]]]:
    shown = [np.ascontiguousarray(p[:, ::-1]) for p in images] if mirrored else images
    # A fitted model looks at a photo mirrored by itself, which is one of the views here.
    as_it_is = scale == 1 and not predictor.fitted
    looking = predictor if as_it_is else predictor.at_size(max(32, round(predictor.size_px * scale / 32) * 32))
    found = looking.predict_many(shown, least)
    return [[(instance, mirrored) for instance in own] for own in found]


def _fused(
    looks: Sequence[Sequence[tuple[Instance, bool]]], height: int, width: int, least: float, names: Sequence[str],
    iou: float,
) -> list[Instance]:  # fmt: skip
    owners: dict[int, tuple[Instance, bool]] = {}
    views: list[list[Detection]] = []
    for look in looks:
        view = []
        for instance, mirrored in look:
            box = _mirrored(instance.box, width) if mirrored else instance.box
            view.append(Detection(box, instance.score, names.index(instance.class_name)))
            owners[id(view[-1])] = (instance, mirrored)
        views.append(view)
    results = []
    for group in fuse(views, [0] * len(views), iou):
        score = min(group.score(len(views)), 1.0)
        if score >= least:
            results.append(_instance(group, score, owners, height, width, names))
    return results


def _instance(
    group: Fused, score: float, owners: dict[int, tuple[Instance, bool]], height: int, width: int, names: Sequence[str]
) -> Instance:
    """The group's box, score and class, with the mask of its best member."""
    best, mirrored = owners[id(max(group.members, key=lambda m: m[0].score)[0])]
    counts = best.counts
    if mirrored and (mask := best.mask(height, width)) is not None:
        counts = encode_mask(np.ascontiguousarray(mask[:, ::-1]))
    update = {"box": group.box, "score": score, "class_name": names[group.phrase], "counts": counts}
    return best.model_copy(update=update)


def _mirrored(box: Box, width: int) -> Box:
    x1, y1, x2, y2 = box
    return width - x2, y1, width - x1, y2
