"""Answers and what people said of them: precision, recall and F1 of each version, and whether one is better.

Promotion asks a permutation test (scipy) whether the F1 of the newer version is higher than chance would make it:
photos seen by both versions are compared in pairs, others as two groups. Who asks again and again would find "better"
by luck one day: the k-th question may be wrong with probability alpha * 6 / (pi k)^2, which sums to alpha.
"""

import json
import math
import sqlite3
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.core.database import Damaged, connected, is_damaged
from tools.core.files import set_aside
from tools.core.settings import Settings
from tools.data.sample import Instance
from tools.metrics.coco import JudgedImage, Matcher

MatchCounts = npt.NDArray[np.int64]
_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (
    id TEXT, version TEXT, owner TEXT, time REAL, width INTEGER, height INTEGER, found TEXT, shown INTEGER,
    right INTEGER, wrong INTEGER, missed INTEGER, PRIMARY KEY (id, version));
CREATE TABLE IF NOT EXISTS truths (id TEXT PRIMARY KEY, time REAL, objects TEXT);
CREATE INDEX IF NOT EXISTS by_time ON answers (time);
"""
_PAIRED_SHARE = 0.5  # from this share of photos that both saw, pairs are compared and the others left out


@dataclass(frozen=True)
class VersionComparison:
    """A newer version against the main one."""

    better: bool
    why: str
    photos: int
    paired: bool
    f1: float
    f1_main: float
    p: float
    level: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {name: None if value != value else value for name, value in asdict(self).items()}


def _open(path: Path) -> sqlite3.Connection:
    """The database, looked through once; a damaged one is set aside, and a new one begun."""

    def prepare(db: sqlite3.Connection) -> None:
        db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + _SCHEMA)
        if (found := db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise Damaged(found)

    try:
        return connected(path, prepare, isolation_level=None)
    except sqlite3.DatabaseError as error:
        if not is_damaged(error):
            raise
        aside = set_aside(path, str(error))
        for rest in ("-wal", "-shm"):  # belong to the damaged one
            if (left := path.with_name(path.name + rest)).exists():
                left.rename(aside.with_name(aside.name + rest))
        return connected(path, prepare, isolation_level=None)


class Feedback:
    """A small database beside the jobs."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._db = _open(path)

    def close(self) -> None:
        """Let the file go."""
        with self._lock:  # a sweep in another thread may be under way, and SQLite does not survive that
            self._db.close()

    def keep(
        self, answer_id: str, version: str, owner: str, size: tuple[int, int], found: Sequence[dict[str, Any]],
        *, shown: bool,
    ) -> None:  # fmt: skip
        """Remember what a version said, without masks: [{"class", "score", "box"}].

        Args:
            answer_id: of the request; a shadow's answer has the same.
            version: who said it.
            owner: name of the key that asked.
            size: width and height.
            found: a classifier's class has the box of the whole image.
            shown: whether it was the answer.
        """
        small = json.dumps([[o["class"], o["score"], o["box"]] for o in found])
        with self._lock:
            self._db.execute(
                "INSERT OR REPLACE INTO answers VALUES (?,?,?,?,?,?,?,?,NULL,NULL,NULL)",
                (answer_id, version, owner, time.time(), *size, small, int(shown)),
            )
            self._score(answer_id)

    def review(self, answer_id: str, owner: str | None, objects: Sequence[dict[str, Any]]) -> list[str] | None:
        """Take in what is really in an image: [{"class", "box"}]. A later review replaces an earlier one.

        Args:
            answer_id: of the answer.
            owner: whose answer it must be; None: anybody's.
            objects: all that is there.

        Returns:
            The versions that are measured by it; None when there is no such answer.
        """
        with self._lock:
            known = self._db.execute("SELECT owner FROM answers WHERE id = ?", (answer_id,)).fetchone()
            if known is None or owner not in (None, known[0]):
                return None
            truth = json.dumps([[o["class"], 1.0, o["box"]] for o in objects])
            self._db.execute("PRAGMA synchronous=FULL")  # what a person said is on the disk, as the log up to here
            self._db.execute("INSERT OR REPLACE INTO truths VALUES (?,?,?)", (answer_id, time.time(), truth))
            self._db.execute("PRAGMA synchronous=NORMAL")
            return self._score(answer_id)

    def size_of(self, answer_id: str) -> tuple[int, int] | None:
        """Width and height of the image of an answer."""
        with self._lock:
            row = self._db.execute("SELECT width, height FROM answers WHERE id = ?", (answer_id,)).fetchone()
        return None if row is None else (row[0], row[1])

    def sweep(self) -> None:
        """Forget old answers that nobody reviewed."""
        oldest = time.time() - self._settings.service.keep_days * 86_400
        with self._lock:
            self._db.execute("DELETE FROM answers WHERE time < ? AND id NOT IN (SELECT id FROM truths)", (oldest,))

    def quality(self, version: str) -> tuple[int, dict[str, float]]:
        """Reviewed photos of a version, and its precision, recall and F1 on them; NaN where nothing was counted."""
        counts = np.array(list(self._counts(version).values()), dtype=np.int64).reshape(-1, 3)
        right, wrong, missed = counts.sum(axis=0)
        return len(counts), {
            "precision": _ratio(right, right + wrong), "recall": _ratio(right, right + missed),
            "f1": _ratio(2 * right, 2 * right + wrong + missed),
        }  # fmt: skip

    def compare(self, version: str, main: str, asks: int) -> VersionComparison:
        """Whether a version is better than the main one beyond noise.

        Args:
            version: the newer.
            main: the one that answers.
            asks: how many times it was asked, this one included; from 1.
        """
        ours, theirs = self._counts(version), self._counts(main)
        both = sorted(ours.keys() & theirs.keys())
        paired = len(both) >= _PAIRED_SHARE * max(1, min(len(ours), len(theirs)))
        a = np.array([ours[i] for i in both] if paired else list(ours.values()), dtype=np.int64).reshape(-1, 3)
        b = np.array([theirs[i] for i in both] if paired else list(theirs.values()), dtype=np.int64).reshape(-1, 3)
        level = self._settings.promote.alpha * 6 / (math.pi * asks) ** 2
        photos, least = min(len(a), len(b)), self._settings.promote.photos
        f1, f1_main = float(_f1(a)), float(_f1(b))
        if photos < least:
            why = f"{photos} reviewed photos; {least} are needed"
            return VersionComparison(False, why, photos, paired, f1, f1_main, math.nan, level)
        p = _p_value(a, b, paired, self._settings.promote.resamples)
        better = f1 > f1_main and p <= level
        verdict = "better beyond noise" if better else "not better beyond noise"
        why = f"{verdict}: F1 {f1:.3f} against {f1_main:.3f}, p = {p:.4f}, needed {level:.4f}"
        return VersionComparison(better, why, photos, paired, f1, f1_main, p, level)

    def _counts(self, version: str) -> dict[str, tuple[int, int, int]]:
        """Right, wrong and missed of each reviewed photo."""
        with self._lock:
            rows = self._db.execute(
                "SELECT id, right, wrong, missed FROM answers WHERE version = ? AND right IS NOT NULL", (version,)
            ).fetchall()
        return {row[0]: (row[1], row[2], row[3]) for row in rows}

    def _score(self, answer_id: str) -> list[str]:
        """Measure every version's answer on the truth, whichever came first."""
        truth = self._db.execute("SELECT objects FROM truths WHERE id = ?", (answer_id,)).fetchone()
        if truth is None:
            return []
        wanted = "SELECT version, width, height, found FROM answers WHERE id = ? ORDER BY shown DESC, version"
        rows = self._db.execute(wanted, (answer_id,)).fetchall()
        for version, width, height, found in rows:
            counted = _count(
                width, height, _instances(truth[0]), _instances(found), self._settings.evaluation.match_iou
            )
            self._db.execute(
                "UPDATE answers SET right = ?, wrong = ?, missed = ? WHERE id = ? AND version = ?",
                (*counted, answer_id, version),
            )
        return [row[0] for row in rows]


