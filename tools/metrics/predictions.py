"""What a model answered on a set of images: asked once, kept in the round's folder, read again for the diagnosis."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tools.core.files import write_text
from tools.core.task import TaskKind, TaskSpec
from tools.data.boxes import LEARNT, with_label_boxes
from tools.data.images import ImageArray, read_image
from tools.data.sample import Instance, Sample
from tools.metrics.coco import MAX_DETECTIONS, JudgedImage
from tools.metrics.slices import image_axes

_BATCH = 8  # images in memory at once
PHOTOS = ("real", "photo")  # engines of photos, which judge and which are learnt from: tiles of one stand together


class Recogniser(Protocol):
    """What can be scored: trained weights, or anything else that answers like them."""

    kind: TaskKind
    size_px: int

    def predict_many(self, images: Sequence[ImageArray], confidence: float) -> list[list[Instance]]:
        """Objects in each RGB image, with masks when the task is to segment."""

    def classify_many(self, images: Sequence[ImageArray]) -> list[dict[str, float]]:
        """Probability of each class for each RGB image."""


@dataclass(frozen=True)
class Answer:
    """What the model said about one image, and the slices the image belongs to as a whole."""

    axes: dict[str, str]
    found: list[Instance] = field(default_factory=list)
    probabilities: dict[str, float] = field(default_factory=dict)


def ask(
    model: Recogniser, samples: Sequence[Sample], root: Path, confidence: float, after: Callable[[int], None]
) -> dict[str, Answer]:
    """Ask a model about images: sample id -> answer.

    Args:
        model: whatever can be scored.
        samples: their images are relative to `root`, or absolute.
        root: the run's folder.
        confidence: least score of a detection.
        after: called after each batch with the number of images in it; may raise Stopped.
    """
    answers = {}
    for start in range(0, len(samples), _BATCH):
        batch = samples[start : start + _BATCH]
        images = [read_image(root / s.image) for s in batch]
        axes = [image_axes(s, p) for s, p in zip(batch, images, strict=True)]
        if model.kind == "classify":
            for sample, own, shares in zip(batch, axes, model.classify_many(images), strict=True):
                answers[sample.id] = Answer(own, probabilities={k: round(v, 6) for k, v in shares.items()})
        else:
            for sample, own, found in zip(batch, axes, model.predict_many(images, confidence), strict=True):
                answers[sample.id] = Answer(own, found=_rounded(found))
        after(len(batch))
    return answers


def join(samples: Sequence[Sample], answers: dict[str, Answer], task: TaskSpec) -> list[JudgedImage]:
    """Truth and answers side by side, in the order of the samples.

    Raises:
        KeyError: a sample the model was not asked about.
    """
    names = set(task.class_names)
    return [
        JudgedImage(
            s.id, s.width, s.height, [t for t in s.instances if t.class_name in names], answers[s.id].found,
            answers[s.id].axes, s.family if s.engine in PHOTOS else "", s.label, answers[s.id].probabilities,
            s.lookalikes,
        )
        for s in with_label_boxes(samples, LEARNT)
    ]  # fmt: skip


def save_answers(path: Path, answers: dict[str, Answer], **about: Any) -> None:
    """Write answers as one JSON file without blanks, in place at once."""
    images = {
        name: {
            "axes": a.axes,
            **({"probabilities": a.probabilities} if a.probabilities else {}),
            "found": [[d.class_name, d.score, list(d.box), d.counts] for d in a.found],
        }
        for name, a in answers.items()
    }
    text = json.dumps({**about, "pictures": images}, ensure_ascii=False, separators=(",", ":"))
    write_text(path, text)


def load_answers(path: Path) -> tuple[dict[str, Answer], dict[str, Any]]:
    """What `save_answers` wrote: the answers, and what else was said about them."""
    value = json.loads(path.read_text(encoding="utf-8"))
    images = value.pop("pictures")
    answers = {
        name: Answer(
            p["axes"],
            [Instance(class_name=n, score=s, box=tuple(b), counts=c, source="model") for n, s, b, c in p["found"]],
            p.get("probabilities", {}),
        )
        for name, p in images.items()
    }
    return answers, value


def _rounded(found: Sequence[Instance]) -> list[Instance]:
    """The best detections, rounded as they are kept: what is read again scores exactly the same."""
    best = sorted(found, key=lambda d: -d.score)[:MAX_DETECTIONS]
    return [
        d.model_copy(update={"score": round(d.score, 5), "box": tuple(round(v, 2) for v in d.box)}) for d in best
    ]  # fmt: skip
