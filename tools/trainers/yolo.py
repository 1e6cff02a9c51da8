"""Train YOLO networks on small rendered sets: our own loop on Ultralytics' modules and losses.

Ultralytics' trainer uses one of two cores here, has no 16-bit floats on a CPU, loses an epoch's place when killed, and
turns masks into polygons. This one uses every core, keeps masks exact, and gives bit for bit the same weights whether
or not it was interrupted. `recipe="stock"` runs Ultralytics' own for comparison.
"""

import json
import logging
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tools.core.errors import StepFailed
from tools.core.settings import Settings
from tools.core.threads import freed_memory_kept
from tools.data.boxes import LEARNT, BoxConvention
from tools.data.sample import evenly
from tools.runs.runtime import write_json
from tools.trainers import EpochCallback, TrainingJob, TrainingResult
from tools.trainers.augment import Policy
from tools.trainers.batches import Batch, epoch_batches, steps_of
from tools.trainers.consistency import Teacher
from tools.trainers.examples import Example
from tools.trainers.fingerprint import job_fingerprint
from tools.trainers.glimpse import write_glimpse
from tools.trainers.targets import (
    MAX_SIDE_SHARE,
    SampleSource,
    centre_example,
    fit_example,
)

log = logging.getLogger(__name__)

WEIGHTS_NAME = "weights.safetensors"
_STATE_NAME = "state.safetensors"
_RESULT_NAME = "result.json"
# Of epochs that are as good as the best within noise the last is kept: on 30 photos the score of neighbouring epochs
# differs by this much, and the rate falls towards the end. Without it the second epoch of thirty was kept once.
_FITNESS_SLACK = 0.02
_KEEP_EVERY_S = 20.0  # what a kill costs at most; keeping 45 MB each epoch took a twentieth of a short epoch


@dataclass(frozen=True)
class Recipe:
    """How to train. Rates and batch are for AdamW on sets of a few hundred images."""

    starter: bool = True  # begin with the starter weights; else with random ones
    rate_random: float = 2e-3
    # From the starter. Measured on 299 renders in 6 epochs; mask mAP50 on renders / box mAP50 on orchard photos:
    # 5e-4 0.67/0.65, 1e-3 0.71/0.69, 2e-3 0.72/0.71, 4e-3 0.75/0.75.
    rate_trained: float = 4e-3
    # First layers that stay as the starter has them: with 3 of 23 a step takes a sixth less and teaches as much; with 5
    # box mAP50 on orchard photos falls from 0.76 to 0.71.
    frozen: int = 3
    rate_round: float = 3e-3  # from the round before, which knows the task already
    # Of a classifier, whose head is a single layer: see docs/experiments/classifiers.md.
    classify_rate_round: float = 1e-3
    min_steps: int = 10  # an epoch of fewer steps takes smaller batches: steps teach, not images
    min_batch: int = 6  # below it batch statistics get poor
    policy: Policy = field(default_factory=Policy)
    # Apples told from leaves, 128 renders, 24 epochs, two seeds: right on renders 0.58 and 0.59 without cuts about the
    # object, 0.66 and 0.68 with; on photos of one of them 0.56 and 0.90 without, 0.86 and 0.97 with.
    classify_policy: Policy = field(
        default_factory=lambda: Policy(mosaic=0.0, scale=(0.9, 1.2), paste=0.0, foreign=0.0, about=1.0)
    )
    sizes: tuple[float, ...] = (0.8, 0.9, 1.0, 1.1, 1.2)  # of the training size, another each batch
    calm_share: float = 0.25  # last share of the epochs: no mosaic, images as they are met in use
    narrow: float = 0.0  # share of the hidden channels that are left out of the weights a training begins with
    validations: int = 12  # over the training; each costs about as much as a tenth of an epoch
    max_validation: int = 80  # images


