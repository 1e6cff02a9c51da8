"""What photos teach a model that saw renders alone: `python benchmarks/semi_supervised.py RUN --photos DIR [options]`.

The photos are split by photo: one half is learnt from (without its labels, or with a few of them), the other half is
only measured on. Every row is the median of the seeds; the run is copied from, never written to.

    before       the run's model as it is
    statistics   its batch statistics moved towards those of the unlabelled half; nothing is trained
    of-renders   the same with as many renders in place of photos (ablation)
    more         the same training on renders alone: what the extra epochs bring
    pseudo       renders and the model's own labels on the unlabelled half
    one-look     the same with a teacher that looks at each photo once (ablation)
    no-cover     the same without painting over what the model doubts (ablation)
    few-N        renders and N labelled photos of the learning half

Each is scored as `sightsmith learn` would keep it, averaged with the weights before, and as the training left it.
"""

import argparse
import json
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

from tools.data.pictures import read_picture
from tools.data.predictions import ask, join
from tools.data.real import load_real
from tools.data.sample import Sample
from tools.data.scoring import DetectionScorer, ScoringRules
from tools.label.choosing import Choice, make_segmenter
from tools.label.confidence import Confidence
from tools.label.labeler import AutoLabeler
from tools.label.photos import find_photos
from tools.label.pseudo import hand_labelled, mixed, pseudo_labelled
from tools.predict import Predictor
from tools.runtime import RunContext, RunRecord
from tools.settings import Settings
from tools.trainers import TrainingJob
from tools.trainers.batch_statistics import adapt_statistics
from tools.trainers.checkpoint import averaged
from tools.trainers.yolo import YoloTrainer


def score(weights: Path, test: list[Sample], run: RunContext) -> float:
    """Box mAP50 on photos that nothing was learnt from."""
    answers = ask(Predictor.load(weights), test, run.folder, 0.01, lambda n: None)
    rules = ScoringRules(ignore_side_px=run.settings.ignore_side_px, bootstrap=10)
    task = run.task.model_copy(update={"kind": "detect"})
    return DetectionScorer(join(test, answers, task), task.class_names, "detect", rules).score


def train(run: RunContext, pictures: list[Sample], folder: Path, seed: int, given: argparse.Namespace) -> Path:
    """A short training from the run's best weights; the last epoch is taken, so that no photo decides."""
    assert run.record.best is not None
    job = TrainingJob(
        task=run.task, train=pictures, val=list(run.dataset.samples(verdict="kept", split="val"))[:8],
        image_root=run.folder, folder=folder, epochs=given.epochs, size_px=given.size, batch=16, seed=seed,
        initial=run.path(run.record.best.weights), patience=10_000, threads=given.threads,
    )  # fmt: skip
    trainer = YoloTrainer()
    trainer.details = replace(trainer.details, validations=1)
    return trainer.train(job, lambda entry: None).weights


def main() -> None:
    """Train every part with every seed and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--photos", type=Path, required=True, help="labelled; pseudo uses no label of them")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--share", type=float, default=0.5, help="of photos in an epoch")
    parser.add_argument("--sure", type=float, default=Settings().pseudo_confidence)
    parser.add_argument("--few", type=int, nargs="*", default=[5, 20, 50])
    parser.add_argument("--renders", type=int, help="at most so many")
    parser.add_argument("--ignore-side", type=float, default=32.0)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--only", nargs="*")
    given = parser.parse_args()
    record = RunRecord.model_validate_json((given.run / "run.json").read_text(encoding="utf-8"))
    settings = Settings(**{**record.settings, "ignore_side_px": given.ignore_side})
    run = RunContext(given.run, record, settings)
    photos = load_real(given.photos, run.task, 0.5)
    renders = list(run.dataset.samples(verdict="kept", split="train"))[: given.renders]
    assert record.best is not None
    weights = run.path(record.best.weights)
    before = score(weights, photos.test, run)
    print(f"{len(photos.val)} photos to learn from, {len(photos.test)} to measure on, {len(renders)} renders; "
          f"before {before:.3f}", flush=True)  # fmt: skip
    sets: dict[str, list[Sample]] = {"more": renders}
    files = list(find_photos([Path(s.image) for s in photos.val]))
    result: dict[str, Any] = {"before": round(before, 4)}
    seen = {
        "statistics": [Path(s.image) for s in photos.val],
        "of-renders": [run.path(s.image) for s in renders[: len(files)]],
    }
    for name, paths in seen.items():
        moved = given.folder / f"{name}.safetensors"
        adapt_statistics(weights, (read_picture(p) for p in paths), moved)
        result[name] = round(score(moved, photos.test, run), 4)
        print(f"{name}: {result[name]:.3f}", flush=True)
    teachers = {
        "pseudo": {"label_views": settings.learn_views},
        "one-look": {},
        "no-cover": {"label_views": settings.learn_views, "doubt_share": 1.0},
    }
    for name, update in teachers.items():
        if given.only and name not in given.only:
            continue
        own = settings.model_copy(update=update)
        sure = Confidence(thresholds=dict.fromkeys(run.task.class_names, given.sure))
        with AutoLabeler(run.task, own, confidence=sure, choice=Choice(str(weights))) as teacher:
            sets[name] = list(pseudo_labelled(teacher, files, given.folder / f"copies-{name}"))
        print(f"{name}: {sum(len(s.instances) for s in sets[name])} labels on {len(sets[name])} photos", flush=True)
    for count in given.few:
        chosen = sorted(photos.val, key=lambda s: s.id)[:count]
        sets[f"few-{count}"] = list(
            hand_labelled(chosen, run.task, make_segmenter(settings), given.folder / "copies-few")
        )
    for name, own_photos in sets.items():
        if given.only and name not in given.only:
            continue
        scores = []
        for seed in range(given.seeds):
            pictures = renders if name == "more" else mixed(renders, own_photos, given.share)
            folder = given.folder / f"{name}-{seed}"
            made = train(run, pictures, folder, seed, given)
            averaged(weights, made, folder / "averaged.safetensors")
            scores.append((score(folder / "averaged.safetensors", photos.test, run), score(made, photos.test, run)))
            print(f"{name}, seed {seed}, {len(pictures)} pictures an epoch: {scores[-1][0]:.3f}, "
                  f"not averaged {scores[-1][1]:.3f}", flush=True)  # fmt: skip
        for which, own in zip((name, f"{name}, not averaged"), zip(*scores, strict=True), strict=True):
            result[which] = {"median": round(statistics.median(own), 4), "all": [round(s, 4) for s in own]}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
