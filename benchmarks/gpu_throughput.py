"""Batches against each library's own one-by-one loop: `python -m benchmarks.gpu_throughput [small] [PART...]`.

PART is any of sd, sdxl, sam, clip (default: all). The networks have the full sizes of SD-Turbo, SDXL-Turbo, SAM ViT-B
and CLIP ViT-L/14 and random weights: speed and memory are true, what they draw or say is not. With "small" they are
tiny (but SAM's), so that the script runs on a CPU: then only the ratios can be read. Both sides of a ratio give the
same outputs; how far they are apart is printed. Every part ends with the GPU memory at its peak and after closing.
"""

import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.generation_throughput import batched, one_by_one
from tools.core.devices import choose_device, choose_dtype
from tools.core.model_files import release
from tools.core.settings import Settings
from tools.scenes.scene import SceneSpec

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789,."


def tokenizer() -> Any:
    """Letters and their word ends: what a text costs does not depend on the words, for it is padded."""
    from transformers import CLIPTokenizer

    tokens = [*LETTERS, *(f"{c}</w>" for c in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={t: i for i, t in enumerate(tokens)}, merges=[], model_max_length=77)


def text_encoder(width: int, layers: int, heads: int, *, projected: bool = False) -> Any:
    """A text encoder of CLIP with random weights."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    words = 2 * len(LETTERS) + 2
    config = CLIPTextConfig(
        vocab_size=words, hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers,
        num_attention_heads=heads, projection_dim=width, bos_token_id=words - 2, eos_token_id=words - 1,
        pad_token_id=words - 1,
    )  # fmt: skip
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config)


def vae(small: bool) -> Any:
    """The autoencoder of all Stable Diffusions."""
    from diffusers import AutoencoderKL

    widths = [16, 16, 32, 32] if small else [128, 256, 512, 512]
    return AutoencoderKL(
        block_out_channels=widths, layers_per_block=1 if small else 2, norm_num_groups=8 if small else 32,
        latent_channels=4, sample_size=128 if small else 512, down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4,
    )  # fmt: skip


def scheduler() -> Any:
    """That of the Turbo models."""
    from diffusers import EulerDiscreteScheduler

    return EulerDiscreteScheduler(
        beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, steps_offset=1, timestep_spacing="trailing"
    )


def sd_turbo(folder: Path, small: bool) -> None:
    """The architecture of SD-Turbo: the U-Net of Stable Diffusion 2.1 (866 million weights)."""
    from diffusers import StableDiffusionPipeline, UNet2DConditionModel

    width = 64 if small else 1024
    cross, plain = "CrossAttnDownBlock2D", "DownBlock2D"
    unet = UNet2DConditionModel(
        block_out_channels=(32, 64) if small else (320, 640, 1280, 1280), sample_size=16 if small else 64,
        down_block_types=(cross, plain) if small else (cross, cross, cross, plain),
        up_block_types=("UpBlock2D", *("CrossAttnUpBlock2D",) * (1 if small else 3)), cross_attention_dim=width,
        attention_head_dim=8 if small else [5, 10, 20, 20], use_linear_projection=True,
        layers_per_block=1 if small else 2, norm_num_groups=8 if small else 32,
    )  # fmt: skip
    StableDiffusionPipeline(
        vae=vae(small), text_encoder=text_encoder(width, 2 if small else 23, 2 if small else 16), unet=unet,
        tokenizer=tokenizer(), scheduler=scheduler(), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    ).to(dtype=choose_dtype(choose_device())).save_pretrained(folder)  # fmt: skip


def sdxl_turbo(folder: Path, small: bool) -> None:
    """The architecture of SDXL-Turbo: a U-Net of 2.6 thousand million weights and two text encoders."""
    from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel

    first, second = (32, 64) if small else (768, 1280)
    unet = UNet2DConditionModel(
        block_out_channels=(32, 64) if small else (320, 640, 1280), sample_size=16 if small else 64,
        down_block_types=("DownBlock2D", *("CrossAttnDownBlock2D",) * (1 if small else 2)),
        up_block_types=(*("CrossAttnUpBlock2D",) * (1 if small else 2), "UpBlock2D"),
        transformer_layers_per_block=[1, 2] if small else [1, 2, 10], cross_attention_dim=first + second,
        attention_head_dim=8 if small else [5, 10, 20], use_linear_projection=True, addition_embed_type="text_time",
        addition_time_embed_dim=8 if small else 256, layers_per_block=1 if small else 2,
        projection_class_embeddings_input_dim=second + 6 * (8 if small else 256), norm_num_groups=8 if small else 32,
    )  # fmt: skip
    StableDiffusionXLPipeline(
        vae=vae(small), unet=unet, scheduler=scheduler(), tokenizer=tokenizer(), tokenizer_2=tokenizer(),
        text_encoder=text_encoder(first, 2 if small else 12, 2 if small else 12),
        text_encoder_2=text_encoder(second, 2 if small else 32, 2 if small else 20, projected=True),
    ).to(dtype=choose_dtype(choose_device())).save_pretrained(folder)  # fmt: skip


def diffusion(make: Callable[[Path, bool], None], name: str, small: bool) -> None:
    """Images per second of our engine and of the pipeline called once a prompt."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / name  # the name says how it is sampled: two steps, no guidance
        make(folder, small)
        count, batch = (8, 4) if small else (64, 32)
        settings = Settings(diffusion_model=str(folder), diffusion_batch=batch, size_px=128 if small else 512)
        scenes = [
            SceneSpec(caption=f"a photo of apple {i}", context="table", light="sun", family=str(i), seed=i)
            for i in range(count)
        ]
        loop, first = one_by_one(settings, scenes)
        _emptied()
        ours, second = batched(settings, scenes)
    apart = max(int(np.abs(a.astype(int) - b.astype(int)).max()) for a, b in zip(first, second, strict=True))
    _say(f"{name}: pictures in batches of {batch}", count, loop, ours, f"{apart} grey levels")


def sam(small: bool) -> None:
    """Masks per second of our segmenter and of `SamPredictor`, asked box by box after encoding the image once."""
    from segment_anything import sam_model_registry

    from tools.annotators.sam import SegmentAnything, largest_part

    side, boxes_each, count = (256, 16, 1) if small else (1024, 64, 16)
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 255, (side, side, 3)).astype(np.uint8) for _ in range(count)]
    corners = rng.uniform(0, 0.6 * side, (boxes_each, 2)).tolist()
    boxes = [(x, y, x + 0.3 * side, y + 0.3 * side) for x, y in corners]
    with tempfile.TemporaryDirectory() as scratch:
        weights = Path(scratch) / "vit_b.pth"
        torch.save(sam_model_registry["vit_b"]().state_dict(), weights)
        first, loop = plain_sam(weights, images, boxes)
        _emptied()
        ours = SegmentAnything(weights, batch=64, min_quality=-1e9)
        ours.masks(images[0], boxes[:1])
        second, seconds = _timed(lambda: [m for p in images for m in ours.masks(p, boxes)])
        ours.close()
    first = [largest_part(m) for m in first]  # ours takes specks away, within its time
    apart = float(np.mean([(a != b).mean() for a, b in zip(first, second, strict=True) if b is not None]))
    _say("SAM ViT-B: masks", len(first), loop, seconds, f"{apart:.5f} of the pixels")


