"""Pre-train the starter weights from formula-drawn images: no photo, no third-party data, no licence but ours.

    python -m tools.trainers.starter --out DIR [--steps N] [--minutes M] [--size PX] [--seed S]
    python -m tools.trainers.starter --out DIR --initial FILE --renders RUN [RUN ...] [...]

The second form goes on from other weights with renders of the catalogue among the drawn images (folders of runs, made
by `benchmarks/catalogue_renders.py`): it learns to tell the catalogue's things apart. `starter.safetensors` knows one
class, "object", either way; `starter_classes.safetensors` has the outputs of the catalogue's classes (`known.py`).
Boxes are of whole objects, as everywhere (`tools/data/boxes.py`); masks are of what is seen.

A run that was killed goes on from its last checkpoint when it is called again with the same folder. It ends by steps or
by minutes, whichever comes first; with steps alone the result follows from the seed.
"""

import argparse
import json
import logging
import math
import os
import platform
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from tools.core.errors import FixArguments, StepFailed
from tools.core.threads import freed_memory_kept, prepare_for_torch
from tools.data.boxes import LEARNT
from tools.data.sample import Instance, Sample
from tools.runs.runtime import write_json
from tools.trainers import starter_files
from tools.trainers.augment import Policy, vary
from tools.trainers.batches import Batch, Source, ahead, collate
from tools.trainers.examples import Example
from tools.trainers.known import BROADER
from tools.trainers.starter_files import CLASS_OUTPUT
from tools.trainers.targets import CACHE_BYTES, MAX_SIDE_SHARE, SampleSource

if TYPE_CHECKING:
    from tools.models.checkpoint import Card

log = logging.getLogger(__name__)

ARCHITECTURE = "yolo11n-seg"
NAMES = ("object",)
MAX_BYTES = 8 * 2**20

_CHUNK = 64  # images drawn at a time
_SHELF_CHUNKS = 16  # drawn images that are kept to be used again
_FRESH_SHARE = 0.34  # of a batch is drawn anew: drawing takes as long as a fifth of a training step
_SIZE_STEPS = (0.625, 0.75, 0.875)  # of the size; small images teach as much a step at half the price
_FINAL_SIZE_STEPS = (0.875, 1.0, 1.125, 1.25)
# What is drawn lies at any angle already, and a box of a whole object is loose after a turn.
_POLICY = Policy(mosaic=0.35, scale=(0.6, 1.6), rotate_deg=8.0, colour=0.6, degrade=0.2)
_FINAL_POLICY = Policy(mosaic=0.0, scale=(0.8, 1.25), rotate_deg=8.0, colour=0.4, degrade=0.2)
_FINAL_SHARE = 0.2  # of the schedule, at full size and without mosaics
_RENDERS_SHARE = 0.65  # of a batch, where there are renders
_RENDERS_POLICY, _FINAL_RENDERS_POLICY = Policy(), Policy(mosaic=0.0)
_FROZEN = 3  # first layers of weights that are gone on from: they know edges by then, and runs leave them as they are
_UNKNOWN_BIAS = -5.0  # of a new class's output, on top of that of an object: nothing is of it until something was
_HARDEST = 96  # classes beside those of a batch that its loss is made of
_VALIDATION_SEED = 999_983
_RATE = 2e-3
_SAVE_EVERY_S = 240.0
_LOG_EVERY = 50  # steps


def load_starter() -> "tuple[dict[str, Any], Card] | None":
    """Tensors and card of the shipped starter; None when this copy of the project has none.

    Raises:
        StepFailed: the file is damaged, or not the one that its card beside it describes.
    """
    from tools.models.checkpoint import load

    if not starter_files.WEIGHTS.exists():
        return None
    tensors, card = load(starter_files.WEIGHTS)
    described = json.loads(starter_files.WEIGHTS.with_suffix(".json").read_text(encoding="utf-8"))["sha256"]
    if card.sha256 != described:
        name = starter_files.WEIGHTS.with_suffix(".json").name
        raise StepFailed(f"{starter_files.WEIGHTS}: not the weights that {name} describes; install the package again")
    return tensors, card


