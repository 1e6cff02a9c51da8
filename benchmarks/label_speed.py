"""How fast photos are labelled, in how much memory: `python benchmarks/label_speed.py FOLDER --run RUN --photos DIR`.

Makes 100 and 1,000 small photos out of those in DIR (cuts of random places) in FOLDER, and measures, each in a process
of its own: our labelling (masks, run lengths, queue, data set and images written), the same without writing anything,
and a loop of Ultralytics' own `predict`, photo by photo, with the same weights and image size. Then it kills a
labelling half-way, goes on, and counts.
"""

import argparse
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

PARTS = ("write", "predict", "once", "loop")
SIZES = (100, 1000)
SIDE_PX = 320


def make_photos(source: Path, folder: Path, count: int) -> Path:
    """Cuts of real photos, all different."""
    from tools.data.images import is_image, read_image, write_image

    if folder.is_dir() and len(list(folder.iterdir())) == count:
        return folder
    files = sorted(p for p in source.rglob("*") if is_image(p))
    for number in range(count):
        rng = np.random.default_rng(number)
        image = read_image(files[number % len(files)])
        h, w = image.shape[:2]
        side = int(rng.integers(min(h, w) * 2 // 3, min(h, w)))
        top, left = int(rng.integers(0, h - side + 1)), int(rng.integers(0, w - side + 1))
        write_image(folder / f"{number:05d}.jpg", image[top : top + side, left : left + side])
    return folder


def ours(given: argparse.Namespace, part: str) -> int:
    """Label a folder; returns the number of labels. Part "once" looks at each photo once, as the loop does."""
    from tools.core.settings import Settings
    from tools.label.command import Labelling, label_photos
    from tools.label.labeler import AutoLabeler, label_task

    settings = Settings(runs_dir=given.folder / "runs", profile="offline", label_closer=part != "once")
    task, model = label_task(given.classes), str(given.weights)
    if part == "write":
        wanted = Labelling([given.of], task, "coco", given.folder / "out" / given.of.name, model)
        return sum(label_photos(wanted, settings).summary.labels.values())
    with AutoLabeler(task, settings, model=model) as labeler:
        return sum(len(p.instances) for p in labeler.predict(given.of))


def one_by_one(given: argparse.Namespace) -> int:
    """Ultralytics' predict in a loop."""
    return _loop(sorted(given.of.iterdir()), given)


def _loop(paths: list[Path], given: argparse.Namespace) -> int:
    from tools.models.networks import quiet_ultralytics

    quiet_ultralytics()
    from ultralytics import YOLO

    model = YOLO(str(given.folder / "weights.pt"))
    found = 0
    for path in paths:
        result = model.predict(str(path), imgsz=SIDE_PX, conf=0.25, verbose=False, device="cpu")[0]
        found += len(result.boxes)
        if result.masks is not None:
            _ = result.masks.xy  # outlines: what a label needs
    return found


def measure(given: argparse.Namespace, part: str, photos: Path) -> dict[str, Any]:
    """Run a part in a process of its own."""
    command = [sys.executable, __file__, str(given.folder), "--weights", str(given.weights), "--classes", given.classes]
    done = subprocess.run([*command, "--part", part, "--of", str(photos)], check=True, capture_output=True, text=True)
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{part} on {photos.name}: {said}", flush=True)
    return said


def warm_up(given: argparse.Namespace) -> None:
    """Import everything and look at one photo, so that what is measured is photos."""
    from tools.core.settings import Settings
    from tools.label.labeler import AutoLabeler, label_task

    first = next(given.of.iterdir())
    if given.part == "loop":
        _loop([first], given)
        return
    with AutoLabeler(label_task(given.classes), Settings(profile="offline"), model=str(given.weights)) as labeler:
        list(labeler.predict(first))


def run_part(given: argparse.Namespace) -> None:
    """In the process of its own: warm up on nothing, measure, print."""
    import torch

    torch.set_num_threads(given.threads)
    warm_up(given)
    began, cpu = time.perf_counter(), time.process_time()
    labels = one_by_one(given) if given.part == "loop" else ours(given, given.part)
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    count = len(list(given.of.iterdir()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({
        "photos_per_s": round(count / seconds, 2), "photos_per_cpu_s": round(count / used, 2), "labels": labels,
        "peak_mib": round(peak),
    }))  # fmt: skip


def killed_and_resumed(given: argparse.Namespace, photos: Path) -> dict[str, Any]:
    """SIGKILL when about half is labelled; then go on and count what there is."""
    import sqlite3

    shutil.rmtree(given.folder / "runs", ignore_errors=True)
    command = [sys.executable, __file__, str(given.folder), "--weights", str(given.weights), "--classes", given.classes]
    command += ["--part", "write", "--of", str(photos)]
    count, done = len(list(photos.iterdir())), 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None and done < count // 2:
        time.sleep(0.05)
        for store in (given.folder / "runs" / ".photos").glob("*/dataset.sqlite"):
            try:
                done = sqlite3.connect(store).execute("SELECT count(*) FROM samples").fetchone()[0]
            except sqlite3.OperationalError:
                continue
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    [store] = (given.folder / "runs" / ".photos").glob("*/dataset.sqlite")
    rows, distinct = sqlite3.connect(store).execute("SELECT count(*), count(DISTINCT sha256) FROM samples").fetchone()
    said = {"killed_after": done, "photos": count, "rows": rows, "distinct": distinct}
    print(f"killed and resumed: {said}", flush=True)
    return said


def main() -> None:
    """Read the arguments, measure, print a table as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--run", type=Path, help="folder of a finished run")
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--classes", default="apple")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--of", type=Path)
    given = parser.parse_args()
    given.folder = given.folder.resolve()
    if given.part:
        run_part(given)
        return
    from tools.models.checkpoint import to_ultralytics_pt
    from tools.runs.runtime import RunRecord

    best = RunRecord.model_validate_json((given.run / "run.json").read_text(encoding="utf-8")).best
    assert best is not None
    given.weights = (given.run / best.weights).resolve()
    to_ultralytics_pt(given.weights, given.folder / "weights.pt")
    sets = [make_photos(given.photos, given.folder / f"photos-{n}", n) for n in given.sizes]
    shutil.rmtree(given.folder / "runs", ignore_errors=True)
    shutil.rmtree(given.folder / "out", ignore_errors=True)
    result = {f"{part}-{photos.name}": measure(given, part, photos) for photos in sets for part in PARTS}
    result["killed"] = killed_and_resumed(given, sets[-1])
    for photos in sets:
        speed = {part: result[f"{part}-{photos.name}"]["photos_per_s"] for part in PARTS}
        result[f"ratio-{photos.name}"] = {part: round(speed[part] / speed["loop"], 2) for part in PARTS}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
