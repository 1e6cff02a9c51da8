"""Flaws on things: "scratches on metal plates", "rust on bolts"; the flaw is labelled and not the thing.

A flaw of the family `flaw` has flat grounds of its own. On any other thing of the catalogue it is laid over the
surface, and such a pair is an object of its own, whose key is "rust spot on bolt".
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from tools.core.task import ClassSpec
from tools.generators.blender.naming import find_in, forms, is_chinese, plain
from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Appearance
from tools.generators.blender.table import MARK_WORDS, Row

if TYPE_CHECKING:
    from tools.generators.blender.shapes import Floats, Mesh

FAMILY = "flaw"
LAID = "laid"  # the number of a family that says of a thing that it lies in rows, as tiles do
_ON = re.compile(r"^(.+?) (?:on|in|of) (?:the |a |an |my |our |some )?(.+)$")
# Flaws that a curved thing can bear; chips, burrs and potholes need an edge or a road.
ANYWHERE = ("scratch", "crack", "dent", "hole", "rust spot", "stain", "mould", "weld spatter")
DAMAGED = frozenset({
    "rusty", "rusted", "corroded", "rotten", "mouldy", "moldy", "cracked", "scratched", "dented", "stained", "broken",
    "damaged", "dirty", "old", "worn", "used", "crushed", "生锈", "腐烂", "发霉", "破裂", "破损", "脏", "旧",
})  # fmt: skip
GROUND = {"pothole": "on road"}  # of flaws whose appearances do not say it
REACH = 0.34  # size of a flaw over the thing's longest side


def find_flaw(specs: Mapping[str, ObjectSpec], rows: Mapping[str, Row], phrase: str) -> tuple[str, list[str]] | None:
    """Key and appearances of a flaw on a named ground; None where the phrase is something else.

    Args:
        specs: everything that can be drawn.
        rows: the names of families.
        phrase: such as "scratches on metal plates" or "钢板上的划痕".
    """
    text = plain(phrase)
    if is_chinese(text):
        return _chinese(specs, rows, text.replace(" ", ""))
    if (match := _ON.match(text)) is None:
        return None
    return _paired(specs, rows, match[1], match[2])


def grounds_of(classes: Iterable[ClassSpec], spec_of: Callable[[str], ObjectSpec]) -> list[str]:
    """What the flaws among the classes are on, as appearances ("on road"); none where no flaw is sought."""
    found: list[str] = []
    for c in classes:
        spec = spec_of(c.drawn_as)
        if spec.family == FAMILY:
            looks = c.appearances or [a.name for a in spec.appearances]
            found += [GROUND[c.drawn_as]] if c.drawn_as in GROUND else looks
    return found


def laid_of(classes: Iterable[ClassSpec], spec_of: Callable[[str], ObjectSpec]) -> list[str]:
    """Keys of the things that lie in rows and of which only damaged ones are sought: sound ones may lie around them."""
    sought: dict[str, list[bool]] = {}
    for c in classes:
        looks = {a.name.casefold(): a.damaged for a in spec_of(c.drawn_as).appearances}
        wanted = [looks.get(a.casefold(), False) for a in c.appearances] or [False]
        sought.setdefault(c.drawn_as, []).extend(wanted)
    return [key for key, damaged in sought.items() if all(damaged) and spec_of(key).numbers.get(LAID)]


def _paired(
    specs: Mapping[str, ObjectSpec], rows: Mapping[str, Row], flaw: str, ground: str
) -> tuple[str, list[str]] | None:
    """The flaw `flaw` on `ground`, both as phrases."""
    found = find_in(specs, flaw)
    if found is None or found[0] not in rows or rows[found[0]].family != FAMILY:
        return None
    key, wanted = found
    looks = [look.name for look in specs[key].appearances if _lies_on(look, ground)]
    if looks:
        both = [name for name in looks if not wanted or name in wanted]
        return (key, both) if both else None
    under = find_in(specs, ground)
    if under is None or specs[under[0]].labels == "pieces":  # of a hat that somebody wears the flaw had no label
        return None
    if key not in ANYWHERE or (rows.get(under[0]) is not None and rows[under[0]].family == FAMILY):
        return None
    pair = f"{key} on {under[0]}"
    kept = [look.name for look in specs[pair].appearances if look.name in under[1]]
    return pair, kept


def _lies_on(look: Appearance, ground: str) -> bool:
    words = [plain(w) for w in (look.name.removeprefix("on "), *look.states)]
    return any(ground == form for word in words for form in ([word] if is_chinese(word) else forms(word)))


def _chinese(specs: Mapping[str, ObjectSpec], rows: Mapping[str, Row], text: str) -> tuple[str, list[str]] | None:
    for row in rows.values():
        if row.family != FAMILY:
            continue
        for name in row.chinese:
            if text.endswith(name) and (lead := text.removesuffix(name)):
                ground = re.sub(r"(?:表面|内部)?[上里中]?(?:面)?的?$", "", lead)
                if ground and (found := _paired(specs, rows, row.name, ground)) is not None:
                    return found
    return None


def parts_of_key(key: str) -> tuple[str, str] | None:
    """Flaw and thing of "rust spot on bolt"; None for any other key."""
    flaw, _, thing = key.partition(" on ")
    return (flaw, thing) if thing and flaw in ANYWHERE else None


def flawed(thing: ObjectSpec, flaw: ObjectSpec) -> ObjectSpec:
    """The thing with the flaw on it: its own parts and appearances, the flaw's materials."""
    first = flaw.appearances[0].materials
    marks = {name: first.get(name, flaw.materials[name]) for name in MARK_WORDS}
    # A rusty bolt under a rust spot would show rust that no label covers.
    sound = [look for look in thing.appearances if not DAMAGED & {look.name, *look.states}]
    looks = sound or thing.appearances[:1]
    return thing.model_copy(
        update={
            "name": f"{flaw.name} on {thing.name}",
            "aliases": [],
            "chinese": [],
            "labels": "pieces",
            "flaw": flaw.name,
            "materials": thing.materials | marks,
            "appearances": looks,
            "lookalikes": [],
        }
    )


