"""What makes photos better without any weights: each way measures first whether there is something to mend.

Noise is estimated by Immerkaer's mask (1996) and taken away by non-local means (Buades et al. 2005). Blur is estimated
where edges are, by how much a second blur changes them (Zhuo and Sim 2011), and undone by Wiener's filter. What is
marked is filled in from its border (Telea 2004).
"""

import cv2
import numpy as np
import numpy.typing as npt

from tools.data.images import ImageArray
from tools.data.sample import BoolMask

Floats = npt.NDArray[np.float32]

NOISY = 4.0  # grey levels of noise: under it a photo is left as it is, since details go with the noise
BLURRED_PX = 1.2  # standard deviation of the blur: under it nothing is gained
MOST_BLUR_PX = 5.0  # over it no detail is left to bring back
_FORCE = 1.0  # of the filter, times the noise
_SECOND_BLUR_PX = 1.0
_EDGES = 0.02  # share of the pixels that count as edges
_FILL_RADIUS_PX = 5
_IMMERKAER: Floats = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


def noise_of(image: ImageArray) -> float:
    """Standard deviation of a photo's noise in grey levels, of its quieter half: texture is no noise."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    if min(grey.shape) < 8:
        return 0.0
    residue = np.abs(cv2.filter2D(grey, -1, _IMMERKAER))[1:-1, 1:-1]
    # The mask's values of white noise have a deviation of 6; the median of their amounts is 0.6745 of it. Texture is
    # rough in places: the median over blocks of the quieter half says what is everywhere.
    side = 8
    h, w = (n // side * side for n in residue.shape)
    blocks = residue[:h, :w].reshape(h // side, side, w // side, side).transpose(0, 2, 1, 3).reshape(-1, side * side)
    medians = np.sort(np.median(blocks, axis=1)) if len(blocks) else np.array([float(np.median(residue))])
    return float(np.median(medians[: max(1, len(medians) // 2)]) / 0.6745 / 6)


def blur_of(image: ImageArray) -> float:
    """Standard deviation in pixels of the blur that a photo's sharpest edges show."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    if min(grey.shape) < 16:
        return 0.0
    again = cv2.GaussianBlur(grey, (0, 0), _SECOND_BLUR_PX)
    first, second = _steepness(grey), _steepness(again)
    limit = max(float(np.quantile(first, 1 - _EDGES)), 8.0)
    edges = first >= limit
    if edges.sum() < 16:
        return 0.0
    ratio = np.maximum(first[edges] / np.maximum(second[edges], 1e-3), 1.0001)
    return float(np.median(_SECOND_BLUR_PX / np.sqrt(ratio**2 - 1)))


def _steepness(grey: npt.NDArray[np.float32]) -> Floats:
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *way) for way in ((1, 0), (0, 1)))
    return np.asarray(np.hypot(across, down), np.float32)


def denoised(image: ImageArray, sigma: float) -> ImageArray:
    """A photo with noise of that deviation taken away."""
    force = _FORCE * sigma
    return np.asarray(cv2.fastNlMeansDenoisingColored(image, None, force, force, 5, 15), np.uint8)


def deblurred(image: ImageArray, sigma: float, noise: float) -> ImageArray:
    """A photo with Gaussian blur of that deviation undone, as far as its noise allows.

    Args:
        image: RGB.
        sigma: of the blur, in pixels.
        noise: in grey levels.
    """
    margin = int(np.ceil(4 * sigma)) + 8
    padded = cv2.copyMakeBorder(image, margin, margin, margin, margin, cv2.BORDER_REFLECT_101).astype(np.float32)
    h, w = padded.shape[:2]
    down, across = np.fft.fftfreq(h)[:, None], np.fft.rfftfreq(w)[None]
    blur = np.exp(-2 * (np.pi * sigma) ** 2 * (down**2 + across**2))
    # Wiener: the power of a photo falls with the square of the frequency, that of noise does not.
    level = max(noise, 1.0) ** 2
    power = 60.0**2 / (1 + (100 * np.hypot(down, across)) ** 2)
    filtered = np.fft.rfft2(padded, axes=(0, 1)) * (blur / (blur**2 + 0.02 * level / power))[..., None]
    sharp = np.fft.irfft2(filtered, s=(h, w), axes=(0, 1))
    return np.asarray(sharp[margin:-margin, margin:-margin].round().clip(0, 255), np.uint8)


def enlarged(image: ImageArray, scale: int) -> ImageArray:
    """A photo so many times as wide and high, by Lanczos' kernel."""
    h, w = image.shape[:2]
    return np.asarray(cv2.resize(image, (w * scale, h * scale), interpolation=cv2.INTER_LANCZOS4), np.uint8)


def filled(image: ImageArray, mask: BoolMask) -> ImageArray:
    """A photo whose marked pixels are filled in from around them; the others stay bit for bit."""
    return np.asarray(cv2.inpaint(image, mask.astype(np.uint8), _FILL_RADIUS_PX, cv2.INPAINT_TELEA), np.uint8)
