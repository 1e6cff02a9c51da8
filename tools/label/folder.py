"""Where labels are kept while photos are labelled: a set of photos like any other, and a journal of every file.

A photo is written in three steps, each complete or not there: its line in the journal, its image with its rows, the
line's end. A kill between any two leaves a line without an end, and that photo is done again under the same id.
"""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field

from tools.core.database import connected
from tools.core.files import set_aside
from tools.core.task import TaskSpec, slug
from tools.data.dataset import Dataset
from tools.data.formats.labels import holdable
from tools.data.images import write_image
from tools.data.origin import carry
from tools.data.photo_files import PhotoFile, ReadPhoto
from tools.data.sample import Instance, Sample
from tools.runs.photo_sets import ABOUT, PhotoSet, photos_folder
from tools.runs.runtime import write_json

_JOURNAL = """
CREATE TABLE IF NOT EXISTS labelled (
    name TEXT PRIMARY KEY, written TEXT NOT NULL COLLATE NOCASE UNIQUE, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, sample_id TEXT, problem TEXT, notes TEXT NOT NULL DEFAULT '[]');
CREATE INDEX IF NOT EXISTS labelled_sample ON labelled(sample_id);
"""
_STATE = "label.json"
_LOOK = "gradients and colours"  # the vectors that tell whether a photo is unlike the rest
# Images whose pixels were kept exactly are written exactly; the others have been through JPEG before.
_EXACT = frozenset({".png", ".bmp", ".tif", ".tiff", ".gif"})


class LabelState(BaseModel):
    """`label.json`: what is labelled, by what, and how its scores are read."""

    task: TaskSpec
    given: list[str]
    engine: dict[str, Any] = Field(default_factory=dict)
    confidence: dict[str, Any] = Field(default_factory=dict)
    improved: bool = False  # photos are improved before the engine sees them
    summary: dict[str, Any] = Field(default_factory=dict)


def _state(path: Path) -> LabelState | None:
    """What is kept; None where there is nothing, or it is damaged: engine and thresholds are then chosen anew."""
    if not path.is_file():
        return None
    try:
        return LabelState.model_validate_json(path.read_bytes())
    except ValueError as error:
        set_aside(path, str(error))
        return None


def joined_stem(name: str) -> str:
    """A photo's name without its suffix, its folders in front: the bare file name that it would have."""
    path = PurePosixPath(name)
    return "__".join([*path.parts[:-1], path.stem]).lstrip(".") or "photo"


