"""Look through a run's samples a page at a time: filters and order in SQL, so that size costs little."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field

from tools.core.errors import StepFailed
from tools.data.sample import Instance, Sample

SortOrder = Literal["newest", "latest", "best", "worst", "uncertain"]
_JSON_FIELDS = ("axes", "provenance", "scores", "reasons")
WAITS = "waits for a person's look"  # why a photo that was brought as wrong is in no training yet
# The labels' least score, times the image's quality: what a machine was least sure of, and what is hard to see.
_CERTAINTY = (
    "coalesce((SELECT min(json_extract(i.data, '$.score')) FROM instances i WHERE i.sample_id = s.id), 1.0)"
    " * coalesce(s.quality, 1.0)"
)
_ORDERS: dict[SortOrder, str] = {
    "newest": "s.round DESC, s.id",
    "latest": "s.rowid DESC",  # as they were made
    "best": "s.quality DESC, s.id",
    "worst": "s.quality, s.id",
    "uncertain": f"{_CERTAINTY}, s.id",
}


class Filter(BaseModel):
    """Which samples are wanted; None or empty: all."""

    verdict: str | None = None
    round: int | None = None
    split: str | None = None
    class_name: str | None = None
    slices: dict[str, str] = Field(default_factory=dict, description="axis -> value")
    quality: tuple[float, float] | None = None
    reason: str | None = None
    corrected: bool | None = None


class Facets(BaseModel):
    """What there is to filter by, with counts."""

    total: int = 0
    verdicts: dict[str, int] = Field(default_factory=dict)
    rounds: dict[int, int] = Field(default_factory=dict)
    classes: dict[str, int] = Field(default_factory=dict)
    axes: dict[str, dict[str, int]] = Field(default_factory=dict)
    reasons: dict[str, int] = Field(default_factory=dict)


class Browser:
    """Reads a data set while others write it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "dataset.sqlite"

    def changed_ns(self) -> int:
        """When the data set was last written, in nanoseconds; 0 where there is none."""
        files = (self.path, self.path.with_name(f"{self.path.name}-wal"))
        return max((f.stat().st_mtime_ns for f in files if f.is_file()), default=0)

    def facets(self) -> Facets:
        """Counts by verdict, round, class, slice and reason."""
        with self._open() as db:

            def counts(query: str) -> dict[str, int]:
                return {str(r[0]): int(r[1]) for r in db.execute(query) if r[0] is not None}

            axes: dict[str, dict[str, int]] = {}
            for axis, value, count in db.execute(
                "SELECT j.key, j.value, count(*) FROM samples, json_each(samples.axes) j "
                "GROUP BY 1, 2 ORDER BY 1, 3 DESC"
            ):
                axes.setdefault(str(axis), {})[str(value)] = int(count)
            verdicts = counts("SELECT verdict, count(*) FROM samples GROUP BY 1 ORDER BY 2 DESC")
            return Facets(
                total=sum(verdicts.values()),
                verdicts=verdicts,
                rounds={int(k): v for k, v in counts("SELECT round, count(*) FROM samples GROUP BY 1").items()},
                classes=counts(
                    "SELECT json_extract(data, '$.class_name'), count(DISTINCT sample_id) FROM instances GROUP BY 1 "
                    "ORDER BY 2 DESC LIMIT 100"
                ),
                axes=axes,
                reasons=counts(
                    "SELECT CASE WHEN value LIKE 'copy of %' THEN 'copy of' WHEN value LIKE 'unlike the rest%' THEN "
                    "'unlike the rest' ELSE value END, count(*) FROM samples, json_each(samples.reasons) GROUP BY 1 "
                    "ORDER BY 2 DESC LIMIT 30"
                ),
            )

    def count(self, wanted: Filter) -> int:
        """How many samples pass a filter."""
        where, values = _where(wanted)
        with self._open() as db:
            return int(db.execute(f"SELECT count(*) FROM samples s WHERE {where}", values).fetchone()[0])

    def page(self, wanted: Filter, order: SortOrder, offset: int, limit: int) -> list[Sample]:
        """At most `limit` samples from `offset` on, with their instances."""
        where, values = _where(wanted)
        with self._open() as db:
            # Sorted by id alone: whole rows are wide, and only one page of them is wanted.
            ids = db.execute(
                f"SELECT s.id FROM samples s WHERE {where} ORDER BY {_ORDERS[order]} LIMIT ? OFFSET ?",
                [*values, limit, offset],
            ).fetchall()
            rows = (db.execute("SELECT * FROM samples WHERE id = ?", (r["id"],)).fetchone() for r in ids)
            return [_sample(db, row) for row in rows if row is not None]

    def to_review(self, class_name: str | None = None) -> list[tuple[str, bool]]:
        """Id of every sample, least certain first, and whether its turn comes by itself while nobody has looked."""
        where, values = _where(Filter(class_name=class_name))
        with self._open() as db:
            rows = db.execute(
                f"SELECT s.id, s.verdict != 'dropped' OR s.reasons = ? FROM samples s WHERE {where} "
                f"ORDER BY {_ORDERS['uncertain']}",
                [json.dumps([WAITS]), *values],
            )
            return [(str(r[0]), bool(r[1])) for r in rows]

    def reviewed(self) -> tuple[int, int]:
        """How many samples a person has looked at, and how many there are to look at."""
        with self._open() as db:
            done = db.execute(f"SELECT count(*) FROM samples s WHERE NOT ({_UNSEEN})").fetchone()[0]
            left = db.execute(
                f"SELECT count(*) FROM samples s WHERE (verdict != 'dropped' OR s.reasons = ?) AND {_UNSEEN}",
                (json.dumps([WAITS]),),
            ).fetchone()[0]
        return int(done), int(left)

    def changes(self) -> tuple[int, int]:
        """The latest correction and how many were taken back: another pair after whatever a person does to labels."""
        with self._open() as db:
            latest, undone = db.execute("SELECT max(version), sum(undone) FROM corrections").fetchone()
        return int(latest or 0), int(undone or 0)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if not self.path.is_file():
            raise StepFailed(f"{self.path}: there is no data set yet")
        try:
            db = sqlite3.connect(self.path, timeout=10)
            db.row_factory = sqlite3.Row
            try:
                yield db
            finally:
                db.close()
        except sqlite3.OperationalError as error:
            raise StepFailed(f"{self.path} cannot be read now: {error}") from error
        except sqlite3.DatabaseError as error:
            raise StepFailed(f"{self.path} is damaged: {error}") from error


