"""Render and label images of everything that can be drawn: `python benchmarks/catalogue_renders.py FOLDER`.

What the starter learns from beside formula images; see `tools.trainers.starter`. Things that are alike are shown
together, some thirty names a run, each run a folder in FOLDER; what is of a microscope's world, and flaws with what
they are on, make runs of their own. `--common` makes runs of few names that people ask for most instead, in which each
is shown often and as large as in a run of its own. Makes what FOLDER lacks; `--part 0 --of 2` makes half of it, the
other half may be made beside it. `python -m tools.trainers.packed OUT.npz FOLDER/*` packs them for a training.
"""

import argparse
from pathlib import Path

from learning_sets import make_renders

from tools.core.threads import prepare_for_torch
from tools.generators.blender.catalogue import catalogue

SEED = 999_983  # no run begins with it by itself, so no run's test shows the same scenes
TOGETHER = 31  # names
PER_NAME = 1.7  # images; each shows several things
SLIDE_PER_NAME = 3.0
GROUNDS = ["metal plate", "ceramic tile", "wooden board", "glass pane", "concrete slab", "fabric piece"]
COMMON = [
    ("person, man, woman, child, worker, runner, hard hat", 150),
    ("dog, cat, horse, cow, sheep, bird, elephant, bear, zebra, giraffe", 150),
    ("bicycle, motorcycle, car, bus, truck, train, boat, airplane", 150),
    ("red blood cell, white blood cell, platelet", 100),
    ("apple, orange, banana, tomato, lemon, strawberry, pear, grapes", 120),
    ("bottle, mug, bowl, knife, fork, spoon, wine glass, can", 100),
    ("chair, couch, bed, dining table, tv, laptop, toilet, refrigerator", 80),
    ("cell phone, keyboard, computer mouse, remote, book, scissors, clock, teddy bear", 80),
    ("screw, bolt, hex nut, washer, nail, gear, bearing, spring", 80),
    ("bee, ladybird, butterfly, fly, spider, beetle, ant, caterpillar", 80),
    ("chicken, duck, pigeon, rabbit, pig, goat, deer, fox", 80),
    ("leaf, flower, sunflower, rose, mushroom, tree", 60),
    ("stop sign, traffic light, fire hydrant, parking meter, bench, traffic cone", 60),
]  # names, and how many images


def common() -> list[tuple[list[str], int]]:
    """The runs of few names."""
    return [(names.split(", "), count) for names, count in COMMON]


def groups() -> list[tuple[list[str], int]]:
    """The names of each run, and how many images it makes."""
    things = catalogue()
    slide = [n for n, thing in things.items() if thing.contexts == ["slide"]]
    flaws = [n for n, thing in things.items() if thing.family == "flaw"] + GROUNDS
    rest = [n for n in things if n not in slide and n not in flaws]
    parts = [rest[i : i + TOGETHER] for i in range(0, len(rest), TOGETHER)]
    return [
        (slide, round(SLIDE_PER_NAME * len(slide))),
        *((names, round(PER_NAME * len(names))) for names in (flaws, *parts)),
    ]


def main() -> None:
    """Command line."""
    prepare_for_torch()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", type=int, default=0)
    parser.add_argument("--of", type=int, default=1)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--common", action="store_true")
    given = parser.parse_args()
    for number, (names, count) in list(enumerate(common() if given.common else groups()))[given.part :: given.of]:
        made = make_renders(given.folder / f"{number:02d}", names, count, given.seed + 101 * number)
        print(f"{names[0]} to {names[-1]}: {len(made.samples)} pictures", flush=True)


if __name__ == "__main__":
    main()
