"""Detectors that hear words: Grounding DINO, OWL and SAM 3 by transformers, YOLOE and YOLO-World by Ultralytics."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tools.core.devices import choose_device
from tools.core.errors import StepFailed
from tools.core.model_files import load_pretrained, local_folder, release
from tools.data.images import ImageArray
from tools.models.detections import Detection, Detector

log = logging.getLogger(__name__)
# As their authors use them (Grounding DINO's demo, the cards of OWLv2 and SAM 3), and the apple paper, 2411.11285.
CONFIDENCES = {
    "grounding-dino": 0.35, "mm-grounding-dino": 0.35, "owlv2": 0.10, "owlvit": 0.10, "sam3": 0.50, "yolo": 0.30,
}  # fmt: skip
# What Ultralytics reads words with, in a file beside the weights; YOLO-World uses the `clip` package instead.
ENCODER_FILES = {"mobileclip:blt": "mobileclip_blt.ts", "mobileclip2:b": "mobileclip2_b.ts"}
SAM3_KINDS, SAM3_TOKENS = ("sam3", "sam3_video"), 32
PHRASES_A_CALL = 20  # Grounding DINO reads 256 tokens; twenty phrases of a few words fit


def make_detector(model: str, *, offline: bool, batch: int) -> Detector:
    """The detector of a path or name.

    Args:
        model: a .pt file of YOLOE or YOLO-World, or a folder or name of transformers.
        offline: never look at the network.
        batch: images computed at once.

    Raises:
        StepFailed: the weights are missing, damaged, or of another kind.
    """
    folder = local_folder(model)
    if folder is not None and folder.is_file():
        return UltralyticsDetector(folder, batch)
    if folder is not None and _kind(folder) in SAM3_KINDS:
        return Sam3Detector(model, offline=offline, batch=batch)
    return TransformersDetector(model, offline=offline, batch=batch)


def _kind(folder: Path) -> str:
    """What the configuration of a folder says it is."""
    try:
        return str(json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type", ""))
    except (OSError, ValueError):
        return ""


def usual_confidence(detector: Detector) -> float:
    """The least score its authors use."""
    return CONFIDENCES.get(detector.name, CONFIDENCES["yolo"])


class TransformersDetector:
    """Grounding DINO, MM Grounding DINO, OWL-ViT or OWLv2.

    Args:
        model: a folder, or a name on the hub.
        offline: never look at the network.
        batch: images computed at once.

    Raises:
        StepFailed: the weights are missing, damaged, or of another kind.
    """

    licence = "of the model's weights"

    def __init__(self, model: str, *, offline: bool = False, batch: int = 8) -> None:
        from transformers import AutoModelForZeroShotObjectDetection, AutoProcessor
        from transformers import __version__ as library

        options: dict[str, Any] = {"offline": offline, "setting": "detector"}
        network = load_pretrained(AutoModelForZeroShotObjectDetection.from_pretrained, model, **options)
        self._processor = load_pretrained(AutoProcessor.from_pretrained, model, **options)
        self._device, self._batch = choose_device(), batch
        self._network: Any = network.to(self._device).eval()
        self.name = str(network.config.model_type).replace("_", "-")
        self.version = f"{model} (transformers {library})"

    def detect(self, images: Sequence[ImageArray], phrases: Sequence[str], confidence: float) -> list[list[Detection]]:
        """Boxes in each image; those of one shape are computed together, so nothing is padded."""
        results: list[list[Detection]] = [[] for _ in images]
        shapes: dict[tuple[int, ...], list[int]] = {}
        for index, image in enumerate(images):
            shapes.setdefault(image.shape, []).append(index)
        for members in shapes.values():
            for start in range(0, len(members), self._batch):
                part = members[start : start + self._batch]
                batch = [np.array(images[i]) for i in part]  # torch wants arrays it may write to
                for first in range(0, len(phrases), PHRASES_A_CALL):
                    heard = phrases[first : first + PHRASES_A_CALL]
                    for index, found in zip(part, self._detect(batch, heard, confidence, first), strict=True):
                        results[index] += found
        return results

    def close(self) -> None:
        """Release the network."""
        self._network = None
        release()

    def _detect(
        self, images: list[ImageArray], phrases: Sequence[str], confidence: float, first: int
    ) -> list[list[Detection]]:
        import torch

        grounding = "grounding-dino" in self.name
        said = [p.casefold().strip(" .") for p in phrases]
        text: Any = [" ".join(f"{p} ." for p in said)] * len(images) if grounding else [said] * len(images)
        inputs = self._processor(images=images, text=text, return_tensors="pt").to(self._device)
        with torch.inference_mode():
            answer = self._network(**inputs)
        logits = answer.logits.float().sigmoid()
        if grounding:
            logits = torch.stack([logits[..., tokens].amax(-1) for tokens in self._tokens(said)], dim=-1)
        scores, phrase = logits.max(-1)
        height, width = images[0].shape[:2]
        # OWLv2 pads to a square before it looks; Grounding DINO and OWL-ViT see the image as it is.
        scale = (max(height, width),) * 4 if self.name == "owlv2" else (width, height, width, height)
        cx, cy, w, h = answer.pred_boxes.float().unbind(-1)
        corners = torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], -1)
        corners = corners * torch.tensor(scale, device=corners.device)
        corners[..., 0::2] = corners[..., 0::2].clamp(0, width)
        corners[..., 1::2] = corners[..., 1::2].clamp(0, height)
        return [
            [
                Detection((b[0], b[1], b[2], b[3]), float(s), first + int(p))
                for b, s, p in zip(boxes.tolist(), own.tolist(), kinds.tolist(), strict=True)
                if s >= confidence and b[2] - b[0] >= 1 and b[3] - b[1] >= 1
            ]
            for boxes, own, kinds in zip(corners, scores, phrase, strict=True)
        ]

    def _tokens(self, phrases: Sequence[str]) -> list[list[int]]:
        """Positions of each phrase's tokens in the text; its labels by string would merge neighbouring phrases."""
        text = " ".join(f"{p} ." for p in phrases)
        spans = self._processor.tokenizer(text, return_offsets_mapping=True)["offset_mapping"]
        tokens, place = [], 0
        for phrase in phrases:
            end = place + len(phrase)
            tokens.append([i for i, (a, b) in enumerate(spans) if a >= place and b <= end and b > a])
            place = end + 3
        return tokens


