"""Label the kept images of a run, and measure the annotator where the labels are known exactly."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime

from tools.annotators import Annotator
from tools.annotators.audit import audit, sentence
from tools.annotators.choosing import make_detect_and_segment
from tools.annotators.exact import ExactAnnotator
from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import EFFORTS, WORDED_GENERATORS
from tools.data.images import ImageArray, read_image
from tools.data.sample import Instance, Sample
from tools.data.scores import Audit
from tools.metrics.coco import JudgedImage as Scored
from tools.runs.runtime import RunContext, report
from tools.scenes.scene import SceneSpec

if TYPE_CHECKING:
    from tools.annotators.detect_and_segment import DetectAndSegment
    from tools.annotators.vlm_review import VlmReview


OUTDONE = "another picture of the same layout shows it better"


def make_annotator(run: RunContext) -> Annotator:
    """The engine of `settings.annotation.annotator`.

    Raises:
        FixArguments: there is no such engine.
        StepFailed: the weights that it needs are missing.
    """
    name = run.settings.annotation.annotator
    if name == "exact":
        return ExactAnnotator(run.settings.annotation.min_instance_px)
    if name == "detect_and_segment":
        return _spread(run, _calibrated(run))
    raise FixArguments(f"annotator {name!r} is not known here; use 'exact' or 'detect_and_segment'")


def _spread(run: RunContext, engine: "DetectAndSegment") -> Annotator:
    """The annotator on a cluster where the settings say so; it was loaded here, where its scores were calibrated."""
    if run.settings.cluster.engine == "local":
        return engine
    from tools.cluster.stages import RayAnnotator

    engine.close()
    return RayAnnotator(run, engine.name, engine.version, engine.licence, engine.calibration)


def _calibrated(run: RunContext) -> "DetectAndSegment":
    engine = make_detect_and_segment(run)
    calibrate(run, engine)
    return engine


def calibrate(run: RunContext, annotator: "DetectAndSegment") -> None:
    """Fit the annotator's scores to the photos that decide, where there are enough; never to those of the test."""
    from tools.annotators.detect_and_segment import scores_and_hits
    from tools.models.calibration import fit

    settings = run.settings
    set_by_hand = settings.annotation.detector_confidence is not None
    if run.record.real is None or set_by_hand or run.task.kind == "classify":
        return
    from tools.data.real import load_real

    judging = settings.evaluation
    photos = load_real(Path(run.record.real), run.task, judging.real_val_share, judging.class_map).val
    chosen = photos[: settings.annotation.calibration_photos]
    scores, hits = scores_and_hits(
        annotator, chosen, run.task, lambda s: read_image(run.path(s.image)), judging.match_iou
    )
    annotator.calibration = fit(scores, hits)
    if annotator.calibration is not None:
        run.emit(
            "note", text=f"label scores are calibrated on {len(chosen)} real photos ({sum(hits)} of {len(hits)} right)"
        )


def _at_once(run: RunContext, engine: Annotator) -> int:
    """Images between two entries in the data set: a batch, or as many as keep a cluster busy."""
    return engine.at_once or run.settings.annotation.detector_batch


def is_exact(sample: Sample) -> bool:
    """Whether the sample's labels came with its image: rendered or pasted, not drawn from words."""
    known = sample.provenance.get("labels")
    return known == "exact" if known in ("exact", "none") else sample.engine not in WORDED_GENERATORS


def annotate(run: RunContext, annotator: Annotator | None = None) -> str:
    """Label every kept image; see `annotate_images`.

    Args:
        run: the run.
        annotator: takes the place of the one in the settings.
    """
    task, engine, review = run.task, annotator or make_annotator(run), make_review(run)
    exact = ExactAnnotator(run.settings.annotation.min_instance_px)
    try:
        samples = list(run.dataset.samples(verdict="kept"))
        if not samples:
            raise StepFailed("no picture is kept, so nothing can be labelled; call generate_images and curate_dataset")
        known = samples if engine.name == "exact" else [s for s in samples if is_exact(s)]
        outcome = _Outcome(run, samples, review)
        outcome.label(exact if engine.name != "exact" else engine, known, run.settings.curation.score_batch)
        if engine.name != "exact":
            outcome.label(engine, [s for s in samples if not is_exact(s)], _at_once(run, engine))
            audit_annotator(run, engine, known)
    finally:
        engine.close()
        if review is not None:
            review.close()
            run.record.totals["money"] = review.model.ledger.spent_usd
    if outcome.counts:
        outcome.keep_best()
    else:
        why = [f"{reason} ({n} times)" for reason, n in (outcome.dropped + engine.dropped).most_common(3)]
        raise StepFailed(
            "not one object can be seen in the kept pictures; ask design_scenes for closer distances"
            + (f". What was found was refused: {', '.join(why)}" if why else "")
        )
    for number in run.record.rounds:
        number.kept = run.dataset.count(round_number=number.number, verdict="kept")
    run.save()
    measured = run.record.audits.get(engine.name)
    return report(
        done=f"{sum(outcome.counts.values())} labels on {len(samples)} pictures",
        labels=dict(outcome.counts),
        empties=outcome.empties,
        too_small_to_label=outcome.unseen,
        dropped_because_hidden=outcome.hidden,
        checked_by_hand=len(outcome.by_hand),
        boxes_refused=dict(engine.dropped.most_common(5)),
        pictures_dropped=dict(outcome.dropped),
        another_of_the_layout_was_better=outcome.outdone or None,
        audit=sentence(measured) if measured else None,
        review=said_of(review) if review is not None else None,
        weak=[f"no label for class {name!r}" for name in task.class_names if not outcome.counts[name]],
        next="train_model",
    )


