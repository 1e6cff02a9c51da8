"""From labelled images to the tensors that Ultralytics' losses read."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tools.trainers.augment import Policy, vary
from tools.trainers.consistency import Views, look_twice
from tools.trainers.examples import Example, targets_of

MASK_STRIDE = 4  # of the networks' mask prototypes; target masks are kept at this resolution


@dataclass(frozen=True)
class Batch:
    """Arrays of one step; boxes are normalised (cx, cy, w, h)."""

    images: npt.NDArray[np.uint8]  # (b, h, w, 3)
    classes: npt.NDArray[np.float32]  # (n,) of all objects; in classification (b,)
    boxes: npt.NDArray[np.float32]  # (n, 4)
    owner: npt.NDArray[np.float32]  # (n,) which image each object is in
    masks: npt.NDArray[np.int16]  # (b, h / 4, w / 4): 0 none, i the i-th object of that image
    unlabelled: Views | None = None  # photos that a classifier learns from as well


class Source(Protocol):
    """Examples by number."""

    def __len__(self) -> int:
        """How many there are."""

    def __getitem__(self, index: int) -> Example:
        """One of them."""


def collate(examples: Sequence[Example]) -> Batch:
    """One batch of examples of equal size; look-alikes have no label in it."""
    classes, boxes, owner, masks = [], [], [], []
    for number, example in enumerate(map(targets_of, examples)):
        h, w = example.ids.shape
        found = example.seen_boxes if example.boxes is None else example.boxes
        centres, sides = (found[:, :2] + found[:, 2:]) / 2, found[:, 2:] - found[:, :2]
        boxes.append(np.concatenate([centres, sides], 1) / np.array([w, h, w, h], np.float32))
        classes.append(example.classes)
        owner.append(np.full(len(found), number))
        masks.append(example.ids[MASK_STRIDE // 2 :: MASK_STRIDE, MASK_STRIDE // 2 :: MASK_STRIDE].astype(np.int16))
    return Batch(
        np.stack([e.image for e in examples]),
        np.concatenate(classes).astype(np.float32),
        np.concatenate(boxes).astype(np.float32),
        np.concatenate(owner).astype(np.float32),
        np.stack(masks),
    )


def collate_labels(examples: Sequence[Example]) -> Batch:
    """One batch of whole-image labels."""
    none = np.zeros((0, 4), np.float32)
    labels = np.array([e.label for e in examples], np.float32)
    return Batch(np.stack([e.image for e in examples]), labels, none, none[:, 0], np.zeros((0, 0, 0), np.int16))


def epoch_batches(
    source: Source,
    batch: int,
    sizes: Sequence[int],
    policy: Policy,
    seed: int,
    epoch: int,
    *,
    labels_only: bool = False,
    unlabelled: Source | None = None,
) -> Iterator[Batch]:
    """Batches of one epoch, each made in a second thread while the one before is trained on, the first one at once.

    Everything follows from (seed, epoch, position), so an epoch that is begun again is the same.

    Args:
        source: the examples.
        batch: images a step, in each of them; the last one is filled with some a second time.
        sizes: sides in pixels to choose from, a batch at a time.
        policy: of augmentation.
        seed: of the training.
        epoch: number of the epoch.
        labels_only: whole-image labels.
        unlabelled: photos of which every batch gets as many as it has images.
    """
    groups = _groups(len(source), batch, np.random.default_rng([seed, epoch]))

    def make(position: int) -> Batch:
        size_px = int(np.random.default_rng([seed, epoch, 1, position]).choice(np.asarray(sizes)))
        examples = []
        for slot, index in enumerate(groups[position]):
            rng = np.random.default_rng([seed, epoch, 2, position, slot])
            others = rng.integers(len(source), size=3).tolist() if policy.mosaic or policy.paste else []
            examples.append(vary(rng, [source[int(i)] for i in (index, *others)], size_px, policy))
        made = (collate_labels if labels_only else collate)(examples)
        if unlabelled is None:
            return made
        rng = np.random.default_rng([seed, epoch, 3, position])
        chosen = rng.integers(len(unlabelled), size=batch).tolist()
        return replace(made, unlabelled=look_twice(rng, [unlabelled[i] for i in chosen], size_px))

    yield from ahead(make, len(groups))


def steps_of(examples: int, batch: int) -> int:
    """How many batches an epoch has."""
    return len(_groups(examples, batch, np.random.default_rng(0)))


def _groups(examples: int, batch: int, rng: np.random.Generator) -> list[npt.NDArray[np.int64]]:
    """Every example, in random order, in full batches; what the last one lacks is taken a second time.

    A batch of another length would need kernels of its own, for every size of image, and its statistics are poorer.
    """
    count = -(-examples // batch) * batch
    order = np.concatenate([rng.permutation(examples) for _ in range(-(-count // examples))])[:count]
    return np.split(order, count // batch)


def ahead(make: Callable[[int], Batch], count: int) -> Iterator[Batch]:
    """make(0), make(1), ... with the next one in the making; the first is begun before anyone asks for it."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="batches")
    return _handed_out(pool, pool.submit(make, 0), make, count) if count else iter(())


def _handed_out(
    pool: ThreadPoolExecutor, coming: Future[Batch], make: Callable[[int], Batch], count: int
) -> Iterator[Batch]:
    with pool:
        for position in range(1, count):
            ready = coming.result()
            coming = pool.submit(make, position)
            yield ready
        yield coming.result()


def image_tensor(images: npt.NDArray[np.uint8], device: Any) -> Any:
    """(n, h, w, 3) images as channels-last floats (n, 3, h, w) in 0..1; they are channels-last in memory already."""
    import torch

    return torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float().div_(255)


def to_tensors(batch: Batch, device: Any) -> dict[str, Any]:
    """The dict that Ultralytics' losses read."""
    import torch

    return {
        "img": image_tensor(batch.images, device),
        "cls": torch.from_numpy(batch.classes).to(device),
        "bboxes": torch.from_numpy(batch.boxes).to(device),
        "batch_idx": torch.from_numpy(batch.owner).to(device),
        "masks": torch.from_numpy(batch.masks).to(device),
        "sem_masks": torch.from_numpy(_class_masks(batch)).to(device),
    }


def _class_masks(batch: Batch) -> npt.NDArray[np.int16]:
    """(n, h, w) class of the object at each pixel, 0 where there is none; YOLO26 learns from it."""
    made = np.zeros_like(batch.masks)
    for number, ids in enumerate(batch.masks):
        table = np.concatenate([[0], batch.classes[batch.owner == number]]).astype(np.int16)
        made[number] = table[ids]
    return made
