"""The Blender engine: scenes in, rendered images with exact instances out, by a pool of worker processes.

Blender itself lives only in the workers (`worker.py`); this module imports in milliseconds.
"""

import importlib.metadata
import importlib.util
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tools.core.devices import cpu_count
from tools.core.errors import StepFailed
from tools.core.processes import environment, module_command
from tools.core.settings import Settings
from tools.data.sample import Instance
from tools.generators import Failed, Generated, Generator
from tools.generators.blender.library import Library
from tools.generators.blender.pool import WorkerPool
from tools.scenes.scene import SceneSpec


class BlenderGenerator(Generator):
    """Renders scenes with Cycles on the CPU.

    Args:
        library: what can be drawn.
        size_px: side of the images.
        samples: light paths a pixel.
        workers: processes; None: one a core.
        timeout_s: seconds after which a scene's worker counts as hung.
        attempts: times a scene may kill or hang its worker.
        min_instance_px: visible pixels below which an instance is not labelled.
        avoid: names and phrases of the task's classes; clutter never shows one of them unlabelled.
        grounds: appearances of flaws that are sought ("on road"): images without a flaw are of these surfaces too.
        laid: keys of what lies in rows and of which damaged ones are sought: sound ones lie around them.
        people: classes that the same people bear, and what draws each (`people_of`).
    """

    name = "blender"
    licence = "GPL-3.0-or-later (Blender); pictures are yours"

    def __init__(
        self,
        *,
        library: Library,
        size_px: int,
        samples: int = 5,
        workers: int | None = None,
        timeout_s: float = 120.0,
        attempts: int = 2,
        min_instance_px: int = 12,
        avoid: Iterable[str] = (),
        grounds: Iterable[str] = (),
        laid: Iterable[str] = (),
        people: Iterable[tuple[str, str]] = (),
    ) -> None:
        cores = cpu_count()
        self._scratch = tempfile.TemporaryDirectory(prefix="sightsmith-blender-", ignore_cleanup_errors=True)
        self.size_px, self.samples, self._library = size_px, samples, library
        self.stages_ms: list[dict[str, float]] = []  # of every image so far, for benchmarks
        hello = {
            "size_px": size_px,
            "samples": samples,
            # Every worker may use every core: while one builds its set, the others' renders fill the gap.
            "threads": cores,
            "min_instance_px": min_instance_px,
            "avoid": sorted(words_of(avoid)),
            "grounds": sorted(set(grounds)),
            "laid": sorted(set(laid)),
            "people": sorted(set(people)),
            "library": library.dump(),
        }
        self._pool = WorkerPool(
            module_command("tools.generators.blender.worker"),
            hello,
            workers=workers or cores,
            timeout_s=timeout_s,
            attempts=attempts,
            env=_worker_env(self._scratch.name),
        )

    @property
    def version(self) -> str:
        """Version of Blender."""
        try:
            return importlib.metadata.version("bpy")
        except importlib.metadata.PackageNotFoundError:
            return "missing"

    def unavailable(self) -> str | None:
        """One sentence when Blender is not installed, else None."""
        if importlib.util.find_spec("bpy") is None:
            return "Blender's Python module is missing: pip install bpy==5.0.1 (it needs Python 3.11)."
        return None

    def generate(self, scenes: Sequence[SceneSpec], folder: Path) -> Iterator[Generated | Failed]:
        """Yield a result for each scene as it is finished, in any order.

        Raises:
            StepFailed: Blender is missing or no worker can be started.
        """
        if problem := self.unavailable():
            raise StepFailed(problem)
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        images = [folder / f"{s.id}.jpg" for s in scenes]
        bodies: list[dict[str, Any]] = [
            {"scene": s.model_dump(mode="json"), "picture": str(p)} for s, p in zip(scenes, images, strict=True)
        ]
        for reply in self._pool.map(bodies):
            scene, image = scenes[reply.index], images[reply.index]
            if reply.answer is None or not image.is_file():
                yield Failed(scene, reply.reason or "the worker wrote no picture")
                continue
            self.stages_ms.append(reply.answer["stages_ms"])
            yield Generated(
                scene=scene,
                image=image,
                width=self.size_px,
                height=self.size_px,
                instances=[Instance.model_validate(i) for i in reply.answer["instances"]],
                lookalikes=[Instance.model_validate(i) for i in reply.answer["lookalikes"]],
                seconds=round(reply.seconds, 3),
                provenance={
                    "engine": self.name,
                    "version": self.version,
                    "licence": self.licence,
                    "samples": self.samples,
                    "notes": reply.answer["notes"],
                    **self._credits(reply.answer["models"]),
                },
            )

    def _credits(self, models: Sequence[str]) -> dict[str, Any]:
        """Whose models an image shows, under which licences; nothing where it shows none."""
        return {"models": [self._library.model(m)[0].credit() for m in models]} if models else {}

    def stop_by(self, check: Callable[[], None]) -> None:
        """See `Generator`."""
        self._pool.while_waiting = check

    def pids(self) -> list[int]:
        """Worker processes that run now."""
        return self._pool.pids()

    def close(self) -> None:
        """End the workers, and take away what Blender left of them."""
        self._pool.close()
        self._scratch.cleanup()


def make_generator(
    settings: Settings,
    library: Library,
    size_px: int,
    avoid: Iterable[str] = (),
    grounds: Iterable[str] = (),
    laid: Iterable[str] = (),
    people: Iterable[tuple[str, str]] = (),
) -> BlenderGenerator:
    """The engine as the settings want it."""
    return BlenderGenerator(
        library=library,
        size_px=size_px,
        samples=settings.render.samples,
        workers=settings.generation.workers,
        timeout_s=settings.render.timeout_s,
        attempts=settings.generation.scene_attempts,
        min_instance_px=settings.annotation.min_instance_px,
        avoid=avoid,
        grounds=grounds,
        laid=laid,
        people=people,
    )


def words_of(names: Iterable[str]) -> set[str]:
    """Words of names, also without a plural s: "Red Boxes" gives red, boxes, box."""
    words: set[str] = set()
    for word in re.findall(r"\w+", " ".join(names).casefold()):
        words |= {word, word.removesuffix("s"), word.removesuffix("es")}
    return words - {""}


def _worker_env(scratch: str) -> dict[str, str]:
    """No key: models that a person brought are opened in it. Nothing of Blender's goes into the user's home.

    Args:
        scratch: folder for its settings, and for what each worker would leave behind in the temporary folder.
    """
    env = environment(keys=False)
    env["BLENDER_USER_RESOURCES"] = scratch
    env |= dict.fromkeys(("TMPDIR", "TMP", "TEMP"), scratch)
    env["PYTHONDONTWRITEBYTECODE"] = env.get("PYTHONDONTWRITEBYTECODE", "1")
    return env
