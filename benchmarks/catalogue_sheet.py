"""Render every object of the catalogue in a plain studio and lay them out on contact sheets, to be looked at.

    python benchmarks/catalogue_sheet.py OUT_DIR [--only apple,tomato] [--size 256] [--samples 8] [--copies 1] [--all]

The names stand under the tiles only: a person must recognise the things without them.
"""

import argparse
import math
import time
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector
from PIL import Image, ImageDraw

from tools.generators.blender.build import build_object
from tools.generators.blender.catalogue import catalogue

COLUMNS, LABEL_PX = 8, 16


def studio(size_px: int, samples: int) -> bpy.types.Object:
    """An empty white sweep with a soft key light; returns the camera."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine, scene.cycles.device, scene.cycles.samples = "CYCLES", "CPU", samples
    scene.cycles.use_denoising, scene.cycles.denoising_quality, scene.cycles.denoising_prefilter = True, "FAST", "FAST"
    scene.cycles.max_bounces, scene.cycles.transparent_max_bounces = 4, 16
    scene.render.resolution_x = scene.render.resolution_y = size_px
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    scene.world = bpy.data.worlds.new("world")
    scene.world.node_tree.nodes["Background"].inputs[0].default_value = (0.8, 0.85, 0.9, 1)
    scene.world.node_tree.nodes["Background"].inputs[1].default_value = 0.7
    light = bpy.data.objects.new("key", bpy.data.lights.new("key", "AREA"))
    light.data.energy, light.data.size = 110, 1.6
    light.location, light.rotation_euler = (-1.6, -1.8, 2.6), (math.radians(42), 0, math.radians(-41))
    scene.collection.objects.link(light)
    mesh = bpy.data.meshes.new("floor")
    mesh.from_pydata([(-9, -9, 0), (9, -9, 0), (9, 9, 0), (-9, 9, 0)], [], [(0, 1, 2, 3)])
    floor = bpy.data.objects.new("floor", mesh)
    paper = bpy.data.materials.new("paper")
    paper.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (0.55, 0.55, 0.56, 1)
    mesh.materials.append(paper)
    scene.collection.objects.link(floor)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.lens = 70
    scene.collection.objects.link(camera)
    scene.camera = camera
    return camera


def frame(camera: bpy.types.Object, item: bpy.types.Object, rest: str, seed: int) -> None:
    """Put the thing on the floor as it rests and look at it from slightly above."""
    rng = np.random.default_rng(seed)
    lie = {"side": (0.0, math.pi / 2), "flat": (math.pi / 2 if item.dimensions.y < item.dimensions.z else 0.0, 0.0)}
    item.rotation_euler = (*lie.get(rest, (0.0, 0.0)), float(rng.uniform(-0.5, 0.5)))
    corners = [item.rotation_euler.to_matrix() @ Vector(c) for c in item.bound_box]
    item.location = (0, 0, -min(c.z for c in corners))
    height = max(c.z for c in corners) - min(c.z for c in corners)
    rise = math.radians(60 if rest == "flat" else 22)
    camera.location = Vector((0, -2.75 * math.cos(rise), 2.75 * math.sin(rise) + height / 2))
    camera.rotation_euler = (math.pi / 2 - rise, 0, 0)


def main() -> None:
    """Render and lay out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--copies", type=int, default=1, help="tiles of each appearance")
    parser.add_argument("--all", action="store_true", help="every appearance, not only the first")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    wanted = [w.strip() for w in args.only.split(",") if w.strip()] or list(catalogue())
    tiles = []
    for key in wanted:
        spec = catalogue()[key]
        looks = spec.appearances if args.all else spec.appearances[:1]
        for number, look in enumerate(looks):
            for copy in range(number, number + args.copies):
                started = time.perf_counter()
                camera = studio(args.size, args.samples)
                item = build_object(spec, look.name, np.random.default_rng(copy))
                bpy.context.scene.collection.objects.link(item)
                frame(camera, item, next((r for r in spec.rests if r != "hangs"), "upright"), copy)
                path = args.out / f"{key} {look.name} {copy}.png".replace("/", "-")
                bpy.context.scene.render.filepath = str(path)
                built = time.perf_counter()
                bpy.ops.render.render(write_still=True)
                vertices = len(item.data.vertices)
                seconds = f"{built - started:.2f} + {time.perf_counter() - built:.2f} s"
                print(f"{key}/{look.name}: {vertices} vertices, {seconds}")
                tiles.append((f"{key} / {look.name}", Image.open(path).convert("RGB")))
    for page in range(0, len(tiles), COLUMNS * 5):
        shown = tiles[page : page + COLUMNS * 5]
        rows = math.ceil(len(shown) / COLUMNS)
        sheet = Image.new("RGB", (COLUMNS * args.size, rows * (args.size + LABEL_PX)), "white")
        for i, (label, tile) in enumerate(shown):
            x, y = i % COLUMNS * args.size, i // COLUMNS * (args.size + LABEL_PX)
            sheet.paste(tile, (x, y))
            ImageDraw.Draw(sheet).text((x + 4, y + args.size + 2), label, fill="black")
        sheet.save(args.out / f"sheet_{page // (COLUMNS * 5)}.png")


if __name__ == "__main__":
    main()
