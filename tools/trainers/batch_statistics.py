"""A model's batch statistics moved towards photos: what photos without labels give in seconds, without any training.

The means and variances by which batch normalisation centres and scales are of the pictures it was trained on. Mixing
those of the new pictures in (Li et al. 2016, arXiv 1603.04779; with a share that grows with their number: Schneider et
al., NeurIPS 2020) changes nothing that was learnt.
"""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np

from tools.data.pictures import Picture
from tools.errors import StepFailed
from tools.trainers.checkpoint import load, load_model, save
from tools.trainers.postprocess import centre_crop

_BATCH = 8
_RENDERS_WORTH = 120  # so many photos would count as much as all that was trained on; chosen with 30, see the docs
_STATISTICS = (".running_mean", ".running_var")
_MOST = 0.2  # share of the photos: beyond it scores fell


def share_of(count: int) -> float:
    """Weight of the statistics of so many photos."""
    return min(_MOST, count / (count + _RENDERS_WORTH))


def adapt_statistics(weights: Path, pictures: Iterable[Picture], out: Path) -> int:
    """Write weights whose batch statistics are partly those of other pictures. Returns how many were seen.

    Args:
        weights: of a model.
        pictures: (h, w, 3) RGB; the middle square of each counts. Memory does not grow with their number.
        out: file to write.

    Raises:
        StepFailed: see `load`; or there is no picture.
    """
    import torch

    network, card = load_model(weights)
    network.float().train()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # a plain average over all batches
            module.reset_running_stats()
    count = 0
    with torch.no_grad():
        left = iter(pictures)
        while group := list(islice(left, _BATCH)):
            seen = np.stack([centre_crop(p, card.size_px) for p in group])
            network.predict(torch.from_numpy(seen).permute(0, 3, 1, 2).float().div_(255))
            count += len(group)
    if count == 0:
        raise StepFailed("there is no photo whose statistics could be taken")
    before, found, share = load(weights)[0], network.state_dict(), share_of(count)
    mixed = {
        k: (t.float() * (1 - share) + found[k] * share).to(t.dtype) if k.endswith(_STATISTICS) else t
        for k, t in before.items()
    }
    save(out, mixed, architecture=card.architecture, names=card.names, size_px=card.size_px, extra=card.extra)
    return count