def plain_sam(weights: Path, images: list[Any], boxes: list[Any]) -> tuple[list[Any], float]:
    """Masks and seconds of the library's own loop."""
    from segment_anything import SamPredictor, sam_model_registry

    predictor = SamPredictor(sam_model_registry["vit_b"](checkpoint=str(weights)).to(choose_device()).eval())

    def masks(some: list[Any], of: list[Any]) -> list[Any]:
        found = []
        for image in some:
            predictor.set_image(image)
            found += [predictor.predict(box=np.array(b), multimask_output=False)[0][0] for b in of]
        return found

    masks(images[:1], boxes[:1])
    return _timed(lambda: masks(images, boxes))


def clip(small: bool) -> None:
    """Images per second of our embedder and of one call an image, at the same precision."""
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor

    from tools.scorers.clip import ClipEmbedder

    width, layers, side, patch = (64, 2, 64, 16) if small else (1024, 24, 224, 14)
    count = 64 if small else 512
    words = 2 * len(LETTERS) + 2
    vision = {"hidden_size": width, "intermediate_size": 4 * width, "num_hidden_layers": layers,
              "num_attention_heads": 4 if small else 16, "image_size": side, "patch_size": patch}  # fmt: skip
    text = {"vocab_size": words, "hidden_size": 64 if small else 768, "intermediate_size": 256 if small else 3072,
            "num_hidden_layers": 2 if small else 12, "num_attention_heads": 4 if small else 12,
            "bos_token_id": words - 2, "eos_token_id": words - 1, "pad_token_id": words - 1}  # fmt: skip
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 255, (320, 320, 3)).astype(np.uint8) for _ in range(count)]
    with tempfile.TemporaryDirectory() as scratch:
        CLIPModel(CLIPConfig(text_config=text, vision_config=vision)).save_pretrained(scratch)
        shown = CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
        CLIPProcessor(image_processor=shown, tokenizer=tokenizer()).save_pretrained(scratch)
        first, loop = plain_clip(scratch, images)
        _emptied()
        ours = ClipEmbedder(scratch, offline=True, batch=128)
        ours.images(images[:128])
        second, seconds = _timed(lambda: ours.images(images))
        ours.close()
    _say("CLIP: pictures", count, loop, seconds, f"cosine {float((first * second).sum(1).min()):.5f} at least")


