"""Quality of an image from its pixels and masks alone; needs no model."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from tools.data.sample import Sample
from tools.scorers import Quality

Float32Array = npt.NDArray[np.float32]
Region = tuple[slice, slice]

# Where a part is useless (0) and where fully good (1); between them it grows evenly (sharpness: with its logarithm).
# Sharpness: variance of the Laplacian over that of the luminance, at 320 px. Measured, lowest / median: tiles of
# an orchard 0.53 / 1.2, photos of gardens 0.010 / 0.19, landscapes 0.048 / 0.20, renders 0.020 / 0.36. Blurred by
# sigma 2 px the medians are 0.013, 0.002, 0.001, 0.007; by sigma 3 px 0.002, 0, 0, 0.001.
SHARPNESS = (0.0008, 0.010)
DARK, BRIGHT = (0.03, 0.12), (0.97, 0.85)  # mean luminance, 0..1; a lit object in deep shade has 0.1
CLIPPED = (0.60, 0.25)  # share of pixels at the black or white end
# Contrast: spread of the colours (CIELAB). Photos have 4.5 or more, also in haze; an empty wall has 1.
CONTRAST = (1.5, 4.5)
VISIBLE = (0.05, 0.25)  # of the best visible target: below a quarter even a person guesses
SIDE = (0.008, 0.025)  # of the largest target, as a share of the image's width: 8 px of 320 are good
WORDS = {
    "sharpness": "blurred", "exposure": "too dark or too bright", "clipping": "clipped to black or white",
    "contrast": "flat", "visible": "objects almost hidden", "size": "objects too small to see",
}  # fmt: skip
REFERENCE_WIDTH = 320
TELLING = 0.5  # a part below this is named as a reason
MARGIN = 0.25  # of an object's sides around it belong to its region: its outline against what is behind it
MIN_REGION_PX = 64
# Variance of the Laplacian that rounding to 8 bits leaves in a smooth image (20/12 x 0.45 = 0.75, and as much again),
# and variance of the luminance below which a ratio says nothing.
ROUNDING, LEAST_VARIANCE = 1.5, 100.0


class PixelScorer:
    """The worst part decides, softened by the mean of all: one fatal flaw cannot be made up for.

    All but what is seen of the objects is that of the best region, the whole image or an object with its
    surroundings: a blurred, plain or white background is a photographer's choice. Without objects the whole image
    is judged.
    """

    name = "pixels"
    version = "2"
    licence = "AGPL-3.0-or-later"

    def score_many(self, images: Sequence[npt.NDArray[np.uint8]], samples: Sequence[Sample]) -> list[Quality]:
        """`score` for each image."""
        return [self.score(p, s) for p, s in zip(images, samples, strict=True)]

    def take_embeddings(self) -> dict[str, npt.NDArray[np.float32]]:
        """It makes none."""
        return {}

    def close(self) -> None:
        """Nothing is held."""

    def score(self, image: npt.NDArray[np.uint8], sample: Sample) -> Quality:
        """Score an (h, w, 3) RGB image.

        Args:
            image: as read.
            sample: its instances say where to look.
        """
        scale = min(1.0, REFERENCE_WIDTH / image.shape[1])  # enlarging would blur
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        # In floats, for rounding looks like fine grain.
        small = cv2.resize(image.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        luminance = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
        regions = _regions(sample, scale, luminance.shape)
        parts = {
            "sharpness": _sharpness(luminance, regions),
            "exposure": max(_exposure(float(luminance[r].mean()) / 255) for r in regions),
            "clipping": _ramp(_clipped(image, sample), *CLIPPED),
            "contrast": _ramp(_contrast(small, regions), *CONTRAST),
        }
        if sample.instances:
            shares = [i.visible_share for i in sample.instances if i.visible_share is not None]
            sides = [max(i.box[2] - i.box[0], i.box[3] - i.box[1]) for i in sample.instances]
            parts["visible"] = _ramp(max(shares, default=1.0), *VISIBLE)
            parts["size"] = _ramp(max(sides) / image.shape[1], *SIDE)
        value = 0.7 * min(parts.values()) + 0.3 * float(np.mean(list(parts.values())))
        weak = [name for name, part in parts.items() if part < TELLING]
        if "contrast" in weak and "sharpness" in weak:
            weak.remove("sharpness")  # of a flat image nobody can tell whether it is blurred
        reasons = [WORDS[name] for name in weak]
        return Quality(round(value, 4), {k: round(v, 4) for k, v in parts.items()}, reasons)


def _ramp(value: float, useless: float, good: float) -> float:
    return float(np.clip((value - useless) / (good - useless), 0, 1))


def _exposure(mean: float) -> float:
    return min(_ramp(mean, *DARK), _ramp(mean, *BRIGHT))


def _regions(sample: Sample, scale: float, shape: tuple[int, ...]) -> list[Region]:
    """The whole image, then each object that is large enough, with a margin; in pixels of the scaled image."""
    regions: list[Region] = [(slice(0, shape[0]), slice(0, shape[1]))]
    for instance in sample.instances:
        x1, y1, x2, y2 = (v * scale for v in instance.box)
        dx, dy = MARGIN * (x2 - x1) + 2, MARGIN * (y2 - y1) + 2
        left, top = max(0, int(x1 - dx)), max(0, int(y1 - dy))
        right, bottom = min(shape[1], int(x2 + dx)), min(shape[0], int(y2 + dy))
        if (right - left) * (bottom - top) >= MIN_REGION_PX:
            regions.append((slice(top, bottom), slice(left, right)))
    return regions


def _sharpness(luminance: Float32Array, regions: list[Region]) -> float:
    """0..1; the ratio of variances tells blur from low contrast, which scales both."""
    laplacian = cv2.Laplacian(luminance, cv2.CV_32F)
    ratios = [
        max(0.0, float(laplacian[r].var()) - ROUNDING) / (float(luminance[r].var()) + LEAST_VARIANCE) for r in regions
    ]
    useless, good = np.log(SHARPNESS)
    return _ramp(float(np.log(max([*ratios, 1e-9]))), float(useless), float(good))


def _clipped(image: npt.NDArray[np.uint8], sample: Sample) -> float:
    """Share of clipped pixels of the image or of its best object, whichever is less."""
    luminance = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    ends = (luminance <= 2) | (luminance >= 253)
    masks = (i.mask(*ends.shape) for i in sample.instances)
    return min([float(ends.mean()), *(float(ends[m].mean()) for m in masks if m is not None and m.any())])


def _contrast(image: Float32Array, regions: list[Region]) -> float:
    """Spread of the colours, in CIELAB units."""
    lab = cv2.cvtColor(image / np.float32(255), cv2.COLOR_RGB2LAB)
    return max(float(np.sqrt(lab[r].reshape(-1, 3).var(axis=0).sum())) for r in regions)
