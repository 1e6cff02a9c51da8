"""What photos teach models that saw renders alone: `python benchmarks/semi_supervised.py RUN [RUN ...] --photos DIR`.

The photos are split by photo: one half is learnt from (without its labels, or with a few of them), the other half is
only measured on. Every row has the median over runs and seeds; runs are copied from, never written to.

    before       the run's model as it is
    scores       its scores corrected by the unlabelled half; nothing is trained
    of-renders   the same with as many held-out renders in place of photos (ablation)
    more         a training on renders alone: what the extra epochs bring
    pseudo       renders and the model's own labels on the unlabelled half
    one-look     the same with a teacher that looks at each photo once (ablation)
    no-cover     the same without painting over what the model doubts (ablation)
    few-N        renders and N labelled photos of the learning half

Trainings are scored averaged with the weights before, as `sightsmith learn` keeps them, and with scores corrected by
the unlabelled half too.
"""

import argparse
import json
import statistics
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tools.core.settings import Settings
from tools.data.images import read_image
from tools.data.photo_files import find_photos
from tools.data.real import load_real
from tools.data.sample import Sample
from tools.label.choosing import Choice, make_segmenter
from tools.label.confidence import Confidence
from tools.label.labeler import AutoLabeler
from tools.label.pseudo import hand_labelled, mixed, pseudo_labelled
from tools.metrics.predictions import ask, join
from tools.metrics.scoring import DetectionScorer, ScoringRules
from tools.models.checkpoint import averaged
from tools.models.learn_rescorers import learn_rescorers
from tools.models.predict import Predictor
from tools.runs.runtime import RunContext, RunRecord
from tools.trainers import TrainingJob
from tools.trainers.yolo import YoloTrainer


def score(weights: Path, test: list[Sample], run: RunContext) -> float:
    """Box mAP50 on photos that nothing was learnt from."""
    answers = ask(Predictor.load(weights), test, run.folder, 0.01, lambda n: None)
    rules = ScoringRules(ignore_side_px=run.settings.evaluation.ignore_side_px, bootstrap=10)
    task = run.task.model_copy(update={"kind": "detect"})
    return DetectionScorer(join(test, answers, task), task.class_names, "detect", rules).score


def train(run: RunContext, images: list[Sample], folder: Path, seed: int, given: argparse.Namespace) -> Path:
    """A short training from the run's best weights; the last epoch is taken, so that no photo decides."""
    assert run.record.best is not None
    job = TrainingJob(
        task=run.task, train=images, val=list(run.dataset.samples(verdict="kept", split="val"))[:8],
        image_root=run.folder, folder=folder, epochs=given.epochs, size_px=given.size, batch=16, seed=seed,
        initial=run.path(run.record.best.weights), patience=10_000, threads=given.threads,
    )  # fmt: skip
    trainer = YoloTrainer()
    trainer.details = replace(trainer.details, validations=1)
    return trainer.train(job, lambda entry: None).weights


def main() -> None:
    """Learn in every way from every run and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--photos", type=Path, required=True, help="labelled; only few-N uses a label of them")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--swap", action="store_true", help="learn from the half that is else measured on")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--seeds", type=int, default=3, help="of the trainings from each run")
    parser.add_argument("--share", type=float, default=0.5, help="of photos in an epoch")
    parser.add_argument("--sure", type=float, default=Settings().learn.pseudo_confidence)
    parser.add_argument("--few", type=int, nargs="*", default=[5, 20, 50])
    parser.add_argument("--renders", type=int, help="at most so many")
    parser.add_argument("--ignore-side", type=float, default=32.0)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--only", nargs="*", help="of the trainings; none: scores and of-renders alone")
    given = parser.parse_args()
    rows: dict[str, list[float]] = {}
    for number, folder in enumerate(given.runs):
        for name, value in learn(folder, given.folder / str(number), given):
            rows.setdefault(name, []).append(value)
            print(f"{folder}, {name}: {value:.3f}", flush=True)
    result = {n: {"median": round(statistics.median(v), 4), "all": [round(x, 4) for x in v]} for n, v in rows.items()}
    print(json.dumps(result, indent=1))


def learn(path: Path, folder: Path, given: argparse.Namespace) -> Iterator[tuple[str, float]]:
    """What each way of learning brings a run: names of rows, and scores."""
    record = RunRecord.model_validate_json((path / "run.json").read_text(encoding="utf-8"))
    settings = Settings(**{**record.settings, "ignore_side_px": given.ignore_side})
    run = RunContext(path, record, settings)
    real = load_real(given.photos, run.task, 0.5)
    own, test = (real.test, real.val) if given.swap else (real.val, real.test)
    assert record.best is not None
    weights = run.path(record.best.weights)
    photos = [Path(s.image) for s in own]
    held_out = [run.path(s.image) for n in ("test", "val") for s in run.dataset.samples(verdict="kept", split=n)]
    yield "before", score(weights, test, run)
    for name, paths in (("scores", photos), ("of-renders", held_out[: len(photos)])):
        corrected = folder / f"{name}.safetensors"
        learn_rescorers(weights, map(read_image, paths), corrected)
        yield name, score(corrected, test, run)
    for name, images in sets(run, own, weights, folder, given):
        for seed in range(given.seeds):
            made = train(run, images, folder / f"{name}-{seed}", seed, given)
            averaged([weights, made], folder / "averaged.safetensors")
            yield name, score(folder / "averaged.safetensors", test, run)
            learn_rescorers(folder / "averaged.safetensors", map(read_image, photos), folder / "both.safetensors")
            yield f"{name}, scores", score(folder / "both.safetensors", test, run)


def sets(
    run: RunContext, photos: list[Sample], weights: Path, folder: Path, given: argparse.Namespace
) -> Iterator[tuple[str, list[Sample]]]:
    """What is trained on: names, and images of an epoch."""
    settings, wanted = run.settings, given.only
    renders = list(run.dataset.samples(verdict="kept", split="train"))[: given.renders]
    files = list(find_photos([Path(s.image) for s in photos]))
    if wanted is None or "more" in wanted:
        yield "more", renders
    teachers = {
        "pseudo": {"label_views": settings.learn.views},
        "one-look": {},
        "no-cover": {"label_views": settings.learn.views, "doubt_share": 1.0},
    }
    for name, update in teachers.items():
        if wanted is not None and name not in wanted:
            continue
        own = settings.model_copy(update=update)
        sure = Confidence(thresholds=dict.fromkeys(run.task.class_names, given.sure))
        choice = Choice(str(folder / "scores.safetensors"))
        with AutoLabeler(run.task, own, confidence=sure, choice=choice) as teacher:
            labelled = list(pseudo_labelled(teacher, files, folder / f"copies-{name}"))
        print(f"{name}: {sum(len(s.instances) for s in labelled)} labels on {len(labelled)} photos", flush=True)
        yield name, mixed(renders, labelled, given.share)
    for count in given.few:
        if wanted is None or f"few-{count}" in wanted:
            chosen = sorted(photos, key=lambda s: s.id)[:count]
            segmenter = make_segmenter(settings)
            yield (
                f"few-{count}",
                mixed(renders, list(hand_labelled(chosen, run.task, segmenter, folder / "copies-few")), given.share),
            )


if __name__ == "__main__":
    main()