def _instances(text: str) -> list[Instance]:
    return [Instance(class_name=name, score=score, box=tuple(box)) for name, score, box in json.loads(text)]


def _count(
    width: int, height: int, truths: Sequence[Instance], found: Sequence[Instance], iou: float
) -> tuple[int, int, int]:
    """Right, wrong and missed objects of one image, matched by box as COCO does."""
    classes = sorted({i.class_name for i in [*truths, *found]})
    if not classes:
        return 0, 0, 0
    matched = Matcher([JudgedImage("", width, height, truths, found)], classes, "bbox").match([iou])
    right, wrong = int(matched.right.sum()), int(matched.wrong.sum())
    return right, wrong, int(matched.truths.sum()) - right


def _p_value(a: MatchCounts, b: MatchCounts, paired: bool, resamples: int) -> float:
    """Probability that chance makes the F1 of `a` exceed that of `b` by as much: one-sided permutation test.

    Args:
        a: (n, 3) right, wrong, missed of each photo.
        b: (m, 3) of the other version; the same photos in the same order when paired.
        paired: versions are exchanged within a photo, instead of photos between the versions.
        resamples: exchanges that are drawn; all of them where there are fewer.
    """
    from scipy.stats import permutation_test

    counts = np.concatenate([a, b])  # photos are passed by number, for the test exchanges numbers only

    def difference(x: npt.NDArray[np.int64], y: npt.NDArray[np.int64], axis: int = -1) -> npt.NDArray[np.float64]:
        return _f1(counts[x.astype(np.int64)], axis - 1) - _f1(counts[y.astype(np.int64)], axis - 1)

    result = permutation_test(
        (np.arange(len(a)), np.arange(len(a), len(counts))), difference, vectorized=True, alternative="greater",
        permutation_type="samples" if paired else "independent", n_resamples=resamples, batch=200,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    return float(result.pvalue)


def _f1(counts: MatchCounts, axis: int = -2) -> npt.NDArray[np.float64]:
    """F1 over the photos along an axis; 0 where nothing was there and nothing was found."""
    right, wrong, missed = np.moveaxis(counts.sum(axis=axis), -1, 0)
    return np.asarray(2 * right / np.maximum(1, 2 * right + wrong + missed), dtype=np.float64)


def _ratio(part: int, whole: int) -> float:
    return float(part / whole) if whole else math.nan
