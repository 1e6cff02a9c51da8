"""The two renders of a scene: the image, and which target every pixel shows with its distance. Inside the worker."""

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import numpy.typing as npt

from tools.generators.blender.build import PIECE
from tools.generators.blender.labels import PIECE_STEP

Floats = npt.NDArray[np.float32]


def set_up(size_px: int, samples: int, threads: int) -> None:
    """An empty file with Cycles set for speed: few samples, fast denoiser, few bounces."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.render.resolution_x = scene.render.resolution_y = size_px
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.exr_codec = "NONE"
    scene.render.use_compositing = scene.render.use_sequencer = False
    cycles = scene.cycles
    cycles.use_adaptive_sampling = cycles.use_light_tree = False
    cycles.denoiser, cycles.denoising_quality, cycles.denoising_prefilter = "OPENIMAGEDENOISE", "FAST", "FAST"
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect, cycles.sample_clamp_direct = 4.0, 0.0
    cycles.samples = samples
    cycles.sampling_pattern = "BLUE_NOISE"  # what the denoiser is given is spread evenly: a tenth of a dB, for nothing


def clear() -> None:
    """Remove everything of the last scene, so that nothing leaks into the next."""
    data = bpy.data
    kinds: tuple[Any, ...] = (
        data.objects, data.meshes, data.materials, data.lights, data.cameras, data.worlds, data.images,
        data.curves, data.hair_curves, data.node_groups, data.textures, data.armatures, data.actions, data.collections,
    )  # fmt: skip
    data.batch_remove([block for kind in kinds for block in kind])
    bpy.context.view_layer.material_override = None


def render_image(seed: int, samples: int, path: Path) -> Floats:
    """The image in linear light, (h, w, 3), top row first."""
    scene = bpy.context.scene
    cycles = scene.cycles
    cycles.samples, cycles.use_denoising, cycles.seed = samples, True, seed & 0x7FFFFFFF
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 4, 2, 2
    cycles.transmission_bounces, cycles.transparent_max_bounces = 4, 6
    cycles.pixel_filter_type, cycles.filter_width = "BLACKMAN_HARRIS", 1.5
    scene.render.image_settings.color_depth = "16"
    return _render(path)[..., :3]


def render_numbers(path: Path) -> tuple[npt.NDArray[np.int64], Floats]:
    """Which object number each pixel's centre shows (0 none), and its distance from the camera (0: nothing there).

    One sample through the centre of each pixel, no filter, no lens blur: the masks are exact, not anti-aliased.
    """
    scene = bpy.context.scene
    cycles = scene.cycles
    bpy.context.view_layer.material_override = _numbers_material()
    cycles.samples, cycles.use_denoising, cycles.max_bounces, cycles.seed = 1, False, 0, 0
    cycles.pixel_filter_type, cycles.filter_width = "BOX", 0.01
    scene.camera.data.dof.use_dof = False
    scene.render.image_settings.color_depth = "32"
    scene.world = None
    values = _render(path)
    return values[..., 0].round().astype(np.int64), values[..., 1]


def _numbers_material() -> Any:
    material = bpy.data.materials.new("numbers")
    if material.node_tree is None:
        material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    index = nodes.new("ShaderNodeObjectInfo").outputs["Object Index"]
    piece = nodes.new("ShaderNodeAttribute")
    piece.attribute_name = PIECE
    step = nodes.new("ShaderNodeMath")
    step.operation, step.inputs[1].default_value = "MULTIPLY_ADD", PIECE_STEP
    links.new(piece.outputs["Fac"], step.inputs[0])
    links.new(index, step.inputs[2])
    distance = nodes.new("ShaderNodeCameraData").outputs["View Distance"]
    both, emit, out = (nodes.new(f"ShaderNode{k}") for k in ("CombineXYZ", "Emission", "OutputMaterial"))
    links.new(step.outputs[0], both.inputs[0])
    links.new(distance, both.inputs[1])
    links.new(both.outputs[0], emit.inputs[0])
    links.new(emit.outputs[0], out.inputs[0])
    material.cycles.emission_sampling = "NONE"
    return material


def _render(path: Path) -> Floats:
    scene = bpy.context.scene
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    width, height = image.size
    values = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(values)
    bpy.data.images.remove(image)
    path.unlink()
    return values.reshape(height, width, 4)[::-1]
