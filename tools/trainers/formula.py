"""Images drawn by formula with exact instance labels: what the starter weights learn from, in place of photos.

After SegRCDB (arXiv 2309.17083) and InsCore: contours with texture are enough to learn what an object is. Ours add what
photos have: shading, highlights, shadows, occlusion, clutter in front, blur, noise, JPEG, colour casts, empty images.
Everything follows from (seed, index), so no image is ever stored.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tools.data.images import ImageArray
from tools.trainers.formula_shapes import Part, Shape, random_shape, turn_and_stretch
from tools.trainers.formula_textures import (
    Floats,
    blend,
    colour_table,
    cut,
    jitter,
    leaf_outline,
    noise_bank,
    plant_hsv,
    random_hsv,
    rgb,
    texture_bank,
)

Ids = npt.NDArray[np.uint8]

SIZE_RANGE = (0.02, 0.70)  # width of an object as a share of the image's
MAX_OBJECTS = 60
_MIN_VISIBLE_PX = 10
_MIN_VISIBLE_SHARE = 0.18  # less is hardly recognisable, and people would not outline it
_EMPTY_SHARE = 0.05
# Fine textures alone make a network that knows surfaces and not shapes: it learns renders better and photos worse.
_BLENDED_OBJECTS, _BLENDED_GROUNDS = 0.55, 0.35
# How much is strewn in front of the objects: over a quarter of them shows under 0.6 of itself then.
_HIDING, _HIDING_SHARES = (0.0, 0.4, 1.2), (0.3, 0.4, 0.3)
_MEDLEY_SHARE = 0.6  # of the images show many objects, each of its own kind and size: they teach most a step


@dataclass(frozen=True)
class FormulaImage:
    """An image and which object each pixel shows (0: none)."""

    image: ImageArray  # (n, n, 3) RGB
    ids: Ids  # (n, n)
    boxes: Floats  # (256, 4) x1 y1 x2 y2 of each object by its number: of the whole, what is hidden too, in the frame


@dataclass(frozen=True)
class _Extent:
    """What an object has before anything hides it, in and out of the frame."""

    pixels: int
    box: tuple[float, float, float, float]  # x1 y1 x2 y2


@dataclass(frozen=True)
class _Light:
    direction: npt.NDArray[np.float32]  # unit vector towards the light, z towards the viewer
    ambient: float
    shadow: float
    shadow_shift: tuple[float, float]  # in radii of the object


@dataclass(frozen=True)
class _Kind:
    """What the objects of one sort have in common."""

    shape: Shape
    colours: list[Floats]
    contrast: float
    texture_zoom: float
    gloss: float
    roundness: float
    light_edge: float
    blended: bool  # colours that run into one another instead of a texture


def draw(seed: int, index: int, size_px: int) -> FormulaImage:
    """Draw an image.

    Args:
        seed: of the whole series.
        index: which image of the series.
        size_px: side of the square image.
    """
    rng = np.random.default_rng([seed, index])
    canvas = background(rng, size_px)
    ids = np.zeros((size_px, size_px), np.uint8)
    plants = [plant_hsv(rng) for _ in range(2)] if rng.random() < 0.6 else [random_hsv(rng) for _ in range(2)]
    _clutter(rng, canvas, None, plants, amount=rng.choice([0.0, 0.25, 1.0], p=[0.55, 0.28, 0.17]))
    if rng.random() < 0.35:  # depth of field
        canvas = cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.6, 4.0) * size_px / 256)
    boxes = np.zeros((256, 4), np.float32)
    if rng.random() >= _EMPTY_SHARE:
        extents = _objects(rng, canvas, ids)
        _clutter(rng, canvas, ids, plants, amount=rng.choice(_HIDING, p=_HIDING_SHARES))
        _drop_hidden(ids, extents)
        boxes[1 : len(extents) + 1] = [e.box for e in extents]
    return FormulaImage(_finish(rng, canvas), ids, boxes.clip(0, size_px))


# Background ------------------------------------------------------------------------------------------------------


def _material(rng: np.random.Generator, height: int, width: int, hsv: Floats, zoom: float) -> ImageArray:
    surfaces, _ = texture_bank()
    grey = cut(rng, surfaces, height, width, zoom)
    return np.asarray(cv2.applyColorMap(grey, colour_table(rng, hsv, rng.beta(1.2, 2.5))))


def background(rng: np.random.Generator, n: int, *, plants_share: float = 0.3) -> ImageArray:
    """One surface, foliage, or ground and sky; with bars through the whole image and soft patches.

    Args:
        rng: decides everything.
        n: side in pixels.
        plants_share: probability of foliage or grass, 0..1.
    """
    _, plants = texture_bank()
    zoom = np.exp(rng.uniform(np.log(0.35), np.log(2.5))) * n / 256
    if rng.random() < plants_share:
        grey = cut(rng, plants, n, n, zoom)
        canvas = np.asarray(cv2.applyColorMap(grey, colour_table(rng, plant_hsv(rng), rng.uniform(0.3, 0.95))))
    elif rng.random() < _BLENDED_GROUNDS:
        canvas = np.clip(blend(rng, random_hsv(rng), n), 0, 255).astype(np.uint8)
    else:
        canvas = _material(rng, n, n, random_hsv(rng), zoom)
    if rng.random() < 0.3:  # a horizon or the edge of a table
        other = _material(rng, n, n, random_hsv(rng), zoom)
        tilt, level = rng.normal(0, 0.12), rng.uniform(0.15, 0.85) * n
        corners = np.array([[0, level], [n, level + tilt * n], [n, n], [0, n]], np.int32)
        mask = cv2.fillPoly(np.zeros((n, n), np.uint8), [corners], 1)
        canvas = np.where(mask[..., None] > 0, other, canvas)
    for _ in range(int(rng.choice([0, 1, 3], p=[0.65, 0.2, 0.15]))):  # trunks, posts, cables
        _bar(rng, canvas)
    if rng.random() < 0.6:  # light and shade, and look-alike patches of texture with no edge
        canvas = _soft_patches(rng, canvas)
    return np.ascontiguousarray(canvas)


def _bar(rng: np.random.Generator, canvas: ImageArray) -> None:
    """A shaded bar from border to border."""
    n = canvas.shape[0]
    angle, width = rng.uniform(0, np.pi), max(1.0, n * np.exp(rng.uniform(np.log(0.006), np.log(0.15))))
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    middle, hsv = rng.uniform(0, n, 2), random_hsv(rng)
    for step in np.linspace(-1, 1, 7 if width > 4 else 1):
        tone = jitter(rng, hsv, 0.0)
        tone[2] *= 0.45 + 0.55 * np.sqrt(max(0.0, 1 - (step * 0.9 - 0.2) ** 2))
        centre = middle + across * step * width / 2
        first, last = centre - along * 2 * n, centre + along * 2 * n
        ends = [(int(p[0]), int(p[1])) for p in (first, last)]
        cv2.line(canvas, ends[0], ends[1], rgb(tone), max(1, round(width / 6)), cv2.LINE_AA)


def _soft_patches(rng: np.random.Generator, canvas: ImageArray) -> ImageArray:
    """Blotches that fade out: shade, sun flecks, stains. They are not objects."""
    n, small = canvas.shape[0], 48
    weight = np.zeros((small, small), np.float32)
    for _ in range(int(rng.integers(1, 9))):
        centre = tuple(rng.integers(0, small, 2).tolist())
        axes = tuple(rng.integers(2, 14, 2).tolist())
        cv2.ellipse(weight, centre, axes, rng.uniform(0, 180), 0, 360, float(rng.uniform(0.3, 1)), -1)
    weight = cv2.resize(cv2.GaussianBlur(weight, (0, 0), rng.uniform(1.0, 4.0)), (n, n))
    if rng.random() < 0.4:
        other = _material(rng, n, n, random_hsv(rng), rng.uniform(0.3, 2.0)).astype(np.float32)
        mixed = canvas + (other - canvas) * weight[..., None]
    else:
        mixed = canvas * (1 + np.float32(rng.uniform(-0.7, 0.7)) * weight[..., None])
    return np.asarray(np.clip(mixed, 0, 255), np.uint8)


def _clutter(
    rng: np.random.Generator, canvas: ImageArray, ids: Ids | None, colours: list[Floats], amount: float
) -> None:
    """Leaves, blades and twigs; in front of objects when `ids` is given, whose pixels they hide."""
    n = canvas.shape[0]
    if amount == 0.0:
        return
    length = n * np.exp(rng.uniform(np.log(0.05), np.log(0.3)))
    leaves = int(rng.uniform(0.2, 1.0) * amount * min(150.0, 2.5 * (n / length) ** 2))
    main, spread = rng.uniform(0, 2 * np.pi), rng.choice([0.4, 3.0])
    shadow_side = rng.uniform(0.55, 1.0)
    for _ in range(leaves):
        size = length * rng.uniform(0.6, 1.4)
        outline = leaf_outline(rng, main + rng.normal(0, spread), size) + rng.uniform(0, n, 2)
        hsv = jitter(rng, colours[int(rng.integers(len(colours)))], 0.09)
        half = len(outline) // 2
        points = np.round(outline * 8).astype(np.int32)
        cv2.fillPoly(canvas, [points], rgb(hsv), cv2.LINE_AA, 3)
        hsv[2] *= shadow_side
        spine = (points[:half] + points[half:][::-1]) // 2
        cv2.fillPoly(canvas, [np.concatenate([points[:half], spine[::-1]])], rgb(hsv), cv2.LINE_AA, 3)
        if ids is not None:
            cv2.fillPoly(ids, [points], 0, cv2.LINE_8, 3)
    for _ in range(int(rng.integers(0, 1 + round(14 * amount)))):
        _twig(rng, canvas, ids)


def _twig(rng: np.random.Generator, canvas: ImageArray, ids: Ids | None) -> None:
    n = canvas.shape[0]
    steps = rng.normal(0, 0.16 * n, (4, 2)) + rng.normal(0, 0.12 * n, 2)
    points = (rng.uniform(0, n, 2) + np.cumsum(steps, axis=0)).astype(np.int32)[None]
    width, hsv = max(1, round(n * np.exp(rng.uniform(np.log(0.004), np.log(0.035))))), random_hsv(rng)
    cv2.polylines(canvas, points, False, rgb(hsv), width, cv2.LINE_AA)
    if width > 3:
        hsv[2] = min(1.0, hsv[2] * 1.5)
        cv2.polylines(canvas, points - width // 5, False, rgb(hsv), width // 3, cv2.LINE_AA)
    if ids is not None:
        cv2.polylines(ids, points, False, 0, width, cv2.LINE_8)


# Objects ---------------------------------------------------------------------------------------------------------


def _random_kind(rng: np.random.Generator) -> _Kind:
    hsv = random_hsv(rng)
    return _Kind(
        shape=random_shape(rng),
        colours=[hsv, random_hsv(rng), jitter(rng, hsv, 0.2)],
        contrast=float(rng.beta(1.2, 3.0)),
        texture_zoom=float(np.exp(rng.uniform(np.log(0.2), np.log(1.6)))),
        gloss=float(rng.uniform(0.2, 1.0)) if rng.random() < 0.5 else 0.0,
        roundness=float(rng.uniform(0.25, 1.0)) if rng.random() < 0.85 else 0.0,
        light_edge=float(rng.uniform(-0.5, 0.3)) if rng.random() < 0.25 else 0.0,
        blended=bool(rng.random() < _BLENDED_OBJECTS),
    )


def _random_light(rng: np.random.Generator) -> _Light:
    turn = rng.uniform(0, 2 * np.pi)
    lift = rng.uniform(0.2, 1.2)
    towards = np.array([np.cos(turn), np.sin(turn), lift], np.float32)
    return _Light(
        towards / np.linalg.norm(towards),
        rng.uniform(0.15, 0.8),
        rng.uniform(0.2, 0.75) if rng.random() < 0.6 else 0.0,
        (-np.cos(turn) * rng.uniform(0.05, 0.35), -np.sin(turn) * rng.uniform(0.05, 0.35)),
    )


def _objects(rng: np.random.Generator, canvas: ImageArray, ids: Ids) -> list[_Extent]:
    """Draw objects far to near, numbered from 1. Returns the extent of each."""
    n = canvas.shape[0]
    light = _random_light(rng)
    if rng.random() < _MEDLEY_SHARE:
        places = _medley(rng, n)
        kinds = [_random_kind(rng) for _ in places]
    else:
        kinds = [_random_kind(rng) for _ in range(int(rng.choice([1, 2, 4], p=[0.5, 0.25, 0.25])))]
        smallest, largest = SIZE_RANGE if rng.random() < 0.3 else (0.07, SIZE_RANGE[1])  # mostly larger than specks
        size = float(np.exp(rng.uniform(np.log(smallest), np.log(largest))))
        places = [(x, y, size * scale) for x, y, scale in _places(rng, n, size)]
    extents: list[_Extent] = []
    for x, y, width in places:
        kind = kinds[int(rng.integers(len(kinds)))]
        radius = max(2.0, n * width / 2)
        extents.append(_object(rng, canvas, ids, kind, light, (x, y), radius, len(extents) + 1))
    return extents


def _medley(rng: np.random.Generator, n: int) -> list[tuple[float, float, float]]:
    """(x, y, width as a share of the image's) of unlike objects that would cover up to the whole image."""
    cover = rng.uniform(0.2, 1.0)
    places: list[tuple[float, float, float]] = []
    while len(places) < 24 and (cover > 0 or len(places) < 4):
        width = float(np.exp(rng.uniform(np.log(0.05), np.log(0.5))))
        x, y = rng.uniform(-0.02 * n, 1.02 * n, 2)
        places.append((x, y, width))
        cover -= 0.7 * width**2
    return sorted(places, key=lambda place: -place[2] * rng.uniform(0.5, 1.0))  # small ones mostly in front


def _places(rng: np.random.Generator, n: int, size: float) -> list[tuple[float, float, float]]:
    """(x, y, relative size) of each object: scattered, in clusters, or as touching pairs; small things are many."""
    most = float(np.clip(1.6 / size**1.3, 2.0, MAX_OBJECTS))
    count = int(np.clip(round(most * rng.beta(1.0, 1.4)), 1, MAX_OBJECTS))
    spread = rng.uniform(0.05, 0.7)
    layout = rng.random()
    places: list[tuple[float, float, float]] = []
    while len(places) < count:
        x, y = rng.uniform(-0.02 * n, 1.02 * n, 2)
        members = 1 if layout < 0.55 else 2 if layout < 0.7 else int(rng.integers(3, 14))
        reach = size * n * (0.5 if members > 2 else 0.0)
        for member in range(min(members, count - len(places))):
            angle, distance = rng.uniform(0, 2 * np.pi), reach * np.sqrt(member) * rng.uniform(0.6, 1.2)
            if members == 2 and member == 1:  # a twin that touches
                distance = size * n * rng.uniform(0.7, 1.05)
            scale = float(np.exp(rng.normal(0, spread)))
            places.append((x + distance * np.cos(angle), y + distance * np.sin(angle), scale))
    return places


def _object(
    rng: np.random.Generator,
    canvas: ImageArray,
    ids: Ids,
    kind: _Kind,
    light: _Light,
    centre: tuple[float, float],
    radius: float,
    number: int,
) -> _Extent:
    """Draw one object into the canvas."""
    n = canvas.shape[0]
    shape = turn_and_stretch(kind.shape, rng.uniform(0, 2 * np.pi), np.exp(-abs(rng.normal(0, 0.15))))
    margin = 2 + int(radius * 0.5 if light.shadow else 0)
    side = int(2 * radius) + 2 * margin + 1
    left, top = int(centre[0] - side / 2), int(centre[1] - side / 2)
    frame = _Frame.of(left, top, side, n)
    if frame is None:
        return _Extent(0, (0.0, 0.0, 0.0, 0.0))
    alphas = [_fill(part, side, radius) for part in shape]
    whole = alphas[0] if len(alphas) == 1 else np.maximum.reduce(alphas)
    target = canvas[frame.rows, frame.columns]
    if light.shadow:
        _shadow(target, whole, light, radius, frame)
    for part, alpha in zip(shape, alphas, strict=True):
        surface = _surface(rng, kind, part, alpha, light, radius)
        weight = (alpha[frame.inner_rows, frame.inner_columns].astype(np.float32) / 255)[..., None]
        piece = surface[frame.inner_rows, frame.inner_columns]
        target[:] = (target + (piece - target) * weight).astype(np.uint8)
    ids[frame.rows, frame.columns][whole[frame.inner_rows, frame.inner_columns] > 127] = number
    x, y, width, height = cv2.boundingRect(np.asarray(whole > 127, np.uint8))
    return _Extent(int(np.count_nonzero(whole > 127)), (left + x, top + y, left + x + width, top + y + height))


@dataclass(frozen=True)
class _Frame:
    """Where a square patch lies in the canvas, and which part of the patch that is."""

    rows: slice
    columns: slice
    inner_rows: slice
    inner_columns: slice

    @staticmethod
    def of(left: int, top: int, side: int, n: int) -> "_Frame | None":
        x0, x1, y0, y1 = max(0, left), min(n, left + side), max(0, top), min(n, top + side)
        if x0 >= x1 or y0 >= y1:
            return None
        return _Frame(slice(y0, y1), slice(x0, x1), slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))


