"""How a few photos are trained on: each seen often, as windows at full resolution, varied hard, nothing made up."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median

from tools.data.sample import Sample
from tools.data.task import TaskSpec
from tools.settings import Settings
from tools.trainers import TrainingJob
from tools.trainers.yolo import Recipe, YoloTrainer

# Median shorter side of the objects as the network sees them in use: see docs/shown.md.
WANTED_SIDE_PX = 40.0
MAX_VIEW = 3.0  # times the training size


def view_px(samples: Sequence[Sample], size_px: int) -> int:
    """The side at which pictures are looked at in use, so that the person's objects are large enough to be seen.

    Args:
        samples: photos with labels, in their own pixels.
        size_px: side of the windows that training sees.

    Returns:
        A multiple of 32 from `size_px` to `MAX_VIEW` times as much; no more than the photos show.
    """
    shares = [
        min(i.box[2] - i.box[0], i.box[3] - i.box[1]) / max(s.width, s.height) for s in samples for i in s.instances
    ]
    if not shares:
        return size_px
    wanted = WANTED_SIDE_PX / max(median(shares), 1e-3)
    most = min(MAX_VIEW * size_px, 1.5 * median(max(s.width, s.height) for s in samples))
    return max(size_px, math.floor(min(wanted, most) / 32) * 32)


def trainer_of(settings: Settings) -> YoloTrainer:
    """The project's trainer with a recipe for a few photos: boxes that a turn would loosen are not turned."""
    made = Recipe()
    policy = replace(made.policy, rotate_deg=0.0)
    details = replace(made, policy=policy, validations=1)
    return YoloTrainer(settings.model, ignore_side_px=settings.ignore_side_px, details=details)


def job_of(
    task: TaskSpec, samples: Sequence[Sample], root: Path, folder: Path, settings: Settings, *, seed: int,
    deadline_s: float = math.inf,
) -> TrainingJob:  # fmt: skip
    """The training on some photos.

    Args:
        task: kind and classes.
        samples: labelled photos; at least one.
        root: their pictures are relative to it.
        folder: of the training.
        settings: size, model and threads.
        seed: of the training.
        deadline_s: seconds it may take.
    """
    repeats = max(1, math.ceil(settings.shown_pictures / len(samples)))
    view = None if task.kind == "classify" else view_px(samples, settings.size_px)
    return TrainingJob(
        task=task, train=[s for _ in range(repeats) for s in samples], val=list(samples)[:1], image_root=root,
        folder=folder, epochs=settings.shown_epochs, size_px=settings.size_px, batch=settings.batch, seed=seed,
        patience=10_000, deadline_s=deadline_s, threads=settings.threads, view_px=view,
    )  # fmt: skip
