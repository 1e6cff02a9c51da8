"""Jobs on disk: what was accepted stays accepted, whatever is killed.

A job is a folder: its photos, `job.json`, and `results.jsonl` with one line a photo as they are answered. A job exists
from the moment its folder has its name; a photo is answered from the moment its line is whole.
"""

import json
import os
import secrets
import shutil
import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

from pydantic import BaseModel, Field

from tools.core.errors import FixArguments, StepFailed
from tools.core.files import set_aside, write_bytes, write_json
from tools.core.settings import Settings
from tools.data.images import IMAGE_SUFFIXES, is_image, is_unread_image, unread_reason
from tools.data.uploads import Limits, building, lay_down, unpack

Status = Literal["queued", "running", "finished", "cancelled"]
STATUSES: tuple[Status, ...] = ("queued", "running", "finished", "cancelled")
_PHOTOS = "photos.json"
OPEN: tuple[Status, ...] = ("queued", "running")


class Callback(BaseModel):
    """Where the end of a job is told; the secret signs what is sent."""

    url: str
    secret: str
    state: Literal["waiting", "sent", "failed"] = "waiting"
    attempts: int = 0
    error: str = ""


class Job(BaseModel):
    """`job.json`."""

    id: str
    owner: str
    created: str
    version: str
    confidence: float | None = None
    status: Status = "queued"
    photos: int = 0
    done: int = Field(0, description="answered, the broken ones among them")
    broken: int = 0
    folder: str | None = Field(None, description="photos that lie on this machine already; None: they were sent")
    callback: Callback | None = None
    finished: str | None = None


