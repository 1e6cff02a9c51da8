"""Trained weights on a person's files: images with the labels drawn in, and one JSON of all that was found."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tools.core import owned
from tools.core.errors import FixArguments, StepFailed
from tools.core.files import in_the_way
from tools.data.images import ImageArray, is_image, is_unread_image, read_image, unread_reason, write_image
from tools.data.sample import Instance
from tools.models.drawing import draw
from tools.models.predict import LEAST, Predictor
from tools.runs.runtime import write_json

_JSON, _BY = "predictions.json", "predict"
_DOUBTED = 20  # images without a find that are asked once more, for what is seen in them and not sure enough
_LONGEST_STEM = 200  # bytes: a suffix and a number have room in the 255 that disks allow


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
            seen = predictor.predict(image, LEAST) if empty <= _DOUBTED and confidence > LEAST else []
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
    surest = [score for score in surest if score >= LEAST]
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
