"""What a few photos of a thing teach: `python benchmarks/few_shot.py FOLDER [FOLDER ...] --folder OUT`.

Each set is split by photo for every seed: some images are learnt from, the others only judge. Rows, box mAP50 and
mAP50-95 on the judging photos:

    ours    `learn_from_examples`, as a run does it, with its cross-validated score and its interval
    more    the same with `--more` other photos of the set whose labels it is not shown
    alone   the photos alone through our own trainer: each several times an epoch, 20 epochs, nothing tuned
    stock   Ultralytics' own training from our starter, 80 epochs

With `--switch NAME=VALUE` a field of the recipe is changed for a row `ours NAME=VALUE`: the ablation.
"""

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tools.core.settings import Settings
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.core.threads import prepare_for_torch
from tools.data.photos import photo_of
from tools.data.real import read_photos
from tools.data.real_labels import read_labels
from tools.data.sample import Sample
from tools.data.scores import Evaluation
from tools.metrics.predictions import ask, join
from tools.metrics.scoring import DetectionScorer, ScoringRules
from tools.models.predict import Predictor
from tools.runs.runtime import RunContext, RunRecord, write_json
from tools.shown import recipe
from tools.steps import learn_from_examples as learn
from tools.trainers import TrainingJob
from tools.trainers.yolo import YoloTrainer

EVERY = 60  # images of an epoch of the photos alone


