"""Models of drawn animals on cut-outs laid on photos: `python benchmarks/large_things.py CUTOUTS GROUNDS --folder OUT`.

Beside each lie `--beside` other things, none of them an animal: what a model of animals has to leave alone.
Prints box mAP50 and mAP50-95 by how large the animal is in the image, by class and of any of the animals; without
and with the looks at smaller inputs where nothing is sure (`tools/models/predict.py`).
`CUTOUTS/index.json` lists `{"file", "name"}` of images with alpha, `GROUNDS` holds photos without animals.
"""

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from learning_sets import make_renders, train

from tools.core.task import TaskSpec
from tools.core.threads import prepare_for_torch
from tools.data.images import IMAGE_SUFFIXES, ImageArray
from tools.data.sample import Box, Instance, Sample
from tools.metrics.judging import scorer_of
from tools.metrics.predictions import Answer, ask, join
from tools.metrics.scoring import ScoringRules
from tools.models import predict
from tools.models.predict import Predictor
from tools.trainers.yolo import YoloTrainer

NAMES = ("horse", "cow", "sheep", "goat", "pig", "donkey", "zebra", "deer")
SIZE_PX = 480
SIDES = (0.15, 0.9)  # of the image's side
PARTS = {"all": (0.0, 1.0), "under 0.3": (0.0, 0.3), "0.3 to 0.6": (0.3, 0.6), "over 0.6": (0.6, 1.0)}


OTHERS = ("food/", "hobbies/", "household/", "vehicles/", "people/", "plants/", "sports/", "town/")


def compose(cutouts: Path, grounds: Path, folder: Path, each: int, beside: int) -> list[Sample]:
    """Images with one cut-out of an animal each on a piece of a photo, and other things, written to a folder."""
    rng = np.random.default_rng(3)
    listed = json.loads((cutouts / "index.json").read_text(encoding="utf-8"))
    others = sorted(e["file"] for e in listed if e["file"].startswith(OTHERS))
    things = [(e["file"], n) for e in listed for n in NAMES
              if e["file"].startswith("animals/") and re.search(rf"\b{n}\b", e["name"].lower())]  # fmt: skip
    photos = sorted(p for p in grounds.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES)
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number, (file, name) in enumerate(things * each):
        ground = cv2.imread(str(photos[int(rng.integers(len(photos)))]))
        h, w = ground.shape[:2]
        side = int(min(h, w) * rng.uniform(0.5, 1))
        y, x = (int(rng.integers(0, n - side + 1)) for n in (h, w))
        image = cv2.resize(ground[y : y + side, x : x + side], (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_AREA)
        for i in rng.permutation(len(others))[:beside]:
            paste(image, cutouts / others[int(i)], rng)
        box = paste(image, cutouts / file, rng)
        cv2.imwrite(str(folder / f"{number}.jpg"), image)
        made.append(
            Sample(
                id=str(number),
                image=f"{number}.jpg",
                width=SIZE_PX,
                height=SIZE_PX,
                sha256=str(number),
                family=str(number),
                engine="composite",
                instances=[Instance(class_name=name, box=box)],
            )
        )
    return made


def paste(image: ImageArray, file: Path, rng: np.random.Generator) -> Box:
    """Put a cut-out into an image, anywhere; its box."""
    thing = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    scale = SIZE_PX * float(np.exp(rng.uniform(*np.log(SIDES)))) / max(thing.shape[:2])
    thing = cv2.resize(thing, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:, :: rng.choice([-1, 1])]
    h, w = thing.shape[:2]
    y, x = (int(rng.integers(0, SIZE_PX - n + 1)) for n in (h, w))
    alpha = thing[..., 3:] / 255.0
    place = image[y : y + h, x : x + w]
    place[:] = (place * (1 - alpha) + thing[..., :3] * alpha).astype(np.uint8)
    rows, columns = np.nonzero(thing[..., 3] > 127)
    return float(x + columns.min()), float(y + rows.min()), float(x + columns.max() + 1), float(y + rows.max() + 1)


def _side(sample: Sample) -> float:
    x1, y1, x2, y2 = sample.instances[0].box
    return max(x2 - x1, y2 - y1) / SIZE_PX


def _renamed(instances: Sequence[Instance]) -> list[Instance]:
    return [i.model_copy(update={"class_name": NAMES[0]}) for i in instances]


def scored(samples: Sequence[Sample], answers: dict[str, Answer], task: TaskSpec) -> str:
    """Box mAP50 and mAP50-95."""
    found = scorer_of(join(samples, answers, task), task, ScoringRules(bootstrap=2)).evaluation("real_test", 0.25)
    return f"{found.box_map50 or 0:.3f} / {found.box_map50_95 or 0:.3f}"


def main() -> None:
    """Command line."""
    prepare_for_torch()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("cutouts", type=Path)
    parser.add_argument("grounds", type=Path)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--count", type=int, default=80, help="renders that are learnt from")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--beside", type=int, default=0, help="things of other kinds in each picture that judges")
    given = parser.parse_args()
    samples = compose(given.cutouts, given.grounds, given.folder / "composites", each=10, beside=given.beside)
    renders = make_renders(given.folder / "renders", NAMES, given.count, 5 + given.seed)
    result = train(
        YoloTrainer(), renders, renders.samples, renders.split("val"), given.folder / "training", given.seed,
        epochs=given.epochs,
    )  # fmt: skip
    for way, least in {"once": SIZE_PX, "smaller too": predict.SMALLEST_PX}.items():
        predict.SMALLEST_PX = least
        answers = ask(Predictor.load(result.weights), samples, given.folder / "composites", 0.001, lambda _: None)
        any_task = renders.task.model_copy(update={"classes": renders.task.classes[:1]})
        for name, (low, high) in PARTS.items():
            part = [s for s in samples if low <= _side(s) < high]
            anyone = [s.model_copy(update={"instances": _renamed(s.instances)}) for s in part]
            said = {i: replace(a, found=_renamed(a.found)) for i, a in answers.items()}
            print(
                f"{way}, {name}, {len(part)} pictures: by class {scored(part, answers, renders.task)}, "
                f"any of them {scored(anyone, said, any_task)}",
                flush=True,
            )


if __name__ == "__main__":
    main()
