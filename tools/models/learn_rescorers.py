"""Rescorers learnt from photos without labels: what a model finds there says what its scores are worth."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np

from tools.data.images import ImageArray
from tools.models.predict import Predictor
from tools.models.rescorer import _BATCH, WORTH_IT, Floats, Rescorer, fit, store


def learn_rescorers(weights: Path, photos: Iterable[ImageArray], out: Path) -> dict[str, Rescorer]:
    """Write weights with what photos without labels say about their findings, in place of what others said before.

    Args:
        weights: of a model that finds objects.
        photos: (h, w, 3) RGB. Memory grows by 120 bytes an object that is found.
        out: file to write; may be `weights`.

    Returns:
        By class; classes of which too little is found have none.

    Raises:
        StepFailed: the weights cannot be read.
    """
    model = Predictor.load(weights)
    seen: dict[str, list[tuple[float, Floats]]] = {name: [] for name in model.names}
    left = iter(photos)
    while batch := list(islice(left, _BATCH)):
        for found in model.described(batch, WORTH_IT):
            for instance, description in found:
                if description is not None:
                    seen[instance.class_name].append((instance.score, description))
    fitted = {
        name: fit(np.array([d for _, d in own]), np.array([s for s, _ in own])) for name, own in seen.items() if own
    }
    rescorers = {name: rescorer for name, rescorer in fitted.items() if rescorer is not None}
    store(weights, rescorers, out)
    return rescorers
