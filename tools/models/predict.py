"""Run trained weights on images: labels at the images' own resolution, and images with the labels drawn in."""

import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tools.core import owned
from tools.core.errors import FixArguments, StepFailed
from tools.core.files import in_the_way
from tools.core.task import TaskKind
from tools.data.geometry import shorter_sides
from tools.data.images import ImageArray, is_image, is_unread_image, read_image, unread_reason, write_image
from tools.data.sample import BoolMask, Instance, encode_mask
from tools.models.detections import Detection
from tools.models.fusion import fuse
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
from tools.runs.runtime import write_json

_BATCH = 8
_JSON, _BY = "predictions.json", "predict"
_DOUBTED = 20  # images without a find that are asked once more, for what is seen in them and not sure enough
_LONGEST_STEM = 200  # bytes: a suffix and a number have room in the 255 that disks allow
LARGE = 2.5  # times the training size: from there on tiles are considered
SMALL_PX = 20.0  # side as the network sees it: two and a half of its finest cells
LARGER = 1.5  # times the training size: the input for images of smaller objects (docs/experiments/input_size.md)
LARGER_BELOW_PX = 40.0  # side as the network sees it
# Of the second look at what is large enough, times the input; a little smaller where that leaves little of the objects
# (docs/experiments/input_size.md).
SMALLER, A_LITTLE_SMALLER = 0.7, 0.8
LARGE_FROM_PX = 48.0  # side as the network sees it
SMALLEST_PX = 96  # an input is halved down to this where nothing is sure (docs/experiments/input_size.md)
_SURE = 0.2  # score from which an object says how large objects are
_LEAST = 0.05  # score from which a look counts: whether there is another must not depend on the score asked for
# Distinct on photos of plants, skin, sky and metal; after the Tableau palette, without its greys and browns.
_COLOURS = (
    (255, 64, 64), (64, 160, 255), (255, 200, 0), (180, 80, 255), (0, 220, 180), (255, 120, 200), (140, 230, 0),
    (255, 140, 40), (90, 100, 255), (0, 200, 255),
)  # fmt: skip
_FILL = 0.38  # share of the class's colour over a mask: enough to see, not enough to hide