def _fill(part: Part, side: int, radius: float) -> Ids:
    """(side, side) coverage 0..255 of a part about the middle of the patch."""
    outlines = [np.round((points * radius + side / 2) * 16).astype(np.int32) for points in (part.outline, *part.holes)]
    alpha = cv2.fillPoly(np.zeros((side, side), np.uint8), outlines[:1], 255, cv2.LINE_AA, 4)
    for hole in outlines[1:]:
        cv2.fillPoly(alpha, [hole], 0, cv2.LINE_AA, 4)
    return np.asarray(alpha)


def _shadow(target: ImageArray, whole: Ids, light: _Light, radius: float, frame: _Frame) -> None:
    shift = np.array([[1, 0, light.shadow_shift[0] * radius], [0, 1, light.shadow_shift[1] * radius]], np.float32)
    cast = cv2.warpAffine(whole, shift, whole.shape[::-1])
    soft = max(1, int(0.12 * radius)) * 2 + 1
    cast = cv2.blur(cv2.blur(cast, (soft, soft)), (soft, soft))[frame.inner_rows, frame.inner_columns]
    dim = 255 - (cast * light.shadow).astype(np.uint8)
    cv2.multiply(target, cv2.merge([dim, dim, dim]), dst=target, scale=1 / 255)


def _surface(rng: np.random.Generator, kind: _Kind, part: Part, alpha: Ids, light: _Light, radius: float) -> Floats:
    """(side, side, 3) lit material of a part, 0..255."""
    side = alpha.shape[0]
    hsv = jitter(rng, kind.colours[part.material % len(kind.colours)], 0.03)
    if kind.blended:
        colour = blend(rng, hsv, side)
    else:
        surfaces, _ = texture_bank()
        grey = cut(rng, surfaces, side, side, kind.texture_zoom * max(0.25, radius / 40))
        colour = cv2.applyColorMap(grey, colour_table(rng, hsv, kind.contrast)).astype(np.float32)
    shade = _shade(rng, kind, part, alpha, light, radius)
    colour *= (shade[0] * part.tone)[..., None]
    if shade[1] is not None:
        colour += shade[1][..., None]
    np.clip(colour, 0, 255, out=colour)
    return np.asarray(colour)


