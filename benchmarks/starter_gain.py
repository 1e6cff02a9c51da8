"""What starter weights and recipe bring: `python benchmarks/starter_gain.py FOLDER [--photos DIR] [--only PART ...]`.

Parts, each the median of several seeds, all side by side in one run:
    start     apples: the same renders and the same seconds (or epochs) from random weights and from the starter
    classes   the same for three classes far from apples, one after the other
    place     leave one context out: a model that never saw a context, on that context and on those it saw
    speed     images a second of our loop and of Ultralytics' own trainer, and what both learnt in as many epochs
Renders are made once in FOLDER and used again. `--photos` adds box scores on real labelled photos of apples.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from learning_sets import Renders, evaluated, make_renders, middle, on_photos, train

from tools.core.threads import prepare_for_torch
from tools.models.predict import Predictor
from tools.trainers import TrainingJob, stock
from tools.trainers.batches import steps_of
from tools.trainers.yolo import Recipe, YoloTrainer

STRANGERS = ("bolt", "mushroom", "mug")
PLACES = ("orchard", "table", "studio", "grass", "conveyor")


def start(given: argparse.Namespace, thing: str = "apple", photos: Path | None = None) -> dict[str, Any]:
    """Random weights and starter after the same seconds on the same renders."""
    renders = make_renders(given.folder / "renders" / thing, (thing,), given.images, seed=0)
    result: dict[str, Any] = {}
    for name in ("random", "starter"):
        scores: list[dict[str, float | None]] = []
        for seed in range(given.seeds):
            folder = given.folder / "trainings" / f"{thing}-{name}-{seed}"
            trainer = YoloTrainer(details=replace(Recipe(), starter=name == "starter"))
            made = train(trainer, renders, renders.split("train"), renders.split("val"), folder, seed,
                         **limits(given))  # fmt: skip
            model = Predictor.load(made.weights)
            held_out = evaluated(model, renders.split("test"), renders.folder, renders.task)
            scores.append({"mask_map50_renders": held_out.mask_map50})
            if photos:
                real = on_photos(model, photos, renders.task)
                scores[-1] |= {"box_map50_photos": real.box_map50, "box_map50_95_photos": real.box_map50_95}
            say(f"{thing} from {name}, seed {seed}, {made.epochs} epochs", scores[-1])
        result[name] = {metric: middle([s[metric] for s in scores]) for metric in scores[0]}
    return result


def place(given: argparse.Namespace) -> dict[str, Any]:
    """Each of some contexts left out in turn."""
    renders = make_renders(given.folder / "renders" / "apple", ("apple",), given.images, seed=0)
    ratios, rows = [], {}
    for context in PLACES:
        pairs = []
        for seed in range(given.seeds):
            unseen = [s for s in renders.samples if s.axes["context"] == context]
            seen = Renders(renders.folder, renders.task, [s for s in renders.samples if s.axes["context"] != context])
            made = train(YoloTrainer(), seen, seen.split("train"), seen.split("val"),
                         given.folder / "trainings" / f"without-{context}-{seed}", seed,
                         **limits(given))  # fmt: skip
            model = Predictor.load(made.weights)
            out, within = (
                evaluated(model, samples, renders.folder, renders.task).mask_map50 or 0.0
                for samples in (unseen, seen.split("test", "val"))
            )
            pairs.append((out, within))
            say(f"without {context}, seed {seed}", (out, within))
        rows[context] = {"left_out": middle([p[0] for p in pairs]), "seen": middle([p[1] for p in pairs])}
        ratios.append(rows[context]["left_out"] / rows[context]["seen"])
    return {"contexts": rows, "mean_ratio": round(statistics.mean(ratios), 3)}


def speed(given: argparse.Namespace) -> dict[str, Any]:
    """The same renders, network, start, image size, batch and epochs, in turn, each in a process of its own.

    `stock` is Ultralytics as `yolo train` runs it: one thread for the network, and processes that load images.
    `stock, all threads` is the same with every core for the network.
    """
    renders = make_renders(given.folder / "renders" / "apple", ("apple",), given.images, seed=0)
    found: dict[str, list[dict[str, float]]] = {"ours": [], "stock": [], "stock, all threads": []}
    for seed in range(given.seeds):
        for name, results in found.items():
            folder = given.folder / "trainings" / f"speed-{name.replace(', ', '-').replace(' ', '-')}-{seed}"
            shutil.rmtree(folder, ignore_errors=True)
            own = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "GOMP_"))}
            if name.endswith("threads"):
                own["OMP_NUM_THREADS"] = str(os.cpu_count())
            command = [*sys.argv, "--alone", name.partition(",")[0], "--seed", str(seed), "--into", str(folder)]
            subprocess.run([sys.executable, *command], env=own, check=True)
            rate = json.loads((folder / "rate.json").read_text())
            model = Predictor.load(folder / "weights.safetensors")
            score = evaluated(model, renders.split("test"), renders.folder, renders.task).mask_map50 or 0.0
            results.append({"pictures_a_second": rate, "mask_map50_renders": score})
            say(f"{name}, seed {seed}", results[-1])
    result: dict[str, Any] = {
        name: {key: middle([r[key] for r in results]) for key in results[0]} for name, results in found.items()
    }
    for name in list(found)[1:]:
        ours, theirs = (result[n]["pictures_a_second"] for n in ("ours", name))
        result[f"times {name}"] = round(ours / theirs, 2)
    return result


def alone(given: argparse.Namespace) -> None:
    """One training of `speed`, in this process; writes its rate beside its weights."""
    if given.alone == "ours":
        prepare_for_torch()
    else:
        import ultralytics  # noqa: F401 - first of all, as in its own command: it limits the threads of torch

        stock.WORKERS = 8
    renders = make_renders(given.folder / "renders" / "apple", ("apple",), given.images, seed=0)
    details = replace(Recipe(), min_steps=1)  # else our recipe takes smaller batches on so small a set
    trainer = YoloTrainer(recipe="stock" if given.alone == "stock" else "sightsmith", details=details)
    ends: list[float] = []
    chosen = renders.split("train")
    job = TrainingJob(
        renders.task, chosen, renders.split("val")[:8], renders.folder, given.into, epochs=given.epochs or 10,
        size_px=320, batch=16, seed=given.seed, patience=1000,
    )  # fmt: skip
    trainer.train(job, lambda _: ends.append(time.perf_counter()))
    shown = 16 * steps_of(len(chosen), 16) if given.alone == "ours" else len(chosen)  # ours fills the last batch
    rate = shown * (len(ends) - 1) / (ends[-1] - ends[0])  # the first epoch warms up
    (given.into / "rate.json").write_text(json.dumps(rate))


def limits(given: argparse.Namespace) -> dict[str, Any]:
    """How long each training lasts: so many epochs where they are given, which no other work disturbs, else seconds."""
    length = {"deadline_s": given.seconds} if given.epochs is None else {"epochs": given.epochs}
    return length | {"threads": given.threads}


def say(what: str, value: Any) -> None:
    """Progress, as it comes."""
    print(f"{what}: {value}", flush=True)


def main() -> None:
    """Run the parts and write `results.json`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--only", nargs="*", default=["start", "classes", "place", "speed"])
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--alone", choices=["ours", "stock"], help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        alone(given)
        return
    prepare_for_torch()
    parts = {
        "start": lambda: start(given, photos=given.photos),
        "classes": lambda: {thing: start(given, thing) for thing in STRANGERS},
        "place": lambda: place(given),
        "speed": lambda: speed(given),
    }
    path = given.folder / "results.json"
    for name in given.only:
        result = parts[name]()
        known = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(known | {name: result}, indent=2) + "\n")
        say(name, json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
