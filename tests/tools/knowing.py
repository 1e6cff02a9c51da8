"""The small checkpoints of `checkpoints.py` with some of their weights set, so that they have heard of one thing.

What they say of it is always the same, whatever the image shows; that they say it through the real networks,
tokenizers and thresholds is what a test of the whole chain needs.
"""

from pathlib import Path

import torch

from tests.tools import checkpoints
from tests.tools.generators import pipelines

SHARP = 100.0  # trained CLIPs multiply cosines by this much


def clip(folder: Path, *texts: str) -> Path:
    """A CLIP to which every image looks like these texts: the pooled output is a bias, their mean its projection."""
    from transformers import CLIPModel, CLIPProcessor

    checkpoints.clip(folder)
    model, processor = CLIPModel.from_pretrained(folder), CLIPProcessor.from_pretrained(folder)
    with torch.no_grad():
        said = model.get_text_features(**processor(text=list(texts), padding=True, return_tensors="pt")).pooler_output
        wanted = torch.nn.functional.normalize(said, dim=-1).mean(dim=0)
        model.vision_model.post_layernorm.weight.zero_()
        model.vision_model.post_layernorm.bias.copy_(torch.linalg.pinv(model.visual_projection.weight) @ wanted)
        model.logit_scale.fill_(torch.tensor(SHARP).log())
    model.save_pretrained(folder)
    return folder


def owlv2(folder: Path, phrase: str, *, patch: int = 5) -> Path:
    """An OWLv2 to which the patch at one place looks like a phrase; it sees so dimly that places tell patches apart."""
    from transformers import Owlv2ForObjectDetection, Owlv2Processor

    checkpoints.owlv2(folder)
    model, processor = Owlv2ForObjectDetection.from_pretrained(folder), Owlv2Processor.from_pretrained(folder)
    head = model.class_head
    with torch.no_grad():
        words = processor(text=[[phrase]], return_tensors="pt")
        said = model.owlv2.get_text_features(**words).pooler_output[0]
        head.dense0.weight.zero_()
        head.dense0.bias.copy_(said)
        model.owlv2.vision_model.embeddings.patch_embedding.weight.mul_(0.02)
        noise = torch.randn(8, 3, 64, 64, generator=torch.Generator().manual_seed(0))
        seen = model.image_embedder(pixel_values=noise)[0].flatten(1, 2).mean(dim=0)
        rest = seen[[i for i in range(len(seen)) if i != patch]].mean(dim=0)
        towards = seen[patch] - rest
        half = (seen[patch] + rest) @ towards / 2
        sure = 12.0 / float(towards @ towards)  # 6 above and below: 0.998 and 0.002
        head.logit_shift.weight.copy_(sure * towards[None])
        head.logit_shift.bias.copy_((-sure * half - 1.0)[None])  # the phrase itself has a cosine of 1
        head.logit_scale.weight.zero_()
        head.logit_scale.bias.zero_()
    model.save_pretrained(folder)
    return folder


def grounding_dino(folder: Path, phrase: str) -> Path:
    """A Grounding DINO whose queries all look like the words of a phrase."""
    from transformers import GroundingDinoForObjectDetection, GroundingDinoProcessor

    checkpoints.grounding_dino(folder)
    model = GroundingDinoForObjectDetection.from_pretrained(folder)
    processor = GroundingDinoProcessor.from_pretrained(folder)
    processor.image_processor.size = {"shortest_edge": 96, "longest_edge": 96}  # its coarsest map: 2 x 2, not 1 x 1
    processor.save_pretrained(folder)
    grey = torch.zeros(96, 96, 3, dtype=torch.uint8).numpy()
    with torch.no_grad():
        inputs = processor(images=grey, text=f"{phrase} .", return_tensors="pt")
        heard = model(**inputs).encoder_last_hidden_state_text[0, 1:-2].mean(dim=0)
        for head in model.bbox_embed:
            head.layers[-1].bias[2:].add_(1.5)  # boxes that are seen
        norm = model.model.decoder.layer_norm
        norm.weight.fill_(0.05)
        norm.bias.copy_(3.0 * heard / (heard @ heard))  # a logit near 3 where these words stand
    model.save_pretrained(folder)
    return folder


def segment_anything(path: Path) -> Path:
    """A SAM that trusts its own masks."""
    checkpoints.segment_anything(path)
    weights = torch.load(path, weights_only=True)
    weights["mask_decoder.iou_prediction_head.layers.2.bias"].fill_(1.0)
    torch.save(weights, path)
    return path


def diffusion(folder: Path) -> Path:
    """A Stable Diffusion whose images are coloured noise in the middle of the scale."""
    return pipelines.stable_diffusion(folder)
