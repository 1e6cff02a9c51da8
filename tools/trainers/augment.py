"""Labelled pictures and their random variants: made for small rendered sets that must carry over to real photos."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from tools.trainers.formula_textures import noise_bank

Picture = npt.NDArray[np.uint8]
IdMap = npt.NDArray[np.uint16]
Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

MIN_VISIBLE_PX = 8  # an object of which a variant shows less is not labelled in it
MIN_VISIBLE_SHARE = 0.12  # of what the original shows of it
MIN_SIDE_PX = 2.0


@dataclass(frozen=True)
class Example:
    """A picture with its labels."""

    picture: Picture  # (h, w, 3) RGB
    ids: IdMap  # (h, w): 0 none, i the i-th object; of objects known by box alone no pixel is marked
    classes: Ints  # (k,) class of object i + 1
    boxes: Floats | None = None  # (k, 4) x1 y1 x2 y2 where they do not follow from `ids`
    label: int | None = None  # class of the whole picture


@dataclass(frozen=True)
class Policy:
    """How much a picture is changed. The defaults are for renders that must work on photos."""

    mosaic: float = 0.5  # chance of four pictures in one
    scale: tuple[float, float] = (0.5, 1.6)  # objects of other sizes than the renders'
    rotate_deg: float = 12.0
    flip: float = 0.5  # left-right; things have an up and a down
    colour: float = 1.0  # strength of hue, saturation, exposure and white balance
    degrade: float = 0.5  # chance of blur, noise, JPEG or a coarser sensor, each about half as often


PLAIN = Policy(mosaic=0.0, scale=(1.0, 1.0), rotate_deg=0.0, flip=0.0, colour=0.0, degrade=0.0)


def vary(rng: np.random.Generator, examples: Sequence[Example], size_px: int, policy: Policy) -> Example:
    """A random variant.

    Args:
        rng: decides everything.
        examples: the first is the one to vary; three more are needed for a mosaic.
        size_px: side of the square result.
        policy: how much to change.
    """
    if len(examples) >= 4 and rng.random() < policy.mosaic:
        made = _mosaic(rng, examples[:4], size_px, policy)
    else:
        made = _place(rng, examples[0], (size_px, size_px), policy)
    return replace(made, picture=recolour(rng, made.picture, policy))


def boxes_of(ids: IdMap, count: int) -> Floats:
    """(count, 4) tight x1 y1 x2 y2 of each object, x2 and y2 exclusive; zeros where nothing is seen."""
    boxes = np.zeros((count, 4), np.float32)
    for i, found in enumerate(ndimage.find_objects(ids, max_label=count)):
        if found is not None:
            boxes[i] = found[1].start, found[0].start, found[1].stop, found[0].stop
    return boxes


# Geometry --------------------------------------------------------------------------------------------------------


def _place(
    rng: np.random.Generator, example: Example, shape: tuple[int, int], policy: Policy, zoom: float = 1.0
) -> Example:
    """The picture turned, flipped, scaled and shifted into a frame of (height, width)."""
    height, width = shape
    h, w = example.ids.shape
    low, high = np.log(policy.scale)
    scale = zoom * float(np.exp(rng.uniform(low, high))) * max(shape) / max(h, w)
    angle = np.deg2rad(rng.uniform(-policy.rotate_deg, policy.rotate_deg))
    mirror = -1.0 if rng.random() < policy.flip else 1.0
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    linear = np.array([[cos * mirror, -sin], [sin * mirror, cos]])
    spare = np.array([width - w * scale, height - h * scale])  # room around the picture, or what of it is cut off
    where = rng.uniform(0, 1, 2) if policy.scale != (1.0, 1.0) or zoom != 1.0 else np.array([0.5, 0.5])
    centre = np.array([w, h]) * scale / 2 + spare * where
    shift = centre - linear @ np.array([(w - 1) / 2, (h - 1) / 2]) - 0.5
    return _warp(example, np.concatenate([linear, shift[:, None]], 1), scale, shape, _fill_colour(rng, policy))


def _fill_colour(rng: np.random.Generator, policy: Policy) -> tuple[int, int, int]:
    if policy.colour == 0:
        return (114, 114, 114)
    red, green, blue = rng.integers(0, 256, 3).tolist()
    return red, green, blue


def _warp(
    example: Example, matrix: npt.NDArray[np.float64], scale: float, shape: tuple[int, int], fill: tuple[int, int, int]
) -> Example:
    height, width = shape
    picture = example.picture
    if scale < 0.6:  # else single pixels are picked and fine texture turns to noise
        shrink = max(scale, 1 / min(picture.shape[:2]))
        small = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        fx, fy = small.shape[1] / picture.shape[1], small.shape[0] / picture.shape[0]
        linear = matrix[:, :2] / (fx, fy)
        shift = matrix[:, 2] + matrix[:, :2] @ np.array([0.5 / fx - 0.5, 0.5 / fy - 0.5])
        moved = cv2.warpAffine(small, np.concatenate([linear, shift[:, None]], 1), (width, height), borderValue=fill)
    else:
        moved = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=fill)
    ids = cv2.warpAffine(example.ids, matrix, (width, height), flags=cv2.INTER_NEAREST, borderValue=0)
    boxes = None if example.boxes is None else _warp_boxes(example.boxes, matrix)
    before = np.bincount(example.ids.ravel(), minlength=len(example.classes) + 1)[1:] * scale**2
    return _keep_visible(Example(moved, ids, example.classes, boxes, example.label), before)


def _warp_boxes(boxes: Floats, matrix: npt.NDArray[np.float64]) -> Floats:
    """Boxes of turned objects: of the ellipse in the old box, since the corners' box would be too large."""
    centres, halves = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
    moved = (centres - 0.5) @ matrix[:, :2].T + matrix[:, 2] + 0.5
    reach = np.sqrt(halves**2 @ (matrix[:, :2] ** 2).T)
    return np.asarray(np.concatenate([moved - reach, moved + reach], 1), np.float32)


