"""The routes. What they need is handed in, so that they run with Ray or without."""

import asyncio
import logging
import sqlite3
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, File, Form, HTTPException, Query, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.security import APIKeyHeader

from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import Settings
from tools.data.dataset import Dataset
from tools.service.callbacks import check_url
from tools.service.engine import Deadly, Look, ServingEngine, Unavailable
from tools.service.feedback import Feedback
from tools.service.gate import Gate, Queue
from tools.service.jobs import OPEN, STATUSES, Callback, Job, Jobs, new_job
from tools.service.keys import Key, Keys
from tools.service.messages import (
    Accepted,
    Health,
    JobState,
    Prediction,
    Promotion,
    Review,
    Reviewed,
    Route,
    Said,
    Trail,
    VersionState,
)  # fmt: skip
from tools.service.metrics import Metrics
from tools.service.runner import Runner, answer_of, check_image
from tools.service.versions import Version, Versions

log = logging.getLogger(__name__)
_JOBS_RETRY_S = "30"
_CHUNK = 1 << 16
_MAX_VERSION = 2**62  # SQLite's whole numbers end a little later
ConfidenceQuery = Annotated[float | None, Query(ge=0.001, le=1, description="least score; None: the working threshold")]


@dataclass
class Service:
    """Everything the routes use."""

    settings: Settings
    engine: ServingEngine
    versions: Versions
    jobs: Jobs
    feedback: Feedback
    metrics: Metrics
    keys: Keys | None
    photos: Path | None = None  # a folder of this machine whose photos jobs may name
    callback_hosts: frozenset[str] = frozenset()
    run: Path | None = None  # folder of the run, whose training images people have corrected
    shadows: set[asyncio.Task[None]] = field(default_factory=set)
    runner: Runner | None = None

    def __post_init__(self) -> None:
        self.queue = Queue(self.settings.service.queue)
        self.metrics.watch_queue(lambda: self.queue.waiting, self.queue.limit)
        self.metrics.watch_jobs(STATUSES, self.jobs.count)
        for version in self.versions.all():
            self.metrics.reviewed(version.name, *self.feedback.quality(version.name))


