"""At which input size a model sees best: `python benchmarks/input_size.py FOLDER --model THING=WEIGHTS ...`.

Weights, e.g. of `starter_gain.py`, look at held-out renders of twice the size they were trained at:
    once       at the training size alone
    PX         and at 1.5 times that where the median side of what was found is below PX as the network sees it
    any        wherever anything was found
and, where things are apples, at labelled photos of them (`--photos DIR`). `--empty DIR` counts what is found on photos
without any, at the threshold that the photos with labels give. Renders are made once in FOLDER and used again.
"""

import argparse
import math
from pathlib import Path

from learning_sets import evaluated, make_renders, middle, on_photos

from tools.core.threads import prepare_for_torch
from tools.data.images import ImageArray, read_image
from tools.data.photo_files import find_photos
from tools.data.scores import Evaluation
from tools.models import predict
from tools.models.predict import Predictor

LIMITS = {"once": 0.0, "32": 32.0, "40": 40.0, "56": 56.0, "any": math.inf}


def main() -> None:
    """Print a line for each model and way of looking, then medians."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", action="append", required=True, metavar="THING=WEIGHTS")
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--empty", type=Path)
    parser.add_argument("--pictures", type=int, default=60)
    given = parser.parse_args()
    prepare_for_torch()
    empty = [read_image(f.path) for f in find_photos([given.empty])] if given.empty else []
    lines: dict[str, dict[str, list[tuple[float, ...]]]] = {"renders": {}, "photos": {}}
    for thing, _, weights in (model.partition("=") for model in given.model):
        renders = make_renders(given.folder / thing, (thing,), given.images, seed=77, size_px=640)
        model = Predictor.load(Path(weights))
        for way, limit in LIMITS.items():
            predict.LARGER_BELOW_PX = limit
            scores = evaluated(model, renders.samples, renders.folder, renders.task)
            found: dict[str, tuple[float, ...]] = {"renders": (scores.mask_map50 or 0.0, scores.mask_map50_95 or 0.0)}
            if given.photos and thing == "apple":
                real = on_photos(model, given.photos, renders.task)
                found["photos"] = (real.box_map50 or 0.0, real.box_map50_95 or 0.0, *_false(model, empty, real))
            for on, values in found.items():
                lines[on].setdefault(way, []).append(values)
                print(weights, on, way, *(f"{v:.3f}" for v in values), flush=True)
    for on, ways in lines.items():
        for way, rows in ways.items():
            print("median", on, way, *(middle(column) for column in zip(*rows, strict=True)))


def _false(model: Predictor, empty: list[ImageArray], real: Evaluation) -> tuple[float, ...]:
    """What is found on an image without any, at the working threshold."""
    found = [len(model.predict(image, real.threshold or 0.5)) for image in empty]
    return (sum(found) / len(found),) if found else ()


if __name__ == "__main__":
    main()
