"""Score the pictures of a run and drop those that would teach nothing."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime

from tools.data.pictures import read_picture
from tools.data.sample import Sample
from tools.errors import FixArguments, StepFailed
from tools.profile import fall_back
from tools.runtime import RunContext, report
from tools.scorers import Scorer

if TYPE_CHECKING:
    from tools.scorers.clip import Embedder

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
    if names != ["pixels"] and embedder is None:
        from tools.scorers.clip import ClipEmbedder

        embedder = ClipEmbedder(
            settings.clip_model, settings.clip_floor, offline=settings.profile == "offline", batch=settings.score_batch
        )
    for name in names:
        if name == "pixels":
            from tools.scorers.pixels import PixelScorer

            scorers.append(PixelScorer())
        elif embedder is not None and name == "clip":
            from tools.scorers.clip import ClipScorer

            scorers.append(ClipScorer(embedder, run.task, scenes, settings.clip_least_share))
        elif embedder is not None:
            from tools.scorers.clis import ClipJudge, ClisScorer

            scorers.append(ClisScorer(ClipJudge(embedder), run.task, scenes, settings.clis_floor))
    return scorers


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


def _apply(
    run: RunContext, scorers: Sequence[Scorer], samples: Sequence[Sample]
) -> tuple[dict[str, dict[str, Any]], Counter[str]]:
    """Updates by sample id, and how many pictures each filter dropped. A filter sees what the ones before it passed."""
    updates: dict[str, dict[str, Any]] = {}
    dropped_by: Counter[str] = Counter()
    size = run.settings.score_batch
    for scorer in scorers:
        run.record.engines[scorer.name] = {
            "version": scorer.version, "licence": scorer.licence, "for": "quality", "why": WHY[scorer.name],
        }  # fmt: skip
    for start in range(0, len(samples), size):
        batch = samples[start : start + size]
        pictures = {}
        for sample in batch:
            run.check_stop()
            pictures[sample.id] = read_picture(run.path(sample.image))
        values: dict[str, list[float]] = {s.id: [] for s in batch}
        updates |= {s.id: {"scores": {}} for s in batch}
        left = list(batch)
        for scorer in scorers:
            qualities = scorer.score_many([pictures[s.id] for s in left], left) if left else []
            for sample, quality in zip(list(left), qualities, strict=True):
                values[sample.id].append(quality.value)
                updates[sample.id]["scores"] |= quality.scores
                passed = quality.passed if quality.passed is not None else quality.value >= run.settings.min_quality
                if not passed:
                    updates[sample.id] |= {"verdict": "dropped", "reasons": quality.reasons or ["low quality"]}
                    dropped_by[scorer.name] += 1
                    left.remove(sample)
            vectors = getattr(scorer, "embeddings", None)
            if vectors:
                run.dataset.set_embeddings(run.settings.clip_model, vectors)
                vectors.clear()
        for sample in batch:
            updates[sample.id]["quality"] = round(float(np.mean(values[sample.id])), 4)
        run.progress("score", min(start + size, len(samples)), len(samples))
    return updates, dropped_by


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
