"""Label images by words: boxes of open-vocabulary detectors, fused, checked, and cut out by a segmenter.

The phrase that a detector hears and the class that is saved are two things; what is heard as a look-alike is dropped.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tools.annotators import Segmenter
from tools.core.task import TaskKind, TaskSpec
from tools.data.geometry import box_iou, box_ious
from tools.data.images import ImageArray
from tools.data.sample import BoolMask, Box, Instance, Sample, encode_mask, mask_box
from tools.metrics.coco import MAX_DETECTIONS
from tools.models.calibration import Calibration
from tools.models.detections import Detector
from tools.models.fusion import Fused, detect_fused
from tools.scorers.clip import Embedder, agreement, crop, distractors_of, prompt

if TYPE_CHECKING:
    from tools.core.settings import Settings

# A view may doubt what several together are sure of.
VIEW_SHARE = 0.5
RIGHT = 0.5  # of a calibrated score: more likely right than wrong
# Below it nothing is cut out for a baseline: masks cost seconds, and the end of the curve is worth next to nothing.
BASELINE_LEAST = 0.05
BASELINE_SEEN_PX = 800  # Grounding DINO's shorter side; OWLv2 sees 960


@dataclass(frozen=True)
class Ontology:
    """Phrases to hear, and the class that each stands for; None: a look-alike, heard so that it is not mistaken."""

    phrases: tuple[str, ...]
    classes: tuple[str | None, ...]

    @classmethod
    def of(cls, task: TaskSpec, phrases: Mapping[str, Sequence[str]], others: Sequence[str] = ()) -> "Ontology":
        """Of a task.

        Args:
            task: its classes and their phrases.
            phrases: class -> phrases that take the place of the task's.
            others: look-alikes.
        """
        heard: dict[str, str | None] = {}
        for spec in task.classes:
            for phrase in phrases.get(spec.name) or [spec.phrase]:
                heard.setdefault(phrase.casefold(), spec.name)
        for other in others:
            heard.setdefault(other.casefold(), None)
        return cls(tuple(heard), tuple(heard.values()))


@dataclass(frozen=True)
class LabelRules:
    """What a box must pass to become a label."""

    confidences: tuple[float, ...]  # least score, one a detector
    flip: bool = True
    fusion_iou: float = 0.55
    min_box_mask_iou: float = 0.5
    min_instance_px: int = 12
    least_share: float = 0.5  # of the agreement of a crop, see tools.scorers.clip

    @classmethod
    def of(cls, settings: "Settings", detectors: Sequence[Detector]) -> "LabelRules":
        """Those of the settings; a detector's own usual confidence where none is set."""
        from tools.annotators.open_vocabulary import usual_confidence

        own = settings.annotation
        return cls(
            tuple(own.detector_confidence or usual_confidence(d) for d in detectors), own.detector_flip,
            own.fusion_iou, own.min_box_mask_iou, own.min_instance_px, settings.clip.least_share,
        )  # fmt: skip


def crop_checker(settings: "Settings") -> Embedder | None:
    """The encoder that looks at crops, where the settings want one and its weights are on this machine."""
    from tools.core.model_files import local_folder

    if not settings.annotation.crop_agreement or local_folder(settings.clip.model) is None:
        return None
    from tools.scorers.clip import ClipEmbedder

    return ClipEmbedder(settings.clip.model, settings.clip.floor, offline=True)


