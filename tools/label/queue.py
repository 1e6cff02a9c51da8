"""What a person should look at first: photos that are uncertain, contested by two annotators, or unlike the rest."""

from dataclasses import asdict, dataclass
from typing import Any

from tools.core.settings import Settings
from tools.label.folder import LabelFolder
from tools.runs.runtime import write_json

QUEUE = "review.json"
_MOST_COMPARED = 20_000  # photos: beyond, their vectors are no longer flat memory, and every k-th is compared


@dataclass(frozen=True)
class Queued:
    """One photo to look at."""

    photo: str  # its name among those given
    id: str
    reasons: list[str]
    certainty: float


def write_queue(kept: LabelFolder, settings: Settings) -> list[Queued]:
    """Find the photos to look at, mark them in the set, and write `review.json` beside it; most urgent first.

    A photo that a person has looked at is not in it any more.

    Args:
        kept: the labelled photos.
        settings: what counts as unlike the rest.
    """
    seen = kept.dataset.corrected()
    least = _least_certain(kept, settings.review.share)
    unlike = _outliers(kept, settings)
    queue: list[Queued] = []
    updates: dict[str, dict[str, Any]] = {}
    for sample in kept.samples():
        reasons = [r for r in sample.reasons if not r.startswith(_OWN)]
        if sample.id in least:
            reasons.append(f"uncertain: {sample.scores['undecided']:g} undecided")
        if sample.id in unlike:
            reasons.append(f"unlike the rest (z {unlike[sample.id]:g})")
        verdict = "new" if reasons else "kept"
        if sample.id in seen:
            continue
        if (reasons, verdict) != (sample.reasons, sample.verdict):
            updates[sample.id] = {"reasons": reasons, "verdict": verdict}
        if reasons:
            certainty = 1.0 if sample.quality is None else sample.quality
            queue.append(Queued(str(sample.provenance["file"]), sample.id, reasons, certainty))
    kept.dataset.update_samples(updates)
    queue.sort(key=lambda q: (-len(q.reasons), q.certainty, q.photo))
    write_json(kept.folder / QUEUE, {"photos": [asdict(q) for q in queue]})
    return queue


_OWN = ("unlike the rest", "uncertain")  # reasons that are found anew each time


def _least_certain(kept: LabelFolder, share: float) -> set[str]:
    """Ids of the photos with undecided objects, the least certain ones, at most a share of all."""
    undecided = [(s.quality or 0.0, s.id) for s in kept.samples() if s.scores.get("undecided")]
    return {identity for _, identity in sorted(undecided)[: max(1, round(share * kept.count()))]}


def _outliers(kept: LabelFolder, settings: Settings) -> dict[str, float]:
    """Sample id -> how many robust deviations a photo is farther from its neighbours than photos usually are."""
    ids, vectors = kept.vectors(_MOST_COMPARED)
    if not ids:
        return {}
    from tools.steps.curate import find_outliers

    found = find_outliers(
        vectors, ["all"] * len(ids), settings.curation.outlier_neighbours, settings.curation.outlier_z
    )
    return {ids[i]: z for i, z in found.items()}
