"""How many bits of a look change when a photo is saved again, and in how many do different photos differ?

    python benchmarks/same_photo.py FOLDER_OF_PHOTOS...

Different photos are compared within a folder, in all eight ways to turn and mirror them. Images with an alpha channel
are laid small on white, which is the hardest for a look.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tools.data.images import ImageArray, is_image, read_image
from tools.data.photos import LOOSE_LOOK_BITS, SAME_LOOK_BITS, bits_apart, look_hash, look_signs


def jpeg(image: ImageArray, quality: int) -> ImageArray:
    """Saved as JPEG and read again."""
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def scaled(image: ImageArray, scale: float, how: int = cv2.INTER_AREA) -> ImageArray:
    """Resized."""
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=how)


def lifted(image: ImageArray, gain: float, offset: float = 0) -> ImageArray:
    """Brighter, darker or of more contrast, bleached where it leaves the range."""
    return np.clip(image * gain + offset, 0, 255).astype(np.uint8)


def cut(image: ImageArray, share: float) -> ImageArray:
    """Without a strip on each side."""
    dy, dx = (int(share * side) for side in image.shape[:2])
    return np.ascontiguousarray(image[dy : len(image) - dy, dx : image.shape[1] - dx])


CHANGES: dict[str, Callable[[ImageArray], ImageArray]] = {
    "JPEG 60": lambda p: jpeg(p, 60),
    "JPEG 30": lambda p: jpeg(p, 30),
    "half, JPEG 50": lambda p: jpeg(scaled(p, 0.5, cv2.INTER_LINEAR), 50),
    "a third, JPEG 20": lambda p: jpeg(scaled(p, 0.33), 20),
    "0.6, nearest": lambda p: scaled(p, 0.6, cv2.INTER_NEAREST),
    "to 320 x 320": lambda p: cv2.resize(p, (320, 320)),
    "blurred": lambda p: cv2.GaussianBlur(p, (0, 0), 2),
    "darker": lambda p: lifted(p, 0.8),
    "gamma 0.7": lambda p: (255 * (p / 255.0) ** 0.7).astype(np.uint8),
    "brighter by a fifth": lambda p: lifted(p, 1.2),
    "contrast 1.3": lambda p: lifted(p, 1.3, -38),
    "cut by 2 %": lambda p: cut(p, 0.02),
    "cut by 5 %": lambda p: cut(p, 0.05),
}


def smaller(image: ImageArray) -> ImageArray:
    """At most 1024 pixels high: camera files would take the time."""
    return image if len(image) <= 1024 else scaled(image, 1024 / len(image))


def photo(path: Path, rng: np.random.Generator) -> ImageArray:
    """A photo; what has an alpha channel stands small on white."""
    with Image.open(path) as image:
        if image.mode != "RGBA":
            return smaller(read_image(path))
        image.thumbnail((160, 160))
        ground = Image.new("RGB", (480, 360), (250, 250, 250))
        place = [(a - b) // 2 + int(rng.integers(-12, 13)) for a, b in zip(ground.size, image.size, strict=True)]
        ground.paste(image, (place[0], place[1]), image)
        return np.asarray(ground)


def main() -> None:
    """Print a line for every change, and how near different photos come."""
    rng = np.random.default_rng(0)
    changed: dict[str, list[int]] = {name: [] for name in CHANGES}
    for folder in map(Path, sys.argv[1:]):
        looks = []
        for path in sorted(p for p in folder.rglob("*") if is_image(p)):
            image = photo(path, rng)
            if (look := look_hash(image)) is None:
                continue
            looks.append(look)
            for name, change in CHANGES.items():
                again = look_hash(change(image))
                changed[name].append(256 if again is None else (look ^ again).bit_count())
        signs = look_signs(looks)
        apart = bits_apart(signs, signs)
        pairs = apart[np.triu_indices(len(looks), 1)]
        near = f"{(pairs <= SAME_LOOK_BITS).sum()} the same, {(pairs <= LOOSE_LOOK_BITS).sum()} loosely"
        print(f"{folder.name}: {len(looks)} photos, two different ones differ in {pairs.min()} bits or more; {near}")
    for name, values in changed.items():
        found = np.mean(np.array(values) <= SAME_LOOK_BITS)
        print(f"{name:20s} 95 % {np.quantile(values, 0.95):3.0f}  most {max(values):3d}  found {found:.3f}")


if __name__ == "__main__":
    main()
