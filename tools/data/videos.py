"""Frames of a video, one in memory at a time; a damaged video gives what can be read of it, and says so."""

import math
import os
import shutil
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from tools.core.errors import FixArguments, StepFailed
from tools.data.images import MAX_PIXELS, ImageArray, walk_files, write_image
from tools.data.photos import SAME_LOOK_BITS, frame_name, look_hash
from tools.data.sample import evenly

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # what is wrong with a file is said by us, once
# What a file says must not make the reader fetch anything.
os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "protocol_whitelist;file")

VIDEO_SUFFIXES = frozenset({
    ".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".mts", ".m2ts", ".wmv", ".3gp", ".ogv",
})  # fmt: skip
_LISTS = (b"#EXTM3U", b"ffconcat", b"[playlist]")
_USUAL_FPS = 25.0  # where a file says nothing, or nonsense
_MOST_FPS = 1000.0
_SHORT = 0.02  # of the announced frames: so many are miscounted in whole files
_LONGEST = 200_000  # frames that are believed to be in a file: an hour at 50 a second
_TRIED = 4  # times as many frames as are kept, where none may look like another
_COMPARED = 64  # last kept frames that a new one is compared with


def is_video(path: Path) -> bool:
    """Whether the name ends like a video's; hidden files never do."""
    return path.suffix.lower() in VIDEO_SUFFIXES and not path.name.startswith(".")


@dataclass(frozen=True)
class Frame:
    """One frame."""

    number: int  # from 0, of all frames of the video
    time_s: float
    image: ImageArray  # RGB


class Video:
    """A video that is read once, from its first frame to its last.

    Args:
        path: of the file.
        every: takes each nth frame, the first one first.
        name: to call it in errors; its path where none is given.

    Raises:
        FixArguments: `every` is below 1.
        StepFailed: it is no video, or nothing of it can be read.
    """

    def __init__(self, path: Path, every: int = 1, name: str | None = None) -> None:
        if every < 1:
            raise FixArguments(f"--every {every}: 1 takes every frame, 2 every second one")
        self.path, self.every, self.name, self.read = path, every, name or str(path), 0
        if not path.is_file():
            raise StepFailed(f"{self.name}: there is no such video")
        with path.open("rb") as file:
            if file.read(16).lstrip(b"\xef\xbb\xbf \r\n").startswith(_LISTS):
                raise StepFailed(f"{self.name}: a list of other files, and no video")
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            raise StepFailed(f"{self.name}: not a readable video; it is cut off at its end, damaged, or something else")
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps = fps if np.isfinite(fps) and 0 < fps <= _MOST_FPS else _USUAL_FPS
        self.width, self.height = (
            int(self._capture.get(p)) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        self.announced = max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        if self.width * self.height > MAX_PIXELS:
            raise StepFailed(f"{self.name}: refused, a frame has {self.width} x {self.height} pixels; scale it down")

    def __iter__(self) -> Iterator[Frame]:
        """The frames; the file is closed after the last."""
        try:
            while self._capture.grab():
                number, self.read = self.read, self.read + 1
                if number % self.every:
                    continue
                whole, pixels = self._capture.retrieve()
                if whole and pixels is not None:
                    image = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)
                    self.height, self.width = image.shape[:2]  # turned upright, they differ from what is announced
                    yield Frame(number, number / self.fps, image)
        finally:
            self._capture.release()
        if not self.read:
            raise StepFailed(f"{self.name}: no frame of it can be read; it is damaged or cut off")

    @property
    def problem(self) -> str:
        """After the last frame: what could not be read, in a sentence; empty when the video is whole."""
        if self.read >= self.announced * (1 - _SHORT) - 1:
            return ""
        return (
            f"{self.path.name} is damaged or cut off: {self.read} of {self.announced} frames could be read, "
            f"up to {self.read / self.fps:.1f} s"
        )


def spread_frames(path: Path, most: int, name: str | None = None) -> Iterator[Frame]:
    """At most so many frames from all over a video, in order; those between are passed over, not decoded.

    Args:
        path: of the video; one that does not say how long it is gives a frame a second.
        most: frames.
        name: to call it in errors.

    Raises:
        StepFailed: as `Video`.
    """
    asked = Video(path, name=name)
    announced = min(asked.announced, _LONGEST)
    every = math.ceil(announced / most) if announced else round(asked.fps)
    yield from islice(Video(path, max(1, every), name), most)