def create_app(service: Service, hosts: tuple[str, ...] = ()) -> FastAPI:
    """The application.

    Args:
        service: what it works with.
        hosts: names by which it may be called; a page elsewhere that gives this machine another name is not served.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        service.runner = Runner(
            service.jobs, service.engine, service.versions, service.metrics, service.settings, service.callback_hosts,
            service.feedback.sweep,
        )  # fmt: skip
        service.runner.start()
        yield
        for task in service.shadows:
            task.cancel()
        await service.runner.stop()
        service.feedback.close()

    app = FastAPI(
        title="Sightsmith", version="1", lifespan=lifespan,
        description="A trained recogniser: one picture at once, many as a job.",
        dependencies=[Depends(APIKeyHeader(name="X-API-Key", auto_error=False))],
        responses={code: {"model": Said} for code in (400, 401, 403, 408, 413)},
    )  # fmt: skip
    app.state.service = service
    app.include_router(_router)
    app.add_middleware(
        Gate, keys=service.keys, queue=service.queue, metrics=service.metrics, settings=service.settings, hosts=hosts
    )
    app.add_exception_handler(FixArguments, lambda _r, e: JSONResponse({"detail": str(e)}, 422))
    app.add_exception_handler(Deadly, lambda _r, e: JSONResponse({"detail": str(e)}, 422))
    app.add_exception_handler(StepFailed, lambda _r, e: JSONResponse({"detail": str(e)}, 503, {"Retry-After": "30"}))
    app.add_exception_handler(Unavailable, lambda _r, e: JSONResponse({"detail": str(e)}, 503, {"Retry-After": "5"}))
    app.add_exception_handler(RequestValidationError, _not_understood)
    return app


def _not_understood(_request: Request, error: Exception) -> JSONResponse:
    """Without what was sent: a number that is none cannot be written as JSON, and it may be large."""
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    return JSONResponse({"detail": [{k: p[k] for k in ("loc", "msg", "type")} for p in problems]}, 422)


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _key(request: Request) -> Key:
    key: Key = request.state.key
    return key


def _admin(request: Request) -> Key:
    if _key(request).role != "admin":
        raise HTTPException(403, "this wants a key of the role admin")
    return _key(request)


_router = APIRouter()
Using = Annotated[Service, Depends(_service)]
Asking = Annotated[Key, Depends(_key)]
_ERRORS: Callable[..., dict[int | str, dict[str, Any]]] = lambda *codes: {c: {"model": Said} for c in codes}  # noqa: E731


# Images -------------------------------------------------------------------------------------------------------------


@_router.post("/predict", response_model_exclude_none=True, responses=_ERRORS(415, 422, 429, 500, 503))
async def predict(
    use: Using, key: Asking, file: Annotated[UploadFile, File(description="a JPEG, PNG, WebP, TIFF, BMP or GIF")],
    confidence: ConfidenceQuery = None,
) -> Prediction:  # fmt: skip
    """See what is in one image."""
    began = time.monotonic()
    content = await file.read()
    try:
        check_image(content, use.settings)
    except StepFailed as error:
        raise HTTPException(415, str(error)) from None
    version = use.versions.choose(content)
    look = await use.engine.look(version.name, content, min(confidence or 1.0, version.threshold))
    if look.broken:
        raise HTTPException(422, look.broken)
    use.metrics.looked(version.name, look, "predict", time.monotonic() - began)
    answer_id = uuid.uuid4().hex
    _keep(use, answer_id, version, key, look, shown=True)
    for shadow in use.versions.shadows:
        _look_along(use, answer_id, shadow, key, content)
    least = version.threshold if confidence is None else confidence
    shown = Look(look.height, look.width, [o for o in look.objects if o["score"] >= least], look.probabilities)
    return Prediction.model_validate({"id": answer_id, "version": version.name, **answer_of(shown)})


def _keep(use: Service, answer_id: str, version: Version, key: Key, look: Look, *, shown: bool) -> None:
    """Remember an answer as it is at the version's own threshold, whatever was asked for."""
    whole = [0, 0, look.width, look.height]
    found = [o for o in look.objects if o["score"] >= version.threshold] or [
        {"class": name, "score": score, "box": whole} for name, score in look.confidences() if look.probabilities
    ]
    use.feedback.keep(answer_id, version.name, key.name, (look.width, look.height), found, shown=shown)


def _look_along(use: Service, answer_id: str, version: Version, key: Key, content: bytes) -> None:
    """Let a shadow see the image too, after the answer. It is left out where it would pile up."""
    if len(use.shadows) >= 2 * use.settings.service.batch:
        return

    async def look() -> None:
        try:
            seen = await use.engine.look(version.name, content, version.threshold)
        except Exception:
            log.exception("the shadow %s failed", version.name)
            return
        if not seen.broken:
            use.metrics.looked(version.name, seen, "shadow")
            _keep(use, answer_id, version, key, seen, shown=False)

    task = asyncio.create_task(look())
    use.shadows.add(task)
    task.add_done_callback(use.shadows.discard)


# Jobs -----------------------------------------------------------------------------------------------------------------


@_router.post("/jobs", status_code=202, responses=_ERRORS(422, 429, 503))
async def submit(
    use: Using, key: Asking,
    files: Annotated[list[UploadFile] | None, File(description="photos, or a zip of photos")] = None,
    folder: Annotated[str | None, Form(max_length=1000, description="a folder of the server's photos")] = None,
    callback_url: Annotated[str | None, Form(max_length=2000, description="told when the job ends, signed")] = None,
    confidence: Annotated[float | None, Form(ge=0.001, le=1)] = None,
) -> Accepted:  # fmt: skip
    """Look at many images. What is answered with 202 will be done, also when this server is killed."""
    if sum(use.jobs.count(status) for status in OPEN) >= use.settings.service.max_jobs:
        raise HTTPException(429, "too many jobs are waiting", {"Retry-After": _JOBS_RETRY_S})
    if bool(files) == bool(folder):
        raise FixArguments("send photos (files), or name a folder of the server, not both")
    if callback_url:
        check_url(callback_url, use.callback_hosts)
    place = None if folder is None else str(_folder(use, folder))
    job = new_job(key.name, use.versions.main.name, confidence, place, callback_url or None)
    await asyncio.to_thread(use.jobs.submit, job, [(f.filename or "", f.file) for f in files or []])
    if use.runner is not None:
        use.runner.wake()
    secret = job.callback.secret if job.callback else None
    return Accepted(**job.model_dump(exclude={"owner"}), callback_secret=secret)