def _shade(
    rng: np.random.Generator, kind: _Kind, part: Part, alpha: Ids, light: _Light, radius: float
) -> tuple[Floats, Floats | None]:
    """Brightness of the surface, and the highlight on it.

    Heights come from the distance to the outline and are lit by Lambert and Blinn-Phong; a plane face gets a ramp.
    """
    side = alpha.shape[0]
    if part.flat or kind.roundness == 0.0 or radius < 4:
        ramp = np.linspace(-1, 1, side, dtype=np.float32)
        slope = ramp[None] * light.direction[0] + ramp[:, None] * light.direction[1]
        return np.float32(1.0) + np.float32(rng.uniform(0, 0.35)) * slope, None
    small = min(side, 64)  # shading is smooth: a small field, enlarged, looks the same
    field = alpha if small == side else cv2.resize(alpha, (small, small), interpolation=cv2.INTER_AREA)
    distance = cv2.distanceTransform((field > 100).astype(np.uint8), cv2.DIST_L2, 3)
    inside = np.clip(distance / max(1e-3, kind.roundness * float(distance.max())), 0, 1)
    height = np.sqrt(1 - (1 - inside) ** 2) * kind.roundness * float(distance.max())
    height = cv2.blur(height, (3, 3)) if small < 24 else cv2.blur(cv2.blur(height, (5, 5)), (5, 5))
    dx, dy = cv2.Sobel(height, -1, 1, 0, scale=0.125), cv2.Sobel(height, -1, 0, 1, scale=0.125)
    length = np.sqrt(dx * dx + dy * dy + 1)
    x, y, z = light.direction
    lambert = np.clip((-dx * x - dy * y + z) / length, 0, 1)
    shade = light.ambient + (1.15 - light.ambient) * lambert
    if kind.light_edge:
        shade = shade + kind.light_edge * (1 - inside) ** 2
    highlight = None
    if kind.gloss:
        hx, hy, hz = x, y, z + 1
        norm = np.sqrt(hx * hx + hy * hy + hz * hz)
        facing = np.clip((-dx * hx - dy * hy + hz) / (length * norm), 0, 1)
        highlight = (255 * kind.gloss * facing ** float(rng.uniform(12, 60))).astype(np.float32)
    if small != side:
        shade = cv2.resize(shade, (side, side))
        highlight = None if highlight is None else cv2.resize(highlight, (side, side))
    return shade.astype(np.float32), highlight


