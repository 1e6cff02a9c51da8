"""Backgrounds to paste on: the user's photos, or surfaces and foliage drawn by formula."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from tools.core.errors import FixArguments
from tools.data.images import ImageArray, is_image, read_image, walk_files
from tools.data.origin import DRAWN_GROUND
from tools.scenes.scene import CONTEXTS

PLANTS = frozenset({"orchard", "bush", "grass"})
# A crop shows at least this share of a photo's shorter side: smaller ones are mostly blur.
LEAST_CROP = 0.55


class Backgrounds(Protocol):
    """Where grounds come from."""

    source: str

    def contexts(self) -> list[str]:
        """Places they are known to show; empty when nothing says so."""

    def draw(self, context: str, size_px: int, rng: np.random.Generator) -> tuple[ImageArray, str]:
        """A new (size, size, 3) ground and what it was made of."""


class FormulaBackgrounds:
    """Textures drawn by formula: no photo, no licence."""

    source = DRAWN_GROUND

    def contexts(self) -> list[str]:
        """None: a texture shows no place."""
        return []

    def draw(self, context: str, size_px: int, rng: np.random.Generator) -> tuple[ImageArray, str]:
        """Foliage where plants grow, surfaces elsewhere."""
        from tools.trainers.formula import background

        return background(rng, size_px, plants_share=0.85 if context in PLANTS else 0.1), self.source


class PhotoBackgrounds:
    """Photos of a folder; one that lies in a folder named after a place ("grass/") is only used for that place.

    They must not show what is to be found: it would be there without a label.

    Raises:
        FixArguments: the folder is missing or holds no image.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise FixArguments(f"the folder of backgrounds {folder} does not exist")
        self.folder, self.source = folder, "photos of a folder"
        self._by_place: dict[str, list[Path]] = {}
        for path in sorted(p for p in walk_files(folder) if is_image(p) and p.is_file()):
            places = [p.casefold() for p in path.relative_to(folder).parts[:-1] if p.casefold() in CONTEXTS]
            self._by_place.setdefault(places[-1] if places else "", []).append(path)
        if not self._by_place:
            raise FixArguments(f"{folder} holds no picture to paste on")
        self._all = [p for paths in self._by_place.values() for p in paths]

    def contexts(self) -> list[str]:
        """Places that folders are named after."""
        return [c for c in CONTEXTS if c in self._by_place]

    def draw(self, context: str, size_px: int, rng: np.random.Generator) -> tuple[ImageArray, str]:
        """A square crop of a photo, now and then mirrored."""
        paths = self._by_place.get(context) or self._by_place.get("") or self._all
        path = paths[int(rng.integers(len(paths)))]
        photo = _photo(path, 2 * size_px)
        height, width = photo.shape[:2]
        side = round(min(height, width) * rng.uniform(LEAST_CROP, 1.0))
        top, left = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
        crop = photo[top : top + side, left : left + side]
        enlarged = side < size_px
        crop = cv2.resize(crop, (size_px, size_px), interpolation=cv2.INTER_LINEAR if enlarged else cv2.INTER_AREA)
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
        return np.ascontiguousarray(crop), re.sub(r"[^\w.\- ]+", "_", path.name)


@lru_cache(maxsize=48)
def _photo(path: Path, short_px: int) -> npt.NDArray[np.uint8]:
    """A photo whose shorter side is at most `short_px`: decoding a camera's file takes longer than a whole image."""
    photo = read_image(path)
    scale = short_px / min(photo.shape[:2])
    if scale >= 1:
        return photo
    size = round(photo.shape[1] * scale), round(photo.shape[0] * scale)
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)
