"""Quality of a picture from its pixels and masks alone; needs no model."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from tools.data.sample import Sample
from tools.scorers import Quality

# Where a part counts as fully good (1) or useless (0); between them it grows evenly (sharpness: with its logarithm).
# Measured on orchard photos and on renders: sharp ones have 30-3000, the same blurred until fruit edges vanish under 3.
SHARPNESS = (2.0, 25.0)  # variance of the Laplacian of the luminance, at a width of 320 px
DARK, BRIGHT = (0.03, 0.12), (0.97, 0.85)  # mean luminance, 0..1
CLIPPED = (0.60, 0.25)  # share of pixels at the black or white end
CONTRAST = (0.02, 0.08)  # standard deviation of the luminance
VISIBLE = (0.05, 0.25)  # of the best visible target: below a quarter even a person guesses
SIDE = (0.008, 0.025)  # of the largest target, as a share of the picture's width: 8 px of 320 are good
WORDS = {
    "sharpness": "blurred", "exposure": "too dark or too bright", "clipping": "clipped to black or white",
    "contrast": "flat", "visible": "objects almost hidden", "size": "objects too small to see",
}  # fmt: skip
REFERENCE_WIDTH = 320
TELLING = 0.5  # a part below this is named as a reason


def _ramp(value: float, useless: float, good: float) -> float:
    return float(np.clip((value - useless) / (good - useless), 0, 1))


class PixelScorer:
    """The worst part decides, softened by the mean of all: one fatal flaw cannot be made up for."""

    name = "pixels"
    version = "1"
    licence = "AGPL-3.0-or-later"

    def score(self, picture: npt.NDArray[np.uint8], sample: Sample) -> Quality:
        """Score an (h, w, 3) RGB picture.

        Args:
            picture: as read.
            sample: its instances say where sharpness is looked for; a picture without any is judged as a whole.
        """
        luminance = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        share = luminance.astype(np.float32) / 255
        clipped = float(((luminance <= 2) | (luminance >= 253)).mean())
        mean = float(share.mean())
        parts = {
            "sharpness": _sharpness(luminance, sample),
            "exposure": min(_ramp(mean, *DARK), _ramp(mean, *BRIGHT)),
            "clipping": _ramp(clipped, *CLIPPED),
            "contrast": _ramp(float(share.std()), *CONTRAST),
        }
        if sample.instances:
            shares = [i.visible_share for i in sample.instances if i.visible_share is not None]
            sides = [max(i.box[2] - i.box[0], i.box[3] - i.box[1]) for i in sample.instances]
            parts["visible"] = _ramp(max(shares, default=1.0), *VISIBLE)
            parts["size"] = _ramp(max(sides) / picture.shape[1], *SIDE)
        value = 0.7 * min(parts.values()) + 0.3 * float(np.mean(list(parts.values())))
        reasons = [WORDS[name] for name, part in parts.items() if part < TELLING]
        return Quality(round(value, 4), {k: round(v, 4) for k, v in parts.items()}, reasons)


def _sharpness(luminance: npt.NDArray[Any], sample: Sample) -> float:
    """Of the whole picture or of its sharpest object: a blurred background is a photographer's choice."""
    scale = REFERENCE_WIDTH / luminance.shape[1]
    size = (REFERENCE_WIDTH, max(1, round(luminance.shape[0] * scale)))
    laplacian = cv2.Laplacian(cv2.resize(luminance, size, interpolation=cv2.INTER_AREA), cv2.CV_32F)
    variances = [float(laplacian.var())]
    for instance in sample.instances:
        x1, y1, x2, y2 = (round(v * scale) for v in instance.box)
        region = laplacian[max(0, y1 - 2) : y2 + 2, max(0, x1 - 2) : x2 + 2]
        if region.size >= 64:
            variances.append(float(region.var()))
    return _ramp(float(np.log(max(max(variances), 1e-3))), *np.log(SHARPNESS))
