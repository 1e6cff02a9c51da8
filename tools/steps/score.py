"""Score the pictures of a run and drop those that would teach nothing."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime

from tools.core.errors import FixArguments, StepFailed
from tools.data.pictures import Picture, read_picture
from tools.data.sample import Sample
from tools.runs.profile import fall_back
from tools.runs.runtime import RunContext, report
from tools.scorers import Scorer

if TYPE_CHECKING:
    from tools.models.vision import VisionModel
    from tools.scorers.clip import Embedder

Float32Array = npt.NDArray[np.float32]
ENGINES = ("pixels", "clip", "clis")
WHY = {
    "pixels": "works without a model", "clip": "refuses pictures that show something else",
    "clis": "compares pictures with what was asked for",
}  # fmt: skip
NOT_BEST = "not among the best of its class"


def make_scorers(run: RunContext, embedder: "Embedder | None" = None) -> list[Scorer]:
    """The engines of `settings.scorer`, in order; "clip" and "clis" share one model.

    Args:
        run: names the engines, the task and the planned scenes.
        embedder: takes the place of `settings.clip_model`.

    Raises:
        FixArguments: there is no such engine.
        StepFailed: the weights that it needs are missing.
    """
    settings, names = run.settings, [n.strip() for n in run.settings.scorer.split("+")]
    if unknown := [n for n in names if n not in ENGINES]:
        raise FixArguments(f"scorer {unknown[0]!r} is not known here; use {', '.join(ENGINES)}, joined by '+'")
    scorers: list[Scorer] = []
    scenes = {s.id: s for s in run.dataset.scenes()} if names != ["pixels"] else {}
    if embedder is None and ("clip" in names or ("clis" in names and settings.clis_judge == "clip")):
        from tools.scorers.clip import ClipEmbedder

        embedder = ClipEmbedder(
            settings.clip_model, settings.clip_floor, offline=settings.profile == "offline", batch=settings.score_batch
        )
    for name in names:
        if name == "pixels":
            from tools.scorers.pixels import PixelScorer

            scorers.append(PixelScorer())
        elif name == "clip" and embedder is not None:
            from tools.scorers.clip import ClipScorer

            scorers.append(ClipScorer(embedder, run.task, scenes, settings.clip_least_share))
        else:
            from tools.scorers.clis import ClipJudge, ClisScorer, Judge, VlmJudge

            judge: Judge
            if embedder is None or settings.clis_judge == "vlm":
                judge = VlmJudge(make_vision(run))
            else:
                judge = ClipJudge(embedder)
            scorers.append(ClisScorer(judge, run.task, scenes, settings.clis_floor))
    return scorers


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


def score(run: RunContext, embedder: "Embedder | None" = None) -> str:
    """Score the pictures of the current round; see `score_images`."""
    samples = list(run.dataset.samples(round_number=run.round.number))
    if not samples:
        raise StepFailed("this round has no picture to score; call generate_images")
    try:
        scorers = make_scorers(run, embedder)
    except StepFailed as error:
        fall_back(run, "scorer", "pixels", error)
        scorers = make_scorers(run)
    try:
        updates, dropped_by = _apply(run, scorers, samples)
    finally:
        for scorer in scorers:
            scorer.close()
        if run.settings.clis_judge == "vlm" and "clis" in run.settings.scorer:
            run.record.totals["money"] = make_vision(run).ledger.spent_usd
    passed = [s for s in samples if "verdict" not in updates[s.id]]
    qualities = {i: float(u["quality"]) for i, u in updates.items()}
    for sample in not_best(passed, qualities, run.settings.keep_share):
        updates[sample.id] |= {"verdict": "dropped", "reasons": [NOT_BEST]}
        dropped_by["best of N"] += 1
    run.dataset.update_samples(updates)
    reasons = Counter(r for u in updates.values() for r in u.get("reasons", []))
    dropped = sum("verdict" in u for u in updates.values())
    too_many = dropped - dropped_by["best of N"] > len(samples) / 3
    return report(
        done=f"scored {len(samples)} pictures, dropped {dropped}",
        median_quality=round(sorted(qualities.values())[len(samples) // 2], 2),
        dropped_for=dict(reasons.most_common(8)),
        dropped_by=dict(dropped_by) if len(scorers) > 1 or run.settings.keep_share < 1 else None,
        weak=["more than a third was dropped"] if too_many else [],
        next="curate_dataset",
    )


@dataclass
class Scored:
    """What the filters say of one batch."""

    updates: dict[str, dict[str, Any]]  # sample id -> fields
    dropped_by: Counter[str] = field(default_factory=Counter)
    vectors: dict[str, Float32Array] = field(default_factory=dict)  # sample id -> of the whole picture


def score_batch(
    scorers: Sequence[Scorer], pictures: Sequence[Picture], samples: Sequence[Sample], min_quality: float
) -> Scored:
    """Put pictures through the filters; each sees what the ones before it passed.

    Args:
        scorers: the filters, in order.
        pictures: (h, w, 3) RGB.
        samples: of the pictures, in their order.
        min_quality: for filters that give no verdict of their own.
    """
    outcome = Scored({s.id: {"scores": {}} for s in samples})
    by_id = {s.id: p for s, p in zip(samples, pictures, strict=True)}
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
        vectors = getattr(scorer, "embeddings", None)
        if vectors:
            outcome.vectors.update(vectors)
            vectors.clear()
    for sample in samples:
        outcome.updates[sample.id]["quality"] = round(float(np.mean(values[sample.id])), 4)
    return outcome


def _apply(
    run: RunContext, scorers: Sequence[Scorer], samples: Sequence[Sample]
) -> tuple[dict[str, dict[str, Any]], Counter[str]]:
    """Updates by sample id, and how many pictures each filter dropped."""
    updates: dict[str, dict[str, Any]] = {}
    dropped_by: Counter[str] = Counter()
    for scorer in scorers:
        run.record.engines[scorer.name] = {
            "version": scorer.version, "licence": scorer.licence, "for": "quality", "why": WHY[scorer.name],
        }  # fmt: skip
    size = run.settings.score_batch
    batches = [samples[start : start + size] for start in range(0, len(samples), size)]
    for outcome in _outcomes(run, scorers, batches):
        updates |= outcome.updates
        dropped_by.update(outcome.dropped_by)
        if outcome.vectors:
            run.dataset.set_embeddings(run.settings.clip_model, outcome.vectors)
        run.progress("score", len(updates), len(samples))
    return updates, dropped_by


def _outcomes(run: RunContext, scorers: Sequence[Scorer], batches: Sequence[Sequence[Sample]]) -> Iterator[Scored]:
    """Of every batch, as it is finished: here, or on a cluster, whose workers have filters of their own."""

    def read(sample: Sample) -> Picture:
        run.check_stop()
        return read_picture(run.path(sample.image))

    if run.settings.engine == "local" or run.settings.clis_judge == "vlm":  # one ledger, one place
        for batch in batches:
            yield score_batch(scorers, [read(s) for s in batch], batch, run.settings.min_quality)
        return
    from tools.cluster.stages import scored

    for scorer in scorers:
        scorer.close()
    for _, outcome in scored(run, batches, read):
        yield outcome


def not_best(samples: Sequence[Sample], qualities: dict[str, float], keep_share: float) -> list[Sample]:
    """Samples outside the best `keep_share` of those that show the same classes; a rare class is never emptied.

    Args:
        samples: that passed every filter.
        qualities: sample id -> 0..1.
        keep_share: 0..1; of each group at least one is kept.
    """
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        shown = [sample.label] if sample.label else sorted({i.class_name for i in sample.instances})
        groups.setdefault("/".join(shown), []).append(sample)
    outside: list[Sample] = []
    for members in groups.values():
        members.sort(key=lambda s: (-qualities[s.id], s.id))
        outside += members[max(1, math.ceil(keep_share * len(members))) :]
    return outside


@tool
def score_images(runtime: ToolRuntime[RunContext]) -> str:
    """Score the round's pictures 0..1 (sharpness, exposure, size; with a model also content); drop the worst."""
    run = runtime.context
    run.task  # noqa: B018
    with run.stage("score"):
        return score(run)
