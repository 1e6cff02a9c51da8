"""What past runs taught, in Chroma: one document a run, found by the words of its classes.

This is the store alone and the read-only tool; what a run writes and what another makes of it is `agent.memory`. Every
use opens the store under a file lock and closes it again, so that several processes can share it.
"""

import hashlib
import json
import logging
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime
from pydantic import BaseModel, Field, ValidationError

from tools.core.errors import FixArguments, StepFailed
from tools.core.locks import locked
from tools.core.settings import Settings
from tools.core.task import TaskKind
from tools.memory.word_vectors import word_vectors
from tools.runs.runtime import RunContext, report

log = logging.getLogger(__name__)
COLLECTION = "runs-wordllama256-v1"  # other vectors or another document: another collection, nothing is mixed
LOCK_TIMEOUT_S = 10.0  # a write takes 10 ms; who waits longer waits for a process that hangs
CONNECT_TIMEOUT_S = 3.0
NEAREST = 24  # documents looked at, before those with the same class are put first


class Change(BaseModel):
    """A weak slice that a later round aimed at, and what became of it."""

    slice: str = Field(max_length=120, description="'axis=value'")
    round: int
    before: float
    after: float


class Lesson(BaseModel):
    """What one run taught. Texts are cut: they reach a language model."""

    run: str = Field(max_length=120)
    created: str = Field(max_length=40)
    status: str = Field("finished", max_length=20)
    kind: TaskKind
    classes: list[str] = Field(min_length=1, max_length=200)
    drawn_as: list[str] = Field(default_factory=list, max_length=200)
    looks: dict[str, str] = Field(default_factory=dict, description="class -> what drew it")
    contexts: list[str] = Field(default_factory=list, max_length=40)
    engine: str = Field("", max_length=80)
    weak: list[str] = Field(default_factory=list, max_length=40, description="weak slices of every round, latest first")
    helped: list[str] = Field(default_factory=list, max_length=40, description="aimed at, and better afterwards")
    changes: list[Change] = Field(default_factory=list, max_length=40)
    vocabulary: dict[str, list[str]] = Field(default_factory=dict, description="values of kept pictures by axis")
    metric: str = Field("", max_length=40)
    scores: dict[str, float] = Field(default_factory=dict, description="main metric by what it was measured on")
    images: int = 0
    seconds_per_image: float | None = Field(None, description="making one picture, on the machine of that run")
    minutes: dict[str, float] = Field(default_factory=dict, description="by stage")
    failures: list[str] = Field(default_factory=list, max_length=20)
    distance: float = Field(0.0, description="cosine distance to what was asked; 0 the same words")
    same_class: bool = Field(False, description="shares a class with what was asked")

    @property
    def id(self) -> str:
        """One document a run, however often it is remembered."""
        return hashlib.sha1(f"{self.run}/{self.created}".encode()).hexdigest()[:16]


