"""Ray Serve: replicas of the served models, each with batches of its own."""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ray import serve
from ray.exceptions import RayActorError, RayTaskError
from ray.serve.exceptions import RayServeException
from ray.serve.handle import DeploymentHandle

from tools.core.errors import StepFailed
from tools.data.images import decode_image
from tools.models.predict import Predictor
from tools.models.predict_files import listed
from tools.service.batches import Batcher
from tools.service.engine import Deadly, Look, Unavailable

log = logging.getLogger(__name__)
_RETRY_S = 0.2
_DEATHS = 3  # over one image: once or twice is bad luck or somebody's kill
_READY_S = 5.0  # a replica that computes a full batch answers within it


@dataclass(frozen=True)
class Served:
    """A version that gets replicas."""

    name: str
    weights: Path
    threshold: float


class Model:
    """One replica: trained weights, and the batch that is gathered for them."""

    def __init__(self, weights: str, batch: int, wait_s: float, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        self._predictor = Predictor.load(Path(weights))
        self._batches = Batcher(self._look, batch, wait_s)

    async def look(self, content: bytes, confidence: float) -> Look:
        """Look at an image, together with others that are asked for. A broken one says so and spoils no other."""
        return await self._batches.ask((content, confidence))

    async def ping(self) -> bool:
        """Answer."""
        return True

    def _look(self, asked: Sequence[tuple[bytes, float]]) -> list[Look]:
        looks: dict[int, Look] = {}
        images = {}
        for i, (content, _) in enumerate(asked):
            try:
                images[i] = decode_image(content, "the picture")
            except StepFailed as error:
                looks[i] = Look(broken=str(error))
        for confidence in {asked[i][1] for i in images}:
            own = [i for i in images if asked[i][1] == confidence]
            looks |= dict(zip(own, self._compute([images[i] for i in own], confidence), strict=True))
        return [replace(looks[i], batch=len(asked), leads=i == 0) for i in range(len(asked))]

    def _compute(self, images: Sequence[Any], confidence: float) -> list[Look]:
        sizes = [p.shape[:2] for p in images]
        if self._predictor.kind == "classify":
            shares = self._predictor.classify_many(images)
            return [Look(h, w, probabilities=s) for (h, w), s in zip(sizes, shares, strict=True)]
        found = self._predictor.predict_many(images, confidence)
        return [Look(h, w, objects=listed(f, h, w)) for (h, w), f in zip(sizes, found, strict=True)]


class RayEngine:
    """Versions as applications of Ray Serve on this machine, without its HTTP proxy: the routes are ours."""

    def __init__(self, handles: dict[str, DeploymentHandle[Any]], timeout_s: float) -> None:
        self._handles = handles
        self._timeout_s = timeout_s

    @classmethod
    def start(
        cls, versions: Sequence[Served], *, replicas: int, batch: int, wait_s: float, timeout_s: float, cpus: int
    ) -> "RayEngine":
        """Start replicas; returns when all of them have loaded their weights.

        Raises:
            StepFailed: a replica cannot load its weights.
        """
        threads = max(1, cpus // (replicas * len(versions)))
        handles = {}
        for number, version in enumerate(versions):
            wanted = serve.deployment(
                name=f"model-{number}", num_replicas=replicas, max_ongoing_requests=4 * batch,
                ray_actor_options={"num_cpus": 0.01}, health_check_period_s=2, graceful_shutdown_timeout_s=2,
            )  # fmt: skip
            deployment = wanted(Model)
            bound = deployment.bind(str(version.weights.resolve()), batch, wait_s, threads)
            try:
                handles[version.name] = serve.run(bound, name=f"version-{number}", route_prefix=None)
            except RuntimeError as error:
                raise StepFailed(f"{version.name} does not start: {str(error).strip().splitlines()[-1]}") from error
        return cls(handles, timeout_s)

    async def look(self, version: str, content: bytes, confidence: float) -> Look:
        """See `Engine`. A prediction changes nothing, so it may be asked for again."""
        deadline, deaths = time.monotonic() + self._timeout_s, 0
        while (left := deadline - time.monotonic()) > 0:
            try:
                answer: Look = await asyncio.wait_for(self._ask(version, content, confidence), left)
                return answer
            except TimeoutError:
                break
            except RayTaskError:  # raised inside the model: another replica would raise it too
                raise
            except RayActorError as error:
                deaths += 1
                if deaths >= _DEATHS:
                    raise Deadly("the model died over this picture, again and again") from error
                log.warning("a replica of %s was lost over a picture, which is asked for again", version)
                await asyncio.sleep(_RETRY_S)
            except RayServeException as error:
                log.warning("%s cannot be asked now (%s)", version, type(error).__name__)
                await asyncio.sleep(_RETRY_S)
        raise Unavailable(f"no replica of {version} answered within {self._timeout_s:g} s")

    async def _ask(self, version: str, content: bytes, confidence: float) -> Any:
        return await self._handles[version].look.remote(content, confidence)

    async def problem(self) -> str | None:
        """See `Engine`."""
        for name, handle in self._handles.items():
            try:
                await asyncio.wait_for(_ping(handle), _READY_S)
            except Exception as error:
                return f"no replica of {name} answers ({type(error).__name__})"
        return None


async def _ping(handle: DeploymentHandle[Any]) -> Any:
    return await handle.ping.remote()
