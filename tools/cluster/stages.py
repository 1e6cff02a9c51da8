"""The stages of a run that a cluster shares: making, scoring and labelling images; see `tools.cluster`."""

import math
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tools.cluster import NETWORKS, Lost, RayPool
from tools.core.errors import Code, StepFailed
from tools.core.task import TaskSpec
from tools.data.images import ImageArray
from tools.data.sample import Instance, Sample
from tools.generators import Failed, Generated, Generator
from tools.models.calibration import Calibration
from tools.runs.runtime import RunContext
from tools.scenes.scene import SceneSpec

# Scenes handed to a worker at once: a GPU's batch, or what takes a core some seconds.
NETWORK_UNIT, UNIT = 16, 4
BATCHES_AT_ONCE = 4  # of each worker, before labels are written down


# Images -------------------------------------------------------------------------------------------------------------


def generating(run: RunContext) -> Callable[[Sequence[SceneSpec]], list[tuple[Generated | Failed, bytes]]]:
    """What a worker does with scenes: the results, and the bytes of each image."""
    from tools.generators.choosing import make_generator

    engine = make_generator(run)

    def work(scenes: Sequence[SceneSpec]) -> list[tuple[Generated | Failed, bytes]]:
        with tempfile.TemporaryDirectory(prefix="sightsmith-") as folder:
            results = engine.generate(scenes, Path(folder))
            return [(r, r.image.read_bytes() if isinstance(r, Generated) else b"") for r in results]

    return work


class RayGenerator(Generator):
    """An engine whose scenes are spread over a cluster; its samples have the ids they would have here.

    Args:
        run: the run.
        inner: the engine, already known to run here; workers build their own.
    """

    def __init__(self, run: RunContext, inner: Generator) -> None:
        self.inner = inner
        self.name = inner.name
        self.why, self.digital_source_type = inner.why, inner.digital_source_type
        self._run = run
        self._pool: RayPool | None = None

    @property
    def licence(self) -> str:
        """Of the engine."""
        return self.inner.licence

    @property
    def version(self) -> str:
        """Of the engine."""
        return self.inner.version

    def unavailable(self) -> str | None:
        """What the engine says."""
        return self.inner.unavailable()

    def close(self) -> None:
        """End the workers."""
        self.inner.close()
        if self._pool is not None:
            self._pool.close()

    def generate(self, scenes: Sequence[SceneSpec], folder: Path) -> Iterator[Generated | Failed]:
        """Yield a result for each scene, in any order.

        Raises:
            StepFailed: the engine cannot run on a worker, or no worker starts.
        """
        networks = self.name in NETWORKS
        pool = self._pool = RayPool(self._run, generating, networks=networks)
        folder.mkdir(parents=True, exist_ok=True)
        size = self._run.settings.diffusion.batch or NETWORK_UNIT if networks else UNIT
        size = max(1, min(size, math.ceil(len(scenes) / pool.size)))
        alone: list[list[SceneSpec]] = []  # of units that were lost: one of them may be the culprit
        units = [list(scenes[start : start + size]) for start in range(0, len(scenes), size)]
        for index, found in pool.map(units):
            if isinstance(found, Lost) and len(units[index]) > 1:
                alone += [[scene] for scene in units[index]]
            else:
                yield from self._results(units[index], found, folder)
        for index, found in pool.map(alone):
            yield from self._results(alone[index], found, folder)

    @staticmethod
    def _results(unit: Sequence[SceneSpec], found: Any, folder: Path) -> Iterator[Generated | Failed]:
        if isinstance(found, Lost):
            yield from (Failed(scene, found.reason) for scene in unit)
            return
        for result, data in found:
            if isinstance(result, Failed):
                yield result
                continue
            image = folder / result.image.name
            image.write_bytes(data)
            yield replace(result, image=image)


# Scores ---------------------------------------------------------------------------------------------------------------


