"""Varied copies of whole labelled photos, for classification: another crop, another tone, another ground."""

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from tools.data.pictures import Picture, read_picture, write_picture
from tools.data.sample import BoolMask, Instance, encode_mask, mask_box
from tools.data.scene import SceneSpec
from tools.errors import StepFailed
from tools.generators import Failed, Generated
from tools.generators.copy_paste.backgrounds import Backgrounds
from tools.generators.copy_paste.grabcut import cut_box
from tools.generators.copy_paste.paste import EDGE_BLUR_PX, MAX_TURN_DEG, Canvas

LEAST_CROP = 0.6  # of the shorter side; less may show none of the thing
INSET = 0.07  # of a side: what lies nearer to the edge of the photo is taken for ground
# X-Paste's filter for cut-outs of a single thing: 5-95 % of the picture; its upper end is met by GrabCut's own limit.
LEAST_AREA = 0.05
NEW_GROUND_SHARE = 0.4  # of the copies of a photo whose thing could be cut out
TURN_DEG = MAX_TURN_DEG / 2  # of a whole photo: more shows its corners


class PhotoVariants:
    """Makes pictures of one class each out of labelled photos.

    Args:
        folder: photos and their `index.json`, as `few.prepare_few` leaves them.
        backgrounds: for copies on another ground.
        size_px: side of the pictures.
    """

    name = "copy_paste"
    version = "1"
    licence = "that of your photos"
    why = "copies of the labelled photos of --few, which are training material by the user's wish"

    def __init__(self, folder: Path, backgrounds: Backgrounds, size_px: int) -> None:
        self.folder, self.backgrounds, self.size_px = folder, backgrounds, size_px
        self._photos: dict[str, list[str]] = {}
        for entry in json.loads((folder / "index.json").read_text(encoding="utf-8")):
            self._photos.setdefault(entry["class"], []).append(entry["file"])
        self._masks: dict[str, BoolMask | None] = {}

    def unavailable(self) -> str | None:
        """Always None."""
        return None

    def close(self) -> None:
        """Nothing is held."""

    def generate(self, scenes: Sequence[SceneSpec], folder: Path) -> Iterator[Generated | Failed]:
        """Yield a picture of each scene's first target."""
        folder.mkdir(parents=True, exist_ok=True)
        for scene in scenes:
            started = time.perf_counter()
            try:
                picture, instance, material = self.draw(scene)
            except StepFailed as error:
                yield Failed(scene, str(error))
                continue
            path = folder / f"{scene.id}.jpg"
            write_picture(path, picture)
            yield Generated(
                scene=scene, picture=path, width=self.size_px, height=self.size_px, instances=[instance],
                seconds=round(time.perf_counter() - started, 4), provenance=material,
            )  # fmt: skip

    def draw(self, scene: SceneSpec) -> tuple[Picture, Instance, dict[str, object]]:
        """The picture of a scene, where its thing is, and what it was made of.

        Raises:
            StepFailed: no photo shows the scene's class.
        """
        class_name = next((t.class_name for t in scene.targets if t.class_name in self._photos), None)
        if class_name is None:
            raise StepFailed(f"no photo of --few shows {[t.class_name for t in scene.targets]}")
        rng = np.random.default_rng([scene.seed, int(hashlib.sha1(scene.id.encode()).hexdigest()[:8], 16)])
        names = self._photos[class_name]
        name = names[int(rng.integers(len(names)))]
        photo = read_picture(self.folder / name)
        mask, ground = self._mask(name, photo), "its own"
        if mask is not None and rng.random() < NEW_GROUND_SHARE:
            photo, ground = self._on_new_ground(photo, mask, scene, rng)
        photo, seen = self._cropped(photo, mask, rng)
        picture = Canvas(photo).finished(scene.light, scene.weather, rng)
        where = seen if seen is not None and seen.any() else np.ones((self.size_px, self.size_px), bool)
        instance = Instance(class_name=class_name, box=mask_box(where), counts=encode_mask(where), source="photo")
        return picture, instance, {"photo": name, "background": ground}

    def _mask(self, name: str, photo: Picture) -> BoolMask | None:
        if name not in self._masks:
            height, width = photo.shape[:2]
            mask = cut_box(photo, (INSET * width, INSET * height, (1 - INSET) * width, (1 - INSET) * height))
            self._masks[name] = mask if mask is not None and mask.mean() >= LEAST_AREA else None
        return self._masks[name]

    def _on_new_ground(
        self, photo: Picture, mask: BoolMask, scene: SceneSpec, rng: np.random.Generator
    ) -> tuple[Picture, str]:
        height, width = photo.shape[:2]
        ground, source = self.backgrounds.draw(scene.context, max(height, width), rng)
        alpha = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), EDGE_BLUR_PX[1])[..., None]
        mixed = photo * alpha + ground[:height, :width] * (1 - alpha)
        return mixed.astype(np.uint8), source

    def _cropped(
        self, photo: Picture, mask: BoolMask | None, rng: np.random.Generator
    ) -> tuple[Picture, BoolMask | None]:
        """A turned, now and then mirrored square piece, around the thing where it is known."""
        height, width = photo.shape[:2]
        side = min(height, width) * rng.uniform(LEAST_CROP, 1.0)
        centre = np.array([width, height]) / 2
        if mask is not None:
            x1, y1, x2, y2 = mask_box(mask)
            centre, side = np.array([x1 + x2, y1 + y2]) / 2, max(side, 0.8 * min(x2 - x1, y2 - y1))
        centre = np.clip(centre + rng.uniform(-0.1, 0.1, 2) * side, side / 2, np.array([width, height]) - side / 2)
        angle, zoom = np.deg2rad(rng.uniform(-TURN_DEG, TURN_DEG)), side / self.size_px
        flip = -1.0 if rng.random() < 0.5 else 1.0
        turn = np.array([[np.cos(angle) * flip, -np.sin(angle)], [np.sin(angle) * flip, np.cos(angle)]]) * zoom
        shift = centre - turn @ np.full(2, self.size_px / 2)
        matrix, size = np.hstack([turn, shift[:, None]]), (self.size_px, self.size_px)
        linear, nearest = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        piece = cv2.warpAffine(photo, matrix, size, flags=linear, borderMode=cv2.BORDER_REFLECT_101)
        seen = None if mask is None else cv2.warpAffine(mask.astype(np.uint8), matrix, size, flags=nearest) > 0
        return np.asarray(piece, np.uint8), seen
