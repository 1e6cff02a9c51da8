"""Ultralytics' mask loss on a CPU, computed where it is not zero.

Its own computes every mask of every positive anchor over the whole image and zeroes what lies outside the object's
box, a fifth of a training step here. This one looks into the boxes alone: the same value and gradients to rounding.
"""

from typing import Any

import numpy as np
import torch


class _CroppedMaskLoss(torch.autograd.Function):
    """Binary cross-entropy of masks within their objects' boxes; gradients are made along with the value."""

    @staticmethod
    def forward(
        ctx: Any,
        coefficients: torch.Tensor,
        prototypes: torch.Tensor,
        masks: torch.Tensor,
        positive: torch.Tensor,
        targets: torch.Tensor,
        boxes: torch.Tensor,
    ) -> torch.Tensor:
        """Loss of a batch.

        Args:
            ctx: of torch.
            coefficients: (b, anchors, k) float32.
            prototypes: (b, k, h, w) float32.
            masks: (b, h, w); i + 1 where the i-th object of an image is.
            positive: (b, anchors) bool.
            targets: (b, anchors) number of the object that an anchor is to find.
            boxes: (b, anchors, 4) that object's box: x1, y1, x2, y2 as shares of the image.

        Returns:
            Scalar: the sum over positive anchors of the mean over the box, divided by their number.
        """
        height, width = prototypes.shape[2:]
        c, p = coefficients.detach().numpy(), np.ascontiguousarray(prototypes.detach().permute(0, 2, 3, 1).numpy())
        ids, object_of = masks.numpy(), targets.numpy()
        on_masks = boxes.numpy() * np.array([width, height, width, height], np.float32)
        areas = np.prod(boxes.numpy()[..., 2:] - boxes.numpy()[..., :2], axis=-1)
        to_c, to_p, total = np.zeros_like(c), np.zeros_like(p), 0.0
        chosen = positive.numpy()
        count = int(chosen.sum())
        for image in np.flatnonzero(chosen.any(1)):
            anchors = np.flatnonzero(chosen[image])
            for number in np.unique(object_of[image, anchors]):
                own = anchors[object_of[image, anchors] == number]
                x1, y1, x2, y2 = np.ceil(on_masks[image, own[0]]).astype(int).clip(0).tolist()
                there = p[image, y1:y2, x1:x2]
                if there.size == 0:  # a box between two pixels' centres, or of no size
                    continue
                rows = there.reshape(-1, p.shape[3])
                logits = rows @ c[image, own].T  # (pixels, anchors)
                truth = (ids[image, y1:y2, x1:x2] == number + 1).reshape(-1, 1).astype(np.float32)
                weight = 1.0 / (height * width * float(areas[image, own[0]]) * count)
                decay = np.exp(-np.abs(logits))
                total += weight * float((np.maximum(logits, 0) - logits * truth + np.log1p(decay)).sum())
                slope = (np.where(logits >= 0, 1.0, decay) / (1.0 + decay) - truth) * np.float32(weight)
                to_c[image, own] = slope.T @ rows
                to_p[image, y1:y2, x1:x2] += (slope @ c[image, own]).reshape(there.shape)
        ctx.gradients = torch.from_numpy(to_c), torch.from_numpy(to_p).permute(0, 3, 1, 2)
        return coefficients.new_tensor(total)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        """Gradients of coefficients and prototypes."""
        to_coefficients, to_prototypes = ctx.gradients
        return to_coefficients.mul_(gradients[0]), to_prototypes.mul_(gradients[0]), None, None, None, None


def cropped_mask_loss(
    fg_mask: torch.Tensor,
    masks: torch.Tensor,
    target_gt_idx: torch.Tensor,
    target_bboxes: torch.Tensor,
    batch_idx: torch.Tensor,
    proto: torch.Tensor,
    pred_masks: torch.Tensor,
    imgsz: torch.Tensor,
) -> torch.Tensor:
    """Stands in for `v8SegmentationLoss.calculate_segmentation_loss`, with overlapping masks, and its arguments."""
    shares = target_bboxes / imgsz[[1, 0, 1, 0]]
    apply: Any = _CroppedMaskLoss.apply
    made: torch.Tensor = apply(pred_masks, proto, masks, fg_mask, target_gt_idx, shares)
    return made
