"""Masks from boxes and points by Segment Anything: SAM by its own library, SAM, SAM 2 and SAM-HQ by transformers.

An image is encoded once; all its boxes share the encoding and are decoded in batches.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from tools.annotators import Point, Segmenter
from tools.core.devices import choose_device
from tools.core.errors import StepFailed
from tools.core.model_files import load_pretrained, local_folder, release
from tools.data.images import ImageArray
from tools.data.sample import BoolMask, Box

log = logging.getLogger(__name__)
PATCH_PX = 16
IOU_HEAD = "mask_decoder.iou_prediction_head.layers.0.bias"
WINDOW = 14  # of SAM's local attention, in patches


def make_sam(model: str, *, offline: bool, batch: int, min_quality: float) -> Segmenter:
    """The Segment Anything of a path or name.

    Args:
        model: a .pth or .safetensors file of segment-anything (ViT-B, L or H), or a folder or name of transformers.
        offline: never look at the network.
        batch: boxes decoded at once.
        min_quality: masks of which the model itself expects less overlap are failures, 0..1.

    Raises:
        StepFailed: the weights are missing, damaged, or not of a SAM.
    """
    folder = local_folder(model)
    if folder is not None and folder.is_file():
        return SegmentAnything(folder, batch, min_quality)
    return TransformersSam(model, offline=offline, batch=batch, min_quality=min_quality)


class SegmentAnything:
    """Segment Anything (arXiv 2304.02643) by its own library; the size is read from the weights themselves.

    Args:
        weights: .pth (opened without unpickling code) or .safetensors.
        batch: boxes decoded at once.
        min_quality: see `make_sam`.
    """

    name = "sam"
    version = "segment-anything 1.0"
    licence = "Apache-2.0"

    def __init__(self, weights: Path, batch: int = 64, min_quality: float = 0.0) -> None:
        from segment_anything import SamPredictor

        self._device = choose_device()
        self._predictor: Any = SamPredictor(_build(_read_weights(weights), weights).to(self._device).eval())
        self._batch, self._min_quality = batch, min_quality

    def masks(
        self, image: ImageArray, boxes: Sequence[Box], points: Sequence[Sequence[Point]] | None = None
    ) -> list[BoolMask | None]:
        """An (h, w) mask for each box; None where the model doubts it or finds nothing."""
        import torch

        if not boxes:
            return []
        predictor = self._predictor
        found: list[BoolMask | None] = []
        with torch.inference_mode():
            predictor.set_image(np.ascontiguousarray(image))
            corners = predictor.transform.apply_boxes(np.asarray(boxes, np.float64), image.shape[:2])
            for start in range(0, len(boxes), self._batch):
                part = slice(start, start + self._batch)
                hints = _points(points[part] if points else None)
                coords = labels = None
                if hints is not None:
                    moved = predictor.transform.apply_coords(hints[0], image.shape[:2])
                    coords = torch.as_tensor(moved, dtype=torch.float, device=self._device)
                    labels = torch.as_tensor(hints[1], dtype=torch.int, device=self._device)
                masks, quality, _ = predictor.predict_torch(
                    coords, labels, torch.as_tensor(corners[part], dtype=torch.float, device=self._device),
                    multimask_output=False,
                )  # fmt: skip
                found += _usable(masks[:, 0].cpu().numpy(), quality[:, 0].float().cpu().numpy(), self._min_quality)
            predictor.reset_image()
        return found

    def close(self) -> None:
        """Release the network."""
        self._predictor = None
        release()


class TransformersSam:
    """SAM, SAM 2, SAM-HQ or the tracker of SAM 3 by transformers.

    Args:
        model: a folder, or a name on the hub.
        offline: never look at the network.
        batch: boxes decoded at once.
        min_quality: see `make_sam`.
    """

    licence = "of the model's weights"

    def __init__(self, model: str, *, offline: bool = False, batch: int = 64, min_quality: float = 0.0) -> None:
        from transformers import AutoModelForMaskGeneration, AutoProcessor
        from transformers import __version__ as library

        self._device = choose_device()
        options: dict[str, Any] = {"offline": offline, "setting": "sam_model"}
        self._processor = load_pretrained(AutoProcessor.from_pretrained, model, **options)
        network = load_pretrained(AutoModelForMaskGeneration.from_pretrained, model, **options)
        self._network: Any = network.to(self._device).eval()
        self.name = network.config.model_type
        self.version = f"{model} (transformers {library})"
        self._batch, self._min_quality = batch, min_quality

    def masks(
        self, image: ImageArray, boxes: Sequence[Box], points: Sequence[Sequence[Point]] | None = None
    ) -> list[BoolMask | None]:
        """An (h, w) mask for each box; None where the model doubts it or finds nothing."""
        import torch

        found: list[BoolMask | None] = []
        encoded = None
        image = np.array(image)  # torch wants arrays it may write to
        with torch.inference_mode():
            for start in range(0, len(boxes), self._batch):
                part = slice(start, start + self._batch)
                given: dict[str, Any] = {"input_boxes": [[list(map(float, b)) for b in boxes[part]]]}
                hints = _points(points[part] if points else None)
                if hints is not None:
                    given |= {"input_points": [hints[0].tolist()], "input_labels": [hints[1].tolist()]}
                inputs = self._processor(images=image, return_tensors="pt", **given).to(self._device)
                sizes = {k: inputs.pop(k) for k in ("original_sizes", "reshaped_input_sizes") if k in inputs}
                pixels = inputs.pop("pixel_values")
                encoded = self._network.get_image_embeddings(pixels) if encoded is None else encoded
                answer = self._network(**inputs, image_embeddings=encoded, multimask_output=False)
                masks = self._post_process(answer.pred_masks.float().cpu(), sizes)
                quality = answer.iou_scores[0, :, 0].float().cpu().numpy()
                found += _usable(masks[:, 0].numpy().astype(bool), quality, self._min_quality)
        return found

    def _post_process(self, masks: Any, sizes: Mapping[str, Any]) -> Any:
        """(boxes, 1, h, w) in the image's own size."""
        process = getattr(self._processor, "image_processor", self._processor).post_process_masks
        return process(masks, **{k: v.tolist() for k, v in sizes.items()})[0]

    def close(self) -> None:
        """Release the network."""
        self._network = None
        release()


