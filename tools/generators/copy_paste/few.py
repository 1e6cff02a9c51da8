"""AIR-Aug: make material of a few labelled photos, and say what they show, so that more like them can be made.

After AIR (arXiv 2506.19261), whose augmentation describes a given data set and generates more like it. The photos are
training material by the user's explicit wish; a photo that also judges the model is refused.
"""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from tools.data.dataset import file_sha256
from tools.data.photos import look_hash
from tools.data.pictures import Picture, is_picture, read_picture, walk_files, write_picture
from tools.data.real import read_photos
from tools.data.sample import BoolMask, Instance, Sample
from tools.data.scene import DISTANCES
from tools.data.task import TaskSpec
from tools.data.vocabulary import CROWDING_WEIGHTS, DISTANCE_WEIGHTS, LIGHT_WEIGHTS
from tools.errors import StepFailed
from tools.generators.copy_paste.grabcut import cut_box

LEAST, MOST = 5, 50  # photos; fewer show too little to vary, more are a data set to train on as it is
MOST_CUTOUTS = 400
LEAST_SIDE_PX = 24  # of an object: a smaller one is a smear when it is enlarged
# Of a box cut by GrabCut, as a share of its class's median: what fills less of its box is the rest of a hidden thing.
USUAL_FILL = 0.75
GROWN = 0.08  # of an object's longer side: its shadow and halo are painted over along with it
MOST_HOLE = 0.5  # of a photo; more than half painted over is no place any more
SAME_LOOK_BITS = 12  # of 256, as in tools.data.photos
SEEN_SHARE = 0.5  # "more of the same"; the other half of the scenes is spread over what is missing, too
DESCRIPTION = "description.json"

Told = Callable[[int, int], None]  # done, total


def check_apart(few: Path, real: Path) -> None:
    """Refuse photos that are to be learnt from and to be judged by.

    Raises:
        StepFailed: a photo of `few` is also in `real`: the same file, or the same picture saved again.
    """
    files: dict[str, Path] = {}
    looks: list[tuple[int, Path]] = []
    for path in _pictures(real):
        files.setdefault(file_sha256(path), path)
        if (look := _look(path)) is not None:
            looks.append((look, path))
    for path in _pictures(few):
        twin = files.get(file_sha256(path))
        if twin is None and (look := _look(path)) is not None:
            twin = next((p for other, p in looks if (look ^ other).bit_count() <= SAME_LOOK_BITS), None)
        if twin is not None:
            raise StepFailed(
                f"{path} (--few, learnt from) is the same picture as {twin} (--real, judged by): a model would be "
                "praised for what it was shown. Take it out of one of the two folders."
            )


def load_few(
    folder: Path, task: TaskSpec, class_map: dict[str, str], real: Path | None
) -> tuple[list[Sample], list[str]]:
    """The labelled photos of --few in the task's classes, at most `MOST`, and notes.

    Raises:
        StepFailed: too few can be used, or one of them is also in `real`.
        NeedsUser: the labels' classes cannot be matched with the task's.
    """
    if real is not None:
        check_apart(folder, real)
    samples, notes = read_photos(folder, task, class_map)
    labelled = [s for s in samples if s.instances or s.label]
    if len(labelled) < LEAST:
        raise StepFailed(f"{folder}: {len(labelled)} labelled photos; --few needs at least {LEAST} to vary them")
    missing = [c for c in task.class_names if not any(c == s.label or _has(s, c) for s in labelled)]
    if missing:
        raise StepFailed(f"{folder}: no photo is labelled {missing[0]!r}; every class needs at least one in --few")
    if len(samples) > MOST:
        samples = sorted(samples, key=lambda s: (not (s.instances or s.label), hashlib.sha256(s.id.encode()).digest()))
        notes.append(f"{MOST} of {len(samples)} photos of --few are used")
        samples = samples[:MOST]
    notes.append(f"{len(samples)} photos of --few are training material: they are never measured on")
    return samples, notes


