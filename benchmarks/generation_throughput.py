"""Batches against one image at a time: `python benchmarks/generation_throughput.py [MODEL] [COUNT] [BATCH] [STEPS]`.

MODEL is a folder or a name on the hub; without one a small Stable Diffusion with random weights is made: of the true
architecture, about 6 million weights, so ratios can be read on a CPU and nothing more. The loop is the one of the
library's own examples: one call a prompt, one generator a call. Both give the same images; the largest difference is
printed. With a GPU the memory before, at the peak and after closing is printed, too.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tools.core.settings import Settings
from tools.data.images import read_image, write_image
from tools.generators import Generated
from tools.generators.diffusion import DiffusionGenerator, fitted_to, load_pipeline, recipe_of, seed_of, side_of
from tools.scenes.scene import SceneSpec


def small_model(folder: Path) -> None:
    """A Stable Diffusion pipeline with random weights for images of 128 px."""
    from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    torch.manual_seed(0)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789,."
    tokens = [*letters, *(f"{c}</w>" for c in letters), "<|startoftext|>", "<|endoftext|>"]
    tokenizer = CLIPTokenizer(vocab={t: i for i, t in enumerate(tokens)}, merges=[], model_max_length=77)
    size = len(tokens)
    text = CLIPTextConfig(
        vocab_size=size, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=2,
        bos_token_id=size - 2, eos_token_id=size - 1, pad_token_id=size - 1,
    )  # fmt: skip
    unet = UNet2DConditionModel(
        block_out_channels=(32, 64, 128), layers_per_block=1, sample_size=16, cross_attention_dim=64,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"), norm_num_groups=8,
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), attention_head_dim=8,
    )  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=[16, 16, 32, 32], norm_num_groups=8, latent_channels=4, sample_size=128,
        down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
    )  # fmt: skip
    pipe = StableDiffusionPipeline(
        vae=vae, text_encoder=CLIPTextModel(text), tokenizer=tokenizer, unet=unet, safety_checker=None,
        scheduler=EulerDiscreteScheduler(steps_offset=1), feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipe.save_pretrained(folder)


def one_by_one(settings: Settings, scenes: list[SceneSpec]) -> tuple[float, list[Any]]:
    """Seconds and images of the plain loop, files written."""
    pipe = load_pipeline(settings.diffusion.model, offline=True)
    recipe, side = recipe_of(settings.diffusion.model, pipe), side_of(pipe, settings)
    wanted = {
        "num_inference_steps": settings.diffusion.steps or recipe.steps, "guidance_scale": recipe.guidance,
        "height": side, "width": side, "output_type": "np",
    }  # fmt: skip
    if recipe.guidance > 1:
        wanted["negative_prompt"] = settings.diffusion.negative_prompt

    def draw(scene: SceneSpec) -> Any:
        generator = torch.Generator("cpu").manual_seed(seed_of(scene))
        return pipe(prompt=scene.caption, generator=generator, **wanted).images[0]

    draw(scenes[0])
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{s.id}.jpg" for s in scenes]
        _wait()
        started = time.perf_counter()
        for scene, file in zip(scenes, files, strict=True):
            image = (draw(scene) * 255).round().astype(np.uint8)
            write_image(file, fitted_to(image, settings.size_px))
        _wait()
        return time.perf_counter() - started, [read_image(f) for f in files]


def batched(settings: Settings, scenes: list[SceneSpec]) -> tuple[float, list[Any]]:
    """Seconds and images of our engine, files written."""
    engine = DiffusionGenerator(settings)
    with tempfile.TemporaryDirectory() as folder:
        list(engine.generate(scenes[: settings.diffusion.batch or 1], Path(folder)))
        _wait()
        started = time.perf_counter()
        made = [m for m in engine.generate(scenes, Path(folder)) if isinstance(m, Generated)]
        _wait()
        seconds = time.perf_counter() - started
        images = [read_image(m.image) for m in made]
    if torch.cuda.is_available():
        before = torch.cuda.memory_allocated() / 2**20
        engine.close()
        after, peak = torch.cuda.memory_allocated() / 2**20, torch.cuda.max_memory_allocated() / 2**20
        print(f"GPU memory: {before:.0f} MiB loaded, {peak:.0f} MiB at the peak, {after:.0f} MiB after closing")
    return seconds, images


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def main(model: str | None, count: int, batch: int | None, steps: int | None) -> None:
    """Measure both and print one line each."""
    torch.set_num_threads(len(os.sched_getaffinity(0)) if torch.cuda.is_available() else 1)
    with tempfile.TemporaryDirectory() as scratch:
        if model is None:
            small_model(Path(scratch))
        settings = Settings(
            diffusion_model=model or scratch,
            diffusion_batch=batch,
            diffusion_steps=steps,
            size_px=128 if not model else 512,
        )
        scenes = [
            SceneSpec(caption=f"a photo of apple {i}", context="table", light="sun", family=str(i), seed=i)
            for i in range(count)
        ]
        loop, first = one_by_one(settings, scenes)
        ours, second = batched(settings, scenes)
    away = [np.abs(a.astype(int) - b.astype(int)) for a, b in zip(first, second, strict=True)]
    load = f"CPU, 1 thread, load {os.getloadavg()[0]:.1f}"
    where = torch.cuda.get_device_name() if torch.cuda.is_available() else load
    print(f"{model or 'small Stable Diffusion, random weights'} on {where}: {count} pictures")
    print(f"one by one {count / loop:.2f} pictures/s, batches of {batch or 'what fits'} {count / ours:.2f} pictures/s")
    print(f"ratio {loop / ours:.2f}; grey levels apart: mean {np.mean(away):.3f}, most {np.max(away)}")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(
        given[0] if given and given[0] != "-" else None,
        int(given[1]) if len(given) > 1 else 16,
        int(given[2]) if len(given) > 2 else None,
        int(given[3]) if len(given) > 3 else None,
    )
