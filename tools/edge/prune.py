"""A narrower copy of a run's best model: channels that say least are left out, and a short training mends the rest.

The run keeps the model it has; the copy and what it costs lie beside it.
"""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.core.errors import FixArguments
from tools.data.sample import Sample
from tools.runs.runtime import RunContext, without_model
from tools.shown.photos import ENGINE
from tools.shown.recipe import epochs_of, job_of, trainer_of
from tools.steps.learn_from_examples import known_to_starter
from tools.steps.train import make_job
from tools.trainers import TrainingJob
from tools.trainers.yolo import YoloTrainer

LEAST = 0.05  # of the hidden channels: less is lost in rounding widths
MOST = 0.9  # of the hidden channels: with more, some layers would be left with hardly any
EPOCHS_SHARE = 0.5  # of the epochs of a training: what is left knows most of it


def pruned(run: RunContext, share: float, seconds: float | None = None) -> Path:
    """Weights of the best model without a share of its hidden channels, trained again for a while.

    Args:
        run: with a best model.
        share: of the channels that only one layer reads, from `LEAST` to `MOST`.
        seconds: that the training may take; None: as long as its epochs take.

    Raises:
        FixArguments: no such share, no model yet, or the model is not one of ours to train.
        Stopped: the person asked to stop; the same call goes on.
    """
    if not LEAST <= share <= MOST:
        raise FixArguments(f"--prune {share:g}: a share of the channels, from {LEAST:g} to {MOST:g}")
    if run.record.best is None:
        raise without_model(run.folder)
    folder = run.folder / "compare" / f"pruned{round(100 * share)}"
    best = run.path(run.record.best.weights)
    job, trainer = _training(run, folder)
    job = dataclasses.replace(job, initial=best, deadline_s=math.inf if seconds is None else seconds)
    trainer.details = dataclasses.replace(trainer.details, narrow=share)

    def on_epoch(entry: dict[str, Any]) -> None:
        run.progress("train", entry["epoch"], entry["epochs"], loss=entry["loss"], model=folder.name)
        run.check_stop()

    with run.stage("train"):
        return trainer.train(job, on_epoch).weights


def _training(run: RunContext, folder: Path) -> tuple[TrainingJob, YoloTrainer]:
    """As the run's own last training, but shorter."""
    settings = run.settings
    if run.record.few is not None:
        photos: Sequence[Sample] = [s for s in run.dataset.samples(verdict="kept") if s.engine == ENGINE]
        known = known_to_starter(run, photos)
        job = job_of(run.task, photos, run.folder, folder, settings, seed=settings.seed, known=known)
        epochs = math.ceil(EPOCHS_SHARE * epochs_of(run.task, settings, known))
        return dataclasses.replace(job, epochs=epochs), trainer_of(settings, known)
    job = make_job(run, math.ceil(EPOCHS_SHARE * settings.planned_epochs()))
    made = YoloTrainer(settings.training.model, ignore_side_px=settings.evaluation.ignore_side_px)
    return dataclasses.replace(job, folder=folder), made
