"""The data set of a run: SQLite rows beside image files. A row is added after its file, so a kill loses nothing."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.core.database import connected
from tools.core.errors import StepFailed
from tools.data.sample import Instance, Sample, evenly
from tools.scenes.scene import SceneSpec

_SCHEMA = """
CREATE TABLE IF NOT EXISTS scenes (
    id TEXT PRIMARY KEY, round INTEGER NOT NULL, spec TEXT NOT NULL, error TEXT, position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS samples (
    id TEXT PRIMARY KEY, scene_id TEXT NOT NULL, round INTEGER NOT NULL, image TEXT NOT NULL,
    width INTEGER NOT NULL, height INTEGER NOT NULL, sha256 TEXT NOT NULL, family TEXT NOT NULL, split TEXT,
    axes TEXT NOT NULL, engine TEXT NOT NULL, seed INTEGER NOT NULL, provenance TEXT NOT NULL, scores TEXT NOT NULL,
    quality REAL, verdict TEXT NOT NULL, reasons TEXT NOT NULL, label TEXT);
CREATE TABLE IF NOT EXISTS instances (
    sample_id TEXT NOT NULL REFERENCES samples(id), position INTEGER NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (sample_id, position));
CREATE TABLE IF NOT EXISTS lookalikes (
    sample_id TEXT NOT NULL REFERENCES samples(id), position INTEGER NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (sample_id, position));
CREATE TABLE IF NOT EXISTS embeddings (
    sample_id TEXT NOT NULL, model TEXT NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (sample_id, model));
CREATE TABLE IF NOT EXISTS corrections (
    version INTEGER PRIMARY KEY AUTOINCREMENT, sample_id TEXT NOT NULL REFERENCES samples(id), time TEXT NOT NULL,
    action TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, undone INTEGER NOT NULL DEFAULT 0,
    reviewer TEXT NOT NULL DEFAULT '', comment TEXT NOT NULL DEFAULT '', undone_by TEXT NOT NULL DEFAULT '',
    undone_time TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS corrections_sample ON corrections(sample_id);
CREATE INDEX IF NOT EXISTS samples_round ON samples(round);
CREATE INDEX IF NOT EXISTS samples_scene ON samples(scene_id);
"""
_LATER = ("reviewer", "comment", "undone_by", "undone_time")  # columns of corrections that data sets of before lack
FLAG = "flag"  # the action that changes nothing: somebody else should look
_PAGE = 500  # samples read together
_JSON_FIELDS = ("axes", "provenance", "scores", "reasons")
_UPDATABLE = {"provenance", "split", "scores", "quality", "verdict", "reasons", "label"}


@dataclass(frozen=True)
class Correction:
    """One change by a person."""

    version: int
    sample_id: str
    time: str
    action: str


class Dataset:
    """Scenes, samples and instances of one run, in `dataset.sqlite` beside `images/`."""

    def __init__(self, folder: Path, *, quick: bool = False) -> None:
        """Open or make it; `quick` lets a power cut (not a kill) take the last rows, where they can be made again."""
        self.folder = folder
        (folder / "images").mkdir(parents=True, exist_ok=True)
        settings = "PRAGMA journal_mode=WAL;" + ("PRAGMA synchronous=NORMAL;" if quick else "")
        self._db = connected(folder / "dataset.sqlite", lambda db: db.executescript(settings + _SCHEMA), timeout=30)
        self._db.row_factory = sqlite3.Row
        self._add_columns()

    def _add_columns(self) -> None:
        known = {r["name"] for r in self._db.execute("PRAGMA table_info(corrections)")}
        for name in _LATER:
            if name not in known:
                with self._db:
                    self._db.execute(f"ALTER TABLE corrections ADD COLUMN {name} TEXT NOT NULL DEFAULT ''")

    def close(self) -> None:
        """Release the database."""
        self._db.close()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What is read inside is as it was at the beginning, whoever corrects labels meanwhile; nothing is written."""
        self._db.execute("BEGIN")
        try:
            self._count("SELECT count(*) FROM samples")  # what a reader sees is settled by its first look
            yield
        finally:
            self._db.rollback()

    # Scenes -----------------------------------------------------------------------------------------------------

    def add_scenes(self, round_number: int, scenes: Iterable[SceneSpec]) -> int:
        """Plan scenes for a round; one that is planned already is left alone. Returns how many are new."""
        before = self.count_scenes()
        after_last = self._count("SELECT coalesce(max(position) + 1, 0) FROM scenes")
        with self._db:
            self._db.executemany(
                "INSERT OR IGNORE INTO scenes VALUES (?, ?, ?, NULL, ?)",
                ((s.id, round_number, s.model_dump_json(), n) for n, s in enumerate(scenes, after_last)),
            )
        return self.count_scenes() - before

    def pending_scenes(self) -> list[SceneSpec]:
        """Planned scenes that have neither a sample nor a recorded failure, as planned, the latest round's first."""
        rows = self._db.execute(
            "SELECT id, spec FROM scenes WHERE error IS NULL AND id NOT IN (SELECT scene_id FROM samples) "
            "ORDER BY round DESC, position"
        )
        return list(self._scenes(rows))

    def scenes(self, round_number: int | None = None) -> list[SceneSpec]:
        """All planned scenes, or those of a round."""
        return list(self.each_scene(round_number))

    def each_scene(self, round_number: int | None = None) -> Iterator[SceneSpec]:
        """The same, one after the other: of many, no more than one need be in memory."""
        rows = self._db.execute(
            "SELECT id, spec FROM scenes WHERE ?1 IS NULL OR round = ?1 ORDER BY position", (round_number,)
        )
        return self._scenes(rows)

    def count_scenes(self) -> int:
        """How many scenes are planned."""
        return self._count("SELECT count(*) FROM scenes")

    def round_of_scene(self, scene_id: str) -> int:
        """The round that planned a scene."""
        return self._count("SELECT round FROM scenes WHERE id = ?", scene_id)

    def fail_scene(self, scene_id: str, reason: str) -> None:
        """Record why a scene gave no image; it is not tried again by itself."""
        with self._db:
            self._db.execute("UPDATE scenes SET error = ? WHERE id = ?", (reason, scene_id))

    def failures(self) -> dict[str, str]:
        """Scene id -> why it gave no image."""
        return {r["id"]: r["error"] for r in self._db.execute("SELECT id, error FROM scenes WHERE error IS NOT NULL")}

    # Samples ----------------------------------------------------------------------------------------------------

    def add_sample(self, sample: Sample, image: Path) -> bool:
        """Move a finished image into `images/`, then add its rows. False when the sample is there already.

        Args:
            sample: its `image` must be a path relative to the run folder.
            image: a temporary file on the same disk.
        """
        target = self.folder / sample.image
        target.parent.mkdir(parents=True, exist_ok=True)
        image.replace(target)
        row = sample.model_dump(exclude={"instances", "lookalikes"})
        row.update({name: json.dumps(row[name], ensure_ascii=False) for name in _JSON_FIELDS})
        with self._db:
            added = self._db.execute(
                f"INSERT OR IGNORE INTO samples ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
                list(row.values()),
            ).rowcount
            if added:
                self._write_instances(sample.id, sample.instances)
                self._write_instances(sample.id, sample.lookalikes, "lookalikes")
        return bool(added)

    def samples(
        self, *, round_number: int | None = None, verdict: str | None = None, split: str | None = None,
        most: int | None = None,
    ) -> Iterator[Sample]:  # fmt: skip
        """Samples in a stable order (by round, then id), filtered; each with its instances.

        Which they are is settled by the first one; the rows are read as they are come to, so that a million need no
        memory. Of more than `most`, so many from all over them.
        """
        wanted = {"round": round_number, "verdict": verdict, "split": split}
        wanted = {k: v for k, v in wanted.items() if v is not None}
        where = " AND ".join(f"{k} = ?" for k in wanted) or "1"
        query = f"SELECT id FROM samples WHERE {where} ORDER BY round, id"
        ids = [str(row["id"]) for row in self._db.execute(query, list(wanted.values()))]
        ids = evenly(ids, most or len(ids))
        for start in range(0, len(ids), _PAGE):
            yield from self._page(ids[start : start + _PAGE])

    def sample(self, sample_id: str) -> Sample | None:
        """One sample by id."""
        return next(self._page([sample_id]), None)

    def update_samples(self, updates: dict[str, dict[str, Any]]) -> None:
        """Change fields of samples in one transaction: {sample id: {field: value}}.

        Raises:
            ValueError: a field that never changes after the sample was made.
        """
        with self._db:
            for sample_id, fields in updates.items():
                if unknown := set(fields) - _UPDATABLE:
                    raise ValueError(f"not updatable: {sorted(unknown)}")
                values = [json.dumps(v, ensure_ascii=False) if k in _JSON_FIELDS else v for k, v in fields.items()]
                assignments = ", ".join(f"{k} = ?" for k in fields)
                self._db.execute(f"UPDATE samples SET {assignments} WHERE id = ?", [*values, sample_id])

    def set_instances(self, sample_id: str, instances: list[Instance]) -> None:
        """Replace the labels of a sample."""
        with self._db:
            self._db.execute("DELETE FROM instances WHERE sample_id = ?", (sample_id,))
            self._write_instances(sample_id, instances)

    def count(
        self, *, round_number: int | None = None, verdict: str | None = None, split: str | None = None
    ) -> int:  # fmt: skip
        """How many samples there are, of a round, with a verdict or in a split where given."""
        return self._count(
            "SELECT count(*) FROM samples WHERE (?1 IS NULL OR round = ?1) AND (?2 IS NULL OR verdict = ?2) "
            "AND (?3 IS NULL OR split = ?3)",
            round_number, verdict, split,
        )  # fmt: skip

    # Embeddings -------------------------------------------------------------------------------------------------

    def set_embeddings(self, model: str, vectors: Mapping[str, npt.NDArray[np.float32]]) -> None:
        """Keep vectors of whole images by sample id, as 16-bit floats: half of the space, and no copy goes unseen."""
        with self._db:
            self._db.executemany(
                "INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)",
                [(i, model, v.astype(np.float16).tobytes()) for i, v in vectors.items()],
            )

    def embedding_models(self) -> dict[str, int]:
        """Models of which there are vectors -> how many numbers one has."""
        rows = self._db.execute("SELECT model, max(length(vector)) AS bytes FROM embeddings GROUP BY model")
        return {row["model"]: row["bytes"] // 2 for row in rows}

    def embeddings(self, model: str) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
        """Sample id and vector of unit length, one after the other."""
        rows = self._db.execute("SELECT sample_id, vector FROM embeddings WHERE model = ? ORDER BY sample_id", (model,))
        for row in rows:
            vector = np.frombuffer(row["vector"], np.float16).astype(np.float32)
            yield row["sample_id"], vector / max(float(np.linalg.norm(vector)), 1e-6)

    # Corrections by a person -----------------------------------------------------------------------------------

    def correct(self, sample_id: str, action: str, changed: Sample, *, by: str = "", comment: str = "") -> int:
        """Put a person's version of a sample in place of what was there, in one transaction; returns its number.

        Only what a person may change is taken: verdict, split, reasons, label and instances. `by` is the person's name.

        Raises:
            KeyError: there is no such sample.
        """
        before = self.sample(sample_id)
        if before is None:
            raise KeyError(sample_id)
        with self._db:
            version = self._db.execute(
                "INSERT INTO corrections (sample_id, time, action, before, after, reviewer, comment) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    sample_id,
                    _now(),
                    action,
                    _state(before),
                    _state(changed),
                    by,
                    comment,
                ),
            ).lastrowid
            self._restore(sample_id, _state(changed))
        return int(version or 0)

    def undo(self, *, by: str = "") -> Correction | None:
        """Take back the latest correction that stands; None when there is none. `by` is the person's name."""
        row = self._db.execute("SELECT * FROM corrections WHERE undone = 0 ORDER BY version DESC LIMIT 1").fetchone()
        if row is None:
            return None
        with self._db:
            self._db.execute(
                "UPDATE corrections SET undone = 1, undone_by = ?, undone_time = ? WHERE version = ?",
                (by, _now(), row["version"]),
            )
            self._restore(row["sample_id"], row["before"])
        return Correction(row["version"], row["sample_id"], row["time"], row["action"])

    def corrections(self, limit: int = 20) -> list[Correction]:
        """The latest corrections that stand, newest first."""
        rows = self._db.execute("SELECT * FROM corrections WHERE undone = 0 ORDER BY version DESC LIMIT ?", (limit,))
        return [Correction(r["version"], r["sample_id"], r["time"], r["action"]) for r in rows.fetchall()]

    def corrected(self) -> set[str]:
        """Ids of the samples that a person has looked at; their labels are not made anew."""
        rows = self._db.execute("SELECT DISTINCT sample_id FROM corrections WHERE undone = 0 AND action != ?", (FLAG,))
        return {r["sample_id"] for r in rows}

    def flagged(self) -> dict[str, str]:
        """Id of each sample whose latest word is that somebody else should look -> the comment."""
        rows = self._db.execute(
            "SELECT sample_id, action, comment, max(version) FROM corrections WHERE undone = 0 GROUP BY sample_id"
        )
        return {r["sample_id"]: r["comment"] for r in rows if r["action"] == FLAG}

    def audit_trail(self, after: int = 0, limit: int = -1) -> list[dict[str, Any]]:
        """Every change by a person, oldest first: when, who, which image, what, before, after, and if taken back.

        Args:
            after: only changes of a later version than this.
            limit: at most so many; -1: all.
        """
        rows = self._db.execute(
            "SELECT c.*, s.image, s.provenance FROM corrections c JOIN samples s ON s.id = c.sample_id "
            "WHERE version > ? ORDER BY version LIMIT ?", (after, limit),
        )  # fmt: skip
        return [
            {
                "version": r["version"], "time": r["time"], "reviewer": r["reviewer"], "action": r["action"],
                "flagged": r["action"] == FLAG, "comment": r["comment"], "sample": r["sample_id"], "image": r["image"],
                "file": json.loads(r["provenance"]).get("file"), "before": json.loads(r["before"]),
                "after": json.loads(r["after"]), "undone": bool(r["undone"]),
                "undone_by": r["undone_by"] or None, "undone_time": r["undone_time"] or None,
            }
            for r in rows.fetchall()
        ]  # fmt: skip

    def _restore(self, sample_id: str, state: str) -> None:
        """Write a state of `_state`; the caller holds the transaction."""
        fields = json.loads(state)
        instances = [Instance.model_validate(i) for i in fields.pop("instances")]
        fields["reasons"] = json.dumps(fields["reasons"], ensure_ascii=False)
        assignments = ", ".join(f"{k} = ?" for k in fields)
        self._db.execute(f"UPDATE samples SET {assignments} WHERE id = ?", [*fields.values(), sample_id])
        self._db.execute("DELETE FROM instances WHERE sample_id = ?", (sample_id,))
        self._write_instances(sample_id, instances)

    # Rows -------------------------------------------------------------------------------------------------------

    def _count(self, query: str, *arguments: object) -> int:
        row = self._db.execute(query, arguments).fetchone()
        if row is None:
            raise KeyError(f"nothing found for {arguments}")
        return int(row[0])

    def _write_instances(self, sample_id: str, instances: list[Instance], table: str = "instances") -> None:
        self._db.executemany(
            f"INSERT INTO {table} VALUES (?, ?, ?)",
            [(sample_id, position, i.model_dump_json()) for position, i in enumerate(instances)],
        )

    def _scenes(self, rows: Iterable[sqlite3.Row]) -> Iterator[SceneSpec]:
        for row in rows:
            with self._whole("scene", row["id"]):
                scene = SceneSpec.model_validate_json(row["spec"])
            yield scene

    def _page(self, ids: Sequence[str]) -> Iterator[Sample]:
        """Samples with what they show, in the order of their ids; one that is gone is left out."""
        marks = ", ".join("?" * len(ids))
        found = self._db.execute(f"SELECT * FROM samples WHERE id IN ({marks})", ids).fetchall()
        rows = {row["id"]: row for row in found}
        shown = {
            table: self._db.execute(
                f"SELECT sample_id, data FROM {table} WHERE sample_id IN ({marks}) ORDER BY position", ids
            ).fetchall()
            for table in ("instances", "lookalikes")
        }
        own: dict[str, dict[str, list[str]]] = {table: {} for table in shown}
        for table, entries in shown.items():
            for entry in entries:
                own[table].setdefault(entry["sample_id"], []).append(entry["data"])
        for identity in (i for i in ids if i in rows):
            row = rows[identity]
            with self._whole("picture", identity):
                fields = {k: json.loads(row[k]) if k in _JSON_FIELDS else row[k] for k in row.keys()}  # noqa: SIM118
                lists = {
                    table: [Instance.model_validate_json(data) for data in by_sample.get(identity, ())]
                    for table, by_sample in own.items()
                }
                sample = Sample(**fields, **lists)
            yield sample

    @contextmanager
    def _whole(self, what: str, identity: str) -> Iterator[None]:
        """Name a row that cannot be read: pydantic and json tell of its text alone."""
        try:
            yield
        except (ValueError, TypeError) as error:
            raise StepFailed(
                f"{self.folder / 'dataset.sqlite'}: the row of {what} {identity} is damaged "
                f"({str(error).splitlines()[0]}). Restore the file from a copy; the rest of it is whole."
            ) from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _state(sample: Sample) -> str:
    """What a person may change of a sample, as JSON."""
    return sample.model_dump_json(include={"verdict", "split", "reasons", "label", "instances"})


def sample_id(scene: SceneSpec, engine: str) -> str:
    """The sample's id: a hash of the scene (seed included) and the engine, so doing a step twice adds nothing."""
    return hashlib.sha1(f"{scene.id}/{engine}".encode()).hexdigest()[:16]


def file_sha256(path: Path) -> str:
    """Hex digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
