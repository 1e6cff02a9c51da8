"""The copy-paste engine: scenes in, cut-outs pasted on backgrounds out, with exact instances.

What it follows of a scene: classes, boxes, depth order, wanted occlusion, look-alikes, empties, clutter; light and
weather by tone and shadow; places only where folders of backgrounds are named after them. Viewpoints are those of the
cut-outs.
"""

import hashlib
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from tools.core.devices import cpu_count
from tools.core.errors import StepFailed
from tools.core.settings import Settings
from tools.data.images import ImageArray, write_image
from tools.data.sample import Instance
from tools.generators import Failed, Generated, Generator
from tools.generators.copy_paste.backgrounds import Backgrounds, FormulaBackgrounds, PhotoBackgrounds
from tools.generators.copy_paste.cutouts import Cutout, CutoutFolder, pyramid
from tools.generators.copy_paste.paste import (
    EDGE_BLUR_PX,
    MAX_TURN_DEG,
    SHADOWS,
    Canvas,
    Patch,
    cover,
    fitted,
    matched,
)
from tools.scenes.scene import Role, SceneObject, SceneSpec
from tools.trainers.formula_textures import colour_table, cut, leaf_outline, plant_hsv, texture_bank

OBJECT_GAIN = 0.12  # each object's brightness varies by this much: not all stand in one light
MAX_CLUTTER = 3  # unlabelled things in an image with full clutter
CLUTTER_SIDE = (0.06, 0.20)
SHADOWLESS = frozenset({"sky", "slide", "liquid"})  # nothing near enough behind to fall on
FRONT_SIDE = (0.75, 0.7)  # side of what hides a thing, as a share of the thing's: at least, and more for a larger share