class Jobs:
    """The jobs of a service."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder = folder
        self._settings = settings
        folder.mkdir(parents=True, exist_ok=True)
        self._jobs: dict[str, Job] = {}
        for path in sorted(folder.glob("*/job.json")):
            if path.parent.name.startswith("."):
                continue
            try:
                job = Job.model_validate_json(path.read_bytes())
            except ValueError as error:  # its photos and results stay beside it
                set_aside(path, str(error))
                continue
            self._jobs[job.id] = job
        for left in folder.glob(".*"):  # halves that a kill left
            shutil.rmtree(left, ignore_errors=True)

    def submit(self, job: Job, files: Sequence[tuple[str, IO[bytes]]]) -> Job:
        """Take in photos and zips of photos, or the folder the job names. When this returns, the job is kept.

        Raises:
            FixArguments: there is no image, or a file or archive is refused.
            StepFailed: the disk is full or read-only.
        """
        limits = Limits(self._settings)
        with building(self._folder / job.id) as hidden:
            if files:
                self._lay_down(files, hidden / "photos", limits)
            listed = [str(p) for p in _images(hidden / "photos" if files else Path(str(job.folder)), limits.files)]
            if not listed:
                raise FixArguments("there is no picture in the upload")
            job.photos = len(listed)
            write_json(hidden / _PHOTOS, listed)
            write_json(hidden / "job.json", job.model_dump())
        self._jobs[job.id] = job
        return job

    @staticmethod
    def _lay_down(files: Sequence[tuple[str, IO[bytes]]], into: Path, limits: Limits) -> None:
        """One zip may hold folders and labels beside its photos; single files are photos or zips of them."""
        if len(files) == 1 and files[0][0].lower().endswith(".zip"):
            unpack(files[0][1], into, IMAGE_SUFFIXES | {".txt", ".json", ".xml", ".yaml", ".csv", ".md"}, limits)
        else:
            lay_down(files, into, IMAGE_SUFFIXES, limits)

    def get(self, job_id: str) -> Job | None:
        """A job, or None."""
        return self._jobs.get(job_id)

    def all(self) -> list[Job]:
        """Every job, oldest first."""
        return sorted(self._jobs.values(), key=lambda job: job.created)

    def count(self, status: str) -> int:
        """How many jobs have a status."""
        return sum(job.status == status for job in self._jobs.values())

    def save(self, job: Job) -> None:
        """Write `job.json`, unless the job was deleted meanwhile. An ended job's results are on the disk first."""
        if job.id in self._jobs:
            if job.finished is not None and self.results(job).exists():
                with self.results(job).open("rb") as file:
                    os.fsync(file.fileno())
            write_json(self._folder / job.id / "job.json", job.model_dump())

    def remove(self, job_id: str) -> None:
        """Delete a job, its photos and its results; photos that were not sent are left alone."""
        job = self._jobs.pop(job_id, None)
        if job is None:
            return
        job.status = "cancelled"
        grave = self._folder / f".{job_id}.gone"
        (self._folder / job_id).rename(grave)
        shutil.rmtree(grave, ignore_errors=True)

    def sweep(self) -> None:
        """Delete what ended longer ago than it is kept."""
        oldest = datetime.fromtimestamp(time.time() - self._settings.service.keep_days * 86_400, UTC).isoformat()
        for job in self.all():
            waits = job.callback is not None and job.callback.state == "waiting"
            if job.finished is not None and job.finished < oldest and not waits:
                self.remove(job.id)

    # Photos and results -------------------------------------------------------------------------------------------

    def missing(self, job: Job) -> Iterator[str]:
        """Photos without an answer, in order; lines that are none are set aside first, and answered again."""
        done = self._whole_lines(job)
        job.done, job.broken = len(done), sum("error" in entry for entry in done.values())
        for name in self._listed(job):
            if name not in done:
                yield name

    def _listed(self, job: Job) -> list[str]:
        """The photos of a job; listed anew where the list is damaged."""
        path = self._folder / job.id / _PHOTOS
        try:
            names = json.loads(path.read_bytes())
            if isinstance(names, list) and all(isinstance(n, str) for n in names):
                return names
            why = "it is no list of names"
        except ValueError as error:
            why = str(error)
        set_aside(path, why)
        names = [str(p) for p in _images(self._place(job), Limits(self._settings).files)]
        write_json(path, names)
        job.photos = len(names)
        return names

    def _place(self, job: Job) -> Path:
        """Where the photos of a job lie."""
        return Path(job.folder) if job.folder else self._folder / job.id / "photos"

    def read(self, job: Job, name: str) -> bytes:
        """The bytes of a photo.

        Raises:
            StepFailed: it cannot be read any more, is of a kind that is not read, or larger than a photo may be.
        """
        folder = self._place(job)
        path, limit = folder / name, self._settings.service.photo_mb
        if is_unread_image(path):
            raise StepFailed(f"{name}: {unread_reason(path)}")
        try:
            if not path.resolve().is_relative_to(folder.resolve()):  # a link that was put there since
                raise StepFailed(f"{name}: lies elsewhere")
            if path.stat().st_size > limit * 10**6:
                raise StepFailed(f"{name}: larger than {limit} MB")
            return path.read_bytes()
        except OSError as error:
            raise StepFailed(f"{name}: cannot be read ({error.strerror or error})") from None

    def answer(self, job: Job, entry: dict[str, Any]) -> None:
        """Keep the answer of one photo: one line, written at once, in ASCII because a file's name may be anything."""
        with self.results(job).open("ab", buffering=0) as file:
            file.write((json.dumps(entry) + "\n").encode())
        job.done += 1
        job.broken += "error" in entry

    def results(self, job: Job) -> Path:
        """The file of the answers so far; it may not exist yet."""
        return self._folder / job.id / "results.jsonl"

    def _whole_lines(self, job: Job) -> dict[str, dict[str, Any]]:
        """What is answered. A half-written last line is a kill's and cut off; any other that is none is damage."""
        path = self.results(job)
        if not path.exists():
            return {}
        content = path.read_bytes()
        lines = content[: content.rfind(b"\n") + 1].splitlines(keepends=True)
        entries = [_entry(line) for line in lines]
        whole = b"".join(line for line, entry in zip(lines, entries, strict=True) if entry is not None)
        if None in entries:
            set_aside(path, f"{entries.count(None)} lines of {len(lines)} are none; their photos are answered again")
        if whole != content:
            write_bytes(path, whole)
        return {entry["photo"]: {"error": 1} if "error" in entry else {} for entry in entries if entry is not None}


def _entry(line: bytes) -> dict[str, Any] | None:
    """A line of results; None where it is none."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and isinstance(entry.get("photo"), str) else None


def new_job(owner: str, version: str, confidence: float | None, folder: str | None, callback_url: str | None) -> Job:
    """A job with a name that cannot be guessed."""
    callback = Callback(url=callback_url, secret=secrets.token_urlsafe(32)) if callback_url else None
    created = datetime.now(UTC).isoformat(timespec="milliseconds")
    return Job(
        id=uuid.uuid4().hex, owner=owner, created=created, version=version, confidence=confidence, folder=folder,
        callback=callback,
    )  # fmt: skip


def _images(folder: Path, most: int) -> list[Path]:
    """Images below a folder, relative to it, those of kinds that are not read too; no link is followed out of it."""
    found = []
    for path in folder.rglob("*"):
        photo = is_image(path) or is_unread_image(path)
        if photo and path.is_file() and path.resolve().is_relative_to(folder.resolve()):
            found.append(path.relative_to(folder))
            if len(found) > most:
                raise FixArguments(f"more than {most} pictures in one job; split it")
    return sorted(found)
