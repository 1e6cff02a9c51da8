"""Score the pictures of a run and drop those that would teach nothing."""

from collections import Counter
from typing import Any

from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime

from tools.data.pictures import read_picture
from tools.errors import FixArguments, StepFailed
from tools.runtime import RunContext, report
from tools.scorers import Scorer


def make_scorer(run: RunContext) -> Scorer:
    """The engine of `settings.scorer`.

    Raises:
        FixArguments: there is no such engine.
    """
    if run.settings.scorer != "pixels":
        raise FixArguments(f"scorer {run.settings.scorer!r} is not known here; use 'pixels'")
    from tools.scorers.pixels import PixelScorer

    return PixelScorer()


def score(run: RunContext) -> str:
    """Score the pictures of the current round; see `score_images`."""
    scorer, limit = make_scorer(run), run.settings.min_quality
    samples = list(run.dataset.samples(round_number=run.round.number))
    if not samples:
        raise StepFailed("this round has no picture to score; call generate_images")
    run.record.engines[scorer.name] = {
        "version": scorer.version, "licence": scorer.licence, "for": "quality", "why": "works without a model",
    }  # fmt: skip
    reasons: Counter[str] = Counter()
    updates: dict[str, dict[str, Any]] = {}
    values = []
    for done, sample in enumerate(samples, start=1):
        run.check_stop()
        quality = scorer.score(read_picture(run.path(sample.image)), sample)
        values.append(quality.value)
        updates[sample.id] = {"scores": quality.scores, "quality": quality.value}
        if quality.value < limit:
            why = quality.reasons or ["low quality"]
            updates[sample.id] |= {"verdict": "dropped", "reasons": why}
            reasons.update(why)
        run.progress("score", done, len(samples))
    run.dataset.update_samples(updates)
    dropped = sum("verdict" in u for u in updates.values())
    return report(
        done=f"scored {len(samples)} pictures, dropped {dropped}",
        median_quality=round(sorted(values)[len(values) // 2], 2),
        dropped_for=dict(reasons),
        weak=["more than a third was dropped"] if dropped > len(samples) / 3 else [],
        next="curate_dataset",
    )


@tool
def score_images(runtime: ToolRuntime[RunContext]) -> str:
    """Score the round's pictures 0..1 by sharpness, exposure, contrast, visible share and size; drop the worst."""
    run = runtime.context
    run.task  # noqa: B018
    with run.stage("score"):
        return score(run)
