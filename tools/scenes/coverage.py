"""Draw values on several axes so that all pairs of values occur as evenly as the count allows."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

import numpy as np
import numpy.typing as npt

Axes = Mapping[str, Mapping[str, float]]
Forbidden = Iterable[tuple[str, str, str, str]]
_NEVER = 1e12


def cover_pairs(
    axes: Axes,
    count: int,
    rng: np.random.Generator,
    *,
    fixed: Sequence[Mapping[str, str]] = (),
    forbidden: Forbidden = (),
    earlier: Iterable[Mapping[str, str]] = (),
) -> list[dict[str, str]]:
    """`count` combinations of values; each takes what its pairs have had least of, against their weights.

    A greedy covering design in the manner of the density algorithm (Bryant and Colbourn, "A density-based greedy
    algorithm for higher strength covering arrays", 2009), on expected counts instead of "covered or not", so that it
    stays even when pairs occur more than once.

    Measured on 8 axes of 12, 7, 5, 4, 4, 3, 3, 3 values: 80 rows hold 99 % of all pairs (independent draws: 87 %), 132
    rows all of them (94 %); of 10,000 rows every pair has 0.99 to 1.01 times its share (0.77 to 1.20), in 0.2 s.

    Args:
        axes: axis -> {value: weight}; weights need not sum to 1, values of weight 0 are not drawn.
        count: how many combinations.
        rng: breaks ties.
        fixed: the i-th combination must have these values.
        forbidden: (axis, value, axis, value) pairs that never occur together; a value that goes with none of another
            axis is left out. The first axis is drawn first, so it should be the one that forbids most.
        earlier: combinations that exist already (axes and values not in use are ignored); what they lack comes first.

    Raises:
        ValueError: nothing possible is left, or fixed values that exclude each other or all of another axis.
    """
    table = _Table(axes, forbidden)
    for row in earlier:
        table.count(row)
    # Ties are broken by a number less than the difference that one row makes to most pairs.
    ties = rng.gumbel(size=(count, table.size))
    orders = rng.permuted(np.tile(np.arange(1, len(table.names)), (count, 1)), axis=1).tolist()
    return [
        table.draw(fixed[number] if number < len(fixed) else {}, [0, *orders[number]], ties[number])
        for number in range(count)
    ]


class _Table:
    """Counts of all pairs of values as one matrix, single values on its diagonal: a step is a few sums of its rows."""

    def __init__(self, axes: Axes, forbidden: Forbidden) -> None:
        barred = {frozenset(((a, v), (b, w))) for a, v, b, w in forbidden}
        self.names = list(axes)
        self.values = _consistent({n: [v for v, w in axes[n].items() if w > 0] for n in axes}, barred)
        self.start = list(accumulate((len(self.values[n]) for n in self.names), initial=0))
        target = self._shares(axes, barred)
        self._weight = np.divide(1.0, target, out=np.zeros_like(target), where=target > 0)
        # How far each pair is ahead of its share, relative to that share, but for a number that is the same for all;
        # the row in hand counts half, what is forbidden is hopelessly ahead.
        self._ahead = np.where(target > 0, 0.5 * self._weight, _NEVER)
        self.size = len(target)

    def count(self, row: Mapping[str, str]) -> None:
        """Count a combination drawn elsewhere, possibly under other rules."""
        axes = [a for a, n in enumerate(self.names) if row.get(n) in self.values[n]]
        self._add([self.start[a] + self.values[self.names[a]].index(row[self.names[a]]) for a in axes])

    def draw(self, wanted: Mapping[str, str], order: Sequence[int], ties: npt.NDArray[np.float64]) -> dict[str, str]:
        """The next combination: what is wanted first, then axis after axis the value that is least ahead."""
        cost = self._ahead.diagonal() + ties
        places = [-1] * len(self.names)
        for name, value in wanted.items():
            axis = self.names.index(name)
            if value not in self.values[name]:
                raise ValueError(f"{name}={value} goes with nothing that is left of another axis")
            places[axis] = self.start[axis] + self.values[name].index(value)
            cost += self._ahead[places[axis]]
        for axis in order:
            if places[axis] < 0:
                start = self.start[axis]
                places[axis] = start + int(cost[start : self.start[axis + 1]].argmin())
                cost += self._ahead[places[axis]]
        if self._ahead[np.ix_(places, places)].max() >= _NEVER:
            raise ValueError("what is wanted excludes each other")
        self._add(places)
        return {n: self.values[n][p - s] for n, p, s in zip(self.names, places, self.start, strict=False)}

    def _add(self, places: list[int]) -> None:
        """Count a combination given by its places in the matrix."""
        pairs = np.ix_(places, places)
        self._ahead[pairs] += self._weight[pairs]

    def _shares(self, axes: Axes, barred: set[frozenset[tuple[str, str]]]) -> npt.NDArray[np.float64]:
        """Wanted share of the rows for every pair, 0 for what is forbidden and within an axis."""
        single = [np.array([axes[n][v] for v in self.values[n]], float) for n in self.names]
        weight = np.concatenate([s / s.sum() for s in single])
        target = np.outer(weight, weight)
        blocks = [slice(self.start[a], self.start[a + 1]) for a in range(len(self.names))]
        for a, one in enumerate(self.names):
            target[blocks[a], blocks[a]] = np.diag(weight[blocks[a]])
            for b, other in enumerate(self.names):
                if a == b:
                    continue
                allowed = [
                    [frozenset(((one, v), (other, w))) not in barred for w in self.values[other]]
                    for v in self.values[one]
                ]
                target[blocks[a], blocks[b]] *= np.array(allowed, float)
                target[blocks[a], blocks[b]] /= target[blocks[a], blocks[b]].sum()
        # A value that some of the first axis forbid is due less often; its own share must say so too.
        for b in range(1, len(self.names)):
            target[blocks[b], blocks[b]] = np.diag(target[blocks[0], blocks[b]].sum(axis=0))
        return target


def _consistent(values: dict[str, list[str]], barred: set[frozenset[tuple[str, str]]]) -> dict[str, list[str]]:
    """Values that go with at least one value of every other axis."""
    while True:
        kept = {
            a: [
                v
                for v in values[a]
                if all(
                    any(frozenset(((a, v), (b, w))) not in barred for w in others)
                    for b, others in values.items()
                    if b != a
                )
            ]
            for a in values
        }
        if empty := [a for a in kept if not kept[a]]:
            raise ValueError(f"no value of {empty[0]} is possible")
        if kept == values:
            return kept
        values = kept