def apart_frames(path: Path, most: int, name: str | None = None) -> Iterator[Frame]:
    """At most so many frames from all over a video of which none looks like another, in order; none of one colour.

    Args:
        path: of the video.
        most: frames.
        name: to call it in errors.

    Raises:
        StepFailed: as `Video`.
    """
    kept: list[tuple[int, int]] = []  # look and number: of a camera's frames many do not fit in memory
    for frame in spread_frames(path, most * _TRIED, name):
        look = look_hash(frame.image)
        if look is not None and all((look ^ other).bit_count() > SAME_LOOK_BITS for other, _ in kept):
            kept.append((look, frame.number))
    chosen = {number for _, number in evenly(kept, most)}
    yield from (frame for frame in spread_frames(path, most * _TRIED, name) if frame.number in chosen)


def every_of(path: Path, seconds: float) -> int:
    """Each how manieth frame is taken for one in so many seconds.

    Raises:
        StepFailed: as `Video`.
    """
    return max(1, round(Video(path).fps * seconds))


def write_frames(path: Path, folder: Path, every: int, *, copies: bool) -> str:
    """Write frames of a video as images that all names say are of one photo; nothing where that is done.

    Args:
        path: of the video.
        folder: made by this.
        every: takes each nth frame.
        copies: also frames that look like one of the last that were taken.

    Returns:
        What could not be read, in a sentence.

    Raises:
        FixArguments: `every` is below 1.
        StepFailed: nothing of the video can be read.
    """
    if folder.is_dir():
        return ""
    building = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(building, ignore_errors=True)  # what a kill left
    video, kept = Video(path, every), deque[int](maxlen=_COMPARED)
    for frame in video:
        look = None if copies else look_hash(frame.image)
        if look is not None:
            if any((look ^ other).bit_count() <= SAME_LOOK_BITS for other in kept):
                continue
            kept.append(look)
        write_image(building / frame_name(path.stem, frame.number), frame.image)
    building.replace(folder)
    return video.problem


def take_apart(folder: Path, most: int) -> dict[str, str]:
    """Put frames in the place of every video of a folder of ours: from all over it, none like another.

    Args:
        folder: in which videos are replaced.
        most: frames of each.

    Returns:
        Name of each video of which nothing can be read -> why.
    """
    unread = {}
    for path in sorted(p for p in folder.rglob("*") if is_video(p) and p.is_file()):
        name = path.relative_to(folder).as_posix()
        try:
            for frame in apart_frames(path, most, name):
                write_image(path.with_name(frame_name(path.stem, frame.number)), frame.image)
        except StepFailed as error:
            unread[name] = str(error).removeprefix(f"{name}: ")
        path.unlink()
    return unread


def with_frames(
    given: Sequence[Path], folder: Path, *, every: int | None, seconds: float, copies: bool
) -> tuple[list[Path], list[str]]:
    """Photos and folders, each video among and in them replaced by a folder of its frames.

    Args:
        given: files and folders.
        folder: where frames are written, a folder for each video.
        every: takes each nth frame; None: one in `seconds`.
        seconds: between two frames.
        copies: see `write_frames`.

    Returns:
        Where to look, and what could not be read.

    Raises:
        FixArguments: `every` is below 1.
        StepFailed: nothing that was given can be read.
    """
    places, problems = [], []
    for place in given:
        if place.is_dir():
            places.append(place)
            try:
                videos = [p for p in walk_files(place) if is_video(p)]
            except OSError:  # said when its photos are read
                continue
        elif is_video(place):
            videos = [place]
        else:
            places.append(place)
            continue
        for video in videos:
            about = video.stat()
            name = f"{video.stem[:80]}-{about.st_size:x}-{about.st_mtime_ns:x}-{every or 0}{'c' * copies}"
            try:
                said = write_frames(video, folder / name, every or every_of(video, seconds), copies=copies)
                places.append(folder / name)
            except StepFailed as error:
                said = str(error)
            problems += [said] if said else []
    if problems and not places:
        raise StepFailed(" ".join(problems))
    return places, problems