def _keep_visible(example: Example, before_px: npt.NDArray[np.float64]) -> Example:
    """Drop labels of objects that left the frame; number the rest anew."""
    h, w = example.ids.shape
    count = len(example.classes)
    if count == 0:
        return example
    seen = np.bincount(example.ids.ravel(), minlength=count + 1)[1 : count + 1]
    if example.boxes is None:
        keep = seen >= np.maximum(MIN_VISIBLE_PX, MIN_VISIBLE_SHARE * before_px)
        boxes = None
    else:
        boxes = example.boxes.clip(0, np.array([w, h, w, h], np.float32))
        sides, full = boxes[:, 2:] - boxes[:, :2], example.boxes[:, 2:] - example.boxes[:, :2]
        share = sides.prod(axis=1) / full.prod(axis=1).clip(1e-6)
        keep = (sides.min(axis=1) > MIN_SIDE_PX) & (share > MIN_VISIBLE_SHARE)
        keep &= (before_px == 0) | (seen >= MIN_VISIBLE_PX)  # a box whose visible part left the frame
        boxes = boxes[keep]
    table = np.zeros(count + 1, np.uint16)
    table[1:][keep] = np.arange(1, keep.sum() + 1)
    return replace(example, ids=table[example.ids], classes=example.classes[keep], boxes=boxes)


def _mosaic(rng: np.random.Generator, examples: Sequence[Example], size_px: int, policy: Policy) -> Example:
    """Four pictures about a random point; objects get smaller, meet new neighbours and are cut by new borders."""
    picture = np.empty((size_px, size_px, 3), np.uint8)
    ids = np.zeros((size_px, size_px), np.uint16)
    classes, boxes, count = [], [], 0
    cx, cy = (rng.uniform(0.3, 0.7, 2) * size_px).astype(int).tolist()
    corners = ((0, 0, cx, cy), (cx, 0, size_px, cy), (0, cy, cx, size_px), (cx, cy, size_px, size_px))
    for example, (x1, y1, x2, y2) in zip(examples, corners, strict=True):
        part = _place(rng, example, (y2 - y1, x2 - x1), policy, zoom=1.2)
        picture[y1:y2, x1:x2] = part.picture
        ids[y1:y2, x1:x2] = np.where(part.ids > 0, part.ids + count, 0)
        classes.append(part.classes)
        count += len(part.classes)
        if part.boxes is not None:
            boxes.append(part.boxes + np.array([x1, y1, x1, y1], np.float32))
    whole = np.concatenate(boxes) if len(boxes) == len(examples) else None
    return Example(picture, ids, np.concatenate(classes), whole)


