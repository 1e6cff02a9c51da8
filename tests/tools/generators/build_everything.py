"""Run in a process of its own (bpy is not imported into the tests): builds things and prints what came out as JSON."""

import hashlib
import json
import sys
from functools import partial
from pathlib import Path

import bpy
import numpy as np

from tests.effort import calls
from tools.core.errors import StepFailed
from tools.generators.blender.build import build_object, load_asset
from tools.generators.blender.catalogue import catalogue


def facts(item: bpy.types.Object) -> dict[str, object]:
    """What a test wants to know of a built object."""
    mesh = item.data
    points = np.zeros(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", points)
    placed = points.reshape(-1, 3)
    return {
        "finite": bool(np.isfinite(placed).all()),
        "vertices": len(mesh.vertices),
        "size": (placed.max(0) - placed.min(0)).tolist(),
        "middle": ((placed.max(0) + placed.min(0)) / 2).tolist(),
        "materials": len(mesh.materials),
        "used": len({p.material_index for p in mesh.polygons}),
        "attributes": [a.name for a in mesh.attributes],
        "linked": bool(item.users_collection),
        "strands": sum(len(hair.data.curves) for hair in item.children),
        "hash": hashlib.sha1(points.tobytes()).hexdigest(),
        "colours": [
            [round(float(c), 6) for n in m.node_tree.nodes if n.type == "MIX" for c in n.inputs[7].default_value]
            for m in mesh.materials
        ],
    }


def catalogue_facts() -> dict[str, object]:
    """Every appearance with one seed; the first one of each also again, and with another. Of a family's the first.

    Of one thing in eight the calls of a build are counted: counting takes longer than building.
    """
    out: dict[str, object] = {}
    for number, (key, spec) in enumerate(catalogue().items()):
        if spec.family is not None:
            first = spec.appearances[0].name
            out[f"{key}/{first}"] = facts(build_object(spec, first, np.random.default_rng(5)))
            continue
        for look in spec.appearances:
            out[f"{key}/{look.name}"] = facts(build_object(spec, look.name, np.random.default_rng(5)))
        first = spec.appearances[0].name
        make = partial(build_object, spec, first)
        out[f"{key}//again"] = facts(make(np.random.default_rng(5)))
        out[f"{key}//other"] = facts(make(np.random.default_rng(6)))
        if number % 8 == 0:
            out[f"{key}//counted"] = {"calls": calls(partial(make, np.random.default_rng(5)))}
    return out


def asset_facts(folder: Path) -> dict[str, object]:
    """Every file of a folder, loaded or refused."""
    out: dict[str, object] = {}
    for path in sorted(folder.iterdir()):
        try:
            out[path.name] = facts(load_asset(path, np.random.default_rng(1)))
        except StepFailed as error:
            out[path.name] = str(error)
    return out | {"objects left": len([o for o in bpy.data.objects if o.users_collection])}


def write_models(folder: Path) -> None:
    """A two-part thing as .glb and .blend, the .blend with a script that must never run."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    for x in (0.0, 3.0):
        bpy.ops.mesh.primitive_cube_add(size=2, location=(x, 0, 0))
        bpy.context.object.data.materials.append(bpy.data.materials.new(f"paint{x}"))
    bpy.ops.export_scene.gltf(filepath=str(folder / "pair.glb"))
    script = bpy.data.texts.new("evil.py")
    script.write(f"open({str(folder / 'ran')!r}, 'w').close()")
    script.use_module = True
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "pair.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)


if __name__ == "__main__":
    what, where = sys.argv[1], Path(sys.argv[2])
    if what == "assets":
        write_models(where)
    answer = catalogue_facts() if what == "catalogue" else asset_facts(where)
    Path(sys.argv[3]).write_text(json.dumps(answer))