def plain_clip(folder: str, images: list[Any]) -> tuple[Any, float]:
    """Unit vectors and seconds of the library's own loop, at the precision that we use."""
    from transformers import AutoModel, AutoProcessor

    device = choose_device()
    network: Any = AutoModel.from_pretrained(folder, dtype=choose_dtype(device)).to(device).eval()
    processor: Any = AutoProcessor.from_pretrained(folder)

    def vectors(some: list[Any]) -> Any:
        rows = []
        for image in some:
            inputs = processor(images=image, return_tensors="pt").to(device, network.dtype)
            with torch.inference_mode():
                found = network.get_image_features(**inputs)
            rows.append(torch.nn.functional.normalize(found.pooler_output.float(), dim=-1)[0].cpu().numpy())
        return np.stack(rows)

    vectors(images[:2])
    return _timed(lambda: vectors(images))


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Result and seconds, with the GPU's queue empty at both ends."""
    _wait()
    started = time.perf_counter()
    found = work()
    _wait()
    return found, time.perf_counter() - started


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _emptied() -> None:
    gc.collect()
    release()
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def _say(what: str, count: int, loop: float, ours: float, apart: str) -> None:
    print(
        f"{what}: one by one {count / loop:.2f}/s, ours {count / ours:.2f}/s, ratio {loop / ours:.2f}; apart: {apart}"
    )
    if torch.cuda.is_available():
        peak = torch.cuda.max_memory_allocated() / 2**20
        _emptied()
        print(
            f"  GPU memory: {peak:.0f} MiB at the peak, {torch.cuda.memory_allocated() / 2**20:.0f} MiB after closing"
        )


PARTS: dict[str, Callable[[bool], None]] = {
    "sd": lambda small: diffusion(sd_turbo, "sd-turbo", small),
    "sdxl": lambda small: diffusion(sdxl_turbo, "sdxl-turbo", small),
    "sam": sam,
    "clip": clip,
}


def main(arguments: list[str]) -> None:
    """Measure the parts that are named, or all."""
    small = "small" in arguments
    if not torch.cuda.is_available():
        torch.set_num_threads(1)
    where = torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, load {os.getloadavg()[0]:.1f}"
    print(f"{where}, random weights{', small networks: read the ratios alone' if small else ''}")
    for name in [a for a in arguments if a in PARTS] or list(PARTS):
        torch.manual_seed(0)
        PARTS[name](small)


if __name__ == "__main__":
    main(sys.argv[1:])