class DetectAndSegment:
    """An annotator of detectors, a segmenter and, where there is one, an encoder that looks at the crops.

    Args:
        detectors: one or two; with two only what both find is a label.
        segmenter: cuts out; not asked where boxes are enough.
        ontology: what is heard and what is saved.
        rules: thresholds.
        embedder: looks whether a crop shows its class; None leaves that out.
        calibration: of the fused scores; None takes them as they are.
    """

    name = "detect_and_segment"
    at_once: int | None = None

    def __init__(
        self, detectors: Sequence[Detector], segmenter: Segmenter, ontology: Ontology, rules: LabelRules,
        embedder: Embedder | None = None, calibration: Calibration | None = None,
    ) -> None:  # fmt: skip
        self.detectors, self.segmenter, self.ontology, self.rules = detectors, segmenter, ontology, rules
        self.embedder, self.calibration = embedder, calibration
        self.dropped: Counter[str] = Counter()  # why boxes became no labels
        engines: list[Detector | Segmenter] = [*detectors, segmenter]
        self.version = " + ".join(f"{e.name} {e.version}" for e in engines)
        self.licence = ", ".join(dict.fromkeys(e.licence for e in engines))
        self.source = "+".join(e.name for e in engines)

    @property
    def confidence(self) -> float:
        """Least fused score of a label."""
        return RIGHT if self.calibration else float(np.mean(self.rules.confidences))

    def annotate_many(
        self, images: Sequence[ImageArray], samples: Sequence[Sample], task: TaskSpec
    ) -> list[list[Instance]]:
        """Labels of each image; with masks when the task is to segment."""
        return self.find(images, task, [c * VIEW_SHARE for c in self.rules.confidences], self.confidence, check=True)

    def find(
        self, images: Sequence[ImageArray], task: TaskSpec, view_least: Sequence[float], least: float, *, check: bool
    ) -> list[list[Instance]]:
        """Objects in each image, best first.

        Args:
            images: (h, w, 3) RGB.
            task: classes, and whether masks are needed.
            view_least: least score in one view, one a detector.
            least: least fused (and calibrated) score.
            check: leave out what fails a check of consistency.
        """
        rules = self.rules
        fused, views = detect_fused(
            self.detectors, images, self.ontology.phrases, view_least, flip=rules.flip, iou=rules.fusion_iou
        )
        return [
            self._labels(image, self._candidates(own, views, least, check), task, check)
            for image, own in zip(images, fused, strict=True)
        ]

    def close(self) -> None:
        """Release every model."""
        for detector in self.detectors:
            detector.close()
        self.segmenter.close()
        if self.embedder is not None:
            self.embedder.close()

    def _candidates(
        self, fused: Sequence[Fused], views: int, least: float, check: bool
    ) -> list[tuple[Fused, str, float]]:  # fmt: skip
        """Boxes with class and score that pass the score and the agreement of the detectors."""
        found: list[tuple[Fused, str, float]] = []
        for cluster in fused:
            score = cluster.score(views)
            score = self.calibration(score) if self.calibration else score
            name = self.ontology.classes[cluster.phrase]
            if score < least:
                continue
            if name is None:
                self.dropped["looks like something else"] += 1
            elif check and len(cluster.detectors) < len(self.detectors):
                self.dropped["the detectors disagree"] += 1
            else:
                found.append((cluster, name, score))
        return found[:MAX_DETECTIONS]

    def _labels(
        self, image: ImageArray, candidates: Sequence[tuple[Fused, str, float]], task: TaskSpec, check: bool
    ) -> list[Instance]:
        height, width = image.shape[:2]
        masks = self._masks(image, [c for c, _, _ in candidates]) if task.kind == "segment" else None
        labels: list[Instance] = []
        for index, (cluster, name, score) in enumerate(candidates):
            box: Box = cluster.box
            box = (max(0.0, box[0]), max(0.0, box[1]), min(float(width), box[2]), min(float(height), box[3]))
            mask = masks[index] if masks else None
            if check and (problem := self._problem(image, box, mask, name, task)):
                self.dropped[problem] += 1
                continue
            if task.kind == "segment" and mask is None:
                continue  # a baseline is scored by masks too
            counts = None if mask is None else encode_mask(mask)
            tight = box if mask is None else mask_box(mask)
            labels.append(
                Instance(class_name=name, box=tight, score=round(score, 5), counts=counts, source=self.source)
            )
        return labels

    def _masks(self, image: ImageArray, clusters: Sequence[Fused]) -> list[BoolMask | None]:
        """A mask for each: the detector's own, else the segmenter's, whose failure costs masks and not the run."""
        own = [c.mask for c in clusters]
        missing = [i for i, m in enumerate(own) if m is None]
        if missing:
            try:
                cut = self.segmenter.masks(image, [clusters[i].box for i in missing])
            except RuntimeError as error:  # out of GPU memory, a shape that a network cannot take
                self.dropped[f"the segmenter failed: {str(error).splitlines()[0][:80]}"] += len(missing)
                cut = [None] * len(missing)
            for i, mask in zip(missing, cut, strict=True):
                own[i] = mask
        return own

    def _problem(
        self, image: ImageArray, box: Box, mask: BoolMask | None, name: str, task: TaskSpec
    ) -> str | None:  # fmt: skip
        """Why a box is no label, or None."""
        rules = self.rules
        size = (box[2] - box[0]) * (box[3] - box[1])
        if task.kind == "segment":
            if mask is None:
                return "no mask"
            size = float(mask.sum())
            if box_iou(box, mask_box(mask)) < rules.min_box_mask_iou:
                return "mask and box disagree"
        if size < rules.min_instance_px:
            return "too small"
        if self.embedder is not None and (cut := crop(image, box)) is not None:
            vector = self.embedder.images([cut])[0]
            phrase = next(c.phrase for c in task.classes if c.name == name)
            others = distractors_of(task, {name}, None, [p for p, c in self._heard() if c is None])
            if not agreement(vector, prompt(phrase), others, self.embedder, rules.least_share).passed:
                return "its crop looks like something else"
        return None

    def _heard(self) -> list[tuple[str, str | None]]:
        return list(zip(self.ontology.phrases, self.ontology.classes, strict=True))


