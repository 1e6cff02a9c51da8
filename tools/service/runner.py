"""Answers the photos of jobs, one job after the other, beside the images that somebody waits for."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from typing import Any

from tools.core.errors import StepFailed
from tools.core.settings import Settings
from tools.data.images import sent_size
from tools.service.callbacks import deliver
from tools.service.engine import Deadly, Look, ServingEngine, Unavailable
from tools.service.jobs import OPEN, Job, Jobs
from tools.service.metrics import Metrics
from tools.service.versions import Versions

log = logging.getLogger(__name__)
_PAUSE_S = 1.0  # after which replicas that were away are asked again
_SWEEP_S = 3600.0


class Runner:
    """Works through the open jobs, from the oldest; what a kill left is gone on with."""

    def __init__(
        self, jobs: Jobs, engine: ServingEngine, versions: Versions, metrics: Metrics, settings: Settings,
        callback_hosts: frozenset[str], sweep: Callable[[], None],
    ) -> None:  # fmt: skip
        self._jobs, self._engine, self._versions, self._metrics = jobs, engine, versions, metrics
        self._settings = settings
        self._hosts = callback_hosts
        self._sweep_more = sweep
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin; needs a running event loop."""
        for job in self._jobs.all():
            if job.finished and job.callback is not None and job.callback.state == "waiting":
                self._spawn(deliver(job, self._jobs, self._settings, self._hosts))
        self._spawn(self._work())
        self._spawn(self._sweep())

    def wake(self) -> None:
        """There is a new job."""
        self._wake.set()

    async def stop(self) -> None:
        """Leave everything as it is; the next start goes on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        while True:
            job = next((j for j in self._jobs.all() if j.status in OPEN), None)
            if job is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            try:
                await self._run(job)
            except OSError as error:  # a full disk, say: the job waits, it is not lost
                log.error("job %s waits: %s", job.id, error)
                await asyncio.sleep(_PAUSE_S)

    async def _sweep(self) -> None:
        while True:
            await asyncio.to_thread(self._jobs.sweep)
            await asyncio.to_thread(self._sweep_more)
            await asyncio.sleep(_SWEEP_S)

    async def _run(self, job: Job) -> None:
        if job.version not in self._versions.names:  # no longer served: who accepted it is gone, who is here answers
            job.version = self._versions.main.name
        job.status = "running"
        self._jobs.save(job)
        photos = self._jobs.missing(job)
        # A full batch for every version's replicas, and no more: those who wait for an answer come in between.
        lanes = [self._lane(job, photos) for _ in range(self._settings.service.batch * self._settings.service.replicas)]
        tasks = [asyncio.create_task(lane) for lane in lanes]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._jobs.get(job.id) is None:  # deleted meanwhile
            return
        job.status, job.finished = "finished", datetime.now(UTC).isoformat(timespec="milliseconds")
        self._jobs.save(job)
        if job.callback is not None:
            self._spawn(deliver(job, self._jobs, self._settings, self._hosts))

    async def _lane(self, job: Job, photos: Iterator[str]) -> None:
        for name in photos:  # shared by the lanes; each takes the next
            entry = await self._answer(job, name)
            if job.status == "cancelled":
                return
            self._jobs.answer(job, entry)

    async def _answer(self, job: Job, name: str) -> dict[str, Any]:
        """The line of one photo. Waits as long as nobody computes."""
        version = self._versions.get(job.version)
        confidence = version.threshold if job.confidence is None else job.confidence
        try:
            content = await asyncio.to_thread(self._jobs.read, job, name)
            check_image(content, self._settings)
        except StepFailed as error:
            return {"photo": name, "error": str(error)}
        while True:
            try:
                look = await self._engine.look(version.name, content, confidence)
                break
            except Unavailable as error:
                log.warning("job %s waits: %s", job.id, error)
                await asyncio.sleep(_PAUSE_S)
            except Deadly as error:
                return {"photo": name, "error": str(error)}
            except Exception:  # a photo that the model cannot compute is named, and the rest goes on
                log.exception("job %s: %s", job.id, name)
                return {"photo": name, "error": "the model failed on this photo"}
        if look.broken:
            return {"photo": name, "error": look.broken}
        self._metrics.looked(version.name, look, "job")
        return {"photo": name, "version": version.name, **answer_of(look)}


def check_image(content: bytes, settings: Settings) -> None:
    """Look at an image's head before it is decoded.

    Raises:
        StepFailed: no image of a kind that is taken, or too large.
    """
    width, height = sent_size(content, "the picture")
    if width * height > settings.service.photo_pixels:
        limit = settings.service.photo_pixels // 10**6
        raise StepFailed(f"the picture has {width} x {height} pixels; at most {limit} megapixels are taken")


def answer_of(look: Look) -> dict[str, Any]:
    """What is told of an image."""
    answer: dict[str, Any] = {"width": look.width, "height": look.height}
    if look.probabilities:
        shares = {name: round(share, 4) for name, share in look.probabilities.items()}
        return answer | {"class": max(shares, key=lambda name: shares[name]), "probabilities": shares}
    return answer | {"instances": look.objects}
