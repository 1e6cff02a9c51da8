"""The images that a run's models are judged on, and the scorer that does it."""

from dataclasses import dataclass
from pathlib import Path

from tools.core.errors import StepFailed
from tools.core.settings import EFFORTS
from tools.core.task import TaskSpec
from tools.data.real import load_real
from tools.data.sample import Sample, evenly
from tools.data.scores import EvaluatedOn
from tools.metrics.coco import JudgedImage
from tools.metrics.label_scoring import LabelScorer
from tools.metrics.scoring import DetectionScorer, ScoringRules
from tools.runs.estimate import about_judging, photos_judging
from tools.runs.runtime import RunContext

SetScorer = DetectionScorer | LabelScorer
# Images of a set that a model is scored on: the standard error of a share is 0.002 then, and memory 1.5 GB.
MOST = 100_000


@dataclass(frozen=True)
class Sets:
    """The images a model is measured on; sets without an image are left out."""

    deciding: EvaluatedOn
    samples: dict[EvaluatedOn, list[Sample]]
    notes: list[str]


def sets_of(run: RunContext) -> Sets:
    """Kept images of all rounds by split, and the real photos when there are any.

    Raises:
        StepFailed: no image that could decide.
    """
    task, notes = run.task, []
    samples: dict[EvaluatedOn, list[Sample]] = {
        "synthetic_val": list(run.dataset.samples(verdict="kept", split="val", most=MOST)),
        "synthetic_test": list(run.dataset.samples(verdict="kept", split="test", most=MOST)),
    }
    notes += [
        f"{on}: {MOST:,} of {count:,} pictures, from all over them"
        for on, split in (("synthetic_val", "val"), ("synthetic_test", "test"))
        if (count := run.dataset.count(verdict="kept", split=split)) > MOST
    ]
    if run.record.real:
        real = load_real(
            Path(run.record.real), task, run.settings.evaluation.real_val_share, run.settings.evaluation.class_map
        )
        there = len(real.val) + len(real.test)
        judging = photos_judging(there, task.budget.minutes, run.settings)
        samples["real_val"], samples["real_test"] = (
            evenly(photos, max(1, round(len(photos) * judging / max(there, 1)))) for photos in (real.val, real.test)
        )
        notes += real.notes
        notes += about_judging(judging, there, task.budget.minutes)
    if task.kind == "classify":
        samples = {on: [s for s in chosen if s.label in task.class_names] for on, chosen in samples.items()}
    deciding: EvaluatedOn = "real_val" if samples.get("real_val") else "synthetic_val"
    if run.record.real and deciding == "synthetic_val":
        notes.append("no real photo is left to decide: synthetic_val decides")
    if not samples[deciding]:
        raise StepFailed(
            "No kept picture has the split val, so nothing can be measured. Curate, or make more pictures."
        )
    return Sets(deciding, {on: chosen for on, chosen in samples.items() if chosen}, notes)


def rules_for(run: RunContext, on: EvaluatedOn, seen_px: int) -> ScoringRules:
    """How detections on a set are counted; small things are ignored on photos only, since renders label them all."""
    settings = run.settings
    return ScoringRules(
        match_iou=settings.evaluation.match_iou,
        ignore_side_px=settings.evaluation.ignore_side_px if not on.startswith("synthetic") else 0.0,
        seen_px=seen_px,
        bootstrap=EFFORTS[settings.effort].bootstrap,
        seed=settings.seed,
        fallback_threshold=settings.evaluation.fallback_confidence,
        threshold_slack=settings.evaluation.threshold_slack,
    )


def scorer_of(images: list[JudgedImage], task: TaskSpec, rules: ScoringRules) -> SetScorer:
    """The scorer for a kind of task."""
    if task.kind == "classify":
        return LabelScorer(images, task.class_names, rules)
    return DetectionScorer(images, task.class_names, task.kind, rules)
