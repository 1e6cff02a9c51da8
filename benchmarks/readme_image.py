"""The image at the top of the README: what a run's model finds on test images that it never saw.

python benchmarks/readme_image.py runs/NAME docs/demo.jpg
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from agent.run_folder import open_run
from tools.data.images import read_image, write_image
from tools.models.drawing import draw
from tools.models.predict import Predictor

COLUMNS, ROWS, SIDE_PX = 4, 2, 300


def main() -> None:
    """Draw the first test images that show something, in the order of their ids."""
    run = open_run(Path(sys.argv[1]))
    best = run.record.best
    if best is None:
        raise SystemExit("this run has no model")
    model, tiles = Predictor.load(run.path(best.weights)), []
    samples = [s for s in run.dataset.samples(verdict="kept", split="test") if s.instances]
    for sample in samples[: COLUMNS * ROWS]:
        image = read_image(run.path(sample.image))
        tiles.append(cv2.resize(draw(image, model.predict(image, best.threshold)), (SIDE_PX, SIDE_PX)))
    rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles) - COLUMNS + 1, COLUMNS)]
    write_image(Path(sys.argv[2]), np.vstack(rows))


if __name__ == "__main__":
    main()
