"""Whether photos without labels teach the trunk first: `python benchmarks/self_supervision.py FOLDER ...`.

Each set is split as by `benchmarks/few_shot.py`: 12 photos learn, 48 judge, `--more` others are only looked at. The
starter's trunk is trained on those for some minutes, then the few photos are learnt from as always. Rows, box mAP50 and
mAP50-95 on the judging photos:

    starter     the training on all photos, from the starter as it is
    contrast    the trunk tells two variants of one window from those of others (SimCLR, arXiv 2002.05709)
    masked      the trunk fills in what is covered of a window (masked autoencoding, arXiv 2111.06377, on convolutions)
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from few_shot import score, splits
from torch import nn
from torch.nn import functional

from tools.core.settings import Settings
from tools.core.task import TaskSpec
from tools.core.threads import prepare_for_torch
from tools.data.images import ImageArray, read_image
from tools.data.sample import Sample
from tools.models.checkpoint import save
from tools.models.networks import build_network, transfer
from tools.shown import recipe
from tools.shown.outlines import starter_predictor
from tools.trainers.augment import Policy, vary
from tools.trainers.batches import image_tensor
from tools.trainers.examples import Example
from tools.trainers.loop import rate_at
from tools.trainers.starter_files import load_starter

TRUNK = 11  # layers up to the neck
WINDOW_PX, BATCH = 160, 32
RATE = 1e-3
TEMPERATURE = 0.2
PATCH_PX, COVERED = 32, 0.6  # sides of what is covered, and its share
VARIED = Policy(mosaic=0.0, paste=0.0, foreign=0.0, scale=(0.8, 3.0))


def windows(images: list[ImageArray], rng: np.random.Generator, views: int) -> ImageArray:
    """(views * BATCH, h, w, 3): windows of random photos, each varied `views` times over."""
    made: list[list[ImageArray]] = [[] for _ in range(views)]
    for number in rng.choice(len(images), BATCH, replace=len(images) < BATCH):
        image = images[int(number)]
        h, w = image.shape[:2]
        side = int(rng.uniform(0.4, 1.0) * min(h, w))
        y, x = int(rng.integers(h - side + 1)), int(rng.integers(w - side + 1))
        cut = image[y : y + side, x : x + side]
        example = Example(cut, np.zeros(cut.shape[:2], np.uint16), np.zeros(0, np.int64), np.zeros((0, 4), np.float32))
        for own in made:
            own.append(vary(rng, [example], WINDOW_PX, VARIED).image)
    return np.stack([image for own in made for image in own])


def contrast(trunk: nn.Module, width: int) -> tuple[nn.Module, Callable[[ImageArray], torch.Tensor], int]:
    """What is trained beside the trunk, the loss of a batch of windows, and the views it takes of each."""
    head = nn.Sequential(nn.Linear(width, 256), nn.ReLU(), nn.Linear(256, 64))

    def loss(batch: ImageArray) -> torch.Tensor:
        seen = functional.normalize(head(trunk(image_tensor(batch, torch.device("cpu"))).mean((2, 3))), dim=1)
        alike = seen @ seen.T / TEMPERATURE
        alike.fill_diagonal_(-1e4)
        return functional.cross_entropy(alike, torch.arange(len(seen)).roll(len(seen) // 2))

    return head, loss, 2


def masked(trunk: nn.Module, width: int) -> tuple[nn.Module, Callable[[ImageArray], torch.Tensor], int]:
    """As `contrast`: the colours of covered patches, 8 by 8 points each, to be told from what is about them."""
    head = nn.Sequential(nn.Conv2d(width, 256, 3, padding=1), nn.ReLU(), nn.Conv2d(256, 192, 1))
    cover = torch.Generator().manual_seed(0)

    def loss(batch: ImageArray) -> torch.Tensor:
        images = image_tensor(batch, torch.device("cpu"))
        places = WINDOW_PX // PATCH_PX
        covered = torch.rand((len(images), 1, places, places), generator=cover) < COVERED
        shown = images.masked_fill(covered.repeat_interleave(PATCH_PX, 2).repeat_interleave(PATCH_PX, 3), 114 / 255)
        wanted = functional.pixel_unshuffle(functional.avg_pool2d(images, PATCH_PX // 8), 8)
        wanted = (wanted - wanted.mean(1, keepdim=True)) / (wanted.std(1, keepdim=True) + 0.05)
        missed = ((head(trunk(shown)) - wanted) ** 2).mean(1, keepdim=True)
        return (missed * covered).sum() / covered.sum().clamp(min=1)

    return head, loss, 1


WAYS = {"contrast": contrast, "masked": masked}


def pretrained(way: str, photos: list[Sample], root: Path, task: TaskSpec, minutes: float, seed: int, out: Path) -> str:
    """Write the starter with a trunk that has looked at photos; how its loss went."""
    tensors, card = load_starter()  # type: ignore[misc]
    architecture = Settings().training.model
    network: Any = build_network(architecture, task.class_names, seed)
    transfer(network, tensors, card.architecture, architecture)
    trunk = network.model[:TRUNK].train()
    images = [read_image(root / s.image) for s in photos]
    rng = np.random.default_rng([seed, len(images)])
    torch.manual_seed(seed)
    with torch.no_grad():
        width = trunk(torch.zeros(2, 3, WINDOW_PX, WINDOW_PX)).shape[1]
    head, loss_of, views = WAYS[way](trunk, width)
    optimizer = torch.optim.AdamW([*trunk.parameters(), *head.parameters()], weight_decay=0.02)
    losses, began = list[float](), time.monotonic()
    while (spent := (time.monotonic() - began) / (60 * minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = rate_at(spent, RATE)
        loss = loss_of(windows(images, rng, views))
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    save(out, network.state_dict(), architecture=architecture, names=task.class_names, size_px=card.size_px)
    tenth = max(1, len(losses) // 10)
    return f"{len(losses)} steps, loss {np.mean(losses[:tenth]):.3f} -> {np.mean(losses[-tenth:]):.3f}"


def learn(task: TaskSpec, few: list[Sample], folder: Path, seed: int, given: Any, initial: Path | None) -> Path:
    """The training on all photos, from the starter or from weights that have looked at others."""
    settings = Settings(seed=seed, ignore_side_px=given.ignore_side)
    known = recipe.is_known(task, recipe.known_share(few, Path("/"), starter_predictor()))
    trainer = recipe.trainer_of(settings, known)
    trainer.details = replace(trainer.details, rate_round=trainer.details.rate_trained)
    job = recipe.job_of(task, few, Path("/"), folder, settings, seed=seed + 1, known=known)
    return trainer.train(replace(job, initial=initial), lambda entry: None).weights


def rows(folder: Path, given: Any) -> Iterator[tuple[str, int, float, float]]:
    """(way, seed, mAP50, mAP50-95) of a set."""
    for seed in range(given.seeds):
        task, few, others = splits(folder, 12, seed)
        judging, more = others[:48], others[48 : 48 + given.more]
        for way in ["starter", *given.ways]:
            with tempfile.TemporaryDirectory() as scratch:
                looked = None
                if way != "starter":
                    looked = Path(scratch) / "looked.safetensors"
                    print(way, pretrained(way, [*few, *more], Path("/"), task, given.minutes, seed, looked), flush=True)
                weights = learn(task, few, Path(scratch) / "train", seed, given, looked)
                found = score(weights, judging, task, given.ignore_side)
            yield way, seed, float(found.box_map50 or 0), float(found.box_map50_95 or 0)


def main() -> None:
    """Print the table."""
    prepare_for_torch()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--more", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--ignore-side", type=float, default=0.0)
    given = parser.parse_args()
    for folder in given.folders:
        told: dict[str, list[tuple[float, float]]] = {}
        for way, seed, found, tight in rows(folder, given):
            print(f"{folder.name} seed {seed} {way}: {found:.3f} / {tight:.3f}", flush=True)
            told.setdefault(way, []).append((found, tight))
        for way, scores in told.items():
            print(folder.name, way, " / ".join(f"{statistics.median(s):.3f}" for s in zip(*scores, strict=True)))


if __name__ == "__main__":
    main()
