"""Start the service of a run: Ray Serve for the models, one process for the routes."""

import importlib.util
import logging
import os
import secrets
import socket
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.core.devices import cpu_count
from tools.core.errors import FixArguments, StepFailed
from tools.core.locks import locked
from tools.core.processes import before_workers_of_ray
from tools.core.settings import Settings
from tools.metrics.predictions import load_answers
from tools.runs.runtime import RunRecord, without_model
from tools.service.keys import Keys
from tools.service.versions import Mode, Version, Versions

if TYPE_CHECKING:
    from tools.service.app import Service
    from tools.service.engine import ServingEngine
    from tools.service.metrics import Metrics

log = logging.getLogger(__name__)
LOCAL = ("127.0.0.1", "localhost", "::1")
_NEEDED = ("ray", "fastapi", "uvicorn", "prometheus_client", "multipart")
_OBJECT_STORE_BYTES = 200 * 2**20  # photos on their way to a replica; the largest is 25 MB
_LOCK_PATIENCE_S = 0.5
_GRACE_S = 10
_BACKLOG = 2048  # connections that wait to be taken; overload is answered, not dropped


@dataclass(frozen=True)
class Run:
    """A run that is served."""

    name: str
    folder: Path
    record: RunRecord

    def version(self, mode: Mode, share: float) -> Version:
        """Its best model as a version.

        Raises:
            FixArguments: it has none yet.
        """
        if self.record.best is None or self.record.task is None:
            raise without_model(self.folder)
        return Version(
            name=f"{self.name}-{self.record.best.round:02d}", weights=str(self.folder / self.record.best.weights),
            threshold=self.record.best.threshold, classes=self.record.task.class_names, kind=self.record.task.kind,
            mode=mode, share=share,
        )  # fmt: skip

    def reference(self) -> list[float]:
        """Confidences on the validation images, real ones if there are any: what drift is measured from."""
        if self.record.best is None:
            return []
        for name in ("real_val", "synthetic_val"):
            path = self.folder / "rounds" / f"{self.record.best.round:02d}" / f"predictions_{name}.json"
            if path.exists():
                try:
                    answers, _ = load_answers(path)
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    log.warning("%s is damaged (%s): %s is served without a watch on drift", path, error, self.name)
                    return []
                found = [d.score for a in answers.values() for d in a.found if d.score >= self.record.best.threshold]
                return found + [max(a.probabilities.values()) for a in answers.values() if a.probabilities]
        return []


@dataclass(frozen=True)
class Options:
    """What the command line says beside the settings."""

    host: str = "127.0.0.1"
    port: int = 8000
    photos: Path | None = None
    callback_hosts: frozenset[str] = frozenset()
    share: float = 0.0
    shadow: bool = False


