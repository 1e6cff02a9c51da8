"""What the learning benchmarks share: renders made once with the product's own tools, one training, one score."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.core.settings import Settings
from tools.core.task import TaskSpec
from tools.data.real import load_real
from tools.data.sample import Sample
from tools.data.scores import Evaluation
from tools.drawable.classes import ClassArgument
from tools.metrics.judging import scorer_of
from tools.metrics.predictions import Recogniser, ask, join
from tools.metrics.scoring import ScoringRules
from tools.models.predict import Predictor
from tools.runs.runtime import RunContext, RunRecord
from tools.steps.annotate import annotate
from tools.steps.curate import curate
from tools.steps.generate import generate
from tools.steps.scenes import design
from tools.steps.score import score
from tools.steps.task import Wanted, define
from tools.trainers import TrainingJob, TrainingResult

IGNORED_SIDE_PX = 32.0  # far fruit is not labelled in the orchard photos


@dataclass(frozen=True)
class Renders:
    """Labelled renders of a task, split by family."""

    folder: Path
    task: TaskSpec
    samples: list[Sample]

    def split(self, *names: str) -> list[Sample]:
        """Samples of the splits of these names."""
        return [s for s in self.samples if s.split in names]


def make_renders(folder: Path, classes: Sequence[str], count: int, seed: int, size_px: int = 320) -> Renders:
    """Render, score, curate and label `count` images of classes in any place; what exists already is used."""
    folder.mkdir(parents=True, exist_ok=True)
    record = RunRecord(name=folder.name, request=", ".join(classes), created="")
    settings = Settings(seed=seed, size_px=size_px, effort="quick")
    run = RunContext(folder, record, settings, auto_approve=True)
    define(run, Wanted(kind="segment", classes=[ClassArgument(name=c) for c in classes], images=count, rounds=1))
    for step in (lambda r: design(r, count, [], None), generate, score, curate, annotate):
        step(run)
    return Renders(folder, run.task, list(run.dataset.samples(verdict="kept")))


def train(
    trainer: Any,
    renders: Renders,
    train_on: Sequence[Sample],
    val: Sequence[Sample],
    folder: Path,
    seed: int,
    **job: Any,
) -> TrainingResult:
    """One training; the job's limits (epochs, deadline_s, threads) are given by name."""
    limits = {"epochs": 200, "size_px": 320, "batch": 16, "patience": 1000} | job
    return trainer.train(
        TrainingJob(renders.task, train_on, val, renders.folder, folder, seed=seed, **limits), lambda _: None
    )


def evaluated(model: Recogniser, samples: Sequence[Sample], root: Path, task: TaskSpec, **rules: Any) -> Evaluation:
    """All scores of a model on labelled images, at the working threshold that the same images give."""
    answers = ask(model, list(samples), root, 0.001, lambda _: None)
    scorer = scorer_of(join(list(samples), answers, task), task, ScoringRules(bootstrap=20, **rules))
    return scorer.evaluation("synthetic_val", scorer.threshold())


def on_photos(model: Predictor, photos: Path, task: TaskSpec) -> Evaluation:
    """Box scores on every labelled photo of a folder; small boxes and small detections are ignored."""
    real = load_real(photos, task, 0.5)
    return evaluated(model, [*real.val, *real.test], Path("/"), task, ignore_side_px=IGNORED_SIDE_PX, seen_px=320)


def middle(values: Sequence[float | None]) -> float:
    """The median of what is known."""
    known = [v for v in values if v is not None]
    return round(statistics.median(known), 3) if known else float("nan")