class Predictor:
    """Trained weights, ready to look at images.

    Computes in 32 bits, so results do not depend on the CPU's extras; with `half` in 16 where the hardware does, which
    is for many images and not for scores. With `closer`, photos in which it found something are looked at once more:
    those of small objects at a larger input, unless the network's input already is as large as its objects want it
    (`fitted`), all others mirrored and smaller; and those in which it is sure of nothing at smaller ones still, for
    what fills the frame (docs/experiments/input_size.md).
    Scores of classes with a rescorer are corrected by it.
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
        least = min(confidence, _LEAST)
        wholes = self._look(images, [None] * len(images), least)
        smaller = self._look_smaller(images, wholes, least)
        looks = [[whole, *smaller.get(i, [])] for i, whole in enumerate(wholes)]
        tiles = [self._look_in_tiles(image, own, least) for image, own in zip(images, looks, strict=True)]
        for i, view in self._look_again(images, wholes, tiles, least).items():
            looks[i].append(view)
        return [
            self._together(own) if len(own) > 1 and not tiles[i] else once_each([*own, *tiles[i]], MAX_DETECTIONS)
            for i, own in enumerate(looks)
        ]

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
        """Halve the image as long as something is found in it and nothing sure: what fills it is found in parts."""
        smaller: dict[int, list[View]] = {}
        if self.closer and not self.fitted:
            smaller = {i: [] for i, whole in enumerate(wholes) if _LEAST <= whole.surest < _SURE}
        size, left = self.size_px, list(smaller)
        while left and (size := -(-size // 64) * 32) >= SMALLEST_PX and size < self.size_px:
            seen = self.at_size(size)._look([images[i] for i in left], [None] * len(left), confidence)
            for i, view in zip(left, seen, strict=True):
                smaller[i].append(view)
            left = [i for i in left if smaller[i][-1].surest < _SURE]
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
            if self.closer and not tiles[i] and whole.surest >= _LEAST:
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


def _groups(padded: Sequence[ImageArray]) -> list[list[int]]:
    """Indices of images of equal shape, at most a batch together."""
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for i, image in enumerate(padded):
        by_shape.setdefault(image.shape, []).append(i)
    return [group[i : i + _BATCH] for group in by_shape.values() for i in range(0, len(group), _BATCH)]


# Drawing ---------------------------------------------------------------------------------------------------------


def draw(
    image: ImageArray, instances: Sequence[Instance], names: Sequence[str] = (), *, labels: bool = True
) -> ImageArray:
    """A copy of an RGB image with masks (or boxes) drawn in, one colour a class.

    Args:
        image: (h, w, 3).
        instances: drawn last to first, so that the best lies on top.
        names: classes in order, which fixes their colours; without it a colour follows from the name.
        labels: write class and score.
    """
    canvas = image.copy()
    h, w = canvas.shape[:2]
    line = max(1, round(max(h, w) / 420))
    for instance in reversed(instances):
        colour = class_colour(instance.class_name, names)
        mask = instance.mask(h, w)
        if mask is None:
            x1, y1, x2, y2 = (round(v) for v in instance.box)
            cv2.rectangle(canvas, (x1, y1), (x2 - 1, y2 - 1), colour, line, cv2.LINE_AA)
            continue
        canvas[mask] = (canvas[mask] * (1 - _FILL) + np.array(colour) * _FILL).astype(np.uint8)
        edges, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(canvas, edges, -1, colour, line, cv2.LINE_AA)
    if labels:
        for instance in reversed(instances):
            write_label(canvas, instance, class_colour(instance.class_name, names), names)
    return canvas


def class_colour(name: str, names: Sequence[str] = ()) -> tuple[int, int, int]:
    """The RGB colour of a class."""
    number = list(names).index(name) if name in names else zlib.crc32(name.encode())
    return _COLOURS[number % len(_COLOURS)]


def write_label(canvas: ImageArray, instance: Instance, colour: tuple[int, int, int], names: Sequence[str]) -> None:
    """A small plate above the box (inside it at the top border), black or white on the class's colour."""
    h, w = canvas.shape[:2]
    name = instance.class_name
    if not name.isascii():  # the drawing font has Latin letters only
        name = f"class {list(names).index(name) + 1}" if name in names else "object"
    text = f"{name[:24]} {instance.score:.2f}" if instance.score < 1 else name[:24]
    scale = float(np.clip(max(h, w) / 900, 0.33, 2.0))
    weight = max(1, round(scale * 1.4))
    (wide, high), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, weight)
    left = int(np.clip(instance.box[0], 0, max(0, w - wide - 4)))
    top = int(np.clip(instance.box[1] - high - below - 4, 0, max(0, h - high - below - 4)))
    if wide + 4 > w or high + below + 4 > h:
        return
    cv2.rectangle(canvas, (left, top), (left + wide + 3, top + high + below + 3), colour, -1)
    ink = (0, 0, 0) if np.dot(colour, (0.299, 0.587, 0.114)) > 140 else (255, 255, 255)
    cv2.putText(
        canvas, text, (left + 2, top + high + 2), cv2.FONT_HERSHEY_SIMPLEX, scale, ink, weight, cv2.LINE_AA
    )  # fmt: skip


# Files -----------------------------------------------------------------------------------------------------------


def predict_files(weights: Path, images: Sequence[Path], out: Path, confidence: float) -> dict[str, Any]:
    """Predict on files and folders; write images with labels drawn in, and `predictions.json`.

    A broken image, or one of a kind that is not read, is recorded and the rest goes on. In `out` nothing is written
    over but what an earlier call wrote there and nobody changed since.

    Args:
        weights: of a training.
        images: images, or folders whose images are taken.
        out: folder of the results.
        confidence: least score.

    Returns:
        {"pictures": how many, "instances": how many, "broken": {file: reason}, "json": path, "out": path}, and as
        "unsure" {"empty": images without a find, "surest": score that things in them mostly have} where most images
        are empty only because nothing is sure enough, else None.

    Raises:
        FixArguments: no image is given, or `out` is a file or has a predictions.json of somebody else's.
        StepFailed: none of the images can be read, or the weights cannot.
    """
    _refuse_output(out)
    files = _image_files(images)
    predictor = Predictor.load(weights)
    taken = owned.foreign(out)
    names = [_free_name(file.stem, taken) for file in files]
    owned.announce(out, _BY, [_JSON, *names])
    entries: list[dict[str, Any]] = []
    broken: dict[str, str] = {}
    empty, surest = 0, list[float]()
    for file, name in zip(files, names, strict=True):
        try:
            if is_unread_image(file):
                raise StepFailed(f"{file}: {unread_reason(file)}")
            image = read_image(file)
        except StepFailed as error:
            broken[str(file)] = str(error)
            entries.append({"file": str(file), "error": str(error)})
            continue
        drawn = out / name
        entry = {"file": str(file), "drawn": drawn.name, "height": image.shape[0], "width": image.shape[1]}
        entries.append(entry | _predict_one(predictor, image, drawn, confidence))
        if not entries[-1].get("instances", True):
            empty += 1
            seen = predictor.predict(image, _LEAST) if empty <= _DOUBTED and confidence > _LEAST else []
            surest += [entries[-1].setdefault("surest", round(i.score, 4)) for i in seen[:1]]
    record = {"weights": weights.name, "kind": predictor.kind, "classes": predictor.names, "confidence": confidence}
    write_json(out / _JSON, {**record, "pictures": entries})
    owned.sign(out, _BY, only=[_JSON, *(e["drawn"] for e in entries if "drawn" in e)])
    if len(broken) == len(files):
        raise StepFailed(f"none of the {len(files)} pictures can be read; the first: {next(iter(broken.values()))}")
    return {
        "pictures": len(files) - len(broken),
        "instances": sum(len(e.get("instances", [])) for e in entries),
        "unsure": unsure(len(files) - len(broken), empty, surest),
        "broken": broken,
        "json": str(out / _JSON),
        "out": str(out),
    }


