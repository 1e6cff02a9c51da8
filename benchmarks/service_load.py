"""The service under load from a second process: images a second and p95, with and without batches, overload, memory.

    sightsmith serve RUN --port 8123 --batch-size 8 &
    python benchmarks/service_load.py http://127.0.0.1:8123 photos/ --seconds 60 --users 16
    python benchmarks/service_load.py http://127.0.0.1:8123 photos/ --seconds 150 --users 8 --pid <server's pid>

Compare with a server started with --batch-size 1. With more users than --max-queue, 429 is the right answer: it is
counted apart, and its Retry-After is not waited for, so that the overload stays one.
"""

import argparse
import asyncio
import collections
import json
import statistics
import time
from pathlib import Path

import httpx
import psutil


async def user(http: httpx.AsyncClient, photos: list[bytes], number: int, until: float, seen: dict[int, list[float]]):
    """Ask, wait for the answer, ask again."""
    turn = number
    while time.monotonic() < until:
        began = time.monotonic()
        answer = await http.post("/predict", files={"file": ("a.jpg", photos[turn % len(photos)])})
        seen[answer.status_code].append(time.monotonic() - began)
        if answer.status_code == 429:
            await asyncio.sleep(0.05)  # a client that asks again at once would only measure itself
        turn += 1


def memory_mib(pid: int) -> float:
    """Proportional memory of a server and all below it: shared pages are counted once."""
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(p.memory_full_info().pss for p in processes) / 2**20


async def load(options: argparse.Namespace) -> dict[str, object]:
    """Run the users; returns what they saw."""
    photos = [p.read_bytes() for p in sorted(options.photos.iterdir()) if p.suffix.lower() in (".jpg", ".png")]
    limits = httpx.Limits(max_connections=options.users)
    seen: dict[int, list[float]] = collections.defaultdict(list)
    memory: list[float] = []
    async with httpx.AsyncClient(base_url=options.url, timeout=120, limits=limits, trust_env=False) as http:
        for photo in photos[:8]:  # warm
            await http.post("/predict", files={"file": ("a.jpg", photo)})
        began = time.monotonic()
        until = began + options.seconds
        users = [asyncio.create_task(user(http, photos, i, until, seen)) for i in range(options.users)]
        while options.pid and time.monotonic() < until:
            memory.append(await asyncio.to_thread(memory_mib, options.pid))
            await asyncio.sleep(min(10.0, max(0.0, until - time.monotonic())))
        await asyncio.gather(*users)
    seconds = time.monotonic() - began
    good = sorted(seen[200])
    return {
        "users": options.users, "seconds": round(seconds, 1), "status": {k: len(v) for k, v in sorted(seen.items())},
        "pictures_per_s": round(len(good) / seconds, 2),
        "p50_s": round(statistics.median(good), 3), "p95_s": round(good[int(0.95 * (len(good) - 1))], 3),
        "memory_mib": [round(m) for m in memory],
    }  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("photos", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--users", type=int, default=16)
    parser.add_argument("--pid", type=int, help="of the server, to watch its memory")
    print(json.dumps(asyncio.run(load(parser.parse_args()))))
