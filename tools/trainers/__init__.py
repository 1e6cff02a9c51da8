"""Engines that train a recogniser."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tools.core.task import TaskSpec
from tools.data.sample import Sample

# Called after every epoch with plain values (epoch, epochs, loss, val_score, images_per_s); may raise Stopped.
EpochCallback = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class TrainingJob:
    """What to train on and within which limits."""

    task: TaskSpec
    train: Sequence[Sample]
    val: Sequence[Sample]
    image_root: Path  # sample.image is relative to it
    folder: Path  # checkpoints and logs; a job that finds its own half-done work there goes on with it
    epochs: int
    size_px: int
    batch: int
    seed: int
    initial: Path | None = None  # weights to start from (.safetensors); None: starter weights if any, else random
    deadline_s: float = float("inf")  # seconds of wall clock from now
    patience: int = 12
    threads: int | None = None
    unlabelled: Sequence[Sample] = ()  # photos that a classifier learns from as well
    view_px: int | None = None  # side of images in use, of which training sees windows of `size_px`; None: the same


@dataclass(frozen=True)
class TrainingResult:
    """What came out."""

    weights: Path  # .safetensors with metadata: architecture, kind, names, size_px
    epochs: int
    best_epoch: int
    val_score: float
    started_from: str  # "starter", "random", or a path
    history: list[dict[str, Any]] = field(default_factory=list)
    stopped_by: str = "epochs"  # epochs | patience | deadline


class Trainer(Protocol):
    """One engine."""

    name: str
    version: str
    licence: str

    def train(self, job: TrainingJob, on_epoch: EpochCallback) -> TrainingResult:
        """Train and return the best weights by validation."""
