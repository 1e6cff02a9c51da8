"""The starter weights as a recogniser of the catalogue's things: what is an object, and which it looks most like.

Loads torch; import it where it is needed.
"""

from collections.abc import Sequence
from typing import Any

import torch

from tools.models.networks import build_network, transfer
from tools.trainers.known import KnownClasses, give_outputs, widen
from tools.trainers.starter_files import NAMES


class ByName(torch.nn.Module):
    """A network of "object" and the known classes, whose scores are those of a few of them.

    On photos a class's own output is unsure of itself, less so which class has the highest. The score is that of an
    object times the class's output over the highest of any class. Box mAP50 on 60 orchard tiles: by the class's own
    output 0.66, over the highest 0.74.

    Args:
        network: in evaluation mode; its first class is "object".
        rows: of the wanted classes among the others.
        classes: of the network, "object" among them.
    """

    def __init__(self, network: Any, rows: Sequence[int], classes: int) -> None:
        super().__init__()
        self.network, self.rows, self.classes = network, list(rows), classes

    def forward(self, images: torch.Tensor) -> Any:
        """(b, 4 + wanted classes + mask coefficients, anchors), and the mask prototypes."""
        (decoded, prototypes), *_ = self.network(images)
        objects, named = decoded[:, 4:5], decoded[:, 5 : 4 + self.classes]
        shares = named[:, self.rows] / named.amax(1, keepdim=True).clamp_min(1e-6)
        return ((torch.cat([decoded[:, :4], objects * shares, decoded[:, 4 + self.classes :]], 1), prototypes),)


def network_of(starter: tuple[dict[str, Any], Any], known: KnownClasses, keys: Sequence[str]) -> ByName:
    """The starter for things of the catalogue.

    Args:
        starter: tensors and card.
        known: the outputs that belong to it.
        keys: of the wanted things, all of them known.
    """
    tensors, card = starter
    network = build_network(card.architecture, NAMES)
    transfer(network, tensors, card.architecture, card.architecture)
    classes = len(NAMES) + len(known.names)
    widen(network, classes)
    give_outputs(network, known, [None, *known.names])
    return ByName(network.eval().fuse(verbose=False), [known.names.index(k) for k in keys], classes)