class YoloTrainer:
    """The engine. Weights start from the starter, or from the weights of the round before."""

    name = "yolo"
    licence = "AGPL-3.0 (Ultralytics); weights are this project's own"

    def __init__(
        self,
        model: str = "yolo11n",
        recipe: Literal["sightsmith", "stock"] = "sightsmith",
        *,
        box_convention: BoxConvention | None = None,
        ignore_side_px: float = 0.0,
        details: Recipe | None = None,
    ) -> None:
        self.model = model
        self.recipe = recipe
        self.box_convention = box_convention
        self.ignore_side_px = ignore_side_px
        self.details = details or Recipe()

    @property
    def version(self) -> str:
        """Version of the package the networks come from."""
        return version("ultralytics")

    def train(self, job: TrainingJob, on_epoch: EpochCallback) -> TrainingResult:
        """Train and return the best weights by validation.

        A job that was stopped or killed goes on after its last complete epoch; one that is finished is returned.

        Raises:
            StepFailed: there is nothing to learn from, or a file cannot be used.
            Stopped: raised by `on_epoch`; everything up to the epoch is kept.
        """
        _check(job)
        if self.recipe == "stock":
            from tools.trainers.stock import train_stock

            return train_stock(self.model, job, on_epoch)
        from tools.trainers.loop import reproducible

        with freed_memory_kept(), reproducible(job.threads):
            training = _Training(self, job, on_epoch)
            return training.stored_result() or training.run()


def make_trainer(settings: Settings) -> YoloTrainer:
    """The engine with a run's settings."""
    return YoloTrainer(
        settings.training.model, settings.training.recipe, ignore_side_px=settings.evaluation.ignore_side_px
    )


def _check(job: TrainingJob) -> None:
    if not job.task.class_names:
        raise StepFailed("there is no class to train")
    if not job.train:
        raise StepFailed("there is no training picture; generate and keep some first")
    if not any(s.label if job.task.kind == "classify" else s.instances for s in job.train):
        raise StepFailed(f"none of the {len(job.train)} training pictures has a label; run annotate_images first")


class _Clock:
    """Keeps the deadline: how many epochs still fit."""

    def __init__(self, deadline_s: float) -> None:
        self.deadline_s = deadline_s
        self._began = time.monotonic()

    def left_s(self) -> float:
        return self.deadline_s - (time.monotonic() - self._began)

    def fitting(self, epoch_s: float) -> int | None:
        """How many more epochs fit; None without a deadline."""
        return None if math.isinf(self.deadline_s) else max(0, int(self.left_s() / max(epoch_s, 1e-3)))


@dataclass
class _Progress:
    """What is kept beside the tensors."""

    epoch: int = 0  # complete ones
    planned: int = 0
    best_epoch: int = 0
    best_fitness: float = -1.0  # highest of any epoch; that of `best_epoch` is at most `_FITNESS_SLACK` under it
    best_score: float = 0.0
    calmed: int = 0  # last epoch of a training that got no better; 0 as long as it does
    history: list[dict[str, Any]] = field(default_factory=list)


