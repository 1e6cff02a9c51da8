"""How fast the Blender engine renders: `python benchmarks/render_speed.py [COUNT] [SIZE_PX] [CONTEXT]`.

Prints the latency of an image with masks when the pool is busy and when one worker has the machine to itself, the
pool's wall-clock an image, milliseconds of each stage, and the workers' memory. The load of the machine stands
beside it: other work on the same cores makes every figure worse.
"""

import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tools.generators import Generated
from tools.generators.blender.engine import BlenderGenerator
from tools.generators.blender.library import Library
from tools.scenes.scene import LIGHTS, SceneObject, SceneSpec


def scene(context: str, seed: int) -> SceneSpec:
    """Four to eight apples at a middle distance, some partly hidden."""
    rng = random.Random(seed)
    objects = [
        SceneObject(
            class_name="apple",
            drawn_as="apple",
            box=(rng.uniform(0.1, 0.9), rng.uniform(0.2, 0.8), w := rng.uniform(0.08, 0.18), w),
            depth=k,
            occlusion=rng.choice([0.0, 0.0, 0.3]),
        )
        for k in range(rng.randint(4, 8))
    ]
    return SceneSpec(context=context, light=LIGHTS[seed % len(LIGHTS)], objects=objects, family="speed", seed=seed)


def measure(context: str, count: int, size_px: int, workers: int | None) -> None:
    """Render and print one line of figures and one of stages."""
    engine = BlenderGenerator(library=Library(), size_px=size_px, workers=workers)
    scenes = [scene(context, seed) for seed in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        list(engine.generate([scene("table", 999), scene("table", 998)], Path(folder)))  # start and warm the workers
        engine.stages_ms.clear()
        memory = [_memory(engine)]
        latencies = []
        started = time.perf_counter()
        for made in engine.generate(scenes, Path(folder)):
            if isinstance(made, Generated):
                latencies.append(made.seconds)
            else:
                print(f"failed: {made.reason}")
            if len(latencies) % 20 == 0:
                memory.append(_memory(engine))
        wall = time.perf_counter() - started
    label = "one worker" if workers == 1 else "one worker a core"
    print(
        f"{context}, {size_px} px, {label}: latency median {statistics.median(latencies):.2f} s, "
        f"worst {max(latencies):.2f} s; throughput {wall / count:.2f} s a picture over {count}; "
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    names = list(engine.stages_ms[0])
    print("  stages, median ms: " + ", ".join(f"{n} {_median(engine, n):.0f}" for n in names))
    print("  memory of a worker, MB: " + " -> ".join(f"{m:.0f}" for m in memory))
    engine.close()


def _median(engine: BlenderGenerator, stage: str) -> float:
    return statistics.median(s[stage] for s in engine.stages_ms)


def _memory(engine: BlenderGenerator) -> float:
    return max((psutil.Process(pid).memory_info().rss / 2**20 for pid in engine.pids()), default=0.0)


if __name__ == "__main__":
    images = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    side = int(sys.argv[2]) if len(sys.argv) > 2 else 320
    place = sys.argv[3] if len(sys.argv) > 3 else "orchard"
    for processes in (1, None):
        measure(place, images, side, processes)
