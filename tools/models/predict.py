"""Run trained weights on images: labels at the images' own resolution, after as many looks as an image needs."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tools.core.task import TaskKind
from tools.data.geometry import shorter_sides
from tools.data.images import ImageArray
from tools.data.sample import BoolMask, Instance, encode_mask
from tools.models.detections import Detection
from tools.models.fusion import fuse
from tools.models.parts import parts_lowered
from tools.models.postprocess import (
    MAX_DETECTIONS,
    NMS_IOU,
    centre_crop,
    detections,
    flipped,
    image_mask,
    letterbox,
)
from tools.models.rescorer import WORTH_IT, Described, Rescorer, describe, least_before, rescored, stored
from tools.models.tiles import Place, Seen, View, once_each, places_of

_BATCH = 8
LARGE = 2.5  # times the training size: from there on tiles are considered
SMALL_PX = 20.0  # side as the network sees it: two and a half of its finest cells
LARGER = 1.5  # times the training size: the input for images of smaller objects (docs/experiments/input_size.md)
LARGER_BELOW_PX = 40.0  # side as the network sees it
# Of the second look at what is large enough, times the input; a little smaller where that leaves little of the objects
# (docs/experiments/input_size.md).
SMALLER, A_LITTLE_SMALLER = 0.7, 0.8
LARGE_FROM_PX = 48.0  # side as the network sees it
SMALLEST_PX = 96  # an input is halved down to this where nothing is sure (docs/experiments/input_size.md)
# Side of the largest object as the network sees it, in sides of its input, from which an image is halved; not where
# more than CROWD are found: of what lies closely a smaller look takes several for one (docs/experiments/input_size.md).
HALVED_FROM, CROWD = 0.2, 12
_SURE = 0.2  # score from which an object says how large objects are
LEAST = 0.05  # score from which a look counts: whether there is another must not depend on the score asked for


class Predictor:
    """Trained weights, ready to look at images.

    Computes in 32 bits, so results do not depend on the CPU's extras; with `half` in 16 where the hardware does, which
    is for many images and not for scores. With `closer`, photos in which it found something are looked at once more:
    those of small objects at a larger input, unless the network's input already is as large as its objects want it
    (`fitted`), all others mirrored and smaller; and those in which it is sure of nothing at smaller ones still, for
    what fills the frame (docs/experiments/input_size.md). What lies in a larger find of its class counts less
    (`tools.models.parts`). Scores of classes with a rescorer are corrected by it.
    """

    def __init__(
        self, network: Any, kind: TaskKind, names: Sequence[str], size_px: int, *, half: bool = False,
        nms_iou: float = NMS_IOU, closer: bool = True, fitted: bool = False,
        rescorers: Mapping[str, Rescorer] | None = None,
    ) -> None:  # fmt: skip
        import torch

        from tools.core.devices import choose_device, has_fast_bfloat16

        self.kind: TaskKind = kind
        self.names = list(names)
        self.size_px = size_px
        self.nms_iou = nms_iou
        self.closer = closer
        self.fitted = fitted
        self.rescorers = dict(rescorers or {})
        self.device = torch.device(choose_device())
        self.network = network.to(self.device).eval()
        self.half = half and has_fast_bfloat16(self.device)

    @classmethod
    def load(cls, weights: Path, *, half: bool = False, nms_iou: float = NMS_IOU, closer: bool = True) -> "Predictor":
        """Open weights written by a training, or a .pt of Ultralytics.

        Raises:
            StepFailed: the file is missing, damaged or neither.
        """
        from tools.models.checkpoint import load_model
        from tools.models.pickled import load_pickled

        network, card = (load_pickled if weights.suffix == ".pt" else load_model)(weights)
        fused = network.fuse(verbose=False)
        return cls(
            fused, card.kind, card.names, card.size_px, half=half, nms_iou=nms_iou, closer=closer,
            fitted=card.fitted, rescorers=stored(card),
        )  # fmt: skip

    def at_size(self, size_px: int) -> "Predictor":
        """The same network, looking at images of another size, and once."""
        return Predictor(
            self.network, self.kind, self.names, size_px, half=self.half, nms_iou=self.nms_iou, closer=False,
            rescorers=self.rescorers,
        )  # fmt: skip

    def predict(self, image: ImageArray, confidence: float) -> list[Instance]:
        """Objects in an (h, w, 3) RGB image, best first; with masks when the task is to segment.

        Args:
            image: of any size.
            confidence: least score of an object, 0..1.

        Raises:
            ValueError: the model classifies whole images.
        """
        return self.predict_many([image], confidence)[0]

    def predict_many(self, images: Sequence[ImageArray], confidence: float) -> list[list[Instance]]:
        """`predict` for each image; those of equal shape are computed together.

        Where objects are small, large images are looked at in tiles as well, and others again at a larger input; see
        the class.
        """
        if self.rescorers:
            found = self.described(images, least_before(confidence))
            return [rescored(own, self.rescorers, confidence) for own in found]
        return [[i for i, _ in self._instances(seen, confidence)] for seen in self._seen(images, confidence)]

    def described(self, images: Sequence[ImageArray], confidence: float) -> list[list[Described]]:
        """What the network finds, with its own scores, and how what is worth it looks; see `tools.models.rescorer`."""
        return [
            [
                (i, describe(image, i.box, mask) if i.score >= WORTH_IT else None)
                for i, mask in self._instances(seen, confidence)
            ]
            for image, seen in zip(images, self._seen(images, confidence), strict=True)
        ]

    def _seen(self, images: Sequence[ImageArray], confidence: float) -> list[list[Seen]]:
        """Objects of each image, best first, once each."""
        if self.kind == "classify":
            raise ValueError("this model names whole pictures: use classify()")
        least = min(confidence, LEAST)
        wholes = self._look(images, [None] * len(images), least)
        smaller = self._look_smaller(images, wholes, least)
        looks = [[whole, *smaller.get(i, [])] for i, whole in enumerate(wholes)]
        tiles = [self._look_in_tiles(image, own, least) for image, own in zip(images, looks, strict=True)]
        for i, view in self._look_again(images, wholes, tiles, least).items():
            looks[i].append(view)
        together = [
            self._together(own) if len(own) > 1 and not tiles[i] else once_each([*own, *tiles[i]], MAX_DETECTIONS)
            for i, own in enumerate(looks)
        ]
        return [parts_lowered(own) for own in together] if self.closer else together

    def _look(
        self, crops: Sequence[ImageArray], places: Sequence[Place | None], confidence: float, *, mirrored: bool = False
    ) -> list[View]:
        """What is found in images, or in tiles of larger ones; `mirrored`, it is where it is all the same."""
        inputs = [letterbox(crop, self.size_px) for crop in crops]
        views: list[View | None] = [None] * len(crops)
        for group in _groups([padded for padded, _ in inputs]):
            batch = np.stack([inputs[i][0] for i in group])
            raw = self._forward(np.ascontiguousarray(batch[:, :, ::-1]) if mirrored else batch)
            for i, found in zip(group, detections(raw, len(self.names), confidence, nms_iou=self.nms_iou), strict=True):
                there = flipped(found, batch.shape[2]) if mirrored else found
                views[i] = View.of(there, inputs[i][1], places[i])
        return [view for view in views if view is not None]

    def _look_smaller(
        self, images: Sequence[ImageArray], wholes: Sequence[View], confidence: float
    ) -> dict[int, list[View]]:  # fmt: skip
        """Halve the image as long as what is found in it is large, or not sure: what fills it is found in parts."""
        smaller: dict[int, list[View]] = {}
        large_px, size = HALVED_FROM * self.size_px, self.size_px
        left = [i for i, whole in enumerate(wholes) if whole.surest >= LEAST and _is_too_large(whole, large_px)]
        left = left if self.closer else []
        while left and (size := -(-size // 64) * 32) >= SMALLEST_PX and size < self.size_px:
            seen = self.at_size(size)._look([images[i] for i in left], [None] * len(left), confidence)
            for i, view in zip(left, seen, strict=True):
                smaller.setdefault(i, []).append(view)
            left = [i for i in left if _is_too_large(smaller[i][-1], large_px)]
        return smaller

    def _look_in_tiles(self, image: ImageArray, wholes: Sequence[View], confidence: float) -> list[View]:
        """Halve the field of view as long as objects look too small in it, or nothing is found at all."""
        h, w = image.shape[:2]
        side, views = max(h, w), list[View]()
        if side < LARGE * self.size_px:
            return views
        while side > self.size_px and self._side_px([*wholes, *views], side) < SMALL_PX:
            side = max(self.size_px, side // 2)
            places = places_of(h, w, side)
            for start in range(0, len(places), _BATCH):
                part = places[start : start + _BATCH]
                crops = [np.ascontiguousarray(image[p.y1 : p.y2, p.x1 : p.x2]) for p in part]
                views += self._look(crops, part, confidence)
        return views

    def _look_again(
        self, images: Sequence[ImageArray], wholes: Sequence[View], tiles: Sequence[Sequence[View]], confidence: float
    ) -> dict[int, View]:
        """Look once more: larger where the objects of a whole image are small and it shows more of them, else mirrored.

        Images in which nothing was found stay as they are: on them another look finds what is not there.
        """
        sizes: dict[int, list[int]] = {}
        for i, (image, whole) in enumerate(zip(images, wholes, strict=True)):
            if self.closer and not tiles[i] and whole.surest >= LEAST:
                sizes.setdefault(self._second_px(whole, max(image.shape[:2])), []).append(i)
        looks: dict[int, View] = {}
        for size, chosen in sizes.items():
            shown = [images[i] for i in chosen]
            mirrored = size < self.size_px
            again = self.at_size(size)._look(shown, [None] * len(chosen), confidence, mirrored=mirrored)
            looks |= zip(chosen, again, strict=True)
        return looks

    def _second_px(self, whole: View, side: int) -> int:
        """At which input an image of that longer side is looked at again: a larger one, or a smaller one, mirrored."""
        side_px = self._side_px([whole], side)
        larger = min(round(LARGER * self.size_px / 32) * 32, -(-side // 32) * 32)
        if not self.fitted and 0 < side_px < LARGER_BELOW_PX and larger > self.size_px:
            return larger
        share = A_LITTLE_SMALLER if 0 < side_px < LARGE_FROM_PX else SMALLER
        return max(SMALLEST_PX, round(share * self.size_px / 32) * 32)

    def _together(self, views: Sequence[View]) -> list[Seen]:
        """What looks at the same image show together: mean boxes, the score of the surer look, the mask of the finest.

        Of looks that are less than half as sure no mask is taken.
        """
        owners: dict[int, tuple[View, int]] = {}
        looks: list[dict[int, list[Detection]]] = []
        for view in views:
            looks.append({})
            for i in np.flatnonzero(view.usable).tolist():
                box, kind = view.boxes[i].tolist(), int(view.found.classes[i])
                found = Detection(tuple(box), float(view.found.scores[i]), kind)
                looks[-1].setdefault(kind, []).append(found)
                owners[id(found)] = (view, i)
        seen = []
        for kind in sorted({kind for look in looks for kind in look}):
            for group in fuse([look.get(kind, []) for look in looks], [0] * len(looks), self.nms_iou):
                surest = max(found.score for found, _, _ in group.members)
                sure = [owners[id(found)] for found, _, _ in group.members if found.score >= surest / 2]
                seen.append(Seen(*max(sure, key=lambda owner: owner[0].fit.gain), group.box, surest))
        return sorted(seen, key=lambda s: -s.score)[:MAX_DETECTIONS]

    def _side_px(self, views: Sequence[View], side: int) -> float:
        """Median shorter side of the objects as the network sees them in a field of view; 0 where none is sure."""
        boxes = np.concatenate([v.boxes[v.found.scores >= _SURE] for v in views])
        sides = shorter_sides(boxes)
        return float(np.median(sides)) * self.size_px / side if len(sides) else 0.0

    def classify(self, image: ImageArray) -> dict[str, float]:
        """Probability of each class for an (h, w, 3) RGB image.

        Raises:
            ValueError: the model finds objects.
        """
        return self.classify_many([image])[0]

    def classify_many(self, images: Sequence[ImageArray]) -> list[dict[str, float]]:
        """`classify` for each image."""
        if self.kind != "classify":
            raise ValueError("this model finds objects: use predict()")
        results = []
        for start in range(0, len(images), _BATCH):
            batch = np.stack([centre_crop(p, self.size_px) for p in images[start : start + _BATCH]])
            for row in self._forward(batch)[0].float().cpu().numpy():
                results.append({name: float(value) for name, value in zip(self.names, row, strict=True)})
        return results

    def _forward(self, batch: ImageArray) -> Any:
        import torch

        tensor = torch.from_numpy(batch).to(self.device).permute(0, 3, 1, 2).float().div_(255)
        with torch.no_grad(), torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.half):
            return self.network(tensor)

    def _instances(self, seen: Sequence[Seen], confidence: float) -> Iterator[tuple[Instance, BoolMask | None]]:
        """Objects of one image, best first, with their masks when the task is to segment."""
        for view, i, box, score in seen:
            if score < confidence:
                continue
            name, mask, counts = self.names[int(view.found.classes[i])], None, None
            if self.kind == "segment":
                mask = image_mask(view.found.logits[i], box, view.fit)
                if not mask.any():
                    continue
                counts = encode_mask(mask)
            yield Instance(class_name=name, box=box, counts=counts, score=score, source="model"), mask


def _is_too_large(view: View, large_px: float) -> bool:
    """Whether an image may be seen better smaller: nothing in it is sure, or something large, and no crowd."""
    sure = view.boxes[view.found.scores >= _SURE]
    if not len(sure):
        return True
    return len(sure) <= CROWD and float(shorter_sides(sure).max()) * view.fit.gain >= large_px


def _groups(padded: Sequence[ImageArray]) -> list[list[int]]:
    """Indices of images of equal shape, at most a batch together."""
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for i, image in enumerate(padded):
        by_shape.setdefault(image.shape, []).append(i)
    return [group[i : i + _BATCH] for group in by_shape.values() for i in range(0, len(group), _BATCH)]