def to_example(seed: int, index: int, size_px: int) -> Example:
    """A formula image as a labelled example of the one class "object"."""
    from tools.trainers.formula import draw

    drawn = draw(seed, index, size_px)
    present = np.unique(drawn.ids)
    present = present[present > 0]
    table = np.zeros(256, np.uint16)
    table[present] = np.arange(1, len(present) + 1)
    return Example(drawn.image, table[drawn.ids], np.zeros(len(present), np.int64), drawn.boxes[present])


def draw_chunk(seed: int, chunk: int, size_px: int) -> list[Example]:
    """Images number 64 * chunk and the 63 after it."""
    return [to_example(seed, chunk * _CHUNK + i, size_px) for i in range(_CHUNK)]


def _draw_alone(parent: int) -> None:
    """Draw on one core, and end when the training was killed: nobody else would end this process."""
    cv2.setNumThreads(1)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(2)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def read_renders(folders: Sequence[Path], size_px: int) -> tuple["Renders", list[str]]:
    """The kept images of runs as examples, and the names of all their classes, which are numbered from 1.

    What one run shows as a look-alike and another as its class is of that class in both.

    Raises:
        StepFailed: a folder is no run, or has no labelled image.
    """
    runs = [_labelled(folder) for folder in folders]
    classes = list(dict.fromkeys(name for _, names in runs for name in names))
    count = sum(len(samples) for samples, _ in runs)
    sources = []
    for folder, (samples, _) in zip(folders, runs, strict=True):
        named = [s.model_copy(update={"instances": _all_of(s, classes)}) for s in samples]
        source = SampleSource(
            named, CACHE_BYTES * len(named) // count, root=folder, names=[*NAMES, *classes], kind="segment",
            convention=LEARNT, max_side_px=MAX_SIDE_SHARE * size_px,
        )  # fmt: skip
        sources.append(source)
    return Renders(sources), classes


def _all_of(sample: Sample, classes: Sequence[str]) -> list[Instance]:
    """What an image shows of some classes, its look-alikes too."""
    return [*sample.instances, *(k for k in sample.lookalikes if k.class_name in classes and k.counts is not None)]


def _labelled(folder: Path) -> tuple[list[Sample], list[str]]:
    from tools.data.dataset import Dataset
    from tools.runs.runtime import read_record

    try:
        task = read_record(folder).task
    except FixArguments as error:
        raise StepFailed(f"{folder}: not the folder of a run ({error})") from error
    dataset = Dataset(folder)
    samples = list(dataset.samples(verdict="kept"))
    dataset.close()
    if task is None or not any(s.instances for s in samples):
        raise StepFailed(f"{folder}: no labelled picture; finish the run first")
    return samples, task.class_names


class Renders:
    """Images of several runs, one after another."""

    def __init__(self, runs: Sequence[SampleSource]) -> None:
        self._where = [(run, i) for run in runs for i in range(len(run))]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._where)

    def __getitem__(self, index: int) -> Example:
        """ImageArray of that number."""
        run, i = self._where[index]
        return run[i]


def _parts(batch: int, mixed: bool) -> tuple[int, int, int]:
    """How many images of a batch are renders, how many are drawn, and how many of those are new."""
    rendered = round(batch * _RENDERS_SHARE) if mixed else 0
    return rendered, batch - rendered, max(1, round((batch - rendered) * _FRESH_SHARE))


