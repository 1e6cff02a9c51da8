"""From linear light to the file a phone would have saved: haze, exposure, colour, lens, sensor and JPEG. No Blender."""

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from tools.data.sample import BoolMask

Floats = npt.NDArray[np.float32]
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
BACKLIGHT = 0.6  # linear; what an even light from behind is exposed to, as microscopes' cameras are: just under white
GREY = 0.15  # mean a camera's meter aims at, linear; a little under 18 % keeps highlights


@dataclass(frozen=True)
class Film:
    """How one image is developed."""

    exposure: float = 0.0  # stops from the meter's choice
    cast: tuple[float, float, float] = (1.0, 1.0, 1.0)
    haze: float = 0.0  # optical depth of as much air as lies before the subject
    haze_colour: tuple[float, float, float] = (0.8, 0.85, 0.9)
    focus: float = 10.0  # distance of the subject
    backlit: bool = False  # exposed for the light behind, however much lies before it
    around: bool = False  # exposed for what lies about the subject: a hole in a bright plate stays black


def develop(
    light: Floats, distance: Floats, subject: BoolMask, film: Film, noise: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """An RGB image.

    Args:
        light: (h, w, 3) linear, not negative.
        distance: (h, w) from the camera, 0 where there is only sky.
        subject: (h, w) where the targets are seen; the meter looks there too.
        film: how.
        noise: the scene's.
    """
    image = np.nan_to_num(np.maximum(light, 0), posinf=50.0).astype(np.float32)
    if film.haze:
        image = _haze(image, distance, film)
    image = image * (_exposure(image, subject, film) * 2.0**film.exposure)
    balance = np.array(film.cast) * np.exp(noise.normal(0, 0.035, 3) * [1, 0.4, 1])
    image = image * balance.astype(np.float32)
    image = _lens(image, noise)
    image = _sensor(image, noise)
    return _tone(image, noise)


def write_jpeg(path: Path, image: npt.NDArray[np.uint8], noise: np.random.Generator) -> None:
    """Save as a phone or a web page would: quality 78 to 96."""
    quality = int(noise.integers(78, 97))
    done, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise OSError(f"cannot encode {path}")
    path.write_bytes(data.tobytes())


def _exposure(image: Floats, subject: BoolMask, film: Film) -> float:
    if film.backlit:
        return _backlight(image)
    if film.around and not subject.all():
        return _meter(image[~subject][None], np.zeros((1, int((~subject).sum())), bool))
    return _meter(image, subject)


def _meter(image: Floats, subject: BoolMask) -> float:
    """Factor that brings the image, and within it the subject, to a middle grey; bright skies count little."""
    luma = np.log(np.clip(image @ LUMA, 1e-4, 2.5))
    whole = float(np.sort(luma.ravel())[: int(luma.size * 0.92)].mean())
    share = float(subject.mean())
    weight = 0.45 * share / (share + 0.05)
    level = whole if share == 0 else (1 - weight) * whole + weight * float(luma[subject].mean())
    return GREY / math.exp(min(max(level, math.log(0.004)), math.log(1.2)))


def _backlight(image: Floats) -> float:
    """Factor that brings the light behind, which is the brightest there is, just under white."""
    return BACKLIGHT / max(float(np.percentile(image @ LUMA, 90)), 0.004)


def _haze(image: Floats, distance: Floats, film: Film) -> Floats:
    """Air between the camera and what it sees, by Beer's law."""
    far = np.where(distance > 0, distance, 200.0).astype(np.float32)
    far = np.asarray(cv2.GaussianBlur(far, (0, 0), 1.2), np.float32)
    through = np.exp(-film.haze * np.maximum(far - 0.4 * film.focus, 0) / film.focus)[..., None]
    air = np.array(film.haze_colour, np.float32) * float(np.percentile(image @ LUMA, 85))
    return np.asarray(image * through + air * (1 - through), np.float32)


def _lens(image: Floats, noise: np.random.Generator) -> Floats:
    """Dark corners, a little softness, glare around what is very bright, now and then a shaken hand."""
    height, width = image.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    image = image * (1 - noise.uniform(0, 0.18) * (x * x + y * y) / 2).astype(np.float32)[..., None]
    bright = np.minimum(np.maximum(image - 1.0, 0), 3)
    if bright.any():
        image = image + noise.uniform(0.02, 0.1) * cv2.GaussianBlur(bright, (0, 0), width / 40)
    softness = noise.choice([0.0, 0.3, 0.45, 0.7, 1.0], p=[0.25, 0.3, 0.25, 0.15, 0.05]) * width / 320
    if softness:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), softness), np.float32)
    if noise.random() < 0.06:
        length = int(noise.integers(3, 6) * width / 320) | 1
        kernel = np.zeros((length, length), np.float32)
        angle, middle = noise.uniform(0, math.pi), length // 2
        dx, dy = middle * math.cos(angle), middle * math.sin(angle)
        cv2.line(kernel, (round(middle - dx), round(middle - dy)), (round(middle + dx), round(middle + dy)), (1.0,))
        image = np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.float32)
    return np.asarray(image, np.float32)


def _sensor(image: Floats, noise: np.random.Generator) -> Floats:
    """Photon noise that grows with the light, and the sensor's own in the dark."""
    shot, read = noise.uniform(0.002, 0.022), noise.uniform(0.0005, 0.004)
    grain = noise.normal(0, 1, image.shape).astype(np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), 0.6) * 1.6  # demosaicing smears it
    return np.asarray(image + grain * np.sqrt(np.maximum(image, 0) * shot**2 + read**2), np.float32)


def _tone(image: Floats, noise: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Highlights roll off or clip, contrast and colour as makers like them, sRGB."""
    image = np.maximum(image, 0)
    knee = noise.uniform(0.55, 0.95)
    over = np.maximum(image - knee, 0)
    image = np.minimum(image, knee) + (1 - knee) * (1 - np.exp(-over / (1 - knee)))
    srgb = np.where(image <= 0.0031308, image * 12.92, 1.055 * np.power(np.maximum(image, 1e-6), 1 / 2.4) - 0.055)
    contrast = noise.uniform(0.0, 0.35)
    srgb = srgb + contrast * (srgb * srgb * (3 - 2 * srgb) - srgb)
    grey = (srgb @ LUMA)[..., None]
    srgb = grey + (srgb - grey) * noise.uniform(0.92, 1.28)
    if noise.random() < 0.5:
        srgb = srgb + noise.uniform(0.1, 0.5) * (srgb - cv2.GaussianBlur(srgb.astype(np.float32), (0, 0), 1.0))
    return np.asarray(np.clip(srgb * 255 + 0.5, 0, 255), np.uint8)
