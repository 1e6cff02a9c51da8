"""The starter weights that come with the package."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.core.errors import StepFailed

if TYPE_CHECKING:
    from tools.models.checkpoint import Card

WEIGHTS = Path(__file__).parent / "weights" / "starter.safetensors"

NAMES = ("object",)
CLASS_OUTPUT = re.compile(r"\.cv3\.\d+\.2\.(weight|bias)$")
_SIZE = re.compile(r"yolo\d*([nsmlx])(-|$)")


def weights_of(architecture: str) -> Path:
    """Where the starter for networks of a size is kept, if there is one: n has the plain name, s another beside it."""
    size = _SIZE.match(architecture)
    return WEIGHTS if size is None or size[1] == "n" else WEIGHTS.with_name(f"{WEIGHTS.stem}_{size[1]}.safetensors")


def starter_networks() -> list[str]:
    """Networks that there are starter weights of, as the settings name them."""
    return [name for name in (f"yolo11{size}" for size in "nsmlx") if weights_of(name).exists()]


def load_starter(weights: Path | None = None) -> "tuple[dict[str, Any], Card] | None":
    """Tensors and card of the shipped starter; None when this copy of the project has none.

    Args:
        weights: of `weights_of`; the smallest network's where none are given.

    Raises:
        StepFailed: the file is damaged, or not the one that its card beside it describes.
    """
    from tools.models.checkpoint import load

    weights = weights or WEIGHTS
    if not weights.exists():
        return None
    tensors, card = load(weights)
    described = json.loads(weights.with_suffix(".json").read_text(encoding="utf-8"))["sha256"]
    if card.sha256 != described:
        name = weights.with_suffix(".json").name
        raise StepFailed(f"{weights}: not the weights that {name} describes; install the package again")
    return tensors, card