def laid_over(mesh: "Mesh", flaw: ObjectSpec, rng: np.random.Generator) -> "Mesh":
    """A thing's mesh with one to three flaws laid over its surface, each with the material of its own mark.

    Args:
        mesh: longest side 1.
        flaw: of the family `flaw`.
        rng: decides where they are and how they look.
    """
    from mathutils.bvhtree import BVHTree

    from tools.generators.blender.families.slab import Slab, flaw_parts
    from tools.generators.blender.shapes import join, part_mesh

    tree = BVHTree.FromPolygons(mesh.vertices.tolist(), mesh.faces)
    numbers = Slab.model_validate(flaw.numbers | {"size": 1.0, "ground": 0}).drawn(rng)
    made = [mesh]
    for i in range(int(rng.integers(1, 4))):
        spot = mesh.vertices[int(rng.integers(len(mesh.vertices)))]
        centre, out, _, _ = tree.find_nearest(spot.tolist())
        if centre is None:
            continue
        side = _across(np.array(out), rng)
        for part in flaw_parts(numbers, f"mark{i + 1}", (0.0, 0.0), 0.0, rng):
            piece = part_mesh(part, rng)
            piece.vertices = _wrapped(piece.vertices, np.array(centre), np.array(out), side, tree)
            made.append(piece)
    return join(made)


def _across(out: "Floats", rng: np.random.Generator) -> "Floats":
    """A unit vector in the surface."""
    side = np.cross(out, rng.normal(size=3))
    return np.asarray(side / max(float(np.linalg.norm(side)), 1e-9))


def _wrapped(points: "Floats", centre: "Floats", out: "Floats", side: "Floats", tree: object) -> "Floats":
    """Flat points laid on the surface around a spot, their height kept."""
    other = np.cross(out, side)
    placed = []
    for x, y, z in points * REACH:
        near, normal, _, _ = tree.find_nearest((centre + x * side + y * other).tolist())  # type: ignore[attr-defined]
        placed.append(np.array(near) + np.array(normal) * (z + 0.004))
    return np.array(placed)
