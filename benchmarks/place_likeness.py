"""Which description of an image tells where it was taken: `python benchmarks/place_likeness.py FOLDER [--photos DIR]`.

Renders of apples in any place are made twice. Each place's images of the second set are looked up among the first, as
`tools/metrics/likeness.py` does it with photos: how many times as often as by chance is a near one of the same place,
and is that place the one that stands out most, or second? With photos, the places that stand out are said.
    layout    gradient orientations and a colour layout, which find near copies
    starter   maps of the starter weights (`tools/trainers/looks.py`)
"""

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from learning_sets import Renders, make_renders

from tools.data.images import ImageArray, read_image
from tools.data.photo_files import find_photos
from tools.metrics.likeness import kinds_like
from tools.steps.curate import embed
from tools.trainers.looks import looks


def layout(images: Iterable[ImageArray]) -> npt.NDArray[np.float32]:
    """(n, d) of the embedding that finds near copies."""
    return np.stack([embed(p) for p in images])


def read(renders: Renders) -> list[ImageArray]:
    """Every image of a set."""
    return [read_image(renders.folder / s.image) for s in renders.samples]


def main() -> None:
    """Print a line for each place."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--pictures", type=int, default=200)
    given = parser.parse_args()
    sets = [make_renders(given.folder / f"seed-{seed}", ("apple",), given.images, seed) for seed in (0, 22)]
    places, asked = ([s.axes["context"] for s in renders.samples] for renders in sets)
    for name, describe in (("layout", layout), ("starter", looks)):
        known, others = (describe(read(renders)) for renders in sets)
        lifts = []
        for place in sorted(set(asked)):
            own = others[[k for k, other in enumerate(asked) if other == place]]
            found = kinds_like(own, known, places, least=0.0)
            lift = dict(found).get(place, 0.0)
            lifts.append((lift, [kind for kind, _ in found].index(place) < 2 if place in dict(found) else False))
            print(f"{name}: {place}, {len(own)} pictures: own place {lift:.1f} times as often as by chance; "
                  f"first {', '.join(kind for kind, _ in found[:2])}", flush=True)  # fmt: skip
        print(f"{name}: median {np.median([lift for lift, _ in lifts]):.1f} times, own place among the first two of "
              f"{len(lifts)}: {sum(first for _, first in lifts)}", flush=True)  # fmt: skip
        if given.photos:
            photos = describe(read_image(f.path) for f in find_photos([given.photos]))
            print(f"{name}: photos look like {[(k, round(v, 1)) for k, v in kinds_like(photos, known, places)]}")


if __name__ == "__main__":
    main()
