"""How a few photos are trained on: each seen often, as windows at full resolution, varied hard, nothing made up."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tools.core.settings import Settings
from tools.core.task import TaskSpec
from tools.data.geometry import box_iou
from tools.data.images import read_image
from tools.data.sample import Sample, evenly
from tools.trainers import TrainingJob
from tools.trainers.yolo import Recipe, YoloTrainer

if TYPE_CHECKING:
    from tools.models.predict import Predictor

# Share of the labelled boxes that the starter's proposals of any object meet, from which on it knows such things: its
# backbone is then kept as it is and the training is short, since a longer one learns the few photos by heart. Measured:
# apples 0.83, animals 0.73, defects of circuit boards 0.03; see docs/experiments/few_photos.md.
KNOWN_SHARE = 0.4
KNOWN_IOU = 0.5
SEEN_FROM = 0.05  # objectness
_LOOKED_AT = 12  # photos that settle it
BACKBONE = 10  # layers of the networks up to the neck
# Width against height, as a logarithm, of what is learnt gently: a handful of things has few shapes. Means of four
# cells (boards, animals; two seeds): 0.824 / 0.541 without, 0.844 / 0.563 with 0.15, 0.859 / 0.577 with 0.3, 0.853 /
# 0.566 with 0.5; apples and cards stay. Kinds that are told apart by their shape lose by it.
STRETCH = 0.3
LONGER = 2  # times the epochs, for a thing unlike all that the starter has seen, and to tell whole images apart
APART = 3  # times the epochs, where kinds of objects have to be told apart: playing cards 0.61 after 40, 0.71 after 60
MORE_MINUTES = 2.0  # times the minutes, where photos without labels are given: everything is trained once more
WITH_MORE = 0.6  # of the epochs, where each holds twice as many images: a little more in all
# Median shorter side of the objects as the network sees them in use: see docs/experiments/few_photos.md.
WANTED_SIDE_PX = 40.0
MAX_VIEW = 3.0  # times the training size


def view_px(samples: Sequence[Sample], size_px: int) -> int:
    """The side at which images are looked at in use, so that the person's objects are large enough to be seen.

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


def known_share(samples: Sequence[Sample], root: Path, starter: "Predictor | None") -> float:
    """Of the labelled boxes the share that the starter takes for an object of any kind, 0..1; 0 without a starter.

    Args:
        samples: photos with boxes; images are relative to `root`.
        root: folder of the run.
        starter: of `tools.shown.outlines.starter_predictor`.
    """
    if starter is None:
        return 0.0
    met = total = 0
    for sample in evenly([s for s in samples if s.instances], _LOOKED_AT):
        seen = [p.box for p in starter.predict(read_image(root / sample.image), SEEN_FROM)]
        for instance in sample.instances:
            total += 1
            met += any(box_iou(instance.box, box) >= KNOWN_IOU for box in seen)
    return met / total if total else 0.0


def is_known(task: TaskSpec, share: float) -> bool:
    """Whether nothing but where things are is to be learnt, so that gentle training is enough.

    Args:
        task: of several classes it never is: the starter does not tell them apart.
        share: of `known_share`.
    """
    return len(task.classes) == 1 and share >= KNOWN_SHARE


def epochs_of(task: TaskSpec, settings: Settings, known: bool) -> int:
    """Passes over the photos of an epoch: what has to be learnt beside where the things are takes longer."""
    if known:
        return settings.shown.epochs
    several = len(task.classes) > 1 and task.kind != "classify"
    return settings.shown.epochs * (APART if several else LONGER)


def trainer_of(settings: Settings, known: bool) -> YoloTrainer:
    """The project's trainer with a recipe for a few photos.

    Args:
        settings: name the network.
        known: one kind of thing that the starter sees already, so its backbone stays as it is.
    """
    made = Recipe()
    # A box is loose after a turn; where more has to be learnt than where things are, turned ones teach it all the same.
    policy = replace(made.policy, rotate_deg=0.0, stretch=STRETCH) if known else made.policy
    details = replace(made, policy=policy, frozen=BACKBONE if known else made.frozen, validations=1)
    return YoloTrainer(settings.training.model, ignore_side_px=settings.evaluation.ignore_side_px, details=details)


def job_of(
    task: TaskSpec, samples: Sequence[Sample], root: Path, folder: Path, settings: Settings, *, seed: int, known: bool,
    of: int | None = None, more: Sequence[Sample] = (), deadline_s: float = math.inf,
) -> TrainingJob:  # fmt: skip
    """The training on some photos.

    Args:
        task: kind and classes.
        samples: labelled photos; at least one.
        root: their images are relative to it.
        folder: of the training.
        settings: size, model and threads.
        seed: of the training.
        known: as for `trainer_of`.
        of: photos in all, where these are a part of them: each is seen as often as in a training on all.
        more: photos that nobody labelled: half of an epoch, or what a classifier looks at beside its own.
        deadline_s: seconds it may take.
    """
    repeats = max(1, math.ceil(settings.shown.pictures / (of or len(samples))))
    view = None if task.kind == "classify" else view_px(samples, settings.size_px)
    train, epochs, whole = [s for _ in range(repeats) for s in samples], epochs_of(task, settings, known), view is None
    if more and not whole:
        train += [more[i % len(more)] for i in range(len(train))]
        epochs = math.ceil(WITH_MORE * epochs)
    return TrainingJob(
        task=task, train=train, val=list(samples)[:1], image_root=root, folder=folder, epochs=epochs,
        size_px=settings.size_px, batch=settings.training.batch, seed=seed, patience=10_000, deadline_s=deadline_s,
        threads=settings.training.threads, view_px=view, unlabelled=more if whole else (),
    )  # fmt: skip
