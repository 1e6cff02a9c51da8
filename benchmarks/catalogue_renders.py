"""Render and label images of everything that can be drawn: `python benchmarks/catalogue_renders.py FOLDER`.

What the starter learns from beside formula images; see `tools.trainers.starter`. Things that are alike are shown
together, some thirty names a run, each run a folder in FOLDER; what is of a microscope's world, and flaws with what
they are on, make runs of their own. Makes what FOLDER lacks; `--part 0 --of 2` makes half of it, the other half may be
made beside it.
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
    given = parser.parse_args()
    for number, (names, count) in list(enumerate(groups()))[given.part :: given.of]:
        made = make_renders(given.folder / f"{number:02d}", names, count, SEED + 101 * number)
        print(f"{names[0]} to {names[-1]}: {len(made.samples)} pictures", flush=True)


if __name__ == "__main__":
    main()