def splits(folder: Path, count: int, seed: int) -> tuple[TaskSpec, list[Sample], list[Sample]]:
    """Images to learn from, with every class in them, and the others; no photo is on both sides."""
    labels = read_labels(folder, False)
    names = sorted({i.class_name for _, image in labels.entries for i in image.instances})
    task = TaskSpec(
        kind="detect", classes=[ClassSpec(name=n, drawn_as=n) for n in names], budget=Budget(images=1, rounds=1)
    )
    samples, _ = read_photos(folder, task, {})
    photos = [photo_of(str(s.provenance["file"])) for s in samples]
    rng = np.random.default_rng([seed, count])
    own = sorted(set(photos))
    tiles = len(own) < len(samples) / 2  # of a few photos: half of the photos may be learnt from
    while True:
        order = [own[int(i)] for i in rng.permutation(len(own))]
        pool = set(order[: len(own) // 2]) if tiles else set(order)
        chosen = [s for s, p in zip(samples, photos, strict=True) if p in pool and s.instances]
        few = [chosen[int(i)] for i in rng.permutation(len(chosen))[:count]]
        taken = {p for s, p in zip(samples, photos, strict=True) if s in few}
        rest = [s for s, p in zip(samples, photos, strict=True) if p not in (pool if tiles else taken)]
        if {i.class_name for s in few for i in s.instances} == set(names):
            return task, few, rest


def score(weights: Path, judging: list[Sample], task: TaskSpec, ignore_side_px: float) -> Evaluation:
    """All box scores of a model on photos that it has not learnt from."""
    answers = ask(Predictor.load(weights), judging, Path("/"), 0.001, lambda n: None)
    rules = ScoringRules(ignore_side_px=ignore_side_px, bootstrap=200)
    scorer = DetectionScorer(join(judging, answers, task), task.class_names, "detect", rules)
    return scorer.evaluation("real_test", scorer.threshold())


def ours(
    task: TaskSpec, few: list[Sample], folder: Path, seed: int, given: argparse.Namespace, more: list[Sample]
) -> tuple[Path, Any]:
    """The product's own way, given the very images, and others without their labels."""
    shown = write_set(folder / "shown", few, task)
    record = RunRecord(name="few", request="", created="", task=task, approved=True, few=str(shown))
    if more:
        write_set(folder / "more", more, None)
        record.unlabelled = str(folder / "more")
    settings = Settings(seed=seed, ignore_side_px=given.ignore_side, threads=given.threads)
    run = RunContext(folder / "run", record, settings)
    learn.learn_examples(run)
    assert run.record.best is not None
    return run.path(run.record.best.weights), run.record.evaluation.get("cross_val")


def write_set(folder: Path, few: list[Sample], task: TaskSpec | None) -> Path:
    """The images, linked, with their labels as COCO where the task is told."""
    from tools.data.formats import coco
    from tools.data.formats.labels import LabelledImage

    (folder / "images").mkdir(parents=True, exist_ok=True)
    images = []
    for sample in few:
        name = f"images/{Path(sample.image).name}"
        if not (folder / name).exists():
            (folder / name).symlink_to(sample.image)
        images.append(LabelledImage(name, sample.width, sample.height, sample.instances))
    if task is not None:
        write_json(folder / "labels.json", coco.to_coco(images, task.class_names))
    return folder


def trained(task: TaskSpec, few: list[Sample], folder: Path, seed: int, stock: bool, given: argparse.Namespace) -> Path:
    """The photos alone, through our trainer as it is, or through Ultralytics' own."""
    repeats = 1 if stock else -(-EVERY // len(few))
    job = TrainingJob(
        task=task, train=few * repeats, val=few[:1], image_root=Path("/"), folder=folder, epochs=80 if stock else 20,
        size_px=320, batch=16, seed=seed, patience=10_000, threads=given.threads,
    )  # fmt: skip
    trainer = YoloTrainer(recipe="stock" if stock else "sightsmith", ignore_side_px=given.ignore_side)
    trainer.details = replace(trainer.details, validations=1)
    return trainer.train(job, lambda entry: None).weights


def rows(folder: Path, count: int, seed: int, given: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every way on one split."""
    task, few, others = splits(folder, count, seed)
    judging, more = others[: given.judges], others[given.judges :][: given.more]
    for way in given.ways:
        began, out = time.monotonic(), given.folder / f"{folder.name}-{count}-{seed}-{way}"
        own = None
        if way in ("ours", "more"):
            weights, own = ours(task, few, out, seed, given, more if way == "more" else [])
        else:
            weights = trained(task, few, out, seed, way == "stock", given)
        minutes = (time.monotonic() - began) / 60
        found = score(weights, judging, task, given.ignore_side)
        row = {"map50": found.box_map50, "map50_95": found.box_map50_95, "minutes": round(minutes, 2)}
        if own is not None:
            row |= {"cross_val": own.box_map50, "interval": own.intervals.get("box_map50")}
        yield way, row


def main() -> None:
    """Learn in every way from every set and print each cell, then the medians over seeds."""
    prepare_for_torch()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path, nargs="+", help="folders of labelled photos")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--counts", type=int, nargs="*", default=[3, 6, 12])
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--ways", nargs="*", default=["ours", "alone", "stock"])
    parser.add_argument("--judges", type=int, default=48)
    parser.add_argument("--more", type=int, default=60, help="photos without labels, for the way of that name")
    parser.add_argument("--ignore-side", type=float, default=0.0)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--switch", nargs="*", default=[], help="NAME=VALUE of the recipe, for an ablation")
    given = parser.parse_args()
    for switch in given.switch:
        name, _, value = switch.partition("=")
        setattr(recipe, name, type(getattr(recipe, name))(float(value)))
    cells: dict[str, list[dict[str, Any]]] = {}
    for folder in given.sets:
        for count in given.counts:
            for seed in given.seeds:
                for way, row in rows(folder.resolve(), count, seed, given):
                    print(f"{folder.name}, {count} pictures, seed {seed}, {way}: {json.dumps(row)}", flush=True)
                    cells.setdefault(f"{folder.name}, {count}, {way}", []).append(row)
    for name, own in cells.items():
        middle = {k: round(statistics.median(r[k] or 0.0 for r in own), 3) for k in ("map50", "map50_95", "minutes")}
        print(name, json.dumps(middle))


if __name__ == "__main__":
    main()
