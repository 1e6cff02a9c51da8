"""Things that lie in rows, as floors and walls show them: a damaged tile among sound ones. Runs in the worker."""

from collections.abc import Sequence

import numpy as np

from tools.generators.blender import surfaces
from tools.generators.blender.foliage import Geometry
from tools.generators.blender.layout import rotation
from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Appearance
from tools.generators.blender.rows import REACH, Rows
from tools.generators.blender.stage import Stage, matrix_of
from tools.generators.blender.surfaces import Colour, vary

SHARE = 0.85  # of the images in such places show it so; in the others they lie about, as before they were laid
PLACES = frozenset({"floor", "table", "studio", "road", "workbench", "inspection"})
SUNK = 0.25  # of its thickness is above the ground
JOINTS: list[Colour] = [(0.5, 0.49, 0.46), (0.75, 0.74, 0.7), (0.3, 0.3, 0.29), (0.1, 0.1, 0.1), (0.45, 0.38, 0.3)]


def chosen(stage: Stage, laid: Sequence[str]) -> str:
    """Key of the thing that fills the ground of a scene; "" where none does."""
    targets = [o.drawn_as for o in stage.spec.objects if o.role == "target"] or list(laid)
    drawn = np.random.default_rng([stage.spec.seed, 3])  # its own stream: other scenes are as they would be without
    if not laid or stage.spec.context not in PLACES or stage.spec.viewpoint == "from below":
        return ""
    return targets[0] if targets[0] in laid and drawn.random() < SHARE else ""


def make_of(stage: Stage, spec: ObjectSpec) -> Appearance:
    """The appearance whose make all have: that of the first thing that is sought, or of any damaged one."""
    targets = [o.appearance for o in stage.spec.objects if o.role == "target"]
    return spec.appearance(targets[0]) if targets else next(a for a in spec.appearances if a.damaged)


def bedded(spec: ObjectSpec, look: Appearance) -> ObjectSpec:
    """The thing as it lies in the ground: flat, and all of the make of one appearance."""
    paint = look.materials.get("ground", spec.materials["ground"]).model_copy(update={"alike": 0.9})
    looks = [a.model_copy(update={"materials": a.materials | {"ground": paint}}) for a in spec.appearances]
    thick = SUNK * float(spec.numbers.get("thick", 0.05))
    still = spec.variation.model_copy(update={"stretch": (0.0, 0.0, 0.0)})
    return spec.model_copy(
        update={
            "appearances": looks,
            "numbers": spec.numbers | {"thick": thick, "bevel": 0.0, "vary": 0.0},
            "variation": still,
        }
    )


def sound(spec: ObjectSpec, look: Appearance) -> ObjectSpec:
    """The same in one appearance, without its flaw."""
    whole = look.model_copy(update={"numbers": look.numbers | {"flaw": "none"}})
    return bedded(spec.model_copy(update={"appearances": [whole]}), whole)


def fill(stage: Stage, rows: Rows, things: Sequence[object]) -> None:
    """Sound things in all other cells that are seen, and mortar between them.

    Args:
        stage: the set.
        rows: where they lie.
        things: Blender objects to be repeated.
    """
    rng, half = stage.rng, (REACH + 0.5) * max(rows.pitch)
    joint = surfaces.plain("joint", vary(rng, rng.choice(JOINTS), 0.15), 0.95)
    bed = np.array([[-half, -half, 0.0], [half, -half, 0.0], [half, half, 0.0], [-half, half, 0.0]])
    level = np.array([rows.origin[0], rows.origin[1], 0.6 * rows.origin[2]])
    quad = Geometry(bed, np.array([[0, 1, 2, 3]]))
    stage.put(stage.mesh("joint", quad, smooth=False), matrix_of(level, rotation(z=rows.yaw)), joint)
    edge = 0.6 + max(rows.pitch) / stage.camera.width
    for column in range(-REACH, REACH + 1):
        for row in range(-REACH, REACH + 1):
            where = rows.place(column, row)
            seen, depth = stage.camera.project(where[None])
            if (column, row) in rows.taken or float(depth[0]) < 0.1 or np.abs(seen[0] - 0.5).max() > edge:
                continue
            thing = things[rng.randrange(len(things))]
            stage.put(thing.data, matrix_of(where, rotation(z=rows.yaw), rows.scale))  # type: ignore[attr-defined]
