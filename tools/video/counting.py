"""What crosses a line, and what stands in a zone, of things that are tracked.

A thing is where the middle of its box is. It has crossed a line when it was clearly on one side and then clearly on the
other, and its way went between the line's ends; what trembles on a line is not counted again and again.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from tools.core.errors import FixArguments
from tools.data.sample import Box
from tools.video.tracks import Tracked

Position = tuple[float, float]
_CLEARLY = 0.1  # of the shorter side of its box away from the line
_FORGOTTEN_S = 60.0  # a track that was not seen for so long will not come back


@dataclass
class CountingLine:
    """A line from one point to another; right and left are those of who walks along it."""

    start: Position
    end: Position
    to_right: Counter[str] = field(default_factory=Counter)  # by class
    to_left: Counter[str] = field(default_factory=Counter)
    _last: dict[int, tuple[float, Position, float]] = field(default_factory=dict)  # track -> side, place, time

    def see(self, tracked: Sequence[Tracked], time_s: float) -> None:
        """Take the next frame."""
        for track, where, box, name in _places(tracked):
            away = _side(self.start, self.end, where)
            if abs(away) < _CLEARLY * min(box[2] - box[0], box[3] - box[1]):
                continue
            side = float(np.sign(away))
            before = self._last.get(track)
            if before is not None and before[0] != side and _meet(before[1], where, self.start, self.end):
                (self.to_right if side > 0 else self.to_left)[name] += 1
            self._last[track] = (side, where, time_s)
        _forget(self._last, time_s)

    def plain(self) -> dict[str, Any]:
        """As values that JSON holds."""
        return {
            "line": [*self.start, *self.end], "to_right": dict(self.to_right), "to_left": dict(self.to_left),
            "crossed": self.to_right.total() + self.to_left.total(),
        }  # fmt: skip


@dataclass
class Zone:
    """A polygon."""

    corners: list[Position]
    entered: Counter[str] = field(default_factory=Counter)  # tracks that were ever inside, by class
    most: int = 0  # inside at one time
    inside: int = 0  # in the last frame
    seconds: float = 0.0  # that all of them stood in it together
    _seen: dict[int, tuple[bool, Position, float]] = field(default_factory=dict)  # track -> counted, place, time

    def see(self, tracked: Sequence[Tracked], time_s: float, frame_s: float) -> None:
        """Take the next frame, which lasts so long."""
        self.inside = 0
        polygon = np.array(self.corners, np.float32)
        for track, where, _, name in _places(tracked):
            known = track in self._seen and self._seen[track][0]
            now = cv2.pointPolygonTest(polygon, where, measureDist=False) >= 0
            self.inside += now
            self.entered[name] += now and not known
            self.seconds += frame_s * now
            self._seen[track] = (known or now, where, time_s)
        self.most = max(self.most, self.inside)
        _forget(self._seen, time_s)

    def plain(self) -> dict[str, Any]:
        """As values that JSON holds."""
        entered = {name: count for name, count in self.entered.items() if count}
        return {
            "zone": [v for corner in self.corners for v in corner], "entered": entered, "most_at_once": self.most,
            "seconds_in_all": round(self.seconds, 2),
        }  # fmt: skip


def line_of(text: str, width: int, height: int) -> CountingLine:
    """The line of "x1,y1,x2,y2", in pixels, or in shares of the frame where no number is above 1.

    Raises:
        FixArguments: it is none.
    """
    corners = _corners(text, "--line", width, height)
    if len(corners) != 2 or corners[0] == corners[1]:
        raise FixArguments(f"--line {text}: two different points are wanted, as x1,y1,x2,y2")
    return CountingLine(corners[0], corners[1])


def zone_of(text: str, width: int, height: int) -> Zone:
    """The zone of "x1,y1,x2,y2" (two opposite corners) or of three points and more; units as for a line.

    Raises:
        FixArguments: it is none.
    """
    corners = _corners(text, "--zone", width, height)
    if len(corners) == 2:
        (x1, y1), (x2, y2) = corners
        corners = [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]
    if len(corners) < 3 or cv2.contourArea(np.array(corners, np.float32)) <= 0:
        raise FixArguments(f"--zone {text}: two opposite corners or three points and more are wanted, as x1,y1,x2,y2")
    return Zone(corners)


def _corners(text: str, flag: str, width: int, height: int) -> list[Position]:
    try:
        values = [float(v) for v in text.split(",")]
    except ValueError:
        raise FixArguments(f"{flag} {text}: numbers with commas between them are wanted, as x1,y1,x2,y2") from None
    if len(values) % 2 or len(values) < 4 or not np.isfinite(values).all():
        raise FixArguments(f"{flag} {text}: an even number of numbers is wanted, as x1,y1,x2,y2")
    scale = (width, height) if max(map(abs, values)) <= 1 else (1, 1)
    return [(x * scale[0], y * scale[1]) for x, y in zip(values[::2], values[1::2], strict=True)]


def _places(tracked: Sequence[Tracked]) -> list[tuple[int, Position, Box, str]]:
    boxes = [(t.track, t.instance.box, t.instance.class_name) for t in tracked]
    return [(track, ((b[0] + b[2]) / 2, (b[1] + b[3]) / 2), b, name) for track, b, name in boxes]


def _side(start: Position, end: Position, where: Position) -> float:
    """Pixels to the right of a line, seen along it; y points down."""
    along = (end[0] - start[0], end[1] - start[1])
    return (along[0] * (where[1] - start[1]) - along[1] * (where[0] - start[0])) / float(np.hypot(*along))


def _meet(a: Position, b: Position, start: Position, end: Position) -> bool:
    """Whether the way from a to b, which are on different sides of the line, goes between its ends."""
    return a != b and _side(a, b, start) * _side(a, b, end) <= 0


def _forget(known: dict[int, tuple[Any, Position, float]], time_s: float) -> None:
    for track in [t for t, (_, _, seen) in known.items() if time_s - seen > _FORGOTTEN_S]:
        del known[track]
