"""CLIS, the score of Auto Cherry-Picker (arXiv 2406.20085): are things where, and what, they were meant to be?

The published code has two slips that are not repeated here: its distance term compares the prediction with itself, and
box coordinates never reach the judge of the image (here the judge sees the image through the box).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

import cv2
import numpy as np

import prompts
from tools.core.errors import StepFailed
from tools.core.task import TaskSpec
from tools.data.geometry import box_iou
from tools.data.images import ImageArray
from tools.data.sample import Box, Sample
from tools.models.vision import VisionModel
from tools.scenes.scene import SceneSpec
from tools.scorers import Quality
from tools.scorers.clip import Embedder, Float32Array, crop, percentage, prompt

SIZE, DISTANCE, DIRECTION = 0.5, 1.0, 0.8  # weights of the parts of a pair's score
GLOBAL, LOCAL = 0.5, 0.5  # of the image score
IN_BOX, CROP = 0.8, 0.2  # of an object's part of it
BLUR_SHARE = 0.06  # of the image's side: what lies outside a box is blurred so far that only its colours are left; ours
FRAME: Box = (0.0, 0.0, 1.0, 1.0)


# Layout -------------------------------------------------------------------------------------------------------------


def similarity(a: float, b: float) -> float:
    """Min / max of two numbers >= 0; of two zeros 1."""
    return 1.0 if a == b else min(a, b) / max(a, b)


def pair_score(subject: Box, object_: Box, reference_subject: Box, reference_object: Box) -> float:
    """How alike two pairs of boxes lie, 0..1: (0.5 size + 1.0 distance + 0.8 direction) / 2.3.

    Boxes are (x1, y1, x2, y2) in any unit, the same within a pair.
    """
    size = similarity(_ratio(subject, object_), _ratio(reference_subject, reference_object))
    distance = 0.5 * (
        similarity(box_iou(subject, object_), box_iou(reference_subject, reference_object))
        + similarity(_distance(subject, object_), _distance(reference_subject, reference_object))
    )
    direction = _direction(_vector(subject, object_), _vector(reference_subject, reference_object))
    return (SIZE * size + DISTANCE * distance + DIRECTION * direction) / (SIZE + DISTANCE + DIRECTION)


def layout_score(wanted: Sequence[Box], found: Sequence[Box | None], confidences: Sequence[float]) -> float | None:
    """Confidence-weighted mean over all pairs of wanted boxes; a pair with a missing box scores 0. None without boxes.

    Args:
        wanted: the reference.
        found: what stands for each of them, None where it is missing; in the same unit.
        confidences: of each found box, 0..1; a missing one counts in full.

    A single object is paired with the frame of the image (ours: the paper scores pairs alone), so with one box the
    boxes must be normalised to 0..1.
    """
    pairs = [(i, j) for i in range(len(wanted)) for j in range(i + 1, len(wanted))]
    if not wanted:
        return None
    if not pairs:
        one = found[0]
        return 0.0 if one is None else pair_score(one, FRAME, wanted[0], FRAME)
    total = weight = 0.0
    for i, j in pairs:
        a, b = found[i], found[j]
        if a is None or b is None:
            weight += 1.0
            continue
        confidence = confidences[i] * confidences[j]
        total += confidence * pair_score(a, b, wanted[i], wanted[j])
        weight += confidence
    return total / weight if weight else 0.0


def total(sample: Sample, scene: SceneSpec) -> float:
    """How well a labelled image shows its scene, 0..1: half its image score, half that of its layout.

    Without an image score what the filters say in the mean stands for it. The layout is known once labels are; of a
    image with one label, and where nothing was to be found, there is none.
    """
    layout = layout_score(*match_layout(scene, sample)) if sample.label is None else None
    image = sample.scores.get("clis_image", sample.quality or 0.0)
    return image if layout is None else (image + layout) / 2


def match_layout(scene: SceneSpec, sample: Sample) -> tuple[list[Box], list[Box | None], list[float]]:
    """Wanted boxes of a scene's targets (0..1), and the nearest instance of the class that stands for each."""
    from scipy.optimize import linear_sum_assignment

    targets = scene.targets
    wanted = [_corners(o.box) for o in targets]
    boxes = [_normalised(i.box, sample) for i in sample.instances]
    cost = np.full((len(wanted), len(boxes)), 1e3)
    for r, (target, box) in enumerate(zip(targets, wanted, strict=True)):
        for c, instance in enumerate(sample.instances):
            if instance.class_name == (target.class_name or target.drawn_as):
                cost[r, c] = float(np.hypot(*_vector(box, boxes[c])))
    found: list[Box | None] = [None] * len(wanted)
    confidences = [1.0] * len(wanted)
    for r, c in zip(*linear_sum_assignment(cost), strict=True):
        if cost[r, c] < 1e3:
            found[r], confidences[r] = boxes[c], sample.instances[c].score
    return wanted, found, confidences


