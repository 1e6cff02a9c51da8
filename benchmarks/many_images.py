"""Minutes and memory of what is done to all images at once, as they become many.

    python benchmarks/many_images.py FOLDER [--counts 10000 100000 1000000] [--parts rows curate score labels]

Rows alone: the images are a byte each, since what is done to one image costs the same among many. Each part of each
count runs in a process of its own; printed are seconds, the exponent by which they grew since the count before, and the
most memory that the process held (`memory_mb`: of its own, without pages of files, which the system takes back).
"""

import argparse
import json
import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tools.core.files import write_bytes
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.data.dataset import Dataset
from tools.data.formats import coco
from tools.data.formats.labels import labelled
from tools.data.neighbours import release, store
from tools.data.sample import Instance, Sample
from tools.metrics.predictions import Answer, join
from tools.metrics.scoring import DetectionScorer, ScoringRules
from tools.scenes.scene import SceneSpec
from tools.steps.curate import EMBEDDING, Candidate, find_copies, find_outliers, split_families

TASK = TaskSpec(
    kind="detect", classes=[ClassSpec(name="apple", drawn_as="apple")], budget=Budget(images=1, rounds=1)
)  # fmt: skip
COPIES = 10  # every so many images is one of an earlier one
_BLOCK = 10_000


def samples(count: int) -> Iterator[Sample]:
    """Images with two boxes each."""
    rng = np.random.default_rng(0)
    for n in range(count):
        corner = rng.uniform(0, 200, 2)
        boxes = [(*corner, *(corner + 40)), (*(corner + 60), *(corner + 110))]
        yield Sample(
            id=f"{n:08x}", scene_id=f"{n}", round=1, image=f"images/{n % 256:02x}/{n}.png", width=320, height=320,
            sha256=f"{n}", family=str(n // 2), axes={"light": "sun"}, engine="blender", seed=n, verdict="kept",
            instances=[Instance(class_name="apple", box=tuple(map(float, b))) for b in boxes],
        )  # fmt: skip


def rows(count: int, folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Scenes planned, rows written and read back."""
    data = Dataset(folder, quick=True)
    scenes = (SceneSpec(context="table", light="sun", family=str(n // 2), seed=n) for n in range(count))
    yield "plan scenes", lambda: data.add_scenes(1, scenes)

    def write() -> None:
        for sample in samples(count):
            image = folder / "new.png"
            image.write_bytes(b"x")
            data.add_sample(sample, image)

    yield "write rows", write
    yield "read rows", lambda: sum(len(s.instances) for s in data.samples(verdict="kept"))
    yield "read scenes", lambda: sum(1 for _ in data.each_scene())


def curate(count: int, folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Copies and outliers among embeddings about a hundred places, and splits of all."""
    rng = np.random.default_rng(0)
    # As images differ: 128 directions hold nine tenths (measured on 2,194 renders and photos).
    scale = 1 / (1 + np.arange(EMBEDDING) / 15)
    places = rng.normal(size=(100, EMBEDDING)) * scale
    vectors = store(count, EMBEDDING, folder)
    for start in range(0, count, _BLOCK):
        end = min(start + _BLOCK, count)
        block = places[rng.integers(100, size=end - start)] + rng.normal(size=(end - start, EMBEDDING)) * scale
        originals = block[::COPIES][: len(block[COPIES - 1 :: COPIES])]
        block[COPIES - 1 :: COPIES] = originals + 0.1 * rng.normal(size=originals.shape) * scale
        vectors[start:end] = block / np.linalg.norm(block, axis=1, keepdims=True)
        release(vectors)
    known = [Candidate.of(s) for s in samples(count)]

    def copies() -> None:
        found = find_copies(vectors, [k.sha256 for k in known], [0.5] * count, 0.97)
        print(f"{len(found)} copies of {count // COPIES}", file=sys.stderr)
        assert len(found) > 0.97 * (count // COPIES)

    yield "find copies", copies
    yield "find outliers", lambda: find_outliers(vectors, ["apple"] * count, 8, 4.0)
    yield "split", lambda: split_families(known, 0.1, 0.1)


def score(count: int, folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Two detections an image against two labels."""
    rng = np.random.default_rng(0)
    given = list(samples(count))
    answers = {
        s.id: Answer({}, [i.model_copy(update={"score": float(rng.random())}) for i in s.instances]) for s in given
    }

    def evaluate() -> None:
        scorer = DetectionScorer(join(given, answers, TASK), ["apple"], "detect", ScoringRules(bootstrap=200))
        scorer.evaluation("synthetic_test", scorer.threshold())

    yield "score", evaluate


def labels(count: int, folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """One COCO file of all."""
    path = folder / "labels.json"

    def write() -> None:
        pieces = coco.coco_text(lambda: (labelled(s) for s in samples(count)), ["apple"])
        write_bytes(path, (piece.encode() for piece in pieces))

    yield "write COCO", write
    yield "read COCO", lambda: len(coco.from_coco(json.loads(path.read_text()), use_up=True).images)


PARTS = {"rows": rows, "curate": curate, "score": score, "labels": labels}


def measured(part: str, count: int, folder: Path) -> dict[str, float]:
    """Seconds of each step of a part, and the most memory in MB."""
    done, most = threading.Event(), [0.0]

    def watch() -> None:
        while not done.wait(0.2):
            held = next(line for line in Path("/proc/self/status").read_text().splitlines() if "RssAnon" in line)
            most[0] = max(most[0], int(held.split()[1]) / 1024)

    watching = threading.Thread(target=watch)
    watching.start()
    found: dict[str, float] = {}
    for name, step in PARTS[part](count, folder):
        began = time.monotonic()
        step()
        found[name] = round(time.monotonic() - began, 2)
    done.set()
    watching.join()
    return {**found, f"{part}: memory_mb": round(most[0])}


def main() -> None:
    """Measure each part of each count in a process of its own and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--one", nargs=2)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measured(given.one[0], int(given.one[1]), given.folder)))
        return
    before: dict[str, float] = {}
    for last, count in zip([0, *given.counts], given.counts, strict=False):
        print(f"{count} pictures:")
        for part in given.parts:
            place = given.folder / f"{count}-{part}"
            place.mkdir(parents=True)
            command = [sys.executable, __file__, str(place), "--one", part, str(count)]
            found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
            for name, value in found.items():
                grew = math.log(value / before[name]) / math.log(count / last) if before.get(name) and value else None
                print(f"  {name}: {value}" + ("" if grew is None else f", exponent {grew:.2f}"), flush=True)
            before |= found


if __name__ == "__main__":
    main()
