"""What Prometheus reads: latency, traffic, queue, batches, classes, drift of confidence, quality by feedback."""

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from tools.service.engine import Look

# Fine around what two cores need for an image (0.05-0.5 s): a quantile is never wrong by more than a bucket.
_SECONDS = (0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256)


class Metrics:
    """Counted in one process: the routes'. Replicas send their numbers along with their answers."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own: dict[str, Any] = {"namespace": "sightsmith", "registry": self.registry}
        self._requests = Counter("requests", "Requests by route and status", ["route", "status"], **own)
        self._refused = Counter("refused", "Requests refused before their body was read", ["status"], **own)
        self._latency = Histogram(
            "latency_seconds", "From the whole body to the answer", ["version"], buckets=_SECONDS, **own
        )
        self._batch = Histogram("batch_size", "Pictures computed together", ["version"], buckets=_SIZES, **own)
        self._objects = Counter("objects", "Objects (or pictures) by class", ["version", "class_name"], **own)
        self._photos = Counter("photos", "Pictures looked at", ["version", "lane"], **own)
        self._queue = Gauge("queue", "Accepted pictures that wait for an answer", **own)
        self._queue_limit = Gauge("queue_limit", "From here on requests are answered with 429", **own)
        self._jobs = Gauge("jobs", "Jobs by status", ["status"], **own)
        self._drift = Gauge(
            "confidence_drift", "Kolmogorov-Smirnov distance of recent confidences to the validation's", ["version"],
            **own,
        )  # fmt: skip
        self._quality = {
            name: Gauge(name, f"{name} by reviewed feedback", ["version"], **own)
            for name in ("precision", "recall", "f1")
        }
        self._reviewed = Gauge("reviewed_photos", "Pictures with reviewed feedback", ["version"], **own)
        self._cached = Counter("cache", "Pictures answered before (hit), or not (miss)", ["version", "result"], **own)
        self._cache_bytes = Gauge("cache_bytes", "Memory of the answers that are kept", **own)
        self._drifts: dict[str, Drift] = {}

    def watch_queue(self, waiting: Callable[[], int], limit: int) -> None:
        """Read the queue's length when asked."""
        self._queue.set_function(waiting)
        self._queue_limit.set(limit)

    def watch_jobs(self, statuses: Sequence[str], count: Callable[[str], int]) -> None:
        """Read the number of jobs when asked."""
        for status in statuses:
            self._jobs.labels(status).set_function(partial(count, status))

    def watch_cache(self, size: Callable[[], int]) -> None:
        """Read the size of the kept answers when asked."""
        self._cache_bytes.set_function(size)

    def cached(self, version: str, *, hit: bool) -> None:
        """An image was looked for among those that were answered."""
        self._cached.labels(version, "hit" if hit else "miss").inc()

    def watch_drift(self, version: str, drift: "Drift") -> None:
        """Compare the confidences of a version with these."""
        self._drifts[version] = drift
        self._drift.labels(version).set_function(drift.distance)

    def answered(self, route: str, status: int) -> None:
        """A request was answered; `route` is a pattern, never what a stranger typed."""
        self._requests.labels(route, str(status)).inc()

    def refused(self, status: int) -> None:
        """A request was refused at the gate."""
        self._refused.labels(str(status)).inc()

    def looked(self, version: str, look: Look, lane: str, seconds: float | None = None) -> None:
        """An image was looked at; `lane` is predict, job or shadow."""
        self._photos.labels(version, lane).inc()
        if seconds is not None:
            self._latency.labels(version).observe(seconds)
        if look.leads:
            self._batch.labels(version).observe(look.batch)
        for name, score in look.confidences():
            self._objects.labels(version, name).inc()
            self._drifts[version].recent.append(score)

    def reviewed(self, version: str, photos: int, quality: Mapping[str, float]) -> None:
        """Precision, recall and F1 of a version by all feedback so far."""
        self._reviewed.labels(version).set(photos)
        for name, value in quality.items():
            self._quality[name].labels(version).set(value)

    def text(self) -> bytes:
        """The exposition."""
        return generate_latest(self.registry)


class Drift:
    """How far recent confidences lie from those on the validation images.

    The two-sample Kolmogorov-Smirnov statistic: the greatest distance of the two cumulative distributions, 0..1.
    """

    def __init__(self, reference: Sequence[float], window: int, least: int) -> None:
        self._reference = list(reference)
        self._least = least
        self.recent: deque[float] = deque(maxlen=window)

    def distance(self) -> float:
        """NaN as long as there is too little to compare."""
        if min(len(self._reference), len(self.recent)) < self._least:
            return math.nan
        from scipy.stats import ks_2samp

        return float(ks_2samp(self._reference, list(self.recent)).statistic)
