"""Which detections of one frame and the next are the same thing: Ultralytics' trackers, fed with our detections."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np

from tools.data.images import ImageArray
from tools.data.sample import Instance

TrackerName = Literal["bytetrack", "botsort"]
LOW_SHARE = 0.5  # of the working threshold: from there on a detection may continue a track, but begins none


@dataclass(frozen=True)
class Tracked:
    """An object in a frame, and the number that it has in all frames."""

    track: int
    instance: Instance


class Tracker:
    """Numbers for the objects of a video, from 1; a thing of one class never becomes one of another.

    Scores say little between two models, so they take no part in who is whom: places alone do.

    Args:
        name: ByteTrack; or BoT-SORT, which also follows a moving camera and takes longer.
        threshold: score from which a detection begins a track.
        lost_frames: for so many frames a track that is not seen is remembered.
    """

    def __init__(self, name: TrackerName, threshold: float, lost_frames: int) -> None:
        from tools.models.networks import quiet_ultralytics

        quiet_ultralytics()
        self.name = name
        self._settings = {
            "tracker_type": name, "track_high_thresh": threshold, "track_low_thresh": threshold * LOW_SHARE,
            "new_track_thresh": threshold, "track_buffer": max(1, lost_frames), "match_thresh": 0.8,
            "fuse_score": False, "gmc_method": "sparseOptFlow", "proximity_thresh": 0.5, "appearance_thresh": 0.8,
            "with_reid": False, "model": "auto",
        }  # fmt: skip
        self._by_class: dict[str, Any] = {}
        self._numbers: dict[tuple[str, int], int] = {}

    def update(self, found: Sequence[Instance], image: ImageArray) -> list[Tracked]:
        """The objects of the next frame that are in a track; one that is seen for the first time waits a frame.

        Args:
            found: detections from half the threshold on.
            image: the RGB frame.
        """
        from ultralytics.engine.results import Boxes

        for name in sorted({i.class_name for i in found} - set(self._by_class)):
            self._by_class[name] = self._new()
        tracked = []
        frame = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), np.uint8)
        for name, tracker in self._by_class.items():
            own = [i for i in found if i.class_name == name]
            rows = np.array([[*i.box, i.score, 0] for i in own], np.float32).reshape(-1, 6)
            for *_, number, _, _, index in tracker.update(
                Boxes(rows, (image.shape[0], image.shape[1])), frame
            ).tolist():
                key = (name, int(number))
                track = self._numbers.setdefault(key, len(self._numbers) + 1)
                tracked.append(Tracked(track, own[int(index)]))
        return sorted(tracked, key=lambda t: t.track)

    def _new(self) -> Any:
        from ultralytics.trackers.bot_sort import BOTSORT
        from ultralytics.trackers.byte_tracker import BYTETracker
        from ultralytics.utils import IterableSimpleNamespace

        make: Any = {"bytetrack": BYTETracker, "botsort": BOTSORT}[self.name]
        return make(IterableSimpleNamespace(**self._settings))
