"""Pre-train the starter weights from formula-drawn images and renders: no photo.

    python -m tools.trainers.starter --out DIR [--steps N] [--minutes M] [--size PX] [--seed S]
    python -m tools.trainers.starter --out DIR --initial FILE --renders PACK [PACK ...] [...]
    python -m tools.trainers.starter --out DIR --architecture yolo11n-seg yolo11s-seg --batch 128 --workers 15 [...]

The second form goes on from other weights with renders of the catalogue among the drawn images (made by
`benchmarks/catalogue_renders.py`, packed by `packed.py`): it learns to tell the catalogue's things apart.
`starter.safetensors` knows one class, "object", either way; `starter_classes.safetensors` has the outputs of the
catalogue's classes (`known.py`). Boxes are of whole objects, as everywhere (`tools/data/boxes.py`); masks are of what
is seen. The third is for a GPU: networks of several sizes learn from the same batches.

A run that was killed goes on from its last checkpoint when it is called again with the same folder. It ends by steps or
by minutes, whichever comes first; with steps alone, on a CPU, the result follows from the seed and the workers.
"""

import argparse
import json
import logging
import math
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tools.core.errors import StepFailed
from tools.core.threads import freed_memory_kept, prepare_for_torch
from tools.runs.runtime import write_json
from tools.trainers import starter_files
from tools.trainers.batches import Batch
from tools.trainers.examples import Example
from tools.trainers.known import UNKNOWN_BIAS, hardest_classes, teach_broader, widen
from tools.trainers.packed import Packed
from tools.trainers.starter_files import CLASS_OUTPUT, NAMES
from tools.trainers.starter_images import Schedule, batches, parts_of, to_example

log = logging.getLogger(__name__)

ARCHITECTURE = "yolo11n-seg"

_FROZEN = 3  # first layers of weights that are gone on from: they know edges by then, and runs leave them as they are
_VALIDATION_SEED = 999_983
_RATE = 2e-3
_SAVE_EVERY_S = 240.0
_LOG_EVERY = 50  # steps
_MOST_UNFIT = 20  # batches whose loss is no number, which are left out


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
    workers: int = 1  # processes that make batches
    architectures: Sequence[str] = (ARCHITECTURE,)
    validation: int = 160  # images of another series to score with
    initial: Path | None = None  # weights of an earlier pre-training that the network of their architecture starts from
    renders: Sequence[Path] = ()  # packs of images that are mixed in
    rate: float = _RATE
    frozen: int = _FROZEN  # first layers of weights that are gone on from


def pretrain(plan: PretrainingPlan) -> dict[str, Any]:
    """Train, or go on training, and write weights and card of each network. Returns the card of the first."""
    import torch

    from tools.core.devices import choose_device
    from tools.trainers.loop import reproducible

    cv2.setNumThreads(1)  # the making of images and torch have the cores
    device = torch.device(choose_device())
    with freed_memory_kept(), reproducible(plan.threads) if device.type == "cpu" else nullcontext():
        return _Pretraining(plan, device).run()


