"""Ultralytics' mask loss, computed where it is not zero (on a CPU) or for a whole batch at once (on a GPU).

Its own goes image by image, which a GPU waits for, and computes every mask of every positive anchor over the whole
image before it zeroes what lies outside the object's box, a fifth of a training step on a CPU. These are the same value
and gradients to rounding.
"""

from typing import Any

import numpy as np
import torch

_TOGETHER = 16  # images whose masks a GPU compares at once


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


def batched_mask_loss(
    fg_mask: torch.Tensor,
    masks: torch.Tensor,
    target_gt_idx: torch.Tensor,
    target_bboxes: torch.Tensor,
    batch_idx: torch.Tensor,
    proto: torch.Tensor,
    pred_masks: torch.Tensor,
    imgsz: torch.Tensor,
) -> torch.Tensor:
    """Stands in for `v8SegmentationLoss.calculate_segmentation_loss` as well, with few operations for many images."""
    counts = fg_mask.sum(1)
    shares = target_bboxes / imgsz[[1, 0, 1, 0]]
    order = counts.argsort(descending=True)  # alike beside each other: what is filled up in a group is little
    richest = counts[order][::_TOGETHER].tolist()
    total = (proto[:1] * 0).sum()
    for most, some in zip(richest, torch.split(order, _TOGETHER), strict=True):
        if most > 0:
            total = total + _mask_losses(
                most, fg_mask[some], masks[some], target_gt_idx[some], shares[some], proto[some], pred_masks[some]
            )
    return total / counts.sum()


def _mask_losses(
    most: int,
    positive: torch.Tensor,
    masks: torch.Tensor,
    targets: torch.Tensor,
    shares: torch.Tensor,
    prototypes: torch.Tensor,
    coefficients: torch.Tensor,
) -> torch.Tensor:
    """Sum over the positive anchors of some images, each image's listed one after another and filled up to `most`.

    Args:
        most: positive anchors of the image that has most of them.
        positive: (b, anchors) bool.
        masks: (b, h, w); i + 1 where the i-th object of an image is.
        targets: (b, anchors) number of the object that an anchor is to find.
        shares: (b, anchors, 4) that object's box: x1, y1, x2, y2 as shares of the image.
        prototypes: (b, k, h, w).
        coefficients: (b, anchors, k).
    """
    images, (height, width) = len(prototypes), prototypes.shape[2:]
    image, anchor = positive.nonzero(as_tuple=True)
    before = positive.sum(1)
    before = before.cumsum(0) - before
    place = torch.arange(len(image), device=image.device) - before[image]
    listed = coefficients.new_zeros(images, most, coefficients.shape[2])
    listed = listed.index_put((image, place), coefficients[image, anchor])
    number = masks.new_full((images, most), -1)  # of the object in `masks`
    number[image, place] = (targets[image, anchor] + 1).to(masks.dtype)
    box = shares.new_zeros(images, most, 4)
    box[image, place] = shares[image, anchor]
    areas = (box[..., 2:] - box[..., :2]).prod(2)
    weight = torch.where(areas > 0, 1 / areas, 0.0)  # a box of no size teaches nothing
    box = box * box.new_tensor([width, height, width, height])
    x, y = torch.arange(width, device=box.device), torch.arange(height, device=box.device)
    across = (x >= box[..., :1]) & (x < box[..., 2:3])
    down = (y >= box[..., 1:2]) & (y < box[..., 3:4])
    logits = torch.bmm(listed, prototypes.flatten(2)).view(images, most, height, width)
    truth = (masks[:, None] == number[..., None, None]).to(logits.dtype)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    means = (loss * (down[..., :, None] & across[..., None, :])).sum((2, 3)) / (height * width)
    return (means * weight).sum()