_UNSEEN = "s.id NOT IN (SELECT sample_id FROM corrections WHERE undone = 0 AND action != 'flag')"


def _where(wanted: Filter) -> tuple[str, list[object]]:
    """Values go in as parameters, names of axes inside a JSON path that is one too."""
    terms: list[str] = ["1"]
    values: list[object] = []
    for column, value in (("verdict", wanted.verdict), ("round", wanted.round), ("split", wanted.split)):
        if value is not None:
            terms.append(f"s.{column} = ?")
            values.append(value)
    if wanted.class_name is not None:
        terms.append(
            "(s.label = ? OR s.id IN (SELECT sample_id FROM instances WHERE json_extract(data, '$.class_name') = ?))"
        )
        values += [wanted.class_name, wanted.class_name]
    for axis, value in wanted.slices.items():
        terms.append("json_extract(s.axes, ?) = ?")
        values += [f"$.{json.dumps(axis)}", value]
    if wanted.quality is not None:
        terms.append("coalesce(s.quality, 0) BETWEEN ? AND ?")
        values += list(wanted.quality)
    if wanted.reason is not None:
        terms.append("EXISTS (SELECT 1 FROM json_each(s.reasons) WHERE substr(value, 1, ?) = ?)")
        values += [len(wanted.reason), wanted.reason]
    if wanted.corrected is not None:
        terms.append(f"NOT ({_UNSEEN})" if wanted.corrected else _UNSEEN)
    return " AND ".join(terms), values


def _sample(db: sqlite3.Connection, row: sqlite3.Row) -> Sample:
    fields = {k: json.loads(row[k]) if k in _JSON_FIELDS else row[k] for k in row.keys()}  # noqa: SIM118
    labels = db.execute("SELECT data FROM instances WHERE sample_id = ? ORDER BY position", (row["id"],))
    return Sample(**fields, instances=[Instance.model_validate_json(r["data"]) for r in labels])
