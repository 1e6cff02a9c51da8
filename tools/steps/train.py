"""Train a recogniser on all images kept so far, from the best weights so far."""

import importlib
import json
import math
from pathlib import Path
from typing import Any

from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime

from tools.core.errors import FixArguments, StepFailed
from tools.core.files import copy_file
from tools.core.settings import Settings
from tools.data.real import load_real
from tools.data.sample import Sample, evenly
from tools.runs.estimate import LEAST_JUDGING, photo_s
from tools.runs.inherit import INHERITED
from tools.runs.runtime import Round, RunContext, report, write_json
from tools.trainers import Trainer, TrainingJob, TrainingResult
from tools.trainers.fingerprint import job_fingerprint

STAGE = "train"
MAX_EPOCHS = 1000
LATER_EPOCHS_SHARE = 0.8  # a round that starts from the last one's weights has less to learn
RESERVED_SHARE = 0.12  # of the time left goes to evaluation, diagnosis and export, more where the last round took more
_MEASURING = ("evaluate", "diagnose")
_MIN_DEADLINE_S = 5.0  # even late, a short training is better than a round without a model
_FACTORIES = {"yolo": "tools.trainers.yolo:make_trainer"}


@tool
def train_model(runtime: ToolRuntime[RunContext], epochs: int | None = None) -> str:
    """Train on every kept image of all rounds, starting from the best weights so far or the built-in starter.

    Args:
        runtime: the run.
        epochs: passes over the images at most; what the effort of the run buys when left out.
    """
    return train(runtime.context, epochs)


def train(run: RunContext, epochs: int | None = None) -> str:
    """Train the current round's model, or report the training of before when nothing changed; see `train_model`.

    Raises:
        FixArguments: epochs out of range, or the images are not split yet.
        StepFailed: no image is kept or labelled, or a file cannot be used.
        Stopped: the person asked to stop; complete epochs are kept.
    """
    if epochs is not None and not 1 <= epochs <= MAX_EPOCHS:
        raise FixArguments(f"epochs must be 1 to {MAX_EPOCHS}, not {epochs}")
    with run.stage(STAGE):
        trainer = make_trainer(run)
        job = make_job(run, epochs)
        own = run.settings.training
        settings = [own.trainer, own.model, own.recipe, run.settings.evaluation.ignore_side_px]
        fingerprint = job_fingerprint(job, *settings)
        stored = _stored(run, fingerprint)
        if stored is None:
            result = trainer.train(job, lambda entry: _on_epoch(run, entry))
            stored = _keep(run, trainer, job, result, fingerprint)
        _record(run, stored)
        return _report(run, stored)


def make_trainer(run: RunContext) -> Trainer:
    """The engine of `settings.training.trainer`: "yolo", or "module:function" of your own, called with the settings.

    Raises:
        FixArguments: there is no such engine.
    """
    return trainer_of(run.settings)


def trainer_of(settings: Settings) -> Trainer:
    """`make_trainer` for settings that are not the run's own."""
    name = settings.training.trainer
    module, _, attribute = _FACTORIES.get(name, name).partition(":")
    try:
        made: Trainer = getattr(importlib.import_module(module), attribute)(settings)
    except (ImportError, AttributeError, ValueError) as error:
        raise FixArguments(f"trainer {name!r}: {error}; use 'yolo' or 'module:function'") from None
    return made


def make_job(run: RunContext, epochs: int | None = None) -> TrainingJob:
    """The training of the current round.

    Raises:
        FixArguments: no image is split yet.
        StepFailed: no image is kept, or none has a label.
    """
    settings, task, current = run.settings, run.task, run.round
    samples = {split: list(run.dataset.samples(verdict="kept", split=split)) for split in ("train", "val")}
    if not samples["train"]:
        if run.dataset.count(verdict="kept"):
            raise FixArguments("The kept pictures are not split yet. Call curate_dataset first.")
        raise StepFailed("No picture is kept, so there is nothing to train on. Generate more, or lower min_quality.")
    if not any(s.label if task.kind == "classify" else s.instances for s in samples["train"]):
        raise StepFailed(
            f"None of the {len(samples['train'])} training pictures has a label. Call annotate_images first."
        )
    repeats = max(1, round(settings.training.epoch_pictures / len(samples["train"])))
    initial = _initial(run)
    planned = epochs or settings.planned_epochs()
    if epochs is None and initial is not None and initial != run.folder / INHERITED:
        planned = max(1, round(planned * LATER_EPOCHS_SHARE))
    return TrainingJob(
        task=task,
        train=samples["train"] * repeats,
        val=_deciding(run, len(samples["train"]) * repeats) or samples["val"],
        image_root=run.folder,
        folder=run.round_folder() / "train",
        epochs=planned,
        size_px=settings.size_px,
        batch=settings.training.batch,
        seed=settings.seed + current.number,
        initial=initial,
        deadline_s=deadline_s(run),
        patience=settings.training.patience,
        threads=settings.training.threads,
    )


