"""Holes that a texture cuts (leaves on cards, nets) made holes of the mesh: masks then show what the image shows."""

from typing import Any

import numpy as np
import numpy.typing as npt

SPLITS = 4  # times a triangle across an edge of a hole is split in four: a card becomes up to 512
MAX_SPLIT = 400_000  # triangles; beyond it no more are split
_CORNERS = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [1 / 3] * 3])
# The four parts of a triangle, as weights of its corners.
_PARTS = np.array(
    [
        [[1, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5]],
        [[0.5, 0.5, 0], [0, 1, 0], [0, 0.5, 0.5]],
        [[0.5, 0, 0.5], [0, 0.5, 0.5], [0, 0, 1]],
        [[0.5, 0.5, 0], [0, 0.5, 0.5], [0.5, 0, 0.5]],
    ]
)

Floats = npt.NDArray[np.float64]
Alpha = npt.NDArray[np.float32]  # (height, width), bottom row first


def cut_holes(data: Any) -> Any:
    """The mesh without what its textures make transparent; the mesh itself where they make nothing so."""
    alphas = {i: a for i, material in enumerate(data.materials) if (a := _alpha_of(material)) is not None}
    if not alphas or not data.uv_layers:
        return data
    corners, uv, material = _triangles(data)
    kept_corners, kept_uv, kept_material = [], [], []
    for index in np.unique(material):
        mine = material == index
        place, where = corners[mine], uv[mine]
        if index in alphas:
            place, where = opaque_parts(place, where, alphas[index])
        kept_corners.append(place)
        kept_uv.append(where)
        kept_material.append(np.full(len(place), index))
    if not sum(map(len, kept_corners)):
        return data
    return _mesh(data, np.concatenate(kept_corners), np.concatenate(kept_uv), np.concatenate(kept_material))


def opaque_parts(corners: Floats, uv: Floats, alpha: Alpha) -> tuple[Floats, Floats]:
    """Triangles without their transparent parts.

    Args:
        corners: (n, 3, 3).
        uv: (n, 3, 2) texture coordinates, repeated outside 0..1.
        alpha: of the texture, 0 transparent.

    Returns:
        (m, 3, 3) and (m, 3, 2): whole triangles, and of those across an edge the smaller ones on the opaque side.
    """
    done: list[tuple[Floats, Floats]] = []
    for turn in range(SPLITS + 1):
        opaque = _sampled(uv, alpha)
        whole, none = (opaque >= 0.5).all(1), (opaque < 0.5).all(1)
        if turn == SPLITS or len(corners) > MAX_SPLIT:
            whole = opaque.mean(1) >= 0.5
            none = ~whole
        done.append((corners[whole], uv[whole]))
        mixed = ~(whole | none)
        corners = np.einsum("pcw,nwx->npcx", _PARTS, corners[mixed]).reshape(-1, 3, 3)
        uv = np.einsum("pcw,nwx->npcx", _PARTS, uv[mixed]).reshape(-1, 3, 2)
    return np.concatenate([c for c, _ in done]), np.concatenate([u for _, u in done])


def _sampled(uv: Floats, alpha: Alpha) -> npt.NDArray[np.float32]:
    """(n, 7) alpha at the corners, the middles of the sides and the middle."""
    spots = np.einsum("sw,nwx->nsx", _CORNERS, uv) % 1.0
    height, width = alpha.shape
    columns = np.minimum((spots[..., 0] * width).astype(int), width - 1)
    rows = np.minimum((spots[..., 1] * height).astype(int), height - 1)
    return np.asarray(alpha[rows, columns])


def _alpha_of(material: Any) -> Alpha | None:
    """Transparency of a material's texture; None where it has none. The material is opaque from then on."""
    if material is None or material.node_tree is None:
        return None
    shader = next((n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED"), None)
    if shader is None:
        return None
    for socket in ("Alpha", "Base Color"):
        for link in shader.inputs[socket].links:
            image = getattr(link.from_node, "image", None)
            if image is None or not image.size[0] or image.channels < 4:
                continue
            pixels = np.zeros(image.size[0] * image.size[1] * 4, np.float32)
            image.pixels.foreach_get(pixels)
            alpha = pixels.reshape(image.size[1], image.size[0], 4)[..., 3]
            if (alpha < 0.5).any():
                for linked in list(shader.inputs["Alpha"].links):
                    material.node_tree.links.remove(linked)
                shader.inputs["Alpha"].default_value = 1.0
                return np.asarray(alpha)
    return None


def _triangles(data: Any) -> tuple[Floats, Floats, npt.NDArray[np.int32]]:
    """(n, 3, 3) corners, (n, 3, 2) texture coordinates and (n,) materials."""
    data.calc_loop_triangles()
    count = len(data.loop_triangles)
    points = np.zeros(3 * len(data.vertices), np.float32)
    data.vertices.foreach_get("co", points)
    uv = np.zeros(2 * len(data.loops), np.float32)
    data.uv_layers[0].uv.foreach_get("vector", uv)
    vertices, loops = np.zeros(3 * count, np.int32), np.zeros(3 * count, np.int32)
    material = np.zeros(count, np.int32)
    data.loop_triangles.foreach_get("vertices", vertices)
    data.loop_triangles.foreach_get("loops", loops)
    data.loop_triangles.foreach_get("material_index", material)
    corners = points.reshape(-1, 3)[vertices].reshape(-1, 3, 3).astype(np.float64)
    return corners, uv.reshape(-1, 2)[loops].reshape(-1, 3, 2).astype(np.float64), material


def _mesh(old: Any, corners: Floats, uv: Floats, material: npt.NDArray[np.int64]) -> Any:
    """A mesh of triangles, joined where they meet, with the old one's materials."""
    import bmesh  # type: ignore[import-not-found, unused-ignore]
    import bpy

    data = bpy.data.meshes.new(old.name)
    count = len(corners)
    data.vertices.add(3 * count)
    data.vertices.foreach_set("co", corners.astype(np.float32).ravel())
    data.loops.add(3 * count)
    data.loops.foreach_set("vertex_index", np.arange(3 * count, dtype=np.int32))
    data.polygons.add(count)
    data.polygons.foreach_set("loop_start", np.arange(0, 3 * count, 3, dtype=np.int32))
    data.polygons.foreach_set("material_index", material.astype(np.int32))
    data.uv_layers.new(name="UVMap").uv.foreach_set("vector", uv.astype(np.float32).ravel())
    data.update(calc_edges=True)
    for kept in old.materials:
        data.materials.append(kept)
    whole = bmesh.new()
    whole.from_mesh(data)
    bmesh.ops.remove_doubles(whole, verts=whole.verts, dist=1e-6 * max(float(np.ptp(corners)), 1e-9))
    whole.to_mesh(data)
    whole.free()
    bpy.data.meshes.remove(old)
    return data