class Sam3Detector:
    """SAM 3, which finds and cuts out what a phrase says, one phrase at a time; the image is encoded once.

    Args:
        model: a folder.
        offline: never look at the network.
        batch: images computed at once.

    Raises:
        StepFailed: the weights are missing, damaged, or of another kind.
    """

    name = "sam3"
    licence = "SAM License"

    def __init__(self, model: str, *, offline: bool = False, batch: int = 4) -> None:
        from transformers import Sam3Model, Sam3Processor
        from transformers import __version__ as library

        options: dict[str, Any] = {"offline": offline, "setting": "detector"}
        self._processor = load_pretrained(Sam3Processor.from_pretrained, model, **options)
        self._device, self._batch = choose_device(), batch
        self._network: Any = load_pretrained(Sam3Model.from_pretrained, model, **options).to(self._device).eval()
        self.version = f"{model} (transformers {library})"

    def detect(self, images: Sequence[ImageArray], phrases: Sequence[str], confidence: float) -> list[list[Detection]]:
        """Boxes and masks in each image."""
        import torch

        results: list[list[Detection]] = [[] for _ in images]
        for start in range(0, len(images), self._batch):
            part = [np.array(p) for p in images[start : start + self._batch]]
            sizes = [(p.shape[0], p.shape[1]) for p in part]
            with torch.inference_mode():
                pixels = self._processor(images=part, return_tensors="pt").pixel_values.to(self._device)
                seen = self._network.get_vision_features(pixel_values=pixels)
                for index, phrase in enumerate(phrases):
                    said = self._processor.tokenizer(
                        [phrase] * len(part), padding="max_length", max_length=SAM3_TOKENS, truncation=True,
                        return_tensors="pt",
                    ).to(self._device)  # fmt: skip
                    answer = self._network(
                        vision_embeds=seen, input_ids=said.input_ids, attention_mask=said.attention_mask
                    )
                    found = self._processor.post_process_instance_segmentation(answer, confidence, 0.5, sizes)
                    for place, one in enumerate(found):
                        results[start + place] += _instances(one, index, sizes[place])
        return results

    def close(self) -> None:
        """Release the network."""
        self._network = None
        release()