@_router.get("/jobs")
async def list_jobs(use: Using, key: Asking) -> list[JobState]:
    """Your jobs, oldest first."""
    return [_state(job) for job in use.jobs.all() if _may_see(key, job)]


@_router.get("/jobs/{job_id}", responses=_ERRORS(404, 422))
async def job_state(use: Using, key: Asking, job_id: str) -> JobState:
    """How far a job is."""
    return _state(_job(use, key, job_id))


@_router.get("/jobs/{job_id}/results", response_class=StreamingResponse, responses=_ERRORS(404, 422))
async def results(use: Using, key: Asking, job_id: str) -> StreamingResponse:
    """The answers so far: one JSON object a line and photo, broken ones with `error`."""
    path = use.jobs.results(_job(use, key, job_id))
    return StreamingResponse(_lines(path), media_type="application/x-ndjson")


@_router.delete("/jobs/{job_id}", status_code=204, responses=_ERRORS(404, 422))
async def delete(use: Using, key: Asking, job_id: str) -> None:
    """Stop a job if it runs, and delete its photos and results."""
    use.jobs.remove(_job(use, key, job_id).id)


def _folder(use: Service, name: str) -> Path:
    """A folder below the one the owner opened.

    Raises:
        FixArguments: there is none, or it lies elsewhere.
    """
    if use.photos is None:
        raise FixArguments("this server has opened no folder of its own (--photos)")
    root = use.photos.resolve()
    try:
        place = (root / name).resolve()
        if place.is_relative_to(root) and place.is_dir():
            return place
    except (OSError, ValueError):  # a name that no folder can have
        pass
    raise FixArguments(f"there is no folder {name[:80]!r} among the server's photos")


def _job(use: Service, key: Key, job_id: str) -> Job:
    job = use.jobs.get(job_id)
    if job is None or not _may_see(key, job):
        raise HTTPException(404, "there is no such job")
    return job


def _may_see(key: Key, job: Job) -> bool:
    return key.role == "admin" or key.name == job.owner


def _state(job: Job) -> JobState:
    return JobState(**job.model_dump(exclude={"owner"}))


def _lines(path: Path) -> Iterator[bytes]:
    """A file as long as it is now: it may grow meanwhile."""
    try:
        with path.open("rb") as file:
            left = path.stat().st_size
            while left > 0 and (chunk := file.read(min(_CHUNK, left))):
                left -= len(chunk)
                yield chunk
    except FileNotFoundError:  # nothing is answered yet
        return


# Versions and feedback ------------------------------------------------------------------------------------------------


@_router.post("/feedback", responses=_ERRORS(404, 422))
async def review(use: Using, key: Asking, said: Review) -> Reviewed:
    """Say what is really in an image that was answered: all its objects. A later review replaces an earlier one."""
    classes = set(use.versions.main.classes)
    objects = [{"class": o.class_name, "box": o.box} for o in said.objects]
    if use.versions.main.kind == "classify":
        size = use.feedback.size_of(said.id)
        if said.class_name is None or objects:
            raise FixArguments("this model names whole pictures: send the class")
        objects = [{"class": said.class_name, "box": (0, 0, *(size or (1, 1)))}]
    elif said.class_name is not None:
        raise FixArguments("this model finds objects: send them")
    if unknown := {str(o["class"])[:80] for o in objects} - {name[:80] for name in classes}:
        raise FixArguments(f"unknown class {sorted(unknown)[0]!r}; known are {', '.join(sorted(classes))}")
    measured = use.feedback.review(said.id, None if key.role == "admin" else key.name, objects)
    if measured is None:
        raise HTTPException(404, "there is no answer of this id")
    for name in measured:
        use.metrics.reviewed(name, *use.feedback.quality(name))
    return Reviewed(versions=measured)


