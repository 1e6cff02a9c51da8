"""Score the images of a run and drop those that would teach nothing."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime

from tools.core.errors import StepFailed
from tools.data.images import ImageArray, read_image
from tools.data.sample import Sample
from tools.runs.profile import fall_back
from tools.runs.runtime import RunContext, report
from tools.scorers import Scorer
from tools.scorers.choosing import Scored, make_scorers, make_vision, score_batch

if TYPE_CHECKING:
    from tools.scorers.clip import Embedder

WHY = {
    "pixels": "works without a model", "clip": "refuses pictures that show something else",
    "clis": "compares pictures with what was asked for",
}  # fmt: skip
NOT_BEST = "not among the best of its class"


def score(run: RunContext, embedder: "Embedder | None" = None) -> str:
    """Score the images of the current round; see `score_images`."""
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
        if run.settings.clis.judge == "vlm" and "clis" in run.settings.curation.scorer:
            run.record.totals["money"] = make_vision(run).ledger.spent_usd
    passed = [s for s in samples if "verdict" not in updates[s.id]]
    qualities = {i: float(u["quality"]) for i, u in updates.items()}
    for sample in not_best(passed, qualities, run.settings.curation.keep_share):
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
        dropped_by=dict(dropped_by) if len(scorers) > 1 or run.settings.curation.keep_share < 1 else None,
        weak=["more than a third was dropped"] if too_many else [],
        next="curate_dataset",
    )


def _apply(
    run: RunContext, scorers: Sequence[Scorer], samples: Sequence[Sample]
) -> tuple[dict[str, dict[str, Any]], Counter[str]]:
    """Updates by sample id, and how many images each filter dropped."""
    updates: dict[str, dict[str, Any]] = {}
    dropped_by: Counter[str] = Counter()
    for scorer in scorers:
        run.record.engines[scorer.name] = {
            "version": scorer.version, "licence": scorer.licence, "for": "quality", "why": WHY[scorer.name],
        }  # fmt: skip
    size = run.settings.curation.score_batch
    batches = [samples[start : start + size] for start in range(0, len(samples), size)]
    for outcome in _outcomes(run, scorers, batches):
        updates |= outcome.updates
        dropped_by.update(outcome.dropped_by)
        if outcome.vectors:
            run.dataset.set_embeddings(run.settings.clip.model, outcome.vectors)
        run.progress("score", len(updates), len(samples))
    return updates, dropped_by


def _outcomes(run: RunContext, scorers: Sequence[Scorer], batches: Sequence[Sequence[Sample]]) -> Iterator[Scored]:
    """Of every batch, as it is finished: here, or on a cluster, whose workers have filters of their own."""

    def read(sample: Sample) -> ImageArray:
        run.check_stop()
        return read_image(run.path(sample.image))

    if run.settings.cluster.engine == "local" or run.settings.clis.judge == "vlm":  # one ledger, one place
        for batch in batches:
            yield score_batch(scorers, [read(s) for s in batch], batch, run.settings.curation.min_quality)
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
    """Score the round's images 0..1 (sharpness, exposure, size; with a model also content); drop the worst."""
    run = runtime.context
    run.task  # noqa: B018
    with run.stage("score"):
        return score(run)