class RunMemory:
    """The lessons of all runs of one user, on disk or on a Chroma server."""

    def __init__(self, folder: Path, host: str | None = None) -> None:
        self.folder = folder
        self.host = host

    @classmethod
    def of(cls, settings: Settings) -> "RunMemory":
        """The memory that the settings name."""
        return cls(settings.memory.dir, settings.memory.chroma_host)

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever remembered here; spares the second that Chroma takes to load."""
        return self.host is None and not (self.folder / "chroma.sqlite3").exists()

    def add(self, lesson: Lesson) -> None:
        """Keep a lesson; one of the same run is replaced.

        Raises:
            StepFailed: the store is broken, locked, unreachable or of another version.
        """
        text = " ".join(dict.fromkeys([*lesson.classes, *lesson.drawn_as]))
        kept = lesson.model_dump_json(exclude={"distance", "same_class"})
        vector = word_vectors().embed(text)
        with self._collection() as collection:
            collection.upsert(
                ids=[lesson.id], embeddings=[vector.tolist()], documents=[text], metadatas=[{"lesson": kept}]
            )

    def remove(self, run: str, created: str) -> bool:
        """Forget the lesson of a run. Whether there was one.

        Raises:
            StepFailed: the store is broken, locked, unreachable or of another version.
        """
        if self.is_new:
            return False
        known = Lesson(run=run, created=created, kind="segment", classes=["-"]).id
        with self._collection() as collection:
            there = bool(collection.get(ids=[known])["ids"])
            if there:
                collection.delete(ids=[known])
        return there

    def search(
        self, text: str, classes: Sequence[str] = (), *, max_distance: float, limit: int = 3, without: str = ""
    ) -> list[Lesson]:
        """The lessons nearest to a text; first those that share a class with it, whatever their distance.

        Args:
            text: a request, or any words.
            classes: names of classes, or keys of objects, that are wanted.
            max_distance: cosine distance in 0..2 beyond which a run of other classes is not similar.
            limit: how many at most.
            without: id of a lesson that is left out (the run's own).

        Raises:
            StepFailed: the store is broken, locked, unreachable or of another version.
        """
        if self.is_new:
            return []
        vector = word_vectors().embed(" ".join([*classes, text]))
        if not vector.any():
            return []
        with self._collection() as collection:
            count = collection.count()
            found = collection.query(
                query_embeddings=[vector.tolist()], n_results=min(NEAREST, count), include=["metadatas", "distances"]
            ) if count else {"metadatas": [[]], "distances": [[]]}  # fmt: skip
        wanted = {c.casefold() for c in classes}
        lessons = []
        for metadata, distance in zip(found["metadatas"][0], found["distances"][0], strict=True):
            lesson = _read(metadata)
            if lesson is None or lesson.id == without:
                continue
            lesson.distance = round(max(0.0, float(distance)), 4)
            lesson.same_class = bool(wanted & {c.casefold() for c in (*lesson.classes, *lesson.drawn_as)})
            if lesson.same_class or lesson.distance <= max_distance:
                lessons.append(lesson)
        lessons.sort(key=lambda lesson: lesson.created, reverse=True)  # of equally near ones the newest
        lessons.sort(key=lambda lesson: (not lesson.same_class, lesson.distance))
        return lessons[:limit]

    @contextmanager
    def _collection(self) -> Iterator[Any]:
        try:
            with self._lock():
                client = self._client()
                try:
                    yield client.get_or_create_collection(
                        COLLECTION, embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
                    )
                finally:
                    client.close()
        except (KeyboardInterrupt, SystemExit, GeneratorExit, StepFailed):
            raise
        except BaseException as error:  # a panic of Chroma's native half is no Exception
            where = self.host or self.folder
            raise StepFailed(
                f"the memory in {where} cannot be used ({type(error).__name__}: {str(error)[:200]}); "
                "move it away to begin a new one"
            ) from error

    def _client(self) -> Any:
        os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")
        import chromadb
        from chromadb.config import Settings as ChromaSettings

        quiet = ChromaSettings(anonymized_telemetry=False)
        if self.host is None:
            return chromadb.PersistentClient(path=str(self.folder), settings=quiet)
        name, _, port = self.host.removeprefix("http://").rstrip("/").rpartition(":")
        if not name or not port.isdigit():
            raise StepFailed(f"SIGHTSMITH_CHROMA_HOST is {self.host!r}; it must look like host:8000")
        # Chroma's own client waits for ever for a server that does not answer.
        socket.create_connection((name, int(port)), timeout=CONNECT_TIMEOUT_S).close()
        return chromadb.HttpClient(host=name, port=int(port), settings=quiet)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """One process at a time; a server needs none."""
        if self.host is not None:
            yield
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        refusal = StepFailed(f"the memory in {self.folder} is in use by another process")
        with locked(self.folder / ".lock", LOCK_TIMEOUT_S, refusal):
            yield


def _read(metadata: Any) -> Lesson | None:
    """A stored lesson, or None for one that another version wrote differently."""
    try:
        return Lesson.model_validate(json.loads(metadata["lesson"]))
    except (KeyError, TypeError, ValueError, ValidationError):
        log.warning("a lesson in memory cannot be read and is left out")
        return None


@tool
def search_memory(runtime: ToolRuntime[RunContext], query: str) -> str:
    """Look up what past runs taught: their weak slices, what helped, scores and minutes. Reads only.

    `query` says what to look for in plain words, such as "apples" or "bottles and cans".
    """
    return search(runtime.context, query)


def search(run: RunContext, query: str) -> str:
    """The report of `search_memory`.

    Raises:
        FixArguments: the query is empty.
        StepFailed: the memory cannot be used.
    """
    if not query.strip():
        raise FixArguments("query is empty; say what to look for, such as 'apples'")
    lessons = RunMemory.of(run.settings).search(query[:500], max_distance=run.settings.memory.max_distance, limit=4)
    if not lessons:
        return report(done="nothing similar is remembered")
    wanted = {
        "run",
        "kind",
        "classes",
        "weak",
        "helped",
        "metric",
        "scores",
        "minutes",
        "seconds_per_image",
        "distance",
    }
    return report(
        done=f"{len(lessons)} similar run{'s' if len(lessons) > 1 else ''}",
        runs=[lesson.model_dump(include=wanted, exclude_defaults=True) for lesson in lessons],
    )