def _deciding(run: RunContext, seen: int) -> list[Sample]:
    """Real photos that decide, where there are any: they choose the best epoch too. None of them is trained on.

    Args:
        run: has photos or none.
        seen: images of an epoch; where minutes are limited no more photos judge one than half as many.
    """
    if run.record.real is None:
        return []
    judging = run.settings.evaluation
    photos = load_real(Path(run.record.real), run.task, judging.real_val_share, judging.class_map).val
    limited = run.task.budget.minutes is not None
    return evenly(photos, max(LEAST_JUDGING, seen // 2) if limited else len(photos))


def _initial(run: RunContext) -> Path | None:
    """Weights of the last earlier round that was accepted, of the last one when none was judged, or of the parent."""
    earlier = [r for r in run.record.rounds[:-1] if r.weights is not None and run.path(r.weights).exists()]
    chosen: list[Round] = [r for r in earlier if r.accepted] or earlier
    if chosen:
        return run.path(str(chosen[-1].weights))
    inherited = run.folder / INHERITED
    return inherited if inherited.is_file() else None


def deadline_s(run: RunContext) -> float:
    """Seconds this training may take, so that measuring and the rounds to come keep their share of the budget."""
    left = run.remaining_s()
    if math.isinf(left):
        return left
    current, rounds = run.round.number, max(run.round.number, run.task.budget.rounds)
    to_come = rounds - current
    spent = sum(s.seconds for s in run.record.stages if s.round == current and s.name != STAGE)
    # Of the images: what this round has trained on in all, and what each later one adds, evenly.
    so_far = _share_so_far(run.settings.scenes.first_round_share, current, rounds)
    step = (1 - so_far) / to_come if to_come else 0.0
    made = so_far - (_share_so_far(run.settings.scenes.first_round_share, current - 1, rounds) if current > 1 else 0.0)
    # An epoch of a later round takes longer, since it sees the images of all rounds.
    trainings = 1 + sum(LATER_EPOCHS_SHARE * (so_far + step * n) / so_far for n in range(1, to_come + 1))
    measured = sum(s.seconds for s in run.record.stages if s.round == current - 1 and s.name in _MEASURING)
    photos = int((run.record.estimate or {}).get("photos", 0))
    a_round = measured or photos * photo_s(run.settings)
    after = max(RESERVED_SHARE * left, a_round * (1 + to_come) + run.settings.estimate.finish_s if a_round else 0.0)
    to_make = to_come * spent * step / made if to_come else 0.0
    return max(_MIN_DEADLINE_S, (left - after - to_make) / trainings)


def _share_so_far(first: float, number: int, rounds: int) -> float:
    """Of all images, what the rounds up to one make."""
    return first + (1 - first) * (number - 1) / (rounds - 1) if rounds > 1 else 1.0


def _on_epoch(run: RunContext, entry: dict[str, Any]) -> None:
    run.emit("loss", **entry)
    run.progress(STAGE, entry["epoch"], entry["epochs"], loss=entry["loss"], val_score=entry.get("val_score"))
    run.check_stop()


# What is kept ----------------------------------------------------------------------------------------------------


def _stored(run: RunContext, fingerprint: str) -> dict[str, Any] | None:
    """`training.json` of this very training, when its weights are there."""
    folder = run.round_folder()
    try:
        stored: dict[str, Any] = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    fits = stored.get("fingerprint") == fingerprint and (folder / "weights.safetensors").is_file()
    return stored if fits else None


def _keep(
    run: RunContext, trainer: Trainer, job: TrainingJob, result: TrainingResult, fingerprint: str
) -> dict[str, Any]:
    """Put the weights in their place, then say what they are."""
    folder = run.round_folder()
    weights = folder / "weights.safetensors"
    copy_file(result.weights, weights)
    started = result.started_from
    if Path(started).is_absolute():
        started = run.relative(Path(started))
    stored = {
        "fingerprint": fingerprint,
        "weights": run.relative(weights),
        "train_images": len({s.id for s in job.train}),
        "seen_an_epoch": len(job.train),
        "val_images": len(job.val),
        "val_on": "real_val" if run.record.real and job.val and job.val[0].engine == "real" else "synthetic_val",
        "epochs": result.epochs,
        "planned_epochs": job.epochs,
        "best_epoch": result.best_epoch,
        "val_score": result.val_score,
        "started_from": started,
        "stopped_by": result.stopped_by,
        "history": result.history,
        "engine": {
            "name": trainer.name,
            "version": trainer.version,
            "licence": trainer.licence,
            "model": run.settings.training.model,
            "recipe": run.settings.training.recipe,
            "started_from": started,
        },
    }
    write_json(folder / "training.json", stored)
    return stored


def _record(run: RunContext, stored: dict[str, Any]) -> None:
    run.round.weights = stored["weights"]
    run.record.engines["trainer"] = stored["engine"]
    run.save()


def _report(run: RunContext, stored: dict[str, Any]) -> str:
    metric = {"segment": "mask mAP50", "detect": "box mAP50", "classify": "share named right"}[run.task.kind]
    stops = {"patience": "no better for a while", "deadline": "the time was up"}
    return report(
        done=f"trained {stored['epochs']} epochs on {stored['train_images']} pictures, from {stored['started_from']}",
        stopped_early=stops.get(stored["stopped_by"]),
        best_epoch=stored["best_epoch"],
        quick_score=f"{metric} {stored['val_score']:.3f} on {stored['val_on']} ({stored['val_images']} pictures)",
        weights=stored["weights"],
        next="evaluate_model",
    )
