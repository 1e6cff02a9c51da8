"""A few frames from all over a video file: read with OpenCV, bounded in number, length and size."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tools.core.errors import FixArguments
from tools.data.images import ImageArray

VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm"})
MOST_FRAMES = 60  # that are looked at: a minute at one a second
_MOST_SIDE_PX = 8192  # of a frame
_MOST_GRABBED = 200_000  # frames passed over on the way: an hour at 50 a second


@dataclass(frozen=True)
class Frame:
    """One frame."""

    at_s: float  # from the beginning
    image: ImageArray  # (h, w, 3) RGB


def frames(path: Path, name: str, most: int = MOST_FRAMES) -> Iterator[Frame]:
    """At most `most` frames, evenly spread, at most one a second of a long video; in order.

    Frames between are passed over without being decoded to images, so a broken place costs what lies there alone.

    Args:
        path: of the file.
        name: to call it in errors.
        most: frames.

    Raises:
        FixArguments: no frame of it can be read, or its images are too large.
    """
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    given = 0
    try:
        rate = video.get(cv2.CAP_PROP_FPS)
        rate = rate if 0.1 <= rate <= 1000 else 25.0
        count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        if max(video.get(cv2.CAP_PROP_FRAME_WIDTH), video.get(cv2.CAP_PROP_FRAME_HEIGHT)) > _MOST_SIDE_PX:
            raise FixArguments(f"{name}: its pictures are larger than {_MOST_SIDE_PX} px; make it smaller first")
        step = max(1, round(rate) if count <= 0 else -(-count // most))
        for number in range(_MOST_GRABBED):
            if given >= most or not video.grab():
                break
            if number % step:
                continue
            whole, image = video.retrieve()
            if whole:
                given += 1
                yield Frame(number / rate, np.ascontiguousarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)))
    finally:
        video.release()
    if not given:
        kinds = ", ".join(sorted(VIDEO_SUFFIXES))
        raise FixArguments(f"{name}: no picture in it can be read; bring a video as {kinds}")
