"""The pixels of copy-paste: turn, scale, tone, blend, shadow, and who is seen where.

Recipe after arXiv 2309.05956: rotation of at most 30 degrees, Gaussian-blurred edges, objects over one another.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tools.data.images import ImageArray
from tools.data.sample import BoolMask, Instance, encode_mask, mask_box
from tools.generators.copy_paste.cutouts import Rgba

Floats = npt.NDArray[np.float32]

MAX_TURN_DEG = 30.0
EDGE_BLUR_PX = (0.4, 1.1)  # sigma: the softness of a lens, and of a cut-out's own edge
SOLID = 0.5  # opacity from which a pixel belongs to an object
# Opacity of a shadow and its length as a share of the object's side, by light.
SHADOWS = {
    "overcast": (0.22, 0.05), "sun": (0.50, 0.16), "low sun": (0.50, 0.28), "backlight": (0.45, 0.20),
    "deep shade": (0.14, 0.04), "indoor lamp": (0.40, 0.12), "studio light": (0.28, 0.07),
}  # fmt: skip
# Gain, gamma and colour (red, green, blue) of a whole image by light and weather.
TONES = {
    "overcast": (0.98, 1.0, (0.98, 1.0, 1.02)), "sun": (1.08, 0.95, (1.03, 1.0, 0.96)),
    "low sun": (1.0, 1.0, (1.12, 1.0, 0.84)), "backlight": (0.86, 1.15, (1.0, 0.99, 0.98)),
    "deep shade": (0.62, 1.15, (0.94, 0.99, 1.08)), "indoor lamp": (0.92, 1.05, (1.10, 1.0, 0.82)),
    "studio light": (1.06, 0.95, (1.0, 1.0, 1.0)),
}  # fmt: skip
HAZE = (0.35, 205.0)  # share and grey level of the veil
TONE_JITTER = 0.10  # of gain and of each colour's gain: two images of one light are not of one tone
MATCHED = 0.35  # exponent by which an object's brightness follows that of its surroundings
MATCH_LIMITS = (0.72, 1.30)


@dataclass
class Patch:
    """Something ready to be laid on an image."""

    rgb: Floats  # (h, w, 3), 0..255
    alpha: Floats  # (h, w), 0..1
    x: int  # of its top left corner in the image; may be outside
    y: int

    @property
    def solid(self) -> BoolMask:
        """(h, w) pixels that belong to it."""
        return np.asarray(self.alpha >= SOLID)


class Canvas:
    """An image being pasted together, and whose every pixel is.

    Args:
        ground: (size, size, 3) RGB; kept and changed.
    """

    def __init__(self, ground: ImageArray) -> None:
        self.image: Floats = ground.astype(np.float32)
        self.owner = np.zeros(ground.shape[:2], np.int16)
        self._whole: dict[int, tuple[int, tuple[float, float, float, float]]] = {}

    def lay(self, patch: Patch, number: int) -> None:
        """Lay a patch on top.

        Args:
            patch: as `fitted` gives it.
            number: of the object from 1, or 0 for what is never labelled.
        """
        if number:
            solid = patch.solid
            x1, y1, x2, y2 = mask_box(solid)
            self._whole[number] = int(solid.sum()), (x1 + patch.x, y1 + patch.y, x2 + patch.x, y2 + patch.y)
        if (window := self._window(patch)) is None:
            return
        here, there = window
        alpha = patch.alpha[there]
        target = self.image[here]
        target += (patch.rgb[there] - target) * alpha[..., None]
        self.owner[here][alpha >= SOLID] = number

    def shade(self, patch: Patch, strength: float, dx: float, dy: float) -> None:
        """Darken what lies behind a patch with its soft, shifted shadow.

        Args:
            patch: what throws it.
            strength: opacity of the shadow's middle, 0..1.
            dx: shift in pixels.
            dy: shift in pixels.
        """
        height, width = patch.alpha.shape
        margin = int(max(6, 0.25 * max(height, width)))
        # A shadow is soft: a sixteenth of the pixels holds all there is to see.
        step = 4
        framed = np.pad(patch.alpha, margin)
        small = cv2.resize(framed, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), max(0.8, 0.06 * max(height, width) / step))
        soft = cv2.resize(small, (width + 2 * margin, height + 2 * margin), interpolation=cv2.INTER_LINEAR)
        shadow = Patch(patch.rgb, soft, round(patch.x - margin + dx), round(patch.y - margin + dy))
        if (window := self._window(shadow)) is not None:
            here, there = window
            self.image[here] *= 1 - strength * soft[there][..., None]

    def local_brightness(self, patch: Patch) -> float:
        """Mean brightness of what a patch would lie on, 0..255; that of the whole image when it lies outside."""
        window = self._window(patch)
        region = self.image if window is None else self.image[window[0]]
        return float(region[::4, ::4].mean())

    def instances(self, names: dict[int, str], depths: dict[int, int]) -> list[Instance]:
        """Exact labels of the numbered objects that can be seen, in the order of their numbers."""
        found = []
        for number, name in sorted(names.items()):
            visible = self.owner == number
            whole, box = self._whole[number]
            if not visible.any():
                continue
            found.append(
                Instance(
                    class_name=name, box=mask_box(visible), counts=encode_mask(visible), full_box=box,
                    visible_share=round(min(1.0, float(visible.sum()) / whole), 4), depth=float(depths[number]),
                )
            )  # fmt: skip
        return found

    def finished(self, light: str, weather: str, rng: np.random.Generator) -> ImageArray:
        """The (size, size, 3) image in the tone of its light."""
        gain, gamma, colour = TONES.get(light, (1.0, 1.0, (1.0, 1.0, 1.0)))
        gains = (
            gain
            * np.array(colour)
            * (1 + rng.uniform(-TONE_JITTER, TONE_JITTER))
            * (1 + rng.uniform(-TONE_JITTER, TONE_JITTER, 3) / 2)
        )
        ramp = (np.arange(256) / 255.0) ** gamma
        table = 255 * ramp[:, None] * gains
        if weather == "haze":
            table = table * (1 - HAZE[0]) + HAZE[1] * HAZE[0]
        elif weather == "after rain":  # wet things are darker and more vivid
            table = 255 * (table / 255).clip(0, 1) ** 1.15
        table8 = np.clip(table, 0, 255).astype(np.uint8)[None]
        return np.asarray(cv2.LUT(np.clip(self.image, 0, 255).astype(np.uint8), table8), np.uint8)

    def _window(self, patch: Patch) -> tuple[tuple[slice, slice], tuple[slice, slice]] | None:
        """Where a patch is in the image, and which part of it that is; None when it lies outside."""
        height, width = self.owner.shape
        h, w = patch.alpha.shape
        x1, y1, x2, y2 = max(0, patch.x), max(0, patch.y), min(width, patch.x + w), min(height, patch.y + h)
        if x1 >= x2 or y1 >= y2:
            return None
        there = slice(y1 - patch.y, y2 - patch.y), slice(x1 - patch.x, x2 - patch.x)
        return (slice(y1, y2), slice(x1, x2)), there


def fitted(
    levels: tuple[Rgba, ...], box: tuple[float, float, float, float], turn_deg: float, mirror: bool, blur_px: float
) -> Patch:
    """A cut-out turned and scaled into a box, its proportions kept, its edge blurred.

    Args:
        levels: `cutouts.pyramid`, largest first.
        box: (cx, cy, w, h) in pixels; the turned cut-out touches two opposite sides.
        turn_deg: counter-clockwise.
        mirror: left becomes right.
        blur_px: sigma of the edge's blur.
    """
    cx, cy, wide, high = box
    angle = np.deg2rad(turn_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) * ((-1, 1) if mirror else (1, 1))
    h, w = levels[0].shape[:2]
    outline = _outline(levels[-1]) * (w, h) @ turn.T
    low, top = outline.min(axis=0), outline.max(axis=0)
    extent = np.maximum(top - low, 1.0)
    scale = max(min(wide / extent[0], high / extent[1]), 3.0 / max(w, h))
    level = next((k for k in reversed(levels) if k.shape[1] >= w * scale * 0.99), levels[0])
    pad = 2 + int(np.ceil(3 * blur_px))
    out_w, out_h = (int(v) for v in np.ceil(extent * scale) + 2 * pad)
    linear = turn * scale * (w / level.shape[1], h / level.shape[0])
    shift = np.array([out_w, out_h]) / 2 - (low + top) / 2 * scale
    # OpenCV counts from the middle of the first pixel, the outline from its corner.
    matrix = np.column_stack([linear, shift + linear @ (0.5, 0.5) - 0.5])
    size, edge = (out_w, out_h), cv2.BORDER_REPLICATE
    rgb = cv2.warpAffine(level[..., :3], matrix, size, flags=cv2.INTER_LINEAR, borderMode=edge)
    alpha = cv2.warpAffine(level[..., 3], matrix, size, flags=cv2.INTER_LINEAR)
    soft = cv2.GaussianBlur(alpha.astype(np.float32) / 255, (0, 0), blur_px)
    if not (soft >= SOLID).any():  # a hair's breadth: all of it would be lost
        soft = soft / max(float(soft.max()), 1e-6)
    return Patch(rgb.astype(np.float32), soft, round(cx - out_w / 2), round(cy - out_h / 2))


def _outline(rgba: Rgba) -> npt.NDArray[np.float64]:
    """(n, 2) convex outline of the opaque part, x and y as shares of the image's sides."""
    rows, columns = np.nonzero(rgba[..., 3] >= 128)
    if rows.size == 0:  # lost in scaling down
        rows, columns = np.array([0, rgba.shape[0] - 1]), np.array([0, rgba.shape[1] - 1])
    corners = np.concatenate([np.stack([columns + dx, rows + dy], 1) for dx in (0, 1) for dy in (0, 1)])
    hull = cv2.convexHull(corners.astype(np.float32))[:, 0]
    return np.asarray(hull / (rgba.shape[1], rgba.shape[0]), np.float64)


