"""What images look like to the starter weights: which renders show the kind of place that a photo shows.

The starter has never seen a photo, and yet leaves, boards and bare walls are textures that its first layers tell apart.
Compared by `benchmarks/place_likeness.py` with the layout of edges and colours that finds duplicates.
"""

from collections.abc import Iterable
from itertools import islice

import numpy as np
import numpy.typing as npt

from tools.data.images import ImageArray
from tools.models.checkpoint import load_model
from tools.models.postprocess import centre_crop
from tools.trainers import starter_files

_LAYER = 6  # maps at a sixteenth of the image; 4 tells places apart as well, 10 and all three together less well
_SIDE_PX = 320
_BATCH = 8


def looks(images: Iterable[ImageArray]) -> npt.NDArray[np.float32]:
    """Unit vectors (n, d): the mean and the deviation of each map of one layer; d is 1 where there is no image.

    Args:
        images: (h, w, 3) RGB; the middle square of each counts. Memory does not grow with their number.

    Raises:
        StepFailed: the starter weights are missing or damaged.
    """
    import torch

    network, _ = load_model(starter_files.WEIGHTS)
    found: list[npt.NDArray[np.float32]] = []
    left = iter(images)
    with torch.no_grad():
        while group := list(islice(left, _BATCH)):
            seen = np.stack([centre_crop(p, _SIDE_PX) for p in group])
            maps = torch.from_numpy(seen).permute(0, 3, 1, 2).float().div_(255)
            for layer in network.model[: _LAYER + 1]:
                maps = layer(maps)
            vectors = torch.cat([maps.mean((2, 3)), maps.std((2, 3))], 1)
            found.append(torch.nn.functional.normalize(vectors).numpy())
    return np.concatenate(found) if found else np.zeros((0, 1), np.float32)
