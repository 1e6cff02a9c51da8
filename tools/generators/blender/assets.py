"""Model files (.glb, .gltf, .obj, .blend) as one Blender object of our size; scripts inside them never run."""

from pathlib import Path
from typing import Any

import numpy as np

from tools.core.errors import StepFailed
from tools.data.mesh_files import model_problem


def load_asset(path: Path, rng: np.random.Generator) -> Any:
    """A new object from a model file: all its meshes joined, longest side 1, centred, z up, not in any collection.

    Args:
        path: the file.
        rng: a stretch of a few per cent, so that copies differ a little.

    Raises:
        StepFailed: the file is missing, broken or holds no mesh.
    """
    import bpy

    data = import_mesh(path)
    _normalise(data, rng)
    return bpy.data.objects.new(path.stem, data)


def import_mesh(path: Path) -> Any:
    """All meshes of a model file as one, as large as the file says.

    Raises:
        StepFailed: the file is missing, broken or holds no mesh.
    """
    import bpy

    if problem := model_problem(path):
        raise StepFailed(f"{path.name} is not a model: {problem}")
    before = set(bpy.data.objects.keys())
    try:
        objects = _read(path)
        bpy.context.view_layer.update()  # world matrices of the parts
        data = _joined(path.stem, [o for o in objects if o.type == "MESH"])
    except (RuntimeError, OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise StepFailed(f"{path.name} cannot be read as a model: {str(error).strip().splitlines()[-1]}") from error
    finally:
        for item in [o for o in bpy.data.objects if o.name not in before]:
            bpy.data.objects.remove(item)
    if data is None:
        raise StepFailed(f"{path.name} holds no mesh with faces")
    return data


def _read(path: Path) -> list[Any]:
    """The objects of a file, in the current scene."""
    import bpy

    # Drivers and handlers of a .blend would run Python; this is Blender's default, and stays so whatever a user set.
    bpy.context.preferences.filepaths.use_scripts_auto_execute = False
    known = set(bpy.data.objects.keys())
    suffix = path.suffix.lower()
    if suffix == ".blend":
        with bpy.data.libraries.load(str(path), link=False) as (source, wanted):
            wanted.objects = list(source.objects)
        objects = [o for o in wanted.objects if o is not None]
        for item in objects:
            bpy.context.scene.collection.objects.link(item)
        return objects
    if suffix == ".obj":
        bpy.ops.wm.obj_import(filepath=str(path))
    else:
        import addon_utils  # type: ignore[import-not-found, unused-ignore]

        addon_utils.enable("io_scene_gltf2", default_set=False)
        bpy.ops.import_scene.gltf(filepath=str(path))
    return [o for o in bpy.data.objects if o.name not in known]


def _joined(name: str, objects: list[Any]) -> Any:
    """One mesh of all, in world space, with their materials and first texture coordinates; None without faces."""
    import bmesh  # type: ignore[import-not-found, unused-ignore]
    import bpy

    joined = bmesh.new()
    materials: list[Any] = []
    for item in sorted(objects, key=lambda o: o.name):
        part = item.data.copy()
        part.transform(item.matrix_world)
        if part.uv_layers:  # layers are joined by name
            part.uv_layers[0].name = "UVMap"
        first = len(materials)
        materials += [slot.material for slot in item.material_slots] or [None]
        index = np.zeros(len(part.polygons), np.int32)
        part.polygons.foreach_get("material_index", index)
        part.polygons.foreach_set("material_index", index + first)
        joined.from_mesh(part)
        bpy.data.meshes.remove(part)
    if not joined.faces:
        joined.free()
        return None
    data = bpy.data.meshes.new(name)
    joined.to_mesh(data)
    joined.free()
    for material in materials:
        data.materials.append(material or _grey())
    return data


def _grey() -> Any:
    import bpy

    material = bpy.data.materials.new("no material")
    material.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (0.4, 0.4, 0.4, 1)
    return material


def _normalise(data: Any, rng: np.random.Generator) -> None:
    points = np.zeros(3 * len(data.vertices), np.float32)
    data.vertices.foreach_get("co", points)
    placed = points.reshape(-1, 3).astype(float)
    if not np.isfinite(placed).all():
        raise StepFailed(f"{data.name} has vertices that are not numbers")
    placed = placed * (1 + 0.03 * rng.uniform(-1, 1, 3))
    low, high = placed.min(0), placed.max(0)
    placed = (placed - (low + high) / 2) / max(float((high - low).max()), 1e-9)
    data.vertices.foreach_set("co", placed.astype(np.float32).ravel())
    data.update()
