"""Render and label pictures of everything in the catalogue: `python benchmarks/catalogue_renders.py FOLDER COUNT`.

What the starter learns from beside formula pictures; see `tools.trainers.starter`. Makes what FOLDER lacks.
"""

import argparse
from pathlib import Path

from learning_sets import make_renders

from tools.core.threads import prepare_for_torch
from tools.generators.blender.catalogue import catalogue

SEED = 999_983  # no run begins with it by itself, so no run's test shows the same scenes


def main() -> None:
    """Command line."""
    prepare_for_torch()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    given = parser.parse_args()
    print(len(make_renders(given.folder, list(catalogue()), given.count, SEED).samples), "pictures")


if __name__ == "__main__":
    main()