def make_review(run: RunContext) -> "VlmReview | None":
    """A vision model that looks at the labels, where one is named.

    Raises:
        StepFailed: its address or price is missing.
    """
    if run.settings.vlm.model is None:
        return None
    from tools.annotators.vlm_review import VlmReview
    from tools.scorers.choosing import make_vision

    return VlmReview(make_vision(run), {c.name: c.phrase for c in run.task.classes})


def said_of(review: "VlmReview") -> str:
    """What became of a review, in a sentence."""
    text = f"{review.reviewed} pictures reviewed by {review.model.name}"
    if review.unreviewed:
        text += f", {review.unreviewed} not{': ' + review.stopped if review.stopped else ''}"
    return f"{text}; ${review.model.ledger.spent_usd:.2f} spent in all"


class _Outcome:
    """Labels images and counts what became of them."""

    def __init__(self, run: RunContext, samples: Sequence[Sample], review: "VlmReview | None" = None) -> None:
        self.run, self.total, self.done, self.review = run, len(samples), 0, review
        self.of_round = sum(s.round == run.round.number for s in samples)
        self.counts: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.empties = self.unseen = self.hidden = self.outdone = 0
        self._scenes = {s.id: s for s in run.dataset.scenes()}
        self.by_hand = run.dataset.corrected()  # what a person has looked at stays as it is

    def label(self, engine: Annotator, samples: Sequence[Sample], size: int) -> None:
        """Label samples in batches; those that this engine has labelled already are only counted."""
        run = self.run
        if samples:
            why = "masks are known exactly" if engine.name == "exact" else "these pictures come without labels"
            run.record.engines[engine.name] = {
                "version": engine.version, "licence": engine.licence, "for": "labels", "why": why,
            }  # fmt: skip
        for start in range(0, len(samples), size):
            run.check_stop()
            batch = samples[start : start + size]
            by = f"{engine.name} {engine.version}"
            new = [s for s in batch if engine.name == "exact" or s.provenance.get("labelled_by") != by]
            new = [s for s in new if s.id not in self.by_hand]
            images: list[ImageArray] = [read_image(run.path(s.image)) for s in new]
            found = engine.annotate_many(images, new, run.task) if new else []
            labels = {s.id: own for s, own in zip(new, found, strict=True)}
            for sample in batch:
                self._keep(sample, labels.get(sample.id, sample.instances), engine, by)

    def _keep(self, sample: Sample, labels: list[Instance], engine: Annotator, by: str) -> None:
        problem = None if sample.id in self.by_hand else self._settle(sample, labels, engine, by)
        if problem:
            self.run.dataset.update_samples({sample.id: {"verdict": "dropped", "reasons": [problem]}})
            self.dropped[problem] += 1
        if not problem or self.run.task.kind == "classify":
            self.counts.update(i.class_name for i in labels)
            self.empties += not labels
        self.done += 1
        self.run.progress("annotate", self.done, self.total, pictures=self.of_round)

    def keep_best(self) -> None:
        """Of the kept images that were to show one layout, the one that shows it best stays."""
        if self.run.settings.candidates_each == 1:
            return
        from tools.scorers.clis import total

        drawn = [s for s in self.run.dataset.samples(verdict="kept") if not is_exact(s) and s.scene_id in self._scenes]
        layouts: dict[str, list[Sample]] = {}
        for sample in drawn:
            layouts.setdefault(self._scenes[sample.scene_id].layout_id, []).append(sample)
        outdone: list[Sample] = []
        for members in layouts.values():
            members.sort(key=lambda s: (s.id not in self.by_hand, -total(s, self._scenes[s.scene_id]), s.id))
            outdone += members[1:]
        for sample in outdone:
            unlabelled = [sample.label] if sample.label else []  # a whole image counts by its class
            self.counts.subtract([i.class_name for i in sample.instances] or unlabelled)
            self.empties -= not sample.instances
        self.outdone = len(outdone)
        self.run.dataset.update_samples({s.id: {"verdict": "dropped", "reasons": [OUTDONE]} for s in outdone})

    def _settle(self, sample: Sample, labels: list[Instance], engine: Annotator, by: str) -> str | None:
        """Write the labels down. Returns what speaks against the image."""
        run, task = self.run, self.run.task
        if engine.name == "exact":
            self.unseen += len(sample.instances) - len(labels)
        if labels != sample.instances:
            run.dataset.set_instances(sample.id, labels)
        problem = None
        if engine.name != "exact":
            run.dataset.update_samples({sample.id: {"provenance": sample.provenance | {"labelled_by": by}}})
            scene = self._scenes.get(sample.scene_id)
            problem = count_problem(scene, labels, run.settings.annotation.count_tolerance) if scene else None
            if problem is None and self.review is not None:  # asked last: it costs money
                problem = self.review.problem(read_image(run.path(sample.image)), labels)
        seen = {i.class_name for i in labels}
        if task.kind == "classify" and not is_exact(sample) and "clip" in sample.scores and sample.label:
            # CLIP has agreed that the whole image shows its class, which is all that its label says.
            seen, problem = {sample.label}, None
            self.counts[sample.label] += not labels
        if task.kind == "classify" and sample.label not in seen:
            problem = "its object cannot be seen"  # its label would name something that nobody sees
            self.hidden += 1
        return problem


