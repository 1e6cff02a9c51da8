"""Ultralytics' own trainer with its stock settings, to compare our recipe with. Not resumable; polygons, not masks."""

import json
import math
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.data.boxes import export_convention, with_label_boxes
from tools.data.formats.labels import labelled
from tools.data.formats.yolo import image_path, label_files
from tools.data.sample import Sample
from tools.models.checkpoint import load, save, to_ultralytics_pt
from tools.models.networks import architecture_name, quiet_ultralytics
from tools.trainers import EpochCallback, TrainingJob, TrainingResult
from tools.trainers.starter_files import WEIGHTS as STARTER

WORKERS = 0  # processes that load images; Ultralytics' own default, 8, leaves some behind when it is killed


def train_stock(size: str, job: TrainingJob, on_epoch: EpochCallback) -> TrainingResult:
    """Export the samples as a YOLO folder and train on it with `ultralytics.YOLO.train`.

    Args:
        size: of the network, as in the settings: "yolo11n".
        job: `threads` is ignored: Ultralytics chooses.
        on_epoch: called after every epoch.
    """
    quiet_ultralytics()
    import torch
    from ultralytics.models import YOLO

    folder, kind = job.folder / "stock", job.task.kind
    shutil.rmtree(folder, ignore_errors=True)
    data = _write_classes(job, folder) if kind == "classify" else _write_yolo(job, folder)
    architecture = architecture_name(size, kind)
    start, started_from = _start(job, folder, architecture)
    model: Any = YOLO(str(start) if start else f"{architecture}.yaml", task=kind)
    history: list[dict[str, Any]] = []

    def told(engine: Any) -> None:
        scores = {k: float(v) for k, v in (engine.metrics or {}).items()}
        keys = {"segment": "metrics/mAP50(M)", "detect": "metrics/mAP50(B)", "classify": "metrics/accuracy_top1"}
        entry = {
            "epoch": engine.epoch + 1,
            "epochs": job.epochs,
            "loss": round(float(sum(v.mean() if hasattr(v, "mean") else v for v in _values(engine.tloss))), 4),
            "val_score": round(scores.get(keys[kind], 0.0), 4),
        }
        history.append(entry)
        on_epoch(dict(entry))

    model.add_callback("on_fit_epoch_end", told)
    limit = {} if math.isinf(job.deadline_s) else {"time": job.deadline_s / 3600}
    model.train(
        data=str(data), epochs=job.epochs, imgsz=job.size_px, batch=job.batch, seed=job.seed, patience=job.patience,
        project=str(folder), name="run", exist_ok=True, plots=False, workers=WORKERS, verbose=False, **limit,
    )  # fmt: skip
    best = torch.load(folder / "run" / "weights" / "best.pt", map_location="cpu", weights_only=False)
    network = (best.get("ema") or best["model"]).float()
    weights = job.folder / "weights.safetensors"
    save(
        weights, network.state_dict(), architecture=architecture, names=job.task.class_names, size_px=job.size_px,
        extra={"started_from": started_from, "recipe": "stock"},
    )  # fmt: skip
    top = max(history, key=lambda e: e["val_score"])
    return TrainingResult(weights, len(history), top["epoch"], top["val_score"], started_from, history)


def _values(loss: Any) -> Sequence[Any]:
    if isinstance(loss, dict):
        return list(loss.values())
    return loss if getattr(loss, "ndim", 0) else [loss]


def _start(job: TrainingJob, folder: Path, architecture: str) -> tuple[Path | None, str]:
    """A .pt to start from, when there are weights of the same kind of network."""
    given = job.initial or (STARTER if STARTER.exists() else None)
    if given is None or load(given)[1].architecture != architecture:
        return None, "random"
    start = folder / "start.pt"
    to_ultralytics_pt(given, start)
    return start, str(job.initial or "starter")


def _splits(job: TrainingJob) -> list[Sample]:
    train = [s.model_copy(update={"split": "train"}) for s in job.train]
    val = [s.model_copy(update={"split": "val"}) for s in job.val or job.train[:1]]
    return list(with_label_boxes([*train, *val], export_convention(job.task.kind)))


def _write_yolo(job: TrainingJob, folder: Path) -> Path:
    samples = _splits(job)
    images = [labelled(s) for s in samples]
    for sample, image in zip(samples, images, strict=True):
        _copy(job.image_root / sample.image, folder / image_path(image))
    for name, text in label_files(images, job.task.class_names, job.task.kind == "segment"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "data.yaml"


def _write_classes(job: TrainingJob, folder: Path) -> Path:
    """Class folders named by number: Ultralytics sorts classes by folder name, and a name may not fit a path."""
    root = folder / "classes"
    for sample in _splits(job):
        if sample.label is not None:
            number = job.task.class_names.index(sample.label)
            place = root / str(sample.split) / f"{number:04d}" / Path(sample.image).name
            _copy(job.image_root / sample.image, place)
    (root / "names.json").write_text(json.dumps(job.task.class_names, ensure_ascii=False), encoding="utf-8")
    return root


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