def prepare_few(folder: Path, samples: Sequence[Sample], task: TaskSpec, size_px: int, told: Told) -> dict[str, Any]:
    """Make cut-outs and backgrounds of photos, once.

    Args:
        folder: made by this; "cutouts/", "backgrounds/" and `DESCRIPTION` are in it. When it is there, it is complete.
        samples: of `load_few`.
        task: names the classes.
        size_px: side of the pictures to be made.
        told: called with how far it is.

    Returns:
        The description, as it is kept.

    Raises:
        StepFailed: a class gave no cut-out.
    """
    if (known := read_description(folder)) is not None:
        return known
    building = folder.with_name(f".{folder.name}.building")
    shutil.rmtree(building, ignore_errors=True)  # ours alone: what a kill left half-made
    (building / "cutouts").mkdir(parents=True)
    whole_photos = task.kind == "classify" and not any(s.instances for s in samples)
    index: list[dict[str, Any]] = []
    tones = []
    for number, sample in enumerate(samples):
        picture = read_picture(Path(sample.image))
        tones.append(tone_of(picture))
        if whole_photos:
            _keep_photo(building / "photos", number, sample, picture, 2 * size_px)
        else:
            index += _cut_out(building / "cutouts", number, sample, picture, size_px)
            _keep_background(building / "backgrounds", number, sample, picture, 2 * size_px)
        told(number + 1, len(samples))
    description = describe(samples, tones) | {"cutouts": len(index), "whole_photos": whole_photos}
    if not whole_photos:
        index = _best(index)
        if missing := [c for c in task.class_names if not any(e["class"] == c for e in index)]:
            raise StepFailed(
                f"no {missing[0]!r} in the photos of --few could be cut out: they are smaller than {LEAST_SIDE_PX} px "
                "or do not stand out from their boxes. Add closer photos, or masks"
            )
        (building / "cutouts" / "index.json").write_text(json.dumps(index, ensure_ascii=False), encoding="utf-8")
    (building / DESCRIPTION).write_text(json.dumps(description, ensure_ascii=False, indent=1), encoding="utf-8")
    building.replace(folder)
    return description


def read_description(folder: Path) -> dict[str, Any] | None:
    """What `prepare_few` left in a folder; None when it has not been, or was not finished."""
    path = folder / DESCRIPTION
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def describe(samples: Sequence[Sample], tones: Sequence[dict[str, float]]) -> dict[str, Any]:
    """What photos show: sizes, counts and tones, measured.

    Args:
        samples: photos with their instances.
        tones: `tone_of` each.
    """
    longest = [
        max(i.box[2] - i.box[0], i.box[3] - i.box[1]) / min(s.width, s.height) for s in samples for i in s.instances
    ]
    counts = [len(s.instances) for s in samples if s.instances]
    labels = Counter(i.class_name for s in samples for i in s.instances) + Counter(s.label for s in samples if s.label)
    return {
        "photos": len(samples),
        "empty_photos": sum(not s.instances and not s.label for s in samples),
        "labels": dict(labels),
        "side_share": _quartiles(longest),
        "objects_per_photo": _quartiles([float(c) for c in counts]),
        "brightness": _quartiles([t["brightness"] for t in tones]),
        "warmth": _quartiles([t["warmth"] for t in tones]),
        "distance": _shares([_distance(v) for v in longest]),
        "crowding": _shares(["one" if c == 1 else "few" if c <= 4 else "many" for c in counts]),
        "files": [str(s.provenance.get("file", s.image)) for s in samples],
        "sha256": [s.sha256 for s in samples],
    }


