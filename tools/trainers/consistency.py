"""Photos without labels in the training of a classifier.

What the averaged weights are sure of in a photo that is hardly changed, the network has to see in the same photo much
changed: FixMatch (Sohn et al. 2020) with a mean teacher (Tarvainen and Valpola 2017).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.trainers.augment import Policy, vary
from tools.trainers.examples import Example

CERTAIN = 0.95  # probability from which the teacher is believed; FixMatch's
# Shifted and flipped, as FixMatch has it; colours are those of the photo.
WEAK = Policy(mosaic=0.0, scale=(0.9, 1.2), rotate_deg=0.0, colour=0.0, degrade=0.0, paste=0.0, foreign=0.0)
STRONG = Policy(mosaic=0.0, scale=(0.6, 1.8), rotate_deg=25.0, colour=1.0, degrade=0.9, paste=0.0, foreign=0.0)


@dataclass(frozen=True)
class Views:
    """Photos without labels, twice."""

    weak: npt.NDArray[np.uint8]  # (n, h, w, 3)
    strong: npt.NDArray[np.uint8]  # (n, h, w, 3), the same photos


def look_twice(rng: np.random.Generator, photos: list[Example], size_px: int) -> Views:
    """Weak and strong views of photos, square."""
    weak, strong = (np.stack([vary(rng, [p], size_px, how).image for p in photos]) for how in (WEAK, STRONG))
    return Views(weak, strong)


class Teacher:
    """A network of averaged weights: it shares their memory, so that it always is as they are now."""

    def __init__(self, network: Any) -> None:
        self.network = network.eval().requires_grad_(False)

    def follow(self, average: Mapping[str, Any]) -> None:
        """Take these tensors as its own."""
        self.network.load_state_dict(average, assign=True)

    def probabilities(self, images: Any) -> Any:
        """(n, classes) for (n, 3, h, w) in 0..1."""
        import torch

        with torch.no_grad():
            return self.network(images)[0].float()


def agreement(teacher: Any, logits: Any) -> Any:
    """Cross-entropy of what the network sees in strong views, where the teacher is sure of the weak ones.

    Args:
        teacher: (n, classes) probabilities for weak views.
        logits: (n, classes) of the network for strong views of the same photos.

    Returns:
        Sum over the sure ones by the number of all, so that few sure ones weigh little.
    """
    import torch

    sure, seen = teacher.max(1)
    each = torch.nn.functional.cross_entropy(logits, seen, reduction="none")
    return (each * (sure >= CERTAIN)).mean()
