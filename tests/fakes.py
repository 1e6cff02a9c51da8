"""Fakes that draw real shapes, so that masks and metrics in tests are truly computed.

`ShapeGenerator` stands where a renderer stands: `generator="tests.fakes:ShapeGenerator"` plugs it in.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from tools.core.settings import Settings
from tools.data.images import write_image
from tools.data.sample import Instance, encode_mask, mask_box
from tools.generators import Failed, Generated, Generator
from tools.scenes.scene import CONTEXTS, LIGHTS, SceneObject, SceneSpec

_SHAPES = ("disc", "square", "triangle", "star", "ellipse", "cross")
_BRIGHTNESS = dict(zip(LIGHTS, (0.9, 1.1, 1.0, 0.75, 0.55, 0.85, 1.15), strict=True))


def _number(text: str) -> int:
    return int(hashlib.sha1(text.encode()).hexdigest()[:8], 16)


def _outline(drawn_as: str, cx: float, cy: float, w: float, h: float, turn: float) -> np.ndarray:
    """Polygon (n, 2) of the shape that stands for an object, filling its box as long as it is not turned."""
    kind = _SHAPES[_number(drawn_as) % len(_SHAPES)]
    if kind == "square":
        points = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float)
    elif kind == "triangle":
        points = np.array([(0, -1), (1, 1), (-1, 1)], float)
    elif kind == "cross":
        a = 0.4
        points = np.array([(-a, -1), (a, -1), (a, -a), (1, -a), (1, a), (a, a), (a, 1), (-a, 1), (-a, a), (-1, a),
                           (-1, -a), (-a, -a)], float)  # fmt: skip
    else:
        angles = np.linspace(0, 2 * np.pi, 10 if kind == "star" else 48, endpoint=False) - np.pi / 2
        radius = np.where(np.arange(10) % 2, 0.5, 1.0) if kind == "star" else np.ones(48)
        points = np.stack([np.cos(angles) * radius, np.sin(angles) * radius], axis=1)
        if kind == "ellipse":
            points[:, 1] *= 0.6
    turned = points @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return turned * (w / 2, h / 2) + (cx, cy)


class ShapeGenerator(Generator):
    """Draws coloured shapes on textured grounds: the class decides the shape, the context the ground.

    Deterministic by scene; exact masks, visible shares and whole boxes; about 3 ms an image of 96 px.
    """

    name = "shapes"
    version = "1"
    licence = "AGPL-3.0-or-later"

    def __init__(self, settings: Settings | None = None, *, size_px: int | None = None) -> None:
        self.size_px = size_px or (settings or Settings()).size_px
        self.drawn: list[str] = []  # ids of the scenes asked for, in order

    def unavailable(self) -> str | None:
        return None

    def close(self) -> None:
        return None

    def generate(self, scenes: Sequence[SceneSpec], folder: Path) -> Iterator[Generated | Failed]:
        for scene in scenes:
            started = time.monotonic()
            self.drawn.append(scene.id)
            image, found = self._draw(scene)
            path = folder / f"{scene.id}.png"
            write_image(path, image)
            yield Generated(
                scene, path, self.size_px, self.size_px, found["target"], time.monotonic() - started,
                {"engine": self.name}, found["lookalike"],
            )  # fmt: skip

    def draw(self, scene: SceneSpec) -> tuple[np.ndarray, list[Instance]]:
        """The (size, size, 3) image of a scene and its visible targets in the order of `scene.objects`."""
        image, found = self._draw(scene)
        return image, found["target"]

    def _draw(self, scene: SceneSpec) -> tuple[np.ndarray, dict[str, list[Instance]]]:
        size, pad = self.size_px, self.size_px // 2
        rng = np.random.default_rng([scene.seed, _number(scene.id)])
        image = self._ground(scene, rng)
        owner = np.zeros((size + 2 * pad, size + 2 * pad), np.int32)  # what is seen, also around the image
        whole: dict[int, np.ndarray] = {}
        for index in sorted(range(len(scene.objects)), key=lambda i: -scene.objects[i].depth):
            thing = scene.objects[index]
            full = self._silhouette(thing, rng, pad)
            whole[index] = full
            owner[full] = index + 1
            inside = full[pad : pad + size, pad : pad + size]
            image[inside] = self._paint(thing, int(inside.sum()), rng) * _BRIGHTNESS.get(scene.light, 1.0)
            if thing.occlusion > 0.02:
                leaf = self._cover(full, thing.occlusion)
                owner[leaf] = 0
                seen = leaf[pad : pad + size, pad : pad + size]
                image[seen] = np.array([40, 70, 30]) + rng.normal(0, 12, (int(seen.sum()), 3))
        found: dict[str, list[Instance]] = {"target": [], "lookalike": []}
        for index, thing in enumerate(scene.objects):
            visible = (owner == index + 1)[pad : pad + size, pad : pad + size]
            if not visible.any():
                continue
            x1, y1, x2, y2 = mask_box(whole[index])
            found[thing.role].append(
                Instance(
                    class_name=thing.class_name or thing.drawn_as,
                    box=mask_box(visible),
                    counts=encode_mask(visible),
                    full_box=(x1 - pad, y1 - pad, x2 - pad, y2 - pad),
                    visible_share=float(visible.sum() / whole[index].sum()),
                    depth=float(thing.depth),
                )
            )
        return image.clip(0, 255).astype(np.uint8), found

    def _ground(self, scene: SceneSpec, rng: np.random.Generator) -> np.ndarray:
        """A (size, size, 3) float ground: a hue by context, a slope of light, grain."""
        size = self.size_px
        context = CONTEXTS.index(scene.context) if scene.context in CONTEXTS else _number(scene.context) % len(CONTEXTS)
        hue = np.uint8([[[context * 179 // len(CONTEXTS), 90, 150]]])
        colour = cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0].astype(float)
        coarse = cv2.resize(rng.normal(0, 18, (8, 8)).astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)
        slope = np.linspace(-20, 20, size)[:, None] * rng.uniform(-1, 1)
        ground = colour + (coarse + slope)[..., None] + rng.normal(0, 7, (size, size, 3))
        return ground * _BRIGHTNESS.get(scene.light, 1.0)

    def _silhouette(self, thing: SceneObject, rng: np.random.Generator, pad: int) -> np.ndarray:
        """The whole object on the padded canvas, at least one pixel."""
        size = self.size_px
        cx, cy, w, h = (v * size for v in thing.box)
        points = _outline(thing.drawn_as, cx + pad, cy + pad, max(w, 2.0), max(h, 2.0), rng.uniform(-0.25, 0.25))
        canvas = np.zeros((size + 2 * pad, size + 2 * pad), np.uint8)
        cv2.fillPoly(canvas, [np.round(points).astype(np.int32)], 1)
        return canvas.astype(bool)

    @staticmethod
    def _paint(thing: SceneObject, pixels: int, rng: np.random.Generator) -> np.ndarray:
        """(pixels, 3) colours of the object: a hue by kind and appearance, with grain."""
        hue = np.uint8([[[_number(f"{thing.drawn_as}/{thing.appearance}") % 180, 220, 215]]])
        colour = cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0].astype(float)
        return colour + rng.normal(0, 10, (pixels, 3))

    @staticmethod
    def _cover(full: np.ndarray, share: float) -> np.ndarray:
        """The rightmost columns of an object that hold `share` of its pixels."""
        columns = full.sum(axis=0)[::-1].cumsum()
        cut = int(np.searchsorted(columns, share * columns[-1]))
        cover = full.copy()
        cover[:, : full.shape[1] - cut] = False
        return cover


class HeldGenerator(ShapeGenerator):
    """Draws two scenes and then waits until the file `go` is beside the runs folder: a run to be caught at work."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._go, self._check = settings.runs_dir.parent / "go", lambda: None

    def stop_by(self, check: Callable[[], None]) -> None:
        self._check = check

    def generate(self, scenes: Sequence[SceneSpec], folder: Path) -> Iterator[Generated | Failed]:
        for number, result in enumerate(super().generate(scenes, folder)):
            while number == 2 and not self._go.exists():
                self._check()
                time.sleep(0.05)
            yield result