def scoring(run: RunContext) -> Callable[[tuple[list[ImageArray], list[Sample]]], Any]:
    """What a worker does with images and samples: see `tools.scorers.choosing.score_batch`."""
    from tools.scorers.choosing import make_scorers, score_batch

    scorers, least = make_scorers(run), run.settings.curation.min_quality

    def work(unit: tuple[list[ImageArray], list[Sample]]) -> Any:
        return score_batch(scorers, *unit, least)

    return work


def scored(
    run: RunContext, batches: Sequence[Sequence[Sample]], read: Callable[[Sample], ImageArray]
) -> Iterator[tuple[int, Any]]:
    """(index, `tools.scorers.choosing.Scored`) of each batch, as it is finished.

    Raises:
        StepFailed: a batch killed every worker that it was given to, or no worker starts.
    """
    pool = RayPool(run, scoring, networks=run.settings.curation.scorer != "pixels")

    def load(batch: Sequence[Sample]) -> tuple[list[ImageArray], list[Sample]]:
        return [read(s) for s in batch], list(batch)

    try:
        for index, found in pool.map(batches, load):
            yield index, _must(found, batches[index])
    finally:
        pool.close()


def _must(found: Any, batch: Sequence[Sample]) -> Any:
    if isinstance(found, Lost):
        ids = ", ".join(s.id for s in batch[:3])
        raise StepFailed(f"{found.reason} at pictures {ids}...; lower the batch", Code.WITHOUT_CLUSTER)
    return found


# Labels ---------------------------------------------------------------------------------------------------------------


class LabellingWork:
    """Builds what a worker does with images and samples: their labels, and what it refused.

    Args:
        calibration: of the scores, fitted where the real photos are.
    """

    def __init__(self, calibration: Calibration | None) -> None:
        self.calibration = calibration

    def __call__(self, run: RunContext) -> Callable[[tuple[list[ImageArray], list[Sample]]], Any]:
        """With the engines of the settings."""
        from tools.annotators.choosing import make_detect_and_segment

        engine, task = make_detect_and_segment(run), run.task
        engine.calibration = self.calibration

        def work(unit: tuple[list[ImageArray], list[Sample]]) -> tuple[list[list[Instance]], Counter[str]]:
            engine.dropped.clear()
            return engine.annotate_many(*unit, task), Counter(engine.dropped)

        return work


class RayAnnotator:
    """Detectors and segmenters on a cluster.

    Args:
        run: names the engines.
        name: of the engine, with version and licence.
        version: see name.
        licence: see name.
        calibration: see `LabellingWork`.
    """

    def __init__(
        self, run: RunContext, name: str, version: str, licence: str, calibration: Calibration | None
    ) -> None:  # fmt: skip
        self.name, self.version, self.licence = name, version, licence
        self.dropped: Counter[str] = Counter()
        self._batch = run.settings.annotation.detector_batch
        self._pool = RayPool(run, LabellingWork(calibration), networks=True)
        self.at_once = self._batch * self._pool.size * BATCHES_AT_ONCE

    def annotate_many(
        self, images: Sequence[ImageArray], samples: Sequence[Sample], task: TaskSpec
    ) -> list[list[Instance]]:
        """Labels of each image, in order; the batches are spread over the workers.

        Raises:
            StepFailed: a batch killed every worker that it was given to, or no worker starts.
        """
        starts = range(0, len(samples), self._batch)
        labels: list[list[Instance]] = [[] for _ in samples]

        def load(start: int) -> tuple[list[ImageArray], list[Sample]]:
            part = slice(start, start + self._batch)
            return list(images[part]), list(samples[part])

        for index, found in self._pool.map(starts, load):
            start = starts[index]
            own, dropped = _must(found, samples[start : start + self._batch])
            labels[start : start + len(own)] = own
            self.dropped.update(dropped)
        return labels

    def close(self) -> None:
        """End the workers."""
        self._pool.close()
