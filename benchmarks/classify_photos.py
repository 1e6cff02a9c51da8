"""What photos without labels teach a classifier of renders: `python benchmarks/classify_photos.py RUN --photos DIR`.

The photos (one folder a class) are split by photo: one half is learnt from without its labels, the other half is only
measured on, and then the halves are exchanged. Every row has the share of photos that are named right, the median over
both directions and all seeds; the run is copied from, never written to.

    before    the run's model as it is
    more      a training on renders alone: what the extra epochs bring
    pseudo    renders and photos with the model's own labels, where it is sure
    agree     renders, and photos that have to be seen alike in weak and strong views (FixMatch with a mean teacher)
"""

import argparse
import json
import statistics
from dataclasses import replace
from pathlib import Path

from tools.core.settings import Settings
from tools.data.images import read_image
from tools.data.photo_files import find_photos
from tools.data.real import load_real
from tools.data.sample import Sample
from tools.label.pseudo import copies, mixed
from tools.models.checkpoint import averaged
from tools.models.predict import Predictor
from tools.runs.runtime import RunContext, RunRecord
from tools.trainers import TrainingJob
from tools.trainers.yolo import Recipe, YoloTrainer


def named_right(weights: Path, photos: list[Sample]) -> float:
    """Mean over the classes of the share of photos whose class is named."""
    answers = Predictor.load(weights).classify_many([read_image(Path(s.image)) for s in photos])
    right: dict[str, list[bool]] = {}
    for sample, shares in zip(photos, answers, strict=True):
        right.setdefault(str(sample.label), []).append(max(shares, key=shares.__getitem__) == sample.label)
    return statistics.mean(statistics.mean(r) for r in right.values())


def learnt(run: RunContext, photos: list[Sample], name: str, seed: int, given: argparse.Namespace) -> Path:
    """Weights after one way of learning; the last epoch is taken, so that no photo decides."""
    assert run.record.best is not None
    weights, folder = run.path(run.record.best.weights), given.folder / f"{name}-{seed}-{photos[0].id}"
    renders = list(run.dataset.samples(verdict="kept", split="train"))
    files = find_photos([Path(s.image) for s in photos])
    without = list(copies(files, folder / "copies", 2 * run.settings.size_px))
    train = renders
    if name == "pseudo":
        answers = Predictor.load(weights).classify_many([read_image(Path(s.image)) for s in without])
        best = [max(a.items(), key=lambda x: x[1]) for a in answers]
        sure = [s.model_copy(update={"label": n}) for s, (n, p) in zip(without, best, strict=True) if p >= given.sure]
        print(f"{name}: sure of {len(sure)} of {len(without)} photos", flush=True)
        train = mixed(renders, sure, given.share) if sure else renders
    job = TrainingJob(
        task=run.task, train=train, val=list(run.dataset.samples(verdict="kept", split="val"))[:8],
        image_root=run.folder, folder=folder, epochs=given.epochs, size_px=run.settings.size_px, batch=16, seed=seed,
        initial=weights, patience=10_000, threads=given.threads, unlabelled=without if name == "agree" else [],
    )  # fmt: skip
    made = YoloTrainer(details=replace(Recipe(), validations=1)).train(job, lambda entry: None).weights
    averaged([weights, made], folder / "averaged.safetensors")
    return folder / "averaged.safetensors"


def main() -> None:
    """Learn in every way and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--only", nargs="*", default=["more", "pseudo", "agree"])
    parser.add_argument("--epochs", type=int, default=Settings().learn.epochs)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--share", type=float, default=Settings().learn.pseudo_share)
    parser.add_argument("--sure", type=float, default=0.95)
    parser.add_argument("--threads", type=int)
    given = parser.parse_args()
    record = RunRecord.model_validate_json((given.run / "run.json").read_text(encoding="utf-8"))
    run = RunContext(given.run, record, Settings(**record.settings))
    real = load_real(given.photos, run.task, 0.5)
    assert record.best is not None
    rows: dict[str, list[float]] = {}

    def tell(name: str, weights: Path, test: list[Sample]) -> None:
        rows.setdefault(name, []).append(named_right(weights, test))
        print(f"{name}: {rows[name][-1]:.3f}", flush=True)

    for own, test in ((real.val, real.test), (real.test, real.val)):
        tell("before", run.path(record.best.weights), test)
        for name in given.only:
            for seed in range(given.seeds):
                tell(name, learnt(run, own, name, seed, given), test)
    result = {n: {"median": round(statistics.median(v), 4), "all": [round(x, 4) for x in v]} for n, v in rows.items()}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