def wishes_of(description: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Weights of a vocabulary: half more of the same, half what the photos lack (tools.data.vocabulary).

    Light is what pasting can only add to: the photos' own light counts once, every other one half.
    """
    wishes = {}
    for axis, usual in (("distance", DISTANCE_WEIGHTS), ("crowding", CROWDING_WEIGHTS)):
        seen: dict[str, float] = description[axis]
        if not seen:
            continue
        lack = {value: weight * (1 - seen.get(value, 0.0)) for value, weight in usual.items()}
        total = sum(lack.values()) or 1.0
        wishes[axis] = {
            value: round(len(usual) * (SEEN_SHARE * seen.get(value, 0.0) + (1 - SEEN_SHARE) * lack[value] / total), 3)
            for value in usual
        }
    wishes["light"] = {light: 1.0 if light == "overcast" else 0.5 / (len(LIGHT_WEIGHTS) - 1) for light in LIGHT_WEIGHTS}
    return wishes


def tone_of(picture: Picture) -> dict[str, float]:
    """Mean brightness (0..1) and warmth (mean red over mean blue)."""
    red, _, blue = (float(v) + 1.0 for v in picture[::4, ::4].reshape(-1, 3).mean(axis=0))
    return {"brightness": float(picture[::4, ::4].mean()) / 255, "warmth": red / blue}


# Material -------------------------------------------------------------------------------------------------------------


def _cut_out(folder: Path, number: int, sample: Sample, picture: Picture, size_px: int) -> list[dict[str, Any]]:
    """Write the cut-outs of one photo; their entries of the index."""
    entries: list[dict[str, Any]] = []
    for position, instance in enumerate(sample.instances):
        x1, y1, x2, y2 = instance.box
        if min(x2 - x1, y2 - y1) < LEAST_SIDE_PX:
            continue
        mask = instance.mask(*picture.shape[:2])
        exact = mask is not None
        if mask is None:
            mask = cut_box(picture, instance.box)
        if mask is None or not mask.any():
            continue
        name = f"{number:03d}-{position:03d}.png"
        _write_rgba(folder / name, picture, mask, size_px)
        edge = x1 <= 1 or y1 <= 1 or x2 >= sample.width - 1 or y2 >= sample.height - 1
        fill = 1.0 if exact else float(mask.sum()) / ((x2 - x1) * (y2 - y1))
        entries.append(
            {"file": name, "class": instance.class_name, "photo": sample.sha256, "cut_off": edge, "fill": fill}
        )
    return entries


def _best(index: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without things that the photo's edge cuts, as long as their class has others, and without crescents."""
    whole = {e["class"] for e in index if not e["cut_off"]}
    index = [e for e in index if not e["cut_off"] or e["class"] not in whole]
    usual = {c: float(np.median([e["fill"] for e in index if e["class"] == c])) for c in {e["class"] for e in index}}
    return [e for e in index if e["fill"] >= USUAL_FILL * usual[e["class"]]][:MOST_CUTOUTS]


def _write_rgba(path: Path, picture: Picture, mask: BoolMask, most_px: int) -> None:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    # A rim of clear pixels, also around a thing that fills its box: it is what the edge is blended over.
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    rgba = np.dstack([picture[top:bottom, left:right], mask[top:bottom, left:right].astype(np.uint8) * 255])
    rgba = cv2.copyMakeBorder(rgba, 4, 4, 4, 4, cv2.BORDER_CONSTANT, value=(0, 0, 0, 0))
    scale = min(1.0, most_px / max(rgba.shape[:2]))
    if scale < 1:
        rgba = cv2.resize(rgba, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ok, data = cv2.imencode(".png", cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))
    if not ok:
        raise StepFailed(f"{path}: the cut-out could not be written")
    path.write_bytes(data.tobytes())


def _keep_background(folder: Path, number: int, sample: Sample, picture: Picture, short_px: int) -> None:
    """Write the photo with its objects painted over, unless they are most of it."""
    picture, scale = _smaller(picture, short_px)
    hole = np.zeros(picture.shape[:2], np.uint8)
    for instance in sample.instances:
        hole |= _grown(instance, sample, scale, hole.shape)
    if hole.mean() > MOST_HOLE:
        return
    if hole.any():  # Telea 2004: fast, and what it smears is small
        picture = np.asarray(cv2.inpaint(np.ascontiguousarray(picture), hole, 3, cv2.INPAINT_TELEA), np.uint8)
    write_picture(folder / f"{number:03d}.jpg", picture)


def _grown(instance: Instance, sample: Sample, scale: float, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Where an object is, and a margin around it."""
    x1, y1, x2, y2 = (v * scale for v in instance.box)
    reach = max(2, round(GROWN * max(x2 - x1, y2 - y1)))
    mask = instance.mask(sample.height, sample.width)
    if mask is None:
        hole = np.zeros(shape[:2], np.uint8)
        hole[max(0, round(y1 - reach)) : round(y2 + reach), max(0, round(x1 - reach)) : round(x2 + reach)] = 1
        return hole
    small = cv2.resize(mask.astype(np.uint8), (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(cv2.dilate(small, kernel), np.uint8)


def _keep_photo(folder: Path, number: int, sample: Sample, picture: Picture, short_px: int) -> None:
    """Write a photo with a label of its own; the folder is the class's place in the index of the folder."""
    picture, _ = _smaller(picture, short_px)
    write_picture(folder / f"{number:03d}.jpg", picture)
    index = folder / "index.json"
    known = json.loads(index.read_text(encoding="utf-8")) if index.is_file() else []
    known.append({"file": f"{number:03d}.jpg", "class": sample.label, "photo": sample.sha256})
    index.write_text(json.dumps(known, ensure_ascii=False), encoding="utf-8")


def _smaller(picture: Picture, short_px: int) -> tuple[Picture, float]:
    scale = min(1.0, short_px / min(picture.shape[:2]))
    if scale == 1.0:
        return picture, 1.0
    size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def _pictures(folder: Path) -> list[Path]:
    return sorted(p for p in walk_files(folder) if is_picture(p) and p.is_file())


def _look(path: Path) -> int | None:
    try:
        return look_hash(read_picture(path))
    except StepFailed:  # a broken file is named where the photos are read
        return None


def _has(sample: Sample, class_name: str) -> bool:
    return any(i.class_name == class_name for i in sample.instances)


def _distance(side: float) -> str:
    return next((name for name, (low, _) in DISTANCES.items() if side >= low), list(DISTANCES)[-1])


def _quartiles(values: Sequence[float]) -> list[float]:
    return [round(float(v), 3) for v in np.quantile(values, (0.25, 0.5, 0.75))] if values else []


def _shares(values: Sequence[str]) -> dict[str, float]:
    return {value: round(count / len(values), 4) for value, count in Counter(values).most_common()}
