"""Small diffusion pipelines of the true architectures with random weights, written to a folder as users have them."""

from pathlib import Path

import torch

from tests.tools.checkpoints import _clip_tokenizer

SIDE = 32  # pixels: latents of 16 x 16, halved once by the VAE


def _text(size):
    from transformers import CLIPTextConfig, CLIPTextModel

    config = CLIPTextConfig(
        vocab_size=size, hidden_size=32, intermediate_size=37, num_hidden_layers=2, num_attention_heads=2,
        bos_token_id=size - 2, eos_token_id=size - 1, pad_token_id=size - 1, max_position_embeddings=77,
    )  # fmt: skip
    return CLIPTextModel(config)


def _vae():
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=[16, 32], in_channels=3, out_channels=3, latent_channels=4, norm_num_groups=8,
        down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2, sample_size=SIDE,
    )  # fmt: skip


def _unet(**changed):
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        block_out_channels=(16, 32), layers_per_block=1, sample_size=SIDE // 2, in_channels=4, out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32, norm_num_groups=8, attention_head_dim=4, **changed,
    )  # fmt: skip


def _checker(limit):
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import CLIPConfig, CLIPImageProcessor

    vision = {
        "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
        "image_size": 32, "patch_size": 16,
    }  # fmt: skip
    checker = StableDiffusionSafetyChecker(CLIPConfig(vision_config=vision, projection_dim=8))
    for name in ("special_care_embeds_weights", "concept_embeds_weights"):
        getattr(checker, name).data.fill_(limit)  # a cosine above it is withheld
    return checker, CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})


def stable_diffusion(folder: Path, *, checker: float | None = None, scheduler=None, licence: str = "openrail") -> Path:
    """Stable Diffusion 1.x, a few ten thousand weights."""
    from diffusers import PNDMScheduler, StableDiffusionPipeline

    torch.manual_seed(0)
    tokenizer, size = _clip_tokenizer(folder)
    guard, reader = (None, None) if checker is None else _checker(checker)
    pipe = StableDiffusionPipeline(
        vae=_vae(), text_encoder=_text(size), tokenizer=tokenizer, unet=_unet(), safety_checker=guard,
        scheduler=scheduler or PNDMScheduler(beta_schedule="scaled_linear", skip_prk_steps=True, steps_offset=1),
        feature_extractor=reader, requires_safety_checker=checker is not None,
    )  # fmt: skip
    pipe.save_pretrained(folder)
    (folder / "README.md").write_text(f"---\nlicense: {licence}\ntags: [x]\n---\n# A model\n")
    return folder


def controlnet(folder: Path) -> Path:
    """A ControlNet that fits `stable_diffusion`."""
    from diffusers import ControlNetModel

    torch.manual_seed(1)
    net = ControlNetModel(
        block_out_channels=(16, 32), layers_per_block=1, in_channels=4, cross_attention_dim=32, norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), attention_head_dim=4,
        conditioning_embedding_out_channels=(8, 16),
    )  # fmt: skip
    net.save_pretrained(folder)
    return folder


def gligen(folder: Path) -> Path:
    """GLIGEN: Stable Diffusion with gated attention to boxes."""
    from diffusers import DDIMScheduler, StableDiffusionGLIGENPipeline

    torch.manual_seed(0)
    tokenizer, size = _clip_tokenizer(folder)
    pipe = StableDiffusionGLIGENPipeline(
        vae=_vae(), text_encoder=_text(size), tokenizer=tokenizer, unet=_unet(attention_type="gated"),
        scheduler=DDIMScheduler(), safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipe.save_pretrained(folder)
    return folder