def _drop_hidden(ids: Ids, extents: list[_Extent]) -> None:
    """Unlabel objects of which too little is seen."""
    full = np.array([0, *(e.pixels for e in extents)])
    seen = np.bincount(ids.ravel(), minlength=len(full))
    least = np.maximum(_MIN_VISIBLE_PX, _MIN_VISIBLE_SHARE * full)
    table = np.arange(256, dtype=np.uint8)
    table[: len(full)][seen[: len(full)] < least] = 0
    ids[:] = table[ids]


# The camera ------------------------------------------------------------------------------------------------------


def _finish(rng: np.random.Generator, canvas: ImageArray) -> ImageArray:
    """Exposure, colour cast, vignette, blur, noise and JPEG."""
    n = canvas.shape[0]
    gain = np.exp(rng.normal(0, 0.25)) * np.exp(rng.normal(0, 0.10, 3))
    gamma = np.exp(rng.normal(0, 0.25))
    levels = np.linspace(0, 1, 256)[:, None]
    table = np.clip(gain * levels**gamma + rng.uniform(-0.04, 0.08), 0, 1) * 255
    canvas = cv2.LUT(canvas, table.astype(np.uint8)[:, None, :])
    if rng.random() < 0.35:
        canvas = cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.3, 1.6) * n / 256)
    elif rng.random() < 0.15:  # seen by a coarser sensor
        coarse = int(n * rng.uniform(0.35, 0.8))
        canvas = cv2.resize(cv2.resize(canvas, (coarse, coarse), interpolation=cv2.INTER_AREA), (n, n))
    if rng.random() < 0.6:
        strength, bank = rng.uniform(0.5, 10), noise_bank()
        y, x = rng.integers(0, bank.shape[0] - n, 2) if n < bank.shape[0] else (0, 0)
        noise = np.resize(bank[y : y + n, x : x + n], (n, n))
        grain = (noise * np.float32(strength / 64)).astype(np.int16)
        canvas = np.clip(canvas + grain[..., None], 0, 255).astype(np.uint8)
    if rng.random() < 0.35:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 95))]
        canvas = cv2.imdecode(cv2.imencode(".jpg", canvas, quality)[1], cv2.IMREAD_COLOR)
    return np.ascontiguousarray(canvas)