class _Pretraining:
    def __init__(self, plan: PretrainingPlan, device: Any) -> None:
        from tools.models.checkpoint import load

        self.plan = plan
        if plan.initial and (of := load(plan.initial)[1].architecture) not in plan.architectures:
            raise StepFailed(f"{plan.initial}: weights of {of}, and none is trained ({', '.join(plan.architectures)})")
        self.renders = Packed(plan.renders) if plan.renders else None
        self.students = [Student(plan, a, device, self.renders) for a in plan.architectures]
        self._before_s = max(s.seconds for s in self.students)
        self._began = self._saved = time.monotonic()

    def run(self) -> dict[str, Any]:
        plan, start = self.plan, min(s.learner.steps for s in self.students)
        self._began = time.monotonic() - self._before_s
        schedule = Schedule(plan.steps, plan.minutes * 60, self._began)
        if start < plan.steps:
            of_images = (plan.seed, plan.batch, plan.size_px, self.renders)
            with closing(batches(*of_images, schedule, workers=plan.workers, first=start)) as made:
                self._learn(enumerate(made, start), schedule)
        size_px = plan.size_px
        judging = [to_example(_VALIDATION_SEED, i, size_px) for i in range(plan.validation)]
        return self._save([s.scores(judging) for s in self.students])[0]

    def _learn(self, made: Iterator[tuple[int, Batch]], schedule: Schedule) -> None:
        """Take numbered batches until the schedule is over."""
        from tools.trainers.loop import rate_at

        asked, waited = time.monotonic(), 0.0  # for batches: more workers would help
        for step, batch in made:
            waited += time.monotonic() - asked
            progress = schedule.progress(step)
            if progress >= 1:
                return
            for student in self.students:
                student.learn(batch, rate_at(progress, self.plan.rate))
            if (step + 1) % _LOG_EVERY == 0:
                self._note(progress, waited)
            if time.monotonic() - self._saved > _SAVE_EVERY_S:
                self._save([{} for _ in self.students])
            asked = time.monotonic()

    def _note(self, progress: float, waited: float) -> None:
        seconds = time.monotonic() - self._began
        losses = " ".join(f"{s.note(seconds):.3f}" for s in self.students)
        steps = self.students[0].learner.steps
        told = "step %d, loss %s, %.0f s (%.0f waiting for pictures), %.1f %%"
        log.info(told, steps, losses, seconds, waited, 100 * progress)

    def _save(self, scores: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        seconds = time.monotonic() - self._began
        cards = [student.save(seconds, score) for student, score in zip(self.students, scores, strict=True)]
        log.info("saved at step %d: %s", self.students[0].learner.steps, [c["scores"] for c in cards])
        self._saved = time.monotonic()
        return cards


class Student:
    """A network that is pre-trained; several may learn from the same batches."""

    def __init__(self, plan: PretrainingPlan, architecture: str, device: Any, renders: Packed | None) -> None:
        """Begin with random weights, those of `plan.initial` or those of the last checkpoint."""
        from tools.models.checkpoint import load
        from tools.models.networks import build_network, transfer
        from tools.trainers.known import give_outputs, load_known
        from tools.trainers.loop import Learner

        self.plan, self.architecture, self.renders = plan, architecture, renders
        self.weights = plan.out / starter_files.weights_of(architecture).name
        self._state = self.weights.with_name(f"{self.weights.stem}_state.safetensors")
        self.classes = renders.names if renders else []
        self.before: dict[str, Any] | None = None  # what the weights were that this one goes on from
        network = build_network(architecture, NAMES, plan.seed)
        given = load(plan.initial) if plan.initial else None
        begins = given is not None and given[1].architecture == architecture
        if given and begins:
            tensors, card = given
            transfer(network, tensors, card.architecture, architecture)
            told = ("data", "seed", "steps", "size_px", "pictures_seen", "seconds", "hardware", "initial")
            self.before = {"sha256": card.sha256} | {k: card.extra[k] for k in told if k in card.extra}
        if self.classes:
            widen(network, 1 + len(self.classes), UNKNOWN_BIAS)
            if begins and (known := load_known(plan.initial)) is not None:
                give_outputs(network, known, [None, *self.classes])
        self.learner = Learner(network, "segment", device, frozen=plan.frozen if begins else 0)
        if self.classes:
            self.learner.criterion.bce = hardest_classes
            teach_broader(self.learner.criterion, self.classes)
        self.history: list[dict[str, Any]] = []
        self._losses: list[float] = []
        self._unfit = 0
        self.seconds = self._restore()

    def learn(self, batch: Batch, rate: float) -> None:
        """One step.

        Raises:
            FloatingPointError: of too many batches the loss is no number.
        """
        try:
            self._losses.append(self.learner.step(batch, rate))
        except FloatingPointError:
            self._unfit += 1
            if self._unfit > _MOST_UNFIT:
                raise
            self.learner.optimizer.zero_grad(set_to_none=True)
            self.learner.steps += 1

    def note(self, seconds: float) -> float:
        """Write the mean loss since the last time into the history, and return it."""
        mean = float(np.mean(self._losses)) if self._losses else math.nan
        self.history.append({"step": self.learner.steps, "loss": round(mean, 4), "seconds": round(seconds)})
        self._losses = []
        return mean

    def _restore(self) -> float:
        """Go on from the last checkpoint, if there is one. Returns the seconds that lie behind."""
        from tools.models.checkpoint import load_tensors

        if not self._state.exists():
            return 0.0
        tensors, metadata = load_tensors(self._state)
        if metadata["seed"] != str(self.plan.seed):
            raise StepFailed(f"{self._state}: belongs to seed {metadata['seed']}; choose another --out or that seed")
        self.learner.restore(tensors, int(metadata["step"]))
        self.history = json.loads(metadata["history"])
        log.info("going on from step %d", self.learner.steps)
        return float(metadata["seconds"])

    def save(self, seconds: float, scores: dict[str, Any]) -> dict[str, Any]:
        """Write the checkpoint, and what the starter would be if training ended now. Returns its card."""
        from tools.models.checkpoint import save, save_tensors
        from tools.trainers.known import save_known

        metadata = {
            "step": str(self.learner.steps),
            "seed": str(self.plan.seed),
            "seconds": str(seconds),
            "history": json.dumps(self.history),
        }
        save_tensors(self._state, self.learner.state(), metadata)
        card = self._card(seconds, scores)
        card["sha256"] = save(
            self.weights, self._of_one_class(), architecture=self.architecture, names=NAMES,
            size_px=self.plan.size_px, extra=card, half=True,
        )  # fmt: skip
        if self.classes:
            save_known(self.weights, self.learner.average, self.classes, card["sha256"])
        write_json(self.weights.with_suffix(".json"), {**card, "history": self.history})
        return card

    def _of_one_class(self) -> dict[str, Any]:
        """The averaged weights with the first class, any object, alone."""
        return {k: v[:1] if CLASS_OUTPUT.search(k) else v for k, v in self.learner.average.items()}

    def _card(self, seconds: float, scores: dict[str, Any]) -> dict[str, Any]:
        plan = self.plan
        _, _, fresh = parts_of(plan.batch, self.renders is not None)
        drawn = "pictures drawn by tools.trainers.formula"
        if self.renders:
            drawn += f" and {len(self.renders)} renders of this project's catalogue, whose models of others are CC0"
        return {
            "data": f"{drawn}; no photo",
            "initial": self.before,
            "architecture": self.architecture,
            "seed": plan.seed,
            "steps": self.learner.steps,
            "batch": plan.batch,
            "size_px": plan.size_px,
            "pictures_drawn": self.learner.steps * fresh,
            "pictures_seen": self.learner.steps * plan.batch,
            "seconds": round(seconds),
            "hardware": _hardware(self.learner),
            "scores": scores,
        }

    def scores(self, images: Sequence[Example]) -> dict[str, Any]:
        """What the averaged weights make of formula images."""
        from tools.models.networks import build_network
        from tools.trainers.validate import validate

        network = build_network(self.architecture, NAMES)
        network.load_state_dict(self._of_one_class())
        network = network.to(self.learner.device).eval()
        score = validate(network, "segment", images, 1, self.learner.device)
        return {
            "on": f"{len(images)} formula pictures of another series",
            "mask_map50": round(score.map50, 4),
            "mask_map50_95": round(score.map50_95, 4),
        }


def _hardware(learner: Any) -> str:
    import torch

    from tools.core.devices import cpu_count

    kind = "bfloat16" if learner.bfloat16 else "float32"
    where = (
        f"{torch.get_num_threads()} threads on {cpu_count()} CPU cores"
        if learner.device.type == "cpu"
        else f"one {torch.cuda.get_device_name(learner.device)}"
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
    parser.add_argument("--architecture", nargs="+", default=[ARCHITECTURE])
    parser.add_argument("--initial", type=Path, help="weights to start from")
    parser.add_argument("--renders", type=Path, nargs="*", default=[], help="packs whose pictures are mixed in")
    parser.add_argument("--rate", type=float, default=_RATE, help="learning rate")
    parser.add_argument("--frozen", type=int, default=_FROZEN, help="first layers of --initial that stay")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    given.out.mkdir(parents=True, exist_ok=True)
    plan = PretrainingPlan(
        given.out, given.steps, given.minutes, given.size, given.batch, given.seed, given.threads, given.workers,
        given.architecture, initial=given.initial, renders=given.renders, rate=given.rate, frozen=given.frozen,
    )  # fmt: skip
    pretrain(plan)


if __name__ == "__main__":
    main()
