"""How fast copy-paste is: `python benchmarks/copy_paste_speed.py [COUNT] [SIZE_PX] [CUTOUTS] [BACKGROUNDS]`.

Prints images a second (JPEG files, exact masks) with one worker and with one a core, and the CPU seconds an image
takes, which other work on the machine changes least. Without folders it draws cut-outs itself and pastes on textures.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.generators import Generated
from tools.generators.copy_paste.backgrounds import Backgrounds, FormulaBackgrounds, PhotoBackgrounds
from tools.generators.copy_paste.cutouts import CutoutFolder
from tools.generators.copy_paste.engine import CopyPasteGenerator
from tools.scenes.sampler import sample_scenes
from tools.scenes.vocabulary import build_vocabulary


def draw_cutouts(folder: Path, count: int = 24) -> None:
    """Coloured discs with a highlight, half of them "ball", half "plate"."""
    rng = np.random.default_rng(0)
    for number in range(count):
        rgba = np.zeros((300, 300, 4), np.uint8)
        colour = rng.integers(30, 230, 3).tolist()
        cv2.ellipse(rgba, (150, 150), (140, int(rng.integers(90, 140))), 0, 0, 360, (*colour, 255), -1, cv2.LINE_AA)
        cv2.circle(rgba, (110, 110), 30, (255, 255, 255, 255), -1, cv2.LINE_AA)
        cv2.imwrite(str(folder / f"{'ball' if number % 2 else 'plate'}-{number}.png"), rgba)


def measure(material: CutoutFolder, ground: Backgrounds, size_px: int, workers: int | None, count: int) -> None:
    """Make the images of one vocabulary and print one line."""
    key = material.keys()[0]
    engine = CopyPasteGenerator(cutouts=material, backgrounds=ground, size_px=size_px, workers=workers, avoid=[key])
    task = TaskSpec(kind="segment", classes=[ClassSpec(name=key)], budget=Budget(images=count, rounds=1))
    things = {k: material.spec(k) for k in material.keys()}  # noqa: SIM118  (a method, not a dict)
    scenes = sample_scenes(task, build_vocabulary(task, things, 0.8), count + 20, 0)
    with tempfile.TemporaryDirectory() as folder:
        list(engine.generate(scenes[:20], Path(folder)))  # read the files once
        wall, cpu = time.perf_counter(), time.process_time()
        made = [m for m in engine.generate(scenes[20:], Path(folder)) if isinstance(m, Generated)]
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    labels = sum(len(m.instances) for m in made)
    print(
        f"{engine.backgrounds.source}, {engine.size_px} px, {engine.workers} worker(s): "
        f"{len(made) / wall:.1f} pictures/s, "
        f"{1000 * cpu / len(made):.1f} ms of CPU a picture ({len(made) / cpu:.1f} pictures/s a free core), "
        f"{labels / len(made):.1f} masks a picture; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )


def main(count: int, size_px: int, cutouts: Path | None, photos: Path | None) -> None:
    """Measure with one worker and with all."""
    with tempfile.TemporaryDirectory() as scratch:
        if cutouts is None:
            draw_cutouts(Path(scratch))
        material = CutoutFolder(cutouts or Path(scratch))
        grounds: list[Backgrounds] = [FormulaBackgrounds(), *([PhotoBackgrounds(photos)] if photos else [])]
        for ground in grounds:
            for workers in (1, None):
                measure(material, ground, size_px, workers, count)


if __name__ == "__main__":
    given = sys.argv[1:]
    main(
        int(given[0]) if given else 200,
        int(given[1]) if len(given) > 1 else 512,
        Path(given[2]) if len(given) > 2 else None,
        Path(given[3]) if len(given) > 3 else None,
    )
