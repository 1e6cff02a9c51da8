"""Models as Blender objects: opened once, cut down to what an image shows, and kept; then only loaded and varied.

Runs inside a render worker. A kept model is one mesh of our size: longest side 1, centred, z up, stood as its catalogue
says, with small textures packed in.
"""

import hashlib
import logging
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.core.errors import StepFailed
from tools.generators.blender.assets import import_mesh
from tools.generators.blender.models.colours import vary_colours
from tools.generators.blender.models.holes import cut_holes
from tools.generators.blender.models.model import NO_TURN, Model
from tools.generators.blender.models.unpacked import unpacked
from tools.generators.blender.models.words import Paint

log = logging.getLogger(__name__)

KEPT_FORMAT = 1  # of kept models: another one, and they are opened anew
# An image of 320 px shows a model over half of it: 4,000 triangles are one for every six pixels. Twice that.
MAX_TRIANGLES = 8000
MAX_VERTICES = 3_000_000  # of a file; more would hold a worker up for minutes
TEXTURE_PX = 256
STRETCH = 0.03  # plus or minus, per axis: copies differ a little, and stay what they are
SHARP = np.radians(38)
# From the y-up axes of catalogues to ours.
_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])

Array = npt.NDArray[np.float64]


def build_model(model: Model, paint: Paint, cache: Path, rng: np.random.Generator) -> Any:
    """A new object, not yet in any collection.

    Args:
        model: which one.
        paint: how its copies may differ in colour.
        cache: where opened models are kept.
        rng: decides everything that varies.

    Raises:
        StepFailed: its file cannot be read.
    """
    import bpy

    data = _kept(model, cache)
    points = _points(data) * (1 + STRETCH * rng.uniform(-1, 1, 3))
    _set_points(data, _normalised(points))
    vary_colours(data, paint, rng)
    return bpy.data.objects.new(model.name, data)


def _kept(model: Model, cache: Path) -> Any:
    """The mesh of a model, from the cache or else from its library, and then kept."""
    path = cache / "opened" / f"{_key(model)}.blend"
    if path.is_file():
        try:
            return _load(path)
        except (OSError, IndexError) as error:
            log.warning("a kept model is damaged and is opened anew: %s (%s)", path, error)
    data = open_model(model)
    try:
        _keep(data, path)
    except (OSError, RuntimeError) as error:
        log.info("the opened model %s is not kept: %s", model.name, error)
    return data


def _key(model: Model) -> str:
    """Changes with the model's library and with what is done to it."""
    source = Path(model.source)
    file = source / model.file if source.is_dir() else source
    try:
        stamp = f"{file.stat().st_size}|{file.stat().st_mtime_ns}"
    except OSError as error:
        raise StepFailed(f"the library of the model {model.name!r} is gone: {error.strerror or error}") from error
    said = f"{KEPT_FORMAT}|{MAX_TRIANGLES}|{TEXTURE_PX}|{file}|{model.file}|{stamp}|{model.size_m}|{model.turn}"
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _load(path: Path) -> Any:
    import bpy

    with bpy.data.libraries.load(str(path), link=False) as (source, wanted):
        wanted.meshes = source.meshes[:1]
    return wanted.meshes[0]


def _keep(data: Any, path: Path) -> None:
    import bpy

    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.stem}.{os.getpid()}.blend")
    bpy.data.libraries.write(str(beside), {data}, compress=True)
    beside.replace(path)


def open_model(model: Model, triangles: int = MAX_TRIANGLES, texture_px: int = TEXTURE_PX) -> Any:
    """A model's file as one mesh, cut down to what an image shows; see the module.

    Args:
        model: which one.
        triangles: at most.
        texture_px: longer side of its textures, at most.

    Raises:
        StepFailed: it cannot be read, or is too large.
    """
    with tempfile.TemporaryDirectory(prefix="sightsmith-model-") as scratch:
        file = unpacked(model, Path(scratch) / "files")
        try:
            data = import_mesh(file)
        except StepFailed as error:
            library = Path(model.source).name
            raise StepFailed(f"the model {model.name!r} of {library} cannot be drawn: {error}") from error
        if len(data.vertices) > MAX_VERTICES:
            raise StepFailed(f"{model.name} has {len(data.vertices)} vertices; at most {MAX_VERTICES}")
        _pack_textures(data, texture_px)
    data = _simplified(cut_holes(data), triangles)
    _stand(data, model)
    if "custom_normal" in data.attributes:  # of more vertices than there are now
        data.attributes.remove(data.attributes["custom_normal"])
    data.polygons.foreach_set("use_smooth", np.ones(len(data.polygons), bool))
    data.set_sharp_from_angle(angle=float(SHARP))
    return data


def _pack_textures(data: Any, texture_px: int) -> None:
    """Textures made small and part of the file, before the files they came from are gone."""
    for image in {n.image for m in data.materials if m for n in m.node_tree.nodes if n.type == "TEX_IMAGE" and n.image}:
        width, height = image.size
        if width * height == 0:
            continue
        if (scale := texture_px / max(width, height)) < 1:
            image.scale(max(1, round(width * scale)), max(1, round(height * scale)))
        image.pack()


def _simplified(data: Any, triangles: int) -> Any:
    """At most so many triangles, by collapsing the edges that matter least."""
    import bpy

    data.calc_loop_triangles()
    count = len(data.loop_triangles)
    if count <= triangles:
        return data
    thing = bpy.data.objects.new("simplified", data)
    bpy.context.scene.collection.objects.link(thing)
    try:
        thing.modifiers.new("fewer", "DECIMATE").ratio = triangles / count
        graph = bpy.context.evaluated_depsgraph_get()
        fewer = bpy.data.meshes.new_from_object(thing.evaluated_get(graph), depsgraph=graph)
    finally:
        bpy.data.objects.remove(thing)
    bpy.data.meshes.remove(data)
    return fewer


def _stand(data: Any, model: Model) -> None:
    """Turned as the catalogue says, with the proportions that it gives."""
    points = _points(data)
    if model.turn != NO_TURN:
        points = points @ (_UP @ np.array(model.turn).reshape(3, 3) @ _UP.T).T
    if model.size_m is not None:
        extent = np.ptp(points, axis=0)
        points = points * np.array(model.size_m) / np.where(extent > 1e-9, extent, 1.0)
    _set_points(data, _normalised(points))


def _points(data: Any) -> Array:
    values = np.zeros(3 * len(data.vertices), np.float32)
    data.vertices.foreach_get("co", values)
    points = values.reshape(-1, 3).astype(np.float64)
    if not np.isfinite(points).all():
        raise StepFailed(f"{data.name} has vertices that are not numbers")
    return points


def _set_points(data: Any, points: Array) -> None:
    data.vertices.foreach_set("co", points.astype(np.float32).ravel())
    data.update()


def _normalised(points: Array) -> Array:
    low, high = points.min(0), points.max(0)
    placed: Array = (points - (low + high) / 2) / max(float((high - low).max()), 1e-9)
    return placed
