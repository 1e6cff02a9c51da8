"""Watch a video: find, track, count; write the video with what was found drawn in, a CSV of tracks, and COCO-like JSON.

One frame is in memory at a time, and what was found goes to the disk as it is found.
"""

import csv
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from tools.core.errors import FixArguments, StepFailed
from tools.core.files import json_text
from tools.core.task import TaskKind
from tools.data.images import ImageArray
from tools.data.sample import Instance
from tools.data.videos import Frame, Video
from tools.models.drawing import class_colour, draw
from tools.video.counting import CountingLine, Zone, line_of, zone_of
from tools.video.tracks import LOW_SHARE, Tracked, Tracker, TrackerName

Told = Callable[[int, int], None]  # done, announced
_REMEMBERED_S = 1.0  # a track that is not seen
_INK, _PAPER = (255, 255, 255), (20, 20, 20)
_COLUMNS = ("frame", "time_s", "track", "class", "score", "x1", "y1", "x2", "y2")


class Finder(Protocol):
    """What finds objects in an image: trained weights, or anything else that answers like them."""

    kind: TaskKind
    names: list[str]

    def predict(self, image: ImageArray, confidence: float) -> list[Instance]:
        """Objects in an RGB image, best first."""


@dataclass(frozen=True)
class Watching:
    """How a video is watched."""

    confidence: float
    every: int = 1
    lines: Sequence[str] = ()
    zones: Sequence[str] = ()
    tracker: TrackerName = "bytetrack"


@dataclass
class WatchResult:
    """What was seen."""

    frames: int = 0
    tracks: dict[int, str] = field(default_factory=dict)  # number -> class
    problem: str = ""

    def plain(self, lines: Sequence[CountingLine], zones: Sequence[Zone]) -> dict[str, Any]:
        """As values that JSON holds."""
        return {
            "frames": self.frames, "tracks": dict(Counter(self.tracks.values())),
            "lines": [line.plain() for line in lines], "zones": [zone.plain() for zone in zones],
            "problem": self.problem,
        }  # fmt: skip


def watch(finder: Finder, path: Path, stem: Path, how: Watching, told: Told | None = None) -> dict[str, Any]:
    """Watch one video.

    Args:
        finder: finds objects.
        path: the video, which is only read.
        stem: place and name of the results, without a suffix: .mp4, .csv and .json are written.
        how: which frames, lines, zones and tracker.
        told: called with how far it is; may raise to stop, and then nothing is left.

    Returns:
        {"video", "frames", "tracks" by class, "lines", "zones", "problem", and the files "drawn", "csv", "json"}.

    Raises:
        FixArguments: a line or zone is none, or the model names whole images.
        StepFailed: nothing of the video can be read.
    """
    if finder.kind == "classify":
        raise FixArguments("a classifier names whole pictures and follows nothing; take a model of boxes or masks")
    video = Video(path, how.every)
    lines = [line_of(text, video.width, video.height) for text in how.lines]
    zones = [zone_of(text, video.width, video.height) for text in how.zones]
    rate = video.fps / how.every
    tracker = Tracker(how.tracker, how.confidence, round(_REMEMBERED_S * rate))
    outcome = WatchResult()
    with ExitStack() as stack:
        results = stack.enter_context(_Results(stem, rate, finder.names))
        for frame in video:
            found = finder.predict(frame.image, how.confidence * LOW_SHARE)
            tracked = tracker.update(found, frame.image)
            for line in lines:
                line.see(tracked, frame.time_s)
            for zone in zones:
                zone.see(tracked, frame.time_s, 1 / rate)
            outcome.frames += 1
            outcome.tracks.update({t.track: t.instance.class_name for t in tracked})
            results.add(frame, tracked, _drawn(frame.image, tracked, finder.names, lines, zones))
            if told is not None:
                told(video.read, max(video.read, video.announced))
        outcome.problem = video.problem
        files = results.finish(outcome.plain(lines, zones))
    return {"video": str(path), **outcome.plain(lines, zones), **files}


