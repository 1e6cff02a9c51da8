"""Maps over independent samples on a Ray cluster: `--engine ray`. The extra `cluster` brings Ray.

Actors and not Ray Data, for two reasons. The run writes a sample down as soon as it is finished and may be stopped
between two, where Ray Data hands out blocks of a pipeline. An image that kills its worker twice is one failed scene
here, and the end of the whole pipeline there.

What is made does not depend on who made it: ids are hashes of scene, engine and seed, and only the process that owns
the run writes into its data set. So a dead worker costs time: what it was at is done again by another.
"""

import importlib
import importlib.util
import logging
import os
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.core.errors import Code, SightsmithError, StepFailed
from tools.core.processes import before_workers_of_ray
from tools.core.settings import Settings
from tools.runs.runtime import RunContext, RunRecord
from tools.scenes.scene import SceneSpec

log = logging.getLogger(__name__)
POLL_S = 0.5  # between two looks whether the person wants to stop
LENT = ("objects", "few")  # folders of the run that engines read: taught objects, material made of a few photos
NETWORKS = ("diffusion", "repaint")  # generators that want a GPU each, not a core

# Builds, from a worker's own run, what turns a unit of work into its result.
Factory = Callable[[RunContext], Callable[[Any], Any]]


def missing() -> str | None:
    """One sentence when Ray is not installed, else None."""
    if importlib.util.find_spec("ray") is None:
        return (
            "--engine ray needs Ray, which is not installed: pip install 'sightsmith[cluster]', or leave --engine out."
        )
    return None