def matched(patch: Patch, around: float, gain: float) -> None:
    """Bring a patch's brightness towards its surroundings' and change it by `gain`."""
    own = float(patch.rgb[patch.solid].mean()) if patch.solid.any() else 128.0
    patch.rgb *= gain * float(np.clip(((around + 8) / (own + 8)) ** MATCHED, *MATCH_LIMITS))


def cover(target: Patch, front: Patch, share: float, angle: float) -> None:
    """Move a patch so that it hides a share of another, coming in from a direction.

    Args:
        target: what is to be hidden in part.
        front: moved in place.
        share: of the target's pixels, 0..1; less is hidden where the front is too small for it.
        angle: direction from the target's middle in radians.
    """
    step = max(1, round(max(target.alpha.shape) / 48))  # coarse silhouettes say it to 2 %
    whole, cover_mask = target.solid[::step, ::step], front.solid[::step, ::step]
    total = max(1, int(whole.sum()))
    middle = np.array([target.x + target.alpha.shape[1] / 2, target.y + target.alpha.shape[0] / 2])
    reach = (math.hypot(*target.alpha.shape) + math.hypot(*front.alpha.shape)) / 2
    direction = np.array([np.cos(angle), np.sin(angle)])

    def hidden(t: float) -> float:
        x, y = (middle + t * reach * direction - np.array(front.alpha.shape[::-1]) / 2 - (target.x, target.y)) / step
        left, top = round(float(x)), round(float(y))
        h, w = cover_mask.shape
        x1, y1, x2, y2 = max(0, left), max(0, top), min(whole.shape[1], left + w), min(whole.shape[0], top + h)
        if x1 >= x2 or y1 >= y2:
            return 0.0
        return float((whole[y1:y2, x1:x2] & cover_mask[y1 - top : y2 - top, x1 - left : x2 - left]).sum()) / total

    near, far = 0.0, 1.0
    for _ in range(8):
        half = (near + far) / 2
        near, far = (half, far) if hidden(half) > share else (near, half)
    centre = middle + (near + far) / 2 * reach * direction
    front.x, front.y = round(centre[0] - front.alpha.shape[1] / 2), round(centre[1] - front.alpha.shape[0] / 2)