class CopyPasteGenerator(Generator):
    """Pastes cut-outs.

    Args:
        cutouts: what can be pasted.
        backgrounds: what it is pasted on.
        size_px: side of the images.
        workers: threads; OpenCV and numpy let others work meanwhile. None: one a core.
        min_instance_px: visible pixels below which an instance is not labelled.
        avoid: names and phrases of the task's classes; clutter never shows one of them unlabelled.
    """

    name = "copy_paste"
    version = "1"

    def __init__(
        self, *, cutouts: CutoutFolder, backgrounds: Backgrounds, size_px: int, workers: int | None = None,
        min_instance_px: int = 12, avoid: Iterable[str] = (),
    ) -> None:  # fmt: skip
        self.cutouts, self.backgrounds, self.size_px = cutouts, backgrounds, size_px
        self.workers = workers or cpu_count()
        self.min_instance_px = min_instance_px
        self._clutter = cutouts.others(avoid)

    @property
    def licence(self) -> str:
        """Of the cut-outs, as far as their folder says it."""
        licences = sorted({c.licence for c in self.cutouts.cutouts if c.licence})
        return f"that of your cut-outs and backgrounds{': ' + ', '.join(licences[:5]) if licences else ''}"

    def unavailable(self) -> str | None:
        """Always None: it needs nothing but its folders, which were read already."""
        return None

    def close(self) -> None:
        """Nothing is held."""

    def generate(self, scenes: Sequence[SceneSpec], folder: Path) -> Iterator[Generated | Failed]:
        """Yield a result for each scene, in their order."""
        folder.mkdir(parents=True, exist_ok=True)
        threads = cv2.getNumThreads()
        cv2.setNumThreads(1)  # the images are the parallel part
        waiting: deque[Future[Generated | Failed]] = deque()
        try:
            with ThreadPoolExecutor(self.workers) as pool:
                try:
                    for scene in scenes:
                        waiting.append(pool.submit(self._make, scene, folder))
                        if len(waiting) > 2 * self.workers:
                            yield waiting.popleft().result()
                    while waiting:
                        yield waiting.popleft().result()
                finally:
                    for late in waiting:
                        late.cancel()
        finally:
            cv2.setNumThreads(threads)

    def _make(self, scene: SceneSpec, folder: Path) -> Generated | Failed:
        started = time.perf_counter()
        try:
            image, instances, lookalikes, material = self.draw(scene)
        except StepFailed as error:
            return Failed(scene, str(error))
        path = folder / f"{scene.id}.jpg"
        write_image(path, image)
        return Generated(
            scene=scene, image=path, width=self.size_px, height=self.size_px, instances=instances,
            seconds=round(time.perf_counter() - started, 4), provenance=material, lookalikes=lookalikes,
        )  # fmt: skip

    def draw(self, scene: SceneSpec) -> tuple[ImageArray, list[Instance], list[Instance], dict[str, object]]:
        """The (size, size, 3) image of a scene, its visible targets and look-alikes, and what it was made of.

        Raises:
            StepFailed: no cut-out shows a target, or a file cannot be read.
        """
        rng = np.random.default_rng([scene.seed, int(hashlib.sha1(scene.id.encode()).hexdigest()[:8], 16)])
        ground, source = self.backgrounds.draw(scene.context, self.size_px, rng)
        canvas, used = Canvas(ground), [source]
        sun = rng.uniform(0, 2 * np.pi)
        for _ in range(int(rng.binomial(MAX_CLUTTER, scene.clutter)) if self._clutter else 0):
            side = self.size_px * rng.uniform(*CLUTTER_SIDE)
            cutout = self._clutter[int(rng.integers(len(self._clutter)))]
            box = (*(rng.uniform(0, self.size_px, 2).tolist()), side, side)
            self._paste(canvas, scene, self._patch(cutout, box, rng), 0, sun, rng)
        names: dict[Role, dict[int, str]] = {"target": {}, "lookalike": {}}
        order = sorted(range(len(scene.objects)), key=lambda i: (-scene.objects[i].depth, i))
        for index in order:
            thing = scene.objects[index]
            if (cutout_of := self._choose(thing, rng)) is None:
                continue
            patch = self._patch(cutout_of, tuple(v * self.size_px for v in thing.box), rng)
            self._paste(canvas, scene, patch, index + 1, sun, rng)
            used.append(cutout_of.path.relative_to(self.cutouts.folder).as_posix())
            names[thing.role][index + 1] = thing.class_name or thing.drawn_as
            if thing.occlusion > 0.02:
                self._hide(canvas, patch, thing.occlusion, rng)
        depths = {i + 1: o.depth for i, o in enumerate(scene.objects)}
        targets, lookalikes = (
            [i for i in canvas.instances(names[role], depths) if self._seen_px(i) >= self.min_instance_px]
            for role in names
        )
        material: dict[str, object] = {"background": source, "cutouts": used[1:]}
        return canvas.finished(scene.light, scene.weather, rng), targets, lookalikes, material

    def _seen_px(self, instance: Instance) -> int:
        mask = instance.mask(self.size_px, self.size_px)
        return 0 if mask is None else int(mask.sum())

    def _choose(self, thing: SceneObject, rng: np.random.Generator) -> Cutout | None:
        for key in (thing.class_name or "", thing.drawn_as):
            if found := self.cutouts.of(key):
                return found[int(rng.integers(len(found)))]
        if thing.role == "target":
            raise StepFailed(f"no cut-out in {self.cutouts.folder} shows {thing.drawn_as!r}")
        return None

    def _patch(self, cutout: Cutout, box: tuple[float, ...], rng: np.random.Generator) -> Patch:
        cx, cy, w, h = box
        turn, mirror = rng.uniform(-MAX_TURN_DEG, MAX_TURN_DEG), bool(rng.random() < 0.5)
        blur = rng.uniform(*EDGE_BLUR_PX) * max(0.5, self.size_px / 512)
        return fitted(pyramid(cutout.path, self.size_px), (cx, cy, w, h), turn, mirror, blur)

    def _paste(
        self, canvas: Canvas, scene: SceneSpec, patch: Patch, number: int, sun: float, rng: np.random.Generator
    ) -> None:
        matched(patch, canvas.local_brightness(patch), 1 + rng.uniform(-OBJECT_GAIN, OBJECT_GAIN))
        strength, length = SHADOWS.get(scene.light, (0.25, 0.08))
        if scene.context not in SHADOWLESS:
            reach = length * max(patch.alpha.shape)
            # From wherever it comes, light comes from above: shadows fall downwards, more or less.
            canvas.shade(patch, strength, reach * float(np.cos(sun)), reach * abs(float(np.sin(sun))) + 1)
        canvas.lay(patch, number)

    def _hide(self, canvas: Canvas, target: Patch, share: float, rng: np.random.Generator) -> None:
        """Lay something in front that hides a share of the target: a thing of the clutter, or leaves."""
        height, width = target.alpha.shape
        side = max(height, width) * (FRONT_SIDE[0] + FRONT_SIDE[1] * share)
        box = (0.0, 0.0, side, side)
        if self._clutter and rng.random() < 0.5:
            front = self._patch(self._clutter[int(rng.integers(len(self._clutter)))], box, rng)
        else:
            front = self._sprig(side, share, rng)
        cover(target, front, share, rng.uniform(0, 2 * np.pi))
        matched(front, canvas.local_brightness(front), 1 + rng.uniform(-OBJECT_GAIN, OBJECT_GAIN))
        canvas.lay(front, 0)

    def _sprig(self, side: float, share: float, rng: np.random.Generator) -> Patch:
        """Leaves drawn by formula, from one stalk; more of them for a larger share to hide."""
        px = max(12, round(side))
        alpha, shade = np.zeros((px, px), np.uint8), np.zeros((px, px), np.uint8)
        for angle in rng.uniform(0, 2 * np.pi, 2 + round(5 * share)):
            out = np.array([np.cos(angle), np.sin(angle)]) * 0.22 * px
            outline = np.round((leaf_outline(rng, float(angle), 0.55 * px) + out + px / 2) * 8).astype(np.int32)
            tone = int(rng.integers(140, 255))
            cv2.fillPoly(alpha, [outline], 255, cv2.LINE_AA, 3)
            cv2.fillPoly(shade, [outline], tone, cv2.LINE_AA, 3)
            cv2.fillPoly(shade, [outline[: len(outline) // 2 + 1]], int(0.85 * tone), cv2.LINE_AA, 3)
        surfaces, _ = texture_bank()
        grain = cut(rng, surfaces, px, px, px / 128)
        colours = cv2.applyColorMap(grain, colour_table(rng, plant_hsv(rng), 0.3)).astype(np.float32)
        colours *= shade[..., None] / np.float32(220)
        return Patch(colours, cv2.GaussianBlur(alpha.astype(np.float32) / 255, (0, 0), EDGE_BLUR_PX[1]), 0, 0)


def make_generator(settings: Settings, size_px: int, avoid: Iterable[str] = ()) -> CopyPasteGenerator:
    """The engine as the settings want it.

    Args:
        settings: name the folders of cut-outs and backgrounds.
        size_px: side of the images.
        avoid: names and phrases of the task's classes.

    Raises:
        StepFailed: there is no folder of cut-outs.
        FixArguments: a folder is missing or empty.
    """
    grounds, cutouts = settings.copy_paste.backgrounds_dir, settings.copy_paste.cutouts_dir
    if cutouts is None:
        raise StepFailed(
            "copy-paste needs cut-outs: name a folder of PNGs with an alpha channel (SIGHTSMITH_CUTOUTS_DIR)"
        )
    backgrounds: Backgrounds = FormulaBackgrounds() if grounds is None else PhotoBackgrounds(grounds)
    return CopyPasteGenerator(
        cutouts=CutoutFolder(cutouts), backgrounds=backgrounds, size_px=size_px, workers=settings.generation.workers,
        min_instance_px=settings.annotation.min_instance_px, avoid=avoid,
    )  # fmt: skip
