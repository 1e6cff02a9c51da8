"""Small checkpoints of the true architectures with random weights, written to a folder as users have them."""

import string
from pathlib import Path

import torch


def _clip_tokenizer(folder: Path):
    """Letters and their word ends are the whole vocabulary."""
    from transformers import CLIPTokenizer

    letters = [*string.ascii_lowercase, *string.digits, ".", ","]
    tokens = [*letters, *(f"{c}</w>" for c in letters), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={t: i for i, t in enumerate(tokens)}, merges=[], model_max_length=77), len(tokens)


def _bert_tokenizer():
    from transformers import BertTokenizer

    tokens = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *string.ascii_lowercase,
        ".",
        *(f"##{c}" for c in string.ascii_lowercase),
    ]
    return BertTokenizer(vocab={t: i for i, t in enumerate(tokens)}), len(tokens)


def clip(folder: Path) -> Path:
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor

    torch.manual_seed(0)
    tokenizer, size = _clip_tokenizer(folder)
    text = {
        "vocab_size": size, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
        "num_attention_heads": 2, "bos_token_id": size - 2, "eos_token_id": size - 1, "pad_token_id": size - 1,
    }  # fmt: skip
    vision = {
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
        "image_size": 32, "patch_size": 8,
    }  # fmt: skip
    CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=16)).save_pretrained(folder)
    pictures = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    CLIPProcessor(image_processor=pictures, tokenizer=tokenizer).save_pretrained(folder)
    return folder


def siglip(folder: Path) -> Path:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, SiglipConfig, SiglipImageProcessor, SiglipModel, SiglipProcessor

    torch.manual_seed(0)
    tokens = ["<pad>", "<unk>", "</s>", *string.ascii_lowercase]
    raw = Tokenizer(models.WordLevel({t: i for i, t in enumerate(tokens)}, unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<pad>", unk_token="<unk>", eos_token="</s>", model_max_length=64
    )
    text = {
        "vocab_size": len(tokens), "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
        "num_attention_heads": 2, "max_position_embeddings": 64, "projection_size": 32, "pad_token_id": 0,
        "eos_token_id": 2, "bos_token_id": 2,
    }  # fmt: skip
    vision = {
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
        "image_size": 32, "patch_size": 8,
    }  # fmt: skip
    SiglipModel(SiglipConfig(text_config=text, vision_config=vision)).save_pretrained(folder)
    pictures = SiglipImageProcessor(size={"height": 32, "width": 32})
    SiglipProcessor(image_processor=pictures, tokenizer=tokenizer).save_pretrained(folder)
    return folder
