"""Finds inside a larger find of the same class: mostly a part of the thing, the head of a dog found for a whole one."""

from collections.abc import Sequence

import numpy as np

from tools.models.tiles import Seen

# Chosen on photos of single animals, of pedestrians, faces, bubbles and apples: docs/experiments/parts.md.
INSIDE = 0.85  # of the smaller box lies in the larger
SMALLER = 0.5  # of the larger box's area, at most
AS_SURE = 0.2  # times the smaller find's score, at least, has the larger
LARGE = 0.2  # of the image's side, at least, is the larger: of small things in a crowd one may well cover another
LOWERED = 0.3  # times its score is left of the smaller


def parts_lowered(seen: Sequence[Seen]) -> list[Seen]:
    """Finds of one image, best first, those that are probably parts of others less sure than before.

    Nothing is taken away: of a puppy before its mother both stay, the puppy less sure.
    """
    if len(seen) < 2:
        return list(seen)
    boxes = np.array([s.box for s in seen])
    scores = np.array([s.score for s in seen])
    classes = np.array([s.view.found.classes[s.which] for s in seen])
    sides = (boxes[:, 2:] - boxes[:, :2]).clip(1e-6)
    areas = sides.prod(axis=1)
    large = np.array([a >= LARGE**2 * s.view.fit.height * s.view.fit.width for a, s in zip(areas, seen, strict=True)])
    lowered = np.zeros(len(seen), bool)
    for whole in np.flatnonzero(large):
        shared = np.minimum(boxes[:, 2:], boxes[whole, 2:]) - np.maximum(boxes[:, :2], boxes[whole, :2])
        inside = shared.clip(0).prod(axis=1) >= INSIDE * areas
        lowered |= (
            inside
            & (areas <= SMALLER * areas[whole])
            & (scores[whole] >= AS_SURE * scores)
            & (classes == classes[whole])
        )
    changed = [s._replace(score=s.score * LOWERED) if low else s for s, low in zip(seen, lowered, strict=True)]
    return sorted(changed, key=lambda s: -s.score)