def require() -> None:
    """Look for what the extra brings, without importing it.

    Raises:
        StepFailed: something is missing; the message says what to install.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise StepFailed(f"the service needs {', '.join(missing)}: install the extra, sightsmith[serve]")


def check(runs: Sequence[Run], options: Options, keys: Keys, settings: Settings) -> list[Version]:
    """The versions to serve, when everything may be served like this.

    Raises:
        FixArguments: open to others without a key, models that do not answer alike, an impossible share.
        StepFailed: a library is missing.
    """
    require()
    known = keys.all()  # a file that cannot be read is refused now, not at the first request
    if options.host not in LOCAL and not known:
        raise FixArguments(
            f"{options.host} can be reached from elsewhere, and {keys.path} holds no key:"
            " make one with `sightsmith keys add NAME`, or stay on 127.0.0.1"
        )
    if len(runs) == 1 and (options.share or options.shadow):
        raise FixArguments("--share and --shadow are about a second run: name it with --candidate")
    if options.share and options.shadow:
        raise FixArguments("a candidate answers a --share, or looks along as a --shadow, not both")
    if options.photos is not None and not options.photos.is_dir():
        raise FixArguments(f"--photos {options.photos}: there is no such folder")
    modes: list[Mode] = ["main", "share" if options.share else "shadow"]
    versions = [
        run.version(mode, options.share if mode == "share" else 0.0)
        for run, mode in zip(runs, modes[: len(runs)], strict=True)
    ]
    if any((v.kind, set(v.classes)) != (versions[0].kind, set(versions[0].classes)) for v in versions):
        raise FixArguments("two versions must know the same classes and answer alike (masks, boxes or names)")
    if len({v.name for v in versions}) < len(versions):
        raise FixArguments("the candidate is the run itself")
    for version in versions:
        if not Path(version.weights).is_file():
            raise StepFailed(f"{version.weights}: there is no such weights file")
    return versions


def serve(runs: Sequence[Run], options: Options, settings: Settings) -> None:
    """Serve until a signal ends it.

    Args:
        runs: the run, and a candidate if there is one.
        options: of the command line.
        settings: all else.

    Raises:
        FixArguments: see `check`.
        StepFailed: the port is taken, another server works on this run, or a model does not load.
    """
    keys = Keys(settings.service.keys)
    versions = check(runs, options, keys, settings)
    folder = runs[0].folder / "service"
    folder.mkdir(exist_ok=True)
    busy = StepFailed(f"another server serves {runs[0].name} already; end it first")
    with locked(folder / ".lock", _LOCK_PATIENCE_S, busy), closing(_listen(options)) as listener:
        _start_ray()
        try:
            _serve(runs, versions, listener, options, settings, keys if keys.all() else None)
        finally:
            _stop_ray()


def _serve(
    runs: Sequence[Run], served: Sequence[Version], listener: socket.socket, options: Options, settings: Settings,
    keys: Keys | None,
) -> None:  # fmt: skip
    import uvicorn

    from tools.service.app import create_app
    from tools.service.deployment import RayEngine, Served

    engine = RayEngine.start(
        [Served(v.name, Path(v.weights), v.threshold) for v in served], replicas=settings.service.replicas,
        batch=settings.service.batch, wait_s=settings.service.wait_ms / 1000, timeout_s=settings.service.timeout_s,
        cpus=cpu_count(),
    )  # fmt: skip
    service = service_of(runs[0], served, engine, options, settings, keys, metrics_of(runs, served, settings))
    app = create_app(service, LOCAL if options.host in LOCAL else ())
    log.warning("serving %s on http://%s:%d/docs", ", ".join(v.name for v in served), options.host, options.port)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=_GRACE_S
    )
    uvicorn.Server(config).run(sockets=[listener])


def metrics_of(runs: Sequence[Run], served: Sequence[Version], settings: Settings) -> "Metrics":
    """What is counted, drift from each run's own validation among it."""
    from tools.service.metrics import Drift, Metrics

    metrics = Metrics()
    for run, version in zip(runs, served, strict=True):
        metrics.watch_drift(version.name, Drift(run.reference(), settings.drift.window, settings.drift.least))
    return metrics


def service_of(
    run: Run, served: Sequence[Version], engine: "ServingEngine", options: Options, settings: Settings,
    keys: Keys | None, metrics: "Metrics",
) -> "Service":  # fmt: skip
    """Everything that the routes use; what is kept lies in the run's folder.

    Args:
        run: the main one.
        served: its version, and others beside it.
        engine: computes.
        options: of the command line.
        settings: all else.
        keys: who may ask; None: everybody.
        metrics: what is counted.
    """
    from tools.service.app import Service
    from tools.service.cache import cached
    from tools.service.feedback import Feedback
    from tools.service.jobs import Jobs

    folder = run.folder / "service"
    folder.mkdir(exist_ok=True)
    return Service(
        settings, cached(engine, settings.service.cache_mb, metrics), Versions(folder / "versions.json", served),
        Jobs(folder / "jobs", settings), Feedback(folder / "feedback.sqlite", settings), metrics, keys, options.photos,
        options.callback_hosts, run.folder,
    )  # fmt: skip


def _listen(options: Options) -> socket.socket:
    """Take the port before anything slow begins."""
    try:
        family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
        return socket.create_server((options.host, options.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise StepFailed(f"{options.host}:{options.port} cannot be listened on ({error.strerror or error})") from None


def _start_ray() -> None:
    """A Ray of its own on this machine: no telemetry, no dashboard, nobody else may give it work.

    Ray runs what it is sent, and its inner ports listen on every address: a random token alone opens them.
    """
    # Ray's workers run at nice 15 unless told: beside anything else they would stand still.
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token", "RAY_worker_niceness": "0"}
    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    import ray
    from ray import serve as ray_serve

    with before_workers_of_ray():
        ray.init(
            address="local", include_dashboard=False, object_store_memory=_OBJECT_STORE_BYTES, log_to_driver=False,
            logging_level=logging.ERROR, _node_ip_address="127.0.0.1",
        )  # fmt: skip
    ray_serve.start(proxy_location="Disabled")


def _stop_ray() -> None:
    import ray
    from ray import serve as ray_serve

    ray_serve.shutdown()  # type: ignore[no-untyped-call]
    ray.shutdown()
