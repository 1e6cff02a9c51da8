"""The filters of a run, by the names in its settings, and a batch of images put through them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import Settings
from tools.data.images import ImageArray
from tools.data.sample import Sample
from tools.runs.runtime import RunContext
from tools.scorers import Scorer

if TYPE_CHECKING:
    from tools.models.vision import VisionModel
    from tools.scorers.clip import Embedder


Float32Array = npt.NDArray[np.float32]


ENGINES = ("pixels", "clip", "clis")


def make_scorers(run: RunContext, embedder: "Embedder | None" = None) -> list[Scorer]:
    """The engines of `settings.curation.scorer`, in order; "clip" and "clis" share one model.

    Args:
        run: names the engines, the task and the planned scenes.
        embedder: takes the place of `settings.clip.model`.

    Raises:
        FixArguments: there is no such engine.
        StepFailed: the weights that it needs are missing.
    """
    settings, names = run.settings, [n.strip() for n in run.settings.curation.scorer.split("+")]
    if unknown := [n for n in names if n not in ENGINES]:
        raise FixArguments(f"scorer {unknown[0]!r} is not known here; use {', '.join(ENGINES)}, joined by '+'")
    scorers: list[Scorer] = []
    scenes = {s.id: s for s in run.dataset.scenes()} if names != ["pixels"] else {}
    if embedder is None and ("clip" in names or ("clis" in names and settings.clis.judge == "clip")):
        embedder = make_embedder(settings)
    for name in names:
        if name == "pixels":
            from tools.scorers.pixels import PixelScorer

            scorers.append(PixelScorer())
        elif name == "clip" and embedder is not None:
            from tools.scorers.clip import ClipScorer

            scorers.append(ClipScorer(embedder, run.task, scenes, settings.clip.least_share))
        else:
            from tools.scorers.clis import ClipJudge, ClisScorer, Judge, VlmJudge

            judge: Judge
            if embedder is None or settings.clis.judge == "vlm":
                judge = VlmJudge(make_vision(run))
            else:
                judge = ClipJudge(embedder)
            scorers.append(ClisScorer(judge, run.task, scenes, settings.clis.floor))
    return scorers


def make_embedder(settings: Settings) -> "Embedder":
    """The CLIP of the settings.

    Raises:
        StepFailed: its weights are missing or damaged.
    """
    from tools.scorers.clip import ClipEmbedder

    clip = settings.clip
    return ClipEmbedder(
        clip.model, clip.floor, offline=settings.profile == "offline", batch=settings.curation.score_batch
    )


def make_vision(run: RunContext) -> "VisionModel":
    """The vision model of the settings, with the run's money.

    Raises:
        StepFailed: its name, address or price is missing.
    """
    from tools.models.vision import VisionModel

    model = VisionModel(run.settings, run.folder, run.task.budget.money)
    if problem := model.unavailable():
        raise StepFailed(problem)
    return model


@dataclass
class Scored:
    """What the filters say of one batch."""

    updates: dict[str, dict[str, Any]]  # sample id -> fields
    dropped_by: Counter[str] = field(default_factory=Counter)
    vectors: dict[str, Float32Array] = field(default_factory=dict)  # sample id -> of the whole image


def score_batch(
    scorers: Sequence[Scorer], images: Sequence[ImageArray], samples: Sequence[Sample], min_quality: float
) -> Scored:
    """Put images through the filters; each sees what the ones before it passed.

    Args:
        scorers: the filters, in order.
        images: (h, w, 3) RGB.
        samples: of the images, in their order.
        min_quality: for filters that give no verdict of their own.
    """
    outcome = Scored({s.id: {"scores": {}} for s in samples})
    by_id = {s.id: p for s, p in zip(samples, images, strict=True)}
    values: dict[str, list[float]] = {s.id: [] for s in samples}
    left = list(samples)
    for scorer in scorers:
        qualities = scorer.score_many([by_id[s.id] for s in left], left) if left else []
        for sample, quality in zip(list(left), qualities, strict=True):
            update = outcome.updates[sample.id]
            values[sample.id].append(quality.value)
            update["scores"] |= quality.scores
            passed = quality.passed if quality.passed is not None else quality.value >= min_quality
            if not passed:
                update |= {"verdict": "dropped", "reasons": quality.reasons or ["low quality"]}
                outcome.dropped_by[scorer.name] += 1
                left.remove(sample)
        outcome.vectors.update(scorer.take_embeddings())
    for sample in samples:
        outcome.updates[sample.id]["quality"] = round(float(np.mean(values[sample.id])), 4)
    return outcome
