"""A flaw on a flat piece of some material: drawn like `slab`, but each flaw has its own label and the ground none."""

from dataclasses import replace

from tools.generators.blender.families.slab import FAMILY as SLAB

FAMILY = replace(SLAB, labels="pieces")