def connect(address: str | None) -> Any:
    """Ray, connected to a cluster or to one of its own on this machine's cores; a connection that stands is kept.

    Args:
        address: "host:port" of a cluster's head, "ray://host:port", or None: RAY_ADDRESS, else this machine.

    Raises:
        StepFailed: Ray is not installed, or the cluster does not answer.
    """
    if problem := missing():
        raise StepFailed(problem)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing leaves the machine; read when Ray is imported and started
    # Ray makes its workers so nice that any other work on the machine starves them; here they are the work.
    os.environ.setdefault("RAY_worker_niceness", "0")
    import ray

    if ray.is_initialized():
        return ray
    address = address or os.environ.get("RAY_ADDRESS")
    options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    # A cluster of our own listens on no network.
    options |= {"address": address} if address else {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
    try:
        with before_workers_of_ray():
            ray.init(**options)
    except (ConnectionError, TimeoutError, OSError, ValueError, RuntimeError) as error:
        why = next(iter(str(error).strip().splitlines()), type(error).__name__)[:200]
        raise StepFailed(
            f"no Ray cluster answers at {address or 'this machine'} ({why})", Code.WITHOUT_CLUSTER
        ) from error
    return ray


@dataclass(frozen=True)
class Order:
    """What a worker must know of a run; neither key nor address of a service is in it."""

    folder: Path
    record: RunRecord
    settings: Settings
    scenes: list[SceneSpec]
    here: Path  # the folder that relative paths of the settings start from

    @classmethod
    def of(cls, run: RunContext) -> "Order":
        """Of a run as it is now."""
        settings = run.settings.without_secrets().model_copy(update={"workers": 1, "engine": "local"})
        # What cannot run on a worker is said to the person; no worker goes on with something else by itself.
        record = run.record.model_copy(update={"chosen": {}, "rounds": [], "real": None})
        return cls(run.folder.resolve(), record, settings, run.dataset.scenes(), Path.cwd())

    def open(self, home: Path) -> RunContext:
        """A run of the worker's own with the same task, settings and scenes, in an empty folder.

        Raises:
            StepFailed: a folder that the engines read cannot be seen from here.
        """
        if self.here.is_dir():
            os.chdir(self.here)
        for name in LENT:
            if (self.folder / name).is_dir():
                (home / name).symlink_to(self.folder / name)
        if (self.record.few or self.record.assets) and not self.folder.is_dir():
            raise StepFailed(f"{self.folder} cannot be seen; keep runs on a disk that every machine shares")
        run = RunContext(home, self.record, self.settings)
        run.dataset.add_scenes(1, self.scenes)
        return run


class Seat:
    """A worker: an engine in a process of its own, somewhere in the cluster."""

    def __init__(self, order: Order, factory: Factory) -> None:
        self._order, self._factory = order, factory
        self._work: Callable[[Any], Any] | None = None
        self._home = tempfile.TemporaryDirectory(prefix="sightsmith-")

    def open(self) -> int:
        """Load the engine; returns the process's id.

        Raises:
            StepFailed: it cannot run on this machine; the message names both.
        """
        try:
            self._work = self._factory(self._order.open(Path(self._home.name)))
        except SightsmithError as error:
            raise StepFailed(f"on {socket.gethostname()}: {error}") from None
        return os.getpid()

    def work(self, unit: Any) -> Any:
        """The result of one unit."""
        assert self._work is not None
        return self._work(unit)


@dataclass(frozen=True)
class Lost:
    """A unit that killed every worker it was given to."""

    reason: str


class RayPool:
    """Workers of a cluster, hired when there is work and replaced when they die.

    Args:
        run: whose task they work on; it is asked whether to stop.
        factory: builds a worker's engine.
        networks: the engine wants a GPU where there is one, else a machine's cores; without: a core each.
    """

    def __init__(self, run: RunContext, factory: Factory, *, networks: bool) -> None:
        self._ray = connect(run.settings.cluster.ray_address)
        self._run, self._networks = run, networks
        seat: Any = self._ray.remote(max_restarts=0, max_task_retries=0)(Seat)  # restarts are our business, see `map`
        self.size, resources = self._places()
        self._hire = seat.options(**resources, scheduling_strategy="SPREAD").remote
        self._terms = self._ray.put(Order.of(run)), factory
        self._idle: list[Any] = []
        self._starting: dict[Any, Any] = {}  # answer to come -> worker
        self._busy: dict[Any, tuple[Any, int, int]] = {}  # answer to come -> worker, unit, earlier tries
        self._lost_in_a_row = 0

    def _places(self) -> tuple[int, dict[str, float]]:
        """How many workers, and what each of them takes."""
        there = self._ray.cluster_resources()
        cores, gpus = int(there.get("CPU", 1)), int(there.get("GPU", 0))
        if not self._networks:
            return self._run.settings.generation.workers or max(1, cores), {"num_cpus": 1}
        if gpus:
            return self._run.settings.generation.workers or gpus, {"num_cpus": 1, "num_gpus": 1}
        return self._run.settings.generation.workers or sum(n["Alive"] for n in self._ray.nodes()), {"num_cpus": 1}

    def map(self, units: Sequence[Any], load: Callable[[Any], Any] = lambda unit: unit) -> Iterator[tuple[int, Any]]:
        """Yield (index, result) of each unit as it is finished; a `Lost` stands for one that kills its workers.

        Args:
            units: of work, small; an image's pixels are read by `load` when its turn comes.
            load: what a worker is handed for a unit.

        Raises:
            StepFailed: the engine cannot run on a worker, or no worker starts.
            Stopped: the person asked to stop.
        """
        waiting = deque((index, 0) for index in range(len(units)))
        moved = time.monotonic()
        try:
            while waiting or self._busy:
                self._fill(len(waiting) + len(self._busy))
                while self._idle and waiting:
                    index, tries = waiting.popleft()
                    worker = self._idle.pop()
                    self._busy[worker.work.remote(load(units[index]))] = worker, index, tries
                ready, _ = self._ray.wait([*self._busy, *self._starting], num_returns=1, timeout=POLL_S)
                self._run.check_stop()
                for answer in ready:
                    moved = time.monotonic()
                    if answer in self._starting:
                        self._started(answer)
                        continue
                    worker, index, tries = self._busy.pop(answer)
                    result = self._result(answer, worker, tries + 1)
                    if result is None:
                        waiting.append((index, tries + 1))
                    else:
                        yield index, result
                self._check_hope(moved)
        finally:
            for worker, _, _ in self._busy.values():  # nobody will fetch what they are at
                self._dismiss(worker)
            self._busy.clear()

    def close(self) -> None:
        """End every worker, so that its memory is free for the next stage."""
        for worker in [*self._idle, *self._starting.values(), *(w for w, _, _ in self._busy.values())]:
            self._dismiss(worker)
        self._idle, self._starting, self._busy = [], {}, {}

    def _fill(self, units: int) -> None:
        while len(self._idle) + len(self._starting) + len(self._busy) < min(self.size, units):
            worker = self._hire(*self._terms)
            self._starting[worker.open.remote()] = worker

    def _started(self, answer: Any) -> None:
        from ray.exceptions import RayActorError, RayTaskError

        worker = self._starting.pop(answer)
        try:
            pid = self._ray.get(answer)
        except RayTaskError as error:
            raise _cause(error) from error
        except RayActorError as error:
            self._mourn(worker, error)
            return
        log.info("worker %d is ready", pid)
        self._idle.append(worker)

    def _result(self, answer: Any, worker: Any, tries: int) -> Any:
        """What a worker found; None when it died and the unit is to be tried again."""
        from ray.exceptions import RayActorError, RayTaskError

        try:
            result = self._ray.get(answer)
        except RayTaskError as error:
            self._dismiss(worker)
            raise _cause(error) from error
        except RayActorError as error:
            self._mourn(worker, error)
            lost = tries >= self._run.settings.generation.scene_attempts
            return Lost(f"its worker died {tries} times") if lost else None
        self._lost_in_a_row = 0
        self._idle.append(worker)
        return result

    def _mourn(self, worker: Any, error: Exception) -> None:
        self._dismiss(worker)
        self._lost_in_a_row += 1
        why = next(iter(str(error).strip().splitlines()), type(error).__name__)[:160]
        self._run.emit("warning", text=f"a worker of the cluster died; another one does its work ({why})")

    def _check_hope(self, moved: float) -> None:
        """Give up when workers only die, or when none comes.

        Raises:
            StepFailed: so it is.
        """
        most = self._run.settings.generation.scene_attempts * max(4, 2 * self.size)
        if self._lost_in_a_row >= most:
            raise StepFailed(f"{most} workers of the cluster died one after the other; see Ray's logs")
        waited = time.monotonic() - moved
        if not self._busy and not self._idle and waited > self._run.settings.cluster.ray_start_timeout_s:
            raise StepFailed(
                f"no worker of the cluster started within {waited:.0f} s: its machines are busy or gone; free them",
                Code.WITHOUT_CLUSTER,
            )

    def _dismiss(self, worker: Any) -> None:
        with suppress(Exception):  # whatever Ray says of one that is gone already
            self._ray.kill(worker)


def _cause(error: Any) -> Exception:
    """What was raised on the worker; its own words when it is one of ours."""
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, Exception) else StepFailed(str(error).splitlines()[-1][:300])