def _instances(answer: Any, phrase: int, size: tuple[int, int]) -> list[Detection]:
    height, width = size
    boxes = answer["boxes"].float().cpu().numpy().clip(0, (width, height, width, height))
    masks, scores = answer["masks"].cpu().numpy() > 0, answer["scores"].float().cpu().tolist()
    return [
        Detection((float(b[0]), float(b[1]), float(b[2]), float(b[3])), s, phrase, m if m.any() else None)
        for b, s, m in zip(boxes, scores, masks, strict=True)
        if b[2] - b[0] >= 1 and b[3] - b[1] >= 1
    ]


class UltralyticsDetector:
    """YOLOE (which gives masks too) or YOLO-World, from a file of weights.

    Args:
        weights: a .pt file; it is read as tensors and layers of known classes, no other code in it is run.
        batch: images computed at once.

    Raises:
        StepFailed: the file is missing, damaged, or of another kind.
    """

    name = "yolo"
    licence = "AGPL-3.0"

    def __init__(self, weights: Path, batch: int = 8) -> None:
        from tools.models.networks import quiet_ultralytics

        quiet_ultralytics()
        from ultralytics import __version__ as library
        from ultralytics.models import YOLOE, YOLOWorld

        from tools.models.pickled import read_network

        network = read_network(weights)
        kinds = {"YOLOEModel": YOLOE, "YOLOESegModel": YOLOE, "WorldModel": YOLOWorld}
        kind = kinds.get(type(network).__name__)
        if kind is None:
            raise StepFailed(f"{weights}: {type(network).__name__} hears no words; use a YOLOE or YOLO-World")
        segments = type(network).__name__ == "YOLOESegModel"
        model: Any = kind(network.yaml.get("yaml_file") or ("yoloe-11s-seg.yaml" if segments else "yolov8s-world.yaml"))
        model.model = network.float().eval()
        self._model: Any = model
        self._batch, self._device = batch, choose_device()
        self._folder = weights.parent
        self._heard: list[str] = []
        self.version = f"{weights.name} (ultralytics {library})"

    def detect(self, images: Sequence[ImageArray], phrases: Sequence[str], confidence: float) -> list[list[Detection]]:
        """Boxes in each image, with masks where the network gives them.

        Raises:
            StepFailed: the encoder of words, which Ultralytics keeps in a file of its own, is missing.
        """
        self._hear(list(phrases))
        results: list[list[Detection]] = []
        for start in range(0, len(images), self._batch):
            batch = [cv2.cvtColor(p, cv2.COLOR_RGB2BGR) for p in images[start : start + self._batch]]
            answers = self._model.predict(batch, conf=confidence, verbose=False, device=self._device)
            results += [_detections(a) for a in answers]
        return results

    def close(self) -> None:
        """Release the network."""
        self._model = None
        release()

    def _hear(self, phrases: list[str]) -> None:
        if phrases == self._heard:
            return
        needed = ENCODER_FILES.get(str(getattr(self._model.model, "text_model", "clip:ViT-B/32")))
        try:
            if needed is not None:
                if not (self._folder / needed).is_file():  # Ultralytics would fetch it unasked
                    raise FileNotFoundError(f"no {needed} in {self._folder}")
                import torch
                from ultralytics.nn.text_model import MobileCLIPTS

                self._model.model.clip_model = MobileCLIPTS(
                    torch.device(self._device), weight=str(self._folder / needed)
                )
                vectors = self._model.model.get_text_pe(phrases, cache_clip_model=True)
                self._model.set_classes(phrases, vectors)
            else:
                self._model.set_classes(phrases)
        except (OSError, ImportError, ConnectionError, AttributeError, RuntimeError) as error:
            why = next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]
            raise StepFailed(
                f"YOLO cannot hear {', '.join(phrases)}: its encoder of words is missing ({why}); put the file beside"
                " the weights as Ultralytics names it, or name a Grounding DINO or OWLv2 with SIGHTSMITH_DETECTOR"
            ) from error
        self._heard = phrases


def _detections(answer: Any) -> list[Detection]:
    height, width = answer.orig_shape
    masks = None if answer.masks is None else answer.masks.data.cpu().numpy()
    found = []
    for i, (box, score, kind) in enumerate(
        zip(answer.boxes.xyxy.tolist(), answer.boxes.conf.tolist(), answer.boxes.cls.tolist(), strict=True)
    ):
        mask = None
        if masks is not None:
            mask = cv2.resize(masks[i].astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST).astype(bool)
        found.append(Detection((box[0], box[1], box[2], box[3]), float(score), int(kind), mask))
    return found
