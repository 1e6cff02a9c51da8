"""Labelled images and their random variants: made for small rendered sets that must carry over to real photos."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from tools.data.images import ImageArray, scaled_size
from tools.models.postprocess import PADDING_GREY
from tools.trainers.examples import Example, keep_visible, warp_boxes
from tools.trainers.formula import background, draw
from tools.trainers.formula_textures import noise_bank
from tools.trainers.paste import paste_objects


@dataclass(frozen=True)
class Policy:
    """How much an image is changed. The defaults are for renders that must work on photos."""

    mosaic: float = 0.5  # chance of four images in one
    scale: tuple[float, float] = (0.5, 1.6)  # objects of other sizes than the renders'
    rotate_deg: float = 12.0
    stretch: float = 0.0  # width against height is changed by up to this much, as a natural logarithm
    flip: float = 0.5  # left-right; things have an up and a down
    colour: float = (
        0.5  # strength of hue, saturation, exposure and white balance; with 1 an orange is as red as an apple
    )
    degrade: float = 0.5  # chance of blur, noise, JPEG or a coarser sensor, each about half as often
    paste: float = 0.6  # chance of objects of another image
    foreign: float = 0.05  # chance of an image drawn by formula instead, in which nothing is to be found
    about: float = 0.0  # chance that an image with a label is cut to the surroundings of its object
    zoom: float = 1.0  # images are shown this much larger than the frame, which is a window of them
    windows_about: float = 0.8  # chance that such a window shows an object, where there is one


Floats64 = npt.NDArray[np.float64]

_LEAST_CUT_PX = 48  # less of an image has nothing left to see
_AIR = 1.1  # a cut's least side by the object's
_GROUNDS = 96  # drawn backgrounds; 55 MB
_GROUND_PX = 448
_GROUND_SEED = 20_011

PLAIN = Policy(
    mosaic=0.0, scale=(1.0, 1.0), rotate_deg=0.0, flip=0.0, colour=0.0, degrade=0.0, paste=0.0, foreign=0.0,
    windows_about=0.0,
)  # fmt: skip


def vary(rng: np.random.Generator, examples: Sequence[Example], size_px: int, policy: Policy) -> Example:
    """A random variant.

    Args:
        rng: decides everything.
        examples: the first is the one to vary; three more are needed for a mosaic.
        size_px: side of the square result.
        policy: how much to change.
    """
    if policy.foreign and rng.random() < policy.foreign:
        return _foreign(rng, size_px, boxes=examples[0].boxes is not None)
    if policy.about and examples[0].boxes is not None and rng.random() < policy.about:
        examples = [_cut_about(rng, examples[0]), *examples[1:]]
    if len(examples) >= 4 and rng.random() < policy.mosaic:
        made = _mosaic(rng, examples[:4], size_px, policy)
    else:
        made = _place(rng, examples[0], (size_px, size_px), policy, policy.zoom)
    if len(examples) >= 2 and policy.paste and rng.random() < policy.paste:
        made = paste_objects(rng, made, examples[-1])
    return replace(made, image=recolour(rng, made.image, policy))


def _cut_about(rng: np.random.Generator, example: Example) -> Example:
    """A square that holds an object whole, anywhere in it; from as close as it can be to all of the image."""
    assert example.boxes is not None
    h, w = example.image.shape[:2]
    if not len(example.boxes):
        return example
    x1, y1, x2, y2 = example.boxes[rng.integers(len(example.boxes))]
    least = min(max(x2 - x1, y2 - y1, _LEAST_CUT_PX) * _AIR, min(h, w))
    side = round(float(np.exp(rng.uniform(np.log(least), np.log(min(h, w))))))
    left, top = (
        round(float(np.clip(rng.uniform(*sorted((high - side, low))), 0, length - side)))
        for low, high, length in ((x1, x2, w), (y1, y2, h))
    )
    window = np.s_[top : top + side, left : left + side]
    moved = example.boxes - np.array([left, top, left, top], np.float32)
    cut = replace(example, image=example.image[window], ids=example.ids[window], boxes=moved)
    return keep_visible(cut, np.zeros(len(moved)))


def _foreign(rng: np.random.Generator, size_px: int, boxes: bool) -> Example:
    drawn = draw(int(rng.integers(2**31)), 0, size_px)
    none = np.zeros((0, 4), np.float32) if boxes else None
    return Example(drawn.image, np.zeros(drawn.ids.shape, np.uint16), np.zeros(0, np.int64), none)


# Geometry --------------------------------------------------------------------------------------------------------


def _place(
    rng: np.random.Generator, example: Example, shape: tuple[int, int], policy: Policy, zoom: float = 1.0
) -> Example:
    """The image turned, flipped, scaled and shifted into a frame of (height, width)."""
    height, width = shape
    h, w = example.ids.shape
    low, high = np.log(policy.scale)
    scale = zoom * float(np.exp(rng.uniform(low, high))) * max(shape) / max(h, w)
    angle = np.deg2rad(rng.uniform(-policy.rotate_deg, policy.rotate_deg))
    mirror = -1.0 if rng.random() < policy.flip else 1.0
    # Areas stay: an object that is wider is lower by as much.
    wider = float(np.exp(rng.uniform(-policy.stretch, policy.stretch) / 2)) if policy.stretch else 1.0
    across, down = scale * wider, scale / wider
    cos, sin = np.cos(angle), np.sin(angle)
    linear = np.array([[cos * mirror * across, -sin * down], [sin * mirror * across, cos * down]])
    spare = np.array([width - w * across, height - h * down])  # room around the image, or what of it is cut off
    where = rng.uniform(0, 1, 2) if policy.scale != (1.0, 1.0) or zoom != 1.0 else np.array([0.5, 0.5])
    centre = np.array([w * across, h * down]) / 2 + spare * where
    shift = centre - linear @ np.array([(w - 1) / 2, (h - 1) / 2]) - 0.5
    if zoom > 1.0 and len(example.classes) and rng.random() < policy.windows_about:
        shift = _about_an_object(rng, example, linear, shift, np.array([width, height]), spare)
    matrix = np.concatenate([linear, shift[:, None]], 1)
    made = _warp(example, matrix, scale, shape)
    outline = np.array([[0, 0], [w, 0], [w, h], [0, h]]) @ linear.T + shift
    if not _fills(outline, shape):
        inside = cv2.fillConvexPoly(np.zeros(shape, np.uint8), np.round(outline).astype(np.int32), 1)
        made = replace(made, image=cv2.copyTo(made.image, inside, _around(rng, shape, policy)))
    return made


def _about_an_object(
    rng: np.random.Generator, example: Example, linear: Floats64, shift: Floats64, frame: Floats64, spare: Floats64
) -> Floats64:
    """A shift that brings one of the objects into the frame; where the image ends, so does the window."""
    boxes = example.seen_boxes if example.boxes is None else example.boxes
    x1, y1, x2, y2 = boxes[int(rng.integers(len(boxes)))]
    towards = frame * rng.uniform(0.1, 0.9, 2) - (linear @ np.array([(x1 + x2) / 2, (y1 + y2) / 2]) + shift)
    middle = frame / 2 - (linear @ (np.array(example.ids.shape[::-1]) / 2) + shift)  # move that centres the image
    reach = np.maximum(0.0, -spare / 2)
    return np.asarray(shift + np.clip(towards, middle - reach, middle + reach))


def _fills(outline: npt.NDArray[np.float64], shape: tuple[int, int]) -> bool:
    """Whether a convex quadrangle (4, 2) of x, y covers a frame of (height, width)."""
    height, width = shape
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]])
    sides = np.roll(outline, -1, axis=0) - outline
    towards = frame[None] - outline[:, None]  # (side, corner of the frame, 2)
    turn = sides[:, None, 0] * towards[..., 1] - sides[:, None, 1] * towards[..., 0]
    return bool((turn >= 0).all() or (turn <= 0).all())


def _around(rng: np.random.Generator, shape: tuple[int, int], policy: Policy) -> ImageArray:
    """What lies beside an image that does not fill its frame."""
    height, width = shape
    if policy.colour == 0:
        return np.full((height, width, 3), PADDING_GREY, np.uint8)
    ground = _ground(int(rng.integers(_GROUNDS)))
    share = rng.uniform(0.4, 1.0) / max(shape)
    h, w = (max(1, round(_GROUND_PX * share * side)) for side in shape)
    y, x = rng.integers(0, _GROUND_PX - h + 1), rng.integers(0, _GROUND_PX - w + 1)
    return np.asarray(cv2.resize(ground[y : y + h, x : x + w], (width, height)), np.uint8)


@lru_cache(maxsize=_GROUNDS)
def _ground(number: int) -> ImageArray:
    """A drawn background, made once: drawing one for each image took a third of a variant's time."""
    return background(np.random.default_rng([_GROUND_SEED, number]), _GROUND_PX)