class ZeroShot:
    """The same engines as a recogniser, without any training: the row that says whether training was worth it.

    Args:
        annotator: finds and cuts out.
        task: what to look for.
        embedder: names whole images when the task is to classify.
    """

    size_px = BASELINE_SEEN_PX

    def __init__(self, annotator: DetectAndSegment | None, task: TaskSpec, embedder: Embedder | None = None) -> None:
        if annotator is None and embedder is None:
            raise ValueError("a zero-shot baseline needs a detector or an encoder")
        self.annotator, self.task, self.embedder = annotator, task, embedder
        self.kind: TaskKind = task.kind

    @property
    def name(self) -> str:
        """What it is made of."""
        if self.kind == "classify" and self.embedder is not None:
            return self.embedder.name
        return self.annotator.source if self.annotator else ""

    def close(self) -> None:
        """Release the models."""
        if self.annotator is not None:
            self.annotator.close()
        if self.embedder is not None:
            self.embedder.close()

    def predict_many(self, images: Sequence[ImageArray], confidence: float) -> list[list[Instance]]:
        """Objects in each image, unchecked: a baseline is measured as it is."""
        if self.annotator is None:
            raise ValueError("this baseline names whole pictures: use classify_many()")
        least = max(confidence, BASELINE_LEAST)
        view_least = [least] * len(self.annotator.detectors)
        return self.annotator.find(images, self.task, view_least, least, check=False)

    def classify_many(self, images: Sequence[ImageArray]) -> list[dict[str, float]]:
        """Softmax over the classes' texts for each image (Radford et al. 2021)."""
        if self.embedder is None:
            raise ValueError("this baseline finds objects: use predict_many()")
        texts = self.embedder.texts([prompt(c.phrase) for c in self.task.classes])
        logits = self.embedder.scale * (self.embedder.images(images) @ texts.T)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        names = self.task.class_names
        return [{n: float(v) for n, v in zip(names, row, strict=True)} for row in shares]


def scores_and_hits(
    annotator: DetectAndSegment,
    samples: Sequence[Sample],
    task: TaskSpec,
    read: Callable[[Sample], ImageArray],
    iou: float,
) -> tuple[list[float], list[bool]]:  # fmt: skip
    """Fused scores on labelled images and whether each box matched a label, for `calibration.fit`.

    Args:
        annotator: its detectors are asked; its own calibration is left out.
        samples: with labels.
        task: which classes count.
        read: the image of a sample.
        iou: overlap from which a box is right.
    """
    boxes_only = task.model_copy(update={"kind": "detect"})
    bare = DetectAndSegment(annotator.detectors, annotator.segmenter, annotator.ontology, annotator.rules)
    low = [c * VIEW_SHARE / 2 for c in annotator.rules.confidences]
    scores: list[float] = []
    hits: list[bool] = []
    for sample in samples:
        truths = [t for t in sample.instances if t.class_name in task.class_names]
        taken: set[int] = set()
        for found in bare.find([read(sample)], boxes_only, low, min(low) / 2, check=False)[0]:
            mine = [i for i, t in enumerate(truths) if t.class_name == found.class_name and i not in taken]
            overlaps = box_ious([found.box], [truths[i].box for i in mine])[0]
            right = bool(len(overlaps)) and float(overlaps.max()) >= iou
            if right:
                taken.add(mine[int(overlaps.argmax())])
            scores.append(found.score)
            hits.append(right)
    return scores, hits