def _points(points: Sequence[Sequence[Point]] | None) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]] | None:
    """Coordinates (n, k, 2) and labels (n, k) of the points of n boxes; SAM reads -1 as no point."""
    longest = max(map(len, points), default=0) if points else 0
    if not points or not longest:
        return None
    coords, labels = np.zeros((len(points), longest, 2)), np.full((len(points), longest), -1)
    for row, own in enumerate(points):
        for column, (x, y, on) in enumerate(own):
            coords[row, column], labels[row, column] = (x, y), int(on)
    return coords, labels


def _usable(
    masks: npt.NDArray[np.bool_], quality: npt.NDArray[np.float32], min_quality: float
) -> list[BoolMask | None]:  # fmt: skip
    return [
        largest_part(mask) if mask.any() and value >= min_quality else None
        for mask, value in zip(masks, quality, strict=True)
    ]


def largest_part(mask: BoolMask) -> BoolMask:
    """The mask without specks: connected parts under a twentieth of the largest are noise of the decoder (ours).

    What something in front cuts in two keeps both parts.
    """
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count <= 2:
        return mask
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept: BoolMask = np.isin(parts, 1 + np.flatnonzero(areas >= areas.max() / 20))
    return kept


# Weights of segment-anything ------------------------------------------------------------------------------------------


def _read_weights(path: Path) -> dict[str, Any]:
    """Tensors by name; a pickle is read as tensors alone.

    Raises:
        StepFailed: not a file of tensors.
    """
    import pickle

    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        return dict(torch.load(path, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, ValueError, TypeError, pickle.UnpicklingError, SafetensorError, EOFError) as error:
        why = next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]
        raise StepFailed(
            f"{path}: no weights of Segment Anything ({why}); name others with SIGHTSMITH_SAM_MODEL"
        ) from error


def _build(weights: dict[str, Any], path: Path) -> Any:
    """The network whose shapes these weights have: ViT-B, L, H, or any other size.

    The same layers as `segment_anything.build_sam`, which knows three sizes and opens files with plain pickle.

    Raises:
        StepFailed: the weights are of something else.
    """
    import torch
    from segment_anything.modeling import (
        ImageEncoderViT,
        MaskDecoder,
        PromptEncoder,
        Sam,
        TwoWayTransformer,
    )

    try:
        width = weights["image_encoder.patch_embed.proj.weight"].shape[0]
        grid = weights["image_encoder.pos_embed"].shape[1]
        depth = 1 + max(int(n.group(1)) for k in weights if (n := re.match(r"image_encoder\.blocks\.(\d+)\.", k)))
        spans = [weights[f"image_encoder.blocks.{i}.attn.rel_pos_h"] for i in range(depth)]
        hidden = weights["image_encoder.blocks.0.mlp.lin1.weight"].shape[0]
        out = weights["image_encoder.neck.0.weight"].shape[0]
        layers = 1 + max(
            int(n.group(1)) for k in weights if (n := re.match(r"mask_decoder\.transformer\.layers\.(\d+)\.", k))
        )
        two_way = weights["mask_decoder.transformer.layers.0.mlp.lin1.weight"].shape[0]
        network = Sam(
            ImageEncoderViT(
                depth=depth, embed_dim=width, img_size=grid * PATCH_PX, mlp_ratio=hidden / width,
                norm_layer=lambda n: torch.nn.LayerNorm(n, eps=1e-6), num_heads=width // spans[0].shape[1],
                patch_size=PATCH_PX, qkv_bias=True, use_rel_pos=True, window_size=WINDOW, out_chans=out,
                global_attn_indexes=tuple(i for i, s in enumerate(spans) if s.shape[0] != 2 * WINDOW - 1),
            ),
            PromptEncoder(
                embed_dim=out, image_embedding_size=(grid, grid), input_image_size=(grid * PATCH_PX,) * 2,
                mask_in_chans=weights["prompt_encoder.mask_downscaling.3.weight"].shape[0],
            ),
            MaskDecoder(
                num_multimask_outputs=3, transformer_dim=out,
                transformer=TwoWayTransformer(depth=layers, embedding_dim=out, mlp_dim=two_way, num_heads=8),
                iou_head_depth=3, iou_head_hidden_dim=weights[IOU_HEAD].shape[0],
            ),
        )  # fmt: skip
        network.load_state_dict(weights)
    except (KeyError, ValueError, RuntimeError, IndexError) as error:
        why = next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]
        raise StepFailed(
            f"{path}: these weights are not of Segment Anything ({why}); name others with SIGHTSMITH_SAM_MODEL"
        ) from error
    return network
