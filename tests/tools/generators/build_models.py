"""Run in a process of its own (bpy is not imported into the tests): opens library models and tells what came out."""

import json
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from tests.tools.generators.model_files import folder, sh3f
from tools.core.errors import StepFailed
from tools.core.settings import Settings
from tools.generators.blender.build import build_object
from tools.generators.blender.library import Library
from tools.generators.blender.models import libraries, mesh

# A card of two triangles with a leaf cut out by its texture: a disc of radius 0.4 of the side.
CARD = (
    "mtllib box.mtl\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nusemtl leaf\n"
    "f 1/1 2/2 3/3 4/4\n"
)


def ball(rings: int) -> str:
    """An OBJ of many triangles."""
    angles = [(np.pi * i / rings, 2 * np.pi * j / rings) for i in range(rings + 1) for j in range(rings)]
    lines = [f"v {np.sin(a) * np.cos(b):.5f} {np.cos(a):.5f} {np.sin(a) * np.sin(b):.5f}" for a, b in angles]
    for i in range(rings):
        for j in range(rings):
            a, b = i * rings + j + 1, i * rings + (j + 1) % rings + 1
            lines.append(f"f {a} {b} {b + rings} {a + rings}")
    return "mtllib box.mtl\n" + "\n".join(lines) + "\n"


def facts(thing: Any) -> dict[str, Any]:
    """Size, colour and number of triangles of a built object."""
    points = np.zeros(3 * len(thing.data.vertices), np.float32)
    thing.data.vertices.foreach_get("co", points)
    placed = points.reshape(-1, 3)
    thing.data.calc_loop_triangles()
    area = np.zeros(len(thing.data.polygons), np.float32)
    thing.data.polygons.foreach_get("area", area)
    colours = [
        list(n.inputs["Base Color"].default_value)[:3]
        for m in thing.data.materials
        for n in m.node_tree.nodes
        if n.type == "BSDF_PRINCIPLED"
    ]
    return {
        "size": np.ptp(placed, axis=0).tolist(), "middle": ((placed.max(0) + placed.min(0)) / 2).tolist(),
        "triangles": len(thing.data.loop_triangles), "area": float(area.sum()), "colours": colours,
        "model": thing["model"], "linked": bool(thing.users_collection),
    }  # fmt: skip


def main() -> None:
    """Build each thing of two small libraries."""
    place, answer = Path(sys.argv[1]), Path(sys.argv[2])
    leaf = bpy.data.images.new("leaf", 64, 64, alpha=True)
    grid = (np.arange(64) + 0.5) / 64 - 0.5
    inside = grid[:, None] ** 2 + grid[None, :] ** 2 < 0.4**2
    leaf.pixels.foreach_set(np.stack([0.2 * inside, 0.6 * inside, 0.1 * inside, inside], 2).astype(np.float32).ravel())
    leaf.filepath_raw, leaf.file_format = str(place / "leaf.png"), "PNG"
    leaf.save()
    package = sh3f(
        place / "a.sh3f",
        [
            {"name": "zorka", "category": "Kitchen"},
            {"name": "zorkb", "modelRotation": "1 0 0 0 0 1 0 -1 0", "width": "60", "depth": "90", "height": "30"},
            {"name": "zorkc", "width": "100", "depth": "1", "height": "100"},
            {"name": "zorkd", "width": "50", "depth": "50", "height": "50"},
            {"name": "zorke"},
        ],
        files={
            "lib/m3/box.obj": CARD, "lib/m3/box.mtl": "newmtl leaf\nmap_Kd leaf.png\n", "lib/m4/box.obj": ball(150),
            "lib/m5/box.obj": "v 0 0 0\nv 1 1 1\n",
        },
    )  # fmt: skip
    import zipfile

    with zipfile.ZipFile(package, "a") as packed:
        packed.write(place / "leaf.png", "lib/m3/leaf.png")
    folder(place / "own", {"name": "zorkf", "size_m": 0.5})
    libraries.SHIPPED = place / "nothing"
    settings = Settings(model_libraries=f"{package}:{place / 'own'}", models_cache=place / "cache")
    library = Library.of_run(place, settings=settings)
    opened: list[str] = []
    real = mesh.open_model
    mesh.open_model = lambda model, *rest: opened.append(model.name) or real(model, *rest)
    out: dict[str, Any] = {}
    for key in ("zorka", "zorkb", "zorkc", "zorkd", "zorkf"):
        out[key] = [
            facts(build_object(library.spec(key), None, np.random.default_rng(seed), library)) for seed in range(4)
        ]
    out["again"] = facts(build_object(library.spec("zorka"), None, np.random.default_rng(0), library))
    out["opened"] = list(opened)
    (kept,) = [
        p
        for p in (place / "cache" / "opened").iterdir()
        if p.stat().st_mtime_ns == min(q.stat().st_mtime_ns for q in (place / "cache" / "opened").iterdir())
    ]
    kept.write_bytes(b"damaged")
    out["after damage"] = facts(build_object(library.spec("zorka"), None, np.random.default_rng(0), library))
    try:
        build_object(library.spec("zorke"), None, np.random.default_rng(0), library)
    except StepFailed as error:
        out["refused"] = str(error)
    answer.write_text(json.dumps(out))


if __name__ == "__main__":
    main()