def _corners(box: tuple[float, float, float, float]) -> Box:
    cx, cy, w, h = box
    return cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2


def _normalised(box: Box, sample: Sample) -> Box:
    return box[0] / sample.width, box[1] / sample.height, box[2] / sample.width, box[3] / sample.height


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _ratio(a: Box, b: Box) -> float:
    return _area(a) / max(_area(b), 1e-9)


def _vector(a: Box, b: Box) -> tuple[float, float]:
    return (b[0] + b[2] - a[0] - a[2]) / 2, (b[1] + b[3] - a[1] - a[3]) / 2


def _distance(a: Box, b: Box) -> float:
    """Between the centres, over the mean diagonal."""
    diagonal = (np.hypot(a[2] - a[0], a[3] - a[1]) + np.hypot(b[2] - b[0], b[3] - b[1])) / 2
    return float(np.hypot(*_vector(a, b)) / max(diagonal, 1e-9))


def _direction(a: tuple[float, float], b: tuple[float, float]) -> float:
    """(cos + 1) / 2 of two vectors, the better of the first and its mirror image; no vector agrees with no vector."""
    lengths = np.hypot(*a) * np.hypot(*b)
    if lengths < 1e-12:
        return 1.0 if np.hypot(*a) == np.hypot(*b) else 0.5
    cosine = max(a[0] * b[0] + a[1] * b[1], -a[0] * b[0] + a[1] * b[1]) / lengths
    return float((cosine + 1) / 2)


# Images --------------------------------------------------------------------------------------------------------------


class Judge(Protocol):
    """Says how well images agree with texts, each 0..100."""

    def judge(self, images: Sequence[ImageArray], texts: Sequence[str]) -> list[float]:
        """One number a pair."""

    def close(self) -> None:
        """Release memory; called again it does nothing."""