def unsure(images: int, empty: int, surest: Sequence[float]) -> dict[str, Any] | None:
    """Whether most images are empty only because nothing in them is sure enough.

    Args:
        images: that were looked at.
        empty: those without a find.
        surest: the best score in each empty one (of the first `_DOUBTED`) in which something is seen all the same.

    Returns:
        {"empty": how many, "surest": median score}, or None.
    """
    surest = [score for score in surest if score >= _LEAST]
    if 2 * empty < images or 2 * len(surest) < max(1, min(empty, _DOUBTED)):
        return None
    return {"empty": empty, "surest": round(float(np.median(surest)), 4)}


def _refuse_output(out: Path) -> None:
    """Look at the place of the results before any work."""
    if (blocking := in_the_way(out)) is not None:
        raise FixArguments(f"--out {out} cannot be a folder: {blocking} is a file; name another")
    if _JSON in owned.foreign(out):
        raise FixArguments(f"--out {out}: {_JSON} in it was not written by this, or changed since; name another folder")
    if owned.manifest(out).get("by", _BY) != _BY:
        raise FixArguments(f"--out {out} holds an export; name another folder")


def _predict_one(predictor: Predictor, image: ImageArray, drawn: Path, confidence: float) -> dict[str, Any]:
    """Write one drawn image. Returns what goes into the JSON; masks as COCO RLE."""
    h, w = image.shape[:2]
    if predictor.kind == "classify":
        classes = predictor.classify(image)
        best = max(classes, key=lambda name: classes[name])
        whole = Instance(class_name=best, box=(0, 0, w, h), score=min(classes[best], 0.9999))
        write_image(drawn, draw(image, [whole], predictor.names))
        return {"class": best, "probabilities": {name: round(p, 4) for name, p in classes.items()}}
    instances = predictor.predict(image, confidence)
    write_image(drawn, draw(image, instances, predictor.names))
    return {"instances": listed(instances, h, w)}


def listed(instances: Sequence[Instance], height: int, width: int) -> list[dict[str, Any]]:
    """Objects as JSON has them: class, score, box (x1, y1, x2, y2 in pixels) and, where known, mask as COCO RLE."""
    entries = []
    for i in instances:
        entry: dict[str, Any] = {"class": i.class_name, "score": round(i.score, 4), "box": [round(v, 2) for v in i.box]}
        if i.counts is not None:
            entry["mask"] = {"size": [height, width], "counts": i.counts}
        entries.append(entry)
    return entries


def _image_files(images: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for path in images:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        files += [p for p in inside if not path.is_dir() or is_image(p) or is_unread_image(p)]
    if not files:
        raise FixArguments(f"no pictures in {', '.join(map(str, images)) or 'an empty list'}; name files or folders")
    return files


def _free_name(stem: str, taken: set[str]) -> str:
    """A file name not used yet: images of two folders may be called the same, and a person's file is left alone."""
    if len(os.fsencode(stem)) > _LONGEST_STEM:
        stem = stem[: _LONGEST_STEM // 4]
    name, number = f"{stem}.jpg", 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}.jpg"
    taken.add(name)
    return name
