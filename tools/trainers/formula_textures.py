"""Grey textures and colour tables drawn by formula: the materials of `tools.trainers.formula`."""

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from tools.data.images import ImageArray

Grey = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_BANK_SIDE_PX = 384
_BANK_SEED = 20261  # the bank is the same for every image; what is cut from it is not


def _stretch(field: npt.NDArray[Any]) -> Grey:
    """A field as grey, its 2nd and 98th percentile at black and white."""
    low, high = np.percentile(field[::4, ::4], (2, 98))
    stretched = np.clip((field - low) * (255.0 / max(float(high - low), 1e-6)), 0, 255)
    return np.asarray(stretched, np.uint8)


def _noise(rng: np.random.Generator, n: int, slope: float) -> Floats:
    """Random field with a power spectrum of f^-2*slope, as natural surfaces have (slope about 1)."""
    fy, fx = np.meshgrid(np.fft.fftfreq(n), np.fft.rfftfreq(n), indexing="ij")
    frequency = np.hypot(fy, fx)
    frequency[0, 0] = 1.0
    spectrum = (rng.standard_normal(frequency.shape) + 1j * rng.standard_normal(frequency.shape)) / frequency**slope
    spectrum[0, 0] = 0
    field = np.fft.irfft2(spectrum, s=(n, n))
    return np.asarray(field / field.std(), np.float32)


def _foliage(rng: np.random.Generator, n: int) -> Grey:
    """Leaves over leaves, the later the brighter."""
    grey = np.full((n, n), 20, np.uint8)
    side = rng.uniform(0.03, 0.10) * n
    count = int(min(1400, 2.2 * (n / side) ** 2))
    for i in range(count):
        outline = leaf_outline(rng, rng.uniform(0, 2 * np.pi), side * rng.uniform(0.7, 1.3)) + rng.uniform(0, n, 2)
        tone = int(np.clip(30 + 170 * i / count + rng.normal(0, 35), 5, 250))
        half = len(outline) // 2
        for points, shade in ((outline, tone), (outline[: half + 1], int(tone * rng.uniform(0.7, 0.95)))):
            cv2.fillPoly(grey, [np.round(points * 8).astype(np.int32)], shade, cv2.LINE_AA, 3)
    return grey


def _cells(rng: np.random.Generator, n: int) -> Grey:
    """Voronoi cells, each with its tone, some with seams."""
    seeds = np.full((n, n), 255, np.uint8)
    count = int(rng.integers(20, 400))
    seeds[rng.integers(0, n, count), rng.integers(0, n, count)] = 0
    distance, labels = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    tones = rng.integers(40, 230, int(labels.max()) + 1)
    grey = tones[labels].astype(np.float32)
    return np.asarray(np.clip(grey - rng.uniform(0, 2.5) * distance, 0, 255), np.uint8)


def _stripes(rng: np.random.Generator, n: int) -> Grey:
    """Bands bent by noise: wood, cloth, corrugation."""
    y, x = np.mgrid[0:n, 0:n].astype(np.float32) / n
    bend = rng.uniform(0, 0.08) * _noise(rng, n, 1.8)
    phase = 2 * np.pi * rng.integers(4, 40) * (x + bend)
    wave = np.sin(phase) if rng.random() < 0.6 else np.sign(np.sin(phase))
    if rng.random() < 0.35:
        wave = wave * np.sin(2 * np.pi * rng.integers(4, 40) * (y + bend))
    return _stretch(wave + rng.uniform(0.05, 0.5) * _noise(rng, n, 0.8))