class ClipJudge:
    """CLIP agreement: the cheap stand-in for a language model that compares captions."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder

    def judge(self, images: Sequence[ImageArray], texts: Sequence[str]) -> list[float]:
        """CLIPScore (or SigLIP's probability) x 100 of each pair."""
        seen: Float32Array = self.embedder.images(images)
        said: Float32Array = self.embedder.texts(texts)
        return [percentage(float(a @ b), self.embedder) for a, b in zip(seen, said, strict=True)]

    def close(self) -> None:
        """Release the embedder."""
        self.embedder.close()


class VlmJudge:
    """A vision model that is asked for a number, as the paper asks a language model.

    Args:
        model: answers.
    """

    def __init__(self, model: VisionModel) -> None:
        self.model = model

    def judge(self, images: Sequence[ImageArray], texts: Sequence[str]) -> list[float]:
        """Its number for each pair.

        Raises:
            StepFailed: it gave none, or the money is spent.
        """
        question = prompts.load("judge_picture")
        return [
            self._number(self.model.ask(image, question.format(text=text)))
            for image, text in zip(images, texts, strict=True)
        ]

    def close(self) -> None:
        """Close the connection."""
        self.model.close()

    @staticmethod
    def _number(answer: str) -> float:
        found = re.fullmatch(r"\D*?(\d+(?:\.\d+)?)\s*(?:/\s*100)?\D*", answer.strip())
        if found is None or not 0 <= float(found.group(1)) <= 100:
            raise StepFailed(
                f"the vision model gave {answer[:80]!r} where a number from 0 to 100 was asked for; name another "
                "one, or let CLIP judge with SIGHTSMITH_CLIS_JUDGE=clip"
            )
        return float(found.group(1))


def image_score(whole: float, objects: Sequence[tuple[float, float]]) -> float:
    """0..100: 0.5 global + 0.5 mean over objects of (0.8 in-box + 0.2 crop); without objects the global part alone."""
    if not objects:
        return whole
    return GLOBAL * whole + LOCAL * float(np.mean([IN_BOX * inside + CROP * cut for inside, cut in objects]))


def in_box(image: ImageArray, box: Box) -> ImageArray:
    """The image with everything outside a box blurred: the box is how the judge learns where to look."""
    sigma = max(1.0, BLUR_SHARE * max(image.shape[:2]))
    seen: ImageArray = cv2.GaussianBlur(image, (0, 0), sigma)
    x1, y1, x2, y2 = (max(0, round(v)) for v in box)
    seen[y1:y2, x1:x2] = image[y1:y2, x1:x2]
    return seen


class ClisScorer:
    """Layout and image score of an image against its scene.

    Args:
        judge: says how well images agree with texts.
        task: phrases of the classes.
        scenes: scene id -> what the image was to show.
        floor: least image score of an image that is kept, 0..100.
    """

    name = "clis"
    version = "1"

    def __init__(
        self, judge: Judge, task: TaskSpec, scenes: Mapping[str, SceneSpec], floor: float,
        licence: str = "of the model's weights",
    ) -> None:  # fmt: skip
        self.judge, self.scenes, self.floor, self.licence = judge, scenes, floor, licence
        self._phrases = {c.name: c.phrase for c in task.classes}

    def score_many(self, images: Sequence[ImageArray], samples: Sequence[Sample]) -> list[Quality]:
        """Score images, all of their views in one call of the judge."""
        views: list[ImageArray] = []
        texts: list[str] = []
        plans: list[tuple[int, list[tuple[int, int]]]] = []
        for image, sample in zip(images, samples, strict=True):
            plans.append(self._views(image, sample, views, texts))
        values = self.judge.judge(views, texts)
        return [
            self._quality(values[whole], [(values[a], values[b]) for a, b in objects], sample)
            for (whole, objects), sample in zip(plans, samples, strict=True)
        ]

    def take_embeddings(self) -> dict[str, Float32Array]:
        """It keeps none."""
        return {}

    def close(self) -> None:
        """Release the judge."""
        self.judge.close()

    def _views(
        self, image: ImageArray, sample: Sample, views: list[ImageArray], texts: list[str]
    ) -> tuple[int, list[tuple[int, int]]]:
        """Add an image's views; positions of the whole and of each object's two."""
        scene = self.scenes.get(sample.scene_id)
        texts.append(scene.caption if scene and scene.caption else str(sample.provenance.get("caption", "a photo")))
        views.append(image)
        whole, objects = len(views) - 1, []
        for instance in sample.instances:
            cut = crop(image, instance.box)
            if cut is None:
                continue
            objects.append((len(views), len(views) + 1))
            views += [in_box(image, instance.box), cut]
            texts += [prompt(self._phrases.get(instance.class_name, instance.class_name))] * 2
        return whole, objects

    def _quality(self, whole: float, objects: Sequence[tuple[float, float]], sample: Sample) -> Quality:
        image = image_score(whole, objects)
        scores = {"clis_image": image / 100}
        scene = self.scenes.get(sample.scene_id)
        layout = layout_score(*match_layout(scene, sample)) if scene and sample.instances else None
        if layout is not None:
            scores["clis_layout"] = layout
        value = float(np.mean(list(scores.values())))
        reasons = ["does not show what was asked for"] if image < self.floor else []
        return Quality(round(value, 4), {k: round(v, 4) for k, v in scores.items()}, reasons, passed=not reasons)
