"""Many things of the catalogue in one render, to be looked at without their names: cheaper than one render each.

    python benchmarks/names_sheet.py OUT.png [--family quadruped] [--only dog,cat] [--looks] [--size 256] [--samples 6]

The names in the order of the tiles are printed, and written beside the image as a text.
"""

import argparse
import math
from pathlib import Path

import bpy
import numpy as np
from mathutils import Euler, Matrix

from tools.generators.blender.build import build_object
from tools.generators.blender.catalogue import catalogue
from tools.generators.blender.table import rows

COLUMNS, RISE = 6, 20


def stage(columns: int, lines: int, size_px: int, samples: int) -> None:
    """A grey world, a sun and a camera without perspective that sees columns x lines tiles of 1.25."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine, scene.cycles.device, scene.cycles.samples = "CYCLES", "CPU", samples
    scene.cycles.use_denoising, scene.cycles.denoising_quality, scene.cycles.denoising_prefilter = True, "FAST", "FAST"
    scene.cycles.max_bounces, scene.cycles.transparent_max_bounces = 3, 8
    scene.render.threads_mode, scene.render.threads = "FIXED", 2
    scene.render.resolution_x, scene.render.resolution_y = columns * size_px, lines * size_px
    scene.view_settings.view_transform = "Standard"
    scene.world = bpy.data.worlds.new("world")
    scene.world.node_tree.nodes["Background"].inputs[0].default_value = (0.62, 0.66, 0.7, 1)
    scene.world.node_tree.nodes["Background"].inputs[1].default_value = 0.75
    sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    sun.data.energy, sun.data.angle = 2.4, 0.2
    sun.rotation_euler = (math.radians(50), 0, math.radians(-40))
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.type, camera.data.ortho_scale = "ORTHO", 1.25 * max(columns, lines)
    camera.location, camera.rotation_euler = (0, -30, 0), (math.pi / 2, 0, 0)
    for item in (sun, camera):
        scene.collection.objects.link(item)
    scene.camera = camera


def main() -> None:
    """Build, set on the grid, render."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--family", default="")
    parser.add_argument("--only", default="")
    parser.add_argument("--looks", action="store_true", help="every appearance, not only the first")
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    keys = [k.strip() for k in args.only.split(",") if k.strip()]
    keys = keys or [name for name, row in rows().items() if args.family in ("", row.family)]
    specs = [catalogue()[k] for k in keys]
    wanted = [(s, look.name) for s in specs for look in (s.appearances if args.looks else s.appearances[:1])]
    lines = math.ceil(len(wanted) / COLUMNS)
    stage(COLUMNS, lines, args.size, args.samples)
    named = []
    for number, (spec, look) in enumerate(wanted):
        rng = np.random.default_rng([args.seed, number])
        item = build_object(spec, look, rng)
        rest = next((r for r in spec.rests if r != "hangs"), "upright")
        flat = rest == "flat"
        lie = Euler((0, 0, 0)).to_matrix()
        if flat and item.dimensions.y < item.dimensions.z:
            lie = Euler((math.pi / 2, 0, 0)).to_matrix()
        elif rest == "side":
            lie = Euler((0, math.pi / 2, 0)).to_matrix()
        yaw = Euler((0, 0, float(rng.uniform(-0.75, -0.45)))).to_matrix()
        tip = Euler((math.radians(62 if flat or rest == "side" else RISE), 0, 0)).to_matrix()
        column, line = number % COLUMNS, number // COLUMNS
        x, z = 1.25 * (column - (COLUMNS - 1) / 2), 1.25 * ((lines - 1) / 2 - line)
        item.matrix_world = Matrix.Translation((x, 0, z)) @ (tip @ yaw @ lie).to_4x4()
        for one in (item, *item.children):
            bpy.context.scene.collection.objects.link(one)
        named.append(f"{line + 1}.{column + 1} {spec.name}/{look} ({len(item.data.vertices)})")
    args.out.parent.mkdir(parents=True, exist_ok=True)
    bpy.context.scene.render.filepath = str(args.out.resolve())
    bpy.ops.render.render(write_still=True)
    args.out.with_suffix(".txt").write_text("\n".join(named) + "\n")
    print("\n".join(named))


if __name__ == "__main__":
    main()
