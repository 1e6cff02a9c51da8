"""Digits and letters of straight strokes, at random: what is written on plates and signs."""

from collections.abc import Iterable
from itertools import groupby

import numpy as np

COLUMNS, ROWS = 3, 5
DIGITS = 10  # the first of `SIGNS`
# Row after row, from the top.
SIGNS = [
    "111101101101111",
    "010110010010111",
    "111001111100111",
    "111001111001111",
    "101101111001001",
    "111100111001111",
    "111100111101111",
    "111001001010010",
    "111101111101111",
    "111101111001111",
    "010101111101101",
    "110101110101110",
    "111100100100111",
    "111100110100111",
    "101101111101101",
    "101101110101101",
    "100100100100111",
    "111101111100100",
    "111010010010010",
    "101101101101111",
    "101101010101101",
]


def runs(cells: Iterable[bool]) -> list[tuple[int, int]]:
    """(first, length) of each stretch of cells that are set."""
    grouped = [list(own) for on, own in groupby(enumerate(cells), key=lambda cell: cell[1]) if on]
    return [(own[0][0], len(own)) for own in grouped]


def strokes(
    rng: np.random.Generator, count: int, wide: float, high: float, *, digits: bool = False
) -> list[tuple[float, float, float, float]]:
    """A line of random signs about the origin.

    Args:
        rng: chooses them.
        count: signs.
        wide: of the line.
        high: of the line.
        digits: no letters.

    Returns:
        (right, up, width, height) of the strokes' middles.
    """
    place = wide / count
    across, down = place * 0.76 / COLUMNS, high / ROWS
    found = []
    for number in range(count):
        sign = SIGNS[int(rng.integers(DIGITS if digits else len(SIGNS)))]
        left = (number + 0.12) * place - wide / 2
        for row in range(ROWS):
            line = sign[COLUMNS * row : COLUMNS * (row + 1)]
            for column, run in runs(mark == "1" for mark in line):
                right, up = left + (column + run / 2) * across, high / 2 - (row + 0.5) * down
                found.append((right, up, run * across, down))
    return found