def count_problem(scene: SceneSpec, labels: Sequence[Instance], tolerance: float) -> str | None:
    """Why the number of labels speaks against an image, or None.

    Args:
        scene: what was planned.
        labels: what was found.
        tolerance: share of the planned number that may be missing or too many; one too many is always forgiven.
    """
    planned, found = len(scene.targets), len(labels)
    if not planned:
        return "something to find where nothing should be" if found else None
    if found < (1 - tolerance) * planned:
        return "fewer objects found than planned"
    return "more objects found than planned" if found > (1 + tolerance) * planned + 1 else None


def audit_annotator(run: RunContext, engine: Annotator, samples: Sequence[Sample]) -> Audit | None:
    """Measure an annotator on images with exact labels, and keep the result in the run's record.

    Args:
        run: the run.
        engine: any annotator.
        samples: with exact labels; of many, an even choice is taken.
    """
    step = max(1, len(samples) // run.settings.annotation.audit_pictures)
    chosen = samples[::step][: run.settings.annotation.audit_pictures]
    if not chosen:
        return None
    before = Counter(engine.dropped)
    exact = ExactAnnotator(run.settings.annotation.min_instance_px)
    images = []
    for done, sample in enumerate(chosen, start=1):
        run.check_stop()
        image = read_image(run.path(sample.image))
        truths = exact.annotate(image, sample, run.task)
        found = engine.annotate_many([image], [sample], run.task)[0]
        images.append(Scored(sample.id, sample.width, sample.height, truths, found, group=sample.family))
        run.progress("audit", done, len(chosen))
    engine.dropped = before  # what it refused on these images is no label lost
    result = audit(images, run.task.class_names, engine.name, EFFORTS[run.settings.effort].bootstrap, run.settings.seed)
    run.record.audits[engine.name] = result
    run.save()
    return result


def audit_run(run: RunContext, annotator: Annotator | None = None) -> Audit:
    """Measure automatic labels on the exact ones of a run, which stay as they are.

    Args:
        run: with rendered or pasted images.
        annotator: takes the place of the detectors and the segmenter in the settings.

    Raises:
        FixArguments: no image of the run has exact labels.
        StepFailed: weights are missing.
    """
    samples = [s for s in run.dataset.samples(verdict="kept") if is_exact(s)]
    if not samples:
        raise FixArguments(f"no kept picture of {run.record.name} has exact masks, so nothing can be measured on it")
    engine = annotator or _calibrated(run)
    try:
        result = audit_annotator(run, engine, samples)
    finally:
        engine.close()
    assert result is not None
    return result


@tool
def annotate_images(runtime: ToolRuntime[RunContext]) -> str:
    """Label the kept images: exact masks where the engine knows them, else found by words; checked and counted."""
    run = runtime.context
    run.task  # noqa: B018
    with run.stage("annotate"):
        return annotate(run)