def _warp(example: Example, matrix: npt.NDArray[np.float64], scale: float, shape: tuple[int, int]) -> Example:
    height, width = shape
    image = example.image
    if scale < 0.6:  # else single pixels are picked and fine texture turns to noise
        shrink = max(scale, 1 / min(image.shape[:2]))
        small = cv2.resize(image, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        fx, fy = small.shape[1] / image.shape[1], small.shape[0] / image.shape[0]
        linear = matrix[:, :2] / (fx, fy)
        shift = matrix[:, 2] + matrix[:, :2] @ np.array([0.5 / fx - 0.5, 0.5 / fy - 0.5])
        moved = cv2.warpAffine(
            small, np.concatenate([linear, shift[:, None]], 1), (width, height), borderMode=cv2.BORDER_REPLICATE
        )
    else:
        moved = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    ids = cv2.warpAffine(example.ids, matrix, (width, height), flags=cv2.INTER_NEAREST, borderValue=0)
    boxes = None if example.boxes is None else warp_boxes(example.boxes, matrix)
    before = example.areas_px * scale**2
    return keep_visible(Example(moved, ids, example.classes, boxes, example.label), before)


def _mosaic(rng: np.random.Generator, examples: Sequence[Example], size_px: int, policy: Policy) -> Example:
    """Four images about a random point; objects get smaller, meet new neighbours and are cut by new borders."""
    image = np.empty((size_px, size_px, 3), np.uint8)
    ids = np.zeros((size_px, size_px), np.uint16)
    classes, boxes, count = [], [], 0
    cx, cy = (rng.uniform(0.3, 0.7, 2) * size_px).astype(int).tolist()
    corners = ((0, 0, cx, cy), (cx, 0, size_px, cy), (0, cy, cx, size_px), (cx, cy, size_px, size_px))
    for example, (x1, y1, x2, y2) in zip(examples, corners, strict=True):
        part = _place(rng, example, (y2 - y1, x2 - x1), policy, zoom=1.2 * policy.zoom)
        image[y1:y2, x1:x2] = part.image
        ids[y1:y2, x1:x2] = np.where(part.ids > 0, part.ids + count, 0)
        classes.append(part.classes)
        count += len(part.classes)
        if part.boxes is not None:
            boxes.append(part.boxes + np.array([x1, y1, x1, y1], np.float32))
    whole = np.concatenate(boxes) if len(boxes) == len(examples) else None
    return Example(image, ids, np.concatenate(classes), whole)


# Colour and camera -----------------------------------------------------------------------------------------------


def recolour(rng: np.random.Generator, image: ImageArray, policy: Policy) -> ImageArray:
    """Another light, another camera: what renders vary least and photos most."""
    if policy.colour:
        image = _recolour(rng, image, policy.colour)
    if policy.degrade:
        image = _degrade(rng, image, policy.degrade)
    return np.ascontiguousarray(image)


def _recolour(rng: np.random.Generator, image: ImageArray, strength: float) -> ImageArray:
    if rng.random() < 0.6:
        hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
        hue, saturation = rng.normal(0, 5.0 * strength), np.exp(rng.normal(0, 0.3 * strength))
        levels = np.arange(256)
        table = np.stack([(levels + hue) % 180, np.clip(levels * saturation, 0, 255), levels], 1)
        image = cv2.cvtColor(cv2.LUT(hsv, table.astype(np.uint8)[:, None, :]), cv2.COLOR_HSV2RGB)
    gain = np.exp(rng.normal(0, 0.22 * strength) + rng.normal(0, 0.08 * strength, 3))
    gamma, lift = np.exp(rng.normal(0, 0.25 * strength)), rng.uniform(-0.05, 0.06) * strength
    tones = np.clip(gain * np.linspace(0, 1, 256)[:, None] ** gamma + lift, 0, 1) * 255
    image = cv2.LUT(image, tones.astype(np.uint8)[:, None, :])
    if rng.random() < 0.3 * strength:  # uneven light: shade that falls over part of the image
        coarse = rng.uniform(0.45, 1.25, (4, 4)).astype(np.float32)
        light = cv2.resize(coarse, image.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        image = cv2.multiply(image, cv2.merge([light] * 3), dtype=cv2.CV_8U)
    if rng.random() < 0.04 * strength:
        image = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return image


def _degrade(rng: np.random.Generator, image: ImageArray, chance: float) -> ImageArray:
    h, w = image.shape[:2]
    if rng.random() < chance * 0.5:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 1.5))
    elif rng.random() < chance * 0.25:
        length, angle = int(rng.integers(3, 8)), rng.uniform(0, np.pi)
        kernel = np.zeros((length, length), np.float32)
        middle, reach = (length - 1) / 2, length
        along = np.array([np.cos(angle), np.sin(angle)]) * reach
        first, last = middle - along, middle + along
        cv2.line(kernel, (round(first[0]), round(first[1])), (round(last[0]), round(last[1])), 1.0)
        image = cv2.filter2D(image, -1, kernel / max(float(kernel.sum()), 1.0))
    elif rng.random() < chance * 0.25:
        coarse = rng.uniform(0.4, 0.85)
        small = cv2.resize(image, scaled_size(h, w, coarse), interpolation=cv2.INTER_AREA)
        image = cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR)
    if rng.random() < chance:
        image = add_noise(rng, image, rng.uniform(1, 12))
    if rng.random() < chance * 0.5:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 92))]
        image = cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR)
    return image


def add_noise(rng: np.random.Generator, image: ImageArray, deviation: float) -> ImageArray:
    """Grain of a standard deviation in grey levels, the same on all channels."""
    h, w = image.shape[:2]
    bank = noise_bank()
    y, x = (int(rng.integers(0, max(1, side - want))) for side, want in zip(bank.shape, (h, w), strict=True))
    grain = (bank[y : y + h, x : x + w] * np.float32(deviation / 64)).astype(np.int16)
    if grain.shape != (h, w):  # larger than the bank
        grain = np.tile(grain, (h // grain.shape[0] + 1, w // grain.shape[1] + 1))[:h, :w]
    return np.asarray(cv2.add(image, cv2.merge([grain] * 3), dtype=cv2.CV_8U), np.uint8)
