"""Which kinds of rendered images are most like given photos: where the next images should be made."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

NEAREST = 10  # renders looked at for each photo
MIN_LIFT = 2.0  # so many times as frequent among the nearest as among all
MIN_RENDERS = 5  # of a kind, fewer are an anecdote


def kinds_like(
    photos: npt.NDArray[np.float32],
    renders: npt.NDArray[np.float32],
    kinds: Sequence[str],
    least: float = MIN_LIFT,
) -> list[tuple[str, float]]:
    """Kinds of renders that are over-represented among those nearest to the photos, the most so first.

    Args:
        photos: (m, d) unit vectors.
        renders: (n, d) unit vectors.
        kinds: n names, such as the place each render shows.
        least: lift of a kind that is told.

    Returns:
        Kind and lift: its share among the nearest over its share among all.
    """
    if not len(photos) or len(renders) <= NEAREST:
        return []
    nearest = np.argsort(-(photos @ renders.T), axis=1, kind="stable")[:, :NEAREST]
    near = Counter(kinds[int(i)] for i in nearest.ravel())
    known = {kind: count for kind, count in Counter(kinds).items() if count >= MIN_RENDERS}
    lifts = {kind: near[kind] / nearest.size / (count / len(kinds)) for kind, count in known.items()}
    found = [(kind, lift) for kind, lift in lifts.items() if lift >= least]
    return sorted(found, key=lambda item: (-item[1], item[0]))
