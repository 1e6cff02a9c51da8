"""Labelled renders of many runs in one file, small enough to travel to a machine with a GPU.

    python -m tools.trainers.packed OUT.npz RUN [RUN ...]

What pre-training mixes in among formula images (`starter.py`). Images are kept as WebP, which is lossy: a training
changes them more than that. A file holds numbers and strings alone and loads without `pickle`.
"""

import argparse
import io
import json
import logging
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tools.core.errors import FixArguments, StepFailed
from tools.core.files import write_bytes
from tools.data.boxes import LEARNT
from tools.data.dataset import Dataset
from tools.data.sample import Instance, Sample
from tools.trainers.examples import Example
from tools.trainers.targets import read_example

log = logging.getLogger(__name__)

FORMAT = "sightsmith-renders-1"
OBJECT = 0  # number of a thing without a name of its own; names are numbered from 1
MAX_OBJECTS = 255  # of an image; one with more is left out
MAX_SIDE_PX = 480
_QUALITY = 85  # of WebP


def pack(out: Path, folders: Sequence[Path]) -> int:
    """Write the kept images of runs with their labels: whole boxes, masks of what is seen.

    What one run shows as a look-alike and another as its class is of that class in both.

    Returns:
        How many images were packed.

    Raises:
        StepFailed: a folder is no run, or has no labelled image.
    """
    runs = [(folder, *_labelled(folder)) for folder in folders]
    names = list(dict.fromkeys(name for *_, own in runs for name in own))
    rows: dict[str, list[Any]] = {"images": [], "ids": [], "classes": [], "boxes": []}
    for folder, samples, _ in runs:
        for sample in samples:
            named = sample.model_copy(update={"instances": _all_of(sample, names)})
            example = read_example(named, folder, names, "segment", LEARNT, MAX_SIDE_PX)
            if len(example.classes) > MAX_OBJECTS:
                continue
            boxes = example.seen_boxes if example.boxes is None else example.boxes
            bgr = cv2.cvtColor(example.image, cv2.COLOR_RGB2BGR)
            rows["images"].append(cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])[1].ravel())
            rows["ids"].append(cv2.imencode(".png", example.ids.astype(np.uint8))[1].ravel())
            rows["classes"].append((example.classes + 1).astype(np.int16))
            rows["boxes"].append(boxes.astype(np.float32).ravel())
    if not rows["images"]:
        raise StepFailed(f"{', '.join(map(str, folders))}: no picture with at most {MAX_OBJECTS} objects to pack")
    parts = {key: np.concatenate(values) for key, values in rows.items()}
    ends = {f"{key}_ends": np.cumsum([len(v) for v in values]) for key, values in rows.items()}
    made = io.BytesIO()
    np.savez(made, format=FORMAT, names=json.dumps(names, ensure_ascii=False), **parts, **ends)
    write_bytes(out, made.getvalue())
    return len(rows["images"])


def _all_of(sample: Sample, names: Sequence[str]) -> list[Instance]:
    """What an image shows of some classes, its look-alikes too."""
    return [*sample.instances, *(k for k in sample.lookalikes if k.class_name in names and k.counts is not None)]


def _labelled(folder: Path) -> tuple[list[Sample], list[str]]:
    from tools.runs.runtime import read_record

    try:
        task = read_record(folder).task
    except FixArguments as error:
        raise StepFailed(f"{folder}: not the folder of a run ({error})") from error
    dataset = Dataset(folder)
    samples = list(dataset.samples(verdict="kept"))
    dataset.close()
    if task is None or not any(s.instances for s in samples):
        raise StepFailed(f"{folder}: no labelled picture; finish the run first")
    return samples, task.class_names


class Packed:
    """Images of packs, one after another, as examples of "object" (0) and of all names, which are numbered from 1."""

    def __init__(self, packs: Sequence[Path]) -> None:
        """Decode all images: half a megabyte each at 320 px.

        Raises:
            StepFailed: a file is no pack.
        """
        self.names: list[str] = []
        self._examples: list[Example] = []
        for path in packs:
            try:
                self._read(path)
            except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, cv2.error) as error:
                raise StepFailed(f"{path}: not a pack of renders ({error}); make one with tools.trainers.packed") from (
                    error
                )

    def _read(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as given:
            if str(given["format"]) != FORMAT:
                raise ValueError(f"format {given['format']}")
            own = json.loads(str(given["names"]))
            keys = ("images", "ids", "classes", "boxes")
            columns = {key: np.split(given[key], given[f"{key}_ends"][:-1]) for key in keys}
        self.names += [name for name in own if name not in self.names]
        table = np.array([OBJECT, *(1 + self.names.index(name) for name in own)])
        for image, ids, classes, boxes in zip(*columns.values(), strict=True):
            self._examples.append(
                Example(
                    cv2.cvtColor(cv2.imdecode(image, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB),
                    np.asarray(cv2.imdecode(ids, cv2.IMREAD_UNCHANGED), np.uint16),
                    table[classes].astype(np.int64),
                    boxes.reshape(-1, 4),
                )
            )

    def __len__(self) -> int:
        """How many there are."""
        return len(self._examples)

    def __getitem__(self, index: int) -> Example:
        """The image of that number."""
        return self._examples[index]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("runs", type=Path, nargs="+")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    count = pack(given.out, given.runs)
    log.info("%d images, %.1f MiB", count, given.out.stat().st_size / 2**20)


if __name__ == "__main__":
    main()