class LabelFolder:
    """A set of photos that is being labelled."""

    def __init__(self, folder: Path, state: LabelState) -> None:
        self.folder = folder
        self.dataset = Dataset(folder, quick=True)
        self.state = _state(folder / _STATE) or state
        # WAL keeps a process's kill from losing anything; only a power cut can take the last rows, which are redone.
        prepared = "PRAGMA synchronous=NORMAL;" + _JOURNAL
        self._db = connected(folder / "dataset.sqlite", lambda db: db.executescript(prepared), timeout=30)
        about = PhotoSet(name=folder.name, about="labelled by itself", classes=state.task.class_names, bare=True)
        write_json(folder / ABOUT, about.model_dump())
        self.save()

    @classmethod
    def open(cls, runs_dir: Path, given: Sequence[Path], task: TaskSpec, options: Sequence[str]) -> "LabelFolder":
        """The set for these photos and this task, made when it is new: beside the runs, where the review finds it.

        Args:
            runs_dir: folder of the runs.
            given: photos and folders.
            task: kind and classes.
            options: whatever else tells one labelling from another.
        """
        places = [str(p.resolve()) for p in given]
        said = json.dumps([places, task.kind, task.class_names, list(options)])
        stem = slug(given[0].resolve().stem)[:30].strip("-") or "photos"
        name = f"{stem}-{hashlib.sha256(said.encode()).hexdigest()[:6]}"
        return cls(photos_folder(runs_dir) / name, LabelState(task=task, given=places))

    def save(self) -> None:
        """Write `label.json`."""
        write_json(self.folder / _STATE, self.state.model_dump(mode="json"))

    def close(self) -> None:
        """Release the database."""
        self._db.close()
        self.dataset.close()

    # The journal ------------------------------------------------------------------------------------------------

    def is_done(self, file: PhotoFile) -> bool:
        """Whether this very file was labelled or refused before; one that changed since is not."""
        row = self._db.execute(
            "SELECT size, mtime_ns FROM labelled WHERE name = ? AND (sample_id IS NOT NULL OR problem IS NOT NULL)",
            (file.name,),
        ).fetchone()
        return row is not None and tuple(row) == (file.size, file.mtime_ns)

    def refuse(self, photo: ReadPhoto) -> None:
        """Write down why a photo is not labelled."""
        self._begin(photo.file)
        self._end(photo.file, None, photo.problem, photo.notes)

    def add(self, photo: ReadPhoto, found: Sequence[Instance], label: str | None, about: dict[str, Any]) -> None:
        """Write down a photo and its labels; the same bytes under a second name are only named.

        Args:
            photo: with its pixels.
            found: its labels.
            label: class of the whole image, in a classification.
            about: `scores`, `quality`, `reasons` and `provenance` of the sample.
        """
        from tools.steps.curate import embed

        assert photo.image is not None
        file = photo.file
        digest = photo.sha256
        identity = digest[:16]
        twin = self._db.execute(
            "SELECT name FROM labelled WHERE sample_id = ? AND problem IS NULL AND name != ?", (identity, file.name)
        ).fetchone()
        written = self._begin(file)
        if twin is not None:
            self._end(file, identity, f"the same file as {twin[0]}, which is labelled", photo.notes)
            return
        height, width = photo.image.shape[:2]
        sample = Sample(
            id=identity, image=f"images/{identity}{PurePosixPath(written).suffix}", width=width, height=height,
            sha256=digest, family=file.name, split="train", engine="real", label=label, verdict="kept",
            instances=list(found), scores=about["scores"], quality=about["quality"], reasons=about["reasons"],
            provenance={"file": file.name, "written": written, "notes": photo.notes, **about["provenance"]},
        )  # fmt: skip
        scratch = self.folder / f".{os.getpid()}{PurePosixPath(written).suffix}"
        write_image(scratch, photo.image)  # pixels alone: no place, no camera, no name goes along
        carry(file.path, scratch)  # but that it was generated, where it says so
        self.dataset.add_sample(sample, scratch)
        self.dataset.set_embeddings(_LOOK, {identity: embed(photo.image)})
        self._end(file, identity, None, photo.notes)

    def _begin(self, file: PhotoFile) -> str:
        """The photo's line, made when missing; the bare file name under which it will be exported."""
        row = self._db.execute("SELECT written FROM labelled WHERE name = ?", (file.name,)).fetchone()
        if row is not None:
            return str(row[0])
        stem = holdable(joined_stem(file.name))
        suffix = ".png" if PurePosixPath(file.name).suffix.lower() in _EXACT else ".jpg"
        # Labels are found by the name without suffix, on some disks without regard to case: that must be unique.
        for number in range(1, 1_000_000):
            own = stem if number == 1 else f"{stem}-{number}"
            both = f"{own}.png", f"{own}.jpg"
            if self._db.execute("SELECT 1 FROM labelled WHERE written IN (?, ?)", both).fetchone() is None:
                break
        with self._db:
            self._db.execute(
                "INSERT INTO labelled (name, written, size, mtime_ns) VALUES (?, ?, ?, ?)",
                (file.name, own + suffix, file.size, file.mtime_ns),
            )
        return own + suffix

    def _end(self, file: PhotoFile, sample_id: str | None, problem: str | None, notes: Sequence[str]) -> None:
        before = self._db.execute("SELECT sample_id FROM labelled WHERE name = ?", (file.name,)).fetchone()
        if before[0] not in (None, sample_id):
            self.dataset.update_samples({before[0]: {"verdict": "dropped", "reasons": ["its file was replaced"]}})
        with self._db:
            self._db.execute(
                "UPDATE labelled SET sample_id = ?, problem = ?, notes = ?, size = ?, mtime_ns = ? WHERE name = ?",
                (sample_id, problem, json.dumps(list(notes)), file.size, file.mtime_ns, file.name),
            )

    # What there is ----------------------------------------------------------------------------------------------

    def samples(self) -> Iterator[Sample]:
        """The labelled photos as they are now, one in memory at a time, in the order of their names."""
        rows = self._db.execute("SELECT sample_id FROM labelled WHERE problem IS NULL ORDER BY name")
        for (identity,) in rows:
            sample = self.dataset.sample(identity) if identity else None
            if sample is not None:
                yield sample

    def count(self) -> int:
        """How many photos are labelled."""
        query = "SELECT count(*) FROM labelled WHERE problem IS NULL AND sample_id IS NOT NULL"
        return int(self._db.execute(query).fetchone()[0])

    def vectors(self, most: int) -> tuple[list[str], npt.NDArray[np.float32]]:
        """Ids of labelled photos, evenly at most so many, and what they look like: (n, d), rows of unit length."""
        step = max(1, -(-self.count() // most))
        rows = self._db.execute(
            "SELECT sample_id, vector FROM (SELECT sample_id, row_number() OVER (ORDER BY name) AS place FROM labelled "
            "WHERE problem IS NULL AND sample_id IS NOT NULL) JOIN embeddings USING (sample_id) "
            "WHERE model = ? AND place % ? = 0 ORDER BY place",
            (_LOOK, step),
        )
        ids, vectors = [], []
        for identity, vector in rows:
            ids.append(str(identity))
            vectors.append(np.frombuffer(vector, np.float16))
        found = np.stack(vectors).astype(np.float32) if vectors else np.zeros((0, 1), np.float32)
        return ids, found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Name and reason of every photo that is not labelled."""
        rows = self._db.execute("SELECT name, problem FROM labelled WHERE problem IS NOT NULL ORDER BY name")
        yield from ((str(n), str(p)) for n, p in rows)

    def notes(self) -> Counter[str]:
        """What is unusual about how many photos."""
        rows = self._db.execute("SELECT value, count(*) FROM labelled, json_each(labelled.notes) GROUP BY 1")
        return Counter({str(note): int(count) for note, count in rows})
