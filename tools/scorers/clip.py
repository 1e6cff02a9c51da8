"""Agreement of images with words by CLIP, SigLIP or SigLIP 2: against other words, and above an absolute floor.

A softmax over one class is always 1, so an image counts as showing a class only when its text is nearer than every
distractor *and* near enough in itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from tools.core.devices import choose_device, choose_dtype
from tools.core.errors import StepFailed
from tools.core.model_files import load_pretrained, release
from tools.core.task import TaskSpec
from tools.data.images import ImageArray
from tools.data.sample import Box, Sample
from tools.scenes.scene import SceneSpec
from tools.scorers import Quality

Float32Array = npt.NDArray[np.float32]

PROMPT = "a photo of {}"  # Radford et al. 2021, section 3.1.4
# What an image may show instead; one that shares a word with a class is left out.
OTHER_THINGS = (
    "an empty background", "a blurred texture", "a landscape", "a building", "a person", "an animal", "a vehicle",
    "a piece of furniture", "text on paper",
)  # fmt: skip
CROP_MARGIN = 0.10  # of an object's sides is shown around it; ours
MIN_CROP_PX = 24  # a smaller crop is mostly interpolation; ours
CROPS_RIGHT = 0.5  # of the crops must look like their class; ours
CLIPSCORE_WEIGHT = 2.5  # Hessel et al. 2021 (CLIPScore): stretches cosines, at most 0.4 in practice, to 0..1


class Embedder(Protocol):
    """Words and images in one space."""

    name: str
    scale: float  # logit = scale x cosine + bias
    bias: float | None  # None: trained with a softmax (CLIP); a number: with a sigmoid (SigLIP)
    floor: float  # least strength of an image that shows what the words say

    def texts(self, texts: Sequence[str]) -> Float32Array:
        """(n, d) rows of unit length."""

    def images(self, images: Sequence[ImageArray]) -> Float32Array:
        """(n, d) rows of unit length of (h, w, 3) RGB images."""

    def close(self) -> None:
        """Release memory; called again it does nothing."""


class ClipEmbedder:
    """A dual encoder of transformers, by name or path.

    Args:
        model: a folder, or a name on the hub.
        floor: least strength; None takes that of the architecture, see `known_floor`.
        offline: never look at the network.
        batch: images computed at once.

    Raises:
        StepFailed: the weights are missing, damaged, or not of a dual encoder.
    """

    def __init__(self, model: str, floor: float | None = None, *, offline: bool = False, batch: int = 32) -> None:
        from transformers import AutoModel, AutoProcessor

        self.device = choose_device()
        self._dtype = choose_dtype(self.device)
        network = load_pretrained(
            AutoModel.from_pretrained, model, offline=offline, setting="clip_model", dtype=self._dtype
        )
        if not hasattr(network, "get_text_features") or not hasattr(network, "logit_scale"):
            raise StepFailed(f"model {model!r} is no CLIP or SigLIP; name one with SIGHTSMITH_CLIP_MODEL")
        self._processor = load_pretrained(
            AutoProcessor.from_pretrained, model, offline=offline, setting="clip_model"
        )  # fmt: skip
        self._network = network.to(self.device).eval()
        self._batch = batch
        self.name = model
        self.scale = float(network.logit_scale.exp().item())
        bias = getattr(network, "logit_bias", None)
        self.bias = None if bias is None else float(bias.item())
        self.floor = known_floor(network.config) if floor is None else floor
        self._texts: dict[str, Float32Array] = {}

    def texts(self, texts: Sequence[str]) -> Float32Array:
        """(n, d) rows of unit length; each text is computed once."""
        new = [t for t in dict.fromkeys(texts) if t not in self._texts]
        # SigLIP was trained on texts padded to the full length, CLIP masks the padding.
        padding: Any = True if self.bias is None else "max_length"
        for start in range(0, len(new), self._batch):
            part = new[start : start + self._batch]
            inputs = self._processor(text=part, padding=padding, truncation=True, return_tensors="pt")
            vectors = self._run("get_text_features", inputs)
            self._texts.update(zip(part, vectors, strict=True))
        return np.stack([self._texts[t] for t in texts])

    def images(self, images: Sequence[ImageArray]) -> Float32Array:
        """(n, d) rows of unit length."""
        parts = []
        for start in range(0, len(images), self._batch):
            part = [np.array(p) for p in images[start : start + self._batch]]  # torch wants arrays it may write to
            inputs = self._processor(images=part, return_tensors="pt", input_data_format="channels_last")
            parts.append(self._run("get_image_features", inputs))
        return np.concatenate(parts)

    def close(self) -> None:
        """Release the network."""
        self._network = None
        release()

    def _run(self, method: str, inputs: Any) -> Float32Array:
        import torch

        moved = {
            k: v.to(self.device, self._dtype) if torch.is_floating_point(v) else v.to(self.device)
            for k, v in inputs.items()
        }
        with torch.inference_mode():
            features = getattr(self._network, method)(**moved)
        features = getattr(features, "pooler_output", features).float()
        unit: Float32Array = torch.nn.functional.normalize(features, dim=-1).cpu().numpy()
        return unit


def known_floor(config: Any) -> float:
    """Least strength for an architecture; sources in docs/thresholds.md.

    CLIP: cosine 0.21 for ViT-L/14 (X-Paste, ICML 2023), 0.23 for smaller ones, whose cosines are higher (ours).
    SigLIP: probability 0.01 (ours: its probabilities for right captions range from 0.01 to 1).
    """
    if config.model_type != "clip":
        return 0.01
    return 0.21 if config.vision_config.hidden_size >= 1024 else 0.23


@dataclass(frozen=True)
class Agreement:
    """How well an image agrees with a text."""

    cosine: float
    strength: float  # what is compared with the floor: the cosine (CLIP), or the sigmoid's probability (SigLIP)
    share: float  # of the text in a softmax over it and the distractors
    instead: str  # the nearest distractor
    passed: bool


def agreement(
    image: Float32Array, text: str, distractors: Sequence[str], embedder: Embedder, least_share: float
) -> Agreement:
    """Whether an image shows what a text says.

    Args:
        image: (d,) of unit length.
        text: what it should show.
        distractors: at least one other text; without one a share means nothing.
        embedder: for the texts.
        least_share: of the softmax that the text must win, 0..1.

    Raises:
        ValueError: no distractor.
    """
    if not distractors:
        raise ValueError("agreement needs at least one distractor: a softmax over one text is always 1")
    cosines = embedder.texts([text, *distractors]) @ image
    logits = embedder.scale * (cosines - cosines.max())
    share = float(np.exp(logits[0]) / np.exp(logits).sum())
    cosine = float(cosines[0])
    strength = strength_of(cosine, embedder)
    nearest = distractors[int(cosines[1:].argmax())]
    passed = strength >= embedder.floor and share >= least_share
    return Agreement(cosine, strength, share, nearest, passed)


def strength_of(cosine: float, embedder: Embedder) -> float:
    """The cosine, or for models trained with a sigmoid the probability that image and text belong together."""
    if embedder.bias is None:
        return cosine
    return float(1 / (1 + np.exp(-(embedder.scale * cosine + embedder.bias))))


def percentage(cosine: float, embedder: Embedder) -> float:
    """Agreement as 0..100: CLIPScore's 2.5 x cosine, or the sigmoid's probability."""
    strength = strength_of(cosine, embedder)
    return 100 * float(np.clip(strength if embedder.bias is not None else CLIPSCORE_WEIGHT * strength, 0, 1))


def prompt(phrase: str) -> str:
    """A class as CLIP reads it best: "a photo of an apple"."""
    article = "an" if phrase[:1].casefold() in tuple("aeiou") else "a"
    return PROMPT.format(f"{article} {phrase}")


def distractors_of(task: TaskSpec, shown: set[str], scene: SceneSpec | None, lookalikes: Sequence[str]) -> list[str]:
    """What an image could show instead of its classes: other classes, look-alikes that are not in it, other things."""
    phrases = {c.name: c.phrase for c in task.classes}
    there = {o.drawn_as.casefold() for o in scene.objects} if scene else set()
    there |= {phrases.get(name, name).casefold() for name in shown}
    others = [phrases[name] for name in phrases if name not in shown] + list(lookalikes)
    words = {w for c in task.classes for w in c.phrase.casefold().split()}
    things = [t for t in OTHER_THINGS if not words & set(t.split())]
    return list(dict.fromkeys([*(prompt(o) for o in others if o.casefold() not in there), *map(PROMPT.format, things)]))


def crop(image: ImageArray, box: Box, margin: float = CROP_MARGIN) -> ImageArray | None:
    """An object with a little of what is around it; None where it is too small to be told.

    Args:
        image: (h, w, 3).
        box: x1, y1, x2, y2 in pixels.
        margin: share of the box's sides shown on each side.
    """
    height, width = image.shape[:2]
    x1, y1, x2, y2 = box
    if max(x2 - x1, y2 - y1) < MIN_CROP_PX or min(x2 - x1, y2 - y1) < 2:
        return None
    dx, dy = margin * (x2 - x1), margin * (y2 - y1)
    left, top = max(0, int(x1 - dx)), max(0, int(y1 - dy))
    right, bottom = min(width, int(np.ceil(x2 + dx))), min(height, int(np.ceil(y2 + dy)))
    return image[top:bottom, left:right] if right - left >= 2 and bottom - top >= 2 else None


class ClipScorer:
    """Refuses an image that does not show its classes, or an empty one that shows a class.

    A class is there when the whole image or one of its objects' crops agrees with it; objects in a wide scene are too
    small for the whole image to tell. Backgrounds that look like a target are thrown out (arXiv 2309.05956).

    Args:
        embedder: CLIP, SigLIP or anything like them.
        task: classes and the phrases they are heard by.
        scenes: scene id -> what the image was to show.
        least_share: see `agreement`.
    """

    name = "clip"
    version = "1"

    def __init__(
        self, embedder: Embedder, task: TaskSpec, scenes: Mapping[str, SceneSpec], least_share: float,
        licence: str = "of the model's weights",
    ) -> None:  # fmt: skip
        self.embedder, self.task, self.scenes, self.least_share = embedder, task, scenes, least_share
        self.licence = licence
        self.embeddings: dict[str, Float32Array] = {}  # sample id -> vector of the whole image
        self._phrases = {c.name: c.phrase for c in task.classes}
        self._lookalikes = sorted({o.drawn_as for s in scenes.values() for o in s.objects if o.role == "lookalike"})

    def score_many(self, images: Sequence[ImageArray], samples: Sequence[Sample]) -> list[Quality]:
        """Score images; vectors of whole images are kept for `take_embeddings`."""
        crops = [[self._crop(p, i.box) for i in s.instances] for p, s in zip(images, samples, strict=True)]
        flat = [c for own in crops for c in own if c is not None]
        vectors = self.embedder.images([*map(_square, images), *map(_square, flat)])
        self.embeddings.update((s.id, v) for s, v in zip(samples, vectors, strict=False))
        rest = iter(vectors[len(samples) :])
        of_crops = [[None if c is None else next(rest) for c in own] for own in crops]
        return [
            self._quality(vector, own, sample)
            for vector, own, sample in zip(vectors, of_crops, samples, strict=False)
        ]  # fmt: skip

    def take_embeddings(self) -> dict[str, Float32Array]:
        """Vectors of whole images scored since it was last asked, by sample id."""
        taken, self.embeddings = self.embeddings, {}
        return taken

    def close(self) -> None:
        """Release the embedder."""
        self.embeddings.clear()
        self.embedder.close()

    @staticmethod
    def _crop(image: ImageArray, box: Box) -> ImageArray | None:
        return crop(image, box)

    def _quality(self, whole: Float32Array, crops: Sequence[Float32Array | None], sample: Sample) -> Quality:
        scene = self.scenes.get(sample.scene_id)
        shown = _classes_of(sample, scene)
        others = distractors_of(self.task, shown, scene, self._lookalikes)
        if not shown:
            return self._empty(whole, others)
        agreements = {name: [self._agree(whole, name, others)] for name in shown}
        right = 0
        for instance, vector in zip(sample.instances, crops, strict=True):
            if vector is not None and instance.class_name in agreements:
                found = self._agree(vector, instance.class_name, others)
                agreements[instance.class_name].append(found)
                right += found.passed
        seen = sum(v is not None for v in crops)
        value = float(np.mean([max(self._value(a) for a in own) for own in agreements.values()]))
        missing = {n: own[0].instead for n, own in agreements.items() if not any(a.passed for a in own)}
        reasons = [f"does not look like {name}" for name in missing]
        scores = {"clip": value, "clip_share": float(np.mean([max(a.share for a in v) for v in agreements.values()]))}
        if seen:
            scores["clip_crops"] = right / seen
            if right / seen < CROPS_RIGHT:
                reasons.append("objects do not look like their class")
        return Quality(round(value, 4), {k: round(v, 4) for k, v in scores.items()}, reasons, passed=not reasons)

    def _empty(self, whole: Float32Array, others: Sequence[str]) -> Quality:
        """A deliberate empty must not look like any class."""
        plain = [o for o in others if o not in {prompt(p) for p in self._phrases.values()}]
        found = {n: self._agree(whole, n, plain) for n in self._phrases}
        reasons = [f"looks like {name} but is meant to be empty" for name, a in found.items() if a.passed]
        value = 1 - max(a.share for a in found.values())
        return Quality(round(value, 4), {"clip_empty": round(value, 4)}, reasons, passed=not reasons)

    def _agree(self, vector: Float32Array, name: str, others: Sequence[str]) -> Agreement:
        return agreement(vector, prompt(self._phrases.get(name, name)), others, self.embedder, self.least_share)

    def _value(self, found: Agreement) -> float:
        return percentage(found.cosine, self.embedder) / 100


def _classes_of(sample: Sample, scene: SceneSpec | None) -> set[str]:
    """Classes an image should show: as labelled, or as planned where it has no labels yet."""
    if sample.label:
        return {sample.label}
    labelled = {i.class_name for i in sample.instances}
    return labelled or ({o.class_name or o.drawn_as for o in scene.targets} if scene else set())


def _square(image: ImageArray) -> ImageArray:
    """Padded to a square by its border, so that the processor's centre crop cuts nothing off."""
    height, width = image.shape[:2]
    if height == width:
        return image
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    padded: ImageArray = cv2.copyMakeBorder(
        image, top, side - height - top, left, side - width - left, cv2.BORDER_REPLICATE
    )
    return padded
