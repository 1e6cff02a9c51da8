"""What scores are worth on photos: `python benchmarks/calibration.py RUN [RUN ...] --photos DIR [--ignore-side PX]`.

The labelled photos are halved by photo many times. Each time scaling and thresholds are fitted to one half and looked
at on the other: calibration error of the scores as they are, scaled, and as `sightsmith label --labelled` would keep
them; precision and recall from the threshold of a wanted precision. A precision is also pooled over the halvings,
because the handful of labels in one of them is mostly luck.
"""

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

import numpy as np

from tools.core.settings import Settings
from tools.data.photos import photo_of
from tools.data.real import read_photos
from tools.label.choosing import Choice, make_engine
from tools.label.confidence import ScoredDetections, scores_of
from tools.models.calibration import expected_calibration_error, fit, gains, reliability, threshold_for
from tools.runs.runtime import RunRecord

WANTED = (0.8, 0.9, 0.95)


def error(scores: list[float], right: list[bool]) -> float:
    """Expected calibration error."""
    return expected_calibration_error(reliability(scores, right))


def halves(groups: list[str], seed: int) -> tuple[set[str], set[str]]:
    """Two halves of the photos."""
    names = np.random.default_rng(seed).permutation(sorted(set(groups))).tolist()
    return set(names[: len(names) // 2]), set(names[len(names) // 2 :])


def one_run(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """All figures of one run's best model."""
    record = RunRecord.model_validate_json((folder / "run.json").read_text(encoding="utf-8"))
    assert record.task is not None and record.best is not None
    settings = Settings(**{**record.settings, "ignore_side_px": given.ignore_side})
    samples, _ = read_photos(given.photos, record.task, settings.evaluation.class_map)
    engine = make_engine(record.task, settings, Choice(str(folder / record.best.weights), record.best.threshold))
    found: dict[str, ScoredDetections] = {}
    labels: dict[str, int] = {}
    for sample in samples:
        group = photo_of(sample.provenance.get("file", sample.image))
        scored, truths = scores_of(
            engine, [sample], record.task, settings.evaluation.match_iou, settings.evaluation.ignore_side_px
        )
        found.setdefault(group, []).extend(scored)
        labels[group] = labels.get(group, 0) + sum(truths.values())
    engine.close()
    errors: dict[str, list[float]] = {"as it is": [], "scaled": [], "kept": []}
    reached: dict[float, list[tuple[int, int, int]]] = {w: [] for w in WANTED}
    for seed in range(given.halvings):
        fitted, held = halves(list(found), seed)
        scores, right = [[v[k] for g in sorted(fitted) for v in found[g]] for k in (1, 2)]
        own, truth = [[v[k] for g in sorted(held) for v in found[g]] for k in (1, 2)]
        scaling = fit(scores, right)
        scaled = own if scaling is None else [scaling(s) for s in own]
        errors["as it is"].append(error(own, truth))
        errors["scaled"].append(error(scaled, truth))
        errors["kept"].append(error(scaled if gains(scores, right) else own, truth))
        for wanted in WANTED:
            least = threshold_for(scores, right, wanted)
            kept = [r for s, r in zip(own, truth, strict=True) if least is not None and s >= least]
            reached[wanted].append((sum(kept), len(kept), sum(labels[g] for g in held)))
    return {
        "photos": len(found), "detections": sum(map(len, found.values())),
        "ece": {name: round(statistics.median(values), 4) for name, values in errors.items()},
        "precision": {str(wanted): _precision(parts, wanted) for wanted, parts in reached.items()},
    }  # fmt: skip


def _precision(parts: list[tuple[int, int, int]], wanted: float) -> dict[str, float]:
    some = [(hits, kept) for hits, kept, _ in parts if kept]
    return {
        "pooled": round(sum(h for h, _ in some) / max(1, sum(k for _, k in some)), 3),
        "median": round(statistics.median(h / k for h, k in some), 3) if some else 0.0,
        "halvings_that_reach_it": round(sum(h / k >= wanted for h, k in some) / len(parts), 2),
        "recall": round(sum(h for h, _, _ in parts) / max(1, sum(n for *_, n in parts)), 3),
    }


def main() -> None:
    """Print a table as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--ignore-side", type=float, default=0.0)
    parser.add_argument("--halvings", type=int, default=50)
    given = parser.parse_args()
    print(json.dumps({run.name: one_run(run, given) for run in given.runs}, indent=1))


if __name__ == "__main__":
    main()