class Stream:
    """Endless batches; batch number s is the same whenever and on whatever machine it is asked for."""

    def __init__(self, seed: int, batch: int, size_px: int, workers: int, renders: Source | None = None) -> None:
        self.seed, self.size_px, self.renders = seed, size_px, renders
        self.rendered, self.drawn, self._fresh = _parts(batch, renders is not None)
        self._pool = ProcessPoolExecutor(workers, get_context("spawn"), _draw_alone, (os.getpid(),))
        self._chunks: dict[int, Future[list[Example]]] = {}

    def close(self) -> None:
        """End the drawing processes."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def make(self, step: int, progress: float) -> Batch:
        """Batch of a step: of the drawn ones a third is new, the rest from the shelf of those drawn before."""
        rng = np.random.default_rng([self.seed, 7, step])
        newest = (step + 1) * self._fresh - 1
        chosen = list(range(newest - self._fresh + 1, newest + 1))
        first = max(0, newest // _CHUNK - _SHELF_CHUNKS + 1) * _CHUNK
        chosen += rng.integers(first, newest + 1, self.drawn - self._fresh).tolist()
        final = progress >= 1 - _FINAL_SHARE
        policy = _FINAL_POLICY if final else _POLICY
        step_px = float(rng.choice(np.asarray(_FINAL_SIZE_STEPS if final else _SIZE_STEPS)))
        size_px = round(self.size_px * step_px / 32) * 32
        self._order_ahead(newest // _CHUNK)
        examples = []
        for slot, index in enumerate(chosen):
            one = np.random.default_rng([self.seed, 8, step, slot])
            others = one.integers(first, newest + 1, 3).tolist()
            examples.append(vary(one, [self._image(i) for i in (index, *others)], size_px, policy))
        policy = _FINAL_RENDERS_POLICY if final else _RENDERS_POLICY
        for slot in range(self.rendered):
            assert self.renders is not None
            one = np.random.default_rng([self.seed, 9, step, slot])
            few = [self.renders[int(i)] for i in one.integers(len(self.renders), size=4)]
            examples.append(vary(one, few, size_px, policy))
        return collate(examples)

    def _order_ahead(self, newest: int) -> None:
        oldest = max(0, newest - _SHELF_CHUNKS + 1)
        for chunk in range(oldest, newest + 3):
            if chunk not in self._chunks:
                self._chunks[chunk] = self._pool.submit(draw_chunk, self.seed, chunk, self.size_px)
        for chunk in [c for c in self._chunks if c < oldest]:
            del self._chunks[chunk]

    def _image(self, index: int) -> Example:
        return self._chunks[index // _CHUNK].result()[index % _CHUNK]


@dataclass(frozen=True)
class PretrainingPlan:
    """What to train, and for how long."""

    out: Path  # folder of the checkpoint and the result
    steps: int  # at most
    minutes: float = math.inf  # of wall clock at most, over all its calls
    size_px: int = 256  # of the images; batches vary about it
    batch: int = 16
    seed: int = 0  # of images and weights
    threads: int | None = None  # None takes all cores
    workers: int = 1  # processes that draw
    architecture: str = ARCHITECTURE
    validation: int = 160  # images of another series to score with
    initial: Path | None = None  # weights of an earlier pre-training to start from
    renders: Sequence[Path] = ()  # folders of runs whose images are mixed in


def pretrain(plan: PretrainingPlan) -> dict[str, Any]:
    """Train, or go on training, and write `starter.safetensors` and `starter.json`. Returns the card."""
    from tools.trainers.loop import reproducible

    cv2.setNumThreads(1)  # the drawing and torch have the cores
    with freed_memory_kept(), reproducible(plan.threads):
        return _Pretraining(plan).run()


class _Pretraining:
    def __init__(self, plan: PretrainingPlan) -> None:
        import torch

        from tools.core.devices import choose_device
        from tools.models.checkpoint import load
        from tools.models.networks import build_network, transfer
        from tools.trainers.known import give_outputs, load_known
        from tools.trainers.loop import Learner

        self.plan = plan
        network = build_network(plan.architecture, NAMES, plan.seed)
        self.before: dict[str, Any] | None = None  # what the weights were that this one goes on from
        if plan.initial:
            tensors, card = load(plan.initial)
            transfer(network, tensors, card.architecture, plan.architecture)
            told = ("data", "seed", "steps", "size_px", "pictures_seen", "seconds", "hardware", "initial")
            self.before = {"sha256": card.sha256} | {k: card.extra[k] for k in told if k in card.extra}
        self.renders: Renders | None = None
        self.classes: list[str] = []
        if plan.renders:
            self.renders, self.classes = read_renders(plan.renders, plan.size_px)
        if self.classes:
            widen(network, 1 + len(self.classes), _UNKNOWN_BIAS)
            if plan.initial and (known := load_known(plan.initial)) is not None:
                give_outputs(network, known, [None, *self.classes])
        frozen = _FROZEN if plan.initial else 0
        self.learner = Learner(network, "segment", torch.device(choose_device()), frozen=frozen)
        if self.classes:
            self.learner.criterion.bce = _hardest_classes
            _teach_broader(self.learner.criterion, self.classes)
        self.history: list[dict[str, Any]] = []
        seconds_before = self._restore()
        self._began = time.monotonic() - seconds_before
        self._saved = time.monotonic()

    def run(self) -> dict[str, Any]:
        from tools.trainers.loop import rate_at

        plan, losses, start = self.plan, [], self.learner.steps
        stream = Stream(plan.seed, plan.batch, plan.size_px, plan.workers, self.renders)
        try:
            batches = ahead(lambda i: stream.make(start + i, self._progress(start + i)), max(0, plan.steps - start))
            for batch in batches:
                progress = self._progress(self.learner.steps)
                if progress >= 1:
                    break
                losses.append(self.learner.step(batch, rate_at(progress, _RATE)))
                if self.learner.steps % _LOG_EVERY == 0:
                    self._note(float(np.mean(losses)), progress)
                    losses = []
                if time.monotonic() - self._saved > _SAVE_EVERY_S:
                    self._save()
        finally:
            stream.close()
        return self._save()

    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _progress(self, step: int) -> float:
        """How far the schedule is: by steps, or by the clock when that is further."""
        by_clock = self._seconds() / (self.plan.minutes * 60) if math.isfinite(self.plan.minutes) else 0.0
        return max(step / self.plan.steps, by_clock)

    def _note(self, loss: float, progress: float) -> None:
        entry = {"step": self.learner.steps, "loss": round(loss, 4), "seconds": round(self._seconds())}
        self.history.append(entry)
        log.info("step %d, loss %.3f, %.0f s, %.1f %%", entry["step"], loss, entry["seconds"], 100 * progress)

    def _restore(self) -> float:
        from tools.models.checkpoint import load_tensors

        path = self.plan.out / "state.safetensors"
        if not path.exists():
            return 0.0
        tensors, metadata = load_tensors(path)
        if metadata["seed"] != str(self.plan.seed):
            raise StepFailed(f"{path}: belongs to seed {metadata['seed']}; choose another --out or that seed")
        self.learner.restore(tensors, int(metadata["step"]))
        self.history = json.loads(metadata["history"])
        log.info("going on from step %d", self.learner.steps)
        return float(metadata["seconds"])

    def _save(self) -> dict[str, Any]:
        """Write the checkpoint, and what the starter would be if training ended now."""
        from tools.models.checkpoint import save, save_tensors
        from tools.trainers.known import save_known

        metadata = {
            "step": str(self.learner.steps),
            "seed": str(self.plan.seed),
            "seconds": str(self._seconds()),
            "history": json.dumps(self.history),
        }
        save_tensors(self.plan.out / "state.safetensors", self.learner.state(), metadata)
        card = self._card()
        card["sha256"] = save(
            self.plan.out / starter_files.WEIGHTS.name, self._weights(), architecture=self.plan.architecture,
            names=NAMES, size_px=self.plan.size_px, extra=card, half=True,
        )  # fmt: skip
        if self.classes:
            save_known(self.plan.out / starter_files.WEIGHTS.name, self.learner.average, self.classes, card["sha256"])
        write_json(self.plan.out / "starter.json", {**card, "history": self.history})
        log.info("saved at step %d: %s", self.learner.steps, card["scores"])
        self._saved = time.monotonic()
        return card

    def _weights(self) -> dict[str, Any]:
        """The averaged weights with the first class, any object, alone."""
        return {k: v[:1] if CLASS_OUTPUT.search(k) else v for k, v in self.learner.average.items()}

    def _card(self) -> dict[str, Any]:
        plan = self.plan
        _, _, fresh = _parts(plan.batch, self.renders is not None)
        drawn = "pictures drawn by tools.trainers.formula"
        if self.renders:
            drawn += f" and {len(self.renders)} renders of this project's own catalogue"
        return {
            "data": f"{drawn}; no photo, no third-party data",
            "initial": self.before,
            "architecture": plan.architecture,
            "seed": plan.seed,
            "steps": self.learner.steps,
            "batch": plan.batch,
            "size_px": plan.size_px,
            "pictures_drawn": self.learner.steps * fresh,
            "pictures_seen": self.learner.steps * plan.batch,
            "seconds": round(self._seconds()),
            "hardware": _hardware(self.learner),
            "scores": self._scores(),
        }

    def _scores(self) -> dict[str, Any]:
        from tools.models.networks import build_network
        from tools.trainers.validate import validate

        network = build_network(self.plan.architecture, NAMES)
        network.load_state_dict(self._weights())
        network = network.to(self.learner.device).eval()
        size_px = self.plan.size_px
        images = [to_example(_VALIDATION_SEED, i, size_px) for i in range(self.plan.validation)]
        score = validate(network, "segment", images, 1, self.learner.device)
        return {
            "on": f"{len(images)} formula pictures of another series",
            "mask_map50": round(score.map50, 4),
            "mask_map50_95": round(score.map50_95, 4),
        }


def widen(network: Any, classes: int, bias: float = 0.0) -> None:
    """Give the head of a network of one class so many, the new ones like that one; its branches stay as they are.

    A network that is built for them has other branches (Ultralytics widens them), which fit no task of few classes.

    Args:
        network: of one class, widened in place.
        classes: in all.
        bias: added to that of the new ones.
    """
    import torch

    head = network.model[-1]
    for branch in head.cv3:
        old = branch[-1]
        new = torch.nn.Conv2d(old.in_channels, classes, 1)
        with torch.no_grad():
            new.weight.copy_(old.weight.expand_as(new.weight))
            new.bias.copy_(old.bias.expand_as(new.bias))  # type: ignore[union-attr]
            new.bias[1:] += bias  # type: ignore[index]
        branch[-1] = new
    head.nc, head.no = classes, classes + head.reg_max * 4


def _hardest_classes(predicted: Any, wanted: Any) -> Any:
    """Binary cross-entropy of the classes that a batch shows and of those that most take something for their own.

    Of hundreds of classes all others add next to nothing to the loss and half as much again to a step's time.

    Args:
        predicted: (b, anchors, classes) logits.
        wanted: scores of the same shape, 0..1.
    """
    import torch

    chosen = wanted.amax((0, 1)) > 0
    chosen[predicted.detach().amax((0, 1)).topk(min(_HARDEST, predicted.shape[-1])).indices] = True
    return torch.nn.functional.binary_cross_entropy_with_logits(
        predicted[..., chosen], wanted[..., chosen], reduction="none"
    )


def _teach_broader(criterion: Any, classes: Sequence[str]) -> None:
    """What is of any class is also of the first, "object", and of the broader ones of the catalogue: a taxi is a car.

    Args:
        criterion: whose assigner gives each place its wanted scores, (b, anchors, 1 + classes).
        classes: keys of the catalogue, numbered from 1.
    """
    number = {name: i + 1 for i, name in enumerate(classes)}
    known = {broad: narrower for broad, narrower in BROADER.items() if broad in number}
    within = [(number[broad], [number[n] for n in names if n in number]) for broad, names in known.items()]
    assigner = criterion.assigner

    def assign(*given: Any, **named: Any) -> Any:
        labels, boxes, scores, chosen, owners = assigner(*given, **named)
        for broad, narrower in within:
            scores[..., broad] = scores[..., [broad, *narrower]].amax(-1)
        scores[..., 0] = scores.amax(-1)
        return labels, boxes, scores, chosen, owners

    criterion.assigner = assign


def _hardware(learner: Any) -> str:
    import torch

    from tools.core.devices import cpu_count

    kind = "bfloat16" if learner.bfloat16 else "float32"
    where = (
        f"{torch.get_num_threads()} threads on {cpu_count()} CPU cores" if learner.device.type == "cpu" else "one GPU"
    )
    return f"{where} ({platform.machine()}), {kind}"


def main() -> None:
    """Command line."""
    prepare_for_torch()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=None)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--architecture", default=ARCHITECTURE)
    parser.add_argument("--initial", type=Path, help="weights to start from")
    parser.add_argument("--renders", type=Path, nargs="*", default=[], help="runs whose pictures are mixed in")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    plan = PretrainingPlan(
        given.out, given.steps, given.minutes, given.size, given.batch, given.seed, given.threads, given.workers,
        given.architecture, initial=given.initial, renders=given.renders,
    )  # fmt: skip
    pretrain(plan)


if __name__ == "__main__":
    main()