class _Training:
    def __init__(self, trainer: YoloTrainer, job: TrainingJob, on_epoch: EpochCallback) -> None:
        from tools.models.networks import architecture_name

        self.trainer, self.job, self.on_epoch, self.recipe = trainer, job, on_epoch, trainer.details
        self.kind = job.task.kind
        self.names = job.task.class_names
        self.architecture = architecture_name(trainer.model, self.kind)
        self.convention = trainer.box_convention or LEARNT
        self.fingerprint = job_fingerprint(
            job, trainer.model, self.convention, trainer.ignore_side_px, asdict(trainer.details)
        )
        self.view_px = job.view_px or job.size_px
        self.clock = _Clock(job.deadline_s)
        self.progress = _Progress(planned=job.epochs)
        self.begun: tuple[tuple[int, bool], Iterator[Batch]] | None = None  # (epoch, calm) and its batches

    # Results of before ------------------------------------------------------------------------------------------

    def stored_result(self) -> TrainingResult | None:
        """The result of this very job when it was finished before."""
        from tools.models.checkpoint import load

        path = self.job.folder / _RESULT_NAME
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored.pop("fingerprint") != self.fingerprint:
                return None
            weights = self.job.folder / WEIGHTS_NAME
            load(weights)
            return TrainingResult(weights=weights, **stored)
        except (OSError, ValueError, KeyError, TypeError, StepFailed):
            return None  # not finished, or damaged since: train

    def run(self) -> TrainingResult:
        self._prepare()
        progress = self.progress
        while progress.epoch < progress.planned:
            self._epoch()
            fits = self.clock.fitting(self._epoch_s())
            if fits is not None:  # more may fit than the first steps let hope, which are slow
                progress.planned = min(progress.calmed or self.job.epochs, progress.epoch + fits)
        if progress.calmed and progress.planned == progress.calmed:
            return self._finish("patience")
        return self._finish("deadline" if progress.planned < self.job.epochs else "epochs")

    # Before the first epoch -------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        import torch

        from tools.core.devices import choose_device
        from tools.models.networks import build_network
        from tools.models.widths import fit_widths
        from tools.trainers.loop import Learner

        job = self.job
        reading: dict[str, Any] = {
            "root": job.image_root,
            "names": self.names,
            "kind": self.kind,
            "convention": self.convention,
            "max_side_px": MAX_SIDE_SHARE * self.view_px,
        }
        train = [s for s in job.train if s.label] if self.kind == "classify" else list(job.train)
        self.source = SampleSource(train, **reading, lookalikes=True)
        self.photos = SampleSource(job.unlabelled, **reading, labelled=False) if job.unlabelled else None
        self.validation, self.ignored, self.by_box = self._read_validation(reading)
        steps = max(self.recipe.min_batch, len(train) // self.recipe.min_steps)
        self.batch = max(1, min(job.batch, steps))
        network, self.started_from, self.rate = self._initial_network()
        from_starter = self.recipe.starter and self.started_from != "random"
        frozen = self.recipe.frozen if from_starter and self.kind != "classify" else 0  # not measured on whole photos
        device = torch.device(choose_device())
        teacher = Teacher(build_network(self.architecture, self.names).to(device)) if self.photos is not None else None
        self.learner = Learner(network, self.kind, device, frozen=frozen, teacher=teacher)
        judged = build_network(self.architecture, self.names)
        fit_widths(judged, self.learner.average)
        self.judged = judged.to(device).to(memory_format=torch.channels_last)  # takes averaged weights
        self.best: dict[str, Any] = {}
        self.seconds: list[float] = []
        self.kept = time.monotonic()
        self._restore()

    def _read_validation(self, reading: dict[str, Any]) -> tuple[list[Example], list[float], bool]:
        """Validation images at the training size, the side under which things in each are ignored, by boxes or not.

        What is ignored is told in a photo's own pixels; renders label small things, so in them nothing is.
        """
        samples = list(self.job.val)
        if self.kind == "classify":
            samples = [s for s in samples if s.label]
        if not samples:
            log.warning("no validation pictures: the best epoch is chosen on training pictures")
            samples = list(self.source.samples)
        samples = evenly(samples, self.recipe.max_validation)
        by_box = self.kind == "segment" and any(i.counts is None for s in samples for i in s.instances)
        if by_box:
            reading = {**reading, "kind": "detect"}
        examples = [SampleSource([s], **reading)[0] for s in samples]
        fit = centre_example if self.kind == "classify" else fit_example
        least, size_px = self.trainer.ignore_side_px, self.view_px
        ignored = [least * size_px / max(s.width, s.height) if s.engine == "real" else 0.0 for s in samples]
        return [fit(e, size_px) for e in examples], ignored, by_box

    def _initial_network(self) -> tuple[Any, str, float]:
        """A network, what its weights come from, and the learning rate that suits them."""
        from tools.models.checkpoint import load
        from tools.models.networks import build_network, transfer, transfer_classes
        from tools.models.widths import fit_widths, narrowed
        from tools.trainers.known import give_outputs, load_known
        from tools.trainers.starter_files import load_starter, weights_of

        network = build_network(self.architecture, self.names, self.job.seed)
        if self.job.initial is not None:
            tensors, card = load(self.job.initial)
            if self.recipe.narrow:
                tensors = narrowed(tensors, self.recipe.narrow)
            if card.architecture == self.architecture:
                fit_widths(network, tensors)
            transfer(network, tensors, card.architecture, self.architecture)
            if tuple(card.names) != tuple(self.names):  # of a run that went before: some classes are new
                transfer_classes(network, tensors, (card.architecture, card.names), (self.architecture, self.names))
                return network, str(self.job.initial), self.recipe.rate_trained
            rate = self.recipe.classify_rate_round if self.kind == "classify" else self.recipe.rate_round
            return network, str(self.job.initial), rate
        weights = weights_of(self.architecture)
        starter = load_starter(weights) if self.recipe.starter else None
        if starter is not None and transfer(network, starter[0], starter[1].architecture, self.architecture) > 0.3:
            if (known := load_known(weights)) is not None:
                give_outputs(network, known, [c.drawn_as for c in self.job.task.classes])
            return network, "starter", self.recipe.rate_trained
        return network, "random", self.recipe.rate_random

    def _restore(self) -> None:
        """Go on from the state of this very job, if there is one."""
        from tools.models.checkpoint import load_tensors

        path = self.job.folder / _STATE_NAME
        if not path.exists():
            return
        try:
            tensors, metadata = load_tensors(path)
        except StepFailed as error:
            log.warning("starting over: %s", error)
            return
        if metadata.get("fingerprint") != self.fingerprint:
            return  # of other data or settings
        self.learner.restore(tensors, int(metadata["steps"]))
        self.best = {k[len("best.") :]: v for k, v in tensors.items() if k.startswith("best.")}
        self.progress = _Progress(**json.loads(metadata["progress"]))

    # An epoch ---------------------------------------------------------------------------------------------------

    def _epoch(self) -> None:
        from tools.trainers.loop import rate_at

        epoch, began, losses, images = self.progress.epoch, time.monotonic(), [], 0
        steps = steps_of(len(self.source), self.batch)
        for number, batch in enumerate(self._batches(epoch)):
            if number + 1 == steps and epoch + 1 < self.progress.planned:
                self._batches(epoch + 1)  # the first is made while this step is taken and its result is judged
            done = (epoch + number / steps) / self.progress.planned
            losses.append(self.learner.step(batch, rate_at(done, self.rate)))
            images += len(batch.images)
            if epoch == 0 and number + 1 == min(3, steps):  # the first epoch of a tight budget must know it is tight
                self._plan_for(began, steps / (number + 1))
            if self.clock.left_s() < 0:
                break
        trained_s = time.monotonic() - began
        self._end_epoch(float(np.mean(losses)), images / trained_s, began)

    def _batches(self, epoch: int) -> Iterator[Batch]:
        """Batches of an epoch, begun once; begun again when the plan changed since and made the epoch a calm one."""
        calm = epoch >= self.progress.planned * (1 - self.recipe.calm_share)
        if self.begun is None or self.begun[0] != (epoch, calm):
            policy = self.recipe.classify_policy if self.kind == "classify" else self.recipe.policy
            policy = replace(policy, zoom=self.view_px / self.job.size_px)
            sizes = sorted({max(32, round(self.job.size_px * s / 32) * 32) for s in self.recipe.sizes})
            batches = epoch_batches(
                self.source, self.batch, sizes, replace(policy, mosaic=0.0) if calm else policy, self.job.seed, epoch,
                labels_only=self.kind == "classify", unlabelled=self.photos,
            )  # fmt: skip
            self.begun = (epoch, calm), batches
        return self.begun[1]

    def _plan_for(self, began: float, epoch_share: float) -> None:
        fits = self.clock.fitting((time.monotonic() - began) * epoch_share * 1.1)
        if fits is not None:
            self.progress.planned = min(self.job.epochs, max(1, fits))

    def _end_epoch(self, loss: float, images_per_s: float, began: float) -> None:
        """Validate when it is due, keep the state, tell."""
        progress = self.progress
        progress.epoch += 1
        entry: dict[str, Any] = {"epoch": progress.epoch, "epochs": progress.planned, "loss": round(loss, 4)}
        every = max(1, round(progress.planned / self.recipe.validations))
        if progress.epoch % every == 0 or progress.epoch >= progress.planned or self.clock.left_s() < 0:
            entry["val_score"], fitness = self._validate()
            write_glimpse(self.job.folder, self.judged, self.kind, self.names, self.validation, self.view_px)
            progress.best_fitness = max(progress.best_fitness, fitness)
            if fitness >= progress.best_fitness - _FITNESS_SLACK:
                progress.best_epoch, progress.best_score = progress.epoch, entry["val_score"]
                self.best = {k: v.clone() for k, v in self.learner.average.items()}
        if self._is_stale():  # before the state is kept: a training that goes on from it gets calm as well
            calm = max(1, round(progress.planned * self.recipe.calm_share))
            progress.planned = progress.calmed = min(progress.planned, progress.epoch + calm)
        progress.history.append(entry)
        if time.monotonic() - self.kept > _KEEP_EVERY_S:
            self._keep_state()
        self.seconds.append(time.monotonic() - began)
        told = {"val_score": progress.best_score, **entry, "images_per_s": round(images_per_s, 1)}
        try:
            self.on_epoch({**told, "seconds": round(self.seconds[-1], 2)})
        except BaseException:  # a stop: all is kept up to here
            self._keep_state()
            raise

    def _validate(self) -> tuple[float, float]:
        """Main score and fitness of the averaged weights."""
        from tools.trainers.validate import validate

        self.judged.load_state_dict(self.learner.average)
        score = validate(
            self.judged.eval(), self.kind, self.validation, len(self.names), self.learner.device,
            by_box=self.by_box, ignore_sides_px=self.ignored, bfloat16=self.learner.bfloat16,
        )  # fmt: skip
        return round(score.map50, 4), score.fitness

    def _keep_state(self) -> None:
        from tools.models.checkpoint import save_tensors

        tensors = self.learner.state() | {f"best.{k}": v for k, v in self.best.items()}
        metadata = {
            "fingerprint": self.fingerprint,
            "steps": str(self.learner.steps),
            "progress": json.dumps(asdict(self.progress)),
        }
        save_tensors(self.job.folder / _STATE_NAME, tensors, metadata)
        self.kept = time.monotonic()

    def _epoch_s(self) -> float:
        steady = self.seconds[1:] or self.seconds  # the first epoch also reads images and warms up
        return float(np.mean(steady[-5:])) if steady else 0.0

    def _is_stale(self) -> bool:
        """No better for `patience` epochs, after at least one validation; never when judged on training images.

        Then the calm end comes early, and with it the fall of the rate: weights as a high rate leaves them are poor,
        and a later round, which begins with good ones, is worse in its middle than at both ends.
        """
        progress = self.progress
        return bool(self.job.val) and progress.best_fitness >= 0 and not progress.calmed and (
            progress.epoch - progress.best_epoch >= self.job.patience and progress.epoch < progress.planned
        )  # fmt: skip

    # The end ----------------------------------------------------------------------------------------------------

    def _finish(self, stopped_by: str) -> TrainingResult:
        from tools.models.checkpoint import FITTED, save

        progress, weights = self.progress, self.job.folder / WEIGHTS_NAME
        if not self.best:  # cut before the first validation was due
            progress.best_score, progress.best_fitness = self._validate()
            progress.best_epoch, self.best = progress.epoch, self.learner.average
        save(
            weights, self.best, architecture=self.architecture, names=self.names, size_px=self.view_px,
            extra={
                "started_from": Path(self.started_from).name, "boxes": self.convention, "epochs": progress.epoch,
                FITTED: self.job.view_px is not None,
            },
        )  # fmt: skip
        result: dict[str, Any] = {
            "epochs": progress.epoch,
            "best_epoch": progress.best_epoch,
            "val_score": progress.best_score,
            "started_from": self.started_from,
            "history": progress.history,
            "stopped_by": stopped_by,
        }
        write_json(self.job.folder / _RESULT_NAME, {"fingerprint": self.fingerprint, **result})
        (self.job.folder / _STATE_NAME).unlink(missing_ok=True)
        return TrainingResult(weights=weights, **result)
