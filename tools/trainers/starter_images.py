"""The images that the starter is pre-trained on: drawn by formula, with renders among them, in endless batches."""

import math
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, fields
from itertools import count
from typing import Any

import cv2
import numpy as np

from tools.trainers.augment import Policy, vary
from tools.trainers.batches import Batch, Source, collate
from tools.trainers.examples import Example
from tools.trainers.formula import draw

_SHELF = 512  # drawn images that are kept to be used again
_FIRST = 64  # are drawn before the first batch
_FRESH_SHARE = 0.34  # of what is drawn in a batch is new: drawing takes three times as long as varying
_RENDERS_SHARE = 0.65  # of a batch, where there are renders
_SIZE_STEPS = (0.625, 0.75, 0.875)  # of the size; small images teach as much a step at half the price
_FINAL_SIZE_STEPS = (0.875, 1.0, 1.125, 1.25, 1.5)
# What is drawn lies at any angle already, and a box of a whole object is loose after a turn.
_POLICY = Policy(mosaic=0.35, scale=(0.6, 1.6), rotate_deg=8.0, colour=0.6, degrade=0.2)
_FINAL_POLICY = Policy(mosaic=0.0, scale=(0.8, 1.25), rotate_deg=8.0, colour=0.4, degrade=0.2)
_RENDERS_POLICY, _FINAL_RENDERS_POLICY = Policy(foreign=0.0), Policy(foreign=0.0, mosaic=0.0)
_FINAL_SHARE = 0.2  # of the schedule, at full size and without mosaics


@dataclass(frozen=True)
class Schedule:
    """How far a training is: by steps, or by the clock when that is further."""

    steps: int
    seconds: float = math.inf
    began: float = 0.0  # of `time.monotonic`, which is the same in all processes of a machine

    def progress(self, step: int) -> float:
        """Share that lies behind, from 0; the training is over at 1."""
        return max(step / self.steps, (time.monotonic() - self.began) / self.seconds)


def to_example(seed: int, index: int, size_px: int) -> Example:
    """A formula image as a labelled example of the one class "object"."""
    drawn = draw(seed, index, size_px)
    present = np.unique(drawn.ids)
    present = present[present > 0]
    table = np.zeros(256, np.uint16)
    table[present] = np.arange(1, len(present) + 1)
    return Example(drawn.image, table[drawn.ids], np.zeros(len(present), np.int64), drawn.boxes[present])


def parts_of(batch: int, mixed: bool) -> tuple[int, int, int]:
    """How many images of a batch are renders, how many are drawn, and how many of those are new."""
    rendered = round(batch * _RENDERS_SHARE) if mixed else 0
    return rendered, batch - rendered, max(1, round((batch - rendered) * _FRESH_SHARE))


class Series:
    """Batches 0, 1, 2, ... that follow from the seed alone; one batch asks for images that the ones before drew."""

    def __init__(self, seed: int, batch: int, size_px: int, renders: Source | None, first: int = 0) -> None:
        """Draw what batch number `first` finds on its shelf."""
        self.seed, self.size_px, self.renders = seed, size_px, renders
        self.rendered, self.drawn, self._fresh = parts_of(batch, renders is not None)
        self._shelf: dict[int, Example] = {}
        self._number = first

    def next(self, progress: float) -> Batch:
        """The batch whose turn it is: of the drawn images a third is new, the rest from those drawn before."""
        rng = np.random.default_rng([self.seed, 7, self._number])
        newest = _FIRST + (self._number + 1) * self._fresh
        oldest = max(0, newest - _SHELF)
        for index in range(oldest, newest):
            if index not in self._shelf:
                self._shelf[index] = to_example(self.seed, index, self.size_px)
        for index in [i for i in self._shelf if i < oldest]:
            del self._shelf[index]
        final = progress >= 1 - _FINAL_SHARE
        share = float(rng.choice(np.asarray(_FINAL_SIZE_STEPS if final else _SIZE_STEPS)))
        size_px = round(self.size_px * share / 32) * 32
        new = list(range(newest - self._fresh, newest))
        chosen = new + rng.integers(oldest, newest, self.drawn - self._fresh).tolist()
        examples = []
        for slot, index in enumerate(chosen):
            one = np.random.default_rng([self.seed, 8, self._number, slot])
            few = [self._shelf[i] for i in (index, *one.integers(oldest, newest, 3).tolist())]
            examples.append(vary(one, few, size_px, _FINAL_POLICY if final else _POLICY))
        for slot in range(self.rendered):
            assert self.renders is not None
            one = np.random.default_rng([self.seed, 9, self._number, slot])
            few = [self.renders[int(i)] for i in one.integers(len(self.renders), size=4)]
            examples.append(vary(one, few, size_px, _FINAL_RENDERS_POLICY if final else _RENDERS_POLICY))
        self._number += 1
        return collate(examples)


def batches(
    seed: int, batch: int, size_px: int, renders: Source | None, schedule: Schedule, *, workers: int, first: int = 0
) -> Generator[Batch, None, None]:
    """The batches of a training, made by processes in turn; which batch is whose follows from how many they are.

    Args:
        seed: of all images.
        batch: images in each.
        size_px: of the images, about which batches vary.
        renders: to mix in.
        schedule: of the training.
        workers: processes; 0 makes them in this one.
        first: number of the first batch.
    """
    from torch.utils.data import DataLoader, IterableDataset, get_worker_info

    class Turns(IterableDataset[dict[str, Any]]):
        def __iter__(self) -> Iterator[dict[str, Any]]:
            import torch

            info = get_worker_info()
            mine, all_of_them = (0, 1) if info is None else (info.id, info.num_workers)
            if info is not None:
                cv2.setNumThreads(1)
            turn = (first + mine) % all_of_them
            begin = (first + mine) // all_of_them
            series = Series(seed * 1000 + turn, batch, size_px, renders, begin)
            for number in count(begin):
                made = series.next(schedule.progress(number * all_of_them + turn))
                yield {k: torch.from_numpy(np.ascontiguousarray(getattr(made, k))) for k in names}

    names = [f.name for f in fields(Batch) if f.name != "unlabelled"]
    # Forked processes share what is decoded already; started anew, each would hold all renders itself.
    context = "fork" if workers else None
    loader = DataLoader(Turns(), batch_size=None, num_workers=workers, multiprocessing_context=context)
    for made in loader:
        yield Batch(**{k: v.numpy() for k, v in made.items()})