# Colour and camera -----------------------------------------------------------------------------------------------


def recolour(rng: np.random.Generator, picture: Picture, policy: Policy) -> Picture:
    """Another light, another camera: what renders vary least and photos most."""
    if policy.colour:
        picture = _recolour(rng, picture, policy.colour)
    if policy.degrade:
        picture = _degrade(rng, picture, policy.degrade)
    return np.ascontiguousarray(picture)


def _recolour(rng: np.random.Generator, picture: Picture, strength: float) -> Picture:
    if rng.random() < 0.6:
        hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
        hue, saturation = rng.normal(0, 5.0 * strength), np.exp(rng.normal(0, 0.3 * strength))
        levels = np.arange(256)
        table = np.stack([(levels + hue) % 180, np.clip(levels * saturation, 0, 255), levels], 1)
        picture = cv2.cvtColor(cv2.LUT(hsv, table.astype(np.uint8)[:, None, :]), cv2.COLOR_HSV2RGB)
    gain = np.exp(rng.normal(0, 0.22 * strength) + rng.normal(0, 0.08 * strength, 3))
    gamma, lift = np.exp(rng.normal(0, 0.25 * strength)), rng.uniform(-0.05, 0.06) * strength
    tones = np.clip(gain * np.linspace(0, 1, 256)[:, None] ** gamma + lift, 0, 1) * 255
    picture = cv2.LUT(picture, tones.astype(np.uint8)[:, None, :])
    if rng.random() < 0.3 * strength:  # uneven light: shade that falls over part of the picture
        coarse = rng.uniform(0.45, 1.25, (4, 4)).astype(np.float32)
        light = cv2.resize(coarse, picture.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        picture = np.clip(picture * light[..., None], 0, 255).astype(np.uint8)
    if rng.random() < 0.04 * strength:
        picture = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return picture


def _degrade(rng: np.random.Generator, picture: Picture, chance: float) -> Picture:
    h, w = picture.shape[:2]
    if rng.random() < chance * 0.5:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.5))
    elif rng.random() < chance * 0.25:
        length, angle = int(rng.integers(3, 8)), rng.uniform(0, np.pi)
        kernel = np.zeros((length, length), np.float32)
        middle, reach = (length - 1) / 2, length
        along = np.array([np.cos(angle), np.sin(angle)]) * reach
        first, last = middle - along, middle + along
        cv2.line(kernel, (round(first[0]), round(first[1])), (round(last[0]), round(last[1])), 1.0)
        picture = cv2.filter2D(picture, -1, kernel / max(float(kernel.sum()), 1.0))
    elif rng.random() < chance * 0.25:
        coarse = rng.uniform(0.4, 0.85)
        small = cv2.resize(picture, None, fx=coarse, fy=coarse, interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR)
    if rng.random() < chance:
        picture = add_noise(rng, picture, rng.uniform(1, 12))
    if rng.random() < chance * 0.5:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 92))]
        picture = cv2.imdecode(cv2.imencode(".jpg", picture, quality)[1], cv2.IMREAD_COLOR)
    return picture


def add_noise(rng: np.random.Generator, picture: Picture, deviation: float) -> Picture:
    """Grain of a standard deviation in grey levels, the same on all channels."""
    h, w = picture.shape[:2]
    bank = noise_bank()
    y, x = (int(rng.integers(0, max(1, side - want))) for side, want in zip(bank.shape, (h, w), strict=True))
    grain = (bank[y : y + h, x : x + w] * np.float32(deviation / 64)).astype(np.int16)
    if grain.shape != (h, w):  # larger than the bank
        grain = np.tile(grain, (h // grain.shape[0] + 1, w // grain.shape[1] + 1))[:h, :w]
    return np.clip(picture + grain[..., None], 0, 255).astype(np.uint8)
