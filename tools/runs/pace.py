"""How fast this machine was in its latest runs: estimates go by that where there are any."""

import json
import platform
import statistics
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tools.core.devices import cpu_count
from tools.core.errors import FixArguments
from tools.core.settings import Settings, flat
from tools.runs.estimate import network_work, scale
from tools.runs.runtime import PHOTOS, read_record

RUNS = 3  # latest runs whose median counts: one alone may have shared its machine
_LOOKED_AT = 30  # latest runs that are searched for them
_MIN_IMAGES = 24  # of a run that says how fast a machine is; starting an engine is most of fewer
_SAME = ("generator", "trainer", "model", "recipe", "size_px", "workers", "threads", "engine")  # what sets the pace


class Pace(NamedTuple):
    """What one run took on its machine, with its cores, for its size of image."""

    run: str
    render_s: float  # seconds of wall clock an image
    train_images_per_s: float
    drawn: frozenset[str] = frozenset()  # what its classes are drawn as


def machine_name() -> str:
    """The processor in words: what was measured on another one says nothing here."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    return f"{model}, {cpu_count()} cores"


def latest_paces(runs_dir: Path, machine: str, settings: Settings, drawn: Iterable[str]) -> list[Pace]:
    """Of the latest finished runs on this machine that made and trained as these settings do, at most `RUNS`.

    Args:
        runs_dir: where they are.
        machine: see `machine_name`.
        settings: of the run that is planned.
        drawn: what its classes are drawn as. An image of furred animals takes twice as long as one of apples, so where
            there are runs of the same things they alone count.
    """
    found = [p for f in _latest(runs_dir) if (p := _pace_of(f, machine, settings)) is not None]
    same = [p for p in found if not p.drawn.isdisjoint(drawn)]
    return (same or found)[:RUNS]


def at_pace(settings: Settings, paces: list[Pace]) -> Settings:
    """The settings with measured seconds in place of those that were measured elsewhere."""
    if not paces:
        return settings
    area, speed = scale(settings)
    work = network_work(settings.training.model)
    rate = statistics.median(p.train_images_per_s for p in paces) * area * work / speed**0.5
    render_s = statistics.median(p.render_s for p in paces) * speed / area
    return settings.model_copy(update={"estimate_render_s": render_s, "estimate_train_images_per_s": rate})


def _latest(runs_dir: Path) -> Iterator[Path]:
    try:
        changed = [(f.stat().st_mtime_ns, f) for f in runs_dir.glob("*/run.json")]
    except OSError:
        return
    for _, file in sorted(changed, reverse=True)[:_LOOKED_AT]:
        yield file.parent


def _pace_of(folder: Path, machine: str, settings: Settings) -> Pace | None:
    """Of one run; None where it is no measure of a run with these settings."""
    try:
        record = read_record(folder)
        rounds = [r for r in record.rounds if r.focus != [PHOTOS]]  # the others trained in another stage
        files = [folder / "rounds" / f"{r.number:02d}" / "training.json" for r in rounds]
        trainings = [json.loads(f.read_text(encoding="utf-8")) for f in files if f.is_file()]
        shown = sum(int(t["epochs"]) * int(t.get("seen_an_epoch", t["train_images"])) for t in trainings)
    except (FixArguments, OSError, ValueError, KeyError, TypeError):
        return None
    own = flat(record.settings)
    same = all(own.get(key) == settings.value(key) for key in _SAME)
    made = sum(r.generated for r in record.rounds)
    spent = {name: sum(s.seconds for s in record.stages if s.name == name) for name in ("generate", "train")}
    if record.status != "finished" or record.machine != machine or not same or made < _MIN_IMAGES:
        return None
    if min(shown, *spent.values()) <= 0:
        return None
    drawn = frozenset(c.drawn_as for c in record.task.classes) if record.task else frozenset[str]()
    return Pace(record.name, spent["generate"] / made, shown / spent["train"], drawn)