def _spots(rng: np.random.Generator, n: int) -> Grey:
    """Dots on noise."""
    grey = np.asarray(_stretch(_noise(rng, n, 1.2)) // 3 + 60, np.uint8)
    for _ in range(int(rng.integers(60, 500))):
        centre = (int(rng.integers(0, n)), int(rng.integers(0, n)))
        cv2.circle(grey, centre, int(rng.integers(1, 7)), int(rng.integers(0, 255)), -1, cv2.LINE_AA)
    return grey


def _strokes(rng: np.random.Generator, n: int) -> Grey:
    """Thin strokes of one main direction: grass, straw, hair, scratches."""
    grey = np.full((n, n), 30, np.uint8)
    main, spread = rng.uniform(0, np.pi), rng.uniform(0.05, 0.8)
    length = rng.uniform(0.05, 0.3) * n
    starts = rng.uniform(-0.1 * n, 1.1 * n, (900, 2))
    angles = main + rng.normal(0, spread, 900)
    ends = starts + length * np.stack([np.cos(angles), np.sin(angles)], 1) * rng.uniform(0.4, 1.2, (900, 1))
    tones = np.clip(np.linspace(30, 220, 900) + rng.normal(0, 30, 900), 0, 255)
    for start, end, tone in zip(starts, ends, tones, strict=True):
        cv2.line(grey, _point(start), _point(end), int(tone), int(rng.integers(1, 4)), cv2.LINE_AA)
    return grey


def _tiles(rng: np.random.Generator, n: int) -> Grey:
    """Bricks and tiles with joints."""
    grey = np.zeros((n, n), np.uint8)
    rows = int(rng.integers(4, 20))
    high, wide = n / rows, n / rows * rng.uniform(1, 3)
    joint = int(rng.integers(1, 4))
    grey[:] = int(rng.integers(0, 255))
    for row in range(rows):
        for column in range(-1, int(n / wide) + 1):
            left = (column + (0.5 if row % 2 else 0)) * wide
            corner, other = (int(left) + joint, int(row * high) + joint), (int(left + wide), int((row + 1) * high))
            cv2.rectangle(grey, corner, other, int(rng.integers(90, 200)), -1)
    return np.clip(grey + 14 * _noise(rng, n, 0.7), 0, 255).astype(np.uint8)


def _point(xy: npt.NDArray[Any]) -> tuple[int, int]:
    return int(xy[0]), int(xy[1])


def leaf_outline(rng: np.random.Generator, angle: float, length_px: float) -> Floats:
    """(m, 2) outline of a leaf about the origin, first along one edge, then back along the other."""
    along = np.linspace(0, 1, 9)
    half = rng.uniform(0.10, 0.30) * np.sin(np.pi * along ** rng.uniform(0.7, 1.2))
    bend = rng.uniform(-0.15, 0.15) * np.sin(np.pi * along)
    x = np.concatenate([along, along[::-1]]) - 0.5
    y = np.concatenate([bend - half, (bend + half)[::-1]])
    cos, sin = np.cos(angle) * length_px, np.sin(angle) * length_px
    return np.asarray(np.stack([x * cos - y * sin, x * sin + y * cos], 1), np.float32)


@lru_cache(maxsize=1)
def texture_bank() -> tuple[list[Grey], list[Grey]]:
    """Two lists of grey textures: of surfaces, and of foliage and grass."""
    rng, n = np.random.default_rng(_BANK_SEED), _BANK_SIDE_PX
    surfaces = [_stretch(_noise(rng, n, slope)) for slope in (0.4, 0.7, 0.9, 1.0, 1.1, 1.2, 1.4, 1.6, 1.8, 2.1, 2.4)]
    for draw, count in ((_cells, 6), (_stripes, 10), (_spots, 6), (_tiles, 5)):
        surfaces += [draw(rng, n) for _ in range(count)]
    plants = [draw(rng, n) for draw in (_foliage, _strokes) for _ in range(7)]
    return surfaces, plants


@lru_cache(maxsize=1)
def noise_bank() -> npt.NDArray[np.int16]:
    """Normal noise of standard deviation 64 to cut pixel noise from: drawing it anew costs more than the image."""
    return np.random.default_rng(_BANK_SEED + 1).normal(0, 64, (1024, 1024)).astype(np.int16)


def cut(rng: np.random.Generator, bank: list[Grey], height: int, width: int, zoom: float) -> Grey:
    """A turned (height, width) piece of a random texture; zoom 1 shows texture pixels one to one."""
    texture = bank[int(rng.integers(len(bank)))]
    angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.7 else 0.0
    cos, sin = np.cos(angle) / zoom, np.sin(angle) / zoom
    shift = rng.uniform(0, _BANK_SIDE_PX, 2)
    matrix = np.array([[cos, -sin, shift[0]], [sin, cos, shift[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(texture, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_WRAP))


def random_hsv(rng: np.random.Generator) -> Floats:
    """A colour as surfaces have it: half of them dull, some vivid, some grey; (h, s, v) in 0..1."""
    saturation = rng.beta(1.2, 2.0) if rng.random() < 0.6 else rng.uniform(0.4, 1.0)
    return np.array([rng.random(), saturation, rng.uniform(0.12, 1.0)], np.float32)


def plant_hsv(rng: np.random.Generator) -> Floats:
    """Green to yellow or brown, of any brightness."""
    return np.array([rng.uniform(0.08, 0.42), rng.uniform(0.1, 0.8), rng.uniform(0.12, 0.8)], np.float32)


def jitter(rng: np.random.Generator, hsv: Floats, amount: float) -> Floats:
    """A colour near another."""
    near = hsv + rng.normal(0, 1, 3) * (0.25 * amount, amount, amount)
    near[0] %= 1.0
    return np.clip(near, 0.02, 1.0).astype(np.float32)


def blend(rng: np.random.Generator, hsv: Floats, side: int) -> Floats:
    """(side, side, 3) a colour that runs into others, 0..255 and a little beyond."""
    cells = int(rng.integers(2, 14))
    base = _hsv_to_rgb(hsv[None])[0].astype(np.float32) * 255
    change = rng.random((cells, cells, 3), np.float32) - np.float32(0.5)
    if rng.random() < 0.5:  # lighter and darker only
        change[:] = change.mean(axis=2, keepdims=True) * 1.7
    way = cv2.INTER_CUBIC if rng.random() < 0.6 else cv2.INTER_LINEAR
    spread = cv2.resize(change, (side, side), interpolation=way)
    return np.asarray(base + spread * np.float32(255 * rng.uniform(0.03, 0.6)), np.float32)


def colour_table(rng: np.random.Generator, hsv: Floats, contrast: float) -> ImageArray:
    """(256, 1, 3) RGB table that colours a grey texture around a colour; now and then with a second hue."""
    dark, bright = hsv.copy(), hsv.copy()
    dark[2], bright[2] = hsv[2] * (1 - contrast), min(1.0, hsv[2] * (1 + contrast))
    dark[0], bright[0] = (dark[0] - rng.normal(0, 0.03)) % 1, (bright[0] + rng.normal(0, 0.03)) % 1
    if rng.random() < 0.2:
        bright[:2] = random_hsv(rng)[:2]
    stops = _hsv_to_rgb(np.stack([dark, hsv, bright]))
    ramp = np.linspace(0, 2, 256)
    table = np.stack([np.interp(ramp, (0, 1, 2), stops[:, c]) for c in range(3)], 1)
    return (np.clip(table, 0, 1) * 255).astype(np.uint8)[:, None, :]


def _hsv_to_rgb(hsv: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(n, 3) HSV in 0..1 as RGB in 0..1."""
    h, s, v = hsv[:, 0:1], hsv[:, 1:2], hsv[:, 2:3]
    k = (np.array([[5.0, 3.0, 1.0]]) + h * 6) % 6
    return np.asarray(v - v * s * np.clip(np.minimum(k, 4 - k), 0, 1))


def rgb(hsv: Floats) -> tuple[int, int, int]:
    """One colour as 8-bit RGB."""
    red, green, blue = (_hsv_to_rgb(hsv[None])[0] * 255).astype(int).tolist()
    return red, green, blue