@_router.get("/versions")
async def versions(use: Using, key: Asking) -> list[VersionState]:
    """What is served, to whom, and how good feedback says it is."""
    return [_version_state(use, version) for version in use.versions.all()]


@_router.put("/versions/{name}", dependencies=[Depends(_admin)], responses=_ERRORS(403, 422))
async def route(use: Using, name: str, wanted: Route) -> VersionState:
    """Give a version a share of the images, let it look along, or switch it off."""
    return _version_state(use, use.versions.route(name, wanted.mode, wanted.share))


@_router.post("/versions/{name}/promote", dependencies=[Depends(_admin)], responses=_ERRORS(403, 422))
async def promote(use: Using, name: str) -> Promotion:
    """Make a version the main one, if reviewed feedback says that it is better beyond noise."""
    version = use.versions.get(name)
    if version.mode == "main":
        raise FixArguments(f"{name} is the main version already")
    photos, _ = use.feedback.quality(name)
    asks = use.versions.asked(name, photos) if photos >= use.settings.promote.photos else max(1, version.asks)
    found = await asyncio.to_thread(use.feedback.compare, name, use.versions.main.name, asks)
    if found.better:
        use.versions.promote(name)
    told = {k: v for k, v in found.as_dict().items() if k != "better"}
    return Promotion(promoted=found.better, **told)


def _version_state(use: Service, version: Version) -> VersionState:
    photos, quality = use.feedback.quality(version.name)
    known = {name: None if value != value else round(value, 4) for name, value in quality.items()}
    return VersionState(
        **version.model_dump(exclude={"weights", "asks", "asked_with"}), reviewed_photos=photos, **known
    )


# Corrections ----------------------------------------------------------------------------------------------------------


@_router.get("/corrections", dependencies=[Depends(_admin)], responses=_ERRORS(403, 422, 503))
async def corrections(
    use: Using,
    after: Annotated[int, Query(ge=0, le=_MAX_VERSION, description="only changes of a later version than this")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Trail:
    """Who changed which label of the run's training images, when, what it was before and after. Only read."""
    changes = [] if use.run is None else await asyncio.to_thread(_trail, use.run, after, limit + 1)
    more = len(changes) > limit
    name = "" if use.run is None else use.run.name
    return Trail(run=name, changes=changes[:limit], next=changes[limit - 1]["version"] if more else None)


def _trail(folder: Path, after: int, limit: int) -> list[Any]:
    """Changes of a run's data set, as it is on the disk now.

    Raises:
        StepFailed: it cannot be read.
    """
    if not (folder / "dataset.sqlite").is_file():  # nothing is made by a question
        return []
    try:
        with closing(Dataset(folder)) as dataset:
            return dataset.audit_trail(after, limit)
    except (sqlite3.DatabaseError, OSError) as error:
        raise StepFailed(f"the corrections cannot be read now ({type(error).__name__})") from error


# Watching -------------------------------------------------------------------------------------------------------------


@_router.get("/health")
async def health() -> Health:
    """Whether this process lives."""
    return Health(status="ok")


@_router.get("/ready", responses={503: {"model": Health}})
async def ready(use: Using, response: Response) -> Health:
    """Whether an image would be answered now."""
    if problem := await use.engine.problem():
        response.status_code = 503
        return Health(status="not ready", detail=problem)
    return Health(status="ok")


@_router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(use: Using) -> Response:
    """What Prometheus reads."""
    return Response(use.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


__all__ = ["Callback", "Service", "create_app"]