class _Results:
    """The three files, written beside their places; without `finish` nothing of them is left."""

    def __init__(self, stem: Path, rate: float, names: Sequence[str]) -> None:
        self.stem, self.rate, self.names = stem, rate, list(names)
        self._scratch = stem.parent / f".{os.getpid()}-{stem.name}"
        self._writer: Any = None
        self._size = (0, 0)  # width and height of the drawn video
        self._images = self._count = 0

    def __enter__(self) -> "_Results":
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir(parents=True)
        self._table = (self._scratch / "csv").open("w", encoding="utf-8", newline="")
        self._rows = csv.writer(self._table)
        self._rows.writerow(_COLUMNS)
        self._lists = {n: (self._scratch / n).open("w", encoding="utf-8") for n in ("images", "annotations")}
        return self

    def __exit__(self, *_error: object) -> None:
        self._close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def add(self, frame: Frame, tracked: Sequence[Tracked], drawn: ImageArray) -> None:
        """Write one frame down."""
        self._draw(drawn)
        height, width = frame.image.shape[:2]
        image = {"id": self._images + 1, "frame": frame.number, "time_s": round(frame.time_s, 3)}
        self._list("images", image | {"file_name": f"{frame.number:06d}", "width": width, "height": height})
        self._images += 1
        for t in tracked:
            i, box = t.instance, [round(v, 2) for v in t.instance.box]
            self._rows.writerow([frame.number, round(frame.time_s, 3), t.track, i.class_name, round(i.score, 4), *box])
            entry: dict[str, Any] = {
                "id": self._count + 1, "image_id": image["id"], "category_id": self.names.index(i.class_name) + 1,
                "track_id": t.track, "score": round(i.score, 4), "iscrowd": 0,
                "bbox": [box[0], box[1], round(box[2] - box[0], 2), round(box[3] - box[1], 2)],
                "area": round((box[2] - box[0]) * (box[3] - box[1]), 2),
            }  # fmt: skip
            if (mask := i.mask(height, width)) is not None:
                entry |= {"segmentation": {"size": [height, width], "counts": i.counts}, "area": int(mask.sum())}
            self._list("annotations", entry)
            self._count += 1

    def _list(self, name: str, entry: dict[str, Any]) -> None:
        file = self._lists[name]
        file.write(("," if file.tell() else "") + json.dumps(entry, ensure_ascii=False) + "\n")

    def _draw(self, drawn: ImageArray) -> None:
        height, width = drawn.shape[:2]
        if self._writer is None:
            self._size = (width - width % 2, height - height % 2)  # the codec wants even sides
            way: Any = cv2.VideoWriter.fourcc
            self._writer = cv2.VideoWriter(str(self._scratch / "drawn.mp4"), way(*"mp4v"), self.rate, self._size)
            if not self._writer.isOpened():
                raise StepFailed("this machine's OpenCV writes no .mp4 file; install opencv-python-headless anew")
        fitted = drawn[: self._size[1], : self._size[0]]
        if (fitted.shape[1], fitted.shape[0]) != self._size:  # some videos change their size midway
            fitted = np.asarray(cv2.resize(drawn, self._size), np.uint8)
        self._writer.write(cv2.cvtColor(fitted, cv2.COLOR_RGB2BGR))

    def finish(self, counts: dict[str, Any]) -> dict[str, str]:
        """Put everything in its place. Returns the files by what they are."""
        self._close()
        categories = [{"id": k, "name": name} for k, name in enumerate(self.names, 1)]
        whole = self._scratch / "json"
        with whole.open("w", encoding="utf-8") as file:
            file.write(f'{{"info": {json_text(counts)},\n"categories": {json_text(categories)}')
            for name in self._lists:
                file.write(f',\n"{name}": [\n')
                with (self._scratch / name).open(encoding="utf-8") as part:
                    shutil.copyfileobj(part, file)
                file.write("]")
            file.write("}\n")
        files = {"drawn": "drawn.mp4", "csv": "csv", "json": "json"}
        placed = {}
        for what, name in files.items():
            target = self.stem.with_name(f"{self.stem.name}{'.mp4' if what == 'drawn' else '.' + what}")
            (self._scratch / name).replace(target)
            placed[what] = str(target)
        return placed

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.release()
        for file in (self._table, *self._lists.values()):
            file.close()


