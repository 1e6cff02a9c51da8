"""Answers for the same bytes again, kept in memory within a limit: what was asked for longest ago goes first."""

import hashlib
import pickle
from collections import OrderedDict
from dataclasses import replace

from tools.service.engine import Look, ServingEngine
from tools.service.metrics import Metrics

_Key = tuple[bytes, str, float]
_ENTRY_BYTES = 250  # of key and bookkeeping


class CachedEngine:
    """An engine that is not asked twice for the same image, version and confidence.

    A version's weights do not change while it is served, and the same bytes always give the same answer, so nothing
    here grows old. Kept are answers and digests, never images. What failed is not kept.

    Args:
        engine: computes.
        limit_bytes: that all answers may take together; one that alone is larger is not kept.
        metrics: counts hits and misses.
    """

    def __init__(self, engine: ServingEngine, limit_bytes: int, metrics: Metrics) -> None:
        self.engine, self._limit, self._metrics = engine, limit_bytes, metrics
        self._kept: OrderedDict[_Key, bytes] = OrderedDict()  # packed: of a known size, and nobody can change it
        self.size = 0
        metrics.watch_cache(lambda: self.size)

    async def look(self, version: str, content: bytes, confidence: float) -> Look:
        """See `ServingEngine`."""
        key = (hashlib.sha256(content).digest(), version, confidence)
        packed = self._kept.get(key)
        self._metrics.cached(version, hit=packed is not None)
        if packed is not None:
            self._kept.move_to_end(key)
            kept: Look = pickle.loads(packed)  # our own bytes, never out of this process
            return kept
        look = await self.engine.look(version, content, confidence)
        if not look.broken:
            self._keep(key, look)
        return look

    def _keep(self, key: _Key, look: Look) -> None:
        """Remember an answer, as one that no batch was computed for."""
        packed = pickle.dumps(replace(look, batch=1, leads=False))
        cost = len(packed) + _ENTRY_BYTES
        if cost > self._limit or key in self._kept:  # asked twice at once: the first that came is kept
            return
        self._kept[key] = packed
        self.size += cost
        while self.size > self._limit:
            _, oldest = self._kept.popitem(last=False)
            self.size -= len(oldest) + _ENTRY_BYTES

    async def problem(self) -> str | None:
        """See `ServingEngine`."""
        return await self.engine.problem()


def cached(engine: ServingEngine, cache_mb: float, metrics: Metrics) -> ServingEngine:
    """The engine with a cache of so many megabytes; 0: as it is."""
    return CachedEngine(engine, int(cache_mb * 2**20), metrics) if cache_mb else engine
