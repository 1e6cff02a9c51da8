"""Minutes and memory of what is done to all pictures at once, as they become many.

    python benchmarks/many_pictures.py FOLDER [--counts 10000 30000 100000]

Rows alone: the pictures are a byte each, since what is done to one picture costs the same among many. Each count runs
in a process of its own; printed are seconds, the exponent by which they grew since the count before, and peak memory.
"""

import argparse
import json
import math
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.data.dataset import Dataset
from tools.data.formats import coco
from tools.data.formats.labels import labelled
from tools.data.sample import Instance, Sample
from tools.metrics.predictions import Answer, join
from tools.metrics.scoring import DetectionScorer, ScoringRules
from tools.scenes.scene import SceneSpec
from tools.steps.curate import Candidate, find_copies, find_outliers, split_families

WIDTH = 1956  # of the embedding


def measured(count: int, folder: Path) -> dict[str, float]:
    """Seconds of each part, and the peak of memory in MB."""
    rng, seconds = np.random.default_rng(0), {}
    task = TaskSpec(
        kind="detect", classes=[ClassSpec(name="apple", drawn_as="apple")], budget=Budget(images=1, rounds=1)
    )
    data = Dataset(folder, quick=True)

    def timed(name: str, began: float) -> None:
        seconds[name] = round(time.monotonic() - began, 2)

    began = time.monotonic()
    data.add_scenes(1, [SceneSpec(context="table", light="sun", family=str(n // 2), seed=n) for n in range(count)])
    timed("plan scenes", began)

    began = time.monotonic()
    for n in range(count):
        corner = rng.uniform(0, 200, 2)
        boxes = [(*corner, *(corner + 40)), (*(corner + 60), *(corner + 110))]
        picture = folder / "new.png"
        picture.write_bytes(b"x")
        data.add_sample(
            Sample(
                id=f"{n:08x}", scene_id=f"{n}", round=1, image=f"images/{n % 256:02x}/{n}.png", width=320, height=320,
                sha256=f"{n}", family=str(n // 2), axes={"light": "sun"}, engine="blender", seed=n, verdict="kept",
                instances=[Instance(class_name="apple", box=tuple(map(float, b))) for b in boxes],
            ),
            picture,
        )  # fmt: skip
    timed("write rows", began)

    began = time.monotonic()
    samples = list(data.samples(verdict="kept"))
    timed("read rows", began)

    vectors = rng.normal(size=(count, WIDTH)).astype(np.float32)
    vectors[count // 2 :][: count // 10] = vectors[: count // 10] + 0.05
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    began = time.monotonic()
    copies = find_copies(vectors, [s.sha256 for s in samples], [0.5] * count, 0.97)
    timed("find copies", began)
    assert len(copies) > 0.99 * (count // 10), len(copies)
    began = time.monotonic()
    find_outliers(vectors, ["apple"] * count, 8, 4.0)
    timed("find outliers", began)
    del vectors

    began = time.monotonic()
    split_families([Candidate.of(s) for s in samples], 0.1, 0.1)
    timed("split", began)

    began = time.monotonic()
    answers = {
        s.id: Answer({}, [i.model_copy(update={"score": float(rng.random())}) for i in s.instances]) for s in samples
    }
    scorer = DetectionScorer(join(samples, answers, task), ["apple"], "detect", ScoringRules(bootstrap=200))
    scorer.evaluation("synthetic_test", scorer.threshold())
    timed("score", began)

    began = time.monotonic()
    text = json.dumps(coco.to_coco([labelled(s) for s in samples], ["apple"]))
    assert len(coco.from_coco(json.loads(text)).images) == count
    timed("COCO, written and read back", began)
    return {**seconds, "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}


def main() -> None:
    """Measure each count in a process of its own and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--counts", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    parser.add_argument("--one", type=int)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measured(given.one, given.folder)))
        return
    before: dict[str, float] = {}
    for last, count in zip([0, *given.counts], given.counts, strict=False):
        place = given.folder / f"{count}"
        place.mkdir(parents=True)
        command = [sys.executable, __file__, str(place), "--one", str(count)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(f"{count} pictures:")
        for name, value in found.items():
            grew = math.log(value / before[name]) / math.log(count / last) if before.get(name) and value else None
            print(f"  {name}: {value}" + ("" if grew is None else f", exponent {grew:.2f}"), flush=True)
        before = found


if __name__ == "__main__":
    main()
