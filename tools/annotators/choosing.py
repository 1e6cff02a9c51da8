"""Detectors and segmenter of a run, by the names in its settings."""

from typing import TYPE_CHECKING

from tools.annotators import Segmenter
from tools.core.errors import StepFailed
from tools.runs.profile import fall_back
from tools.runs.runtime import RunContext

if TYPE_CHECKING:
    from tools.annotators.detect_and_segment import DetectAndSegment


def make_detect_and_segment(run: RunContext) -> "DetectAndSegment":
    """Detectors, segmenter and the check of crops as the settings say.

    Args:
        run: names the engines.
    """
    from tools.annotators.detect_and_segment import DetectAndSegment, LabelRules, Ontology, crop_checker
    from tools.annotators.grabcut import GrabCutSegmenter
    from tools.annotators.open_vocabulary import make_detector

    settings, offline = run.settings, run.settings.profile == "offline"
    names = [n for n in (settings.annotation.detector, settings.annotation.second_detector) if n]
    detectors = [make_detector(n, offline=offline, batch=settings.annotation.detector_batch) for n in names]
    segmenter: Segmenter = GrabCutSegmenter()
    if settings.annotation.segmenter != "grabcut" and run.task.kind == "segment":
        from tools.annotators.sam import make_sam

        try:
            segmenter = make_sam(
                settings.annotation.segmenter, offline=offline, batch=settings.annotation.segmenter_batch,
                min_quality=settings.annotation.min_mask_quality,
            )  # fmt: skip
        except StepFailed as error:
            fall_back(run, "segmenter", "grabcut", error)
    scenes = run.dataset.scenes()
    others = sorted({o.drawn_as for s in scenes for o in s.objects if o.role == "lookalike"})
    ontology = Ontology.of(run.task, settings.annotation.phrases, others)
    rules = LabelRules.of(settings, detectors)
    return DetectAndSegment(detectors, segmenter, ontology, rules, crop_checker(settings))