def _drawn(
    image: ImageArray,
    tracked: Sequence[Tracked],
    names: Sequence[str],
    lines: Sequence[CountingLine],
    zones: Sequence[Zone],
) -> ImageArray:
    """A frame with masks or boxes, the number of each track, and lines and zones with their counts."""
    canvas = draw(image, [t.instance for t in tracked], names, labels=False)
    thick = max(1, round(max(canvas.shape[:2]) / 420))
    for t in tracked:
        x1, y1, _, _ = t.instance.box
        _write(canvas, f"{t.track}", (x1, y1), class_colour(t.instance.class_name, names), thick)
    for line in lines:
        a, b = [(round(x), round(y)) for x, y in (line.start, line.end)]
        cv2.line(canvas, a, b, _INK, 2 * thick, cv2.LINE_AA)
        _write(canvas, f"> {line.to_right.total()}  < {line.to_left.total()}", line.start, _PAPER, thick)
    for zone in zones:
        cv2.polylines(canvas, [np.array(zone.corners, np.int32)], True, _INK, 2 * thick, cv2.LINE_AA)
        _write(canvas, f"{zone.inside} in, {zone.entered.total()} ever", zone.corners[0], _PAPER, thick)
    return canvas


def _write(canvas: ImageArray, text: str, where: tuple[float, float], colour: tuple[int, int, int], thick: int) -> None:
    scale = 0.45 * max(1.0, thick / 1.5)
    (wide, high), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    height, width = canvas.shape[:2]
    left = int(np.clip(where[0], 0, max(0, width - wide - 6)))
    top = int(np.clip(where[1] - high - below - 4, 0, max(0, height - high - below - 4)))
    cv2.rectangle(canvas, (left, top), (left + wide + 5, top + high + below + 3), colour, -1)
    ink = _PAPER if np.dot(colour, (0.299, 0.587, 0.114)) > 140 else _INK
    cv2.putText(canvas, text, (left + 3, top + high + 2), cv2.FONT_HERSHEY_SIMPLEX, scale, ink, thick, cv2.LINE_AA)


def watch_files(
    finder: Finder, videos: Sequence[Path], out: Path, how: Watching, told: Told | None = None
) -> list[dict[str, Any]]:
    """Watch videos one after the other; one that cannot be read at all is said, and the rest goes on.

    Results are `STEM.mp4`, `.csv` and `.json` in `out`; nothing that is there already is written over.

    Raises:
        FixArguments: a line or zone is none, or `out` is a file.
        StepFailed: none of the videos can be read.
    """
    if out.exists() and not out.is_dir():
        raise FixArguments(f"--out {out} is a file; name a folder")
    outcomes: list[dict[str, Any]] = []
    for path in videos:
        try:
            outcomes.append(watch(finder, path, _free(out, path.stem), how, told))
        except StepFailed as error:
            outcomes.append({"video": str(path), "error": str(error)})
    if videos and all("error" in o for o in outcomes):
        raise StepFailed(str(outcomes[0]["error"]))
    return outcomes


def _free(out: Path, stem: str) -> Path:
    """Place and name that none of the files of a result has yet."""
    stem = stem[:120]
    names = (stem if n == 1 else f"{stem}-{n}" for n in range(1, 100_000))
    return next(out / n for n in names if not any((out / f"{n}{s}").exists() for s in (".mp4", ".csv", ".json")))
